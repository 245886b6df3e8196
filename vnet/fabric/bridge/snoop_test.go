package bridge

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"wireloom/vnet/packet"
)

// igmp is a frame of host n with an IGMP message: its type, its maximal time to answer, its
// group, and what comes behind. to is the group that it is sent to.
func igmp(n byte, to string, typ, code byte, group string, more ...byte) []byte {
	dst, g := netip.MustParseAddr(to).As4(), netip.MustParseAddr(group).As4()
	m := append([]byte{typ, code, 0, 0, g[0], g[1], g[2], g[3]}, more...)
	binary.BigEndian.PutUint16(m[2:], packet.Checksum(m))
	return ipv4(n, dst, packet.ProtoIGMP, m)
}

func ipv4(n byte, dst [4]byte, proto uint8, payload []byte) []byte {
	f := packet.AppendEthernet(nil, packet.MAC{1, 0, 0x5e, dst[1] & 0x7f, dst[2], dst[3]}, mac(n), packet.TypeIPv4)
	f, err := packet.AppendIPv4(f, packet.IPv4Header{TTL: 1, Protocol: proto, Src: netip.AddrFrom4([4]byte{10, 0, 0, n}), Dst: netip.AddrFrom4(dst)}, len(payload))
	if err != nil {
		panic(err)
	}
	return append(f, payload...)
}

func data4(n byte, to string) []byte {
	return ipv4(n, netip.MustParseAddr(to).As4(), packet.ProtoUDP, make([]byte, 8))
}

// mld is a frame with an ICMPv6 message behind a hop-by-hop header: its type, its time to
// answer, or number of records, and what comes behind.
func mld(src string, to string, typ byte, wait, records uint16, body ...byte) []byte {
	s, d := netip.MustParseAddr(src), netip.MustParseAddr(to)
	m := binary.BigEndian.AppendUint16([]byte{typ, 0, 0, 0}, wait)
	m = append(binary.BigEndian.AppendUint16(m, records), body...)
	binary.BigEndian.PutUint16(m[2:], packet.TransportChecksum(s, d, packet.ProtoICMPv6, m))
	return ipv6(s, d, packet.ProtoHopByHop, append([]byte{packet.ProtoICMPv6, 0, 5, 2, 0, 0, 1, 0}, m...))
}

func ipv6(src, dst netip.Addr, next uint8, payload []byte) []byte {
	s, d := src.As16(), dst.As16()
	f := packet.AppendEthernet(nil, packet.MAC{0x33, 0x33, d[12], d[13], d[14], d[15]}, mac(s[15]), packet.TypeIPv6)
	f = append(f, 6<<4, 0, 0, 0)
	f = append(binary.BigEndian.AppendUint16(f, uint16(len(payload))), next, 1)
	return append(append(append(f, s[:]...), d[:]...), payload...)
}

func group6(a string) []byte { b := netip.MustParseAddr(a).As16(); return b[:] }

// A provider's switch does not look behind a customer's tag, which is payload to it; one
// that knows customers' tags does, and so does one that knows none.
func TestSnoopingBehindTags(t *testing.T) {
	f := igmp(2, "239.1.1.1", 0x16, 0, "239.1.1.1")
	f[len(f)-1] ^= 1 // malformed, so that it is seen whether it is looked at
	tagged := append(append(append([]byte(nil), f[:12]...), 0x81, 0, 0, 10), f[12:]...)
	vlan := []VLAN{{VID: 10, PVID: true, Untagged: true}}
	for _, tc := range []struct {
		name      string
		filtering bool
		tpid      uint16
		want      string
	}{
		{"a provider's switch", true, TPID8021AD, "send 1"},
		{"one of customers", true, TPID8021Q, "drop malformed-group"},
		{"one without VLANs", false, 0, "drop malformed-group"},
	} {
		b := New(Config{Snooping: true, Filtering: tc.filtering, TPID: tc.tpid, Ports: []PortConfig{{VLANs: vlan}, {VLANs: vlan}}})
		b.SetPort(0, 0, true)
		b.SetPort(0, 1, true)
		b.Receive(0, 0, frame(packet.Broadcast, mac(2)))
		if got := words(b.Receive(0, 0, tagged)); got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.name, got, tc.want)
		}
	}
}

// What a switch of five ports that snoops does, one thing after the other: the linux
// dialect as the kernel did it, the standard's as RFC 4541 has it. Frames are heard from
// port 0 on, and where they go is told.
func TestSnooping(t *testing.T) {
	const group, other = "239.1.1.1", "239.2.2.2"
	record := func(kind byte, g string) []byte {
		a := netip.MustParseAddr(g).As4()
		return append([]byte{kind, 0, 0, 0}, a[:]...)
	}
	query := func(n byte) []byte { return igmp(n, "224.0.0.1", 0x11, 100, "0.0.0.0") }
	spoiled := mld("fe80::4", "ff05::9", packet.ICMPv6ListenerReport, 0, 0, group6("ff05::9")...)
	spoiled[len(spoiled)-1] ^= 1
	for _, d := range []Dialect{Standard, Linux} {
		b := New(Config{Dialect: d, Snooping: true, Ports: make([]PortConfig, 5)})
		for i := range 5 {
			b.SetPort(0, i, true)
		}
		now := time.Duration(0)
		say := func(name string, port int, f []byte, want string) {
			t.Helper()
			now += time.Millisecond
			var sent []Act
			for _, a := range b.Receive(now, port, f) {
				if a.Kind == Send || a.Kind == Drop {
					sent = append(sent, a)
				}
			}
			if got := words(sent); got != want {
				t.Errorf("dialect %d: %s: got %q, want %q", d, name, got, want)
			}
		}
		all := func(but string) string {
			return map[string]string{"0": "send 1; send 2; send 3; send 4", "1": "send 0; send 2; send 3; send 4", "3": "send 0; send 1; send 2; send 4", "4": "send 0; send 1; send 2; send 3"}[but]
		}
		say("while nobody asks, all is flooded", 0, data4(9, group), all("0"))
		say("a query is for everybody", 1, query(1), all("1"))
		now += responseInterval
		say("a report is the routers' alone", 2, igmp(2, group, 0x16, 0, group), "send 1")
		say("and what is for the group goes to its members and the routers", 0, data4(9, group), "send 1; send 2")
		say("what nobody asked for goes to the routers", 0, data4(9, other), "send 1")
		say("a query for a group makes no router of who asks", 3, igmp(3, other, 0x11, 10, other), all("3"))
		say("nor is what is for another group theirs", 0, data4(9, other), "send 1")
		v3 := map[Dialect]string{Standard: "send 1", Linux: all("4")}[d]
		say("a report of version 3", 4, igmp(4, "224.0.0.22", 0x22, 0, "0.0.0.1", record(4, other)...), v3)
		say("says that it wants the group", 0, data4(9, other), "send 1; send 4")
		say("a report of version 3 that ends too early", 4, igmp(4, "224.0.0.22", 0x22, 0, "0.0.0.2", record(4, other)...), "drop malformed-group")
		say("a query for the group", 1, igmp(1, group, 0x11, 10, group), all("1"))
		now += lastMembers * time.Second
		say("is not answered: nobody wants it any more", 0, data4(9, group), "send 1")
		say("a query for sources of a group", 1, igmp(1, other, 0x11, 10, other, 2, 125, 0, 1, 10, 9, 9, 9), all("1"))
		now += lastMembers * time.Second
		say("says nothing of the group", 0, data4(9, other), "send 1; send 4")
		b.SetPort(now, 4, false)
		b.SetPort(now, 4, true)
		say("a port that was down has no members", 0, data4(9, other), "send 1")
		say("a router of PIM says hello", 3, ipv4(3, [4]byte{224, 0, 0, 13}, 103, []byte{0x20, 0, 0xdf, 0xff}), all("3"))
		say("and is one", 0, data4(9, other), "send 1; send 3")
		say("a router that advertises itself", 4, igmp(4, "224.0.0.106", 0x30, 20, "0.0.0.0"), all("4"))
		say("is one too", 0, data4(9, other), "send 1; send 3; send 4")
		b.SetPort(now, 1, false)
		b.SetPort(now, 1, true)
		say("a port that was down has no router", 0, data4(9, other), "send 3; send 4")

		say("IPv6 has routers of its own: nobody has asked there", 0, ipv6(netip.MustParseAddr("fe80::9"), netip.MustParseAddr("ff05::9"), packet.ProtoUDP, make([]byte, 8)), all("0"))
		say("a query from an address that is not link-local", 1, mld("2001:db8::1", "ff02::1", packet.ICMPv6ListenerQuery, 10_000, 0, group6("::")...), "drop malformed-group")
		say("one that is", 1, mld("fe80::1", "ff02::1", packet.ICMPv6ListenerQuery, 10_000, 0, group6("::")...), all("1"))
		now += responseInterval
		say("a report whose checksum is wrong", 4, spoiled, "drop malformed-group")
		say("one that is not", 4, mld("fe80::4", "ff05::9", packet.ICMPv6ListenerReport, 0, 0, group6("ff05::9")...), "send 1")
		say("has a member", 0, ipv6(netip.MustParseAddr("fe80::9"), netip.MustParseAddr("ff05::9"), packet.ProtoUDP, make([]byte, 8)), "send 1; send 4")
		say("a query for the group", 1, mld("fe80::1", "ff05::9", packet.ICMPv6ListenerQuery, 1000, 0, group6("ff05::9")...), all("1"))
		v2 := map[Dialect]string{Standard: "send 1", Linux: all("3")}[d]
		say("is answered by another one, with version 2", 3, mld("fe80::3", "ff02::16", packet.ICMPv6ListenerReportV2, 0, 1, append([]byte{4, 0, 0, 0}, group6("ff05::9")...)...), v2)
		now += lastMembers * time.Second
		say("who is the group's only member then", 0, ipv6(netip.MustParseAddr("fe80::9"), netip.MustParseAddr("ff05::9"), packet.ProtoUDP, make([]byte, 8)), "send 1; send 3")
	}
}
