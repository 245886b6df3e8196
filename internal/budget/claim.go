package budget

import (
	"context"
	"sync/atomic"
)

// step is by how many bytes a claim grows at a time, where there is room: to ask for each
// page would cost more than the page.
const step = 256 << 10

// A Claim is what one lab was granted, or what something else holds for a while. One
// goroutine at a time may call its methods; a nil Claim has no limit.
type Claim struct {
	b      *Budget
	client string
	opened int
	gone   chan struct{} // closed when the lab is to be closed

	granted atomic.Int64 // guests and others: what may be used without asking

	// Guarded by the budget's mu.
	guests   int64 // bytes of guests' memory
	others   int64 // other bytes, which Usage measures
	measured int64 // of those, what was claimed when that was done
	wants    int64 // bytes that it waits for
	viewers  int
	closing  bool
	guest    bool // it is a stranger's
	close    func(why error)
}

// Closer makes the claim that of a lab, which f closes: it is called once, when there is
// no memory for it, and must not wait.
func (c *Claim) Closer(f func(why error)) {
	if c == nil {
		return
	}
	c.b.mu.Lock()
	defer c.b.mu.Unlock()
	c.close = f
}

// Guest says that the lab is a stranger's: it goes before those of people who are known.
func (c *Claim) Guest() {
	if c == nil {
		return
	}
	c.b.mu.Lock()
	defer c.b.mu.Unlock()
	c.guest = true
}

// Has reports whether the lab was granted already guests bytes of guests' memory and
// others besides.
func (c *Claim) Has(guests, others int64) bool {
	return c == nil || LabBase+guests+others <= c.granted.Load()
}

// Grow claims guests bytes of guests' memory for the lab and others besides, in all. It
// waits until there is room, and reports false where the lab is closed instead or ctx
// ends.
func (c *Claim) Grow(ctx context.Context, guests, others int64) bool {
	if c.Has(guests, others) {
		return true
	}
	b := c.b
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.last.InHeap {
		guests, others = 0, guests+others
	}
	others += LabBase
	if b.room(c.more(guests, others) + step) {
		others += step
	}
	ok := c.wait(ctx, guests, others)
	c.granted.Store(c.guests + c.others)
	return ok
}

// more is how many bytes more those are than what the claim has. The caller holds mu.
func (c *Claim) more(guests, others int64) int64 {
	return max(guests-c.guests, 0) + max(others-c.others, 0)
}

// wait makes the claim so large, as soon as there is room. The caller holds mu, which is
// free meanwhile.
func (c *Claim) wait(ctx context.Context, guests, others int64) bool {
	b := c.b
	defer func() { c.wants = 0 }()
	for first := true; ; first = false {
		c.wants = 0
		more := c.more(guests, others)
		switch {
		case c.closing || ctx.Err() != nil:
			return false
		case b.room(more):
			c.guests, c.others = max(guests, c.guests), max(others, c.others)
			return true
		}
		c.wants = more
		changed := b.changed
		b.mu.Unlock()
		if first { // later on Run looks by itself
			select {
			case b.asked <- struct{}{}:
			default: // it knows
			}
		}
		select {
		case <-changed:
		case <-c.gone:
		case <-ctx.Done():
		}
		b.mu.Lock()
	}
}

// Settle gives back what the lab was granted and has no more, where that is much.
func (c *Claim) Settle(guests, others int64) {
	const much = 3 * step
	if c == nil || c.granted.Load()-LabBase-guests-others < much {
		return
	}
	b := c.b
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.last.InHeap {
		guests, others = 0, guests+others
	}
	c.guests, c.others = guests, LabBase+others
	c.measured = min(c.measured, c.others)
	c.granted.Store(c.guests + c.others)
	b.tell()
}

// Watched says how many watch the lab.
func (c *Claim) Watched(viewers int) {
	if c == nil {
		return
	}
	c.b.mu.Lock()
	defer c.b.mu.Unlock()
	c.viewers = viewers
}

// Release gives all of it back.
func (c *Claim) Release() {
	if c == nil {
		return
	}
	c.b.mu.Lock()
	defer c.b.mu.Unlock()
	c.b.remove(c)
}
