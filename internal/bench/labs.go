package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"wireloom/internal/open"
	"wireloom/internal/product"
	"wireloom/internal/scenario"
	"wireloom/internal/sched"
	"wireloom/internal/session"
	"wireloom/vnet/event"
)

const (
	labCount = 200
	labsFor  = 20 * time.Second // with nobody watching
	watched  = 10 * time.Second // with a viewer for each lab

	// A ping every 40 ms is 25 requests and 25 answers a second, which are 50 frames
	// from alice or bob; each crosses two links.
	pingEvery     = "0.04"
	framesASecond = 50

	labsMemory = 1.5e9                  // bytes resident, at most
	labsLag    = 50 * time.Millisecond  // 99th percentile of what virtual time is behind, at most
	labsHeap   = 4 << 20                // bytes of heap in use more than at the baseline: spans that are not full
	labsSettle = 3 * time.Second        // how long the labs run before they are measured
	labsSample = 250 * time.Millisecond // between two looks at the memory
	labsSeed   = 1
)

// labs runs many labs in one server, each the built-in scenario ping with its
// reference program, and measures what they take and whether closing them gives it
// all back. It is one long measurement, whatever the number of rounds.
func labs(ctx context.Context, _ int) (r *Report, err error) {
	r = &Report{
		Title: fmt.Sprintf("%d live labs, ping with its WebAssembly reference, %d frames a second each", labCount, framesASecond),
		Notes: []string{
			"ping -i " + pingEvery + ": 25 echo requests and 25 replies a second, each crosses two links; lag is that of a lab's due events behind real time",
			fmt.Sprintf("%s with nobody watching, then %s with a viewer of each lab, in another process", labsFor, watched),
		},
	}
	build, done, err := liveLabs(ctx, pingEvery)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, done()) }()
	// One lab comes and goes before the baseline: what is made once stays.
	first, err := build(sched.New(0))
	if err != nil {
		return nil, err
	}
	if err := first.closeAfter(ctx, time.Second); err != nil {
		return nil, err
	}
	before := level(0)
	turns := sched.New(0)
	began := time.Now()
	live, err := some(labCount, turns, build)
	defer func() { closeAll(live) }()
	if err != nil {
		return nil, err
	}
	started := time.Since(began)
	if err := pause(ctx, labsSettle); err != nil {
		return nil, err
	}
	alone, err := watch(ctx, live, turns, framesASecond, labsFor)
	if err != nil {
		return nil, err
	}
	public, err := serve(live)
	if err != nil {
		return nil, err
	}
	viewed, err := public.watch(ctx, live, turns, framesASecond, len(live))
	public.close()
	if err != nil {
		return nil, err
	}
	busy := level(-1)
	began = time.Now()
	closeAll(live)
	closed := time.Since(began)
	live = nil
	after := level(before.goroutines)

	r.Rows = append(alone.rows("nobody watches", below), viewed.rows("a viewer each", noGoal)...)
	if alone.resident == 0 {
		r.Notes = append(r.Notes, "this system does not tell how much memory is resident")
	}
	r.Rows = append(
		r.Rows,
		figure("to start all", "ms", one(milliseconds(started)), ""),
		figure("to close all", "ms", one(milliseconds(closed)), ""),
		below("goroutines after closing", "", float64(after.goroutines), float64(before.goroutines)),
		below("heap in use after closing", "MB", after.heap/1e6, (before.heap+labsHeap)/1e6),
	)
	r.Notes = append(r.Notes, fmt.Sprintf("goroutines: %d before, %d with all labs, %d after; heap in use after a GC: %s MB, %s MB, %s MB",
		before.goroutines, busy.goroutines, after.goroutines, number(before.heap/1e6), number(busy.heap/1e6), number(after.heap/1e6)))
	return r, nil
}

func one(x float64) Spread { return Spread{x, x, x} }

func figure(what, unit string, x Spread, note string) Row {
	return Row{What: what, Unit: unit, Ours: x, Note: note}
}

// liveLabs returns what makes labs of fastPing's, and what closes the engine of their programs.
func liveLabs(ctx context.Context, every string) (build func(*sched.Scheduler) (*liveLab, error), done func() error, err error) {
	session.TuneGC()
	src, err := fastPing(every)
	if err != nil {
		return nil, nil, err
	}
	e, err := product.OpenEngine(ctx, "")
	if err != nil {
		return nil, nil, err
	}
	return func(turns *sched.Scheduler) (*liveLab, error) { return newLiveLab(ctx, src, e.Compile, turns) }, e.Close, nil
}

// some makes n labs; those that there are when it fails are returned too.
func some(n int, turns *sched.Scheduler, build func(*sched.Scheduler) (*liveLab, error)) (live []*liveLab, err error) {
	for range n {
		l, err := build(turns)
		if err != nil {
			return live, err
		}
		live = append(live, l)
	}
	return live, nil
}

func closeAll(live []*liveLab) {
	for _, l := range live {
		l.close()
	}
}

// fastPing is the built-in scenario ping with other seconds between its pings, and
// otherwise as a server opens it.
func fastPing(every string) (*scenario.Scenario, error) {
	dir, err := root()
	if err != nil {
		return nil, err
	}
	from := filepath.Join(dir, "scenarios", "ping")
	text, err := os.ReadFile(filepath.Join(from, "scenario.yaml"))
	if err != nil {
		return nil, err
	}
	reference, err := os.ReadFile(filepath.Join(from, "reference.wasm.gz"))
	if err != nil {
		return nil, fmt.Errorf("run make guests: %w", err)
	}
	const slow = "argv: [ping, 10.0.0.2]"
	if bytes.Count(text, []byte(slow)) != 1 {
		return nil, fmt.Errorf("the scenario ping does not have %q once: adapt this benchmark", slow)
	}
	text = bytes.Replace(text, []byte(slow), []byte(`argv: [ping, -i, "`+every+`", 10.0.0.2]`), 1)
	to, err := os.MkdirTemp("", "wireloom-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(to) }() // what stays is in the system's temporary folder
	for name, b := range map[string][]byte{"scenario.yaml": text, "reference.wasm.gz": reference} {
		if err := os.WriteFile(filepath.Join(to, name), b, 0o600); err != nil {
			return nil, err
		}
	}
	return open.Scenario(to)
}

// A liveLab is a lab with its session.
type liveLab struct {
	session *session.Session
	stop    context.CancelFunc
	frames  atomic.Uint64 // that left a node
}

func newLiveLab(ctx context.Context, src *scenario.Scenario, compile product.Compile, turns *sched.Scheduler) (*liveLab, error) {
	seed := uint64(labsSeed)
	lab, setup, err := product.Build(ctx, src, compile, product.Options{Seed: &seed})
	if err != nil {
		return nil, err
	}
	l := &liveLab{}
	lab.Log().Subscribe(func(e *event.Event) {
		if e.Kind == event.Frame && strings.Contains(e.Port, ":") { // a node's port, not a switch's
			l.frames.Add(1)
		}
	})
	if l.session, err = session.New(lab, setup, session.Options{Scheduler: turns}); err != nil {
		lab.Close()
		return nil, err
	}
	ctx, l.stop = context.WithCancel(ctx)
	go l.session.Run(ctx)
	return l, nil
}

func (l *liveLab) close() {
	l.stop()
	<-l.session.Done()
}

// closeAfter closes the lab after a while, and fails if nothing has happened in it.
func (l *liveLab) closeAfter(ctx context.Context, d time.Duration) error {
	err := pause(ctx, d)
	l.close()
	if err == nil && l.frames.Load() == 0 {
		err = errors.New("no frame was sent in a lab that is to ping")
	}
	return err
}
