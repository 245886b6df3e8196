// Package sheet writes the grades of a lesson for other programs: the CSV files of Canvas
// and Moodle, a table as Gradescope exports it, JUnit and JSON. No hand-in, 0 points, more
// than the maximum, a maximum of 0 and excused are five things in each of them.
//
// What stands in them was typed by strangers. No cell is a formula (terminal.Cell).
package sheet

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"wireloom/internal/gradebook/mark"
	"wireloom/internal/terminal"
)

// A Person is one of a class's list, with the words of the list that was imported.
type Person struct {
	ID      string `json:"person"`
	Name    string `json:"name"`
	Canvas  string `json:"canvas,omitempty"` // Canvas's column ID
	SIS     string `json:"sis,omitempty"`
	Login   string `json:"login,omitempty"`
	Email   string `json:"email,omitempty"`
	Section string `json:"section,omitempty"`
}

// A Line is what a person has.
type Line struct {
	Person
	Grade    mark.Grade
	Handed   time.Time // when the hand-in that counts came; zero for none
	Handins  int       // how many there are
	Receipt  string    // of the one that counts
	Programs []string  // hashes of its programs, "SLOT HASH"
}

// standing is how things stand for others: points that may still change stay here.
func (l *Line) standing() mark.Standing {
	if l.Grade.Standing == mark.Graded && !l.Grade.Final {
		return mark.Waiting
	}
	return l.Grade.Standing
}

// A Sheet is the grades of a lesson.
type Sheet struct {
	Class, Lesson string      // titles
	Column        string      // what the column is called in the other program; "" is as the lesson
	Max           mark.Points // what the lesson is worth
	Lines         []Line
}

// A Form is one of the ways to write a sheet.
type Form string

// The forms.
const (
	Canvas     Form = "canvas"
	Moodle     Form = "moodle"
	Gradescope Form = "gradescope"
	JUnit      Form = "junit"
	JSON       Form = "json"
)

// Forms are all of them.
func Forms() []Form { return []Form{Canvas, Moodle, Gradescope, JUnit, JSON} }

// ParseForm finds a form by its name.
func ParseForm(s string) (Form, error) {
	if f := Form(s); slices.Contains(Forms(), f) {
		return f, nil
	}
	return "", fmt.Errorf("there is no form %.20q; there are canvas, moodle, gradescope, junit and json", s)
}

// File is the ending of a file's name, and its type.
func (f Form) File() (suffix, contentType string) {
	switch f {
	case JUnit:
		return ".junit.xml", "text/xml; charset=utf-8"
	case JSON:
		return ".json", "application/json"
	case Canvas, Moodle, Gradescope:
	}
	return "." + string(f) + ".csv", "text/csv; charset=utf-8"
}

// Write writes the sheet in a form.
func (s *Sheet) Write(w io.Writer, f Form) error {
	switch f {
	case Canvas:
		return table(w, s.canvas())
	case Moodle:
		return table(w, s.moodle())
	case Gradescope:
		return table(w, s.gradescope())
	case JUnit:
		return s.junit(w)
	case JSON:
		return s.json(w)
	}
	return fmt.Errorf("there is no form %q", f)
}

// table writes rows. Their cells are safe.
func table(w io.Writer, rows [][]string) error {
	c := csv.NewWriter(w)
	c.UseCRLF = true // RFC 4180
	if err := c.WriteAll(rows); err != nil {
		return fmt.Errorf("CSV: %w", err)
	}
	return nil
}

// canvas is the file that Canvas imports, as it exports it itself: five columns that say
// who it is, kept as they were imported, and a row with the maximum. Canvas leaves a score
// as it is where the cell is empty, and EX is its word for excused.
func (s *Sheet) canvas() [][]string {
	rows := [][]string{
		{"Student", "ID", "SIS User ID", "SIS Login ID", "Section", terminal.Cell(s.canvasColumn())},
		{"    Points Possible", "", "", "", "", s.Max.String()},
	}
	for _, l := range s.Lines {
		score := ""
		switch l.standing() {
		case mark.Graded:
			score = l.Grade.Points.String()
		case mark.Excused:
			score = "EX"
		case mark.Absent, mark.Waiting, mark.Failed:
		}
		rows = append(rows, []string{
			terminal.Cell(l.Name), terminal.Cell(l.Canvas), terminal.Cell(l.SIS), terminal.Cell(l.Login), terminal.Cell(l.Section), score,
		})
	}
	return rows
}

// canvasColumn is the name of the assignment. One that ends in a number in parentheses is
// to Canvas the assignment of that number, which a lesson's title doesn't mean.
func (s *Sheet) canvasColumn() string {
	if s.Column != "" {
		return s.Column
	}
	title := s.Lesson
	if i := strings.LastIndexByte(title, '('); i >= 0 && strings.HasSuffix(title, ")") && strings.Trim(title[i+1:len(title)-1], "0123456789") == "" {
		title = title[:i] + "[" + title[i+1:len(title)-1] + "]"
	}
	return title
}

// moodle is a file for Moodle's import of grades. There a cell without a number takes the
// grade away that the person has, and any other text stops the import: who has no grade
// has no row. Who is excused has one, with an empty grade; Moodle's own mark for it
// (excluded) can't be imported. Feedback always stands beside its grade.
func (s *Sheet) moodle() [][]string {
	column := s.Column
	if column == "" {
		column = s.Lesson
	}
	rows := [][]string{{"Username", "ID number", "Email address", "Full name", terminal.Cell(column), terminal.Cell(column + " (feedback)"), "Standing"}}
	for _, l := range s.Lines {
		grade := ""
		switch l.standing() {
		case mark.Graded:
			grade = l.Grade.Points.String()
		case mark.Excused:
		case mark.Absent, mark.Waiting, mark.Failed:
			continue
		}
		rows = append(rows, []string{
			terminal.Cell(l.Login), terminal.Cell(l.SIS), terminal.Cell(l.Email), terminal.Cell(l.Name),
			grade, terminal.Cells(l.Grade.Comment), string(l.standing()),
		})
	}
	return rows
}

// gradescope is the table of an assignment as Gradescope exports it, for what reads those.
func (s *Sheet) gradescope() [][]string {
	rows := [][]string{{
		"First Name", "Last Name", "SID", "Email", "Sections", "Total Score", "Max Points", "Status",
		"Submission ID", "Submission Time", "Lateness (H:M:S)", "Submission Count",
	}}
	for _, l := range s.Lines {
		score, status, at, late := "", "", "", ""
		switch l.standing() {
		case mark.Absent:
			status = "Missing"
		case mark.Waiting, mark.Failed:
			status = "Ungraded"
		case mark.Graded:
			score, status = l.Grade.Points.String(), "Graded"
		case mark.Excused:
			status = "Excused"
		}
		if !l.Handed.IsZero() {
			d := l.Grade.Late / time.Second
			at, late = l.Handed.UTC().Format("2006-01-02 15:04:05 -0700"), fmt.Sprintf("%02d:%02d:%02d", d/3600, d/60%60, d%60)
		}
		first, last := names(l.Name)
		rows = append(rows, []string{
			terminal.Cell(first), terminal.Cell(last), terminal.Cell(l.SIS), terminal.Cell(l.Email), terminal.Cell(l.Section), score, s.Max.String(), status,
			l.Grade.Handin, at, late, fmt.Sprint(l.Handins),
		})
	}
	return rows
}

// names are the two halves of a name: what comes before and behind its last blank, or the
// other way round where a comma stands.
func names(name string) (first, last string) {
	if last, first, ok := strings.Cut(name, ","); ok {
		return strings.TrimSpace(first), strings.TrimSpace(last)
	}
	if i := strings.LastIndexByte(name, ' '); i >= 0 {
		return name[:i], name[i+1:]
	}
	return "", name
}
