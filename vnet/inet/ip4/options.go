package ip4

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"time"

	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/inet/ip4/option"
	"wireloom/vnet/packet"
)

// A fault is why an option is refused: an ICMP error, or (typ 0) silence.
type fault struct {
	typ, code uint8
	pointer   int // of 12/0: the offset of the bad byte
}

// options obeys a packet's options, which it changes in place. It reports whether the
// packet was dealt with: refused, or passed on by a source route. It is ip_dooptions
// (netinet/ip_options.c, NetBSD ip_input.c).
func (l *Layer) options(now time.Duration, nic int, link Link, pkt packet.IPv4, a *Acts) (done bool) {
	switch {
	case l.v.ProcessOptions == 0:
		return false
	case l.v.ProcessOptions == 2:
		l.refuse(now, nic, link, pkt, fault{typ: packet.ICMPUnreachable, code: 13}, a)
		return true
	}
	o := optionWalk{l: l, now: now, nic: nic, pkt: pkt, dst: pkt.Dst(), a: a}
	for at := packet.IPv4Len; at < pkt.HeaderLen(); {
		n, ok := option.Next(pkt[at:pkt.HeaderLen()])
		if !ok {
			at++ // its length
			if l.is(dialect.Linux) {
				at--
			}
			l.refuse(now, nic, link, pkt, fault{packet.ICMPParamProblem, 0, at}, a)
			return true
		}
		if n == 0 {
			break
		}
		if f := o.obey(at, pkt[at:at+n]); f != nil {
			l.refuse(now, nic, link, pkt, *f, a)
			return true
		}
		at += n
	}
	if !o.passOn || !l.v.Forwarding && !l.is(dialect.NetBSD) {
		return false
	}
	if l.is(dialect.NetBSD) && !l.v.SourceRoute {
		l.refuse(now, nic, link, pkt, fault{typ: packet.ICMPUnreachable, code: 5}, a)
		return true
	}
	l.forward(now, nic, link, pkt, true, a)
	return true
}

// refuse answers a packet whose options are refused, or drops it. The NetBSD that was
// recorded quotes bytes of its own message there, of memory that it had given back; here it
// quotes the packet.
func (l *Layer) refuse(now time.Duration, nic int, link Link, pkt packet.IPv4, f fault, a *Acts) {
	if f.typ == 0 {
		l.st.IP.CantForward++
		return
	}
	l.st.IP.BadOptions++
	l.sendError(now, problem{typ: f.typ, code: f.code, pointer: f.pointer}, &Up{NIC: nic, Link: link, Packet: pkt}, pkt, a)
}

// optionWalk is the state of one walk over a packet's options.
type optionWalk struct {
	l      *Layer
	now    time.Duration
	nic    int
	pkt    packet.IPv4
	dst    netip.Addr // as it came
	passOn bool       // a source route leads on
	a      *Acts
}

// obey does what the option opt, which begins at byte at of the packet, wants.
func (o *optionWalk) obey(at int, opt []byte) *fault {
	if o.l.is(dialect.Linux) {
		return o.linuxObey(at, opt)
	}
	switch opt[0] {
	case option.Loose, option.Strict:
		return o.sourceRoute(at, opt)
	case option.Record:
		return o.record(at, opt)
	case option.Timestamp:
		return o.timestamp(at, opt)
	}
	return nil
}

func bad(pointer int) *fault { return &fault{packet.ICMPParamProblem, 0, pointer} }

func unreachable(code uint8) *fault { return &fault{typ: packet.ICMPUnreachable, code: code} }

// The codes of 3 that options lead to (RFC 792, RFC 1122).
const (
	codeHost         = 1
	codeSourceFailed = 5
	codeNetProhib    = 9
)

// sourceRoute goes to the next address of a route that the sender gave.
func (o *optionWalk) sourceRoute(at int, opt []byte) *fault {
	l := o.l
	if l.is(dialect.NetBSD) && !l.v.AcceptSourceRoute {
		return unreachable(codeNetProhib)
	}
	if len(opt) < 3 {
		return bad(at + 1)
	}
	if opt[2] < 4 {
		return bad(at + 2)
	}
	if _, mine := l.own(o.pkt.Dst()); !mine {
		switch {
		case opt[0] == option.Strict:
			return unreachable(codeSourceFailed)
		case !l.v.SourceRoute && !l.is(dialect.NetBSD):
			return o.noSourceRouting()
		}
		return nil // not there yet
	}
	off := int(opt[2]) - 1
	if off+4 > len(opt) { // the end: for us
		if !l.v.AcceptSourceRoute {
			return o.noSourceRouting()
		}
		l.back = option.WayBack(l.back[:0], opt, o.pkt.Src())
		return nil
	}
	if !l.v.SourceRoute && !l.is(dialect.NetBSD) {
		if !l.v.Forwarding {
			return &fault{}
		}
		return o.noSourceRouting()
	}
	next := netip.AddrFrom4([4]byte(opt[off : off+4]))
	src, ok := o.wayTo(next, opt[0] == option.Strict)
	if !ok {
		return unreachable(codeSourceFailed)
	}
	copy(o.pkt[16:20], opt[off:off+4])
	option.Put4(opt[off:], src)
	opt[2] += 4
	o.passOn = !next.IsMulticast()
	return nil
}

// noSourceRouting refuses, and tells of it as FreeBSD's log does.
func (o *optionWalk) noSourceRouting() *fault {
	if o.l.is(dialect.FreeBSD) || o.l.is(dialect.DragonFly) {
		o.a.Console = append(o.a.Console, fmt.Sprintf("refused a source route from %s to %s", o.pkt.Src(), o.pkt.Dst()))
	}
	return unreachable(codeSourceFailed)
}

// wayTo returns the address that this host has towards another; strict: on a net of its own.
func (o *optionWalk) wayTo(next netip.Addr, strict bool) (src netip.Addr, ok bool) {
	if !strict {
		return o.l.sourceFor(next)
	}
	for i := range o.l.env.NICs() {
		n := o.l.nic(i)
		if n == nil {
			continue
		}
		for _, p := range n.Addrs {
			if p.Contains(next) {
				return p.Addr(), true
			}
		}
	}
	return netip.Addr{}, false
}

// record writes this host's address: the one the packet came to, or that of the way on.
func (o *optionWalk) record(at int, opt []byte) *fault {
	if len(opt) < 3 {
		if o.l.is(dialect.NetBSD) {
			return bad(at + 1)
		}
		return bad(at + 2)
	}
	if opt[2] < 4 {
		return bad(at + 2)
	}
	off := int(opt[2]) - 1
	if off+4 > len(opt) {
		return nil // full
	}
	ip := o.pkt.Dst()
	if _, mine := o.l.own(ip); !mine {
		src, ok := o.l.sourceFor(ip)
		if !ok {
			return unreachable(codeHost)
		}
		ip = src
	}
	option.Put4(opt[off:], ip)
	opt[2] += 4
	return nil
}

// timestamp writes the time of day, if the option's flag says so behind an address.
func (o *optionWalk) timestamp(at int, opt []byte) *fault {
	l := o.l
	if len(opt) < 4 {
		return bad(at + 1)
	}
	if opt[2] < 5 {
		if l.is(dialect.NetBSD) {
			return bad(at + 2)
		}
		return bad(at + 1)
	}
	if int(opt[2]) > len(opt)-4 {
		opt[3] += 1 << 4 // the overflow count
		if opt[3]&0xf0 == 0 {
			return bad(at + 2)
		}
		return nil
	}
	off := int(opt[2]) - 1
	switch flag := opt[3] & 0x0f; flag {
	case option.StampOnly:
	case option.StampAddr, option.StampSpec:
		if off+8 > len(opt) {
			return bad(at + 2)
		}
		if flag == option.StampSpec {
			if _, mine := l.own(netip.AddrFrom4([4]byte(opt[off : off+4]))); !mine {
				return nil
			}
		} else {
			n := l.nic(o.nic)
			if n == nil {
				return nil
			}
			p, ok := n.first(o.dst)
			if !ok {
				return nil
			}
			option.Put4(opt[off:], p.Addr())
		}
		opt[2] += 4
		off += 4
	default:
		return bad(at + 3)
	}
	binary.BigEndian.PutUint32(opt[off:], timeOfDay(o.now))
	opt[2] += 4
	return nil
}

// timeOfDay is iptime: milliseconds since midnight, of a lab that began at midnight.
func timeOfDay(now time.Duration) uint32 {
	return uint32(now.Milliseconds() % (24 * 60 * 60 * 1000))
}
