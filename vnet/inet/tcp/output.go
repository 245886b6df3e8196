package tcp

import (
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet/tcp/loss"
	"wireloom/vnet/inet/tcp/wire"
)

// outFlags are the control bits that a state sends with.
func (s State) outFlags() Flags {
	switch s {
	case SynSent:
		return SYN
	case SynReceived:
		return SYN | ACK
	case Established, CloseWait, FinWait2, TimeWait:
		return ACK
	case FinWait1, Closing, LastAck:
		return FIN | ACK
	default:
		return RST | ACK
	}
}

// A send is one segment in the making.
type send struct {
	off, n  int // bytes of snd
	flags   Flags
	hole    *loss.Hole // of which it is a part, nil for none
	sendWin uint32
	recvWin int
}

// output sends what is to be sent now: as much of the stream as the windows allow, an ACK
// that is due, a SYN or a FIN (RFC 9293, 3.8 and 3.10; the BSDs' tcp_output).
func (c *Conn) output(now time.Duration, acts *Acts) {
	if c.has(dead) {
		return
	}
	c.burst = 0
	idle := c.sndMax == c.una
	if idle && now-c.rcvTime >= c.rto && c.state >= Established {
		c.cong.Rest(c.l.v, now-c.rcvTime, c.rto, c.firstWindow())
	}
	for c.outputOne(now, idle, acts) {
	}
}

// outputOne sends one segment, if one is to be sent, and tells whether there may be more.
func (c *Conn) outputOne(now time.Duration, idle bool, acts *Acts) bool {
	if c.has(sackOK) && wire.Before(c.nxt, c.sndMax) {
		c.nxt = c.board.Skip(c.nxt)
	}
	s := send{off: int(c.nxt - c.una), flags: c.state.outFlags(), sendWin: min(c.sndWnd, c.cong.Cwnd)}
	if c.has(needSYN) {
		s.flags |= SYN
	}
	if c.has(needFIN) {
		s.flags |= FIN
	}
	again := c.pick(now, &s)
	optBytes := c.optionBytes(s.flags)
	room := int(c.maxOpt) - optBytes
	full := min(int(c.mss), room)
	if c.l.v.HalfWindow {
		room = full
	}
	if s.flags&SYN != 0 { // none of ours carries data
		s.n = 0
		s.flags &^= FIN
	}
	if s.n > max(room, 1) {
		s.n = max(room, 1)
		again = true
	}
	if s.hole != nil {
		if wire.Before(s.hole.Resent+uint32(s.n), c.una+uint32(c.snd.Len())) {
			s.flags &^= FIN
		}
	} else if s.off+s.n < c.snd.Len() {
		s.flags &^= FIN
	}
	s.recvWin = c.receiveSpace()
	c.growSend(&s)
	if !c.due(&s, full, idle) {
		c.nothing(now)
		return false
	}
	c.emit(now, &s, acts)
	return again && !c.has(dead)
}

// pick chooses which bytes come next: a hole of the peer's, or what follows nxt. It tells
// whether another segment may follow.
func (c *Conn) pick(now time.Duration, s *send) (again bool) {
	if c.has(sackOK) && c.has(recovery) {
		if h := c.board.Next(); h != nil {
			end := wire.Earlier(h.End, c.recover)
			if n := min(int(s.sendWin)-c.board.Resent, int(end-h.Resent)); n > 0 && wire.Before(h.Resent, end) {
				s.hole, s.off = h, int(h.Resent-c.una)
				s.n = min(n, c.snd.Len()-s.off)
				if s.n > 0 {
					c.l.Stats.SACKRexmits++
					c.l.Stats.SACKRexmitBytes += uint64(min(s.n, int(c.mss)))
					return true
				}
				s.hole, s.off = nil, int(c.nxt-c.una)
			}
		}
	}
	if c.has(force) {
		if s.sendWin == 0 {
			if s.off < c.snd.Len() {
				s.flags &^= FIN
			}
			s.sendWin = 1
		} else {
			c.stop(timerPersist)
			c.shift = 0
		}
	}
	have := c.sndMark
	n := min(have, int(s.sendWin)) - s.off
	if c.has(sackOK) && c.has(recovery) && (c.board.Resent > 0 || c.l.v.RecoveryNew) {
		n = min(have, int(c.sndWnd)) - s.off
		if n > 0 {
			n = min(n, max(int(c.cong.Cwnd)-int(c.nxt-c.newData)-c.board.Resent, 0))
		}
	}
	if s.flags&SYN != 0 && wire.After(c.nxt, c.una) {
		if c.state != SynReceived {
			s.flags &^= SYN
		}
		s.off--
		n++
	}
	// The window was shut, perhaps behind what is out. That it is probed also where exactly
	// nothing fits came to FreeBSD after 9.1: without it a connection may wait for ever.
	if shut := n < 0 || n == 0 && c.state >= Established && s.off < have && !c.running(timerPersist); shut && s.sendWin == 0 {
		c.stop(timerRexmt)
		c.nxt = c.una
		s.off = 0
		c.persist(now)
	}
	s.n = max(n, 0)
	return false
}

// due tells whether the segment is to be sent now: sender's silly window avoidance and
// Nagle's algorithm, window updates, and what is owed in any case.
func (c *Conn) due(s *send, full int, idle bool) bool {
	if s.n > 0 {
		switch {
		case s.n >= full, s.hole != nil, c.has(force), wire.Before(c.nxt, c.sndMax):
			return true
		case !c.has(more) && (idle || c.opt.NoDelay) && s.n+s.off >= c.sndMark:
			return true
		case c.maxWnd > 0 && s.n >= int(c.maxWnd/2):
			return true
		case c.l.v.Minshall && !c.has(more) && s.n+s.off >= c.sndMark && !wire.Before(c.una, c.lastSmall):
			return true
		}
	}
	// The BSDs tell of room even to a peer that has closed: TCPS_HAVERCVDFIN of
	// tcp_fsm.h is true in TIME_WAIT alone.
	deaf := c.state == TimeWait || c.l.v.DeafAfterFIN && c.state.finReceived()
	if s.recvWin > 0 && !c.has(needSYN) && !deaf && c.state >= Established && c.updateDue(s.recvWin) {
		return true
	}
	switch {
	case c.has(ackNow):
		return true
	case s.flags&RST != 0, s.flags&SYN != 0 && (!c.has(needSYN) || c.nxt == c.iss):
		return true
	case s.flags&FIN != 0 && (!c.has(sentFIN) || c.nxt == c.una):
		return true
	}
	return false
}

// updateDue tells whether the window has opened so far that the peer should hear of it.
func (c *Conn) updateDue(win int) bool {
	adv := min(win, 65535<<c.rcvScale)
	old := 0
	if wire.After(c.rcvAdv, c.rcvNxt) {
		old = int(c.rcvAdv - c.rcvNxt)
	}
	if c.l.v.UpdateDouble { // Linux tcp.c, __tcp_cleanup_rbuf
		return c.has(userRead) && adv >= 2*old && adv-old >= min(int(c.mss), c.rcvBuf/2)
	}
	if old>>c.rcvScale == adv>>c.rcvScale {
		return false
	}
	adv -= old
	return adv >= 2*int(c.mss) || 2*adv >= c.rcvBuf
}

// nothing sees that a timer runs when something is left to do.
func (c *Conn) nothing(now time.Duration) {
	if c.running(timerRexmt) || c.running(timerPersist) {
		return
	}
	if c.has(sackOK) && wire.After(c.sndMax, c.una) {
		c.armRexmt(now)
		return
	}
	if c.sndMark > 0 && c.state >= Established {
		c.persist(now)
	}
}

// persist begins to probe a window that is shut.
func (c *Conn) persist(now time.Duration) {
	if c.running(timerPersist) {
		return
	}
	if c.l.v.ProbeOld { // after the timeout as it stands: only what follows is backed off, with what retransmissions there were
		c.start(now, timerPersist, c.probeTime(0))
		return
	}
	c.shift = 0
	c.setPersist(now)
}

// receiveSpace is how much the receive buffer has left, in bytes.
func (c *Conn) receiveSpace() int {
	if c.state == TimeWait && c.l.v.TimeWaitOwn {
		return max(int(int32(c.rcvAdv-c.rcvNxt)), 0)
	}
	return max(c.rcvBuf-c.rcv.Len(), 0)
}

// window is the receive window to announce: it does not shrink, and is not silly.
func (c *Conn) window(win int) int {
	if win < c.rcvBuf/4 && win < int(c.mss) {
		win = 0
	}
	if wire.After(c.rcvAdv, c.rcvNxt) {
		win = max(win, int(c.rcvAdv-c.rcvNxt))
	}
	return min(win, 65535<<c.rcvScale)
}

// optionBytes is the length of the options of a segment that is not a SYN.
func (c *Conn) optionBytes(f Flags) int {
	if f&SYN != 0 {
		return 0
	}
	n := 0
	if c.stamped() {
		n = 12
	}
	if blocks := c.blocks(); blocks > 0 {
		n += 4 + 8*min(blocks, (40-n-4)/8)
	}
	return n
}

func (c *Conn) stamped() bool { return c.has(reqStamp) && c.has(gotStamp) }

// blocks is how many SACK blocks there are for the peer.
func (c *Conn) blocks() int {
	if !c.has(sackOK) || c.state < Established {
		return 0
	}
	n := len(c.ahead.Blocks())
	if c.has(dupBlock) {
		n++
	}
	return n
}

// appendOptions appends the options of a segment.
func (c *Conn) appendOptions(now time.Duration, b []byte, f Flags) []byte {
	v, start := c.l.v, len(b)
	if f&SYN != 0 {
		o := wire.SYNOptions{MSS: uint16(min(c.path.MSS(c.remote.Addr()), 65535)), Scale: c.reqScaleBy, SACKOK: c.has(sackOK), ACK: f&ACK != 0}
		o.HasScale = c.has(reqScale) && (f&ACK == 0 || c.has(gotScale))
		o.TS = c.has(reqStamp) && (f&ACK == 0 || c.has(gotStamp))
		if o.TS {
			o.TSVal, o.TSEcr = v.Stamp(now)+c.stampOff, c.tsRecent
		}
		return v.Layout.AppendSYN(b, &o)
	}
	if c.stamped() {
		b = wire.AppendStamp(b, v.Stamp(now)+c.stampOff, c.tsRecent)
		if c.autoStamp == 0 && c.has(autoRcv) {
			c.autoStamp = v.Stamp(now) + c.stampOff
		}
	}
	if c.blocks() == 0 || f&RST != 0 {
		return b
	}
	var blocks [wire.MaxBlocks]wire.Span
	n := 0
	if c.has(dupBlock) {
		blocks[0] = c.dup
		n = 1
		c.flags &^= dupBlock
	}
	n += copy(blocks[n:], c.ahead.Blocks())
	c.l.Stats.SACKSendBlocks++
	return wire.AppendSACK(b, start, blocks[:n])
}

// emit sends the segment and moves the state over it.
func (c *Conn) emit(now time.Duration, s *send, acts *Acts) {
	st := &c.l.Stats
	persist := c.running(timerPersist)
	if s.flags&SYN != 0 {
		c.nxt = c.iss
	}
	if s.flags&FIN != 0 && c.has(sentFIN) && c.nxt == c.sndMax && c.nxt != c.una && s.hole == nil {
		c.nxt--
	}
	seg := c.segment(s.flags)
	switch {
	case s.hole != nil:
		seg.Seq = s.hole.Resent
		c.board.Again(s.hole, s.n)
	case s.n > 0 || s.flags&(SYN|FIN) != 0 || persist:
		seg.Seq = c.nxt
	default:
		seg.Seq = c.sndMax
	}
	switch {
	case s.n == 1 && c.has(force):
		st.SndProbe++
	case s.n > 0 && (s.hole != nil || wire.Before(c.nxt, c.sndMax)):
		st.SndRexmitPack++
		st.SndRexmitByte += uint64(s.n)
	case s.n > 0:
		st.SndPack++
		st.SndByte += uint64(s.n)
	case c.has(ackNow):
		st.SndAcks++
	case s.flags&(SYN|FIN|RST) != 0:
		st.SndCtrl++
	default:
		st.SndWinUp++
	}
	if s.n > 0 {
		if s.off+s.n == c.sndMark || c.l.v.TSOPush && c.endsBurst(s) {
			seg.Flags |= PSH
		}
		if s.n < int(c.mss) {
			c.lastSmall = seg.Seq + uint32(s.n)
		}
		seg.Data = acts.Keep(c.snd.At(s.off, s.n))
		if c.l.v.QuickACKs > 0 && c.dataTime > 0 && now-c.dataTime < c.l.v.ACKDelay {
			c.flags |= pingPong
		}
	}
	c.finish(now, s, &seg, acts)

	if c.has(force) && persist && c.running(timerPersist) {
		c.sndMax = wire.Later(c.sndMax, c.nxt+uint32(s.n)) // a probe is not timed and moves nothing
		if s.flags&FIN != 0 {
			c.flags |= sentFIN
		}
		return
	}
	from := c.nxt
	if s.flags&SYN != 0 {
		c.nxt++
	}
	if s.flags&FIN != 0 {
		if s.hole == nil {
			c.nxt++
		}
		c.flags |= sentFIN
	}
	if s.hole == nil {
		c.nxt += uint32(s.n)
		if wire.After(c.nxt, c.sndMax) {
			c.sndMax = c.nxt
			if !c.timing {
				c.timing, c.rttFrom, c.rttSeq = true, now, from
				st.SegsTimed++
			}
		}
	}
	if !c.running(timerRexmt) && (s.hole != nil && c.nxt != c.sndMax || c.nxt != c.una) {
		if persist {
			c.stop(timerPersist)
			c.shift = 0
		}
		c.armRexmt(now)
	}
}

// segment begins a segment of the connection.
func (c *Conn) segment(f Flags) Segment {
	v := c.l.v
	s := Segment{Src: c.local, Dst: c.remote, Flags: f, Ack: c.rcvNxt, DF: !c.has(noDF)}
	if f == SYN {
		s.Ack = 0
	}
	if v.IDs {
		s.HasID = true
		if c.state != TimeWait && f&(SYN|ACK) != SYN|ACK {
			s.ID = c.id
			c.id++
		}
	}
	return s
}

// finish gives a segment its window and its options, counts it and sends it.
func (c *Conn) finish(now time.Duration, s *send, seg *Segment, acts *Acts) {
	v := c.l.v
	win := c.window(s.recvWin)
	if v.WindowLinux && s.flags&SYN == 0 && c.state != TimeWait {
		win = c.windowLinux()
	}
	if s.flags&SYN != 0 {
		limit := v.SYNWindow
		if s.flags&ACK != 0 {
			limit = v.SYNACKWindow
		}
		seg.Window = uint16(min(max(s.recvWin, 0), limit, 65535))
	} else {
		seg.Window = uint16(win >> c.rcvScale)
	}
	c.set(zeroSent, seg.Window == 0)
	c.rcvAdv = wire.Later(c.rcvAdv, c.rcvNxt+uint32(win))
	seg.Options = acts.Written(c.appendOptions(now, acts.Tail(), seg.Flags))
	c.mtuSent = max(c.mtuSent, uint16(min(seg.Len()+wire.Headers(c.remote.Addr())-wire.HeaderLen, 65535)))
	c.l.Stats.SndTotal++
	if c.has(ackLater) {
		c.l.Stats.DelAck++
	}
	c.lastAck = c.rcvNxt
	c.flags &^= ackNow | ackLater
	c.stop(timerACK)
	acts.Add(seg)
}

// sendReset sends the RST that ends the connection for the peer.
func (c *Conn) sendReset(now time.Duration, acts *Acts) {
	s := send{flags: RST | ACK, recvWin: c.receiveSpace()}
	seg := c.segment(s.flags)
	seg.Seq = c.sndMax
	c.l.Stats.SndCtrl++
	c.finish(now, &s, &seg, acts)
}

// respond sends a bare segment that is none of the stream's: a keepalive probe, an old ACK.
func (c *Conn) respond(now time.Duration, seq uint32, acts *Acts) {
	s := send{flags: ACK, recvWin: c.receiveSpace()}
	seg := c.segment(ACK)
	seg.Seq = seq
	win := min(s.recvWin, 65535<<c.rcvScale)
	seg.Window = uint16(win >> c.rcvScale)
	if c.l.v.ProbeOptions {
		seg.Options = acts.Written(c.appendOptions(now, acts.Tail(), ACK))
	}
	c.l.Stats.SndTotal++
	acts.Add(&seg)
}

// growSend lets the send buffer grow by itself while the peer and the network take more
// than it holds: tcp_output.c of FreeBSD 7 and NetBSD 5 and later.
func (c *Conn) growSend(s *send) {
	v := c.l.v
	if !c.has(autoSnd) || v.SndBufInc == 0 {
		return
	}
	held := c.snd.Len()
	if int(c.sndWnd/4*5) >= c.sndBuf && held >= c.sndBuf/8*7 && held < v.SndBufMax && int(s.sendWin) >= held-int(c.nxt-c.una) {
		c.sndBuf = max(c.sndBuf, min(c.sndBuf+v.SndBufInc, v.SndBufMax))
	}
}

// setPersist starts the timer that probes a shut window.
func (c *Conn) setPersist(now time.Duration) {
	v := c.l.v
	if v.ProbeOld {
		c.start(now, timerPersist, c.probeTime(c.shift))
	} else {
		d := c.rtt.Persist(v)*time.Duration(v.BackoffOf(c.shift)) + v.Slop
		c.start(now, timerPersist, min(max(d, v.PersistMin), v.PersistMax))
	}
	c.flags &^= prevValid
	if int(c.shift) < v.MaxRexmit {
		c.shift++
	}
}

// probeTime is Linux's: the timeout, backed off.
func (c *Conn) probeTime(shift uint8) time.Duration {
	return min(max(c.rto, c.l.v.RTOMin)<<min(shift, 20), c.l.v.RTOMax)
}

// SoftError takes the error with which IP refused a segment: it is remembered as the reason
// of a timeout, and all goes on. ENOBUFS closes the congestion window instead.
func (c *Conn) SoftError(e errno.Errno) {
	switch {
	case e == errno.ENOBUFS:
		c.cong.Cwnd = uint32(c.mss)
	case c.state >= SynReceived:
		c.soft = e
	}
}
