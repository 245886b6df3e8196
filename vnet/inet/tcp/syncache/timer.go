package syncache

import (
	"time"

	"wireloom/vnet/inet/tcp/wire"
)

// arm sets the timer for the next SYN+ACK.
func (c *Cache) arm(now time.Duration, h *Half) {
	h.last = min(c.v.SYNACKFirst*time.Duration(c.v.BackoffOf(h.Sent-1)), c.v.RTOMax)
	h.at = c.v.Due(now, h.last)
	if c.next == 0 || h.at < c.next {
		c.next = h.at
	}
}

// Next is when the cache wants Tick to be called; false for never.
func (c *Cache) Next() (at time.Duration, ok bool) { return c.next, c.next != 0 }

// Tick sends SYN+ACKs again, and forgets half-open connections that nobody completes.
// It returns how many it sent.
func (c *Cache) Tick(now time.Duration, out *wire.Batch) (sent int) {
	v := c.v
	c.next = 0
	kept := c.order[:0]
	for _, h := range c.order {
		switch {
		case h.at > now:
		case v.SYNACKWhole > 0 && h.at-h.Since >= v.SYNACKWhole, v.SYNACKWhole == 0 && int(h.Sent) > v.SYNACKMax:
			delete(c.byEnd, h.Pair)
			c.stats.SCTimedOut++
			continue
		default:
			c.stats.SCRexmit++
			c.Respond(now, h, out)
			sent++
			h.Sent++
			c.arm(now, h)
		}
		if c.next == 0 || h.at < c.next {
			c.next = h.at
		}
		kept = append(kept, h)
	}
	clear(c.order[len(kept):])
	c.order = kept
	c.shrink()
	return sent
}
