package ip6

import (
	"net/netip"
	"slices"
	"time"

	"wireloom/vnet/errno"

	"wireloom/vnet/inet/ip6/wire"
)

// A hop is where a packet goes next.
type hop struct {
	nic     *nic
	ip      netip.Addr // of the neighbour
	gateway bool
	bits    int // of the route's prefix
	// dynamic says that a redirect has led here: a router does not redirect others for it.
	dynamic bool
}

// route finds the way to a destination that is not the host's own: redirects, then the
// longest prefix of those on the links and of the host's own routes, then a router that has
// advertised itself.
func (l *Layer) route(dst netip.Addr, number int) (hop, errno.Errno) {
	n := l.nic(number)
	if number >= 0 && n == nil {
		return hop{}, errno.ENXIO
	}
	if dst.IsMulticast() || dst.IsLinkLocalUnicast() {
		if n == nil {
			n = l.defaultLink(dst)
		}
		if n == nil {
			return hop{}, l.v.NoRoute
		}
		return hop{nic: n, ip: dst}, up(n)
	}
	if r := l.byDst[dst]; r != nil && r.gateway.IsValid() && (n == nil || r.nic == n) {
		return hop{nic: r.nic, ip: r.gateway, gateway: true, dynamic: true, bits: 128}, up(r.nic)
	}
	h, bits := hop{ip: dst}, -1
	for _, d := range l.addrs {
		if d.bits > bits && !d.ip.IsLinkLocalUnicast() && d.prefix().Contains(dst) && (n == nil || d.nic == n) {
			h.nic, bits = d.nic, d.bits
		}
	}
	for _, p := range l.prefixes {
		if p.onLink && p.Bits() > bits && p.Contains(dst) && (n == nil || p.nic == n) {
			h.nic, bits = p.nic, p.Bits()
		}
	}
	if r, ok := l.env.Route6(dst); ok && r.Bits > bits {
		if out := l.nic(r.NIC); out != nil && (n == nil || out == n) {
			if r.Reject {
				return hop{}, l.v.NoRoute
			}
			h.nic, bits = out, r.Bits
			if r.Via.IsValid() {
				h.ip, h.gateway = r.Via.WithZone(""), true
			}
		}
	}
	if bits <= 0 && h.nic == nil {
		if r := l.defaultRouter(n); r != nil {
			return hop{nic: r.nic, ip: r.ip, gateway: true}, up(r.nic)
		}
	}
	if h.nic == nil {
		return hop{}, l.v.NoRoute
	}
	h.bits = bits
	return h, up(h.nic)
}

func up(n *nic) errno.Errno {
	if !n.up || n.disabled {
		return errno.ENETDOWN
	}
	return errno.OK
}

// defaultLink is the interface for a multicast packet of which nothing says it: the host's own
// route, else the first that is up. A link-local address needs its interface.
func (l *Layer) defaultLink(dst netip.Addr) *nic {
	if dst.IsLinkLocalUnicast() {
		return nil
	}
	if r, ok := l.env.Route6(dst); ok && !r.Reject && r.Bits > 0 {
		return l.nic(r.NIC)
	}
	for _, n := range l.nics {
		if n.up {
			return n
		}
	}
	return nil
}

// OnLink reports whether dst is on a link of the host: TCP's "local".
func (l *Layer) OnLink(dst netip.Addr, number int) bool {
	h, no := l.route(dst.WithZone(""), number)
	return no == errno.OK && !h.gateway
}

// neighbourOf reports whether ip is on the interface's link, by its prefixes or as it is a
// neighbour already (nd6.c nd6_is_addr_neighbor).
func (l *Layer) neighbourOf(n *nic, ip netip.Addr) bool {
	if ip.IsLinkLocalUnicast() || n.neighbours[ip] != nil {
		return true
	}
	for _, d := range l.addrs {
		if d.nic == n && !d.ip.IsLinkLocalUnicast() && d.prefix().Contains(ip) {
			return true
		}
	}
	for _, p := range l.prefixes {
		if p.nic == n && p.onLink && p.Contains(ip) {
			return true
		}
	}
	r, ok := l.env.Route6(ip)
	return ok && r.NIC == n.n && !r.Via.IsValid() && !r.Reject
}

// MTU is the largest packet that goes to dst whole.
func (l *Layer) MTU(dst netip.Addr, number int) int {
	dst = dst.WithZone("")
	if l.Local(dst, number) {
		return wire.MaxPacket
	}
	h, no := l.route(dst, number)
	if no != errno.OK && h.nic == nil {
		return wire.MinMTU
	}
	return l.pathMTU(h.nic, dst)
}

func (l *Layer) pathMTU(n *nic, dst netip.Addr) int {
	mtu := n.mtu()
	if r := l.byDst[dst]; r != nil && r.mtu != 0 {
		mtu = min(mtu, r.mtu)
	}
	return mtu
}

// A Learned is what was learnt of the way to one destination: a redirect or a path MTU, which
// netstat -r shows as a route.
type Learned struct {
	Dst     netip.Addr
	NIC     int
	Gateway netip.Addr // of a redirect
	MTU     int        // 0: the interface's
	Expires time.Duration
}

type learned struct {
	dst     netip.Addr
	nic     *nic
	gateway netip.Addr
	mtu     int
	atomic  bool // packets have a fragment header, as the path's MTU is below IPv6's least
	expires time.Duration
}

// Routes returns what was learnt of single destinations, in the order of learning.
func (l *Layer) Routes() []Learned {
	all := make([]Learned, len(l.learned))
	for i, r := range l.learned {
		all[i] = Learned{r.dst, r.nic.n, r.gateway, r.mtu, r.expires}
	}
	return all
}

// learn is the entry of a destination, new or old. At the limit the oldest goes.
func (l *Layer) learn(dst netip.Addr, n *nic, expires time.Duration) *learned {
	r := l.byDst[dst]
	if r == nil {
		for len(l.learned) > 0 && len(l.learned) >= l.v.MaxLearned {
			first := l.learned[0]
			l.stats.Evicted++
			l.forget(func(r *learned) bool { return r == first })
		}
		r = &learned{dst: dst}
		if l.byDst == nil {
			l.byDst = map[netip.Addr]*learned{}
		}
		l.byDst[dst] = r
		l.learned = append(l.learned, r)
	}
	r.nic, r.expires = n, expires
	l.wake(expires)
	return r
}

func (l *Layer) forget(which func(*learned) bool) {
	l.learned = slices.DeleteFunc(l.learned, func(r *learned) bool {
		if !which(r) {
			return false
		}
		delete(l.byDst, r.dst)
		return true
	})
}

func (l *Layer) tickLearned(now time.Duration) {
	l.forget(func(r *learned) bool { return r.expires <= now })
}
