package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"

	"wireloom/internal/class"
	"wireloom/internal/classroom"
	"wireloom/internal/host"
	"wireloom/internal/journal"
	"wireloom/internal/keeper"
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
	k, err := keeper.New(ctx, c)
	if err != nil {
		return nil, err
	}
	s.labs.keeper = k
	return k, nil
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
