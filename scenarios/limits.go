package scenarios

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"wireloom/vnet"
	"wireloom/vnet/sys"
)

// Limits of a grading. What goes beyond them ends it with an error, the same on
// every machine.
const (
	MaxVirtual    = time.Hour             // virtual time that a grading may take
	MaxTurns      = 50_000_000            // steps of the lab's loop that it may take
	MaxEvents     = 2_000_000             // events of the lab's log
	MaxEventBytes = 1 << 30               // bytes that they carry
	MaxFuel       = int64(20_000_000_000) // units of fuel that one submitted program may use: 200 s of its CPU
	MaxLooks      = 20_000_000            // comparisons of a frame with what is expected
	maxNotes      = 20
	turnsAtOnce   = 2_000 // turns between two looks at the limits, and at Options.Stop
)

// bounds are the limits of one run.
type bounds struct {
	virtual              time.Duration
	turns, events, bytes uint64
	fuel                 int64
	looks                uint64
}

var most = bounds{MaxVirtual, MaxTurns, MaxEvents, MaxEventBytes, MaxFuel, MaxLooks}

// ErrTooLong is the error of a grading that a limit ended.
var ErrTooLong = errors.New("the grading takes too long")

// cut ends a grading that came to a limit: a check says so, and those of the steps
// that are left were not tried.
func (g *grader) cut(why error, left []Step) {
	id := g.res.unique("limits")
	g.res.Checks = append(g.res.Checks, Check{
		ID: id, Title: "the grading comes to its end", Status: StatusError, Visible: visibleWords[Student], File: g.sc.File, Line: 1,
		At: g.lab.Now(), Expected: "the lab keeps to its limits", Actual: strings.Join(append([]string{why.Error()}, g.storm.lines(g.lab.Now())...), "\n"),
		Why: "Frames or calls without end would take all of the machine's time.", Log: g.recent.lines(),
	})
	for i := range left {
		if s := &left[i]; s.checks() && !s.setup {
			g.decide(s, verdict{because: id, expected: []string{s.expects()}, actual: []string{"not tried: the grading was ended"}})
		}
	}
}

// within reports the limit that the grading has come to.
func (g *grader) within() error {
	switch {
	case g.lab.Halted() != "":
		return fmt.Errorf("%w: more than %d steps at one instant, %v", ErrTooLong, vnet.MaxInstant, g.lab.Now())
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
				g.most.fuel, time.Duration(g.most.fuel)*sys.FuelNanosecond, g.lab.Now(), g.where(sl)))
		}
		for _, p := range procs[sl] {
			g.order(vnet.Kill{Node: p.Node, Proc: p.Proc}, p)
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
