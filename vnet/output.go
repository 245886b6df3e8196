package vnet

import (
	"fmt"

	"wireloom/vnet/config"
	"wireloom/vnet/event"
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
	p := l.ports[c.Port]
	var end nodeEnd
	if p != nil {
		end, _ = p.end.(nodeEnd)
	}
	switch {
	case end.x == nil || end.x.Gone:
		return r, fmt.Errorf("there is no interface %q in this lab", c.Port)
	case len(c.Hex) > config.MaxFrame:
		return r, fmt.Errorf("interface %s: a packet of %d bytes, at most %d are allowed", c.Port, len(c.Hex), config.MaxFrame)
	}
	f := l.pool.New(c.Hex, l.frame)
	l.emit(event.Event{Kind: event.Frame, Port: c.Port, Peer: c.Port, Op: event.Output, Frame: f.ID, Link: p.carries, Data: f.Data})
	l.loop.After(0, func() { end.x.Output(f) })
	return r, nil
}
