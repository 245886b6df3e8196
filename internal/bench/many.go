package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"wireloom/internal/sched"
)

const (
	manyLabs   = 2000
	manyViewed = manyLabs / 10
	manyEvery  = "0.2" // seconds between pings,
	manyRate   = 10    // which are as many frames a second
	manyStart  = 20 * time.Second
	manyFor    = 20 * time.Second

	idleLabs  = 200
	idleEvery = "1"
	idleRate  = 2
	idleGoes  = 50 // us of CPU a second, at most
)

// many runs ten times as many labs as the item labs, of which some are watched, and then
// labs in which hardly anything happens. It is one long measurement, whatever the number of
// rounds.
func many(ctx context.Context, _ int) (*Report, error) {
	r := &Report{
		Title: fmt.Sprintf("%d live labs, ping with its WebAssembly reference, %d frames a second each, %d with a viewer in another process", manyLabs, manyRate, manyViewed),
		Notes: []string{"their logs are not full: each grows to a little more than a megabyte, however long its lab lives"},
	}
	if err := busyLabs(ctx, r); err != nil {
		return nil, err
	}
	return r, quietLabs(ctx, r)
}

func busyLabs(ctx context.Context, r *Report) error {
	return together(ctx, manyEvery, manyLabs, func(live []*liveLab, turns *sched.Scheduler) error {
		public, err := serve(live)
		if err != nil {
			return err
		}
		defer public.close()
		if err := pause(ctx, manyStart); err != nil { // all of them began at once
			return err
		}
		m, err := public.watch(ctx, live, turns, manyRate, manyViewed)
		if err == nil {
			r.Rows = append(r.Rows, m.rows("a tenth watched", below)...)
		}
		return err
	})
}

// quietLabs measures what a lab takes whose programs wait nearly all of the time.
func quietLabs(ctx context.Context, r *Report) error {
	return together(ctx, idleEvery, idleLabs, func(live []*liveLab, turns *sched.Scheduler) error {
		if err := pause(ctx, labsSettle); err != nil {
			return err
		}
		m, err := watch(ctx, live, turns, idleRate, manyFor)
		if err == nil {
			r.Rows = append(r.Rows, below("an idle lab, which pings each second: CPU", "us/s", m.cores*1e6/idleLabs, idleGoes))
		}
		return err
	})
}

// together does something with n live labs that ping each so many seconds.
func together(ctx context.Context, every string, n int, do func([]*liveLab, *sched.Scheduler) error) (err error) {
	build, done, err := liveLabs(ctx, every)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	turns := sched.New(0)
	live, err := some(n, turns, build)
	defer func() { closeAll(live) }()
	if err != nil {
		return err
	}
	return do(live, turns)
}
