package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"wireloom/internal/store"
	"wireloom/internal/store/storetest"
)

// filled has rows that refer to each other, and texts that are hard to keep.
func filled(t *testing.T, tx *store.Tx) {
	t.Helper()
	do(t, tx.AddClass(store.ClassRow{ID: "c", Name: "Netze \"1\" <b>\\ \u2028 ü", Code: "C", Created: monday}),
		tx.AddPerson(store.PersonRow{ID: "ada", Name: "Ada", Created: monday}),
		tx.PutMember(store.MemberRow{Class: "c", Person: "ada", Role: "student", Name: "Ada\nLovelace", Active: true}),
		tx.PutVersion(store.VersionRow{Hash: "h"}), tx.AddLesson(store.LessonRow{ID: "l", Class: "c", VersionHash: "h", Due: monday}),
		tx.PutExtension(store.ExtensionRow{Lesson: "l", Who: "ada", Due: monday}))
	for i := range 500 {
		do(t, tx.Audit(store.AuditRow{What: fmt.Sprint("act ", i), Class: "c"}))
	}
}

func TestADumpOfEachDatabaseLoadsIntoEach(t *testing.T) {
	var dumps []string
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		write(t, db, func(tx *store.Tx) error {
			filled(t, tx)
			return nil
		})
		var b bytes.Buffer
		if err := db.Read(t.Context(), func(tx *store.Tx) error {
			n, err := tx.Dump(&b)
			if n != 506 {
				t.Errorf("dumped %d rows", n)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		dumps = append(dumps, b.String())
	})
	for i, dump := range dumps {
		storetest.Each(t, func(t *testing.T, db *store.DB) {
			load := func() (n int64, err error) {
				return n, db.Write(t.Context(), func(tx *store.Tx) (err error) {
					n, err = tx.Load(strings.NewReader(dump))
					return err
				})
			}
			if n, err := load(); n != 506 || err != nil {
				t.Fatalf("dump %d: loaded %d rows, %v", i, n, err)
			}
			if _, err := load(); !errors.Is(err, store.ErrNotEmpty) {
				t.Errorf("loaded twice: %v", err)
			}
			write(t, db, func(tx *store.Tx) error {
				c, err := tx.Class("c")
				if c.Name != "Netze \"1\" <b>\\ \u2028 ü" || !c.Created.Equal(monday) || c.Roster != 1 {
					t.Errorf("loaded %+v", c)
				}
				m, err2 := tx.Member("c", "ada")
				if m.Name != "Ada\nLovelace" || !m.Active {
					t.Errorf("loaded %+v", m)
				}
				return errors.Join(err, err2)
			})
		})
	}
}

func TestLoadRefuses(t *testing.T) {
	const head = `{"format":1,"step":1}` + "\n"
	for _, tc := range []struct{ name, dump, want string }{
		{"nothing", "", "breaks off"},
		{"something else", "hello\n", "line 1 of the dump"},
		{"another format", `{"format":2}` + "\n", "no dump of format 1"},
		{"a newer one", `{"format":1,"step":999999}` + "\n", "of a newer Wireloom"},
		{"one that breaks off", head + `{"table":"people","columns":["id"]}` + "\n[\"a\"]\n", "breaks off"},
		{"rows that are missing", head + `{"rows":3}` + "\n", "3 rows were dumped, and 0 are here"},
		{"more after the end", head + `{"rows":0}` + "\n{}\n", "goes on"},
		{"a table of somebody else", head + `{"table":"goose_db_version","columns":["id"]}` + "\n", "there is no table"},
		{"a statement for a column", head + `{"table":"people","columns":["id) values (1); drop table people; --"]}` + "\n", "has no column"},
		{"no columns", head + `{"table":"people","columns":[]}` + "\n", "has no columns"},
		{"a row before its table", head + "[1]\n", "a row of 1 values"},
		{"a short row", head + `{"table":"people","columns":["id","name"]}` + "\n[\"a\"]\n", "a row of 1 values where the table has 2"},
		{"a value of another kind", head + `{"table":"people","columns":["id"]}` + "\n[null]\n", "a value is <nil>"},
		{"half a number", head + `{"table":"people","columns":["created"]}` + "\n[1.5]\n", "1.5"},
		{"a row of nobody", head + `{"table":"sessions","columns":["token","person"]}` + "\n" + `["t","none"]` + "\n" + `{"rows":1}` + "\n", "oreign"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			db := storetest.Open(t, storetest.Fresh(t))
			err := db.Write(t.Context(), func(tx *store.Tx) error {
				_, err := tx.Load(strings.NewReader(tc.dump))
				return err
			})
			if err == nil || !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(tc.want)) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(`{"format":1,"step":1}` + "\n" + `{"table":"people","columns":["id","created"]}` + "\n" + `["a",1]` + "\n" + `{"rows":1}` + "\n")
	db, err := store.Open(f.Context(), store.Options{Dir: f.TempDir()})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = db.Close() })
	undone := errors.New("undone")
	f.Fuzz(func(t *testing.T, dump string) {
		_ = db.Write(t.Context(), func(tx *store.Tx) error {
			if _, err := tx.Load(strings.NewReader(dump)); err != nil {
				return err
			}
			var again bytes.Buffer
			if _, err := tx.Dump(&again); err != nil {
				t.Errorf("what was loaded cannot be dumped: %v", err)
			}
			return undone
		})
	})
}
