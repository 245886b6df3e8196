// Package filter is the display filter language of Wireshark, for what internal/decode
// decodes: a text such as `arp.opcode == 2 and eth.src[0:3] == 00:00:5e` is compiled once,
// with every name and value checked, and then asked about each frame.
//
//	text --scan--> tokens --parse--> tree of texts --check--> tree of values --Match--> yes or no
//
// The language is that of Wireshark 4: docs/filters.md has what is left out and what
// differs. A filter is hostile, as frames are: its length, depth and number of parts are
// limited, regular expressions are RE2's and small, so that what it costs to ask about a
// frame is bounded by the frame's length times a constant (Filter.Cost).
package filter

import (
	"fmt"

	"wireloom/internal/decode"
)

// Limits of a filter.
const (
	MaxText    = 4096 // bytes
	maxDepth   = 50   // of brackets and nots inside each other
	maxNodes   = 400  // comparisons, values and what joins them
	maxRegexps = 8
	maxRegexp  = 512 // bytes of one
	maxProgram = 600 // instructions of all regular expressions together
)

// A Filter is compiled. It never changes, so that any number of goroutines may use it.
type Filter struct {
	root test // nil: every frame
	cost int
}

// An Error is what is wrong with a filter, and where.
type Error struct {
	Column int // in characters, from 1
	Width  int // characters that are meant, 0 at the end
	Say    string
}

// Error is the sentence with its place.
func (e *Error) Error() string { return fmt.Sprintf("filter, column %d: %s", e.Column, e.Say) }

// Compile reads a filter. An empty one lets every frame through. The error is an *Error.
func Compile(text string) (*Filter, error) {
	p, err := parse(text)
	if err != nil {
		return nil, err
	}
	f := &Filter{}
	if p == nil {
		return f, nil
	}
	c := checker{f: f, text: text}
	root, err := c.test(p)
	if err != nil {
		return nil, err
	}
	f.root = root
	f.cost += c.nodes
	return f, nil
}

// Match reports whether a frame is one that the filter is for.
func (f *Filter) Match(frame *decode.Frame) bool { return f.root == nil || f.root.holds(frame) }

// String is the filter in one form; compiled again it is the same filter.
func (f *Filter) String() string {
	if f.root == nil {
		return ""
	}
	return show(f.root, 0)
}

// Cost is about how many steps the filter takes for each byte of a frame, at most.
func (f *Filter) Cost() int { return 1 + f.cost }
