package tcp

import (
	"slices"
	"time"

	"wireloom/vnet/inet/tcp/wire"
)

// hold keeps a segment that came ahead of others, in the receive buffer behind its end.
// Where it overlaps what is held, what came first stays at its own end, and what came
// later wins over what begins behind it (the BSDs' tcp_reass). It tells whether with it
// the stream has come to the FIN.
func (c *Conn) hold(a *arrival, acts *Acts) (fin bool) {
	st := &c.l.Stats
	n := uint32(len(a.data))
	if a.flags&FIN != 0 {
		c.flags |= finHeld
		c.finSeq = a.seq + n
	}
	s := wire.Span{Start: a.seq, End: a.seq + n}
	switch {
	case n == 0:
	case a.seq != c.rcvNxt && len(c.ahead) > c.rcvBuf/max(int(c.mss), 1): // tcp_reass: as many pieces as full segments fit the buffer
		st.RcvMemDrop++
		c.flags &^= finHeld
	default:
		st.RcvOOPack++
		st.RcvOOByte += uint64(n)
		c.insert(s, a.data)
		c.noteBlock(s)
	}
	if c.state < Established {
		return false
	}
	return c.deliverAhead(acts)
}

// insert writes the bytes of s and merges it into ahead.
func (c *Conn) insert(s wire.Span, data []byte) {
	i := 0
	for i < len(c.ahead) && wire.Before(c.ahead[i].End, s.Start) {
		i++
	}
	from, j := s.Start, i
	begin := s.Start
	for j < len(c.ahead) && !wire.After(c.ahead[j].Start, s.End) {
		if !wire.After(c.ahead[j].Start, begin) {
			from = wire.Later(from, wire.Earlier(c.ahead[j].End, s.End))
		}
		s.Start, s.End = wire.Earlier(s.Start, c.ahead[j].Start), wire.Later(s.End, c.ahead[j].End)
		j++
	}
	if data = data[from-begin:]; len(data) > 0 && !c.has(noRead) {
		c.rcv.Put(&c.l.pool, int(from-c.rcvNxt), data)
	}
	c.ahead = slices.Replace(c.ahead, i, j, s)
}

// deliverAhead moves the end of the stream over what was held behind it.
func (c *Conn) deliverAhead(acts *Acts) (fin bool) {
	for len(c.ahead) > 0 && c.ahead[0].Start == c.rcvNxt {
		n := int(c.ahead[0].End - c.rcvNxt)
		c.rcvNxt = c.ahead[0].End
		c.ahead = slices.Delete(c.ahead, 0, 1)
		if !c.has(noRead) {
			c.rcv.Extend(n)
			acts.Events |= Readable
		}
	}
	c.recent = slices.DeleteFunc(c.recent, func(s wire.Span) bool { return !wire.After(s.Start, c.rcvNxt) })
	if c.has(finHeld) && c.finSeq == c.rcvNxt {
		c.flags &^= finHeld
		return true
	}
	return false
}

// noteBlock makes s the newest SACK block, with what touches it.
func (c *Conn) noteBlock(s wire.Span) {
	if !c.has(sackOK) {
		return
	}
	head := s
	c.recent = slices.DeleteFunc(c.recent, func(b wire.Span) bool {
		if !wire.After(b.Start, head.End) && !wire.Before(b.End, head.Start) {
			head.Start, head.End = wire.Earlier(head.Start, b.Start), wire.Later(head.End, b.End)
			return true
		}
		return false
	})
	c.recent = slices.Insert(c.recent, 0, head)
	if limit := c.l.v.SACKBlocks; len(c.recent) > limit {
		c.recent = c.recent[:limit]
	}
}

// noteDup notes bytes that came twice, to be reported (RFC 2883).
func (c *Conn) noteDup(start, end uint32) {
	if c.l.v.DSACK && c.has(sackOK) && wire.Before(start, end) {
		c.dup = wire.Span{Start: start, End: end}
		c.flags |= dupBlock
	}
}

// autoReceive lets the receive buffer grow by itself: when one round trip brings nearly
// all it holds (the BSDs' tcp_input), by the timestamps' clock.
func (c *Conn) autoReceive(now time.Duration, a *arrival) {
	v := c.l.v
	if !c.has(autoRcv) || v.RcvBufInc == 0 || !a.opt.HasTS || a.opt.TSEcr == 0 {
		return
	}
	if age := a.opt.TSEcr - c.autoStamp; int32(age) > 0 && time.Duration(age)*v.StampTick < time.Second {
		if c.autoBytes > c.rcvBuf/8*7 && c.rcvBuf < v.RcvBufMax {
			c.rcvBuf = min(c.rcvBuf+v.RcvBufInc, v.RcvBufMax)
		}
		c.autoStamp, c.autoBytes = 0, 0
	} else {
		c.autoBytes += len(a.data)
	}
}
