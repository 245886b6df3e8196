package vnet

import (
	"wireloom/vnet/event"
)

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
