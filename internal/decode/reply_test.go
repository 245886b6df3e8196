package decode

import (
	"net/netip"
	"strings"
	"testing"
)

// dhcpMessage is a DHCP message: its first byte, flags, the address that it offers.
func dhcpMessage(op, flags, offers string) string {
	return op + "010600" + "a0000001" + "0000" + flags + "00000000" + offers + "00000000" + "00000000" +
		strings.Repeat("0", 2*(16+64+128)) + "63825363" + "350101ff"
}

// What is sent, and which frames are an answer to it.
func TestAnswers(t *testing.T) {
	broadcast := func(a netip.Addr) bool { return a == netip.MustParseAddr("10.3.1.127") }
	const tester, srv = "02:00:00:00:00:aa", "02:00:00:00:00:0b"
	solicit := []string{"eth.src", tester, "eth.dst", "33:33:ff:00:00:04", "ipv6.dst", "ff02::1:ff00:4", "icmpv6.type", "135", "icmpv6.nd.ns.target_address", "fd00:1::4"}
	dad := append([]string{"ipv6.src", "::"}, solicit...)
	nd := append([]string{"ipv6.src", "fd00:1::7"}, solicit...)
	advert := func(to, ip, s string) []string {
		return []string{"eth.src", srv, "eth.dst", to, "ipv6.src", "fd00:1::4", "ipv6.dst", ip, "icmpv6.type", "136", "icmpv6.nd.na.flag.s", s, "icmpv6.nd.na.target_address", "fd00:1::4"}
	}
	tcp := func(more ...string) []string {
		return append([]string{"eth.src", tester, "eth.dst", srv, "ip.src", "10.3.0.7", "ip.dst", "10.3.0.1", "tcp.srcport", "5", "tcp.dstport", "81"}, more...)
	}
	back := func(more ...string) []string {
		return append([]string{"eth.src", srv, "eth.dst", tester, "ip.src", "10.3.0.1", "ip.dst", "10.3.0.7", "tcp.srcport", "81", "tcp.dstport", "5"}, more...)
	}
	echo := func(dst, mac string) []string {
		return []string{"eth.src", tester, "eth.dst", mac, "ip.src", "10.3.0.7", "ip.dst", dst, "icmp.type", "8"}
	}
	echoed := func(src string) []string {
		return []string{"eth.src", srv, "eth.dst", tester, "ip.src", src, "ip.dst", "10.3.0.7", "icmp.type", "0"}
	}
	discover := func(flags string) []string {
		return []string{"eth.src", tester, "ip.src", "0.0.0.0", "ip.dst", "255.255.255.255", "udp.srcport", "68", "udp.dstport", "67", "data.data", dhcpMessage("01", flags, "00000000")}
	}
	offer := func(mac, dst string) []string {
		return []string{"eth.src", srv, "eth.dst", mac, "ip.src", "10.3.0.1", "ip.dst", dst, "udp.srcport", "67", "udp.dstport", "68", "data.data", dhcpMessage("02", "0000", "0a030064")}
	}
	ff := "ff:ff:ff:ff:ff:ff"
	for _, c := range []struct {
		name         string
		sent, answer []string
		ok           bool
	}{
		{"duplicate address detection is answered to all nodes, unsolicited", dad, advert("33:33:00:00:00:01", "ff02::1", "0"), true},
		{"and not as solicited", dad, advert("33:33:00:00:00:01", "ff02::1", "1"), false},
		{"and not to nobody", dad, advert(tester, "::", "0"), false},
		{"who has an address is answered alone", nd, advert(tester, "fd00:1::7", "1"), true},
		{"and not without S", nd, advert(tester, "fd00:1::7", "0"), false},
		{"a reset about an acknowledgement has its number", tcp("tcp.flags", "0x010", "tcp.seq", "500", "tcp.ack", "77"), back("tcp.flags", "0x004", "tcp.seq", "77"), true},
		{"and no other", tcp("tcp.flags", "0x010", "tcp.seq", "500", "tcp.ack", "77"), back("tcp.flags", "0x004", "tcp.seq", "78"), false},
		{"a reset that acknowledges must cover what was sent", tcp("tcp.flags", "0x010", "tcp.seq", "500", "tcp.ack", "77"), back("tcp.flags", "0x014", "tcp.ack", "499"), false},
		{"a segment that acknowledges is an answer", tcp("tcp.flags", "0x018", "tcp.seq", "500", "tcp.ack", "77", "data.text", "abc"), back("tcp.flags", "0x010", "tcp.seq", "77", "tcp.ack", "503"), true},
		{"one that neither resets nor acknowledges is none", tcp("tcp.flags", "0x010", "tcp.seq", "500", "tcp.ack", "77"), back("tcp.flags", "0x002", "tcp.seq", "77"), false},
		{"a reset about a SYN acknowledges it", tcp("tcp.seq", "4294967295"), back("tcp.flags", "0x014", "tcp.ack", "0"), true},
		{"and must", tcp("tcp.seq", "9"), back("tcp.flags", "0x004", "tcp.seq", "0"), false},
		{"a tag with a priority only need not come back", append(echo("10.3.0.1", srv), "vlan.id", "0"), echoed("10.3.0.1"), true},
		{"one of a VLAN must", append(echo("10.3.0.1", srv), "vlan.id", "5"), echoed("10.3.0.1"), false},
		{"an echo to a network's broadcast is answered by any of it", echo("10.3.0.255", ff), echoed("10.3.0.1"), true},
		{"not by the broadcast address", echo("10.3.0.255", ff), echoed("10.3.0.255"), false},
		{"nor by a group", echo("10.3.0.255", ff), echoed("224.0.0.9"), false},
		{"a broadcast address that the lab tells", echo("10.3.1.127", srv), echoed("10.3.1.3"), true},
		{"an address like that of a node is its own", echo("10.3.0.255", srv), echoed("10.3.0.1"), false},
		{"an offer is sent to the address that it offers", discover("0000"), offer(tester, "10.3.0.100"), true},
		{"or to all", discover("0000"), offer(ff, "255.255.255.255"), true},
		{"and not elsewhere", discover("0000"), offer(tester, "10.3.0.101"), false},
		{"who asks for a broadcast gets one", discover("8000"), offer(ff, "255.255.255.255"), true},
		{"and nothing else", discover("8000"), offer(tester, "10.3.0.100"), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			wants, err := Answer(Ethernet, made(t, Ethernet, c.sent...), broadcast)
			if err != nil {
				t.Fatal(err)
			}
			ok, out := Compare(Ethernet, made(t, Ethernet, c.answer...), wants)
			if ok != c.ok {
				t.Errorf("an answer: %t, want %t: %+v", ok, c.ok, out)
			}
		})
	}
	if _, err := Answer(Ethernet, made(t, Ethernet, tcp("tcp.flags", "0x004")...), nil); err == nil || !strings.Contains(err.Error(), "which nobody answers") {
		t.Errorf("a reset has an answer: %v", err)
	}
}
