package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"wireloom/internal/junit"
	"wireloom/internal/scenario/grade"
)

// junitSuites is the root of a report as JUnit.
type junitSuites struct {
	XMLName  xml.Name    `xml:"testsuites"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Time     string      `xml:"time,attr"`
	Suite    junit.Suite `xml:"testsuite"`
}

// junitRoot is how the root of a report of ours begins.
const junitRoot = `<testsuites name="wireloom"`

func writeJUnit(w io.Writer, r *grade.Result, in Inputs) error {
	name := r.Scenario
	if r.Stage != "" {
		name += "." + r.Stage
	}
	s := junit.Suite{Name: clean(name), Tests: len(r.Checks), Time: junitTime(r.Ended), Properties: junitProperties(r, in)}
	for i := range r.Checks {
		c := &r.Checks[i]
		title := c.ID
		if c.Title != "" {
			title += ": " + c.Title
		}
		k := junit.Case{Name: line(title), Class: s.Name, Time: junitTime(c.Took), Out: clean(strings.Join(c.Log, "\n")), Err: plainPrinted(printedBy(c.Output))}
		o := &junit.Outcome{Type: "check", Message: line(c.Actual), Text: plain(c)}
		switch c.Status {
		case passed:
		case skipped:
			s.Skipped++
			k.Skipped = &junit.Outcome{Message: line(because(c))}
		case failed:
			if c.Bonus { // no failure of the suite
				s.Skipped++
				k.Skipped = &junit.Outcome{Message: line("bonus, not reached: " + c.Actual)}
				break
			}
			if part := partial(c); part != "" {
				o.Message = line(part + ": " + c.Actual)
			}
			s.Failures++
			k.Failure = o
		case errored:
			s.Errors++
			k.Error = o
		default:
			s.Failures++
			k.Failure = o
		}
		s.Cases = append(s.Cases, k)
	}
	s.Out, s.Err = clean(strings.Join(r.Notes, "\n")), plainPrinted(printedBy(r.Output))
	all := junitSuites{Name: "wireloom", Tests: s.Tests, Failures: s.Failures, Errors: s.Errors, Time: s.Time, Suite: s}
	return junit.Write(w, all)
}

func junitTime(d time.Duration) string { return fmt.Sprintf("%.6f", d.Seconds()) }

// Properties of what the report is of.
const (
	propScenario   = "scenario"
	propSource     = "source"
	propFile       = "scenario.file"
	propStudent    = "student"
	propStage      = "stage"
	propAttempt    = "attempt"
	propHints      = "hints"
	propAudience   = "audience"
	propVersion    = "version"
	propSeed       = "seed"
	propHash       = "hash"
	propSubmission = "submission"
	propTotal      = "total"
	propScore      = "score"
	propProgram    = "program." // and the slot: the program's file
	propModule     = "sha256."  // and the slot: the hash of that
)

func junitProperties(r *grade.Result, in Inputs) []junit.Property {
	var out []junit.Property
	add := func(name string, value any) {
		if v := line(fmt.Sprint(value)); v != "" {
			out = append(out, junit.Property{Name: line(name), Value: v})
		}
	}
	h := head(r, in.Seen(r.Audience))
	add(propScenario, h.Scenario)
	add(propSource, h.Source)
	add(propFile, h.Inputs.Scenario)
	add(propStudent, h.Student)
	add(propStage, h.Stage)
	if h.Attempt > 0 {
		add(propAttempt, h.Attempt)
	}
	add(propHints, h.Hints)
	add(propAudience, h.Audience)
	add(propVersion, h.Version)
	add(propSeed, h.Seed)
	add(propHash, h.Hash)
	add(propSubmission, h.Inputs.Submission)
	for _, p := range h.Programs {
		add(propProgram+p.Slot, h.Inputs.Programs[p.Slot])
		add(propModule+p.Slot, p.Hash)
	}
	if r.Hidden {
		add(propTotal, "comes later")
	} else {
		add(propScore, r.Score)
		add("max_score", r.MaxScore)
		if r.MaxBonus > 0 {
			add("bonus", r.Bonus)
			add("max_bonus", r.MaxBonus)
		}
	}
	for _, c := range r.Checks {
		add(c.ID+".earned", c.Earned)
		add(c.ID+".points", c.Points)
	}
	return out
}

// plain is what went wrong in a check, without colours and of any width.
func plain(c *grade.Check) string {
	p := &printer{Terminal: Terminal{Width: 100}}
	p.failure(c)
	return strings.ReplaceAll("\n"+p.String(), "\n        ", "\n  ")
}
