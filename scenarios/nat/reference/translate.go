//go:build wasip1

package main

import (
	"encoding/binary"
	"net/netip"
	"time"
)

// Changing packets. Checksums are updated by what has changed (RFC 1624), not made
// anew: so an error that was in a packet before stays one.

const (
	atTTL   = 8
	atProto = 9
	atSum   = 10
	atSrc   = 12
	atDst   = 16
	ipLen   = 20

	echoReply   = 0
	echoRequest = 8
	finFlag     = 1
	rstFlag     = 4
)

// A packet is an IPv4 packet, or as much of it as an ICMP error quotes.
type packet []byte

func (p packet) headLen() int                 { return int(p[0]&15) * 4 }
func (p packet) proto() byte                  { return p[atProto] }
func (p packet) payload() []byte              { return p[p.headLen():] }
func (p packet) address(which int) netip.Addr { return netip.AddrFrom4([4]byte(p[which:])) }

// minLen is how long the header of a protocol is at least; 0 of one that is not
// translated.
func minLen(proto byte) int {
	switch proto {
	case tcp:
		return 20
	case udp, icmp:
		return 8
	}
	return 0
}

// sound returns the packet in b; nil if that is not a whole IPv4 packet with a header
// that is right. Fragments are none: only the first has ports.
func sound(b []byte) packet {
	p := packet(b)
	if len(p) < ipLen || p[0]>>4 != 4 || p.headLen() < ipLen {
		return nil
	}
	size := int(binary.BigEndian.Uint16(p[2:]))
	if size < p.headLen() || size > len(p) {
		return nil
	}
	p = p[:size]
	least := minLen(p.proto())
	if sum(p[:p.headLen()]) != 0 || binary.BigEndian.Uint16(p[6:])&0x3fff != 0 || least == 0 || len(p.payload()) < least {
		return nil
	}
	return p
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

// isError tells whether a packet is an ICMP error, which quotes another packet.
func (p packet) isError() bool {
	if p.proto() != icmp {
		return false
	}
	t := p.payload()[0]
	return t == 3 || t == 4 || t == 11 || t == 12
}

// isQuery tells whether a packet is not of ICMP, or is an echo message of this type.
func (p packet) isQuery(kind byte) bool { return p.proto() != icmp || p.payload()[0] == kind }

// port is the source or destination port of a packet, or its ICMP identifier.
func (p packet) port(which int) uint16 { return binary.BigEndian.Uint16(p.payload()[p.atPort(which):]) }

func (p packet) atPort(which int) int {
	switch {
	case p.proto() == icmp:
		return 4
	case which == atSrc:
		return 0
	}
	return 2
}

// change puts value, of an even length, at b, and updates the checksums for it:
// HC' = ~(~HC + ~m + m'), RFC 1624, equation 3.
func change(b, value []byte, sums ...[]byte) {
	for i := 0; i < len(value); i += 2 {
		old, now := binary.BigEndian.Uint16(b[i:]), binary.BigEndian.Uint16(value[i:])
		for _, s := range sums {
			n := uint32(^binary.BigEndian.Uint16(s)) + uint32(^old) + uint32(now)
			n = n&0xffff + n>>16
			n = n&0xffff + n>>16
			binary.BigEndian.PutUint16(s, ^uint16(n))
		}
	}
	copy(b, value)
}

// age takes one from the time to live.
func (p packet) age() { change(p[atTTL:], []byte{p[atTTL] - 1, p[atProto]}, p[atSum:]) }

// rewrite gives a packet another source (atSrc) or destination (atDst), with its port
// or ICMP identifier. Of a packet that is quoted in an error there may be only eight
// bytes behind its header.
func (p packet) rewrite(which int, a netip.Addr, port uint16) {
	l4 := p.payload()
	var transport [][]byte // its checksum, if there is one
	switch {
	case p.proto() == icmp:
		transport = [][]byte{l4[2:]}
	case p.proto() == udp && binary.BigEndian.Uint16(l4[6:]) != 0:
		transport = [][]byte{l4[6:]}
	case p.proto() == tcp && len(l4) >= 18:
		transport = [][]byte{l4[16:]}
	}
	change(l4[p.atPort(which):], binary.BigEndian.AppendUint16(nil, port), transport...)
	sums := [][]byte{p[atSum:]}
	if p.proto() != icmp { // which has no pseudo header
		sums = append(sums, transport...)
	}
	change(p[which:], a.AsSlice(), sums...)
	if p.proto() == udp && len(transport) > 0 && binary.BigEndian.Uint16(l4[6:]) == 0 {
		binary.BigEndian.PutUint16(l4[6:], 0xffff) // RFC 768: 0 would mean none
	}
}

// quoted returns the packet that an error quotes; nil if there is too little of it.
func (p packet) quoted() packet {
	q := packet(p.payload()[8:])
	if len(q) < ipLen || q[0]>>4 != 4 || q.headLen() < ipLen || len(q) < q.headLen()+8 || minLen(q.proto()) == 0 {
		return nil
	}
	return q
}

// A nat translates packets between its inside and its one address outside. Its methods
// change a packet, and tell whether it is to go on.
type nat struct {
	outside netip.Addr
	table   table
}

// translateError translates an ICMP error: the packet that it quotes, of which one end
// was translated and has to be so again, and then its own address. All of it is in its
// checksum, which is made anew if it was right.
func (n *nat) translateError(p packet, inward bool, now time.Time) bool {
	q := p.quoted()
	if q == nil || sum(p.payload()) != 0 {
		return false
	}
	if inward {
		m := n.table.in(q.proto(), q.port(atSrc), now)
		if m == nil {
			return false
		}
		q.rewrite(atSrc, m.inside, m.port)
		change(p[atDst:], m.inside.AsSlice(), p[atSum:])
	} else {
		m := n.table.out(q.proto(), q.address(atDst), q.port(atDst), now)
		if m == nil {
			return false
		}
		q.rewrite(atDst, n.outside, m.outsidePort)
		change(p[atSrc:], n.outside.AsSlice(), p[atSum:])
	}
	l4 := p.payload()
	binary.BigEndian.PutUint16(l4[2:], 0)
	binary.BigEndian.PutUint16(l4[2:], sum(l4))
	return true
}

// translateOut changes the source of a packet that leaves the inside.
func (n *nat) translateOut(p packet, now time.Time) bool {
	if p.isError() {
		return n.translateError(p, false, now)
	}
	if !p.isQuery(echoRequest) {
		return false
	}
	m := n.table.out(p.proto(), p.address(atSrc), p.port(atSrc), now)
	if m == nil {
		m = n.table.add(p.proto(), p.address(atSrc), p.port(atSrc), now)
	}
	if m == nil {
		return false
	}
	if p.proto() == tcp {
		flags := p.payload()[13]
		m.finOut = m.finOut || flags&finFlag != 0
		m.rst = m.rst || flags&rstFlag != 0
	}
	m.used = now // only what goes out keeps it (REQ-6): nobody outside can
	m.addPeer(p.address(atDst))
	p.rewrite(atSrc, n.outside, m.outsidePort)
	return true
}

// translateIn changes the destination of a packet that comes from the outside.
func (n *nat) translateIn(p packet, now time.Time) bool {
	if p.isError() {
		return n.translateError(p, true, now)
	}
	if !p.isQuery(echoReply) {
		return false
	}
	m := n.table.in(p.proto(), p.port(atDst), now)
	if m == nil || !m.allows(p.address(atSrc)) {
		return false
	}
	if p.proto() == tcp {
		flags := p.payload()[13]
		m.answered = true
		m.finIn = m.finIn || flags&finFlag != 0
		m.rst = m.rst || flags&rstFlag != 0
	}
	p.rewrite(atDst, m.inside, m.port)
	return true
}
