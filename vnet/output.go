package vnet

import (
	"fmt"
	"net/netip"

	"wireloom/vnet/event"
	"wireloom/vnet/fabric"
)

// Output makes a node's kernel send a packet out of one of its interfaces, as its
// IP stack would: on a tun an IP packet, which a program then reads, on others an
// Ethernet frame. It is a step of a scenario. It returns the packet's identity. What
// the interface does with it is the driver's; a packet that it refuses is a drop.
func (l *Lab) Output(name string, data []byte) (uint64, error) {
	id := l.pool.NewID()
	l.fromOutside("output", name, id, data)
	var x *iface
	for _, n := range l.nodes {
		for _, i := range n.ifaces {
			if i.port.name == name && !i.gone {
				x = i
			}
		}
	}
	switch {
	case x == nil:
		return 0, fmt.Errorf("there is no interface %q in this lab", name)
	case len(data) > MaxFrame:
		return 0, fmt.Errorf("interface %s: a packet of %d bytes, at most %d are allowed", name, len(data), MaxFrame)
	}
	f := l.pool.New(data, id)
	l.emit(event.Event{Kind: event.Frame, Port: name, Peer: name, Op: "output", Frame: id, Link: x.port.carries, Data: f.Data})
	l.loop.After(0, func() { x.emitOut(f) })
	return id, nil
}

// emitOut gives a frame to the interface's driver.
func (x *iface) emitOut(f *fabric.Frame) {
	l := x.node.lab
	m := x.mbuf(f)
	if m == nil {
		return
	}
	dst := x.node.conf.Dialect.SockaddrOf(destination(f.Data))
	l.pool.Release(f)
	if x.kind != "tun" {
		x.ifp.Transmit(m) // a full queue is told by the tracer
		return
	}
	x.ifp.Output(m, dst) // likewise
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
