package hoststack

import (
	"encoding/binary"
	"slices"

	"gvisor.dev/gvisor/pkg/tcpip/header"

	"wireloom/vnet/packet"
)

// A router that says "too big" makes a connection's segments shorter, and what waits to
// be acknowledged is cut into as many more. netstack believes any such word, down to
// segments of one byte: one frame would make 256 KiB that wait take a hundred megabytes.
// The BSDs don't go so low.
const (
	minTCPMSS   = 216                                                        // tcp_minmss: FreeBSD tcp_var.h, TCP_MINMSS
	minMTU4     = minTCPMSS + header.IPv4MinimumSize + header.TCPMinimumSize // what is less counts as this: tcp_ctlinput
	shortestCut = minTCPMSS - header.TCPOptionsMaximumSize                   // bytes of data that a segment has then, or more
	mtuAt       = 6                                                          // in an ICMP message; it has two bytes
	mtu6At      = 4                                                          // in an ICMPv6 message; it has four bytes
)

// plateaus are the MTUs that a router may have which doesn't say (RFC 1191, 7.1), from
// minMTU4 on: ip_next_mtu.
var plateaus = [...]uint16{65535, 32000, 17914, 8166, 4352, 2002, 1492, 1280, 1006, 508, minMTU4}

// believe returns a frame that came in as netstack may see it: a copy where it tells the
// host an MTU that no BSD would believe, nil where there is nothing to believe.
func (l *link) believe(data []byte) []byte {
	p := l.packetOf(data)
	at, v6 := tooBig(p)
	switch {
	case at == 0 || l.s.own[destination(p)] == nil:
		return data
	case v6: // RFC 8201, 4
		if binary.BigEndian.Uint32(p[at+mtu6At:]) < header.IPv6MinimumMTU {
			return nil
		}
		return data
	}
	told := binary.BigEndian.Uint16(p[at+mtuAt:])
	if told >= minMTU4 {
		return data
	}
	mtu := uint16(minMTU4)
	if quote := p[at+packet.ICMPLen:]; told == 0 && len(quote) >= header.IPv4MinimumSize {
		mtu = nextMTU(header.IPv4(quote).TotalLength())
	}
	data = slices.Clone(data)
	p = data[len(data)-len(p):]
	binary.BigEndian.PutUint16(p[at+mtuAt:], mtu)
	// What was wrong stays wrong.
	binary.BigEndian.PutUint16(p[at+2:], packet.UpdateChecksum16(binary.BigEndian.Uint16(p[at+2:]), told, mtu))
	return data
}

// nextMTU is what a packet of n bytes was too big for.
func nextMTU(n uint16) uint16 {
	for _, mtu := range plateaus {
		if mtu < n {
			return mtu
		}
	}
	return minMTU4
}

// tooBig returns where in an IP packet a message stands that says that one was too big; 0
// where none does. A message in parts is told by the first.
func tooBig(p []byte) (at int, v6 bool) {
	switch header.IPVersion(p) {
	case header.IPv4Version:
		h := header.IPv4(p)
		at = int(h.HeaderLength())
		if h.Protocol() == packet.ProtoICMP && h.FragmentOffset() == 0 && at >= header.IPv4MinimumSize && len(p) >= at+packet.ICMPLen &&
			p[at] == packet.ICMPUnreachable && p[at+1] == byte(header.ICMPv4FragmentationNeeded) {
			return at, false
		}
	case header.IPv6Version:
		next, at := upper6(p)
		if next == packet.ProtoICMPv6 && len(p) >= at+packet.ICMPLen && p[at] == byte(header.ICMPv6PacketTooBig) {
			return at, true
		}
	}
	return 0, false
}

// upper6 goes through the extension headers of an IPv6 packet. It returns the number of
// what comes behind them, and where.
func upper6(p []byte) (next byte, at int) {
	next, at = p[6], header.IPv6MinimumSize
	for at+8 <= len(p) {
		switch header.IPv6ExtensionHeaderIdentifier(next) {
		case header.IPv6HopByHopOptionsExtHdrIdentifier, header.IPv6RoutingExtHdrIdentifier, header.IPv6DestinationOptionsExtHdrIdentifier:
			next, at = p[at], at+8*(int(p[at+1])+1)
		case header.IPv6FragmentExtHdrIdentifier:
			if binary.BigEndian.Uint16(p[at+2:])>>3 != 0 {
				return 0, at // no first part: what begins here stands in that
			}
			next, at = p[at], at+8
		default:
			return next, at
		}
	}
	return next, at
}

// cutBy is how many bytes more a stream may take when a packet comes that tells it to
// send shorter segments.
func (s *netStack) cutBy(p []byte) (n int64) {
	if at, _ := tooBig(p); at == 0 {
		return 0
	}
	for _, k := range s.sockets {
		if k.stream() {
			n = max(n, weighCut(k.ep))
		}
	}
	for _, ep := range s.lingering {
		n = max(n, weighCut(ep))
	}
	return n
}
