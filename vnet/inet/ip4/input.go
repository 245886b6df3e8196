package ip4

import (
	"encoding/binary"
	"net/netip"
	"time"

	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/inet/ip4/limit"
	"wireloom/vnet/packet"
)

// Input takes what follows the link header of a frame that came in on an interface; the
// frame's padding may be there. p is neither kept nor changed, but Acts may point into it.
func (l *Layer) Input(now time.Duration, nic int, link Link, p []byte, a *Acts) {
	l.group++
	l.back = l.back[:0]
	pkt := l.check(nic, p)
	if pkt == nil {
		return
	}
	if pkt.HeaderLen() > packet.IPv4Len {
		pkt = append(a.grab(len(pkt))[:0], pkt...) // options are written into
		if l.options(now, nic, link, pkt, a) {
			return
		}
	}
	switch v := l.judge(nic, link, pkt); v {
	case takeUs, takeBroadcast, takeMulticast:
		l.take(now, nic, link, kindOf(v), pkt, a)
	case passOn:
		l.forward(now, nic, link, pkt, false, a)
	case hostDown:
		l.st.IP.CantForward++
		l.sendError(now, problem{typ: packet.ICMPUnreachable, code: codeHost}, &Up{NIC: nic, Link: link, Packet: pkt}, pkt, a)
	case drop:
	}
}

func kindOf(v verdict) Kind {
	switch v {
	case takeBroadcast:
		return ToBroadcast
	case takeMulticast:
		return ToMulticast
	default:
		return ToUs
	}
}

// check returns the packet in p, cut to its length, or nil if its header is wrong.
func (l *Layer) check(nic int, p []byte) packet.IPv4 {
	st := &l.st.IP
	if l.is(dialect.NetBSD) && !l.anyAddress() {
		return nil
	}
	st.Received++
	if len(p) < packet.IPv4Len {
		if l.is(dialect.NetBSD) {
			st.TooSmall++
		} else {
			st.TooShort++
		}
		return nil
	}
	pkt := packet.IPv4(p)
	switch hdr := pkt.HeaderLen(); {
	case pkt.Version() != 4:
		st.BadVersion++
		return nil
	case hdr < packet.IPv4Len || hdr > len(p):
		st.BadHeaderLen++
		return nil
	case !l.wireMayCarry(nic, pkt):
		st.BadAddress++
		return nil
	case !pkt.ChecksumOK():
		st.BadSum++
		return nil
	case pkt.TotalLen() < hdr:
		st.BadLength++
		return nil
	case pkt.TotalLen() > len(p):
		st.TooShort++
		return nil
	}
	return pkt[:pkt.TotalLen():pkt.TotalLen()]
}

// anyAddress reports whether some interface has an address. One of the loopback's is there
// always, but a kernel's ip_input asks this of a node that has not been set up.
func (l *Layer) anyAddress() bool {
	for i := range l.env.NICs() {
		if n := l.env.NIC(i); n != nil && len(n.Addrs) > 0 {
			return true
		}
	}
	return false
}

// wireMayCarry refuses 127/8 where there is a wire (RFC 1122, 3.2.1.3), and on NetBSD a
// source that is a group. Linux's ip_route_input_slow and fib_validate_source refuse more:
// sources that are a group, all ones, all zeros, or the host's own ("martians").
func (l *Layer) wireMayCarry(nic int, pkt packet.IPv4) bool {
	src, dst := pkt.Src(), pkt.Dst()
	if nic != Loopback && (src.IsLoopback() || dst.IsLoopback()) {
		return false
	}
	switch l.v.Dialect {
	case dialect.NetBSD:
		return !src.IsMulticast()
	case dialect.Linux:
		switch {
		case src.IsMulticast(), src == allOnes:
			return false
		case src == anyAddr:
			return dst == allOnes || dst.IsLinkLocalMulticast()
		}
		_, mine := l.own(src)
		return nic == Loopback || !mine
	default:
		return true
	}
}

// verdict is what becomes of a packet.
type verdict uint8

const (
	drop verdict = iota
	takeUs
	takeBroadcast
	takeMulticast
	passOn
	hostDown // NetBSD: an address of an interface that is down
)

// judge says whether a packet is for this host, counting it if it is for nobody here.
func (l *Layer) judge(nic int, link Link, pkt packet.IPv4) verdict {
	dst := pkt.Dst()
	n := l.nic(nic)
	if !l.anyAddress() && nic != Loopback && !l.is(dialect.Linux) {
		if link == Unicast { // an address may be on its way: BOOTP
			return takeUs
		}
	} else if at, ok := l.own(dst); ok {
		return l.judgeOwn(nic, at)
	}
	if n != nil && l.isBroadcast(n, dst) {
		return takeBroadcast
	}
	if dst.IsLinkLocalUnicast() && l.is(dialect.FreeBSD) { // RFC 3927, 2.7
		l.st.IP.CantForward++
		return drop
	}
	if dst.IsMulticast() {
		return l.judgeGroup(nic, dst)
	}
	if dst == allOnes || dst == anyAddr && !l.is(dialect.Linux) {
		return takeBroadcast
	}
	if l.is(dialect.Linux) && l.broadcastElsewhere(dst) { // bc_forwarding 0
		return takeBroadcast
	}
	if !l.v.Forwarding {
		l.st.IP.CantForward++
		return drop
	}
	return passOn
}

// judgeOwn is for a packet to an address of the interface at, which came by nic.
func (l *Layer) judgeOwn(nic, at int) verdict {
	if l.v.CheckInterface && !l.v.Forwarding && nic != Loopback && at != nic {
		l.st.IP.CantForward++
		return drop
	}
	if at == Loopback || !l.is(dialect.NetBSD) || l.nic(at) != nil {
		return takeUs
	}
	if l.v.Forwarding {
		return hostDown
	}
	l.st.IP.CantForward++
	return drop
}

// judgeGroup is for a packet to a group. FreeBSD 9.1 leaves it to the protocols to look who
// is a member, so it takes any; the others look here.
func (l *Layer) judgeGroup(nic int, group netip.Addr) verdict {
	if l.is(dialect.FreeBSD) || l.member(nic, group) {
		return takeMulticast
	}
	if l.is(dialect.NetBSD) {
		l.st.IP.CantForward++
	} else {
		l.st.IP.NotMember++
	}
	return drop
}

func (l *Layer) member(nic int, group netip.Addr) bool {
	return group == allHosts || nic == Loopback || l.env.Member(nic, group)
}

// broadcastElsewhere reports whether ip is a broadcast address of another interface.
func (l *Layer) broadcastElsewhere(ip netip.Addr) bool {
	for i := range l.env.NICs() {
		if n := l.nic(i); n != nil && l.isBroadcast(n, ip) {
			return true
		}
	}
	return false
}

// take is for a packet that is for this host: it is put together with others if it is a
// fragment, and goes to its protocol.
func (l *Layer) take(now time.Duration, nic int, link Link, kind Kind, pkt packet.IPv4, a *Acts) {
	if fragWord(pkt)&(flagMF|offsetMask) != 0 {
		whole, at := l.reassemble(now, nic, link, pkt, a)
		if whole == nil {
			return
		}
		pkt, nic, link = whole, at.NIC, Link(at.Link)
	}
	l.st.IP.Delivered++
	u := Up{NIC: nic, Link: link, Dst: kind, Packet: pkt}
	switch pkt.Protocol() {
	case packet.ProtoICMP:
		l.icmpInput(now, &u, a)
	case packet.ProtoTCP, packet.ProtoUDP, packet.ProtoIGMP:
		a.Up = append(a.Up, u)
	default:
		l.unknownProtocol(now, &u, a)
	}
}

// unknownProtocol is rip_input without a socket (netinet/raw_ip.c): silence on FreeBSD and
// DragonFly, 3/2 on NetBSD and Linux. NetBSD's has put the length of the payload, in the
// order of the machine's bytes, into the header that is then quoted.
func (l *Layer) unknownProtocol(now time.Duration, u *Up, a *Acts) {
	l.st.IP.NoProto++
	l.st.IP.Delivered--
	switch l.v.Dialect {
	case dialect.NetBSD:
		quote := packet.IPv4(append(a.grab(len(u.Packet))[:0], u.Packet...))
		binary.LittleEndian.PutUint16(quote[2:], uint16(len(quote)-quote.HeaderLen()))
		l.sendError(now, problem{typ: packet.ICMPUnreachable, code: 2}, u, quote, a)
	case dialect.Linux:
		if !u.Silent() {
			l.sendError(now, problem{typ: packet.ICMPUnreachable, code: 2}, u, u.Packet, a)
		}
	default:
	}
}

// PortUnreachable answers a datagram that no socket wants, unless it was for many or too
// many are answered (netinet/udp_usrreq.c, udp_input).
func (l *Layer) PortUnreachable(now time.Duration, u *Up, a *Acts) {
	if u.Link != Unicast || u.Dst != ToUs && !l.is(dialect.NetBSD) { // NetBSD looks at the frame only
		return
	}
	if (l.is(dialect.FreeBSD) || l.is(dialect.DragonFly)) && !l.allow(now, limit.Unreach, a) {
		return
	}
	l.sendError(now, problem{typ: packet.ICMPUnreachable, code: 3}, u, u.Packet, a)
}
