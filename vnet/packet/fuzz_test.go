package packet

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// FuzzRoundTrip parses a frame as deep as it goes, builds it again from what the
// views said and parses that: the two must agree in everything the builders are given.
func FuzzRoundTrip(f *testing.F) {
	ok := must(f)
	eth := func(typ uint16) []byte { return AppendEthernet(nil, macB, macA, typ) }
	v4 := func(proto uint8, payload []byte) []byte {
		return append(ok(AppendIPv4(eth(TypeIPv4), IPv4Header{Protocol: proto, Src: ip4A, Dst: ip4B}, len(payload))), payload...)
	}
	v6 := func(proto uint8, payload []byte) []byte {
		return append(ok(AppendIPv6(eth(TypeIPv6), IPv6Header{NextHeader: proto, Src: ip6A, Dst: ip6B}, len(payload))), payload...)
	}
	f.Add(ok(AppendARP(eth(TypeARP), ARPRequest, macA, ip4A, MAC{}, ip4B)))
	f.Add(ok(AppendARP(AppendVLAN(eth(TypeVLAN), 1, true, 2, TypeARP), ARPReply, macA, ip4A, macB, ip4B)))
	f.Add(v4(ProtoICMP, ok(AppendICMPv4Echo(nil, false, 1, 2, []byte("abc")))))
	f.Add(v4(ProtoUDP, ok(AppendUDP(nil, ip4A, ip4B, 1, 2, []byte("abc")))))
	f.Add(v4(ProtoTCP, ok(AppendTCP(nil, ip4A, ip4B, TCPHeader{Flags: SYN, Options: []byte{1, 1, 1, 0}}, []byte("abc")))))
	f.Add(v6(ProtoICMPv6, ok(AppendICMPv6Echo(nil, ip6A, ip6B, false, 1, 2, []byte("abc")))))
	f.Add(v6(ProtoUDP, ok(AppendUDP(nil, ip6A, ip6B, 1, 2, []byte("abc")))))
	f.Add(v6(ProtoHopByHop, []byte{ProtoTCP, 0, 1, 4, 0, 0, 0, 0}))
	f.Fuzz(func(t *testing.T, b []byte) {
		before := bytes.Clone(b)
		Checksums(b)
		PacketChecksums(b)
		if e, err := ParseEthernet(b); err == nil {
			roundTripEthernet(t, e)
		}
		if !bytes.Equal(b, before) {
			t.Error("parsing changed its input")
		}
	})
}

func roundTripEthernet(t *testing.T, e Ethernet) {
	built := append(AppendEthernet(nil, e.Dst(), e.Src(), e.Type()), e.Payload()...)
	if !bytes.Equal(built, e) {
		t.Errorf("Ethernet: built %x from %x", built, []byte(e))
	}
	roundTripType(t, e.Type(), e.Payload(), 2)
}

func roundTripType(t *testing.T, typ uint16, b []byte, tags int) {
	switch typ {
	case TypeVLAN, TypeQinQ:
		v, err := ParseVLAN(b)
		if err != nil || tags == 0 {
			return
		}
		if built := AppendVLAN(nil, v.Priority(), v.DropEligible(), v.ID(), v.Type()); !bytes.Equal(built, v[:VLANLen]) {
			t.Errorf("802.1Q: built %x from %x", built, []byte(v))
		}
		roundTripType(t, v.Type(), v.Payload(), tags-1)
	case TypeARP:
		a, err := ParseARP(b)
		if err != nil {
			return
		}
		built := must(t)(AppendARP(nil, a.Op(), a.SenderMAC(), a.SenderIP(), a.TargetMAC(), a.TargetIP()))
		if !bytes.Equal(built, a) {
			t.Errorf("ARP: built %x from %x", built, []byte(a))
		}
	case TypeIPv4:
		if p, err := ParseIPv4(b); err == nil {
			roundTripIPv4(t, p)
		}
	case TypeIPv6:
		if p, err := ParseIPv6(b); err == nil {
			roundTripIPv6(t, p)
		}
	}
}

func roundTripIPv4(t *testing.T, p IPv4) {
	built := must(t)(AppendIPv4(nil, IPv4Header{
		TOS: p.TOS(), ID: p.ID(), DontFragment: p.DontFragment(), MoreFragments: p.MoreFragments(),
		FragmentOffset: p.FragmentOffset(), TTL: p.TTL(), Protocol: p.Protocol(),
		Src: p.Src(), Dst: p.Dst(), Options: p.Options(),
	}, len(p.Payload())))
	q, err := ParseIPv4(append(built, p.Payload()...))
	if err != nil {
		t.Fatalf("IPv4: built %x from %x: %v", built, []byte(p), err)
	}
	q.SetTTL(p.TTL())
	if !q.ChecksumOK() {
		t.Errorf("IPv4: built %x with a wrong checksum", built)
	}
	want := bytes.Clone(p)
	want[6] &^= 0x80 // the reserved bit is not for building
	copy(want[10:12], q[10:12])
	if !bytes.Equal(q, want) {
		t.Errorf("IPv4: built %x from %x", []byte(q), []byte(p))
	}
	wrong := func() int { return len(PacketChecksums(q)) }
	if p.IsFragment() {
		return
	}
	switch p.Protocol() {
	case ProtoICMP:
		m, err := ParseICMPv4(q.Payload())
		if err != nil {
			return
		}
		roundTripMessage(t, "ICMP", q.Payload(), must(t)(AppendICMPv4(nil, m.Type(), m.Code(), m.Rest(), m.Payload())), 2, wrong)
	case ProtoUDP:
		u, err := ParseUDP(q.Payload())
		if err != nil {
			return
		}
		roundTripMessage(t, "UDP", u, must(t)(AppendUDP(nil, q.Src(), q.Dst(), u.SrcPort(), u.DstPort(), u.Payload())), 6, wrong)
	case ProtoTCP:
		s, err := ParseTCP(q.Payload())
		if err != nil {
			return
		}
		roundTripMessage(t, "TCP", s, must(t)(AppendTCP(nil, q.Src(), q.Dst(), tcpHeader(s), s.Payload())), 16, wrong)
	}
}

func roundTripIPv6(t *testing.T, p IPv6) {
	built := must(t)(AppendIPv6(nil, IPv6Header{
		TrafficClass: p.TrafficClass(), FlowLabel: p.FlowLabel(), NextHeader: p.NextHeader(),
		HopLimit: p.HopLimit(), Src: p.Src(), Dst: p.Dst(),
	}, p.PayloadLen()))
	q, err := ParseIPv6(append(built, p.Payload()...))
	if err != nil {
		t.Fatalf("IPv6: built %x from %x: %v", built, []byte(p), err)
	}
	q.SetHopLimit(p.HopLimit())
	if !bytes.Equal(q, p) {
		t.Errorf("IPv6: built %x from %x", []byte(q), []byte(p))
	}
	proto, payload, ok := q.Upper()
	if !ok {
		return
	}
	wrong := func() int { return len(PacketChecksums(q)) }
	switch proto {
	case ProtoICMPv6:
		m, err := ParseICMPv6(payload)
		if err != nil {
			return
		}
		roundTripMessage(t, "ICMPv6", payload, must(t)(AppendICMPv6(nil, q.Src(), q.Dst(), m.Type(), m.Code(), m.Rest(), m.Payload())), 2, wrong)
	case ProtoUDP:
		u, err := ParseUDP(payload)
		if err != nil {
			return
		}
		roundTripMessage(t, "UDP", u, must(t)(AppendUDP(nil, q.Src(), q.Dst(), u.SrcPort(), u.DstPort(), u.Payload())), 6, wrong)
	case ProtoTCP:
		s, err := ParseTCP(payload)
		if err != nil {
			return
		}
		roundTripMessage(t, "TCP", s, must(t)(AppendTCP(nil, q.Src(), q.Dst(), tcpHeader(s), s.Payload())), 16, wrong)
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

// FuzzChecksum holds the fast sum to RFC 1071's and incremental updates to both.
func FuzzChecksum(f *testing.F) {
	f.Add([]byte{0, 1, 0xf2, 3, 0xf4, 0xf5, 0xf6, 0xf7}, uint16(0x1234))
	f.Add(bytes.Repeat([]byte{0xff}, 99), uint16(0xffff))
	f.Fuzz(func(t *testing.T, b []byte, word uint16) {
		if got, want := Checksum(b), slowChecksum(b); got != want {
			t.Fatalf("Checksum(%x) = 0x%04x, want 0x%04x", b, got, want)
		}
		if len(b) < 4 {
			return
		}
		c := bytes.Clone(b)
		c[0] |= 1 // RFC 1624 holds where the sum is not that of nothing but zeros
		before, old := Checksum(c), binary.BigEndian.Uint16(c[2:])
		binary.BigEndian.PutUint16(c[2:], word)
		if got, want := UpdateChecksum16(before, old, word), Checksum(c); got != want {
			t.Errorf("UpdateChecksum16 = 0x%04x, want 0x%04x", got, want)
		}
	})
}

// FuzzMAC: what parses prints as itself.
func FuzzMAC(f *testing.F) {
	f.Add("02:00:00:00:00:01")
	f.Add("ff-FF-ff-ff-ff-ff")
	f.Fuzz(func(t *testing.T, s string) {
		m, err := ParseMAC(s)
		if err != nil {
			return
		}
		if back, err := ParseMAC(m.String()); err != nil || back != m {
			t.Errorf("%q -> %v -> %v, %v", s, m, back, err)
		}
	})
}
