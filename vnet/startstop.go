package vnet

import (
	"fmt"

	"wireloom/vnet/event"
	"wireloom/vnet/signal"
	"wireloom/vnet/sys"
)

// Start runs the program of a slot.
type Start struct {
	Node string   `json:"node"`
	Proc string   `json:"proc,omitempty"` // the slot
	Argv []string `json:"argv,omitempty"` // instead of the slot's
}

func (Start) op() string            { return "start" }
func (c Start) fact(e *event.Event) { e.Node, e.Proc = c.Node, c.Proc }
func (c Start) apply(l *Lab) (r Reply, err error) {
	n, s, err := l.slotOf(c.Node, c.Proc)
	if err != nil {
		return r, err
	}
	p, err := n.StartSlot(s, c.Argv...)
	if err != nil {
		return r, err
	}
	return Reply{Proc: p.Name()}, nil
}

// Stop asks a process to end, and all of its line if it is a command of the prompt's.
type Stop struct {
	Node string `json:"node"`
	Proc string `json:"proc,omitempty"` // a slot, or the name of a process
}

func (Stop) op() string                    { return "stop" }
func (c Stop) fact(e *event.Event)         { e.Node, e.Proc = c.Node, c.Proc }
func (c Stop) apply(l *Lab) (Reply, error) { return l.end(c.Node, c.Proc, (*sys.Proc).Terminate) }

// Kill ends a process at once, and all of its line if it is a command of the prompt's.
type Kill struct {
	Node string `json:"node"`
	Proc string `json:"proc,omitempty"` // a slot, or the name of a process
}

func (Kill) op() string            { return "kill" }
func (c Kill) fact(e *event.Event) { e.Node, e.Proc = c.Node, c.Proc }
func (c Kill) apply(l *Lab) (Reply, error) {
	return l.end(c.Node, c.Proc, func(p *sys.Proc) { p.Signal(signal.SIGKILL) })
}

// end ends what runs in a slot, or the line that a process belongs to.
func (l *Lab) end(node, proc string, how func(*sys.Proc)) (r Reply, err error) {
	n, err := l.nodeNamed(node)
	if err != nil {
		return r, err
	}
	s := n.Slot(proc)
	switch {
	case s != nil && s.Proc() == nil:
		return r, fmt.Errorf("%s:%s is not running", n.Name(), proc)
	case s != nil:
		how(s.Proc())
		return r, nil
	}
	p := n.Named(proc)
	if p == nil {
		return r, noProgram(n, proc)
	}
	for _, q := range n.Group(p) { // all of a line
		how(q)
	}
	return r, nil
}
