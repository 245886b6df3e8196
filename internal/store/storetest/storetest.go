// Package storetest gives tests their stores, on SQLite and on PostgreSQL.
package storetest

import (
	"os"
	"testing"
	"time"

	"wireloom/internal/store"
)

// Env is the variable that says which database tests have: "sqlite" or "postgres". Without it a
// test of the store itself, by Each, has both, one after the other, and any other has SQLite.
const Env = "WIRELOOM_TEST_DB"

// A kind is a database, to open a fresh store on.
type kind struct {
	name  string
	fresh func(t *testing.T) store.Options
}

var (
	sqlite   = kind{"SQLite", func(t *testing.T) store.Options { return store.Options{Dir: t.TempDir()} }}
	postgres = kind{"PostgreSQL", func(t *testing.T) store.Options { return store.Options{Dir: t.TempDir(), URL: Postgres(t)} }}
)

// kinds are the databases that a value of Env asks for; none if it is no value of it.
func kinds(env string) []kind {
	switch env {
	case "":
		return []kind{sqlite, postgres}
	case "sqlite":
		return []kind{sqlite}
	case "postgres":
		return []kind{postgres}
	}
	return nil
}

// asked are the databases that this run asks for.
func asked(t *testing.T) []kind {
	t.Helper()
	k := kinds(os.Getenv(Env))
	if k == nil {
		t.Fatalf("%s is %q: want sqlite, postgres, or nothing", Env, os.Getenv(Env))
	}
	return k
}

// Fresh are the options of a new store, with a data folder of its own, on the database that Env
// names.
func Fresh(t *testing.T) store.Options {
	t.Helper()
	return asked(t)[0].fresh(t)
}

// Each runs f as a subtest for each kind of database, with a fresh store.
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
	for _, k := range asked(t) {
		t.Run(k.name, func(t *testing.T) { f(t, k.fresh(t)) })
	}
}

// Postgres makes a PostgreSQL database with our tables in it, until the test ends, and
// returns its URL.
func Postgres(t *testing.T) string {
	t.Helper()
	url, drop, err := Database()
	if err != nil {
		t.Fatalf("PostgreSQL: %v", err)
	}
	t.Cleanup(func() {
		if err := drop(); err != nil {
			t.Errorf("PostgreSQL: %v", err)
		}
	})
	return url
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
