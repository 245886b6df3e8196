package terminal

import (
	"strings"
	"testing"
)

func TestCell(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"a name stays", "Anna Meier", "Anna Meier"},
		{"nothing stays nothing", "", ""},
		{"a formula is text", "=1+1", "'=1+1"},
		{"one with a sign is text", "+49 1", "'+49 1"},
		{"one behind a blank is text", " =1", "' =1"},
		{"one in wide letters is text", "＝1", "'＝1"},
		{"a tab is no cell's end", "\t=1", `\t=1`},
		{"a line end stays on the line", "a\n=1", `a\n=1`},
		{"a sign inside stays", "Anna-Lena", "Anna-Lena"},
	} {
		if got := Cell(c.in); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
	if got := Cells("\t=1"); got != "'\t=1" {
		t.Errorf("a text that begins with a tab: got %q", got)
	}
}

// Whatever a stranger's text is, no spreadsheet computes it.
func FuzzCell(f *testing.F) {
	for _, s := range []string{"=1", "\r=1", "\xff=", "  @x", "'=1", "\u00a0+1", "－1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, got := range []string{Cell(s), Cells(s)} {
			if first := strings.TrimSpace(got); first != "" && strings.ContainsRune(formulas, []rune(first)[0]) {
				t.Errorf("%q becomes %q, which is a formula", s, got)
			}
		}
		if strings.ContainsAny(Cell(s), "\r\n\t") {
			t.Errorf("%q becomes %q, which has several lines", s, Cell(s))
		}
	})
}
