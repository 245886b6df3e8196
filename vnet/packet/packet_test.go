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
	if p.HeaderLen() != 20 || p.TotalLen() != 84 || p.ID() != 0x1c46 || p.Flags() != DontFragment ||
		p.FragmentOffset() != 0 || p.TTL() != 64 || p.Protocol() != ProtoICMP ||
		p.HeaderChecksum() != 0x0a61 || p.Src() != ip4A || p.Dst() != ip4B || p.TOS() != 0 || len(p.Options()) != 0 {
		t.Errorf("IPv4 fields of %x", []byte(p))
	}
	m, err := ParseICMP(p.Payload())
	if err != nil || m.IsError4() || m.Type() != ICMPEcho || m.Code() != 0 || m.ID() != 7 || m.Seq() != 12 || len(m.Payload()) != 56 {
		t.Errorf("ICMP fields of %x: %v", p.Payload(), err)
	}

	who := unhex(t, "0001 0800 0604 0001 0200 0000 0001 0a00 0001 0000 0000 0000 0a00 0002"+strings.Repeat("00", 18))
	a, err := ParseARP(who)
	if err != nil || a.Op() != ARPRequest || a.SenderIP() != ip4A || a.TargetIP() != ip4B {
		t.Errorf("ARP fields: %v", err)
	}
	if len(a) != ARPLen {
		t.Errorf("ARP view has %d bytes, want the padding cut off", len(a))
	}

	v, err := ParseVLAN(unhex(t, "b00a 0806"))
	if err != nil || v.TCI() != 5<<13|1<<12|10 || v.Type() != TypeARP || len(v.Payload()) != 0 {
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
	arp := func(at int, c byte) []byte {
		b := unhex(t, "0001 0800 0604 0001"+strings.Repeat("00", 20))
		b[at] = c
		return b
	}
	v6 := unhex(t, "60000000 0003 11 40"+strings.Repeat("00", 32))
	for _, tc := range []struct {
		name  string
		parse func() error
		want  string
	}{
		{"ethernet", func() error { _, err := ParseEthernet(make([]byte, 13)); return err }, "packet: Ethernet: 14 bytes needed, have 13"},
		{"vlan", func() error { _, err := ParseVLAN(make([]byte, 3)); return err }, "packet: 802.1Q: 4 bytes needed, have 3"},
		{"arp", func() error { _, err := ParseARP(make([]byte, 27)); return err }, "packet: ARP: 28 bytes needed, have 27"},
		{"arp hardware", func() error { _, err := ParseARP(arp(1, 6)); return err }, "packet: ARP: hardware type 6, want 1 (Ethernet)"},
		{"arp protocol", func() error { _, err := ParseARP(arp(2, 0x86)); return err }, "packet: ARP: protocol type 0x8600, want 0x0800 (IPv4)"},
		{"arp sizes", func() error { _, err := ParseARP(arp(4, 200)); return err }, "packet: ARP: address sizes 200 and 4, want 6 and 4"},
		{"ipv4", func() error { _, err := ParseIPv4(make([]byte, 7)); return err }, "packet: IPv4: 20 bytes needed, have 7"},
		{"ipv4 version", func() error { _, err := ParseIPv4(v4(func(b []byte) { b[0] = 0x65 })); return err }, "packet: IPv4: version 6, want 4"},
		{"ipv4 header length", func() error { _, err := ParseIPv4(v4(func(b []byte) { b[0] = 0x44 })); return err }, "packet: IPv4: header length 16, want at least 20"},
		{"ipv4 header beyond total", func() error { _, err := ParseIPv4(append(v4(func(b []byte) { b[0] = 0x46 }), 0, 0, 0, 0)); return err }, "packet: IPv4: total length 20 is less than the header's 24"},
		{"ipv4 total", func() error { _, err := ParseIPv4(v4(func(b []byte) { b[3] = 99 })); return err }, "packet: IPv4: 99 bytes needed, have 20"},
		{"ipv4 header alone", func() error { _, err := ParseIPv4Header(make([]byte, 19)); return err }, "packet: IPv4: 20 bytes needed, have 19"},
		{"ipv4 header alone, its length", func() error { _, err := ParseIPv4Header(v4(func(b []byte) { b[0] = 0x44 })); return err }, "packet: IPv4: header length 16, want at least 20"},
		{"ipv4 header alone, cut short", func() error { _, err := ParseIPv4Header(v4(func(b []byte) { b[0] = 0x46 })); return err }, "packet: IPv4: 24 bytes needed, have 20"},
		{"ipv6 header alone", func() error { _, err := ParseIPv6Header(make([]byte, 39)); return err }, "packet: IPv6: 40 bytes needed, have 39"},
		{"ipv6", func() error { _, err := ParseIPv6(make([]byte, 39)); return err }, "packet: IPv6: 40 bytes needed, have 39"},
		{"ipv6 version", func() error { _, err := ParseIPv6(make([]byte, 40)); return err }, "packet: IPv6: version 0, want 6"},
		{"ipv6 payload", func() error { _, err := ParseIPv6(v6); return err }, "packet: IPv6: 43 bytes needed, have 40"},
		{"icmp", func() error { _, err := ParseICMP(make([]byte, 7)); return err }, "packet: ICMP: 8 bytes needed, have 7"},
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
		{"ipv4 family", func(b []byte) ([]byte, error) { return AppendIPv4(b, IPv4Header{Src: ip4A}, 0) }, "must both be IPv4"},
		{"ipv4 options", func(b []byte) ([]byte, error) {
			return AppendIPv4(b, IPv4Header{Src: ip4A, Dst: ip4B, Options: big[:3]}, 0)
		}, "3 bytes of options"},
		{"ipv4 payload", func(b []byte) ([]byte, error) { return AppendIPv4(b, IPv4Header{Src: ip4A, Dst: ip4B}, 65516) }, "payload of 65516 bytes, want 0 to 65515"},
		{"ipv4 negative payload", func(b []byte) ([]byte, error) { return AppendIPv4(b, IPv4Header{Src: ip4A, Dst: ip4B}, -1) }, "payload of -1 bytes"},
		{"ipv4 fragment", func(b []byte) ([]byte, error) {
			return AppendIPv4(b, IPv4Header{Src: ip4A, Dst: ip4B, FragmentOffset: 12}, 0)
		}, "fragment offset 12"},
		{"ipv4 flags", func(b []byte) ([]byte, error) { return AppendIPv4(b, IPv4Header{Src: ip4A, Dst: ip4B, Flags: 8}, 0) }, "flags 0x8"},
		{"icmp payload", func(b []byte) ([]byte, error) { return AppendICMPv4(b, 8, 0, 0, big) }, "payload of 65536 bytes, want at most 65507"},
		{"udp payload", func(b []byte) ([]byte, error) { return AppendUDP(b, ip4A, ip4B, 1, 2, big[:65508]) }, "payload of 65508 bytes, want at most 65507"},
		{"udp families", func(b []byte) ([]byte, error) { return AppendUDP(b, ip4A, ip6B, 1, 2, nil) }, "must be of one family"},
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

// The bytes are those that other stacks would send.
func TestBuildGolden(t *testing.T) {
	ok := must(t)
	for _, tc := range []struct {
		name string
		got  []byte
		want string
	}{
		{"ethernet", AppendEthernet(nil, macB, macA, TypeARP), "020000000002 020000000001 0806"},
		{"ipv4", ok(AppendIPv4(nil, IPv4Header{ID: 0x1c46, Flags: DontFragment, TTL: 64, Protocol: ProtoICMP, Src: ip4A, Dst: ip4B}, 64)), "4500 0054 1c46 4000 4001 0a61 0a000001 0a000002"},
		{"ipv4 fragment with options", ok(AppendIPv4(nil, IPv4Header{TOS: 0xb8, Flags: MoreFragments, FragmentOffset: 1480, Protocol: ProtoUDP, Src: ip4A, Dst: ip4B, Options: []byte{0x94, 4, 0, 0}}, 8)), "46b8 0020 0000 20b9 4011 b055 0a000001 0a000002 94040000"},
		{"icmp echo", ok(AppendICMPv4Echo(nil, false, 7, 12, []byte("hi"))), "0800 8f83 0007 000c 6869"},
		{"icmp echo reply", ok(AppendICMPv4Echo(nil, true, 7, 12, []byte("hi"))), "0000 9783 0007 000c 6869"},
		{"udp", ok(AppendUDP(nil, ip4A, ip4B, 4444, 53, []byte("abc"))), "115c 0035 000b 15e2 616263"},
	} {
		if want := unhex(t, tc.want); !bytes.Equal(tc.got, want) {
			t.Errorf("%s:\n got %x\nwant %x", tc.name, tc.got, want)
		}
	}
}

// A UDP checksum that comes out as 0 goes out as 0xffff (RFC 768).
func TestUDPChecksumNeverZero(t *testing.T) {
	b := must(t)(AppendUDP(nil, ip4A, ip4B, 0, 0, []byte{0, 0}))
	b = must(t)(AppendUDP(nil, ip4A, ip4B, 0, 0, b[6:8]))
	if b[6] != 0xff || b[7] != 0xff || TransportChecksum(ip4A, ip4B, ProtoUDP, b) != 0 {
		t.Errorf("checksum 0x%x, want 0xffff and right", b[6:8])
	}
}

// What follows an extension header, and where there is none.
func TestExtension(t *testing.T) {
	for _, tc := range []struct {
		name string
		b    []byte
		next uint8
		rest string
		ok   bool
	}{
		{"nothing behind it", []byte{58, 0, 1, 4, 0, 0, 0, 0}, 58, "", true},
		{"a payload behind it", []byte{17, 0, 1, 4, 0, 0, 0, 0, 'a', 'b'}, 17, "ab", true},
		{"of 16 bytes", []byte{58, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 'c'}, 58, "c", true},
		{"longer than the packet", []byte{58, 1, 1, 12, 0, 0, 0, 0, 0}, 58, "", false},
		{"cut short", []byte{58, 0, 1, 4, 0, 0, 0}, 0, "", false},
	} {
		next, rest, ok := Extension(tc.b)
		if next != tc.next || string(rest) != tc.rest || ok != tc.ok {
			t.Errorf("%s: got %d, %q, %v, want %d, %q, %v", tc.name, next, rest, ok, tc.next, tc.rest, tc.ok)
		}
	}
}

func TestSetEcho(t *testing.T) {
	m, err := ParseICMP([]byte{1, 2, 3, 4, 5, 6, 7, 8, 'x'})
	if err != nil {
		t.Fatal(err)
	}
	m.SetEcho(ICMPEcho, 0x0102, 0x0304)
	if want := "\x08\x00\x00\x00\x01\x02\x03\x04x"; string(m) != want {
		t.Errorf("SetEcho made %x, want %x", []byte(m), want)
	}
	m.SetID(7)
	m.SetChecksum(Checksum(m))
	if m.ID() != 7 || m.Seq() != 0x0304 || Checksum(m) != 0 {
		t.Errorf("after SetID and SetChecksum: %x", []byte(m))
	}
}

func BenchmarkChecksum1500(b *testing.B) {
	p := make([]byte, 1500)
	b.SetBytes(int64(len(p)))
	for b.Loop() {
		Checksum(p)
	}
}
