package machine

import (
	"wireloom/vnet/event"
	"wireloom/vnet/fabric"
	"wireloom/vnet/inet"
	"wireloom/vnet/kern"
	"wireloom/vnet/packet"
)

// An Interface is a network interface of a node with what is on its far side: the
// fabric, the node's own stack, or both for a card.
type Interface struct {
	inet.Iface
	node *Node
	kind kind
	plug Plug // which hangs loose when the interface is gone
}

// Node is the machine that the interface is of.
func (x *Interface) Node() *Node { return x.node }

// Name is the interface's name in the lab: "alice:em0".
func (x *Interface) Name() string { return x.node.Name() + ":" + x.If.Name }

// Interfaces are all that the machine has had, those that are gone among them.
func (n *Node) Interfaces() []*Interface { return n.ifaces }

func (n *Node) add(x *Interface) {
	x.plug = n.env.Plug(x)
	x.If.Input = x.input
	n.ifaces = append(n.ifaces, x)
	n.byIface[x.If.Name] = x
	n.Add(&x.Iface)
}

// ifChanged is told by the kernel when an interface changes. A tun or tap that comes
// gets a plug, one that had been there before the plug that it had: what ifconfig
// destroys and creates again stays connected.
func (n *Node) ifChanged(ifp *kern.Ifnet, c kern.IfChange) {
	if !ifp.Card() {
		x := n.byIface[ifp.Name]
		switch {
		case c.Op == kern.IfAttached && x != nil:
			x.Again(ifp)
			ifp.Input = x.input
		case c.Op == kern.IfAttached:
			n.add(newDevice(n, ifp))
		case c.Op == kern.IfDetached && x != nil && x.If == ifp:
			x.Gone = true
		}
	}
	if x := n.byIface[ifp.Name]; x != nil && n.Touches(&x.Iface, c.IP()) {
		n.Changed()
	}
	if c.IP() && !n.Built() {
		return // as its configuration says
	}
	n.Emit(event.Event{Kind: event.Iface, Node: n.Name(), Port: n.Name() + ":" + ifp.Name, Op: string(c.Op), Text: c.Text})
}

// newDevice is the interface of a tun's or tap's driver: a tun carries IP packets.
func newDevice(n *Node, ifp *kern.Ifnet) *Interface {
	x := &Interface{node: n, kind: tap{}, Iface: inet.Iface{If: ifp, Kind: inet.Tap}}
	if ifp.LinkType() == packet.LinkRaw {
		x.kind, x.Kind = tun{}, inet.Tun
	}
	return x
}

// input takes a frame that the interface's driver received: from the process for
// a tap, from the wire for a card.
func (x *Interface) input(from *kern.Ifnet, _ int, m *kern.Mbuf) { x.kind.input(x, from, m) }

// Deliver is the far end of the interface's link: a frame arrives at the node.
func (x *Interface) Deliver(f *fabric.Frame) {
	if m := x.mbuf(f); m != nil {
		x.kind.arrive(x, f, m)
	}
}

// Output makes the driver send a packet, as the node's stack would.
func (x *Interface) Output(f *fabric.Frame) {
	if m := x.mbuf(f); m != nil {
		x.kind.output(x, f, m)
	}
}

// SetPlugged tells the interface that a link was plugged in, or taken away: one that
// belongs to a switch is not the stack's.
func (x *Interface) SetPlugged(in bool) {
	x.Plugged = in
	if x.node.Built() {
		x.node.Changed()
	}
}

// mbuf copies a frame for the interface's driver. It is nil where that can't be, and
// the frame is lost then.
func (x *Interface) mbuf(f *fabric.Frame) *kern.Mbuf {
	if x.Gone {
		x.plug.Drop("no-interface", x.If.Name+" was destroyed", f)
		return nil
	}
	m := x.node.Kernel().NewFrame(f.Data)
	if m == nil {
		x.plug.Drop("no-buffers", "the node is out of packet memory", f)
		return nil
	}
	m.Tag = f.ID
	return m
}

// frame makes a frame of what the driver gave, which gets an identity if it has none.
func (x *Interface) frame(m *kern.Mbuf) *fabric.Frame {
	pool := x.node.env.Pool
	if m.Tag == 0 {
		m.Tag = pool.NewID()
	}
	f := pool.New(m.Bytes(), m.Tag)
	m.Free()
	return f
}
