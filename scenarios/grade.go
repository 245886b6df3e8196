package scenarios

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"wireloom/internal/decode"
	"wireloom/vnet"
	"wireloom/vnet/errno"
	"wireloom/vnet/event"
)

// Limits of a grading. What goes beyond them ends it with an error, the same on
// every machine.
const (
	MaxVirtual = time.Hour  // virtual time that a grading may take
	MaxTurns   = 50_000_000 // steps of the lab's loop that it may take
	maxNotes   = 20
)

// ErrTooLong is the error of a grading that a limit ended.
var ErrTooLong = errors.New("the grading takes too long")

// Grade runs the scenario's steps on a lab that was built from its Config, has its
// programs installed and has not been started, and says what it found. The lab is
// done with afterwards; the caller closes it.
func Grade(lab *vnet.Lab, sc *Scenario) (*Result, error) {
	g := &grader{lab: lab, sc: sc, res: &Result{Scenario: sc.Name, Title: sc.Title, Seed: lab.Config().Seed}, passed: map[string]bool{}}
	lab.Log().Subscribe(g.see)
	lab.Start()
	if err := g.run(0); err != nil {
		return nil, err
	}
	for i := range sc.Steps {
		if err := g.step(&sc.Steps[i]); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", sc.File, sc.Steps[i].Line, err)
		}
	}
	r := g.res
	r.Passed = true
	for _, c := range r.Checks {
		r.Score += c.Points
		r.MaxScore += c.Max
		r.Passed = r.Passed && c.Passed
	}
	_, r.Events = lab.Log().Bounds()
	r.Ended, r.Hash, r.Notes = lab.Now(), lab.Log().Hash(), g.notes
	return r, nil
}

// A grader is one run of a scenario.
type grader struct {
	lab    *vnet.Lab
	sc     *Scenario
	res    *Result
	passed map[string]bool
	notes  []string

	watch *watch
	pings string // the process whose console is read
	out   strings.Builder
	ended bool // that process has ended
}

// A watch looks for the frames of an expectation.
type watch struct {
	x       *Expect
	found   int
	first   string // the first that matched
	seen    int    // frames at the port
	nearest string // the frame that came nearest to matching, and how it differs
	wrong   int    // fields in which that differs
}

// see is called for each event of the lab.
func (g *grader) see(e *event.Event) {
	switch e.Kind {
	case event.Frame:
		if g.watch != nil {
			g.watch.frame(e)
		}
	case event.Console:
		if g.pings != "" && e.Proc == g.pings {
			g.out.Write(e.Data)
		}
	case event.Exit:
		if g.pings != "" && e.Proc == g.pings {
			g.ended = true
			return
		}
		if g.submitted(e) && (e.Op != "exit" || e.N != 0) {
			g.note(fmt.Sprintf("%s:%s ended at %v: %s", e.Node, e.Proc, e.At, exitText(e)))
		}
	case event.Limit:
		g.note(fmt.Sprintf("at %v, %s: %s", e.At, where(e), e.Text))
	case event.Panic:
		g.note(fmt.Sprintf("at %v, %s: %s", e.At, e.Node, e.Text))
	default:
	}
}

// submitted reports whether an event is about a program that the student supplied.
func (g *grader) submitted(e *event.Event) bool {
	return slices.ContainsFunc(g.sc.Slots(), func(s Slot) bool { return s.Node == e.Node && s.Proc == e.Proc })
}

func where(e *event.Event) string {
	if e.Proc == "" {
		return e.Node
	}
	return e.Node + ":" + e.Proc
}

func exitText(e *event.Event) string {
	if e.Op == "exit" {
		return fmt.Sprintf("exit code %d", e.N)
	}
	return e.Text
}

func (g *grader) note(s string) {
	switch {
	case len(g.notes) < maxNotes:
		g.notes = append(g.notes, s)
	case len(g.notes) == maxNotes:
		g.notes = append(g.notes, "and more that is not shown")
	}
}

func (w *watch) frame(e *event.Event) {
	in, out := e.Peer == w.x.Port, e.Port == w.x.Port
	switch w.x.Direction {
	case "in":
		out = false
	case "out":
		in = false
	}
	if !in && !out {
		return
	}
	w.seen++
	ok, diff := decode.Match(decode.Ethernet, e.Data, w.x.Packet)
	if ok {
		w.found++
		if w.found == 1 {
			w.first = fmt.Sprintf("at %v: %s", e.At, summary(e.Data))
		}
		return
	}
	if w.nearest == "" || len(diff) < w.wrong {
		w.wrong = len(diff)
		var parts []string
		for _, d := range diff {
			parts = append(parts, fmt.Sprintf("%s is %s, want %s", d.Name, d.Got, d.Want))
		}
		w.nearest = fmt.Sprintf("%s at %v: %s", summary(e.Data), e.At, strings.Join(parts, "; "))
	}
}

func summary(b []byte) string {
	s := decode.Summarize(decode.Ethernet, b)
	text := s.Proto + " " + s.Info
	if s.Bad != "" {
		text += " (" + s.Bad + ")"
	}
	return text
}

// run lets the lab run for d.
func (g *grader) run(d time.Duration) error {
	return g.runTo(g.lab.Now()+d, func() bool { return false })
}

// runTo lets the lab run to a time, or until done says so, which is asked after
// each turn that may have changed it.
func (g *grader) runTo(at time.Duration, done func() bool) error {
	if at > MaxVirtual {
		return fmt.Errorf("%w: it would go beyond %v of virtual time", ErrTooLong, MaxVirtual)
	}
	for !done() {
		if g.lab.Steps() >= MaxTurns {
			return fmt.Errorf("%w: more than %d turns of the lab at %v of virtual time", ErrTooLong, uint64(MaxTurns), g.lab.Now())
		}
		next, some := g.lab.Next()
		if !some || next > at {
			g.lab.Run(at, MaxTurns)
			return nil
		}
		g.lab.Run(next, MaxTurns)
	}
	return nil
}

func (g *grader) step(s *Step) error {
	g.lab.Note(event.Event{Kind: event.Step, Op: s.ID, Text: s.describe()})
	checks := s.Expect != nil || s.Ping != nil
	if i := slices.IndexFunc(s.Needs, func(id string) bool { return !g.passed[id] }); i >= 0 {
		if checks {
			g.decide(s, false, expected(s), fmt.Sprintf("not tried: it needs %s, which did not pass", s.Needs[i]), s.Needs[i])
		}
		return nil
	}
	for _, a := range []struct{ op, what string }{{"start", s.Start}, {"stop", s.Stop}, {"kill", s.Kill}} {
		if a.what == "" {
			continue
		}
		node, proc, _ := strings.Cut(a.what, ".")
		if _, err := g.lab.Do(vnet.Command{Op: a.op, Node: node, Proc: proc}, nil); err != nil {
			g.note(fmt.Sprintf("line %d: %v", s.Line, err))
		}
	}
	if err := g.run(s.Wait); err != nil {
		return err
	}
	if s.Expect != nil {
		g.watch = &watch{x: s.Expect}
	}
	if s.Send != nil {
		if _, err := g.lab.Arrive(s.Send.Port, s.Send.Frame); err != nil {
			return err
		}
	}
	switch {
	case s.Expect != nil:
		return g.expect(s)
	case s.Ping != nil:
		return g.ping(s)
	}
	return nil
}

func expected(s *Step) string {
	if s.Expect != nil {
		return s.Expect.String()
	}
	return fmt.Sprintf("%d of %d pings from %s to %v answered", s.Ping.Replies, s.Ping.Count, s.Ping.Node, s.Ping.To)
}

// expect waits until the expectation is met or can no longer be.
func (g *grader) expect(s *Step) error {
	w, x := g.watch, s.Expect
	err := g.runTo(g.lab.Now()+x.Within, func() bool { return x.Count < 0 && w.found > 0 || x.Count >= 0 && w.found > x.Count })
	g.watch = nil
	if err != nil {
		return err
	}
	ok := x.Count < 0 && w.found > 0 || x.Count == w.found
	var actual string
	switch {
	case w.found == 1:
		actual = w.first
	case w.found > 1:
		actual = fmt.Sprintf("%d frames, the first %s", w.found, w.first)
	case ok:
		actual = "none, as it should be"
	case w.seen == 0:
		actual = "no frame at all at " + x.Port + g.why()
	default:
		actual = fmt.Sprintf("%d frames at %s, none like that; nearest: %s", w.seen, x.Port, w.nearest) + g.why()
	}
	g.decide(s, ok, expected(s), actual, "")
	return nil
}

// why says what became of programs that have ended, which is mostly why nothing came.
func (g *grader) why() string {
	for _, p := range g.lab.Status().Procs {
		if p.Slot && p.Exit != nil {
			why := p.Exit.Why
			if why == "" {
				why = fmt.Sprintf("exit code %d", p.Exit.Code)
			}
			return fmt.Sprintf("\n%s:%s is not running: %s", p.Node, p.Name, why)
		}
		if p.Slot && p.State == "stopped" {
			return fmt.Sprintf("\n%s:%s has not been started", p.Node, p.Name)
		}
	}
	return ""
}

// ping runs the node's ping command and counts the answers that it prints.
func (g *grader) ping(s *Step) error {
	x := s.Ping
	argv := []string{"ping", "-c", fmt.Sprint(x.Count), "-s", fmt.Sprint(x.Size), x.To.String()}
	name, err := g.lab.Do(vnet.Command{Op: "exec", Node: x.Node, Argv: argv}, nil)
	if err != nil {
		return err
	}
	g.pings, g.ended = name, false
	g.out.Reset()
	// ping waits ten seconds for the last answer.
	if err := g.runTo(g.lab.Now()+time.Duration(x.Count)*time.Second+15*time.Second, func() bool { return g.ended }); err != nil {
		return err
	}
	g.pings = ""
	out := g.out.String()
	answered := strings.Count(out, " bytes from ") - strings.Count(out, "(DUP!)")
	ok := answered >= x.Replies && (x.Replies > 0 || answered == 0)
	actual := fmt.Sprintf("%d of %d answered", answered, x.Count)
	if !ok {
		if last := lastLine(out, "ping: "); last != "" {
			actual += "; " + last
		}
		actual += g.why()
	}
	g.decide(s, ok, expected(s), actual, "")
	return nil
}

func lastLine(out, prefix string) string {
	last := ""
	for l := range strings.Lines(out) {
		if strings.HasPrefix(l, prefix) {
			last = strings.TrimSpace(l)
		}
	}
	return last
}

func (g *grader) decide(s *Step, ok bool, expected, actual, skipped string) {
	c := Check{
		ID: s.ID, Title: s.Title, Line: s.Line, At: g.lab.Now(), Passed: ok, Skipped: skipped, Max: s.Points,
		Expected: expected, Actual: actual, Why: s.Why, Hint: s.Hint,
	}
	if c.ID == "" {
		c.ID = fmt.Sprintf("line-%d", s.Line)
	}
	failed := errno.Errno(1)
	if ok {
		c.Points, failed = s.Points, errno.OK
		g.passed[s.ID] = s.ID != ""
	}
	g.res.Checks = append(g.res.Checks, c)
	g.lab.Note(event.Event{Kind: event.Check, Op: c.ID, Text: actual, N: int64(c.Points), Errno: uint16(failed)})
}
