package wire

import (
	"crypto/md5"
	"encoding/binary"
	"net/netip"
	"strings"

	"wireloom/vnet/packet"
)

// ICMPv6 types beyond those of package packet, and codes (RFC 4443, RFC 4861).
const (
	Unreachable     uint8 = 1
	TooBig          uint8 = 2
	TimeExceeded    uint8 = 3
	ParamProblem    uint8 = 4
	RouterSolicit   uint8 = 133
	RouterAdvert    uint8 = 134
	NeighborSolicit uint8 = 135
	NeighborAdvert  uint8 = 136
	Redirect        uint8 = 137

	NoRoute       uint8 = 0 // Unreachable
	BeyondScope   uint8 = 2
	AddressFailed uint8 = 3
	NoPort        uint8 = 4

	Transit    uint8 = 0 // TimeExceeded
	Reassembly uint8 = 1

	BadHeader     uint8 = 0 // ParamProblem
	UnknownNext   uint8 = 1
	UnknownOption uint8 = 2
)

// Options of neighbour discovery.
const (
	OptSource   = 1
	OptTarget   = 2
	OptPrefix   = 3
	OptRedirect = 4
	OptMTU      = 5
	OptNonce    = 14
)

// Flags of a neighbour advertisement.
const (
	FlagRouter    = 0x80
	FlagSolicited = 0x40
	FlagOverride  = 0x20
)

const (
	MinMTU        = 1280
	MaxQuote      = MinMTU - packet.IPv6Len - packet.ICMPLen // ICMPV6_PLD_MAXLEN
	NoNext        = 59
	FragmentLen   = 8
	MaxPacket     = 65535
	DiscoveryHops = 255
)

var (
	Unspecified = netip.IPv6Unspecified()
	Loopback    = netip.IPv6Loopback()
	AllNodes    = netip.MustParseAddr("ff02::1")
	AllRouters  = netip.MustParseAddr("ff02::2")
	MLDRouters  = netip.MustParseAddr("ff02::16")
)

// SolicitedNode is the group that one joins who has the address (RFC 4291 section 2.7.1).
func SolicitedNode(ip netip.Addr) netip.Addr {
	b := ip.As16()
	return netip.AddrFrom16([16]byte{0: 0xff, 1: 2, 11: 1, 12: 0xff, 13: b[13], 14: b[14], 15: b[15]})
}

// GroupMAC is the Ethernet address of a group (RFC 2464 section 7).
func GroupMAC(ip netip.Addr) packet.MAC {
	b := ip.As16()
	return packet.MAC{0x33, 0x33, b[12], b[13], b[14], b[15]}
}

// FromMAC puts the modified EUI-64 of a MAC (RFC 4291 appendix A) behind a prefix of 64
// bits.
func FromMAC(prefix netip.Addr, m packet.MAC) netip.Addr {
	b := prefix.As16()
	copy(b[8:], []byte{m[0] ^ 2, m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5]})
	return netip.AddrFrom16(b)
}

// Scope is that of an address as KAME's in6_addrscope has it: 1 interface, 2 link, 5 site, 14
// global.
func Scope(ip netip.Addr) int {
	b := ip.As16()
	switch {
	case ip.IsMulticast():
		return int(b[1] & 15)
	case ip == Loopback:
		return 1
	case ip.IsLinkLocalUnicast():
		return 2
	case b[0] == 0xfe && b[1]&0xc0 == 0xc0:
		return 5
	}
	return 14
}

// CommonBits is how many leading bits two addresses share.
func CommonBits(x, y netip.Addr) int {
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

// AppendHeader appends an IPv6 header; first is the version, traffic class and flow label.
func AppendHeader(b []byte, first uint32, payload int, next, hops uint8, src, dst netip.Addr) []byte {
	b = binary.BigEndian.AppendUint32(b, 6<<28|first)
	b = binary.BigEndian.AppendUint16(b, uint16(payload))
	b = append(b, next, hops)
	s, d := src.As16(), dst.As16()
	return append(append(b, s[:]...), d[:]...)
}

// AppendICMP appends an ICMPv6 header without its checksum, which sum fills in.
func AppendICMP(b []byte, typ, code uint8, rest uint32) []byte {
	return binary.BigEndian.AppendUint32(append(b, typ, code, 0, 0), rest)
}

// Finish fills in the payload length and the checksum of an ICMPv6 message that starts at
// off of the packet b.
func Finish(b []byte, off int) {
	binary.BigEndian.PutUint16(b[4:], uint16(len(b)-packet.IPv6Len))
	p := packet.IPv6(b)
	m := packet.ICMP(b[off:])
	m.SetChecksum(0)
	m.SetChecksum(packet.TransportChecksum(p.Src(), p.Dst(), packet.ProtoICMPv6, m))
}

func AppendAddr(b []byte, ip netip.Addr) []byte {
	a := ip.As16()
	return append(b, a[:]...)
}

// AppendLink appends an option with a link address.
func AppendLink(b []byte, typ uint8, m packet.MAC) []byte {
	return append(append(b, typ, 1), m[:]...)
}

func AddrAt(b []byte) netip.Addr { return netip.AddrFrom16([16]byte(b[:16])) }

// EachOption calls f with each option of neighbour discovery, its first two bytes included.
// It reports whether they are well formed (nd6_option).
func EachOption(b []byte, f func(o []byte)) bool {
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

// LinkOption is the link address in an option of the type; has is false if there is none. ok is
// false where the options are malformed, or the address is none of Ethernet.
func LinkOption(b []byte, typ uint8) (m packet.MAC, has, ok bool) {
	ok = true
	well := EachOption(b, func(o []byte) {
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

func HopLimit(p packet.IPv6) uint8 { return p[7] }

// LastHeader is what a packet carries behind its extension headers, and where.
func LastHeader(p packet.IPv6) (next uint8, at int) {
	next, at = p.NextHeader(), packet.IPv6Len
	for {
		size := 0
		switch next {
		case packet.ProtoHopByHop, packet.ProtoRouting, packet.ProtoDestOpts:
			if at+2 > len(p) {
				return next, at
			}
			size = 8 + int(p[at+1])*8
		case packet.ProtoFragment:
			if at+FragmentLen > len(p) || p[at+2] != 0 || p[at+3]&^7 != 0 {
				return NoNext, at // not the first
			}
			size = FragmentLen
		default:
			return next, at
		}
		if at+size > len(p) {
			return next, at
		}
		next, at = p[at], at+size
	}
}

// NodeGroup is the group of a host's name (in6_ifattach.c in6_nigroup).
func NodeGroup(name string) (netip.Addr, bool) {
	label, _, _ := strings.Cut(name, ".")
	if label == "" || len(label) > 63 {
		return netip.Addr{}, false
	}
	h := md5.Sum(append([]byte{byte(len(label))}, strings.ToLower(label)...))
	return netip.AddrFrom16([16]byte{0: 0xff, 1: 2, 11: 2, 12: h[0], 13: h[1], 14: h[2], 15: h[3]}), true
}
