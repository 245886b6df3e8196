package wall

import (
	"fmt"
	"strings"
	"time"

	"wireloom/internal/terminal"
	"wireloom/vnet"
)

// Acted notes that somebody did something to a lab. It is called by the lab's goroutine and
// does no more than note it.
func (w *Wall) Acted(lab string, c vnet.Command) {
	if words := say(c); words != "" {
		w.did(lab, words)
	}
}

func (w *Wall) did(lab, words string) {
	now := w.conf.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.card(lab)
	if c == nil || c.asked {
		return
	}
	c.Did, c.acted, c.dirty = words, now, true
	if c.tried.IsZero() {
		c.tried = now
	}
}

// Checked notes how many checks of a lab's programs pass. More than ever before is progress:
// what is tried in vain begins anew.
func (w *Wall) Checked(lab string, passed, of int) {
	w.did(lab, fmt.Sprintf("checked: %d of %d pass", passed, of))
	w.mu.Lock()
	defer w.mu.Unlock()
	if c := w.cards[lab]; c != nil && !c.asked {
		c.counted(passed, of)
	}
}

func (c *card) counted(passed, of int) {
	c.Passed, c.Of, c.dirty = passed, of, true
	if passed > c.best {
		c.best, c.tried = passed, time.Time{}
	}
}

// Handed notes that a person has handed in.
func (w *Wall) Handed(lesson, person string, handins int) {
	now := w.conf.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	if c := w.benchOn(lesson, person); c != nil {
		c.Handed, c.Did, c.acted, c.dirty = handins, "handed in", now, true
	}
}

// benchOn is the card of a person's bench of a lesson, if it is known. The caller holds mu.
func (w *Wall) benchOn(lesson, person string) *card {
	for _, c := range w.cards {
		if c.Lesson == lesson && c.Person == person {
			return c
		}
	}
	return nil
}

// State notes what has become of a lab.
func (w *Wall) State(lab string, live bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c := w.card(lab); c != nil {
		c.Parked = !live
	}
}

// raise shows a hand. A text there must be: a space where nothing was asked.
func (c *card) raise(text string, at time.Time) {
	if text == "" {
		text = " "
	}
	c.Hand, c.HandAt = text, millis(at)
}

// Hand notes that a person's hand is up, or down.
func (w *Wall) Hand(lesson, person string, up bool, text string, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.benchOn(lesson, person)
	switch {
	case c == nil:
	case !up:
		c.Hand, c.HandAt = "", 0
	case c.Hand != "":
		c.raise(text, time.UnixMilli(c.HandAt))
	default:
		c.raise(text, at)
	}
}

// say is a command in words, at most maxDid bytes; "" for what no person does.
func say(c vnet.Command) string {
	words := ""
	switch c := c.(type) {
	case vnet.Exec:
		line := c.Line
		if line == "" {
			line = strings.Join(c.Argv, " ")
		}
		words = c.Node + "$ " + line
	case vnet.Stdin:
		words = "typed to " + c.Proc + " on " + c.Node
	case vnet.Start:
		words = "started " + c.Proc + " on " + c.Node
	case vnet.Stop:
		words = "stopped " + c.Proc + " on " + c.Node
	case vnet.Kill:
		words = "killed " + c.Proc + " on " + c.Node
	case vnet.Install:
		words = "put a program into " + c.Node + "." + c.Proc
	case vnet.Impair:
		words = "impaired the link at " + c.Port
	case vnet.Plug:
		words = "plugged " + c.A + " into " + c.B
	case vnet.Unplug:
		words = "unplugged " + c.Port
	case vnet.Arrive, vnet.Enter, vnet.Inject, vnet.Output, vnet.Traffic, vnet.OpenDoor, vnet.CloseDoor: // a peer at a door, or a script
	default:
		words = "changed the network"
	}
	return terminal.Cut(terminal.Line(words), maxDid)
}
