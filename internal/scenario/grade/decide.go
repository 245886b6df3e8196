package grade

import (
	"fmt"
	"slices"
	"strings"

	"wireloom/internal/scenario"
	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/run"
	"wireloom/vnet/errno"
	"wireloom/vnet/event"
)

// decide writes a check.
func (g *grader) decide(s *scenario.Step, v *run.Verdict) {
	c := check(g.sc, s, g.o)
	now := g.run.Lab.Now()
	_, began := g.run.Step()
	c.At, c.Took, c.Because = now, now-began, v.Because
	code := errno.Errno(1)
	var waits []string
	if v.Because == "" && !v.Bad && !v.Came && slices.ContainsFunc(g.run.Submitted(), (*run.Program).Crashed) {
		// Of a program that has crashed nothing comes, whatever it was sent.
		v.Bad, v.Actual = true, []string{"nothing came, but from a program that has crashed nothing can come"}
		for _, x := range v.Good {
			v.Expected = append(v.Expected, x[0])
		}
	}
	switch {
	case v.Because != "":
		c.Status = StatusSkipped
	case v.Bad:
		c.Status, c.Diff, c.Log, c.Output = StatusFailed, v.Diff, g.log.lines(), g.run.Fresh()
		if s.Worth.Partial {
			c.Met, c.Parts = v.Met, s.Parts()
			if v.Spoilt || c.Met >= c.Parts {
				c.Met = 0
			}
			c.Earned = s.Worth.Of(c.Met, c.Parts)
		}
		if why := g.why(); why != "" {
			v.Actual = append(v.Actual, why)
		}
		waits = g.waits()
	default:
		c.Status, c.Earned, code = StatusPassed, s.Worth.Points, errno.OK
		if s.ID != "" {
			g.tried[s.ID] = true
		}
		for _, x := range v.Good {
			v.Expected, v.Actual = append(v.Expected, x[0]), append(v.Actual, x[1])
		}
	}
	c.Earned = max(c.Earned-c.Paid, 0)
	c.Expected, c.Actual = strings.Join(v.Expected, "\n"), strings.Join(v.Actual, "\n")
	said := c.Actual // what programs wait for is known from the events before
	c.Actual = strings.Join(append(v.Actual, waits...), "\n")
	if v.Because == "" {
		c.Packets = append(g.run.SentPackets(), v.Packets...)
		c.Packets = c.Packets[:min(len(c.Packets), run.MaxPackets)]
	}
	c.ID = g.res.unique(c.ID)
	g.res.Checks = append(g.res.Checks, c)
	if g.o.Decided != nil {
		g.o.Decided(&c)
	}
	g.run.Lab.Note(event.Event{Kind: event.Check, Op: c.ID, Text: said, N: int64(c.Earned), Errno: uint16(code)})
}

// why says what became of programs that have ended, never began or only compute, which
// is mostly why nothing came.
func (g *grader) why() string {
	for _, st := range g.run.Lab.Status().Procs {
		p := g.run.Program(format.Slot{Node: st.Node, Proc: st.Name})
		if !st.Slot || p == nil {
			continue
		}
		name := st.Node + ":" + st.Name
		if x := st.Exit; x != nil && (p.Starts || x.How != "exit" || x.Code != 0) {
			why := x.Why
			if why == "" {
				why = fmt.Sprintf("exit code %d", x.Code)
			}
			if p.Ended != nil && p.Ended.Said != "" {
				why = run.Quoted(p.Ended.Said) + " and ended: " + why
			}
			return name + " is not running: " + why
		}
		switch {
		case st.State == "stopped" && p.Starts:
			return name + " has not been started"
		case st.State == "stopped" && g.o.Stage != "":
			return name + " has not been started: it does not start with the lab, and no step of this stage or its setup has started it"
		case st.Exit == nil && g.run.Spins(p, st.Fuel):
			why := name + " computes all the time and waits for nothing" + p.LastCall()
			g.run.NoteBusy(p, why)
			return why
		}
	}
	return ""
}

// maxWaits is how many programs are told of that wait.
const maxWaits = 4

// waits says in which calls submitted programs wait, and since when: mostly one that never
// returns, because it waits for something else than what was sent.
func (g *grader) waits() []string {
	var out []string
	for _, x := range g.run.Submitted() {
		n := g.run.Lab.Node(x.Slot.Node)
		if n == nil {
			continue
		}
		p := n.Named(x.Slot.Proc)
		if p == nil || p.Waiting() == "" {
			continue
		}
		if len(out) == maxWaits {
			return append(out, "and other programs wait, too")
		}
		out = append(out, x.Slot.Node+":"+x.Slot.Proc+" waits in "+p.Waiting())
	}
	return out
}

// limits adds a check for each program that came to one of its limits, unless a step
// wanted that.
func (g *grader) limits() {
	for _, p := range g.run.Submitted() {
		if len(p.Limits()) == 0 {
			continue
		}
		sl := p.Slot
		c := fact(g.sc, g.res.unique("limits-"+sl.Node+"-"+sl.Proc), sl.String()+" stays within its limits", StatusFailed)
		c.At, c.Expected, c.Actual = g.run.Lab.Now(), "no limit is reached", strings.Join(p.Limits(), "\n")
		c.Why = "A program that takes more than it may have would take it from others."
		g.res.Checks = append(g.res.Checks, c)
	}
}

// cut ends a grading that came to a limit: a check says so, and those of the steps
// that are left were not tried.
func (g *grader) cut(why error, left []scenario.Step) {
	now := g.run.Lab.Now()
	c := fact(g.sc, g.res.unique("limits"), "the grading comes to its end", StatusError)
	c.At, c.Expected, c.Actual = now, "the lab keeps to its limits", strings.Join(append([]string{why.Error()}, g.storm.lines(now)...), "\n")
	c.Why, c.Log = "Frames or calls without end would take all of the machine's time.", g.log.recent.lines()
	g.res.Checks = append(g.res.Checks, c)
	for i := range left {
		if s := &left[i]; s.Checks() && !s.Setup {
			g.decide(s, &run.Verdict{Because: c.ID, Expected: []string{s.Wants()}, Actual: []string{"not tried: the grading was ended"}})
		}
	}
}
