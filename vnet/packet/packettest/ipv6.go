package packettest

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"wireloom/vnet/packet"
)

// maxExtensions is how many extension headers [Upper] walks.
const maxExtensions = 8

// Upper walks the extension headers (hop-by-hop, routing, destination options,
// fragment; RFC 8200 section 4) to the upper-layer protocol and its bytes. ok is
// false when an extension header is cut short, when there are more than eight, and
// when the packet is a fragment, whose upper layer is not all here.
func Upper(p packet.IPv6) (proto uint8, payload []byte, ok bool) {
	proto, payload = p.NextHeader(), p.Payload()
	for range maxExtensions {
		var next uint8
		var rest []byte
		switch proto {
		case packet.ProtoHopByHop, packet.ProtoRouting, packet.ProtoDestOpts:
			next, rest, ok = packet.Extension(payload)
		case packet.ProtoFragment:
			// An atomic fragment (RFC 6946) is whole: offset 0 and no more to come.
			if ok = len(payload) >= 8 && binary.BigEndian.Uint16(payload[2:])&0xfff9 == 0; ok {
				next, rest = payload[0], payload[8:]
			}
		default:
			return proto, payload, true
		}
		if !ok {
			return proto, payload, false
		}
		proto, payload = next, rest
	}
	return proto, payload, false
}

// An IPv6Header is what a caller decides about a header.
type IPv6Header struct {
	TrafficClass uint8
	FlowLabel    uint32 // 20 bits
	NextHeader   uint8
	HopLimit     uint8 // 0 means 64
	Src, Dst     netip.Addr
}

// AppendIPv6 appends a 40-byte header for a payload of payloadLen bytes, which the
// caller appends next. The addresses are IPv6.
func AppendIPv6(b []byte, h IPv6Header, payloadLen int) []byte {
	if !h.Src.Is6() || !h.Dst.Is6() || payloadLen < 0 || payloadLen > 0xffff || h.FlowLabel > 0xfffff {
		panic(fmt.Sprintf("packettest: no IPv6 header is %+v with a payload of %d bytes", h, payloadLen))
	}
	if h.HopLimit == 0 {
		h.HopLimit = 64
	}
	src, dst := h.Src.As16(), h.Dst.As16()
	b = binary.BigEndian.AppendUint32(b, 6<<28|uint32(h.TrafficClass)<<20|h.FlowLabel)
	b = binary.BigEndian.AppendUint16(b, uint16(payloadLen))
	b = append(b, h.NextHeader, h.HopLimit)
	return append(append(b, src[:]...), dst[:]...)
}
