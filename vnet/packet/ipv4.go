package packet

import (
	"encoding/binary"
	"net/netip"
)

// IPv4 is a packet, cut to its total length.
type IPv4 []byte

// The bits of [IPv4.Flags].
const (
	MoreFragments uint8 = 1 << iota
	DontFragment
)

// ParseIPv4 checks the version, the header length and the total length, which
// must be there in full; bytes beyond it (Ethernet padding) are cut off. It does
// not check the checksum: see [IPv4.ChecksumOK].
func ParseIPv4(b []byte) (IPv4, error) {
	if len(b) >= IPv4Len && IPv4(b).Version() != 4 {
		return nil, bad("IPv4", "version %d, want 4", IPv4(b).Version())
	}
	p, err := ParseIPv4Header(b)
	if err != nil {
		return nil, err
	}
	switch total := p.TotalLen(); {
	case total < p.HeaderLen():
		return nil, bad("IPv4", "total length %d is less than the header's %d", total, p.HeaderLen())
	case total > len(b):
		return nil, tooShort("IPv4", total, len(b))
	default:
		return p[:total:total], nil
	}
}

// ParseIPv4Header is for a packet of which the end may be missing, as in what an ICMP
// error quotes (often 8 bytes behind the header) and in what a short read has taken: the
// header must be there in full, and the packet is not cut to its total length. The
// version may be any: what an ICMPv4 error quotes is IPv4, and BSD looks no further.
func ParseIPv4Header(b []byte) (IPv4, error) {
	if len(b) < IPv4Len {
		return nil, tooShort("IPv4", IPv4Len, len(b))
	}
	switch hdr := IPv4(b).HeaderLen(); {
	case hdr < IPv4Len:
		return nil, bad("IPv4", "header length %d, want at least %d", hdr, IPv4Len)
	case hdr > len(b):
		return nil, tooShort("IPv4", hdr, len(b))
	}
	return IPv4(b), nil
}

// Version is 4, or after [ParseIPv4Header] anything.
func (p IPv4) Version() uint8 { return p[0] >> 4 }

// HeaderLen is the header's length in bytes, options included: 20 to 60.
func (p IPv4) HeaderLen() int { return int(p[0]&15) * 4 }

// TOS is the differentiated services field and the ECN bits.
func (p IPv4) TOS() uint8 { return p[1] }

// TotalLen is the packet's length in bytes: len(p) after [ParseIPv4].
func (p IPv4) TotalLen() int { return int(binary.BigEndian.Uint16(p[2:])) }

// ID is the identification field.
func (p IPv4) ID() uint16 { return binary.BigEndian.Uint16(p[4:]) }

// Flags is the three bits before the fragment offset: [DontFragment], [MoreFragments]
// and a reserved one.
func (p IPv4) Flags() uint8 { return p[6] >> 5 }

// FragmentOffset is in bytes, a multiple of 8.
func (p IPv4) FragmentOffset() int { return int(binary.BigEndian.Uint16(p[6:])&0x1fff) * 8 }

// TTL is the time to live.
func (p IPv4) TTL() uint8 { return p[8] }

// Protocol is the number of the payload's protocol.
func (p IPv4) Protocol() uint8 { return p[9] }

// HeaderChecksum is the checksum field.
func (p IPv4) HeaderChecksum() uint16 { return binary.BigEndian.Uint16(p[10:]) }

// ChecksumOK reports whether the header's checksum is right.
func (p IPv4) ChecksumOK() bool { return Checksum(p[:p.HeaderLen()]) == 0 }

// Src is the source address.
func (p IPv4) Src() netip.Addr { return netip.AddrFrom4([4]byte(p[12:16])) }

// Dst is the destination address.
func (p IPv4) Dst() netip.Addr { return netip.AddrFrom4([4]byte(p[16:20])) }

// Options is the bytes between the fixed header and the payload.
func (p IPv4) Options() []byte { return p[IPv4Len:p.HeaderLen()] }

// Payload is what follows the header.
func (p IPv4) Payload() []byte { return p[p.HeaderLen():] }

// An IPv4Header is what a caller decides about a header; the version, the
// lengths and the checksum follow from it.
type IPv4Header struct {
	TOS            uint8
	ID             uint16
	Flags          uint8 // [DontFragment], [MoreFragments]
	FragmentOffset int   // bytes, a multiple of 8
	TTL            uint8 // 0 means 64
	Protocol       uint8
	Src, Dst       netip.Addr
	Options        []byte // at most 40 bytes, a multiple of 4
}

// AppendIPv4 appends a header for a payload of payloadLen bytes, which the
// caller appends next.
func AppendIPv4(b []byte, h IPv4Header, payloadLen int) ([]byte, error) {
	hdr := IPv4Len + len(h.Options)
	switch {
	case !h.Src.Is4() || !h.Dst.Is4():
		return b, bad("IPv4", "addresses %s and %s must both be IPv4", h.Src, h.Dst)
	case len(h.Options) > 40 || len(h.Options)%4 != 0:
		return b, bad("IPv4", "%d bytes of options, want a multiple of 4 and at most 40", len(h.Options))
	case payloadLen < 0 || hdr+payloadLen > 0xffff:
		return b, bad("IPv4", "payload of %d bytes, want 0 to %d", payloadLen, 0xffff-hdr)
	case h.Flags > 7:
		return b, bad("IPv4", "flags 0x%x, want at most 7", h.Flags)
	case h.FragmentOffset < 0 || h.FragmentOffset > 0x1fff*8 || h.FragmentOffset%8 != 0:
		return b, bad("IPv4", "fragment offset %d, want a multiple of 8 up to %d", h.FragmentOffset, 0x1fff*8)
	}
	frag := uint16(h.Flags)<<13 | uint16(h.FragmentOffset/8)
	if h.TTL == 0 {
		h.TTL = 64
	}
	start := len(b)
	b = append(b, 0x40|byte(hdr/4), h.TOS)
	b = binary.BigEndian.AppendUint16(b, uint16(hdr+payloadLen))
	b = binary.BigEndian.AppendUint16(b, h.ID)
	b = binary.BigEndian.AppendUint16(b, frag)
	b = append(b, h.TTL, h.Protocol, 0, 0)
	b = append4(append4(b, h.Src), h.Dst)
	b = append(b, h.Options...)
	binary.BigEndian.PutUint16(b[start+10:], Checksum(b[start:]))
	return b, nil
}

func append4(b []byte, a netip.Addr) []byte {
	v := a.As4()
	return append(b, v[:]...)
}
