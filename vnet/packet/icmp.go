package packet

import (
	"encoding/binary"
	"net/netip"
)

// ICMPv4 types (RFC 792).
const (
	ICMPEchoReply    uint8 = 0
	ICMPUnreachable  uint8 = 3
	ICMPRedirect     uint8 = 5
	ICMPEcho         uint8 = 8
	ICMPTimeExceeded uint8 = 11
	ICMPParamProblem uint8 = 12
)

// ICMPv6 types (RFC 4443, RFC 4861).
const (
	ICMPv6Unreachable        uint8 = 1
	ICMPv6PacketTooBig       uint8 = 2
	ICMPv6TimeExceeded       uint8 = 3
	ICMPv6ParamProblem       uint8 = 4
	ICMPv6Echo               uint8 = 128
	ICMPv6EchoReply          uint8 = 129
	ICMPv6RouterSolicit      uint8 = 133
	ICMPv6RouterAdvert       uint8 = 134
	ICMPv6NeighborSolicit    uint8 = 135
	ICMPv6NeighborAdvert     uint8 = 136
	icmpv6FirstInformational       = 128
)

// How much of the packet that caused it an error quotes: so that an ICMPv4
// error is at most 576 bytes with its IP header (RFC 1812 section 4.3.2.3) and an
// ICMPv6 error fits in the minimum MTU (RFC 4443 section 2.4).
const (
	maxQuote4 = 576 - IPv4Len - ICMPLen
	maxQuote6 = 1280 - IPv6Len - ICMPLen
)

// icmp is the form both ICMPs share.
type icmp []byte

// Type is the message type.
func (m icmp) Type() uint8 { return m[0] }

// Code is the code within the type.
func (m icmp) Code() uint8 { return m[1] }

// Checksum is the checksum field.
func (m icmp) Checksum() uint16 { return binary.BigEndian.Uint16(m[2:]) }

// Rest is the four bytes whose meaning depends on the type: the MTU of "too
// big", the gateway of a redirect, identifier and sequence number of an echo.
func (m icmp) Rest() uint32 { return binary.BigEndian.Uint32(m[4:]) }

// ID is an echo's identifier.
func (m icmp) ID() uint16 { return binary.BigEndian.Uint16(m[4:]) }

// Seq is an echo's sequence number.
func (m icmp) Seq() uint16 { return binary.BigEndian.Uint16(m[6:]) }

// Payload is what follows the eight-byte header: an echo's data, the packet an
// error quotes.
func (m icmp) Payload() []byte { return m[ICMPLen:] }

// ICMPv4 is a message: the whole payload of an IPv4 packet.
type ICMPv4 struct{ icmp }

// ParseICMPv4 needs 8 bytes.
func ParseICMPv4(b []byte) (ICMPv4, error) {
	if len(b) < ICMPLen {
		return ICMPv4{}, tooShort("ICMP", ICMPLen, len(b))
	}
	return ICMPv4{b}, nil
}

// IsEcho reports whether the message is an echo request or reply.
func (m ICMPv4) IsEcho() bool { return m.Type() == ICMPEcho || m.Type() == ICMPEchoReply }

// IsError reports whether the message is an error, which quotes a packet and
// must never be answered by another error (RFC 1122 section 3.2.2).
func (m ICMPv4) IsError() bool {
	switch m.Type() {
	case ICMPUnreachable, 4 /* source quench */, ICMPRedirect, ICMPTimeExceeded, ICMPParamProblem:
		return true
	}
	return false
}

// ChecksumOK reports whether the checksum is right.
func (m ICMPv4) ChecksumOK() bool { return Checksum(m.icmp) == 0 }

// AppendICMPv4 appends a message of any type; rest is as in [ICMPv4.Rest].
func AppendICMPv4(b []byte, typ, code uint8, rest uint32, payload []byte) ([]byte, error) {
	if n := 0xffff - IPv4Len - ICMPLen; len(payload) > n {
		return b, bad("ICMP", "payload of %d bytes, want at most %d", len(payload), n)
	}
	start := len(b)
	b = appendICMP(b, typ, code, rest, payload)
	binary.BigEndian.PutUint16(b[start+2:], Checksum(b[start:]))
	return b, nil
}

// AppendICMPv4Echo appends an echo request, or the reply to one.
func AppendICMPv4Echo(b []byte, reply bool, id, seq uint16, data []byte) ([]byte, error) {
	typ := ICMPEcho
	if reply {
		typ = ICMPEchoReply
	}
	return AppendICMPv4(b, typ, 0, uint32(id)<<16|uint32(seq), data)
}

// AppendICMPv4Error appends an error about packet, an IPv4 packet from its
// header on, of which it quotes as much as an error may hold. For "fragmentation
// needed" rest is the next hop's MTU, for a redirect the gateway.
func AppendICMPv4Error(b []byte, typ, code uint8, rest uint32, packet []byte) ([]byte, error) {
	return AppendICMPv4(b, typ, code, rest, packet[:min(len(packet), maxQuote4)])
}

func appendICMP(b []byte, typ, code uint8, rest uint32, payload []byte) []byte {
	b = append(b, typ, code, 0, 0)
	return append(binary.BigEndian.AppendUint32(b, rest), payload...)
}

// ICMPv6 is a message: the whole upper-layer payload of an IPv6 packet.
type ICMPv6 struct{ icmp }

// ParseICMPv6 needs 8 bytes.
func ParseICMPv6(b []byte) (ICMPv6, error) {
	if len(b) < ICMPLen {
		return ICMPv6{}, tooShort("ICMPv6", ICMPLen, len(b))
	}
	return ICMPv6{b}, nil
}

// IsEcho reports whether the message is an echo request or reply.
func (m ICMPv6) IsEcho() bool { return m.Type() == ICMPv6Echo || m.Type() == ICMPv6EchoReply }

// IsError reports whether the message is an error: types below 128 are.
func (m ICMPv6) IsError() bool { return m.Type() < icmpv6FirstInformational }

// ChecksumOK reports whether the checksum is right for a message from src to dst.
func (m ICMPv6) ChecksumOK(src, dst netip.Addr) bool {
	return TransportChecksum(src, dst, ProtoICMPv6, m.icmp) == 0
}

// AppendICMPv6 appends a message of any type from src to dst, which its checksum covers.
func AppendICMPv6(b []byte, src, dst netip.Addr, typ, code uint8, rest uint32, payload []byte) ([]byte, error) {
	switch n := 0xffff - ICMPLen; {
	case !src.Is6() || !dst.Is6():
		return b, bad("ICMPv6", "addresses %s and %s must both be IPv6", src, dst)
	case len(payload) > n:
		return b, bad("ICMPv6", "payload of %d bytes, want at most %d", len(payload), n)
	}
	start := len(b)
	b = appendICMP(b, typ, code, rest, payload)
	binary.BigEndian.PutUint16(b[start+2:], TransportChecksum(src, dst, ProtoICMPv6, b[start:]))
	return b, nil
}

// AppendICMPv6Echo appends an echo request, or the reply to one.
func AppendICMPv6Echo(b []byte, src, dst netip.Addr, reply bool, id, seq uint16, data []byte) ([]byte, error) {
	typ := ICMPv6Echo
	if reply {
		typ = ICMPv6EchoReply
	}
	return AppendICMPv6(b, src, dst, typ, 0, uint32(id)<<16|uint32(seq), data)
}

// AppendICMPv6Error appends an error about packet, an IPv6 packet from its
// header on, of which it quotes as much as fits in the minimum MTU. For "packet
// too big" rest is the next hop's MTU, for a parameter problem the pointer.
func AppendICMPv6Error(b []byte, src, dst netip.Addr, typ, code uint8, rest uint32, packet []byte) ([]byte, error) {
	return AppendICMPv6(b, src, dst, typ, code, rest, packet[:min(len(packet), maxQuote6)])
}
