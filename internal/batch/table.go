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
	"wireloom/scenarios"
)

// A Table is the results of a batch: a line for each submission, and what became of
// each check. Where something is withheld from its audience it has no totals.
type Table struct {
	Rows   []*Row
	checks []checkCount
	hidden bool
}

// checkCount is how a check went with everybody.
type checkCount struct {
	id, title              string
	points                 int
	passed, failed, missed int // missed: not tried
}

// NewTable makes a table of rows; those that are nil are not in it.
func NewTable(rows []*Row) *Table {
	t := &Table{}
	at := map[string]int{}
	for _, row := range rows {
		if row != nil {
			t.Rows = append(t.Rows, row)
		}
		if row == nil || row.Report == nil {
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
		}
	}
	return t
}

func (k *checkCount) count(c *scenarios.Check) {
	k.points, k.title = max(k.points, c.Points), c.Title
	switch c.Status {
	case scenarios.StatusPassed:
		k.passed++
	case scenarios.StatusSkipped:
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
	case !row.Report.Report().Result.Passed:
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
	r := row.Report.Report().Result
	return strconv.Itoa(r.Score), strconv.Itoa(r.MaxScore)
}

// note is what a teacher wants to know of a submission beside its points: why it could
// not be graded or used, how its program ended, which limit it came to.
func note(row *Row) string {
	if row.Error != "" || row.Report == nil {
		return row.Error
	}
	for i := range row.Report.Checks {
		if c := &row.Report.Checks[i]; c.Status == scenarios.StatusError {
			return c.Actual
		}
	}
	if len(row.Report.Notes) > 0 {
		return row.Report.Notes[0]
	}
	return ""
}

// check finds a row's check.
func check(row *Row, id string) *scenarios.Check {
	if row.Report != nil {
		for i := range row.Report.Checks {
			if row.Report.Checks[i].ID == id {
				return &row.Report.Checks[i]
			}
		}
	}
	return nil
}

// CSV is the table for a spreadsheet: points and outcome of each check in columns.
func (t *Table) CSV() []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	head := []string{"submission", "student", "outcome", "points", "max_points"}
	for _, k := range t.checks {
		head = append(head, cell(k.id), cell(k.id+" outcome"))
	}
	_ = w.Write(append(head, "note", "run")) // to memory: it cannot fail
	for _, row := range t.Rows {
		score, most := t.points(row)
		line := []string{cell(row.Name), cell(row.Student), t.outcome(row), score, most}
		for _, k := range t.checks {
			if c := check(row, k.id); c != nil {
				line = append(line, strconv.Itoa(c.Earned), c.Status)
			} else {
				line = append(line, "", "")
			}
		}
		hash := ""
		if row.Report != nil {
			hash = row.Report.Hash
		}
		_ = w.Write(append(line, cell(note(row)), hash))
	}
	w.Flush()
	return b.Bytes()
}

// cell is a text as a spreadsheet may have it: on a line, and no formula.
func cell(s string) string {
	s = report.Line(s)
	if s != "" && strings.ContainsRune("=+-@", rune(s[0])) {
		return "'" + s
	}
	return s
}

// barWide is the width of a bar in letters.
const barWide = 20

// Text is the table for a terminal.
func (t *Table) Text() string {
	var b strings.Builder
	name, outcome, digits := len("submission"), len("outcome"), 1
	for _, row := range t.Rows {
		name = max(name, utf8.RuneCountInString(report.Line(row.Name)))
		outcome = max(outcome, len(t.outcome(row)))
	}
	name = min(name, 28)
	if len(t.checks) > 9 {
		digits = 2
	}
	fmt.Fprintf(&b, "%s  %-*s  %7s ", pad("submission", name), outcome, "outcome", "points")
	for i := range t.checks {
		fmt.Fprintf(&b, " %*d", digits, i+1)
	}
	b.WriteByte('\n')
	for _, row := range t.Rows {
		points := "-"
		if score, most := t.points(row); most != "" {
			points = score + "/" + most
		}
		fmt.Fprintf(&b, "%s  %-*s  %7s ", pad(report.Line(row.Name), name), outcome, t.outcome(row), points)
		for _, k := range t.checks {
			if row.Report != nil {
				fmt.Fprintf(&b, " %*s", digits, sign(check(row, k.id)))
			}
		}
		b.WriteByte('\n')
		if n := report.Line(note(row)); n != "" {
			fmt.Fprintf(&b, "    %s\n", clip(n, 160))
		}
	}
	t.distribution(&b)
	return b.String()
}

// distribution is how each check, and the whole, went with all.
func (t *Table) distribution(b *strings.Builder) {
	if len(t.checks) == 0 {
		return
	}
	fmt.Fprintf(b, "\n+ passed   - failed   . not tried\n\n")
	wide := 0
	for _, k := range t.checks {
		wide = max(wide, utf8.RuneCountInString(report.Line(k.id)))
	}
	wide = min(wide, 24)
	for i, k := range t.checks {
		all := k.passed + k.failed + k.missed
		full := k.passed * barWide / max(all, 1)
		fmt.Fprintf(b, "%2d  %s  %s%s  %d of %d", i+1, pad(report.Line(k.id), wide), strings.Repeat("#", full), strings.Repeat(".", barWide-full), k.passed, all)
		if k.missed > 0 {
			fmt.Fprintf(b, ", %d not tried", k.missed)
		}
		b.WriteByte('\n')
	}
	if t.hidden {
		fmt.Fprintf(b, "\nMore is checked than is shown here; totals come later.\n")
		return
	}
	var scores []int
	most, sum := 0, 0
	for _, row := range t.Rows {
		if row.Report != nil {
			r := row.Report.Report().Result
			scores, most, sum = append(scores, r.Score), max(most, r.MaxScore), sum+r.Score
		}
	}
	slices.Sort(scores)
	n := len(scores)
	fmt.Fprintf(b, "\npoints of %d: lowest %d, median %d, mean %.1f, highest %d\n", most, scores[0], scores[n/2], float64(sum)/float64(n), scores[n-1])
}

// sign is a check's outcome in a letter.
func sign(c *scenarios.Check) string {
	switch {
	case c == nil:
		return " "
	case c.Status == scenarios.StatusPassed:
		return "+"
	case c.Status == scenarios.StatusSkipped:
		return "."
	}
	return "-"
}

// pad makes a text n letters wide.
func pad(s string, n int) string {
	s = clip(s, n)
	return s + strings.Repeat(" ", n-utf8.RuneCountInString(s))
}

// clip makes a text at most n letters long.
func clip(s string, n int) string {
	r := []rune(s)
	if len(r) > n {
		r = append(r[:n-1], '…')
	}
	return string(r)
}
