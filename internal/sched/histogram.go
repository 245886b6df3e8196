package sched

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// A Histogram counts durations in buckets that are a quarter of a power of two
// wide, from a microsecond up. It may be used from any goroutine.
type Histogram struct {
	counts [4 * 40]atomic.Uint64
}

func bucket(d time.Duration) int {
	us := uint64(max(d/time.Microsecond, 0))
	if us < 4 {
		return int(us)
	}
	n := bits.Len64(us) // at least 3
	return min(4*(n-2)+int(us>>(n-3)&3), 4*40-1)
}

// upper is the largest duration that falls into a bucket.
func upper(b int) time.Duration {
	if b < 4 {
		return time.Duration(b+1)*time.Microsecond - 1
	}
	n := b/4 + 2
	us := uint64(4+b%4+1) << (n - 3)
	return time.Duration(us)*time.Microsecond - 1
}

// Add counts d.
func (h *Histogram) Add(d time.Duration) { h.counts[bucket(d)].Add(1) }

// Count is how many durations were counted.
func (h *Histogram) Count() (n uint64) {
	for i := range h.counts {
		n += h.counts[i].Load()
	}
	return n
}

// Below is how many of those counted were d or less, where d is the upper end of a bucket; else
// those of the bucket that it lies in are not among them.
func (h *Histogram) Below(d time.Duration) (n uint64) {
	for i := range h.counts {
		if upper(i) > d {
			break
		}
		n += h.counts[i].Load()
	}
	return n
}

// Quantile returns a duration that a share q of those counted do not exceed, at
// most a quarter too large; 0 where none was counted.
func (h *Histogram) Quantile(q float64) time.Duration {
	var counts [len(h.counts)]uint64
	total := uint64(0)
	for i := range counts {
		counts[i] = h.counts[i].Load()
		total += counts[i]
	}
	if total == 0 {
		return 0
	}
	want := uint64(q * float64(total))
	seen := uint64(0)
	for i, n := range counts {
		seen += n
		if seen > 0 && seen >= want {
			return upper(i)
		}
	}
	return upper(len(counts) - 1)
}

// Reset forgets what was counted.
func (h *Histogram) Reset() {
	for i := range h.counts {
		h.counts[i].Store(0)
	}
}
