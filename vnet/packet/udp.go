package packet

import (
	"encoding/binary"
	"net/netip"
)

// UDP is a datagram, cut to its length field.
type UDP []byte

// ParseUDP checks the length field, which must be there in full.
func ParseUDP(b []byte) (UDP, error) {
	if len(b) < UDPLen {
		return nil, tooShort("UDP", UDPLen, len(b))
	}
	n := int(binary.BigEndian.Uint16(b[4:]))
	switch {
	case n < UDPLen:
		return nil, bad("UDP", "length %d, want at least %d", n, UDPLen)
	case n > len(b):
		return nil, tooShort("UDP", n, len(b))
	}
	return UDP(b[:n:n]), nil
}

// SrcPort is the source port.
func (u UDP) SrcPort() uint16 { return binary.BigEndian.Uint16(u) }

// DstPort is the destination port.
func (u UDP) DstPort() uint16 { return binary.BigEndian.Uint16(u[2:]) }

// Len is the length field, header included: the same as len(u).
func (u UDP) Len() int { return int(binary.BigEndian.Uint16(u[4:])) }

// Checksum is the checksum field; 0 over IPv4 means that the sender computed none.
func (u UDP) Checksum() uint16 { return binary.BigEndian.Uint16(u[6:]) }

// Payload is what follows the header.
func (u UDP) Payload() []byte { return u[UDPLen:] }

// ChecksumOK reports whether the checksum is right for a datagram from src to
// dst. None at all is right over IPv4 and wrong over IPv6 (RFC 8200 section 8.1).
func (u UDP) ChecksumOK(src, dst netip.Addr) bool {
	if u.Checksum() == 0 {
		return src.Is4()
	}
	return TransportChecksum(src, dst, ProtoUDP, u) == 0
}

// AppendUDP appends a datagram from src to dst, addresses of one family. A
// checksum that comes out as 0 is sent as 0xffff (RFC 768).
func AppendUDP(b []byte, src, dst netip.Addr, srcPort, dstPort uint16, payload []byte) ([]byte, error) {
	if err := checkPair("UDP", src, dst, UDPLen+len(payload)); err != nil {
		return b, err
	}
	start := len(b)
	b = binary.BigEndian.AppendUint16(b, srcPort)
	b = binary.BigEndian.AppendUint16(b, dstPort)
	b = binary.BigEndian.AppendUint16(b, uint16(UDPLen+len(payload)))
	b = append(b, 0, 0)
	b = append(b, payload...)
	check := TransportChecksum(src, dst, ProtoUDP, b[start:])
	if check == 0 {
		check = 0xffff
	}
	binary.BigEndian.PutUint16(b[start+6:], check)
	return b, nil
}

// checkPair reports addresses that are not of one family, and a transport
// message of n bytes that their IP cannot carry.
func checkPair(header string, src, dst netip.Addr, n int) error {
	limit := 0xffff
	switch {
	case src.Is4() && dst.Is4():
		limit -= IPv4Len
	case src.Is6() && dst.Is6():
	default:
		return bad(header, "addresses %s and %s must be of one family", src, dst)
	}
	if n > limit {
		return bad(header, "%d bytes with its header, want at most %d", n, limit)
	}
	return nil
}
