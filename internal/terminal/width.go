package terminal

import (
	"strings"
	"unicode/utf8"
)

// Cut shortens what a stranger wrote to so many bytes, for a sentence that quotes it. It
// is cut between two letters.
func Cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "..."
}

// Fit makes text at most n letters wide.
func Fit(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:max(n-1, 0)]) + "…"
}

// Pad makes text n letters wide.
func Pad(s string, n int) string {
	s = Fit(s, n)
	return s + strings.Repeat(" ", max(n-utf8.RuneCountInString(s), 0))
}
