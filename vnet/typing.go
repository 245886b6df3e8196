package vnet

import (
	"errors"

	"wireloom/vnet/event"
	"wireloom/vnet/shell"
)

// Exec runs a line at a node's prompt, or one command.
type Exec struct {
	Node string   `json:"node"`
	Argv []string `json:"argv,omitempty"` // a command and its arguments; or
	Line string   `json:"line,omitempty"` // a line, as typed
}

func (Exec) op() string            { return "exec" }
func (c Exec) fact(e *event.Event) { e.Node = c.Node }
func (c Exec) apply(l *Lab) (r Reply, err error) {
	n, err := l.nodeNamed(c.Node)
	if err != nil {
		return r, err
	}
	stages := []shell.Stage{{Argv: c.Argv}}
	switch {
	case c.Line != "":
		if stages, err = shell.Parse(c.Line); err != nil {
			return r, err
		}
	case len(c.Argv) == 0:
		return r, errors.New("an empty command line")
	}
	r.Proc, err = n.System.Exec(stages)
	return r, err
}

// Stdin types at the console of a process.
type Stdin struct {
	Node string `json:"node"`
	Proc string `json:"proc,omitempty"`
	Text string `json:"text,omitempty"`
	EOF  bool   `json:"eof,omitempty"` // nothing follows
}

func (Stdin) op() string            { return "stdin" }
func (c Stdin) fact(e *event.Event) { e.Node, e.Proc = c.Node, c.Proc }
func (c Stdin) apply(l *Lab) (r Reply, err error) {
	n, err := l.nodeNamed(c.Node)
	if err != nil {
		return r, err
	}
	return r, n.Type(c.Proc, c.Text, c.EOF)
}
