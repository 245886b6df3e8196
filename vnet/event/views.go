package event

import (
	"path"
	"time"

	"wireloom/vnet/packet"
)

// Views of an event as a fact of its kind, for readers: which field of Event means
// what is said here once. A view aliases the event's data.

// A Packet is the frame that an event carries, of whatever kind the event is.
type Packet struct {
	ID   uint64 // its identity; 0 where it has none
	Link packet.Link
	Head []byte // what the driver put before it: see Event.Head
	Data []byte
}

// Packet returns the frame that the event carries, if it carries one.
func (e *Event) Packet() (Packet, bool) {
	if e.Link == packet.NoLink || len(e.Data) == 0 {
		return Packet{}, false
	}
	head := min(int(e.Head), len(e.Data))
	return Packet{e.Frame, e.Link, e.Data[:head], e.Data[head:]}, true
}

// How a frame came to be on its link.
const (
	Sent     = ""         // what is plugged in at Port sent it
	Injected = "injected" // somebody outside put it onto the wire
	Output   = "output"   // somebody outside made a kernel send it out of an interface
)

// A FrameSent is a frame on a link.
type FrameSent struct {
	Packet
	From, To string // the ends of the link
	How      string // Sent, Injected or Output
	Delay    time.Duration
}

// FrameSent is the event as a frame on a link, if it is one.
func (e *Event) FrameSent() (FrameSent, bool) {
	if e.Kind != Frame {
		return FrameSent{}, false
	}
	p, _ := e.Packet()
	return FrameSent{Packet: p, From: e.Port, To: e.Peer, How: e.Op, Delay: time.Duration(e.N)}, true
}

// A Moved is a packet that a process read from or wrote to a tun or tap.
type Moved struct {
	Packet
	Node, Proc string
	Device     string // its path
	Write      bool
}

// Moved is the event as a packet that went through a device, if it is one.
func (e *Event) Moved() (Moved, bool) {
	p, ok := e.Packet()
	if e.Kind != Call || !ok {
		return Moved{}, false
	}
	return Moved{Packet: p, Node: e.Node, Proc: e.Proc, Device: e.Path, Write: e.Op == "write"}, true
}

// End is the interface that the device is of: "bob:tap0".
func (m *Moved) End() string { return m.Node + ":" + path.Base(m.Device) }

// An Exited is the end of a process.
type Exited struct {
	Node, Proc string
	Code       int
	How        string // "exit", "trap", "killed" or "limit"
	Why        string
	Fuel       int64
}

// Exited is the event as the end of a process, if it is one.
func (e *Event) Exited() (Exited, bool) {
	if e.Kind != Exit {
		return Exited{}, false
	}
	return Exited{e.Node, e.Proc, int(e.N), e.Op, e.Text, e.Fuel}, true
}
