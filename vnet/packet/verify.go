package packet

import (
	"fmt"
	"net/netip"
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
	e, err := ParseEthernet(frame)
	if err != nil {
		return nil
	}
	typ, b := e.Type(), e.Payload()
	for range 2 {
		if typ != TypeVLAN && typ != TypeQinQ {
			break
		}
		v, err := ParseVLAN(b)
		if err != nil {
			return nil
		}
		typ, b = v.Type(), v.Payload()
	}
	if typ != TypeIPv4 && typ != TypeIPv6 {
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
		p, err := ParseIPv4(b)
		if err != nil {
			return nil
		}
		var wrong []BadChecksum
		if !p.ChecksumOK() {
			wrong = append(wrong, BadChecksum{"IPv4", p.HeaderChecksum(), without(p[:p.HeaderLen()], 10, 0)})
		}
		if p.IsFragment() {
			return wrong
		}
		return transport(wrong, p.Src(), p.Dst(), p.Protocol(), p.Payload())
	case 6:
		p, err := ParseIPv6(b)
		if err != nil {
			return nil
		}
		if proto, payload, ok := p.Upper(); ok {
			return transport(nil, p.Src(), p.Dst(), proto, payload)
		}
	}
	return nil
}

func transport(wrong []BadChecksum, src, dst netip.Addr, proto uint8, b []byte) []BadChecksum {
	var c BadChecksum
	var ok bool
	switch {
	case proto == ProtoICMP && src.Is4():
		m, err := ParseICMPv4(b)
		if err != nil {
			return wrong
		}
		ok, c = m.ChecksumOK(), BadChecksum{"ICMP", m.Checksum(), without(b, 2, 0)}
	case proto == ProtoICMPv6 && src.Is6():
		m, err := ParseICMPv6(b)
		if err != nil {
			return wrong
		}
		ok, c = m.ChecksumOK(src, dst), BadChecksum{"ICMPv6", m.Checksum(), without(b, 2, pseudo(src, dst, proto, len(b)))}
	case proto == ProtoUDP:
		u, err := ParseUDP(b)
		if err != nil {
			return wrong
		}
		ok, c = u.ChecksumOK(src, dst), BadChecksum{"UDP", u.Checksum(), without(u, 6, pseudo(src, dst, proto, len(u)))}
		if c.Want == 0 {
			c.Want = 0xffff // RFC 768: 0 is for "none"
		}
	case proto == ProtoTCP:
		t, err := ParseTCP(b)
		if err != nil {
			return wrong
		}
		ok, c = t.ChecksumOK(src, dst), BadChecksum{"TCP", t.Checksum(), without(t, 16, pseudo(src, dst, proto, len(t)))}
	default:
		return wrong
	}
	if ok {
		return wrong
	}
	return append(wrong, c)
}

// without is the checksum of b as if its two bytes at off, which is even, were 0.
func without(b []byte, off int, acc uint64) uint16 {
	return ^fold(sum(b[off+2:], sum(b[:off], acc)))
}
