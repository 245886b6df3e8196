package terminal

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// formulas are what a cell begins with that a spreadsheet computes, also in the wide
// letters that it takes for them where people write Japanese or Chinese.
const formulas = "=+-@＝＋－＠"

// Cell is a text as a spreadsheet may have it: on a line, and no formula.
func Cell(s string) string { return quoted(Line(s)) }

// Cells is a text of several lines as a spreadsheet may have it: no formula.
func Cells(s string) string { return quoted(Text(s)) }

// apart are what may end a cell in the middle of a text. A spreadsheet whose own separator is a
// semicolon, as in most of Europe, splits a file with commas at semicolons; and since the quotes
// around a cell don't begin its own, they don't keep a line end in it either.
const apart = ";\t\n\r"

// quoted puts the mark before each part of a text that could be a cell, and would be a formula:
// it says that it is text. Some spreadsheets pass over blanks before they look for one.
func quoted(s string) string {
	var b strings.Builder
	for {
		n := strings.IndexAny(s, apart) + 1
		part := s
		if n > 0 {
			part = s[:n]
		}
		t := strings.TrimLeftFunc(part, func(r rune) bool { return r == '"' || unicode.IsSpace(r) && !strings.ContainsRune(apart, r) })
		r, _ := utf8.DecodeRuneInString(t)
		if t != "" && strings.ContainsRune(formulas, r) || b.Len() == 0 && part == "\t" {
			b.WriteByte('\'')
		}
		b.WriteString(part)
		if s = s[len(part):]; n == 0 {
			return b.String()
		}
	}
}
