package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"wireloom/internal/budget"
	"wireloom/internal/sched"
	"wireloom/vnet"
	"wireloom/vnet/memory"
)

// A Share is the turns and the memory of a lab that is no session's: its caller runs it, as
// fast as it goes, beside the sessions of a server, and asks Rest again and again.
type Share struct {
	ctx   context.Context
	sched *sched.Scheduler
	owner sched.Owner
	claim *budget.Claim
	spent func(time.Duration) (why string) // may be nil
	lab   *vnet.Lab
	began time.Time // of the turn

	refused bool // memory, so that the lab has ended in the middle
}

// NewShare fits a lab that has not been started into what the sessions have, and waits for its
// first turn. Of the options it takes Scheduler, Owner, Claim and Spent. It fails if ctx ends first;
// else Done must be called.
func NewShare(ctx context.Context, lab *vnet.Lab, o Options) (*Share, error) {
	x := &Share{ctx: ctx, sched: o.Scheduler, owner: o.Owner, claim: o.Claim, spent: o.Spent, lab: lab}
	lab.SetGrant(x.grant)
	lab.SetAside(x.aside)
	if !x.sched.Turn(ctx, x.owner, false) {
		return nil, context.Cause(ctx)
	}
	x.began = time.Now()
	return x, nil
}

// Rest lets others have their turn, where this one has been long enough. It fails when ctx
// has ended, or the server lacks the memory: what the lab does from then on means nothing.
func (x *Share) Rest() error {
	switch {
	case x.ctx.Err() != nil:
		return context.Cause(x.ctx)
	case x.refused:
		return errors.New("the server has no memory for it now: try again in a moment")
	}
	if time.Since(x.began) < sched.TurnTime {
		return nil
	}
	if x.spent != nil {
		if why := x.spent(time.Since(x.began)); why != "" {
			return spent(why)
		}
	}
	programs, others := x.lab.Memory()
	x.claim.Settle(programs, others)
	if others > memory.MaxKernel+MaxStacks {
		return errDeep
	}
	x.sched.Done()
	if x.sched.Turn(x.ctx, x.owner, true) {
		x.began = time.Now()
		return nil
	}
	x.sched.Acquire(context.WithoutCancel(x.ctx), sched.Hog, x.owner) // for Done to give back
	return context.Cause(x.ctx)
}

// Done gives the last turn back.
func (x *Share) Done() { x.sched.Done() }

// grant is what the lab asks before it holds more (vnet.Lab.SetGrant).
func (x *Share) grant(programs, others int64) (ok bool) {
	if x.claim.Has(programs, others) {
		return true
	}
	x.aside(func() { ok = x.claim.Grow(x.ctx, programs, others) })
	x.refused = !ok
	return ok
}

// aside runs what needs no turn: others have this one (vnet.Lab.SetAside).
func (x *Share) aside(work func()) {
	began := time.Now()
	x.sched.Done()
	defer func() {
		x.sched.Acquire(context.WithoutCancel(x.ctx), sched.Light, x.owner) // nothing ends that
		x.began = x.began.Add(time.Since(began))                            // that was no turn
	}()
	work()
}

// spent is why a lab is to take no more time of the cores.
type spent string

func (s spent) Error() string { return string(s) }

// errDeep is why a lab is ended whose programs' calls nest too deep.
var errDeep = fmt.Errorf("the nested calls of the lab's programs take more than %d MiB of the server's memory", MaxStacks>>20)
