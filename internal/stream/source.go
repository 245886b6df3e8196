package stream

import (
	"bytes"

	"wireloom/vnet/event"
)

// A source is what events have in common that are counted together where there are
// too many to be shown: one kind of thing at one process, port or node.
type source struct {
	kind       event.Kind
	node, proc string
	port       string
	fd         int
}

// sourceOf returns the source of an event. Processes that come and go are their
// node's: a program may start thousands.
func sourceOf(e *event.Event) source {
	s := source{kind: e.Kind}
	switch e.Kind { //nolint:exhaustive // the others are the lab's
	case event.Call, event.Signal, event.Limit:
		s.node, s.proc = e.Node, e.Proc
	case event.Console:
		s.node, s.proc, s.fd = e.Node, e.Proc, e.FD
	case event.Frame, event.Drop:
		s.port = e.Port
	case event.Start, event.Exit, event.Learn, event.Forget, event.Iface, event.Message, event.Panic, event.Tree:
		s.node = e.Node
	}
	return s
}

// maxSources is how many sources are told apart. What goes beyond is counted by its
// kind alone, of which there are few.
const maxSources = 64

// narrow is what a source is counted as where there are so many others already.
func (s source) narrow(others int) source {
	if others < maxSources {
		return s
	}
	return source{kind: s.kind}
}

// A count is how much there was of a source.
type count struct {
	events uint64
	bytes  uint64 // of frames, calls and text
	lines  uint64 // of text: the ends of line in it
}

func (c *count) add(o count) {
	c.events += o.events
	c.bytes += o.bytes
	c.lines += o.lines
}

func countOf(e *event.Event) count {
	c := count{events: 1, bytes: uint64(len(e.Data))}
	if e.Kind == event.Console {
		c.lines = uint64(bytes.Count(e.Data, []byte{'\n'}))
	}
	return c
}
