package filter

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"wireloom/internal/decode"
	"wireloom/vnet/packet"
)

// A corpus makes frames of every protocol that is decoded, the same ones each time.
type corpus struct {
	t   testing.TB
	r   *rand.Rand
	out []decode.Packet
	cut map[int]bool // those that end too early, by their place
}

// packets are at least n frames: those of a lab of ours, and then made ones.
// cut has those that end too early.
func packets(t testing.TB, n int) (all []decode.Packet, cut map[int]bool) {
	c := &corpus{t: t, r: rand.New(rand.NewPCG(12, 2026)), cut: map[int]bool{}}
	c.lab()
	makers := []func() []byte{c.arp, c.icmp, c.icmpError, c.udp, c.tcp, c.tcp, c.dns, c.dns, c.dhcp, c.stp, c.llc, c.igmp, c.echo6, c.nd, c.nd, c.mld, c.error6, c.fragment, c.unknown, c.extension}
	for i := 0; len(c.out)-len(c.cut) < n; i++ {
		b := makers[i%len(makers)]()
		link, iface := decode.Ethernet, fmt.Sprintf("s%d.%d", 1+i%3, 1+i%5)
		ip := len(b) > 14 && (b[12] == 8 && b[13] == 0 || b[12] == 0x86 && b[13] == 0xdd)
		switch k := c.r.IntN(12); {
		case k == 0:
			b = c.tagged(b, 0x8100)
		case k == 1:
			b = c.tagged(c.tagged(b, 0x8100), 0x8100)
		case k == 2:
			b = c.tagged(c.tagged(b, 0x8100), 0x88a8)
		case k == 3 && ip:
			link, iface, b = decode.Raw, "bob:tun0", b[14:]
		case k == 4 && ip:
			family := byte(2)
			if b[12] == 0x86 {
				family = 28
			}
			link, iface, b = decode.Null, "bob:tun1", append([]byte{family, 0, 0, 0}, b[14:]...)
		case k == 5 && !bytes.Contains(b, fragmentMark): // cut short
			b = b[:c.r.IntN(len(b))]
			c.cut[len(c.out)] = true
		}
		if link == decode.Ethernet && !c.cut[len(c.out)] && c.r.IntN(3) == 0 && len(b) < 60 && len(b) > 14 {
			b = append(b, make([]byte, 60-len(b))...)
		}
		c.add(link, iface, b)
	}
	return c.out, c.cut
}

func (c *corpus) add(link decode.Link, iface string, b []byte) {
	n := len(c.out)
	p := decode.Packet{Link: link, Data: b, At: time.Duration(n) * 1250 * time.Microsecond, Iface: iface}
	c.out = append(c.out, p)
}

// lab adds what passed in a lab of ours with spanning trees, pings, a trace and DHCP: 12 s
// of testdata/lab.yaml, as labserver run --pcap wrote it.
func (c *corpus) lab() {
	b, err := os.ReadFile("testdata/lab.pcapng")
	if err != nil {
		c.t.Fatal(err)
	}
	frames, err := decode.ReadCapture(b)
	if err != nil || len(frames) < 100 {
		c.t.Fatalf("%d frames, error %v: want 100 or more", len(frames), err)
	}
	for _, f := range frames {
		c.add(f.Link, "s1.1", f.Data)
	}
}

func (c *corpus) build(kv ...string) []byte {
	var fields []decode.KV
	for i := 0; i < len(kv); i += 2 {
		fields = append(fields, decode.KV{Name: kv[i], Value: kv[i+1]})
	}
	b, err := decode.Build(decode.Ethernet, fields)
	if err != nil {
		c.t.Fatalf("Build(%q): %v", kv, err)
	}
	return b
}

func (c *corpus) num(n int) string { return strconv.Itoa(c.r.IntN(n)) }

func (c *corpus) mac() string {
	return []string{"02:00:00:00:00:01", "02:00:00:00:00:0b", "00:00:5e:00:01:07", "ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:16"}[c.r.IntN(5)]
}

func (c *corpus) ip() string {
	return []string{"10.0.0.1", "10.0.0.2", "10.0.1.200", "192.168.7.9", "172.16.0.1", "224.0.0.22", "255.255.255.255", "0.0.0.0"}[c.r.IntN(8)]
}

func (c *corpus) ip6() string {
	return []string{"fd00::1", "fd00::2", "fe80::1", "ff02::1", "ff02::1:ff00:2", "2001:db8:7::9", "::"}[c.r.IntN(7)]
}

func (c *corpus) bytes(limit int) []byte {
	b := make([]byte, c.r.IntN(limit+1))
	for i := range b {
		b[i] = byte(c.r.UintN(256))
	}
	return b
}

func (c *corpus) eth() []string { return []string{"eth.src", c.mac(), "eth.dst", c.mac()} }

func (c *corpus) v4(more ...string) []string {
	kv := append(c.eth(), "ip.src", c.ip(), "ip.dst", c.ip(), "ip.ttl", strconv.Itoa(1+c.r.IntN(255)), "ip.id", c.num(65536))
	if c.r.IntN(4) == 0 {
		kv = append(kv, "ip.dsfield", c.num(256), "ip.flags.df", "1")
	}
	switch c.r.IntN(16) {
	case 0:
		kv = append(kv, "ip.checksum", "bad")
	case 1:
		kv = append(kv, "ip.options", "94040000")
	}
	return append(kv, more...)
}

func (c *corpus) v6(more ...string) []string {
	kv := append(c.eth(), "ipv6.src", c.ip6(), "ipv6.dst", c.ip6(), "ipv6.hlim", strconv.Itoa(1+c.r.IntN(255)))
	if c.r.IntN(4) == 0 {
		kv = append(kv, "ipv6.tclass", c.num(256), "ipv6.flow", c.num(1<<20))
	}
	return append(kv, more...)
}

// ports are those that no dissector of Wireshark's has.
func (c *corpus) port() string {
	return []string{"33000", "40001", "40002", "50505", "61000"}[c.r.IntN(5)]
}

// payload is text, bytes or nothing.
func (c *corpus) payload() []string {
	switch c.r.IntN(3) {
	case 0:
		return []string{"data.text", []string{"SAY hello/1.0\r\n\r\n", "hello, world", "Wireloom é ÿ", "aaaa"}[c.r.IntN(4)]}
	case 1:
		return []string{"data.data", hex.EncodeToString(c.bytes(40))}
	}
	return nil
}

func (c *corpus) arp() []byte {
	kv := append(c.eth(), "arp.opcode", strconv.Itoa(1+c.r.IntN(2)), "arp.src.hw_mac", c.mac(), "arp.src.proto_ipv4", c.ip(), "arp.dst.proto_ipv4", c.ip())
	if c.r.IntN(3) == 0 {
		kv = append(kv, "arp.dst.hw_mac", c.mac())
	}
	return c.build(kv...)
}

func (c *corpus) icmp() []byte {
	typ := []string{"0", "8", "8"}[c.r.IntN(3)]
	kv := c.v4("icmp.type", typ, "icmp.ident", c.num(65536), "icmp.seq", c.num(65536))
	if c.r.IntN(8) == 0 {
		kv = append(kv, "icmp.checksum", "bad")
	}
	return c.build(append(kv, c.payload()...)...)
}

func (c *corpus) icmpError() []byte {
	about := []func() []byte{c.udp, c.tcp, c.icmp}[c.r.IntN(3)]()[14:]
	for about[0]>>4 != 4 {
		about = c.tcp()[14:]
	}
	kind := c.r.IntN(5)
	if about[9] == packet.ProtoTCP || kind == 2 || c.r.IntN(2) == 0 { // RFC 792: the header and 8 bytes
		about = about[:min(4*int(about[0]&15)+8, len(about))]
	}
	kv := c.v4("data.data", hex.EncodeToString(about))
	switch kind {
	case 0:
		kv = append(kv, "icmp.type", "3", "icmp.code", c.num(4))
	case 1:
		kv = append(kv, "icmp.type", "3", "icmp.code", "4", "icmp.mtu", c.num(1500))
	case 2:
		kv = append(kv, "icmp.type", "5", "icmp.code", "1", "icmp.redir_gw", c.ip())
	case 3:
		kv = append(kv, "icmp.type", "11", "icmp.code", c.num(2))
	case 4:
		kv = append(kv, "icmp.type", "12", "icmp.pointer", c.num(20))
	}
	return c.build(kv...)
}

func (c *corpus) udp() []byte {
	kv := c.v4("udp.srcport", c.port(), "udp.dstport", c.port())
	if c.r.IntN(4) == 0 {
		kv = c.v6("udp.srcport", c.port(), "udp.dstport", c.port())
	}
	switch c.r.IntN(10) {
	case 0:
		kv = append(kv, "udp.checksum", "bad")
	case 1:
		kv = append(kv, "udp.length", strconv.Itoa(1+c.r.IntN(7)))
		c.cut[len(c.out)] = true
	case 2:
		kv = append(kv, "udp.length", "200")
		c.cut[len(c.out)] = true
	}
	return c.build(append(kv, c.payload()...)...)
}

func (c *corpus) tcp() []byte {
	kv := c.v4("tcp.srcport", c.port(), "tcp.dstport", c.port())
	if c.r.IntN(4) == 0 {
		kv = c.v6("tcp.srcport", c.port(), "tcp.dstport", c.port())
	}
	kv = append(kv, "tcp.seq_raw", strconv.FormatUint(uint64(c.r.Uint32()), 10), "tcp.ack_raw", strconv.FormatUint(uint64(c.r.Uint32()), 10),
		"tcp.flags", c.num(512), "tcp.window_size_value", c.num(65536), "tcp.urgent_pointer", c.num(100))
	switch c.r.IntN(7) {
	case 0:
		kv = append(kv, "tcp.options.mss_val", c.num(1500), "tcp.options.wscale.shift", c.num(15))
	case 1:
		kv = append(kv, "tcp.options", "020405b40402080a00000001000000020103030701")
	case 2:
		kv = append(kv, "tcp.options", "0101050a00000064000000c8")
	case 3:
		kv = append(kv, "tcp.options", "01010512000000640000010000000200000002ff")
	case 4:
		kv = append(kv, "tcp.options.timestamp.tsval", c.num(1<<30), "tcp.options.timestamp.tsecr", c.num(1<<30))
	case 5:
		kv = append(kv, "tcp.checksum", "bad")
	}
	return c.build(append(kv, c.payload()...)...)
}

func name(labels string) []byte {
	var b []byte
	for l := range strings.SplitSeq(labels, ".") {
		if l != "" {
			b = append(append(b, byte(len(l))), l...)
		}
	}
	return append(b, 0)
}

func be16(b []byte, n ...int) []byte {
	for _, x := range n {
		b = binary.BigEndian.AppendUint16(b, uint16(x))
	}
	return b
}

func (c *corpus) dns() []byte {
	names := []string{"www.example.org", "example.com", "MAIL.Example.net", "a.b.c.d.e", ""}
	asked := names[c.r.IntN(len(names))]
	types := []int{1, 28, 5, 2, 12, 15, 16, 41, 65280}
	response := c.r.IntN(3) > 0
	flags, answers := 0x0100, 0
	if response {
		flags, answers = 0x8180|c.r.IntN(4)|c.r.IntN(2)<<10, c.r.IntN(4)
	}
	b := be16(nil, c.r.IntN(65536), flags, 1, answers, 0, 0)
	b = be16(append(b, name(asked)...), types[c.r.IntN(len(types)-2)], 1)
	for range answers {
		typ := types[c.r.IntN(len(types))]
		owner, class, data := []byte{0xc0, 12}, 1, []byte(nil)
		switch typ {
		case 1:
			data = []byte{10, 0, 0, byte(c.r.IntN(256))}
		case 28:
			data = []byte{0xfd, 15: byte(c.r.IntN(256))}
		case 2, 5, 12:
			data = append([]byte{3, 'f', 'o', 'o'}, 0xc0, 12)
		case 15:
			data = append(be16(nil, c.r.IntN(50)), name("mx.example.org")...)
		case 16:
			data = []byte("\x05hello\x03abc")
		case 41:
			owner, class = []byte{0}, 1232
		case 65280:
			data = c.bytes(12)
		}
		b = be16(append(b, owner...), typ, class, 0, c.r.IntN(65536), len(data))
		b = append(b, data...)
	}
	from, to := c.port(), "53"
	if response {
		from, to = to, from
	}
	if c.r.IntN(4) == 0 {
		return c.build(c.v6("udp.srcport", from, "udp.dstport", to, "data.data", hex.EncodeToString(b))...)
	}
	return c.build(c.v4("udp.srcport", from, "udp.dstport", to, "data.data", hex.EncodeToString(b))...)
}

func (c *corpus) dhcp() []byte {
	typ := 1 + c.r.IntN(8)
	reply := typ == 2 || typ == 5 || typ == 6
	b := make([]byte, 236, 400)
	b[0], b[1], b[2] = 1, 1, 6
	from, to := "68", "67"
	if reply {
		b[0], from, to = 2, to, from
	}
	copy(b[4:], c.bytes(4))
	b[9], b[10] = byte(c.r.IntN(9)), byte(c.r.IntN(2)<<7)
	copy(b[28:], []byte{2, 0, 0, 0, 0, byte(c.r.IntN(9))})
	if reply {
		copy(b[16:], []byte{10, 3, 0, byte(c.r.IntN(256)), 10, 3, 0, 1})
	}
	b = append(b, 99, 130, 83, 99, 53, 1, byte(typ))
	if reply {
		b = append(b, 54, 4, 10, 3, 0, 1, 51, 4, 0, 0, 14, 16, 1, 4, 255, 255, 255, 0, 3, 4, 10, 3, 0, 1, 6, 8, 10, 3, 0, 1, 8, 8, 8, 8)
		b = append(b, "\x0f\x0bexample.org\x3a\x04\x00\x00\x07\x08\x3b\x04\x00\x00\x0c\x4e\x1c\x04\x0a\x03\x00\xff"...)
	} else {
		b = append(b, "\x0c\x05alice\x37\x04\x01\x03\x06\x0f\x32\x04\x0a\x03\x00\x64"...)
	}
	b = append(b, 255)
	return c.build(c.v4("udp.srcport", from, "udp.dstport", to, "data.data", hex.EncodeToString(b))...)
}

// frame8023 is an 802.3 frame, padded to the least that there is.
func (c *corpus) frame8023(dst string, b []byte) []byte {
	d, _ := packet.ParseMAC(dst)
	f := packet.AppendEthernet(nil, d, packet.MAC{2, 0, 0, 0, 0, byte(c.r.IntN(9))}, uint16(len(b)))
	f = append(f, b...)
	return append(f, make([]byte, max(0, 60-len(f)))...)
}

func (c *corpus) stp() []byte {
	b := []byte{0x42, 0x42, 3, 0, 0}
	switch c.r.IntN(3) {
	case 0:
		b = append(b, 0, 0x80)
	case 1:
		b = c.tree(append(b, 0, 0, byte(c.r.IntN(2)*0x81)))
	case 2:
		b = append(c.tree(append(b, 2, 2, byte(c.r.IntN(256)))), 0)
	}
	return c.frame8023("01:80:c2:00:00:00", b)
}

func (c *corpus) tree(b []byte) []byte {
	b = append(be16(b, c.r.IntN(65536)), 2, 0, 0, 0, 0, byte(c.r.IntN(9)))
	b = append(be16(b, 0, c.r.IntN(65536), c.r.IntN(65536)), 2, 0, 0, 0, 0, byte(c.r.IntN(9)))
	return be16(b, 0x8001+c.r.IntN(9), c.r.IntN(20)<<8, 20<<8, 2<<8, 15<<8+c.r.IntN(256))
}

func (c *corpus) llc() []byte {
	switch c.r.IntN(3) {
	case 0:
		return c.frame8023(c.mac(), append([]byte{0xaa, 0xaa, 3, 0, 0, 0, 0x88, 0xb5}, c.bytes(20)...))
	case 1:
		return c.frame8023(c.mac(), append([]byte{0x62, 0x63, 0xbf}, c.bytes(20)...))
	}
	return c.frame8023(c.mac(), append([]byte{0x62, 0x62, 0x00, 0x02}, c.bytes(20)...))
}

func (c *corpus) igmp() []byte {
	group := []byte{239, 1, 2, byte(c.r.IntN(9))}
	var b []byte
	switch c.r.IntN(5) {
	case 0:
		b = append([]byte{0x11, byte(c.r.IntN(128)), 0, 0}, group...)
	case 1:
		b = append([]byte{0x16, 0, 0, 0}, group...)
	case 2:
		b = append([]byte{0x17, 0, 0, 0}, group...)
	case 3:
		b = append(append([]byte{0x11, 20, 0, 0}, group...), 0x0a, 125, 0, 2, 10, 0, 0, 1, 10, 0, 0, 2)
	case 4:
		b = append([]byte{0x22, 0, 0, 0, 0, 0, 0, 2, 1, 0, 0, 2}, group...)
		b = append(append(b, 10, 0, 0, 1, 10, 0, 0, 2, 4, 0, 0, 0), group...)
	}
	binary.BigEndian.PutUint16(b[2:], packet.Checksum(b))
	return c.build(c.v4("ip.proto", "2", "data.data", hex.EncodeToString(b))...)
}

func (c *corpus) echo6() []byte {
	kv := c.v6("icmpv6.type", strconv.Itoa(128+c.r.IntN(2)), "icmpv6.echo.identifier", c.num(65536), "icmpv6.echo.sequence_number", c.num(65536))
	if c.r.IntN(8) == 0 {
		kv = append(kv, "icmpv6.checksum", "bad")
	}
	return c.build(append(kv, c.payload()...)...)
}

// icmp6 is a message with the right checksum; b is what follows its checksum.
func (c *corpus) icmp6(typ byte, b []byte) []byte {
	f := c.build(c.v6("ipv6.nxt", "58", "data.data", hex.EncodeToString(append([]byte{typ, 0, 0, 0}, b...)))...)
	src, dst := netip.AddrFrom16([16]byte(f[22:])), netip.AddrFrom16([16]byte(f[38:]))
	binary.BigEndian.PutUint16(f[56:], packet.TransportChecksum(src, dst, packet.ProtoICMPv6, f[54:]))
	return f
}

func (c *corpus) nd() []byte {
	target := []byte{0xfd, 15: byte(c.r.IntN(9))}
	typ := byte(133 + c.r.IntN(5))
	b := []byte{0, 0, 0, 0}
	switch typ {
	case 134:
		b = append([]byte{64, byte(c.r.IntN(4)) << 6, 7, 8}, 0, 0, 0x75, 0x30, 0, 0, 3, 0xe8)
		b = append(b, 3, 4, 64, byte(c.r.IntN(4))<<6, 0, 0, 14, 16, 0, 0, 7, 8, 0, 0, 0, 0)
		b = append(append(b, target...), 5, 1, 0, 0, 0, 0, 5, 0xdc)
		if c.r.IntN(2) == 0 {
			b = append(append(b, 25, 3, 0, 0, 0, 0, 0, 60), target...)
		}
	case 135:
		b = append(b, target...)
	case 136:
		b = append([]byte{byte(c.r.IntN(8)) << 5, 0, 0, 0}, target...)
	case 137:
		b = append(append(b, target...), target...)
	}
	if c.r.IntN(2) == 0 {
		b = append(b, byte(1+c.r.IntN(2)), 1, 2, 0, 0, 0, 0, byte(c.r.IntN(9)))
	}
	return c.icmp6(typ, b)
}

func (c *corpus) mld() []byte {
	group := []byte{0xff, 2, 15: byte(c.r.IntN(9))}
	typ := []byte{130, 130, 131, 132, 143}[c.r.IntN(5)]
	b := append([]byte{0x27, 0x10, 0, 0}, group...)
	switch {
	case typ == 143:
		b = append([]byte{0, 0, 0, 1, 4, 0, 0, 1}, group...)
		b = append(b, group...)
	case typ == 130 && c.r.IntN(2) == 0:
		b = append(append(b, 0x0a, 125, 0, 1), group...)
	}
	return c.icmp6(typ, b)
}

func (c *corpus) error6() []byte {
	about := c.build(c.v6("udp.srcport", c.port(), "udp.dstport", c.port(), "data.text", "abc")...)[14:]
	kv := c.v6("icmpv6.type", strconv.Itoa(1+c.r.IntN(3)), "icmpv6.code", c.num(2), "data.data", hex.EncodeToString(about))
	return c.build(kv...)
}

// fragmentMark is in fragments: of one that is cut short Wireshark decodes more than of
// one that is whole.
var fragmentMark = []byte("one fragment....")

// fragment is one whose others never come.
func (c *corpus) fragment() []byte {
	off := c.r.IntN(3)
	kv := append(c.eth(), "ip.src", c.ip(), "ip.dst", c.ip(), "ip.id", c.num(65536), "ip.proto", "17", "ip.frag_offset", strconv.Itoa(off*10), "ip.flags.mf", "1", "data.data", hex.EncodeToString(append(bytes.Clone(fragmentMark), make([]byte, 8+8*c.r.IntN(4))...)))
	return c.build(kv...)
}

func (c *corpus) unknown() []byte {
	return c.build(append(c.eth(), "data.data", hex.EncodeToString(append(c.bytes(60), 1)))...)
}

func (c *corpus) extension() []byte {
	return c.build(c.v6("ipv6.nxt", []string{"0", "60"}[c.r.IntN(2)], "data.data", "1100010400000000"+"80e8"+"9c41"+"000c"+"0000"+"61626364")...)
}

// tagged puts a tag in front of the type. Where that is a length, the frame is still
// padded to 60 bytes: what more there is, Wireshark takes for a trailer of the tag's.
func (c *corpus) tagged(b []byte, typ int) []byte {
	if len(b) < 14 {
		return b
	}
	out := be16(append([]byte(nil), b[:12]...), typ, c.r.IntN(65536))
	at := 12
	for typ := binary.BigEndian.Uint16(b[at:]); typ == 0x8100; typ = binary.BigEndian.Uint16(b[at:]) {
		at += 4
	}
	out = append(out, b[12:]...)
	if n := int(binary.BigEndian.Uint16(b[at:])); n < 0x600 {
		out = out[:max(60, at+4+2+n)]
	}
	return out
}
