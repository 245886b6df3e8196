package tcp

import (
	"slices"
	"time"
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
	s := span{a.seq, a.seq + n}
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
func (c *Conn) insert(s span, data []byte) {
	i := 0
	for i < len(c.ahead) && before(c.ahead[i].end, s.start) {
		i++
	}
	from, j := s.start, i
	begin := s.start
	for j < len(c.ahead) && !after(c.ahead[j].start, s.end) {
		if !after(c.ahead[j].start, begin) {
			from = later(from, earlier(c.ahead[j].end, s.end))
		}
		s.start, s.end = earlier(s.start, c.ahead[j].start), later(s.end, c.ahead[j].end)
		j++
	}
	if data = data[from-begin:]; len(data) > 0 && !c.has(noRead) {
		c.rcv.put(c.l, int(from-c.rcvNxt), data)
	}
	c.ahead = slices.Replace(c.ahead, i, j, s)
}

// deliverAhead moves the end of the stream over what was held behind it.
func (c *Conn) deliverAhead(acts *Acts) (fin bool) {
	for len(c.ahead) > 0 && c.ahead[0].start == c.rcvNxt {
		n := int(c.ahead[0].end - c.rcvNxt)
		c.rcvNxt = c.ahead[0].end
		c.ahead = slices.Delete(c.ahead, 0, 1)
		if !c.has(noRead) {
			c.rcv.extend(n)
			acts.Events |= Readable
		}
	}
	c.recent = slices.DeleteFunc(c.recent, func(s span) bool { return !after(s.start, c.rcvNxt) })
	if c.has(finHeld) && c.finSeq == c.rcvNxt {
		c.flags &^= finHeld
		return true
	}
	return false
}

// noteBlock makes s the newest SACK block, with what touches it.
func (c *Conn) noteBlock(s span) {
	if !c.has(sackOK) {
		return
	}
	head := s
	c.recent = slices.DeleteFunc(c.recent, func(b span) bool {
		if !after(b.start, head.end) && !before(b.end, head.start) {
			head.start, head.end = earlier(head.start, b.start), later(head.end, b.end)
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
	if c.l.v.DSACK && c.has(sackOK) && before(start, end) {
		c.dup = span{start, end}
		c.flags |= dupBlock
	}
}

// autoReceive lets the receive buffer grow by itself: when one round trip brings nearly
// all it holds (the BSDs' tcp_input), by the timestamps' clock.
func (c *Conn) autoReceive(now time.Duration, a *arrival) {
	v := c.l.v
	if !c.has(autoRcv) || v.RcvBufInc == 0 || !a.opt.hasTS || a.opt.tsecr == 0 {
		return
	}
	if age := a.opt.tsecr - c.autoStamp; int32(age) > 0 && time.Duration(age)*v.StampTick < time.Second {
		if c.autoBytes > c.rcvBuf/8*7 && c.rcvBuf < v.RcvBufMax {
			c.rcvBuf = min(c.rcvBuf+v.RcvBufInc, v.RcvBufMax)
		}
		c.autoStamp, c.autoBytes = 0, 0
	} else {
		c.autoBytes += len(a.data)
	}
}
