package report

import (
	"strings"
	"unicode/utf8"

	"wireloom/internal/terminal"
)

// clean makes text safe to show: what a program under test prints may hold bytes that
// move a terminal's cursor, or letters that turn the direction of the line around. They
// are shown as escapes. Line ends and tabs stay.
func clean(s string) string { return terminal.Text(s) }

// Line is text of strangers on one line, safe to show.
func Line(s string) string { return line(s) }

// line is clean text on one line.
func line(s string) string {
	return strings.Join(strings.FieldsFunc(clean(s), func(r rune) bool { return r == '\n' || r == '\t' }), " ")
}

// wrap breaks text into lines of at most width letters, between words where that
// is possible. The lines that it has stay apart.
func wrap(s string, width int) []string {
	var out []string
	for l := range strings.SplitSeq(strings.ReplaceAll(s, "\t", "    "), "\n") {
		l = strings.TrimRight(l, " ")
		for utf8.RuneCountInString(l) > width {
			r := []rune(l)
			cut := width
			for i := width; i > width/3; i-- {
				if r[i] == ' ' {
					cut = i
					break
				}
			}
			out = append(out, strings.TrimRight(string(r[:cut]), " "))
			l = strings.TrimLeft(string(r[cut:]), " ")
		}
		out = append(out, l)
	}
	return out
}
