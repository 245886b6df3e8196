package report

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// clean makes text safe to show: what a program under test prints may hold bytes
// that move a terminal's cursor, or letters that turn the direction of the line
// around. They are shown as escapes. Line ends and tabs stay.
func clean(s string) string {
	if !strings.ContainsFunc(s, unsafeRune) && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case !unsafeRune(r):
			b.WriteRune(r) // of a byte that is no UTF-8 that is U+FFFD
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return b.String()
}

// Line is text of strangers on one line, safe to show.
func Line(s string) string { return line(s) }

// line is clean text on one line.
func line(s string) string {
	return strings.Join(strings.FieldsFunc(clean(s), func(r rune) bool { return r == '\n' || r == '\t' }), " ")
}

func unsafeRune(r rune) bool {
	switch {
	case r == '\n', r == '\t':
		return false
	case r < 0x20, r >= 0x7f && r < 0xa0: // control characters
		return true
	case r >= 0x200b && r <= 0x200f, r == 0x061c: // no width, or marks of direction
		return true
	case r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f: // line ends, embeddings, isolates
		return true
	case r == 0xfeff, r >= 0xfff9 && r <= 0xfffb, r >= 0xe0000 && r <= 0xe007f: // marks, tags
		return true
	}
	return false
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

// clip shortens text to n letters.
func clip(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:max(n-1, 0)]) + "…"
}
