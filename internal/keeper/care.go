package keeper

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"wireloom/internal/store"
)

// stats are counted as things happen.
type stats struct {
	returned, quarantined, failed atomic.Uint64
	backTime                      atomic.Int64
}

func (s *stats) back(took time.Duration) {
	s.returned.Add(1)
	s.backTime.Add(int64(took))
}

// Stats are the keeper's now.
func (k *Keeper) Stats() Stats {
	s := Stats{
		Back: k.stats.returned.Load(), BackTime: time.Duration(k.stats.backTime.Load()), Quarantined: k.stats.quarantined.Load(), Failed: k.stats.failed.Load(),
	}
	for _, l := range k.All() {
		if _, returning := l.Returning(); returning {
			s.Returning++
		} else {
			s.Live++
		}
	}
	return s
}

// find makes the database and the folder agree on which labs there are, after whatever ended
// the server before. It returns those that lived then, the last used first.
func (k *Keeper) find(ctx context.Context) (was []store.LabRow, err error) {
	ids, err := k.conf.Journals.Labs()
	if err != nil {
		return nil, fmt.Errorf("the folder of labs: %w", err)
	}
	var strays []string
	err = k.conf.DB.Write(ctx, func(tx *store.Tx) (err error) {
		strays = nil
		if was, err = tx.LabsIn(store.LabLive); err != nil {
			return err
		}
		if _, err = tx.ParkAll(); err != nil {
			return err
		}
		for _, id := range ids {
			if _, err := tx.Lab(id); errors.Is(err, store.ErrNone) {
				strays = append(strays, id)
			} else if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, id := range strays {
		if err := k.adopt(ctx, id); err != nil {
			return nil, err
		}
	}
	if len(was) > 0 || len(strays) > 0 {
		k.log.Info("labs of a server that ended without a word", "lived", len(was), "unknown", len(strays))
	}
	return was, nil
}

// adopt takes in a lab that has a journal and that the database does not know: it was being
// opened when the server was killed, or the database is an older one.
func (k *Keeper) adopt(ctx context.Context, id string) error {
	row := store.LabRow{ID: id, Kind: store.LabVisitor, State: store.LabParked, Why: k.conf.Journals.Reason(id)}
	if past, err := k.conf.Journals.Read(id); err != nil {
		row.State, row.Why = store.LabQuarantined, err.Error()
	} else {
		_ = past.Close() // only read
		row.Kind, row.Person, row.Class, row.Lesson, row.Created, row.Version = past.Kind, past.Person, past.Class, past.Lesson, past.Created, past.Source
		if row.Why != "" {
			row.State = store.LabQuarantined
		}
	}
	return k.conf.DB.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.AddLab(row)
		return err
	})
}

// syncAll has the disk take what the journals have, again and again, until ctx ends.
func (k *Keeper) syncAll(ctx context.Context) {
	tick := time.NewTicker(syncEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		var all sync.WaitGroup
		room := make(chan struct{}, syncers)
		for _, l := range k.All() {
			if l.journal == nil || !l.journal.Dirty() {
				continue
			}
			room <- struct{}{}
			all.Go(func() {
				defer func() { <-room }()
				if err := l.journal.Sync(); err != nil {
					k.stats.failed.Add(1)
					l.log(k.log).Error("the disk does not take a lab's journal: no command is done until it does", "error", err)
				}
			})
		}
		all.Wait()
	}
}

// sweepAll deletes what is kept too long, again and again, until ctx ends.
func (k *Keeper) sweepAll(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	k.sweep(ctx)
	close(k.swept)
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			k.sweep(ctx)
		}
	}
}

// sweep is Sweep, and logs what came of it.
func (k *Keeper) sweep(ctx context.Context) {
	if n, freed, err := k.Sweep(ctx); err != nil && ctx.Err() == nil {
		k.log.Error("what is kept too long could not be deleted", "error", err)
	} else if n > 0 || freed > 0 {
		k.log.Info("what was kept long enough is deleted", "labs", n, "bytes", freed)
	}
}

// Sweep deletes visitors' labs that nobody has used for long, or that take too much of the disk
// beside others, benches of classes whose work is not kept any more, and files that no lab has.
// It returns how many labs, and the bytes of files.
func (k *Keeper) Sweep(ctx context.Context) (labs int, freed int64, err error) {
	var old []store.LabRow
	err = k.conf.DB.Read(ctx, func(tx *store.Tx) (err error) {
		if old, err = tx.OldLabs(tx.Now().Add(-k.conf.Keep)); err != nil {
			return err
		}
		rows, err := tx.StrangersLabs()
		left := k.conf.Room
		for i, row := range rows {
			if left -= row.Bytes; left < 0 || i >= maxStrange {
				old = append(old, rows[i:]...)
				break
			}
		}
		return err
	})
	deleted := map[string]bool{}
	for _, row := range old {
		if err != nil {
			break
		}
		if k.Live(row.ID) != nil || deleted[row.ID] {
			continue
		}
		deleted[row.ID] = true
		if err = k.conf.Journals.Remove(row.ID); err == nil {
			err = k.conf.DB.Write(ctx, func(tx *store.Tx) error { return tx.DropLab(row.ID) })
			labs++
		}
	}
	if err != nil {
		return labs, 0, err
	}
	freed, err = k.conf.Journals.Sweep()
	return labs, freed, err
}
