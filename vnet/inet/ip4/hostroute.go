package ip4

import (
	"net/netip"
	"time"

	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/packet"
)

// A HostRoute is what ICMP has said of the way to a host: by which router (a redirect; a
// route with the flags UGHD), or how large packets may be (3/4).
type HostRoute struct {
	Dst     netip.Addr
	Via     netip.Addr    // invalid: only the MTU is known
	MTU     int           // 0: not known
	Expires time.Duration // 0: never

	nic   int        // of Via
	noDF  bool       // discovery of the path's MTU was given up
	asked netip.Addr // Linux: the gateway of a first redirect
}

const hostRouteBytes = 104

// hostRoutes are the routes that ICMP made, in the order of their making.
type hostRoutes struct {
	list []HostRoute
}

func (r *hostRoutes) find(dst netip.Addr) *HostRoute {
	for i := range r.list {
		if r.list[i].Dst == dst {
			return &r.list[i]
		}
	}
	return nil
}

func (r *hostRoutes) next() (at time.Duration, ok bool) {
	for i := range r.list {
		if e := r.list[i].Expires; e > 0 && (!ok || e < at) {
			at, ok = e, true
		}
	}
	return at, ok
}

func (r *hostRoutes) expire(now time.Duration) {
	kept := r.list[:0]
	for _, h := range r.list {
		if h.Expires == 0 || now < h.Expires {
			kept = append(kept, h)
		}
	}
	r.list = kept
	if len(kept) == 0 {
		r.list = nil
	}
}

// HostRoutes returns the routes that ICMP made, to be read only.
func (l *Layer) HostRoutes() []HostRoute { return l.routes.list }

// Forget drops what ICMP said of a host, and reports whether it had.
func (l *Layer) Forget(dst netip.Addr) bool {
	for i := range l.routes.list {
		if l.routes.list[i].Dst == dst {
			l.routes.list = append(l.routes.list[:i], l.routes.list[i+1:]...)
			return true
		}
	}
	return false
}

// hostRoute returns the entry of a host, made if it must be; nil if there are too many.
func (l *Layer) hostRoute(dst netip.Addr) *HostRoute {
	if h := l.routes.find(dst); h != nil {
		return h
	}
	if len(l.routes.list) >= l.v.MaxHostRoutes {
		l.st.ICMP.RoutesFull++
		return nil
	}
	l.routes.list = append(l.routes.list, HostRoute{Dst: dst})
	return &l.routes.list[len(l.routes.list)-1]
}

// redirect is rtredirect: the new gateway must be on a net of the host's own, where the old
// one is, and be none of its addresses; only the old one may name it.
func (l *Layer) redirect(now time.Duration, dst, gateway, from netip.Addr, a *Acts) bool {
	if _, mine := l.own(dst); mine {
		return false
	}
	nic, local, ok := l.netOf(gateway)
	if !ok {
		return false
	}
	if _, mine := l.own(gateway); mine {
		return false
	}
	if p, known := l.path(dst, AnyNIC); known {
		if !p.Gateway || p.Hop != from || p.NIC != nic || p.local != local {
			return false
		}
	} else if l.is(dialect.Linux) {
		return false
	}
	h := l.hostRoute(dst)
	if h == nil {
		return false
	}
	if l.is(dialect.Linux) && h.asked != gateway { // __ip_do_redirect: its link address must be known first
		h.asked = gateway
		a.Ask = append(a.Ask, Hop{nic, gateway})
		h.Expires = now + l.v.RedirectLife
		return true
	}
	h.Via, h.nic = gateway, nic
	if l.v.RedirectLife > 0 {
		h.Expires = now + l.v.RedirectLife
	}
	return true
}

// netOf is ifa_ifwithnet: the interface, and its address, of whose net ip is; the longest
// prefix wins.
func (l *Layer) netOf(ip netip.Addr) (nic int, local netip.Prefix, ok bool) {
	for i := range l.env.NICs() {
		n := l.nic(i)
		if n == nil {
			continue
		}
		for _, p := range n.Addrs {
			if p.Contains(ip) && (!ok || p.Bits() > local.Bits()) {
				nic, local, ok = i, p, true
			}
		}
	}
	return nic, local, ok
}

// plateaus are the MTUs that links have (RFC 1191, 7). FreeBSD's ip_next_mtu has 1280 too;
// NetBSD's mtu_table two more and not 1280.
var (
	freebsdPlateaus   = []int{65535, 32000, 17914, 8166, 4352, 2002, 1492, 1280, 1006, 508, 296, 68, 0}
	dragonflyPlateaus = []int{65535, 32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296, 68, 0}
	netbsdPlateaus    = []int{65535, 65280, 32000, 17914, 9180, 8166, 4352, 2002, 1492, 1006, 508, 296, 68, 0}
)

// below returns the first plateau below mtu.
func below(plateaus []int, mtu int) int {
	for _, p := range plateaus {
		if mtu > p {
			return p
		}
	}
	return 0
}

// believe returns the MTU that an error 3/4 means: the one it gives, or, of a router that
// is older than RFC 1191, the plateau below the length of the packet that was too long
// (FreeBSD tcp_subr.c, tcp_ctlinput; NetBSD and DragonFly ip_icmp.c).
func (l *Layer) believe(mtu int, quote packet.IPv4) int {
	path, ok := l.path(quote.Dst(), AnyNIC)
	switch l.v.Dialect {
	case dialect.DragonFly:
		if mtu == 0 && ok {
			mtu = below(dragonflyPlateaus, path.MSS)
		}
	case dialect.NetBSD:
		if mtu != 0 {
			break
		}
		mtu = quote.TotalLen()
		if ok && mtu > path.MTU { // 4.2BSD's routers had added the header to it
			mtu -= quote.HeaderLen()
		}
		mtu = below(netbsdPlateaus, mtu)
	case dialect.Linux:
		mtu = max(mtu, l.v.MinMTU)
	default:
		if mtu == 0 {
			mtu = below(freebsdPlateaus, quote.TotalLen())
		}
		mtu = max(mtu, l.v.MinMTU)
	}
	return mtu
}

// TooBig takes in an error 3/4 about a packet that was sent indeed: the host has found its
// socket, and TCP its sequence number. Later paths have the MTU. FreeBSD and NetBSD learn
// it of TCP only (tcp_subr.c, tcp_ctlinput).
func (l *Layer) TooBig(now time.Duration, q *Quoted) {
	dst := q.Packet.Dst()
	if q.Packet.Protocol() != packet.ProtoTCP && (l.is(dialect.FreeBSD) || l.is(dialect.NetBSD)) {
		return
	}
	path, ok := l.path(dst, AnyNIC)
	if !ok || path.ToUs || q.MTU <= 0 || !l.v.MTUDisc {
		return
	}
	giveUp := false
	switch l.v.Dialect {
	case dialect.NetBSD:
		giveUp = q.MTU < l.v.MinMTU || q.MTU > path.MTU
	case dialect.DragonFly:
		giveUp = q.MTU < l.v.MinMTU
	case dialect.Linux:
		giveUp = q.MTU <= l.v.MinMTU
	default:
	}
	if !giveUp && q.MTU >= path.MSS {
		return
	}
	h := l.hostRoute(dst)
	if h == nil {
		return
	}
	h.noDF = h.noDF || giveUp
	if !giveUp || l.is(dialect.Linux) {
		h.MTU = q.MTU
		l.st.ICMP.PMTUChanged++
	}
	if l.v.MTULife > 0 && !h.Via.IsValid() {
		h.Expires = now + l.v.MTULife
	}
}
