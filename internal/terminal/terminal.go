// Package terminal makes text safe to show on a terminal. What a guest, a file name,
// a server, a scenario or a user gave may hold bytes that move the cursor, paint over
// what stands there, rename the window, or turn the direction of a line around: they
// are shown as escapes. All that labserver prints goes through it twice: what may not
// break a line is written with Line, and a Writer is the last gate before the terminal.
//
//	\x1b      a control character of ASCII
//	\u202e    another letter that is not to be seen or that changes what is
//	\xff      a byte that is no UTF-8
//	\n, \t    a line end or a tab where the text must stay on its line
package terminal

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Text makes text safe that may have several lines: line ends and tabs stay.
func Text(s string) string {
	if safe(s) {
		return s
	}
	return string(appendText(nil, s, nil))
}

// Line makes text safe that must stay on its line, such as a name: line ends and tabs
// are escaped, too.
func Line(s string) string {
	s = Text(s)
	if !strings.ContainsAny(s, "\n\t") {
		return s
	}
	return strings.NewReplacer("\n", `\n`, "\t", `\t`).Replace(s)
}

// JSON makes JSON safe and keeps what it says: the same letters as escapes of JSON's
// own. They can only stand in its strings. A byte that is no UTF-8 becomes U+FFFD, as
// who reads it would have it.
func JSON(b []byte) []byte {
	if safe(string(b)) {
		return b
	}
	out := make([]byte, 0, len(b)+64)
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		switch {
		case r == utf8.RuneError && n == 1:
			out = append(out, `\ufffd`...)
		case harmful(r) && r > 0xffff:
			out = fmt.Appendf(out, `\u%04x\u%04x`, 0xd800+(r-0x10000)>>10, 0xdc00+(r-0x10000)&0x3ff)
		case harmful(r):
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			out = append(out, b[:n]...)
		}
		b = b[n:]
	}
	return out
}

// Error is the text of an error: on one line, whatever is in the names that it quotes,
// and on a line each where several errors were joined.
func Error(err error) string {
	text := err.Error()
	if many, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // this is what errors.Join made, not what wraps that
		parts, lines := many.Unwrap(), []string(nil)
		whole := make([]string, len(parts))
		for i, e := range parts {
			whole[i] = e.Error()
			lines = append(lines, Error(e))
		}
		if text == strings.Join(whole, "\n") {
			return strings.Join(lines, "\n")
		}
	}
	return Line(text)
}

func safe(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= utf8.RuneSelf || c < ' ' && c != '\n' && c != '\t' || c == 0x7f {
			return utf8.ValidString(s) && !strings.ContainsFunc(s, harmful)
		}
	}
	return true
}

// appendText appends safe text. stays, where it is not nil, says how many bytes at the
// beginning of a text, which begins with an ESC, may stay as they are.
func appendText(b []byte, s string, stays func(string) int) []byte {
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			b = fmt.Appendf(b, `\x%02x`, s[0])
		case !harmful(r):
			b = append(b, s[:n]...)
		case r == esc && stays != nil && stays(s) > 0:
			n = stays(s)
			b = append(b, s[:n]...)
		default:
			b = appendEscape(b, r)
		}
		s = s[n:]
	}
	return b
}

const esc = 0x1b

func appendEscape(b []byte, r rune) []byte {
	switch {
	case r < utf8.RuneSelf:
		return fmt.Appendf(b, `\x%02x`, r)
	case r < 0x10000:
		return fmt.Appendf(b, `\u%04x`, r)
	}
	return fmt.Appendf(b, `\U%08x`, r)
}

// harmful reports whether a letter must not reach a terminal as it is.
func harmful(r rune) bool {
	switch {
	case r == '\n', r == '\t':
		return false
	case r < 0x20, r >= 0x7f && r < 0xa0: // control characters: C0, DEL, C1
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
