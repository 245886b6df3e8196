package tcp

import (
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet/tcp/loss"
	"wireloom/vnet/inet/tcp/stream"
	"wireloom/vnet/inet/tcp/wire"
)

// An arrival is a segment on its way through Input: what the window leaves of it.
type arrival struct {
	seq, ack uint32
	flags    Flags
	data     []byte
	win      uint32 // the peer's window, scaled
	opt      wire.Options
	dup      bool // all of it was here before
	output   bool // something may be sent now
}

// Input takes a segment of the connection (RFC 9293, 3.10.7). It reports true for a SYN
// that ends a connection in TIME_WAIT: the connection is Dead and the segment is for the
// listener, if there is one.
func (c *Conn) Input(now time.Duration, s *Segment, acts *Acts) (again bool) {
	if c.has(dead) {
		return false
	}
	c.l.Stats.RcvTotal++
	return c.input(now, s, acts)
}

func (c *Conn) input(now time.Duration, s *Segment, acts *Acts) (again bool) {
	a := arrival{seq: s.Seq, ack: s.Ack, flags: s.Flags, data: s.Data}
	a.opt.Parse(s.Options, s.Flags&SYN != 0)
	if c.state == TimeWait && c.l.v.TimeWaitOwn {
		return c.timeWaitInput(now, s, &a, acts)
	}
	c.rcvTime = now
	if c.state >= Established {
		c.keepAlive(now)
	}
	a.win = uint32(s.Window)
	if a.flags&SYN == 0 {
		a.win <<= c.sndScale
	}
	c.rcvWnd = uint32(max(c.receiveSpace(), int(int32(c.rcvAdv-c.rcvNxt)), 0))
	if c.state == SynSent {
		if !c.synSentInput(now, s, &a, acts) {
			return false
		}
	} else {
		ok, again := c.acceptable(now, s, &a, acts)
		if !ok {
			return again
		}
		if !c.ackInput(now, s, &a, acts) {
			return false
		}
	}
	c.windowInput(&a, acts)
	c.urgentInput(s, &a)
	if c.dataInput(now, &a, acts) {
		c.finInput(now, &a, acts)
	}
	if c.has(dead) {
		return false
	}
	if c.has(grown) && c.una == c.iss+1 && c.sndMax == c.una { // nothing was sent yet
		c.boundMSS()
	}
	if c.has(ackNow) && len(s.Data) == 0 && s.Flags&(SYN|FIN) == 0 && !c.mayAnswer(now) {
		c.flags &^= ackNow
	}
	if a.output || c.has(ackNow) {
		c.output(now, acts)
	}
	if c.has(grown) {
		c.boundMSS()
	}
	if c.has(ackLater) && !c.running(timerACK) {
		c.start(now, timerACK, c.l.v.ACKDelay)
	}
	return false
}

// synSentInput takes the answer to our SYN. It tells whether to go on with what the
// segment carries beside.
func (c *Conn) synSentInput(now time.Duration, s *Segment, a *arrival, acts *Acts) bool {
	if a.flags&ACK != 0 && (!wire.After(a.ack, c.iss) || wire.After(a.ack, c.sndMax)) {
		c.l.reset(s, acts)
		return false
	}
	if a.flags&RST != 0 {
		if a.flags&ACK != 0 {
			c.fail(now, errno.ECONNREFUSED, acts)
		}
		return false
	}
	if a.flags&SYN == 0 {
		return false
	}
	if a.opt.HasScale && c.has(reqScale) {
		c.flags |= gotScale
		c.sndScale = a.opt.Scale
	}
	if a.opt.HasTS && c.has(reqStamp) {
		c.flags |= gotStamp
		c.tsRecent, c.tsRecentAt = a.opt.TSVal, now
	}
	if !c.has(gotScale) {
		c.flags &^= reqScale
	}
	if !a.opt.SACKOK {
		c.flags &^= sackOK
	}
	c.setMSS(int(a.opt.MSS))
	c.sndWnd = a.win
	c.startReceive(a.seq)
	if a.flags&ACK != 0 {
		c.una++
		c.stop(timerRexmt)
		c.established(now, acts)
		c.rcvAdv = c.rcvNxt + min(c.rcvWnd, 65535)
		c.sample(now, a)
		c.shift = 0
		if len(a.data) > 0 && c.l.v.DelayedACK {
			c.flags |= ackLater
		} else {
			c.flags |= ackNow
		}
	} else { // simultaneous open
		c.flags |= ackNow | needSYN
		c.stop(timerRexmt)
		c.state = SynReceived
	}
	a.seq++
	if over := len(a.data) - int(c.rcvWnd); over > 0 {
		a.data = a.data[:c.rcvWnd]
		a.flags &^= FIN
		c.l.Stats.RcvPackAfterWin++
		c.l.Stats.RcvByteAfterWin += uint64(over)
	}
	c.wl1 = a.seq - 1
	c.nxt = wire.Later(c.nxt, c.una)
	a.flags &^= SYN
	return true
}

// acceptable does what comes before the ACK is looked at: RST, SYN, old timestamps, and
// the parts outside the window are cut off (RFC 9293, 3.10.7.4, first to fourth).
func (c *Conn) acceptable(now time.Duration, s *Segment, a *arrival, acts *Acts) (ok, again bool) {
	v, st := c.l.v, &c.l.Stats
	if c.state == SynReceived && a.flags&ACK != 0 && (!wire.After(a.ack, c.iss) || wire.After(a.ack, c.sndMax)) {
		c.l.reset(s, acts)
		return false, false
	}
	if a.flags&RST != 0 {
		c.resetInput(now, a, acts)
		return false, false
	}
	if a.opt.HasTS && c.tsRecent != 0 && c.stamped() && wire.Before(a.opt.TSVal, c.tsRecent) {
		if now-c.tsRecentAt > 24*24*time.Hour { // RFC 7323, 5.5
			c.tsRecent = 0
		} else {
			st.RcvDupPack++
			st.RcvDupByte += uint64(len(a.data))
			st.PAWSDrop++
			if len(a.data) > 0 || v.PAWSEmpty {
				c.noteDup(a.seq, a.seq+uint32(len(a.data)))
				c.dropAfterACK(now, acts)
			}
			return false, false
		}
	}
	if c.state == SynReceived && wire.Before(a.seq, c.irs) {
		c.l.reset(s, acts)
		return false, false
	}
	c.trimFront(a)
	if c.has(closed) && c.state > CloseWait && len(a.data) > 0 {
		st.RcvAfterClose++
		c.l.reset(s, acts)
		c.kill(acts)
		return false, false
	}
	if over := int32(a.seq + uint32(len(a.data)) - (c.rcvNxt + c.rcvWnd)); over > 0 {
		st.RcvPackAfterWin++
		if int(over) >= len(a.data) {
			st.RcvByteAfterWin += uint64(len(a.data))
			if a.flags&SYN != 0 && c.state == TimeWait && wire.After(a.seq, c.rcvNxt) {
				c.kill(acts)
				return false, true
			}
			if c.rcvWnd != 0 || a.seq != c.rcvNxt {
				if len(a.data) > 0 || !c.tooOften(now) {
					c.dropAfterACK(now, acts)
				}
				return false, false
			}
			c.flags |= ackNow
			st.RcvWinProbe++
			a.data = nil
		} else {
			st.RcvByteAfterWin += uint64(over)
			a.data = a.data[:len(a.data)-int(over)]
		}
		a.flags &^= PSH | FIN
	}
	if a.opt.HasTS && !wire.After(a.seq, c.lastAck) && !wire.After(c.lastAck, a.seq+uint32(len(a.data))+b2u(a.flags&(SYN|FIN) != 0)) {
		c.tsRecent, c.tsRecentAt = a.opt.TSVal, now
	}
	if a.flags&SYN != 0 {
		if v.SYNResets {
			c.fail(now, errno.ECONNRESET, acts)
		} else {
			c.challenge(now, acts)
		}
		return false, false
	}
	if a.flags&ACK == 0 {
		if c.state == SynReceived || c.has(needSYN) {
			return true, false
		}
		if c.has(ackNow) {
			c.dropAfterACK(now, acts)
		}
		return false, false
	}
	return true, false
}

func b2u(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}

// trimFront cuts off what was received before.
func (c *Conn) trimFront(a *arrival) {
	old := int32(c.rcvNxt - a.seq)
	if old <= 0 {
		return
	}
	st := &c.l.Stats
	if a.flags&SYN != 0 {
		a.flags &^= SYN
		a.seq++
		old--
	}
	n := int32(len(a.data))
	if old > n || old == n && a.flags&FIN == 0 {
		a.flags &^= FIN
		c.flags |= ackNow
		a.dup = true
		old = n
		st.RcvDupPack++
		st.RcvDupByte += uint64(n)
	} else {
		st.RcvPartDupPack++
		st.RcvPartDupByte += uint64(old)
	}
	c.noteDup(a.seq, a.seq+uint32(old))
	a.seq += uint32(old)
	a.data = a.data[old:]
}

// resetInput takes a RST.
func (c *Conn) resetInput(now time.Duration, a *arrival, acts *Acts) {
	v := c.l.v
	switch {
	case v.ExactRST:
		if a.seq != c.rcvNxt {
			if !wire.Before(a.seq, c.rcvNxt) && wire.Before(a.seq, c.rcvNxt+max(c.rcvWnd, 1)) {
				c.challenge(now, acts)
			}
			return
		}
	case wire.Before(a.seq, c.lastAck-1) || wire.After(a.seq, c.lastAck+c.rcvWnd):
		return
	case c.state == Established && (wire.Before(a.seq, c.rcvNxt-1) || wire.After(a.seq, c.rcvNxt+1)) && (wire.Before(a.seq, c.lastAck-1) || wire.After(a.seq, c.lastAck+1)):
		c.l.Stats.BadRST++
		return
	}
	switch c.state {
	case SynReceived:
		c.l.Stats.Drops++
		c.drop(errno.ECONNREFUSED, acts)
	case Established, FinWait1, FinWait2, CloseWait:
		c.l.Stats.Drops++
		e := errno.ECONNRESET
		if c.state == CloseWait && v.CloseWaitPipe {
			e = errno.EPIPE
		}
		c.drop(e, acts)
	default:
		c.drop(0, acts)
	}
}

// challenge answers with where the connection is (RFC 5961), not too often.
func (c *Conn) challenge(now time.Duration, acts *Acts) {
	if !c.tooOften(now) && c.l.mayChallenge(now) {
		c.dropAfterACK(now, acts)
	}
}

// maxAnswers is how many segments without data a connection answers at one instant. Two ends
// that somebody has put out of step answer each other for ever (RFC 5961, 5.2): where the wire
// takes no time, that would hold the time.
const maxAnswers = 64

func (c *Conn) mayAnswer(now time.Duration) bool {
	if c.answeredAt != now {
		c.answeredAt, c.answered = now, 0
	}
	if c.answered >= maxAnswers {
		c.l.Stats.ChallengeDrop++
		return false
	}
	c.answered++
	return true
}

// dropAfterACK drops the segment and answers with an ACK.
func (c *Conn) dropAfterACK(now time.Duration, acts *Acts) {
	if !c.mayAnswer(now) {
		return
	}
	c.flags |= ackNow
	c.output(now, acts)
}

// ackInput takes the acknowledgement. It tells whether to go on with the segment.
func (c *Conn) ackInput(now time.Duration, s *Segment, a *arrival, acts *Acts) bool {
	v, st := c.l.v, &c.l.Stats
	if a.flags&ACK == 0 {
		return true
	}
	opened := c.state == SynReceived
	if opened {
		c.una = c.iss + 1 // our SYN
		c.nxt = wire.Later(c.nxt, c.una)
		c.stop(timerRexmt)
		c.flags &^= needSYN
		c.sndWnd = uint32(s.Window)
		if c.has(gotScale) {
			c.sndWnd <<= c.sndScale
			a.win = c.sndWnd
		}
		c.established(now, acts)
		c.wl1 = a.seq - 1
		c.sample(now, a)
		c.shift = 0
		if c.ahead.Any() && len(a.data) == 0 && a.flags&FIN == 0 && c.deliverAhead(acts) {
			c.finInput(now, a, acts)
		}
	}
	if wire.After(a.ack, c.sndMax) {
		st.RcvAckTooMuch++
		if !v.ChallengeACK {
			c.dropAfterACK(now, acts)
		}
		return false
	}
	if v.ChallengeACK && wire.Before(a.ack, c.una-max(c.maxWnd, 1)) {
		c.challenge(now, acts)
		return false
	}
	if c.has(sackOK) && (a.opt.Blocks > 0 || c.board.Any()) {
		st.SACKOverflow += uint64(c.board.Acked(c.una, a.ack, c.sndMax, a.opt.SACK[:a.opt.Blocks], v.MaxHoles))
	}
	if !wire.After(a.ack, c.una) {
		if opened {
			return true
		}
		return c.dupACK(now, a, acts)
	}
	acked := a.ack - c.una
	c.newACKRecovery(now, a, acts)
	c.dupAcks = 0
	st.RcvAckPack++
	st.RcvAckByte += uint64(acked)
	c.undoTimeout(now)
	c.sample(now, a)
	c.flags &^= probed
	if a.ack == c.sndMax {
		c.stop(timerRexmt)
		a.output = true
	} else if !c.running(timerPersist) {
		c.armRexmt(now)
	}
	c.openWindow(now, acked)
	c.mssAcked = max(c.mssAcked, uint16(min(acked, 65535)))
	if c.has(mtuWaits) && wire.After(a.ack, c.mtuSeq) {
		c.flags &^= mtuWaits
	}
	ourFIN := int(acked) > c.snd.Len()
	n := min(int(acked), c.snd.Len())
	c.sndWnd -= min(c.sndWnd, uint32(n))
	c.snd.Drop(&c.l.pool, n, false)
	c.keepSpares(now)
	c.sndMark -= min(n, c.sndMark)
	if c.writable() > 0 {
		acts.Events |= Writable
	}
	if !c.has(recovery) && wire.After(c.una, c.recover) && !wire.After(a.ack, c.recover) {
		c.recover = a.ack - 1
	}
	if c.has(recovery) && !wire.Before(a.ack, c.recover) {
		c.flags &^= recovery
	}
	c.una = a.ack
	c.board.Fack = wire.Later(c.board.Fack, c.una)
	if c.has(sackOK) {
		c.recover = wire.Later(c.recover, c.una)
	}
	c.nxt = wire.Later(c.nxt, c.una)
	switch c.state {
	case FinWait1:
		if ourFIN {
			if c.has(noRead) {
				c.start(now, timer2MSL, v.FinWait2Time())
			}
			c.state = FinWait2
		}
	case Closing:
		if ourFIN {
			c.timeWait(now, acts)
			return false
		}
	case LastAck:
		if ourFIN {
			c.kill(acts)
			return false
		}
	case TimeWait:
		c.start(now, timer2MSL, c.timeWaitTime())
		c.dropAfterACK(now, acts)
		return false
	default:
	}
	return true
}

// windowInput takes the peer's window from the newest segment (RFC 9293, 3.10.7.4).
func (c *Conn) windowInput(a *arrival, acts *Acts) {
	if a.flags&ACK == 0 {
		return
	}
	if wire.Before(c.wl1, a.seq) || c.wl1 == a.seq && (wire.Before(c.wl2, a.ack) || c.wl2 == a.ack && a.win > c.sndWnd) {
		if len(a.data) == 0 && c.wl2 == a.ack && a.win > c.sndWnd {
			c.l.Stats.RcvWinUpd++
		}
		c.sndWnd = a.win
		c.wl1, c.wl2 = a.seq, a.ack
		if c.sndWnd > c.maxWnd {
			c.maxWnd = c.sndWnd
			c.set(grown, c.l.v.HalfWindow && c.opt.MaxSeg == 0)
		}
		a.output = true
	}
}

// urgentInput notes the end of urgent data. It stays in the stream, and readers are not
// told: the socket layer has no out-of-band data.
func (c *Conn) urgentInput(s *Segment, a *arrival) {
	if a.flags&URG != 0 && s.Urgent != 0 && c.state != TimeWait {
		c.l.Stats.RcvUrgent++
	}
}

// dataInput takes the data into the stream, or keeps it until the bytes before it are
// there. It tells whether the FIN's turn has come.
func (c *Conn) dataInput(now time.Duration, a *arrival, acts *Acts) (fin bool) {
	v, st := c.l.v, &c.l.Stats
	if len(a.data) == 0 && a.flags&FIN == 0 || c.state == TimeWait {
		return false
	}
	if v.DeafAfterFIN && c.state.finReceived() {
		return false
	}
	n := uint32(len(a.data))
	if a.seq == c.rcvNxt && !c.ahead.Any() && !c.has(finHeld) && c.state >= Established {
		c.delay(now, a)
		c.rcvNxt += n
		st.RcvPack++
		st.RcvByte += uint64(n)
		if n > 0 {
			c.autoReceive(now, a)
			if !c.has(noRead) {
				c.rcv.Append(&c.l.pool, a.data)
				if n < linuxSmall {
					c.small++
				}
				acts.Events |= Readable
			}
		}
		c.ahead.ForgetBlocks()
		return a.flags&FIN != 0
	}
	c.flags |= ackNow
	return c.hold(a, acts)
}

// delay decides when in-order data is acknowledged: each second segment at once, one
// alone after a while (RFC 9293, 3.8.6.3).
func (c *Conn) delay(now time.Duration, a *arrival) {
	v := c.l.v
	if v.QuickACKs > 0 {
		c.delayLinux(now, len(a.data))
		return
	}
	switch {
	case c.running(timerACK) || c.has(ackLater), c.has(zeroSent), !v.DelayedACK:
		c.flags |= ackNow
	default:
		c.flags |= ackLater
	}
}

// delayLinux acknowledges at once what is more than a segment, and the first segments after
// a pause; a conversation, in which data goes out after each that comes in, is acknowledged
// late (tcp_input.c, tcp_event_data_recv, __tcp_ack_snd_check).
func (c *Conn) delayLinux(now time.Duration, n int) {
	if now-c.dataTime > c.rto {
		c.quick = uint8(c.l.v.QuickACKs)
	}
	c.dataTime = now
	switch {
	case c.rcvNxt+uint32(n)-c.lastAck > uint32(c.mss):
		c.flags |= ackNow
	case c.quick > 0 && !c.has(pingPong):
		c.quick--
		c.flags |= ackNow
	default:
		c.flags |= ackLater
	}
}

// finInput takes the peer's FIN, whose turn has come.
func (c *Conn) finInput(now time.Duration, a *arrival, acts *Acts) {
	c.flags |= ackNow | noRead
	acts.Events |= Readable
	c.rcvNxt++
	switch c.state {
	case SynReceived, Established:
		c.state = CloseWait
	case FinWait1:
		c.state = Closing
	case FinWait2:
		c.timeWait(now, acts)
	default:
	}
}

// timeWait begins the quiet time.
func (c *Conn) timeWait(now time.Duration, acts *Acts) {
	ack := c.has(ackNow)
	c.state = TimeWait
	c.at = [timers]time.Duration{}
	c.snd.Free(&c.l.pool)
	c.sndMark = 0
	c.board, c.ahead = loss.Board{}, stream.Ahead{}
	c.flags |= noRead | noWrite
	c.flags &^= recovery | finHeld
	d := c.timeWaitTime()
	if d <= 0 {
		if ack {
			c.dropAfterACK(now, acts)
		}
		c.kill(acts)
		return
	}
	c.start(now, timer2MSL, d)
	if ack {
		c.dropAfterACK(now, acts)
	}
}

func (c *Conn) timeWaitTime() time.Duration {
	v := c.l.v
	switch {
	case c.path.Loopback && v.TimeWaitLoop > 0:
		return v.TimeWaitLoop
	case c.path.OnLink && v.TimeWaitLocal > 0:
		return v.TimeWaitLocal
	}
	return v.TimeWait
}

// timeWaitInput takes a segment in TIME_WAIT where that is a state of its own: FreeBSD
// tcp_timewait.c, tcp_twcheck; Linux tcp_minisocks.c, tcp_timewait_state_process.
func (c *Conn) timeWaitInput(now time.Duration, s *Segment, a *arrival, acts *Acts) (again bool) {
	v := c.l.v
	if a.flags&RST != 0 {
		if v.TimeWaitRST && a.seq == c.rcvNxt {
			c.kill(acts)
		}
		return false
	}
	if a.flags&SYN != 0 && (wire.After(a.seq, c.rcvNxt) || v.TimeWaitRST && a.opt.HasTS && c.stamped() && wire.After(a.opt.TSVal, c.tsRecent)) && (!v.TimeWaitRST || a.flags&ACK == 0) {
		c.kill(acts)
		return true
	}
	if a.flags&ACK == 0 && !v.TimeWaitRST {
		return false
	}
	if v.TimeWaitRST { // Linux
		switch {
		case a.seq == c.rcvNxt && s.Length() == 0:
			return false
		case a.flags&ACK != 0:
			c.start(now, timer2MSL, c.timeWaitTime())
		}
		if !c.tooOften(now) {
			c.dropAfterACK(now, acts)
		}
		return false
	}
	if a.flags&FIN != 0 && a.seq+s.Length() == c.rcvNxt {
		c.start(now, timer2MSL, c.timeWaitTime())
	}
	if s.Flags != ACK || len(a.data) != 0 || a.seq != c.rcvNxt || a.ack != c.nxt {
		c.dropAfterACK(now, acts)
	}
	return false
}
