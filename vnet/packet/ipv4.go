package packet

import (
	"encoding/binary"
	"net/netip"
)

// IPv4 is a packet, cut to its total length.
type IPv4 []byte

// ParseIPv4 checks the version, the header length and the total length, which
// must be there in full; bytes beyond it (Ethernet padding) are cut off. It does
// not check the checksum: see [IPv4.ChecksumOK].
func ParseIPv4(b []byte) (IPv4, error) {
	if len(b) < IPv4Len {
		return nil, tooShort("IPv4", IPv4Len, len(b))
	}
	if v := b[0] >> 4; v != 4 {
		return nil, bad("IPv4", "version %d, want 4", v)
	}
	hdr, total := int(b[0]&15)*4, int(binary.BigEndian.Uint16(b[2:]))
	switch {
	case hdr < IPv4Len:
		return nil, bad("IPv4", "header length %d, want at least %d", hdr, IPv4Len)
	case total < hdr:
		return nil, bad("IPv4", "total length %d is less than the header's %d", total, hdr)
	case total > len(b):
		return nil, tooShort("IPv4", total, len(b))
	}
	return IPv4(b[:total:total]), nil
}

// HeaderLen is the header's length in bytes, options included: 20 to 60.
func (p IPv4) HeaderLen() int { return int(p[0]&15) * 4 }

// TOS is the differentiated services field and the ECN bits.
func (p IPv4) TOS() uint8 { return p[1] }

// TotalLen is the packet's length in bytes, the same as len(p).
func (p IPv4) TotalLen() int { return int(binary.BigEndian.Uint16(p[2:])) }

// ID is the identification field.
func (p IPv4) ID() uint16 { return binary.BigEndian.Uint16(p[4:]) }

// DontFragment is the DF bit.
func (p IPv4) DontFragment() bool { return p[6]&0x40 != 0 }

// MoreFragments is the MF bit.
func (p IPv4) MoreFragments() bool { return p[6]&0x20 != 0 }

// FragmentOffset is in bytes, a multiple of 8.
func (p IPv4) FragmentOffset() int { return int(binary.BigEndian.Uint16(p[6:])&0x1fff) * 8 }

// IsFragment reports whether the packet is part of a larger one.
func (p IPv4) IsFragment() bool { return p.MoreFragments() || p.FragmentOffset() != 0 }

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

// SetTTL changes the time to live and updates the checksum, so that a wrong
// checksum stays wrong (RFC 1624).
func (p IPv4) SetTTL(ttl uint8) {
	old := binary.BigEndian.Uint16(p[8:])
	p[8] = ttl
	binary.BigEndian.PutUint16(p[10:], UpdateChecksum16(p.HeaderChecksum(), old, binary.BigEndian.Uint16(p[8:])))
}

// An IPv4Header is what a caller decides about a header; the version, the
// lengths and the checksum follow from it.
type IPv4Header struct {
	TOS            uint8
	ID             uint16
	DontFragment   bool
	MoreFragments  bool
	FragmentOffset int   // bytes, a multiple of 8
	TTL            uint8 // 0 means 64; send a packet with 0 by [IPv4.SetTTL]
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
	case h.FragmentOffset < 0 || h.FragmentOffset > 0x1fff*8 || h.FragmentOffset%8 != 0:
		return b, bad("IPv4", "fragment offset %d, want a multiple of 8 up to %d", h.FragmentOffset, 0x1fff*8)
	}
	frag := uint16(h.FragmentOffset / 8)
	if h.DontFragment {
		frag |= 0x4000
	}
	if h.MoreFragments {
		frag |= 0x2000
	}
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
