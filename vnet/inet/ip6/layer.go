// Package ip6 is the IPv6 of a host: neighbour discovery (RFC 4861), stateless addresses
// (RFC 4862), multicast listener discovery, ICMPv6, fragments and forwarding, as FreeBSD 9.1,
// DragonFly, NetBSD 7.99 (KAME's code in all three) and Linux do it.
//
// A [Layer] is a value: each call takes the time and appends what is to be done to an [Acts].
// It starts no goroutine, reads no clock and knows nothing of sockets. Interfaces are known by
// their numbers; addresses have no zones, as the number of an interface says which link is
// meant.
package ip6

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"time"

	"wireloom/vnet/inet/ip6/frag"
	"wireloom/vnet/inet/ip6/limit"
	"wireloom/vnet/inet/ip6/mld"
	"wireloom/vnet/inet/ip6/wire"
	"wireloom/vnet/packet"
)

// Numbers of interfaces that are none: Loopback is the host itself, Any says that the routes
// decide.
const (
	Loopback = -1
	Any      = -2
)

// An Env is what a layer asks its host.
type Env interface {
	// Route6 is the host's own route to an address: the longest prefix of those that a
	// user has set. On-link prefixes, routers that advertise and redirects are the layer's.
	Route6(dst netip.Addr) (Route, bool)
}

// A Route leads out of an interface, to Via if that is valid, else to the destination itself.
type Route struct {
	NIC    int
	Via    netip.Addr
	Bits   int  // of its prefix
	Reject bool // packets are refused
}

// A NIC is an interface that a layer is to drive.
type NIC struct {
	Name string
	MAC  packet.MAC
	IP   bool // it carries IP packets, as a tun does: it has no neighbours to discover
	MTU  int
}

// Link says how the frame was addressed that a packet came in.
type Link uint8

// The ways: ToOther is a unicast address that is not the interface's.
const (
	ToUs Link = iota
	ToBroadcast
	ToMulticast
	ToOther
)

// group reports whether the frame was for several.
func (l Link) group() bool { return l == ToBroadcast || l == ToMulticast }

// Acts are what calls want done, in order. What is in it is good until Reset, and what came in
// was not touched until then.
type Acts struct {
	Out     []Out
	Up      []Up
	Errors  []Quoted
	Console []string
	// Changed says that addresses, routers, prefixes or an MTU are not as they were.
	Changed bool
}

// An Out is a packet to send. Data is the whole Ethernet frame, or the packet alone on an
// interface that carries those, to Hop. What goes to Loopback is a packet too: the host calls
// Input with it, later.
type Out struct {
	NIC  int
	Hop  netip.Addr
	Data []byte
}

// An Up is a datagram for a socket of this host.
type Up struct {
	NIC          int
	Src, Dst     netip.Addr
	Proto        uint8
	HopLimit     uint8
	TrafficClass uint8
	Group        bool   // the frame or the packet was for several: TCP does not answer it
	Payload      []byte // what follows the last header
	Packet       []byte // all of it, as [Layer.Unreachable] wants it
}

// A Quoted is an ICMPv6 error about a packet that this host has sent from Src. Quote starts
// with the transport header, of which not all need be there.
type Quoted struct {
	Type, Code uint8
	MTU        int // of a packet that was too big
	From       netip.Addr
	Src, Dst   netip.Addr
	Proto      uint8
	Quote      []byte
}

// Reset empties a for the next call. It keeps the memory.
func (a *Acts) Reset() {
	clear(a.Up)
	clear(a.Errors)
	a.Out, a.Up, a.Errors, a.Console, a.Changed = a.Out[:0], a.Up[:0], a.Errors[:0], a.Console[:0], false
	if cap(a.Out) > 16 { // the fragments of a long packet: rare, and nobody's afterwards
		a.Out = nil
	}
}

// out adds a packet, in memory that an earlier one has left.
func (a *Acts) out(nic int, hop netip.Addr) *Out {
	n := len(a.Out)
	if n < cap(a.Out) {
		a.Out = a.Out[:n+1]
	} else {
		a.Out = append(a.Out, Out{})
	}
	o := &a.Out[n]
	o.NIC, o.Hop, o.Data = nic, hop, o.Data[:0]
	return o
}

// A nic is an interface with what is known of its link.
type nic struct {
	NIC
	n        int
	up       bool
	disabled bool // its link-local address is another's
	accept   accepting

	hops       uint8         // of packets sent, as routers say
	linkMTU    int           // as routers say; 0: the interface's
	base       time.Duration // of reachable
	reachable  time.Duration
	redrawn    time.Duration // when reachable was drawn
	retransmit time.Duration

	neighbours map[netip.Addr]*neighbour
	order      []*neighbour // by the time of making
	groups     mld.Groups
	asking     asking      // for routers
	advert     *advertiser // to hosts
}

// mtu is the largest packet that the link takes.
func (n *nic) mtu() int {
	if n.linkMTU != 0 {
		return min(n.linkMTU, n.MTU)
	}
	return n.MTU
}

// A Layer is the IPv6 of a host. Make it with New.
type Layer struct {
	v    *Values
	env  Env
	rnd  func([]byte)
	name string // of the host, for its group

	forwarding bool
	nics       []*nic
	addrs      []*address
	prefixes   []*prefix
	routers    []*router
	learned    []*learned
	byDst      map[netip.Addr]*learned
	fragments  frag.Table
	errors     limit.Limiter

	scratch []byte // a packet that is being made
	piece   []byte // a fragment of it
	small   []byte // a message of neighbour discovery, which may come between
	bytes   int
	due     time.Duration
	stats   Stats
}

const never = time.Duration(1<<63 - 1)

// New returns the IPv6 of a host without interfaces. rnd fills its argument with chance.
func New(v *Values, env Env, rnd func([]byte)) *Layer {
	return &Layer{v: v, env: env, rnd: rnd, forwarding: v.Forward, fragments: frag.Table{V: &v.Fragments}, errors: limit.Limiter{V: &v.Errors}, due: never}
}

// SetHostName gives the host the name whose group it joins, from the next interface on.
func (l *Layer) SetHostName(name string) { l.name = name }

// Stats returns the counters.
func (l *Layer) Stats() *Stats { return &l.stats }

// RecordBytes is about what a neighbour, an address, a group or another record takes.
const RecordBytes = 256

// Bytes is what the layer holds for others: its records, and packets and fragments that wait.
func (l *Layer) Bytes() int {
	n := len(l.addrs) + len(l.prefixes) + len(l.routers) + len(l.learned) + l.fragments.Len() + l.errors.Len()
	for _, x := range l.nics {
		n += len(x.order) + x.groups.Len()
	}
	return l.bytes + l.fragments.Bytes() + n*RecordBytes
}

// Trim gives back the memory in which a long packet was made.
func (l *Layer) Trim() {
	if cap(l.scratch) > 16<<10 {
		l.scratch = nil
	}
}

// Next returns when Tick wants to be called; ok is false if never.
func (l *Layer) Next() (at time.Duration, ok bool) { return l.due, l.due != never }

// wake has Tick called at the time, if it would be later.
func (l *Layer) wake(at time.Duration) { l.due = min(l.due, at) }

// set is a timer: it is due after a time, which 0 is not.
func (l *Layer) set(timer *time.Duration, at time.Duration) {
	*timer = max(at, 1)
	l.wake(*timer)
}

// fired reports whether a timer is due, and stops it.
func fired(timer *time.Duration, now time.Duration) bool {
	if *timer == 0 || *timer > now {
		return false
	}
	*timer = 0
	return true
}

// Tick does what is due.
func (l *Layer) Tick(now time.Duration, a *Acts) {
	if now < l.due {
		return
	}
	l.due = never
	for _, n := range l.nics {
		n.groups.Tick(now)
		l.listen(now, n, a)
		for _, e := range slices.Clone(n.order) {
			if n.neighbours[e.ip] == e && fired(&e.due, now) { // it may have gone for another
				l.age(now, n, e, a)
			}
		}
		l.tickAsking(now, n, a)
		l.tickAdvert(now, n, a)
	}
	for _, d := range slices.Clone(l.addrs) {
		l.tickAddress(now, d, a)
	}
	l.tickRouters(now, a)
	l.tickLearned(now)
	l.tickFragments(now, a)
	for _, n := range l.nics {
		l.wakeAt(n.asking.due, n.groups.Next())
		if n.advert != nil {
			l.wakeAt(n.advert.due)
		}
		for _, e := range n.order {
			l.wakeAt(e.due)
		}
	}
	for _, d := range l.addrs {
		l.wakeAt(d.due, d.valid, d.preferred)
	}
	for _, p := range l.prefixes {
		l.wakeAt(p.valid)
	}
	for _, r := range l.routers {
		l.wakeAt(r.expires)
	}
	for _, r := range l.learned {
		l.wakeAt(r.expires)
	}
	l.wakeAt(l.fragments.Next())
}

// wakeAt wakes at those times that are not 0.
func (l *Layer) wakeAt(times ...time.Duration) {
	for _, at := range times {
		if at != 0 {
			l.wake(at)
		}
	}
}

// chance is a time below limit, or 0.
func (l *Layer) chance(limit time.Duration) time.Duration {
	if limit <= 0 {
		return 0
	}
	var b [8]byte
	l.rnd(b[:])
	return time.Duration(binary.BigEndian.Uint64(b[:]) % uint64(limit))
}

func (l *Layer) random32() uint32 {
	var b [4]byte
	l.rnd(b[:])
	return binary.BigEndian.Uint32(b[:])
}

func (l *Layer) nic(n int) *nic {
	for _, x := range l.nics {
		if x.n == n {
			return x
		}
	}
	return nil
}

// AddNIC adds an interface, which is down, under its number.
func (l *Layer) AddNIC(now time.Duration, number int, conf NIC, a *Acts) {
	l.RemoveNIC(now, number, a)
	n := &nic{NIC: conf, n: number, hops: l.v.HopLimit, base: l.v.Reachable, retransmit: l.v.Retransmit}
	n.groups = mld.New(&l.v.MLD, l.chance)
	at, _ := slices.BinarySearchFunc(l.nics, number, func(x *nic, n int) int { return x.n - n })
	l.nics = slices.Insert(l.nics, at, n)
	l.drawReachable(now, n)
	if l.forwarding {
		l.routerGroups(now, n, true, a)
	}
}

// routerGroups joins or leaves the groups that a router is in.
func (l *Layer) routerGroups(now time.Duration, n *nic, on bool, a *Acts) {
	for _, g := range [...]string{"ff01::2", "ff02::2", "ff05::2"} {
		switch ip := netip.MustParseAddr(g); {
		case !l.v.RouterGroups:
		case on:
			l.join(now, n, ip, 0, a)
		default:
			l.leave(now, n, ip, a)
		}
	}
}

// RemoveNIC takes an interface away with all that was known by it.
func (l *Layer) RemoveNIC(now time.Duration, number int, a *Acts) {
	n := l.nic(number)
	if n == nil {
		return
	}
	l.SetUp(now, number, false, a)
	for _, e := range n.order {
		l.dropHeld(e)
	}
	l.addrs = slices.DeleteFunc(l.addrs, func(d *address) bool { return d.nic == n })
	l.prefixes = slices.DeleteFunc(l.prefixes, func(p *prefix) bool { return p.nic == n })
	l.routers = slices.DeleteFunc(l.routers, func(r *router) bool { return r.nic == n })
	l.forget(func(r *learned) bool { return r.nic == n })
	l.nics = slices.DeleteFunc(l.nics, func(x *nic) bool { return x == n })
	a.Changed = true
}

// SetUp says that an interface came up or went down.
func (l *Layer) SetUp(now time.Duration, number int, up bool, a *Acts) {
	n := l.nic(number)
	if n == nil || n.up == up {
		return
	}
	n.up = up
	n.groups.SetUp(now, up, l.v.JoinDelay)
	l.listen(now, n, a)
	if !up {
		n.asking = asking{}
		for l.v.FlushOnDown && len(n.order) > 0 {
			l.free(n, n.order[len(n.order)-1])
		}
		for _, d := range l.addrs {
			if d.nic == n && (l.v.DetachOnDown || d.state == Tentative) && d.state != Duplicated {
				d.state, d.due, d.started = Tentative, 0, false
				a.Changed = true
			}
		}
		return
	}
	own := slices.ContainsFunc(l.addrs, func(d *address) bool { return d.nic == n && d.ip.IsLinkLocalUnicast() })
	if l.v.AutoLinkLocal && !own && !n.IP && !n.MAC.IsZero() {
		ip := wire.FromMAC(netip.AddrFrom16([16]byte{0: 0xfe, 1: 0x80}), n.MAC)
		l.addrs = append(l.addrs, &address{nic: n, ip: ip, bits: 64, auto: true})
		a.Changed = true
	}
	for _, d := range slices.Clone(l.addrs) {
		if d.nic == n && !d.started {
			l.start(now, d, true, a)
		}
	}
}

// SetMTU follows an interface's MTU.
func (l *Layer) SetMTU(_ time.Duration, number, mtu int, a *Acts) {
	if n := l.nic(number); n != nil {
		n.MTU = mtu
		a.Changed = true
	}
}

// SetMAC follows an interface's address. The IPv6 addresses that were made of the old one stay,
// as in the BSDs; neighbours learn the new one from what the host sends.
func (l *Layer) SetMAC(_ time.Duration, number int, m packet.MAC, _ *Acts) {
	if n := l.nic(number); n != nil {
		n.MAC = m
	}
}

// SetForwarding makes the host a router or an end system. A router forgets what routers had
// told it.
func (l *Layer) SetForwarding(now time.Duration, on bool, a *Acts) {
	if on == l.forwarding {
		return
	}
	l.forwarding = on
	if on {
		l.routers = nil
		a.Changed = true
	}
	for _, n := range l.nics {
		l.routerGroups(now, n, on, a)
	}
}

// accepting is whether an interface obeys router advertisements.
type accepting uint8

const (
	asHost accepting = iota // as Values.AcceptRA says
	always
	notAtAll
)

// SetAcceptRA says whether an interface obeys router advertisements, whatever Values.AcceptRA says.
func (l *Layer) SetAcceptRA(_ time.Duration, number int, on bool, _ *Acts) {
	if n := l.nic(number); n != nil {
		if n.accept = notAtAll; on {
			n.accept = always
		}
	}
}

// accepts reports whether an interface obeys router advertisements: a router obeys none.
func (l *Layer) accepts(n *nic) bool {
	return !l.forwarding && (n.accept == always || n.accept == asHost && l.v.AcceptRA)
}
