package packettest

import (
	"bytes"
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"

	"wireloom/vnet/packet"
)

var (
	macA = packet.MAC{2, 0, 0, 0, 0, 1}
	macB = packet.MAC{2, 0, 0, 0, 0, 2}
	ip4A = netip.MustParseAddr("10.0.0.1")
	ip4B = netip.MustParseAddr("10.0.0.2")
	ip6A = netip.MustParseAddr("fd00::1")
	ip6B = netip.MustParseAddr("fd00::2")
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A right packet of every kind verifies; one changed bit of the right kind is found.
func TestChecksums(t *testing.T) {
	eth := packet.AppendEthernet(nil, macB, macA, packet.TypeIPv4)
	frame4 := func(proto uint8, payload []byte) []byte {
		b := must(packet.AppendIPv4(bytes.Clone(eth), packet.IPv4Header{Protocol: proto, Src: ip4A, Dst: ip4B}, len(payload)))
		return append(append(b, payload...), 0, 0, 0) // with Ethernet padding
	}
	frame6 := func(proto uint8, payload []byte) []byte {
		b := append(packet.AppendEthernet(nil, macB, macA, packet.TypeVLAN), 0, 7, 0x86, 0xdd)
		b = AppendIPv6(b, IPv6Header{NextHeader: packet.ProtoDestOpts, Src: ip6A, Dst: ip6B}, 8+len(payload))
		b = append(b, proto, 0, 1, 4, 0, 0, 0, 0) // destination options: PadN
		return append(b, payload...)
	}
	data := []byte("some data")
	for _, tc := range []struct {
		name  string
		frame []byte
		flip  int // the byte from the start of the frame whose lowest bit is flipped
		want  string
	}{
		{"ipv4 header", frame4(99, data), 14 + 8, "IPv4"},
		{"icmp", frame4(packet.ProtoICMP, must(packet.AppendICMPv4Echo(nil, false, 1, 2, data))), 34 + 9, "ICMP"},
		{"udp", frame4(packet.ProtoUDP, must(packet.AppendUDP(nil, ip4A, ip4B, 1, 2, data))), 34 + 1, "UDP"},
		{"tcp", frame4(packet.ProtoTCP, AppendTCP(nil, ip4A, ip4B, TCPHeader{}, data)), 34 + 14, "TCP"},
		{"icmpv6", frame6(packet.ProtoICMPv6, AppendICMPv6Echo(nil, ip6A, ip6B, true, 1, 2, data)), 18 + 48 + 4, "ICMPv6"},
		{"udp over ipv6", frame6(packet.ProtoUDP, must(packet.AppendUDP(nil, ip6A, ip6B, 1, 2, data))), 18 + 48 + 9, "UDP"},
		{"tcp over ipv6", frame6(packet.ProtoTCP, AppendTCP(nil, ip6A, ip6B, TCPHeader{}, data)), 18 + 48 + 21, "TCP"},
	} {
		if got := Checksums(tc.frame); len(got) != 0 {
			t.Errorf("%s: a right frame has %v", tc.name, got)
		}
		tc.frame[tc.flip] ^= 1
		got := Checksums(tc.frame)
		if len(got) != 1 || got[0].Header != tc.want || got[0].Got == got[0].Want {
			t.Errorf("%s: after a flipped bit %v, want a wrong %s checksum", tc.name, got, tc.want)
		}
	}

	// The value that "should be" names is the right one.
	udp := frame4(packet.ProtoUDP, must(packet.AppendUDP(nil, ip4A, ip4B, 1, 2, data)))
	right := [2]byte(udp[40:42])
	udp[40], udp[41] = 0xde, 0xad
	wrong := Checksums(udp)
	if len(wrong) != 1 || wrong[0].Got != 0xdead || wrong[0].Want != uint16(right[0])<<8|uint16(right[1]) {
		t.Errorf("Checksums = %v, want 0xdead instead of 0x%x", wrong, right)
	} else if s := wrong[0].String(); !strings.HasPrefix(s, "UDP checksum is 0xdead, should be 0x") {
		t.Errorf("String() = %q", s)
	}
	udp[40], udp[41] = 0, 0
	if got := Checksums(udp); len(got) != 0 {
		t.Errorf("UDP without a checksum over IPv4: %v, want it accepted", got)
	}
	udp6 := frame6(packet.ProtoUDP, must(packet.AppendUDP(nil, ip6A, ip6B, 1, 2, data)))
	udp6[18+48+6], udp6[18+48+7] = 0, 0
	if got := Checksums(udp6); len(got) != 1 {
		t.Errorf("UDP without a checksum over IPv6: %v, want it refused (RFC 8200)", got)
	}
	zero := frame4(packet.ProtoICMP, make([]byte, 8))
	if got := Checksums(zero); len(got) != 1 || got[0].Want != 0xffff {
		t.Errorf("ICMP of zeros: %v, want 0xffff to be the right checksum", got)
	}

	frag := must(packet.AppendIPv4(nil, packet.IPv4Header{Flags: packet.MoreFragments, Protocol: packet.ProtoUDP, Src: ip4A, Dst: ip4B}, 16))
	if got := PacketChecksums(append(frag, make([]byte, 16)...)); len(got) != 0 {
		t.Errorf("a fragment: %v, want its payload not verified", got)
	}
	for _, b := range [][]byte{nil, {0x45}, {0x60}, {0x10}, make([]byte, 13), unhex(t, "020000000002 020000000001 8100 00")} {
		if got := append(Checksums(b), PacketChecksums(b)...); len(got) != 0 {
			t.Errorf("%x: %v, want nothing to verify", b, got)
		}
	}
}

func TestICMPErrorsQuote(t *testing.T) {
	about := bytes.Repeat([]byte{0xab}, 2000)
	m, err := packet.ParseICMP(AppendICMPv4Error(nil, packet.ICMPUnreachable, 4, 1280, about))
	if err != nil || !m.IsError4() || m.Rest() != 1280 || m.Code() != 4 || len(m.Payload()) != 548 || packet.Checksum(m) != 0 {
		t.Errorf("ICMPv4 error: %v, quotes %d bytes", err, len(m.Payload()))
	}
	m, err = packet.ParseICMP(AppendICMPv6Error(nil, ip6A, ip6B, ICMPv6PacketTooBig, 0, 1280, about))
	if err != nil || !m.IsError6() || m.Rest() != 1280 || len(m.Payload()) != 1232 || packet.TransportChecksum(ip6A, ip6B, packet.ProtoICMPv6, m) != 0 {
		t.Errorf("ICMPv6 error: %v, quotes %d bytes", err, len(m.Payload()))
	}
	m, err = packet.ParseICMP(AppendICMPv4Error(nil, packet.ICMPTimeExceeded, 0, 0, about[:28]))
	if err != nil || len(m.Payload()) != 28 {
		t.Errorf("a short packet is quoted with %d bytes, want 28 (%v)", len(m.Payload()), err)
	}
}

func TestIPv6Upper(t *testing.T) {
	udp := must(packet.AppendUDP(nil, ip6A, ip6B, 1, 2, nil))
	ext := func(first uint8, b ...byte) packet.IPv6 {
		b = append(b, udp...)
		p, err := packet.ParseIPv6(append(AppendIPv6(nil, IPv6Header{NextHeader: first, Src: ip6A, Dst: ip6B}, len(b)), b...))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	var chain []byte
	for range 9 {
		chain = append(chain, packet.ProtoDestOpts, 0, 1, 4, 0, 0, 0, 0)
	}
	for _, tc := range []struct {
		name  string
		p     packet.IPv6
		proto uint8
		ok    bool
	}{
		{"none", ext(packet.ProtoUDP), packet.ProtoUDP, true},
		{"hop-by-hop", ext(packet.ProtoHopByHop, packet.ProtoUDP, 0, 1, 4, 0, 0, 0, 0), packet.ProtoUDP, true},
		{"atomic fragment", ext(packet.ProtoFragment, packet.ProtoUDP, 0, 0, 0, 0, 0, 0, 9), packet.ProtoUDP, true},
		{"first fragment", ext(packet.ProtoFragment, packet.ProtoUDP, 0, 0, 1, 0, 0, 0, 9), packet.ProtoFragment, false},
		{"later fragment", ext(packet.ProtoFragment, packet.ProtoUDP, 0, 0, 8, 0, 0, 0, 9), packet.ProtoFragment, false},
		{"header longer than packet", ext(packet.ProtoRouting, packet.ProtoUDP, 200), packet.ProtoRouting, false},
		{"too many", ext(packet.ProtoDestOpts, chain...), packet.ProtoDestOpts, false},
	} {
		proto, payload, ok := Upper(tc.p)
		if proto != tc.proto || ok != tc.ok || (ok && !bytes.Equal(payload, udp)) {
			t.Errorf("%s: proto %d, ok %v, %d bytes; want %d, %v", tc.name, proto, ok, len(payload), tc.proto, tc.ok)
		}
	}
	for _, proto := range []uint8{packet.ProtoHopByHop, packet.ProtoFragment} {
		p, _ := packet.ParseIPv6(append(AppendIPv6(nil, IPv6Header{NextHeader: proto, Src: ip6A, Dst: ip6B}, 4), 0, 0, 0, 0))
		if _, _, ok := Upper(p); ok {
			t.Errorf("an extension header %d of 4 bytes was walked", proto)
		}
	}
}

func TestViewsDoNotAllocate(t *testing.T) {
	frame := packet.AppendEthernet(nil, macB, macA, packet.TypeIPv4)
	frame = must(packet.AppendIPv4(frame, packet.IPv4Header{Protocol: packet.ProtoUDP, Src: ip4A, Dst: ip4B}, packet.UDPLen+64))
	frame = must(packet.AppendUDP(frame, ip4A, ip4B, 1, 2, make([]byte, 64)))
	buf := make([]byte, 0, 2048)
	n := testing.AllocsPerRun(100, func() {
		e, _ := packet.ParseEthernet(frame)
		p, _ := packet.ParseIPv4(e.Payload())
		u, _ := ParseUDP(p.Payload())
		if !p.ChecksumOK() || !u.ChecksumOK(p.Src(), p.Dst()) || len(Checksums(frame)) != 0 {
			panic("wrong checksum")
		}
		b := packet.AppendEthernet(buf, e.Src(), e.Dst(), e.Type())
		b, _ = packet.AppendIPv4(b, packet.IPv4Header{Protocol: packet.ProtoUDP, Src: p.Dst(), Dst: p.Src()}, len(u))
		if _, err := packet.AppendUDP(b, p.Dst(), p.Src(), u.DstPort(), u.SrcPort(), u.Payload()); err != nil {
			panic(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations for parsing, verifying and answering a frame, want 0", n)
	}
}

func TestParseRefuses(t *testing.T) {
	tcp := AppendTCP(nil, ip4A, ip4B, TCPHeader{}, nil)
	with := func(b []byte, at int, c byte) []byte {
		b = bytes.Clone(b)
		b[at] = c
		return b
	}
	isTCP := func(b []byte) bool { _, ok := ParseTCP(b); return ok }
	isUDP := func(b []byte) bool { _, ok := ParseUDP(b); return ok }
	for _, tc := range []struct {
		name  string
		parse func([]byte) bool
		b     []byte
		want  bool
	}{
		{"a whole segment", isTCP, tcp, true},
		{"a segment cut short", isTCP, tcp[:TCPLen-1], false},
		{"a header of 16 bytes", isTCP, with(tcp, 12, 0x40), false},
		{"a header that ends behind the segment", isTCP, with(tcp, 12, 0x60), false},
		{"a datagram of 8 bytes", isUDP, []byte{0, 1, 0, 1, 0, 8, 0, 0}, true},
		{"a datagram cut short", isUDP, make([]byte, 7), false},
		{"a length of 0", isUDP, make([]byte, 8), false},
		{"a length that ends behind the datagram", isUDP, []byte{0, 1, 0, 1, 0, 9, 0, 0}, false},
	} {
		if got := tc.parse(tc.b); got != tc.want {
			t.Errorf("%s: taken is %v, want %v", tc.name, got, tc.want)
		}
	}
}

// The bytes are those that other stacks would send.
func TestBuildGolden(t *testing.T) {
	for _, tc := range []struct {
		name string
		got  []byte
		want string
	}{
		{"arp reply", AppendARP(nil, packet.ARPReply, macB, ip4B, macA, ip4A), "0001 0800 06 04 0002 020000000002 0a000002 020000000001 0a000001"},
		{"ipv6", AppendIPv6(nil, IPv6Header{TrafficClass: 0xb8, FlowLabel: 0x12345, NextHeader: packet.ProtoUDP, Src: ip6A, Dst: ip6B}, 8), "6b812345 0008 1140 fd000000000000000000000000000001 fd000000000000000000000000000002"},
		{"tcp syn", AppendTCP(nil, ip4A, ip4B, TCPHeader{SrcPort: 4444, DstPort: 80, Seq: 1, Flags: SYN, Window: 65535, Options: []byte{2, 4, 5, 0xb4}}, nil), "115c 0050 00000001 00000000 6002 ffff 7277 0000 020405b4"},
	} {
		if want := unhex(t, tc.want); !bytes.Equal(tc.got, want) {
			t.Errorf("%s:\n got %x\nwant %x", tc.name, tc.got, want)
		}
	}
}

// What a header can't say is a mistake of the test that builds it.
func TestBuildersPanic(t *testing.T) {
	for name, build := range map[string]func(){
		"ARP of IPv6":           func() { AppendARP(nil, packet.ARPRequest, macA, ip6A, macB, ip6B) },
		"IPv6 of IPv4":          func() { AppendIPv6(nil, IPv6Header{Src: ip6A, Dst: ip4B}, 0) },
		"IPv6 of 65536 bytes":   func() { AppendIPv6(nil, IPv6Header{Src: ip6A, Dst: ip6B}, 65536) },
		"IPv6 flow of 21 bits":  func() { AppendIPv6(nil, IPv6Header{Src: ip6A, Dst: ip6B, FlowLabel: 1 << 20}, 0) },
		"44 bytes of options":   func() { AppendTCP(nil, ip4A, ip4B, TCPHeader{Options: make([]byte, 44)}, nil) },
		"a tenth control bit":   func() { AppendTCP(nil, ip4A, ip4B, TCPHeader{Flags: 0x200}, nil) },
		"ICMPv4 of 65508 bytes": func() { must(packet.AppendICMPv4(nil, 8, 0, 0, make([]byte, 65508))) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: built", name)
				}
			}()
			build()
		}()
	}
}
