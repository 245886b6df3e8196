package batch

import (
	"encoding/csv"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"wireloom/internal/report"
	"wireloom/internal/scenario"
	"wireloom/internal/scenario/grade"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// tableRows are rows of every kind. score says which checks passed: "+-." each.
func tableRows(hidden bool) []*Row {
	var rows []*Row
	for _, s := range []struct{ name, status, score, err, program, who string }{
		{"anna", Graded, "+++", "", "11", ""},
		{"ben", Graded, "+-.", "", "22", ""},
		{"=HYPERLINK(\"http://x\")", Graded, "-..", "", "33", ""},
		{"a name that is far too long for a column\x1b[2J", Graded, "++-", "", "22", ""},
		{"Carla Díaz_123", Graded, "+++", "", "44", "Carla Díaz"},
		{"dora", Slow, "", "it took more than 2m0s of real time", "22", ""},
		{"emil", Crashed, "", "the process that graded it ended: exit status 2: panic: x, \"y\"", "55", ""},
		{"Finn_1", Refused, "", "a link, not graded: hand in the file itself", "", "Finn"},
		{"Finn_2", Refused, "", "there is no .wasm file in it: it is empty", "", "Finn"},
	} {
		row := &Row{Format: rowFormat, Name: s.name, Student: "-" + s.name, Status: s.status, Error: s.err, Who: s.who, stem: s.name}
		if s.program != "" {
			row.Programs = []Program{{Slots: []string{"bob.arpd"}, File: s.name + ".wasm", Hash: strings.Repeat(s.program, 32), Size: 7}}
		}
		switch s.who {
		case "Carla Díaz":
			row.Late, row.Also, row.Notes = true, []string{"main.c", "<i>.txt"}, []string{"its name is nearly that of <b>"}
		}
		if s.score != "" {
			r := &grade.Result{Hash: "h-" + s.name[:1], Audience: scenario.Staff, Hidden: hidden}
			for i, o := range s.score {
				c := grade.Check{ID: []string{"arp-reply", "+echo", "pings"}[i], Points: i + 1, Visible: "always", Status: grade.StatusSkipped}
				switch o {
				case '+':
					c.Status, c.Earned = grade.StatusPassed, c.Points
				case '-':
					c.Status = grade.StatusFailed
				}
				r.Checks = append(r.Checks, c)
			}
			if s.score == "-.." {
				r.Notes = []string{"bob:arpd ended at 200ms: out of bounds memory access\x1b[2J", "another"}
			}
			row.Report = (&report.Report{Result: r}).Document()
		}
		rows = append(rows, row)
	}
	return rows
}

func goldenTable(hidden bool) *Table {
	t := NewTable(tableRows(hidden))
	t.Known = map[string]string{strings.Repeat("44", 32): "the reference solution"}
	t.Others = []Other{{"notes.txt", "it is no .wasm file"}, {`<script>\x1b`, "it lies beside the submission anna"}}
	return t
}

func TestTableIsGolden(t *testing.T) {
	formats := []report.Format{report.HTML, report.Text}
	for name, hidden := range map[string]bool{"staff": false, "students": true} {
		table := goldenTable(hidden)
		page, err := table.Page("Who <has>?\x1b", "arp", formats)
		if err != nil {
			t.Fatal(err)
		}
		// How reports look is no business of this file.
		style := report.Style() + ownStyle
		html := strings.Replace(string(page), style, "STYLE", 1)
		html = regexp.MustCompile(`sha256-.*?&#39;`).ReplaceAllString(html, "POLICY")
		for suffix, got := range map[string]string{".txt": table.Text(), ".csv": string(table.CSV()), ".json": string(table.JSON(formats)), ".html": html} {
			path := filepath.Join("testdata", name+suffix)
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s: got\n%s\nwant\n%s\nIf the change is meant, make update rewrites it", path, got, want)
			}
		}
	}
}

// Where a submission is several programs, each is compared by itself.
func TestSameFiles(t *testing.T) {
	row := func(name, end, middle string) *Row {
		return &Row{Name: name, Status: Graded, Programs: []Program{{Slots: []string{"a.x", "b.x"}, Hash: end}, {Slots: []string{"r.y"}, Hash: middle}}}
	}
	table := NewTable([]*Row{row("anna", "e1", "m1"), row("ben", "e1", "m1"), row("carl", "e1", "m2"), row("dora", "e2", "e1"), row("emil", "e3", "m3")})
	table.Known = map[string]string{"m3": "the reference solution of middle"}
	for i, want := range []string{
		"same file as ben", "same file as anna", "a.x is the same file as anna, ben, dora", "r.y is the same file as anna, ben, carl", "",
	} {
		if got := table.sameAs(table.Rows[i]); got != want {
			t.Errorf("%s: got %q, want %q", table.Rows[i].Name, got, want)
		}
	}
	if got, want := table.known(table.Rows[4]), "r.y is the same file as the reference solution of middle"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A page works for people who don't see it: every cell of a table has its heads, what
// scrolls can be reached by keys, and nothing is loaded or runs.
func TestPageIsAccessibleAndHarmless(t *testing.T) {
	page, err := goldenTable(false).Page("x", "y", []report.Format{report.HTML})
	if err != nil {
		t.Fatal(err)
	}
	html := string(page)
	for _, th := range regexp.MustCompile(`<th[ >][^>]*>?`).FindAllString(html, -1) {
		if !strings.Contains(th, "scope=") {
			t.Errorf("%s has no scope", th)
		}
	}
	for _, div := range regexp.MustCompile(`<div class="scroll"[^>]*>`).FindAllString(html, -1) {
		if !strings.Contains(div, `tabindex="0"`) || !strings.Contains(div, `role="region"`) || !strings.Contains(div, "aria-labelledby") {
			t.Errorf("%s cannot be reached, or has no name", div)
		}
	}
	for _, never := range []string{"<script", "javascript:", "<img", "<iframe", " style=", "onerror", "\x1b", "<i>", "<b>.", `href="//`} {
		if i := strings.Index(html, never); i >= 0 {
			t.Errorf("%q is in it: %.80q", never, html[i:])
		}
	}
	for _, want := range []string{`<a href="reports/anna.html">anna</a>`, `<a href="reports/Carla%20D%C3%ADaz_123.html">Carla Díaz</a>`, `default-src &#39;none&#39;`} {
		if !strings.Contains(html, want) {
			t.Errorf("%s is not in it", want)
		}
	}
}

func TestALargePageIsCut(t *testing.T) {
	var rows []*Row
	for i := range maxPageRows + 3 {
		rows = append(rows, &Row{Name: fmt.Sprint("s", i), Status: Refused})
	}
	page, err := NewTable(rows).Page("x", "y", nil)
	if err != nil || !strings.Contains(string(page), "3 submissions more are in results.csv.") || strings.Count(string(page), `scope="row"`) != maxPageRows {
		t.Errorf("%v: %d rows", err, strings.Count(string(page), `scope="row"`))
	}
}

// A spreadsheet reads the table, and takes nothing in it for a formula.
func TestCSVIsHarmless(t *testing.T) {
	lines, err := csv.NewReader(strings.NewReader(string(goldenTable(false).CSV()))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) != 1+9+2 || len(lines[0]) != 5+2*3+1+7 {
		t.Errorf("got %d lines of %d cells", len(lines), len(lines[0]))
	}
	for _, l := range lines {
		for _, c := range l {
			if c != "" && strings.ContainsRune("=+-@\t\r", rune(c[0])) {
				t.Errorf("%q is a formula", c)
			}
		}
	}
}

func TestEmptyTable(t *testing.T) {
	if got := NewTable(nil).Text(); strings.Count(got, "\n") != 1 {
		t.Errorf("got %q", got)
	}
}
