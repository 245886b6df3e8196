// Package grade runs a scenario's steps on a lab, in virtual time, and says what they found.
// A grade is a pure function of the scenario, the programs, the student and the seed.
package grade

import (
	"errors"
	"fmt"
	"strings"

	"wireloom/internal/scenario"
	"wireloom/internal/scenario/run"
	"wireloom/internal/scenario/verb"
	"wireloom/vnet"
	"wireloom/vnet/event"
)

// Options say whom a grading is for and what of it is run.
type Options struct {
	Student  string            // an id; the scenario must be that student's, by For
	Stage    string            // grade this stage alone
	Audience scenario.Audience // what this audience may not see is not run
	Attempt  int               // the number of times that this was tried, with this one: what hints are shown; 0: the first
	Hints    Asked             // how many hints that take points were asked for, by check

	// Stop, where it is not nil, is asked now and then; an error ends the grading, which
	// then has no result. It is for what is outside of the lab, like real time.
	Stop func() error

	// Decided, where it is not nil, is told each check of a step, before the log is.
	Decided func(*Check)
}

// ErrTooLong is the error of a grading that a limit ended.
var ErrTooLong = run.ErrTooLong

// Grade runs the scenario's steps on a lab that was built from its Config, has its
// programs installed and has not been started, and says what it found. The lab is
// done with afterwards; the caller closes it. Where a limit ends the grading there
// are both: an error that is ErrTooLong, and the result until then, in which what was
// not tried gives no points.
func Grade(lab *vnet.Lab, sc *scenario.Scenario, o Options) (*Result, error) {
	return within(lab, sc, o, run.Most)
}

// within is Grade within other limits.
func within(lab *vnet.Lab, sc *scenario.Scenario, o Options, bounds run.Bounds) (*Result, error) {
	steps, err := plan(sc, o)
	if err != nil {
		return nil, err
	}
	g := newGrader(lab, sc, o, steps, bounds)
	lab.Start()
	if err = g.run.For(0); errors.Is(err, ErrTooLong) {
		g.cut(err, steps)
	}
	for i := 0; i < len(steps) && err == nil; i++ {
		if err = g.step(&steps[i]); errors.Is(err, ErrTooLong) {
			g.cut(err, steps[i:])
			err = fmt.Errorf("%s:%d: %w", sc.File, steps[i].Line, err)
		}
	}
	if err != nil && !errors.Is(err, ErrTooLong) {
		return nil, err
	}
	g.limits()
	r := g.res
	r.Seed = lab.Config().Seed
	r.Total()
	_, r.Events = lab.Log().Bounds()
	r.Ended, r.Hash, r.Notes, r.Output = lab.Now(), lab.Log().Hash(), g.run.Notes(), g.run.Last()
	if conf := lab.Config(); len(conf.Doors()) > 0 {
		r.Notes = append(r.Notes, doorsShut)
	}
	return r, err
}

// doorsShut says why a grade of a lab with doors is the same in every run.
const doorsShut = "The lab's doors stay shut while it is graded, so that this run can be had again. A live one is reproducible from its recording only"

// A grader decides the checks of one run.
type grader struct {
	run   *run.Run
	sc    *scenario.Scenario
	o     Options
	res   *Result
	tried map[string]bool // by the id of a step that is run: whether it passed
	log   log
	storm storm
}

func newGrader(lab *vnet.Lab, sc *scenario.Scenario, o Options, steps []scenario.Step, bounds run.Bounds) *grader {
	g := &grader{sc: sc, o: o, res: begun(sc, o), tried: map[string]bool{}, log: log{submitted: sc.Slots()}}
	var since []string
	for i := range steps {
		if steps[i].ID != "" {
			g.tried[steps[i].ID] = false
		}
		for _, d := range steps[i].Does {
			if l, ok := d.Step.(verb.LookerBack); ok && l.Since() != "" {
				since = append(since, l.Since())
			}
		}
	}
	g.run = run.New(lab, run.Options{Bounds: bounds, Submitted: sc.Slots(), LookBack: since, Stop: o.Stop})
	lab.Log().Subscribe(func(e *event.Event) {
		g.storm.see(e, g.run.NearEnd)
		g.log.see(e)
	})
	return g
}

// step does one step and decides its check.
func (g *grader) step(s *scenario.Step) error {
	g.run.Lab.Note(event.Event{Kind: event.Step, Op: s.ID, Text: s.Say()})
	g.log.recent.reset()
	g.run.Begin(s.ID)
	for _, id := range s.Needs {
		if passed, isRun := g.tried[id]; isRun && !passed {
			if s.Checks() {
				g.decide(s, &run.Verdict{Because: id, Expected: []string{s.Wants()}, Actual: []string{"not tried: it needs " + id + ", which did not pass"}})
			}
			return nil
		}
	}
	if err := g.do(s); err != nil {
		return err
	}
	if t := g.run.Trouble(); len(t) > 0 {
		g.run.Find(run.Finding{Expected: "what the step does can be done", Actual: strings.Join(t, "; ")})
	}
	v := g.run.End()
	switch {
	case s.Checks() && !s.Setup:
		g.decide(s, v)
	case v.Failed():
		g.run.Note("line %d: %s", s.Line, strings.Join(v.Actual, "; "))
	}
	return nil
}

// do does what a step says, in the order of the verbs. Frames are watched from the first
// order on, so that what a program does at once counts; in a step that waits, from the end
// of that. The state is looked at after what the step causes at once.
func (g *grader) do(s *scenario.Step) error {
	from, orders := 0, 0 // whose turn comes when frames are watched; how many are orders
	watches := false
	for i, d := range s.Does {
		if b, ok := d.Step.(verb.Beginner); ok {
			b.Begin(g.run)
		}
		if _, ok := d.Step.(verb.Settler); ok {
			from = i + 1
		}
		if d.Phase == verb.Orders {
			orders = i + 1
		}
		_, watcher := d.Step.(verb.Watcher)
		watches = watches || watcher
	}
	phase := verb.Orders
	for i := 0; ; i++ {
		if i == orders || i == from && watches { // what was set off before
			if err := g.run.For(0); err != nil {
				return err
			}
		}
		if i == from {
			g.watch(s)
		}
		if i == len(s.Does) {
			return nil
		}
		d := s.Does[i]
		if phase != verb.States && d.Phase == verb.States {
			if err := g.run.For(0); err != nil {
				return err
			}
		}
		phase = d.Phase
		g.run.Sought(verb.Parts(d.Step) > 0)
		err := d.Run(g.run)
		g.run.Sought(false)
		if err != nil {
			return err
		}
	}
}

// watch begins to look at frames, before the first is sent.
func (g *grader) watch(s *scenario.Step) {
	for _, d := range s.Does {
		if w, ok := d.Step.(verb.Watcher); ok {
			w.Watch(g.run)
		}
	}
}
