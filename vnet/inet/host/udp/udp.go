// Package udp is a UDP datagram as bytes (RFC 768; RFC 8200, 8.1).
package udp

import (
	"encoding/binary"
	"net/netip"

	"wireloom/vnet/packet"
)

// A Fault is what is wrong with a datagram that came in.
type Fault uint8

// The faults.
const (
	OK          Fault = iota
	Short             // not even a header
	BadLength         // its length is none, or more than there is
	BadChecksum       // also where IPv6 has none
)

// A Datagram came in.
type Datagram struct {
	From, To netip.AddrPort
	Data     []byte
	Bare     bool // it has no checksum
}

// Parse reads a datagram from src to dst, whose ports are not looked at.
func Parse(src, dst netip.Addr, p []byte) (d Datagram, f Fault) {
	if len(p) < packet.UDPLen {
		return d, Short
	}
	d.From = netip.AddrPortFrom(src, binary.BigEndian.Uint16(p))
	d.To = netip.AddrPortFrom(dst, binary.BigEndian.Uint16(p[2:]))
	n := int(binary.BigEndian.Uint16(p[4:]))
	if n < packet.UDPLen || n > len(p) {
		return d, BadLength
	}
	p = p[:n]
	switch sum := binary.BigEndian.Uint16(p[6:]); {
	case sum == 0 && src.Is4():
		d.Bare = true
	case sum == 0 || packet.TransportChecksum(src, dst, packet.ProtoUDP, p) != 0:
		f = BadChecksum
	}
	d.Data = p[packet.UDPLen:]
	return d, f
}

// Append appends a datagram; one of IPv6 has a checksum always.
func Append(b []byte, from, to netip.AddrPort, data []byte, checksum bool) []byte {
	begin := len(b)
	b = binary.BigEndian.AppendUint16(b, from.Port())
	b = binary.BigEndian.AppendUint16(b, to.Port())
	b = binary.BigEndian.AppendUint16(b, uint16(packet.UDPLen+len(data)))
	b = append(append(b, 0, 0), data...)
	if checksum || from.Addr().Is6() {
		sum := packet.TransportChecksum(from.Addr(), to.Addr(), packet.ProtoUDP, b[begin:])
		if sum == 0 {
			sum = 0xffff // 0 means that there is none
		}
		binary.BigEndian.PutUint16(b[begin+6:], sum)
	}
	return b
}
