package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"wireloom/internal/budget"
	"wireloom/internal/compilechild"
	"wireloom/internal/product"
	"wireloom/internal/sched"
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
	e, err := product.OpenEngine(ctx, filepath.Join(t.TempDir(), "cache"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}()
	src, err := fastPing(pingEvery)
	if err != nil {
		t.Fatal(err)
	}
	turns := sched.New(2)
	stop, err := neighbourhood(ctx, e.Compile, turns)
	if err != nil {
		t.Fatal(err)
	}
	good, err := newGoodLab(ctx, src, e.Compile, session.Options{Scheduler: turns})
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

// TestHogsLeaveNoTrace: beside labs that take all memory that they get, a lab of another
// client goes on, and does what it always does; they are closed, and what they had is
// free again. No time is looked at.
func TestHogsLeaveNoTrace(t *testing.T) {
	ctx := t.Context()
	e, err := product.OpenEngine(ctx, filepath.Join(t.TempDir(), "cache"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}()
	src, err := fastPing(pingEvery)
	if err != nil {
		t.Fatal(err)
	}
	// What the test itself takes is no part of it.
	mem := budget.New(256<<20, func() budget.Usage { return budget.Usage{} }, e.Tidy)
	go mem.Run(ctx)
	turns := sched.New(2)
	herd, err := startHerd(ctx, e.Compile, turns, mem)
	if err != nil {
		t.Fatal(err)
	}
	claim, err := mem.Open(ctx, "good")
	if err != nil {
		t.Fatal(err)
	}
	good, err := newGoodLab(ctx, src, e.Compile, session.Options{Scheduler: turns, Owner: sched.Owner{Name: "good"}, Claim: claim})
	if err != nil {
		t.Fatal(err)
	}
	claim.Closer(func(why error) { t.Errorf("the good lab is to be closed: %v", why) })
	detach, err := good.session.Attach(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for at := time.Duration(0); at < 2*time.Second || herd.closed.Load() < hogLabs; at += 10 * time.Millisecond {
		reach(ctx, t, good.session, at)
		if s := mem.Stats(); s.Used > 224<<20 {
			t.Fatalf("%d MiB are used, of 224 that are granted", s.Used>>20)
		}
	}
	detach()
	herd.close()
	if s := mem.Stats(); s.Clients != 1 || s.Labs > 20<<20 {
		t.Errorf("with the good lab alone, %+v", s)
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
