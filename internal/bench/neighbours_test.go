package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"wireloom/internal/boot"
	"wireloom/internal/compilechild"
	"wireloom/internal/session"
)

// TestMain lets the test's executable compile in children, as the benchmark does.
func TestMain(m *testing.M) {
	compilechild.Init()
	os.Exit(m.Run())
}

// TestNeighboursLeaveNoTrace: what a lab does, its hash says, is the same whatever
// its neighbours do. No time is looked at: the benchmark does that.
func TestNeighboursLeaveNoTrace(t *testing.T) {
	ctx := t.Context()
	e, err := boot.OpenEngine(ctx, filepath.Join(t.TempDir(), "cache"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}()
	src, err := fastPing()
	if err != nil {
		t.Fatal(err)
	}
	sched := session.NewScheduler(2)
	stop, err := neighbourhood(ctx, e.Compile, sched)
	if err != nil {
		t.Fatal(err)
	}
	good, err := newGoodLab(ctx, src, e.Compile, sched)
	if err != nil {
		t.Fatal(err)
	}
	detach, err := good.session.Attach(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := good.session.SetRate(ctx, session.AsFast); err != nil {
		t.Fatal(err)
	}
	reach(ctx, t, good.session, 2*time.Second)
	detach()
	if _, err := stop(); err != nil {
		t.Error(err)
	}
	same, events, err := good.replays(ctx, e.Compile)
	good.close()
	if err != nil || !same || events < 100 {
		t.Errorf("a replay of %d events finds the same hash: %v, %v", events, same, err)
	}
}

// reach waits until a lab's clock stands at a time or later.
func reach(ctx context.Context, t *testing.T, s *session.Session, at time.Duration) {
	t.Helper()
	for {
		snap, changed := s.Snapshot()
		if snap.Now >= at {
			return
		}
		select {
		case <-changed:
		case <-s.Done():
			t.Fatalf("the lab closed: %s", s.Reason())
		case <-ctx.Done():
			t.Fatal(ctx.Err())
		}
	}
}
