package scenarios

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"wireloom/vnet"
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
	MaxLooks      = 20_000_000            // comparisons of a frame with what is expected
	maxNotes      = 20
	turnsAtOnce   = 20_000 // turns between two looks at the limits
)

// bounds are the limits of one run.
type bounds struct {
	virtual              time.Duration
	turns, events, bytes uint64
	fuel                 int64
	looks                uint64
}

var most = bounds{MaxVirtual, MaxTurns, MaxEvents, MaxEventBytes, MaxFuel, MaxLooks}

// Options say whom a grading is for and what of it is run.
type Options struct {
	Student  string   // an id; the scenario must be that student's, by For
	Stage    string   // grade this stage alone
	Audience Audience // what this audience may not see is not run
}

// ErrTooLong is the error of a grading that a limit ended.
var ErrTooLong = errors.New("the grading takes too long")

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
	if err = g.run(0); err != nil {
		g.cut(err, steps)
	}
	for i := 0; i < len(steps) && err == nil; i++ {
		if err = g.step(&steps[i]); err != nil {
			g.cut(err, steps[i:])
			err = fmt.Errorf("%s:%d: %w", sc.File, steps[i].Line, err)
		}
	}
	g.limits()
	r := g.res
	r.Seed = lab.Config().Seed
	r.total()
	_, r.Events = lab.Log().Bounds()
	r.Ended, r.Hash, r.Notes = lab.Now(), lab.Log().Hash(), g.notes
	return r, err
}

// cut ends a grading that came to a limit: a check says so, and those of the steps
// that are left were not tried.
func (g *grader) cut(why error, left []Step) {
	id := g.res.unique("limits")
	g.res.Checks = append(g.res.Checks, Check{
		ID: id, Title: "the grading comes to its end", Status: StatusError, Visible: visibleWords[Student], File: g.sc.File, Line: 1,
		At: g.lab.Now(), Expected: "the lab keeps to its limits", Actual: why.Error(),
		Why: "Frames or calls without end would take all of the machine's time.",
	})
	for i := range left {
		if s := &left[i]; s.checks() && !s.setup {
			g.decide(s, verdict{because: id, expected: []string{s.expects()}, actual: []string{"not tried: the grading was ended"}})
		}
	}
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
	case g.looks > g.most.looks:
		return fmt.Errorf("%w: more than %d comparisons of frames at %v of virtual time", ErrTooLong, g.most.looks, g.lab.Now())
	case g.bytes > g.most.bytes:
		return fmt.Errorf("%w: events of more than %d bytes at %v of virtual time", ErrTooLong, g.most.bytes, g.lab.Now())
	}
	return nil
}

// hungry ends submitted programs that have used MaxFuel, with all that they started
// of themselves: what those used, also those that have ended, counts as theirs.
func (g *grader) hungry() {
	used, procs := maps.Clone(g.burnt), map[Slot][]Slot{}
	for _, p := range g.lab.Status().Procs {
		if p.PID == 0 || p.Exit != nil {
			continue
		}
		if sl, ok := g.slotOf(Slot{p.Node, p.Name}); ok {
			used[sl] += p.Fuel
			procs[sl] = append(procs[sl], Slot{p.Node, p.Name})
		}
	}
	for _, sl := range g.slots {
		if used[sl] <= g.most.fuel || len(procs[sl]) == 0 {
			continue
		}
		if !g.hungered[sl] {
			g.hungered[sl] = true
			g.limited[sl] = append(g.limited[sl], fmt.Sprintf("it used more than %d units of fuel, about %v of CPU time, and was ended at %v%s",
				g.most.fuel, time.Duration(g.most.fuel)*vnet.FuelNanosecond, g.lab.Now(), g.where(sl)))
		}
		for _, p := range procs[sl] {
			g.order("kill", p)
		}
	}
}

// slotOf is the slot whose program a process runs: its own, or, of NODE.PROC.3, that
// which was started by the name PROC.
func (g *grader) slotOf(proc Slot) (Slot, bool) {
	if g.submitted(proc) {
		return proc, true
	}
	if i := strings.LastIndexByte(proc.Proc, '.'); i > 0 {
		proc.Proc = proc.Proc[:i]
	}
	return proc, g.submitted(proc)
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

// order gives the lab a command about a program.
func (g *grader) order(op string, sl Slot, argv ...string) {
	g.mayEnd[sl] = op != "start" && !g.hungered[sl]
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
	for _, p := range g.lab.Status().Procs {
		if p.Slot {
			g.fuel[Slot{p.Node, p.Name}] = p.Fuel
		}
	}
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
