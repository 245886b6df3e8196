package scenarios

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"wireloom/vnet"
	"wireloom/vnet/errno"
	"wireloom/vnet/event"
)

// Limits of a grading. What goes beyond them ends it with an error, the same on
// every machine.
const (
	MaxVirtual    = time.Hour             // virtual time that a grading may take
	MaxTurns      = 50_000_000            // steps of the lab's loop that it may take
	MaxEvents     = 5_000_000             // events of the lab's log
	MaxEventBytes = 1 << 30               // bytes that they carry
	MaxFuel       = int64(20_000_000_000) // units of fuel that one submitted program may use: 200 s of its CPU
	maxNotes      = 20
	turnsAtOnce   = 20_000 // turns between two looks at the limits
)

// bounds are the limits of one run.
type bounds struct {
	virtual              time.Duration
	turns, events, bytes uint64
	fuel                 int64
}

var most = bounds{MaxVirtual, MaxTurns, MaxEvents, MaxEventBytes, MaxFuel}

// Options say whom a grading is for and what of it is run.
type Options struct {
	Student  string   // an id; the scenario must be that student's, by For
	Stage    string   // grade this stage alone
	Audience Audience // what this audience may not see is not run
}

// ErrTooLong is the error of a grading that a limit ended.
var ErrTooLong = errors.New("the grading takes too long")

// plan is the steps that a grading runs: for a stage its setup, then its own.
func (s *Scenario) plan(o Options) ([]Step, error) {
	if o.Student != s.Student {
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
	for _, x := range s.Steps {
		if o.Audience.sees(&x) && (o.Stage == "" || x.Stage == o.Stage) {
			steps = append(steps, x)
		}
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
		Scenario: s.Name, Title: s.Title, Student: o.Student, Stage: o.Stage, Audience: o.Audience, Seed: s.Seed, Params: s.Params,
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
	}
	return c
}

// Grade runs the scenario's steps on a lab that was built from its Config, has its
// programs installed and has not been started, and says what it found. The lab is
// done with afterwards; the caller closes it.
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
	if err := g.run(0); err != nil {
		return nil, err
	}
	for i := range steps {
		if err := g.step(&steps[i]); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", sc.File, steps[i].Line, err)
		}
	}
	g.limits()
	r := g.res
	r.Seed = lab.Config().Seed
	r.total()
	_, r.Events = lab.Log().Bounds()
	r.Ended, r.Hash, r.Notes = lab.Now(), lab.Log().Hash(), g.notes
	return r, nil
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
	inRun     map[string]bool  // ids of the steps that are run
	passed    map[string]bool  // those that passed
	told      map[string]*told // what later steps may refer to
	marks     map[string]int   // where in history a step began
	notes     []string
	events    uint64
	bytes     uint64

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

	out     map[Slot]*output
	ended   map[Slot]*ending
	reads   map[Slot]int64  // packets that it read from devices since it began
	last    map[Slot]string // its last call, in words
	limited map[Slot][]string
	hands   map[Slot]*hand
	device  map[Slot]seen // what a process that is not submitted read from a device last
	base    baseline
	checked time.Duration // until when fuel has been looked at
}

// told is what a step tells those after it.
type told struct {
	sent, met *seen
	result    string
}

func newGrader(lab *vnet.Lab, sc *Scenario, o Options, steps []Step) *grader {
	g := &grader{
		lab: lab, sc: sc, o: o, res: sc.result(o), slots: sc.Slots(), fromStart: map[Slot]bool{}, inRun: map[string]bool{}, passed: map[string]bool{}, told: map[string]*told{},
		marks: map[string]int{}, out: map[Slot]*output{}, ended: map[Slot]*ending{}, reads: map[Slot]int64{}, last: map[Slot]string{},
		limited: map[Slot][]string{}, hands: map[Slot]*hand{}, device: map[Slot]seen{},
	}
	for _, n := range sc.Lab.Nodes {
		for _, p := range n.Programs {
			g.fromStart[Slot{n.Name, p.Name}] = p.Start
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
		if reached && next == at && !done() {
			return nil
		}
	}
	return nil
}

// within reports the limit that the grading has come to.
func (g *grader) within() error {
	switch {
	case g.lab.Steps() >= g.most.turns:
		return fmt.Errorf("%w: more than %d turns of the lab at %v of virtual time", ErrTooLong, g.most.turns, g.lab.Now())
	case g.events > g.most.events:
		return fmt.Errorf("%w: more than %d events at %v of virtual time", ErrTooLong, g.most.events, g.lab.Now())
	case g.bytes > g.most.bytes:
		return fmt.Errorf("%w: events of more than %d bytes at %v of virtual time", ErrTooLong, g.most.bytes, g.lab.Now())
	}
	return nil
}

// hungry ends submitted programs that have used MaxFuel.
func (g *grader) hungry() {
	for _, p := range g.lab.Status().Procs {
		sl := Slot{p.Node, p.Name}
		if p.PID == 0 || p.Exit != nil || p.Fuel <= g.most.fuel || !slices.Contains(g.slots, sl) {
			continue
		}
		g.limited[sl] = append(g.limited[sl], fmt.Sprintf("it used more than %d units of fuel, about %v of CPU time, and was ended at %v%s",
			g.most.fuel, time.Duration(g.most.fuel)*vnet.FuelNanosecond, g.lab.Now(), g.where(sl)))
		g.order("kill", sl)
	}
}

// where says what a program did last.
func (g *grader) where(sl Slot) string {
	if c := g.last[sl]; c != "" {
		return "; its last call was " + c
	}
	return "; it made no system call"
}

// order gives the lab a command about a program.
func (g *grader) order(op string, sl Slot, argv ...string) {
	if _, err := g.lab.Do(vnet.Command{Op: op, Node: sl.Node, Proc: sl.Proc, Argv: argv}, nil); err != nil {
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
}

// do does what a step says, in the order that docs/scenarios.md promises.
func (g *grader) do(s *Step, v *verdict) error {
	for _, sl := range s.Stop {
		g.order("stop", sl)
	}
	for _, sl := range s.Kill {
		g.order("kill", sl)
	}
	for _, sl := range s.Restart {
		if err := g.restart(sl); err != nil {
			return err
		}
	}
	for _, x := range s.Start {
		if argv, ok := g.tellAll(x.Argv); ok {
			g.order("start", x.Slot, argv...)
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

// A finding is one thing that a step checked.
type finding struct {
	ok               bool
	expected, actual string
	diff             []FieldDiff
	packets          []Packet
}

// A verdict is all that a step found.
type verdict struct {
	bad              bool
	because          string // the step that it needs and that did not pass
	expected, actual []string
	good             [][2]string
	diff             []FieldDiff
	packets          []Packet
}

// add adds a finding. Where something failed, only what failed is told.
func (v *verdict) add(f finding) {
	if f.ok {
		v.good = append(v.good, [2]string{f.expected, f.actual})
	} else {
		v.bad = true
		v.expected, v.actual = append(v.expected, f.expected), append(v.actual, f.actual)
		if v.diff == nil {
			v.diff = f.diff
		}
	}
	v.packets = append(v.packets, f.packets...)
}

func (v *verdict) failed() bool { return v.bad || v.because != "" }

// decide writes a check.
func (g *grader) decide(s *Step, v verdict) {
	c := g.sc.check(s, g.o)
	c.At, c.Took, c.Because = g.lab.Now(), g.lab.Now()-g.began, v.because
	code := errno.Errno(1)
	switch {
	case v.because != "":
		c.Status = StatusSkipped
	case v.bad:
		c.Status, c.Diff, c.Log = StatusFailed, v.diff, g.recent.lines()
		if why := g.why(); why != "" {
			v.actual = append(v.actual, why)
		}
	default:
		c.Status, c.Earned, code = StatusPassed, s.Points, errno.OK
		g.passed[s.ID] = s.ID != ""
		for _, x := range v.good {
			v.expected, v.actual = append(v.expected, x[0]), append(v.actual, x[1])
		}
	}
	c.Expected, c.Actual = strings.Join(v.expected, "\n"), strings.Join(v.actual, "\n")
	if v.because == "" {
		c.Packets = g.packets(v)
	}
	c.ID = g.res.unique(c.ID)
	g.res.Checks = append(g.res.Checks, c)
	g.lab.Note(event.Event{Kind: event.Check, Op: c.ID, Text: c.Actual, N: int64(c.Earned), Errno: uint16(code)})
}

// why says what became of programs that have ended, which is mostly why nothing came.
func (g *grader) why() string {
	for _, p := range g.lab.Status().Procs {
		wanted := g.fromStart[Slot{p.Node, p.Name}]
		if p.Slot && p.Exit != nil && (wanted || p.Exit.How != "exit" || p.Exit.Code != 0) {
			why := p.Exit.Why
			if why == "" {
				why = fmt.Sprintf("exit code %d", p.Exit.Code)
			}
			return fmt.Sprintf("%s:%s is not running: %s", p.Node, p.Name, why)
		}
		if p.Slot && p.State == "stopped" && wanted {
			return fmt.Sprintf("%s:%s has not been started", p.Node, p.Name)
		}
	}
	return ""
}

// limits adds a check for each program that came to one of its limits, unless a step
// wanted that.
func (g *grader) limits() {
	for _, sl := range g.slots {
		whys := g.limited[sl]
		if len(whys) == 0 {
			continue
		}
		g.res.Checks = append(g.res.Checks, Check{
			ID: "limits-" + sl.Node + "-" + sl.Proc, Title: sl.String() + " stays within its limits", Status: StatusFailed, Visible: visibleWords[Student],
			File: g.sc.File, Line: 1, At: g.lab.Now(), Expected: "no limit is reached", Actual: strings.Join(whys, "\n"),
			Why: "A program that takes more than it may have would take it from others.",
		})
	}
}
