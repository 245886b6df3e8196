package packet

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
)

// Checksum is the Internet checksum of b (RFC 1071): the complement of the
// one's complement sum of its 16-bit words, an odd last byte padded with zero.
// Over bytes that hold their own right checksum it is 0.
func Checksum(b []byte) uint16 { return ^fold(sum(b, 0)) }

// UpdateChecksum16 is the checksum that replaces check when one 16-bit word
// under it changes from old to new (RFC 1624, equation 3).
func UpdateChecksum16(check, old, new uint16) uint16 {
	return ^fold(uint64(^check) + uint64(^old) + uint64(new))
}

// TransportChecksum is the checksum of a transport message (UDP, TCP, ICMPv6)
// with its pseudo-header (RFC 9293 section 3.1, RFC 8200 section 8.1). msg holds
// the checksum field: zero there gives the checksum to send, a right one gives 0.
// src and dst are of one family; the result for others is meaningless.
func TransportChecksum(src, dst netip.Addr, proto uint8, msg []byte) uint16 {
	return ^fold(sum(msg, pseudo(src, dst, proto, len(msg))))
}

// pseudo is the unfolded sum of a pseudo-header. Both families sum to the same
// form: the addresses, the length and the protocol.
func pseudo(src, dst netip.Addr, proto uint8, n int) uint64 {
	s := uint64(proto) + uint64(n)
	if src.Is4() && dst.Is4() {
		a, b := src.As4(), dst.As4()
		return s + uint64(binary.BigEndian.Uint32(a[:])) + uint64(binary.BigEndian.Uint32(b[:]))
	}
	a, b := src.As16(), dst.As16()
	return sum(b[:], sum(a[:], s))
}

// sum adds the big-endian words of b to acc. Any width of word gives the same
// folded sum, as 2^16 = 1 modulo 2^16-1; eight bytes at a time is the fastest.
func sum(b []byte, acc uint64) uint64 {
	var c uint64
	for len(b) >= 32 {
		acc, c = bits.Add64(acc, binary.BigEndian.Uint64(b), 0)
		acc, c = bits.Add64(acc, binary.BigEndian.Uint64(b[8:]), c)
		acc, c = bits.Add64(acc, binary.BigEndian.Uint64(b[16:]), c)
		acc, c = bits.Add64(acc, binary.BigEndian.Uint64(b[24:]), c)
		acc, c = bits.Add64(acc, 0, c)
		acc += c
		b = b[32:]
	}
	for len(b) >= 8 {
		acc, c = bits.Add64(acc, binary.BigEndian.Uint64(b), 0)
		acc += c // cannot carry again: a sum that carried is below the maximum
		b = b[8:]
	}
	var tail [8]byte
	copy(tail[:], b)
	acc, c = bits.Add64(acc, binary.BigEndian.Uint64(tail[:]), 0)
	return acc + c
}

func fold(s uint64) uint16 {
	s = s>>32 + s&0xffffffff
	s = s>>32 + s&0xffffffff
	s = s>>16 + s&0xffff
	s = s>>16 + s&0xffff
	return uint16(s)
}
