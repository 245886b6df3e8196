package run

import (
	"errors"
	"fmt"
	"time"

	"wireloom/internal/scenario/format"
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
	turnsAtOnce   = 2_000                 // turns between two looks at the limits
	turnsToStop   = 16                    // turns between two looks at Options.Stop
)

// Bounds are the limits of one run.
type Bounds struct {
	Virtual              time.Duration
	Turns, Events, Bytes uint64
	Fuel                 int64
	Looks                uint64
}

// Most are the limits of a grading.
var Most = Bounds{MaxVirtual, MaxTurns, MaxEvents, MaxEventBytes, MaxFuel, MaxLooks}

// limits is how near a run is to its limits.
type limits struct {
	most                 Bounds
	stop                 func() error
	events, bytes, looks uint64
	checked              time.Duration // until when fuel has been looked at
}

// ErrTooLong is the error of a grading that a limit ended.
var ErrTooLong = errors.New("the grading takes too long")

// For lets the lab run for d.
func (r *Run) For(d time.Duration) error {
	return r.Until(r.Lab.Now()+d, func() bool { return false })
}

// Until lets the lab run to a time, or until done says so, which is asked after each
// instant at which something happened. The error is ErrTooLong, or that of Options.Stop.
func (r *Run) Until(at time.Duration, done func() bool) error {
	l := &r.limits
	if at > l.most.Virtual {
		return fmt.Errorf("%w: it would go beyond %v of virtual time", ErrTooLong, l.most.Virtual)
	}
	for !done() {
		if err := r.reached(); err != nil {
			return err
		}
		next, some := r.Lab.Next()
		if !some || next > at {
			next = at
		}
		// A program that computes moves the clock itself: look at it once a second.
		if l.checked+time.Second < next {
			next = l.checked + time.Second
		}
		reached, err := r.turns(next)
		if err != nil {
			return err
		}
		if reached && next >= l.checked+time.Second {
			l.checked = next
			r.hungry()
		}
		if reached && next == at && r.Lab.Halted() == "" && !done() {
			return nil
		}
	}
	return nil
}

// turns lets the lab run to a time, or for turnsAtOnce turns, and reports whether it got
// there. Options.Stop is asked more often than that, and between no two turns that it is
// asked, done is: so what it does, and how long that takes, changes nothing.
func (r *Run) turns(at time.Duration) (reached bool, err error) {
	end := r.Lab.Steps() + turnsAtOnce
	for {
		if r.limits.stop != nil {
			if err := r.limits.stop(); err != nil {
				return false, err
			}
		}
		reached = r.Lab.Run(at, min(r.Lab.Steps()+turnsToStop, end))
		if reached || r.Lab.Steps() >= end {
			return reached, nil
		}
	}
}

// reached is the limit that the run has come to.
func (r *Run) reached() error {
	l, now := &r.limits, r.Lab.Now()
	switch {
	case r.Lab.Halted() != "":
		return fmt.Errorf("%w: more than %d steps at one instant, %v", ErrTooLong, vnet.MaxInstant, now)
	case r.Lab.Steps() >= l.most.Turns:
		return fmt.Errorf("%w: more than %d turns of the lab at %v of virtual time", ErrTooLong, l.most.Turns, now)
	case l.events > l.most.Events:
		return fmt.Errorf("%w: more than %d events at %v of virtual time", ErrTooLong, l.most.Events, now)
	case l.looks > l.most.Looks:
		return fmt.Errorf("%w: more than %d comparisons of frames at %v of virtual time", ErrTooLong, l.most.Looks, now)
	case l.bytes > l.most.Bytes:
		return fmt.Errorf("%w: events of more than %d bytes at %v of virtual time", ErrTooLong, l.most.Bytes, now)
	}
	return nil
}

// nearLimit says when a limit is near: when one part in so many is left.
const nearLimit = 50

// NearEnd reports whether a limit will soon end the run.
func (r *Run) NearEnd() bool {
	near := func(n, most uint64) bool { return n >= most-most/nearLimit }
	l := &r.limits
	return near(r.Lab.Steps(), l.most.Turns) || near(l.events, l.most.Events) || near(l.bytes, l.most.Bytes) || near(l.looks, l.most.Looks)
}

// hungry ends submitted programs that have used MaxFuel, with all that they started
// of themselves: what those used, also those that have ended, counts as theirs.
func (r *Run) hungry() {
	used, procs := map[*Program]int64{}, map[*Program][]format.Slot{}
	for _, p := range r.Lab.Status().Procs {
		if p.PID == 0 || p.Exit != nil {
			continue
		}
		sl := format.Slot{Node: p.Node, Proc: p.Name}
		if of := r.programs.submittedOf(sl); of != nil {
			used[of] += p.Fuel
			procs[of] = append(procs[of], sl)
		}
	}
	most := r.limits.most.Fuel
	for _, p := range r.programs.submitted {
		if p.Spent.burnt+used[p] <= most || len(procs[p]) == 0 {
			continue
		}
		if !p.Spent.hungered {
			p.Spent.hungered = true
			p.Spent.limits = append(p.Spent.limits, fmt.Sprintf("it used more than %d units of fuel, about %v of CPU time, and was ended at %v%s",
				most, time.Duration(most)*sys.FuelNanosecond, r.Lab.Now(), p.LastCall()))
		}
		for _, sl := range procs[p] {
			r.Order(vnet.Kill{Node: sl.Node, Proc: sl.Proc}, sl)
		}
	}
}
