package main

import (
	"context"
	"runtime"
	"time"
)

// A cost is what one of something took.
type cost struct {
	wall   float64 // nanoseconds
	cpu    float64 // nanoseconds of CPU time, all threads of the process
	allocs float64 // allocations
}

// measure runs f, which returns how much of something it did.
func measure(f func() (int, error)) (cost, error) {
	runtime.GC() // what was measured before leaves no garbage to this one
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	w, c := time.Now(), cpu()
	n, err := f()
	wall, used := time.Since(w), cpu()-c
	runtime.ReadMemStats(&after)
	k := float64(max(n, 1))
	return cost{
		wall: float64(wall.Nanoseconds()) / k, cpu: float64(used.Nanoseconds()) / k,
		allocs: float64(after.Mallocs-before.Mallocs) / k,
	}, err
}

// A column is one contender's costs, round by round.
type column []cost

func (c column) each(f func(cost) float64) []float64 {
	xs := make([]float64, len(c))
	for i, x := range c {
		xs[i] = f(x)
	}
	return xs
}

func (c column) cpu() []float64    { return c.each(func(x cost) float64 { return x.cpu }) }
func (c column) wall() []float64   { return c.each(func(x cost) float64 { return x.wall }) }
func (c column) allocs() []float64 { return c.each(func(x cost) float64 { return x.allocs }) }

// persecond is how many of something there are in a second.
func (c column) persecond() []float64 { return c.each(func(x cost) float64 { return 1e9 / x.wall }) }

// A contender is one side of what is compared.
type contender func() (cost, error)

// inTurns lets the contenders take turns, one turn each in every round, and returns
// their columns. A first round, which is not counted, warms them up.
func inTurns(ctx context.Context, rounds int, contenders ...contender) ([]column, error) {
	columns := make([]column, len(contenders))
	for round := range rounds + 1 {
		for i, f := range contenders {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			c, err := f()
			if err != nil {
				return nil, err
			}
			if round > 0 {
				columns[i] = append(columns[i], c)
			}
		}
	}
	return columns, nil
}
