package ip6

import (
	"net/netip"
	"slices"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet/ip6/wire"
	"wireloom/vnet/packet"
)

// A NeighbourState is what is known of a neighbour (nd6.h ND6_LLINFO_*):
//
//	NoState --packet--> Incomplete --answer--> Reachable --time--> Stale
//	                       | 3 asks                ^                 | packet
//	                       v                       | answer          v
//	                    forgotten <--3 asks-- Probe <-------------- Delay
type NeighbourState uint8

// The states, in the kernel's order.
const (
	NoState NeighbourState = iota
	Incomplete
	Reachable
	Stale
	Delay
	Probe
)

// String is the state's name; Letter is that of ndp -a: N, I, R, S, D or P.
func (s NeighbourState) String() string {
	return [...]string{"nostate", "incomplete", "reachable", "stale", "delay", "probe"}[s]
}

// Letter is the state as ndp(8) shows it.
func (s NeighbourState) Letter() byte { return "NIRSDP"[s] }

// A Neighbour is an entry of the neighbour cache.
type Neighbour struct {
	NIC       int
	IP        netip.Addr
	MAC       packet.MAC // zero until it is known
	State     NeighbourState
	Router    bool
	Permanent bool
	Expires   time.Duration // when its state ends; 0 is never
	Asked     int
	Held      int
}

type neighbour struct {
	ip        netip.Addr
	mac       packet.MAC
	known     bool // mac is
	state     NeighbourState
	router    bool
	permanent bool
	asked     int
	hints     int // of Confirm, since the neighbour itself was heard
	due       time.Duration
	held      [][]byte
	bytes     int // of held
}

// Neighbours returns the cache, by interface and address.
func (l *Layer) Neighbours() []Neighbour {
	var all []Neighbour
	for _, n := range l.nics {
		from := len(all)
		for _, e := range n.order {
			all = append(all, Neighbour{n.n, e.ip, e.mac, e.state, e.router, e.permanent, e.due, e.asked, len(e.held)})
		}
		slices.SortFunc(all[from:], func(x, y Neighbour) int { return x.IP.Compare(y.IP) })
	}
	return all
}

// AddNeighbour makes a permanent entry, as `ndp -s` does: ENXIO without such an interface,
// EINVAL for what is no neighbour of it.
func (l *Layer) AddNeighbour(now time.Duration, number int, ip netip.Addr, m packet.MAC, a *Acts) errno.Errno {
	n, ip := l.nic(number), ip.WithZone("")
	switch {
	case n == nil || n.IP:
		return errno.ENXIO
	case !ip.Is6() || ip.IsMulticast() || ip.IsUnspecified() || l.own(ip, n) != nil || !l.neighbourOf(n, ip):
		return errno.EINVAL
	}
	e := l.neighbour(now, n, ip)
	e.mac, e.known, e.state, e.permanent, e.due, e.asked = m, true, Reachable, true, 0, 0
	l.release(n, e, a)
	return errno.OK
}

// DeleteNeighbour takes an entry away: ENOENT if there is none.
func (l *Layer) DeleteNeighbour(number int, ip netip.Addr) errno.Errno {
	n := l.nic(number)
	if n == nil {
		return errno.ENXIO
	}
	e := n.neighbours[ip.WithZone("")]
	if e == nil {
		return errno.ENOENT
	}
	l.free(n, e)
	return errno.OK
}

// Confirm says that a neighbour was heard by other means, as by a TCP's acknowledgement of new
// data (nd6_nud_hint): the next hop to dst is reachable. Values.MaxHints says whether it counts.
func (l *Layer) Confirm(now time.Duration, dst netip.Addr) {
	if l.v.MaxHints == 0 {
		return
	}
	h, no := l.route(dst.WithZone(""), Any)
	if no != errno.OK {
		return
	}
	e := h.nic.neighbours[h.ip]
	if e == nil || e.state < Reachable || e.permanent {
		return
	}
	if e.hints++; l.v.MaxHints < 0 || e.hints <= l.v.MaxHints {
		hints := e.hints
		l.reached(now, h.nic, e)
		e.hints = hints
	}
}

// neighbour is the entry of an address, new if there was none. At the limit the oldest goes
// that is no router and not permanent, of others the oldest that is not permanent.
func (l *Layer) neighbour(now time.Duration, n *nic, ip netip.Addr) *neighbour {
	if e := n.neighbours[ip]; e != nil {
		return e
	}
	if len(n.order) >= l.v.MaxNeighbours {
		i := slices.IndexFunc(n.order, func(e *neighbour) bool { return !e.permanent && !e.router })
		if i < 0 { // anybody may say that he is a router
			i = slices.IndexFunc(n.order, func(e *neighbour) bool { return !e.permanent })
		}
		l.stats.Evicted++
		l.free(n, n.order[max(i, 0)])
	}
	e := &neighbour{ip: ip}
	if n.neighbours == nil {
		n.neighbours = map[netip.Addr]*neighbour{}
	}
	n.neighbours[ip] = e
	n.order = append(n.order, e)
	l.set(&e.due, now+l.v.Collect)
	return e
}

// free forgets a neighbour.
func (l *Layer) free(n *nic, e *neighbour) {
	l.dropHeld(e)
	delete(n.neighbours, e.ip)
	if i := slices.Index(n.order, e); i >= 0 {
		n.order = slices.Delete(n.order, i, i+1)
	}
}

func (l *Layer) dropHeld(e *neighbour) {
	l.stats.HeldDropped += uint64(len(e.held))
	l.bytes -= e.bytes
	e.held, e.bytes = nil, 0
}

// heldBytes is what a packet that is held takes besides its own.
const heldBytes = 64

// transmit sends a packet to a neighbour, or holds it and asks (nd6.c nd6_output). The packet
// is copied.
func (l *Layer) transmit(now time.Duration, n *nic, ip netip.Addr, p []byte, a *Acts) {
	switch {
	case !n.up:
		return
	case n.IP:
		o := a.out(n.n, ip)
		o.Data = append(o.Data, p...)
		return
	case ip.IsMulticast():
		l.frame(n, ip, wire.GroupMAC(ip), p, a)
		return
	}
	e := l.neighbour(now, n, ip)
	if e.state == Stale && !e.permanent {
		e.asked, e.state = 0, Delay
		l.set(&e.due, now+l.v.Delay)
	}
	if e.state > Incomplete {
		l.frame(n, ip, e.mac, p, a)
		return
	}
	e.state = Incomplete
	for len(e.held) > 0 && len(e.held) >= l.v.MaxHold {
		l.stats.HeldDropped++
		e.bytes -= heldBytes + len(e.held[0])
		l.bytes -= heldBytes + len(e.held[0])
		e.held = slices.Delete(e.held, 0, 1)
	}
	if l.v.MaxHold > 0 {
		e.held = append(e.held, slices.Clone(p))
		e.bytes += heldBytes + len(p)
		l.bytes += heldBytes + len(p)
	}
	if e.asked == 0 {
		e.asked++
		l.set(&e.due, now+n.retransmit+l.v.Slack)
		l.ask(now, n, e, false, a)
	}
}

func (l *Layer) frame(n *nic, ip netip.Addr, to packet.MAC, p []byte, a *Acts) {
	if !n.up {
		return
	}
	o := a.out(n.n, ip)
	o.Data = append(packet.AppendEthernet(o.Data, to, n.MAC, packet.TypeIPv6), p...)
}

// release lets the packets go that waited for a neighbour.
func (l *Layer) release(n *nic, e *neighbour, a *Acts) {
	for _, p := range e.held {
		l.frame(n, e.ip, e.mac, p, a)
	}
	l.bytes -= e.bytes
	e.held, e.bytes = nil, 0
}

// ask sends a solicitation for a neighbour: to its group, or to itself.
func (l *Layer) ask(now time.Duration, n *nic, e *neighbour, unicast bool, a *Acts) {
	dst := wire.SolicitedNode(e.ip)
	if unicast {
		dst = e.ip
	}
	src, ok := wire.Unspecified, false
	if len(e.held) > 0 { // the source of the packet that asks for it, if it is this interface's
		src = packet.IPv6(e.held[0]).Src()
		d := l.own(src, n)
		ok = d != nil && d.usable()
	}
	if !ok && l.v.TargetSource {
		src, ok = l.linkLocal(n)
	}
	if !ok {
		src, ok = l.choose(dst, n)
	}
	if !ok {
		return
	}
	b := wire.AppendHeader(l.small[:0], 0, 0, packet.ProtoICMPv6, wire.DiscoveryHops, src, dst)
	b = wire.AppendAddr(wire.AppendICMP(b, wire.NeighborSolicit, 0, 0), e.ip)
	l.small = wire.AppendLink(b, wire.OptSource, n.MAC)
	l.sendND(now, n, l.small, a)
}

// sendND sends a message of neighbour discovery that lies in small; its checksum is not there
// yet. To a neighbour it goes without asking for it: that would never end.
func (l *Layer) sendND(now time.Duration, n *nic, b []byte, a *Acts) {
	wire.Finish(b, packet.IPv6Len)
	l.stats.Out.add(b[packet.IPv6Len])
	l.stats.Sent++
	p := packet.IPv6(b)
	if e := n.neighbours[p.Dst()]; e != nil && e.known {
		if e.state == Stale && !e.permanent && b[packet.IPv6Len] != wire.NeighborSolicit {
			e.asked, e.state = 0, Delay
			l.set(&e.due, now+l.v.Delay)
		}
		l.frame(n, p.Dst(), e.mac, b, a)
		return
	}
	l.transmit(now, n, p.Dst(), b, a)
}

// age is nd6_llinfo_timer: the time of a neighbour's state is over.
func (l *Layer) age(now time.Duration, n *nic, e *neighbour, a *Acts) {
	if e.permanent {
		return
	}
	switch e.state {
	case Incomplete:
		if e.asked < l.v.MulticastTries {
			e.asked++
			l.set(&e.due, now+n.retransmit+l.v.Slack)
			l.ask(now, n, e, false, a)
			return
		}
		// The first that waits is answered by an error, the others are lost.
		held := e.held
		if !l.v.TellEach {
			held = held[:min(len(held), 1)]
		}
		l.lost(n, e, a)
		for _, p := range held {
			l.errorAbout(now, n, false, p, wire.Unreachable, wire.AddressFailed, 0, a)
		}
	case Reachable:
		l.stale(now, e)
	case NoState, Stale:
		l.lost(n, e, a)
	case Delay:
		e.asked, e.state = 1, Probe
		l.set(&e.due, now+n.retransmit+l.v.Slack)
		l.ask(now, n, e, true, a)
	case Probe:
		if e.asked < l.v.UnicastTries {
			e.asked++
			l.set(&e.due, now+n.retransmit+l.v.Slack)
			l.ask(now, n, e, true, a)
			return
		}
		l.lost(n, e, a)
	}
}

// lost forgets a neighbour that does not answer, and the redirects that lead to it.
func (l *Layer) lost(n *nic, e *neighbour, a *Acts) {
	l.free(n, e)
	if e.router {
		l.forget(func(r *learned) bool { return r.nic == n && r.gateway == e.ip })
		a.Changed = true
	}
}

func (l *Layer) stale(now time.Duration, e *neighbour) {
	e.state = Stale
	l.set(&e.due, now+l.v.Collect)
}

func (l *Layer) reached(now time.Duration, n *nic, e *neighbour) {
	e.state, e.hints = Reachable, 0
	if l.v.Redraw > 0 && now >= n.redrawn+l.v.Redraw {
		l.drawReachable(now, n)
	}
	l.set(&e.due, now+n.reachable)
}

// drawReachable draws how long neighbours are reachable (ND_COMPUTE_RTIME).
func (l *Layer) drawReachable(now time.Duration, n *nic) {
	n.reachable, n.redrawn = n.base/2+l.chance(n.base), now
}

// heard takes the link address that a message gave for an address: nd6_cache_lladdr. typ is the
// message's.
func (l *Layer) heard(now time.Duration, n *nic, ip netip.Addr, m packet.MAC, has bool, typ uint8, router bool, a *Acts) {
	if ip.IsUnspecified() || n.IP {
		return
	}
	e := n.neighbours[ip]
	if e != nil && e.permanent {
		return
	}
	made := e == nil
	if made {
		e = l.neighbour(now, n, ip)
	}
	changed := has && (!e.known || e.mac != m)
	if has {
		e.mac, e.known = m, true
	}
	if changed {
		l.stale(now, e)
		if len(e.held) > 0 { // sending it makes the entry one in use
			e.asked, e.state = 0, Delay
			l.set(&e.due, now+l.v.Delay)
			l.release(n, e, a)
		}
	}
	switch typ {
	case wire.NeighborSolicit:
		e.router = e.router && !made
	case wire.Redirect:
		e.router = router || e.router && !made
	case wire.RouterSolicit:
		e.router = false
	case wire.RouterAdvert:
		e.router = e.router || e.known
	}
}
