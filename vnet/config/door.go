package config

import "fmt"

// A Door makes a port of a switch one into which a peer outside of the lab may be plugged.
// A lab that has one runs as it is recorded, and not as its seed has it: what comes in by a
// door, and when, is nobody's to say before.
type Door struct {
	Kind DoorKind
	File string `json:",omitempty"` // of a Capture: its name in the scenario's folder
}

// A DoorKind is what a peer at a door speaks.
type DoorKind string

// The kinds of doors.
const (
	WebSocket DoorKind = "websocket" // a frame is a binary message: what v86 speaks
	C2W       DoorKind = "c2w"       // QEMU's stream in binary messages: what container2wasm speaks
	Stream    DoorKind = "stream"    // QEMU's -netdev stream: a length of 32 bits and a frame
	Tap       DoorKind = "tap"       // a TAP of the host's kernel
	Capture   DoorKind = "file"      // the frames of a capture file, with its timing
)

// MaxDoors is how many doors a lab may have.
const MaxDoors = 16

// Wrong is what is wrong with a door; "" for nothing.
func (d *Door) Wrong() string {
	switch d.Kind {
	case WebSocket, C2W, Stream, Tap:
		if d.File != "" {
			return fmt.Sprintf("a door of the kind %s has no file", d.Kind)
		}
	case Capture:
		if d.File == "" {
			return "a door of the kind file names a capture file"
		}
	default:
		return fmt.Sprintf("there is no door of the kind %.40q: there are websocket, c2w, stream, tap and file", string(d.Kind))
	}
	return ""
}

// A DoorAt is a door and the port that it is.
type DoorAt struct {
	Port string // "s1.4"
	Door
}

// Doors are the lab's, in the order of its switches.
func (c *Lab) Doors() []DoorAt {
	var out []DoorAt
	for i := range c.Switches {
		for _, p := range c.Switches[i].Set {
			if p.Door != nil {
				out = append(out, DoorAt{fmt.Sprintf("%s.%d", c.Switches[i].Name, p.Port), *p.Door})
			}
		}
	}
	return out
}

// Outside reports whether a peer that has its own time may be plugged into the lab, so
// that nothing but a recording has its run again.
func (c *Lab) Outside() bool {
	for _, d := range c.Doors() {
		if d.Kind != Capture {
			return true
		}
	}
	return false
}
