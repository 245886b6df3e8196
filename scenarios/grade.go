package scenarios

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"wireloom/vnet"
	"wireloom/vnet/event"
)

// Options say whom a grading is for and what of it is run.
type Options struct {
	Student  string   // an id; the scenario must be that student's, by For
	Stage    string   // grade this stage alone
	Audience Audience // what this audience may not see is not run

	// Stop, where it is not nil, is asked now and then; an error ends the grading, which
	// then has no result. It is for what is outside of the lab, like real time.
	Stop func() error
}

// Grade runs the scenario's steps on a lab that was built from its Config, has its
// programs installed and has not been started, and says what it found. The lab is
// done with afterwards; the caller closes it. Where a limit ends the grading there
// are both: an error that is ErrTooLong, and the result until then, in which what was
// not tried gives no points.
func Grade(lab *vnet.Lab, sc *Scenario, o Options) (*Result, error) { return grade(lab, sc, o, most) }

func grade(lab *vnet.Lab, sc *Scenario, o Options, b bounds) (*Result, error) {
	steps, err := sc.plan(o)
	if err != nil {
		return nil, err
	}
	g := newGrader(lab, sc, o, steps)
	g.most = b
	lab.Log().Subscribe(g.see)
	lab.Start()
	if err = g.run(0); errors.Is(err, ErrTooLong) {
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
	r.total()
	_, r.Events = lab.Log().Bounds()
	r.Ended, r.Hash, r.Notes, r.Output = lab.Now(), lab.Log().Hash(), g.notes, g.lastOutput()
	return r, err
}

// A grader is one run of a scenario.
type grader struct {
	lab       *vnet.Lab
	sc        *Scenario
	o         Options
	most      bounds
	res       *Result
	slots     []Slot
	fromStart map[Slot]bool    // programs that start with the lab
	known     map[Slot]bool    // programs that are followed
	inRun     map[string]bool  // ids of the steps that are run
	passed    map[string]bool  // those that passed
	told      map[string]*told // what later steps may refer to
	marks     map[string]int   // where in history a step began
	notes     []string
	events    uint64
	bytes     uint64
	looks     uint64

	now       *Step
	began     time.Duration // of the step
	trouble   []string      // what could not be done in it
	watches   []*watch
	injecting bool   // what is put on a wire now is the step's own
	sent      []seen // by the step
	history   []seen
	historic  int  // bytes of history
	keeping   bool // some expectation may look back to now
	recent    recent
	storm     storm
	answers   *answered   // of the ping that is on; nil where any reply will do
	printed   event.Lines // what submitted programs print, on its way into recent

	out     map[Slot]*output
	ended   map[Slot]*ending
	reads   map[Slot]int64  // packets that it read from devices since it began
	last    map[Slot]string // its last call, in words
	limited map[Slot][]string

	burnt    map[Slot]int64 // fuel that processes of it which have ended used
	hungered map[Slot]bool  // it has used more than it may
	mayEnd   map[Slot]bool  // a step stopped it, or wanted that it ends
	hands    map[Slot]*hand
	device   map[Slot]seen // what a process that is not submitted read from a device last
	base     baseline
	fuel     map[Slot]int64 // that submitted programs had used when the step began
	busy     map[Slot]bool  // programs of which a note says that they do nothing but compute
	checked  time.Duration  // until when fuel has been looked at
}

func newGrader(lab *vnet.Lab, sc *Scenario, o Options, steps []Step) *grader {
	g := &grader{
		lab: lab, sc: sc, o: o, res: sc.result(o), slots: sc.Slots(), fromStart: map[Slot]bool{}, known: map[Slot]bool{}, inRun: map[string]bool{}, passed: map[string]bool{}, told: map[string]*told{},
		marks: map[string]int{}, out: map[Slot]*output{}, ended: map[Slot]*ending{}, reads: map[Slot]int64{}, last: map[Slot]string{},
		limited: map[Slot][]string{}, burnt: map[Slot]int64{}, hungered: map[Slot]bool{}, mayEnd: map[Slot]bool{}, hands: map[Slot]*hand{}, device: map[Slot]seen{}, fuel: map[Slot]int64{}, busy: map[Slot]bool{},
	}
	for _, n := range sc.Lab.Nodes {
		for _, p := range n.Programs {
			g.fromStart[Slot{n.Name, p.Name}], g.known[Slot{n.Name, p.Name}] = p.Start, true
		}
	}
	for i := range steps {
		if steps[i].ID != "" {
			g.inRun[steps[i].ID] = true
		}
		for _, x := range steps[i].Expect {
			if x.Since != "" {
				g.marks[x.Since] = -1
			}
		}
	}
	return g
}

// run lets the lab run for d.
func (g *grader) run(d time.Duration) error {
	return g.runTo(g.lab.Now()+d, func() bool { return false })
}

// runTo lets the lab run to a time, or until done says so, which is asked after
// each instant at which something happened.
func (g *grader) runTo(at time.Duration, done func() bool) error {
	if at > g.most.virtual {
		return fmt.Errorf("%w: it would go beyond %v of virtual time", ErrTooLong, g.most.virtual)
	}
	for !done() {
		if err := g.within(); err != nil {
			return err
		}
		if g.o.Stop != nil {
			if err := g.o.Stop(); err != nil {
				return err
			}
		}
		next, some := g.lab.Next()
		if !some || next > at {
			next = at
		}
		// A program that computes moves the clock itself: look at it once a second.
		if g.checked+time.Second < next {
			next = g.checked + time.Second
		}
		reached := g.lab.Run(next, g.lab.Steps()+turnsAtOnce)
		if reached && next >= g.checked+time.Second {
			g.checked = next
			g.hungry()
		}
		if reached && next == at && g.lab.Halted() == "" && !done() {
			return nil
		}
	}
	return nil
}

// where says what a program did last.
func (g *grader) where(sl Slot) string {
	if c := g.last[sl]; c != "" {
		return "; its last call was " + c
	}
	if o := g.out[sl]; o != nil && len(o.text[0]) > 0 {
		return "; it made no system call but to print"
	}
	return "; it made no system call"
}

// order gives the lab a command about a program: to start it, or one that may end it.
func (g *grader) order(c vnet.Command, sl Slot) {
	_, starts := c.(vnet.Start)
	g.mayEnd[sl] = !starts && !g.hungered[sl]
	if _, err := g.lab.Do(c); err != nil {
		g.fail(err.Error())
	}
}

// fail notes that something of the step could not be done.
func (g *grader) fail(what string) { g.trouble = append(g.trouble, what) }

func (g *grader) note(s string) {
	switch {
	case len(g.notes) < maxNotes:
		g.notes = append(g.notes, s)
	case len(g.notes) == maxNotes:
		g.notes = append(g.notes, "and more that is not shown")
	}
}

// step does one step and decides its check.
func (g *grader) step(s *Step) error {
	g.lab.Note(event.Event{Kind: event.Step, Op: s.ID, Text: s.describe()})
	g.begin(s)
	for _, id := range s.Needs {
		if g.inRun[id] && !g.passed[id] {
			if s.checks() {
				g.decide(s, verdict{because: id, expected: []string{s.expects()}, actual: []string{"not tried: it needs " + id + ", which did not pass"}})
			}
			return nil
		}
	}
	v := verdict{}
	if err := g.do(s, &v); err != nil {
		return err
	}
	if s.ID != "" {
		g.remember(s)
	}
	g.watches = nil
	if len(g.trouble) > 0 {
		v.add(finding{expected: "what the step does can be done", actual: strings.Join(g.trouble, "; ")})
	}
	switch {
	case s.checks() && !s.setup:
		g.decide(s, v)
	case v.failed():
		g.note(fmt.Sprintf("line %d: %s", s.Line, strings.Join(v.actual, "; ")))
	}
	return nil
}

// begin gets ready for a step.
func (g *grader) begin(s *Step) {
	g.now, g.began, g.trouble, g.sent = s, g.lab.Now(), nil, nil
	g.recent.reset()
	if _, wanted := g.marks[s.ID]; wanted && s.ID != "" {
		g.marks[s.ID], g.keeping = len(g.history), true
	}
	for _, o := range g.out {
		o.mark()
	}
	g.base = g.takeBaseline(s)
	for _, p := range g.lab.Status().Procs {
		if p.Slot {
			g.fuel[Slot{p.Node, p.Name}] = p.Fuel
		}
	}
}

// do does what a step says, in the order that docs/scenarios.md promises.
func (g *grader) do(s *Step, v *verdict) error {
	for _, sl := range s.Stop {
		g.order(vnet.Stop{Node: sl.Node, Proc: sl.Proc}, sl)
	}
	for _, sl := range s.Kill {
		g.order(vnet.Kill{Node: sl.Node, Proc: sl.Proc}, sl)
	}
	for _, sl := range s.Restart {
		if err := g.restart(sl); err != nil {
			return err
		}
	}
	for _, x := range s.Start {
		if argv, ok := g.tellAll(x.Argv); ok {
			g.order(vnet.Start{Node: x.Slot.Node, Proc: x.Slot.Proc, Argv: argv}, x.Slot)
		}
	}
	for _, f := range s.Faults {
		g.fault(f)
	}
	for _, x := range s.Stdin {
		g.stdin(x)
	}
	if err := g.run(s.Wait); err != nil {
		return err
	}
	g.watch(s)
	for i := range s.Send {
		if err := g.send(&s.Send[i]); err != nil {
			return err
		}
	}
	g.replies()
	for i := range s.Do {
		if err := g.hand(&s.Do[i], v); err != nil {
			return err
		}
	}
	for i := range s.Run {
		if err := g.command(&s.Run[i], v); err != nil {
			return err
		}
	}
	for i := range s.Ping {
		if err := g.ping(&s.Ping[i], v); err != nil {
			return err
		}
	}
	if err := g.expect(v); err != nil {
		return err
	}
	for i := range s.Stdout {
		if err := g.stdout(&s.Stdout[i], v); err != nil {
			return err
		}
	}
	for i := range s.Exit {
		if err := g.exit(&s.Exit[i], v); err != nil {
			return err
		}
	}
	g.state(s, v)
	return nil
}
