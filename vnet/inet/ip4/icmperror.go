package ip4

import (
	"encoding/binary"
	"net/netip"
	"time"

	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/inet/ip4/limit"
	"wireloom/vnet/inet/ip4/option"
	"wireloom/vnet/packet"
)

// A problem is what an ICMP error says.
type problem struct {
	typ, code uint8
	pointer   int        // of 12/0
	mtu       int        // of 3/4
	gateway   netip.Addr // of 5
}

// rest is the second word of the message.
func (p problem) rest() uint32 {
	switch p.typ {
	case packet.ICMPParamProblem:
		return uint32(p.pointer) << 24
	case packet.ICMPRedirect:
		b := p.gateway.As4()
		return binary.BigEndian.Uint32(b[:])
	}
	return uint32(p.mtu)
}

// sendError tells the sender of u of a problem, quoting quote, which is u's packet as it is
// to be shown. Nothing is said about errors, fragments behind the first, and packets that
// were sent to many (icmp_error).
func (l *Layer) sendError(now time.Duration, pr problem, u *Up, quote packet.IPv4, a *Acts) {
	st := &l.st.ICMP
	if pr.typ != packet.ICMPRedirect {
		st.Errors++
	}
	hdr := quote.HeaderLen()
	switch {
	case fragWord(quote)&^(flagMF|flagDF) != 0: // the reserved bit too
		return
	case u.Link != Unicast:
		return
	case quote.Protocol() == packet.ProtoICMP && pr.typ != packet.ICMPRedirect && len(quote) >= hdr+packet.ICMPLen && !informational(quote[hdr]):
		st.OldICMP++
		return
	}
	n, ok := l.quoteLen(quote)
	if !ok {
		st.OldShort++
		return
	}
	if !l.mayTell(now, pr, u, a) {
		return
	}
	msg := a.grab(packet.ICMPLen + n)
	msg[0], msg[1], msg[2], msg[3] = pr.typ, pr.code, 0, 0
	binary.BigEndian.PutUint32(msg[4:], pr.rest())
	copy(msg[packet.ICMPLen:], quote[:n])
	st.Out[pr.typ]++
	r := reply{nic: u.NIC, from: quote.Src(), to: quote.Dst()}
	switch l.v.Dialect {
	case dialect.FreeBSD: // the header is the old one's
		r.word = fragWord(quote)
	case dialect.DragonFly:
		r.word = fragWord(quote) & flagDF
	case dialect.Linux:
		r.tos = quote.TOS()&0x1e | 0xc0 // icmp_send: network control
		if pr.typ != packet.ICMPParamProblem {
			l.replyOptions(&r, quote.Options())
			msg = msg[:max(min(len(msg), packet.ICMPLen+l.v.QuoteLen-len(r.opts)), packet.ICMPLen)]
		}
	default:
	}
	l.reply(now, &r, msg, a)
}

// mayTell is the limits of errors that are not port unreachables of FreeBSD.
func (l *Layer) mayTell(now time.Duration, pr problem, u *Up, a *Acts) bool {
	switch {
	case l.is(dialect.NetBSD):
		return l.allow(now, limit.Errors, a)
	case !l.is(dialect.Linux), u.NIC == Loopback:
		return true
	}
	to := u.Packet.Src()
	switch {
	case u.Dst != ToUs:
		return false
	case pr.typ == packet.ICMPRedirect:
		return l.limits.AllowRedirect(now, to)
	case pr.typ == packet.ICMPUnreachable && pr.code == 4: // path MTU discovery is never held up
		return true
	}
	return l.limits.AllowError(now, &l.v.Rates, to, l.random16())
}

// quoteLen is how much of a packet is quoted: the header and QuoteLen bytes. FreeBSD quotes
// no packet that has less than 8 behind the header, and of a TCP segment its whole header.
// DragonFly knows no other length than 8.
func (l *Layer) quoteLen(p packet.IPv4) (n int, ok bool) {
	hdr, data := p.HeaderLen(), len(p)-p.HeaderLen()
	want := min(max(l.v.QuoteLen, 8), maxQuote)
	switch l.v.Dialect {
	case dialect.DragonFly:
		return min(hdr+8, len(p)), true
	case dialect.Linux:
		return min(want, len(p)), true
	case dialect.NetBSD:
		return hdr + min(want, data), true
	default:
	}
	if data < 8 {
		return 0, false
	}
	n = min(want, data)
	if p.Protocol() != packet.ProtoTCP || data < tcpLen {
		return hdr + n, true
	}
	switch tcp := int(p[hdr+12]>>4) * 4; {
	case tcp < tcpLen || tcp > data:
		return 0, false
	default:
		return hdr + max(tcp, n), true
	}
}

const (
	tcpLen   = 20   // a TCP header without options
	maxQuote = 1400 // bytes, whatever the sysctl says: an error is one packet
)

// informational is ICMP_INFOTYPE (netinet/ip_icmp.h).
func informational(typ uint8) bool {
	switch typ {
	case 0, 8, 9, 10, 13, 14, 15, 16, 17, 18:
		return true
	}
	return false
}

// A reply is what is sent back about a packet.
type reply struct {
	nic      int        // it came by
	from, to netip.Addr // its addresses
	tos      uint8
	word     uint16     // flags
	opts     []byte     // options to send
	via      netip.Addr // where a source route leads back first
}

// reply sends an ICMP message, whose checksum it writes, to where a packet came from
// (icmp_reflect). Only the silence of ip_output stops it: a broadcast source, no route.
func (l *Layer) reply(now time.Duration, r *reply, msg packet.ICMP, a *Acts) {
	if !l.goodSource(r.from) {
		l.st.ICMP.BadAddr++
		return
	}
	src, ok := l.replySource(r)
	if !ok {
		l.st.ICMP.NoRoute++
		return
	}
	msg.SetChecksum(0)
	msg.SetChecksum(packet.Checksum(msg))
	pkt := packet.IPv4(a.grab(packet.IPv4Len + len(r.opts) + len(msg)))
	dst := r.from
	if r.via.IsValid() {
		dst = r.via
	}
	putHeader(pkt, packet.IPv4Len+len(r.opts), r.tos, r.word, l.v.replyTTL(), packet.ProtoICMP, src, dst)
	if l.is(dialect.Linux) {
		option.LinuxEcho(r.opts, src, timeOfDay(now))
	}
	copy(pkt[packet.IPv4Len:], r.opts)
	copy(pkt[packet.IPv4Len+len(r.opts):], msg)
	l.st.IP.LocalOut++
	path, ok := l.path(dst, AnyNIC)
	if !ok {
		l.st.IP.NoRoute++
		if !l.is(dialect.NetBSD) {
			l.number(now, dst, len(pkt), false) // FreeBSD's had its number before the route was looked for
		}
		return
	}
	d := datagram{pkt: pkt, path: path, broadcast: l.is(dialect.Linux), from: Loopback}
	_ = l.send(now, &d, a) // nobody waits for the answer
}

// goodSource reports whether an address can be answered.
func (l *Layer) goodSource(ip netip.Addr) bool {
	switch l.v.Dialect {
	case dialect.FreeBSD:
		return !ip.IsMulticast() && !experimental(ip) && !zeroNet(ip)
	case dialect.Linux:
		return true // what is none has not come in
	default:
	}
	return l.canForward(ip) || ip.IsLoopback()
}

// replySource chooses the address that a reply comes from: the one the packet went to, if
// that is this host's or stands for one.
func (l *Layer) replySource(r *reply) (netip.Addr, bool) {
	if _, mine := l.own(r.to); mine {
		return r.to, true
	}
	n := l.nic(r.nic)
	if n != nil && n.Broadcast {
		for _, p := range n.Addrs {
			if b, ok := broadcastOf(p); ok && b == r.to {
				return p.Addr(), true
			}
		}
	}
	path, ok := l.path(r.from, AnyNIC)
	if !l.is(dialect.NetBSD) {
		if src, has := l.chosenSource(n); has {
			return src, true
		}
		return path.Src, ok && path.Src.IsValid()
	}
	if ok && n != nil { // only an address of the interface it came by
		for _, p := range n.Addrs {
			if p.Addr() == path.Src {
				return path.Src, true
			}
		}
	}
	return l.anySource(n)
}

// chosenSource is what sysctls of FreeBSD choose.
func (l *Layer) chosenSource(n *NIC) (netip.Addr, bool) {
	if l.v.ReplyFromInterface && n != nil && len(n.Addrs) > 0 {
		return n.Addrs[0].Addr(), true
	}
	if l.v.ReplySrc == "" {
		return netip.Addr{}, false
	}
	for i := range l.env.NICs() {
		if n := l.env.NIC(i); n != nil && n.Name == l.v.ReplySrc && len(n.Addrs) > 0 {
			return n.Addrs[0].Addr(), true
		}
	}
	return netip.Addr{}, false
}

// anySource is NetBSD's last resort: an address of the interface, or of any.
func (l *Layer) anySource(n *NIC) (netip.Addr, bool) {
	if n != nil && len(n.Addrs) > 0 {
		return n.Addrs[0].Addr(), true
	}
	for i := range l.env.NICs() {
		if n := l.env.NIC(i); n != nil && len(n.Addrs) > 0 {
			return n.Addrs[0].Addr(), true
		}
	}
	return netip.Addr{}, false
}
