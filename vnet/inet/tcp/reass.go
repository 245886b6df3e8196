package tcp

import (
	"time"

	"wireloom/vnet/inet/tcp/wire"
)

// hold keeps a segment that came ahead of others, in the receive buffer behind its end.
// It tells whether with it the stream has come to the FIN.
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
	case a.seq != c.rcvNxt && c.ahead.Len() > c.rcvBuf/max(int(c.mss), 1): // tcp_reass: as many pieces as full segments fit the buffer
		st.RcvMemDrop++
		c.flags &^= finHeld
	default:
		st.RcvOOPack++
		st.RcvOOByte += uint64(n)
		c.insert(s, a.data)
		if c.has(sackOK) {
			c.ahead.Note(s, c.l.v.SACKBlocks)
		}
	}
	if c.state < Established {
		return false
	}
	return c.deliverAhead(acts)
}

// insert writes the bytes of s where nothing that came before them stays.
func (c *Conn) insert(s wire.Span, data []byte) {
	from := c.ahead.Insert(s)
	if data = data[from-s.Start:]; len(data) > 0 && !c.has(noRead) {
		c.rcv.Put(&c.l.pool, int(from-c.rcvNxt), data)
	}
}

// deliverAhead moves the end of the stream over what was held behind it.
func (c *Conn) deliverAhead(acts *Acts) (fin bool) {
	end := c.ahead.Reach(c.rcvNxt)
	if n := int(end - c.rcvNxt); n > 0 && !c.has(noRead) {
		c.rcv.Extend(n)
		acts.Events |= Readable
	}
	c.rcvNxt = end
	if c.has(finHeld) && c.finSeq == c.rcvNxt {
		c.flags &^= finHeld
		return true
	}
	return false
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
