package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"wireloom/internal/sched"
	"wireloom/vnet"
)

// ErrReturning is why a lab answers nothing yet that is being run again.
var ErrReturning = errors.New("this lab is coming back")

// ErrNotNow is why a past can't be had again for now.
var ErrNotNow = errors.New("it cannot be had again for now: try again in a moment")

// progress is how far a lab is that is run again.
type progress struct {
	over  atomic.Bool   // there is nothing to run again, or no more
	done  atomic.Uint64 // the bits of a share of 1
	ended chan struct{} // closed when the lab is back, or has ended
}

// Returning reports whether the lab has its past again now, and which share of it it has had.
func (s *Session) Returning() (done float64, returning bool) {
	if s.opts.Past == nil || s.back.over.Load() {
		return 1, false
	}
	return math.Float64frombits(s.back.done.Load()), true
}

// Returned is closed when the lab is back, or has ended.
func (s *Session) Returned() <-chan struct{} { return s.back.ended }

// again runs what has been done to the lab before, in turns that other labs come before. It
// returns why the lab does not go on; "" if it does.
func (s *Session) again(ctx context.Context) (reason string) {
	share, err := NewShare(ctx, s.lab, s.opts)
	if err != nil {
		s.outcome = Closed
		return cause(ctx)
	}
	began := time.Now()
	r := rerun{Session: s, ctx: ctx, share: share, open: map[string]bool{}, last: s.opts.Past.Last()}
	err = r.run()
	share.Done()
	switch {
	case err == nil:
	case ctx.Err() != nil:
		s.outcome = Closed
		return cause(ctx)
	case share.refused || errors.Is(err, ErrNotNow) || errors.As(err, new(spent)):
		s.outcome = Short
		return err.Error()
	case errors.Is(err, errDeep):
		s.outcome = Spent
		return err.Error()
	default:
		s.outcome = Apart
		return "this lab cannot be had again: " + err.Error()
	}
	s.lg.Info("a lab is back", "took", time.Since(began).Round(time.Millisecond), "time", s.lab.Now(), "steps", s.lab.Steps())
	s.settleMemory()
	if m := r.last; m.Hash != "" {
		s.pace.rate, s.pace.paused, s.marked, s.marks = m.Rate, m.Paused, m, r.marks
	}
	s.over()
	// Nobody is at a door any more.
	for _, port := range slices.Sorted(maps.Keys(r.open)) {
		if _, err := s.do(vnet.CloseDoor{Port: port, Why: "the lab was not there for a while"}); err != nil {
			s.lg.Warn("a door of a lab that came back stays open", "door", port, "error", err)
		}
	}
	return ""
}

// A rerun is one run of what a lab's past has.
type rerun struct {
	*Session
	ctx   context.Context
	share *Share
	open  map[string]bool // the doors that somebody was at
	last  Mark            // of all
	marks int
}

// run does what was done, each at its place in the run.
func (r *rerun) run() error {
	r.lab.Start()
	for {
		x, err := r.opts.Past.Next()
		switch {
		case errors.Is(err, io.EOF):
			return r.share.Rest()
		case err != nil:
			return err
		case x.Command != nil:
			err = r.command(x)
		case x.Mark != nil:
			err = r.check(x.Mark)
		case len(x.Frames) > 0:
			err = r.frames(x)
		}
		if err != nil {
			return err
		}
	}
}

// runTo lets the lab run to a place in the run; it fails where there is no such place.
func (r *rerun) runTo(at time.Duration, step uint64) error {
	for chunk := uint64(sched.TurnChunk); ; {
		if err := r.share.Rest(); err != nil {
			return err
		}
		began := time.Now()
		reached := r.lab.Run(at, min(step, r.lab.Steps()+chunk))
		if r.share.refused {
			return r.share.Rest()
		}
		if reached || r.lab.Steps() >= step {
			break
		}
		if chunk *= 2; time.Since(began) > sched.TurnTime/sched.TurnChunk {
			chunk = sched.TurnChunk
		}
		chunk = min(chunk, sched.TurnSteps)
	}
	if _, events := r.log.Bounds(); r.last.Events > 0 {
		r.back.done.Store(math.Float64bits(min(float64(events)/float64(r.last.Events), 1)))
	}
	if r.lab.Now() != at || r.lab.Steps() != step {
		return fmt.Errorf("it is at %v, step %d, and was at %v, step %d", r.lab.Now(), r.lab.Steps(), at, step)
	}
	return nil
}

// check holds the run to a mark.
func (r *rerun) check(m *Mark) error {
	if err := r.runTo(time.Duration(m.At), m.Step); err != nil {
		return err
	}
	r.marks++
	if _, events := r.log.Bounds(); events != m.Events || r.log.Hash() != m.Hash {
		return fmt.Errorf("at %v, step %d, it has come to %d events with the hash %.8s, and had %d with %.8s: it is not the run that it was; another version of this program may have made it",
			r.lab.Now(), m.Step, events, r.log.Hash(), m.Events, m.Hash)
	}
	return nil
}

// command does a command again. One that failed fails again, and is in the log.
func (r *rerun) command(x Passed) error {
	c := *x.Command
	if err := r.runTo(time.Duration(c.At), c.Step); err != nil {
		return err
	}
	b, err := r.rec.encode(c)
	if err != nil {
		return err
	}
	switch do := c.Command.(type) {
	case vnet.Install:
		if do, err = r.install(c.Name, do); err != nil {
			return err
		}
		r.rec.add(r.dir, c, b)
		_, _ = r.lab.Do(do)
		return nil
	case vnet.Stop:
		pid := r.pid(do.Node, do.Proc)
		r.rec.add(r.dir, c, b)
		if _, err := r.lab.Do(do); err == nil {
			r.stopsSoon(do.Node, do.Proc, pid)
		}
		return nil
	case vnet.OpenDoor:
		r.open[do.Port] = true
		r.doors.played(do.Port)
	case vnet.CloseDoor:
		delete(r.open, do.Port)
		r.doors.played(do.Port)
	}
	r.rec.add(r.dir, c, b)
	_, _ = r.lab.Do(c.Command)
	return nil
}

// install makes the program of an install.
func (r *rerun) install(name string, do vnet.Install) (vnet.Install, error) {
	var err error
	r.share.aside(func() {
		var path string
		var bytes int64
		if do.Program, path, bytes, err = r.opts.Past.Program(r.ctx, name, do.Hash); err != nil {
			err = fmt.Errorf("the program of %s:%s is not there: %w", do.Node, do.Proc, err)
			return
		}
		_ = r.dir.take(bytes) // it is there already, whoever may have how much
		r.rec.has(do.Hash, path, bytes)
		if _, err = r.weigh(do.Node, do.Proc, do.Program); err != nil {
			r.share.refused = true
		}
	})
	return do, err
}

// frames lets frames come in again.
func (r *rerun) frames(x Passed) error {
	if err := r.runTo(time.Duration(x.Frames[0].At), x.Frames[0].Step); err != nil {
		return err
	}
	if _, err := r.rec.enter(r.dir, x.Frames, func() error { return nil }); err != nil {
		return err
	}
	for _, f := range x.Frames {
		r.doors.played(f.Port)
		_, _ = r.lab.Do(vnet.Enter{Port: f.Port, Hex: f.Frame})
	}
	return nil
}
