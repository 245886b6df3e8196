package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"

	"wireloom/internal/class"
	"wireloom/internal/classroom"
	"wireloom/internal/host"
	"wireloom/internal/journal"
	"wireloom/internal/keeper"
	"wireloom/internal/privacy"
	"wireloom/internal/product"
	"wireloom/internal/store"
	"wireloom/internal/visitor"
)

// labsFolder is where journals are in the data folder.
const labsFolder = "labs"

// keeper makes what keeps the server's labs. Without a school they are gone when they end.
func (s *school) keeper(ctx context.Context, log *slog.Logger, conf *host.Config, c keeper.Config) (*keeper.Keeper, error) {
	c.Logger = log
	if s == nil {
		return keeper.New(ctx, c)
	}
	dir, err := journal.OpenDir(filepath.Join(conf.Data, labsFolder))
	if err != nil {
		return nil, fmt.Errorf("--data: %w", err)
	}
	c.Journals, c.DB, c.Keep, c.Again = dir, s.db, conf.Keep, product.Relive
	c.Acted = s.wall.Acted
	c.Changed = func(lab, state, _ string) { s.wall.State(lab, state == store.LabLive) }
	k, err := keeper.New(ctx, c)
	if err != nil {
		return nil, err
	}
	s.labs.keeper = k
	s.begin(ctx, log, dir)
	return k, nil
}

// begin begins what goes on beside requests until the school closes: what is kept only for a while
// is taken away, and scores go out.
func (s *school) begin(ctx context.Context, log *slog.Logger, dir *journal.Dir) {
	ctx, stop := context.WithCancel(ctx)
	j := &privacy.Janitor{DB: s.db, Log: log, Forget: func(lab string) error {
		k := s.labs.keeper
		if k.Live(lab) == nil && !dir.Has(lab) {
			return nil
		}
		if err := k.End(ctx, lab, store.Erased); err != nil {
			return err
		}
		return dir.Remove(lab)
	}}
	var running sync.WaitGroup
	running.Go(func() { j.Run(ctx) })
	running.Go(func() { s.outbox.Run(ctx) })
	running.Go(func() { s.wall.Run(ctx) })
	s.end = func() { stop(); running.Wait() }
}

// scenarios are those of classes; nil for none.
func (s *school) scenarios() *class.Shelf {
	if s == nil {
		return nil
	}
	return s.shelf
}

// benches are students' labs, as lessons open them.
type benches struct{ keeper *keeper.Keeper }

// Current is classroom.Benches'.
func (b *benches) Current(tx *store.Tx, lesson, person string) (string, error) {
	row, err := tx.BenchOf(lesson, person)
	if errors.Is(err, store.ErrNone) {
		return "", nil
	}
	return row.ID, err
}

// Open is classroom.Benches'.
func (b *benches) Open(ctx context.Context, x classroom.Bench) (string, error) {
	l, err := b.keeper.Open(ctx, keeper.Ask{
		Version: x.Version, Person: x.Person, Class: x.Class, Lesson: x.Lesson,
		Client: visitor.Client{Person: x.Person, Class: x.Class, Address: x.Client},
	})
	if err != nil {
		return "", err
	}
	return l.ID, nil
}
