package main

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"time"

	"wireloom/internal/sched"
)

// A load is what running labs did and took.
type load struct {
	frames          []float64     // frames a second, lab by lab
	events          float64       // a second, all labs
	cores           float64       // CPU seconds a second
	resident        float64       // bytes, at most; 0 where that is not known
	lag, p99, worst time.Duration // behind real time: half of the events, 99 of 100, all
}

// rows shows the load; limit makes the rows of what the goals are about.
func (m *load) rows(when string, limit func(what, unit string, x, limit float64) Row) []Row {
	rows := []Row{
		figure(when+": frames in each lab", "frames/s", spread(m.frames), ""),
		figure(when+": events in all labs", "events/s", one(m.events), ""),
		figure(when+": CPU", coresUnit(), one(m.cores), ""),
		figure(when+": lag, median", "ms", one(milliseconds(m.lag)), ""),
		limit(when+": lag, 99th percentile", "ms", milliseconds(m.p99), milliseconds(labsLag)),
		figure(when+": lag, most", "ms", one(milliseconds(m.worst)), ""),
	}
	if m.resident > 0 {
		rows = append(rows, limit(when+": resident memory", "MB", m.resident/1e6, labsMemory/1e6))
	}
	return rows
}

// coresUnit is the unit of CPU time for each second.
func coresUnit() string { return "cores of " + strconv.Itoa(runtime.GOMAXPROCS(0)) }

// noGoal makes the row of a figure that the goals say nothing about.
func noGoal(what, unit string, x, _ float64) Row { return figure(what, unit, one(x), "") }

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// watch lets the labs run for a while, each with so many frames a second.
func watch(ctx context.Context, live []*liveLab, turns *sched.Scheduler, rate float64, during time.Duration) (*load, error) {
	events := func() (n uint64) {
		for _, l := range live {
			_, next := l.session.Log().Bounds()
			n += next
		}
		return n
	}
	turns.Lag().Reset()
	before := make([]uint64, len(live))
	for i, l := range live {
		before[i] = l.frames.Load()
	}
	e, c, w := events(), cpu(), time.Now()
	m := &load{}
	for time.Since(w) < during {
		if err := pause(ctx, labsSample); err != nil {
			return nil, err
		}
		m.resident = max(m.resident, resident())
	}
	seconds := time.Since(w).Seconds()
	lag := turns.Lag()
	m.lag, m.p99, m.worst = lag.Quantile(0.5), lag.Quantile(0.99), lag.Quantile(1)
	m.cores = (cpu() - c).Seconds() / seconds
	m.events = float64(events()-e) / seconds
	for i, l := range live {
		m.frames = append(m.frames, float64(l.frames.Load()-before[i])/seconds)
		if why := l.session.Reason(); why != "" {
			return nil, fmt.Errorf("a lab closed: %s", why)
		}
	}
	if slices.Min(m.frames) < rate*0.9 {
		return nil, fmt.Errorf("a lab has %.1f frames a second, want %g", slices.Min(m.frames), rate)
	}
	return m, nil
}

// pause lets real time pass.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
