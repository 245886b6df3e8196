package main

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// wantSafe wants that a terminal only shows what is in a text: no control character but
// line ends and tabs, nothing that turns a line around or hides, and nothing that is no
// UTF-8. It doesn't know package terminal.
func wantSafe(t *testing.T, text string) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Errorf("it is no UTF-8: %q", text)
	}
	for i, r := range text {
		harmful := unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Cf, r) && r != '\u00ad' || r == '\u2028' || r == '\u2029'
		if harmful {
			t.Errorf("%q is in it, behind %q", r, text[max(0, i-60):i])
			return
		}
	}
	for l := range strings.Lines(text) {
		if strings.HasPrefix(l, "labserver: all is well") {
			t.Errorf("a line is a stranger's: %q", l)
		}
	}
}
