package bridge

import (
	"encoding/binary"
	"net/netip"
	"time"

	"wireloom/vnet/packet"
)

// Timers of IGMP and MLD (RFC 2236, 8; RFC 3810, 9), as a Linux bridge has them.
const (
	queryInterval    = 125 * time.Second
	startupInterval  = queryInterval / 4
	startupQueries   = 2
	responseInterval = 10 * time.Second
	memberInterval   = 260 * time.Second // of a group's member
	querierInterval  = 255 * time.Second // of another querier, and of a port to a router
	lastMember       = time.Second       // how soon the last member may answer
	lastMembers      = 2                 // how often it is asked
	maxGroups        = 4096              // groups that a switch remembers, of all VLANs
)

// groups is what a snooping switch knows of multicast (RFC 4541): who asked for which
// group, where routers are, and whether anybody asks at all. Without a querier no
// member repeats itself, so that all is flooded.
type groups struct {
	members map[groupKey]map[int]time.Duration // by port, until when
	routers [2]map[int]time.Duration           // ports to routers, until when; IPv4, IPv6
	heard   [2]time.Duration                   // another querier is alive until then; IPv4, IPv6
	grace   [2]time.Duration                   // until when all is flooded after a first query
	ask     time.Duration                      // when it asks next, where it is a querier
	asked   int
	began   bool
}

// A snooped frame to a group is what snooping found of it.
type snooped struct {
	group     netip.Addr // the IP group that it is for
	asked     bool       // everybody gets it
	control   bool       // it is IGMP or MLD
	toRouters bool       // it is a report, which members must not hear
}

type groupKey struct {
	vlan  uint16
	group netip.Addr
}

func (g *groups) next() time.Duration {
	if !g.began {
		return never
	}
	return g.ask
}

// query is the switch's own general query, out of every port.
func (b *Bridge) query(now time.Duration) {
	g := &b.asked
	if !b.conf.Snooping || !b.conf.Querier {
		return
	}
	if !g.began {
		g.began, g.ask = true, now
		g.grace[0], g.grace[1] = now+responseInterval, now+responseInterval
	}
	for g.ask <= now {
		q := generalQuery(b.conf.MAC)
		for i := range b.ports {
			if p := &b.ports[i]; p.up && !p.absent {
				p.Out++
				b.acts = append(b.acts, Act{Kind: Copy, Port: i, Frame: q})
			}
		}
		g.asked++
		g.ask += queryInterval
		if g.asked < startupQueries {
			g.ask += startupInterval - queryInterval
		}
	}
}

// generalQuery is an IGMPv2 general query from nobody: a switch has no address.
func generalQuery(src packet.MAC) []byte {
	all := packet.MAC{1, 0, 0x5e, 0, 0, 1}
	f := packet.AppendEthernet(nil, all, src, packet.TypeIPv4)
	igmp := []byte{0x11, byte(responseInterval / (100 * time.Millisecond)), 0, 0, 0, 0, 0, 0}
	binary.BigEndian.PutUint16(igmp[2:], packet.Checksum(igmp))
	f, err := packet.AppendIPv4(f, packet.IPv4Header{
		TOS: 0xc0, Flags: packet.DontFragment, TTL: 1, Protocol: packet.ProtoIGMP, Src: netip.IPv4Unspecified(), Dst: allHosts,
		Options: []byte{0x94, 4, 0, 0}, // router alert: RFC 2236, 2
	}, len(igmp))
	if err != nil {
		panic(err) // its addresses and lengths stand here
	}
	return append(f, igmp...)
}

var allHosts = netip.AddrFrom4([4]byte{224, 0, 0, 1})

// snoop reads what a frame to a group says of groups. It returns a reason where the
// frame is malformed and goes no further.
func (b *Bridge) snoop(now time.Duration, f *incoming) Reason {
	if !b.conf.Snooping {
		return ""
	}
	b.group = snooped{}
	if !f.dst.isGroup() || f.dst == broadcast {
		return ""
	}
	typ, p := f.frame.Type(), f.frame.Payload()
	switch {
	case f.tag != nil && b.conf.Filtering && !f.tagged: // of a kind that the switch does not know: payload
		return ""
	case f.tag != nil:
		typ, p = f.tag.Type(), f.tag.Payload()
	}
	switch typ {
	case packet.TypeIPv4:
		return b.snoopIPv4(now, f, p)
	case packet.TypeIPv6:
		return b.snoopIPv6(now, f, p)
	}
	return ""
}

func (b *Bridge) snoopIPv4(now time.Duration, f *incoming, frame []byte) Reason {
	p, err := packet.ParseIPv4(frame)
	if err != nil {
		return BadGroup
	}
	b.group.group = p.Dst()
	m := p.Payload()
	if p.Protocol() != packet.ProtoIGMP {
		b.group.asked = always(b.group.group)
		if p.Protocol() == protoPIM && b.group.group == allPIMRouters && len(m) >= 4 && m[0] == pimHello {
			b.heardRouter(now, f, 0)
		}
		return ""
	}
	if len(m) < 8 || packet.Checksum(m) != 0 {
		return BadGroup
	}
	b.group.control = true
	group := netip.AddrFrom4([4]byte(m[4:8]))
	switch m[0] {
	case 0x11: // query
		if len(m) != 8 && len(m) < 12 || group.IsUnspecified() && b.group.group != allHosts {
			return BadGroup
		}
		b.query4(now, f, m, group)
	case 0x12, 0x16: // reports
		b.group.toRouters = true
		b.joined(now, f, group)
	case 0x17: // leave
		b.left(now, f, group)
	case 0x30: // a router's advertisement: RFC 4286, 3.1
		b.group.control = false
		b.group.asked = always(b.group.group)
		if b.group.group == allSnoopers {
			b.heardRouter(now, f, 0)
		}
	case 0x22:
		b.group.toRouters = b.conf.Dialect != Linux // RFC 4541, 2.1.1; Linux floods those of version 3
		return b.reportsV3(now, f, m)
	default:
		b.group.control = false
	}
	return ""
}

// query4 is an IGMP query. A general one says that a router is there; one for a group,
// how soon its members have to answer (Linux, br_ip4_multicast_query). One for sources
// says nothing of the group.
func (b *Bridge) query4(now time.Duration, f *incoming, m []byte, group netip.Addr) {
	wait := time.Duration(m[1]) * (100 * time.Millisecond)
	switch {
	case len(m) == 8 && wait == 0: // of version 1, which knows no group
		b.heardQuery(now, f, 0)
	case len(m) >= 12 && binary.BigEndian.Uint16(m[10:]) != 0:
	case group.IsUnspecified():
		b.heardQuery(now, f, 0)
	default:
		b.asks(now, f, group, wait)
	}
}

// reportsV3 reads an IGMPv3 report: RFC 3376, 4.2.
func (b *Bridge) reportsV3(now time.Duration, f *incoming, m []byte) Reason {
	return b.records(now, f, m[8:], int(binary.BigEndian.Uint16(m[6:])), net4)
}

// The bytes of an address, in an IGMPv3 or an MLDv2 report.
const net4, net16 = 4, 16

// records reads what a report of IGMPv3 or MLDv2 says of n groups, whose records have the
// same form (RFC 3810, 5.2.4).
func (b *Bridge) records(now time.Duration, f *incoming, m []byte, n, size int) Reason {
	for range n {
		if len(m) < 4+size {
			return BadGroup
		}
		sources := int(binary.BigEndian.Uint16(m[2:]))
		group, _ := netip.AddrFromSlice(m[4 : 4+size])
		length := 4 + size + size*sources + 4*int(m[1])
		if length > len(m) {
			return BadGroup
		}
		if (m[0] == 3 || m[0] == 1) && sources == 0 { // to include nobody is to leave
			b.left(now, f, group)
		} else {
			b.joined(now, f, group)
		}
		m = m[length:]
	}
	return ""
}

func (b *Bridge) snoopIPv6(now time.Duration, f *incoming, frame []byte) Reason {
	p, err := packet.ParseIPv6(frame)
	if err != nil {
		return BadGroup
	}
	b.group.group = p.Dst()
	b.group.asked = always(b.group.group)
	if p.NextHeader() != packet.ProtoHopByHop { // which MLD comes behind: RFC 2710, 3
		return ""
	}
	next, body, ok := packet.Extension(p.Payload())
	switch {
	case next != packet.ProtoICMPv6:
		return ""
	case !ok:
		return BadGroup
	}
	m, err := packet.ParseICMP(body)
	if err != nil || packet.TransportChecksum(p.Src(), p.Dst(), packet.ProtoICMPv6, body) != 0 {
		return BadGroup
	}
	return b.snoopMLD(now, f, p, m)
}

// snoopMLD reads a message of ICMPv6 behind a hop-by-hop header: RFC 2710, RFC 3810.
func (b *Bridge) snoopMLD(now time.Duration, f *incoming, p packet.IPv6, m packet.ICMP) Reason {
	body := m.Payload()
	var group netip.Addr
	switch m.Type() {
	case packet.ICMPv6ListenerQuery, packet.ICMPv6ListenerReport, packet.ICMPv6ListenerDone:
		if len(body) < net16 {
			return BadGroup
		}
		group = netip.AddrFrom16([16]byte(body[:net16]))
	}
	switch m.Type() {
	case packet.ICMPv6ListenerQuery:
		b.group.control = true
		if !p.Src().IsLinkLocalUnicast() || group.IsUnspecified() && p.Dst() != netip.IPv6LinkLocalAllNodes() ||
			len(body) > net16 && len(body) < net16+4 {
			return BadGroup
		}
		switch sources := len(body) >= net16+4 && binary.BigEndian.Uint16(body[net16+2:]) != 0; {
		case group.IsUnspecified():
			b.heardQuery(now, f, 1)
		case !sources:
			b.asks(now, f, group, time.Duration(binary.BigEndian.Uint16(m[4:]))*time.Millisecond)
		}
	case packet.ICMPv6ListenerReport:
		b.group.asked, b.group.control, b.group.toRouters = false, true, true
		b.joined(now, f, group)
	case packet.ICMPv6ListenerDone:
		b.group.control = true
		b.left(now, f, group)
	case packet.ICMPv6ListenerReportV2:
		b.group.control, b.group.toRouters = true, b.conf.Dialect != Linux
		return b.records(now, f, body, int(binary.BigEndian.Uint16(m[6:])), net16)
	case packet.ICMPv6RouterPresence:
		if p.Dst() == allSnoopers6 {
			b.heardRouter(now, f, 1)
		}
	}
	return ""
}

// What routers that speak multicast say of themselves besides queries.
const (
	protoPIM = 103
	pimHello = 2 << 4 // version 2, type 0: RFC 7761, 4.9
)

var (
	allPIMRouters = netip.AddrFrom4([4]byte{224, 0, 0, 13})
	allSnoopers   = netip.AddrFrom4([4]byte{224, 0, 0, 106}) // RFC 4286, 3
	allSnoopers6  = netip.MustParseAddr("ff02::6a")
)

func (b *Bridge) heardQuery(now time.Duration, f *incoming, family int) {
	g := &b.asked
	if g.heard[family] <= now {
		g.grace[family] = now + responseInterval
	}
	g.heard[family] = now + querierInterval
	b.heardRouter(now, f, family)
}

// heardRouter notes that a router is at the port that a frame came in by.
func (b *Bridge) heardRouter(now time.Duration, f *incoming, family int) {
	routers := &b.asked.routers[family]
	if *routers == nil {
		*routers = map[int]time.Duration{}
	}
	(*routers)[f.port] = now + querierInterval
}

// always are the groups that everybody gets: 224.0.0.x and the IPv6 of all nodes. No
// membership of them is kept.
func always(group netip.Addr) bool {
	if group.Is4() {
		a := group.As4()
		return a[0] == 224 && a[1] == 0 && a[2] == 0
	}
	return group == netip.IPv6LinkLocalAllNodes()
}

func (b *Bridge) joined(now time.Duration, f *incoming, group netip.Addr) {
	g := &b.asked
	k := groupKey{f.vlan, group}
	if always(group) || !group.IsMulticast() {
		return
	}
	if g.members == nil {
		g.members = map[groupKey]map[int]time.Duration{}
	}
	if g.members[k] == nil {
		if len(g.members) >= maxGroups {
			return
		}
		g.members[k] = map[int]time.Duration{}
	}
	g.members[k][f.port] = now + memberInterval
}

// asks is a query for a group: members who do not answer in time are none any more.
func (b *Bridge) asks(now time.Duration, f *incoming, group netip.Addr, wait time.Duration) {
	ports := b.asked.members[groupKey{f.vlan, group}]
	for port := range ports {
		ports[port] = min(ports[port], now+lastMembers*wait)
	}
}

// left is a leave. Where another switch or a router asks, that one concludes something
// from it.
func (b *Bridge) left(now time.Duration, f *incoming, group netip.Addr) {
	ports := b.asked.members[groupKey{f.vlan, group}]
	family := 0
	if group.Is6() {
		family = 1
	}
	if until, ok := ports[f.port]; ok && b.asked.heard[family] <= now {
		ports[f.port] = min(until, now+lastMembers*lastMember)
	}
}

// forget forgets who asked for groups at a port, and that a router is there (Linux,
// br_multicast_disable_port).
func (g *groups) forget(port int) {
	for _, routers := range g.routers {
		delete(routers, port)
	}
	for k, ports := range g.members {
		if delete(ports, port); len(ports) == 0 {
			delete(g.members, k)
		}
	}
}

// wanted is which ports a frame to a group goes to; nil for all that are flooded.
func (b *Bridge) wanted(now time.Duration, f *incoming) []bool {
	g := &b.asked
	if !b.conf.Snooping || !b.group.group.IsValid() || b.group.asked || b.group.control && !b.group.toRouters {
		return nil
	}
	family := 0
	if b.group.group.Is6() {
		family = 1
	}
	if now < g.grace[family] || !(b.conf.Querier && family == 0) && g.heard[family] <= now {
		return nil
	}
	to := make([]bool, len(b.ports))
	for port, until := range g.routers[family] {
		to[port] = until > now
	}
	if !b.group.toRouters {
		for port, until := range g.members[groupKey{f.vlan, b.group.group}] {
			to[port] = to[port] || until > now
		}
	}
	return to
}
