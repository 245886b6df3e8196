package ip6

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet/ip6/wire"
	"wireloom/vnet/packet"
)

// A Router is one that has advertised itself.
type Router struct {
	NIC     int
	IP      netip.Addr
	Flags   uint8 // 0x80 managed, 0x40 other, 0x18 preference
	Expires time.Duration
	Used    bool // it is the default route
}

type router struct {
	nic     *nic
	ip      netip.Addr
	flags   uint8
	expires time.Duration
}

// A Prefix is one that a router has advertised.
type Prefix struct {
	NIC          int
	Prefix       netip.Prefix
	OnLink, Auto bool
	Valid        time.Duration // when it ends; 0 is never
}

type prefix struct {
	netip.Prefix
	nic          *nic
	onLink, auto bool
	valid        time.Duration
}

// Routers returns the routers that have advertised themselves, as ndp -r shows them, and
// Prefixes their prefixes, as ndp -p.
func (l *Layer) Routers() []Router {
	used := l.defaultRouter(nil)
	all := make([]Router, len(l.routers))
	for i, r := range l.routers {
		all[i] = Router{r.nic.n, r.ip, r.flags, r.expires, r == used}
	}
	return all
}

// Prefixes returns the prefixes that routers have advertised.
func (l *Layer) Prefixes() []Prefix {
	all := make([]Prefix, len(l.prefixes))
	for i, p := range l.prefixes {
		all[i] = Prefix{p.nic.n, p.Prefix, p.onLink, p.auto, p.valid}
	}
	return all
}

// defaultRouter is the first of the highest preference that may be reachable, else the first
// (nd6_rtr.c defrouter_select).
func (l *Layer) defaultRouter(n *nic) *router {
	var best *router
	score := func(r *router) int {
		s := [4]int{0, 1, 0, -1}[r.flags>>3&3]
		if e := r.nic.neighbours[r.ip]; e != nil && e.state > Incomplete {
			s += 4
		}
		return s
	}
	for _, r := range l.routers {
		if (n == nil || r.nic == n) && r.nic.up && (best == nil || score(r) > score(best)) {
			best = r
		}
	}
	return best
}

func (l *Layer) dropRouter(n *nic, ip netip.Addr, a *Acts) {
	before := len(l.routers)
	l.routers = slices.DeleteFunc(l.routers, func(r *router) bool { return r.nic == n && r.ip == ip })
	if len(l.routers) != before {
		l.forget(func(r *learned) bool { return r.nic == n && r.gateway == ip })
		a.Changed = true
	}
}

func (l *Layer) tickRouters(now time.Duration, a *Acts) {
	over := func(at time.Duration) bool { return at != 0 && at <= now }
	routers, prefixes := len(l.routers), len(l.prefixes)
	l.routers = slices.DeleteFunc(l.routers, func(r *router) bool { return over(r.expires) })
	l.prefixes = slices.DeleteFunc(l.prefixes, func(p *prefix) bool { return over(p.valid) })
	if len(l.routers) != routers || len(l.prefixes) != prefixes {
		a.Changed = true
	}
}

// asking is a host's asking for routers.
type asking struct {
	left  int // solicitations to come; below 0 is no end
	pause time.Duration
	due   time.Duration
}

// Solicit asks for routers on an interface, as rtsol(8) does: until one answers, or
// Values.RTSolCount times. ENXIO without such an interface.
func (l *Layer) Solicit(now time.Duration, number int, _ *Acts) errno.Errno {
	n := l.nic(number)
	if n == nil || n.IP {
		return errno.ENXIO
	}
	l.askRouters(now, n, l.v.RTSolCount, l.chance(l.v.JoinDelay))
	return errno.OK
}

func (l *Layer) askRouters(now time.Duration, n *nic, times int, wait time.Duration) {
	n.asking.left, n.asking.pause = times, l.v.SolicitInterval
	l.set(&n.asking.due, now+wait)
}

// tickAsking sends the next router solicitation, if there is an address to send it from.
func (l *Layer) tickAsking(now time.Duration, n *nic, a *Acts) {
	if !fired(&n.asking.due, now) || n.asking.left == 0 || !n.up || n.disabled {
		return
	}
	src, ok := l.linkLocal(n)
	if !ok {
		l.set(&n.asking.due, now+l.v.Retransmit)
		return
	}
	b := wire.AppendHeader(l.small[:0], 0, 0, packet.ProtoICMPv6, wire.DiscoveryHops, src, wire.AllRouters)
	l.small = wire.AppendLink(wire.AppendICMP(b, wire.RouterSolicit, 0, 0), wire.OptSource, n.MAC)
	l.sendND(now, n, l.small, a)
	n.asking.left--
	if n.asking.left != 0 {
		l.set(&n.asking.due, now+n.asking.pause)
	}
	if n.asking.left < 0 {
		n.asking.pause = min(2*n.asking.pause, time.Hour)
	}
}

// advertised takes a router advertisement (nd6_rtr.c nd6_ra_input).
func (l *Layer) advertised(now time.Duration, in *input, m packet.ICMP, a *Acts) {
	n, src := in.nic, in.p.Src()
	if !l.accepts(n) {
		return
	}
	if len(m) < 16 || wire.HopLimit(in.p) != wire.DiscoveryHops || !src.IsLinkLocalUnicast() {
		l.stats.BadRA++
		return
	}
	lladdr, has, ok := wire.LinkOption(m[16:], wire.OptSource)
	if !ok {
		l.stats.BadRA++
		return
	}
	n.asking = asking{}
	if h := m[4]; h != 0 {
		n.hops = h
	}
	if ms := binary.BigEndian.Uint32(m[8:]); ms != 0 && ms <= 3600_000 { // MAX_REACHABLE_TIME
		if base := time.Duration(ms) * time.Millisecond; base != n.base {
			n.base = base
			l.drawReachable(now, n)
		}
	}
	if ms := binary.BigEndian.Uint32(m[12:]); ms != 0 {
		n.retransmit = time.Duration(ms) * time.Millisecond
	}
	l.router(now, n, src, m[5], time.Duration(binary.BigEndian.Uint16(m[6:]))*time.Second, a)
	wire.EachOption(m[16:], func(o []byte) {
		switch {
		case o[0] == wire.OptPrefix && len(o) == 32:
			l.prefix(now, n, o, in.p.Dst().IsMulticast(), a)
		case o[0] == wire.OptMTU && len(o) == 8:
			if mtu := binary.BigEndian.Uint32(o[4:]); mtu >= wire.MinMTU && mtu <= uint32(n.MTU) && int(mtu) != n.linkMTU {
				n.linkMTU = int(mtu)
				a.Changed = true
			}
		}
	})
	l.heard(now, n, src, lladdr, has, wire.RouterAdvert, true, a)
}

// router keeps a router for a time, or forgets it if that is 0.
func (l *Layer) router(now time.Duration, n *nic, ip netip.Addr, flags uint8, life time.Duration, a *Acts) {
	if life == 0 {
		l.dropRouter(n, ip, a)
		return
	}
	i := slices.IndexFunc(l.routers, func(r *router) bool { return r.nic == n && r.ip == ip })
	if i < 0 {
		if len(l.routers) >= l.v.MaxRouters {
			l.stats.Refused++
			return
		}
		i = len(l.routers)
		l.routers = append(l.routers, &router{nic: n, ip: ip})
		a.Changed = true
	}
	r := l.routers[i]
	r.flags = flags
	l.set(&r.expires, now+life)
}

// until is when a lifetime that begins now ends: 0 if never.
func until(now time.Duration, sec uint32) time.Duration {
	if sec == wire.Forever {
		return 0
	}
	return now + max(time.Duration(sec)*time.Second, 1)
}

// prefix takes a prefix option (nd6_rtr.c prelist_update, RFC 4862 section 5.5.3).
func (l *Layer) prefix(now time.Duration, n *nic, o []byte, delay bool, a *Acts) {
	bits, flags := int(o[2]), o[3]
	valid, preferred := binary.BigEndian.Uint32(o[4:]), binary.BigEndian.Uint32(o[8:])
	ip := wire.AddrAt(o[16:])
	if bits > 128 || ip.IsMulticast() || ip.IsLinkLocalUnicast() || preferred > valid {
		return
	}
	p, err := ip.Prefix(bits)
	if err != nil {
		return
	}
	onLink, auto := flags&0x80 != 0, flags&0x40 != 0
	if onLink {
		l.keepPrefix(now, n, p, auto, valid, a)
	}
	if !auto || bits != 64 {
		return
	}
	if d := l.autoAddress(n, p); d != nil {
		l.renew(now, d, valid, preferred, a)
		return
	}
	if valid == 0 {
		return
	}
	if len(l.addrs) >= l.v.MaxAddresses {
		l.stats.Refused++
		return
	}
	d := &address{nic: n, ip: wire.FromMAC(p.Addr(), n.MAC), bits: 64, auto: true}
	if l.own(d.ip, n) != nil { // a user's
		return
	}
	d.valid, d.preferred = until(now, valid), until(now, preferred)
	l.add(now, d, delay, a)
}

func (l *Layer) keepPrefix(now time.Duration, n *nic, p netip.Prefix, auto bool, valid uint32, a *Acts) {
	i := slices.IndexFunc(l.prefixes, func(x *prefix) bool { return x.nic == n && x.Prefix == p })
	switch {
	case i < 0 && valid == 0:
		return
	case i < 0 && len(l.prefixes) >= l.v.MaxPrefixes:
		l.stats.Refused++
		return
	case i < 0:
		i = len(l.prefixes)
		l.prefixes = append(l.prefixes, &prefix{Prefix: p, nic: n, onLink: true})
		a.Changed = true
	}
	x := l.prefixes[i]
	x.auto, x.valid = auto, until(now, valid)
	l.wakeAt(x.valid)
}

func (l *Layer) autoAddress(n *nic, p netip.Prefix) *address {
	for _, d := range l.addrs {
		if d.nic == n && d.auto && !d.ip.IsLinkLocalUnicast() && p.Contains(d.ip) {
			return d
		}
	}
	return nil
}

// renew gives an address the lifetimes that its prefix has now; none is cut to less than two
// hours by who need not be a router (RFC 4862 section 5.5.3 e).
func (l *Layer) renew(now time.Duration, d *address, valid, preferred uint32, a *Acts) {
	const least = 2 * 3600
	left := uint32(wire.Forever)
	if d.valid != 0 {
		left = uint32(max(0, d.valid-now) / time.Second)
	}
	switch {
	case valid > least || valid > left:
	case left <= least:
		valid = left
	default:
		valid = least
	}
	d.valid, d.preferred = until(now, valid), until(now, preferred)
	if d.state == Deprecated && preferred > 0 {
		d.state = Preferred
		a.Changed = true
	}
	l.wakeAt(d.valid, d.preferred)
}
