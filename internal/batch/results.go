package batch

import (
	"encoding/json"

	"wireloom/internal/report"
	"wireloom/internal/terminal"
)

// resultsFormat is the number of the form of results.json. A field keeps its meaning
// while it stays; new fields may come.
const resultsFormat = 1

// A results is the table for programs.
type results struct {
	Format      int          `json:"format"`
	Submissions []resultLine `json:"submissions"`
	Others      []Other      `json:"others,omitempty"`
}

type resultLine struct {
	Name     string        `json:"name"`
	Student  string        `json:"student,omitempty"`
	Who      string        `json:"who,omitempty"`
	Late     bool          `json:"late,omitempty"`
	Status   string        `json:"status"`
	Error    string        `json:"error,omitempty"`
	Passed   *bool         `json:"passed,omitempty"`
	Score    *int          `json:"score,omitempty"`
	MaxScore *int          `json:"max_score,omitempty"`
	Bonus    *int          `json:"bonus,omitempty"` // points beyond Score, where there are some to be had
	MaxBonus *int          `json:"max_bonus,omitempty"`
	Programs []Program     `json:"programs,omitempty"`
	SameAs   string        `json:"same_as,omitempty"`
	Known    string        `json:"known,omitempty"`
	Also     []string      `json:"also,omitempty"`
	Notes    []string      `json:"notes,omitempty"`
	Run      string        `json:"run,omitempty"`
	Checks   []resultCheck `json:"checks,omitempty"`
	Reports  []string      `json:"reports,omitempty"` // below the folder of results
}

type resultCheck struct {
	ID     string `json:"id"`
	Status string `json:"status"`
	Points int    `json:"points"`
	Earned int    `json:"earned"`
}

// JSON is the table for programs. formats are those in which reports were written.
func (t *Table) JSON(formats []report.Format) []byte {
	out := results{Format: resultsFormat, Submissions: []resultLine{}, Others: t.Others}
	for _, row := range t.Rows {
		l := resultLine{
			Name: row.Name, Student: row.Student, Who: row.Who, Late: row.Late, Status: row.Status, Error: row.Error, Programs: row.Programs,
			SameAs: t.sameAs(row), Known: t.known(row), Also: row.Also, Notes: row.Notes,
		}
		if d := row.Report; d != nil {
			l.Run = d.Hash
			if !t.hidden {
				r := report.Of(d).Result
				l.Passed, l.Score, l.MaxScore = &r.Passed, &r.Score, &r.MaxScore
				if r.MaxBonus > 0 {
					l.Bonus, l.MaxBonus = &r.Bonus, &r.MaxBonus
				}
			}
			for i := range d.Checks {
				c := &d.Checks[i]
				l.Checks = append(l.Checks, resultCheck{c.ID, c.Status, c.Points, c.Earned})
			}
			for _, f := range formats {
				l.Reports = append(l.Reports, ReportsDir+"/"+row.stem+f.Suffix())
			}
		}
		out.Submissions = append(out.Submissions, l)
	}
	b, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		panic("batch: results are not JSON: " + err.Error())
	}
	return append(terminal.JSON(b), '\n')
}
