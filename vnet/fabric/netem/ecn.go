package netem

import (
	"encoding/binary"

	"wireloom/vnet/fabric"
	"wireloom/vnet/packet"
)

// mark marks a frame instead of losing it, where the stage does so and the frame's sender
// can be told: INET_ECN_set_ce.
func (s *stage) mark(f *fabric.Frame) (*fabric.Frame, bool) {
	if !s.conf.ECN {
		return nil, false
	}
	return s.markECN(f)
}

// markECN sets the two bits of ECN (RFC 3168, 5) of an IP packet that has one of them. It
// gives f up where it returns true.
func (s *stage) markECN(f *fabric.Frame) (*fabric.Frame, bool) {
	typ, at := network(f.Data)
	ip := f.Data[at:]
	var ecn byte
	switch {
	case typ == packet.TypeIPv4 && len(ip) >= packet.IPv4Len:
		ecn = ip[1] & 3
	case typ == packet.TypeIPv6 && len(ip) >= packet.IPv6Len:
		ecn = ip[1] >> 4 & 3
	}
	switch ecn {
	case 0:
		return nil, false
	case 3:
		return f, true
	}
	g := s.copied(f)
	if g == nil {
		return nil, false
	}
	s.pool.Release(f)
	ip = g.Data[at:]
	if typ == packet.TypeIPv6 {
		ip[1] |= 3 << 4
		return g, true
	}
	before := binary.BigEndian.Uint16(ip)
	ip[1] |= 3
	sum := packet.UpdateChecksum16(binary.BigEndian.Uint16(ip[10:]), before, binary.BigEndian.Uint16(ip))
	binary.BigEndian.PutUint16(ip[10:], sum)
	return g, true
}

// network is the type of the packet in a frame, behind its VLAN tags, and where it begins.
func network(frame []byte) (typ uint16, at int) {
	if len(frame) < packet.EthernetLen {
		return 0, len(frame)
	}
	at = packet.EthernetLen
	typ = binary.BigEndian.Uint16(frame[12:])
	for (typ == packet.TypeVLAN || typ == typeService) && len(frame) >= at+packet.VLANLen {
		typ = binary.BigEndian.Uint16(frame[at+2:])
		at += packet.VLANLen
	}
	return typ, at
}

const typeService = 0x88a8 // of a service VLAN tag (802.1ad)
