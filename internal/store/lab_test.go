package store_test

import (
	"errors"
	"testing"
	"time"

	"wireloom/internal/store"
	"wireloom/internal/store/storetest"
)

func TestLabsAreFoundByWhoseTheyAre(t *testing.T) {
	now := time.UnixMilli(1_800_000_000_000).UTC()
	storetest.EachAt(t, func() time.Time { return now }, func(t *testing.T, db *store.DB) {
		write := func(f func(tx *store.Tx) error) {
			t.Helper()
			if err := db.Write(t.Context(), f); err != nil {
				t.Fatal(err)
			}
		}
		add := func(l store.LabRow) (former []string) {
			t.Helper()
			write(func(tx *store.Tx) (err error) { former, err = tx.AddLab(l); return err })
			return former
		}
		bench := store.LabRow{ID: "b1", Kind: store.LabBench, Person: "p", Class: "c", Lesson: "l", State: store.LabLive, Version: "v"}
		if former := add(bench); len(former) != 0 {
			t.Errorf("before the first bench there was %q", former)
		}
		bench.ID = "b2"
		if former := add(bench); len(former) != 1 || former[0] != "b1" {
			t.Errorf("before the second bench there was %q", former)
		}
		add(store.LabRow{ID: "v1", Kind: store.LabVisitor, State: store.LabLive})
		write(func(tx *store.Tx) error {
			b, err := tx.BenchOf("l", "p")
			if err != nil || b.ID != "b2" || !b.Current || !b.Created.Equal(now) || b.Version != "v" {
				t.Errorf("the bench is %+v, %v", b, err)
			}
			if _, err := tx.BenchOf("l", "q"); !errors.Is(err, store.ErrNone) {
				t.Errorf("a bench of nobody: %v", err)
			}
			old, err := tx.Lab("b1")
			if err != nil || old.Current {
				t.Errorf("the former bench: %+v, %v", old, err)
			}
			all, err := tx.BenchesIn("c")
			if err != nil || len(all) != 1 {
				t.Errorf("benches of the class: %+v, %v", all, err)
			}
			return tx.SetLab("b2", store.LabQuarantined, "It is broken.", 7, "h")
		})
		write(func(tx *store.Tx) error {
			if n, err := tx.ParkAll(); n != 2 || err != nil {
				t.Errorf("%d labs were live, %v", n, err)
			}
			if n, err := tx.CountLabs(store.LabParked); n != 2 || err != nil {
				t.Errorf("%d labs are parked, %v", n, err)
			}
			q, err := tx.LabsIn(store.LabQuarantined)
			if err != nil || len(q) != 1 || q[0].Why != "It is broken." || q[0].Step != 7 || q[0].Hash != "h" {
				t.Errorf("in quarantine: %+v, %v", q, err)
			}
			if err := tx.SetLab("nobody", store.LabGone, "", 0, ""); !errors.Is(err, store.ErrNone) {
				t.Errorf("what becomes of nobody: %v", err)
			}
			return nil
		})
		write(func(tx *store.Tx) error {
			return tx.AddClass(store.ClassRow{ID: "c", Name: "C", Code: "CODE", Zone: "UTC", Retention: now.Add(time.Hour)})
		})
		old := func() (ids []string) {
			write(func(tx *store.Tx) error {
				rows, err := tx.OldLabs(now.Add(-24 * time.Hour))
				ids = nil
				for _, r := range rows {
					ids = append(ids, r.ID)
				}
				return err
			})
			return ids
		}
		if ids := old(); len(ids) != 0 {
			t.Errorf("old are %q", ids)
		}
		now = now.Add(25 * time.Hour)
		if ids := old(); len(ids) != 3 {
			t.Errorf("a day later old are %q, want the visitor's and the benches of the class", ids)
		}
		write(func(tx *store.Tx) error {
			if err := tx.SizeLab("v1", 1000); err != nil {
				return err
			}
			if rows, err := tx.StrangersLabs(); err != nil || len(rows) != 1 || rows[0].ID != "v1" || rows[0].Bytes != 1000 {
				t.Errorf("strangers' labs: %+v, %v", rows, err)
			}
			return tx.DropLab("v1")
		})
		if ids := old(); len(ids) != 2 {
			t.Errorf("then old are %q", ids)
		}
	})
}
