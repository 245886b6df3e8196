package run

import (
	"strings"
	"testing"
	"unicode/utf8"

	"wireloom/internal/scenario/format"
)

// A tail puts lines together by stream, and keeps the last of them.
func TestTailKeepsTheLastLines(t *testing.T) {
	sl := format.Slot{Node: "bob", Proc: "pingd"}
	for _, tc := range []struct {
		name   string
		writes []string // on standard output; "2:..." on standard error
		limit  int
		want   string
		before int
	}{
		{"nothing", nil, 5, "", 0},
		{"a line in pieces", []string{"one ", "line", "\n"}, 5, "one line", 0},
		{"the streams do not mix", []string{"out", "2:err", "put\n", "2:or\n"}, 5, "output|error", 0},
		{"a line without an end is one", []string{"name? "}, 5, "name? ", 0},
		{"the last ones", []string{"a\nb\nc\nd\n"}, 2, "c|d", 2},
		{"the last ones, one without an end", []string{"a\nb\nc"}, 2, "b|c", 1},
		{"more than are kept", []string{strings.Repeat("x\n", 1000) + "last\n"}, 1, "last", 1000},
		{"a line that is too long", []string{strings.Repeat("é", maxPrintedLine) + "\n"}, 5, strings.Repeat("é", maxPrintedLine/2) + "...", 0},
		{"a return at the end of a line", []string{"dos\r\n"}, 5, "dos", 0},
		{"what does not print", []string{"\x1b[2J\u202e\x00\xff\ttab\n"}, 5, `\x1b[2J\u202e\x00\xff tab`, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var tl tail
			for _, w := range tc.writes {
				if text, ok := strings.CutPrefix(w, "2:"); ok {
					tl.write(2, []byte(text))
					continue
				}
				tl.write(1, []byte(w))
			}
			got, before := "", 0
			if p := tl.printed(sl, tc.limit, false); p != nil {
				got, before = strings.Join(p.Lines, "|"), p.Before
			}
			if got != tc.want || before != tc.before {
				t.Errorf("got %q with %d before, want %q with %d", got, before, tc.want, tc.before)
			}
		})
	}
}

// Whatever a program prints, what is kept has its limits and can be shown.
func FuzzTail(f *testing.F) {
	f.Add([]byte("thread 'main' panicked at src/main.rs:2:5:\nindex out of bounds\n"), uint8(3))
	f.Add([]byte(strings.Repeat("\u202e\x1b[2J", 200)), uint8(1))
	f.Fuzz(func(t *testing.T, b []byte, size uint8) {
		var tl tail
		for fd := 0; len(b) > 0; fd = (fd + 1) % 4 {
			n := min(int(size)+1, len(b))
			tl.write(fd, b[:n])
			b = b[n:]
		}
		if r := tl.reason("trap", 0); len(r) > maxReason+len("...") {
			t.Errorf("a reason of %d bytes", len(r))
		}
		p := tl.printed(format.Slot{Node: "bob", Proc: "pingd"}, MaxPrintedLines, false)
		if p == nil {
			return
		}
		if len(p.Lines) > MaxPrintedLines+3 || p.Before < 0 {
			t.Errorf("%d lines, %d before", len(p.Lines), p.Before)
		}
		for _, l := range p.Lines {
			if !utf8.ValidString(l) || strings.ContainsAny(l, "\n\r\x1b\u202e") || len(l) > 10*(maxPrintedLine+4) {
				t.Errorf("%q cannot be shown", l)
			}
		}
	})
}
