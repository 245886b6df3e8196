package vnet

import (
	"fmt"

	"wireloom/vnet/config"
	"wireloom/vnet/event"
	"wireloom/vnet/fabric"
	"wireloom/vnet/packet"
)

// A door is a port of a switch whose cable leads out of the lab. At its other end, which
// is named after the port, may be a peer.
//
//	        OpenDoor              Enter: a frame comes in
//	closed ----------> open -------------------------------> the switch
//	   ^                 |  \------------------------------> the peer: SetOutside
//	   '-- CloseDoor ----'      a frame leaves by the port
//
// The port has a link while the door is open. All that comes from outside is a command, so
// that a replay, at whose doors is nobody, has the same run.
const doorPrefix = "door:"

// An outerEnd is where a door's cable ends.
type outerEnd struct {
	lab  *Lab
	door string // the port's name
}

// deliver hands a frame to the peer. A run knows nothing of what becomes of it.
func (e outerEnd) deliver(f *fabric.Frame) {
	if e.lab.outside != nil {
		e.lab.outside(e.door, f.Data)
	}
	e.lab.pool.Release(f)
}

func (outerEnd) plugged(bool) {}

// addDoor makes the outer end of a port that is a door.
func (l *Lab) addDoor(p *port) {
	name := doorPrefix + p.name
	l.ports[name] = &port{name: name, lab: l, carries: packet.LinkEthernet, end: outerEnd{l, p.name}}
}

// isDoor reports whether a port is a door, or its outer end.
func (l *Lab) isDoor(p *port) bool {
	_, outer := p.end.(outerEnd)
	return outer || l.ports[doorPrefix+p.name] != nil
}

// SetOutside makes the lab hand out what leaves it by its doors. f is called within Run. It
// may not keep the frame's bytes, and nothing that it does can be seen in the run.
func (l *Lab) SetOutside(f func(door string, frame []byte)) { l.outside = f }

// doorAt is the outer end of a door, or why there is none.
func (l *Lab) doorAt(name string) (*port, error) {
	if p := l.ports[doorPrefix+name]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("there is no door %.80q in this lab", name)
}

// OpenDoor says that a peer is at a door: its port has a link from now on.
type OpenDoor struct {
	Port string `json:"port"`
	By   string `json:"by"` // who it is, for people
}

func (OpenDoor) op() string            { return "open-door" }
func (c OpenDoor) fact(e *event.Event) { e.Port = c.Port }
func (c OpenDoor) apply(l *Lab) (r Reply, err error) {
	outer, err := l.doorAt(c.Port)
	switch {
	case err != nil:
		return r, err
	case outer.peer != nil:
		return r, fmt.Errorf("door %s is open already", c.Port)
	}
	plug(outer, l.ports[c.Port], config.Link{})
	return r, nil
}

// CloseDoor says that the peer at a door is gone, and takes the link away.
type CloseDoor struct {
	Port    string            `json:"port"`
	Why     string            `json:"why"`
	Dropped map[string]uint64 `json:"dropped,omitempty"` // frames that were lost at the door, in both directions, by reason
}

func (CloseDoor) op() string            { return "close-door" }
func (c CloseDoor) fact(e *event.Event) { e.Port = c.Port }
func (c CloseDoor) apply(l *Lab) (r Reply, err error) {
	outer, err := l.doorAt(c.Port)
	switch {
	case err != nil:
		return r, err
	case outer.peer == nil:
		return r, fmt.Errorf("door %s is not open", c.Port)
	}
	outer.unplug()
	return r, nil
}

// Enter is a frame that comes in by an open door.
type Enter struct {
	Port string `json:"port"`
	Hex  Bytes  `json:"hex"`
}

func (Enter) op() string            { return "enter" }
func (c Enter) fact(e *event.Event) { e.Port = c.Port }
func (c Enter) frame() []byte       { return c.Hex }
func (c Enter) apply(l *Lab) (r Reply, err error) {
	if _, err := l.portFor(c.Port, c.Hex); err != nil {
		return r, err
	}
	outer, err := l.doorAt(c.Port)
	switch {
	case err != nil:
		return r, err
	case outer.peer == nil:
		return r, fmt.Errorf("nobody is at door %s", c.Port)
	}
	outer.send(l.pool.New(c.Hex, l.frame))
	return r, nil
}
