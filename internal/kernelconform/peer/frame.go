package peer

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"wireloom/vnet/packet"
)

// An ARP is an ARP packet of the suite's.
type ARP struct {
	Op       uint16
	Hardware uint16 // 1 if 0
	SHA, THA packet.MAC
	SPA, TPA netip.Addr
	Src, Dst packet.MAC // of the Ethernet header: SHA and, of a request, broadcast if zero
}

// Frame is its Ethernet frame.
func (a ARP) Frame() []byte {
	src, dst := a.Src, a.Dst
	if src.IsZero() {
		src = a.SHA
	}
	if dst.IsZero() {
		dst = a.THA
		if dst.IsZero() {
			dst = packet.Broadcast
		}
	}
	f := packet.AppendEthernet(nil, dst, src, packet.TypeARP)
	f = binary.BigEndian.AppendUint16(f, max(a.Hardware, 1))
	f = append(f, 8, 0, 6, 4)
	f = binary.BigEndian.AppendUint16(f, a.Op)
	f = append(append(f, a.SHA[:]...), a.SPA.AsSlice()...)
	return append(append(f, a.THA[:]...), a.TPA.AsSlice()...)
}

// An IP is an IPv4 packet of the suite's. The zero value is one from the peer to the node. Its
// fields are those of the header and of the protocols that it may carry.
type IP struct {
	Src, Dst      netip.Addr // Peer and Host if they are not valid
	ID            uint16     // 1 if 0
	TTL           uint8      // 64 if 0; 255 is meant by NoTTL
	Zero          bool       // the TTL is 0
	TOS           uint8
	DF, MF, Evil  bool
	Off           int // bytes
	Proto         uint8
	Options       []byte // a multiple of four
	Payload       []byte
	Length        int // of the header, if it lies
	Version       uint8
	HeaderLen     uint8 // words, if it lies
	BadChecksum   bool
	From, To      packet.MAC // PeerMAC and the node's if zero
	Trailer       []byte     // behind the packet
	SrcAny, Mcast bool       // the source is 0.0.0.0
}

// Packet is its bytes.
func (p IP) Packet() []byte {
	if !p.Src.IsValid() {
		p.Src = Peer
	}
	if !p.Dst.IsValid() {
		p.Dst = Host
	}
	words := 5 + len(p.Options)/4
	length := 4*words + len(p.Payload)
	if p.Length != 0 {
		length = p.Length
	}
	b := make([]byte, 20, 4*words+len(p.Payload))
	b[0] = max(p.Version, 4)<<4 | uint8(words)
	if p.HeaderLen != 0 {
		b[0] = b[0]&0xf0 | p.HeaderLen
	}
	b[1] = p.TOS
	binary.BigEndian.PutUint16(b[2:], uint16(length))
	binary.BigEndian.PutUint16(b[4:], max(p.ID, 1))
	flags := uint16(p.Off / 8)
	for i, set := range []bool{p.MF, p.DF, p.Evil} {
		if set {
			flags |= 1 << (13 + i)
		}
	}
	binary.BigEndian.PutUint16(b[6:], flags)
	b[8], b[9] = p.TTL, p.Proto
	if b[8] == 0 && !p.Zero {
		b[8] = 64
	}
	copy(b[12:], p.Src.AsSlice())
	copy(b[16:], p.Dst.AsSlice())
	b = append(b, p.Options...)
	binary.BigEndian.PutUint16(b[10:], packet.Checksum(b))
	if p.BadChecksum {
		b[10] ^= 0x55
	}
	return append(b, p.Payload...)
}

// IP sends a packet on a wire.
func (n *Node) IP(wire int, p IP) []byte {
	to, from := p.To, p.From
	if to.IsZero() {
		to = n.node.Kernel().Ifnet(n.Ifname(wire)).MAC
	}
	if from.IsZero() {
		from = PeerMAC
	}
	b := p.Packet()
	n.Send(wire, slices.Concat(packet.AppendEthernet(nil, to, from, packet.TypeIPv4), b, p.Trailer))
	return b
}

// UDP is a datagram with its checksum.
func UDP(src, dst netip.Addr, sport, dport uint16, data []byte) []byte {
	b, err := packet.AppendUDP(nil, src, dst, sport, dport, data)
	if err != nil {
		panic("kernelconform: " + err.Error()) // the suite's are short enough
	}
	return b
}

// UDP sends a datagram of the peer's to the node on the first wire.
func (n *Node) UDP(sport, dport uint16, data []byte) {
	n.IP(0, IP{Proto: packet.ProtoUDP, Payload: UDP(Peer, Host, sport, dport, data)})
}

// ICMP is an ICMPv4 message with its checksum.
func ICMP(typ, code uint8, rest uint32, data []byte) []byte {
	b, err := packet.AppendICMPv4(nil, typ, code, rest, data)
	if err != nil {
		panic("kernelconform: " + err.Error()) // the suite's are short enough
	}
	return b
}

// Bits of a TCP header.
const (
	FIN = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
	ECE
	CWR
)

// A TCP is a segment of the peer's.
type TCP struct {
	SPort, DPort uint16
	Seq, Ack     uint32
	Flags        uint8
	Window       uint16
	Options      []byte
	Data         []byte
}

// Bytes are the segment's, with its checksum.
func (t TCP) Bytes(src, dst netip.Addr) []byte {
	opts := t.Options
	for len(opts)%4 != 0 {
		opts = append(opts[:len(opts):len(opts)], 1)
	}
	b := make([]byte, 20)
	binary.BigEndian.PutUint16(b, t.SPort)
	binary.BigEndian.PutUint16(b[2:], t.DPort)
	binary.BigEndian.PutUint32(b[4:], t.Seq)
	binary.BigEndian.PutUint32(b[8:], t.Ack)
	b[12], b[13] = uint8(5+len(opts)/4)<<4, t.Flags
	binary.BigEndian.PutUint16(b[14:], t.Window)
	b = append(append(b, opts...), t.Data...)
	binary.BigEndian.PutUint16(b[16:], packet.TransportChecksum(src, dst, packet.ProtoTCP, b))
	return b
}

// TCP sends a segment of the peer's to the node.
func (n *Node) TCP(t TCP) { n.IP(0, IP{Proto: packet.ProtoTCP, Payload: t.Bytes(Peer, Host)}) }
