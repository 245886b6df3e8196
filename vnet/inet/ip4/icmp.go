package ip4

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"time"

	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/inet/ip4/limit"
	"wireloom/vnet/inet/ip4/option"
	"wireloom/vnet/packet"
)

// Types of ICMP that packet has no name for (RFC 792, RFC 950).
const (
	icmpTstampReply = 14
	icmpMask        = 17
	icmpMaskReply   = 18
)

// The lengths of messages (netinet/ip_icmp.h).
const (
	icmpTstampLen = 20
	icmpMaskLen   = 12
	icmpQuoteLen  = packet.ICMPLen + packet.IPv4Len + 8
)

// icmpInput is icmp_input (netinet/ip_icmp.c): requests are answered, errors and redirects
// taken in; all but what is answered or wrong goes up.
func (l *Layer) icmpInput(now time.Duration, u *Up, a *Acts) {
	st := &l.st.ICMP
	m := packet.ICMP(u.Packet.Payload())
	if len(m) < packet.ICMPLen {
		st.TooShort++
		return
	}
	if packet.Checksum(m) != 0 {
		st.BadSum++
		return
	}
	if int(m.Type()) < len(st.In) {
		st.In[m.Type()]++
	}
	if l.is(dialect.Linux) && u.Dst != ToUs && !linuxToMany(m.Type()) {
		return
	}
	up := true
	switch m.Type() {
	case packet.ICMPUnreachable, packet.ICMPTimeExceeded, packet.ICMPParamProblem, packet.ICMPSourceQuench:
		up = l.takeError(u, m, a)
	case packet.ICMPEcho:
		up = l.takeEcho(now, u, m, a)
	case packet.ICMPTimestamp:
		up = l.takeTimestamp(now, u, m, a)
	case icmpMask:
		up = l.takeMask(now, u, m, a)
	case packet.ICMPRedirect:
		up = l.takeRedirect(now, u, m, a)
	}
	if up {
		a.Up = append(a.Up, *u)
	}
}

// linuxToMany are the types that Linux's icmp_rcv takes from a broadcast or multicast.
func linuxToMany(typ uint8) bool {
	return typ == packet.ICMPEcho || typ == packet.ICMPTimestamp || typ == icmpMask || typ == icmpMaskReply
}

// many reports whether a request is not answered as it was for many hosts: BSD looks at the
// frame, Linux at the address.
func (l *Layer) many(u *Up) bool {
	if l.v.BMCastEcho {
		return false
	}
	if l.is(dialect.Linux) {
		return u.Dst != ToUs
	}
	return u.Link != Unicast
}

func (l *Layer) takeEcho(now time.Duration, u *Up, m packet.ICMP, a *Acts) (up bool) {
	if l.many(u) {
		l.st.ICMP.BMCastEcho++
		return true
	}
	if l.limited() && !l.allow(now, limit.Echo, a) {
		return false
	}
	l.answer(now, u, m, packet.ICMPEchoReply, a)
	return false
}

// limited reports whether the kernel limits answers to requests.
func (l *Layer) limited() bool { return l.is(dialect.FreeBSD) || l.is(dialect.DragonFly) }

func (l *Layer) takeTimestamp(now time.Duration, u *Up, m packet.ICMP, a *Acts) (up bool) {
	if l.is(dialect.NetBSD) && len(m) < icmpTstampLen {
		l.st.ICMP.BadLen++
		return true
	}
	if l.many(u) {
		l.st.ICMP.BMCastTstamp++
		return true
	}
	if len(m) < icmpTstampLen {
		l.st.ICMP.BadLen++
		return true
	}
	if l.limited() && !l.allow(now, limit.Tstamp, a) {
		return false
	}
	l.answer(now, u, m, icmpTstampReply, a)
	return false
}

// answer sends a request back as a reply of type typ. The message is whole; its times or
// its mask are filled in.
func (l *Layer) answer(now time.Duration, u *Up, m packet.ICMP, typ uint8, a *Acts) {
	msg := packet.ICMP(append(a.grab(len(m))[:0], m...))
	msg[0] = typ
	switch typ {
	case icmpTstampReply:
		binary.BigEndian.PutUint32(msg[12:], timeOfDay(now))
		binary.BigEndian.PutUint32(msg[16:], timeOfDay(now))
	case icmpMaskReply:
		copy(msg[8:12], l.work[:4])
	}
	l.st.ICMP.Reflected++
	l.st.ICMP.Out[typ]++
	r := reply{nic: u.NIC, from: u.Packet.Src(), to: u.Packet.Dst(), tos: u.Packet.TOS()}
	switch l.v.Dialect {
	case dialect.FreeBSD: // the header stays what it was
		r.word = fragWord(u.Packet)
	case dialect.DragonFly: // ip_output leaves only that
		r.word = fragWord(u.Packet) & flagDF
	default:
	}
	l.replyOptions(&r, u.Packet.Options())
	l.reply(now, &r, msg, a)
}

// replyOptions gives a reply the options that it takes over, and the way back of a source
// route.
func (l *Layer) replyOptions(r *reply, opts []byte) {
	if len(opts) == 0 {
		return
	}
	b := l.work[:0]
	if len(l.back) > 0 {
		r.via = netip.AddrFrom4([4]byte(l.back[:4]))
		b = append(b, l.back[4:]...)
	}
	if b = option.Answer(b, opts); len(b) <= 40 {
		r.opts = b
	}
}

// takeMask answers a request for the address mask, if a sysctl lets it.
func (l *Layer) takeMask(now time.Duration, u *Up, m packet.ICMP, a *Acts) (up bool) {
	if !l.v.MaskReply || l.is(dialect.Linux) {
		return true
	}
	if len(m) < icmpMaskLen {
		if l.is(dialect.NetBSD) {
			l.st.ICMP.BadLen++
		}
		return true
	}
	about := u.Packet.Dst()
	if about == allOnes || about == anyAddr {
		about = u.Packet.Src()
	}
	n := l.nic(u.NIC)
	if n == nil {
		return true
	}
	p, ok := n.first(about)
	if !ok {
		return true
	}
	option.Put4(l.work[:4], netip.PrefixFrom(allOnes, p.Bits()).Masked().Addr())
	if l.v.MaskFake.Is4() && l.v.MaskFake != anyAddr {
		option.Put4(l.work[:4], l.v.MaskFake)
	}
	l.answer(now, u, m, icmpMaskReply, a)
	return false
}

// takeError gives an error to the socket that it is about.
func (l *Layer) takeError(u *Up, m packet.ICMP, a *Acts) (up bool) {
	st := &l.st.ICMP
	worst := uint8(1)
	switch m.Type() {
	case packet.ICMPUnreachable:
		worst = 15
	case packet.ICMPSourceQuench:
		worst = 0
	}
	if m.Code() > worst {
		st.BadCode++
		return true
	}
	quote := quoted(m)
	if quote == nil {
		st.BadLen++
		return false
	}
	if quote.Dst().IsMulticast() {
		st.BadCode++
		return true
	}
	q := Quoted{NIC: u.NIC, From: u.Packet.Src(), Type: m.Type(), Code: m.Code(), Packet: quote}
	if m.Type() == packet.ICMPUnreachable && m.Code() == 4 {
		q.MTU = l.believe(int(m.Rest()&0xffff), quote)
	}
	if l.v.Fatal(q.Type, q.Code) {
		q.Errno = l.v.Errno(q.Type, q.Code)
	}
	a.Errors = append(a.Errors, q)
	return true
}

// quoted returns the packet that an error quotes: a header and at least 8 bytes; nil if
// they are not there.
func quoted(m packet.ICMP) packet.IPv4 {
	if len(m) < icmpQuoteLen {
		return nil
	}
	p := packet.IPv4(m.Payload())
	if p.HeaderLen() < packet.IPv4Len || p.HeaderLen()+8 > len(p) {
		return nil
	}
	return p
}

// takeRedirect takes another gateway for a host, if the one that has been used says so
// (net/route.c, rtredirect). Routers of FreeBSD don't listen.
func (l *Layer) takeRedirect(now time.Duration, u *Up, m packet.ICMP, a *Acts) (up bool) {
	if m.Code() > 3 && l.is(dialect.NetBSD) {
		l.st.ICMP.BadCode++
		return true
	}
	gateway := netip.AddrFrom4([4]byte(m[4:8]))
	if l.v.LogRedirect && len(m) >= icmpQuoteLen {
		a.Console = append(a.Console, fmt.Sprintf("icmp redirect from %s: %s is reached by %s",
			u.Packet.Src(), packet.IPv4(m.Payload()).Dst(), gateway))
	}
	switch {
	case l.v.DropRedirect, l.v.Forwarding && (l.is(dialect.FreeBSD) || l.is(dialect.Linux)):
		return !l.is(dialect.NetBSD)
	case m.Code() > 3:
		l.st.ICMP.BadCode++
		return true
	}
	quote := quoted(m)
	if quote == nil {
		l.st.ICMP.BadLen++
		return true
	}
	if l.redirect(now, quote.Dst(), gateway, u.Packet.Src(), a) {
		l.st.ICMP.Redirected++
	} else {
		l.st.ICMP.BadRedirect++
	}
	return true
}
