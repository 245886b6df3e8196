package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wireloom/internal/lockfile"
	"wireloom/internal/store"
	"wireloom/internal/store/storetest"
)

// put stores a person under an id, as the tests of transactions do.
func put(tx *store.Tx, id, name string) error {
	_, err := tx.Exec("insert into people (id, name) values ($1, $2)", id, name)
	return err
}

// name reads that person.
func name(tx *store.Tx, id string) (name string, err error) {
	return name, tx.Get([]any{&name}, "select name from people where id = $1", id)
}

func TestOneServerAFolder(t *testing.T) {
	storetest.EachOptions(t, func(t *testing.T, o store.Options) {
		first := storetest.Open(t, o)
		if _, err := store.Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), "another labserver uses it") {
			t.Fatalf("a second server opens the folder: %v", err)
		}
		beside := o
		beside.Beside = true
		second := storetest.Open(t, beside)
		if err := second.Read(t.Context(), func(*store.Tx) error { return nil }); err != nil {
			t.Error(err)
		}
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		storetest.Open(t, o)
	})
}

// Two servers may not have one PostgreSQL, whatever their folders are.
func TestOneServerADatabase(t *testing.T) {
	url := storetest.Postgres(t)
	first := storetest.Open(t, store.Options{Dir: t.TempDir(), URL: url})
	if _, err := store.Open(t.Context(), store.Options{Dir: t.TempDir(), URL: url}); err == nil || !strings.Contains(err.Error(), "another labserver uses it") {
		t.Fatalf("a second server opens the database: %v", err)
	}
	storetest.Open(t, store.Options{Dir: t.TempDir(), URL: url, Beside: true})
	do(t, first.Close())
	storetest.Open(t, store.Options{Dir: t.TempDir(), URL: url})
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	for _, tc := range []struct {
		name string
		o    store.Options
		want string
	}{
		{"another database", store.Options{URL: "mysql://localhost/x"}, "must begin with postgres://"},
		{"a URL with a password that cannot be read", store.Options{URL: "postgres://u:secret@[::1/x"}, "want postgres://user:password@host/database"},
		{"no database yet, beside a server", store.Options{Beside: true}, "there is no database in the data folder"},
		{"nobody listens", store.Options{URL: "postgres://127.0.0.1:1/x"}, "database PostgreSQL"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.o.Dir = t.TempDir()
			_, err := store.Open(t.Context(), tc.o)
			if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

// An older database comes up to date by Open only, and a newer one is left alone.
func TestVersionOfTheDatabase(t *testing.T) {
	storetest.EachOptions(t, func(t *testing.T, o store.Options) {
		db := storetest.Open(t, o)
		write(t, db, func(tx *store.Tx) error {
			_, err := tx.Exec("insert into goose_db_version (version_id, is_applied) values (999999, $1)", true)
			return err
		})
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), "of a newer Wireloom") {
			t.Errorf("a newer one: %v", err)
		}
	})
	o := store.Options{Dir: t.TempDir(), Beside: true}
	if err := os.WriteFile(filepath.Join(o.Dir, "wireloom.db"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), "of an older Wireloom") {
		t.Errorf("an older one: %v", err)
	}
}

func write(t *testing.T, db *store.DB, f func(tx *store.Tx) error) {
	t.Helper()
	if err := db.Write(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

func TestTransactions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		no := errors.New("no")
		if err := db.Write(t.Context(), func(tx *store.Tx) error {
			return errors.Join(put(tx, "undone", "Ada"), no)
		}); !errors.Is(err, no) {
			t.Errorf("an error of the function: got %v, want %v", err, no)
		}
		func() {
			defer func() { _ = recover() }()
			_ = db.Write(t.Context(), func(tx *store.Tx) error {
				_ = put(tx, "undone", "Ada")
				panic("a bug")
			})
		}()
		write(t, db, func(tx *store.Tx) error { return put(tx, "p", "Ada") })
		err := db.Write(t.Context(), func(tx *store.Tx) error {
			if _, err := name(tx, "undone"); !errors.Is(err, store.ErrNone) {
				t.Errorf("what was undone: got %v, want ErrNone", err)
			}
			if got, err := name(tx, "p"); got != "Ada" || err != nil {
				t.Errorf("got %q, %v", got, err)
			}
			if err := put(tx, "q", "Bob"); err != nil {
				t.Error(err)
			}
			if err := put(tx, "p", "Ada"); !errors.Is(err, store.ErrTaken) {
				t.Errorf("a key twice: got %v, want ErrTaken", err)
			}
			if _, err := name(tx, "q"); !errors.Is(err, store.ErrTaken) {
				t.Errorf("a query after a failed one: got %v, want that one's ErrTaken", err)
			}
			return nil
		})
		if !errors.Is(err, store.ErrTaken) {
			t.Errorf("a failed query that nobody looked at: got %v, want ErrTaken", err)
		}
		err = db.Read(t.Context(), func(tx *store.Tx) error {
			if _, err := name(tx, "q"); !errors.Is(err, store.ErrNone) {
				t.Errorf("beside a failed query: got %v, want ErrNone", err)
			}
			return put(tx, "r", "Eve")
		})
		if err == nil {
			t.Error("a reading transaction wrote")
		}
	})
}

func TestAReaderSeesOneInstantAndWaitsForNobody(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		write(t, db, func(tx *store.Tx) error { return put(tx, "p", "Ada") })
		err := db.Read(t.Context(), func(r *store.Tx) error {
			before, err := name(r, "p")
			if err != nil {
				return err
			}
			write(t, db, func(tx *store.Tx) error {
				_, err := tx.Exec("update people set name = 'Eve' where id = 'p'")
				return err
			})
			after, err := name(r, "p")
			if before != after {
				t.Errorf("read %q, then %q", before, after)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// Trap 2: with a busy timeout alone, SQLite lost 350 of these 400.
func TestReadModifyWritesAreAllThere(t *testing.T) {
	const writers, each = 8, 50
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		write(t, db, func(tx *store.Tx) error { return put(tx, "grade", "") })
		var all sync.WaitGroup
		for range writers {
			all.Go(func() {
				for range each {
					err := db.Write(t.Context(), func(tx *store.Tx) error {
						n, err := name(tx, "grade")
						if err != nil {
							return err
						}
						_, err = tx.Exec("update people set name = $1 where id = 'grade'", n+"x")
						return err
					})
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		all.Wait()
		write(t, db, func(tx *store.Tx) error {
			n, err := name(tx, "grade")
			if len(n) != writers*each {
				t.Errorf("%d of %d are there", len(n), writers*each)
			}
			return err
		})
	})
}

// A full disk: what was acknowledged is there, what was not is not, and the sentence says so.
func TestAFullDatabaseLosesNothingAcknowledged(t *testing.T) {
	o := store.Options{Dir: t.TempDir()}
	db := storetest.Open(t, o.WithPages(160))
	var acknowledged []string
	var err error
	for len(acknowledged) < 1000 {
		id := store.NewID()
		if err = db.Write(t.Context(), func(tx *store.Tx) error { return put(tx, id, strings.Repeat("x", 5000)) }); err != nil {
			break
		}
		acknowledged = append(acknowledged, id)
	}
	if !errors.Is(err, store.ErrFull) || !strings.Contains(err.Error(), "nothing of this was stored: make room where "+o.Dir) {
		t.Fatalf("after %d rows: %v", len(acknowledged), err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = storetest.Open(t, o)
	write(t, db, func(tx *store.Tx) error {
		var n int
		for _, id := range acknowledged {
			if _, err := name(tx, id); err != nil {
				t.Errorf("an acknowledged row: %v", err)
			}
		}
		if err := tx.Get([]any{&n}, "select count(*) from people"); err != nil || n != len(acknowledged) {
			t.Errorf("%d rows, %v; want %d", n, err, len(acknowledged))
		}
		return put(tx, "again", "there is room")
	})
}

func TestATransactionsTimeIsInWholeMilliseconds(t *testing.T) {
	now := time.Date(2027, 3, 1, 8, 0, 0, 123_456_789, time.FixedZone("", 3600))
	storetest.EachAt(t, func() time.Time { return now }, func(t *testing.T, db *store.DB) {
		write(t, db, func(tx *store.Tx) error {
			if got, want := tx.Now(), time.Date(2027, 3, 1, 7, 0, 0, 123_000_000, time.UTC); got != want {
				t.Errorf("got %v, want %v", got, want)
			}
			return nil
		})
	})
}

// What PostgreSQL refuses is stored, and looked for, as what can be read.
func TestTextsAreText(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		write(t, db, func(tx *store.Tx) error {
			if _, err := name(tx, "\x00\xff"); !errors.Is(err, store.ErrNone) {
				t.Errorf("an id that is no text: %v", err)
			}
			do(t, put(tx, "p", "a\x00b\xffc"), tx.AddPerson(store.PersonRow{ID: "q", Name: "\x00"}))
			got, err := name(tx, "p")
			p, perr := tx.Person("q")
			if got != "a\ufffdb\ufffdc" || p.Name != "\ufffd" {
				t.Errorf("got %q and %q", got, p.Name)
			}
			return errors.Join(err, perr)
		})
	})
}

// A server waits for who has its folder, as labserver admin does while it makes the tables; not for another server.
func TestAServerWaitsForItsFolder(t *testing.T) {
	for _, c := range []struct {
		name       string
		held, wait time.Duration
		want       error
	}{
		{"who comes late has it", time.Second, 5 * time.Second, nil},
		{"who has it for good keeps it", time.Hour, 5 * time.Second, store.ErrUsed},
		{"who doesn't wait", time.Second, 0, store.ErrUsed},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := store.Options{Dir: t.TempDir(), Wait: c.wait}
			synctest.Test(t, func(t *testing.T) {
				lock := good(lockfile.Folder(o.Dir))(t)
				time.AfterFunc(c.held, func() { _ = lock.Close() }) // of the test
				db, err := store.Open(t.Context(), o)
				wantErr(t, "opened", err, c.want)
				if err == nil {
					do(t, db.Close())
				}
			})
		})
	}
}
