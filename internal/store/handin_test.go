package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"wireloom/internal/store"
	"wireloom/internal/store/storetest"
)

// lesson makes class c with its lesson l, due on monday, and people in it.
func lesson(t *testing.T, tx *store.Tx, class string, people ...string) {
	t.Helper()
	do(t, tx.AddClass(store.ClassRow{ID: class, Code: class, Created: monday}), tx.PutVersion(store.VersionRow{Hash: "v1"}), tx.PutVersion(store.VersionRow{Hash: "v2"}),
		tx.AddLesson(store.LessonRow{ID: class + "-l", Class: class, VersionHash: "v1", Due: monday.Add(-time.Hour), Counts: "best", Created: monday}))
	for _, p := range people {
		do(t, put(tx, p, p), tx.PutMember(store.MemberRow{Class: class, Person: p, Role: "student", Name: p, Active: true}))
	}
}

func handin(class, person string, n int) store.HandinRow {
	return store.HandinRow{
		ID: fmt.Sprintf("%s-%d", person, n), Class: class, Lesson: class + "-l", Person: person, Number: int64(n), Student: person, Scenario: "v1",
		Programs: "[]", Digest: "d", Size: 10, Origin: "upload", At: monday.Add(time.Duration(n) * time.Second), Receipt: "r", Signature: "s", Version: 1,
	}
}

func job(h store.HandinRow, checks string, rank int64) store.JobRow {
	return store.JobRow{ID: h.ID + " " + checks, Handin: h.ID, Class: h.Class, Lesson: h.Lesson, Person: h.Person, Grader: "g1", Scenario: h.Scenario, Checks: checks, Rank: rank}
}

func grading(id string, h store.HandinRow, grader, checks string, points int64) store.GradingRow {
	return store.GradingRow{ID: id, Handin: h.ID, Grader: grader, Scenario: "v1", Checks: checks, Points: points, Most: 9000, Passed: 1, Total: 2, Report: "blob" + id, At: monday, Took: 3}
}

func TestHandins(t *testing.T) {
	inOne(t, func(t *testing.T, tx *store.Tx) {
		lesson(t, tx, "c", "ada", "bob")
		want(t, "the first is", good(tx.LastHandin("c-l", "ada"))(t), int64(0))
		want(t, "none yet", good(tx.HasHandins("c-l"))(t), false)
		one, two, bobs := handin("c", "ada", 1), handin("c", "ada", 2), handin("c", "bob", 1)
		one.Once, two.Once = "k1", "k2"
		two.Programs, two.Recording = `[{"slot":"a.p"}]`, "rec"
		do(t, tx.AddHandin(one), tx.AddHandin(two), tx.AddHandin(bobs))
		want(t, "one", good(tx.Handin("ada-1"))(t), one)
		want(t, "the same request", good(tx.HandinOnce("c-l", "ada", "k2"))(t), two)
		_, err := tx.HandinOnce("c-l", "bob", "")
		wantErr(t, "no key is no request's", err, store.ErrNone)
		want(t, "newest first", good(tx.HandinsOf("c-l", "ada"))(t), []store.HandinRow{two, one})
		want(t, "a person's", good(tx.HandinsByPerson("ada"))(t), []store.HandinRow{one, two})
		want(t, "the last is", good(tx.LastHandin("c-l", "ada"))(t), int64(2))
		want(t, "some", good(tx.HasHandins("c-l"))(t), true)
		n, size, err := tx.HandedIn("ada", monday.Add(time.Second))
		want(t, "since", []any{n, size, err}, []any{int64(1), int64(10), nil})
		do(t, tx.ChangedHandin("ada-1"))
		one.Version++
		want(t, "its version", good(tx.Handin("ada-1"))(t), one)

		g := grading("1", one, "g1", store.ChecksVisible, 5000)
		want(t, "the first counts", good(tx.AddGrading(g))(t), true)
		want(t, "the same again does not", good(tx.AddGrading(grading("2", one, "g1", store.ChecksVisible, 6000)))(t), false)
		want(t, "one by another grader does not", good(tx.AddGrading(grading("3", one, "g2", store.ChecksVisible, 7000)))(t), false)
		want(t, "the first by all checks does", good(tx.AddGrading(grading("4", one, "g1", store.ChecksAll, 8000)))(t), true)
		want(t, "a grading stays as it is", good(tx.Grading("1"))(t), g)
		_, err = tx.Grading("2")
		wantErr(t, "a second of the same counts for nothing", err, store.ErrNone)
		one.Visible, one.Complete = "1", "4"
		want(t, "the first of each kind counts", good(tx.Handin("ada-1"))(t), one)
		want(t, "found again", good(tx.SameGrading("d", "ada", "g1", "v1", store.ChecksVisible))(t), g)
		for _, other := range [][5]string{{"e", "ada", "g1", "v1", "visible"}, {"d", "bob", "g1", "v1", "visible"}, {"d", "ada", "g3", "v1", "visible"}, {"d", "ada", "g1", "v2", "visible"}} {
			_, err = tx.SameGrading(other[0], other[1], other[2], other[3], other[4])
			wantErr(t, fmt.Sprint("another's ", other), err, store.ErrNone)
		}
		a := good(tx.AttemptsOf("c-l", "ada"))(t)
		if len(a) != 2 || a[0].Points != 5000 || a[0].AllPoints != 8000 || a[0].Grader != "g1" || a[1].Points != -1 || a[1].AllPoints != -1 {
			t.Errorf("attempts %+v", a)
		}
		want(t, "everybody's", len(good(tx.AttemptsOfLesson("c-l"))(t)), 3)
		want(t, "the class's", len(good(tx.AttemptsOfClass("c"))(t)), 3)
		want(t, "blobs", len(good(tx.HandinBlobs())(t)), 3+3)

		do(t, tx.EraseHandins("ada"))
		erased := good(tx.Handin("ada-2"))(t)
		if erased.Programs != "[]" || erased.Recording != "" || erased.Once != "" || good(tx.Grading("1"))(t).Points != 5000 || good(tx.Grading("1"))(t).Report != "" {
			t.Errorf("after erasing: %+v", erased)
		}
	})
}

func TestNumbersAndKeysOfHandinsAreTaken(t *testing.T) {
	for name, change := range map[string]func(*store.HandinRow){
		"the same number":      func(h *store.HandinRow) { h.Number = 1 },
		"the same request key": func(h *store.HandinRow) { h.Once = "k" },
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *store.DB) {
				err := db.Write(t.Context(), func(tx *store.Tx) error {
					lesson(t, tx, "c", "ada")
					first, second := handin("c", "ada", 1), handin("c", "ada", 2)
					first.Once = "k"
					change(&second)
					do(t, tx.AddHandin(first))
					return tx.AddHandin(second)
				})
				wantErr(t, "the second", err, store.ErrTaken)
			})
		})
	}
}

// Ranks come first; then classes take turns, and their people.
func TestJobsAreFair(t *testing.T) {
	inOne(t, func(t *testing.T, tx *store.Tx) {
		lesson(t, tx, "c", "ann", "bob", "cat")
		lesson(t, tx, "d", "dan")
		add := func(class, person string, n int, rank int64) {
			h := handin(class, person, n)
			do(t, tx.AddHandin(h), tx.AddJob(job(h, "visible", rank)))
		}
		add("c", "ann", 1, store.RankBulk) // first in the queue
		for n := range 3 {
			add("c", "bob", n+1, store.RankWaiting)
		}
		add("c", "cat", 1, store.RankWaiting)
		add("d", "dan", 1, store.RankWaiting)
		add("d", "dan", 2, store.RankDue)
		n, err := tx.JobsAhead(store.JobRow{ID: "zzz", Rank: store.RankDue, Created: monday})
		want(t, "before one that is due", []any{n, err}, []any{int64(6), nil})
		own, all, err := tx.JobsUnder("bob", "c")
		want(t, "under way", []any{own, all, err}, []any{int64(3), int64(4), nil})
		var order []string
		for {
			j, err := tx.ClaimJob("w", monday.Add(time.Minute), tries)
			if errors.Is(err, store.ErrNone) {
				break
			}
			do(t, err, tx.EndJob(j, store.JobDone, ""))
			order = append(order, j.Handin)
		}
		want(t, "the order", strings.Join(order, " "), "bob-1 dan-1 cat-1 bob-2 bob-3 dan-2 ann-1")
		want(t, "counts", good(tx.JobCounts())(t), map[string]int64{"done": 7})
	})
}

// tries are those of the tests.
var tries = store.Tries{Quick: 3, Pause: time.Minute, Most: 5}

// A job has one owner: who has lost it cannot end it.
func TestJobsHaveOneOwner(t *testing.T) {
	now := monday
	storetest.EachAt(t, func() time.Time { return now }, func(t *testing.T, db *store.DB) {
		now = monday
		in := func(f func(tx *store.Tx)) {
			t.Helper()
			if err := db.Write(t.Context(), func(tx *store.Tx) error { f(tx); return nil }); err != nil {
				t.Fatal(err)
			}
		}
		claim := func(owner string) (j store.JobRow, err error) {
			in(func(tx *store.Tx) { j, err = tx.ClaimJob(owner, now.Add(10*time.Second), tries) })
			return j, err
		}
		h := handin("c", "ada", 1)
		in(func(tx *store.Tx) {
			lesson(t, tx, "c", "ada")
			do(t, tx.AddHandin(h), tx.AddJob(job(h, "visible", 0)), tx.AddJob(job(h, "all", 0)))
		})
		first, err := claim("w1")
		do(t, err)
		_, err = claim("w2")
		wantErr(t, "one person's are graded one at a time", err, store.ErrNone)
		now = now.Add(9 * time.Second)
		in(func(tx *store.Tx) { do(t, tx.RenewJob(first, now.Add(10*time.Second))) })
		now = now.Add(9 * time.Second)
		_, err = claim("w2")
		wantErr(t, "a renewed lease holds", err, store.ErrNone)
		now = now.Add(2 * time.Second)
		second, err := claim("w2")
		do(t, err)
		if second.ID != first.ID || second.Fence != first.Fence+1 || second.Tries != 2 {
			t.Fatalf("claimed %+v after %+v", second, first)
		}
		in(func(tx *store.Tx) {
			wantErr(t, "the first owner renews", tx.RenewJob(first, now), store.ErrStale)
			wantErr(t, "the first owner ends it", tx.EndJob(first, store.JobDone, ""), store.ErrStale)
			wantErr(t, "the first owner gives it back", tx.ReturnJob(first), store.ErrStale)
			again := second
			again.Fence--
			wantErr(t, "the same owner with an old fence ends it", tx.EndJob(again, store.JobDone, ""), store.ErrStale)
			do(t, tx.ReturnJob(second))
		})
		for range 2 { // its owners die, twice
			if second, err = claim("w2"); err != nil {
				t.Fatal(err)
			}
			now = now.Add(11 * time.Second)
		}
		if second.Tries != 3 {
			t.Fatalf("tried %d times", second.Tries)
		}
		in(func(tx *store.Tx) {
			want(t, "given up too early", len(good(tx.FailJobs(5, "died"))(t)), 0)
			want(t, "given up", len(good(tx.FailJobs(3, "died"))(t)), 1)
			list := good(tx.JobsOf(h.ID))(t)
			want(t, "both", []string{list[1].State, list[1].Why, list[0].State}, []string{store.JobFailed, "died", store.JobQueued})
			do(t, tx.AddJob(job(h, "visible", 2)))
			want(t, "one that failed is queued again", good(tx.JobsOf(h.ID))(t)[1].State, store.JobQueued)
			do(t, tx.AddJob(job(h, "visible", 0)))
			want(t, "and comes forward", good(tx.JobsOf(h.ID))(t)[1].Rank, int64(0))
		})
	})
}

// A job whose owners die is tried again at once, and then after pauses that double, as often as
// is said; what waits for its pause is in nobody's way.
func TestAJobIsTriedAgainAfterPauses(t *testing.T) {
	now := monday
	storetest.EachAt(t, func() time.Time { return now }, func(t *testing.T, db *store.DB) {
		now = monday
		h, other := handin("c", "ada", 1), handin("c", "bob", 1)
		do(t, db.Write(t.Context(), func(tx *store.Tx) error {
			lesson(t, tx, "c", "ada", "bob")
			return errors.Join(tx.AddHandin(h), tx.AddJob(job(h, "all", 0)))
		}))
		for n, c := range []struct{ early, pause time.Duration }{{0, 0}, {0, 0}, {0, 0}, {time.Minute, time.Minute + 1}, {2 * time.Minute, 2*time.Minute + 1}} {
			var j store.JobRow
			do(t, db.Write(t.Context(), func(tx *store.Tx) (err error) {
				if c.early > 0 {
					_, err := tx.ClaimJob("w", now.Add(time.Second), tries)
					wantErr(t, fmt.Sprint("too early after try ", n), err, store.ErrNone)
				}
				return nil
			}))
			now = now.Add(c.pause.Round(time.Millisecond) + time.Millisecond)
			do(t, db.Write(t.Context(), func(tx *store.Tx) (err error) {
				j, err = tx.ClaimJob("w", now.Add(time.Second), tries)
				return errors.Join(err, tx.RetryJob(j))
			}))
			want(t, "tries", j.Tries, int64(n+1))
		}
		now = now.Add(time.Hour)
		do(t, db.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.ClaimJob("w", now.Add(time.Second), tries)
			wantErr(t, "once too often", err, store.ErrNone)
			do(t, tx.AddHandin(other), tx.AddJob(job(other, "all", 0)))
			want(t, "another's", good(tx.ClaimJob("w", now.Add(time.Second), tries))(t).Person, "bob")
			list := good(tx.FailJobs(tries.Most, "died"))(t)
			want(t, "given up", len(list), 1)
			want(t, "who", list[0].Person, "ada")
			return nil
		}))
	})
}

// What a dead server had is anybody's, and it can end nothing of it any more.
func TestADeadServersLeasesAreFreed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := handin("c", "ada", 1)
		do(t, db.Write(t.Context(), func(tx *store.Tx) error {
			lesson(t, tx, "c", "ada")
			do(t, tx.AddHandin(h), tx.AddJob(job(h, "visible", 0)), tx.SetOutbox(store.OutboxRow{Lesson: "l", Person: "ada", State: "waiting", Lease: "old", Until: tx.Now().Add(time.Hour)}))
			old := good(tx.ClaimJob("old", tx.Now().Add(time.Hour), tries))(t)
			want(t, "version", good(tx.Handin(h.ID))(t).Version, h.Version)
			gradings, scores, err := tx.FreeLeases()
			want(t, "freed", []any{gradings, scores, err}, []any{int64(1), int64(1), nil})
			want(t, "who watches is told", good(tx.Handin(h.ID))(t).Version, h.Version+1)
			want(t, "due", len(good(tx.OutboxDue("waiting", tx.Now(), 9))(t)), 1)
			j := good(tx.ClaimJob("new", tx.Now().Add(time.Hour), tries))(t)
			want(t, "the same job", []any{j.ID, j.Tries, j.Fence}, []any{old.ID, old.Tries + 1, old.Fence + 1})
			wantErr(t, "the dead one ends it", tx.EndJob(old, store.JobDone, ""), store.ErrStale)
			wantErr(t, "the dead one has it tried again", tx.RetryJob(old), store.ErrStale)
			return nil
		}))
	})
}

func TestUngraded(t *testing.T) {
	inOne(t, func(t *testing.T, tx *store.Tx) {
		lesson(t, tx, "c", "ada")
		lesson(t, tx, "d", "bob")
		l := good(tx.Lesson("d-l"))(t)
		l.Due = monday.Add(time.Hour)
		do(t, tx.SetLesson(l))
		for n := range 3 {
			do(t, tx.AddHandin(handin("c", "ada", n+1)))
		}
		do(t, tx.AddHandin(handin("d", "bob", 1)), tx.AddJob(job(handin("c", "ada", 2), "all", 1)), tx.AddJob(job(handin("c", "ada", 1), "visible", 1)))
		ids := func(list []store.HandinRow) (out []string) {
			for _, h := range list {
				out = append(out, h.ID)
			}
			return out
		}
		want(t, "due and not queued", ids(good(tx.Ungraded("", 10))(t)), []string{"ada-1", "ada-3"})
		want(t, "behind one", ids(good(tx.Ungraded("ada-1", 10))(t)), []string{"ada-3"})
	})
}

func TestMarks(t *testing.T) {
	inOne(t, func(t *testing.T, tx *store.Tx) {
		lesson(t, tx, "c", "ada")
		m := store.MarkRow{Lesson: "c-l", Person: "ada", Points: 0, Comment: "well", Author: "tom"}
		first := good(tx.AddMark(m))(t)
		if first.Version != 1 || first.Points != 0 || first.At != monday {
			t.Errorf("the first %+v", first)
		}
		_, err := tx.AddMark(m)
		wantErr(t, "from what was there before", err, store.ErrStale)
		m.Version, m.Points, m.Excused, m.Pin = 1, -1, true, "h"
		second := good(tx.AddMark(m))(t)
		want(t, "the newest", good(tx.Mark("c-l", "ada"))(t), second)
		want(t, "all of them", good(tx.MarksOf("c-l", "ada"))(t), []store.MarkRow{first, second})
		want(t, "the class's newest", good(tx.MarksOfClass("c"))(t), []store.MarkRow{second})
	})
}

func TestRegrades(t *testing.T) {
	inOne(t, func(t *testing.T, tx *store.Tx) {
		lesson(t, tx, "c", "ada")
		h, later := handin("c", "ada", 1), handin("c", "ada", 100)
		r := store.RegradeRow{ID: "r", Class: "c", Lesson: "c-l", Grader: "g2", Scenario: "v1", Reason: "why", Author: "tom", Created: monday.Add(time.Minute)}
		j := job(h, "visible", store.RankBulk)
		j.ID, j.Grader = "j", "g2"
		do(t, tx.AddHandin(h), tx.AddHandin(later), tx.AddRegrade(r), tx.AddJob(j))
		want(t, "the first grading counts", good(tx.AddGrading(grading("1", h, "g1", "visible", 5000)))(t), true)
		want(t, "one", good(tx.Regrade("r"))(t), r)
		of, done, failed, err := tx.Regraded(r)
		want(t, "begun", []any{of, done, failed, err}, []any{int64(1), int64(0), int64(0), nil})
		claimed := good(tx.ClaimJob("w", monday.Add(time.Minute), tries))(t)
		do(t, tx.EndJob(claimed, store.JobDone, ""))
		want(t, "the second does not", good(tx.AddGrading(grading("2", h, "g2", "visible", 7000)))(t), false)
		of, done, failed, err = tx.Regraded(r)
		want(t, "done", []any{of, done, failed, err}, []any{int64(1), int64(1), int64(0), nil})
		want(t, "what counts", good(tx.AttemptsOf("c-l", "ada"))(t)[0].Points, int64(5000))
		want(t, "what would count", good(tx.AttemptsRegraded(r))(t)[0].Points, int64(7000))
		do(t, tx.ApplyRegrade(r, "tom"))
		wantErr(t, "twice", tx.ApplyRegrade(r, "tom"), store.ErrStale)
		want(t, "what counts now", good(tx.AttemptsOf("c-l", "ada"))(t)[0].Points, int64(7000))
		want(t, "its version moved", good(tx.Handin(h.ID))(t).Version, int64(2))
		want(t, "one that came later did not", good(tx.Handin(later.ID))(t).Version, int64(1))
		want(t, "who applied it", good(tx.RegradesOf("c-l"))(t)[0].Applier, "tom")
	})
}
