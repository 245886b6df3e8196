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

	format string
	mark   int // where in the excerpt
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
	}, string([]rune(p.Excerpt)[:min(p.mark, len([]rune(p.Excerpt)))]))
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

	remarks []Problem // that are no mistakes

	with string // the values of the params that are tried, for what is wrong with some of them only
}

func (p *problems) add(line, col int, format string, args ...any) {
	if p.with != "" {
		format += " (with " + strings.ReplaceAll(p.with, "%", "%%") + ")"
	}
	for i := range p.list {
		if p.list[i].Line == line && p.list[i].Col == col && p.list[i].format == format {
			return // the same mistake, in another turn of a loop
		}
	}
	if len(p.list) >= MaxErrors {
		p.more++
		return
	}
	p.list = append(p.list, p.problem(line, col, format, args...))
}

func (p *problems) problem(line, col int, format string, args ...any) Problem {
	pr := Problem{File: p.file, Line: max(line, 1), Col: max(col, 1), Message: shorten(fmt.Sprintf(format, args...)), format: format}
	if pr.Line <= len(p.lines) {
		pr.Excerpt, pr.mark = excerpt(strings.TrimRight(p.lines[pr.Line-1], "\r"), pr.Col-1)
	}
	return pr
}

// maxMessage is how many bytes of a sentence about a mistake are shown.
const maxMessage = 2000

// shorten cuts the middle out of a long sentence, which quotes a long text: what it is
// about stands in front, and what to do at the end.
func shorten(s string) string {
	if len(s) <= maxMessage {
		return s
	}
	return strings.ToValidUTF8(s[:maxMessage*2/3], "") + " ... " + strings.ToValidUTF8(s[len(s)-maxMessage/3:], "")
}

// MaxRemarks is how many remarks of a file are kept.
const MaxRemarks = 20

// remark says something of a value that is no mistake, once, whatever the values of
// the params.
func (p *problems) remark(v *value, format string, args ...any) {
	if p.with == "" && len(p.remarks) < MaxRemarks {
		p.remarks = append(p.remarks, p.problem(v.line, v.col, format, args...))
	}
}

// excerpt is what is shown of a line, and where in it a column is: all of it, or, of a
// long one, what is around the column.
func excerpt(line string, col int) (string, int) {
	const width, before = 120, 60
	r := []rune(line)
	if len(r) <= width {
		return line, col
	}
	from := min(max(col-before, 0), len(r)-width)
	if from == 0 {
		return string(r[:width]), col
	}
	return "..." + string(r[from:from+width]), col - from + 3
}

func (p *problems) at(v *value, format string, args ...any) { p.add(v.line, v.col, format, args...) }

// outside reports whether a mistake is in none of these values.
func (p *problems) outside(vs ...*value) bool {
	return p.more > 0 || slices.ContainsFunc(p.list, func(pr Problem) bool {
		return !slices.ContainsFunc(vs, func(v *value) bool { return v.holds(pr.Line) })
	})
}

// within reports whether a mistake is in a value.
func (p *problems) within(v *value) bool {
	return slices.ContainsFunc(p.list, func(pr Problem) bool { return v.holds(pr.Line) })
}

// holds reports whether a line of the file belongs to a value.
func (v *value) holds(line int) bool {
	if v == nil {
		return false
	}
	first, last := v.extent()
	return first <= line && line <= last
}

// extent is the first and last line that the parts of a value begin in.
func (v *value) extent() (first, last int) {
	first, last = v.line, v.line
	grow := func(x *value) {
		f, l := x.extent()
		first, last = min(first, f), max(last, l)
	}
	for _, e := range v.keys {
		grow(e.key)
		grow(e.val)
	}
	for _, i := range v.items {
		grow(i)
	}
	return first, last
}

// measure keeps the extent of a value and of what is in it, for spans.
func (v *value) measure() {
	if v == nil {
		return
	}
	v.first, v.last = v.extent()
	for _, e := range v.keys {
		e.key.measure()
		e.val.measure()
	}
	for _, i := range v.items {
		i.measure()
	}
}

// spans is holds for a value of the tree as it was read, which was measured.
func (v *value) spans(line int) bool { return v != nil && v.first <= line && line <= v.last }

// total is how many mistakes there are so far.
func (p *problems) total() int { return len(p.list) + p.more }

func (p *problems) err() error {
	if len(p.list) == 0 {
		return nil
	}
	slices.SortStableFunc(p.list, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	return &Error{Problems: together(p.list), More: p.more}
}

// together makes one problem of those that say the same of several places, as where a
// device has another name: the first, which names the lines of the others.
func together(list []Problem) []Problem {
	const most = 5 // lines that are named
	var out []Problem
	first, others := map[string]int{}, map[int][]int{}
	for _, pr := range list {
		i, known := first[pr.Message]
		if !known {
			i = len(out)
			first[pr.Message] = i
			out = append(out, pr)
		} else if !slices.Contains(append(others[i], out[i].Line), pr.Line) {
			others[i] = append(others[i], pr.Line)
		}
	}
	for i, lines := range others {
		var names []string
		for _, l := range lines[:min(len(lines), most)] {
			names = append(names, fmt.Sprint(l))
		}
		also := strings.Join(names, ", ")
		if more := len(lines) - most; more > 0 {
			also += fmt.Sprintf(" and %d more", more)
		}
		out[i].Message += " (also in line " + also + ")"
	}
	return out
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
