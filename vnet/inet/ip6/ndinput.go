package ip6

import (
	"bytes"
	"net/netip"
	"time"

	"wireloom/vnet/inet/ip6/wire"
	"wireloom/vnet/packet"
)

// solicited takes a neighbour solicitation (nd6_nbr.c nd6_ns_input).
func (l *Layer) solicited(now time.Duration, in *input, m packet.ICMP, a *Acts) {
	n, src, dst := in.nic, in.p.Src(), in.p.Dst()
	if len(m) < 24 || wire.HopLimit(in.p) != wire.DiscoveryHops {
		l.stats.BadNS++
		return
	}
	target := wire.AddrAt(m[8:])
	lladdr, has, ok := wire.LinkOption(m[24:], wire.OptSource)
	asking := src.IsUnspecified() // whether the address is free
	switch {
	case !ok || target.IsMulticast(),
		asking && (has || dst != wire.SolicitedNode(dst) || !dst.IsMulticast()),
		!asking && l.v.NeighbourSource && !l.neighbourOf(n, src):
		l.stats.BadNS++
		return
	}
	d := l.own(target, n)
	if d == nil || d.state == Duplicated || d.ip == src {
		return
	}
	if d.state == Tentative {
		if asking && !l.ownNonce(d, m[24:]) {
			d.heard++
			if d.asked == 0 { // they were first
				l.taken(d, a)
			}
		}
		return
	}
	flags := uint8(0)
	option := dst.IsMulticast()
	if option {
		flags |= wire.FlagOverride
	}
	if l.forwarding {
		flags |= wire.FlagRouter
	}
	if asking {
		l.answer(now, n, wire.AllNodes, target, flags, option, a)
		return
	}
	l.heard(now, n, src, lladdr, has, wire.NeighborSolicit, false, a)
	l.answer(now, n, src, target, flags|wire.FlagSolicited, option, a)
}

// ownNonce reports whether a solicitation is our own, come back (RFC 7527).
func (l *Layer) ownNonce(d *address, options []byte) (own bool) {
	wire.EachOption(options, func(o []byte) {
		own = own || l.v.Nonce && o[0] == wire.OptNonce && bytes.Equal(o[2:8], d.nonce[:])
	})
	return own
}

// answer sends a neighbour advertisement (nd6_na_output).
func (l *Layer) answer(now time.Duration, n *nic, dst, target netip.Addr, flags uint8, option bool, a *Acts) {
	src, ok := target, l.v.TargetSource
	if !ok {
		if src, ok = l.choose(dst, n); !ok {
			return
		}
	}
	b := wire.AppendHeader(l.small[:0], 0, 0, packet.ProtoICMPv6, wire.DiscoveryHops, src, dst)
	b = wire.AppendAddr(wire.AppendICMP(b, wire.NeighborAdvert, 0, uint32(flags)<<24), target)
	if option {
		b = wire.AppendLink(b, wire.OptTarget, n.MAC)
	}
	l.small = b
	l.sendND(now, n, b, a)
}

// answered takes a neighbour advertisement (nd6_na_input).
func (l *Layer) answered(now time.Duration, in *input, m packet.ICMP, a *Acts) {
	n := in.nic
	if len(m) < 24 || wire.HopLimit(in.p) != wire.DiscoveryHops {
		l.stats.BadNA++
		return
	}
	flags := m[4]
	solicited, override, router := flags&wire.FlagSolicited != 0, flags&wire.FlagOverride != 0, flags&wire.FlagRouter != 0
	target := wire.AddrAt(m[8:])
	lladdr, has, ok := wire.LinkOption(m[24:], wire.OptTarget)
	if !ok || target.IsMulticast() || in.p.Dst().IsMulticast() && solicited {
		l.stats.BadNA++
		return
	}
	if d := l.own(target, n); d != nil {
		if d.state == Tentative {
			l.taken(d, a)
		} else if d.usable() {
			a.Console = append(a.Console, "nd6_na_input: duplicate IP6 address "+target.String())
		}
		return
	}
	e := n.neighbours[target]
	if e == nil || e.permanent {
		return
	}
	if e.state <= Incomplete {
		if !has {
			return
		}
		e.mac, e.known, e.router = lladdr, true, router
		if solicited {
			l.reached(now, n, e)
		} else {
			l.stale(now, e)
		}
	} else {
		changed := has && (!e.known || e.mac != lladdr)
		if changed && !override {
			if e.state == Reachable {
				l.stale(now, e)
			}
			return
		}
		if has {
			e.mac, e.known = lladdr, true
		}
		switch {
		case solicited:
			l.reached(now, n, e)
		case changed:
			l.stale(now, e)
		}
		if e.router && !router {
			l.dropRouter(n, target, a)
		}
		e.router = router
	}
	e.asked = 0
	l.release(n, e, a)
}

// solicitedRouter takes a router solicitation (nd6_rtr.c nd6_rs_input; rtadvd(8)).
func (l *Layer) solicitedRouter(now time.Duration, in *input, m packet.ICMP, a *Acts) {
	n, src := in.nic, in.p.Src()
	if !l.forwarding && n.advert == nil {
		return
	}
	lladdr, has, ok := wire.LinkOption(m[8:], wire.OptSource)
	if wire.HopLimit(in.p) != wire.DiscoveryHops || !ok || src.IsUnspecified() && has {
		l.stats.BadRS++
		return
	}
	if !src.IsUnspecified() {
		l.heard(now, n, src, lladdr, has, wire.RouterSolicit, false, a)
	}
	if v := n.advert; v != nil {
		l.answerRouter(now, v)
	}
}

// redirected takes a redirect (icmp6.c icmp6_redirect_input).
func (l *Layer) redirected(now time.Duration, in *input, m packet.ICMP, a *Acts) {
	n := in.nic
	if l.forwarding || !l.v.AcceptRedirects {
		return
	}
	if len(m) < 40 || !in.p.Src().IsLinkLocalUnicast() || wire.HopLimit(in.p) != wire.DiscoveryHops {
		l.stats.BadRedirect++
		return
	}
	target, dst := wire.AddrAt(m[8:]), wire.AddrAt(m[24:])
	lladdr, has, ok := wire.LinkOption(m[40:], wire.OptTarget)
	h, _ := l.route(dst, Any)
	onLink := target == dst
	if !ok || h.nic != n || !h.gateway || h.ip != in.p.Src() || dst.IsMulticast() || !onLink && !target.IsLinkLocalUnicast() {
		l.stats.BadRedirect++
		return
	}
	l.heard(now, n, target, lladdr, has, wire.Redirect, !onLink, a)
	r := l.learn(dst, n, now+l.v.RedirectTimeout)
	r.gateway = target
	a.Changed = true
}

// sendRedirect tells the sender of a packet of a better first hop (icmp6_redirect_output).
func (l *Layer) sendRedirect(now time.Duration, p packet.IPv6, h hop, a *Acts) {
	src, dst := p.Src(), p.Dst()
	n := h.nic
	if !l.v.SendRedirects || n.IP || !l.neighbourOf(n, src) || dst.IsMulticast() {
		return
	}
	from, ok := l.linkLocal(n)
	target := dst
	if h.gateway {
		target = h.ip
		ok = ok && target.IsLinkLocalUnicast()
	}
	if !ok || !l.allow(now, src) {
		return
	}
	b := wire.AppendHeader(l.piece[:0], 0, 0, packet.ProtoICMPv6, wire.DiscoveryHops, from, src) // p may lie in scratch
	b = wire.AppendAddr(wire.AppendAddr(wire.AppendICMP(b, wire.Redirect, 0, 0), target), dst)
	if e := n.neighbours[target]; h.gateway && e != nil && e.known {
		b = wire.AppendLink(b, wire.OptTarget, e.mac)
	}
	room := (wire.MinMTU-len(b))&^7 - 8
	quote := p[:min(len(p), room)]
	size := (len(quote) + 7) &^ 7
	b = append(b, wire.OptRedirect, uint8((8+size)/8), 0, 0, 0, 0, 0, 0)
	b = append(b, quote...)
	for range size - len(quote) {
		b = append(b, 0)
	}
	l.piece = b
	wire.Finish(b, packet.IPv6Len)
	l.stats.RedirectSent++
	l.stats.Out.add(wire.Redirect)
	l.transmit(now, n, src, b, a)
}
