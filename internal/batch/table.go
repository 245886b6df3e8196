package batch

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"wireloom/internal/report"
	"wireloom/internal/scenario/grade"
	"wireloom/internal/terminal"
)

// A Table is the results of a batch: a line for each submission, and what became of
// each check. Where something is withheld from its audience it has no totals.
type Table struct {
	Rows   []*Row
	Others []Other           // what was there beside submissions
	Known  map[string]string // what a program of this hash is, that students have not made

	checks []checkCount
	hidden bool
	partly bool              // a check that failed has points
	bonus  bool              // there are points beyond the total
	twins  map[string][]*Row // who handed in a program, by its hash
	alike  map[string][]*Row // who handed in the same for all slots
	who    map[string]int    // how many rows are of somebody
}

// checkCount is how a check went with everybody.
type checkCount struct {
	id, title              string
	points                 int
	passed, failed, missed int // missed: not tried
}

// NewTable makes a table of rows; those that are nil are not in it.
func NewTable(rows []*Row) *Table {
	t := &Table{twins: map[string][]*Row{}, alike: map[string][]*Row{}, who: map[string]int{}}
	at := map[string]int{}
	for _, row := range rows {
		if row == nil {
			continue
		}
		t.Rows = append(t.Rows, row)
		t.who[row.Who]++
		if all := whole(row); all != "" {
			t.alike[all] = append(t.alike[all], row)
		}
		for _, p := range row.Programs {
			if have := t.twins[p.Hash]; len(have) == 0 || have[len(have)-1] != row { // one may be for several slots
				t.twins[p.Hash] = append(have, row)
			}
		}
		if row.Report == nil {
			continue
		}
		t.hidden = t.hidden || row.Report.Hidden
		for i := range row.Report.Checks {
			c := &row.Report.Checks[i]
			n, known := at[c.ID]
			if !known {
				n = len(t.checks)
				at[c.ID] = n
				t.checks = append(t.checks, checkCount{id: c.ID})
			}
			t.checks[n].count(c)
			t.partly, t.bonus = t.partly || inPart(c), t.bonus || c.Bonus
		}
	}
	return t
}

func (k *checkCount) count(c *grade.Check) {
	k.points, k.title = max(k.points, c.Points), c.Title
	switch c.Status {
	case grade.StatusPassed:
		k.passed++
	case grade.StatusSkipped:
		k.missed++
	default:
		k.failed++
	}
}

// outcome is a row's in words.
func (t *Table) outcome(row *Row) string {
	switch {
	case row.Status != Graded:
		return row.Status
	case !report.Of(row.Report).Result.Passed:
		return "not passed"
	case t.hidden:
		return "passed so far"
	}
	return "passed"
}

// points are a row's: "" where there is no total, or none that may be shown.
func (t *Table) points(row *Row) (score, most string) {
	if t.hidden || row.Report == nil {
		return "", ""
	}
	r := report.Of(row.Report).Result
	return strconv.Itoa(r.Score), strconv.Itoa(r.MaxScore)
}

// extra are a row's points beyond the total, as points.
func (t *Table) extra(row *Row) (bonus, most string) {
	if t.hidden || row.Report == nil {
		return "", ""
	}
	r := report.Of(row.Report).Result
	return strconv.Itoa(r.Bonus), strconv.Itoa(r.MaxBonus)
}

// inPart reports whether a check that failed has some of its points.
func inPart(c *grade.Check) bool { return c.Status == grade.StatusFailed && c.Earned > 0 }

// note is what a teacher wants to know of a submission beside its points: why it could
// not be graded or used, how its program ended, which limit it came to.
func note(row *Row) string {
	if row.Error != "" || row.Report == nil {
		return row.Error
	}
	for i := range row.Report.Checks {
		if c := &row.Report.Checks[i]; c.Status == grade.StatusError {
			return c.Actual
		}
	}
	if len(row.Report.Notes) > 0 {
		return row.Report.Notes[0]
	}
	return ""
}

// label is what a row is called for people: whose it is, where that is nobody else's.
func (t *Table) label(row *Row) string {
	if row.Who != "" && t.who[row.Who] == 1 {
		return row.Who
	}
	return row.Name
}

// sameAs says whose programs are the same files as a row's; "" if nobody's are.
func (t *Table) sameAs(row *Row) string {
	if s := t.others("same file as ", row, t.alike[whole(row)]); s != "" {
		return s
	}
	var out []string
	for _, p := range row.Programs {
		if s := t.others(p.Slots[0]+" is the same file as ", row, t.twins[p.Hash]); s != "" {
			out = append(out, s)
		}
	}
	return strings.Join(out, "; ")
}

// others are the names of the other rows of a list, which may be a whole class.
func (t *Table) others(lead string, row *Row, list []*Row) string {
	var first []string
	for _, r := range list {
		if len(first) == maxListed {
			break
		}
		if r != row {
			first = append(first, t.label(r))
		}
	}
	return listedOf(lead, first, max(len(list)-1, 0))
}

// whole is what two rows have in common whose programs are all the same.
func whole(row *Row) string {
	var b strings.Builder
	for _, p := range row.Programs {
		fmt.Fprintf(&b, "%s %s\n", p.Slots[0], p.Hash)
	}
	return b.String()
}

// known says which of a row's programs no student has made; "" if none.
func (t *Table) known(row *Row) string {
	var out []string
	for _, p := range row.Programs {
		what := t.Known[p.Hash]
		switch {
		case what == "":
		case len(row.Programs) == 1:
			out = append(out, "same file as "+what)
		default:
			out = append(out, p.Slots[0]+" is the same file as "+what)
		}
	}
	return strings.Join(out, "; ")
}

// notes are all that a teacher wants to know of a row beside its points.
func (t *Table) notes(row *Row) []string {
	late := ""
	if row.Late {
		late = "late"
	}
	extra := ""
	if bonus, most := t.extra(row); bonus != "" && bonus != "0" {
		extra = fmt.Sprintf("and %s of %s bonus points", bonus, most)
	}
	out := append([]string{extra, note(row), t.known(row), t.sameAs(row), late}, row.Notes...)
	return slices.DeleteFunc(out, func(s string) bool { return s == "" })
}

// shortHash is how many digits of a hash tell a program from others for people.
const shortHash = 8

// short are the beginnings of the hashes of a row's programs.
func short(row *Row) string {
	var out []string
	for _, p := range row.Programs {
		out = append(out, p.Hash[:min(shortHash, len(p.Hash))])
	}
	return strings.Join(out, " ")
}

// check finds a row's check.
func check(row *Row, id string) *grade.Check {
	if row.Report != nil {
		for i := range row.Report.Checks {
			if row.Report.Checks[i].ID == id {
				return &row.Report.Checks[i]
			}
		}
	}
	return nil
}

// CSV is the table for a spreadsheet: points and outcome of each check in columns, and
// the hash of each program.
func (t *Table) CSV() []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	head := []string{"submission", "student", "outcome", "points", "max_points"}
	if t.bonus {
		head = append(head, "bonus", "max_bonus")
	}
	for _, k := range t.checks {
		head = append(head, terminal.Cell(k.id), terminal.Cell(k.id+" outcome"))
	}
	slots := t.slots()
	for _, s := range slots {
		head = append(head, terminal.Cell("sha256 "+s))
	}
	head = append(head, "same_as", "known", "also", "who", "late", "note", "run")
	_ = w.Write(head) // to memory: it cannot fail
	for _, row := range t.Rows {
		score, most := t.points(row)
		late := ""
		if row.Late {
			late = "late"
		}
		line := []string{terminal.Cell(row.Name), terminal.Cell(row.Student), t.outcome(row), score, most}
		if bonus, most := t.extra(row); t.bonus {
			line = append(line, bonus, most)
		}
		for _, k := range t.checks {
			if c := check(row, k.id); c != nil {
				line = append(line, strconv.Itoa(c.Earned), c.Status)
			} else {
				line = append(line, "", "")
			}
		}
		for _, s := range slots {
			line = append(line, hashOf(row, s))
		}
		run := ""
		if row.Report != nil {
			run = row.Report.Hash
		}
		rest := append([]string{note(row)}, row.Notes...)
		rest = slices.DeleteFunc(rest, func(s string) bool { return s == "" })
		_ = w.Write(append(line, terminal.Cell(t.sameAs(row)), terminal.Cell(t.known(row)), terminal.Cell(strings.Join(row.Also, ", ")), terminal.Cell(row.Who), late, terminal.Cell(strings.Join(rest, "; ")), run))
	}
	for _, o := range t.Others {
		line := make([]string, len(head))
		line[0], line[2], line[len(line)-2] = terminal.Cell(o.Name), noSubmission, terminal.Cell(o.Why)
		_ = w.Write(line)
	}
	w.Flush()
	return b.Bytes()
}

// noSubmission is the outcome of an Other.
const noSubmission = "not a submission"

// slots are those that submissions have programs for, the first of each program's.
func (t *Table) slots() []string {
	var out []string
	for _, row := range t.Rows {
		for _, p := range row.Programs {
			if !slices.Contains(out, p.Slots[0]) {
				out = append(out, p.Slots[0])
			}
		}
	}
	return out
}

// hashOf is the hash of a row's program for a slot.
func hashOf(row *Row, slot string) string {
	for _, p := range row.Programs {
		if p.Slots[0] == slot {
			return p.Hash
		}
	}
	return ""
}

// barWide is the width of a bar in letters.
const barWide = 20

// Limits of the table for a terminal, in letters.
const (
	maxLabel = 28
	maxNote  = 160
	maxID    = 24
)

// Text is the table for a terminal.
func (t *Table) Text() string {
	var b strings.Builder
	name, outcome, hash, digits := len("submission"), len("outcome"), len("program"), 1
	for _, row := range t.Rows {
		name = max(name, utf8.RuneCountInString(terminal.Line(t.label(row))))
		outcome = max(outcome, len(t.outcome(row)))
		hash = max(hash, len(short(row)))
	}
	name = min(name, maxLabel)
	if len(t.checks) > 9 {
		digits = 2
	}
	var line strings.Builder
	finish := func() {
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
		line.Reset()
	}
	fmt.Fprintf(&line, "%s  %-*s  %7s  %-*s ", terminal.Pad("submission", name), outcome, "outcome", "points", hash, "program")
	for i := range t.checks {
		fmt.Fprintf(&line, " %*d", digits, i+1)
	}
	finish()
	for _, row := range t.Rows {
		points := "-"
		if score, most := t.points(row); most != "" {
			points = score + "/" + most
		}
		fmt.Fprintf(&line, "%s  %-*s  %7s  %-*s ", terminal.Pad(terminal.Line(t.label(row)), name), outcome, t.outcome(row), points, hash, short(row))
		for _, k := range t.checks {
			if row.Report != nil {
				fmt.Fprintf(&line, " %*s", digits, sign(check(row, k.id)))
			}
		}
		finish()
		for _, n := range t.notes(row) {
			fmt.Fprintf(&b, "    %s\n", terminal.Fit(terminal.Line(n), maxNote))
		}
	}
	t.rest(&b)
	t.distribution(&b)
	return b.String()
}

// maxOthers is how many of the others are in the table for a terminal.
const maxOthers = 50

// rest lists what was there beside submissions.
func (t *Table) rest(b *strings.Builder) {
	if len(t.Others) == 0 {
		return
	}
	fmt.Fprintf(b, "\nnot submissions:\n")
	for i, o := range t.Others {
		if i == maxOthers {
			fmt.Fprintf(b, "    and %d more: see results.csv\n", len(t.Others)-i)
			break
		}
		fmt.Fprintf(b, "    %s: %s\n", terminal.Fit(terminal.Line(o.Name), maxLabel*2), o.Why)
	}
}

// distribution is how each check, and the whole, went with all.
func (t *Table) distribution(b *strings.Builder) {
	if len(t.checks) == 0 {
		return
	}
	part := ""
	if t.partly {
		part = "   ~ failed, with some points"
	}
	fmt.Fprintf(b, "\n+ passed   - failed   . not tried%s\n\n", part)
	wide := 0
	for _, k := range t.checks {
		wide = max(wide, utf8.RuneCountInString(terminal.Line(k.id)))
	}
	wide = min(wide, maxID)
	for i, k := range t.checks {
		all := k.passed + k.failed + k.missed
		full := k.passed * barWide / max(all, 1)
		fmt.Fprintf(b, "%2d  %s  %s%s  %d of %d", i+1, terminal.Pad(terminal.Line(k.id), wide), strings.Repeat("#", full), strings.Repeat(".", barWide-full), k.passed, all)
		if k.missed > 0 {
			fmt.Fprintf(b, ", %d not tried", k.missed)
		}
		b.WriteByte('\n')
	}
	if t.hidden {
		fmt.Fprintf(b, "\nMore is checked than is shown here; totals come later.\n")
		return
	}
	f := t.figures()
	fmt.Fprintf(b, "\npoints of %d: lowest %d, median %d, mean %.1f, highest %d\n", f.most, f.lowest, f.median, f.mean, f.highest)
}

// figures are how many points the graded have.
type figures struct {
	most, lowest, median, highest int
	mean                          float64
}

// figures returns nil where nobody was graded.
func (t *Table) figures() *figures {
	var scores []int
	f, sum := figures{}, 0
	for _, row := range t.Rows {
		if row.Report != nil {
			r := report.Of(row.Report).Result
			scores, f.most, sum = append(scores, r.Score), max(f.most, r.MaxScore), sum+r.Score
		}
	}
	if len(scores) == 0 {
		return nil
	}
	slices.Sort(scores)
	n := len(scores)
	f.lowest, f.median, f.highest, f.mean = scores[0], scores[n/2], scores[n-1], float64(sum)/float64(n)
	return &f
}

// sign is a check's outcome in a letter.
func sign(c *grade.Check) string {
	switch {
	case c == nil:
		return " "
	case c.Status == grade.StatusPassed:
		return "+"
	case c.Status == grade.StatusSkipped:
		return "."
	case inPart(c):
		return "~"
	}
	return "-"
}
