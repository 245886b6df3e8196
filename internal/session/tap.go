package session

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"

	"wireloom/vnet"
	"wireloom/vnet/event"
)

// Limits of a tap.
const (
	tapQueue = 1 << 20 // bytes of frames that wait for its reader
	tapMuch  = tapQueue / 4
	tapWays  = 1024 // pairs of ends whose missing frames are told apart
)

// A Tap is the queue of one reader who captures from now on. The lab never waits for it:
// what the reader is too slow for is counted, and told where it is missing.
type Tap struct {
	wants func(*event.Event) bool
	much  chan struct{} // has one since tapMuch waits

	mu     sync.Mutex // guards what follows
	buf    []byte     // events, each with its length in front
	missed map[Way]uint64
}

// A Way is from one end of a link to another; of a frame that is lost, or goes through a
// device, both are the end where that is.
type Way struct{ From, To string }

// Tap begins a capture of the events that wants says of, of those that a capture has
// (vnet.Lab.Passes). It is called in the lab's loop. Who captures is a viewer of the lab;
// leave ends that, and may be called once.
func (s *Session) Tap(ctx context.Context, wants func(*event.Event) bool) (t *Tap, leave func(), err error) {
	detach, err := s.Attach(ctx)
	if err != nil {
		return nil, nil, err
	}
	t = &Tap{wants: wants, much: make(chan struct{}, 1)}
	err = s.ask(ctx, func() error {
		s.taps = append(s.taps, t)
		return nil
	})
	if err != nil {
		detach()
		return nil, nil, err
	}
	return t, func() {
		_ = s.ask(context.Background(), func() error { // only fails where there is no lab any more
			s.taps = slices.DeleteFunc(s.taps, func(x *Tap) bool { return x == t })
			return nil
		})
		detach()
	}, nil
}

// Ends are where the lab can be captured now.
func (s *Session) Ends(ctx context.Context) ([]vnet.End, error) {
	return query(ctx, s, func() ([]vnet.End, error) { return s.lab.Ends(), nil })
}

// captured is a reader of the event log (event.Log.Subscribe).
func (s *Session) captured(e *event.Event) {
	if !s.lab.Passes(e) {
		return
	}
	s.cap.add(e)
	for _, t := range s.taps {
		t.add(e)
	}
}

// add puts an event into the queue, or counts it.
func (t *Tap) add(e *event.Event) {
	if !t.wants(e) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.missed) == 0 && len(t.buf) < tapQueue {
		start := len(t.buf)
		t.buf = e.AppendTo(append(t.buf, 0, 0, 0, 0))
		binary.LittleEndian.PutUint32(t.buf[start:], uint32(len(t.buf)-start-4))
	} else {
		t.miss(e)
	}
	if len(t.buf) >= tapMuch {
		select {
		case t.much <- struct{}{}:
		default: // its reader has not looked yet
		}
	}
}

// miss counts an event that there is no room for.
func (t *Tap) miss(e *event.Event) {
	if t.missed == nil {
		t.missed = map[Way]uint64{}
	}
	way := Way{e.Port, e.Peer}
	switch {
	case e.Kind == event.Call:
		m, _ := e.Moved()
		way = Way{m.End(), m.End()}
	case e.Kind == event.Drop:
		way.To = way.From
	}
	if _, known := t.missed[way]; !known && len(t.missed) >= tapWays {
		way = Way{}
	}
	t.missed[way]++
}

// Much has a value while so much waits that its reader should not wait for more.
func (t *Tap) Much() <-chan struct{} { return t.much }

// Take takes what waits: events, and how many were missed after them. buf is one that an
// earlier Take returned and that is done with, or nil.
func (t *Tap) Take(buf []byte) (events []byte, missed map[Way]uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	events, missed = t.buf, t.missed
	t.buf, t.missed = buf[:0], nil
	return events, missed
}

// NextEvent takes the first event off what Take returned.
func NextEvent(events []byte) (e event.Event, rest []byte, err error) {
	if len(events) < 4 {
		return e, nil, fmt.Errorf("tap: %d bytes are no event", len(events))
	}
	n := int(binary.LittleEndian.Uint32(events))
	if n > len(events)-4 {
		return e, nil, fmt.Errorf("tap: an event of %d bytes in %d", n, len(events)-4)
	}
	e, _, err = event.Decode(events[4 : 4+n])
	return e, events[4+n:], err
}
