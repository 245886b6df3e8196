package packet

import (
	"bytes"
	"encoding/hex"
	"errors"
	"net/netip"
	"strings"
	"testing"
)

var (
	macA = MAC{2, 0, 0, 0, 0, 1}
	macB = MAC{2, 0, 0, 0, 0, 2}
	ip4A = netip.MustParseAddr("10.0.0.1")
	ip4B = netip.MustParseAddr("10.0.0.2")
	ip6A = netip.MustParseAddr("fd00::1")
	ip6B = netip.MustParseAddr("fd00::2")
)

// must is for builders whose arguments are known to be good.
func must(t testing.TB) func([]byte, error) []byte {
	return func(b []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestMAC(t *testing.T) {
	good := map[string]MAC{
		"02:00:00:00:00:0b": {2, 0, 0, 0, 0, 11},
		"FF:ff:Ff:fF:ff:ff": Broadcast,
		"01-00-5e-7f-00-01": {1, 0, 0x5e, 0x7f, 0, 1},
	}
	for s, want := range good {
		m, err := ParseMAC(s)
		if err != nil || m != want {
			t.Errorf("ParseMAC(%q) = %v, %v; want %v", s, m, err, want)
		}
		if back, err := ParseMAC(m.String()); err != nil || back != m {
			t.Errorf("ParseMAC(%q.String()) = %v, %v", s, back, err)
		}
	}
	for _, s := range []string{
		"", "02:00:00:00:00", "02:00:00:00:00:0g", "02:00:00-00:00:00", "0200.0000.0001",
		"02:00:00:00:00:00:00", "02.00.00.00.00.00", "2:0:0:0:0:1", strings.Repeat("a", 1000),
	} {
		if m, err := ParseMAC(s); err == nil {
			t.Errorf("ParseMAC(%.20q) = %v, want an error", s, m)
		} else if len(err.Error()) > 200 {
			t.Errorf("ParseMAC(%.20q): error of %d bytes", s, len(err.Error()))
		}
	}
	if got, want := macA.String(), "02:00:00:00:00:01"; got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
	for _, tc := range []struct {
		mac                    MAC
		multicast, bcast, zero bool
	}{
		{macA, false, false, false},
		{MAC{}, false, false, true},
		{MAC{0x33, 0x33, 0, 0, 0, 1}, true, false, false},
		{Broadcast, true, true, false},
	} {
		if tc.mac.IsMulticast() != tc.multicast || tc.mac.IsBroadcast() != tc.bcast || tc.mac.IsZero() != tc.zero {
			t.Errorf("%v: multicast %v, broadcast %v, zero %v", tc.mac, tc.mac.IsMulticast(), tc.mac.IsBroadcast(), tc.mac.IsZero())
		}
	}
	var m MAC
	if err := m.UnmarshalText([]byte("02:00:00:00:00:01")); err != nil || m != macA {
		t.Errorf("UnmarshalText = %v, %v", m, err)
	}
	if err := m.UnmarshalText([]byte("nonsense")); err == nil || m != macA {
		t.Errorf("UnmarshalText of nonsense: error %v, address %v; want an error and no change", err, m)
	}
	if text, err := macA.MarshalText(); err != nil || string(text) != "02:00:00:00:00:01" {
		t.Errorf("MarshalText = %q, %v", text, err)
	}
}

// slowChecksum is RFC 1071 word for word.
func slowChecksum(b []byte) uint16 {
	var s uint32
	for i := 0; i < len(b); i += 2 {
		w := uint32(b[i]) << 8
		if i+1 < len(b) {
			w |= uint32(b[i+1])
		}
		s += w
		s = s>>16 + s&0xffff
	}
	return ^uint16(s)
}

func TestChecksum(t *testing.T) {
	for _, tc := range []struct {
		name, hex string
		want      uint16
	}{
		{"RFC 1071 example", "0001f203f4f5f6f7", 0x220d},
		{"nothing", "", 0xffff},
		{"odd length", "0102 03", 0xfbfd},
		{"RFC 1624 example header words", "4500 0030 4422 4000 8006 0000 8c7c 19ac ae24 1e2b", 0x442e},
	} {
		if got := Checksum(unhex(t, tc.hex)); got != tc.want {
			t.Errorf("%s: Checksum = 0x%04x, want 0x%04x", tc.name, got, tc.want)
		}
	}
	ones := bytes.Repeat([]byte{0xff}, 65535)
	mixed := make([]byte, 65535)
	for i := range mixed {
		mixed[i] = byte(i * 7)
	}
	for n := range 200 {
		for _, b := range [][]byte{ones[:n], mixed[n : 2*n], ones[:65535-n], mixed[n:]} {
			if got, want := Checksum(b), slowChecksum(b); got != want {
				t.Fatalf("Checksum of %d bytes = 0x%04x, want 0x%04x", len(b), got, want)
			}
		}
	}
}

func TestUpdateChecksum(t *testing.T) {
	if got, want := UpdateChecksum16(0xdd2f, 0x5555, 0x3285), uint16(0x0000); got != want {
		t.Errorf("RFC 1624 section 4 example = 0x%04x, want 0x%04x", got, want)
	}
	b := unhex(t, "4500 0030 4422 4000 8006 0000 8c7c 19ac ae24 1e2b")
	before := Checksum(b)
	b[8] = 0x7f
	if got, want := UpdateChecksum16(before, 0x8006, 0x7f06), Checksum(b); got != want {
		t.Errorf("after a TTL change 0x%04x, want 0x%04x", got, want)
	}
	before = Checksum(b)
	copy(b[12:], []byte{192, 168, 255, 254})
	if got, want := UpdateChecksum32(before, 0x8c7c19ac, 0xc0a8fffe), Checksum(b); got != want {
		t.Errorf("after an address change 0x%04x, want 0x%04x", got, want)
	}
}

// The packets here are as other stacks make them, not as this package does.
func TestParseKnownPackets(t *testing.T) {
	ping := unhex(t, `0200 0000 0002 0200 0000 0001 0800
		4500 0054 1c46 4000 4001 0a61 0a00 0001 0a00 0002
		0800 7b8c 0007 000c
		`+strings.Repeat("00", 56))
	e, err := ParseEthernet(ping)
	if err != nil || e.Dst() != macB || e.Src() != macA || e.Type() != TypeIPv4 {
		t.Fatalf("ParseEthernet: %v %v %x %v", e.Dst(), e.Src(), e.Type(), err)
	}
	p, err := ParseIPv4(e.Payload())
	if err != nil {
		t.Fatal(err)
	}
	if p.HeaderLen() != 20 || p.TotalLen() != 84 || p.ID() != 0x1c46 || !p.DontFragment() || p.MoreFragments() ||
		p.FragmentOffset() != 0 || p.IsFragment() || p.TTL() != 64 || p.Protocol() != ProtoICMP ||
		p.HeaderChecksum() != 0x0a61 || p.Src() != ip4A || p.Dst() != ip4B || p.TOS() != 0 || len(p.Options()) != 0 {
		t.Errorf("IPv4 fields of %x", []byte(p))
	}
	m, err := ParseICMPv4(p.Payload())
	if err != nil || !m.IsEcho() || m.IsError() || m.Type() != ICMPEcho || m.Code() != 0 || m.ID() != 7 || m.Seq() != 12 || len(m.Payload()) != 56 {
		t.Errorf("ICMP fields of %x: %v", p.Payload(), err)
	}

	who := unhex(t, "0001 0800 0604 0001 0200 0000 0001 0a00 0001 0000 0000 0000 0a00 0002"+strings.Repeat("00", 18))
	a, err := ParseARP(who)
	if err != nil || a.Op() != ARPRequest || a.SenderMAC() != macA || a.SenderIP() != ip4A || !a.TargetMAC().IsZero() || a.TargetIP() != ip4B {
		t.Errorf("ARP fields: %v", err)
	}
	if len(a) != ARPLen {
		t.Errorf("ARP view has %d bytes, want the padding cut off", len(a))
	}

	v, err := ParseVLAN(unhex(t, "b00a 0806"))
	if err != nil || v.Priority() != 5 || !v.DropEligible() || v.ID() != 10 || v.Type() != TypeARP || len(v.Payload()) != 0 {
		t.Errorf("VLAN fields: %v", err)
	}
}

// Every parser names its header and the length it needed.
func TestParseErrors(t *testing.T) {
	v4 := func(edit func(b []byte)) []byte {
		b := must(t)(AppendIPv4(nil, IPv4Header{Protocol: 17, Src: ip4A, Dst: ip4B}, 0))
		edit(b)
		return b
	}
	arp := func(edit func(b []byte)) []byte {
		b := must(t)(AppendARP(nil, 1, macA, ip4A, MAC{}, ip4B))
		edit(b)
		return b
	}
	v6 := must(t)(AppendIPv6(nil, IPv6Header{Src: ip6A, Dst: ip6B}, 3))
	tcp := must(t)(AppendTCP(nil, ip4A, ip4B, TCPHeader{}, nil))
	short, long := bytes.Clone(tcp), bytes.Clone(tcp)
	short[12], long[12] = 0x40, 0x60
	for _, tc := range []struct {
		name  string
		parse func() error
		want  string
	}{
		{"ethernet", func() error { _, err := ParseEthernet(make([]byte, 13)); return err }, "packet: Ethernet: 14 bytes needed, have 13"},
		{"vlan", func() error { _, err := ParseVLAN(make([]byte, 3)); return err }, "packet: 802.1Q: 4 bytes needed, have 3"},
		{"arp", func() error { _, err := ParseARP(make([]byte, 27)); return err }, "packet: ARP: 28 bytes needed, have 27"},
		{"arp hardware", func() error { _, err := ParseARP(arp(func(b []byte) { b[1] = 6 })); return err }, "packet: ARP: hardware type 6, want 1 (Ethernet)"},
		{"arp protocol", func() error { _, err := ParseARP(arp(func(b []byte) { b[2] = 0x86 })); return err }, "packet: ARP: protocol type 0x8600, want 0x0800 (IPv4)"},
		{"arp sizes", func() error { _, err := ParseARP(arp(func(b []byte) { b[4] = 200 })); return err }, "packet: ARP: address sizes 200 and 4, want 6 and 4"},
		{"ipv4", func() error { _, err := ParseIPv4(make([]byte, 7)); return err }, "packet: IPv4: 20 bytes needed, have 7"},
		{"ipv4 version", func() error { _, err := ParseIPv4(v4(func(b []byte) { b[0] = 0x65 })); return err }, "packet: IPv4: version 6, want 4"},
		{"ipv4 header length", func() error { _, err := ParseIPv4(v4(func(b []byte) { b[0] = 0x44 })); return err }, "packet: IPv4: header length 16, want at least 20"},
		{"ipv4 header beyond total", func() error { _, err := ParseIPv4(v4(func(b []byte) { b[0] = 0x46 })); return err }, "packet: IPv4: total length 20 is less than the header's 24"},
		{"ipv4 total", func() error { _, err := ParseIPv4(v4(func(b []byte) { b[3] = 99 })); return err }, "packet: IPv4: 99 bytes needed, have 20"},
		{"ipv6", func() error { _, err := ParseIPv6(make([]byte, 39)); return err }, "packet: IPv6: 40 bytes needed, have 39"},
		{"ipv6 version", func() error { _, err := ParseIPv6(make([]byte, 40)); return err }, "packet: IPv6: version 0, want 6"},
		{"ipv6 payload", func() error { _, err := ParseIPv6(v6); return err }, "packet: IPv6: 43 bytes needed, have 40"},
		{"icmp", func() error { _, err := ParseICMPv4(make([]byte, 7)); return err }, "packet: ICMP: 8 bytes needed, have 7"},
		{"icmpv6", func() error { _, err := ParseICMPv6(nil); return err }, "packet: ICMPv6: 8 bytes needed, have 0"},
		{"udp", func() error { _, err := ParseUDP(make([]byte, 7)); return err }, "packet: UDP: 8 bytes needed, have 7"},
		{"udp length small", func() error { _, err := ParseUDP(make([]byte, 8)); return err }, "packet: UDP: length 0, want at least 8"},
		{"udp length large", func() error { _, err := ParseUDP([]byte{0, 1, 0, 1, 0, 9, 0, 0}); return err }, "packet: UDP: 9 bytes needed, have 8"},
		{"tcp", func() error { _, err := ParseTCP(make([]byte, 19)); return err }, "packet: TCP: 20 bytes needed, have 19"},
		{"tcp offset small", func() error { _, err := ParseTCP(short); return err }, "packet: TCP: header length 16, want at least 20"},
		{"tcp offset large", func() error { _, err := ParseTCP(long); return err }, "packet: TCP: 24 bytes needed, have 20"},
	} {
		err := tc.parse()
		if err == nil || err.Error() != tc.want {
			t.Errorf("%s: error %v, want %s", tc.name, err, tc.want)
		}
		var e *Error
		if !errors.As(err, &e) || e.Header == "" {
			t.Errorf("%s: error %T does not name a header", tc.name, err)
		}
	}
}

func TestBuildErrors(t *testing.T) {
	big := make([]byte, 65536)
	for _, tc := range []struct {
		name  string
		build func(b []byte) ([]byte, error)
		want  string
	}{
		{"arp family", func(b []byte) ([]byte, error) { return AppendARP(b, 1, macA, ip6A, macB, ip4B) }, "must both be IPv4"},
		{"ipv4 family", func(b []byte) ([]byte, error) { return AppendIPv4(b, IPv4Header{Src: ip4A}, 0) }, "must both be IPv4"},
		{"ipv4 options", func(b []byte) ([]byte, error) {
			return AppendIPv4(b, IPv4Header{Src: ip4A, Dst: ip4B, Options: big[:3]}, 0)
		}, "3 bytes of options"},
		{"ipv4 payload", func(b []byte) ([]byte, error) { return AppendIPv4(b, IPv4Header{Src: ip4A, Dst: ip4B}, 65516) }, "payload of 65516 bytes, want 0 to 65515"},
		{"ipv4 negative payload", func(b []byte) ([]byte, error) { return AppendIPv4(b, IPv4Header{Src: ip4A, Dst: ip4B}, -1) }, "payload of -1 bytes"},
		{"ipv4 fragment", func(b []byte) ([]byte, error) {
			return AppendIPv4(b, IPv4Header{Src: ip4A, Dst: ip4B, FragmentOffset: 12}, 0)
		}, "fragment offset 12"},
		{"ipv6 family", func(b []byte) ([]byte, error) { return AppendIPv6(b, IPv6Header{Src: ip6A, Dst: ip4B}, 0) }, "must both be IPv6"},
		{"ipv6 payload", func(b []byte) ([]byte, error) { return AppendIPv6(b, IPv6Header{Src: ip6A, Dst: ip6B}, 65536) }, "payload of 65536 bytes"},
		{"ipv6 flow", func(b []byte) ([]byte, error) {
			return AppendIPv6(b, IPv6Header{Src: ip6A, Dst: ip6B, FlowLabel: 1 << 20}, 0)
		}, "flow label 0x100000"},
		{"icmp payload", func(b []byte) ([]byte, error) { return AppendICMPv4(b, 8, 0, 0, big) }, "payload of 65536 bytes, want at most 65507"},
		{"icmpv6 payload", func(b []byte) ([]byte, error) { return AppendICMPv6(b, ip6A, ip6B, 128, 0, 0, big) }, "payload of 65536 bytes, want at most 65527"},
		{"icmpv6 family", func(b []byte) ([]byte, error) { return AppendICMPv6(b, ip4A, ip4B, 128, 0, 0, nil) }, "must both be IPv6"},
		{"udp payload", func(b []byte) ([]byte, error) { return AppendUDP(b, ip4A, ip4B, 1, 2, big[:65508]) }, "65516 bytes with its header, want at most 65515"},
		{"udp families", func(b []byte) ([]byte, error) { return AppendUDP(b, ip4A, ip6B, 1, 2, nil) }, "must be of one family"},
		{"tcp options", func(b []byte) ([]byte, error) { return AppendTCP(b, ip4A, ip4B, TCPHeader{Options: big[:44]}, nil) }, "44 bytes of options"},
		{"tcp flags", func(b []byte) ([]byte, error) { return AppendTCP(b, ip4A, ip4B, TCPHeader{Flags: 0x200}, nil) }, "flags 0x200"},
		{"tcp families", func(b []byte) ([]byte, error) { return AppendTCP(b, netip.Addr{}, ip4B, TCPHeader{}, nil) }, "must be of one family"},
	} {
		b, err := tc.build([]byte("kept"))
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want one with %q", tc.name, err, tc.want)
		}
		if string(b) != "kept" {
			t.Errorf("%s: a refused build left %q, want the slice as it was", tc.name, b)
		}
	}
}

// golden is checked against bytes that other stacks would send.
func TestBuildGolden(t *testing.T) {
	ok := must(t)
	opts := []byte{2, 4, 5, 0xb4}
	for _, tc := range []struct {
		name string
		got  []byte
		want string
	}{
		{"ethernet", AppendEthernet(nil, macB, macA, TypeARP), "020000000002 020000000001 0806"},
		{"vlan", AppendVLAN(nil, 5, true, 10, TypeARP), "b00a 0806"},
		{"arp reply", ok(AppendARP(nil, ARPReply, macB, ip4B, macA, ip4A)), "0001 0800 06 04 0002 020000000002 0a000002 020000000001 0a000001"},
		{"ipv4", ok(AppendIPv4(nil, IPv4Header{ID: 0x1c46, DontFragment: true, TTL: 64, Protocol: ProtoICMP, Src: ip4A, Dst: ip4B}, 64)), "4500 0054 1c46 4000 4001 0a61 0a000001 0a000002"},
		{"ipv4 fragment with options", ok(AppendIPv4(nil, IPv4Header{TOS: 0xb8, MoreFragments: true, FragmentOffset: 1480, Protocol: ProtoUDP, Src: ip4A, Dst: ip4B, Options: []byte{0x94, 4, 0, 0}}, 8)), "46b8 0020 0000 20b9 4011 b055 0a000001 0a000002 94040000"},
		{"ipv6", ok(AppendIPv6(nil, IPv6Header{TrafficClass: 0xb8, FlowLabel: 0x12345, NextHeader: ProtoUDP, Src: ip6A, Dst: ip6B}, 8)), "6b812345 0008 1140 fd000000000000000000000000000001 fd000000000000000000000000000002"},
		{"icmp echo", ok(AppendICMPv4Echo(nil, false, 7, 12, []byte("hi"))), "0800 8f83 0007 000c 6869"},
		{"icmp echo reply", ok(AppendICMPv4Echo(nil, true, 7, 12, []byte("hi"))), "0000 9783 0007 000c 6869"},
		{"udp", ok(AppendUDP(nil, ip4A, ip4B, 4444, 53, []byte("abc"))), "115c 0035 000b 15e2 616263"},
		{"tcp syn", ok(AppendTCP(nil, ip4A, ip4B, TCPHeader{SrcPort: 4444, DstPort: 80, Seq: 1, Flags: SYN, Window: 65535, Options: opts}, nil)), "115c 0050 00000001 00000000 6002 ffff 7277 0000 020405b4"},
	} {
		if want := unhex(t, tc.want); !bytes.Equal(tc.got, want) {
			t.Errorf("%s:\n got %x\nwant %x", tc.name, tc.got, want)
		}
	}
}

// A right packet of every kind verifies; one changed bit of the right kind is found.
func TestChecksums(t *testing.T) {
	ok := must(t)
	eth := AppendEthernet(nil, macB, macA, TypeIPv4)
	frame4 := func(proto uint8, payload []byte) []byte {
		b := ok(AppendIPv4(bytes.Clone(eth), IPv4Header{Protocol: proto, Src: ip4A, Dst: ip4B}, len(payload)))
		return append(append(b, payload...), 0, 0, 0) // with Ethernet padding
	}
	frame6 := func(proto uint8, payload []byte) []byte {
		b := AppendVLAN(AppendEthernet(nil, macB, macA, TypeVLAN), 0, false, 7, TypeIPv6)
		b = ok(AppendIPv6(b, IPv6Header{NextHeader: ProtoDestOpts, Src: ip6A, Dst: ip6B}, 8+len(payload)))
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
		{"icmp", frame4(ProtoICMP, ok(AppendICMPv4Echo(nil, false, 1, 2, data))), 34 + 9, "ICMP"},
		{"udp", frame4(ProtoUDP, ok(AppendUDP(nil, ip4A, ip4B, 1, 2, data))), 34 + 1, "UDP"},
		{"tcp", frame4(ProtoTCP, ok(AppendTCP(nil, ip4A, ip4B, TCPHeader{}, data))), 34 + 14, "TCP"},
		{"icmpv6", frame6(ProtoICMPv6, ok(AppendICMPv6Echo(nil, ip6A, ip6B, true, 1, 2, data))), 18 + 48 + 4, "ICMPv6"},
		{"udp over ipv6", frame6(ProtoUDP, ok(AppendUDP(nil, ip6A, ip6B, 1, 2, data))), 18 + 48 + 9, "UDP"},
		{"tcp over ipv6", frame6(ProtoTCP, ok(AppendTCP(nil, ip6A, ip6B, TCPHeader{}, data))), 18 + 48 + 21, "TCP"},
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
	udp := frame4(ProtoUDP, ok(AppendUDP(nil, ip4A, ip4B, 1, 2, data)))
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
	udp6 := frame6(ProtoUDP, ok(AppendUDP(nil, ip6A, ip6B, 1, 2, data)))
	udp6[18+48+6], udp6[18+48+7] = 0, 0
	if got := Checksums(udp6); len(got) != 1 {
		t.Errorf("UDP without a checksum over IPv6: %v, want it refused (RFC 8200)", got)
	}
	zero := frame4(ProtoICMP, make([]byte, 8))
	if got := Checksums(zero); len(got) != 1 || got[0].Want != 0xffff {
		t.Errorf("ICMP of zeros: %v, want 0xffff to be the right checksum", got)
	}

	frag := ok(AppendIPv4(nil, IPv4Header{MoreFragments: true, Protocol: ProtoUDP, Src: ip4A, Dst: ip4B}, 16))
	if got := PacketChecksums(append(frag, make([]byte, 16)...)); len(got) != 0 {
		t.Errorf("a fragment: %v, want its payload not verified", got)
	}
	for _, b := range [][]byte{nil, {0x45}, {0x60}, {0x10}, make([]byte, 13), unhex(t, "020000000002 020000000001 8100 00")} {
		if got := append(Checksums(b), PacketChecksums(b)...); len(got) != 0 {
			t.Errorf("%x: %v, want nothing to verify", b, got)
		}
	}
}

// A UDP checksum that comes out as 0 goes out as 0xffff (RFC 768).
func TestUDPChecksumNeverZero(t *testing.T) {
	b := must(t)(AppendUDP(nil, ip4A, ip4B, 0, 0, []byte{0, 0}))
	u, _ := ParseUDP(b)
	c := u.Checksum()
	b = must(t)(AppendUDP(nil, ip4A, ip4B, 0, 0, []byte{byte(c >> 8), byte(c)}))
	u, err := ParseUDP(b)
	if err != nil || u.Checksum() != 0xffff || !u.ChecksumOK(ip4A, ip4B) {
		t.Errorf("checksum 0x%04x (%v), want 0xffff and right", u.Checksum(), err)
	}
}

func TestSetTTLKeepsChecksumRight(t *testing.T) {
	p, err := ParseIPv4(must(t)(AppendIPv4(nil, IPv4Header{Protocol: 1, Src: ip4A, Dst: ip4B}, 0)))
	if err != nil {
		t.Fatal(err)
	}
	for ttl := range 256 {
		p.SetTTL(uint8(ttl))
		if p.TTL() != uint8(ttl) || !p.ChecksumOK() {
			t.Fatalf("TTL %d: field %d, checksum ok %v", ttl, p.TTL(), p.ChecksumOK())
		}
	}
	p[11] ^= 1
	p.SetTTL(9)
	if p.ChecksumOK() {
		t.Error("a wrong checksum became right")
	}
}

func TestSetters(t *testing.T) {
	e, _ := ParseEthernet(AppendEthernet(nil, macB, macA, TypeIPv4))
	e.SetDst(Broadcast)
	e.SetSrc(macB)
	if !e.Dst().IsBroadcast() || e.Src() != macB || e.Type() != TypeIPv4 {
		t.Errorf("after SetDst and SetSrc: %x", []byte(e))
	}
	p, _ := ParseIPv6(must(t)(AppendIPv6(nil, IPv6Header{Src: ip6A, Dst: ip6B}, 0)))
	p.SetHopLimit(1)
	if p.HopLimit() != 1 || p.Src() != ip6A {
		t.Errorf("after SetHopLimit: %x", []byte(p))
	}
}

func TestICMPErrorsQuote(t *testing.T) {
	packet := bytes.Repeat([]byte{0xab}, 2000)
	m4, err := ParseICMPv4(must(t)(AppendICMPv4Error(nil, ICMPUnreachable, 4, 1280, packet)))
	if err != nil || !m4.IsError() || m4.IsEcho() || m4.Rest() != 1280 || m4.Code() != 4 || len(m4.Payload()) != 548 || !m4.ChecksumOK() {
		t.Errorf("ICMPv4 error: %v, quotes %d bytes", err, len(m4.Payload()))
	}
	m6, err := ParseICMPv6(must(t)(AppendICMPv6Error(nil, ip6A, ip6B, ICMPv6PacketTooBig, 0, 1280, packet)))
	if err != nil || !m6.IsError() || m6.IsEcho() || m6.Rest() != 1280 || len(m6.Payload()) != 1232 || !m6.ChecksumOK(ip6A, ip6B) {
		t.Errorf("ICMPv6 error: %v, quotes %d bytes", err, len(m6.Payload()))
	}
	if m4, err = ParseICMPv4(must(t)(AppendICMPv4Error(nil, ICMPTimeExceeded, 0, 0, packet[:28]))); err != nil || len(m4.Payload()) != 28 {
		t.Errorf("a short packet is quoted with %d bytes, want 28 (%v)", len(m4.Payload()), err)
	}
}

func TestIPv6Upper(t *testing.T) {
	udp := must(t)(AppendUDP(nil, ip6A, ip6B, 1, 2, nil))
	ext := func(first uint8, b ...byte) IPv6 {
		b = append(b, udp...)
		p, err := ParseIPv6(append(must(t)(AppendIPv6(nil, IPv6Header{NextHeader: first, Src: ip6A, Dst: ip6B}, len(b))), b...))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	var chain []byte
	for range 9 {
		chain = append(chain, ProtoDestOpts, 0, 1, 4, 0, 0, 0, 0)
	}
	for _, tc := range []struct {
		name  string
		p     IPv6
		proto uint8
		ok    bool
	}{
		{"none", ext(ProtoUDP), ProtoUDP, true},
		{"hop-by-hop", ext(ProtoHopByHop, ProtoUDP, 0, 1, 4, 0, 0, 0, 0), ProtoUDP, true},
		{"atomic fragment", ext(ProtoFragment, ProtoUDP, 0, 0, 0, 0, 0, 0, 9), ProtoUDP, true},
		{"first fragment", ext(ProtoFragment, ProtoUDP, 0, 0, 1, 0, 0, 0, 9), ProtoFragment, false},
		{"later fragment", ext(ProtoFragment, ProtoUDP, 0, 0, 8, 0, 0, 0, 9), ProtoFragment, false},
		{"header longer than packet", ext(ProtoRouting, ProtoUDP, 200), ProtoRouting, false},
		{"too many", ext(ProtoDestOpts, chain...), ProtoDestOpts, false},
	} {
		proto, payload, ok := tc.p.Upper()
		if proto != tc.proto || ok != tc.ok || (ok && !bytes.Equal(payload, udp)) {
			t.Errorf("%s: proto %d, ok %v, %d bytes; want %d, %v", tc.name, proto, ok, len(payload), tc.proto, tc.ok)
		}
	}
	for _, proto := range []uint8{ProtoHopByHop, ProtoFragment} {
		p, _ := ParseIPv6(append(must(t)(AppendIPv6(nil, IPv6Header{NextHeader: proto, Src: ip6A, Dst: ip6B}, 4)), 0, 0, 0, 0))
		if _, _, ok := p.Upper(); ok {
			t.Errorf("an extension header %d of 4 bytes was walked", proto)
		}
	}
}

func TestViewsDoNotAllocate(t *testing.T) {
	frame := AppendEthernet(nil, macB, macA, TypeIPv4)
	frame = must(t)(AppendIPv4(frame, IPv4Header{Protocol: ProtoUDP, Src: ip4A, Dst: ip4B}, UDPLen+64))
	frame = must(t)(AppendUDP(frame, ip4A, ip4B, 1, 2, make([]byte, 64)))
	buf := make([]byte, 0, 2048)
	n := testing.AllocsPerRun(100, func() {
		e, _ := ParseEthernet(frame)
		p, _ := ParseIPv4(e.Payload())
		u, _ := ParseUDP(p.Payload())
		if !p.ChecksumOK() || !u.ChecksumOK(p.Src(), p.Dst()) || len(Checksums(frame)) != 0 {
			panic("wrong checksum")
		}
		b := AppendEthernet(buf, e.Src(), e.Dst(), e.Type())
		b, _ = AppendIPv4(b, IPv4Header{Protocol: ProtoUDP, Src: p.Dst(), Dst: p.Src()}, len(u))
		if _, err := AppendUDP(b, p.Dst(), p.Src(), u.DstPort(), u.SrcPort(), u.Payload()); err != nil {
			panic(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations for parsing, verifying and answering a frame, want 0", n)
	}
}

func BenchmarkChecksum1500(b *testing.B) {
	p := make([]byte, 1500)
	b.SetBytes(int64(len(p)))
	for b.Loop() {
		Checksum(p)
	}
}
