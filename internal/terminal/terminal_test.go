package terminal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"unicode/utf8"
)

// vile has one of each kind of what must not reach a terminal.
const vile = "a\x00\x07\x1b]0;t\x07\x1b[2J\x7f\r\u0085\u009b31m\u061c\u200b\u200e\u200f\u2028\u202a\u202e\u2066\u2069\ufeff\U000e0041\xff\xc3z"

func TestText(t *testing.T) {
	for _, tc := range []struct{ name, in, want, line string }{
		{"plain", "bob: 5 µs, 日本", "", ""},
		{"lines stay lines", "a\n\tb\n", "", `a\n\tb\n`},
		{"escape sequences", "\x1b[2J\x1b]0;x\x07", `\x1b[2J\x1b]0;x\x07`, ""},
		{"CR, DEL, NUL", "a\r\x7f\x00", `a\x0d\x7f\x00`, ""},
		{"C1", "\u0085\u009b", `\u0085\u009b`, ""},
		{"direction", "\u202egnp.exe\u2069\u200f", `\u202egnp.exe\u2069\u200f`, ""},
		{"tags", "\U000e0041", `\U000e0041`, ""},
		{"no UTF-8", "m\xfcller\xc3", `m\xfcller\xc3`, ""},
		{"U+FFFD itself", "\ufffd", "", ""},
		{"a surrogate in bytes", "\xed\xa0\x80", `\xed\xa0\x80`, ""},
		{"colours too", "\x1b[31m", `\x1b[31m`, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			want := tc.want
			if want == "" {
				want = tc.in
			}
			if got := Text(tc.in); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			if tc.line != "" {
				want = tc.line
			}
			if got := Line(tc.in); got != want {
				t.Errorf("line: got %q, want %q", got, want)
			}
		})
	}
}

// raw is what a terminal would not only show.
func raw(s string) bool {
	return !utf8.ValidString(s) || strings.ContainsFunc(s, harmful)
}

func FuzzNothingHarmfulIsLeft(f *testing.F) {
	f.Add(vile, 3)
	f.Add("\x1b[31mred\x1b[0m\x1b[8mhidden\x1b[3", 5)
	f.Add("\r\n\r", 1)
	f.Fuzz(func(t *testing.T, s string, cut int) {
		if got := Text(s); raw(got) {
			t.Errorf("text: %q", got)
		}
		if got := Line(s); raw(got) || strings.ContainsAny(got, "\n\t") {
			t.Errorf("line: %q", got)
		}
		cut = min(max(cut, 0), len(s))
		// In pieces the same comes as in one.
		var whole, pieces strings.Builder
		w, p := NewWriter(&whole), NewWriter(&pieces)
		fmt.Fprint(w, s)
		fmt.Fprint(p, s[:cut])
		fmt.Fprint(p, s[cut:])
		if err := errors.Join(w.Flush(), p.Flush()); err != nil || whole.String() != pieces.String() || whole.String() != Text(s) {
			t.Errorf("whole %q, pieces %q, %v", whole.String(), pieces.String(), err)
		}
		for _, colors := range []bool{false, true} {
			var one, two strings.Builder
			a, b := (&Writer{w: &one, color: colors}).Stream(), (&Writer{w: &two, color: colors}).Stream()
			a.Print(s)
			a.End()
			b.Print(s[:cut])
			b.Print(s[cut:])
			b.End()
			if one.String() != two.String() {
				t.Errorf("colours %v: a program's output is %q, in pieces %q", colors, one.String(), two.String())
			}
			if got := uncolored(one.String()); raw(got) || !colors && got != one.String() {
				t.Errorf("colours %v: %q", colors, one.String())
			}
			line := (&Writer{color: colors}).Colored(s)
			if got := uncolored(line); raw(got) || strings.ContainsAny(got, "\n\t") {
				t.Errorf("colours %v: line %q", colors, line)
			}
		}
	})
}

// uncolored takes the sequences out that Stream may leave in.
func uncolored(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		if n := color(s); n > 0 {
			s = s[n:]
			continue
		}
		b.WriteByte(s[0])
		s = s[1:]
	}
	return b.String()
}

func FuzzJSONKeepsWhatItSays(f *testing.F) {
	f.Add(vile)
	f.Fuzz(func(t *testing.T, s string) {
		b, err := json.Marshal(map[string]string{s: s})
		if err != nil {
			t.Fatal(err)
		}
		safe := JSON(b)
		if raw(string(safe)) {
			t.Errorf("%q", safe)
		}
		var before, after map[string]string
		if err := errors.Join(json.Unmarshal(b, &before), json.Unmarshal(safe, &after)); err != nil || fmt.Sprint(before) != fmt.Sprint(after) {
			t.Errorf("%q became %q, %v", b, safe, err)
		}
	})
}

func TestErrorsKeepNamesOnTheirLine(t *testing.T) {
	name := "x\nlabserver: all is well"
	open := &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	for _, tc := range []struct {
		name string
		err  error
		want string
	}{
		{"a path", open, `open x\nlabserver: all is well: file does not exist`},
		{"wrapped", fmt.Errorf("scenario %s: %w", name, open), `scenario x\nlabserver: all is well: open x\nlabserver: all is well: file does not exist`},
		{"joined", errors.Join(errors.New("one\x1b"), errors.Join(open)), "one\\x1b\nopen x\\nlabserver: all is well: file does not exist"},
		{"joined and wrapped", fmt.Errorf("twice: %w", errors.Join(errors.New("one"), open)), `twice: one\nopen x\nlabserver: all is well: file does not exist`},
		{"two in a sentence", fmt.Errorf("%w and\n%w", errors.New("one"), open), `one and\nopen x\nlabserver: all is well: file does not exist`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := Error(tc.err); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestAProgramMaySetColours(t *testing.T) {
	for _, tc := range []struct {
		name   string
		pieces []string
		want   string // on a terminal with colours
	}{
		{"none", []string{"a\n", "b"}, "a\nb"},
		{"a colour, taken back at the end", []string{"\x1b[1;31mred"}, "\x1b[1;31mred\x1b[0m"},
		{"256 and 24 bits", []string{"\x1b[38;5;9mx\x1b[48;2;1;2;3my"}, "\x1b[38;5;9mx\x1b[48;2;1;2;3my\x1b[0m"},
		{"no number is 0", []string{"\x1b[mx"}, "\x1b[mx\x1b[0m"},
		{"in two pieces", []string{"\x1b[3", "2mgreen"}, "\x1b[32mgreen\x1b[0m"},
		{"half of one", []string{"\x1b[3"}, `\x1b[3`},
		{"hidden letters", []string{"\x1b[8mx"}, `\x1b[8mx`},
		{"blinking", []string{"\x1b[5mx"}, `\x1b[5mx`},
		{"blinking among others", []string{"\x1b[1;5;31mx"}, `\x1b[1;5;31mx`},
		{"5 as part of a colour", []string{"\x1b[38;5;5mx"}, "\x1b[38;5;5mx\x1b[0m"},
		{"half a colour", []string{"\x1b[38;5mx"}, `\x1b[38;5mx`},
		{"the cursor", []string{"\x1b[2J\x1b[H\x1b[1A\rover"}, `\x1b[2J\x1b[H\x1b[1A\x0dover`},
		{"the window's name", []string{"\x1b]0;x\x07"}, `\x1b]0;x\x07`},
		{"without end", []string{"\x1b[" + strings.Repeat("1;", 40) + "1m"}, `\x1b[` + strings.Repeat("1;", 40) + "1m"},
		{"CR LF", []string{"a\r", "\nb\r\n"}, "a\nb\n"},
		{"a letter in two pieces", []string{"\xc3", "\xbc"}, "ü"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var b strings.Builder
			s := (&Writer{w: &b, color: true}).Stream()
			for _, p := range tc.pieces {
				s.Print(p)
			}
			s.End()
			if b.String() != tc.want {
				t.Errorf("got %q, want %q", b.String(), tc.want)
			}
		})
	}
}

func TestOnlyATerminalGetsColours(t *testing.T) {
	var b strings.Builder
	w := NewWriter(&b)
	if err := w.Painted("\x1b[31mFAIL\x1b[0m\n"); err != nil || w.Color() || w.Width() != 0 || Is(w) {
		t.Error("a builder is taken for a terminal", err)
	}
	w.Redraw("one\n\x1b[2J")
	if want := "\\x1b[31mFAIL\\x1b[0m\none\\n\\x1b[2J"; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
	b.Reset()
	w = &Writer{w: &b, tty: true, color: true}
	if err := w.Painted("\x1b[31mFAIL\x1b[0m\x1b[2J\n"); err != nil {
		t.Error(err)
	}
	w.Redraw("1 of 2")
	if want := "\x1b[31mFAIL\x1b[0m\\x1b[2J\n\r\x1b[K1 of 2"; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

func TestWhatATerminalShows(t *testing.T) {
	device, err := os.Open(os.DevNull) // a character device, as terminals are
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	for _, tc := range []struct {
		name, term, noColor, columns string
		color                        bool
		width                        int
	}{
		{"a terminal", "xterm", "", "", true, 0},
		{"a wide one", "xterm", "", "120", true, 120},
		{"one that is too narrow", "xterm", "", "10", true, 0},
		{"NO_COLOR", "xterm", "1", "", false, 0},
		{"a dumb one", "dumb", "", "", false, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Setenv("TERM", tc.term)
			t.Setenv("NO_COLOR", tc.noColor)
			t.Setenv("COLUMNS", tc.columns)
			if w := NewWriter(device); !Is(w) || w.Color() != tc.color || w.Width() != tc.width {
				t.Errorf("got colours %v, width %d, want %v, %d", w.Color(), w.Width(), tc.color, tc.width)
			}
		})
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestAnErrorOfWritingIsKept(t *testing.T) {
	w := NewWriter(broken{})
	w.Redraw("x")
	if _, err := w.Write([]byte("y")); !errors.Is(err, os.ErrClosed) || !errors.Is(w.Flush(), os.ErrClosed) {
		t.Errorf("got %v, %v", err, w.Flush())
	}
}
