package batch

import (
	"encoding/csv"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wireloom/internal/report"
	"wireloom/scenarios"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// tableRows are rows of every kind. score says which checks passed: "+-." each.
func tableRows(hidden bool) []*Row {
	var rows []*Row
	for _, s := range []struct{ name, status, score, err string }{
		{"anna", Graded, "+++", ""},
		{"ben", Graded, "+-.", ""},
		{"=HYPERLINK(\"http://x\")", Graded, "-..", ""},
		{"a name that is far too long for a column\x1b[2J", Graded, "++-", ""},
		{"dora", Slow, "", "it took more than 2m0s of real time"},
		{"emil", Crashed, "", "the process that graded it ended: exit status 2: panic: x, \"y\""},
	} {
		row := &Row{Format: rowFormat, Name: s.name, Student: "-" + s.name, Status: s.status, Error: s.err}
		if s.score != "" {
			r := &scenarios.Result{Hash: "h-" + s.name[:1], Audience: scenarios.Staff, Hidden: hidden}
			for i, o := range s.score {
				c := scenarios.Check{ID: []string{"arp-reply", "+echo", "pings"}[i], Points: i + 1, Visible: "always", Status: scenarios.StatusSkipped}
				switch o {
				case '+':
					c.Status, c.Earned = scenarios.StatusPassed, c.Points
				case '-':
					c.Status = scenarios.StatusFailed
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

func TestTableIsGolden(t *testing.T) {
	for name, hidden := range map[string]bool{"staff": false, "students": true} {
		table := NewTable(tableRows(hidden))
		for suffix, got := range map[string]string{".txt": table.Text(), ".csv": string(table.CSV())} {
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

// A spreadsheet reads the table, and takes nothing in it for a formula.
func TestCSVIsHarmless(t *testing.T) {
	lines, err := csv.NewReader(strings.NewReader(string(NewTable(tableRows(false)).CSV()))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) != 7 || len(lines[0]) != 5+2*3+2 {
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
