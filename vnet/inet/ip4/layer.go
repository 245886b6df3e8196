// Package ip4 is IPv4 and ICMPv4 of one node, host or router, as a value: packets and time
// go in, packets, datagrams and errors come out. It answers as FreeBSD 9.1, DragonFly,
// NetBSD 7.99 or Linux does, by Values.Dialect: ids, TTLs, quotes, limits, options,
// fragments and silences are the kernel's, each with its source.
//
// A [Layer] knows no socket, no ARP and no clock. It is called from one goroutine, keeps
// nothing of what it is given, and panics on no input. What it holds for others is bounded:
// fragments by frag.Limits, routes that ICMP made by Values.MaxHostRoutes, Linux's hosts and
// numbers by constants; what a limit turns away is counted.
//
// Input, in the order of ip_input:
//
//	header checks -> options -> ours? -- yes -> reassembly -> ICMP, or Up
//	                              \-- no --> forward (TTL, route, redirect, fragments)
//
// netinet/*.c without more in a comment is the file of the dialect's kernel.
package ip4

import (
	"encoding/binary"
	"net/netip"
	"time"

	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/inet/ip4/frag"
	"wireloom/vnet/inet/ip4/limit"
	"wireloom/vnet/packet"
)

// A Layer is the IPv4 of one node.
type Layer struct {
	v   *Values
	env Env
	rnd func([]byte)
	st  Stats
	id  uint16 // BSD: the last number given to a packet

	lastID map[netip.Addr]lastID // Linux: by destination
	limits limit.State
	reass  frag.Table
	routes hostRoutes
	work   [80]byte // options on their way
	dice   [2]byte
	back   []byte // of the packet that Input has: the way back by its source route
	group  int
}

// New returns a layer. rnd fills its argument with chance.
func New(v *Values, env Env, rnd func([]byte)) *Layer {
	l := &Layer{v: v, env: env, rnd: rnd}
	l.reass = frag.New(v.Dialect, &v.Limits, &l.st.IP.Stats)
	return l
}

// Stats are the layer's counters, as they are now.
func (l *Layer) Stats() *Stats {
	l.st.ICMP.Limited = l.limits.Limited
	return &l.st
}

// Next returns when Tick must be called, if it must.
func (l *Layer) Next() (at time.Duration, ok bool) {
	at, ok = l.reass.Next()
	if t, has := l.routes.next(); has && (!ok || t < at) {
		at, ok = t, true
	}
	return at, ok
}

// Tick lets what is due end: fragments that waited too long, routes of redirects, path MTUs.
func (l *Layer) Tick(now time.Duration, a *Acts) {
	l.expireFragments(now, a)
	l.routes.expire(now)
}

// Bytes is how much the layer holds for others.
func (l *Layer) Bytes() int {
	return l.reass.Bytes() + len(l.routes.list)*hostRouteBytes + l.limits.Bytes() + len(l.lastID)*lastIDBytes
}

func (l *Layer) is(d dialect.Dialect) bool { return l.v.Dialect == d }

// number returns the identification of a packet that is sent from here. FreeBSD's ip_newid
// counts every packet. NetBSD counts those that could be fragments, of more than 68 bytes,
// and gives the others 0 (ip_output.c; ip_newid leaves out 0). Linux counts by destination
// what may be cut (ip_select_ident), and gives 0 to what may not.
func (l *Layer) number(now time.Duration, dst netip.Addr, size int, df bool) uint16 {
	switch l.v.Dialect {
	case dialect.Linux:
		if df {
			return 0
		}
		return l.numberTo(now, dst)
	case dialect.NetBSD:
		if size < netbsdMinFrag {
			return 0
		}
	default:
	}
	if l.v.RandomID {
		return l.random16()
	}
	l.id++
	if l.id == 0 && l.is(dialect.NetBSD) {
		l.id++
	}
	return l.id
}

// netbsdMinFrag is IP_MINFRAGSIZE (netinet/ip.h): no fragment of IPv4 need be smaller.
const netbsdMinFrag = 69

// random16 is a number that is not 0, as ip_randomid gives.
func (l *Layer) random16() uint16 {
	l.rnd(l.dice[:])
	return max(binary.BigEndian.Uint16(l.dice[:]), 1)
}

// A lastID is the last number that went to a destination.
type lastID struct {
	id uint16
	at time.Duration
}

const (
	lastIDs     = 256 // destinations whose numbers are kept; the kernel has 2048 buckets
	lastIDBytes = 48
	linuxTick   = 4 * time.Millisecond // CONFIG_HZ of Debian: 250
)

// numberTo is __ip_idents_reserve: the counter jumps by chance, as far as the ticks since
// it was last used, so that nobody learns from it how much is sent.
func (l *Layer) numberTo(now time.Duration, dst netip.Addr) uint16 {
	last, ok := l.lastID[dst]
	switch {
	case !ok && len(l.lastID) >= lastIDs:
		return l.random16()
	case !ok:
		if l.lastID == nil {
			l.lastID = map[netip.Addr]lastID{}
		}
		last = lastID{l.random16(), now}
	}
	if ticks := now/linuxTick - last.at/linuxTick; ticks > 0 {
		last.id += uint16(time.Duration(l.random16()) % ticks)
	}
	last.id++
	last.at = now
	l.lastID[dst] = last
	return last.id
}

// own returns the interface that has an address, and whether one has it. Loopback has
// 127.0.0.1, on Linux all of 127/8 (its table "local").
func (l *Layer) own(ip netip.Addr) (nic int, ok bool) {
	if ip.IsLoopback() {
		return Loopback, l.is(dialect.Linux) || ip == localhost
	}
	for i := range l.env.NICs() {
		n := l.env.NIC(i)
		if n == nil {
			continue
		}
		for _, p := range n.Addrs {
			if p.Addr() == ip {
				return i, true
			}
		}
	}
	return 0, false
}

// nic returns an interface that is there and up.
func (l *Layer) nic(nic int) *NIC {
	if nic < 0 || nic >= l.env.NICs() {
		return nil
	}
	if n := l.env.NIC(nic); n != nil && n.Up {
		return n
	}
	return nil
}

// first returns the first address of an interface that contains hop, else its first.
func (n *NIC) first(hop netip.Addr) (netip.Prefix, bool) {
	for _, p := range n.Addrs {
		if p.Contains(hop) {
			return p, true
		}
	}
	if len(n.Addrs) == 0 {
		return netip.Prefix{}, false
	}
	return n.Addrs[0], true
}

// broadcastOf is the net's broadcast address; a prefix of 31 or 32 bits has none.
func broadcastOf(p netip.Prefix) (netip.Addr, bool) {
	if p.Bits() > 30 || !p.Addr().Is4() {
		return netip.Addr{}, false
	}
	return fill(p.Addr(), p.Bits()), true
}

// fill sets the bits behind the first n.
func fill(ip netip.Addr, n int) netip.Addr {
	b := ip.As4()
	x := binary.BigEndian.Uint32(b[:]) | ^uint32(0)>>n
	binary.BigEndian.PutUint32(b[:], x)
	return netip.AddrFrom4(b)
}

// classBits is the length of a class A, B or C net's prefix (netinet/in.h, in_var.h).
func classBits(ip netip.Addr) int {
	switch b := ip.As4()[0]; {
	case b < 128:
		return 8
	case b < 192:
		return 16
	default:
		return 24
	}
}

// isBroadcast reports whether ip is taken as a broadcast address of an interface, as the
// loops of ip_input have it: FreeBSD knows the net's own; DragonFly that of the class too;
// NetBSD besides the addresses whose host part is 0, of net and class.
func (l *Layer) isBroadcast(n *NIC, ip netip.Addr) bool {
	if !n.Broadcast {
		return false
	}
	for _, p := range n.Addrs {
		if b, ok := broadcastOf(p); ok && ip == b {
			return true
		}
		if l.is(dialect.FreeBSD) || l.is(dialect.Linux) {
			continue
		}
		class := classBits(p.Addr())
		if ip == fill(p.Addr(), class) {
			return true
		}
		if l.is(dialect.NetBSD) && (p.Bits() <= 30 && ip == p.Masked().Addr() || ip == netip.PrefixFrom(p.Addr(), class).Masked().Addr()) {
			return true
		}
	}
	return false
}

// sendsBroadcast is in_broadcast: what is sent to ip leaves as a broadcast. Every BSD has
// the old address with a host part of 0 among them, Linux only 255.255.255.255 besides
// the net's own.
func (l *Layer) sendsBroadcast(n *NIC, ip netip.Addr) bool {
	if ip == allOnes || l.isBroadcast(n, ip) {
		return true
	}
	if l.is(dialect.Linux) || !n.Broadcast {
		return false
	}
	for _, p := range n.Addrs {
		if p.Bits() <= 30 && ip == p.Masked().Addr() {
			return true
		}
	}
	return false
}

var (
	localhost = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	allOnes   = netip.AddrFrom4([4]byte{255, 255, 255, 255})
	anyAddr   = netip.AddrFrom4([4]byte{})
	allHosts  = netip.AddrFrom4([4]byte{224, 0, 0, 1})
)

func zeroNet(ip netip.Addr) bool      { return ip.As4()[0] == 0 }
func experimental(ip netip.Addr) bool { return ip.As4()[0] >= 240 }

// canForward is in_canforward (netinet/in.c): no address of a net that is none, and on
// FreeBSD none of 169.254/16. Linux knows only the loopback and groups as such.
func (l *Layer) canForward(ip netip.Addr) bool {
	switch {
	case l.is(dialect.Linux):
		return !ip.IsMulticast() && !ip.IsLoopback() && ip != anyAddr && ip != allOnes
	case experimental(ip), ip.IsMulticast(), zeroNet(ip), ip.IsLoopback():
		return false
	}
	return !l.is(dialect.FreeBSD) || !ip.IsLinkLocalUnicast()
}

// offset is the third word of a header without the flags: a fragment's place.
const offsetMask = 0x1fff

func fragWord(p packet.IPv4) uint16 { return binary.BigEndian.Uint16(p[6:]) }

// The flags in fragWord.
const (
	flagRF = 0x8000
	flagDF = 0x4000
	flagMF = 0x2000
)
