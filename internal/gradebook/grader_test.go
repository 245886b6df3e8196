package gradebook

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	wire "wireloom/internal/protocol/class"
	"wireloom/internal/store"
)

var errDied = errors.New("the server died")

// Whenever a server is killed, the grading is made by the next one, and one result counts.
func TestAGradingSurvivesItsServer(t *testing.T) {
	for s, name := range map[step]string{
		afterClaim: "when it has the job", afterGrading: "when it has the result", afterBlobs: "when the reports are on the disk",
		beforeCommit: "before the result is stored", afterCommit: "after the result is stored",
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(w *world) {
				r := w.handIn("ada", "x")
				before, err := w.b.Handin(t.Context(), r.Handin, true)
				if err != nil || before.State != wire.Queued {
					t.Fatalf("%+v, %v", before, err)
				}
				w.b.grader.step = func(at step) error {
					if at == s {
						return errDied
					}
					return nil
				}
				if _, err := w.b.grader.one(nil); !errors.Is(err, errDied) {
					t.Fatalf("it did not die: %v", err)
				}
				w.open() // another server
				if n := w.grade(); n != 0 {
					t.Errorf("%d gradings while the dead server's lease lasts", n)
				}
				w.at(-time.Hour + 16*time.Second)
				again := w.grade()
				if want := map[bool]int{true: 0, false: 1}[s == afterCommit]; again != want {
					t.Errorf("%d gradings after it, want %d", again, want)
				}
				h, err := w.b.Handin(t.Context(), r.Handin, true)
				if err != nil || h.State != wire.Graded || h.Points == nil || *h.Points != 5 || h.Version <= before.Version {
					t.Errorf("%+v, %v", h, err)
				}
				w.counts(r.Handin, 1)
			})
		})
	}
}

// counts wants so many gradings of a hand-in.
func (w *world) counts(handin string, want int) {
	w.Helper()
	err := w.db.Read(w.Context(), func(tx *store.Tx) error {
		list, err := tx.HandinBlobs()
		n := 0
		for _, x := range list {
			if x.Programs == "[]" {
				n++
			}
		}
		if n != want {
			w.Errorf("there are %d gradings of %s, want %d", n, handin, want)
		}
		return err
	})
	if err != nil {
		w.Error(err)
	}
}

// Of two servers that grade the same one counts: the one that still has the job.
func TestAStaleOwnersResultIsRefused(t *testing.T) {
	each(t, func(w *world) {
		r := w.handIn("ada", "x")
		slow := w.b
		inside := make(chan struct{})
		go_on := make(chan struct{})
		slow.grader.run = func(context.Context, *worker, task) outcome {
			close(inside)
			<-go_on
			return outcome{grading: store.GradingRow{Points: 9000, Most: 10000}}
		}
		result := make(chan error)
		go func() {
			_, err := slow.grader.one(nil)
			result <- err
		}()
		<-inside
		w.at(-time.Hour + 16*time.Second) // it hangs, and does not renew
		w.open()
		if n := w.grade(); n != 1 {
			t.Errorf("another server made %d gradings", n)
		}
		close(go_on)
		if err := <-result; !errors.Is(err, store.ErrStale) {
			t.Errorf("the slow server's result: %v", err)
		}
		w.has("ada", "5 so far")
		w.counts(r.Handin, 1)
	})
}

// A grading that takes longer than a lease is not made twice, since its lease is renewed; and
// one whose lease was lost ends.
func TestALeaseIsRenewedWhileItIsGraded(t *testing.T) {
	each(t, func(w *world) {
		w.handIn("ada", "x")
		first := w.b
		tick := make(chan time.Time)
		idle := make(chan struct{}, 8) // it waits for a tick: what the one before made it do is done
		first.grader.renew = func() <-chan time.Time {
			idle <- struct{}{}
			return tick
		}
		inside, ended := make(chan struct{}), make(chan error, 1)
		finish := make(chan struct{})
		first.grader.run = func(ctx context.Context, _ *worker, _ task) outcome {
			close(inside)
			select {
			case <-finish:
			case <-ctx.Done():
				ended <- context.Cause(ctx)
			}
			return outcome{grading: store.GradingRow{Points: 9000, Most: 10000}}
		}
		result := make(chan error, 1)
		go func() {
			_, err := first.grader.one(nil)
			result <- err
		}()
		<-inside
		<-idle
		w.open()
		for n := range 3 {
			w.at(-time.Hour + time.Duration(n+1)*10*time.Second)
			tick <- time.Time{}
			<-idle
			if n := w.grade(); n != 0 {
				t.Errorf("another server graded it, too")
			}
		}
		w.at(-time.Hour + 2*time.Minute) // it hangs for long
		if n := w.grade(); n != 1 {
			t.Errorf("%d gradings by another server", n)
		}
		tick <- time.Time{}
		if err := <-ended; !errors.Is(err, errLost) {
			t.Errorf("the grading ended by %v", err)
		}
		if err := <-result; !errors.Is(err, errLost) {
			t.Errorf("the first server: %v", err)
		}
		w.has("ada", "5 so far")
	})
}

// A sweep that collides with somebody who queues one of its hand-ins queues the others all the same. On
// SQLite nobody else writes meanwhile.
func TestASweepThatIsTriedAgainLeavesNobodyOut(t *testing.T) {
	each(t, func(w *world) {
		w.handIn("ada", "x")
		w.handIn("bob", "x")
		w.grade()
		w.at(time.Minute)
		collided, dates, looked := false, w.b.conf.Dates, 0
		w.b.conf.Dates = func(tx *store.Tx, lessons ...store.LessonRow) (Dates, error) {
			if looked++; looked == 2 && !collided && w.db.Name() == "PostgreSQL" {
				collided = true
				w.write(func(tx *store.Tx) error {
					list, err := tx.Ungraded("", 2)
					if err != nil || len(list) != 2 {
						return fmt.Errorf("%d are to be queued, %w", len(list), err)
					}
					return tx.AddJob(w.b.job(&list[1], store.ChecksAll, store.RankDue))
				})
			}
			return dates(tx, lessons...)
		}
		if err := w.b.grader.sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if want := w.db.Name() == "PostgreSQL"; collided != want || collided && looked < 3 {
			t.Errorf("it collided: %v; dates were looked up %d times", collided, looked)
		}
		if n := w.grade(); n != 2 {
			t.Errorf("%d were graded by all checks, want 2", n)
		}
	})
}

// A hand-in whose grading kills its server is given up, and the next is graded.
func TestAPoisonousHandInIsGivenUp(t *testing.T) {
	each(t, func(w *world) {
		r := w.handIn("ada", "x")
		try := func() bool {
			w.b.grader.step = func(step) error { return errDied }
			_, err := w.b.grader.one(nil)
			return errors.Is(err, errDied)
		}
		passed := -time.Hour
		for n := range maxTries {
			if !try() {
				t.Errorf("try %d is not made", n+1)
			}
			pause := 20 * time.Second // more than the lease
			if n+1 > 3 {
				pause = tries.Pause << (n - 2)
				w.at(passed + pause - time.Second)
				if try() {
					t.Errorf("no pause after try %d", n+1)
				}
			}
			passed += pause + time.Second
			w.at(passed)
		}
		if w.at(passed + time.Hour); try() {
			t.Error("it is tried again and again")
		}
		w.at(passed)
		w.open()
		if err := w.b.grader.sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		h, err := w.b.Handin(t.Context(), r.Handin, false)
		if err != nil || h.State != wire.Failed || !strings.Contains(h.Why, "the server ended each time") {
			t.Errorf("%+v, %v", h, err)
		}
		w.has("ada", "failed")
		w.handIn("bob", "y")
		w.grade()
		w.has("bob", "5 so far")
	})
}

// A program that never ends costs its author the grading, and nobody else anything.
func TestAHungGradingFailsAndTheNextIsMade(t *testing.T) {
	each(t, func(w *world) {
		w.points = func(t task) (int64, bool) { return 7, t.handin.Person != "ada" }
		r := w.handIn("ada", "x")
		w.handIn("bob", "x")
		w.grade()
		h, err := w.b.Handin(t.Context(), r.Handin, false)
		if err != nil || h.State != wire.Failed || h.Why != "it took more than 2m0s of real time" || h.Points != nil {
			t.Errorf("%+v, %v", h, err)
		}
		w.has("ada", "failed")
		w.has("bob", "7 so far")
	})
}

// After the due date all checks count, for each person after their own; and what is final
// goes out, once.
func TestTheDueDate(t *testing.T) {
	each(t, func(w *world) {
		w.due["bob"] = noon.Add(time.Hour)
		w.points = func(t task) (int64, bool) {
			if t.job.Checks == store.ChecksAll {
				return 9, true
			}
			return 4, true
		}
		w.handIn("ada", "x")
		w.handIn("bob", "x")
		sweep := func() {
			t.Helper()
			if err := w.b.grader.sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.grade()
		}
		sweep()
		w.has("ada", "4 so far")
		w.told("ada gone", "bob gone")
		w.at(time.Minute)
		w.has("ada", "waiting")
		sweep()
		w.has("ada", "9")
		w.has("bob", "4 so far")
		w.told("ada graded 9")
		runs := w.runs
		sweep()
		if w.runs != runs {
			t.Error("it was graded again")
		}
		w.at(2 * time.Hour)
		sweep()
		w.has("bob", "9")
		w.told("bob graded 9")

		late := w.handIn("ada", "worse")
		w.points = func(task) (int64, bool) { return 2, true }
		if !late.Late {
			t.Errorf("%+v", late)
		}
		w.has("ada", "9 so far") // as long as the late one is not graded
		w.grade()
		w.has("ada", "9")
		w.due["ada"] = noon.Add(24 * time.Hour) // an extension takes lateness away, and what is final
		w.write(func(tx *store.Tx) error { return w.b.Settle(tx, "l") })
		w.has("ada", "4 so far")
		w.told("ada gone", "ada graded 9", "bob graded 9")
	})
}

// A grading is a function of what it is of: the same is not made twice.
func TestTheSameIsNotGradedTwice(t *testing.T) {
	each(t, func(w *world) {
		w.handIn("ada", "x")
		w.handIn("ada", "y")
		w.handIn("ada", "x")
		w.handIn("bob", "x") // has values of his own
		if n := w.grade(); n != 4 || w.runs != 3 {
			t.Errorf("%d jobs and %d runs, want 4 and 3", n, w.runs)
		}
	})
}

func TestWhoWaitsIsTold(t *testing.T) {
	each(t, func(w *world) {
		r := w.handIn("ada", "x")
		first, err := w.b.Await(t.Context(), r.Handin, false, 0)
		if err != nil || first.State != wire.Queued || first.Ahead != 0 || first.Seconds == 0 {
			t.Fatalf("%+v, %v", first, err)
		}
		w.at(-30 * time.Minute)
		second := w.handIn("bob", "x")
		behind, err := w.b.Handin(t.Context(), second.Handin, false)
		if err != nil || behind.Ahead != 1 {
			t.Errorf("%+v, %v", behind, err)
		}
		news := make(chan wire.Handin)
		go func() {
			h, err := w.b.Await(context.Background(), r.Handin, false, first.Version)
			if err != nil {
				t.Error(err)
			}
			news <- h
		}()
		w.grade()
		h := <-news
		if h.Version <= first.Version {
			t.Errorf("told of %+v", h)
		}
		for h.State != wire.Graded {
			if h, err = w.b.Await(t.Context(), r.Handin, false, h.Version); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := w.b.Await(ctx, r.Handin, false, h.Version); !errors.Is(err, context.Canceled) {
			t.Errorf("who left: %v", err)
		}
		if len(w.b.news.waiting) != 0 {
			t.Errorf("%d still wait", len(w.b.news.waiting))
		}
	})
}

// A server that stops gives its jobs back.
func TestAServerThatStopsGivesItsJobBack(t *testing.T) {
	each(t, func(w *world) {
		r := w.handIn("ada", "x")
		inside := make(chan struct{})
		w.b.grader.run = func(ctx context.Context, _ *worker, _ task) outcome {
			close(inside)
			<-ctx.Done()
			return outcome{why: "it was killed"}
		}
		result := make(chan error)
		go func() {
			_, err := w.b.grader.one(nil)
			result <- err
		}()
		<-inside
		w.b.Close()
		if err := <-result; !errors.Is(err, context.Canceled) {
			t.Errorf("the worker ended with %v", err)
		}
		w.open()
		if n := w.grade(); n != 1 { // at once
			t.Errorf("%d gradings by the next server", n)
		}
		w.has("ada", "5 so far")
		w.counts(r.Handin, 1)
	})
}

func TestTheHubForgetsWhoLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h hub
		a, leaveA := h.wait("x")
		_, leaveB := h.wait("x")
		leaveB()
		h.tell("y")
		select {
		case <-a:
			t.Error("woken by another's news")
		default:
		}
		h.tell("x")
		<-a
		leaveA()
		for n := range 3 {
			_, leave := h.wait(fmt.Sprint(n))
			leave()
		}
		if len(h.waiting) != 0 {
			t.Errorf("%d topics are left", len(h.waiting))
		}
	})
}
