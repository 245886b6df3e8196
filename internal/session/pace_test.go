package session

import (
	"os"
	"testing"
	"time"
)

func listDir(path string) ([]string, error) {
	es, err := os.ReadDir(path)
	var names []string
	for _, e := range es {
		names = append(names, e.Name())
	}
	return names, err
}

func TestPace(t *testing.T) {
	t0 := time.Unix(1000, 0)
	for _, tc := range []struct {
		name        string
		p           pace
		now, at     time.Duration // since t0; where the virtual clock stands
		target, lag time.Duration
		slip        time.Duration
	}{
		{"in time at 1x", pace{rate: 1}, time.Second, time.Second, time.Second, 0, 0},
		{"from an hour on", pace{rate: 1, from: time.Hour}, time.Second, time.Hour, time.Hour + time.Second, time.Second, 0},
		{"10x", pace{rate: 10}, time.Second, 9 * time.Second, 10 * time.Second, 100 * time.Millisecond, 0},
		{"far behind at 1x", pace{rate: 1}, time.Minute, time.Second, time.Minute, 59 * time.Second, 58 * time.Second},
		{"far behind at 10x", pace{rate: 10}, time.Minute, 0, 10 * time.Minute, time.Minute, 59 * time.Second},
		{"ahead, after a step", pace{rate: 1}, time.Second, time.Minute, time.Second, 0, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := tc.p
			p.base = t0
			now := t0.Add(tc.now)
			if got := p.target(now); got != tc.target {
				t.Errorf("target %v, want %v", got, tc.target)
			}
			if got := p.lag(now, tc.at); got != tc.lag {
				t.Errorf("lag %v, want %v", got, tc.lag)
			}
			if got := p.slip(now, tc.at); got != tc.slip {
				t.Errorf("slipped %v, want %v", got, tc.slip)
			}
			if got := p.lag(now, tc.at); got != min(tc.lag, MaxLag) {
				t.Errorf("lag %v after the slip, want %v", got, min(tc.lag, MaxLag))
			}
		})
	}
	p := pace{rate: 10, base: t0}
	if got := p.wait(t0, 25*time.Nanosecond); got != 3*time.Nanosecond {
		t.Errorf("waits %v for 25 ns at 10x, want 3 ns: never too early", got)
	}
	if p.paused = true; p.tied() || p.lag(t0.Add(time.Hour), 0) != 0 {
		t.Error("a paused pace is tied to the clock")
	}
}
