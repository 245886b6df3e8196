package ip4

import (
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/inet/ip4/option"
	"wireloom/vnet/packet"
)

// forward passes a packet on: ip_forward (netinet/ip_input.c; net/ipv4/ip_forward.c of
// Linux). routed: a source route leads it.
func (l *Layer) forward(now time.Duration, nic int, link Link, pkt packet.IPv4, routed bool, a *Acts) {
	st := &l.st.IP
	if link != Unicast || !l.canForward(pkt.Dst()) {
		st.CantForward++
		return
	}
	u := Up{NIC: nic, Link: link, Packet: pkt}
	path, ok := l.path(pkt.Dst(), AnyNIC)
	if l.is(dialect.Linux) && !ok { // the route is looked up before the packet is looked at
		l.noWay(now, &u, a)
		return
	}
	if pkt.TTL() <= 1 {
		l.sendError(now, problem{typ: packet.ICMPTimeExceeded}, &u, pkt, a)
		return
	}
	if !ok {
		l.noWay(now, &u, a)
		return
	}
	on := packet.IPv4(append(a.grab(len(pkt))[:0], pkt...))
	on[8]--
	if on.Src() == anyAddr && !l.is(dialect.Linux) {
		option.Put4(on[12:], path.Src) // ip_output takes it for a packet of its own
	}
	d := datagram{
		pkt: on, path: path, numbered: true, forwarded: true, came: pkt, from: nic,
		broadcast: l.is(dialect.NetBSD) && l.v.DirectedBroadcast,
	}
	shorter := l.shorter(nic, &path, pkt, routed)
	if shorter && l.is(dialect.Linux) { // it tells first, with the TTL counted down
		putSum(on)
		l.tellShorter(now, &path, &u, on, a)
	}
	if e := l.send(now, &d, a); e != errno.OK {
		st.CantForward++
		l.forwardFailed(now, e, l.tellMTU(&path), &u, a)
		return
	}
	st.Forwarded++
	if shorter && !l.is(dialect.Linux) {
		l.tellShorter(now, &path, &u, pkt, a)
	}
}

// tellShorter sends a redirect.
func (l *Layer) tellShorter(now time.Duration, p *Path, u *Up, quote packet.IPv4, a *Acts) {
	l.st.IP.RedirectSent++
	gateway := p.Dst
	if p.Gateway {
		gateway = p.Hop
	}
	l.sendError(now, problem{typ: packet.ICMPRedirect, code: 1, gateway: gateway}, u, quote, a)
}

// noWay answers a packet for which there is no route: FreeBSD says host, NetBSD and Linux
// say net.
func (l *Layer) noWay(now time.Duration, u *Up, a *Acts) {
	if l.is(dialect.Linux) && !l.limits.AllowNoWay(now, &l.v.Rates, u.Packet.Src()) {
		return
	}
	code := uint8(1)
	if l.is(dialect.NetBSD) || l.is(dialect.Linux) {
		code = 0
	}
	l.sendError(now, problem{typ: packet.ICMPUnreachable, code: code}, u, u.Packet, a)
}

// tellMTU is the MTU that 3/4 gives: the interface's on NetBSD and DragonFly, the
// path's on the others.
func (l *Layer) tellMTU(p *Path) int {
	if n := l.nic(p.NIC); n != nil && (l.is(dialect.NetBSD) || l.is(dialect.DragonFly)) {
		return n.MTU
	}
	return p.MTU
}

// shorter reports whether a packet's sender is to be told of a better way: it goes out as
// it came in, its sender is a neighbour there, and the route is neither the default nor
// the work of a redirect.
func (l *Layer) shorter(nic int, p *Path, pkt packet.IPv4, routed bool) bool {
	switch {
	case !l.v.SendRedirects || routed || p.NIC != nic || p.ToUs:
		return false
	case l.is(dialect.Linux):
		return p.local.IsValid() && p.local.Contains(pkt.Src()) // its default route counts too
	case p.icmp || p.to.Addr().IsUnspecified():
		return false
	}
	return p.local.IsValid() && p.local.Contains(pkt.Src())
}

// forwardFailed answers a packet that could not be passed on, as the end of ip_forward.
func (l *Layer) forwardFailed(now time.Duration, e errno.Errno, mtu int, u *Up, a *Acts) {
	pr := problem{typ: packet.ICMPUnreachable, code: 1}
	switch e {
	case errno.EMSGSIZE:
		pr.code, pr.mtu = 4, mtu
		l.st.IP.CantFrag++
	case errno.ENOBUFS:
		return
	case errno.EACCES:
		if !l.is(dialect.NetBSD) {
			return
		}
	default:
	}
	l.sendError(now, pr, u, u.Packet, a)
}

// HeldFailed is for what Linux's ARP has held and given up (arp.c, arp_error_report): the
// sender is told 3/1, with the packet as it would have gone; if that is this host, its
// socket is.
func (l *Layer) HeldFailed(now time.Duration, p packet.IPv4, a *Acts) {
	l.group++
	nic, mine := l.own(p.Src())
	if !mine {
		path, ok := l.path(p.Src(), AnyNIC)
		if !ok {
			return
		}
		l.sendError(now, problem{typ: packet.ICMPUnreachable, code: codeHost}, &Up{NIC: path.NIC, Packet: p}, p, a)
		return
	}
	q := Quoted{NIC: nic, From: p.Src(), Type: packet.ICMPUnreachable, Code: codeHost, Packet: p}
	if l.v.Fatal(q.Type, q.Code) {
		q.Errno = l.v.Errno(q.Type, q.Code)
	}
	a.Errors = append(a.Errors, q)
}
