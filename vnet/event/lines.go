package event

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
)

// MaxLine is how many bytes of a line Lines keeps together. What is longer becomes
// several.
const MaxLine = 4 << 10

// Lines joins what processes write to their consoles into lines, for people: one
// write(2) is seldom a line, since a C library writes a message of err(3) in four
// pieces and a Rust panic comes in twelve. Each output of each process has lines of its
// own. The zero value is ready.
type Lines struct {
	open map[output]*Event // what has no line end yet
}

type output struct {
	node, proc string
	pid, fd    int
}

// Add takes a Console event and hands on each line that it completes, as an event of
// that line: its Data is the line with its end, its Seq that of the first write, its
// time and fuel those of the last. The event is only lent.
func (l *Lines) Add(e *Event, line func(*Event)) {
	key := output{e.Node, e.Proc, e.PID, e.FD}
	part := l.open[key]
	for rest := e.Data; len(rest) > 0; {
		if part == nil {
			first := *e
			first.Data = nil
			part = &first
		}
		n := min(len(rest), MaxLine-len(part.Data))
		if i := bytes.IndexByte(rest[:n], '\n'); i >= 0 {
			n = i + 1
		}
		part.Data = append(part.Data, rest[:n]...)
		part.At, part.Fuel = e.At, e.Fuel
		rest = rest[n:]
		if len(part.Data) == MaxLine || part.Data[len(part.Data)-1] == '\n' {
			line(part)
			part = nil
		}
	}
	switch {
	case part == nil:
		delete(l.open, key)
	case l.open == nil:
		l.open = map[output]*Event{key: part}
	default:
		l.open[key] = part
	}
}

// End hands on what a process that has ended left without a line end.
func (l *Lines) End(node, proc string, pid int, line func(*Event)) {
	for fd := 1; fd <= 2; fd++ {
		key := output{node, proc, pid, fd}
		if part := l.open[key]; part != nil {
			delete(l.open, key)
			line(part)
		}
	}
}

// Flush hands on all that has no line end yet, in the order in which it began.
func (l *Lines) Flush(line func(*Event)) {
	parts := slices.SortedFunc(maps.Values(l.open), func(a, b *Event) int { return cmp.Compare(a.Seq, b.Seq) })
	clear(l.open)
	for _, part := range parts {
		line(part)
	}
}
