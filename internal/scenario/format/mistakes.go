package format

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Mistake is one thing that is wrong with a scenario file, or that may not be meant.
type Mistake struct {
	File    string
	Path    []string // keys, and numbers of items from 0; nil of a file that is no YAML
	Line    int      // from 1
	Col     int      // from 1
	Message string
	Excerpt string // the line

	format string
	mark   int // where in the excerpt
}

// String is file:line:column: what is wrong, and under it the line with a mark.
func (p Mistake) String() string {
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
	Mistakes []Mistake
	More     int // mistakes beyond MaxErrors
}

// Error lists the mistakes.
func (e *Error) Error() string {
	var b strings.Builder
	for i, p := range e.Mistakes {
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

// Mistakes collects what is wrong while a file is read.
type Mistakes struct {
	file  string
	lines []string
	list  []Mistake
	more  int

	remarks []Mistake // that are no mistakes

	with string // the values of the params that are tried, for what is wrong with some of them only
}

// At notes a mistake in a value.
func (p *Mistakes) At(v *Value, format string, args ...any) {
	p.add(v.Path(), v.Line, v.Col, format, args...)
}

// Add notes a mistake at a place of a file that has no values yet.
func (p *Mistakes) Add(line, col int, format string, args ...any) {
	p.add(nil, line, col, format, args...)
}

func (p *Mistakes) add(path []string, line, col int, format string, args ...any) {
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
	p.list = append(p.list, p.mistake(path, line, col, format, args...))
}

func (p *Mistakes) mistake(path []string, line, col int, format string, args ...any) Mistake {
	pr := Mistake{File: p.file, Path: path, Line: max(line, 1), Col: max(col, 1), Message: shorten(fmt.Sprintf(format, args...)), format: format}
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

// Remark says something of a value that is no mistake, once, whatever the values of
// the params.
func (p *Mistakes) Remark(v *Value, format string, args ...any) {
	if p.with == "" && len(p.remarks) < MaxRemarks {
		p.remarks = append(p.remarks, p.mistake(v.Path(), v.Line, v.Col, format, args...))
	}
}

// Remarks are what was said that is no mistake.
func (p *Mistakes) Remarks() []Mistake { return p.remarks }

// With says with which values of the params the mistakes that follow are made.
func (p *Mistakes) With(e Env) { p.with = e.describe() }

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

// Outside reports whether a mistake is in none of these values.
func (p *Mistakes) Outside(vs ...*Value) bool {
	return p.more > 0 || slices.ContainsFunc(p.list, func(pr Mistake) bool {
		return !slices.ContainsFunc(vs, func(v *Value) bool { return v.holds(pr.Line) })
	})
}

// Within reports whether a mistake is in a value.
func (p *Mistakes) Within(v *Value) bool {
	return slices.ContainsFunc(p.list, func(pr Mistake) bool { return v.holds(pr.Line) })
}

// Total is how many mistakes there are so far.
func (p *Mistakes) Total() int { return len(p.list) + p.more }

// Err is an *Error with all of them, nil where there are none.
func (p *Mistakes) Err() error {
	if len(p.list) == 0 {
		return nil
	}
	slices.SortStableFunc(p.list, func(a, b Mistake) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	return &Error{Mistakes: together(p.list), More: p.more}
}

// together makes one mistake of those that say the same of several places, as where a
// device has another name: the first, which names the lines of the others.
func together(list []Mistake) []Mistake {
	const most = 5 // lines that are named
	var out []Mistake
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
