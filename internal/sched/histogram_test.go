package sched

import (
	"testing"
	"time"
)

func TestHistogram(t *testing.T) {
	var h Histogram
	if h.Quantile(0.99) != 0 || h.Count() != 0 {
		t.Error("an empty histogram knows something")
	}
	for i := range 1000 {
		h.Add(time.Duration(i+1) * time.Millisecond)
	}
	for _, tc := range []struct {
		q    float64
		want time.Duration
	}{{0.5, 500 * time.Millisecond}, {0.99, 990 * time.Millisecond}, {1, time.Second}} {
		if got := h.Quantile(tc.q); got < tc.want || got > tc.want*5/4 {
			t.Errorf("quantile %v is %v, want %v to a quarter more", tc.q, got, tc.want)
		}
	}
	for b := range 4 * 20 {
		if got := bucket(upper(b)); got != b {
			t.Errorf("the largest of bucket %d falls into %d", b, got)
		}
		if got := bucket(upper(b) + 1); got != b+1 {
			t.Errorf("one more than the largest of bucket %d falls into %d", b, got)
		}
	}
	h.Add(1<<63 - 1)
	h.Add(-time.Second)
	if h.Count() != 1002 {
		t.Errorf("counted %d, want 1002", h.Count())
	}
	if h.Reset(); h.Count() != 0 {
		t.Error("Reset forgets nothing")
	}
}
