package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"wireloom/internal/handin"
	"wireloom/internal/product"
	"wireloom/internal/program"
	"wireloom/internal/report"
	"wireloom/internal/scenario"
	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/grade"
	"wireloom/internal/submission"
	"wireloom/vnet"
	"wireloom/vnet/event"
)

// A grading is a scenario with a student's values and programs. It can be run for
// any audience, and as often as one likes: a run is a function of it.
type grading struct {
	src      *scenario.Scenario
	engine   *product.Engine
	programs map[format.Slot]program.File // the reference solution where there is none
	stage    string
	attempt  int         // which one it is, from 1; 0: the first
	hints    grade.Asked // that take points
	inputs   report.Inputs
	tooLong  error           // the reference solution's grading came to a limit
	capture  *captureFile    // of the first run; nil for none
	problem  *handin.Problem // why there are no programs, where a folder was handed in that cannot be graded
}

// newGrading returns the grading of a scenario for a student; with a seed other than
// the scenario's own where that is not nil.
func newGrading(src *scenario.Scenario, engine *product.Engine, student, stage string, seed *uint64) (*grading, error) {
	if stage != "" && src.Stage(stage) == nil {
		var names []string
		for _, s := range src.Stages {
			names = append(names, s.Name)
		}
		if len(names) == 0 {
			return nil, fmt.Errorf("scenario %s has no stages", src.Name)
		}
		return nil, fmt.Errorf("scenario %s has no stage %q; it has %s", src.Name, stage, strings.Join(names, ", "))
	}
	own, err := src.For(student, seed)
	if err != nil {
		return nil, err
	}
	return &grading{
		src: own, engine: engine, stage: stage,
		programs: map[format.Slot]program.File{}, inputs: report.Inputs{Programs: map[string]string{}},
	}, nil
}

// use reads the programs from their files.
func (g *grading) use(paths map[format.Slot]string) error {
	files, err := readPrograms(paths)
	if err != nil {
		return err
	}
	g.programs = files
	for slot, path := range paths {
		f := files[slot]
		f.Name = report.FileName(path)
		g.programs[slot] = f
		g.inputs.Programs[slot.String()] = path
	}
	return nil
}

// take reads the programs of a folder that somebody handed in. One that is not as it
// must be is graded, too: the result says to its author what is wrong.
func (g *grading) take(dir string) error {
	paths, err := handedIn(g.src, dir)
	if errors.As(err, &g.problem) {
		g.inputs.Submission = dir
		return nil
	}
	if err != nil {
		return fmt.Errorf("--submission: %w", err)
	}
	err = g.use(paths)
	if u := (*unreadable)(nil); errors.As(err, &u) {
		g.problem = &handin.Problem{Slot: u.slot.String(), Say: fmt.Sprintf("%s cannot be read: %v", report.Line(report.FileName(u.file)), u.err)}
		g.inputs.Submission = dir
		return nil
	}
	return err
}

// files returns the program of each slot, with what a result says of it.
func (g *grading) files() (map[format.Slot]program.File, []grade.ProgramRef, error) {
	return g.work().Files()
}

func (g *grading) work() *submission.Work {
	return &submission.Work{Scenario: g.src, Programs: g.programs, Stage: g.stage}
}

// run grades for an audience. watch, where it is not nil, is called for each event
// of the lab.
func (g *grading) run(ctx context.Context, audience scenario.Audience, watch func(*event.Event)) (*grade.Result, error) {
	o := grade.Options{Student: g.src.Student, Stage: g.stage, Attempt: g.attempt, Hints: g.hints, Audience: audience, Stop: func() error { return ended(ctx) }}
	if g.problem != nil {
		res, err := g.refused(o)
		if err != nil {
			return nil, err
		}
		res.Version = version()
		return res, nil
	}
	files, refs, err := g.files()
	if err != nil {
		return nil, err
	}
	res, err := g.grade(ctx, files, o, watch)
	if errors.Is(err, grade.ErrTooLong) {
		// A check of the result says so, whoever's doing it is: with its reference solution
		// the scenario's.
		if len(g.programs) == 0 {
			g.tooLong = err
		}
		err = nil
	}
	if err != nil {
		return nil, err
	}
	res.Version, res.Programs = version(), refs
	return res, nil
}

// refused is the result where what was handed in cannot be graded.
func (g *grading) refused(o grade.Options) (*grade.Result, error) {
	for _, slot := range g.src.Slots() {
		if slot.String() == g.problem.Slot {
			return grade.Refused(g.src, slot, g.problem, o)
		}
	}
	return nil, g.problem
}

// grade makes one run. Programs that were not compiled yet are tried as they are, where
// nobody watches: see [product.Trial].
func (g *grading) grade(ctx context.Context, files map[format.Slot]program.File, o grade.Options, watch func(*event.Event)) (*grade.Result, error) {
	if watch != nil || g.capture != nil {
		return g.once(ctx, g.engine.Compile, files, o, watch)
	}
	var trial product.Trial
	tried, stop := o, o.Stop
	tried.Stop = func() error {
		if trial.Spent() {
			return errSpent
		}
		return stop()
	}
	res, err := g.once(ctx, g.engine.Trying(&trial), files, tried, nil)
	if trial.Spent() {
		return g.once(ctx, g.engine.Compile, files, o, nil)
	}
	return res, err
}

var errSpent = errors.New("the trial has been given up")

func (g *grading) once(ctx context.Context, compile product.Compile, files map[format.Slot]program.File, o grade.Options, watch func(*event.Event)) (*grade.Result, error) {
	res, err := g.work().Run(ctx, compile, files, o, func(lab *vnet.Lab, sc *scenario.Scenario, o grade.Options) (*grade.Result, error) {
		return g.watched(lab, sc, o, watch)
	})
	if cause := ended(ctx); err != nil && cause != nil {
		return nil, cause
	}
	return res, err
}

// watched grades a lab that somebody watches, or whose frames are captured.
func (g *grading) watched(lab *vnet.Lab, sc *scenario.Scenario, o grade.Options, watch func(*event.Event)) (*grade.Result, error) {
	if watch != nil {
		built, _, _ := lab.Log().From(0, math.MaxInt) // what was logged while the lab was built
		for i := range built {
			watch(&built[i])
		}
		lab.Log().Subscribe(watch)
	}
	if g.capture == nil || g.capture.c != nil {
		return grade.Grade(lab, sc, o)
	}
	out, err := g.capture.open(lab)
	if err != nil {
		return nil, err
	}
	lab.Log().Subscribe(out.see)
	o.Decided = g.capture.decided
	res, err := grade.Grade(lab, sc, o)
	if cerr := out.close(); cerr != nil {
		return nil, cerr
	}
	g.capture.short = out.lacks()
	return res, err
}

// report is the result as a report, with what the formats need beside it.
func (g *grading) report(ctx context.Context, res *grade.Result, formats ...report.Format) (*report.Report, error) {
	r := &report.Report{Result: res, Inputs: g.inputs}
	for _, f := range formats {
		if f != report.Gradescope || r.Full != nil {
			continue
		}
		var err error
		if r.Visible, err = g.forAudience(ctx, res, scenario.Student); err != nil {
			return nil, err
		}
		if r.Full, err = g.forAudience(ctx, res, scenario.Staff); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// forAudience is the result for an audience, which res may be already.
func (g *grading) forAudience(ctx context.Context, res *grade.Result, a scenario.Audience) (*grade.Result, error) {
	if res.Audience == a {
		return res, nil
	}
	return g.run(ctx, a, nil)
}

// render writes a report in a format.
func render(r *report.Report, f report.Format, t report.Terminal) ([]byte, error) {
	var b bytes.Buffer
	if err := r.Write(&b, f, t); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
