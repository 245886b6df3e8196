//go:build unix

// Package storetest runs a test on each kind of database.
package storetest

import (
	"testing"
	"time"

	"wireloom/internal/store"
)

// Each runs f as two subtests, with a fresh store on SQLite and a fresh one on PostgreSQL.
func Each(t *testing.T, f func(t *testing.T, db *store.DB)) {
	t.Helper()
	EachAt(t, nil, f)
}

// EachAt is Each with a clock; nil is the real one.
func EachAt(t *testing.T, now func() time.Time, f func(t *testing.T, db *store.DB)) {
	t.Helper()
	EachOptions(t, func(t *testing.T, o store.Options) {
		o.Now = now
		f(t, Open(t, o))
	})
}

// EachOptions runs f with the options of a fresh store on each kind of database, for a test
// that opens and closes it itself.
func EachOptions(t *testing.T, f func(t *testing.T, o store.Options)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) { f(t, store.Options{Dir: t.TempDir()}) })
	t.Run("PostgreSQL", func(t *testing.T) { f(t, store.Options{Dir: t.TempDir(), URL: Postgres(t)}) })
}

// Open opens a store until the test ends.
func Open(t *testing.T, o store.Options) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("closing the store: %v", err)
		}
	})
	return db
}
