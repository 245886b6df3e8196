package vnet

import (
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"wireloom/vnet/config"
	"wireloom/vnet/event"
	"wireloom/vnet/loop"
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

// Traffic puts the same frame somewhere again and again, from now on, as Arrive, Inject or
// Output does it once. Another with its name takes its place; one that stops ends it.
type Traffic struct {
	Name  string        `json:"traffic"`
	How   string        `json:"how,omitempty"` // "arrive", "inject" or "output"
	Port  string        `json:"port,omitempty"`
	Hex   Bytes         `json:"hex,omitempty"`
	Every time.Duration `json:"every,omitempty"` // from one to the next
	Count int           `json:"count,omitempty"` // how many; 0: without end
	Stop  bool          `json:"stop,omitempty"`  // then there is nothing but the name
}

// Limits of traffic.
const (
	MaxTraffic      = 64                     // that goes on at once in a lab
	MinTrafficEvery = 100 * time.Microsecond // from one frame to the next
	MaxTrafficEvery = time.Hour
	maxTrafficName  = 32
)

// A flow is a traffic that goes on.
type flow struct {
	Traffic
	left  int // frames, where Count says how many
	timer loop.Timer
}

// flows is all the traffic of a lab.
type flows struct {
	all     map[string]*flow
	sending bool // a frame is put somewhere now
}

// Check returns what is wrong with the traffic itself, whatever the lab.
func (c Traffic) Check() error {
	switch {
	case c.Name == "" || len(c.Name) > maxTrafficName:
		return fmt.Errorf("traffic has a name of 1 to %d bytes", maxTrafficName)
	case c.Stop && (c.How != "" || c.Port != "" || len(c.Hex) > 0 || c.Every != 0 || c.Count != 0):
		return errors.New("traffic that stops is no other: it has a name and nothing else")
	case c.Stop:
		return nil
	case c.Every < MinTrafficEvery || c.Every > MaxTrafficEvery:
		return fmt.Errorf("traffic with a frame every %v: %v to %v are allowed", c.Every, MinTrafficEvery, MaxTrafficEvery)
	case c.Count < 0:
		return fmt.Errorf("traffic of %d frames", c.Count)
	}
	_, err := c.once()
	return err
}

// once is the command that puts one of its frames where it goes.
func (c Traffic) once() (frameCommand, error) {
	switch c.How {
	case "arrive":
		return Arrive{c.Port, c.Hex}, nil
	case "inject":
		return Inject{c.Port, c.Hex}, nil
	case "output":
		return Output{c.Port, c.Hex}, nil
	}
	return nil, fmt.Errorf("traffic goes on by arrive, inject or output, not %.20q", c.How)
}

func (Traffic) op() string            { return "traffic" }
func (c Traffic) fact(e *event.Event) { e.Port = c.Port }
func (c Traffic) apply(l *Lab) (r Reply, err error) {
	if err := c.Check(); err != nil {
		return r, err
	}
	old := l.flows.all[c.Name]
	switch {
	case c.Stop && old == nil:
		return r, fmt.Errorf("there is no traffic %q in this lab", c.Name)
	case old == nil && len(l.flows.all) >= MaxTraffic:
		return r, fmt.Errorf("%d traffics go on, and no more are allowed: stop one", MaxTraffic)
	}
	if old != nil {
		l.loop.Stop(&old.timer)
		delete(l.flows.all, c.Name)
	}
	if c.Stop {
		return r, nil
	}
	f := &flow{Traffic: c, left: c.Count}
	f.timer.Run = func() {
		if err := l.flow(f); err != nil {
			l.emit(event.Event{Kind: event.Limit, Op: "traffic", Port: f.Port, Text: fmt.Sprintf("the traffic %s ends: %v", f.Name, err)})
		}
	}
	if l.flows.all == nil {
		l.flows.all = map[string]*flow{}
	}
	l.flows.all[c.Name] = f
	return r, l.flow(f)
}

// flow puts the next frame of a traffic where it goes, and sees to the one after it. Where
// there is nothing any more to put it, the traffic ends.
func (l *Lab) flow(f *flow) error {
	once, err := f.once()
	if err == nil {
		l.frame, l.flows.sending = l.pool.NewID(), true
		_, err = once.apply(l)
		l.flows.sending = false
	}
	f.left--
	if err != nil || f.Count > 0 && f.left == 0 {
		delete(l.flows.all, f.Name)
		return err
	}
	l.loop.Set(&f.timer, l.loop.Now()+f.Every)
	return nil
}

// Sending reports whether what is put on a link now is of a traffic.
func (l *Lab) Sending() bool { return l.flows.sending }
