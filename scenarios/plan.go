package scenarios

import (
	"fmt"
	"slices"
	"strings"
)

// plan is the steps that a grading runs: for a stage its setup, then its own.
func (s *Scenario) plan(o Options) ([]Step, error) {
	if StudentID(o.Student) != s.Student {
		return nil, fmt.Errorf("scenario %s: it has the values of student %q, and %q is to be graded", s.Name, s.Student, o.Student)
	}
	var steps []Step
	if o.Stage != "" {
		st := s.Stage(o.Stage)
		if st == nil {
			names := make([]string, len(s.Stages))
			for i, x := range s.Stages {
				names[i] = x.Name
			}
			return nil, fmt.Errorf("scenario %s has no stage %q; it has %s", s.Name, o.Stage, strings.Join(names, ", "))
		}
		for _, x := range st.Setup {
			x.setup = true
			steps = append(steps, x)
		}
	}
	setup := len(steps)
	for _, x := range s.Steps {
		if o.Audience.sees(&x) && (o.Stage == "" || x.Stage == o.Stage) {
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
func (s *Scenario) withheld(o Options) bool {
	return slices.ContainsFunc(s.Steps, func(x Step) bool {
		return !o.Audience.sees(&x) && (o.Stage == "" || x.Stage == o.Stage)
	})
}

// result is what is known of a result before the run.
func (s *Scenario) result(o Options) *Result {
	return &Result{
		Scenario: s.Name, Title: s.Title, Student: s.Student, Stage: o.Stage, Audience: o.Audience, Seed: s.Seed, Params: s.Params,
		Source: s.Digest(o.Audience), Hidden: s.withheld(o),
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
func (s *Scenario) check(st *Step, o Options) Check {
	c := Check{
		ID: st.name(), Title: st.Title, Why: st.Why, Hint: st.Hint, Points: st.Points, Visible: visibleWords[st.Visible], Needs: st.Needs,
		File: s.File, Line: st.Line, Source: st.Source,
	}
	if o.Audience == Staff {
		c.Staff = st.Staff
	} else if !strings.HasPrefix(st.Source, "- ") || o.Audience.withholds(s.root, st.Line) {
		c.Source = "" // the line has more than this step, or what is for staff
	}
	return c
}
