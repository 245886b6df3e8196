package tcp

import (
	"slices"

	"wireloom/vnet/inet/tcp/wire"
)

// A hole is bytes that the peer has not got, while it has got later ones; they are sent
// again up to resent.
type hole struct{ start, end, resent uint32 }

// scoreboard takes from an ACK what the peer has (RFC 2018; RFC 6675 in the BSDs' form,
// tcp_sack.c): holes are what lies between.
func (c *Conn) scoreboard(a *arrival) {
	var have [wire.MaxBlocks + 1]wire.Span
	n := 0
	if wire.Before(c.una, a.ack) && len(c.holes) > 0 {
		have[0] = wire.Span{Start: c.una, End: a.ack}
		n = 1
	}
	for _, b := range a.opt.SACK[:a.opt.Blocks] {
		if wire.Before(b.Start, b.End) && wire.After(b.Start, c.una) && wire.After(b.Start, a.ack) && wire.Before(b.Start, c.sndMax) && !wire.After(b.End, c.sndMax) {
			have[n] = b
			n++
		}
	}
	if n == 0 {
		return
	}
	if len(c.holes) == 0 {
		c.fack = wire.Later(c.una, a.ack)
	}
	slices.SortFunc(have[:n], func(x, y wire.Span) int { return int(int32(x.Start - y.Start)) })
	for _, b := range have[:n] {
		if wire.After(b.Start, c.fack) {
			if len(c.holes) >= c.l.v.MaxHoles {
				c.l.Stats.SACKOverflow++
				continue
			}
			c.holes = append(c.holes, hole{c.fack, b.Start, c.fack})
			c.fack = b.End
			continue
		}
		c.fill(b)
		c.fack = wire.Later(c.fack, b.End)
	}
	c.countResent()
}

// fill takes the bytes of b out of the holes.
func (c *Conn) fill(b wire.Span) {
	for i := len(c.holes) - 1; i >= 0; i-- {
		h := &c.holes[i]
		switch {
		case !wire.Before(b.Start, h.end), !wire.After(b.End, h.start):
		case !wire.After(b.Start, h.start) && !wire.Before(b.End, h.end):
			c.holes = slices.Delete(c.holes, i, i+1)
		case !wire.After(b.Start, h.start):
			h.start = b.End
			h.resent = wire.Later(h.resent, h.start)
		case !wire.Before(b.End, h.end):
			h.end = b.Start
			h.resent = wire.Earlier(h.resent, h.end)
		case len(c.holes) < c.l.v.MaxHoles:
			tail := hole{b.End, h.end, wire.Later(h.resent, b.End)}
			h.end = b.Start
			h.resent = wire.Earlier(h.resent, h.end)
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
		if wire.Before(c.holes[i].resent, c.holes[i].end) {
			return &c.holes[i]
		}
	}
	return nil
}

// skipHeld moves nxt, after a timeout, over what the peer has.
func (c *Conn) skipHeld() {
	if len(c.holes) == 0 || !wire.Before(c.nxt, c.fack) {
		return
	}
	for i := range c.holes {
		if wire.Before(c.nxt, c.holes[i].start) {
			c.nxt = c.holes[i].start
			return
		}
		if wire.Before(c.nxt, c.holes[i].end) {
			return
		}
	}
	c.nxt = c.fack
}
