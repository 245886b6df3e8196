package gapped

import (
	"bytes"
	"strings"
	"testing"
)

func TestText(t *testing.T) {
	for _, tc := range []struct {
		name   string
		writes []string
		head   string
		tail   string
		lines  uint64
		bytes  uint64
	}{
		{"short: whole", []string{"one\n", "two\n"}, "one\ntwo\n", "", 0, 0},
		{"as long as the limit: whole", []string{strings.Repeat("x", 20)}, strings.Repeat("x", 20), "", 0, 0},
		{"longer: whole lines at both ends", []string{"one\ntwo\nthree\n", "four\nfive\nsix\n"}, "one\ntwo\n", "five\nsix\n", 2, 11},
		{"a tail that begins with a line keeps it", []string{"0123456789", "abc\n", "56789\n", "56\n"}, "0123456789", "56789\n56\n", 1, 4},
		{"one line: cut anywhere", []string{strings.Repeat("0123456789", 5)}, "0123456789", "0123456789", 0, 30},
		{"but not inside a character", []string{"x" + strings.Repeat("é", 30) + "y"}, "xéééé", "ééééy", 0, 44},
		{"bytes that are no characters", []string{strings.Repeat("\x80", 40)}, strings.Repeat("\x80", 10), strings.Repeat("\x80", 6), 0, 24},
		{"much at once after little", []string{"ab\n", strings.Repeat("01234567\n", 100)}, "ab\n", "01234567\n", 99, 891},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g := Text{Limit: 20}
			for _, w := range tc.writes {
				g.Write([]byte(w))
			}
			head, tail, left := g.Parts()
			if string(head) != tc.head || string(tail) != tc.tail || left.Lines != tc.lines || left.Bytes != tc.bytes {
				t.Errorf("got %q, %q, %d lines, %d bytes; want %q, %q, %d, %d", head, tail, left.Lines, left.Bytes, tc.head, tc.tail, tc.lines, tc.bytes)
			}
		})
	}
}

// FuzzText: what is shown and what is left out is all, whatever the writes.
func FuzzText(f *testing.F) {
	f.Add([]byte("one\ntwo\nthree\n"), uint8(3), uint8(8))
	f.Add([]byte("\xff\xfeé\n\n"), uint8(1), uint8(3))
	f.Fuzz(func(t *testing.T, text []byte, size, limit uint8) {
		g := Text{Limit: int(limit) + 2}
		for rest := text; len(rest) > 0; {
			n := min(int(size)+1, len(rest))
			g.Write(rest[:n])
			rest = rest[n:]
		}
		head, tail, left := g.Parts()
		if !bytes.HasPrefix(text, head) || !bytes.HasSuffix(text, tail) || len(head)+len(tail) > g.Limit {
			t.Fatalf("%q is shown as %q and %q", text, head, tail)
		}
		gap := text[len(head) : len(text)-len(tail)]
		if left.Bytes != uint64(len(gap)) || left.Lines != uint64(bytes.Count(gap, []byte("\n"))) {
			t.Fatalf("%q: %+v are left out, want %d bytes", text, left, len(gap))
		}
	})
}
