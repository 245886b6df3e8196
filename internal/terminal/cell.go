package terminal

import (
	"strings"
	"unicode"
)

// formulas are what a cell begins with that a spreadsheet computes, also in the wide
// letters that it takes for them where people write Japanese or Chinese.
const formulas = "=+-@＝＋－＠"

// Cell is a text as a spreadsheet may have it: on a line, and no formula.
func Cell(s string) string { return quoted(Line(s)) }

// Cells is a text of several lines as a spreadsheet may have it: no formula.
func Cells(s string) string { return quoted(Text(s)) }

// quoted puts the mark before a cell that says that it is text. Some spreadsheets pass
// over blanks before they look for a formula, and some split a cell at a tab.
func quoted(s string) string {
	t := strings.TrimLeftFunc(s, unicode.IsSpace)
	if strings.HasPrefix(s, "\t") || t != "" && strings.ContainsRune(formulas, []rune(t)[0]) {
		return "'" + s
	}
	return s
}
