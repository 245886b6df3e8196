package packet

import (
	"encoding/binary"
	"net/netip"
)

// maxExtensions is how many extension headers [IPv6.Upper] walks.
const maxExtensions = 8

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

// TrafficClass is the differentiated services field and the ECN bits.
func (p IPv6) TrafficClass() uint8 { return uint8(binary.BigEndian.Uint16(p) >> 4) }

// FlowLabel is the 20-bit flow label.
func (p IPv6) FlowLabel() uint32 { return binary.BigEndian.Uint32(p) & 0xfffff }

// PayloadLen is the length of the payload in bytes, extension headers included.
func (p IPv6) PayloadLen() int { return int(binary.BigEndian.Uint16(p[4:])) }

// NextHeader is the number of the first extension header or of the payload's protocol.
func (p IPv6) NextHeader() uint8 { return p[6] }

// HopLimit is the hop limit.
func (p IPv6) HopLimit() uint8 { return p[7] }

// Src is the source address.
func (p IPv6) Src() netip.Addr { return netip.AddrFrom16([16]byte(p[8:24])) }

// Dst is the destination address.
func (p IPv6) Dst() netip.Addr { return netip.AddrFrom16([16]byte(p[24:40])) }

// Payload is what follows the fixed header.
func (p IPv6) Payload() []byte { return p[IPv6Len:] }

// SetHopLimit changes the hop limit; no checksum covers it.
func (p IPv6) SetHopLimit(n uint8) { p[7] = n }

// Upper walks the extension headers (hop-by-hop, routing, destination options,
// fragment; RFC 8200 section 4) to the upper-layer protocol and its bytes. ok is
// false when an extension header is cut short, when there are more than eight, and
// when the packet is a fragment, whose upper layer is not all here.
func (p IPv6) Upper() (proto uint8, payload []byte, ok bool) {
	proto, payload = p.NextHeader(), p.Payload()
	for range maxExtensions {
		var n int
		switch proto {
		case ProtoHopByHop, ProtoRouting, ProtoDestOpts:
			if len(payload) < 8 {
				return proto, payload, false
			}
			n = 8 + int(payload[1])*8
		case ProtoFragment:
			// An atomic fragment (RFC 6946) is whole: offset 0 and no more to come.
			if len(payload) < 8 || binary.BigEndian.Uint16(payload[2:])&0xfff9 != 0 {
				return proto, payload, false
			}
			n = 8
		default:
			return proto, payload, true
		}
		if len(payload) < n {
			return proto, payload, false
		}
		proto, payload = payload[0], payload[n:]
	}
	return proto, payload, false
}

// An IPv6Header is what a caller decides about a header.
type IPv6Header struct {
	TrafficClass uint8
	FlowLabel    uint32 // 20 bits
	NextHeader   uint8
	HopLimit     uint8 // 0 means 64; send a packet with 0 by [IPv6.SetHopLimit]
	Src, Dst     netip.Addr
}

// AppendIPv6 appends a 40-byte header for a payload of payloadLen bytes, which
// the caller appends next.
func AppendIPv6(b []byte, h IPv6Header, payloadLen int) ([]byte, error) {
	switch {
	case !h.Src.Is6() || !h.Dst.Is6():
		return b, bad("IPv6", "addresses %s and %s must both be IPv6", h.Src, h.Dst)
	case payloadLen < 0 || payloadLen > 0xffff:
		return b, bad("IPv6", "payload of %d bytes, want 0 to 65535", payloadLen)
	case h.FlowLabel > 0xfffff:
		return b, bad("IPv6", "flow label 0x%x, want at most 0xfffff", h.FlowLabel)
	}
	if h.HopLimit == 0 {
		h.HopLimit = 64
	}
	b = binary.BigEndian.AppendUint32(b, 6<<28|uint32(h.TrafficClass)<<20|h.FlowLabel)
	b = binary.BigEndian.AppendUint16(b, uint16(payloadLen))
	b = append(b, h.NextHeader, h.HopLimit)
	return append16(append16(b, h.Src), h.Dst), nil
}
