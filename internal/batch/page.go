package batch

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strconv"

	"wireloom/internal/report"
	"wireloom/internal/scenario/grade"
	"wireloom/internal/terminal"
)

// maxPageRows is how many submissions the page shows. A browser would take long for
// more; results.csv has all.
const maxPageRows = 5000

//go:embed page.html
var pageText string

//go:embed page.css
var ownStyle string

var pageTemplate = template.Must(template.New("table").Parse(pageText))

// A page is what page.html shows. Its texts are safe; html/template escapes them.
type page struct {
	Policy, Heading, Sub, Big, Beside string
	Style                             template.CSS
	Parts                             []string // slots, where a submission is several programs
	Checks                            []pageColumn
	Rows                              []pageRow
	More                              string
	Others                            []Other
	Facts                             []pageFact
	Later                             bool
}

type pageColumn struct {
	Number, Width int // Width: of a bar that is a thousand wide
	ID, Title, Of string
}

type pageRow struct {
	Name, Link, Student, Outcome, Tone, Points, Hash, Also string
	Cells                                                  []pageCell
	Notes                                                  []string
}

type pageCell struct{ Sign, Class, Word string }

type pageFact struct{ Name, Value string }

// Page is the table as a page that needs nothing else, and looks as reports do. heading
// is the scenario's title. Where reports were written as pages, too, each row leads to
// its own.
func (t *Table) Page(heading, scenario string, formats []report.Format) ([]byte, error) {
	style := report.Style() + ownStyle
	p := page{
		Policy: report.Policy(style), Style: template.CSS(style), Heading: terminal.Line(heading), Sub: "scenario " + terminal.Line(scenario), //nolint:gosec // a style sheet of our own
		Others: t.Others, Later: t.hidden,
	}
	graded, good := 0, 0
	for _, row := range t.Rows {
		if row.Report != nil {
			graded++
		}
		if row.Report != nil && report.Of(row.Report).Result.Passed {
			good++
		}
	}
	p.Big = fmt.Sprintf("%d of %d", good, len(t.Rows))
	p.Beside = "passed"
	if t.hidden {
		p.Beside = "passed so far; more is checked, and totals come later"
	}
	if bad := len(t.Rows) - graded; bad > 0 {
		p.Beside += fmt.Sprintf("; %d could not be graded", bad)
	}
	if f := t.figures(); f != nil && !t.hidden {
		p.Facts = []pageFact{
			{"Points in all", strconv.Itoa(f.most)}, {"Lowest, median, highest", fmt.Sprintf("%d, %d, %d", f.lowest, f.median, f.highest)}, {"Mean", fmt.Sprintf("%.1f", f.mean)},
		}
	}
	for i, k := range t.checks {
		all := max(k.passed+k.failed+k.missed, 1)
		c := pageColumn{Number: i + 1, ID: terminal.Line(k.id), Title: terminal.Line(k.title), Of: fmt.Sprintf("%d of %d", k.passed, all), Width: k.passed * 1000 / all}
		if k.missed > 0 {
			c.Of += fmt.Sprintf(", %d not tried", k.missed)
		}
		p.Checks = append(p.Checks, c)
	}
	for i, row := range t.Rows {
		if i == maxPageRows {
			p.More = fmt.Sprintf("%d submissions more are in results.csv.", len(t.Rows)-i)
			break
		}
		p.Rows = append(p.Rows, t.pageRow(row, slices.Contains(formats, report.HTML)))
	}
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, p); err != nil {
		return nil, fmt.Errorf("the page of the table: %w", err)
	}
	return b.Bytes(), nil
}

func (t *Table) pageRow(row *Row, linked bool) pageRow {
	r := pageRow{Name: terminal.Line(t.label(row)), Student: terminal.Line(row.Student), Outcome: t.outcome(row), Tone: "bad", Hash: short(row)}
	if row.Report != nil && report.Of(row.Report).Result.Passed {
		r.Tone = "good"
	}
	if linked && row.Report != nil {
		r.Link = ReportsDir + "/" + url.PathEscape(row.stem+report.HTML.Suffix())
	}
	if score, most := t.points(row); most != "" {
		r.Points = score + "/" + most
	}
	for _, k := range t.checks {
		c := pageCell{}
		switch x := check(row, k.id); {
		case x == nil:
			c.Word = "not graded"
		case x.Status == grade.StatusPassed:
			c = pageCell{"+", "good", "passed"}
		case x.Status == grade.StatusSkipped:
			c = pageCell{".", "dim", "not tried"}
		case inPart(x):
			c = pageCell{"~", "warn", "failed, with some points"}
		default:
			c = pageCell{"-", "bad", "failed"}
		}
		r.Cells = append(r.Cells, c)
	}
	for _, n := range t.notes(row) {
		r.Notes = append(r.Notes, terminal.Line(n))
	}
	r.Also = listed("", row.Also)
	return r
}
