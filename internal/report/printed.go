package report

import (
	"fmt"
	"slices"
	"strings"

	"wireloom/internal/scenario/grade"
)

// maxPrinted is how many lines of a program's output one place of a report shows. A
// grading keeps fewer; a report may come from anybody.
const maxPrinted = 40

// A printed is what a program printed, ready to be shown.
type printed struct {
	Head  string
	Lines []string
}

func newPrinted(p grade.Printed) printed {
	before := max(p.Before, 0)
	lines := p.Lines
	if n := len(lines) - maxPrinted; n > 0 {
		lines, before = lines[n:], before+n
	}
	out := printed{Head: fmt.Sprintf("%s.%s printed", line(p.Node), line(p.Proc))}
	if before > 0 {
		out.Head += fmt.Sprintf(", after %s", count(before, "other line"))
	}
	for _, l := range lines {
		out.Lines = append(out.Lines, line(l))
	}
	return out
}

func printedBy(ps []grade.Printed) []printed {
	var out []printed
	for _, p := range ps {
		out = append(out, newPrinted(p))
	}
	return out
}

// unshown is the output of programs of which no check shows any, where something
// failed: in a text it would else be there twice.
func unshown(r *grade.Result) []printed {
	if r.Passed {
		return nil
	}
	return printedBy(slices.DeleteFunc(slices.Clone(r.Output), func(p grade.Printed) bool {
		return slices.ContainsFunc(r.Checks, func(c grade.Check) bool {
			return slices.ContainsFunc(c.Output, func(o grade.Printed) bool { return o.Node == p.Node && o.Proc == p.Proc })
		})
	}))
}

// plainPrinted is output as text, a program after the other.
func plainPrinted(ps []printed) string {
	p := &printer{Terminal: Terminal{Width: 100}}
	for _, o := range ps {
		p.printed("", o)
	}
	return p.String()
}

// printed writes a program's output. Each line of the text has a mark before it: a
// program may print what looks like a line of a report.
func (p *printer) printed(margin string, o printed) {
	p.para(margin, dim, o.Head)
	margin += "  > "
	for _, text := range o.Lines {
		for _, l := range wrap(text, max(p.Width-len(margin), 20)) {
			fmt.Fprintln(p, strings.TrimRight(margin+l, " "))
		}
	}
}
