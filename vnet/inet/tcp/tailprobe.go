package tcp

import "time"

// armRexmt starts the retransmission timer. Linux puts a probe of the tail before it: two
// round trips after the last segment (RFC 8985, 7; tcp_output.c, tcp_schedule_loss_probe).
func (c *Conn) armRexmt(now time.Duration) {
	v, d := c.l.v, c.rto
	c.flags &^= probing | reorder
	if v.TailProbe && c.has(sackOK) && !c.has(recovery|probed) && c.shift == 0 && c.state >= Established && c.rtt.Known() {
		wait := 2 * c.rtt.Mean(v)
		if c.sndMax-c.una <= uint32(c.mss) { // the ACK may be delayed
			wait += v.RTOMin
		} else {
			wait += 2 * v.Jiffy
		}
		if wait < d {
			d = wait
			c.flags |= probing
		}
	}
	c.start(now, timerRexmt, d)
}

// waitReorder gives bytes that seem lost a quarter of a round trip to come after all, then
// they are sent again (RFC 8985, 6.2; tcp_recovery.c, tcp_rack_detect_loss).
func (c *Conn) waitReorder(now time.Duration) {
	if c.has(reorder) {
		return
	}
	c.flags |= reorder
	c.flags &^= probing
	c.start(now, timerRexmt, max(c.rtt.Mean(c.l.v)/4, c.l.v.Jiffy))
}

// tailProbe sends the probe, if the timer was set for one: new data where the window has
// room, else the last segment again.
func (c *Conn) tailProbe(now time.Duration, acts *Acts) bool {
	if c.has(reorder) {
		c.flags &^= reorder
		if c.board.Any() && !c.has(recovery) {
			c.fastRetransmit(now, acts)
			return true
		}
	}
	if !c.has(probing) || c.una == c.sndMax {
		c.flags &^= probing
		return false
	}
	c.flags &^= probing
	c.flags |= probed
	c.l.Stats.TailProbes++
	out := int(c.sndMax - c.una)
	if fresh := c.sndMark - out; fresh > 0 && int(c.sndWnd) > out && !c.has(sentFIN) {
		cwnd := c.cong.Cwnd
		c.cong.Cwnd = uint32(out) + uint32(c.mss)
		c.flags |= force
		c.output(now, acts)
		c.flags &^= force
		c.cong.Cwnd = cwnd
	} else {
		c.again(now, acts)
	}
	c.start(now, timerRexmt, c.rto)
	return true
}

// again sends the last segment once more.
func (c *Conn) again(now time.Duration, acts *Acts) {
	s := send{flags: c.state.outFlags(), recvWin: c.receiveSpace()}
	if !c.has(sentFIN) {
		s.flags &^= FIN
	}
	out := int(c.sndMax - c.una)
	if s.flags&FIN != 0 {
		out--
	}
	out = min(out, c.snd.Len())
	s.n = min(out, int(c.maxOpt)-c.optionBytes(s.flags))
	s.off = out - s.n
	seg := c.segment(s.flags)
	seg.Seq = c.una + uint32(s.off)
	if s.n > 0 {
		seg.Data = acts.Keep(c.snd.At(s.off, s.n))
		seg.Flags |= PSH
	}
	c.l.Stats.SndRexmitPack++
	c.l.Stats.SndRexmitByte += uint64(s.n)
	c.timing = false
	c.finish(now, &s, &seg, acts)
}
