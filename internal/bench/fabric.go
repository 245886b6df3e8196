package main

import (
	"context"
	"fmt"
)

// How many frames of each size a turn sends.
const (
	fabricFrames = 40_000
	ringFrames   = 400_000
)

// fabric measures a frame's way from a process through its tap, the switch and
// another tap to a process, one frame at a time, so that each wakes the reader. The
// processes are Go functions: it is the lab that is measured, and no program.
func fabric(ctx context.Context, rounds int) (*Report, error) {
	r := &Report{
		Title: "a frame from tap to switch to tap, against a ring, a map look-up and a ring",
		Notes: []string{"a frame makes 4 events that hold its bytes: a write, two links, a read; all go into the run's SHA-256"},
	}
	for _, size := range []int{64, 1500} {
		frame := frameOf(size, 2, 1)
		lab := func(window int) (contender, error) {
			t, err := newTapLab(frame, 0, window)
			if err != nil {
				return nil, err
			}
			return func() (cost, error) {
				return measure(func() (int, error) { return fabricFrames, t.pass(fabricFrames) })
			}, nil
		}
		inUse, err := lab(0)
		if err != nil {
			return nil, err
		}
		noWindow, err := lab(-1)
		if err != nil {
			return nil, err
		}
		path := newRingPath()
		columns, err := inTurns(ctx, rounds, inUse, noWindow, func() (cost, error) {
			return measure(func() (int, error) { return ringFrames, path.passAll(frame, ringFrames) })
		})
		if err != nil {
			return nil, err
		}
		use, bare, ring := columns[0], columns[1], columns[2]
		what := fmt.Sprintf("%d B", size)
		note := func(c column) string { return number(spread(c.allocs()).Median) + " allocations" }
		r.Rows = append(
			r.Rows,
			against(what+", log and hash on", "ns CPU/frame", use.cpu(), ring.cpu(), note(use)),
			against(what+", log and hash on", "ns/frame", use.wall(), ring.wall(), ""),
			against(what+", no window for viewers", "ns CPU/frame", bare.cpu(), ring.cpu(), note(bare)),
		)
	}
	return r, nil
}
