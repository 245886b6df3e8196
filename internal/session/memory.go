package session

import (
	"context"
	"errors"
	"time"

	"wireloom/internal/recording"
	"wireloom/vnet/memory"
	"wireloom/vnet/sys"
)

// MaxStacks is how many bytes the host keeps for the nested calls of a lab's programs.
// How many they take differs by machine: so it is no limit of the lab's, where a run
// would end differently, and the whole lab is closed instead.
const MaxStacks = recording.MaxStacks

// installWait is how long a program that is uploaded waits for memory.
const installWait = 5 * time.Second

// grant is what the lab asks before it holds more (vnet.Lab.SetGrant): it returns when the
// server has granted that, or closes the lab. While it waits, other labs have its turn.
// The lab's clock stands meanwhile; nothing else tells that it waited.
func (s *Session) grant(ctx context.Context, programs, others int64) bool {
	claim := s.opts.Claim
	if claim.Has(programs, others+s.uploads.bytes) {
		return true
	}
	ok := false
	s.aside(ctx, func() { ok = claim.Grow(ctx, programs, others+s.uploads.bytes) })
	if !ok {
		s.ending, s.outcome, s.unwhole = cause(ctx), Closed, true
	}
	return ok
}

// aside runs what keeps the lab waiting and needs no turn (vnet.Lab.SetAside): others have
// the lab's.
func (s *Session) aside(ctx context.Context, work func()) {
	began := time.Now()
	s.sched.Release()
	defer func() {
		s.sched.Acquire(context.WithoutCancel(ctx), s.line, s.opts.Owner) // nothing ends that
		s.waited += time.Since(began)
	}()
	work()
}

// settleMemory gives back what the lab holds no more, between two turns.
func (s *Session) settleMemory() {
	programs, others := s.lab.Memory()
	s.opts.Claim.Settle(programs, others+s.uploads.bytes)
	if others > memory.MaxKernel+MaxStacks {
		s.ending, s.outcome = errDeep.Error(), Spent
	}
}

// A heavy program tells how many bytes it takes of the process, however many run it.
type heavy interface{ Size() int64 }

// A place is where a program was installed.
type place struct{ node, proc string }

// uploads are the programs that were uploaded to a lab: the last of each place.
type uploads struct {
	at    map[place]heavy
	bytes int64 // that they take, each once
}

// put notes that a program is at a place, or nil that none is.
func (u *uploads) put(at place, prog heavy) {
	if u.at == nil {
		u.at = map[place]heavy{}
	}
	if prog == nil {
		delete(u.at, at)
	} else {
		u.at[at] = prog
	}
	u.bytes = 0
	counted := map[string]bool{}
	for _, h := range u.at {
		if p, ok := h.(sys.Program); ok && !counted[p.ID()] {
			counted[p.ID()] = true
			u.bytes += h.Size()
		}
	}
}

// weigh claims memory for a program that is to be installed; undo is for one that is
// not installed then.
func (s *Session) weigh(node, proc string, prog sys.Program) (undo func(), err error) {
	h, ok := prog.(heavy)
	if !ok {
		return func() {}, nil
	}
	at := place{node, proc}
	before := s.uploads.at[at]
	undo = func() { s.uploads.put(at, before) }
	s.uploads.put(at, h)
	ctx, cancel := context.WithTimeout(context.Background(), installWait)
	defer cancel()
	programs, others := s.lab.Memory()
	if !s.opts.Claim.Grow(ctx, programs, others+s.uploads.bytes) {
		undo()
		return nil, errors.New("the server has no memory for it now: try again in a moment")
	}
	return undo, nil
}
