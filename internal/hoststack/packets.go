package hoststack

import (
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"

	"wireloom/vnet/packet"
)

// packetOf is the IP packet of a frame, nil where it has none.
func (l *link) packetOf(data []byte) []byte {
	if l.kind != ipLink {
		if len(data) < header.EthernetMinimumSize {
			return nil
		}
		if t := header.Ethernet(data).Type(); t != header.IPv4ProtocolNumber && t != header.IPv6ProtocolNumber {
			return nil
		}
		data = data[header.EthernetMinimumSize:]
	}
	switch v := header.IPVersion(data); {
	case v == header.IPv4Version && len(data) >= header.IPv4MinimumSize, v == header.IPv6Version && len(data) >= header.IPv6MinimumSize:
		return data
	}
	return nil
}

// destination is where an IP packet goes to.
func destination(p []byte) tcpip.Address {
	if header.IPVersion(p) == header.IPv4Version {
		return header.IPv4(p).DestinationAddress()
	}
	return header.IPv6(p).DestinationAddress()
}

// isFragment says whether an IP packet may be a part of one.
func isFragment(p []byte) bool {
	switch header.IPVersion(p) {
	case header.IPv4Version:
		h := header.IPv4(p)
		return h.More() || h.FragmentOffset() != 0
	case header.IPv6Version:
		switch header.IPv6(p).NextHeader() {
		case packet.ProtoTCP, packet.ProtoUDP, packet.ProtoICMPv6:
			return false
		}
		return true // or another extension, behind which one may be
	}
	return false
}

// passing says whether nothing stays of a frame with the IP packet p: it has ARP, a
// neighbour's word, or a segment that acknowledges or ends and carries nothing.
func passing(l *link, data, p []byte) bool {
	switch header.IPVersion(p) {
	case header.IPv4Version:
		h := header.IPv4(p)
		end, start := int(h.TotalLength()), int(h.HeaderLength())
		return !isFragment(p) && h.TransportProtocol() == header.TCPProtocolNumber &&
			start >= header.IPv4MinimumSize && end <= len(p) && start <= end && empty(p[start:end])
	case header.IPv6Version:
		h := header.IPv6(p)
		body := p[header.IPv6MinimumSize:]
		switch n := int(h.PayloadLength()); {
		case n > len(body):
			return false
		case h.NextHeader() == packet.ProtoTCP:
			return empty(body[:n])
		case h.NextHeader() == packet.ProtoICMPv6 && n > 0:
			t := header.ICMPv6Type(body[0])
			return t >= header.ICMPv6RouterSolicit && t <= header.ICMPv6RedirectMsg
		}
		return false
	}
	return len(data) >= header.EthernetMinimumSize && l.kind != ipLink && header.Ethernet(data).Type() == header.ARPProtocolNumber
}

// empty says whether a TCP segment has no data and begins no connection.
func empty(segment []byte) bool {
	if len(segment) < header.TCPMinimumSize {
		return false
	}
	h := header.TCP(segment)
	return int(h.DataOffset()) == len(segment) && h.Flags()&header.TCPFlagSyn == 0
}
