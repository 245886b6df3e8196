package vnet

import (
	"fmt"

	"wireloom/vnet/event"
	"wireloom/vnet/fabric"
	"wireloom/vnet/loop"
)

// What goes round without end, and how a lab ends that it holds at one instant.

// MaxInstant is how many steps of its loop one instant of a lab's time may hold.
const MaxInstant = loop.MaxInstant

// maxRings is how many rings of a lab are told.
const maxRings = 8

// A Ring is a way through switches that ends where it began.
type Ring = fabric.Ring

// A Cable is a link between two switches.
type Cable = fabric.Cable

// Halted says why the lab has stopped for good: one instant holds more than
// MaxInstant steps. It is empty while the lab can go on. Nothing of a halted lab is
// due any more, and Run returns at once.
func (l *Lab) Halted() string { return l.halted }

// halt stops the lab if its loop is stuck at an instant.
func (l *Lab) halt() {
	if l.halted != "" || !l.loop.Stuck() {
		return
	}
	l.halted = fmt.Sprintf("virtual time cannot go on: more than %d steps at one instant, %v", MaxInstant, l.loop.Now())
	if l.rings.last != "" {
		l.halted += ". " + l.rings.last
	}
	l.emit(event.Event{Kind: event.Limit, Op: "instant", N: MaxInstant, Text: l.halted})
}

// A halting is how a lab ends that its loop holds at one instant.
type halting struct {
	halted string    // see Halted
	rings  ringsTold // see round
}

// ringsTold is which rings the lab has told.
type ringsTold struct {
	told map[string]bool
	last string // the sentence
}

// round tells the ring that f, which p sends, goes round, once.
func (l *Lab) round(p *port, f *fabric.Frame) {
	ring := f.Ring(Cable{Out: p.name, In: p.peer.name}, len(l.ports))
	if ring == nil {
		return
	}
	name := ring.String()
	if l.rings.told[name] || len(l.rings.told) >= maxRings {
		return
	}
	if l.rings.told == nil {
		l.rings.told = map[string]bool{}
	}
	l.rings.told[name] = true
	l.rings.last = fmt.Sprintf("Frames go round in a loop of cables: %s, and again from %s. The first of them is frame %d, sent at %v", name, ring[0].Out, f.ID, f.Born())
	l.emit(event.Event{
		Kind: event.Limit, Op: "loop", Node: fabric.SwitchOf(ring[0].Out), Port: ring[0].Out, Peer: ring[0].In, N: int64(f.Hops()), Began: f.Born(),
		Frame: f.ID, Link: p.carries, Data: f.Data, Text: l.rings.last,
	})
}
