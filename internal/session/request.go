package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"wireloom/internal/recording"
	"wireloom/vnet"
	"wireloom/vnet/sys"
)

// ask runs f on the session's goroutine, between two turns of the lab, and waits
// until it has. It fails if the lab closes or ctx ends first.
func (s *Session) ask(ctx context.Context, f func() error) error {
	_, err := query(ctx, s, func() (struct{}, error) { return struct{}{}, f() })
	return err
}

// Whose turn it is to say what becomes of a request.
const (
	requestWaits = iota
	requestRuns
	requestDropped
)

// query is ask for what has a result. A request whose caller has given up is not
// done any more; one that has begun is waited for.
func query[T any](ctx context.Context, s *Session, f func() (T, error)) (T, error) {
	type answer struct {
		v   T
		err error
	}
	var zero T
	var state atomic.Int32
	reply := make(chan answer, 1)
	request := func() {
		if !state.CompareAndSwap(requestWaits, requestRuns) {
			return
		}
		v, err := f()
		reply <- answer{v, err}
	}
	gone := ctx.Done()
	select {
	case s.requests <- request:
	case <-s.done:
		return zero, ErrClosed
	case <-gone:
		return zero, s.late(ctx)
	}
	for {
		select {
		case a := <-reply:
			return a.v, a.err
		case <-s.done:
			select {
			case a := <-reply:
				return a.v, a.err
			default:
				return zero, ErrClosed
			}
		case <-gone:
			if state.CompareAndSwap(requestWaits, requestDropped) {
				return zero, s.late(ctx)
			}
			gone = nil
		}
	}
}

// late is why a request was not answered before its caller gave up.
func (s *Session) late(ctx context.Context) error {
	if done, returning := s.Returning(); returning {
		return fmt.Errorf("%w: %.0f %% of it has been run again", ErrReturning, 100*done)
	}
	return fmt.Errorf("the lab is too busy to answer: %w", ctx.Err())
}

// Attach adds a viewer; detach takes it away again and may be called once.
func (s *Session) Attach(ctx context.Context) (detach func(), err error) {
	err = s.ask(ctx, func() error {
		if s.viewers >= s.opts.Viewers {
			return ErrViewers
		}
		s.settle(time.Now())
		s.viewers++
		s.opts.Claim.Watched(s.viewers)
		s.settle(time.Now())
		s.dirty = true
		return nil
	})
	if err != nil {
		return nil, err
	}
	return func() {
		_ = s.ask(context.Background(), func() error { // only fails where there is nothing to take away from
			s.settle(time.Now())
			s.viewers--
			s.opts.Claim.Watched(s.viewers)
			s.settle(time.Now())
			s.alone = time.Now()
			s.dirty = true
			return nil
		})
	}, nil
}

// settle makes the virtual time that the lab is at belong to now, where the pace is
// about to change or has changed. What is due and has not happened stays due.
func (s *Session) settle(now time.Time) {
	at := s.lab.Now()
	if p, tied := s.tied(); tied && !p.base.IsZero() {
		if t := p.target(now); t > at {
			at = t
		}
	}
	s.pace.rebase(now, at)
}

// Pause stops the lab's clock.
func (s *Session) Pause(ctx context.Context) error {
	return s.ask(ctx, func() error {
		if s.pace.paused {
			return nil
		}
		s.catchUp()
		s.pace.paused, s.dirty = true, true
		s.mark(false)
		return nil
	})
}

// catchUp lets the clock of a lab in which nothing is due stand where it should.
func (s *Session) catchUp() {
	if p, tied := s.tied(); tied && !s.ended {
		t := min(p.target(time.Now()), MaxTime)
		if at, due := s.due(); !due || at > t {
			s.lab.Run(t, s.lab.Steps())
		}
	}
}

// Resume lets the clock go on.
func (s *Session) Resume(ctx context.Context) error {
	return s.ask(ctx, func() error {
		if !s.pace.paused {
			return nil
		}
		s.pace.paused, s.dirty = false, true
		s.pace.rebase(time.Now(), s.lab.Now())
		s.mark(false)
		return nil
	})
}

// SetRate sets how many virtual seconds pass in a real one: RealTime, TenTimes or
// AsFast.
func (s *Session) SetRate(ctx context.Context, rate int) error {
	if rate != AsFast && rate != RealTime && rate != TenTimes {
		return fmt.Errorf("the rate %d is not one: it is 1, 10, or 0 for as fast as it goes", rate)
	}
	return s.ask(ctx, func() error {
		if len(s.doors.open) > 0 && rate != RealTime {
			return errors.New("a peer is at a door of this lab, and has real time: so has the lab until the door is closed")
		}
		s.catchUp()
		s.settle(time.Now())
		s.pace.rate, s.dirty = rate, true
		s.mark(false)
		return nil
	})
}

// Step stops the lab's clock, if it runs, and lets the loop take exactly one step.
func (s *Session) Step(ctx context.Context) error {
	return s.ask(ctx, func() error {
		if !s.pace.paused {
			s.catchUp()
			s.pace.paused, s.dirty = true, true
		}
		if s.ended {
			return errors.New(s.why)
		}
		at, ok := s.lab.Next()
		if next, any := s.doors.next(); any && (!ok || next <= at) && next <= MaxTime {
			s.lab.Run(max(next, s.lab.Now()), s.lab.Steps())
			s.play()
			s.dirty = true
			s.mark(false)
			return nil
		}
		if !ok {
			return errors.New("nothing will ever happen in this lab: start a program, then step")
		}
		if at > MaxTime {
			return fmt.Errorf("this lab's %s of virtual time are over: start a new one", MaxTime)
		}
		select {
		case <-s.inLine().Granted():
			s.place = nil
		case <-ctx.Done():
			return errors.New("the server is too busy to take a step: try again")
		}
		defer s.sched.Release()
		s.lab.Run(at, s.lab.Steps()+1)
		s.dirty = true
		s.over()
		if s.ending == "" {
			s.mark(false)
		}
		return nil
	})
}

// Do carries out a command, but for an install: a program is uploaded. It returns what
// it made.
func (s *Session) Do(ctx context.Context, c vnet.Command) (vnet.Reply, error) {
	if _, upload := c.(vnet.Install); upload {
		return vnet.Reply{}, errors.New("a program is installed by uploading it")
	}
	return query(ctx, s, func() (vnet.Reply, error) {
		s.catchUp()
		return s.do(c)
	})
}

// do carries out a command, on the session's goroutine, and records it.
func (s *Session) do(c vnet.Command) (vnet.Reply, error) {
	r := recording.Recorded{At: int64(s.lab.Now()), Step: s.lab.Steps(), Command: c}
	if x, ok := c.(vnet.Install); ok && x.Program != nil {
		r.Name = x.Program.Name()
	}
	b, err := s.rec.encode(r)
	if err == nil {
		err = s.keep(func(j Journal) error { return j.Command(r) })
	}
	if err != nil {
		return vnet.Reply{}, err
	}
	s.rec.add(s.dir, r, b)
	s.dirty = true
	if s.opts.Acted != nil {
		s.opts.Acted(c)
	}
	return s.lab.Do(c)
}

// Try does what a button does, by its number from 1, all of it at one instant. It returns
// the node and the name of the process that runs in front then, of the last line that it
// gives a prompt; "" where there is none.
func (s *Session) Try(ctx context.Context, n uint64) (node, proc string, err error) {
	if n < 1 || n > uint64(len(s.setup.Tries)) {
		return "", "", fmt.Errorf("this lab has no try %d: it has %d", n, len(s.setup.Tries))
	}
	err = s.ask(ctx, func() (err error) {
		s.catchUp()
		node, proc, err = s.try(s.setup.Tries[n-1])
		return err
	})
	return node, proc, err
}

// try is Try on the session's goroutine.
func (s *Session) try(t Try) (node, proc string, err error) {
	for _, c := range t.Commands {
		r, err := s.do(c)
		if err != nil {
			return node, proc, err
		}
		if x, line := c.(vnet.Exec); line {
			node, proc = x.Node, r.Proc
		}
	}
	return node, proc, nil
}

// Exec runs a command line at a node's prompt and returns the name of the process.
func (s *Session) Exec(ctx context.Context, node, line string) (string, error) {
	if strings.TrimSpace(line) == "" {
		return "", errors.New("the command line is empty")
	}
	r, err := s.Do(ctx, vnet.Exec{Node: node, Line: line})
	return r.Proc, err
}

// MACs returns the first addresses that a switch knows in a VLAN, below 0 in all, and how
// many there are.
func (s *Session) MACs(ctx context.Context, name string, vlan, limit int) (first []vnet.MACEntry, total int, err error) {
	err = s.ask(ctx, func() error {
		all := s.lab.MACs(name)
		if all == nil {
			return fmt.Errorf("there is no switch %.80q in this lab", name)
		}
		for _, e := range all {
			if vlan >= 0 && int(e.VLAN) != vlan {
				continue
			}
			if total++; total <= limit {
				first = append(first, e)
			}
		}
		return nil
	})
	return first, total, err
}

// Stop asks a process to end (SIGTERM), and kills it if it still runs after
// stopGrace of virtual time.
func (s *Session) Stop(ctx context.Context, node, proc string) error {
	return s.ask(ctx, func() error {
		s.catchUp()
		pid := s.pid(node, proc)
		if _, err := s.do(vnet.Stop{Node: node, Proc: proc}); err != nil {
			return err
		}
		s.stopsSoon(node, proc, pid)
		return nil
	})
}

// stopsSoon notes that a process has been told to end, which is killed where it does not.
func (s *Session) stopsSoon(node, proc string, pid int) {
	if pid == 0 || slices.ContainsFunc(s.stopping, func(x stopping) bool { return x.node == node && x.proc == proc && x.pid == pid }) {
		return
	}
	s.stopping = append(s.stopping, stopping{node: node, proc: proc, pid: pid, at: s.lab.Now() + stopGrace})
}

// pid is the id of the process that runs under a name, 0 if none does.
func (s *Session) pid(node, proc string) int {
	for _, p := range s.lab.Status().Procs {
		if p.Node == node && p.Name == proc && p.State != "exited" && p.State != "stopped" {
			return p.PID
		}
	}
	return 0
}

// Install puts a program into a slot; what runs there goes on with the old one.
// bytes are the program's, whose SHA-256 is its ID; the recording keeps them.
func (s *Session) Install(ctx context.Context, node, proc string, prog sys.Program, bytes []byte) error {
	if err := s.Replaceable(node, proc); err != nil {
		return err
	}
	return s.ask(ctx, func() error {
		s.catchUp()
		undo, err := s.weigh(node, proc, prog)
		if err != nil {
			return err
		}
		if err = s.rec.keep(s.dir, s.opts.Journal, prog.ID(), bytes, s.opts.Programs); err == nil {
			_, err = s.do(vnet.Install{Node: node, Proc: proc, Hash: prog.ID(), Program: prog})
		}
		if err != nil {
			undo()
		}
		return err
	})
}

// Replaceable reports why there is no slot of that name whose program may be
// replaced; nil if there is one.
func (s *Session) Replaceable(node, proc string) error {
	var slots []string
	for _, n := range s.conf.Nodes {
		for _, p := range n.Programs {
			if !p.Slot {
				continue
			}
			if n.Name == node && p.Name == proc {
				return nil
			}
			slots = append(slots, n.Name+":"+p.Name)
		}
	}
	if len(slots) == 0 {
		return errors.New("this lab has no program that may be replaced")
	}
	return fmt.Errorf("%.80q is not a program that may be replaced; this lab has %s", node+":"+proc, strings.Join(slots, ", "))
}
