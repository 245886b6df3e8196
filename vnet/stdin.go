package vnet

import (
	"fmt"

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
	return r, n.typed(c)
}

// typed puts text on the standard input of a process.
func (n *Node) typed(c Stdin) error {
	p := n.named(c.Proc)
	if p == nil {
		return fmt.Errorf("%s:%s is not running", n.name, c.Proc)
	}
	if !p.typed(c.Text, c.EOF) {
		n := len(p.stdin.data)
		p.LimitReached("stdin", fmt.Sprintf("%d bytes wait on its standard input and no more fit", n), MaxStdin)
		return fmt.Errorf("%s:%s has not read the %d bytes that were typed before", p.node.name, c.Proc, n)
	}
	return nil
}
