package vnet

import (
	"fmt"
	"net/netip"

	"wireloom/vnet/event"
	"wireloom/vnet/fabric"
	"wireloom/vnet/inet"
)

// Output makes a node's kernel send a packet out of one of its interfaces, as its
// IP stack would: on a tun an IP packet, which a program then reads, on others an
// Ethernet frame. What the interface does with it is the driver's; a packet that it
// refuses is a drop.
type Output struct {
	Port string `json:"port"` // the interface: "bob:tun0"
	Hex  Bytes  `json:"hex"`
}

func (Output) op() string            { return "output" }
func (c Output) fact(e *event.Event) { e.Port = c.Port }
func (c Output) frame() []byte       { return c.Hex }
func (c Output) apply(l *Lab) (r Reply, err error) {
	var x *iface
	if p := l.ports[c.Port]; p != nil {
		x, _ = p.end.(*iface)
	}
	switch {
	case x == nil || x.Gone:
		return r, fmt.Errorf("there is no interface %q in this lab", c.Port)
	case len(c.Hex) > MaxFrame:
		return r, fmt.Errorf("interface %s: a packet of %d bytes, at most %d are allowed", c.Port, len(c.Hex), MaxFrame)
	}
	f := l.pool.New(c.Hex, l.frame)
	l.emit(event.Event{Kind: event.Frame, Port: c.Port, Peer: c.Port, Op: event.Output, Frame: f.ID, Link: x.port.carries, Data: f.Data})
	l.loop.After(0, func() { x.emitOut(f) })
	return r, nil
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
	if x.Kind != inet.Tun {
		x.If.Transmit(m) // a full queue is told by the tracer
		return
	}
	x.If.Output(m, dst) // likewise
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
