package packet

import (
	"encoding/binary"
	"net/netip"
)

// AppendUDP appends a datagram from src to dst, addresses of one family. A
// checksum that comes out as 0 is sent as 0xffff (RFC 768).
func AppendUDP(b []byte, src, dst netip.Addr, srcPort, dstPort uint16, payload []byte) ([]byte, error) {
	limit := 0xffff - UDPLen
	switch {
	case src.Is4() && dst.Is4():
		limit -= IPv4Len
	case src.Is6() && dst.Is6():
	default:
		return b, bad("UDP", "addresses %s and %s must be of one family", src, dst)
	}
	if len(payload) > limit {
		return b, bad("UDP", "payload of %d bytes, want at most %d", len(payload), limit)
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
