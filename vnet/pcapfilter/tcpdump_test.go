package pcapfilter

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wireloom/vnet/packet"
)

// frames are Ethernet frames of many kinds, and then each of them cut and changed at random.
func frames(t testing.TB) [][]byte {
	t.Helper()
	var out [][]byte
	a, b := packet.MAC{2, 0, 0, 0, 0, 1}, packet.MAC{2, 0, 0, 0, 0, 2}
	v4 := []netip.Addr{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2"), netip.MustParseAddr("192.168.7.9"), netip.MustParseAddr("224.0.0.5"), netip.MustParseAddr("10.0.0.255")}
	v6 := []netip.Addr{netip.MustParseAddr("fd00::1"), netip.MustParseAddr("fe80::1"), netip.MustParseAddr("ff02::1:ff00:1")}
	ether := func(dst packet.MAC, typ uint16, payload []byte) {
		out = append(out, append(packet.AppendEthernet(nil, dst, a, typ), payload...))
	}
	ip4 := func(proto byte, src, dst netip.Addr, frag uint16, options int, payload []byte) []byte {
		h := make([]byte, 20+options)
		h[0] = 0x40 | byte(len(h)/4)
		binary.BigEndian.PutUint16(h[2:], uint16(len(h)+len(payload)))
		binary.BigEndian.PutUint16(h[6:], frag)
		h[8], h[9] = 64, proto
		copy(h[12:], src.AsSlice())
		copy(h[16:], dst.AsSlice())
		for i := 20; i < len(h); i++ {
			h[i] = 1
		}
		return append(h, payload...)
	}
	ip6 := func(next byte, src, dst netip.Addr, payload []byte) []byte {
		h := make([]byte, 40)
		h[0], h[6], h[7] = 0x60, next, 64
		binary.BigEndian.PutUint16(h[4:], uint16(len(payload)))
		copy(h[8:], src.AsSlice())
		copy(h[24:], dst.AsSlice())
		return append(h, payload...)
	}
	ports := func(src, dst uint16, n int) []byte {
		p := make([]byte, n)
		binary.BigEndian.PutUint16(p, src)
		binary.BigEndian.PutUint16(p[2:], dst)
		if n > 13 {
			p[12], p[13] = 0x50, byte(src)
		}
		return p
	}
	var packets [][]byte
	for _, proto := range []byte{1, 2, 6, 17, 47, 50, 89, 103, 112, 132} {
		for i, src := range v4 {
			packets = append(packets, ip4(proto, src, v4[(i+1)%len(v4)], 0, 4*(i%3), ports(uint16(53+i), 80, 20+i)))
		}
		packets = append(packets, ip4(proto, v4[0], v4[1], 0x2000, 0, ports(80, 443, 24)), ip4(proto, v4[0], v4[1], 100, 0, ports(80, 443, 24)))
		for i, src := range v6 {
			packets = append(packets, ip6(proto, src, v6[(i+1)%len(v6)], ports(uint16(53+i), 80, 20)), ip6(44, src, v6[0], append([]byte{proto, 0, 0, 1, 0, 0, 0, 1}, ports(80, 53, 20)...)))
		}
	}
	for _, typ := range []byte{1, 128, 129, 133, 134, 135, 136, 143} {
		packets = append(packets, ip6(58, v6[1], v6[2], append([]byte{typ, 0, 0, 0}, make([]byte, 20)...)))
	}
	for i, p := range packets {
		typ := packet.TypeIPv4
		if p[0]>>4 == 6 {
			typ = packet.TypeIPv6
		}
		dst := []packet.MAC{b, packet.Broadcast, {1, 0, 0x5e, 0, 0, 5}}[i%3]
		ether(dst, typ, p)
		if i%4 == 0 {
			ether(dst, 0x8100, append([]byte{0x60, byte(i), byte(typ >> 8), byte(typ)}, p...))
		}
		if i%16 == 0 {
			ether(dst, 0x88a8, append([]byte{0, 100, 0x81, 0, 0, 200, byte(typ >> 8), byte(typ)}, p...))
		}
	}
	arp := []byte{0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2}
	ether(packet.Broadcast, 0x806, arp)
	ether(b, 0x8035, arp)
	ether(packet.MAC{1, 0x80, 0xc2}, 38, append([]byte{0x42, 0x42, 3, 0, 0, 0, 0, 0}, make([]byte, 40)...))
	ether(b, 50, append([]byte{0xaa, 0xaa, 3, 8, 0, 7, 0x80, 0x9b}, make([]byte, 40)...))
	ether(b, 50, append([]byte{0xaa, 0xaa, 3, 0, 0, 0, 0x80, 0xf3}, make([]byte, 40)...))
	ether(b, 50, append([]byte{0xff, 0xff}, make([]byte, 40)...))
	ether(b, 50, append([]byte{0xe0, 0xe0, 3}, make([]byte, 40)...))
	ether(b, 50, append([]byte{0xf0, 0xf0, 3}, make([]byte, 40)...))
	ether(b, 50, append([]byte{0xfe, 0xfe, 3, 0x83}, make([]byte, 40)...))
	ether(b, 0x8137, make([]byte, 40))
	ether(b, 0x9000, make([]byte, 40))
	r := rand.New(rand.NewPCG(1, 2))
	for _, f := range slices.Clone(out) {
		x := slices.Clone(f)
		for range 1 + r.IntN(3) {
			x[12+r.IntN(len(x)-12)] = byte(r.Uint32())
		}
		out = append(out, x, f[:14+r.IntN(len(f)-13)])
	}
	return out
}

// A capture is a file of packets for tcpdump, each a second after the one before.
func writeCapture(t testing.TB, link uint32, packets [][]byte) string {
	t.Helper()
	le := binary.LittleEndian
	b := append([]byte{0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0}, make([]byte, 8)...)
	b = le.AppendUint32(b, 262144)
	b = le.AppendUint32(b, link)
	for i, p := range packets {
		b = le.AppendUint32(b, uint32(i))
		b = le.AppendUint32(b, 0)
		b = le.AppendUint32(b, uint32(len(p)))
		b = le.AppendUint32(b, uint32(len(p)+i%2*4)) // some were longer on the wire
		b = append(b, p...)
	}
	name := filepath.Join(t.TempDir(), "in.pcap")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// chosen are the packets that tcpdump takes, or what it says of the filter. The optimizer is
// off (-O): it tries conditions in another order, which shows in packets that were cut.
func chosen(t testing.TB, file, filter string) (out []int, said string) {
	t.Helper()
	var errs bytes.Buffer
	c := exec.Command("tcpdump", "-O", "-r", file, "-w", "-", "--", filter)
	c.Stderr = &errs
	b, err := c.Output()
	if err != nil {
		lines := strings.Split(strings.TrimSpace(errs.String()), "\n")
		return nil, strings.TrimPrefix(lines[len(lines)-1], "tcpdump: ")
	}
	for b = b[24:]; len(b) >= 16; {
		out = append(out, int(binary.LittleEndian.Uint32(b)))
		b = b[16+binary.LittleEndian.Uint32(b[8:]):]
	}
	return out, ""
}

// TestFiltersChooseAsTcpdump puts filters, written and made at random, to a capture beside
// the real tcpdump.
func TestFiltersChooseAsTcpdump(t *testing.T) {
	all := frames(t)
	var raw, null [][]byte
	for _, f := range all {
		if len(f) <= 14 {
			continue
		}
		raw = append(raw, f[14:])
		family := []byte{2, 0, 0, 0}
		if f[14]>>4 == 6 {
			family[0] = 28
		}
		null = append(null, append(family, f[14:]...))
	}
	for _, c := range []struct {
		link    Link
		dlt     uint32
		packets [][]byte
	}{{Ethernet, 1, all}, {Raw, 101, raw}, {Null, 0, null}} {
		t.Run(c.link.describe(), func(t *testing.T) {
			file := writeCapture(t, c.dlt, c.packets)
			filters := slices.Clone(written)
			r := rand.New(rand.NewPCG(3, uint64(c.link)))
			for range 60 {
				filters = append(filters, random(r, 3))
			}
			matched := 0
			for _, text := range filters {
				want, said := chosen(t, file, text)
				f, err := Compile(text, Env{Link: c.link})
				switch {
				case said != "" && err == nil:
					if !strings.Contains(said, "rejects all packets") && !strings.Contains(said, "expression rejects") {
						t.Errorf("%q: it is taken, and tcpdump says %q", text, said)
					}
					continue
				case err != nil && said == "":
					t.Errorf("%q: %v, and tcpdump takes it", text, err)
					continue
				case err != nil:
					if err.Error() != said && !strings.Contains(said, "rejects all packets") && !strings.HasPrefix(said, "inbound/outbound") {
						t.Errorf("%q: we say %q, tcpdump %q", text, err, said)
					}
					continue
				}
				var got []int
				for i, p := range c.packets {
					if f.Match(p, len(p)+i%2*4) {
						got = append(got, i)
					}
				}
				if !slices.Equal(got, want) {
					t.Errorf("%q: we take %d packets, tcpdump %d; first difference: %s", text, len(got), len(want), difference(c.packets, got, want))
				}
				if len(got) > 0 && len(got) < len(c.packets) {
					matched++
				}
			}
			if matched < len(filters)/4 {
				t.Errorf("only %d of %d filters take some packets and not all: they say little", matched, len(filters))
			}
		})
	}
}

func difference(packets [][]byte, got, want []int) string {
	for i, p := range packets {
		if g, w := slices.Contains(got, i), slices.Contains(want, i); g != w {
			return fmt.Sprintf("packet %d, ours %v: %x", i, g, p)
		}
	}
	return "none"
}

// written are the filters that people write, and corners of the grammar.
var written = []string{
	"", "ip", "ip6", "arp", "rarp", "tcp", "udp", "icmp", "icmp6", "igmp", "pim", "sctp", "ah", "esp", "vrrp", "stp", "iso", "ipx", "netbeui", "atalk", "aarp", "llc",
	"host 10.0.0.1", "src host 10.0.0.1", "dst host 10.0.0.1", "src 10.0.0.1", "src and dst host 10.0.0.1", "dst or src 10.0.0.2", "ip host 10.0.0.1",
	"arp host 10.0.0.2", "host fd00::1", "ip6 host fe80::1", "dst host ff02::1:ff00:1", "not host 10.0.0.1", "host 10.0.0.1 and not 10.0.0.2",
	"host 10.0.0.1 or 10.0.0.2", "host (10.0.0.1 or 192.168.7.9) and tcp", "net 10.0.0.0/24", "net 10", "net 192.168", "net 192.168.7", "src net 10.0.0.0/8",
	"net 10.0.0.0 mask 255.255.255.0", "net fd00::/8", "dst net ff02::/16", "net 0.0.0.0/0", "net ::/0", "net 10.0.0.0/255",
	"port 80", "src port 53", "dst port 80", "tcp port 80", "udp dst port 80", "port 53 or 54", "port (53 or 54)", "tcp port 80 or udp port 53", "portrange 53-55",
	"tcp dst portrange 79-90", "portrange 80", "port http", "port domain", "tcp port domain or http", "src and dst port 80", "portrange 55-53", "sctp port 80",
	"proto 6", "ip proto 17", "ip6 proto 58", "ip proto \\tcp", "proto \\udp", "ether proto 0x806", "ether proto \\ip", "ether proto \\stp", "ip proto 89 or 47",
	"ether host 02:00:00:00:00:02", "ether src 02:00:00:00:00:01", "ether dst ff:ff:ff:ff:ff:ff", "ether host 0200.0000.0002", "ether host 020000000002",
	"ether host 2-0-0-0-0-2", "broadcast", "ether broadcast", "multicast", "ether multicast", "ip multicast", "ip6 multicast", "ip broadcast",
	"less 60", "greater 60", "len > 50 and len < 70", "len = 54", "len != 54", "len >= 0x36",
	"tcp[13] & 2 != 0", "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0", "tcp[13] == 53", "icmp[icmptype] = icmp-echo", "icmp[0] == 0", "icmp6[icmp6type] == icmp6-neighborsolicit",
	"ip[8] < 100", "ip[0] & 0xf != 5", "ip[6:2] & 0x1fff != 0", "ip[2:2] - ((ip[0]&0xf)<<2) > 20", "ether[0] & 1 = 0", "ether[12:2] = 0x0806", "arp[6:2] = 1", "ip6[6] = 44",
	"udp[4:2] > 8", "igmp[0] = 0", "tcp[0:2] = tcp[2:2]", "ip[12:4] = 0x0a000001", "ip[ip[0]&0xf] = 0", "ether[len - 1] = 0", "-1 = 0xffffffff", "1 - 2 > 3", "6 % 4 + 1 = 2",
	"5 ^ 1 = 4", "1 << 3 = 8", "len / len = 1", "len % (len - len) = 0", "(tcp[13] & 2) != 0", "((len)) > 60", "1 + 1 = 2", "10 & 6 | 1 = 3", "2 * 3 + 4 = 10", "2 + 3 * 4 = 14", "7 - 2 - 1 = 4",
	"0 / len = 0", "tcp[1000] = 0", "not tcp[1000] = 0", "tcp[1000] = 0 or ip", "ip or tcp[1000] = 0", "1 + tcp[0] > 5", "tcp[0] + ip6[0] > 5", "ip6[40] = 0", "ip6[6] + 1 = 7",
	"byte 0 = 2", "byte 12 > 8", "byte 12 < 8",
	"vlan", "vlan 4", "vlan and ip", "vlan and host 10.0.0.1", "vlan 100 and vlan 200", "vlan 100 and vlan 200 and ip", "ip or vlan and ip", "vlan or ip", "not vlan", "(vlan and ip) or ip6", "vlan 5000",
	"ip and (tcp or udp) and not port 80", "not (tcp or udp)", "! ip", "not not ip", "tcp and host 10.0.0.1 and port 80 or udp", "tcp or udp and port 80", "ip && tcp || arp",
	"src 10.0.0.1 or dst 10.0.0.2 and tcp", "(src 10.0.0.1 or dst 10.0.0.2) and tcp", "tcp src port 53 and dst port 80",
	// What is refused.
	"foo", "tcp port", "host", "host nosuch", "port nosuch", "udp port http", "tcp port tftp", "net 10.1.1.1/8", "tcp[1:3] = 1", "host 1.2.3.256", "tcp 80", "port 70000", "ether host 10.0.0.1",
	"ip host ::1", "ip6 host 10.0.0.1", "arp port 80", "tcp host 10.0.0.1", "gateway x", "proto foo", "ether proto foo", "len / 0 = 1", "len % 0 = 1", "1 << 40 = 0", "(", ")", "ip and", "and ip", "ip or or tcp",
	"len", "1", "1 +", "tcp[", "tcp[1", "tcp[1] =", "tcp proto 3", "10.0.0.1", "host 10.0.0.1/24", "net 10.0.0.0 mask 255.0.0.1", "08 = 8", "4294967296 = 0", "port 10.0.0.1", "src proto 6",
	"ether host 1", "host 02:00:00:00:00:02", "ip6 net fd00::1/8", "ip6 host fd00::/8", "port fd00::1", "net foo", "ether port 80", "vlan foo", "less", "inbound", "ether[0", "ip[0:5] = 0", "#", "ip,tcp", "not", "not 80", "tcp ip",
}

// random makes a filter.
func random(r *rand.Rand, depth int) string {
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	if depth > 0 && r.IntN(3) > 0 {
		x := random(r, depth-1) + pick(" and ", " or ", " && ", " and not ") + random(r, depth-1)
		if r.IntN(2) == 0 {
			return "(" + x + ")"
		}
		return x
	}
	dir := pick("", "src ", "dst ", "src or dst ", "src and dst ")
	switch r.IntN(8) {
	case 0:
		return dir + "host " + pick("10.0.0.1", "10.0.0.2", "192.168.7.9", "fd00::1", "fe80::1")
	case 1:
		return dir + "net " + pick("10.0.0.0/24", "192.168", "10", "fd00::/8")
	case 2:
		return pick("", "tcp ", "udp ") + dir + "port " + pick("53", "54", "80", "443", "80 or 53")
	case 3:
		return dir + "portrange " + pick("1-53", "54-80", "80-443")
	case 4:
		return pick("ip", "ip6", "tcp", "udp", "icmp", "icmp6", "arp", "igmp", "sctp", "ip proto 47", "ip6 proto 6", "proto 50")
	case 5:
		return fmt.Sprintf("%s[%d%s] %s %s %d", pick("tcp", "udp", "icmp", "ip", "ip6", "ether", "icmp6"), r.IntN(30), pick("", ":1", ":2", ":4"), pick("& 7", "| 1", "+ 3", "* 2", "- 1", ">> 1", "% 5", "^ 9"), pick("=", "!=", "<", ">", "<=", ">="), r.IntN(300))
	case 6:
		return pick("len", "ip[2:2]", "ip[8]", "tcp[13]") + pick(" < ", " > ", " = ", " != ") + fmt.Sprint(r.IntN(90))
	}
	return pick("less 60", "greater 58", "ip[6:2] & 0x1fff = 0", "tcp[tcpflags] & tcp-syn != 0")
}
