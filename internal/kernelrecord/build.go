//go:build linux

package main

import (
	"encoding/binary"
	"net/netip"

	"wireloom/vnet/packet"
)

// The machine under test is 10.0.0.1, and 10.0.1.1 on its second card; the peer that this
// program plays is 10.0.0.2.
var (
	hostIP  = netip.MustParseAddr("10.0.0.1")
	peerIP  = netip.MustParseAddr("10.0.0.2")
	peerMAC = packet.MAC{2, 0, 0, 0, 0, 0x99}
	sixth   = packet.MAC{2, 0, 0, 0, 0, 0x42} // nobody's
)

const (
	flagDF = 0x4000
	flagMF = 0x2000
)

// An ip4 is an IPv4 header as it is to be sent, right or wrong. A zero TTL is 64, a zero
// id 1, a zero protocol UDP's, a zero address the peer's or the host's.
type ip4 struct {
	src, dst netip.Addr
	proto    uint8
	ttl      int // -1 is 0
	tos      uint8
	id       uint16
	flags    uint16 // flagDF, flagMF and the offset in units of 8 bytes
	options  []byte // a multiple of 4 bytes
	change   func(header []byte)
}

// packet returns the packet with payload.
func (h ip4) packet(payload []byte) []byte {
	if !h.src.IsValid() {
		h.src = peerIP
	}
	if !h.dst.IsValid() {
		h.dst = hostIP
	}
	if h.proto == 0 {
		h.proto = packet.ProtoUDP
	}
	if h.id == 0 {
		h.id = 1
	}
	switch h.ttl {
	case 0:
		h.ttl = 64
	case -1:
		h.ttl = 0
	}
	n := 20 + len(h.options)
	b := make([]byte, n, n+len(payload))
	b[0] = 0x40 | byte(n/4)
	b[1] = h.tos
	binary.BigEndian.PutUint16(b[2:], uint16(n+len(payload)))
	binary.BigEndian.PutUint16(b[4:], h.id)
	binary.BigEndian.PutUint16(b[6:], h.flags)
	b[8], b[9] = byte(h.ttl), h.proto
	copy(b[12:], h.src.AsSlice())
	copy(b[16:], h.dst.AsSlice())
	copy(b[20:], h.options)
	if h.change != nil {
		h.change(b)
	}
	if binary.BigEndian.Uint16(b[10:]) == 0 {
		binary.BigEndian.PutUint16(b[10:], packet.Checksum(b))
	}
	return append(b, payload...)
}

// ends are the addresses of a header, for checksums.
func (h ip4) ends() (src, dst netip.Addr) {
	src, dst = h.src, h.dst
	if !src.IsValid() {
		src = peerIP
	}
	if !dst.IsValid() {
		dst = hostIP
	}
	return src, dst
}

// udp is a datagram in a packet.
func (h ip4) udp(sport, dport uint16, data []byte) []byte {
	src, dst := h.ends()
	return h.packet(udp(src, dst, sport, dport, data))
}

func udp(src, dst netip.Addr, sport, dport uint16, data []byte) []byte {
	b, err := packet.AppendUDP(nil, src, dst, sport, dport, data)
	if err != nil {
		panic(err)
	}
	return b
}

// echo is an echo request in a packet.
func (h ip4) echo(data []byte) []byte { return h.icmp(8, 0, 0x1234_0001, data) }

func (h ip4) icmp(typ, code uint8, rest uint32, data []byte) []byte {
	h.proto = packet.ProtoICMP
	return h.packet(icmp(typ, code, rest, data))
}

func icmp(typ, code uint8, rest uint32, data []byte) []byte {
	b := binary.BigEndian.AppendUint32([]byte{typ, code, 0, 0}, rest)
	b = append(b, data...)
	binary.BigEndian.PutUint16(b[2:], packet.Checksum(b))
	return b
}

// A segment is a TCP segment as it is to be sent.
type segment struct {
	sport, dport uint16
	seq, ack     uint32
	flags        uint8
	window       uint16
	options      []byte
	data         []byte
}

// The flags of a segment (RFC 9293).
const (
	fin = 1 << iota
	syn
	rst
	psh
	ack
	_
	ece
	cwr
)

func (s segment) bytes(src, dst netip.Addr) []byte {
	n := 20 + len(s.options)
	b := make([]byte, n, n+len(s.data))
	binary.BigEndian.PutUint16(b, s.sport)
	binary.BigEndian.PutUint16(b[2:], s.dport)
	binary.BigEndian.PutUint32(b[4:], s.seq)
	binary.BigEndian.PutUint32(b[8:], s.ack)
	b[12], b[13] = byte(n/4)<<4, s.flags
	binary.BigEndian.PutUint16(b[14:], s.window)
	copy(b[20:], s.options)
	b = append(b, s.data...)
	binary.BigEndian.PutUint16(b[16:], packet.TransportChecksum(src, dst, packet.ProtoTCP, b))
	return b
}

func (h ip4) tcp(s segment) []byte {
	src, dst := h.ends()
	h.proto = packet.ProtoTCP
	return h.packet(s.bytes(src, dst))
}

// An arpPacket is what an ARP frame says; a zero hardware type is Ethernet's.
type arpPacket struct {
	op       uint16
	sha, tha packet.MAC
	spa, tpa string
	hardware uint16
}

func (a arpPacket) bytes() []byte {
	if a.hardware == 0 {
		a.hardware = 1
	}
	b := binary.BigEndian.AppendUint16(nil, a.hardware)
	b = append(b, 8, 0, 6, 4)
	b = binary.BigEndian.AppendUint16(b, a.op)
	b = append(b, a.sha[:]...)
	b = append(b, netip.MustParseAddr(a.spa).AsSlice()...)
	b = append(b, a.tha[:]...)
	return append(b, netip.MustParseAddr(a.tpa).AsSlice()...)
}

// ip6 is an IPv6 packet.
func ip6(src, dst netip.Addr, next, hops uint8, payload []byte) []byte {
	b := make([]byte, 40, 40+len(payload))
	b[0] = 0x60
	binary.BigEndian.PutUint16(b[4:], uint16(len(payload)))
	b[6], b[7] = next, hops
	copy(b[8:], src.AsSlice())
	copy(b[24:], dst.AsSlice())
	return append(b, payload...)
}

// icmp6 is an ICMPv6 message.
func icmp6(src, dst netip.Addr, typ, code uint8, body ...[]byte) []byte {
	b := []byte{typ, code, 0, 0}
	for _, p := range body {
		b = append(b, p...)
	}
	binary.BigEndian.PutUint16(b[2:], packet.TransportChecksum(src, dst, packet.ProtoICMPv6, b))
	return b
}
