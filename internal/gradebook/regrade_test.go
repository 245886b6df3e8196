package gradebook

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"wireloom/internal/gradebook/mark"
	"wireloom/internal/gradebook/sheet"
	wire "wireloom/internal/protocol/class"
	"wireloom/internal/report"
	"wireloom/internal/store"
)

// mark says something of ada, from a version that was seen.
func (w *world) mark(m store.MarkRow) error {
	m.Lesson, m.Person, m.Author = "l", "ada", "tom"
	return w.db.Write(w.Context(), func(tx *store.Tx) error {
		_, err := w.b.Mark(tx, m)
		return err
	})
}

// What a teacher says stays, whatever is graded after.
func TestNothingAutomaticTouchesAMark(t *testing.T) {
	each(t, func(w *world) {
		w.handIn("ada", "x")
		w.grade()
		if err := w.mark(store.MarkRow{Points: int64(mark.Whole(8)) + 500, Comment: "well"}); err != nil {
			t.Fatal(err)
		}
		w.told("ada gone", "ada graded 8.5")
		w.points = func(task) (int64, bool) { return 10, true }
		w.handIn("ada", "better")
		w.at(time.Hour)
		if err := w.b.grader.sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.grade()
		w.has("ada", "8.5")
		row, err := w.b.Row(t.Context(), "l", "ada")
		if err != nil || row.Auto == nil || *row.Auto != 10 || *row.Final != 8.5 || row.Mark.Comment != "well" || row.Mark.By != "tom" || row.Handins != 2 {
			t.Errorf("%+v, %v", row, err)
		}
		if err := w.mark(store.MarkRow{Version: 1, Points: -1, Excused: true}); err != nil {
			t.Fatal(err)
		}
		w.has("ada", "excused")
		if err := w.mark(store.MarkRow{Version: 2, Points: -1}); err != nil {
			t.Fatal(err)
		}
		w.has("ada", "10")
	})
}

// Points by hand are of what the lesson is worth, whether nothing was handed in, or only the
// visible checks have been made: by another maximum a platform would scale them.
func TestPointsByHandAreOfTheWholeLesson(t *testing.T) {
	each(t, func(w *world) {
		if err := w.mark(store.MarkRow{Points: int64(mark.Whole(8))}); err != nil {
			t.Fatal(err)
		}
		w.told("ada graded 8")
		if w.max != mark.Whole(10) {
			t.Errorf("without a hand-in: of %s", w.max)
		}
		w.b.grader.run = func(context.Context, *worker, task) outcome {
			return outcome{report: &report.Document{}, grading: store.GradingRow{Points: 4000, Most: 4000, Hidden: true}}
		}
		w.handIn("ada", "x")
		w.grade()
		if w.max != mark.Whole(10) {
			t.Errorf("before the due date: of %s", w.max)
		}
		s, err := w.b.Sheet(t.Context(), "l", "")
		if err != nil || s.Lines[0].Grade.Max != mark.Whole(10) {
			t.Errorf("in a sheet: %+v, %v", s.Lines[0].Grade, err)
		}
	})
}

// Of assistants who say something at once each is told what was said before.
func TestTwoAssistantsAtOnce(t *testing.T) {
	each(t, func(w *world) {
		var wg sync.WaitGroup
		errs := make([]error, 7)
		for i := range errs {
			wg.Go(func() { errs[i] = w.mark(store.MarkRow{Points: int64(mark.Whole(i)), Comment: fmt.Sprint(i)}) })
		}
		wg.Wait()
		good := 0
		for _, err := range errs {
			if err == nil {
				good++
			} else if !errors.Is(err, store.ErrStale) {
				t.Error(err)
			}
		}
		if good != 1 {
			t.Errorf("%d of them were first", good)
		}
	})
}

func TestAPinIsOneOfTheStudents(t *testing.T) {
	each(t, func(w *world) {
		first, bobs := w.handIn("ada", "x"), w.handIn("bob", "x")
		w.points = func(task) (int64, bool) { return 9, true }
		w.handIn("ada", "y")
		w.grade()
		for _, pin := range []string{bobs.Handin, "nothing"} {
			if err := w.mark(store.MarkRow{Points: -1, Pin: pin}); !is(err, Unfit) {
				t.Errorf("pinned %s: %v", pin, err)
			}
		}
		if err := w.mark(store.MarkRow{Points: -1, Comment: strings.Repeat("x", maxComment+1)}); !is(err, Unfit) {
			t.Errorf("a comment without end: %v", err)
		}
		if err := w.mark(store.MarkRow{Points: -1, Pin: first.Handin}); err != nil {
			t.Fatal(err)
		}
		list, err := w.b.Handins(t.Context(), "l", "ada", false)
		if err != nil || len(list.Handins) != 2 || list.Handins[0].Counts || !list.Handins[1].Counts || !list.Handins[1].Pinned {
			t.Errorf("%+v, %v", list, err)
		}
	})
}

func (w *world) regrade() (id string, err error) {
	err = w.db.Write(w.Context(), func(tx *store.Tx) (err error) {
		id, err = w.b.Regrade(tx, "l", "tom", "the check of step 2 was wrong")
		return err
	})
	return id, err
}

func (w *world) apply(id string) error {
	return w.db.Write(w.Context(), func(tx *store.Tx) error { return w.b.Apply(tx, id, "tom") })
}

// A regrade changes nobody's points before it is applied, goes on where a server died, and
// then changes all of them at once.
func TestRegrade(t *testing.T) {
	each(t, func(w *world) {
		w.handIn("ada", "x")
		w.handIn("bob", "x")
		w.handIn("bob", "y")
		w.at(time.Hour)
		if err := w.b.grader.sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.grade()
		w.told("ada graded 5", "bob graded 5") // bob's when both of his are graded
		w.grader = "v2"                        // the server is upgraded
		w.points = func(t task) (int64, bool) { return 7, t.handin.Person == "ada" }
		w.open()
		if _, err := w.b.Regraded(t.Context(), "nothing"); !errors.Is(err, store.ErrNone) {
			t.Error(err)
		}
		id, err := w.regrade()
		if err != nil {
			t.Fatal(err)
		}
		w.b.grader.step = func(step) error { return errDied }
		if _, err := w.b.grader.one(nil); !errors.Is(err, errDied) {
			t.Fatal(err)
		}
		w.open()
		if err := w.apply(id); !is(err, Clash) {
			t.Errorf("applied before it is ready: %v", err)
		}
		begun, err := w.b.Regraded(t.Context(), id)
		if err != nil || begun.State != wire.Regrading || begun.Of != 6 || begun.By != "tom" || begun.Reason == "" {
			t.Errorf("%+v, %v", begun, err)
		}
		w.at(2 * time.Hour)
		w.grade()
		w.has("ada", "5")
		w.told()
		ready, err := w.b.Regraded(t.Context(), id)
		if err != nil || ready.State != wire.RegradeReady || ready.Graded != 6 || len(ready.Changes) != 1 || ready.Changes[0].Name != "ada" || *ready.Changes[0].From != 5 || *ready.Changes[0].To != 7 {
			t.Errorf("%+v, %v", ready, err)
		}
		if err := w.apply(id); err != nil {
			t.Fatal(err)
		}
		w.has("ada", "7")
		w.has("bob", "5") // what failed changes nothing
		w.told("ada graded 7", "bob graded 5")
		if err := w.apply(id); !is(err, Clash) {
			t.Errorf("applied twice: %v", err)
		}
		if done, err := w.b.Regraded(t.Context(), id); err != nil || done.State != wire.RegradeApplied || done.Applied == 0 {
			t.Errorf("%+v, %v", done, err)
		}
		if _, err := w.regradeFor(" "); !is(err, Unfit) {
			t.Errorf("without a reason: %v", err)
		}
	})
}

func (w *world) regradeFor(reason string) (id string, err error) {
	err = w.db.Write(w.Context(), func(tx *store.Tx) (err error) {
		id, err = w.b.Regrade(tx, "l", "tom", reason)
		return err
	})
	return id, err
}

// What is regraded waits for all that somebody waits for.
func TestAHandInGoesBeforeARegrade(t *testing.T) {
	each(t, func(w *world) {
		for n := range 3 {
			w.handIn("ada", fmt.Sprint(n))
		}
		w.grade()
		w.grader = "v2"
		w.open()
		if _, err := w.regrade(); err != nil {
			t.Fatal(err)
		}
		w.handIn("bob", "x")
		var order []string
		w.points = func(t task) (int64, bool) {
			order = append(order, t.handin.Person)
			return 5, true
		}
		w.grade()
		if got := strings.Join(order, " "); got != "bob ada ada ada" {
			t.Errorf("graded %s", got)
		}
	})
}

// What is hidden before the due date is shown by no number.
func TestAStudentSeesNoHiddenPoints(t *testing.T) {
	each(t, func(w *world) {
		w.points = func(t task) (int64, bool) {
			if t.job.Checks == store.ChecksAll {
				return 9, true
			}
			return 4, true
		}
		r := w.handIn("ada", "x")
		w.grade()
		look := func(staff bool) wire.Handin {
			t.Helper()
			h, err := w.b.Handin(t.Context(), r.Handin, staff)
			if err != nil {
				t.Fatal(err)
			}
			return h
		}
		if h := look(false); h.Points != nil || h.Max != 0 || !h.Hidden || h.Passed != 4 || !h.Report {
			t.Errorf("before: %+v", h)
		}
		if h := look(true); h.Points == nil || *h.Points != 4 {
			t.Errorf("staff, before: %+v", h)
		}
		w.at(time.Hour)
		if h := look(false); h.Points != nil {
			t.Errorf("while it is graded: %+v", h)
		}
		if err := w.b.grader.sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.grade()
		if h := look(false); h.Points == nil || *h.Points != 9 || h.Hidden {
			t.Errorf("after: %+v", h)
		}
		w.due["ada"] = noon.Add(2 * time.Hour)
		if h := look(false); h.Points != nil || h.Max != 0 || h.Passed != 4 {
			t.Errorf("with an extension: %+v", h)
		}
		w.write(func(tx *store.Tx) error { // without a due date they are never shown
			l, err := tx.Lesson("l")
			l.Due = time.Time{}
			return errors.Join(err, tx.SetLesson(l))
		})
		delete(w.due, "ada")
		if h := look(false); h.Points != nil || h.Passed != 4 {
			t.Errorf("without a due date: %+v", h)
		}
		w.has("ada", "9")
	})
}

// Who hands in again and again learns nothing of what is hidden where it is never shown: neither
// by what a student has nor by which hand-in counts.
func TestWhatCountsTellsAStudentNothingHidden(t *testing.T) {
	each(t, func(w *world) {
		w.write(func(tx *store.Tx) error {
			l, err := tx.Lesson("l")
			l.Due = time.Time{}
			return errors.Join(err, tx.SetLesson(l))
		})
		w.points = func(t task) (int64, bool) {
			if t.job.Checks == store.ChecksAll {
				return 10 - 3*t.handin.Number, true // the first is the better one
			}
			return 4, true
		}
		first, second := w.handIn("ada", "x"), w.handIn("ada", "y")
		w.grade()
		w.has("ada", "7")
		counts := func(staff bool) string {
			t.Helper()
			list, err := w.b.Handins(t.Context(), "l", "ada", staff)
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range list.Handins {
				if h.Counts {
					return h.ID
				}
			}
			return ""
		}
		if got := counts(true); got != first.Handin {
			t.Errorf("for staff %q counts, want the first", got)
		}
		if got := counts(false); got != second.Handin { // the later of two that pass the same visible checks
			t.Errorf("for the student %q counts, want the second", got)
		}
		seen := func() mark.Grade {
			t.Helper()
			var s Standing
			w.write(func(tx *store.Tx) error {
				l, err := tx.Lesson("l")
				if err == nil {
					s, err = w.b.Standing(tx, l, "ada")
				}
				return err
			})
			return s.Seen
		}
		if g := seen(); g.Standing != mark.Graded || g.Points != mark.Whole(4) {
			t.Errorf("the student has %+v, want what the visible checks are worth", g)
		}
		w.write(func(tx *store.Tx) error {
			_, err := w.b.Mark(tx, store.MarkRow{Lesson: "l", Person: "ada", Points: int64(mark.Whole(8)), Author: "tom"})
			return err
		})
		if g := seen(); g.Points != mark.Whole(8) || !g.Manual {
			t.Errorf("the student has %+v, want what the teacher gave", g)
		}
	})
}

func TestSheet(t *testing.T) {
	each(t, func(w *world) {
		r := w.handIn("ada", "x")
		w.at(time.Hour)
		if err := w.b.grader.sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.grade()
		s, err := w.b.Sheet(t.Context(), "l", "")
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if err := s.Write(&b, sheet.Canvas); err != nil {
			t.Fatal(err)
		}
		want := "Student,ID,SIS User ID,SIS Login ID,Section,Two\r\n\"    Points Possible\",,,,,10\r\nada,,s-ada,,,5\r\nbob,,s-bob,,,\r\n"
		if b.String() != want {
			t.Errorf("got\n%s\nwant\n%s", b.String(), want)
		}
		if s.Lines[0].Receipt != r.Hash || len(s.Lines[0].Programs) != 2 {
			t.Errorf("%+v", s.Lines[0])
		}
		var kept []string
		w.write(func(tx *store.Tx) error {
			kept = nil
			return Blobs(tx, func(hash string) { kept = append(kept, hash) })
		})
		if len(kept) != 4 {
			t.Errorf("blobs that are kept: %q", kept)
		}
	})
}
