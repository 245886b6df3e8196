package keeper

import (
	"context"
	"errors"
	"fmt"

	"wireloom/internal/session"
	"wireloom/internal/store"
)

// An ending is why a lab is closed, and what becomes of it then.
type ending struct {
	why   string
	state string
	short bool // there was no memory for it
}

func (e *ending) Error() string { return e.why }

// A Gone says why a lab that there was can't be had any more.
type Gone struct{ State, Why string }

func (g *Gone) Error() string { return g.Why }

// becomes says what becomes of a lab that has ended.
func (k *Keeper) becomes(l *Lab, cause error) (state, why string) {
	why = l.Reason()
	e := (*ending)(nil)
	_ = errors.As(cause, &e)
	switch l.Outcome() {
	case session.Apart, session.Broken:
		if now := k.conf.Session.Version; l.begun != "" && l.begun != now {
			why += fmt.Sprintf("; it was begun by labserver %s, and this is %s", l.begun, now)
		}
		return store.LabQuarantined, why
	case session.Spent:
		return store.LabGone, why
	case session.Idle, session.Short:
		return store.LabParked, ""
	case session.Closed:
	}
	if e == nil {
		return store.LabParked, ""
	}
	if e.short {
		k.mu.Lock()
		k.shorted[l.ID]++
		often := k.shorted[l.ID]
		k.mu.Unlock()
		if snap, _ := l.Snapshot(); often >= maxShort && snap.Viewers > 0 {
			return store.LabGone, fmt.Sprintf("this lab has needed more memory than the server has for it, %d times: start a new one", often)
		}
	}
	if e.state == store.LabParked {
		return store.LabParked, ""
	}
	return e.state, e.why
}

// settle closes a lab's journal and notes what became of it.
func (k *Keeper) settle(l *Lab, cause error) (state, why string) {
	if l.journal == nil {
		return store.LabGone, l.Reason()
	}
	state, why = k.becomes(l, cause)
	if err := l.journal.Close(); err != nil {
		k.stats.failed.Add(1)
		l.log(k.log).Error("a journal did not close in order", "error", err)
	}
	at, _ := l.journal.Parked()
	if state == store.LabQuarantined {
		k.stats.quarantined.Add(1)
		l.log(k.log).Error("a lab is in quarantine", "why", why)
		if err := k.conf.Journals.Quarantine(l.ID, why); err != nil {
			l.log(k.log).Warn("why a lab is in quarantine is not beside its journal", "error", err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), settleTime)
	defer cancel()
	bytes, err := k.conf.Journals.Size(l.ID)
	if err != nil {
		l.log(k.log).Warn("what a lab takes of the disk is not known", "error", err)
	}
	err = k.conf.DB.Write(ctx, func(tx *store.Tx) error {
		return errors.Join(tx.SetLab(l.ID, state, why, at.Step, at.Hash), tx.SizeLab(l.ID, bytes))
	})
	if err != nil {
		l.log(k.log).Error("the database was not told what became of a lab", "state", state, "error", err)
	}
	if state == store.LabGone && l.Ask.kind() == store.LabVisitor {
		if err := k.conf.Journals.Remove(l.ID); err != nil {
			l.log(k.log).Warn("a lab that has ended leaves files", "error", err)
		}
	}
	return state, why
}

// end closes a lab and waits until it is parked, or gone.
func (k *Keeper) end(ctx context.Context, l *Lab, e *ending) error {
	l.close(e)
	select {
	case <-l.gone:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Park parks a lab that lives, whose viewers are told why. It does nothing to one that does not.
func (k *Keeper) Park(ctx context.Context, id, why string) error {
	if l := k.Live(id); l != nil {
		return k.end(ctx, l, &ending{why: why, state: store.LabParked})
	}
	return nil
}

// End ends a lab for good. A visitor's is deleted with that; the journal of a bench stays as
// long as its class's work.
func (k *Keeper) End(ctx context.Context, id, why string) error {
	if l := k.Live(id); l != nil {
		return k.end(ctx, l, &ending{why: why, state: store.LabGone})
	}
	if k.conf.Journals == nil {
		return store.ErrNone
	}
	var row store.LabRow
	err := k.conf.DB.Write(ctx, func(tx *store.Tx) (err error) {
		if row, err = tx.Lab(id); err != nil {
			return err
		}
		return tx.SetLab(id, store.LabGone, why, row.Step, row.Hash)
	})
	if err == nil && row.Kind == store.LabVisitor {
		err = k.conf.Journals.Remove(id)
	}
	return err
}

// Evict parks a stranger's lab, so that there is room: one that nobody watches, if any, and
// that was opened first. It reports false where there is none, or labs are not kept.
func (k *Keeper) Evict() bool {
	if k.conf.Journals == nil {
		return false
	}
	var best *Lab
	watched := func(l *Lab) bool { snap, _ := l.Snapshot(); return snap.Viewers > 0 }
	for _, l := range k.All() {
		_, returning := l.Returning()
		if returning || l.ctx.Err() != nil || !l.Ask.Client.Stranger() || watched(l) {
			continue
		}
		if best == nil || l.Opened.Before(best.Opened) {
			best = l
		}
	}
	if best == nil {
		return false
	}
	best.close(&ending{why: "the server needs room for others; this lab is kept, and goes on when it is opened again", state: store.LabParked})
	return true
}
