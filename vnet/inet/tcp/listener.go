package tcp

import (
	"net/netip"
	"slices"
	"time"

	"wireloom/vnet/inet/tcp/kernel"
	"wireloom/vnet/inet/tcp/wire"
)

// A Listener takes connections: it answers SYNs, and keeps what is half open (the kernels'
// SYN caches) and what is complete and not accepted yet. The host gives it every segment
// for its address that none of its connections takes.
type Listener struct {
	l       *Layer
	local   netip.AddrPort
	opt     Options
	backlog int
	halves  map[pair]*half
	order   []*half // as they came: the oldest gives way
	peak    int     // entries that halves had: it does not shrink by itself
	queue   []*Conn // complete, in the order in which they became so
	next    time.Duration
}

type pair struct{ local, remote netip.AddrPort }

// A half is a half-open connection: a SYN came, our SYN+ACK was sent.
type half struct {
	pair
	path      Path
	iss, irs  uint32
	window    uint16
	opt       wire.Options // of the SYN
	ece       bool
	stampOff  uint32
	stampSent uint32 // FreeBSD has one timestamp for a SYN+ACK however often it is sent
	sent      uint8  // times
	soft      bool   // an ICMP error came
	at        time.Duration
	last      time.Duration // what the timer waited
	since     time.Duration
}

// Bytes, about: of a half, and of its place in the map, which stays when it goes.
const (
	halfBytes  = 216
	placeBytes = 176
)

// Listen begins to take connections for an address and port: listen(2).
func (l *Layer) Listen(local netip.AddrPort, backlog int, o Options) *Listener {
	li := &Listener{l: l, local: local, opt: o, halves: map[pair]*half{}}
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
func (li *Listener) Half() int { return len(li.order) }

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
func (li *Listener) Bytes() int { return len(li.order)*halfBytes + li.peak*placeBytes }

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
	p := pair{s.Dst, s.Src}
	h := li.halves[p]
	switch {
	case s.Flags&RST != 0:
		li.resetInput(h, s)
	case s.Flags&(SYN|ACK) == SYN|ACK:
		if h != nil && v.Half == kernel.HalfFreeBSD {
			li.remove(h)
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

// resetInput takes a RST that refuses our SYN+ACK.
func (li *Listener) resetInput(h *half, s *Segment) {
	st, window := &li.l.Stats, uint32(1)
	if h != nil && li.l.v.Half == kernel.HalfFreeBSD {
		window = uint32(h.window)
	}
	switch {
	case h == nil, s.Flags&(ACK|SYN|FIN) != 0 && li.l.v.Half == kernel.HalfFreeBSD, wire.Before(s.Seq, h.irs), wire.After(s.Seq, h.irs+window):
		st.BadRST++
	default:
		li.remove(h)
		st.SCReset++
	}
}

// synInput takes a SYN: FreeBSD tcp_syncache.c, syncache_add; NetBSD tcp_input.c,
// syn_cache_add; Linux tcp_input.c, tcp_conn_request.
func (li *Listener) synInput(now time.Duration, h *half, p pair, s *Segment, path Path, acts *Acts) {
	l := li.l
	v, st := l.v, &l.Stats
	if h != nil {
		st.SCDupSYN++
		var o wire.Options
		o.Parse(s.Options, true)
		if h.opt.HasTS = h.opt.HasTS && o.HasTS; h.opt.HasTS {
			h.opt.TSVal = o.TSVal
		}
		li.respond(now, h, acts)
		if v.Half == kernel.HalfFreeBSD {
			h.sent = 1
			li.arm(now, h)
		}
		return
	}
	if v.Half != kernel.HalfFreeBSD && li.full(true) {
		st.ListenDrop++
		return
	}
	if len(li.order) >= v.SynCache {
		li.remove(li.order[0])
		st.SCOverflow++
	}
	h = &half{pair: p, path: path, irs: s.Seq, since: now, stampOff: l.stampOffset(now, false)}
	h.opt.Parse(s.Options, true)
	h.opt.HasTS = h.opt.HasTS && v.RFC1323 && !v.NoStamps
	h.opt.HasScale = h.opt.HasScale && v.RFC1323 && !v.NoScale
	h.opt.SACKOK = h.opt.SACKOK && v.SACK
	h.ece = v.ECN && s.Flags&(ECE|CWR) == ECE|CWR
	h.iss = l.isn.Next(v, now, p.local, p.remote, false)
	h.stampSent = v.Stamp(now) + h.stampOff
	buf := v.RcvBuf
	if v.RcvBufAccept > 0 {
		buf = v.RcvBufAccept
	}
	if li.opt.RcvBuf > 0 {
		buf = min(li.opt.RcvBuf, v.BufMax)
	}
	if v.WindowLinux && !h.opt.HasTS {
		buf = min(buf, v.RcvBuf)
	}
	h.window = uint16(min(buf, v.SYNACKWindow, 65535))
	li.halves[p] = h
	li.order = append(li.order, h)
	li.peak = max(li.peak, len(li.order))
	st.SCAdded++
	li.respond(now, h, acts)
	h.sent = 1
	li.arm(now, h)
}

// respond sends the SYN+ACK.
func (li *Listener) respond(now time.Duration, h *half, acts *Acts) {
	l := li.l
	v := l.v
	s := Segment{Src: h.local, Dst: h.remote, Seq: h.iss, Ack: h.irs + 1, Flags: SYN | ACK, Window: h.window, DF: !(h.soft && v.Half == kernel.HalfFreeBSD), HasID: v.IDs}
	if h.ece {
		s.Flags |= ECE
	}
	mss := mssFor(h.path, h.remote.Addr())
	if v.MSSEcho && h.opt.MSS != 0 {
		mss = max(min(mss, int(h.opt.MSS)), v.MSSMin)
	}
	o := wire.SYNOptions{MSS: uint16(min(mss, 65535)), Scale: v.WindowScale(), HasScale: h.opt.HasScale, SACKOK: h.opt.SACKOK, TS: h.opt.HasTS, TSEcr: h.opt.TSVal, ACK: true}
	o.TSVal = h.stampSent
	if v.Half != kernel.HalfFreeBSD || !v.StampRandom {
		o.TSVal = v.Stamp(now) + h.stampOff
	}
	n := len(acts.bytes)
	acts.bytes = v.Layout.AppendSYN(acts.bytes, &o)
	s.Options = acts.bytes[n:len(acts.bytes):len(acts.bytes)]
	l.Stats.SndTotal++
	l.Stats.SndAcks++
	acts.Segments = append(acts.Segments, s)
}

// arm sets the half's timer for its next SYN+ACK.
func (li *Listener) arm(now time.Duration, h *half) {
	v := li.l.v
	h.last = min(v.SYNACKFirst*time.Duration(v.BackoffOf(h.sent-1)), v.RTOMax)
	h.at = v.Due(now, h.last)
	if li.next == 0 || h.at < li.next {
		li.next = h.at
	}
}

// Next is when the listener wants Tick to be called; false for never.
func (li *Listener) Next() (at time.Duration, ok bool) { return li.next, li.next != 0 }

// Tick sends SYN+ACKs again, and forgets half-open connections that nobody completes.
func (li *Listener) Tick(now time.Duration, acts *Acts) {
	v, st := li.l.v, &li.l.Stats
	li.next = 0
	kept := li.order[:0]
	for _, h := range li.order {
		switch {
		case h.at > now:
		case v.SYNACKWhole > 0 && h.at-h.since >= v.SYNACKWhole, v.SYNACKWhole == 0 && int(h.sent) > v.SYNACKMax:
			delete(li.halves, h.pair)
			st.SCTimedOut++
			continue
		default:
			st.SCRexmit++
			li.respond(now, h, acts)
			h.sent++
			li.arm(now, h)
		}
		if li.next == 0 || h.at < li.next {
			li.next = h.at
		}
		kept = append(kept, h)
	}
	clear(li.order[len(kept):])
	li.order = kept
	li.shrink()
}

func (li *Listener) remove(h *half) {
	delete(li.halves, h.pair)
	if i := slices.Index(li.order, h); i >= 0 {
		li.order = slices.Delete(li.order, i, i+1)
	}
	li.shrink()
}

// shrink gives back what a flood of SYNs has left.
func (li *Listener) shrink() {
	if n := len(li.order); li.peak < 32 || 4*n > li.peak {
		return
	}
	li.order = slices.Clone(li.order)
	li.peak = len(li.order)
	li.halves = make(map[pair]*half, li.peak)
	for _, h := range li.order {
		li.halves[h.pair] = h
	}
}

// ackInput takes the ACK that completes a connection: FreeBSD syncache_expand, NetBSD
// syn_cache_get, Linux tcp_check_req.
func (li *Listener) ackInput(now time.Duration, h *half, s *Segment, acts *Acts) {
	l := li.l
	v, st := l.v, &l.Stats
	if h == nil {
		st.BadSYN++
		l.reset(s, acts)
		return
	}
	var o wire.Options
	o.Parse(s.Options, false)
	outside := !wire.After(s.Seq, h.irs) || wire.After(s.Seq, h.irs+uint32(h.window)+1)
	switch v.Half {
	case kernel.HalfFreeBSD: // the entry is gone, whatever was wrong
		li.remove(h)
		if s.Ack != h.iss+1 || outside || !h.opt.HasTS && o.HasTS || h.opt.HasTS && o.HasTS && o.TSEcr != h.stampSent && v.StampRandom {
			l.reset(s, acts)
			return
		}
	case kernel.HalfNetBSD: // the peer is told again
		if s.Ack != h.iss+1 || outside {
			li.respond(now, h, acts)
			return
		}
		li.remove(h)
	case kernel.HalfLinux:
		if outside {
			li.respond(now, h, acts)
			return
		}
		if s.Ack != h.iss+1 {
			l.reset(s, acts)
			return
		}
		if li.full(false) {
			st.ListenDrop++
			return
		}
		li.remove(h)
	}
	if li.full(false) {
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
func (li *Listener) promote(now time.Duration, h *half) *Conn {
	l := li.l
	v := l.v
	l.Stats.Accepts++
	l.Stats.SCCompleted++
	c := l.newConn(h.local, h.remote, h.path, li.opt)
	if v.RcvBufAccept > 0 && li.opt.RcvBuf == 0 {
		c.rcvBuf = int(h.window)
	}
	c.state = SynReceived
	c.stampOff = h.stampOff
	c.startSend(h.iss)
	c.sndMax, c.nxt = h.iss+1, h.iss+1
	c.startReceive(h.irs)
	c.wl1 = h.irs
	c.rcvAdv = c.rcvNxt + uint32(h.window)
	c.lastWin = uint32(h.window)
	c.lastAck = c.rcvNxt
	c.set(reqScale|gotScale, h.opt.HasScale)
	c.sndScale = h.opt.Scale
	c.set(reqStamp|gotStamp, h.opt.HasTS)
	c.tsRecent, c.tsRecentAt = h.opt.TSVal, now
	c.set(sackOK, h.opt.SACKOK)
	c.set(synAgain, h.sent > 1)
	c.setMSS(int(h.opt.MSS))
	c.rcvTime = now
	if v.Microsecond && h.sent == 1 {
		c.timing, c.rttFrom, c.rttSeq = true, h.since, h.iss
	}
	if v.KeepInit > 0 {
		c.start(now, timerKeep, v.KeepInit)
	}
	return c
}

// Unreachable takes an ICMP error about a SYN+ACK; s is what was quoted: Src is the host.
// A half-open connection that fails twice, after three retransmissions, is given up.
func (li *Listener) Unreachable(s *Segment) {
	h := li.halves[pair{s.Src, s.Dst}]
	switch {
	case h == nil, s.Seq != h.iss:
	case !h.soft || h.sent < 4:
		h.soft = true
	default:
		li.remove(h)
		li.l.Stats.SCUnreach++
	}
}

// Close ends the listener, with the connections that nobody accepted: it returns them, dead.
func (li *Listener) Close(now time.Duration, acts *Acts) []*Conn {
	waiting := li.queue
	for _, c := range waiting {
		c.Abort(now, acts)
	}
	acts.Events = 0 // they were of connections that nobody knows
	li.queue, li.order, li.next = nil, nil, 0
	li.halves, li.peak = nil, 0
	return waiting
}
