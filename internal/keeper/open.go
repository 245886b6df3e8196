package keeper

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"wireloom/internal/budget"
	"wireloom/internal/door"
	"wireloom/internal/journal"
	"wireloom/internal/session"
	"wireloom/internal/store"
	"wireloom/internal/visitor"
	"wireloom/vnet"
)

// enter takes a place and memory for a lab that client is to have.
func (k *Keeper) enter(ctx context.Context, client visitor.Client) (p Place, c *budget.Claim, err error) {
	k.mu.Lock()
	closed := k.closed
	k.mu.Unlock()
	if closed {
		return p, nil, errStopping()
	}
	if p, err = k.places(client); err != nil {
		return p, nil, err
	}
	if c, err = k.conf.Budget.Open(ctx, p.Owner.Name); err != nil {
		p.Leave()
		why := visitor.Busy(visitor.KindMemory, retrySoon, "%v", err)
		if p.Short != nil {
			why = p.Short(why)
		}
		return p, nil, why
	}
	return p, c, nil
}

// Open opens a new lab. A bench is then the one that its person has in the lesson; the former
// one is parked.
func (k *Keeper) Open(ctx context.Context, ask Ask) (*Lab, error) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	place, claim, err := k.enter(ctx, ask.Client)
	if err != nil {
		return nil, err
	}
	l, err := k.open(ctx, ask, place, claim)
	if err != nil {
		claim.Release()
		place.Leave()
	}
	return l, err
}

func (k *Keeper) open(ctx context.Context, ask Ask, place Place, claim *budget.Claim) (*Lab, error) {
	if err := k.openers.Enter(ctx, place.Owner.Name); err != nil {
		return nil, visitor.Busy(visitor.KindBusy, retrySoon, "the server is too busy: try again in a moment")
	}
	defer k.openers.Leave(place.Owner.Name)
	b, err := k.conf.Build(ctx, ask)
	if err != nil {
		return nil, err
	}
	l := k.lab(rand.Text(), ask, place) // 130 bits
	o := k.options(l, claim)
	if k.conf.Journals != nil {
		about := journal.About{
			ID: l.ID, Version: o.Version, Kind: ask.kind(), Person: ask.Person, Class: ask.Class, Lesson: ask.Lesson, Source: ask.Version, Empty: ask.Empty,
			Created: l.Opened.UTC().Truncate(time.Millisecond),
		}
		if l.journal, err = k.conf.Journals.Create(about, b.Setup, b.Lab.Config(), b.Modules); err != nil {
			k.stats.failed.Add(1)
			k.log.Error("a lab's journal cannot be made", "error", err)
			b.Lab.Close()
			return nil, visitor.Busy(visitor.KindStorage, retrySoon, "the disk of this server takes no more labs: try again later, or tell who runs it")
		}
		o.Journal = l.journal
	}
	if l.Session, err = session.New(b.Lab, b.Setup, o); err == nil {
		err = k.add(ctx, l)
	}
	if err == nil {
		err = k.run(l, claim)
	}
	if err != nil {
		b.Lab.Close()
		k.forget(l)
		return nil, err
	}
	l.log(k.log).Info("lab opened", "scenario", b.Setup.Scenario, "client", ask.Client.Key(), "seed", b.Setup.Seed)
	return l, nil
}

// lab is one that is about to live.
func (k *Keeper) lab(id string, ask Ask, place Place) *Lab {
	l := &Lab{
		ID: id, Ask: ask, Opened: time.Now(), place: place, gone: make(chan struct{}),
		Uploading: make(chan struct{}, 1), Checking: make(chan struct{}, 1),
	}
	l.ctx, l.close = context.WithCancelCause(k.base)
	return l
}

func (l *Lab) log(lg *slog.Logger) *slog.Logger { return lg.With("lab", l.ID[:8]) }

func (k *Keeper) options(l *Lab, claim *budget.Claim) session.Options {
	o := k.conf.Session
	o.Logger, o.Owner, o.Room, o.Spent, o.Claim = l.log(k.log), l.place.Owner, l.place.Room, l.place.Spent, claim
	if k.conf.Acted != nil && l.Ask.Lesson != "" {
		o.Acted = func(c vnet.Command) { k.conf.Acted(l.ID, c) }
	}
	return o
}

// add tells the database of a new lab, and has the benches parked that were its person's
// before.
func (k *Keeper) add(ctx context.Context, l *Lab) error {
	if l.journal == nil {
		return nil
	}
	var former []string
	err := k.conf.DB.Write(ctx, func(tx *store.Tx) (err error) {
		former, err = tx.AddLab(store.LabRow{
			ID: l.ID, Kind: l.Ask.kind(), Person: l.Ask.Person, Class: l.Ask.Class, Lesson: l.Ask.Lesson, State: store.LabLive, Created: l.Opened, Version: l.Ask.Version,
		})
		return err
	})
	for _, id := range former {
		if x := k.Live(id); x != nil {
			x.close(&ending{why: "its person has started over in another lab", state: store.LabParked})
		}
	}
	return err
}

// forget undoes what a lab that could not be opened has left.
func (k *Keeper) forget(l *Lab) {
	l.close(nil)
	if l.journal == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), settleTime)
	defer cancel()
	err := k.conf.DB.Write(ctx, func(tx *store.Tx) error {
		if err := tx.DropLab(l.ID); !errors.Is(err, store.ErrNone) {
			return err
		}
		return nil
	})
	if err = errors.Join(err, l.journal.Close(), k.conf.Journals.Remove(l.ID)); err != nil {
		k.log.Warn("something of a lab that was not opened is left", "lab", l.ID[:8], "error", err)
	}
}

// run lets a lab live until it ends.
func (k *Keeper) run(l *Lab, claim *budget.Claim) error {
	l.Doors = door.New(l.Session, k.conf.Doors, strings.ToLower(l.ID[:8]), l.log(k.log))
	k.mu.Lock()
	if k.closed {
		k.mu.Unlock()
		return errStopping()
	}
	k.labs[l.ID] = l
	k.running.Add(1)
	k.mu.Unlock()
	if l.Ask.Client.Stranger() {
		claim.Guest()
	}
	claim.Closer(func(why error) {
		e := &ending{why: why.Error(), state: store.LabParked, short: true}
		if l.journal != nil {
			e.why += "; it is kept, and goes on when it is opened again"
		}
		l.close(e)
	})
	go func() {
		defer k.running.Done()
		k.live(l)
	}()
	return nil
}

func (k *Keeper) live(l *Lab) {
	var doors sync.WaitGroup
	doors.Go(func() { l.Doors.Run(l.ctx) })
	if _, returning := l.Returning(); returning {
		leave := k.line.enter(l)
		began := time.Now()
		doors.Go(func() {
			<-l.Returned()
			leave()
			k.stats.back(time.Since(began))
		})
	}
	l.Run(l.ctx)
	cause := context.Cause(l.ctx)
	l.close(nil)
	doors.Wait()
	state, why := k.settle(l, cause)
	k.mu.Lock()
	delete(k.labs, l.ID)
	k.mu.Unlock()
	l.place.Leave()
	close(l.gone)
	snap, _ := l.Snapshot()
	l.log(k.log).Info("lab closed", "why", l.Reason(), "state", state, "lasted", time.Since(l.Opened).Round(time.Second), "steps", snap.Steps)
	if k.conf.Changed != nil {
		k.conf.Changed(l.ID, state, why)
	}
}
