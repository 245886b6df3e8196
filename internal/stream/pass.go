package stream

import (
	"fmt"
	"strings"

	"wireloom/internal/protocol"
	"wireloom/internal/sched"
)

// A Pass is what a viewer was let in with. What is nil in it is left out.
type Pass struct {
	Owner sched.Owner // whose turns its messages are made in
	Leave func()      // is called when it has gone
	// May returns what the viewer may do now. It is asked before each command that does
	// something to the lab, and every pingEvery; who may not even watch any more is sent away.
	May func() May
	// Did is told what the viewer does to the lab, in words.
	Did func(words string)
	// People returns who else is at the lab, and a channel that is closed when that is no
	// longer so. The viewer is told.
	People func() (protocol.People, <-chan struct{})
}

// May is what a viewer may do. A sentence says why not; "" that it may.
type May struct {
	NotWatch string
	NotType  string
}

func (p *Pass) may() May {
	if p.May == nil {
		return May{}
	}
	return p.May()
}

func (p *Pass) people() (protocol.People, <-chan struct{}) {
	if p.People == nil {
		return protocol.People{}, nil
	}
	return p.People()
}

// did tells of a command that is done now.
func (p *Pass) did(c *command) {
	if p.Did == nil || !ops[c.Op].does {
		return
	}
	var words strings.Builder
	words.WriteString(c.Op)
	for _, w := range []*string{c.Node, c.Proc, c.Line, c.Text, c.Port, c.A, c.B} {
		if w != nil {
			words.WriteString(fmt.Sprintf(" %.200q", *w))
		}
	}
	for _, w := range c.Words {
		words.WriteString(fmt.Sprintf(" %.200q", w))
	}
	p.Did(words.String())
}
