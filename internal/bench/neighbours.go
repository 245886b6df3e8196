package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"wireloom/internal/open"
	"wireloom/internal/product"
	"wireloom/internal/program"
	"wireloom/internal/recording"
	"wireloom/internal/scenario"
	"wireloom/internal/scenario/format"
	"wireloom/internal/sched"
	"wireloom/internal/session"
	"wireloom/vnet"
	"wireloom/vnet/event"
)

const (
	neighboursFor   = 15 * time.Second
	neighboursCores = 2
	neighboursLag   = 50 * time.Millisecond // 99th percentile of what the good lab's virtual time is behind, at most
)

// neighbours runs a lab that behaves well, alone and then on the same two cores as
// four that don't: one spins, one takes memory and gives it back as fast as it can,
// one makes system calls without end, and to the fourth somebody uploads programs
// that keep the compiler busy. What counts is how far the good lab's virtual time is
// behind real time, and that its hash is what a replay finds. At last it runs beside
// labs that take all the memory that they get, and the server's memory counts too.
func neighbours(ctx context.Context, _ int) (r *Report, err error) {
	runtime.GOMAXPROCS(neighboursCores)
	session.TuneGC()
	cache, err := os.MkdirTemp("", "wireloom-bench-") // of its own: what it compiles nobody wants again
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(cache)) }()
	e, err := product.OpenEngine(ctx, cache)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	src, err := fastPing(pingEvery)
	if err != nil {
		return nil, err
	}
	r = &Report{
		Title: fmt.Sprintf("a lab that pings (ping -i %s), on %d cores with four that mean harm", pingEvery, neighboursCores),
		Notes: []string{"lag: how far the good lab's virtual time is behind real time at its events; real time begins where it was least behind"},
	}
	for _, hostile := range []bool{false, true} {
		turns := sched.New(0)
		var stop func() (harm, error)
		when := "alone"
		if hostile {
			when = "with neighbours"
			if stop, err = neighbourhood(ctx, e.Compile, turns); err != nil {
				return nil, err
			}
		}
		good, err := newGoodLab(ctx, src, e.Compile, session.Options{Scheduler: turns})
		if err == nil {
			err = pause(ctx, labsSettle)
		}
		if err == nil {
			good.forget()
			err = pause(ctx, neighboursFor)
		}
		var done harm
		if stop != nil {
			var serr error
			done, serr = stop()
			err = errors.Join(err, serr)
		}
		if err != nil {
			return nil, err
		}
		same, events, err := good.replays(ctx, e.Compile)
		good.close()
		if err != nil {
			return nil, err
		}
		lag := good.lags()
		p99 := milliseconds(lag.Quantile(0.99))
		row := figure(when+": lag, 99th percentile", "ms", one(p99), "")
		if hostile {
			row = below(when+": lag, 99th percentile", "ms", p99, milliseconds(neighboursLag))
		}
		r.Rows = append(
			r.Rows, row,
			figure(when+": lag, median", "ms", one(milliseconds(lag.Quantile(0.5))), ""),
			figure(when+": lag, most", "ms", one(milliseconds(lag.Quantile(1))), ""),
			figure(when+": events", "", one(float64(events)), ""),
			below(when+": hashes that a replay does not find", "", float64(btoi(!same)), 0),
		)
		if hostile {
			r.Rows = append(
				r.Rows,
				figure("virtual time of the spinner", "s", one(done.spun.Seconds()), "of "+(neighboursFor+labsSettle).String()),
				figure("steps of the flood", "", one(float64(done.steps)), ""),
				figure("processes of the allocator", "", one(float64(done.spawned)), ""),
				figure("modules refused", "", one(float64(done.refused)), done.why),
			)
		}
	}
	rows, err := besideHogs(ctx, e, src)
	if err != nil {
		return nil, err
	}
	r.Rows = append(r.Rows, rows...)
	r.Notes = append(r.Notes, fmt.Sprintf("hogs: %d labs of one client whose programs take 56 MiB each and start themselves again, on a server that may use %d MiB", hogLabs, hogBudget>>20))
	return r, nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// A goodLab is a live lab that says how late it is.
type goodLab struct {
	session *session.Session
	stop    context.CancelFunc

	mu   sync.Mutex
	late []time.Duration // real time since the start minus virtual time, event by event
}

func newGoodLab(ctx context.Context, src *scenario.Scenario, compile product.Compile, o session.Options) (*goodLab, error) {
	seed := uint64(labsSeed)
	lab, setup, err := product.Build(ctx, src, compile, product.Options{Seed: &seed})
	if err != nil {
		return nil, err
	}
	g := &goodLab{}
	began := time.Now()
	lab.Log().Subscribe(func(e *event.Event) {
		g.mu.Lock()
		g.late = append(g.late, time.Since(began)-e.At)
		g.mu.Unlock()
	})
	if g.session, err = session.New(lab, setup, o); err != nil {
		lab.Close()
		return nil, err
	}
	ctx, g.stop = context.WithCancel(ctx)
	go g.session.Run(ctx)
	return g, nil
}

func (g *goodLab) close() {
	g.stop()
	<-g.session.Done()
}

// forget begins to measure anew.
func (g *goodLab) forget() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.late = nil
}

// lags are the lateness of all events, against that of the one least late.
func (g *goodLab) lags() *sched.Histogram {
	g.mu.Lock()
	defer g.mu.Unlock()
	h := &sched.Histogram{}
	least := time.Duration(0)
	for i, d := range g.late {
		if i == 0 || d < least {
			least = d
		}
	}
	for _, d := range g.late {
		h.Add(d - least)
	}
	return h
}

// replays runs again what the lab has done so far, and reports whether the hash is
// the same, and of how many events.
func (g *goodLab) replays(ctx context.Context, compile product.Compile) (same bool, events uint64, err error) {
	var rec bytes.Buffer
	if err := g.session.Record(ctx, &rec); err != nil {
		return false, 0, err
	}
	var shelf open.Shelf
	file, err := recording.Read(bytes.NewReader(rec.Bytes()), int64(rec.Len()))
	if err != nil {
		return false, 0, err
	}
	res, err := file.Replay(ctx, product.Again(compile, shelf.Program), recording.Limits{})
	if err != nil {
		return false, 0, err
	}
	return res.Same, res.Events, nil
}

// harm is what the neighbours came to.
type harm struct {
	spun    time.Duration // virtual time
	steps   uint64
	spawned uint64
	refused uint64
	why     string // the last module was
}

// hostileScenario is a node with a device and a program.
const hostileScenario = `scenario: hostile
title: A lab that means harm
seed: 1
nodes:
  bob:
    dialect: netbsd
    devices:
      tap0: {port: s1.1}
    programs:
      p: {slot: submission, argv: [p]}
switches:
  s1: {ports: 2}
steps:
  - start: bob.p
    wait: 1s
`

// neighbourhood starts the four. stop ends them and says what they came to.
func neighbourhood(ctx context.Context, compile product.Compile, turns *sched.Scheduler) (stop func() (harm, error), err error) {
	src, err := scenario.Parse("scenario.yaml", []byte(hostileScenario))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	var done harm
	var sessions []*session.Session
	var bombs sync.WaitGroup
	end := func() {
		cancel()
		bombs.Wait()
		for _, s := range sessions {
			<-s.Done()
		}
	}
	var spawned, refused atomic.Uint64
	var why atomic.Pointer[string]
	for _, module := range [][]byte{spinner(), allocator(), flooder()} {
		lab, setup, err := product.Build(ctx, src, compile, product.Options{
			Programs: map[format.Slot]program.File{{Node: "bob", Proc: "p"}: {Name: "p.wasm", Module: module}},
		})
		if err != nil {
			end()
			return nil, err
		}
		lab.Log().Subscribe(func(e *event.Event) {
			if e.Kind == event.Start {
				spawned.Add(1)
			}
		})
		s, err := session.New(lab, setup, session.Options{Scheduler: turns, Idle: -1})
		if err != nil {
			lab.Close()
			end()
			return nil, err
		}
		sessions = append(sessions, s)
		go s.Run(ctx)
		if _, err := s.Attach(ctx); err != nil { // somebody watches
			end()
			return nil, err
		}
		if _, err := s.Do(ctx, vnet.Start{Node: "bob", Proc: "p"}); err != nil && !strings.Contains(err.Error(), "runs already") {
			end()
			return nil, err
		}
	}
	bombs.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			if _, err := compile(ctx, "bomb.wasm", compileBomb(n)); err != nil && ctx.Err() == nil {
				refused.Add(1)
				text := err.Error()
				why.Store(&text)
			}
		}
	})
	return func() (harm, error) {
		var errs []error
		for i, s := range sessions {
			if reason := s.Reason(); reason != "" {
				errs = append(errs, fmt.Errorf("hostile lab %d closed: %s", i+1, reason))
			}
			snap, _ := s.Snapshot()
			if i == 0 {
				done.spun = snap.Now
			}
			if i == len(sessions)-1 {
				done.steps = snap.Steps
			}
		}
		done.spawned, done.refused = spawned.Load(), refused.Load()
		if p := why.Load(); p != nil {
			done.why = *p
		}
		end()
		return done, errors.Join(errs...)
	}, nil
}
