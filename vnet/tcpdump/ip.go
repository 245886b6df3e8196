package tcpdump

import (
	"net/netip"

	"wireloom/vnet/packet"
	"wireloom/vnet/tcpdump/show"
)

const (
	protoHopByHop, protoICMP, protoIGMP, protoIPv4, protoTCP, protoUDP  = 0, 1, 2, 4, 6, 17
	protoIPv6, protoRouting, protoFragment, protoGRE, protoESP, protoAH = 41, 43, 44, 47, 50, 51
	protoICMP6, protoNone, protoDstOpts, protoDCCP, protoSCTP           = 58, 59, 60, 33, 132
)

// protocols are those of IP by the names of -v.
var protocols = map[int]string{
	0: "Options", 1: "ICMP", 2: "IGMP", 4: "IPIP", 6: "TCP", 8: "EGP", 9: "IGRP", 17: "UDP", 33: "DCCP", 41: "IPv6", 43: "Routing", 44: "Fragment",
	46: "RSVP", 47: "GRE", 50: "ESP", 51: "AH", 55: "Mobile IP", 58: "ICMPv6", 59: "unknown", 62: "Mobile IP (old)", 88: "EIGRP", 89: "OSPF", 103: "PIM",
	108: "Compressed IP", 112: "VRRP", 113: "PGM", 132: "SCTP", 135: "Mobility", 143: "Ethernet",
}

// A datagram is what the protocols above IP are told of it.
type datagram struct {
	six        bool
	head       []byte // the IP header, and what follows
	src, dst   netip.Addr
	proto      int // that its header names first
	fragmented bool
}

// final is the destination that a checksum counts: the last address of a source route.
func (t *text) final(d datagram) netip.Addr {
	if d.six {
		return t.final6(d)
	}
	options := show.First(d.head, t.U8(d.head, 0)&0xf*4)
	for o := show.After(options, packet.IPv4Len); len(o) > 1 && o[0] != 0; {
		n := 1
		if o[0] != 1 {
			n = int(o[1])
		}
		if n < 1 || n > len(o) || o[0] != 1 && n < 2 {
			break
		}
		if (o[0] == 131 || o[0] == 137) && n >= 7 {
			return t.IP4(o, n-4)
		}
		o = o[n:]
	}
	return d.dst
}

// final6 is the last address of a routing header, if there is one.
func (t *text) final6(d datagram) netip.Addr {
	b, next := show.After(d.head, packet.IPv6Len), d.proto
	for len(b) >= 8 {
		switch next {
		case protoRouting:
			dst := d.dst
			for off := 8; off+16 <= (int(b[1])+1)*8 && off+16 <= len(b); off += 16 {
				dst = t.IP6(b, off)
				if b[2] == 4 { // a list that begins with the last
					break
				}
			}
			return dst
		case protoFragment:
			next, b = int(b[0]), b[8:]
		case protoHopByHop, protoDstOpts:
			next, b = int(b[0]), show.After(b, (int(b[1])+1)*8)
		default:
			return d.dst
		}
	}
	return d.dst
}

// sum is the checksum of a message with its own in it: 0 if that is right.
func (t *text) sum(d datagram, proto uint8, msg []byte) uint16 {
	return packet.TransportChecksum(d.src, t.final(d), proto, msg)
}

// anyIP writes a packet whose version says what it is.
func (t *text) anyIP(b []byte, size int) {
	t.Proto = "ipn"
	switch v := t.U8(b, 0) >> 4; v {
	case 4:
		t.ipv4(b, size)
	case 6:
		t.ipv6(b, size)
	default:
		t.F("unknown ip %d", v)
	}
}

// deeper counts an IP header; it says so and reports true where there are too many.
func (t *text) deeper() bool {
	if t.depth++; t.depth <= maxDepth {
		return false
	}
	t.F("[more than %d headers of IP within each other]", maxDepth)
	return true
}

// ipv4 writes an IPv4 packet of which size bytes were on the wire.
func (t *text) ipv4(b []byte, size int) {
	t.Proto = "ip"
	if t.deeper() {
		return
	}
	if v := t.U8(b, 0) >> 4; v != 4 {
		if v == 6 {
			t.S("IP6, wrong link-layer encapsulation")
		} else {
			t.F("IP%d", v)
		}
		t.Invalid()
		return
	}
	if !t.Link {
		t.S("IP ")
	}
	if len(b) < packet.IPv4Len {
		t.Truncated()
		return
	}
	if size < packet.IPv4Len {
		t.F("truncated-ip %d", size)
		return
	}
	head := int(b[0]&0xf) * 4
	if head < packet.IPv4Len {
		t.F("bad-hlen %d", head)
		return
	}
	total := t.U16(b, 2)
	if size < total {
		t.F("truncated-ip - %d bytes missing! ", total-size)
	}
	if total < head {
		if total != 0 {
			t.F("bad-len %d", total)
			return
		}
		total = size // as a card's segmentation leaves it
	}
	b = show.First(b, total)
	frag := t.U16(b, 6)
	d := datagram{head: b, src: t.IP4(b, 12), dst: t.IP4(b, 16), proto: t.U8(b, 9), fragmented: frag&0x2000 != 0}
	if t.V(1) && !t.headerOf(d, head, frag) {
		return
	}
	off := frag & 0x1fff
	switch {
	case off != 0 && t.Quiet:
		if t.Quiet { // -q once still names the protocol
			t.F("%s > %s:", d.src, d.dst)
			t.F(" %s", t.protoName(d.proto))
		}
	case off != 0:
		t.F("%s > %s: %s", d.src, d.dst, t.protoName(d.proto))
	default:
		if d.proto != protoTCP && d.proto != protoUDP && d.proto != protoSCTP && d.proto != protoDCCP {
			t.F("%s > %s: ", d.src, d.dst)
		}
		if len(b) < head {
			t.F(" [remaining caplen(%d) < header length(%d)]", len(b), head)
			panic(show.Cut{})
		}
		t.carriedByIP(d.proto, b[head:], total-head, d)
	}
}

// protoName is a protocol's name or number, as it stands behind the addresses.
func (t *text) protoName(proto int) string { return show.Name(nil, proto, "ip-proto-%d") }

// headerOf writes the header's fields; false where its options end the packet's text.
func (t *text) headerOf(d datagram, head, frag int) bool {
	b := d.head
	tos := t.U8(b, 1)
	t.F("(tos 0x%x%s", tos, [...]string{"", ",ECT(1)", ",ECT(0)", ",CE"}[tos&3]) //nolint:misspell // ECN-capable transport
	if ttl := t.U8(b, 8); ttl >= 1 {
		t.F(", ttl %d", ttl)
	}
	t.F(", id %d, offset %d, flags [%s], proto %s (%d), length %d", t.U16(b, 4), frag&0x1fff*8,
		show.Flags(show.Bits{{0x2000, "+"}, {0x4000, "DF"}, {0x8000, "rsvd"}}, frag&0xe000, ", ", "none"), show.Name(protocols, d.proto, "unknown"), d.proto, t.U16(b, 2))
	whole := true
	if head > packet.IPv4Len {
		t.S(", options (")
		if whole = t.options(show.After(b, packet.IPv4Len), head-packet.IPv4Len); !whole {
			t.S(" [truncated-option]")
		}
		t.S(")")
	}
	if !t.NoSums && len(b) >= head {
		if left := packet.Checksum(b[:head]); left != 0 {
			have := t.U16(b, 10)
			t.F(", bad cksum %x (->%x)!", have, show.SumShouldBe(have, left))
		}
	}
	t.S(")\n    ")
	if !whole {
		t.F("%s > %s: ", d.src, d.dst)
		t.Truncated()
	}
	return whole
}

// ipOptions are the options of IPv4.
var ipOptions = map[int]string{0: "EOL", 1: "NOP", 68: "timestamp", 130: "security", 7: "RR", 137: "SSRR", 131: "LSRR", 148: "RA", 82: "traceroute"}

// options writes n bytes of options; false where they were not all captured.
func (t *text) options(b []byte, n int) bool {
	sep := ""
	for n > 0 {
		t.S(sep)
		sep = ","
		kind, size := t.U8(b, 0), 1
		t.S(show.Name(ipOptions, kind, "unknown %d"))
		if kind > 1 {
			if size = t.U8(b, 1); size < 2 {
				t.F(" [bad length %d]", size)
				return true
			}
		}
		if size > n {
			t.F(" [bad length %d]", size)
			return true
		}
		if size > len(b) {
			return false
		}
		o := b[:size]
		switch kind {
		case 0:
			return true
		case 68:
			t.timestamps(o)
		case 7, 131, 137:
			t.route(o)
		case 148:
			if size < 4 {
				t.F(" [bad length %d]", size)
			} else if v := t.U16(o, 2); v != 0 {
				t.F(" value %d", v)
			}
		}
		b, n = b[size:], n-size
	}
	return true
}

// route writes an option that is a list of addresses.
func (t *text) route(o []byte) {
	if len(o) < 3 {
		t.F(" [bad length %d]", len(o))
		return
	}
	if (len(o)+1)%4 != 0 {
		t.F(" [bad length %d]", len(o))
	}
	ptr := int(o[2]) - 1
	if ptr < 3 || (ptr+1)%4 != 0 || ptr > len(o)+1 {
		t.F(" [bad ptr %d]", o[2])
	}
	for off := 3; off < len(o); off += 4 {
		if off+4 > len(o) { // tcpdump reads on behind the option
			break
		}
		t.F(" %s", t.IP4(o, off))
		if ptr > off || ptr < 0 {
			t.S(",")
		}
	}
}

// timestamps writes the timestamp option.
func (t *text) timestamps(o []byte) {
	if len(o) < 4 {
		t.F("[bad length %d]", len(o))
		return
	}
	t.S(" TS{")
	kind, hop := o[3]&0xf, 8
	if kind == 0 {
		hop = 4
	}
	if (len(o)-4)%hop != 0 {
		t.F("[bad length %d]", len(o))
	}
	ptr, off := int(o[2])-1, 0
	if ptr < 4 || (ptr-4)%hop != 0 || ptr > len(o)+1 {
		t.F("[bad ptr %d]", o[2])
	}
	kinds := map[int]string{0: "TSONLY", 1: "TS+ADDR", 3: "PRESPEC"}
	t.S(show.Name(kinds, int(kind), "[bad ts type %d]"))
	if _, ok := kinds[int(kind)]; ok {
		sep := " "
		for off = 4; off < len(o); off += hop {
			if ptr == off {
				sep = " ^ "
			}
			who := ""
			if hop == 8 && off+4 <= len(o) {
				who = t.IP4(o, off).String()
			}
			if off+hop > len(o) {
				break
			}
			t.F("%s%d@%s", sep, t.U32(o, off+hop-4), who)
			sep = " "
		}
	}
	if ptr == off {
		t.S(" ^ ")
	}
	if o[3]>>4 != 0 {
		t.F(" [%d hops not recorded]} ", o[3]>>4)
	} else {
		t.S("}")
	}
}

// carriedByIP writes what a protocol's number says that is carried: size bytes of it were on
// the wire.
func (t *text) carriedByIP(proto int, b []byte, size int, d datagram) {
	wrong := func(need string) {
		t.F("[%s requires %s]", show.Name(protocols, proto, "unknown"), need)
		t.Invalid()
	}
	switch proto {
	case protoTCP:
		t.tcp(b, size, d)
	case protoUDP:
		t.udp(b, size, d)
	case protoICMP:
		if d.six {
			wrong("IPv4")
		} else {
			t.icmp(b, size, d)
		}
	case protoICMP6:
		if d.six {
			t.icmp6(b, size, d)
		} else {
			wrong("IPv6")
		}
	case protoIGMP:
		if d.six {
			wrong("IPv4")
		} else {
			t.igmp(b, size)
		}
	case protoIPv4:
		t.ipv4(b, size)
	case protoIPv6:
		t.ipv6(b, size)
	case protoAH:
		t.ah(b, size, d)
	case protoGRE:
		t.gre(b, size)
	case protoESP:
		t.Proto = "esp"
		if len(b) < 8 {
			t.Truncated()
			return
		}
		t.F("ESP(spi=0x%08x,seq=0x%x), length %d", t.U32(b, 0), t.U32(b, 4), size)
	case protoNone:
		t.S("no next header")
	default:
		t.F(" %s %d", t.protoName(proto), size)
	}
}

// ah writes an authentication header, and what is behind it.
func (t *text) ah(b []byte, size int, d datagram) {
	t.Proto = "ah"
	if len(b) < 1 {
		t.Truncated()
		return
	}
	next, words := t.U8(b, 0), t.U8(b, 1)
	n := (words + 2) * 4
	t.S("AH(")
	if t.V(1) {
		t.F("length=%d(%d-bytes),", words, n)
	}
	if r := t.U16(b, 2); r != 0 {
		t.F("reserved=0x%x[MustBeZero],", r)
	}
	t.F("spi=0x%08x,seq=0x%x,icv=0x", t.U32(b, 4), t.U32(b, 8))
	for i := 12; i < n; i++ {
		t.F("%02x", t.U8(b, i))
	}
	t.S("): ")
	t.carriedByIP(next, show.After(b, n), size-n, d)
}
