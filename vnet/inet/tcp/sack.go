package tcp

import "slices"

// A hole is bytes that the peer has not got, while it has got later ones; they are sent
// again up to resent.
type hole struct{ start, end, resent uint32 }

// scoreboard takes from an ACK what the peer has (RFC 2018; RFC 6675 in the BSDs' form,
// tcp_sack.c): holes are what lies between.
func (c *Conn) scoreboard(a *arrival) {
	var have [maxBlocks + 1]span
	n := 0
	if before(c.una, a.ack) && len(c.holes) > 0 {
		have[0] = span{c.una, a.ack}
		n = 1
	}
	for _, b := range a.opt.sack[:a.opt.blocks] {
		if before(b.start, b.end) && after(b.start, c.una) && after(b.start, a.ack) && before(b.start, c.sndMax) && !after(b.end, c.sndMax) {
			have[n] = b
			n++
		}
	}
	if n == 0 {
		return
	}
	if len(c.holes) == 0 {
		c.fack = later(c.una, a.ack)
	}
	slices.SortFunc(have[:n], func(x, y span) int { return int(int32(x.start - y.start)) })
	for _, b := range have[:n] {
		if after(b.start, c.fack) {
			if len(c.holes) >= c.l.v.MaxHoles {
				c.l.Stats.SACKOverflow++
				continue
			}
			c.holes = append(c.holes, hole{c.fack, b.start, c.fack})
			c.fack = b.end
			continue
		}
		c.fill(b)
		c.fack = later(c.fack, b.end)
	}
	c.countResent()
}

// fill takes the bytes of b out of the holes.
func (c *Conn) fill(b span) {
	for i := len(c.holes) - 1; i >= 0; i-- {
		h := &c.holes[i]
		switch {
		case !before(b.start, h.end), !after(b.end, h.start):
		case !after(b.start, h.start) && !before(b.end, h.end):
			c.holes = slices.Delete(c.holes, i, i+1)
		case !after(b.start, h.start):
			h.start = b.end
			h.resent = later(h.resent, h.start)
		case !before(b.end, h.end):
			h.end = b.start
			h.resent = earlier(h.resent, h.end)
		case len(c.holes) < c.l.v.MaxHoles:
			tail := hole{b.end, h.end, later(h.resent, b.end)}
			h.end = b.start
			h.resent = earlier(h.resent, h.end)
			c.holes = slices.Insert(c.holes, i+1, tail)
		default:
			c.l.Stats.SACKOverflow++
		}
	}
}

func (c *Conn) countResent() {
	c.resent = 0
	for i := range c.holes {
		c.resent += int(c.holes[i].resent - c.holes[i].start)
	}
}

// nextHole is the first of which something is still to be sent again.
func (c *Conn) nextHole() *hole {
	for i := range c.holes {
		if before(c.holes[i].resent, c.holes[i].end) {
			return &c.holes[i]
		}
	}
	return nil
}

// skipHeld moves nxt, after a timeout, over what the peer has.
func (c *Conn) skipHeld() {
	if len(c.holes) == 0 || !before(c.nxt, c.fack) {
		return
	}
	for i := range c.holes {
		if before(c.nxt, c.holes[i].start) {
			c.nxt = c.holes[i].start
			return
		}
		if before(c.nxt, c.holes[i].end) {
			return
		}
	}
	c.nxt = c.fack
}
