package tcp

import (
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet/tcp/wire"
)

// spareTime is how long spare buffers lie unused before they are dropped.
const spareTime = time.Second

// Next is when the connection wants Tick to be called; false for never.
func (c *Conn) Next() (at time.Duration, ok bool) {
	for _, t := range c.at {
		if t > 0 && (!ok || t < at) {
			at, ok = t, true
		}
	}
	return at, ok
}

// Tick does what is due by now.
func (c *Conn) Tick(now time.Duration, acts *Acts) {
	for i, t := range c.at {
		if t == 0 || t > now || c.has(dead) {
			continue
		}
		c.at[i] = 0
		switch i {
		case timerRexmt:
			c.rexmtTimer(now, acts)
		case timerPersist:
			c.persistTimer(now, acts)
		case timerKeep:
			c.keepTimer(now, acts)
		case timer2MSL:
			c.endTimer(now, acts)
		case timerTrim:
			c.trim(now)
		case timerACK:
			c.flags |= ackNow
			c.flags &^= pingPong
			c.l.Stats.DelAck++
			c.output(now, acts)
		}
	}
}

// start sets a timer, in place of what it was set to.
func (c *Conn) start(now time.Duration, timer int, d time.Duration) {
	c.at[timer] = max(c.l.v.Due(now, d), 1)
}

func (c *Conn) stop(timer int)         { c.at[timer] = 0 }
func (c *Conn) running(timer int) bool { return c.at[timer] != 0 }

// rexmtTimer sends again what was not acknowledged in time (RFC 6298, 5.4 to 5.7).
func (c *Conn) rexmtTimer(now time.Duration, acts *Acts) {
	v, st := c.l.v, &c.l.Stats
	if c.tailProbe(now, acts) {
		return
	}
	if c.has(mtuWaits) && !wire.Before(c.mtuSeq, c.una) && wire.Before(c.mtuSeq, c.una+uint32(c.maxOpt)) {
		c.flags &^= mtuWaits
		c.shrink(now, int(c.mtuNext), acts)
		return
	}
	c.board.Clear(c.una)
	limit := v.MaxRexmit
	if c.state == SynSent && v.MaxSYN > 0 {
		limit = v.MaxSYN
	}
	if c.shift++; int(c.shift) > limit {
		c.shift = uint8(limit)
		st.TimeoutDrop++
		e := errno.ETIMEDOUT
		if c.soft != 0 {
			e = c.soft
		}
		c.fail(now, e, acts)
		return
	}
	if c.shift == 1 && v.BadRexmit {
		c.cong.Save()
		c.prevRecover = c.recover
		c.set(prevRecovery, c.has(recovery))
		c.badUntil = now + c.rtt.Mean(v)/2
		c.flags |= prevValid
	} else {
		c.flags &^= prevValid
	}
	st.RexmtTimeo++
	c.rto = c.timeout(c.shift)
	if c.state == SynSent && v.SYNShrink > 0 && int(c.shift) == v.SYNShrink {
		c.flags &^= reqScale | reqStamp
	}
	if v.DFStops > 0 && int(c.shift) >= v.DFStops {
		c.flags |= noDF
	}
	if int(c.shift) > v.MaxRexmit/4 && !v.Microsecond {
		c.rtt.Losing(v)
	}
	if c.state == SynSent {
		c.flags |= synAgain
	}
	c.nxt = c.una
	c.recover = c.sndMax
	c.flags |= ackNow
	c.timing = false
	c.collapse()
	c.output(now, acts)
}

// timeout is the retransmission timeout after n of them in a row.
func (c *Conn) timeout(n uint8) time.Duration {
	v := c.l.v
	f := v.BackoffOf(n)
	if c.state == SynSent && int(n) < len(v.SYNBackoff) {
		f = int(v.SYNBackoff[n])
	}
	return min(max(c.rtt.Base(v)*time.Duration(f)+v.Slop, v.RTOMin), v.RTOMax)
}

// keepSpares sees that spare buffers are dropped when nobody has used one for a while.
func (c *Conn) keepSpares(now time.Duration) {
	if c.l.pool.Bytes() > 0 && !c.running(timerTrim) {
		c.at[timerTrim] = now + spareTime
	}
}

// trim drops the spare buffers if none was used since the last time.
func (c *Conn) trim(now time.Duration) {
	if c.l.pool.Idle() {
		c.l.pool.Drop()
	} else {
		c.keepSpares(now)
	}
}

// persistTimer probes a window that is shut: the next byte, window or not.
func (c *Conn) persistTimer(now time.Duration, acts *Acts) {
	v, st := c.l.v, &c.l.Stats
	st.PersistTimeo++
	if int(c.shift) >= v.MaxRexmit && !v.ProbeOld && (now-c.rcvTime >= v.KeepIdle || now-c.rcvTime >= c.rtt.Base(v)*time.Duration(v.TotalBackoff())) {
		st.PersistDrop++
		c.fail(now, errno.ETIMEDOUT, acts)
		return
	}
	if v.ProbeOld && c.sndWnd == 0 {
		if int(c.shift) > v.MaxRexmit && now-c.rcvTime > v.RTOMax*time.Duration(v.MaxRexmit) {
			st.PersistDrop++
			c.fail(now, errno.ETIMEDOUT, acts)
			return
		}
		st.SndProbe++
		c.respond(now, c.una-1, acts)
		if c.shift < 255 {
			c.shift++
		}
		c.start(now, timerPersist, c.probeTime(c.shift))
		return
	}
	c.setPersist(now)
	c.flags |= force
	c.output(now, acts)
	c.flags &^= force
}

// keepAlive sets the timer of an idle connection: from when the peer was heard last. It is no
// less than a tick: a peer who answers at once would hold the time.
func (c *Conn) keepAlive(heard time.Duration) {
	if v := c.l.v; c.opt.KeepAlive || v.AlwaysKeep {
		c.start(heard, timerKeep, max(v.KeepIdle, 10*time.Millisecond))
	}
}

// keepTimer ends a connection that is not established in time, and asks an idle peer
// whether it is there (RFC 9293, 3.8.4).
func (c *Conn) keepTimer(now time.Duration, acts *Acts) {
	v, st := c.l.v, &c.l.Stats
	st.KeepTimeo++
	if c.state < Established {
		st.KeepDrops++
		c.fail(now, errno.ETIMEDOUT, acts)
		return
	}
	if c.state > Closing || !c.opt.KeepAlive && !v.AlwaysKeep {
		return
	}
	if now-c.rcvTime >= v.KeepIdle+v.MaxIdle() {
		st.KeepDrops++
		c.fail(now, errno.ETIMEDOUT, acts)
		return
	}
	st.KeepProbe++
	c.respond(now, c.una-1, acts)
	c.start(now, timerKeep, v.KeepInterval)
}

// endTimer ends TIME_WAIT, and FIN_WAIT_2 of a peer that does not close.
func (c *Conn) endTimer(now time.Duration, acts *Acts) {
	if v := c.l.v; c.state != TimeWait && v.FinWait2Again > 0 && !v.FastFinWait2 && now-c.rcvTime <= v.MaxIdle() {
		c.start(now, timer2MSL, v.FinWait2Again)
		return
	}
	c.kill(acts)
}
