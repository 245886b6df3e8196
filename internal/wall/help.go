package wall

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"wireloom/internal/protocol"
	wire "wireloom/internal/protocol/class"
)

// leaveGrace is how long a student may be gone before the help on their bench ends: a page
// that is loaded anew is back by then.
const leaveGrace = 10 * time.Second

// A help is who may type on a bench besides its student. Nothing but these steps changes it,
// and it is nowhere but in memory: when the server stops, all help has ended.
//
//	          ask (staff)            accept (student)
//	none ------------------> asked ------------------> accepted
//	 ^  ^---- refuse (student), end (who asked) ---'        |
//	 |                                                      |
//	 `-- end (either), the student or the helper leaves <---'
type help struct {
	state  wire.HelpState
	person string // who asks, or may type
	name   string
}

// Somebody who acts on a bench.
type Somebody struct {
	Person, Name string
	Staff        bool // of the bench's class, and not the student whose bench it is
}

// Help takes a step, and returns what holds then. Its error is for who took it.
func (w *Wall) Help(lab string, by Somebody, act wire.HelpAct) (wire.Help, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.card(lab)
	if c == nil || c.class == "" {
		return wire.Help{}, fmt.Errorf("this bench is not on the wall yet: try again in a moment")
	}
	h := &c.help
	idle := h.state != wire.HelpAsked && h.state != wire.HelpAccepted
	switch {
	case act == wire.AskToHelp && !by.Staff:
		return wire.Help{}, fmt.Errorf("this is your own bench: you may type here anyway; raise your hand for help")
	case act == wire.AskToHelp && c.viewers == 0:
		return wire.Help{}, fmt.Errorf("%s does not look at this bench now, and nobody but %s can let you type in it", c.Name, c.Name)
	case act == wire.AskToHelp && !idle && h.person != by.Person:
		return wire.Help{}, fmt.Errorf("%s helps here, or has asked to: speak to each other first", h.name)
	case act == wire.AskToHelp && idle:
		*h = help{wire.HelpAsked, by.Person, by.Name}
	case act == wire.AskToHelp:
	case (act == wire.AcceptHelp || act == wire.RefuseHelp) && by.Staff:
		return wire.Help{}, fmt.Errorf("only %s can say that", c.Name)
	case act == wire.AcceptHelp && h.state == wire.HelpAccepted:
	case (act == wire.AcceptHelp || act == wire.RefuseHelp) && h.state != wire.HelpAsked:
		return wire.Help{}, fmt.Errorf("nobody asks to help here any more")
	case act == wire.AcceptHelp:
		h.state = wire.HelpAccepted
	case act == wire.RefuseHelp:
		h.state = wire.HelpRefused
	case act == wire.EndHelp && by.Staff && h.person != by.Person:
		return wire.Help{}, fmt.Errorf("it is not you who helps here")
	case act == wire.EndHelp:
		*h = help{state: wire.NoHelp}
	}
	w.tell(c)
	return c.helping(), nil
}

// helping is the state of help as the page has it.
func (c *card) helping() wire.Help {
	v := wire.Help{Lab: c.Lab, State: c.help.state, By: c.help.name}
	if v.State == "" {
		v.State = wire.NoHelp
	}
	return v
}

// MayType reports whether somebody who is not the bench's student may type on it.
func (w *Wall) MayType(lab, person string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.cards[lab]
	return c != nil && person != "" && c.help.state == wire.HelpAccepted && c.help.person == person
}

// EndHelp ends what help of a person there is on a bench: they are gone, or may not any more.
func (w *Wall) EndHelp(lab, person string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c := w.cards[lab]; c != nil && c.help.person == person && c.help.state != wire.NoHelp && c.help.state != "" {
		c.help = help{state: wire.NoHelp}
		w.tell(c)
	}
}

// tell has all look again who care about who is at a bench. The caller holds mu.
func (w *Wall) tell(c *card) {
	if c.changed != nil {
		close(c.changed)
		c.changed = nil
	}
	if c.class != "" {
		w.helped[c.Person] = w.number(c.class)
		w.wake(waiter{person: c.Person})
	}
}

// Came notes that a student looks at their bench; the function that it returns, that they
// have left.
func (w *Wall) Came(lab string) (left func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.card(lab)
	if c == nil {
		return func() {}
	}
	c.viewers++
	c.Parked = false
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		c.viewers--
		if c.viewers == 0 && c.help.state != "" && c.help.state != wire.NoHelp {
			time.AfterFunc(leaveGrace, func() { w.left(c) })
		}
	}
}

// left ends the help on a bench whose student has not come back.
func (w *Wall) left(c *card) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c.viewers == 0 {
		c.help = help{state: wire.NoHelp}
		w.tell(c)
	}
}

// Watches notes that somebody of the staff looks at a bench; the function that it returns,
// that they have left.
func (w *Wall) Watches(lab string, by Somebody) (left func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.card(lab)
	if c == nil {
		return func() {}
	}
	c.staff[by.Name]++
	w.tell(c)
	return func() {
		w.mu.Lock()
		if c.staff[by.Name]--; c.staff[by.Name] == 0 {
			delete(c.staff, by.Name)
		}
		w.tell(c)
		gone := c.staff[by.Name] == 0
		w.mu.Unlock()
		if gone {
			w.EndHelp(lab, by.Person)
		}
	}
}

// People is who is at a bench, and a channel that is closed when that has changed.
func (w *Wall) People(lab string) (protocol.People, <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := protocol.People{Watching: []string{}}
	c := w.card(lab)
	if c == nil {
		return p, make(chan struct{})
	}
	if c.changed == nil {
		c.changed = make(chan struct{})
	}
	p.Watching = append(p.Watching, slices.Sorted(maps.Keys(c.staff))...)
	switch c.help.state { //nolint:exhaustive // in the others there is nobody
	case wire.HelpAsked:
		p.Asks = c.help.name
	case wire.HelpAccepted:
		p.Helper = c.help.name
	}
	return p, c.changed
}
