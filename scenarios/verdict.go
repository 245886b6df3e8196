package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/sys"
)

// A finding is one thing that a step checked.
type finding struct {
	ok               bool
	absent           bool // it holds because nothing came
	expected, actual string
	diff             []FieldDiff
	packets          []Packet
}

// A verdict is all that a step found.
type verdict struct {
	bad              bool
	came             bool   // something holds that is more than that nothing came
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
		v.came = v.came || !f.absent
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
	if v.because == "" && !v.bad && !v.came && g.crashed() {
		// Of a program that has crashed nothing comes, whatever it was sent.
		v.bad, v.actual = true, []string{"nothing came, but from a program that has crashed nothing can come"}
		for _, x := range v.good {
			v.expected = append(v.expected, x[0])
		}
	}
	switch {
	case v.because != "":
		c.Status = StatusSkipped
	case v.bad:
		c.Status, c.Diff, c.Log, c.Output = StatusFailed, v.diff, g.log(), g.freshOutput()
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

// crashed reports whether a submitted program has ended by a trap, at a limit or with a
// code of failure, and no step stopped it or wanted that.
func (g *grader) crashed() bool {
	return slices.ContainsFunc(g.slots, func(sl Slot) bool {
		e := g.ended[sl]
		return e != nil && !g.mayEnd[sl] && (e.how != "exit" || e.code != 0)
	})
}

// why says what became of programs that have ended, never began or only compute, which
// is mostly why nothing came.
func (g *grader) why() string {
	for _, p := range g.lab.Status().Procs {
		sl := Slot{p.Node, p.Name}
		wanted := g.fromStart[sl]
		if p.Slot && p.Exit != nil && (wanted || p.Exit.How != "exit" || p.Exit.Code != 0) {
			why := p.Exit.Why
			if why == "" {
				why = fmt.Sprintf("exit code %d", p.Exit.Code)
			}
			if e := g.ended[sl]; e != nil && e.said != "" {
				why = quoted(e.said) + " and ended: " + why
			}
			return fmt.Sprintf("%s:%s is not running: %s", p.Node, p.Name, why)
		}
		switch {
		case p.Slot && p.State == "stopped" && wanted:
			return fmt.Sprintf("%s:%s has not been started", p.Node, p.Name)
		case p.Slot && p.State == "stopped" && g.o.Stage != "":
			return fmt.Sprintf("%s:%s has not been started: it does not start with the lab, and no step of this stage or its setup has started it", p.Node, p.Name)
		case p.Slot && p.Exit == nil && g.spins(sl, p.Fuel):
			why := fmt.Sprintf("%s:%s computes all the time and waits for nothing%s", p.Node, p.Name, g.where(sl))
			if !g.busy[sl] {
				g.busy[sl] = true
				g.note(fmt.Sprintf("at %v, %s", g.lab.Now(), why))
			}
			return why
		}
	}
	return ""
}

// spins reports whether a program that has used so much fuel has spent nearly all of
// the step computing. A step that was over at once says nothing about that.
func (g *grader) spins(sl Slot, fuel int64) bool {
	took := g.lab.Now() - g.began
	return took >= 10*time.Millisecond && time.Duration(fuel-g.fuel[sl])*sys.FuelNanosecond >= took*9/10
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
			ID: g.res.unique("limits-" + sl.Node + "-" + sl.Proc), Title: sl.String() + " stays within its limits", Status: StatusFailed, Visible: visibleWords[Student],
			File: g.sc.File, Line: 1, At: g.lab.Now(), Expected: "no limit is reached", Actual: strings.Join(whys, "\n"),
			Why: "A program that takes more than it may have would take it from others.",
		})
	}
}
