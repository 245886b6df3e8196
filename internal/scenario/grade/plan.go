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
	for id, n := range o.Hints {
		i := slices.IndexFunc(s.Steps, func(st scenario.Step) bool { return st.ID == id && o.Audience.Sees(&st) })
		switch {
		case i < 0 || s.Steps[i].Sold() == 0:
			return nil, fmt.Errorf("scenario %s has no check %.40q with a hint that takes points", s.Name, id)
		case n < 1 || n > s.Steps[i].Sold():
			return nil, fmt.Errorf("check %s has %d hints that take points, and %d are asked for", id, s.Steps[i].Sold(), n)
		}
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
		Scenario: s.Name, Title: s.Title, Student: s.Student, Stage: o.Stage, Attempt: o.Attempt, Hints: o.Hints, Audience: o.Audience, Seed: s.Seed, Params: s.Params,
		Source: s.Digest(o.Audience), Hidden: withheld(s, o) || s.Abridged,
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

// Total adds the checks up. What is a bonus is beyond the total, and may fail.
func (r *Result) Total() {
	r.Passed, r.Score, r.MaxScore, r.Bonus, r.MaxBonus = true, 0, 0, 0, 0
	for _, c := range r.Checks {
		if c.Bonus {
			r.Bonus += c.Earned
			r.MaxBonus += c.Points
			continue
		}
		r.Score += c.Earned
		r.MaxScore += c.Points
		r.Passed = r.Passed && !c.Fail()
	}
}

// check is what is known of a step's check before the run.
func check(s *scenario.Scenario, st *scenario.Step, o Options) Check {
	a := st.Advise(o.Audience, max(o.Attempt, 1), o.Hints[st.ID])
	c := Check{
		ID: st.Name(), Title: st.Title, Why: st.Why, Hint: a.Text, HintsLeft: a.Left, HintCost: a.Next, Paid: a.Paid,
		Points: st.Worth.Points, Bonus: st.Worth.Bonus, Visible: st.Visible.Visible(), Needs: st.Needs,
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
