// Package mld is multicast listener discovery on one interface, from a listener's side, in
// version 1 (RFC 2710) and 2 (RFC 3810). [Groups] is a value: each call takes the time, and what
// is to be sent is taken from it by Take.
package mld

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"time"

	"wireloom/vnet/inet/ip6/wire"
	"wireloom/vnet/packet"
)

// Values are the constants of a kernel's listener.
type Values struct {
	// Version is what is spoken until one who asks speaks an older one: 1 in NetBSD and
	// DragonFly (KAME's netinet6/mld6.c), 2 in FreeBSD from 8 on (its mld6.c) and Linux.
	Version int
	// Tick is the step of version 2's timers: 0.2 s in FreeBSD (PR_FASTHZ). What is due
	// together goes into one report.
	Tick time.Duration
	// Again is the most time until a report is repeated: 10 s in version 1
	// (MLD_UNSOLICITED_REPORT_INTERVAL), 3 s in FreeBSD's version 2 (MLD_URI_INIT), 1 s in
	// Linux's.
	Again time.Duration
	// Together puts all groups into the report of a new one, the newest first, as Debian's 6.1
	// was seen to do. FreeBSD's has the oldest first, as they lie in if_multiaddrs.
	Together bool
	// Limit is the most groups of an interface. What is beyond it is not joined.
	Limit int
}

// A Message is an ICMPv6 message to send with hop limit 1 and a router alert. It has no checksum
// yet.
type Message struct {
	Dst  netip.Addr
	Body []byte
}

// A group is one that the interface has joined.
type group struct {
	ip   netip.Addr
	refs int
	// due is when the next report is, left how many there are to come of those that a
	// node sends of itself.
	due  time.Duration
	left int
	// answer is when a query is answered.
	answer time.Duration
	last   bool // we were the last to report it (version 1)
	silent bool // no report is sent of it
}

// Groups are those of an interface. Make them with New.
type Groups struct {
	v      *Values
	chance func(limit time.Duration) time.Duration
	up     bool
	groups []*group
	// general is when all groups are reported, in version 2; older until when version 1 is
	// spoken, as one who asks does; gone are groups that were left, to be reported once more.
	general, older time.Duration
	gone           []netip.Addr
	again          time.Duration // when gone is reported
	out            []Message
}

// New returns the groups of an interface that is down, which are none. chance returns a time
// below limit.
func New(v *Values, chance func(limit time.Duration) time.Duration) Groups {
	return Groups{v: v, chance: chance}
}

// Records of a version 2 report (RFC 3810 section 5.2.12).
const (
	isExclude = 2
	toInclude = 3
	toExclude = 4
)

// olderQuerier is how long version 1 is spoken after a query of it (RFC 3810 section 9.12).
const olderQuerier = 260 * time.Second

// Take returns the messages to send, and forgets them.
func (g *Groups) Take() []Message {
	out := g.out
	g.out = nil
	return out
}

// Len is how many groups are joined.
func (g *Groups) Len() int { return len(g.groups) }

// Has reports whether a group is joined, HasMAC whether one of that Ethernet address is.
func (g *Groups) Has(ip netip.Addr) bool { return g.find(ip) != nil }

// HasMAC is for the interface's filter.
func (g *Groups) HasMAC(m packet.MAC) bool {
	for _, x := range g.groups {
		if wire.GroupMAC(x.ip) == m {
			return true
		}
	}
	return false
}

func (g *Groups) find(ip netip.Addr) *group {
	for _, x := range g.groups {
		if x.ip == ip {
			return x
		}
	}
	return nil
}

// SetUp says that the interface came up or went down. The groups stay; each is reported anew, up
// to wait later.
func (g *Groups) SetUp(now time.Duration, up bool, wait time.Duration) {
	g.up = up
	for _, x := range g.groups {
		x.due, x.answer, x.left = 0, 0, 0
		if up {
			g.report(now, x, g.chance(wait))
		}
	}
}

// ReportAll has all groups reported anew: when there is a source address at last.
func (g *Groups) ReportAll(now time.Duration) {
	for _, x := range g.groups {
		g.report(now, x, 0)
	}
}

// Join joins a group, once more if it is joined, and has it reported after a time unless silent.
// It returns false at the limit.
func (g *Groups) Join(now time.Duration, ip netip.Addr, wait time.Duration, silent bool) bool {
	if x := g.find(ip); x != nil {
		x.refs++
		return true
	}
	if len(g.groups) >= g.v.Limit {
		return false
	}
	// The group of all nodes is never reported, nor one that no link leaves.
	x := &group{ip: ip, refs: 1, silent: silent || ip == wire.AllNodes || wire.Scope(ip) < 2}
	g.groups = append(g.groups, x)
	if g.up {
		g.report(now, x, wait)
	}
	return true
}

// report has a group reported that is new, after a time: twice (RFC 2710 section 4, RFC 3810
// section 6.1).
func (g *Groups) report(now time.Duration, x *group, wait time.Duration) {
	if x.silent {
		return
	}
	x.left = 2
	switch {
	case g.version() == 2:
		x.due = g.tick(now + wait)
	case wait > 0:
		x.due = now + wait
	default:
		g.reportNow(now, x)
	}
}

// tick is the next step of version 2's timers after a time.
func (g *Groups) tick(at time.Duration) time.Duration {
	if t := g.v.Tick; t > 0 {
		return (at/t + 1) * t
	}
	return at + time.Millisecond
}

// reportNow sends the report of one group in version 1, and has it sent again.
func (g *Groups) reportNow(now time.Duration, x *group) {
	g.send1(packet.ICMPv6ListenerReport, x.ip, x.ip)
	x.last = true
	if x.left--; x.left > 0 {
		x.due = now + 1 + g.chance(g.v.Again)
	}
}

// Leave leaves a group, and reports whether it was joined.
func (g *Groups) Leave(now time.Duration, ip netip.Addr) bool {
	x := g.find(ip)
	if x == nil {
		return false
	}
	if x.refs--; x.refs > 0 {
		return true
	}
	g.groups = slices.DeleteFunc(g.groups, func(y *group) bool { return y == x })
	switch {
	case x.silent || !g.up:
	case g.version() == 2:
		g.send2(toInclude, []netip.Addr{ip})
		if len(g.gone) < g.v.Limit {
			g.gone = append(g.gone, ip)
			g.again = now + 1 + g.chance(g.v.Again)
		}
	case x.last:
		g.send1(packet.ICMPv6ListenerDone, wire.AllRouters, ip)
	}
	return true
}

// version is that which is spoken.
func (g *Groups) version() int {
	if g.older != 0 {
		return 1
	}
	return g.v.Version
}

// Next returns when Tick wants to be called: 0 if never.
func (g *Groups) Next() time.Duration {
	next := time.Duration(0)
	sooner := func(at time.Duration) {
		if at != 0 && (next == 0 || at < next) {
			next = at
		}
	}
	sooner(g.general)
	sooner(g.older)
	sooner(g.again)
	for _, x := range g.groups {
		sooner(x.due)
		sooner(x.answer)
	}
	return next
}

// fired reports whether a timer is due, and stops it.
func fired(timer *time.Duration, now time.Duration) bool {
	if *timer == 0 || *timer > now {
		return false
	}
	*timer = 0
	return true
}

// Tick makes the reports that are due. Those of version 2 that are due together go together.
func (g *Groups) Tick(now time.Duration) {
	fired(&g.older, now)
	if fired(&g.again, now) {
		g.send2(toInclude, g.gone)
		g.gone = nil
	}
	all := fired(&g.general, now)
	together := g.v.Together && slices.ContainsFunc(g.groups, func(x *group) bool { return x.due != 0 && x.due <= now })
	var changed, current []netip.Addr
	for i := range g.groups {
		x := g.groups[i]
		if g.v.Together {
			x = g.groups[len(g.groups)-1-i]
		}
		fresh, answer := fired(&x.due, now), fired(&x.answer, now)
		switch {
		case x.silent || !g.up:
		case g.version() == 1:
			if fresh && x.left > 0 {
				g.reportNow(now, x)
			} else if fresh || answer {
				g.send1(packet.ICMPv6ListenerReport, x.ip, x.ip)
				x.last = true
			}
		default:
			if fresh || together {
				changed = append(changed, x.ip)
				if x.left--; fresh && x.left > 0 {
					x.due = g.tick(now + g.chance(g.v.Again))
				}
			}
			if answer || all {
				current = append(current, x.ip)
			}
		}
	}
	g.send2(toExclude, changed)
	g.send2(isExclude, current)
}

// Query takes a query of either version, from a link-local address.
func (g *Groups) Query(now time.Duration, m packet.ICMP) {
	if len(m) < 24 {
		return
	}
	asked := wire.AddrAt(m[8:])
	code := binary.BigEndian.Uint16(m[4:])
	delay := time.Duration(code) * time.Millisecond
	if asked.IsUnspecified() == asked.IsMulticast() {
		return
	}
	if g.v.Version == 2 {
		if len(m) < 28 {
			g.older = now + olderQuerier
		} else if code >= 0x8000 { // a floating-point number (RFC 3810 section 5.1.3)
			delay = time.Duration(int(code&0xfff|0x1000)<<(code>>12&7+3)) * time.Millisecond
		}
	}
	at := func(timer *time.Duration) {
		if t := now + 1 + g.chance(delay); *timer == 0 || t < *timer {
			*timer = t
		}
	}
	if g.version() == 2 && asked.IsUnspecified() {
		at(&g.general)
		return
	}
	for _, x := range g.groups {
		if !x.silent && (asked.IsUnspecified() || asked == x.ip) {
			at(&x.answer)
		}
	}
}

// Report takes another's report: in version 1 ours is not needed then.
func (g *Groups) Report(m packet.ICMP) {
	if len(m) < 24 || g.version() != 1 {
		return
	}
	if x := g.find(wire.AddrAt(m[8:])); x != nil {
		x.due, x.answer, x.left, x.last = 0, 0, 0, false
	}
}

func (g *Groups) send1(typ uint8, dst, about netip.Addr) {
	g.out = append(g.out, Message{dst, wire.AppendAddr(wire.AppendICMP(nil, typ, 0, 0), about)})
}

// most is how many groups a report has: those of a packet of IPv6's least MTU.
const most = (wire.MinMTU - packet.IPv6Len - 8 - packet.ICMPLen) / 20

// send2 sends a report of as many packets as the groups need.
func (g *Groups) send2(record uint8, groups []netip.Addr) {
	for part := range slices.Chunk(groups, most) {
		b := wire.AppendICMP(nil, packet.ICMPv6ListenerReportV2, 0, uint32(len(part)))
		for _, ip := range part {
			b = wire.AppendAddr(append(b, record, 0, 0, 0), ip)
		}
		g.out = append(g.out, Message{wire.MLDRouters, b})
	}
}
