package visitor

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// day is how long what a Daily knows counts.
const day = 24 * time.Hour

// A Daily is how much of something each of many has taken in a day, which begins when they take some
// first. The zero value knows of nobody. One goroutine at a time may use it.
type Daily struct {
	// Most are the keys of which it knows: beyond them those who have taken least are forgotten. No limit
	// if it is 0.
	Most int

	by map[string]taken
}

// taken is what was taken since a day began.
type taken struct {
	began time.Time
	n     int64
}

func (t taken) over(now time.Time) bool { return now.Sub(t.began) >= day }

// Add notes that n more were taken.
func (d *Daily) Add(key string, n int64, now time.Time) {
	t, ok := d.by[key]
	if !ok || t.over(now) {
		d.makeRoom(now)
		t = taken{began: now}
	}
	if d.by == nil {
		d.by = map[string]taken{}
	}
	t.n += n
	d.by[key] = t
}

// Of returns what a key has taken in its day, and how long that lasts still.
func (d *Daily) Of(key string, now time.Time) (n int64, left time.Duration) {
	t, ok := d.by[key]
	if !ok || t.over(now) {
		return 0, 0
	}
	return t.n, day - now.Sub(t.began)
}

// Each calls f with what each key has taken in its day.
func (d *Daily) Each(now time.Time, f func(n int64)) {
	for _, t := range d.by {
		if !t.over(now) {
			f(t.n)
		}
	}
}

// makeRoom forgets whose day is over, and half of the others where they are too many.
func (d *Daily) makeRoom(now time.Time) {
	if d.Most > 0 && len(d.by) < d.Most {
		return
	}
	maps.DeleteFunc(d.by, func(_ string, t taken) bool { return t.over(now) })
	if d.Most == 0 {
		return
	}
	least := slices.SortedFunc(maps.Keys(d.by), func(x, y string) int { return cmp.Compare(d.by[x].n, d.by[y].n) })
	for _, key := range least[:max(0, len(least)-d.Most/2)] {
		delete(d.by, key)
	}
}
