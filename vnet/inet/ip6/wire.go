package ip6

import (
	"encoding/binary"
	"net/netip"

	"wireloom/vnet/packet"
)

// ICMPv6 types beyond those of package packet, and codes (RFC 4443, RFC 4861).
const (
	unreachable    uint8 = 1
	tooBig         uint8 = 2
	timeExceeded   uint8 = 3
	paramProblem   uint8 = 4
	routerSolicit  uint8 = 133
	routerAdvert   uint8 = 134
	neighborAsk    uint8 = 135
	neighborAnswer uint8 = 136
	redirectMsg    uint8 = 137

	noRoute       uint8 = 0 // unreachable
	beyondScope   uint8 = 2
	addressFailed uint8 = 3

	transit    uint8 = 0 // timeExceeded
	reassembly uint8 = 1

	badHeader     uint8 = 0 // paramProblem
	unknownNext   uint8 = 1
	unknownOption uint8 = 2
)

// Options of neighbour discovery.
const (
	optSource   = 1
	optTarget   = 2
	optPrefix   = 3
	optRedirect = 4
	optMTU      = 5
	optNonce    = 14
)

// Flags of a neighbour advertisement.
const (
	flagRouter    = 0x80
	flagSolicited = 0x40
	flagOverride  = 0x20
)

const (
	minMTU    = 1280
	maxQuote  = minMTU - packet.IPv6Len - packet.ICMPLen // ICMPV6_PLD_MAXLEN
	noNext    = 59
	fragLen   = 8
	maxPacket = 65535
	ndHops    = 255
)

var (
	unspecified = netip.IPv6Unspecified()
	loopback    = netip.IPv6Loopback()
	allNodes    = netip.MustParseAddr("ff02::1")
	allRouters  = netip.MustParseAddr("ff02::2")
	mldRouters  = netip.MustParseAddr("ff02::16")
)

// solicitedNode is the group that one joins who has the address (RFC 4291 section 2.7.1).
func solicitedNode(ip netip.Addr) netip.Addr {
	b := ip.As16()
	return netip.AddrFrom16([16]byte{0: 0xff, 1: 2, 11: 1, 12: 0xff, 13: b[13], 14: b[14], 15: b[15]})
}

// groupMAC is the Ethernet address of a group (RFC 2464 section 7).
func groupMAC(ip netip.Addr) packet.MAC {
	b := ip.As16()
	return packet.MAC{0x33, 0x33, b[12], b[13], b[14], b[15]}
}

// fromMAC puts the modified EUI-64 of a MAC (RFC 4291 appendix A) behind a prefix of 64
// bits.
func fromMAC(prefix netip.Addr, m packet.MAC) netip.Addr {
	b := prefix.As16()
	copy(b[8:], []byte{m[0] ^ 2, m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5]})
	return netip.AddrFrom16(b)
}

// scope is that of an address as KAME's in6_addrscope has it: 1 interface, 2 link, 5 site, 14
// global.
func scope(ip netip.Addr) int {
	b := ip.As16()
	switch {
	case ip.IsMulticast():
		return int(b[1] & 15)
	case ip == loopback:
		return 1
	case ip.IsLinkLocalUnicast():
		return 2
	case b[0] == 0xfe && b[1]&0xc0 == 0xc0:
		return 5
	}
	return 14
}

// commonBits is how many leading bits two addresses share.
func commonBits(x, y netip.Addr) int {
	a, b := x.As16(), y.As16()
	for i := range a {
		if d := a[i] ^ b[i]; d != 0 {
			n := 8 * i
			for ; d&0x80 == 0; d <<= 1 {
				n++
			}
			return n
		}
	}
	return 128
}

// appendHeader appends an IPv6 header; first is the version, traffic class and flow label.
func appendHeader(b []byte, first uint32, payload int, next, hops uint8, src, dst netip.Addr) []byte {
	b = binary.BigEndian.AppendUint32(b, 6<<28|first)
	b = binary.BigEndian.AppendUint16(b, uint16(payload))
	b = append(b, next, hops)
	s, d := src.As16(), dst.As16()
	return append(append(b, s[:]...), d[:]...)
}

// appendICMP appends an ICMPv6 header without its checksum, which sum fills in.
func appendICMP(b []byte, typ, code uint8, rest uint32) []byte {
	return binary.BigEndian.AppendUint32(append(b, typ, code, 0, 0), rest)
}

// finish fills in the payload length and the checksum of an ICMPv6 message that starts at
// off of the packet b.
func finish(b []byte, off int) {
	binary.BigEndian.PutUint16(b[4:], uint16(len(b)-packet.IPv6Len))
	p := packet.IPv6(b)
	m := packet.ICMP(b[off:])
	m.SetChecksum(0)
	m.SetChecksum(packet.TransportChecksum(p.Src(), p.Dst(), packet.ProtoICMPv6, m))
}

func appendAddr(b []byte, ip netip.Addr) []byte {
	a := ip.As16()
	return append(b, a[:]...)
}

// appendLink appends an option with a link address.
func appendLink(b []byte, typ uint8, m packet.MAC) []byte {
	return append(append(b, typ, 1), m[:]...)
}

func addrAt(b []byte) netip.Addr { return netip.AddrFrom16([16]byte(b[:16])) }

// eachOption calls f with each option of neighbour discovery, its first two bytes included.
// It reports whether they are well formed (nd6_option).
func eachOption(b []byte, f func(o []byte)) bool {
	for len(b) > 0 {
		if len(b) < 2 || b[1] == 0 || int(b[1])*8 > len(b) {
			return false
		}
		n := int(b[1]) * 8
		f(b[:n])
		b = b[n:]
	}
	return true
}

// linkOption is the link address in an option of the type; has is false if there is none. ok is
// false where the options are malformed, or the address is none of Ethernet.
func linkOption(b []byte, typ uint8) (m packet.MAC, has, ok bool) {
	ok = true
	well := eachOption(b, func(o []byte) {
		if o[0] != typ || has {
			return
		}
		if has = true; len(o) != 8 {
			ok = false
			return
		}
		m = packet.MAC(o[2:8])
	})
	return m, has, ok && well
}

// routerAlert is the hop-by-hop header of MLD in the BSDs' order: padding, then the alert
// (mld6.c).
var routerAlert = [8]byte{packet.ProtoICMPv6, 0, 1, 0, 5, 2, 0, 0}

func hopLimit(p packet.IPv6) uint8 { return p[7] }
