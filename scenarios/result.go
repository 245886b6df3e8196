package scenarios

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// A Result is what a grading found.
type Result struct {
	Scenario string        `json:"scenario"`
	Title    string        `json:"title,omitempty"`
	Seed     uint64        `json:"seed"`
	Passed   bool          `json:"passed"`
	Score    int           `json:"score"`
	MaxScore int           `json:"max_score"`
	Hash     string        `json:"hash"`
	Events   uint64        `json:"events"`
	Ended    time.Duration `json:"ended_ns"` // virtual time
	Checks   []Check       `json:"checks"`
	Notes    []string      `json:"notes,omitempty"` // how programs ended, limits that took effect
}

// A Check is one step that checked something.
type Check struct {
	ID       string        `json:"id"`
	Title    string        `json:"title,omitempty"`
	Line     int           `json:"line"` // of the step in scenario.yaml
	At       time.Duration `json:"at_ns"`
	Passed   bool          `json:"passed"`
	Skipped  string        `json:"skipped,omitempty"` // the check that it needed
	Points   int           `json:"points"`            // what it gave
	Max      int           `json:"max_points"`
	Expected string        `json:"expected"`
	Actual   string        `json:"actual"`
	Why      string        `json:"why,omitempty"`
	Hint     string        `json:"hint,omitempty"`
}

// WriteJSON writes the result as data.
func (r *Result) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}

// WriteText writes the result for a terminal.
func (r *Result) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s", r.Scenario)
	if r.Title != "" {
		fmt.Fprintf(&b, ": %s", r.Title)
	}
	b.WriteString("\n\n")
	for _, c := range r.Checks {
		mark := "ok  "
		switch {
		case c.Skipped != "":
			mark = "skip"
		case !c.Passed:
			mark = "FAIL"
		}
		name := c.ID
		if c.Title != "" {
			name += ": " + c.Title
		}
		fmt.Fprintf(&b, "  %s  %2d/%-2d  %s\n", mark, c.Points, c.Max, name)
		fmt.Fprintf(&b, "              expected  %s\n", indent(c.Expected))
		fmt.Fprintf(&b, "              actual    %s\n", indent(c.Actual))
		if !c.Passed && c.Skipped == "" {
			if c.Why != "" {
				fmt.Fprintf(&b, "              why       %s\n", indent(c.Why))
			}
			if c.Hint != "" {
				fmt.Fprintf(&b, "              hint      %s\n", indent(c.Hint))
			}
		}
	}
	for _, n := range r.Notes {
		fmt.Fprintf(&b, "\n  note: %s", n)
	}
	if len(r.Notes) > 0 {
		b.WriteByte('\n')
	}
	verdict := "passed"
	if !r.Passed {
		verdict = "not passed"
	}
	fmt.Fprintf(&b, "\n  %s: %d of %d points\n", verdict, r.Score, r.MaxScore)
	fmt.Fprintf(&b, "  run %s  seed %d  %d events in %v of virtual time\n", r.Hash, r.Seed, r.Events, r.Ended)
	_, err := io.WriteString(w, b.String())
	return err
}

func indent(s string) string { return strings.ReplaceAll(s, "\n", "\n                        ") }
