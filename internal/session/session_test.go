package session

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wireloom/internal/sched"
	"wireloom/vnet"
	"wireloom/vnet/event"
)

func TestRealTimePacesVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := live(t, Options{}, "talk20")
		ctx := t.Context()
		at := func(what string, want time.Duration) {
			t.Helper()
			if got, _ := b.now(); !near(got, want) {
				t.Errorf("%s the clock stands at %v, want %v", what, got, want)
			}
		}
		time.Sleep(10 * time.Second)
		at("after 10 s", 10*time.Second)
		b.ok(b.SetRate(ctx, TenTimes))
		time.Sleep(time.Second)
		at("after 1 s more at 10x", 20*time.Second)
		b.ok(b.Pause(ctx))
		time.Sleep(time.Hour / 10)
		at("after a pause", 20*time.Second)
		b.ok(b.Resume(ctx))
		b.ok(b.SetRate(ctx, RealTime))
		time.Sleep(time.Second)
		at("after 1 s more", 21*time.Second)
		if err := b.SetRate(ctx, 7); err == nil {
			t.Error("a rate of 7 was taken")
		}
		b.ok(b.SetRate(ctx, AsFast)) // nobody watches: as if it were 1x
		time.Sleep(time.Second)
		at("unwatched, as fast as it goes, after 1 s more", 22*time.Second)
		if n, _ := query(ctx, b.Session, func() (uint64, error) { return b.log.Count(event.Frame), nil }); n < 2*22*50-20 || n > 2*22*50+20 {
			t.Errorf("%d frames were sent on two links in 22 s at 50 a second", n)
		}
		if got := b.sched.Lag().Quantile(1); got > 5*time.Millisecond {
			t.Errorf("an event was %v late on a machine that has nothing else to do", got)
		}
	})
}

func TestAsFastAsItGoesEndsWhereTimeEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := live(t, Options{}, "quiet")
		detach := b.watch()
		defer detach()
		b.ok(b.SetRate(t.Context(), AsFast))
		at, _ := b.now()
		if at > time.Hour {
			t.Errorf("a lab in which nothing happens ran ahead to %v", at)
		}
		_, err := query(t.Context(), b.Session, func() (struct{}, error) {
			b.lab.At(MaxTime-time.Second, func() {})
			b.lab.At(MaxTime+time.Second, func() { t.Error("time went beyond its end") })
			return struct{}{}, nil
		})
		b.ok(err)
		synctest.Wait()
		time.Sleep(PublishEvery)
		synctest.Wait()
		if s, _ := b.Snapshot(); !s.Ended || s.Now != MaxTime {
			t.Errorf("at %v the lab says ended %v, want %v and true", s.Now, s.Ended, MaxTime)
		}
		if err := b.Step(t.Context()); err == nil || !strings.Contains(err.Error(), "over") {
			t.Errorf("a step beyond the end: %v", err)
		}
	})
}

// A broadcast that goes round two cables without delay holds a lab at one instant.
func TestALabWhoseTimeCannotGoOnEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := liveLab(t, Options{}, looped)
		detach := b.watch()
		defer detach()
		time.Sleep(time.Second)
		frame := append([]byte("\xff\xff\xff\xff\xff\xff\x02\x00\x00\x00\x00\x01"), make([]byte, 48)...)
		if _, err := b.Do(t.Context(), vnet.Arrive{Port: "s1.1", Hex: frame}); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		const want = "virtual time cannot go on: more than 500000 steps at one instant, 1s. Frames go round in a loop of cables: s1.1 -> s2.1, s2.2 -> s1.2"
		s, _ := b.Snapshot()
		if !s.Ended || s.Now != time.Second || !strings.HasPrefix(s.Why, want) {
			t.Errorf("at %v the lab says ended %v, %q; want true, %q", s.Now, s.Ended, s.Why, want)
		}
		steps := s.Steps
		b.do("start", "h1", "p")
		time.Sleep(time.Minute)
		if s, _ = b.Snapshot(); s.Steps != steps {
			t.Errorf("the lab has taken %d steps since it ended", s.Steps-steps)
		}
		if err := b.Step(t.Context()); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("a step says %v, want %q", err, want)
		}
		if err := b.Pause(t.Context()); err != nil {
			t.Errorf("the lab does not answer: %v", err)
		}
	})
}

func TestStepTakesExactlyOneStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := live(t, Options{}, "talk20", "spin")
		b.ok(b.Pause(t.Context()))
		_, before := b.now()
		for i := range uint64(50) {
			b.ok(b.Step(t.Context()))
			if _, got := b.now(); got != before+i+1 {
				t.Fatalf("after %d steps the loop has taken %d, want %d", i+1, got-before, i+1)
			}
		}
		time.Sleep(time.Minute)
		if _, got := b.now(); got != before+50 {
			t.Errorf("the paused lab took %d steps by itself", got-before-50)
		}
	})
}

func TestStepWithNothingDueSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := live(t, Options{}, "quiet")
		if err := b.Step(t.Context()); err == nil || !strings.Contains(err.Error(), "nothing will ever happen") {
			t.Errorf("got %v", err)
		}
	})
}

func TestStopKillsWhatDoesNotEnd(t *testing.T) {
	for _, tc := range []struct {
		name, program string
		after         time.Duration
		killed        bool
	}{
		{"a program that spins ends at once", "spin", 50 * time.Millisecond, false},
		{"a program that catches the signal is killed", "deaf", 1500 * time.Millisecond, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := live(t, Options{}, tc.program)
				time.Sleep(time.Second)
				b.ok(b.Stop(t.Context(), "h1", "p"))
				_ = b.Stop(t.Context(), "h1", "p") // a second click changes nothing
				time.Sleep(tc.after)
				b.now()
				n := 0
				es, _, _ := b.Log().From(0, 1<<20)
				for _, e := range es {
					if e.Kind == event.Signal && e.Op == "SIGKILL" {
						n++
					}
				}
				pid, _ := query(t.Context(), b.Session, func() (int, error) { return b.pid("h1", "p"), nil })
				if pid != 0 || (n == 1) != tc.killed || n > 1 {
					t.Errorf("process %d runs, %d times killed, want none and killed %v", pid, n, tc.killed)
				}
			})
		})
	}
}

func TestLifeEnds(t *testing.T) {
	for _, tc := range []struct {
		name    string
		o       Options
		program string
		act     func(*bench)
		want    string
	}{
		{"unwatched for its idle time", Options{Idle: time.Minute}, "talk20", func(*bench) { time.Sleep(time.Minute + time.Second) }, "nobody has watched"},
		{"left by its last viewer", Options{Idle: time.Minute}, "quiet", func(b *bench) {
			detach := b.watch()
			time.Sleep(5 * time.Minute)
			detach()
			time.Sleep(59 * time.Second)
			synctest.Wait()
			if b.Reason() != "" {
				b.t.Errorf("closed too early: %s", b.Reason())
			}
			time.Sleep(2 * time.Second)
		}, "nobody has watched"},
		{"cancelled with a reason", Options{}, "talk20", func(b *bench) { b.stop(errors.New("the server stops")) }, "the server stops"},
		{"cancelled without one", Options{}, "spin", func(b *bench) { b.stop(nil) }, closedReason},
		{"a bug in the server", Options{}, "buggy", func(*bench) {}, "an error inside the server"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var logged bytes.Buffer
			synctest.Test(t, func(t *testing.T) {
				tc.o.Logger = slog.New(slog.NewTextHandler(&logged, nil))
				b := live(t, tc.o, tc.program, "talk20")
				tc.act(b)
				<-b.Done()
				if !strings.Contains(b.Reason(), tc.want) {
					t.Errorf("closed because %q, want %q in it", b.Reason(), tc.want)
				}
				if _, err := b.Do(t.Context(), vnet.Start{Node: "h1", Proc: "p"}); !errors.Is(err, ErrClosed) {
					t.Errorf("a closed lab answers %v", err)
				}
				if _, err := b.Attach(t.Context()); !errors.Is(err, ErrClosed) {
					t.Errorf("a closed lab takes a viewer: %v", err)
				}
			})
			if got := strings.Contains(logged.String(), "stack"); got != (tc.program == "buggy") {
				t.Errorf("the log is %q", logged.String())
			}
		})
	}
}

func TestViewersAreLimitedAndCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := live(t, Options{Viewers: 2}, "talk20")
		one := b.watch()
		b.watch()
		if _, err := b.Attach(t.Context()); !errors.Is(err, ErrViewers) {
			t.Errorf("a third viewer: %v", err)
		}
		one()
		b.watch()
		time.Sleep(2 * PublishEvery)
		synctest.Wait()
		if s, _ := b.Snapshot(); s.Viewers != 2 {
			t.Errorf("%d viewers are shown, want 2", s.Viewers)
		}
	})
}

func TestSnapshotsComeTenTimesASecondAndOnChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := live(t, Options{}, "talk1", "spin")
		defer b.watch()()
		count := func(d time.Duration) (n int) {
			end := time.After(d)
			for {
				_, more := b.Snapshot()
				select {
				case <-more:
					n++
				case <-end:
					return n
				}
			}
		}
		count(time.Second) // a viewer has come: that is seen sooner
		if n := count(10 * time.Second); n < 90 || n > 101 {
			t.Errorf("%d snapshots in 10 s, want 10 a second", n)
		}
		s, _ := b.Snapshot()
		for i, p := range s.Procs {
			want := map[string]float64{"h1": 0.001, "h2": 1}[p.Node]
			if got := s.CPU[i]; got < want*0.9 || got > want*1.1 {
				t.Errorf("%s uses %.4f of its CPU, want %.4f", p.Node, got, want)
			}
		}
		b.ok(b.Pause(t.Context()))
		time.Sleep(PublishSoon)
		if s, _ := b.Snapshot(); !s.Paused {
			t.Error("the pause is not seen soon")
		}
		if n := count(10 * time.Second); n != 0 {
			t.Errorf("%d snapshots of a paused lab, want none", n)
		}
	})
}

// TestSnapshotsComeSoonerAfterACommand: what came of it is seen within PublishSoon.
func TestSnapshotsComeSoonerAfterACommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := live(t, Options{}, "spin")
		defer b.watch()()
		time.Sleep(time.Second)
		_, more := b.Snapshot()
		<-more // the next is PublishEvery away
		b.do("kill", "h1", "p")
		began := time.Now()
		for {
			snap, more := b.Snapshot()
			if snap.Procs[0].Exit != nil {
				break
			}
			<-more
		}
		if d := time.Since(began); d > 2*PublishSoon {
			t.Errorf("the end of the process is seen after %s, want %s", d, PublishSoon)
		}
	})
}

// TestNothingHappensAfterAPause in a lab that has work all the time.
func TestNothingHappensAfterAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := live(t, Options{}, "spin", "talk1")
		defer b.watch()()
		b.ok(b.SetRate(t.Context(), AsFast))
		for range 20 {
			type moment struct {
				at    time.Duration
				steps uint64
			}
			then, err := query(t.Context(), b.Session, func() (moment, error) {
				b.pace.paused = true
				return moment{b.lab.Now(), b.lab.Steps()}, nil
			})
			b.ok(err)
			if at, steps := b.now(); at != then.at || steps != then.steps {
				t.Fatalf("paused at %s after %d steps, the lab went on to %s and %d", then.at, then.steps, at, steps)
			}
			b.ok(b.Resume(t.Context()))
		}
	})
}

func TestTurnIsBounded(t *testing.T) {
	for _, program := range []string{"spin", "flood"} {
		t.Run(program, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				lab, setup, err := build(1, program)
				if err != nil {
					t.Fatal(err)
				}
				s, err := New(lab, setup, Options{Dir: t.TempDir(), Capture: -1})
				if err != nil {
					t.Fatal(err)
				}
				defer s.shut()
				s.lab.Start()
				s.pace.rebase(time.Now().Add(-time.Hour), 0) // an hour behind
				before := lab.Steps()
				if !s.turn(t.Context()) {
					t.Fatal("no turn")
				}
				if n := lab.Steps() - before; n == 0 || n > sched.TurnSteps {
					t.Errorf("a turn took %d steps, want at most %d", n, sched.TurnSteps)
				}
				if got := s.pace.lag(time.Now(), lab.Now()); got > MaxLag {
					t.Errorf("the target did not slip: the lab is %v behind", got)
				}
				if s.slipped < 59*time.Minute {
					t.Errorf("slipped by %v, want nearly an hour", s.slipped)
				}
			})
		})
	}
}

// Two labs that want the whole machine, and one that does not, on one core.
func TestLabsThatSpinLeaveOthersTheirTurns(t *testing.T) {
	turns := sched.New(1)
	ctx, stop := context.WithCancel(t.Context())
	var all []*Session
	for _, program := range []string{"spin", "flood", "talk20"} {
		lab, setup, err := build(1, program)
		if err != nil {
			t.Fatal(err)
		}
		s, err := New(lab, setup, Options{Scheduler: turns, Dir: t.TempDir(), Capture: -1})
		if err != nil {
			t.Fatal(err)
		}
		go s.Run(ctx)
		detach, err := s.Attach(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer detach()
		if program != "talk20" {
			if err := s.SetRate(ctx, AsFast); err != nil {
				t.Fatal(err)
			}
		}
		all = append(all, s)
	}
	for _, s := range all { // it ends only if each of them gets on
		for snap, more := s.Snapshot(); snap.Now < 300*time.Millisecond && snap.Steps < 100_000; snap, more = s.Snapshot() {
			<-more
		}
		if err := s.Pause(ctx); err != nil {
			t.Error(err)
		}
	}
	stop()
	for _, s := range all {
		<-s.Done()
	}
}

func TestRequestsWhoseCallersHaveGoneAreNotDone(t *testing.T) {
	lab, setup, err := build(1, "quiet")
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(lab, setup, Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for range 2 * requestQueue { // more than wait: nobody runs the session yet
		if _, err := s.Attach(gone); !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v", err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	go s.Run(ctx)
	n, err := query(ctx, s, func() (int, error) { return s.viewers, nil })
	if err != nil || n != 0 {
		t.Errorf("%d viewers, %v, want none", n, err)
	}
	stop()
	<-s.Done()
}

func TestClosingGivesEverythingBack(t *testing.T) {
	dir := t.TempDir()
	before := runtime.NumGoroutine()
	ctx, stop := context.WithCancel(t.Context())
	var all []*Session
	for range 50 {
		lab, setup, err := build(1, "talk1", "spin")
		if err != nil {
			t.Fatal(err)
		}
		s, err := New(lab, setup, Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		go s.Run(ctx)
		if err := s.Install(ctx, "h1", "p", programs()["echo"], []byte("echo")); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	stop()
	for _, s := range all {
		<-s.Done()
	}
	for n := 0; runtime.NumGoroutine() > before; n++ { // Run returns just after Done is closed
		if n == 1_000_000 {
			t.Fatalf("%d goroutines, there were %d", runtime.NumGoroutine(), before)
		}
		runtime.Gosched()
	}
	if left, _ := listDir(dir); len(left) != 0 {
		t.Errorf("left on disk: %v", left)
	}
}

func TestCaptureKeepsTheNewest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := live(t, Options{Capture: 64 << 10}, "talk1")
		time.Sleep(2 * time.Second)
		b.now()
		b.ok(b.Pause(t.Context()))
		r, err := b.Frames(t.Context())
		b.ok(err)
		defer r.Close()
		total, _ := query(t.Context(), b.Session, func() (uint64, error) { return b.log.Count(event.Frame), nil })
		n, last := uint64(0), time.Duration(-1)
		for {
			e, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			b.ok(err)
			if e.Kind != event.Frame || e.Port == "" || len(e.Data) != 98 || e.At < last {
				t.Fatalf("frame %+v after %v", e, last)
			}
			n, last = n+1, e.At
		}
		if n+r.Lost != total || r.Lost == 0 || n < 32<<10/200 {
			t.Errorf("%d frames kept and %d lost of %d", n, r.Lost, total)
		}
		if at, _ := b.now(); at-last > 2*time.Millisecond {
			t.Errorf("the last frame kept is of %v, the lab is at %v", last, at)
		}
	})
}

// TestALabInLineForItsTurnAnswers: however long the line is, a pause, a step and a
// download don't wait behind others' turns, and the lab keeps its place.
func TestALabInLineForItsTurnAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := sched.New(1)
		b := live(t, Options{Scheduler: turns, Owner: sched.Owner{Name: "b"}}, "talk1")
		b.now()
		if !turns.Acquire(t.Context(), sched.Hog, sched.Owner{Name: "a"}) {
			t.Fatal("there is no turn")
		}
		time.Sleep(10 * time.Millisecond)
		synctest.Wait()
		if n := turns.Waiting(); n != 1 {
			t.Fatalf("%d wait, want the lab", n)
		}
		within, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r, err := b.Frames(within)
		b.ok(err)
		r.Close()
		if n := turns.Waiting(); n != 1 {
			t.Errorf("%d wait after it has answered, want the lab still", n)
		}
		stepped := make(chan error)
		go func() { stepped <- b.Step(t.Context()) }() // it needs a turn: the one that the lab waits for
		synctest.Wait()
		if n := turns.Waiting(); n != 1 {
			t.Errorf("%d wait for a step, want the lab", n)
		}
		turns.Release()
		b.ok(<-stepped)
		synctest.Wait()
		if turns.Free() != 1 || turns.Waiting() != 0 {
			t.Errorf("%d turns free and %d waiting while the lab is paused", turns.Free(), turns.Waiting())
		}
		b.ok(b.Resume(t.Context()))
		time.Sleep(10 * time.Millisecond)
		b.now()
		if !turns.Acquire(t.Context(), sched.Hog, sched.Owner{Name: "a"}) {
			t.Fatal("there is no turn")
		}
		time.Sleep(10 * time.Millisecond)
		b.stop(nil) // in line
		<-b.Done()
		turns.Release()
		if turns.Free() != 1 || turns.Waiting() != 0 {
			t.Errorf("%d turns free and %d waiting after the lab has closed", turns.Free(), turns.Waiting())
		}
	})
}
