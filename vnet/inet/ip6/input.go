package ip6

import (
	"encoding/binary"
	"net/netip"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet/ip6/wire"
	"wireloom/vnet/packet"
)

// An input is a packet that came in.
type input struct {
	nic  *nic // nil is loopback
	link Link
	from packet.MAC
	p    packet.IPv6
}

func (in *input) number() int {
	if in.nic == nil {
		return Loopback
	}
	return in.nic.n
}

// Input takes a packet that came in on an interface, or what was sent to Loopback: p is what
// follows the Ethernet header, with its padding. The host has seen to it that the interface takes
// frames of that destination.
func (l *Layer) Input(now time.Duration, number int, link Link, from packet.MAC, p []byte, a *Acts) {
	in := input{link: link, from: from}
	if number != Loopback {
		if in.nic = l.nic(number); in.nic == nil || !in.nic.up || in.nic.disabled {
			return
		}
	}
	l.stats.Total++
	switch {
	case len(p) < packet.IPv6Len:
		l.stats.TooSmall++
		return
	case p[0]>>4 != 6:
		l.stats.BadVersion++
		return
	}
	var err error
	if in.p, err = packet.ParseIPv6(p); err != nil {
		l.stats.TooSmall++
		return
	}
	src, dst := in.p.Src(), in.p.Dst()
	if !l.placed(in.nic, src, dst) {
		l.stats.BadScope++
		return
	}
	// Where the payload begins, what it is, and where that is said.
	at, next, said := packet.IPv6Len, in.p.NextHeader(), 6
	if next == packet.ProtoHopByHop {
		n, ok := l.options(now, &in, at, a)
		if !ok {
			return
		}
		next, said, at = in.p[at], at, at+n
	}
	switch {
	case dst.IsMulticast():
		if in.nic != nil && !in.nic.groups.Has(dst) {
			l.stats.NotMember++
			l.stats.CantForward++
			return
		}
	case dst == wire.Loopback || l.Local(dst, in.number()):
	case l.own(dst, in.nic) != nil: // of ours, and not ready
		return
	case !l.forwarding || in.nic == nil:
		l.stats.CantForward++
		return
	default:
		l.forward(now, &in, a)
		return
	}
	l.upper(now, &in, at, next, said, a)
}

// placed reports whether addresses are where they may be (ip6_input.c ip6_input).
func (l *Layer) placed(n *nic, src, dst netip.Addr) bool {
	switch {
	case src.IsMulticast() || dst.IsUnspecified(), src.Is4In6() || dst.Is4In6():
		return false
	case dst.IsMulticast() && (wire.Scope(dst) == 0 || wire.Scope(dst) == 1 && n != nil):
		return false
	case n != nil && (src == wire.Loopback || dst == wire.Loopback):
		return false
	}
	return true
}

// upper walks the headers from at to what is for this host.
func (l *Layer) upper(now time.Duration, in *input, at int, next uint8, said int, a *Acts) {
	for headers := 0; ; headers++ {
		if headers >= l.v.MaxHeaders {
			l.stats.TooManyHdr++
			return
		}
		n := 0
		switch next {
		case packet.ProtoDestOpts:
			var ok bool
			if n, ok = l.options(now, in, at, a); !ok {
				return
			}
		case packet.ProtoRouting:
			var ok bool
			if n, ok = l.routing(now, in, at, a); !ok {
				return
			}
		case packet.ProtoFragment:
			r, more := l.fragment(now, in, at, said, a)
			if !more {
				return
			}
			next, said, at = r.Next, r.Said, r.Payload
			continue
		case wire.NoNext:
			return
		case packet.ProtoICMPv6:
			l.icmp(now, in, at, a)
			return
		case packet.ProtoTCP, packet.ProtoUDP:
			l.deliver(in, at, next, a)
			return
		default: // hop-by-hop options, too, where they may not be
			l.errorAbout(now, in.nic, in.link.group(), in.p, wire.ParamProblem, wire.UnknownNext, uint32(said), a)
			return
		}
		next, said, at = in.p[at], at, at+n
	}
}

func (l *Layer) deliver(in *input, at int, proto uint8, a *Acts) {
	l.stats.Delivered++
	dst := in.p.Dst()
	a.Up = append(a.Up, Up{
		NIC: in.number(), Src: in.p.Src(), Dst: dst, Proto: proto, HopLimit: wire.HopLimit(in.p),
		TrafficClass: uint8(binary.BigEndian.Uint16(in.p) >> 4), Group: in.link.group() || dst.IsMulticast(),
		Payload: in.p[at:], Packet: in.p,
	})
}

// options walks the options of a hop-by-hop or destination header at at, and returns its
// length; ok is false if the packet ends here (ip6_unknown_opt).
func (l *Layer) options(now time.Duration, in *input, at int, a *Acts) (n int, ok bool) {
	b := in.p[at:]
	if len(b) < 8 || 8+int(b[1])*8 > len(b) {
		l.stats.TooSmall++
		return 0, false
	}
	n = 8 + int(b[1])*8
	for i := 2; i < n; {
		typ := b[i]
		if typ == 0 { // Pad1
			i++
			continue
		}
		if i+2 > n || i+2+int(b[i+1]) > n {
			l.stats.BadOptions++
			l.errorAbout(now, in.nic, in.link.group(), in.p, wire.ParamProblem, wire.BadHeader, uint32(at+i+1), a)
			return 0, false
		}
		size := 2 + int(b[i+1])
		switch {
		case typ == 1: // PadN
		case typ == 5 && size == 4: // router alert
		case typ>>6 == 0:
		default:
			l.stats.BadOptions++
			// 01: silence; 10: an error; 11: an error, unless it was for a group.
			if typ>>6 == 2 || typ>>6 == 3 && !in.p.Dst().IsMulticast() && !in.link.group() {
				l.errorAbout(now, in.nic, in.link.group(), in.p, wire.ParamProblem, wire.UnknownOption, uint32(at+i), a)
			}
			return 0, false
		}
		i += size
	}
	return n, true
}

// routing passes a routing header that has nothing left, and refuses all others: type 0 is no
// longer obeyed (RFC 5095, route6.c).
func (l *Layer) routing(now time.Duration, in *input, at int, a *Acts) (n int, ok bool) {
	b := in.p[at:]
	if len(b) < 8 || 8+int(b[1])*8 > len(b) {
		l.stats.TooSmall++
		return 0, false
	}
	if b[3] != 0 {
		l.stats.BadOptions++
		l.errorAbout(now, in.nic, in.link.group(), in.p, wire.ParamProblem, wire.BadHeader, uint32(at+2), a)
		return 0, false
	}
	return 8 + int(b[1])*8, true
}

// forward passes a packet on (ip6_forward.c).
func (l *Layer) forward(now time.Duration, in *input, a *Acts) {
	src, dst := in.p.Src(), in.p.Dst()
	if in.link.group() || src.IsUnspecified() || dst.IsMulticast() {
		l.stats.CantForward++
		return
	}
	if wire.HopLimit(in.p) <= 1 {
		l.errorAbout(now, in.nic, false, in.p, wire.TimeExceeded, wire.Transit, 0, a)
		return
	}
	p := append(l.scratch[:0], in.p...)
	l.scratch = p
	p[7]--
	quote := p
	if l.v.QuoteArrived {
		quote = in.p
	}
	h, no := l.route(dst, Any)
	if dst.IsLinkLocalUnicast() {
		h, no = hop{nic: in.nic, ip: dst}, errno.OK
	}
	if no != errno.OK {
		l.stats.CantForward++
		l.errorAbout(now, in.nic, false, quote, wire.Unreachable, wire.NoRoute, 0, a)
		return
	}
	if src.IsLinkLocalUnicast() && h.nic != in.nic {
		l.stats.CantForward++
		l.stats.BadScope++
		l.errorAbout(now, in.nic, false, quote, wire.Unreachable, wire.BeyondScope, 0, a)
		return
	}
	if mtu := h.nic.mtu(); len(p) > mtu {
		l.stats.CantForward++
		l.errorAbout(now, in.nic, false, quote, wire.TooBig, 0, uint32(mtu), a)
		return
	}
	l.stats.Forwarded++
	l.transmit(now, h.nic, h.ip, p, a)
	if h.nic == in.nic && !h.dynamic {
		l.sendRedirect(now, quote, h, a)
	}
}
