// Package report writes the result of a grading: for a terminal, as JSON, JUnit
// XML and Gradescope's results.json, and as a page that needs nothing else. It also
// reads reports back, which may come from anybody, and compares them.
//
// Every writer takes a result as its audience may see it. What is withheld from an
// audience has left no trace in its result, because the run itself went no further
// (scenarios.Options); the writers drop it once more, and show no total that could
// later turn out to be another.
package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"wireloom/internal/report/document"
	"wireloom/internal/scenario/grade"
)

// The values of a check's Status and Visible, in short.
const (
	passed  = grade.StatusPassed
	failed  = grade.StatusFailed
	skipped = grade.StatusSkipped
	errored = grade.StatusError

	visibleAlways   = document.Always
	visibleAfterDue = document.AfterDue
	visibleStaff    = document.ForStaff
)

// A Format is one of the ways to write a result.
type Format string

// The formats.
const (
	Text       Format = "text"
	JSON       Format = "json"
	JUnit      Format = "junit"
	Gradescope Format = "gradescope"
	HTML       Format = "html"
)

// Formats are all of them.
func Formats() []Format { return []Format{Text, JSON, JUnit, Gradescope, HTML} }

// ParseFormat finds a format by its name.
func ParseFormat(s string) (Format, error) {
	if f := Format(s); slices.Contains(Formats(), f) {
		return f, nil
	}
	var names []string
	for _, f := range Formats() {
		names = append(names, string(f))
	}
	return "", fmt.Errorf("there is no format %q; there are %s", s, strings.Join(names, ", "))
}

// Suffix is what the names of files in a format end with.
func (f Format) Suffix() string {
	switch f {
	case Text:
		return ".txt"
	case JUnit:
		return ".junit.xml"
	case Gradescope:
		return ".results.json"
	case JSON, HTML:
	}
	return "." + string(f)
}

// A Report is a result with what it takes to run it again.
type Report struct {
	Result *grade.Result
	Inputs Inputs

	SignedBy string // the public key that signs it, which a page shows; "" if none does

	// For Gradescope, which gets the checks of all audiences at once and shows each
	// when its time has come: the result for students, and that for staff.
	Visible, Full *grade.Result
}

// Write writes the report in a format. The terminal is for Text alone.
func (r *Report) Write(w io.Writer, f Format, t Terminal) error {
	switch f {
	case Text:
		return writeText(w, document.Seen(r.Result), t)
	case JSON:
		return writeJSON(w, r.Document())
	case JUnit:
		return writeJUnit(w, document.Seen(r.Result), r.Inputs)
	case Gradescope:
		return writeGradescope(w, r.Visible, r.Full, r.Inputs)
	case HTML:
		return writeHTML(w, r.Document(), r.SignedBy)
	}
	return fmt.Errorf("there is no format %q", f)
}

// Say is what the formats are called in a sentence.
func (f Format) Say() string {
	switch f {
	case Text:
		return "the text"
	case JUnit:
		return "the JUnit file"
	case Gradescope:
		return "Gradescope's file"
	case HTML:
		return "the page"
	case JSON:
	}
	return "the JSON file"
}

// Verdict is the outcome in words, as the audience of the result may know it: the points,
// or how many checks passed so far.
func Verdict(r *grade.Result) string { return verdict(document.Seen(r)) }

// verdict is the outcome in words.
func verdict(r *grade.Result) string {
	switch {
	case r.Hidden && len(r.Checks) == 0:
		return "nothing is checked so far; more is, and the total comes later"
	case r.Hidden && r.Passed && r.MaxBonus == r.Bonus:
		return fmt.Sprintf("all %s passed so far; more is checked, and the total comes later", count(len(r.Checks), "check"))
	case r.Hidden:
		return checked(r) + " passed so far; more is checked, and the total comes later"
	case r.Passed:
		return fmt.Sprintf("passed: %d of %s%s", r.Score, count(r.MaxScore, "point"), bonus(r))
	}
	return fmt.Sprintf("not passed: %d of %s%s, %s", r.Score, count(r.MaxScore, "point"), bonus(r), checked(r))
}

// checked is how many checks passed, of how many; a bonus counts where it passed.
func checked(r *grade.Result) string {
	good, all := 0, 0
	for _, c := range r.Checks {
		if c.Status == passed {
			good++
		}
		if c.Status == passed || !c.Bonus {
			all++
		}
	}
	return fmt.Sprintf("%d of %s", good, count(all, "check"))
}

// The outcomes of a check beside its statuses.
const (
	partly = "partly" // it failed, and has some of its points
	missed = "missed" // it failed, and is a bonus
)

// outcome is what became of a check: its status, or one of these.
func outcome(c *grade.Check) string {
	switch {
	case c.Status == failed && c.Earned > 0:
		return partly
	case c.Status == failed && c.Bonus:
		return missed
	}
	return c.Status
}

// partial says how much of a check is there that is worth something in part; "" where that
// is not so.
func partial(c *grade.Check) string {
	if c.Parts == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d are there, for %d of %s", c.Met, c.Parts, c.Earned+c.Paid, count(c.Points, "point"))
}

// hints are those of a check that are shown.
func hints(c *grade.Check) []string {
	if c.Hint == "" {
		return nil
	}
	return strings.Split(c.Hint, "\n")
}

// more says how one comes to a check's other hints; "" where there are none.
func more(c *grade.Check) string {
	var out []string
	if c.HintsLeft > 0 {
		out = append(out, count(c.HintsLeft, "hint")+" more with the next attempts (--attempt)")
	}
	if c.HintCost > 0 {
		out = append(out, fmt.Sprintf("a hint for %s (--hint %s)", count(c.HintCost, "point"), line(c.ID)))
	}
	return strings.Join(out, "; ")
}

// paid says what hints have taken; "" where they have taken nothing.
func paid(c *grade.Check) string {
	if c.Paid == 0 {
		return ""
	}
	return count(c.Paid, "point") + " for hints that were asked for"
}

// bonus are the points beyond the total, where there are some.
func bonus(r *grade.Result) string {
	if r.MaxBonus == 0 {
		return ""
	}
	return fmt.Sprintf(" and %d of %d bonus", r.Bonus, r.MaxBonus)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// seconds is a virtual time as people read it.
func seconds(d time.Duration) string { return fmt.Sprintf("%.6f s", d.Seconds()) }

// ran is a line about the run itself.
func ran(r *grade.Result) string {
	if r.Hash == "" {
		return "nothing was run"
	}
	return "run " + r.Hash
}

// place is the step's file and line.
func place(c *grade.Check) string {
	switch {
	case c.File == "" && c.Line == 0:
		return ""
	case c.Line == 0:
		return c.File
	}
	return fmt.Sprintf("%s:%d", c.File, c.Line)
}

// because says why a check was not tried.
func because(c *grade.Check) string {
	if c.Actual != "" {
		return c.Actual
	}
	return fmt.Sprintf("not tried: it needs %s, which did not pass", c.Because)
}
