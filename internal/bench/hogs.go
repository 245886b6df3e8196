package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"wireloom/internal/budget"
	"wireloom/internal/product"
	"wireloom/internal/program"
	"wireloom/internal/scenario"
	"wireloom/internal/scenario/format"
	"wireloom/internal/sched"
	"wireloom/internal/session"
)

const (
	hogLabs   = 11
	hogBudget = 1 << 30                // bytes that the server may use
	hogBack   = 5 * time.Second        // until memory is back when the hogs are closed, at most
	hogSample = 10 * time.Millisecond  // between two looks at the memory that is resident
	hogRest   = 32 << 20               // bytes more than before that count as memory that is back
	hogAgain  = 100 * time.Millisecond // until a hog that was refused is opened again
)

// A herd is the labs of one client that take memory as fast as they can: each that is
// closed is opened again at once.
type herd struct {
	mem     *budget.Budget
	sched   *sched.Scheduler
	src     *scenario.Scenario
	compile product.Compile

	running sync.WaitGroup
	stop    context.CancelFunc
	closed  atomic.Uint64 // for want of memory
	refused atomic.Uint64
}

func startHerd(ctx context.Context, compile product.Compile, turns *sched.Scheduler, mem *budget.Budget) (*herd, error) {
	sc, err := scenario.Parse("scenario.yaml", []byte(hostileScenario))
	if err != nil {
		return nil, err
	}
	h := &herd{mem: mem, sched: turns, src: sc, compile: compile}
	ctx, h.stop = context.WithCancel(ctx)
	for i := range hogLabs {
		h.running.Go(func() {
			for ctx.Err() == nil {
				if err := h.live(ctx, i%2 == 0); err != nil && ctx.Err() == nil {
					h.refused.Add(1)
					_ = pause(ctx, hogAgain) // it ends with ctx, which is looked at
				}
			}
		})
	}
	return h, nil
}

// live opens a lab, watches it where asked, and returns when it has been closed.
func (h *herd) live(ctx context.Context, watched bool) error {
	claim, err := h.mem.Open(ctx, "hog")
	if err != nil {
		return err
	}
	lab, setup, err := product.Build(ctx, h.src, h.compile, product.Options{
		Programs: map[format.Slot]program.File{{Node: "bob", Proc: "p"}: {Name: "p.wasm", Module: hoarder()}},
	})
	if err != nil {
		claim.Release()
		return err
	}
	s, err := session.New(lab, setup, session.Options{Scheduler: h.sched, Idle: -1, Owner: sched.Owner{Name: "hog"}, Claim: claim})
	if err != nil {
		claim.Release()
		lab.Close()
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	claim.Closer(func(why error) {
		h.closed.Add(1)
		stop(why)
	})
	if watched {
		go func() { _, _ = s.Attach(ctx) }() // of one that closes meanwhile nobody needs to know
	}
	s.Run(ctx)
	return nil
}

func (h *herd) close() {
	h.stop()
	h.running.Wait()
}

// peak looks at the memory that is resident, until it is told to stop, and returns the
// most that it was, processes that compile included.
func peak(e *product.Engine) (stop func() int64) {
	done, most := make(chan struct{}), make(chan int64)
	go func() {
		t := time.NewTicker(hogSample)
		defer t.Stop()
		var n int64
		for {
			select {
			case <-t.C:
				u := e.Usage()
				n = max(n, u.Resident+u.Children)
			case <-done:
				most <- n
				return
			}
		}
	}()
	return func() int64 {
		close(done)
		return <-most
	}
}

// besideHogs runs the good lab beside a herd on a server with a budget: how late the lab
// is, whether the server stays within its budget, and how soon memory is back.
func besideHogs(ctx context.Context, e *product.Engine, src *scenario.Scenario) (rows []Row, err error) {
	mem := budget.New(hogBudget, e.Usage, e.Tidy)
	watching, stopWatching := context.WithCancel(ctx)
	defer stopWatching()
	go mem.Run(watching)
	level(0)
	before := e.Usage().Resident
	turns := sched.New(0)
	herd, err := startHerd(ctx, e.Compile, turns, mem)
	if err != nil {
		return nil, err
	}
	claim, err := mem.Open(ctx, "good")
	if err != nil {
		herd.close()
		return nil, err
	}
	good, err := newGoodLab(ctx, src, e.Compile, session.Options{Scheduler: turns, Owner: sched.Owner{Name: "good"}, Claim: claim})
	if err != nil {
		herd.close()
		return nil, err
	}
	var lost atomic.Bool
	claim.Closer(func(error) {
		lost.Store(true)
		good.stop()
	})
	stopPeak := peak(e)
	if err = pause(ctx, labsSettle); err == nil {
		good.forget()
		err = pause(ctx, neighboursFor)
	}
	most := stopPeak()
	herd.close()
	began := time.Now()
	back := time.Duration(-1)
	for before > 0 && back < 0 && time.Since(began) < 4*hogBack && err == nil {
		if e.Usage().Resident <= before+hogRest {
			back = time.Since(began)
		}
		err = errors.Join(err, pause(ctx, hogSample))
	}
	if err != nil {
		good.close()
		return nil, err
	}
	if lost.Load() {
		return nil, errors.New("the good lab was closed for want of memory, though it keeps within its share")
	}
	same, _, err := good.replays(ctx, e.Compile)
	good.close()
	if err != nil {
		return nil, err
	}
	lag := good.lags()
	const when = "with hogs"
	rows = append(
		rows,
		below(when+": lag, 99th percentile", "ms", milliseconds(lag.Quantile(0.99)), milliseconds(neighboursLag)),
		figure(when+": lag, most", "ms", one(milliseconds(lag.Quantile(1))), ""),
		below(when+": hashes that a replay does not find", "", float64(btoi(!same)), 0),
	)
	if before > 0 {
		if back < 0 {
			back = 4 * hogBack
		}
		rows = append(
			rows,
			below(when+": resident memory, most", "MB", float64(most)/1e6, hogBudget/1e6),
			below(when+": until memory is back", "s", back.Seconds(), hogBack.Seconds()),
		)
	}
	return append(
		rows,
		figure("hogs that were closed", "", one(float64(herd.closed.Load())), fmt.Sprintf("%d at a time", hogLabs)),
		figure("hogs that were refused", "", one(float64(herd.refused.Load())), ""),
	), nil
}
