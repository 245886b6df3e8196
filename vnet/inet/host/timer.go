package host

import "time"

// A timer is when a part of the stack wants to be called next. It is a field of that
// part, so that setting one allocates nothing.
type timer struct {
	at  time.Duration
	seq uint64
	pos int // its place in the heap, from 1; 0 while it is not set
	run func()
}

// timers is a heap: the earliest timer first, of equal ones the one that was set first.
// The lab knows of the earliest alone.
type timers struct {
	heap []*timer
	seq  uint64
}

// set makes t due at that time, or not at all.
func (h *timers) set(t *timer, at time.Duration, ok bool) {
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

// due takes the next timer that is due, and was set before the one numbered last + 1, out of the heap; nil if
// there is none.
func (h *timers) due(now time.Duration, last uint64) *timer {
	if len(h.heap) == 0 || h.heap[0].at > now || h.heap[0].seq > last {
		return nil
	}
	t := h.heap[0]
	h.remove(t)
	return t
}

func (h *timers) remove(t *timer) {
	last := h.heap[len(h.heap)-1]
	h.heap[len(h.heap)-1] = nil
	h.heap = h.heap[:len(h.heap)-1]
	if last != t {
		h.heap[t.pos-1], last.pos = last, t.pos
		h.fix(last)
	}
	t.pos = 0
}

func before(a, b *timer) bool { return a.at < b.at || a.at == b.at && a.seq < b.seq }

// fix moves t to where it belongs.
func (h *timers) fix(t *timer) {
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
