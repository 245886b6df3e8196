package grade

import (
	"fmt"
	"slices"
	"strings"

	"wireloom/internal/scenario"
)

// plan is the steps that a grading runs: for a stage its setup, then its own.
func plan(s *scenario.Scenario, o Options) ([]scenario.Step, error) {
	if scenario.StudentID(o.Student) != s.Student {
		return nil, fmt.Errorf("scenario %s: it has the values of student %q, and %q is to be graded", s.Name, s.Student, o.Student)
	}
	var steps []scenario.Step
	if o.Stage != "" {
		st := s.Stage(o.Stage)
		if st == nil {
			names := make([]string, len(s.Stages))
			for i, x := range s.Stages {
				names[i] = x.Name
			}
			return nil, fmt.Errorf("scenario %s has no stage %q; it has %s", s.Name, o.Stage, strings.Join(names, ", "))
		}
		steps = append(steps, st.Setup...)
	}
	setup := len(steps)
	for _, x := range s.Steps {
		if o.Audience.Sees(&x) && (o.Stage == "" || x.Stage == o.Stage) {
			steps = append(steps, x)
		}
	}
	if len(steps) == setup {
		return nil, nil // of a stage that is hidden, how it begins is hidden, too
	}
	return steps, nil
}

// withheld reports whether there is something that the audience of a grading does
// not see.
func withheld(s *scenario.Scenario, o Options) bool {
	return slices.ContainsFunc(s.Steps, func(x scenario.Step) bool {
		return !o.Audience.Sees(&x) && (o.Stage == "" || x.Stage == o.Stage)
	})
}

// begun is what is known of a result before the run.
func begun(s *scenario.Scenario, o Options) *Result {
	return &Result{
		Scenario: s.Name, Title: s.Title, Student: s.Student, Stage: o.Stage, Audience: o.Audience, Seed: s.Seed, Params: s.Params,
		Source: s.Digest(o.Audience), Hidden: withheld(s, o),
	}
}

// unique is an id that no check has yet: of a step without one there may be several,
// in a loop.
func (r *Result) unique(id string) string {
	for n := 1; ; n++ {
		name := id
		if n > 1 {
			name = fmt.Sprintf("%s-%d", id, n)
		}
		if !slices.ContainsFunc(r.Checks, func(c Check) bool { return c.ID == name }) {
			return name
		}
	}
}

// total adds the checks up.
func (r *Result) total() {
	r.Passed, r.Score, r.MaxScore = true, 0, 0
	for _, c := range r.Checks {
		r.Score += c.Earned
		r.MaxScore += c.Points
		r.Passed = r.Passed && !c.Fail()
	}
}

// check is what is known of a step's check before the run.
func check(s *scenario.Scenario, st *scenario.Step, o Options) Check {
	c := Check{
		ID: st.Name(), Title: st.Title, Why: st.Why, Hint: st.Hint, Points: st.Points, Visible: st.Visible.Visible(), Needs: st.Needs,
		File: s.File, Line: st.Line, Source: st.Source,
	}
	if o.Audience == scenario.Staff {
		c.Staff = st.Staff
	} else if s.Withholds(o.Audience, st) {
		c.Source = "" // the line has more than this step, or what is for staff
	}
	return c
}

// fact is a check of what is no step: of a program, or of the whole grading.
func fact(s *scenario.Scenario, id, title, status string) Check {
	return Check{ID: id, Title: title, Status: status, Visible: scenario.Student.Visible(), File: s.File, Line: 1}
}
