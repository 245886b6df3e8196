package packettest

import (
	"encoding/binary"
	"net/netip"

	"wireloom/vnet/packet"
)

// How much of the packet that caused it an error quotes: so that an ICMPv4
// error is at most 576 bytes with its IP header (RFC 1812 section 4.3.2.3) and an
// ICMPv6 error fits in the minimum MTU (RFC 4443 section 2.4).
const (
	maxQuote4 = 576 - packet.IPv4Len - packet.ICMPLen
	maxQuote6 = 1280 - packet.IPv6Len - packet.ICMPLen
)

// ICMPv6PacketTooBig is a type of an error (RFC 4443 section 3.2).
const ICMPv6PacketTooBig uint8 = 2

// AppendICMPv4Error appends an error about an IPv4 packet, of which it quotes as much as
// an error may hold. For "fragmentation needed" rest is the next hop's MTU, for a
// redirect the gateway.
func AppendICMPv4Error(b []byte, typ, code uint8, rest uint32, about []byte) []byte {
	return must(packet.AppendICMPv4(b, typ, code, rest, about[:min(len(about), maxQuote4)]))
}

// AppendICMPv6 appends a message of any type from src to dst, which its checksum covers.
func AppendICMPv6(b []byte, src, dst netip.Addr, typ, code uint8, rest uint32, payload []byte) []byte {
	start := len(b)
	b = append(b, typ, code, 0, 0)
	b = append(binary.BigEndian.AppendUint32(b, rest), payload...)
	packet.ICMP(b[start:]).SetChecksum(packet.TransportChecksum(src, dst, packet.ProtoICMPv6, b[start:]))
	return b
}

// AppendICMPv6Echo appends an echo request, or the reply to one.
func AppendICMPv6Echo(b []byte, src, dst netip.Addr, reply bool, id, seq uint16, data []byte) []byte {
	typ := packet.ICMPv6Echo
	if reply {
		typ = packet.ICMPv6EchoReply
	}
	return AppendICMPv6(b, src, dst, typ, 0, uint32(id)<<16|uint32(seq), data)
}

// AppendICMPv6Error appends an error about an IPv6 packet, of which it quotes as much as
// fits in the minimum MTU. For "packet too big" rest is the next hop's MTU.
func AppendICMPv6Error(b []byte, src, dst netip.Addr, typ, code uint8, rest uint32, about []byte) []byte {
	return AppendICMPv6(b, src, dst, typ, code, rest, about[:min(len(about), maxQuote6)])
}
