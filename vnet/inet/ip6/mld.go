package ip6

import (
	"crypto/md5"
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/packet"
)

// A group is one that an interface has joined.
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

// A querier is what an interface knows of who asks for groups.
type querier struct {
	general time.Duration // when all groups are reported, version 2
	older   time.Duration // until when version 1 is spoken, as one who asks does
	left    []netip.Addr  // groups that were left, to be reported once more: version 2
}

// Records of a version 2 report (RFC 3810 section 5.2.12).
const (
	isExclude = 2
	toInclude = 3
	toExclude = 4
)

// nodeGroup is the group of a host's name (in6_ifattach.c in6_nigroup).
func nodeGroup(name string) (netip.Addr, bool) {
	label, _, _ := strings.Cut(name, ".")
	if label == "" || len(label) > 63 {
		return netip.Addr{}, false
	}
	h := md5.Sum(append([]byte{byte(len(label))}, strings.ToLower(label)...))
	return netip.AddrFrom16([16]byte{0: 0xff, 1: 2, 11: 2, 12: h[0], 13: h[1], 14: h[2], 15: h[3]}), true
}

// Join joins a group on an interface, or Any: that of the route to it. It may be joined more
// than once, and is left as often. ENXIO without such an interface, EINVAL for what is no group,
// ENOBUFS beyond the limit.
func (l *Layer) Join(now time.Duration, number int, ip netip.Addr, a *Acts) errno.Errno {
	n := l.nic(number)
	switch {
	case n == nil:
		return errno.ENXIO
	case !ip.Is6() || !ip.IsMulticast():
		return errno.EINVAL
	case !l.join(now, n, ip.WithZone(""), 0, a):
		return errno.ENOBUFS
	}
	return errno.OK
}

// Leave leaves a group: EADDRNOTAVAIL if it was not joined.
func (l *Layer) Leave(now time.Duration, number int, ip netip.Addr, a *Acts) errno.Errno {
	n := l.nic(number)
	if n == nil || !l.leave(now, n, ip.WithZone(""), a) {
		return errno.EADDRNOTAVAIL
	}
	return errno.OK
}

// Member reports whether an interface has joined a group, and MemberMAC whether it has one of
// that Ethernet address: what its filter lets in.
func (l *Layer) Member(number int, ip netip.Addr) bool {
	n := l.nic(number)
	return n != nil && n.group(ip.WithZone("")) != nil
}

// MemberMAC is for the interface's filter.
func (l *Layer) MemberMAC(number int, m packet.MAC) bool {
	n := l.nic(number)
	return n != nil && slices.ContainsFunc(n.groups, func(g *group) bool { return groupMAC(g.ip) == m })
}

func (n *nic) group(ip netip.Addr) *group {
	for _, g := range n.groups {
		if g.ip == ip {
			return g
		}
	}
	return nil
}

func (l *Layer) join(now time.Duration, n *nic, ip netip.Addr, wait time.Duration, a *Acts) bool {
	if g := n.group(ip); g != nil {
		g.refs++
		return true
	}
	if len(n.groups) >= l.v.MaxGroups {
		l.stats.Refused++
		return false
	}
	g := &group{ip: ip, refs: 1, silent: ip == allNodes || scope(ip) < 2 || n.IP}
	n.groups = append(n.groups, g)
	if n.up {
		l.report(now, n, g, wait, a)
	}
	return true
}

// report has a group reported that is new, after a time: twice (RFC 2710 section 4, RFC 3810
// section 6.1).
func (l *Layer) report(now time.Duration, n *nic, g *group, wait time.Duration, a *Acts) {
	if g.silent {
		return
	}
	g.left = 2
	switch {
	case l.version(n) == 2:
		l.set(&g.due, l.tick(now+wait))
	case wait > 0:
		l.set(&g.due, now+wait)
	default:
		l.reportNow(now, n, g, a)
	}
}

// tick is the kernel's next look at its timers of version 2.
func (l *Layer) tick(now time.Duration) time.Duration {
	if t := l.v.MLDTick; t > 0 {
		return (now/t + 1) * t
	}
	return now + time.Millisecond
}

// reportNow sends the report of one group in version 1, and has it sent again.
func (l *Layer) reportNow(now time.Duration, n *nic, g *group, a *Acts) {
	l.sendMLD1(now, n, packet.ICMPv6ListenerReport, g.ip, g.ip, a)
	g.last = true
	if g.left--; g.left > 0 {
		l.set(&g.due, now+l.chance(l.v.MLDAgain))
	}
}

// reportAgain reports all groups of an interface anew: Linux's mld_dad, when there is a source
// address at last.
func (l *Layer) reportAgain(now time.Duration, n *nic, a *Acts) {
	for _, g := range n.groups {
		l.report(now, n, g, 0, a)
	}
}

func (l *Layer) leave(now time.Duration, n *nic, ip netip.Addr, a *Acts) bool {
	g := n.group(ip)
	if g == nil {
		return false
	}
	if g.refs--; g.refs > 0 {
		return true
	}
	n.groups = slices.DeleteFunc(n.groups, func(x *group) bool { return x == g })
	switch {
	case g.silent || !n.up:
	case l.version(n) == 2:
		l.sendMLD2(now, n, toInclude, []netip.Addr{ip}, a)
		if len(n.mld.left) < l.v.MaxGroups {
			n.mld.left = append(n.mld.left, ip)
			l.set(&n.mld.general, now+1+l.chance(l.v.MLDAgain))
		}
	case g.last:
		l.sendMLD1(now, n, packet.ICMPv6ListenerDone, allRouters, ip, a)
	}
	return true
}

// version is that which an interface speaks.
func (l *Layer) version(n *nic) int {
	if n.mld.older != 0 {
		return 1
	}
	return l.v.MLD
}

// tickMLD sends the reports that are due. Those of version 2 that are due together go together.
func (l *Layer) tickMLD(now time.Duration, n *nic, a *Acts) {
	fired(&n.mld.older, now)
	all := fired(&n.mld.general, now)
	if all && len(n.mld.left) > 0 {
		l.sendMLD2(now, n, toInclude, n.mld.left, a)
		n.mld.left = nil
		all = false
	}
	together := l.v.MLDTogether && slices.ContainsFunc(n.groups, func(g *group) bool { return g.due != 0 && g.due <= now })
	var changed, current []netip.Addr
	for _, g := range slices.Backward(n.groups) {
		fresh, answer := fired(&g.due, now), fired(&g.answer, now)
		switch {
		case g.silent || !n.up:
		case l.version(n) == 1:
			if fresh && g.left > 0 {
				l.reportNow(now, n, g, a)
			} else if fresh || answer {
				l.sendMLD1(now, n, packet.ICMPv6ListenerReport, g.ip, g.ip, a)
				g.last = true
			}
		default:
			if fresh || together {
				changed = append(changed, g.ip)
				if g.left--; fresh && g.left > 0 {
					l.set(&g.due, l.again(now))
				}
			}
			if answer || all {
				current = append(current, g.ip)
			}
		}
	}
	l.sendMLD2(now, n, toExclude, changed, a)
	l.sendMLD2(now, n, isExclude, current, a)
}

// again is when a report of version 2 is repeated.
func (l *Layer) again(now time.Duration) time.Duration {
	at := now + l.chance(l.v.MLDAgain)
	if t := l.v.MLDTick; t > 0 {
		return at/t*t + t
	}
	return at + time.Millisecond
}

// queried takes a query of either version (RFC 2710, RFC 3810).
func (l *Layer) queried(now time.Duration, in *input, m packet.ICMP, _ *Acts) {
	n := in.nic
	if len(m) < 24 || !in.p.Src().IsLinkLocalUnicast() || hopLimit(in.p) != 1 {
		return
	}
	asked := addrAt(m[8:])
	delay := time.Duration(binary.BigEndian.Uint16(m[4:])) * time.Millisecond
	if asked.IsUnspecified() == asked.IsMulticast() {
		return
	}
	if l.v.MLD == 2 {
		if len(m) < 28 {
			l.set(&n.mld.older, now+260*time.Second) // RFC 3810 section 9.12
		} else if code := binary.BigEndian.Uint16(m[4:]); code >= 0x8000 {
			delay = time.Duration(int(code&0xfff|0x1000)<<(code>>12&7+3)) * time.Millisecond
		}
	}
	if l.version(n) == 2 && asked.IsUnspecified() {
		if at := now + 1 + l.chance(delay); n.mld.general == 0 || at < n.mld.general {
			l.set(&n.mld.general, at)
		}
		return
	}
	for _, g := range n.groups {
		if g.silent || !asked.IsUnspecified() && asked != g.ip {
			continue
		}
		if at := now + 1 + l.chance(delay); g.answer == 0 || at < g.answer {
			l.set(&g.answer, at)
		}
	}
}

// reported takes another's report: in version 1 ours is not needed then.
func (l *Layer) reported(in *input, m packet.ICMP) {
	if len(m) < 24 || !in.p.Src().IsLinkLocalUnicast() || l.version(in.nic) != 1 {
		return
	}
	if g := in.nic.group(addrAt(m[8:])); g != nil {
		g.due, g.answer, g.left, g.last = 0, 0, 0, false
	}
}

// alert begins an MLD packet in small. Its source is the link-local address, or none while
// that is tentative.
func (l *Layer) alert(n *nic, dst netip.Addr) []byte {
	src, _ := l.linkLocal(n)
	b := appendHeader(l.small[:0], 0, 0, packet.ProtoHopByHop, 1, src, dst)
	if l.v.TargetSource { // Linux has the alert before the padding
		return append(b, packet.ProtoICMPv6, 0, 5, 2, 0, 0, 1, 0)
	}
	return append(b, routerAlert[:]...)
}

func (l *Layer) sendMLD1(now time.Duration, n *nic, typ uint8, dst, group netip.Addr, a *Acts) {
	l.sendAlert(now, n, appendAddr(appendICMP(l.alert(n, dst), typ, 0, 0), group), a)
}

// sendMLD2 sends a report of as many packets as the groups need.
func (l *Layer) sendMLD2(now time.Duration, n *nic, record uint8, groups []netip.Addr, a *Acts) {
	most := (max(n.mtu(), minMTU) - packet.IPv6Len - 8 - 8) / 20
	for part := range slices.Chunk(groups, most) {
		b := appendICMP(l.alert(n, mldRouters), packet.ICMPv6ListenerReportV2, 0, uint32(len(part)))
		for _, g := range part {
			b = appendAddr(append(b, record, 0, 0, 0), g)
		}
		l.sendAlert(now, n, b, a)
	}
}

func (l *Layer) sendAlert(now time.Duration, n *nic, b []byte, a *Acts) {
	l.small = b
	finish(b, packet.IPv6Len+8)
	l.stats.Out.add(b[packet.IPv6Len+8])
	l.stats.Sent++
	l.transmit(now, n, packet.IPv6(b).Dst(), b, a)
}
