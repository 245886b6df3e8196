//go:build wasip1

package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"strings"
)

// From a frame to a line. Each function gets what is left of the frame, looks at the
// length before it looks at a byte, and returns what there is to say of it.

const (
	icmpLen = 8
	udpLen  = 8
	tcpLen  = 20
	arpLen  = 28
	ipLen   = 20
	ip6Len  = 40
	macLen  = 6
	headLen = 14
	tagLen  = 4

	typeIP   = 0x0800
	typeARP  = 0x0806
	typeVLAN = 0x8100
	typeIP6  = 0x86dd

	protoICMP = 1
	protoTCP  = 6
	protoUDP  = 17
	none      = -1
)

// A seen is what a frame is, as far as a filter asks.
type seen struct {
	arp, ip, ip6 bool
	proto        int        // of IPv4 or IPv6
	vlan         int        // none: no tag
	src, dst     netip.Addr // IPv4, of ARP's sender and target, too
	sport, dport int
}

func get16(b []byte) int { return int(binary.BigEndian.Uint16(b)) }

// addr is an IPv4 address, with a port if there is one.
func addr(b []byte, port int) string {
	a := netip.AddrFrom4([4]byte(b)).String()
	if port != none {
		a += fmt.Sprintf(".%d", port)
	}
	return a
}

// sum is the Internet checksum of some bytes (RFC 1071); 0 where it is in there and
// right.
func sum(b []byte) uint16 {
	var n uint32
	for i, c := range b {
		n += uint32(c) << (8 * (1 - i&1))
	}
	for n>>16 != 0 {
		n = n&0xffff + n>>16
	}
	return ^uint16(n)
}

// decode makes a line of a frame.
func decode(frame []byte) (*seen, string) {
	s := &seen{proto: none, vlan: none, sport: none, dport: none}
	if len(frame) < headLen {
		return s, fmt.Sprintf("truncated, length %d", len(frame))
	}
	to, from := net.HardwareAddr(frame[:macLen]), net.HardwareAddr(frame[macLen:2*macLen])
	kind, p, tag := get16(frame[2*macLen:]), frame[headLen:], ""
	if kind == typeVLAN && len(p) >= tagLen {
		s.vlan = get16(p) & 0x0fff
		tag = fmt.Sprintf("vlan %d, p %d, ", s.vlan, p[0]>>5)
		kind, p = get16(p[2:]), p[tagLen:]
	}
	switch {
	case kind == typeARP:
		return s, tag + s.decodeARP(p)
	case kind == typeIP:
		return s, tag + s.decodeIP(p)
	case kind == typeIP6:
		return s, tag + s.decodeIP6(p)
	case kind < 1536: // which is no type, but the length of an 802.3 frame
		return s, tag + fmt.Sprintf("%v > %v, 802.3, length %d", from, to, len(p))
	}
	return s, tag + fmt.Sprintf("%v > %v, ethertype 0x%04x, length %d", from, to, kind, len(p))
}

// decodeARP is RFC 826.
func (s *seen) decodeARP(p []byte) string {
	s.arp = true
	length := fmt.Sprintf(", length %d", len(p))
	if len(p) < arpLen {
		return "ARP, truncated" + length
	}
	if !bytes.Equal(p[:6], []byte{0, 1, 8, 0, 6, 4}) {
		return "ARP, not of IPv4 on Ethernet" + length
	}
	s.src, s.dst = netip.AddrFrom4([4]byte(p[14:])), netip.AddrFrom4([4]byte(p[24:]))
	switch op := get16(p[6:]); op {
	case 1:
		return fmt.Sprintf("ARP, Request who-has %v tell %v%s", s.dst, s.src, length)
	case 2:
		return fmt.Sprintf("ARP, Reply %v is-at %v%s", s.src, net.HardwareAddr(p[8:8+macLen]), length)
	default:
		return fmt.Sprintf("ARP, op %d%s", op, length)
	}
}

// decodeIP is RFC 791. What follows the packet in a short frame is padding; so its own
// length counts, unless it says more than there is.
func (s *seen) decodeIP(p []byte) string {
	s.ip = true
	broken := fmt.Sprintf("IP, truncated, length %d", len(p))
	if len(p) < ipLen || p[0]>>4 != 4 {
		return broken
	}
	head, size := int(p[0]&15)*4, get16(p[2:])
	if head < ipLen || size < head || size > len(p) {
		return broken
	}
	s.src, s.dst = netip.AddrFrom4([4]byte(p[12:])), netip.AddrFrom4([4]byte(p[16:]))
	s.proto = int(p[9])
	fragment := get16(p[6:]) & 0x1fff * 8
	payload := p[head:size]
	// Only the first fragment has the ports.
	if fragment == 0 && (s.proto == protoTCP || s.proto == protoUDP) && len(payload) >= 4 {
		s.sport, s.dport = get16(payload), get16(payload[2:])
	}
	line := fmt.Sprintf("IP %s > %s: ", addr(p[12:], s.sport), addr(p[16:], s.dport))
	if fragment != 0 {
		line += fmt.Sprintf("proto %d, fragment at %d, length %d", s.proto, fragment, len(payload))
	} else {
		line += s.transport(payload)
	}
	if sum(p[:head]) != 0 {
		line += " (bad checksum)"
	}
	return line
}

// decodeIP6 is RFC 8200, of which only the first header is looked at.
func (s *seen) decodeIP6(p []byte) string {
	s.ip6 = true
	if len(p) < ip6Len || p[0]>>4 != 6 {
		return fmt.Sprintf("IP6, truncated, length %d", len(p))
	}
	s.proto = int(p[6])
	src, dst := netip.AddrFrom16([16]byte(p[8:])), netip.AddrFrom16([16]byte(p[24:]))
	return fmt.Sprintf("IP6 %v > %v: next header %d, length %d", src, dst, s.proto, get16(p[4:]))
}

// transport tells what an IPv4 packet carries.
func (s *seen) transport(p []byte) string {
	switch s.proto {
	case protoICMP:
		return decodeICMP(p)
	case protoTCP:
		return decodeTCP(p)
	case protoUDP:
		if len(p) < udpLen {
			return fmt.Sprintf("UDP, truncated, length %d", len(p))
		}
		return fmt.Sprintf("UDP, length %d", len(p)-udpLen)
	}
	return fmt.Sprintf("proto %d, length %d", s.proto, len(p))
}

// decodeICMP is RFC 792.
func decodeICMP(p []byte) string {
	length := fmt.Sprintf(", length %d", len(p))
	if len(p) < icmpLen {
		return "ICMP, truncated" + length
	}
	switch p[0] {
	case 0:
		return fmt.Sprintf("ICMP echo reply, id %d, seq %d%s", get16(p[4:]), get16(p[6:]), length)
	case 8:
		return fmt.Sprintf("ICMP echo request, id %d, seq %d%s", get16(p[4:]), get16(p[6:]), length)
	case 3:
		return fmt.Sprintf("ICMP unreachable, code %d%s", p[1], length)
	case 11:
		return fmt.Sprintf("ICMP time exceeded, code %d%s", p[1], length)
	}
	return fmt.Sprintf("ICMP type %d, code %d%s", p[0], p[1], length)
}

// decodeTCP is RFC 9293. Flags are letters, and a point for ACK, which stands last.
func decodeTCP(p []byte) string {
	if len(p) < tcpLen || int(p[12]>>4)*4 < tcpLen || int(p[12]>>4)*4 > len(p) {
		return fmt.Sprintf("TCP, truncated, length %d", len(p))
	}
	const ack = 0x10
	var flags, acked strings.Builder
	for i, letter := range "FSRP U" {
		if p[13]>>i&1 != 0 && letter != ' ' {
			flags.WriteRune(letter)
		}
	}
	if p[13]&ack != 0 {
		flags.WriteByte('.')
		fmt.Fprintf(&acked, ", ack %d", binary.BigEndian.Uint32(p[8:]))
	}
	return fmt.Sprintf("Flags [%s], seq %d%s, win %d, length %d",
		&flags, binary.BigEndian.Uint32(p[4:]), &acked, get16(p[14:]), len(p)-int(p[12]>>4)*4)
}
