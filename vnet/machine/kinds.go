package machine

import (
	"net/netip"

	"wireloom/vnet/fabric"
	"wireloom/vnet/kern"
)

// A kind is what an interface does with packets on their three ways.
type kind interface {
	// input takes what the driver received over: from the wire for a card, from its
	// program for a tun or tap.
	input(x *Interface, from *kern.Ifnet, m *kern.Mbuf)
	// arrive takes f, which came off the interface's link, and its copy over.
	arrive(x *Interface, f *fabric.Frame, m *kern.Mbuf)
	// output takes a packet over that the kernel is to send.
	output(x *Interface, f *fabric.Frame, m *kern.Mbuf)
}

// The kinds. A tap is a member of a switch, or a card of the node's own stack, as it has
// a link or an address; see inet.Net.
type (
	card struct{} // an ordinary network card
	tap  struct{} // the Ethernet side of a tap
	tun  struct{} // the IP side of a tun
)

// noRoom is why a packet is lost that a stack could not keep.
const noRoom = "the lab has no memory for what the node's sockets would have to keep"

// send is the wire side of a card: m leaves the node.
func (x *Interface) send(m *kern.Mbuf) { x.plug.Send(x.frame(m)) }

// input gives the stack what came off the wire.
func (card) input(x *Interface, _ *kern.Ifnet, m *kern.Mbuf) {
	if x.NIC >= 0 && !x.node.Deliver(&x.Iface, m.Bytes()) {
		x.plug.Drop("no-buffers", noRoom, x.node.env.Pool.New(m.Bytes(), m.Tag))
	}
	m.Free()
}

func (card) arrive(x *Interface, f *fabric.Frame, m *kern.Mbuf) {
	x.node.env.Pool.Release(f)
	x.If.Receive(m)
}

func (card) output(x *Interface, f *fabric.Frame, m *kern.Mbuf) {
	x.node.env.Pool.Release(f)
	x.If.Transmit(m) // a full queue is told by the tracer
}

// input gives what the program wrote to the stack, or to the link.
func (tap) input(x *Interface, from *kern.Ifnet, m *kern.Mbuf) {
	up := from.Flags&kern.IFF_UP != 0
	f := x.frame(m)
	switch {
	case x.NIC >= 0 && up:
		x.toStack(f)
	case !up: // ether_input drops what comes in on an interface that is not up.
		x.plug.Drop("if-down", from.Name+" is not up: what is written to it goes no further", f)
	default:
		x.plug.Send(f)
	}
}

// arrive sends what came to a switch's member to its process, as bridge_enqueue(9) does,
// and like a bridge only while it is running.
func (tap) arrive(x *Interface, f *fabric.Frame, m *kern.Mbuf) {
	if x.If.Flags&kern.IFF_RUNNING == 0 {
		m.Free()
		x.plug.Drop("if-down", x.If.Name+" is not running: a switch does not send to it", f)
		return
	}
	card{}.output(x, f, m)
}

func (tap) output(x *Interface, f *fabric.Frame, m *kern.Mbuf) { card{}.output(x, f, m) }

// input gives what the program wrote to the stack, whether the interface is up or not:
// the driver has looked.
func (tun) input(x *Interface, from *kern.Ifnet, m *kern.Mbuf) {
	if x.NIC >= 0 {
		x.toStack(x.frame(m))
		return
	}
	tap{}.input(x, from, m)
}

func (tun) arrive(x *Interface, f *fabric.Frame, m *kern.Mbuf) { tap{}.arrive(x, f, m) }

func (tun) output(x *Interface, f *fabric.Frame, m *kern.Mbuf) {
	dst := x.node.Dialect().SockaddrOf(destination(f.Data))
	x.node.env.Pool.Release(f)
	x.If.Output(m, dst) // a full queue is told by the tracer
}

// destination is the destination address of an IP packet; invalid where there is none.
func destination(b []byte) netip.Addr {
	switch {
	case len(b) >= 20 && b[0]>>4 == 4:
		return netip.AddrFrom4([4]byte(b[16:20]))
	case len(b) >= 40 && b[0]>>4 == 6:
		return netip.AddrFrom16([16]byte(b[24:40]))
	}
	return netip.Addr{}
}

// toStack gives what a tun's or tap's program wrote to the node's stack, once the
// driver is done with it: netisr.
func (x *Interface) toStack(f *fabric.Frame) {
	n := x.node
	mem := n.Kernel().Memory() // another, if the node is off meanwhile
	if !mem.Take(f.Weight()) {
		x.plug.Drop("no-buffers", "the lab has no memory for more packets on their way to the node's stack", f)
		return
	}
	n.Soon(func() {
		mem.Give(f.Weight())
		if !n.Deliver(&x.Iface, f.Data) {
			x.plug.Drop("no-buffers", noRoom, f)
			return
		}
		n.env.Pool.Release(f)
	})
}
