package vnet

import (
	"encoding/hex"
	"fmt"

	"wireloom/vnet/config"
	"wireloom/vnet/event"
)

// Bytes are a frame's, in hexadecimal where a command is written as JSON.
type Bytes []byte

// MarshalText implements encoding.TextMarshaler.
func (b Bytes) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, b), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (b *Bytes) UnmarshalText(text []byte) (err error) {
	*b, err = hex.AppendDecode(nil, text)
	return err
}

// Inject puts a frame onto the wire at an end of a link, as if what is plugged in
// there had sent it: at "s1.1" the frame comes in to whatever s1.1 is connected
// to, at "alice:em0" it leaves alice. To make a frame come in to a switch by a port,
// use Arrive.
type Inject struct {
	Port string `json:"port"`
	Hex  Bytes  `json:"hex"`
}

func (Inject) op() string            { return "inject" }
func (c Inject) fact(e *event.Event) { e.Port = c.Port }
func (c Inject) frame() []byte       { return c.Hex }
func (c Inject) apply(l *Lab) (r Reply, err error) {
	p, err := l.portFor(c.Port, c.Hex)
	if err != nil {
		return r, err
	}
	p.send(l.pool.New(c.Hex, l.frame))
	return r, nil
}

// Arrive makes a frame arrive at an end of a link, as if it came off the wire: at
// "s1.1" it enters the switch by that port, at "bob:tap0" it is delivered to the
// interface. The frame event has what is plugged in there as its sender.
type Arrive struct {
	Port string `json:"port"`
	Hex  Bytes  `json:"hex"`
}

func (Arrive) op() string            { return "arrive" }
func (c Arrive) fact(e *event.Event) { e.Port = c.Port }
func (c Arrive) frame() []byte       { return c.Hex }
func (c Arrive) apply(l *Lab) (r Reply, err error) {
	p, err := l.portFor(c.Port, c.Hex)
	if err != nil {
		return r, err
	}
	f := l.pool.New(c.Hex, l.frame)
	peer := c.Port
	if p.peer != nil {
		peer = p.peer.name
	}
	l.emit(event.Event{Kind: event.Frame, Port: peer, Peer: c.Port, Op: event.Injected, Frame: f.ID, Link: p.carries, Data: f.Data})
	l.loop.After(0, func() { p.end.deliver(f) })
	return r, nil
}

// portFor returns the end of that name, if it takes such a frame.
func (l *Lab) portFor(name string, data []byte) (*port, error) {
	p := l.ports[name]
	switch {
	case p == nil:
		return nil, fmt.Errorf("there is no port %q in this lab", name)
	case len(data) > config.MaxFrame:
		return nil, fmt.Errorf("port %s: a frame of %d bytes, at most %d are allowed", name, len(data), config.MaxFrame)
	}
	return p, nil
}

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
