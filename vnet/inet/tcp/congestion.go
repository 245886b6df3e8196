package tcp

import (
	"time"

	"wireloom/vnet/inet/tcp/wire"
)

// dupThreshold is how many duplicate ACKs mean that a segment is lost (RFC 5681, 3.2).
const dupThreshold = 3

// dupACK takes an ACK that acknowledges nothing new: limited transmit, fast retransmit and
// fast recovery (RFC 3042, RFC 6582; the BSDs' tcp_input). It tells whether to go on with
// the segment.
func (c *Conn) dupACK(now time.Duration, a *arrival, acts *Acts) bool {
	v, mss := c.l.v, uint32(c.mss)
	if len(a.data) > 0 || a.win != c.sndWnd || a.flags&FIN != 0 || a.dup && v.DSACK {
		c.dupAcks = 0
		return true
	}
	c.l.Stats.RcvDupAck++
	if !c.running(timerRexmt) || a.ack != c.una {
		c.dupAcks = 0
		return true
	}
	if c.dupAcks < 255 {
		c.dupAcks++
	}
	lost := c.dupAcks == dupThreshold || v.FACK && c.has(sackOK) && wire.After(c.board.Fack, c.una+dupThreshold*mss)
	if v.SACKOnly && c.has(sackOK) {
		lost = c.board.Any() && c.dupAcks >= dupThreshold
	}
	switch {
	case v.SACKOnly && c.has(sackOK) && !c.board.Any() && !c.has(recovery):
		return true
	case c.has(recovery) || c.dupAcks > dupThreshold && !lost:
		if c.has(sackOK) && c.has(recovery) {
			if int(c.nxt-c.board.Fack)+c.board.Resent < int(c.cong.Ssthresh) {
				c.cong.Cwnd = min(c.cong.Cwnd+mss, c.cong.Ssthresh)
			}
		} else {
			c.cong.Cwnd += mss
		}
		c.output(now, acts)
	case lost:
		if !c.has(sackOK) && !wire.After(a.ack, c.recover) {
			c.dupAcks = 0
			return true
		}
		c.fastRetransmit(now, acts)
	case v.LimitedTransmit:
		if v.SACKOnly && c.has(sackOK) {
			c.waitReorder(now)
		}
		if c.dupAcks == 1 {
			c.limited = 0
		}
		cwnd, sent := c.cong.Cwnd, c.sndMax
		c.cong.Cwnd = (c.nxt - c.una) + uint32(c.dupAcks-c.limited)*mss
		c.output(now, acts)
		if sent = c.sndMax - sent; sent > mss {
			c.limited = 2
		} else if sent > 0 {
			c.limited++
		}
		c.cong.Cwnd = cwnd
	default:
		return true
	}
	return false
}

// fastRetransmit sends the segment that seems lost, and begins recovery.
func (c *Conn) fastRetransmit(now time.Duration, acts *Acts) {
	mss, next := uint32(c.mss), c.nxt
	c.cong.LostSegment(c.l.v, c.sndWnd, mss)
	c.flags |= recovery
	c.dupAcks = dupThreshold
	c.recover = c.sndMax
	c.stop(timerRexmt)
	c.timing = false
	if c.has(sackOK) {
		c.l.Stats.SACKRecovery++
		c.newData = c.nxt
		c.cong.Cwnd = mss
		c.output(now, acts) // of a peer that says nothing of what it has nothing is sent again before the timeout
		return
	}
	c.nxt = c.una
	c.cong.Cwnd = mss
	c.output(now, acts)
	c.cong.Cwnd = c.cong.Ssthresh + mss*uint32(c.dupAcks-min(c.limited, c.dupAcks))
	c.nxt = wire.Later(c.nxt, next)
}

// newACKRecovery is what an ACK of new data means in recovery: another loss, or the end.
func (c *Conn) newACKRecovery(now time.Duration, a *arrival, acts *Acts) {
	if !c.has(recovery) {
		return
	}
	mss, acked := uint32(c.mss), a.ack-c.una
	if !wire.Before(a.ack, c.recover) {
		if wire.After(a.ack+c.cong.Ssthresh, c.sndMax) {
			c.cong.Recovered(c.sndMax - a.ack + mss)
		} else {
			c.cong.Recovered(c.cong.Ssthresh)
		}
		return
	}
	c.stop(timerRexmt)
	c.timing = false
	if c.has(sackOK) {
		c.cong.Cwnd = min(uint32(c.board.Resent)+(c.nxt-c.newData)+mss*min(max(acked/mss, 1), 2), c.cong.Ssthresh)
		c.flags |= ackNow
		c.output(now, acts)
		return
	}
	next, cwnd := c.nxt, c.cong.Cwnd
	c.nxt = a.ack
	c.cong.Cwnd = mss + acked
	c.flags |= ackNow
	c.output(now, acts)
	c.nxt = wire.Later(c.nxt, next)
	c.cong.Cwnd = cwnd - min(cwnd, acked) + mss
}

// collapse closes the window after a timeout.
func (c *Conn) collapse() {
	c.cong.Collapse(c.l.v, c.shift == 1, c.sndWnd, uint32(c.mss))
	c.dupAcks = 0
	c.flags &^= recovery
}

// undoTimeout takes a timeout back whose ACK comes sooner than one to what was sent again
// could: FreeBSD tcp_input.c, tcp_do_segment (t_badrxtwin).
func (c *Conn) undoTimeout(now time.Duration) {
	if c.shift != 1 || !c.has(prevValid) || now >= c.badUntil {
		return
	}
	c.l.Stats.SndRexmitBad++
	c.cong.Undo()
	c.recover = c.prevRecover
	c.set(recovery, c.has(prevRecovery))
	c.nxt = c.sndMax
	c.flags &^= prevValid
}

// openWindow grows the congestion window by what was acknowledged, where it is what limits.
func (c *Conn) openWindow(now time.Duration, acked uint32) {
	v := c.l.v
	if c.has(recovery) || v.GrowLimited && c.cong.Cwnd > c.sndWnd {
		return
	}
	c.cong.Grow(v, now, acked, uint32(c.mss), c.nxt != c.sndMax, 65535<<c.sndScale)
}
