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
		{"a semicolon inside stays", "Meier; Anna-Lena", "Meier; Anna-Lena"},
		{"a formula behind a semicolon is text", "Meier;=1+1", "Meier;'=1+1"},
		{"one behind blanks and a quote too", "Meier; \"=1+1;@x", "Meier;' \"=1+1;'@x"},
	} {
		if got := Cell(c.in); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
	for in, want := range map[string]string{"\t=1": "'\t'=1", "\tx": "'\tx", "well\n=1\n- one": "well\n'=1\n'- one"} {
		if got := Cells(in); got != want {
			t.Errorf("%q of several lines: got %q, want %q", in, got, want)
		}
	}
}

// Whatever a stranger's text is, no spreadsheet computes it.
func FuzzCell(f *testing.F) {
	for _, s := range []string{"=1", "\r=1", "\xff=", "  @x", "'=1", "\u00a0+1", "－1", "a;=1", "a;\"=1", "a; \"\" +1", "a\n@x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, got := range []string{Cell(s), Cells(s)} {
			for _, part := range strings.FieldsFunc(got, func(r rune) bool { return strings.ContainsRune(apart, r) }) {
				if first := strings.Trim(part, "\" \u00a0"); first != "" && strings.ContainsRune(formulas, []rune(first)[0]) {
					t.Errorf("%q becomes %q, which has the formula %q", s, got, first)
				}
			}
		}
		if strings.ContainsAny(Cell(s), "\r\n\t") {
			t.Errorf("%q becomes %q, which has several lines", s, Cell(s))
		}
	})
}
