package vnet

import (
	"fmt"

	"wireloom/vnet/event"
	"wireloom/vnet/sys"
)

// Install puts a program into a slot that is the user's to replace. What runs there
// goes on with the old one.
type Install struct {
	Node    string      `json:"node"`
	Proc    string      `json:"proc,omitempty"` // the slot
	Hash    string      `json:"hash,omitempty"` // the program's ID
	Program sys.Program `json:"-"`              // who replays finds it by its hash
}

func (Install) op() string            { return "install" }
func (c Install) fact(e *event.Event) { e.Node, e.Proc = c.Node, c.Proc }
func (c Install) apply(l *Lab) (r Reply, err error) {
	n, s, err := l.slotOf(c.Node, c.Proc)
	switch {
	case err != nil:
		return r, err
	case c.Program == nil || c.Program.ID() != c.Hash:
		return r, fmt.Errorf("program %s:%s: the bytes with hash %s are not here", n.Name(), c.Proc, c.Hash)
	case !s.Users:
		return r, fmt.Errorf("program %s:%s is part of the scenario and cannot be replaced", n.Name(), c.Proc)
	}
	s.Program = c.Program
	return r, nil
}

// Install puts a program into a slot before the lab starts: part of how the run is
// set up, not a command.
func (l *Lab) Install(node, proc string, prog sys.Program) error {
	_, s, err := l.slotOf(node, proc)
	if err != nil {
		return err
	}
	s.Program = prog
	return nil
}
