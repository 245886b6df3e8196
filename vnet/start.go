package vnet

import (
	"fmt"

	"wireloom/vnet/event"
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
	p, err := n.startSlot(s, c.Argv...)
	if err != nil {
		return r, err
	}
	return Reply{Proc: p.Name()}, nil
}

// startSlot starts a slot's program, with other arguments than the slot's where some
// are given.
func (n *Node) startSlot(s *slot, argv ...string) (*sys.Proc, error) {
	switch {
	case s.proc != nil:
		return nil, fmt.Errorf("%s:%s runs already, as process %d; stop it first", n.Name(), s.conf.Name, s.proc.PID())
	case s.prog == nil:
		return nil, fmt.Errorf("%s:%s has no program yet: upload one", n.Name(), s.conf.Name)
	}
	if err := sys.CheckArgs(argv, s.conf.Env); err != nil {
		return nil, fmt.Errorf("%s:%s: %w", n.Name(), s.conf.Name, err)
	}
	if len(argv) == 0 {
		argv = s.conf.Argv
	}
	if len(argv) == 0 {
		argv = []string{s.conf.Name}
	}
	p, err := n.Start(s.executable(), s.conf.Name, argv)
	if err == nil {
		s.proc = p
	}
	return p, err
}
