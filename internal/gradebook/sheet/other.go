package sheet

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"time"

	"wireloom/internal/gradebook/mark"
	"wireloom/internal/junit"
	"wireloom/internal/terminal"
)

// format is the number of the JSON form. A field keeps its meaning while it stays; new
// ones may come.
const format = 1

// jsonSheet is the sheet for programs.
type jsonSheet struct {
	Format int        `json:"format"`
	Class  string     `json:"class"`
	Lesson string     `json:"lesson"`
	Max    float64    `json:"max_points"`
	People []jsonLine `json:"people"`
}

type jsonLine struct {
	Person
	Standing mark.Standing `json:"standing"`
	Points   *float64      `json:"points,omitempty"` // of who is graded alone
	Max      *float64      `json:"max_points,omitempty"`
	Manual   bool          `json:"manual,omitempty"`
	Final    bool          `json:"final"`
	Comment  string        `json:"comment,omitempty"`
	Handin   string        `json:"handin,omitempty"`
	Reason   mark.Reason   `json:"reason,omitempty"`
	Handed   *time.Time    `json:"handed,omitempty"`
	Late     int64         `json:"late_seconds,omitempty"`
	Handins  int           `json:"handins"`
	Receipt  string        `json:"receipt,omitempty"`
	Programs []string      `json:"programs,omitempty"`
}

func (s *Sheet) json(w io.Writer) error {
	out := jsonSheet{Format: format, Class: s.Class, Lesson: s.Lesson, Max: s.Max.Float(), People: []jsonLine{}}
	for _, l := range s.Lines {
		g := l.Grade
		j := jsonLine{
			Person: l.Person, Standing: g.Standing, Manual: g.Manual, Final: g.Final, Comment: g.Comment, Handin: g.Handin, Reason: g.Reason,
			Late: int64(g.Late / time.Second), Handins: l.Handins, Receipt: l.Receipt, Programs: l.Programs,
		}
		if g.Standing == mark.Graded {
			points, most := g.Points.Float(), g.Max.Float()
			j.Points, j.Max = &points, &most
		}
		if !l.Handed.IsZero() {
			at := l.Handed.UTC()
			j.Handed = &at
		}
		out.People = append(out.People, j)
	}
	b, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return fmt.Errorf("JSON: %w", err)
	}
	_, err = w.Write(append(terminal.JSON(b), '\n'))
	return err
}

// junitSuites is the root of a sheet as JUnit.
type junitSuites struct {
	XMLName xml.Name    `xml:"testsuites"`
	Name    string      `xml:"name,attr"`
	Suite   junit.Suite `xml:"testsuite"`
}

// junit is a suite with a case a person: one who has all points passes, one who has fewer
// fails, and who handed nothing in or is excused is skipped with another word each.
func (s *Sheet) junit(w io.Writer) error {
	suite := junit.Suite{Name: terminal.Line(s.Lesson), Tests: len(s.Lines), Properties: []junit.Property{{Name: "max_points", Value: s.Max.String()}}}
	for _, l := range s.Lines {
		g := l.Grade
		c := junit.Case{Name: terminal.Line(l.Name) + " (" + l.ID + ")", Class: suite.Name}
		points := g.Points.String() + " of " + g.Max.String() + " points"
		switch l.standing() {
		case mark.Absent:
			c.Skipped = &junit.Outcome{Message: "nothing was handed in"}
		case mark.Excused:
			c.Skipped = &junit.Outcome{Message: "excused"}
		case mark.Waiting:
			c.Skipped = &junit.Outcome{Message: "not graded yet"}
		case mark.Failed:
			c.Error = &junit.Outcome{Message: "it could not be graded"}
		case mark.Graded:
			c.Out = points
			if g.Points < g.Max {
				c.Failure = &junit.Outcome{Message: points}
			}
			suite.Properties = append(suite.Properties, junit.Property{Name: l.ID + ".points", Value: g.Points.String()})
		}
		for n, said := range map[*int]*junit.Outcome{&suite.Failures: c.Failure, &suite.Errors: c.Error, &suite.Skipped: c.Skipped} {
			if said != nil {
				*n++
			}
		}
		suite.Cases = append(suite.Cases, c)
	}
	return junit.Write(w, junitSuites{Name: terminal.Line(s.Class), Suite: suite})
}
