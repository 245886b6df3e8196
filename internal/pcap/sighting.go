package pcap

import (
	"container/heap"
	"slices"
	"time"

	"wireloom/vnet/packet"
)

// A sighting is a frame that passes a point; or, without a point, one that arrives where
// none is, and may be lost there.
type sighting struct {
	Packet
	link     packet.Link
	point    int // -1 for none
	from, to string
	sent     time.Duration // when it was put on the link
	arrives  bool          // it comes out at to
	lost     bool          // it did not pass: it is only said that it was lost
	skip     bool          // the filter does not take it
	seq      uint64
}

// onWay is a heap of what has not arrived yet.
type onWay []sighting

func (h onWay) Len() int { return len(h) }
func (h onWay) Less(i, j int) bool {
	return h[i].At < h[j].At || h[i].At == h[j].At && h[i].seq < h[j].seq
}
func (h onWay) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *onWay) Push(x any)   { *h = append(*h, x.(sighting)) }
func (h *onWay) Pop() any {
	last := len(*h) - 1
	s := (*h)[last]
	(*h)[last] = sighting{}
	*h = (*h)[:last]
	return s
}

// queue puts a sighting in its place by time.
func (c *Capture) queue(s sighting) {
	c.seq++
	s.seq = c.seq
	if s.At <= c.clock {
		c.pass(s)
		return
	}
	if len(c.onWay) >= maxOnWay || c.held+len(s.Data) > maxHeld {
		if s.point >= 0 {
			c.points[s.point].Received++
			c.points[s.point].miss(1, "too many were on their way to here")
		}
		return
	}
	heap.Push(&c.onWay, s)
	c.held += len(s.Data)
}

// pass lets a sighting be one of this instant.
func (c *Capture) pass(s sighting) {
	for len(c.now) > 0 && (len(c.now) >= maxInstant || c.held+len(s.Data) > maxHeld) {
		c.leave(1)
	}
	c.now = append(c.now, s)
	c.held += len(s.Data)
}

// leave lets the first n of the instant go.
func (c *Capture) leave(n int) {
	for i := range c.now[:n] {
		c.held -= len(c.now[i].Data)
		c.keep(&c.now[i])
	}
	c.now = slices.Delete(c.now, 0, n)
}

// advance lets time pass.
func (c *Capture) advance(to time.Duration) {
	for len(c.onWay) > 0 && c.onWay[0].At <= to {
		s := heap.Pop(&c.onWay).(sighting)
		c.held -= len(s.Data)
		if s.At > c.clock {
			c.leave(len(c.now))
			c.clock = s.At
		}
		c.pass(s)
	}
	if to > c.clock {
		c.leave(len(c.now))
		c.clock = to
	}
}

// keep counts a sighting, and keeps it until its step is over, or writes it.
func (c *Capture) keep(s *sighting) {
	if s.point < 0 {
		return
	}
	p := c.points[s.point]
	if !s.lost {
		p.Received++
	}
	if s.skip {
		return
	}
	p.Accepted++
	if c.step == "" {
		c.write(s)
		return
	}
	for len(c.kept) > 0 && c.keptBytes+len(s.Data) > maxStep {
		c.keptBytes -= len(c.kept[0].Data)
		c.write(&c.kept[0])
		c.kept = c.kept[1:]
	}
	c.kept = append(c.kept, *s)
	c.keptBytes += len(s.Data)
}

// release writes what was kept for a step, which is over.
func (c *Capture) release() {
	c.leave(len(c.now))
	for i := range c.kept {
		c.write(&c.kept[i])
	}
	c.kept, c.keptBytes, c.step = nil, 0, ""
	clear(c.sent)
}
