package vnet

import (
	"wireloom/vnet/event"
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
