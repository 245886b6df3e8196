package peer

import (
	"encoding/binary"
	"net/netip"

	"wireloom/vnet/packet"
)

// An IP6 is an IPv6 packet of the suite's. The zero value is one from the peer to the node.
type IP6 struct {
	Src, Dst netip.Addr // Peer6 and Host6 if they are not valid
	Hops     uint8      // 64 if 0
	Next     uint8
	Payload  []byte
	To       packet.MAC // the node's, or that of Dst's group, if zero
}

// IP6 sends a packet on the first wire.
func (n *Node) IP6(p IP6) {
	if !p.Src.IsValid() {
		p.Src = Peer6
	}
	if !p.Dst.IsValid() {
		p.Dst = Host6
	}
	if p.To.IsZero() {
		p.To = n.MAC
		if p.Dst.IsMulticast() {
			b := p.Dst.As16()
			p.To = packet.MAC{0x33, 0x33, b[12], b[13], b[14], b[15]}
		}
	}
	if p.Hops == 0 {
		p.Hops = 64
	}
	f := packet.AppendEthernet(nil, p.To, PeerMAC, packet.TypeIPv6)
	f = append(f, 0x60, 0, 0, 0)
	f = binary.BigEndian.AppendUint16(f, uint16(len(p.Payload)))
	f = append(f, p.Next, p.Hops)
	f = append(append(f, p.Src.AsSlice()...), p.Dst.AsSlice()...)
	n.Send(0, append(f, p.Payload...))
}

// ICMP6 is an ICMPv6 message with its checksum; body is all behind that.
func ICMP6(src, dst netip.Addr, typ, code uint8, body []byte) []byte {
	b := append([]byte{typ, code, 0, 0}, body...)
	binary.BigEndian.PutUint16(b[2:], packet.TransportChecksum(src, dst, packet.ProtoICMPv6, b))
	return b
}

// ICMP6 sends a message: hops of 255 is what neighbour discovery has.
func (n *Node) ICMP6(src, dst netip.Addr, hops, typ, code uint8, body []byte) {
	n.IP6(IP6{Src: src, Dst: dst, Hops: hops, Next: packet.ProtoICMPv6, Payload: ICMP6(src, dst, typ, code, body)})
}

// SolicitedNode is the group of an address: RFC 4291, 2.7.1.
func SolicitedNode(a netip.Addr) netip.Addr {
	b := a.As16()
	return netip.AddrFrom16([16]byte{0: 0xff, 1: 2, 11: 1, 12: 0xff, 13: b[13], 14: b[14], 15: b[15]})
}

// advertisement is the suite's answer to a neighbour solicitation; nil if it has none.
func (n *Node) advertisement(e packet.Ethernet) []byte {
	p, err := packet.ParseIPv6(e.Payload())
	if err != nil || p.NextHeader() != packet.ProtoICMPv6 || len(p.Payload()) < 24 || p.Payload()[0] != 135 || p.Src().IsUnspecified() {
		return nil
	}
	target := netip.AddrFrom16([16]byte(p.Payload()[8:24]))
	mac, ok := n.Answers[target.String()]
	if !ok {
		return nil
	}
	body := append([]byte{0x60, 0, 0, 0}, target.AsSlice()...)
	body = append(append(body, 2, 1), mac[:]...)
	m := ICMP6(target, p.Src(), 136, 0, body)
	f := packet.AppendEthernet(nil, e.Src(), mac, packet.TypeIPv6)
	f = append(f, 0x60, 0, 0, 0)
	f = binary.BigEndian.AppendUint16(f, uint16(len(m)))
	f = append(f, packet.ProtoICMPv6, 255)
	f = append(append(f, target.AsSlice()...), p.Src().AsSlice()...)
	return append(f, m...)
}
