package tcpdump

import (
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"

	"wireloom/vnet/packet"
	"wireloom/vnet/packet/packettest"
)

// A maker builds frames from one station to another.
type maker struct {
	t      testing.TB
	frames [][]byte
}

var (
	macA, macB   = packet.MAC{2, 0, 0, 0, 0, 1}, packet.MAC{2, 0, 0, 0, 0, 2}
	ip4A, ip4B   = netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")
	ip6A, ip6B   = netip.MustParseAddr("fd00::1"), netip.MustParseAddr("fe80::aa:1")
	groupA       = netip.MustParseAddr("ff02::1:ff00:1")
	mcastA       = netip.MustParseAddr("224.0.0.22")
	ethernetTags = []string{"81006007", "88a80064810000c8", "91001fff"}
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// padded are options in whole words.
func padded(o []byte) []byte { return append(o, make([]byte, (4-len(o)%4)%4)...) }

func (m *maker) ether(typ uint16, payload []byte) {
	m.frames = append(m.frames, append(packet.AppendEthernet(nil, macB, macA, typ), payload...))
}

// four adds an IPv4 packet.
func (m *maker) four(h packet.IPv4Header, payload []byte) []byte {
	h.Options = padded(h.Options)
	if !h.Src.IsValid() {
		h.Src, h.Dst = ip4A, ip4B
	}
	b, err := packet.AppendIPv4(nil, h, len(payload))
	if err != nil {
		m.t.Fatal(err)
	}
	b = append(b, payload...)
	m.ether(packet.TypeIPv4, b)
	return b
}

func (m *maker) six(next uint8, src, dst netip.Addr, payload []byte) []byte {
	b := append(packettest.AppendIPv6(nil, packettest.IPv6Header{NextHeader: next, Src: src, Dst: dst}, len(payload)), payload...)
	m.ether(packet.TypeIPv6, b)
	return b
}

func (m *maker) tcp(back bool, flags packettest.TCPFlags, seq, ack uint32, options string, data string) {
	src, dst, h := ip4A, ip4B, packettest.TCPHeader{SrcPort: 40000, DstPort: 80, Seq: seq, Ack: ack, Flags: flags, Window: 65535, Options: padded(unhex(m.t, options))}
	if back {
		src, dst, h.SrcPort, h.DstPort = ip4B, ip4A, 80, 40000
	}
	m.four(packet.IPv4Header{Protocol: packet.ProtoTCP, Src: src, Dst: dst}, packettest.AppendTCP(nil, src, dst, h, []byte(data)))
	h.SrcPort, h.DstPort = h.SrcPort+1000, h.DstPort+1000
	m.six(packet.ProtoTCP, ip6A, ip6B, packettest.AppendTCP(nil, ip6A, ip6B, h, []byte(data)))
}

func (m *maker) udp(src, dst uint16, data []byte) {
	b, err := packet.AppendUDP(nil, ip4A, ip4B, src, dst, data)
	if err != nil {
		m.t.Fatal(err)
	}
	m.four(packet.IPv4Header{Protocol: packet.ProtoUDP}, b)
	if b, err = packet.AppendUDP(nil, ip6A, ip6B, src, dst, data); err != nil {
		m.t.Fatal(err)
	}
	m.six(packet.ProtoUDP, ip6A, ip6B, b)
}

func (m *maker) icmp(typ, code uint8, rest uint32, payload []byte) {
	b, err := packet.AppendICMPv4(nil, typ, code, rest, payload)
	if err != nil {
		m.t.Fatal(err)
	}
	m.four(packet.IPv4Header{Protocol: packet.ProtoICMP}, b)
}

func (m *maker) icmp6(typ, code uint8, rest uint32, payload []byte) {
	m.six(packet.ProtoICMPv6, ip6A, groupA, packettest.AppendICMPv6(nil, ip6A, groupA, typ, code, rest, payload))
}

// mix are frames of every protocol that the printer knows, and of some that it does not.
func mix(t testing.TB) [][]byte {
	m := &maker{t: t}
	m.links()
	m.internet()
	m.transports()
	m.controls()
	m.names()
	m.leases()
	return m.frames
}

func (m *maker) links() {
	arp := "0001 0800 06 04 %s 020000000001 0a000001 %s 0a000002"
	for _, op := range []string{"0001", "0002", "0003", "0004", "0008", "0009", "0007"} {
		for _, target := range []string{"000000000000", "020000000002"} {
			m.ether(packet.TypeARP, append(unhex(m.t, strings.NewReplacer("%s 020", op+" 020", "%s 0a", target+" 0a").Replace(arp)), make([]byte, 18)...))
		}
	}
	m.ether(packet.TypeARP, unhex(m.t, "0006 0800 06 04 0001 020000000001 0a000001 000000000000 0a000002"))
	m.ether(packet.TypeARP, unhex(m.t, "0001 86dd 06 10 0001 020000000001 00000000000000000000000000000001 000000000000 00000000000000000000000000000002"))
	m.ether(0x8035, unhex(m.t, "0001 0800 06 04 0003 020000000001 00000000 020000000001 00000000"))
	llc := func(s string, pad int) {
		b := unhex(m.t, s)
		m.ether(uint16(len(b)), append(b, make([]byte, pad)...))
	}
	id := "8000 020000000001"
	config := "424203 0000 00 00 01" + id + "00000004 8001 020000000002 8002 0100 1400 0200 0f00"
	llc(config, 10)
	llc("424203 0000 02 02 7c"+id+"00000004 8001 020000000002 8002 0100 1400 0200 0f00 00", 9)
	llc("424203 0000 02 02 0e"+id+"00004e20 8001 020000000002 8002 0000 1400 0200 0f00 00", 9)
	llc("424203 0000 00 80", 39)
	llc("424203 0000 03 02 7c"+id+"00000000"+id+"8002 0000 1400 0200 0f00 00 0040 00 6d737469"+strings.Repeat("00", 28)+"0001"+strings.Repeat("ab", 16)+"00000000"+id+"14", 0)
	llc("424203 0000 07 00 00", 38)
	llc("424203 1234 00 00 00", 38)
	llc("aaaa03 000000 0806 0001080006040001 020000000001 0a000001 000000000000 0a000002", 10)
	llc("aaaa03 000000 1234 0102030405", 30)
	llc("aaaa03 00000c 2005 0102030405", 30)
	llc("aaaa03 0080c2 000e"+config[6:], 10)
	llc("f0f0 7f 0102", 40)
	llc("fe01 0102 0304", 40)
	llc("0000 af 81 01 00", 40)
	llc("0001 bf 81 01 00", 40)
	llc("0403 0001", 40)
	llc("0403 0103", 40)
	llc("0606 03 4500001c000000004011 0000 0a000001 0a000002 00350035 0008 0000", 20)
	m.ether(0x9000, unhex(m.t, "0000 0100 0000 0102030405060708090a"))
	m.ether(0x9000, unhex(m.t, "0000 0200 020000000009 0100 0000 01"))
	m.ether(0x9000, unhex(m.t, "0300 0500"))
	m.ether(0x88b5, []byte("an experiment of sixteen bytes and more"))
	m.ether(0x1234, nil)
	for _, tag := range ethernetTags {
		b := unhex(m.t, tag)
		inner := append(b[2:len(b):len(b)], 0x08, 0x06)
		m.ether(binary.BigEndian.Uint16(b), append(inner, unhex(m.t, "0001080006040001 020000000001 0a000001 000000000000 0a000002")...))
	}
}

func (m *maker) internet() {
	data := []byte("sixteen bytes...and a few more")
	udp, err := packet.AppendUDP(nil, ip4A, ip4B, 1000, 2000, data)
	if err != nil {
		m.t.Fatal(err)
	}
	for _, h := range []packet.IPv4Header{
		{TOS: 0xb9, ID: 7, TTL: 1},
		{TOS: 2, Flags: packet.DontFragment},
		{TOS: 3, Flags: packet.MoreFragments, ID: 9},
		{Flags: packet.MoreFragments, FragmentOffset: 1480, ID: 9},
		{FragmentOffset: 2960, ID: 9},
		{Options: unhex(m.t, "94040000")},
		{Options: unhex(m.t, "94040001")},
		{Options: unhex(m.t, "0101 0100")},
		{Options: unhex(m.t, "070b 04 0a000001 00000000 00")},
		{Options: unhex(m.t, "830b 08 0a000009 0a000003 00")},
		{Options: unhex(m.t, "8907 04 0a000009 00")},
		{Options: unhex(m.t, "440c 05 00 00000001 00000002")},
		{Options: unhex(m.t, "440c 05 11 0a000001 00000002")},
		{Options: unhex(m.t, "440c 0d 03 0a000001 00000002")},
		{Options: unhex(m.t, "4408 09 02 00000000")},
		{Options: unhex(m.t, "8201 0000")},
		{Options: unhex(m.t, "5204 0000")},
		{Options: unhex(m.t, "9920 0000")},
	} {
		h.Protocol = packet.ProtoUDP
		m.four(h, udp)
	}
	for _, proto := range []uint8{4, 41, 47, 50, 51, 59, 89, 103, 112, 132, 200, 58} {
		if proto == 89 || proto == 103 || proto == 112 || proto == 132 { // not read here
			continue
		}
		m.four(packet.IPv4Header{Protocol: proto}, data)
	}
	inner, err := packet.AppendIPv4(nil, packet.IPv4Header{Protocol: packet.ProtoUDP, Src: ip4A, Dst: ip4B}, len(udp))
	if err != nil {
		m.t.Fatal(err)
	}
	m.four(packet.IPv4Header{Protocol: 4}, append(inner, udp...))
	m.four(packet.IPv4Header{Protocol: 47}, append(unhex(m.t, "0000 0800"), inner...))
	m.four(packet.IPv4Header{Protocol: 47}, append(unhex(m.t, "b000 6558 1234 0000 00000007 00000009"), m.frames[0]...))
	m.four(packet.IPv4Header{Protocol: 47}, unhex(m.t, "0000 1234"))
	m.four(packet.IPv4Header{Protocol: 51}, append(unhex(m.t, "11 04 0000 00000001 00000002 0102030405060708090a0b0c"), udp...))
	udp6, err := packet.AppendUDP(nil, ip6A, ip6B, 1000, 2000, data)
	if err != nil {
		m.t.Fatal(err)
	}
	m.six(44, ip6A, ip6B, append(unhex(m.t, "11 00 0001 00000007"), udp6...))
	m.six(44, ip6A, ip6B, append(unhex(m.t, "11 00 0591 00000007"), udp6...))
	m.six(0, ip6A, ip6B, append(unhex(m.t, "11 00 0502 0000 0100"), udp6...))
	m.six(0, ip6A, ip6B, append(unhex(m.t, "11 00 0000 0000 0000"), udp6...))
	m.six(0, ip6A, ip6B, append(unhex(m.t, "3c 00 1e02 0000 0100 11 00 0104 00000000"), udp6...))
	m.six(60, ip6A, ip6B, append(unhex(m.t, "11 00 0104 00000000"), udp6...))
	m.six(60, ip6A, ip6B, append(unhex(m.t, "00 00 0104 00000000 11 00 0104 00000000"), udp6...))
	m.six(43, ip6A, ip6B, append(unhex(m.t, "11 02 0001 00000000 fd000000000000000000000000000009"), udp6...))
	m.six(43, ip6A, ip6B, append(unhex(m.t, "11 02 0401 00000000 fd000000000000000000000000000009"), udp6...))
	m.six(43, ip6A, ip6B, append(unhex(m.t, "11 00 0900 00000000"), udp6...))
	m.six(59, ip6A, ip6B, nil)
	m.six(59, ip6A, ip6B, []byte{1, 2})
	m.six(200, ip6A, ip6B, data)
	m.six(1, ip6A, ip6B, data)
	b := packettest.AppendIPv6(nil, packettest.IPv6Header{TrafficClass: 0x12, FlowLabel: 0x34567, NextHeader: packet.ProtoUDP, Src: ip6A, Dst: ip6B, HopLimit: 1}, len(udp6))
	m.ether(packet.TypeIPv6, append(b, udp6...))
	m.ether(packet.TypeIPv4, b)
	m.ether(packet.TypeIPv6, inner)
}

func (m *maker) transports() {
	const syn, ack, psh, fin, rst = packettest.SYN, packettest.ACK, packettest.PSH, packettest.FIN, packettest.RST
	m.tcp(false, syn, 1000, 0, "020405b4 01 030306 0402 080a 00000001 00000000", "")
	m.tcp(true, syn|ack, 5000, 1001, "020405b4 01 030303 0101 080a 00000009 00000001 0402 0101", "")
	m.tcp(false, ack, 1001, 5001, "0101080a 00000002 00000009", "")
	m.tcp(false, ack|psh, 1001, 5001, "0101080a 00000002 00000009", "GET / HTTP/1.1\r\nHost: bob\r\n\r\n")
	m.tcp(true, ack|psh, 5001, 1030, "0101080a 00000002 00000009", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody")
	m.tcp(true, ack, 5050, 1030, "0101 0512 00000400 00000410 00000420 00000430 0101 0101 0000", "more of it, no line")
	m.tcp(false, ack|packettest.URG|packettest.ECE|packettest.CWR, 1030, 5050, "", "")
	m.tcp(false, ack|fin, 1030, 5050, "", "")
	m.tcp(true, rst, 5050, 0, "", "")
	m.tcp(true, rst|ack, 5050, 1031, "", "a reason, which is longer than thirty letters")
	m.tcp(true, 0, 5050, 1031, "", "")
	m.tcp(false, ack, 1031, 5051, "22 02 0101 fe04 f989 1c04 8005 1d04 0102", "")
	m.tcp(false, ack, 1031, 5051, "0206 05b4 0000 0000", "")
	m.tcp(false, ack, 1031, 5051, "0902 0a05 010203 00", "")
	m.tcp(false, ack, 1031, 5051, "0101 0101 0101 02ff", "")
	for _, data := range []string{"", "x", "some data of a program"} {
		m.udp(1000, 2000, []byte(data))
	}
	for _, data := range []string{"", "abc", "some data of a program", "D\x00\x00\x01some IPv4 and ", "L\x00\x00\x01and", "\x88\x80\x00\x02EE"} {
		m.udp(49152, 9, []byte(data))
	}
	m.udp(515, 9, []byte("no text"))
	short := unhex(m.t, "0bb8 0fa0 0006 0000 0102")
	m.four(packet.IPv4Header{Protocol: packet.ProtoUDP}, short)
	m.four(packet.IPv4Header{Protocol: packet.ProtoUDP}, unhex(m.t, "0bb8 0fa0 00ff 0000 0102"))
	m.four(packet.IPv4Header{Protocol: packet.ProtoUDP}, unhex(m.t, "0bb8 0fa0 0008 0000 010203"))
}

func (m *maker) controls() {
	m.icmp(8, 0, 0x12340001, []byte("ping data"))
	m.icmp(0, 0, 0x12340001, []byte("ping data"))
	udp, err := packet.AppendUDP(nil, ip4B, ip4A, 33434, 53, []byte("quoted"))
	if err != nil {
		m.t.Fatal(err)
	}
	quote := func(proto uint8, payload []byte) []byte {
		b, err := packet.AppendIPv4(nil, packet.IPv4Header{Protocol: proto, Src: ip4B, Dst: ip4A, ID: 5}, len(payload))
		if err != nil {
			m.t.Fatal(err)
		}
		return append(b, payload...)
	}
	tcp := packettest.AppendTCP(nil, ip4B, ip4A, packettest.TCPHeader{SrcPort: 9, DstPort: 22, Flags: packettest.SYN}, nil)
	for code := range uint8(17) {
		m.icmp(3, code, 1400*uint32(code%2), quote(packet.ProtoUDP, udp))
	}
	m.icmp(3, 3, 0, quote(packet.ProtoTCP, tcp))
	m.icmp(3, 3, 0, quote(packet.ProtoTCP, tcp)[:28])
	m.icmp(3, 3, 0, quote(200, udp))
	for code := range uint8(5) {
		m.icmp(5, code, 0x0a0000fe, quote(packet.ProtoUDP, udp))
		m.icmp(11, code, 0, quote(packet.ProtoUDP, udp)[:28])
	}
	m.icmp(12, 0, 21<<24, quote(packet.ProtoUDP, udp))
	m.icmp(12, 1, 0, quote(packet.ProtoUDP, udp))
	m.icmp(4, 0, 0, quote(packet.ProtoUDP, udp))
	m.icmp(9, 0, 0x01020708, unhex(m.t, "0a000001 00000005"))
	m.icmp(9, 0, 0x0202003c, unhex(m.t, "0a000001 00000005 0a000002 00000006"))
	m.icmp(9, 0, 0x01030e10, unhex(m.t, "0a000001 00000005"))
	for _, typ := range []uint8{10, 13, 15, 16, 17, 30} {
		m.icmp(typ, 0, 0x00010002, unhex(m.t, "00000001 00000000 00000000"))
	}
	m.icmp(14, 0, 0x00010002, unhex(m.t, "02932e00 04000000 05265bff"))
	m.icmp(18, 0, 0x00010002, unhex(m.t, "ffffff00"))
	m.icmp(11, 0, 0, quote(packet.ProtoUDP, make([]byte, 200)))
	igmp := func(s string) {
		b := unhex(m.t, s)
		binary.BigEndian.PutUint16(b[2:], packet.Checksum(b))
		m.four(packet.IPv4Header{Protocol: 2, TTL: 1, Src: ip4A, Dst: mcastA, Options: []byte{148, 4, 0, 0}}, b)
	}
	for _, s := range []string{
		"11640000 00000000", "110a0000 e0000005", "11000000 00000000", "12000000 e0000005", "16000000 e0000005", "17000000 e0000005", "11640000 00000000 02fd0000",
		"118a0000 e0000005 02fd0001 0a000001", "11ff0000 e0000005 02fd0002 0a000001", "22000000 00000001 04000000 e0000005", "22000000 00000002 01000001 e0000005 0a000001 06000000 e0000006",
		"22000000 00000003 09000000 e0000005", "220000000000", "55000000 00000000",
	} {
		igmp(s)
	}
	m.icmp6(128, 0, 0x00050006, []byte("ping data"))
	m.icmp6(129, 0, 0x00050006, []byte("ping data"))
	udp6, err := packet.AppendUDP(nil, ip6B, ip6A, 33434, 53, []byte("quoted"))
	if err != nil {
		m.t.Fatal(err)
	}
	quote6 := append(packettest.AppendIPv6(nil, packettest.IPv6Header{NextHeader: packet.ProtoUDP, Src: ip6B, Dst: ip6A}, len(udp6)), udp6...)
	for code := range uint8(7) {
		m.icmp6(1, code, 0, quote6)
		m.icmp6(3, code, 0, quote6)
		m.icmp6(4, code, 40, quote6)
	}
	m.icmp6(2, 0, 1400, quote6)
	target := "fe800000000000000000000000aa0001"
	link := "0101 020000000001"
	m.icmp6(133, 0, 0, unhex(m.t, link))
	m.icmp6(133, 0, 0, nil)
	m.icmp6(134, 0, 0x40c80708, unhex(m.t, "00000000 00000000"+link+"0304 40c0 00278d00 00093a80 00000000 fd000000000000000000000000000000 0501 0000 000005dc"))
	m.icmp6(134, 0, 0x40080000, unhex(m.t, "00000001 00000002 0304 40e0 ffffffff ffffffff 00000000 fd000000000000000000000000000000 1903 0000 00000e10 fd000000000000000000000000000053 1802 3018 00000e10 fd00000000000000 0701 0000 00000064 0801 0000 00010002"))
	m.icmp6(134, 0, 0x40000708, unhex(m.t, "00000000 00000000 1f02 0000 00000e10 03 6c6162 00 000000 0e01 010203040506"))
	m.icmp6(135, 0, 0, unhex(m.t, target+link))
	m.icmp6(135, 0, 0, unhex(m.t, target))
	m.icmp6(135, 0, 0, unhex(m.t, target+"0100 0000"))
	m.icmp6(135, 0, 0, unhex(m.t, target+"0e01 010203040506"))
	m.icmp6(136, 0, 0xe0000000, unhex(m.t, target+"0201 020000000001"))
	m.icmp6(136, 0, 0, unhex(m.t, target))
	m.icmp6(137, 0, 0, unhex(m.t, target+"fd000000000000000000000000000009 0201 020000000001 0402 000000000000 0102030405060708"))
	group := "ff0200000000000000000001ff000001"
	m.icmp6(130, 0, 0x27100000, unhex(m.t, "00000000000000000000000000000000"))
	m.icmp6(131, 0, 0, unhex(m.t, group))
	m.icmp6(132, 0, 0, unhex(m.t, group))
	m.icmp6(130, 0, 0x27100000, unhex(m.t, group+"02 7d 0000"))
	m.icmp6(130, 0, 0x9c000000, unhex(m.t, group+"0a 8f 0001"+target))
	m.icmp6(130, 0, 0x27100000, unhex(m.t, "00"))
	m.icmp6(143, 0, 1, unhex(m.t, "04 00 0000"+group))
	m.icmp6(143, 0, 2, unhex(m.t, "01 00 0001"+group+target+"09 00 0000"+group))
	m.icmp6(143, 0, 3, unhex(m.t, "04 00 0005"+group))
	m.icmp6(141, 0, 0, unhex(m.t, link))
	m.icmp6(250, 0, 0, []byte("unknown type"))
	hop := append(unhex(m.t, "3a 00 0502 0000 0100"), packettest.AppendICMPv6(nil, ip6A, groupA, 131, 0, 0, unhex(m.t, group))...)
	m.six(0, ip6A, groupA, hop)
}

func (m *maker) names() {
	name := "05 616c696365 03 6c6162 00"
	for _, s := range []string{
		"1234 0100 0001 0000 0000 0000" + name + "0001 0001",
		"1234 0110 0001 0000 0000 0001" + name + "001c 0001 00 0029 1000 0000 0000 000c 000a 0008 0102030405060708",
		"1234 8580 0001 0001 0000 0000" + name + "0001 0001 c00c 0001 0001 00000e10 0004 0a000001",
		"1234 8403 0001 0000 0001 0000" + name + "0001 0001 c00c 0006 0001 00000e10 0026 02 6e73 c012 04 726f6f74 c012 00000001 00000002 00000003 00000004 00000005 0000",
		"1234 8180 0001 0002 0001 0001" + name + "0005 0001 c00c 0005 0001 0000003c 0006 03 626f62 c012 c027 001c 0001 00015180 0010 fd000000000000000000000000000001 c012 0002 0001 0000003c 0005 02 6e73 c012 00 0029 0200 0000 8000 0000",
		"1234 8180 0001 0003 0000 0000" + name + "00ff 0001 c00c 000f 0001 0000003c 0009 000a 04 6d61696c c012 c00c 0010 0001 0000003c 000b 04 74657874 05 6d6f72 0102 c00c 0021 0001 0000003c 000b 0001 0002 0035 02 6e73 c012",
		"1234 8200 0001 0000 0000 0000" + name + "0063 0003",
		"1234 0800 0000 0001 0000 0000" + name + "0001 0001 00000000 0004 0a000001",
		"1234 2800 0001 0001 0001 0001" + name + "0006 0001",
		"1234 0040 0002 0000 0000 0000" + name + "0001 0001 c00c 001c 0001",
		"1234 0100 0001 0000 0000 0000 c0ff 0001 0001",
		"1234 0100 0001 0000 0000 0000 41 00 0001 0001",
		"1234 8000 0001 0001 0000 0000" + name + "0001 0001 c00c 1234 0001 00000000 0002 0102",
		"1234 81a0 0001 0000 0000 0001" + name + "0001 0001 00 0029 04d0 0100 0000 0000",
		"1234 0100 0001 0000 0000 0000 00 0002 0001",
		"1234",
	} {
		b := unhex(m.t, s)
		m.udp(1053, 53, b)
		m.udp(53, 1053, b)
		m.udp(5353, 5353, b)
	}
	m.tcpDNS("1234 0100 0001 0000 0000 0000" + name + "0001 0001")
	m.tcpDNS("12")
}

func (m *maker) tcpDNS(s string) {
	b := unhex(m.t, s)
	b = append(binary.BigEndian.AppendUint16(nil, uint16(len(b))), b...)
	for _, data := range [][]byte{b, b[1:], b[:1]} {
		m.four(packet.IPv4Header{Protocol: packet.ProtoTCP}, packettest.AppendTCP(nil, ip4A, ip4B,
			packettest.TCPHeader{SrcPort: 1053, DstPort: 53, Flags: packettest.ACK, Seq: 7, Ack: 9, Window: 100}, data))
	}
}

func (m *maker) leases() {
	message := func(op string, flags string, addrs string, options string) {
		s := op + "010600 3903f326 0000" + flags + addrs + "020000000001" + strings.Repeat("00", 10+192) + "63825363" + options
		m.udp(68, 67, unhex(m.t, s))
	}
	none := strings.Repeat("00000000", 4)
	message("01", "8000", none, "350101 3d07 01 020000000001 370d 0103060f1c333a3b79f92b 0c 96 3204 0a000005 ff 0000")
	message("02", "0000", "00000000 0a000005 0a000001 00000000", "350102 3604 0a000001 3304 00000e10 0104 ffffff00 0304 0a0000fe 0608 0a000035 0a000036 0f03 6c6162 1c04 0a0000ff 3a04 00000708 3b04 00000c4e ff")
	message("01", "0000", "0a000005 00000000 00000000 0a0000fe", "350103 3902 05dc 0c05 616c696365 3c04 64686370 5108 05 00 00 616c696365 3d05 00 61626364 520a 0104 61626364 0202 6566 3401 03 2e01 08 ff")
	message("02", "0000", none, "350105 7908 18 0a0900 0a0000fe 790d 00 0a0000fe 10 0a08 0a0000fd 2104 0a000001 2108 0a090000 0a0000fe 1301 01 1301 02 0204 ffffff10 4d08 03 616263 03 646566 fa03 010203 fb02 0102 fc04 00000001 1706 010203040506 ff")
	message("01", "0000", none, "0000 35020102 3204 0a00 ff")
	message("03", "0001", none, "3501 09 fa00 38 03 6e6f07 ff")
	s := unhex(m.t, "01060803 00000000 0007 0000"+none+"0a0b0c0d"+strings.Repeat("00", 12)+"73657276"+strings.Repeat("00", 60)+"66696c65"+strings.Repeat("00", 124)+"01020304")
	m.udp(67, 68, s)
	m.udp(67, 68, s[:200])
	m.udp(67, 68, append(append([]byte(nil), s[:44]...), []byte(strings.Repeat("n", 192)+"\x00\x00\x00\x00")...))
}
