package packettest

import (
	"encoding/binary"
	"net/netip"

	"wireloom/vnet/packet"
)

// UDP is a datagram, cut to its length field.
type UDP []byte

// ParseUDP checks the length field, which must be there in full.
func ParseUDP(b []byte) (UDP, bool) {
	if len(b) < packet.UDPLen {
		return nil, false
	}
	n := int(binary.BigEndian.Uint16(b[4:]))
	if n < packet.UDPLen || n > len(b) {
		return nil, false
	}
	return UDP(b[:n:n]), true
}

// SrcPort is the source port.
func (u UDP) SrcPort() uint16 { return binary.BigEndian.Uint16(u) }

// DstPort is the destination port.
func (u UDP) DstPort() uint16 { return binary.BigEndian.Uint16(u[2:]) }

// Checksum is the checksum field; 0 over IPv4 means that the sender computed none.
func (u UDP) Checksum() uint16 { return binary.BigEndian.Uint16(u[6:]) }

// Payload is what follows the header.
func (u UDP) Payload() []byte { return u[packet.UDPLen:] }

// ChecksumOK reports whether the checksum is right for a datagram from src to
// dst. None at all is right over IPv4 and wrong over IPv6 (RFC 8200 section 8.1).
func (u UDP) ChecksumOK(src, dst netip.Addr) bool {
	if u.Checksum() == 0 {
		return src.Is4()
	}
	return packet.TransportChecksum(src, dst, packet.ProtoUDP, u) == 0
}
