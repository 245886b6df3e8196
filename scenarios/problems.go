package scenarios

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Problem is one mistake in a scenario file.
type Problem struct {
	File    string
	Line    int // from 1
	Col     int // from 1
	Message string
	Excerpt string // the line
}

// String is file:line:column: what is wrong, and under it the line with a mark.
func (p Problem) String() string {
	s := fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Col, p.Message)
	if p.Excerpt == "" {
		return s
	}
	lead := strings.Map(func(r rune) rune {
		if r == '\t' {
			return '\t'
		}
		return ' '
	}, string([]rune(p.Excerpt)[:min(p.Col-1, len([]rune(p.Excerpt)))]))
	return s + "\n    " + p.Excerpt + "\n    " + lead + "^"
}

// An Error is everything that is wrong with a scenario file, in the order of its
// lines.
type Error struct {
	Problems []Problem
	More     int // mistakes beyond MaxErrors
}

// Error lists the problems.
func (e *Error) Error() string {
	var b strings.Builder
	for i, p := range e.Problems {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(p.String())
	}
	if e.More > 0 {
		fmt.Fprintf(&b, "\nand %d more", e.More)
	}
	return b.String()
}

// problems collects mistakes while a file is read.
type problems struct {
	file  string
	lines []string
	list  []Problem
	more  int
}

func (p *problems) add(line, col int, format string, args ...any) {
	if len(p.list) >= MaxErrors {
		p.more++
		return
	}
	pr := Problem{File: p.file, Line: max(line, 1), Col: max(col, 1), Message: fmt.Sprintf(format, args...)}
	if pr.Line <= len(p.lines) {
		pr.Excerpt = strings.TrimRight(p.lines[pr.Line-1], "\r")
		if r := []rune(pr.Excerpt); len(r) > 120 {
			pr.Excerpt = string(r[:120])
		}
	}
	p.list = append(p.list, pr)
}

func (p *problems) at(v *value, format string, args ...any) { p.add(v.line, v.col, format, args...) }

func (p *problems) err() error {
	if len(p.list) == 0 {
		return nil
	}
	slices.SortStableFunc(p.list, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	return &Error{Problems: p.list, More: p.more}
}

// nearest returns the word that s is most likely meant to be, "" if none is near.
func nearest(s string, words []string) string {
	best, least := "", 1+len(s)/3
	for _, w := range words {
		if d := distance(s, w, least); d <= least && (best == "" || d < least) {
			best, least = w, d
		}
	}
	return best
}

// distance is the number of letters inserted, left out, changed or swapped with
// their neighbour between two short words, or more than limit.
func distance(a, b string, limit int) int {
	if len(a) > 64 || len(b) > 64 || len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	var before []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next := make([]int, len(b)+1)
		next[0] = i + 1
		for j := range len(b) {
			cost := row[j]
			if a[i] != b[j] {
				cost++
			}
			next[j+1] = min(cost, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}
