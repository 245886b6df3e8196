package packettest

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"

	"wireloom/vnet/packet"
)

// A BadChecksum is a checksum that is not what it should be.
type BadChecksum struct {
	Header string // "IPv4", "ICMP", "ICMPv6", "UDP" or "TCP"
	Got    uint16 // the field's value
	Want   uint16 // the right one
}

// String is for example "UDP checksum is 0x1234, should be 0x1c2d".
func (c BadChecksum) String() string {
	return fmt.Sprintf("%s checksum is 0x%04x, should be 0x%04x", c.Header, c.Got, c.Want)
}

// Checksums verifies every checksum in an Ethernet frame, through up to two
// 802.1Q tags, and returns the wrong ones, outermost first. Headers that cannot
// be parsed and transport messages in fragments are not verified. It allocates
// only when something is wrong.
func Checksums(frame []byte) []BadChecksum {
	e, err := packet.ParseEthernet(frame)
	if err != nil {
		return nil
	}
	typ, b := e.Type(), e.Payload()
	for range 2 {
		if typ != packet.TypeVLAN && typ != packet.TypeQinQ {
			break
		}
		v, err := packet.ParseVLAN(b)
		if err != nil {
			return nil
		}
		typ, b = v.Type(), v.Payload()
	}
	if typ != packet.TypeIPv4 && typ != packet.TypeIPv6 {
		return nil
	}
	return PacketChecksums(b)
}

// PacketChecksums is [Checksums] for an IPv4 or IPv6 packet without a link header.
func PacketChecksums(b []byte) []BadChecksum {
	if len(b) == 0 {
		return nil
	}
	switch b[0] >> 4 {
	case 4:
		p, err := packet.ParseIPv4(b)
		if err != nil {
			return nil
		}
		var wrong []BadChecksum
		if !p.ChecksumOK() {
			header := p[:p.HeaderLen()]
			wrong = append(wrong, bad("IPv4", header, 10, packet.Checksum))
		}
		if p.Flags()&packet.MoreFragments != 0 || p.FragmentOffset() != 0 {
			return wrong
		}
		return transport(wrong, p.Src(), p.Dst(), p.Protocol(), p.Payload())
	case 6:
		p, err := packet.ParseIPv6(b)
		if err != nil {
			return nil
		}
		if proto, payload, ok := Upper(p); ok {
			return transport(nil, p.Src(), p.Dst(), proto, payload)
		}
	}
	return nil
}

func transport(wrong []BadChecksum, src, dst netip.Addr, proto uint8, b []byte) []BadChecksum {
	over := func(b []byte) uint16 { return packet.TransportChecksum(src, dst, proto, b) }
	switch {
	case proto == packet.ProtoICMP && src.Is4():
		if m, err := packet.ParseICMP(b); err == nil && packet.Checksum(m) != 0 {
			return append(wrong, bad("ICMP", m, 2, packet.Checksum))
		}
	case proto == packet.ProtoICMPv6 && src.Is6():
		if m, err := packet.ParseICMP(b); err == nil && over(m) != 0 {
			return append(wrong, bad("ICMPv6", m, 2, over))
		}
	case proto == packet.ProtoUDP:
		if u, ok := ParseUDP(b); ok && !u.ChecksumOK(src, dst) {
			c := bad("UDP", u, 6, over)
			if c.Want == 0 {
				c.Want = 0xffff // RFC 768: 0 is for "none"
			}
			return append(wrong, c)
		}
	case proto == packet.ProtoTCP:
		if t, ok := ParseTCP(b); ok && !t.ChecksumOK(src, dst) {
			return append(wrong, bad("TCP", t, 16, over))
		}
	}
	return wrong
}

// bad is what is wrong with a header whose checksum is at off.
func bad(header string, b []byte, off int, checksum func([]byte) uint16) BadChecksum {
	c := slices.Clone(b)
	c[off], c[off+1] = 0, 0
	return BadChecksum{header, binary.BigEndian.Uint16(b[off:]), checksum(c)}
}
