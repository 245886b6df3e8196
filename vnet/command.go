package vnet

import (
	"errors"
	"fmt"

	"wireloom/vnet/config"
	"wireloom/vnet/event"
	"wireloom/vnet/machine"
)

// A Command is something done to a lab from outside: a click, an upload, a line typed
// at a node, a frame, a fault, a cable. It is one closed set, a type each, and nothing
// else changes a lab. Do records it with the virtual time and the step at which it took
// effect, so that a run can be repeated.
type Command interface {
	// op is the command's name, in the log and in its JSON.
	op() string
	// fact fills in whom or what the command is about, in its event.
	fact(e *event.Event)
	// apply carries the command out.
	apply(l *Lab) (Reply, error)
}

// A Reply is what a command has made.
type Reply struct {
	Proc  string // the name of a process
	Frame uint64 // the identity of a frame
}

// A frameCommand is one that brings a frame along, which its event carries: it needs no
// text.
type frameCommand interface {
	Command
	frame() []byte
}

// Do carries out a command now. One that fails is recorded too: the run is the same
// with it and without it.
func (l *Lab) Do(c Command) (Reply, error) {
	if l.closed {
		return Reply{}, errors.New("the lab is closed")
	}
	if f, ok := c.(frameCommand); ok {
		return l.doFrame(f)
	}
	text, err := EncodeCommand(c)
	if err != nil {
		return Reply{}, err
	}
	e := l.commandEvent(c)
	e.Text = string(text)
	l.log.Append(e)
	return c.apply(l)
}

// commandEvent is the event of a command that takes effect now.
func (l *Lab) commandEvent(c Command) *event.Event {
	e := l.event(event.Command)
	e.Op, e.N = c.op(), int64(l.loop.Steps())
	c.fact(e)
	return e
}

// doFrame is Do for a command with a frame, whose identity is the one in its event.
func (l *Lab) doFrame(c frameCommand) (Reply, error) {
	e := l.commandEvent(c)
	id, data := l.pool.NewID(), c.frame()
	l.frame, e.Frame = id, id
	if p := l.ports[e.Port]; p != nil && len(data) <= config.MaxFrame {
		e.Link, e.Data = p.carries, data
	}
	l.log.Append(e)
	r, err := c.apply(l)
	if err == nil {
		r.Frame = id
	}
	return r, err
}

// nodeNamed is the node of that name, or why there is none.
func (l *Lab) nodeNamed(name string) (*machine.Node, error) {
	if n := l.Node(name); n != nil {
		return n, nil
	}
	return nil, fmt.Errorf("there is no node %q in this lab", name)
}

// slotOf is a slot by its node's name and its own, or why there is none.
func (l *Lab) slotOf(node, name string) (*machine.Node, *machine.Slot, error) {
	n, err := l.nodeNamed(node)
	if err != nil {
		return nil, nil, err
	}
	s := n.Slot(name)
	if s == nil {
		return n, nil, noProgram(n, name)
	}
	return n, s, nil
}

func noProgram(n *machine.Node, name string) error {
	return fmt.Errorf("node %s has no program %q", n.Name(), name)
}
