package packet

import (
	"encoding/binary"
	"net/netip"
)

// IPv6 is a packet, cut to 40 bytes plus its payload length.
type IPv6 []byte

// ParseIPv6 checks the version and the payload length, which must be there in
// full; bytes beyond it (Ethernet padding) are cut off. Jumbograms (RFC 2675)
// are not known: their payload length of 0 is taken as it stands.
func ParseIPv6(b []byte) (IPv6, error) {
	if len(b) < IPv6Len {
		return nil, tooShort("IPv6", IPv6Len, len(b))
	}
	if v := b[0] >> 4; v != 6 {
		return nil, bad("IPv6", "version %d, want 6", v)
	}
	total := IPv6Len + int(binary.BigEndian.Uint16(b[4:]))
	if total > len(b) {
		return nil, tooShort("IPv6", total, len(b))
	}
	return IPv6(b[:total:total]), nil
}

// ParseIPv6Header is for a packet of which the end may be missing, as
// [ParseIPv4Header] is: the packet is not cut to its payload length.
func ParseIPv6Header(b []byte) (IPv6, error) {
	if len(b) < IPv6Len {
		return nil, tooShort("IPv6", IPv6Len, len(b))
	}
	return IPv6(b), nil
}

// NextHeader is the number of the first extension header or of the payload's protocol.
func (p IPv6) NextHeader() uint8 { return p[6] }

// Src is the source address.
func (p IPv6) Src() netip.Addr { return netip.AddrFrom16([16]byte(p[8:24])) }

// Dst is the destination address.
func (p IPv6) Dst() netip.Addr { return netip.AddrFrom16([16]byte(p[24:40])) }

// Payload is what follows the fixed header.
func (p IPv6) Payload() []byte { return p[IPv6Len:] }

// Extension takes an extension header of the common form off (RFC 8200 section 4:
// hop-by-hop, routing, destination options): next is the number of what follows it in
// rest. ok is false where the header is longer than b; next is what it says all the
// same, but 0 of fewer than 8 bytes.
func Extension(b []byte) (next uint8, rest []byte, ok bool) {
	if len(b) < 8 {
		return 0, nil, false
	}
	n := 8 + int(b[1])*8
	if n > len(b) {
		return b[0], nil, false
	}
	return b[0], b[n:], true
}
