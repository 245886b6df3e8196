// Package alarm orders what the parts of a stack want to be called for by time, so that the
// lab has one timer a stack.
package alarm

import "time"

// A Timer is when a part of the stack wants to be called next. It is a field of that
// part, so that setting one allocates nothing.
type Timer struct {
	at  time.Duration
	seq uint64
	pos int    // its place in the heap, from 1; 0 while it is not set
	Run func() // does it
}

// Timers is a heap: the earliest timer first, of equal ones the one that was set first.
// The lab knows of the earliest alone.
type Timers struct {
	heap []*Timer
	seq  uint64
}

// Set makes t due at that time, or not at all.
func (h *Timers) Set(t *Timer, at time.Duration, ok bool) {
	switch {
	case !ok:
		if t.pos > 0 {
			h.remove(t)
		}
	case t.pos > 0 && t.at == at:
	default:
		h.seq++
		t.at, t.seq = at, h.seq
		if t.pos == 0 {
			h.heap = append(h.heap, t)
			t.pos = len(h.heap)
		}
		h.fix(t)
	}
}

// Due takes the next timer that is due, and was set before the one numbered last + 1, out of the heap; nil if
// there is none.
func (h *Timers) Due(now time.Duration, last uint64) *Timer {
	if len(h.heap) == 0 || h.heap[0].at > now || h.heap[0].seq > last {
		return nil
	}
	t := h.heap[0]
	h.remove(t)
	return t
}

// Next is when the earliest timer is due; ok is false if none is set.
func (h *Timers) Next() (at time.Duration, ok bool) {
	if len(h.heap) == 0 {
		return 0, false
	}
	return h.heap[0].at, true
}

// Last is the number of the timer that was set last.
func (h *Timers) Last() uint64 { return h.seq }

func (h *Timers) remove(t *Timer) {
	last := h.heap[len(h.heap)-1]
	h.heap[len(h.heap)-1] = nil
	h.heap = h.heap[:len(h.heap)-1]
	if last != t {
		h.heap[t.pos-1], last.pos = last, t.pos
		h.fix(last)
	}
	t.pos = 0
}

func before(a, b *Timer) bool { return a.at < b.at || a.at == b.at && a.seq < b.seq }

// fix moves t to where it belongs.
func (h *Timers) fix(t *Timer) {
	i := t.pos - 1
	for i > 0 && before(t, h.heap[(i-1)/2]) {
		up := h.heap[(i-1)/2]
		h.heap[i], up.pos = up, i+1
		i = (i - 1) / 2
	}
	for {
		down := 2*i + 1
		if down+1 < len(h.heap) && before(h.heap[down+1], h.heap[down]) {
			down++
		}
		if down >= len(h.heap) || !before(h.heap[down], t) {
			break
		}
		h.heap[i], h.heap[down].pos = h.heap[down], i+1
		i = down
	}
	h.heap[i], t.pos = t, i+1
}
