package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"wireloom/internal/report/document"
	"wireloom/internal/scenario"
	"wireloom/internal/scenario/grade"
	"wireloom/internal/terminal"
)

// A Terminal is what text is written for.
type Terminal struct {
	Width int  // letters in a line; 80 if 0
	Color bool // it shows colours, and its user wants them
}

// What a check may show in a terminal; a page shows all.
const (
	maxTextLog     = 20
	maxTextPackets = 6
)

// printer writes text with colours and a margin.
type printer struct {
	strings.Builder
	Terminal
}

// The colours are the terminal's own sixteen, which fit its background.
const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
)

func (p *printer) paint(color, s string) string {
	if !p.Color || color == "" || s == "" {
		return s
	}
	return "\x1b[" + color + "m" + s + "\x1b[0m"
}

// para writes text behind a lead, wrapped, each line in the colour.
func (p *printer) para(lead, color, text string) {
	for i, l := range wrap(clean(text), max(p.Width-len(lead), 20)) {
		if i > 0 {
			lead = strings.Repeat(" ", len(lead))
		}
		fmt.Fprintln(p, strings.TrimRight(lead+p.paint(color, l), " "))
	}
}

// fact writes a word and what it is, under a check.
func (p *printer) fact(word, text string) {
	if text != "" {
		p.para(fmt.Sprintf("        %-10s ", word), "", text)
	}
}

func writeText(w io.Writer, r *grade.Result, t Terminal) error {
	if t.Width <= 0 {
		t.Width = 80
	}
	p := &printer{Terminal: t}
	head := r.Scenario
	if r.Title != "" {
		head += ": " + r.Title
	}
	p.para("", bold, line(head))
	if who := whose(r); who != "" {
		p.para("", dim, line(who))
	}
	if len(r.Params) > 0 {
		var values []string
		for _, name := range slices.Sorted(maps.Keys(r.Params)) {
			values = append(values, name+" "+line(r.Params[name]))
		}
		p.para("", dim, "params: "+strings.Join(values, ", "))
	}
	if r.Audience == scenario.Staff && private(r) {
		p.para("", yellow, "for staff: holds what students do not see")
	}
	fmt.Fprintln(p)
	wide := 0
	for i := range r.Checks {
		wide = max(wide, len(points(&r.Checks[i])))
	}
	for i := range r.Checks {
		if i > 0 && explained(&r.Checks[i-1]) {
			fmt.Fprintln(p)
		}
		p.check(r, &r.Checks[i], wide)
	}
	for _, o := range unshown(r) {
		fmt.Fprintln(p)
		p.printed("  ", o)
	}
	for _, n := range r.Notes {
		fmt.Fprintln(p)
		p.para("  note: ", "", n)
	}
	fmt.Fprintln(p)
	color := green
	switch {
	case !r.Passed:
		color = red
	case r.Hidden:
		color = ""
	}
	p.para("  ", color, verdict(r))
	p.para("  ", dim, ran(r))
	p.para("  ", dim, fmt.Sprintf("seed %d, %d events in %v of virtual time; %s", r.Seed, r.Events, r.Ended, r.Version))
	_, err := io.WriteString(w, p.String())
	return err
}

// whose is a line about what was graded.
func whose(r *grade.Result) string {
	var out []string
	if r.Student != "" {
		out = append(out, "student "+r.Student)
	}
	if r.Stage != "" {
		out = append(out, "stage "+r.Stage)
	}
	for _, g := range r.Programs {
		out = append(out, fmt.Sprintf("%s.%s is %s (%.12s)", g.Node, g.Proc, g.Name, g.Hash))
	}
	return strings.Join(out, ", ")
}

// private reports whether a result holds what students do not see.
func private(r *grade.Result) bool {
	for _, c := range r.Checks {
		if !document.MaySee(scenario.Student, c.Visible) || c.Staff != "" {
			return true
		}
	}
	return false
}

// points is what a check gave, and what it gives.
func points(c *grade.Check) string {
	return fmt.Sprintf("%d/%d", c.Earned, c.Points)
}

// mark is a check's outcome in four letters.
func mark(c *grade.Check) (word, color string) {
	switch o := outcome(c); o {
	case passed:
		return "ok", green
	case partly:
		return "part", yellow
	case missed:
		return "miss", yellow
	case skipped:
		return "skip", yellow
	case errored:
		return "ERR", red
	}
	return "FAIL", red
}

func (p *printer) check(r *grade.Result, c *grade.Check, wide int) {
	word, color := mark(c)
	lead := fmt.Sprintf("  %-4s  %*s  ", word, wide, points(c))
	text := c.ID
	if c.Title != "" {
		text += ": " + c.Title
	}
	if c.Bonus {
		text += " [bonus]"
	}
	if c.Visible != visibleAlways {
		text += " [" + c.Visible + "]"
	}
	for i, l := range wrap(line(text), max(p.Width-len(lead), 20)) {
		if i == 0 {
			fmt.Fprintln(p, strings.Replace(lead, word, p.paint(color, word), 1)+p.paint(bold, l))
			continue
		}
		fmt.Fprintln(p, strings.Repeat(" ", len(lead))+p.paint(bold, l))
	}
	switch c.Status {
	case passed:
		p.fact("paid", paid(c))
		if r.Audience == scenario.Staff {
			p.fact("staff", c.Staff)
		}
		return
	case skipped:
		p.para("        ", "", because(c))
		return
	}
	p.failure(c)
}

// explained reports whether a check has much to say.
func explained(c *grade.Check) bool { return c.Status != passed && c.Status != skipped }

// failure shows all that helps to mend what a check found.
func (p *printer) failure(c *grade.Check) {
	if at := place(c); at != "" {
		p.para("        ", dim, fmt.Sprintf("at %s, %s", seconds(c.At), at))
	}
	if c.Source != "" {
		p.para("        | ", dim, terminal.Fit(strings.TrimSpace(line(c.Source)), max(p.Width-10, 20)))
	}
	p.fact("expected", c.Expected)
	p.fact("actual", c.Actual)
	p.fact("parts", partial(c))
	p.diff(c.Diff)
	p.fact("why", c.Why)
	for _, hint := range hints(c) {
		p.fact("hint", hint)
	}
	p.fact("more", more(c))
	p.fact("paid", paid(c))
	p.fact("staff", c.Staff)
	for i, k := range c.Packets {
		if i == maxTextPackets {
			p.para("        ", dim, fmt.Sprintf("and %d packets more", len(c.Packets)-i))
			break
		}
		p.para(fmt.Sprintf("        %-10s ", line(k.Role)), "", fmt.Sprintf("%s %s  %s", seconds(k.At), line(k.Port), line(k.Summary)))
	}
	if len(c.Log) > 0 {
		p.para("        ", dim, "log")
	}
	for _, l := range c.Log[max(0, len(c.Log)-maxTextLog):] {
		p.para("          ", dim, line(l))
	}
	for _, o := range printedBy(c.Output) {
		p.printed("        ", o)
	}
}

// diff is the wanted packet beside the one that came, a field a line.
func (p *printer) diff(d []grade.FieldDiff) {
	if len(d) == 0 {
		return
	}
	name, want := len("field"), len("wanted")
	for _, f := range d {
		name, want = max(name, len(line(f.Field))), max(want, len(line(f.Want)))
	}
	name = min(name, 22)
	room := max(p.Width-10-name-4, 20)
	want = min(want, room/2)
	row := func(sign, field, wanted, got string) string {
		return fmt.Sprintf("        %s %s  %s  %s", sign, terminal.Pad(field, name), terminal.Pad(wanted, want), terminal.Fit(got, max(room-want, 10)))
	}
	fmt.Fprintln(p, p.paint(dim, row(" ", "field", "wanted", "got")))
	for _, f := range d {
		sign, color := "!", red
		if f.Same {
			sign, color = " ", dim
		}
		fmt.Fprintln(p, p.paint(color, row(sign, line(f.Field), line(f.Want), line(f.Got))))
	}
}
