package vnet

import (
	"fmt"
	"path"
	"time"

	"wireloom/vnet/config"
	"wireloom/vnet/event"
	"wireloom/vnet/inet"
	"wireloom/vnet/packet"
)

// An End is where a link may be plugged in: an interface of a node, or a port of a switch.
type End struct {
	Name string      // "alice:em0", "s1.2"
	Peer string      // the other end of its link; "" where there is none
	Link packet.Link // what its frames begin with
}

// Ends are the ends that there are now, node by node, then switch by switch.
func (l *Lab) Ends() []End {
	var ends []End
	add := func(p *port) {
		e := End{Name: p.name, Link: p.carries}
		if p.peer != nil {
			e.Peer = p.peer.name
		}
		ends = append(ends, e)
	}
	for _, n := range l.nodes {
		for _, x := range n.Interfaces() {
			if !x.Gone {
				add(l.ports[x.Name()])
			}
		}
	}
	for _, s := range l.switches {
		for _, p := range s.ports {
			add(p)
		}
	}
	return ends
}

// Passes reports whether an event is of a frame as a capture has it: one that is put on a
// link or lost, or a packet that goes through a tun or tap on which no link hangs.
func (l *Lab) Passes(e *event.Event) bool {
	switch e.Kind {
	case event.Frame:
		return e.Op != event.Output // it has not left yet
	case event.Drop:
		return e.Link != packet.NoLink
	case event.Call:
		if _, ok := e.Moved(); !ok {
			return false
		}
		var room [64]byte // each call of a device is looked at: its end's name is made for the look-up alone
		end := append(append(append(room[:0], e.Node...), ':'), path.Base(e.Path)...)
		p := l.ports[string(end)]
		return p == nil || p.peer == nil
	default:
		return false
	}
}

// Plug connects two ends that have no link, as a [config.Link] does.
type Plug struct {
	A     string        `json:"a"`
	B     string        `json:"b"`
	Delay time.Duration `json:"delay,omitempty"` // ns
}

func (Plug) op() string            { return "plug" }
func (c Plug) fact(e *event.Event) { e.Port, e.Peer = c.A, c.B }
func (c Plug) apply(l *Lab) (r Reply, err error) {
	if c.Delay < 0 || c.Delay > config.MaxDelay {
		return r, fmt.Errorf("link %s - %s: the delay %v is not between 0 and %v", c.A, c.B, c.Delay, config.MaxDelay)
	}
	a, err := l.free(c.A)
	if err != nil {
		return r, err
	}
	b, err := l.free(c.B)
	switch {
	case err != nil:
		return r, err
	case a == b:
		return r, fmt.Errorf("link %s - %s: its ends are one", c.A, c.B)
	}
	l.replugged, l.cables = true, nil
	plug(a, b, config.Link{Delay: c.Delay})
	return r, nil
}

// free returns the end of that name, or why no link may be plugged into it.
func (l *Lab) free(name string) (*port, error) {
	p := l.ports[name]
	if p == nil {
		return nil, fmt.Errorf("there is no %q in this lab: an end is SWITCH.PORT or NODE:INTERFACE", name)
	}
	end, own := p.end.(nodeEnd)
	switch {
	case l.isDoor(p):
		return nil, fmt.Errorf("%s is a door: only a peer outside of the lab is plugged in there", name)
	case p.peer != nil:
		return nil, fmt.Errorf("%s is connected to %s: unplug that first", name, p.peer.name)
	case p.carries != packet.LinkEthernet:
		return nil, fmt.Errorf("%s is point to point: no cable goes there", name)
	case own && end.x.Gone:
		return nil, fmt.Errorf("%s was destroyed", name)
	case own && end.x.Kind != inet.Card && len(end.x.If.Addrs) > 0:
		return nil, fmt.Errorf("%s has an address, so that it belongs to the node's own IP stack: take the address away first", name)
	}
	return p, nil
}

// Unplug takes away the link that an end has. Frames on it are lost; a switch forgets
// what it has learned there.
type Unplug struct {
	Port string `json:"port"`
}

func (Unplug) op() string            { return "unplug" }
func (c Unplug) fact(e *event.Event) { e.Port = c.Port }
func (c Unplug) apply(l *Lab) (r Reply, err error) {
	p, err := l.linked(c.Port)
	if err != nil {
		return r, err
	}
	if l.isDoor(p) {
		return r, fmt.Errorf("%s is a door: it is closed, not unplugged", c.Port)
	}
	p.unplug()
	return r, nil
}

// SetLink makes a link lose all that is sent, in both directions, or carry again.
type SetLink struct {
	Port string `json:"port"`           // an end of the link
	Link string `json:"link,omitempty"` // "down" or "up"
}

// String is the command in words.
func (c SetLink) String() string { return c.Port + " link " + c.Link }

// Check returns what is wrong with the command itself, whatever the lab.
func (c SetLink) Check() error {
	if c.Link != "down" && c.Link != "up" {
		return fmt.Errorf("a link goes down or up, not %q", c.Link)
	}
	return nil
}

func (SetLink) op() string            { return "link" }
func (c SetLink) fact(e *event.Event) { e.Port = c.Port }
func (c SetLink) apply(l *Lab) (r Reply, err error) {
	if err := c.Check(); err != nil {
		return r, err
	}
	p, err := l.linked(c.Port)
	if err != nil {
		return r, err
	}
	p.SetDown(c.Link == "down")
	p.peer.SetDown(c.Link == "down")
	return r, nil
}
