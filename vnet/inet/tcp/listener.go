package tcp

import (
	"net/netip"
	"time"

	"wireloom/vnet/inet/tcp/kernel"
	"wireloom/vnet/inet/tcp/syncache"
)

// A Listener takes connections: it answers SYNs, and keeps what is half open
// ([syncache.Cache]) and what is complete and not accepted yet. The host gives it every segment
// for its address that none of its connections takes.
type Listener struct {
	l       *Layer
	local   netip.AddrPort
	opt     Options
	backlog int
	halves  syncache.Cache
	queue   []*Conn // complete, in the order in which they became so
}

// Listen begins to take connections for an address and port: listen(2).
func (l *Layer) Listen(local netip.AddrPort, backlog int, o Options) *Listener {
	li := &Listener{l: l, local: local, opt: o, halves: syncache.New(l.v, &l.Stats.Stats)}
	li.SetBacklog(backlog)
	return li
}

// SetBacklog changes how many complete connections may wait. Below 0 it is the most.
func (li *Listener) SetBacklog(n int) {
	if limit := li.l.v.BacklogMax; n < 0 || n > limit {
		n = limit
	}
	li.backlog = n
}

// SetOptions changes what accepted connections inherit.
func (li *Listener) SetOptions(o Options) { li.opt = o }

// Pending is how many connections wait to be accepted.
func (li *Listener) Pending() int { return len(li.queue) }

// Half is how many connections are half open.
func (li *Listener) Half() int { return li.halves.Len() }

// Accept takes the connection that waits longest. It may be dead already.
func (li *Listener) Accept() (*Conn, bool) {
	if len(li.queue) == 0 {
		return nil, false
	}
	c := li.queue[0]
	li.queue[0] = nil
	li.queue = li.queue[1:]
	if len(li.queue) == 0 {
		li.queue = nil
	}
	return c, true
}

// Bytes is what the listener holds: half-open connections. Those that wait are counted by themselves.
func (li *Listener) Bytes() int { return li.halves.Bytes() }

// full tells whether the queue takes no more: of a SYN where that is looked at, else of
// the ACK that completes a connection.
func (li *Listener) full(syn bool) bool {
	if li.l.v.Half == kernel.HalfLinux || syn {
		return len(li.queue) > li.backlog
	}
	return len(li.queue) > 3*li.backlog/2 // uipc_socket.c, sonewconn
}

// Input takes a segment that no connection takes. path is the way back.
func (li *Listener) Input(now time.Duration, s *Segment, path Path, acts *Acts) {
	l := li.l
	st, v := &l.Stats, l.v
	st.RcvTotal++
	p := syncache.Pair{Local: s.Dst, Remote: s.Src}
	h := li.halves.Of(p)
	switch {
	case s.Flags&RST != 0:
		if !li.halves.Reset(h, s) {
			st.BadRST++
		}
	case s.Flags&(SYN|ACK) == SYN|ACK:
		if h != nil && v.Half == kernel.HalfFreeBSD {
			li.halves.Remove(h)
			st.SCBadACK++
		}
		st.BadSYN++
		l.reset(s, acts)
	case s.Flags&ACK != 0:
		li.ackInput(now, h, s, acts)
	case s.Flags&SYN == 0:
		st.BadSYN++
		if v.StrayRST {
			l.reset(s, acts)
		}
	case s.Flags&FIN != 0 && v.SYNFINDrop, s.Src == s.Dst:
		st.BadSYN++
	default:
		li.synInput(now, h, p, s, path, acts)
	}
}

// synInput takes a SYN: FreeBSD tcp_syncache.c, syncache_add; NetBSD tcp_input.c,
// syn_cache_add; Linux tcp_input.c, tcp_conn_request.
func (li *Listener) synInput(now time.Duration, h *syncache.Half, p syncache.Pair, s *Segment, path Path, acts *Acts) {
	l := li.l
	v := l.v
	if h != nil {
		li.halves.Again(now, h, s, &acts.Batch)
		l.countSYNACKs(1)
		return
	}
	if v.Half != kernel.HalfFreeBSD && li.full(true) {
		l.Stats.ListenDrop++
		return
	}
	buf := v.RcvBuf
	if v.RcvBufAccept > 0 {
		buf = v.RcvBufAccept
	}
	if li.opt.RcvBuf > 0 {
		buf = min(li.opt.RcvBuf, v.BufMax)
	}
	h = &syncache.Half{Pair: p, Path: path, StampOff: l.stampOffset(now, false)}
	h.ISS = l.isn.Next(v, now, p.Local, p.Remote, false)
	li.halves.Add(now, h, s, buf, &acts.Batch)
	l.countSYNACKs(1)
}

// countSYNACKs counts n that were sent.
func (l *Layer) countSYNACKs(n int) {
	l.Stats.SndTotal += uint64(n)
	l.Stats.SndAcks += uint64(n)
}

// Next is when the listener wants Tick to be called; false for never.
func (li *Listener) Next() (at time.Duration, ok bool) { return li.halves.Next() }

// Tick sends SYN+ACKs again, and forgets half-open connections that nobody completes.
func (li *Listener) Tick(now time.Duration, acts *Acts) {
	li.l.countSYNACKs(li.halves.Tick(now, &acts.Batch))
}

// ackInput takes the ACK that completes a connection, if there is room for it: Linux leaves the
// half where it is when there is none, and says nothing; the BSDs reset.
func (li *Listener) ackInput(now time.Duration, h *syncache.Half, s *Segment, acts *Acts) {
	l := li.l
	st := &l.Stats
	if h == nil {
		st.BadSYN++
		l.reset(s, acts)
		return
	}
	switch li.halves.Judge(h, s) {
	case syncache.Refuse:
		l.reset(s, acts)
		return
	case syncache.Repeat:
		li.halves.Respond(now, h, &acts.Batch)
		l.countSYNACKs(1)
		return
	case syncache.Completes:
	}
	full := li.full(false)
	if full && l.v.Half == kernel.HalfLinux {
		st.ListenDrop++
		return
	}
	li.halves.Remove(h)
	if full {
		st.ListenDrop++
		st.SCAborted++
		l.reset(s, acts)
		return
	}
	c := li.promote(now, h)
	li.queue = append(li.queue, c)
	acts.Accepted = append(acts.Accepted, c)
	c.input(now, s, acts)
}

// promote makes a connection of a half.
func (li *Listener) promote(now time.Duration, h *syncache.Half) *Conn {
	l := li.l
	v := l.v
	l.Stats.Accepts++
	l.Stats.SCCompleted++
	c := l.newConn(h.Local, h.Remote, h.Path, li.opt)
	if v.RcvBufAccept > 0 && li.opt.RcvBuf == 0 {
		c.rcvBuf = int(h.Window)
	}
	c.state = SynReceived
	c.stampOff = h.StampOff
	c.startSend(h.ISS)
	c.sndMax, c.nxt = h.ISS+1, h.ISS+1
	c.startReceive(h.IRS)
	c.wl1 = h.IRS
	c.rcvAdv = c.rcvNxt + uint32(h.Window)
	c.lastWin = uint32(h.Window)
	c.lastAck = c.rcvNxt
	c.set(reqScale|gotScale, h.Opt.HasScale)
	c.sndScale = h.Opt.Scale
	c.set(reqStamp|gotStamp, h.Opt.HasTS)
	c.tsRecent, c.tsRecentAt = h.Opt.TSVal, now
	c.set(sackOK, h.Opt.SACKOK)
	c.set(synAgain, h.Sent > 1)
	c.setMSS(int(h.Opt.MSS))
	c.rcvTime = now
	if v.Microsecond && h.Sent == 1 {
		c.timing, c.rttFrom, c.rttSeq = true, h.Since, h.ISS
	}
	if v.KeepInit > 0 {
		c.start(now, timerKeep, v.KeepInit)
	}
	return c
}

// Unreachable takes an ICMP error about a SYN+ACK; s is what was quoted: Src is the host.
func (li *Listener) Unreachable(s *Segment) {
	li.halves.Unreachable(syncache.Pair{Local: s.Src, Remote: s.Dst}, s.Seq)
}

// Close ends the listener, with the connections that nobody accepted: it returns them, dead.
func (li *Listener) Close(now time.Duration, acts *Acts) []*Conn {
	waiting := li.queue
	for _, c := range waiting {
		c.Abort(now, acts)
	}
	acts.Events = 0 // they were of connections that nobody knows
	li.queue = nil
	li.halves.Close()
	return waiting
}
