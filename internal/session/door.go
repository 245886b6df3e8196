package session

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"wireloom/internal/recording"
	"wireloom/vnet"
	"wireloom/vnet/config"
)

// doors are a lab's, as its session has them. What is at a door is package door's: the
// session lets frames in, records each, and hands out what leaves.
type doors struct {
	open    map[string]func(frame []byte) // what takes what leaves by a door, by port
	planned []planned                     // of captures, the next first
	show    func() []DoorState
}

// A planned command is done at its time: a frame comes in from a capture, whose door is
// opened before the first and closed behind the last.
type planned struct {
	at   time.Duration
	port string
	do   vnet.Command
	told func() // it is done
}

// A DoorState is a door of a lab, for people.
type DoorState struct {
	Port    string            `json:"port"`
	Kind    config.DoorKind   `json:"kind"`
	At      string            `json:"at,omitempty"`   // where a peer connects to; "" where it needs no place
	Shut    string            `json:"shut,omitempty"` // why none can, a sentence; "" if one can
	By      string            `json:"by,omitempty"`   // the peer that is there; "" if none is
	Last    string            `json:"last,omitempty"` // why the last one went
	In      uint64            `json:"in"`             // frames that came in,
	Out     uint64            `json:"out"`            // and went out
	Dropped map[string]uint64 `json:"dropped"`        // frames that were lost at the door, by reason
}

func (d *doors) init(lab *vnet.Lab) {
	d.open = map[string]func([]byte){}
	lab.SetOutside(func(door string, frame []byte) {
		if send := d.open[door]; send != nil {
			send(frame)
		}
	})
}

// next is when the next planned frame is due.
func (d *doors) next() (time.Duration, bool) {
	if len(d.planned) == 0 {
		return 0, false
	}
	return d.planned[0].at, true
}

// ShowDoors says what is to be shown of the lab's doors; f is called on the session's
// goroutine. It is called before Run.
func (s *Session) ShowDoors(f func() []DoorState) { s.doors.show = f }

// lastFrame is the virtual time after which a capture's door is closed: its last frame has
// arrived by then.
const lastFrame = time.Millisecond

// A TimedFrame is one that is to come in at a virtual time.
type TimedFrame struct {
	At    time.Duration
	Frame []byte
}

// Play plans what comes in by a door from a capture, whose frames are sorted by time. by says
// which it is; told is called on the session's goroutine with each that has come in, and how
// many are left. It is called before Run.
func (s *Session) Play(port, by string, frames []TimedFrame, told func(left int)) {
	if len(frames) == 0 {
		return
	}
	plan := func(at time.Duration, c vnet.Command, told func()) {
		s.doors.planned = append(s.doors.planned, planned{min(at, MaxTime), port, c, told})
	}
	plan(frames[0].At, vnet.OpenDoor{Port: port, By: by}, nil)
	for i, f := range frames {
		plan(f.At, vnet.Enter{Port: port, Hex: f.Frame}, func() { told(len(frames) - 1 - i) })
	}
	plan(frames[len(frames)-1].At+lastFrame, vnet.CloseDoor{Port: port, Why: "its last frame has come in"}, nil)
	slices.SortStableFunc(s.doors.planned, func(a, b planned) int { return int(a.at - b.at) })
}

// played takes out what is planned next, if it is for this port: it was done before.
func (d *doors) played(port string) {
	if len(d.planned) == 0 || d.planned[0].port != port {
		return
	}
	if told := d.planned[0].told; told != nil {
		told()
	}
	d.planned = d.planned[1:]
}

// play does what is planned for now.
func (s *Session) play() {
	for len(s.doors.planned) > 0 && s.doors.planned[0].at <= s.lab.Now() && !s.ended {
		p := s.doors.planned[0]
		s.doors.planned = s.doors.planned[1:]
		var err error
		if x, frame := p.do.(vnet.Enter); frame {
			if err = s.enter(x.Port, x.Hex); err == nil {
				p.told()
			}
		} else {
			_, err = s.do(p.do)
		}
		if err != nil {
			s.lg.Warn("a capture does not come in by its door", "port", p.port, "error", err)
			s.doors.planned = slices.DeleteFunc(s.doors.planned, func(x planned) bool { return x.port == p.port })
		}
	}
}

// OpenDoor lets a peer be at a door of the lab; by says who it is. send is called on the
// session's goroutine with each frame that leaves by the door: it may not wait, and not keep
// the frame's bytes. While a door is open the lab has real time.
func (s *Session) OpenDoor(ctx context.Context, port, by string, send func(frame []byte)) error {
	return s.ask(ctx, func() error {
		if s.ended {
			return errors.New(s.why)
		}
		s.catchUp()
		if s.pace.rate != RealTime {
			s.settle(time.Now())
			s.pace.rate = RealTime
		}
		if _, err := s.do(vnet.OpenDoor{Port: port, By: by}); err != nil {
			return err
		}
		s.doors.open[port] = send
		return nil
	})
}

// CloseDoor takes the peer away: why is a sentence, and dropped are the frames that were lost
// at the door while it was there, by reason.
func (s *Session) CloseDoor(ctx context.Context, port, why string, dropped map[string]uint64) error {
	return s.ask(ctx, func() error {
		if s.doors.open[port] == nil {
			return fmt.Errorf("nobody is at door %s", port)
		}
		s.catchUp()
		delete(s.doors.open, port)
		_, err := s.do(vnet.CloseDoor{Port: port, Why: why, Dropped: maps.Clone(dropped)})
		return err
	})
}

// ErrPaused is why a lab takes no frame: it is paused, or over, and so nothing comes in.
var ErrPaused = errors.New("the lab's time stands")

// Enter lets frames come in by an open door, one after the other at the instant that the lab
// is at. They may be used again when it returns.
func (s *Session) Enter(ctx context.Context, port string, frames [][]byte) error {
	return s.ask(ctx, func() error {
		if s.pace.paused || s.ended {
			return ErrPaused
		}
		s.catchUp()
		return s.enter(port, frames...)
	})
}

// enter lets frames come in, all at one instant, and records them.
func (s *Session) enter(port string, frames ...[]byte) error {
	all := make([]recording.Entered, len(frames))
	for i, f := range frames {
		all[i] = recording.Entered{At: int64(s.lab.Now()), Step: s.lab.Steps(), Port: port, Frame: f}
	}
	took, err := s.rec.enter(s.dir, all, func() error {
		return s.keep(func(j Journal) error { return j.Enter(all) })
	})
	for _, f := range all[:took] {
		if _, derr := s.lab.Do(vnet.Enter{Port: port, Hex: f.Frame}); err == nil {
			err = derr
		}
	}
	return err
}
