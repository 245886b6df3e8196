package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"wireloom/internal/store"
	"wireloom/internal/store/storetest"
)

func TestWall(t *testing.T) {
	now := time.Date(2027, 3, 1, 8, 0, 0, 0, time.UTC)
	storetest.EachAt(t, func() time.Time { return now }, func(t *testing.T, db *store.DB) {
		write(t, db, func(tx *store.Tx) error {
			_, err := tx.AddLab(store.LabRow{ID: "b", Kind: store.LabBench, Person: "p", Class: "c", Lesson: "l", State: store.LabLive})
			return errors.Join(
				tx.AddClass(store.ClassRow{ID: "c", Code: "C", Zone: "UTC", Version: 1}),
				tx.PutVersion(store.VersionRow{Hash: "v", Scenario: "ping", Builtin: true}),
				tx.AddLesson(store.LessonRow{ID: "l", Class: "c", Title: "Pings", VersionHash: "v", Version: 1, Counts: "best"}),
				tx.AddPerson(store.PersonRow{ID: "p", Name: "Ada"}),
				tx.PutMember(store.MemberRow{Class: "c", Person: "p", Role: "student", Name: "Ada", Active: true}), err)
		})
		want := func(what string, got, want any) {
			t.Helper()
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s: got %v, want %v", what, got, want)
			}
		}
		write(t, db, func(tx *store.Tx) error {
			p := store.ProgressRow{Did: "ls", Acted: now, Passed: 1, Checks: 3, Best: 2, Tried: now, Handed: 4}
			errs := []error{tx.PutProgress("b", store.ProgressRow{}), tx.PutProgress("b", p)}
			rows, err := tx.Wall("c")
			errs = append(errs, err)
			want("the wall", rows, []store.WallRow{{Lab: "b", State: store.LabLive, Class: "c", Lesson: "l", Title: "Pings", Person: "p", Name: "Ada", ProgressRow: p}})
			row, err := tx.WallRow("b")
			want("a bench", row.Did, "ls")
			_, missing := tx.WallRow("nothing")
			want("no bench", missing, store.ErrNone)
			lab, err2 := tx.BenchOn("l", "p")
			labs, err3 := tx.BenchesOf("c", "p")
			want("the bench of a lesson", lab, "b")
			want("the benches of a person", labs, []string{"b"})
			return errors.Join(append(errs, err, err2, err3)...)
		})
		write(t, db, func(tx *store.Tx) error { return tx.PutHand(store.HandRow{Lesson: "l", Person: "p", Text: "help"}) })
		raised := now
		now = now.Add(time.Minute)
		write(t, db, func(tx *store.Tx) error {
			err := tx.PutHand(store.HandRow{Lesson: "l", Person: "p", Text: "still"})
			hands, err2 := tx.Hands("c")
			want("hands", hands, []store.HandRow{{Lesson: "l", Person: "p", Text: "still", Raised: raised}})
			mine, err3 := tx.HandsOf("c", "p")
			want("my hands", mine, []string{"l"})
			err4 := tx.DropHand("l", "p")
			hands, err5 := tx.Hands("c")
			want("hands that were taken down", len(hands), 0)
			return errors.Join(err, err2, err3, err4, err5)
		})
		write(t, db, func(tx *store.Tx) error {
			var err error
			for n := range int64(store.MaxNotices + 2) {
				err = errors.Join(err, tx.AddNotice(store.NoticeRow{Class: "c", N: n + 1, Who: "t", Text: "hello", Lesson: []string{"", "l", "other"}[n%3], Program: "blob"}))
			}
			return err
		})
		write(t, db, func(tx *store.Tx) error {
			rows, err := tx.Notices("c", "p", store.MaxNotices-2)
			got := []int64{}
			for _, r := range rows {
				got = append(got, r.N)
			}
			want("what is for all and for whom has a bench", got, "[199 200 202]")
			all, err2 := tx.Notices("c", "p", 0)
			want("how many are kept", all[0].N, 4) // 3 is for the other lesson
			last, err3 := tx.LastNotice("c")
			want("the last", last, store.MaxNotices+2)
			one, err4 := tx.Notice("c", 200)
			want("one", one.Text, "hello")
			blobs, err5 := tx.NoticeBlobs()
			want("blobs", blobs, []string{"blob"})
			return errors.Join(err, err2, err3, err4, err5)
		})
		if err := db.Write(t.Context(), func(tx *store.Tx) error { return tx.AddNotice(store.NoticeRow{Class: "c", N: 200}) }); !errors.Is(err, store.ErrTaken) {
			t.Errorf("a number twice: %v", err)
		}
		write(t, db, func(tx *store.Tx) error {
			_, none := tx.Switch("anonymous")
			want("a switch that nobody turned", none, store.ErrNone)
			err := errors.Join(tx.PutSwitch(store.SwitchRow{Name: "anonymous", On: true}), tx.PutSwitch(store.SwitchRow{Name: "anonymous", Why: "exam", Who: "op"}))
			s, err2 := tx.Switch("anonymous")
			want("a switch", s, store.SwitchRow{Name: "anonymous", Why: "exam", Who: "op", Changed: now})
			return errors.Join(err, err2)
		})
		write(t, db, func(tx *store.Tx) error {
			all, err := tx.LabEntries("", time.Time{}, "", 10)
			if len(all) != 1 {
				t.Fatalf("%d labs", len(all))
			}
			want("a lab", []any{all[0].ID, all[0].Name, all[0].Scenario}, []any{"b", "Ada", "ping"})
			rest, err2 := tx.LabEntries("", all[0].Used, all[0].ID, 10)
			want("behind the last", len(rest), 0)
			counts, err3 := tx.ClassCounts()
			want("classes", counts, []store.ClassCount{{ID: "c", People: 1, Labs: 1}})
			people, err4 := tx.CountPeople()
			want("people", people, 1)
			visitors, err5 := tx.CountVisitors(store.LabLive)
			want("visitors", visitors, 0)
			return errors.Join(err, err2, err3, err4, err5)
		})
		for _, what := range []string{"one", "two", "three"} {
			write(t, db, func(tx *store.Tx) error {
				return tx.Audit(store.AuditRow{Who: "x", Class: "c", What: what, About: "a"})
			})
		}
		write(t, db, func(tx *store.Tx) error {
			first, err := tx.AuditPage(store.AuditFilter{Class: "c", Who: "x", About: "a"}, 2)
			if len(first) != 2 {
				t.Fatalf("%d rows", len(first))
			}
			rest, err2 := tx.AuditPage(store.AuditFilter{Before: first[1].At, BeforeID: first[1].ID}, 10)
			want("the second page", len(rest), 1)
			one, err3 := tx.AuditPage(store.AuditFilter{What: "two"}, 10)
			want("a kind of act", len(one), 1)
			return errors.Join(err, err2, err3)
		})
	})
}
