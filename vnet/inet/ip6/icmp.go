package ip6

import (
	"net/netip"
	"time"

	"wireloom/vnet/inet/ip6/wire"
	"wireloom/vnet/packet"
)

// allow reports whether one more error or redirect may go out, to a host.
func (l *Layer) allow(now time.Duration, to netip.Addr) bool {
	bits := 64 // of a link-local route
	if l.v.Errors.Peer > 0 && !to.IsLinkLocalUnicast() {
		h, _ := l.route(to, Any)
		bits = h.bits
	}
	ok := l.errors.Allow(now, to, bits)
	if !ok {
		l.stats.TooFreq++
	}
	return ok
}

// icmp takes the ICMPv6 message at at (icmp6.c icmp6_input).
func (l *Layer) icmp(now time.Duration, in *input, at int, a *Acts) {
	b := in.p[at:]
	if len(b) < packet.ICMPLen {
		l.stats.TooShort++
		return
	}
	if packet.TransportChecksum(in.p.Src(), in.p.Dst(), packet.ProtoICMPv6, b) != 0 {
		l.stats.BadChecksum++
		return
	}
	m := packet.ICMP(b)
	l.stats.In.add(m.Type())
	switch m.Type() {
	case packet.ICMPv6Echo:
		l.stats.Delivered++
		l.echo(now, in, m, a)
	case packet.ICMPv6EchoReply:
		l.deliver(in, at, packet.ProtoICMPv6, a)
	case wire.Unreachable, wire.TooBig, wire.TimeExceeded, wire.ParamProblem:
		l.stats.Delivered++
		l.failed(now, in, m, a)
	default:
		if in.nic != nil && !in.nic.IP && m.Code() == 0 {
			l.discovery(now, in, m, a)
		}
	}
}

// discovery takes the messages of a link.
func (l *Layer) discovery(now time.Duration, in *input, m packet.ICMP, a *Acts) {
	switch m.Type() {
	case packet.ICMPv6ListenerQuery:
		if in.p.Src().IsLinkLocalUnicast() && wire.HopLimit(in.p) == 1 {
			in.nic.groups.Query(now, m)
			l.wakeAt(in.nic.groups.Next())
		}
	case packet.ICMPv6ListenerReport:
		if in.p.Src().IsLinkLocalUnicast() {
			in.nic.groups.Report(m)
		}
	case wire.RouterSolicit:
		l.solicitedRouter(now, in, m, a)
	case wire.RouterAdvert:
		l.advertised(now, in, m, a)
	case wire.NeighborSolicit:
		l.solicited(now, in, m, a)
	case wire.NeighborAdvert:
		l.answered(now, in, m, a)
	case wire.Redirect:
		l.redirected(now, in, m, a)
	}
}

// echo answers an echo request, also one to a group.
func (l *Layer) echo(now time.Duration, in *input, m packet.ICMP, a *Acts) {
	if in.p.Src().IsUnspecified() {
		return
	}
	b, ok := l.reply(in.nic, in.p)
	if !ok {
		return
	}
	b = append(b, m...)
	l.scratch = b
	if l.v.EchoTrafficClass {
		b[0], b[1] = in.p[0], in.p[1]&0xf0
	}
	b[packet.IPv6Len] = packet.ICMPv6EchoReply
	l.stats.Reflected++
	l.sendICMP(now, in.nic, b, a)
}

// reply begins a packet in scratch to the sender of p, which came in on n: from the address
// that it was sent to, if that is ours, else from one that is chosen (icmp6_reflect).
func (l *Layer) reply(n *nic, p packet.IPv6) (b []byte, ok bool) {
	to, src := p.Src(), p.Dst()
	if number := numberOf(n); src.IsMulticast() || !l.Local(src, number) {
		out := n
		if h, _ := l.route(to, linkNumber(n, to)); h.nic != nil {
			out = h.nic
		}
		if l.Local(to, number) {
			src = to
		} else if out == nil {
			return nil, false
		} else if src, ok = l.choose(to, out); !ok {
			return nil, false
		}
	}
	hops := l.v.HopLimit
	if n != nil {
		hops = n.hops
	}
	return wire.AppendHeader(l.scratch[:0], 0, 0, packet.ProtoICMPv6, hops, src, to), true
}

func numberOf(n *nic) int {
	if n == nil {
		return Loopback
	}
	return n.n
}

// linkNumber is the interface that a packet to dst has to leave by, if it came in on n.
func linkNumber(n *nic, dst netip.Addr) int {
	if n != nil && dst.IsLinkLocalUnicast() {
		return n.n
	}
	return Any
}

// sendICMP sends a message that lies in scratch.
func (l *Layer) sendICMP(now time.Duration, n *nic, b []byte, a *Acts) {
	wire.Finish(b, packet.IPv6Len)
	l.stats.Out.add(b[packet.IPv6Len])
	l.emit(now, linkNumber(n, packet.IPv6(b).Dst()), b, false, a)
}

// Unreachable sends an ICMPv6 1 of the code (4: no port) about a packet that came in on an
// interface, all of it, as in [Up]; and nothing where none may be.
func (l *Layer) Unreachable(now time.Duration, number int, group bool, code uint8, p []byte, a *Acts) {
	if len(p) >= packet.IPv6Len {
		l.errorAbout(now, l.nic(number), group, p, wire.Unreachable, code, 0, a)
	}
}

// errorAbout sends an ICMPv6 error about a packet that came in on n, to a group if group is true
// (icmp6_error).
func (l *Layer) errorAbout(now time.Duration, n *nic, group bool, about []byte, typ, code uint8, param uint32, a *Acts) {
	l.stats.Errors++
	p := packet.IPv6(about)
	src, dst := p.Src(), p.Dst()
	if (group || dst.IsMulticast()) && typ != wire.TooBig && (typ != wire.ParamProblem || code != wire.UnknownOption) ||
		src.IsUnspecified() || src.IsMulticast() {
		return
	}
	if next, at := wire.LastHeader(p); next == packet.ProtoICMPv6 {
		if at >= len(p) || p[at] < packet.ICMPv6Echo || p[at] == wire.Redirect {
			l.stats.CantError++
			return
		}
	}
	if !l.allow(now, src) {
		return
	}
	// What it is about may lie in scratch itself.
	quote := about[:min(len(about), wire.MaxQuote)]
	if overlaps(l.scratch, about) {
		l.piece = append(l.piece[:0], quote...)
		quote = l.piece
	}
	b, ok := l.reply(n, p)
	if !ok {
		return
	}
	l.scratch = append(wire.AppendICMP(b, typ, code, param), quote...)
	l.sendICMP(now, n, l.scratch, a)
}

// overlaps reports whether b lies in the memory of a.
func overlaps(a, b []byte) bool {
	return cap(a) > 0 && len(b) > 0 && &a[:1][0] == &b[0]
}

// failed takes an error about a packet of ours (icmp6_notify_error).
func (l *Layer) failed(now time.Duration, in *input, m packet.ICMP, a *Acts) {
	about, err := packet.ParseIPv6Header(m.Payload())
	if err != nil {
		l.stats.TooShort++
		return
	}
	src, dst := about.Src(), about.Dst()
	if !l.Local(src, Any) || dst.IsMulticast() && m.Type() != wire.TooBig {
		return
	}
	next, at := wire.LastHeader(about)
	q := Quoted{Type: m.Type(), Code: m.Code(), From: in.p.Src(), Src: src, Dst: dst, Proto: next}
	if at <= len(about) {
		q.Quote = about[at:]
	}
	if m.Type() == wire.TooBig {
		l.learnMTU(now, dst, m.Rest(), a)
		q.MTU = int(max(m.Rest(), wire.MinMTU))
	}
	a.Errors = append(a.Errors, q)
}

// learnMTU remembers the MTU of a path, if it is smaller than the known one.
func (l *Layer) learnMTU(now time.Duration, dst netip.Addr, mtu uint32, a *Acts) {
	h, _ := l.route(dst, Any)
	if h.nic == nil || mtu >= uint32(l.pathMTU(h.nic, dst)) {
		return
	}
	r := l.byDst[dst]
	if r == nil {
		r = l.learn(dst, h.nic, now+l.v.PathMTUTimeout)
	}
	r.mtu, r.atomic = int(max(mtu, wire.MinMTU)), l.v.AtomicFragments && mtu < wire.MinMTU
	r.expires = max(r.expires, now+l.v.PathMTUTimeout)
	l.stats.PathChanged++
	a.Changed = true
}
