package netem

import (
	"time"
)

// A slotState is when the next slot is, and what still fits into the present one
// (sch_netem.c, get_slot_next and netem_dequeue).
type slotState struct {
	on            bool
	next          time.Duration
	packets, size int // that are left
}

func (t *slotState) reset(c Slots, now time.Duration) {
	*t = slotState{}
	if c.on() {
		t.on, t.next = true, now
		t.fill(c)
	}
}

func (t *slotState) fill(c Slots) {
	t.packets, t.size = c.Packets, c.Bytes
	if t.packets == 0 {
		t.packets = 1<<31 - 1
	}
	if t.size == 0 {
		t.size = 1<<31 - 1
	}
}

func (t *slotState) begin(now time.Duration, s *stage) {
	c := s.conf.Slots
	wait := c.Min
	if c.Distribution != "" {
		wait = around(c.Mean, c.Jitter, s.rand.Uint32, tables[c.Distribution])
	} else if span := uint64(c.Max - c.Min); span > 0 {
		wait += time.Duration(s.rand.Uint64N(span))
	}
	t.next = max(now+wait, 0)
	t.fill(c)
}

// lets reports whether a frame that may leave at a time may leave now. The slot after one
// that was missed is counted from when somebody asks.
func (t *slotState) lets(now, at time.Duration, size int, s *stage) bool {
	if !t.on {
		return at <= now
	}
	if t.next < at {
		t.begin(now, s)
	}
	if at > now || t.next > now {
		return false
	}
	t.packets--
	t.size -= size
	if t.packets <= 0 || t.size <= 0 {
		t.begin(now, s)
	}
	return true
}
