package packettest

import (
	"bytes"
	"encoding/binary"
	"testing"

	"wireloom/vnet/packet"
)

// FuzzRoundTrip parses a frame as deep as it goes, builds it again from what the
// views said and parses that: the two must agree in everything the builders are given.
func FuzzRoundTrip(f *testing.F) {
	eth := func(typ uint16) []byte { return packet.AppendEthernet(nil, macB, macA, typ) }
	v4 := func(proto uint8, payload []byte) []byte {
		return append(must(packet.AppendIPv4(eth(packet.TypeIPv4), packet.IPv4Header{Protocol: proto, Src: ip4A, Dst: ip4B}, len(payload))), payload...)
	}
	v6 := func(proto uint8, payload []byte) []byte {
		return append(AppendIPv6(eth(packet.TypeIPv6), IPv6Header{NextHeader: proto, Src: ip6A, Dst: ip6B}, len(payload)), payload...)
	}
	f.Add(AppendARP(eth(packet.TypeARP), packet.ARPRequest, macA, ip4A, packet.MAC{}, ip4B))
	f.Add(AppendARP(append(eth(packet.TypeVLAN), 0x30, 2, 8, 6), packet.ARPReply, macA, ip4A, macB, ip4B))
	f.Add(v4(packet.ProtoICMP, must(packet.AppendICMPv4Echo(nil, false, 1, 2, []byte("abc")))))
	f.Add(v4(packet.ProtoUDP, must(packet.AppendUDP(nil, ip4A, ip4B, 1, 2, []byte("abc")))))
	f.Add(v4(packet.ProtoTCP, AppendTCP(nil, ip4A, ip4B, TCPHeader{Flags: SYN, Options: []byte{1, 1, 1, 0}}, []byte("abc"))))
	f.Add(v6(packet.ProtoICMPv6, AppendICMPv6Echo(nil, ip6A, ip6B, false, 1, 2, []byte("abc"))))
	f.Add(v6(packet.ProtoUDP, must(packet.AppendUDP(nil, ip6A, ip6B, 1, 2, []byte("abc")))))
	f.Add(v6(packet.ProtoHopByHop, []byte{packet.ProtoTCP, 0, 1, 4, 0, 0, 0, 0}))
	f.Fuzz(func(t *testing.T, b []byte) {
		before := bytes.Clone(b)
		Checksums(b)
		PacketChecksums(b)
		if e, err := packet.ParseEthernet(b); err == nil {
			roundTripEthernet(t, e)
		}
		if !bytes.Equal(b, before) {
			t.Error("parsing changed its input")
		}
	})
}

func roundTripEthernet(t *testing.T, e packet.Ethernet) {
	built := append(packet.AppendEthernet(nil, e.Dst(), e.Src(), e.Type()), e.Payload()...)
	if !bytes.Equal(built, e) {
		t.Errorf("Ethernet: built %x from %x", built, []byte(e))
	}
	roundTripType(t, e.Type(), e.Payload(), 2)
}

func roundTripType(t *testing.T, typ uint16, b []byte, tags int) {
	switch typ {
	case packet.TypeVLAN, packet.TypeQinQ:
		v, err := packet.ParseVLAN(b)
		if err != nil || tags == 0 {
			return
		}
		built := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, v.TCI()), v.Type())
		if built = append(built, v.Payload()...); !bytes.Equal(built, v) {
			t.Errorf("802.1Q: built %x from %x", built, []byte(v))
		}
		roundTripType(t, v.Type(), v.Payload(), tags-1)
	case packet.TypeARP:
		a, err := packet.ParseARP(b)
		if err != nil {
			return
		}
		built := AppendARP(nil, a.Op(), SenderMAC(a), a.SenderIP(), TargetMAC(a), a.TargetIP())
		if !bytes.Equal(built, a) {
			t.Errorf("ARP: built %x from %x", built, []byte(a))
		}
	case packet.TypeIPv4:
		if p, err := packet.ParseIPv4(b); err == nil {
			roundTripIPv4(t, p)
		}
	case packet.TypeIPv6:
		if p, err := packet.ParseIPv6(b); err == nil {
			roundTripIPv6(t, p)
		}
	}
}

func roundTripIPv4(t *testing.T, p packet.IPv4) {
	built := must(packet.AppendIPv4(nil, packet.IPv4Header{
		TOS: p.TOS(), ID: p.ID(), Flags: p.Flags(),
		FragmentOffset: p.FragmentOffset(), TTL: p.TTL(), Protocol: p.Protocol(),
		Src: p.Src(), Dst: p.Dst(), Options: p.Options(),
	}, len(p.Payload())))
	q, err := packet.ParseIPv4(append(built, p.Payload()...))
	if err != nil {
		t.Fatalf("IPv4: built %x from %x: %v", built, []byte(p), err)
	}
	if !q.ChecksumOK() {
		t.Errorf("IPv4: built %x with a wrong checksum", built)
	}
	if p.TTL() == 0 { // the builder makes it 64
		q[8], q[10], q[11] = 0, 0, 0
		binary.BigEndian.PutUint16(q[10:], packet.Checksum(q[:q.HeaderLen()]))
	}
	want := bytes.Clone(p)
	copy(want[10:12], q[10:12])
	if !bytes.Equal(q, want) {
		t.Errorf("IPv4: built %x from %x", []byte(q), []byte(p))
	}
	wrong := func() int { return len(PacketChecksums(q)) }
	if p.Flags()&packet.MoreFragments != 0 || p.FragmentOffset() != 0 {
		return
	}
	switch p.Protocol() {
	case packet.ProtoICMP:
		m, err := packet.ParseICMP(q.Payload())
		if err != nil {
			return
		}
		roundTripMessage(t, "ICMP", q.Payload(), must(packet.AppendICMPv4(nil, m.Type(), m.Code(), m.Rest(), m.Payload())), 2, wrong)
	case packet.ProtoUDP:
		u, ok := ParseUDP(q.Payload())
		if !ok {
			return
		}
		roundTripMessage(t, "UDP", u, must(packet.AppendUDP(nil, q.Src(), q.Dst(), u.SrcPort(), u.DstPort(), u.Payload())), 6, wrong)
	case packet.ProtoTCP:
		s, ok := ParseTCP(q.Payload())
		if !ok {
			return
		}
		roundTripMessage(t, "TCP", s, AppendTCP(nil, q.Src(), q.Dst(), tcpHeader(s), s.Payload()), 16, wrong)
	}
}

func roundTripIPv6(t *testing.T, p packet.IPv6) {
	built := AppendIPv6(nil, IPv6Header{
		TrafficClass: uint8(binary.BigEndian.Uint16(p) >> 4), FlowLabel: binary.BigEndian.Uint32(p) & 0xfffff,
		NextHeader: p.NextHeader(), HopLimit: p[7], Src: p.Src(), Dst: p.Dst(),
	}, len(p.Payload()))
	q, err := packet.ParseIPv6(append(built, p.Payload()...))
	if err != nil {
		t.Fatalf("IPv6: built %x from %x: %v", built, []byte(p), err)
	}
	q[7] = p[7] // of 0 the builder makes 64
	if !bytes.Equal(q, p) {
		t.Errorf("IPv6: built %x from %x", []byte(q), []byte(p))
	}
	proto, payload, ok := Upper(q)
	if !ok {
		return
	}
	wrong := func() int { return len(PacketChecksums(q)) }
	switch proto {
	case packet.ProtoICMPv6:
		m, err := packet.ParseICMP(payload)
		if err != nil {
			return
		}
		roundTripMessage(t, "ICMPv6", payload, AppendICMPv6(nil, q.Src(), q.Dst(), m.Type(), m.Code(), m.Rest(), m.Payload()), 2, wrong)
	case packet.ProtoUDP:
		u, ok := ParseUDP(payload)
		if !ok {
			return
		}
		roundTripMessage(t, "UDP", u, must(packet.AppendUDP(nil, q.Src(), q.Dst(), u.SrcPort(), u.DstPort(), u.Payload())), 6, wrong)
	case packet.ProtoTCP:
		s, ok := ParseTCP(payload)
		if !ok {
			return
		}
		roundTripMessage(t, "TCP", s, AppendTCP(nil, q.Src(), q.Dst(), tcpHeader(s), s.Payload()), 16, wrong)
	}
}

func tcpHeader(s TCP) TCPHeader {
	return TCPHeader{
		SrcPort: s.SrcPort(), DstPort: s.DstPort(), Seq: s.Seq(), Ack: s.Ack(), Flags: s.Flags(),
		Window: s.Window(), Urgent: s.Urgent(), Options: s.Options(),
	}
}

// roundTripMessage puts the built checksum at off into the original in place,
// after which the two must be equal and nothing in the packet wrong.
func roundTripMessage(t *testing.T, name string, orig, built []byte, off int, wrong func() int) {
	copy(orig[off:off+2], built[off:off+2])
	if name == "TCP" { // reserved bits are not for building
		binary.BigEndian.PutUint16(built[12:], binary.BigEndian.Uint16(built[12:])|binary.BigEndian.Uint16(orig[12:])&0x0e00)
	}
	if !bytes.Equal(orig, built) {
		t.Errorf("%s: built %x from %x", name, built, orig)
	}
	if name != "TCP" && wrong() != 0 {
		t.Errorf("%s: %x has a wrong checksum", name, built)
	}
}
