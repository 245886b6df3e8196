package host

import (
	"fmt"
	"net/netip"
	"slices"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/inet/host/alarm"
	"wireloom/vnet/inet/host/pcb"
	"wireloom/vnet/inet/ip4"
	"wireloom/vnet/inet/ip6"
	"wireloom/vnet/inet/tcp"
	"wireloom/vnet/packet"
)

// A pair is what a connection is known by.
type pair struct{ local, remote netip.AddrPort }

// An end is a connection or a listener with what the stack has of it. It outlives its
// socket: a connection that was closed goes on until its end, and one that nobody has
// accepted has no socket yet.
type end struct {
	pcb.PCB
	s        *Stack
	owner    *stream // nil while there is no socket
	conn     *tcp.Conn
	listener *tcp.Listener
	timer    alarm.Timer
	bytes    int64
	backlog  int
	waiting  []*end // of a listener: the connections that nobody has accepted, in its queue's order
	queued   bool   // it is one of those
	flow     uint32 // IPv6's label
	failed   bool   // an error stands
	dead     bool
}

// connSelf is what a connection takes besides its data.
const connSelf = 1 << 10

func (s *Stack) newEnd(k pcb.PCB) *end {
	e := &end{s: s, PCB: k}
	e.Own, e.timer.Run = e, e.tick
	return e
}

func (e *end) state() string {
	switch {
	case e.listener != nil:
		return "LISTEN"
	case e.conn != nil && !e.dead:
		return e.conn.State().String()
	}
	return "CLOSED"
}

// join makes a connection known by its pair.
func (s *Stack) join(e *end) {
	if s.sockets.pairs == nil {
		s.sockets.pairs = map[pair]*end{}
	}
	s.sockets.pairs[pair{e.LocalAddr, e.RemoteAddr}] = e
	if e.V6 {
		e.flow = s.ip6.FlowLabel()
	}
}

func (e *end) tick() {
	s := e.s
	if e.listener != nil {
		e.listener.Tick(s.now, &s.tcpActs)
	} else {
		e.conn.Tick(s.now, &s.tcpActs)
	}
	e.do()
}

// do carries out what TCP wants, and returns what became of the segments that were sent.
func (e *end) do() errno.Errno {
	s := e.s
	ev := s.tcpActs.Events
	err := e.send()
	switch {
	case e.listener != nil:
		s.memory.Count(&e.bytes, int64(e.listener.Bytes()))
		at, ok := e.listener.Next()
		s.timers.Set(&e.timer, at, ok)
		return err
	case err != errno.OK:
		e.conn.SoftError(err)
	}
	if ev&tcp.Failed != 0 {
		e.failed = true
	}
	if e.owner != nil && ev != 0 {
		e.owner.wake()
	}
	if ev&tcp.Dead != 0 {
		e.forget()
		return err
	}
	s.memory.Count(&e.bytes, connSelf+int64(e.conn.Bytes()))
	at, ok := e.conn.Next()
	s.timers.Set(&e.timer, at, ok)
	return err
}

// send sends what TCP's acts have, and empties them.
func (e *end) send() (first errno.Errno) {
	s := e.s
	h := how{device: e.Device, flow: e.flow}
	if e.owner != nil {
		h.ttl, h.tos = e.owner.ttl, e.owner.tos
	}
	first = s.segments(h)
	s.tcpActs.Reset()
	return first
}

// how says how segments are sent.
type how struct {
	device   int
	ttl, tos uint8
	flow     uint32
}

// segments sends those in TCP's acts.
func (s *Stack) segments(h how) (first errno.Errno) {
	for i := range s.tcpActs.Segments {
		if e := s.segment(&s.tcpActs.Segments[i], h); first == errno.OK {
			first = e
		}
	}
	return first
}

func (s *Stack) segment(seg *tcp.Segment, h how) errno.Errno {
	s.message = seg.Append(s.message[:0])
	src, dst := seg.Src.Addr(), seg.Dst.Addr()
	if src.Is6() {
		out := ip6.Header{Src: src, Dst: dst, Proto: packet.ProtoTCP, HopLimit: int(h.ttl), FlowLabel: h.flow, NIC: ip6.Any}
		if h.device >= 0 {
			out.NIC = h.device
		}
		return s.send6(out, s.message)
	}
	out := ip4.Header{Src: src, Dst: dst, Proto: packet.ProtoTCP, TTL: h.ttl, TOS: h.tos, DF: seg.DF, HasID: seg.HasID, ID: seg.ID, NIC: ip4.AnyNIC}
	if h.device >= 0 {
		out.NIC = h.device
	}
	return s.send4(&out, s.message)
}

// forget takes an end out of the tables: nothing comes to it any more. Its socket, if it
// has one, can still read what there is.
func (e *end) forget() {
	s := e.s
	s.timers.Set(&e.timer, 0, false)
	e.dead = true
	if e.conn != nil {
		p := pair{e.conn.Local(), e.conn.Remote()}
		if s.sockets.pairs[p] == e {
			delete(s.sockets.pairs, p)
		}
	}
	s.sockets.tcp.Take(&e.PCB)
	switch {
	case !e.queued && (e.owner == nil || e.owner.closed):
		s.memory.Count(&e.bytes, 0)
	case e.conn != nil:
		s.memory.Count(&e.bytes, connSelf+int64(e.conn.Bytes()))
	}
	if i := slices.Index(s.sockets.lingering, e); i >= 0 {
		s.sockets.lingering = slices.Delete(s.sockets.lingering, i, i+1)
	}
}

// unconnect makes an end as it was before a connect that failed at once: it keeps its port,
// and may connect again.
func (e *end) unconnect() {
	e.conn, e.RemoteAddr = nil, netip.AddrPort{}
	e.failed, e.dead = false, false
	e.s.memory.Count(&e.bytes, 0)
	e.s.sockets.tcp.Put(&e.PCB)
}

// linger keeps a connection whose socket was closed. The oldest of too many is reset.
func (s *Stack) linger(e *end) {
	s.sockets.lingering = append(s.sockets.lingering, e)
	if len(s.sockets.lingering) <= maxLingering {
		return
	}
	old := s.sockets.lingering[0]
	s.stats.LingeringResets++
	old.conn.Abort(s.now, &s.tcpActs)
	old.do()
	if !old.dead {
		old.forget()
	}
}

// path is what TCP wants to know of the way to a host.
func (s *Stack) path(src, dst netip.Addr, device int) tcp.Path {
	if dst.Is6() {
		nic := ip6.Any
		if device >= 0 {
			nic = device
		}
		return tcp.Path{MTU: s.ip6.MTU(dst, nic), OnLink: s.ip6.OnLink(dst, nic), Loopback: dst == src}
	}
	nic := ip4.AnyNIC
	if device >= 0 {
		nic = device
	}
	p, e := s.ip4.Path(src, dst, nic)
	if e != errno.OK {
		return tcp.Path{MTU: 576}
	}
	return tcp.Path{MTU: p.MSS, OnLink: !p.Gateway, Loopback: p.ToUs}
}

// tcpIn takes a TCP message.
func (s *Stack) tcpIn(src, dst netip.Addr, p []byte, nic int) {
	seg, err := tcp.Parse(src, dst, p)
	if err != nil {
		s.tcp.Refused(err)
		return
	}
	if e := s.sockets.pairs[pair{seg.Dst, seg.Src}]; e != nil {
		_, before := e.conn.Queued()
		again := e.conn.Input(s.now, &seg, &s.tcpActs)
		if _, after := e.conn.Queued(); after < before {
			s.confirm(dst, src)
		}
		e.do()
		if !again {
			return
		}
	}
	if k := s.sockets.tcp.Find(seg.Dst, seg.Src, nic); k != nil {
		if e := k.Own.(*end); e.listener != nil {
			e.listener.Input(s.now, &seg, s.path(seg.Dst.Addr(), seg.Src.Addr(), k.Device), &s.tcpActs)
			s.limitRST()
			s.accepted(e, k)
			e.do()
			return
		}
	}
	if s.v.Sockets.TCPLogInVain && seg.Flags&tcp.SYN != 0 {
		s.host.Console(fmt.Sprintf("Connection attempt to TCP %v from %v", seg.Dst, seg.Src))
	}
	if s.allowRST(false) {
		s.tcp.Reset(&seg, &s.tcpActs)
		s.segments(how{device: -1})
		s.tcpActs.Reset()
	}
}

// allowRST says whether a segment of no connection may be answered now; open says that
// somebody listens at its port.
func (s *Stack) allowRST(open bool) bool {
	ok := s.ip4.AllowRST(s.now, open, &s.out4)
	s.console(s.out4.Console)
	s.out4.Reset()
	return ok
}

// limitRST takes back the RST with which a listener answers, where there have been many.
func (s *Stack) limitRST() {
	a := &s.tcpActs
	a.Segments = slices.DeleteFunc(a.Segments, func(seg tcp.Segment) bool { return seg.Flags&tcp.RST != 0 && !s.allowRST(true) })
}

// confirm has the next hop to a peer that has acknowledged new data count as heard: Linux's
// sk_dst_confirm. IPv6's values say for themselves whether it does.
func (s *Stack) confirm(local, peer netip.Addr) {
	switch {
	case peer.Is6():
		s.ip6.Confirm(s.now, peer)
	case s.dialect == dialect.Linux:
		if p, e := s.ip4.Path(local, peer, ip4.AnyNIC); e == errno.OK && !p.ToUs {
			if i := s.iface(p.NIC); i != nil && i.arp != nil {
				i.arp.Confirm(s.now, p.Hop)
			}
		}
	}
}

// accepted takes over the connections that a listener has completed.
func (s *Stack) accepted(l *end, k *pcb.PCB) {
	for _, c := range s.tcpActs.Accepted {
		e := s.newEnd(pcb.PCB{LocalAddr: c.Local(), RemoteAddr: c.Remote(), Device: k.Device, V6: k.V6, ReuseAddr: k.ReuseAddr, ReusePort: k.ReusePort})
		e.conn, e.queued = c, true
		l.waiting = append(l.waiting, e)
		s.sockets.tcp.Put(&e.PCB)
		s.join(e)
		s.memory.Count(&e.bytes, connSelf+int64(c.Bytes()))
		at, ok := c.Next()
		s.timers.Set(&e.timer, at, ok)
	}
	if len(s.tcpActs.Accepted) > 0 && l.owner != nil {
		l.owner.wake()
	}
}

// tcpFailed tells a connection of an ICMP error about a segment of its, and reports whether
// its segments are shorter for that.
func (s *Stack) tcpFailed(local, remote netip.AddrPort, m tcp.ICMP) (shorter bool) {
	if e := s.sockets.pairs[pair{local, remote}]; e != nil {
		mss := e.conn.MSS()
		e.conn.Unreachable(s.now, m, &s.tcpActs)
		shorter = e.conn.MSS() < mss
		e.do()
		return shorter
	}
	if k := s.sockets.tcp.Find(local, remote, ip4.Loopback); k != nil {
		if e := k.Own.(*end); e.listener != nil {
			e.listener.Unreachable(&tcp.Segment{Src: local, Dst: remote, Seq: m.Seq})
			e.do()
		}
	}
	return false
}
