package run

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"wireloom/internal/scenario/format"
)

// Limits of what is kept, and shown, of what a program printed last.
const (
	MaxPrintedLines = 20  // lines of a program at the end of a run
	maxCheckLines   = 10  // lines of a program in one check
	maxPrintedLine  = 300 // bytes of a line
	maxReason       = 240 // bytes of what a program said, where it is the reason of a verdict
)

// A Printed is the last lines that a submitted program has printed, on either stream.
// They are safe to show: control characters are written as escapes.
type Printed struct {
	Node   string   `json:"node"`
	Proc   string   `json:"proc"`
	Lines  []string `json:"lines"`
	Before int      `json:"before,omitempty"` // lines before them that are not here
}

// A tail keeps the last lines that a program has printed. A line is often written in
// several calls (err(3) takes four), and the two streams may be in the middle of one
// each: so lines are put together by stream, and stand in the order in which they ended.
type tail struct {
	ring  [MaxPrintedLines][]byte
	ended int       // lines that ended
	open  [3][]byte // by stream, the line that has not ended
	bytes int       // printed in all
	shown int       // of these bytes, what checks have shown
	lines int       // lines that had ended then

	panic  []byte // the line in which the program, or its language, gave up
	goesOn int    // the stream whose next line belongs to that line; 0 if none
	last   [3][]byte
}

// write takes what was printed on a stream.
func (t *tail) write(fd int, b []byte) {
	if fd < 0 || fd > 2 {
		return
	}
	t.bytes += len(b)
	for len(b) > 0 {
		part, rest, whole := bytes.Cut(b, []byte("\n"))
		t.open[fd] = append(t.open[fd], part[:min(len(part), maxPrintedLine+1-len(t.open[fd]))]...) // one more shows that it is cut
		b = rest
		if whole {
			t.end(fd)
		}
	}
}

// end ends a stream's line.
func (t *tail) end(fd int) {
	l := bytes.TrimSuffix(t.open[fd], []byte("\r"))
	slot := &t.ring[t.ended%len(t.ring)]
	*slot = append((*slot)[:0], l...)
	t.ended++
	switch {
	case t.goesOn == fd && fd != 0:
		t.panic, t.goesOn = append(append(t.panic, ' '), l...), 0
	case givesUp.Match(l):
		// Rust names the place on the first line, and says what happened on the next.
		t.panic, t.goesOn = slices.Clone(l), 0
		if bytes.HasSuffix(l, []byte(":")) {
			t.goesOn = fd
		}
	}
	if len(bytes.TrimSpace(l)) > 0 {
		t.last[fd] = append(t.last[fd][:0], l...)
	}
	t.open[fd] = t.open[fd][:0]
}

// printed are the last lines, at most so many; with fresh those alone that no check
// has shown. Nil if there are none.
func (t *tail) printed(sl format.Slot, limit int, fresh bool) *Printed {
	from := 0
	if fresh {
		if t.bytes == t.shown {
			return nil
		}
		from = t.lines
	}
	var open []string
	for _, l := range t.open {
		if len(l) > 0 {
			open = append(open, plainLine(format.Clip(string(l), maxPrintedLine)))
		}
	}
	first := max(t.ended-max(limit-len(open), 0), t.ended-len(t.ring), from)
	p := &Printed{Node: sl.Node, Proc: sl.Proc, Before: first - from}
	for i := first; i < t.ended; i++ {
		p.Lines = append(p.Lines, plainLine(format.Clip(string(t.ring[i%len(t.ring)]), maxPrintedLine)))
	}
	if p.Lines = append(p.Lines, open...); len(p.Lines) == 0 {
		return nil
	}
	return p
}

// givesUp are the first lines of those that a program leaves behind when its language
// ends it: Go, Rust, Zig, assert(3), C++, AssemblyScript, Nim.
var givesUp = regexp.MustCompile(`^(panic: |fatal error: |thread '[^']*' (\(\d+\) )?panicked at |thread \d+ panic: |Assertion failed: |` +
	`libc\+\+abi: |terminate called |abort: |Error: unhandled exception: )`)

// reason is what a program said of why it ended with a code or by a trap; "" if it said
// nothing that could be that. A panic is one only where the ending is that of a panic:
// a program may go on after the first.
func (t *tail) reason(how string, code int) string {
	for fd, l := range t.open { // a last line without an end is a line
		if len(l) > 0 {
			t.end(fd)
		}
	}
	trap := how == "trap"
	switch {
	case (trap || slices.Contains([]int{2, 101, 134}, code)) && len(t.panic) > 0: // Go, Rust, abort(3)
		return format.Clip(string(t.panic), maxReason)
	case len(t.last[2]) > 0:
		return format.Clip(string(t.last[2]), maxReason)
	case trap: // what a program printed on its standard output before says little of a trap
		return ""
	}
	return format.Clip(string(t.last[1]), maxReason)
}

// Quoted is what a program said, as a verdict has it: in quotes, since it is its word
// and not ours.
func Quoted(said string) string { return "it said " + strconv.Quote(said) }

// plainLine is a line of a program's output that is safe to show. A tab is a blank; what
// does not print, or turns the direction of the text around, is an escape.
func plainLine(b string) string {
	var s strings.Builder
	for len(b) > 0 {
		r, n := utf8.DecodeRuneInString(b)
		switch {
		case r == '\t':
			s.WriteByte(' ')
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&s, `\x%02x`, b[0])
		case strconv.IsPrint(r):
			s.WriteRune(r)
		default:
			q := strconv.QuoteRune(r)
			s.WriteString(q[1 : len(q)-1])
		}
		b = b[n:]
	}
	return s.String()
}

// Fresh is what submitted programs have printed that no failed check has shown.
func (r *Run) Fresh() []Printed {
	var out []Printed
	for _, x := range r.programs.submitted {
		t := &x.Output.tail
		if p := t.printed(x.Slot, maxCheckLines, true); p != nil {
			out = append(out, *p)
		}
		t.shown, t.lines = t.bytes, t.ended
	}
	return out
}

// Last is what submitted programs printed last.
func (r *Run) Last() []Printed {
	var out []Printed
	for _, x := range r.programs.submitted {
		if p := x.Output.tail.printed(x.Slot, MaxPrintedLines, false); p != nil {
			out = append(out, *p)
		}
	}
	return out
}
