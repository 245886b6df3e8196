package decode

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
)

// made is a frame of names and values that take turns.
func made(t testing.TB, link Link, fields ...string) []byte {
	t.Helper()
	var kvs []KV
	for i := 0; i < len(fields); i += 2 {
		kvs = append(kvs, KV{fields[i], fields[i+1]})
	}
	b, err := Build(link, kvs)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestWants(t *testing.T) {
	echo := made(t, Ethernet, "ip.src", "10.0.0.7", "ip.dst", "10.0.0.2", "icmp.type", "8", "icmp.ident", "7", "data.text", "hello")
	quote := made(t, Raw, "ip.src", "10.0.0.7", "ip.dst", "10.9.0.1", "udp.dstport", "99")
	expired := made(t, Ethernet, "ip.src", "10.0.0.1", "ip.dst", "10.0.0.7", "icmp.type", "11", "data.data", hexOf(quote))
	arp := made(t, Ethernet, "arp.opcode", "1", "arp.dst.proto_ipv4", "10.0.0.2")
	for _, c := range []struct {
		name   string
		frame  []byte
		field  string
		op     WantOp
		values []string
		ok     bool
		got    string
	}{
		{"a value", echo, "icmp.type", WantIs, []string{"8"}, true, "8 (echo request)"},
		{"another value", echo, "icmp.type", WantIs, []string{"0"}, false, "8 (echo request)"},
		{"a name", arp, "arp.opcode", WantIs, []string{"request"}, true, "1 (request)"},
		{"one of", echo, "icmp.type", WantIs, []string{"0", "8"}, true, "8 (echo request)"},
		{"none of", echo, "icmp.type", WantNot, []string{"0", "8"}, false, "8 (echo request)"},
		{"not", echo, "icmp.type", WantNot, []string{"0"}, true, "8 (echo request)"},
		{"not, of what is absent", arp, "icmp.type", WantNot, []string{"0"}, false, "absent"},
		{"not absent", echo, "icmp.type", WantNot, []string{"absent"}, true, "8 (echo request)"},
		{"not absent, and it is", arp, "icmp.type", WantNot, []string{"absent"}, false, "absent"},
		{"a range", echo, "ip.ttl", WantIs, []string{"60..64"}, true, "64"},
		{"above a range", echo, "ip.ttl", WantIs, []string{"60..63"}, false, "64"},
		{"from", echo, "ip.ttl", WantIs, []string{"64.."}, true, "64"},
		{"up to", echo, "ip.ttl", WantIs, []string{"..63"}, false, "64"},
		{"a range in hex", echo, "ip.ttl", WantIs, []string{"0x3c..0x40"}, true, "64"},
		{"a prefix", echo, "ip.src", WantIs, []string{"10.0.0.0/24"}, true, "10.0.0.7"},
		{"another prefix", echo, "ip.src", WantIs, []string{"10.0.1.0/24"}, false, "10.0.0.7"},
		{"any", echo, "ip.id", WantIs, []string{"any"}, true, "0x0000"},
		{"any, of what is absent", echo, "vlan.id", WantIs, []string{"any"}, false, "absent"},
		{"absent", echo, "vlan.id", WantIs, []string{"absent"}, true, "absent"},
		{"not absent at all", echo, "ip.id", WantIs, []string{"absent"}, false, "0x0000"},
		{"a good checksum", echo, "icmp.checksum", WantIs, []string{"good"}, true, "good"},
		{"a bad checksum", echo, "icmp.checksum", WantIs, []string{"bad"}, false, "good"},
		{"text", echo, "data.text", WantIs, []string{"hello"}, true, `"hello"`},
		{"text that starts", echo, "data.text", WantStarts, []string{"he"}, true, `"hello"`},
		{"bytes that contain", echo, "data.data", WantContains, []string{"6c:6c"}, true, "68656c6c6f"},
		{"bytes that do not", echo, "data.data", WantContains, []string{"ff"}, false, "68656c6c6f"},
		{"no payload is one of nothing", arp, "data.data", WantIs, []string{""}, true, "nothing"},
		{"no payload has no length", arp, "data.len", WantIs, []string{"0"}, true, "0"},
		{"a quoted field", expired, "quoted.ip.dst", WantIs, []string{"10.9.0.1"}, true, "10.9.0.1"},
		{"a quoted port", expired, "quoted.udp.dstport", WantIs, []string{"98"}, false, "99"},
		{"a quoted field where nothing is quoted", echo, "quoted.ip.dst", WantIs, []string{"absent"}, true, "absent"},
		{"what is quoted does not count", expired, "udp.dstport", WantIs, []string{"99"}, false, "absent"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, err := NewWant(c.field, c.op, c.values...)
			if err != nil {
				t.Fatal(err)
			}
			ok, out := Compare(Ethernet, c.frame, []Want{w})
			if ok != c.ok || out[0].Got != c.got || out[0].Same != c.ok {
				t.Errorf("got %t and %q, want %t and %q", ok, out[0].Got, c.ok, c.got)
			}
			if m := Meets(Ethernet, c.frame, []Want{w}); m != c.ok {
				t.Errorf("Meets says %t", m)
			}
		})
	}
}

func hexOf(b []byte) string {
	const digits = "0123456789abcdef"
	var s strings.Builder
	for _, c := range b {
		s.WriteByte(digits[c>>4])
		s.WriteByte(digits[c&15])
	}
	return s.String()
}

func TestWantsThatAreRefused(t *testing.T) {
	for _, c := range []struct {
		name, field string
		op          WantOp
		values      []string
		want        string
	}{
		{"unknown field", "ip.tll", WantIs, []string{"1"}, "did you mean ip.ttl?"},
		{"unknown quoted field", "quoted.ip.tll", WantIs, []string{"1"}, "did you mean ip.ttl?"},
		{"quoted Ethernet", "quoted.eth.dst", WantIs, []string{"any"}, "is an IP packet"},
		{"frame.pad", "frame.pad", WantIs, []string{"60"}, "frame.len is the length"},
		{"no value", "ip.ttl", WantIs, nil, "0 values"},
		{"a bad range", "ip.ttl", WantIs, []string{"9..3"}, "its lower end first"},
		{"an empty range", "ip.ttl", WantIs, []string{".."}, "its lower end first"},
		{"half a range", "ip.ttl", WantIs, []string{"a..b"}, "a range such as 1..5"},
		{"a bad prefix", "ip.src", WantIs, []string{"10.0.0.0/33"}, "a prefix such as"},
		{"a prefix of the other family", "ip.src", WantIs, []string{"fd00::/8"}, "a prefix such as"},
		{"a number that starts", "ip.ttl", WantStarts, []string{"6"}, "only bytes can start"},
		{"bad bytes", "data.data", WantContains, []string{"zz"}, "bytes in hex"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := NewWant(c.field, c.op, c.values...)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
	if ok, out := Compare(Ethernet, nil, []Want{{Name: "zero"}}); ok || out[0].Same {
		t.Error("the zero value is met")
	}
}

func TestReplies(t *testing.T) {
	for _, c := range []struct {
		name   string
		link   Link
		fields []string
		want   string // of the reply, name=value, in its order
	}{
		{
			"ARP", Ethernet,
			[]string{"eth.src", "02:00:00:00:00:01", "arp.src.proto_ipv4", "10.0.0.1", "arp.dst.proto_ipv4", "10.0.0.2"},
			"eth.dst=02:00:00:00:00:01 arp.opcode=2 arp.src.proto_ipv4=10.0.0.2 arp.dst.hw_mac=02:00:00:00:00:01 arp.dst.proto_ipv4=10.0.0.1",
		},
		{
			"tagged echo", Ethernet,
			[]string{"eth.dst", "02:00:00:00:00:02", "eth.src", "02:00:00:00:00:01", "vlan.id", "5", "ip.src", "10.0.0.1", "ip.dst", "10.0.0.2", "icmp.ident", "7", "icmp.seq", "9", "data.data", "aabb"},
			"eth.dst=02:00:00:00:00:01 eth.src=02:00:00:00:00:02 vlan.id=5 ip.dst=10.0.0.1 ip.src=10.0.0.2 icmp.type=0 icmp.code=0 icmp.ident=7 icmp.seq=9 data.data=aabb",
		},
		{"broadcast echo", Raw, []string{"ip.src", "10.0.0.1", "icmp.type", "8"}, "ip.dst=10.0.0.1 icmp.type=0 icmp.code=0 icmp.ident=1 icmp.seq=1 data.data="},
		{"echo to a group", Raw, []string{"ip.src", "10.0.0.1", "ip.dst", "224.0.0.1", "icmp.type", "8"}, "ip.dst=10.0.0.1 icmp.type=0 icmp.code=0 icmp.ident=1 icmp.seq=1 data.data="},
		{
			"ICMPv6 echo", Raw,
			[]string{"ipv6.src", "fd00::1", "ipv6.dst", "fd00::2", "icmpv6.type", "128", "icmpv6.echo.identifier", "3"},
			"ipv6.dst=fd00::1 ipv6.src=fd00::2 icmpv6.type=129 icmpv6.code=0 icmpv6.echo.identifier=3 icmpv6.echo.sequence_number=1 data.data=",
		},
		{
			"ICMPv6 echo to a group", Raw,
			[]string{"ipv6.src", "fd00::1", "ipv6.dst", "ff02::1", "icmpv6.type", "128"},
			"ipv6.dst=fd00::1 icmpv6.type=129 icmpv6.code=0 icmpv6.echo.identifier=1 icmpv6.echo.sequence_number=1 data.data=",
		},
		{
			"neighbour solicitation", Raw,
			[]string{"ipv6.src", "fd00::1", "ipv6.dst", "ff02::1:ff00:2", "icmpv6.nd.ns.target_address", "fd00::2"},
			"icmpv6.type=136 ipv6.dst=fd00::1 icmpv6.nd.na.target_address=fd00::2 icmpv6.nd.na.flag.s=1",
		},
		{"UDP", Raw, []string{"ip.src", "10.0.0.1", "ip.dst", "10.0.0.2", "udp.srcport", "5", "udp.dstport", "53"}, "ip.dst=10.0.0.1 ip.src=10.0.0.2 udp.srcport=53 udp.dstport=5"},
		{
			"TCP SYN", Raw,
			[]string{"ip.src", "10.0.0.1", "ip.dst", "10.0.0.2", "tcp.srcport", "5", "tcp.dstport", "80", "tcp.seq_raw", "4294967295"},
			"ip.dst=10.0.0.1 ip.src=10.0.0.2 tcp.srcport=80 tcp.dstport=5 tcp.ack_raw=0",
		},
		{
			"TCP data", Raw,
			[]string{"ip.src", "10.0.0.1", "ip.dst", "10.0.0.2", "tcp.srcport", "5", "tcp.dstport", "80", "tcp.seq_raw", "10", "tcp.flags", "0x018", "data.text", "abc"},
			"ip.dst=10.0.0.1 ip.src=10.0.0.2 tcp.srcport=80 tcp.dstport=5", // what is acknowledged depends on the answer: see TestAnswers
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			kvs, err := Reply(c.link, made(t, c.link, c.fields...))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, kv := range kvs {
				got = append(got, kv.Name+"="+kv.Value)
				if _, err := NewWant(kv.Name, WantIs, kv.Value); err != nil {
					t.Errorf("it cannot be wanted: %v", err)
				}
			}
			if g := strings.Join(got, " "); g != c.want {
				t.Errorf("got\n%s\nwant\n%s", g, c.want)
			}
		})
	}
	for _, fields := range [][]string{
		{"arp.opcode", "2"},
		{"ip.dst", "10.0.0.1", "ip.proto", "89", "data.data", "00"},
		{"data.data", "00"},
	} {
		if kvs, err := Reply(Ethernet, made(t, Ethernet, fields...)); err == nil {
			t.Errorf("%v has the reply %v", fields, kvs)
		}
	}
}

// What is built to be wrong is never right, whatever the right value is.
func TestBadChecksums(t *testing.T) {
	for id := 0; id < 0x10000; id += 13 {
		b := made(t, Raw, "ip.dst", "10.0.0.1", "ip.id", "0x"+hexOf([]byte{byte(id >> 8), byte(id)}), "ip.checksum", "bad", "data.len", "2")
		if s, _ := Value(Raw, b, "ip.checksum.status"); s != "0" {
			t.Fatalf("id %#04x: the checksum is %s", id, s)
		}
		if fold(sum(0, b[:20])) == 0xffff {
			t.Fatalf("id %#04x: a receiver would take the checksum", id)
		}
	}
	for _, p := range []string{"icmp", "udp", "tcp"} {
		b := made(t, Raw, "ip.dst", "10.0.0.1", p+".checksum", "bad")
		if s, _ := Value(Raw, b, p+".checksum.status"); s != "0" {
			t.Errorf("%s: the checksum is %s", p, s)
		}
	}
	b := made(t, Raw, "ipv6.dst", "fd00::1", "icmpv6.checksum", "bad")
	if s, _ := Value(Raw, b, "icmpv6.checksum.status"); s != "0" {
		t.Errorf("icmpv6: the checksum is %s", s)
	}
}

func TestPayloads(t *testing.T) {
	for _, c := range []struct {
		name   string
		fields []string
		want   string
	}{
		{"text", []string{"data.text", "hi"}, "hi"},
		{"a length alone counts", []string{"data.len", "4"}, "\x00\x01\x02\x03"},
		{"a length repeats", []string{"data.len", "5", "data.text", "ab"}, "ababa"},
		{"a length cuts", []string{"data.len", "1", "data.data", "6162"}, "a"},
		{"none", []string{"data.len", "0"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := made(t, Raw, append([]string{"udp.dstport", "7"}, c.fields...)...)
			if got := string(b[28:]); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	if _, err := Build(Raw, []KV{{"udp.dstport", "7"}, {"data.text", "a"}, {"data.data", "61"}}); err == nil {
		t.Error("a payload as bytes and as text is taken")
	}
}

// pcapFile is a classic capture with frames of a link type.
func pcapFile(order binary.AppendByteOrder, link uint32, frames ...string) []byte {
	b := order.AppendUint32(nil, 0xa1b2c3d4)
	b = append(b, make([]byte, 16)...)
	b = order.AppendUint32(b, link)
	for _, f := range frames {
		b = append(b, make([]byte, 8)...)
		b = order.AppendUint32(b, uint32(len(f)))
		b = order.AppendUint32(b, uint32(len(f)))
		b = append(b, f...)
	}
	return b
}

// ngFile is a pcapng capture with a section of little-endian blocks.
func ngFile(link uint16, frames ...string) []byte { return ngBlocks(link, nil, frames...) }

// ngBlocks is ngFile with options of its interface.
func ngBlocks(link uint16, options []byte, frames ...string) []byte {
	le := binary.LittleEndian
	block := func(b []byte, typ uint32, body []byte) []byte {
		for len(body)%4 != 0 {
			body = append(body, 0)
		}
		b = le.AppendUint32(b, typ)
		b = le.AppendUint32(b, uint32(len(body)+12))
		b = append(b, body...)
		return le.AppendUint32(b, uint32(len(body)+12))
	}
	b := block(nil, 0x0a0d0d0a, append(le.AppendUint32(nil, 0x1a2b3c4d), 1, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255))
	b = block(b, 1, append(append(le.AppendUint16(nil, link), 0, 0, 0, 0, 0, 0), options...))
	b = block(b, 5, make([]byte, 12)) // statistics
	for _, f := range frames {
		body := append(make([]byte, 12), le.AppendUint32(nil, uint32(len(f)))...)
		b = block(b, 6, append(le.AppendUint32(body, uint32(len(f))), f...))
		b = block(b, 3, append(le.AppendUint32(nil, uint32(len(f))), f...))
	}
	return b
}

func TestReadCapture(t *testing.T) {
	for _, c := range []struct {
		name string
		b    []byte
		link Link
		want []string
	}{
		{"pcap", pcapFile(binary.LittleEndian, 1, "one", "two"), Ethernet, []string{"one", "two"}},
		{"pcap of a big-endian machine", pcapFile(binary.BigEndian, 101, "one"), Raw, []string{"one"}},
		{"pcapng, enhanced and simple packets", ngFile(1, "one"), Ethernet, []string{"one", "one"}},
		{"pcap whose frames end with a check sequence", pcapFile(binary.LittleEndian, 1|fcsKnown|2<<28, "oneFCS4", "FCS4"), Ethernet, []string{"one", ""}},
		{"pcap that says the length of a check sequence, and not that there is one", pcapFile(binary.LittleEndian, 1|2<<28, "one"), Ethernet, []string{"one"}},
		{"pcapng whose frames end with one", ngBlocks(1, []byte{13, 0, 1, 0, 4, 0, 0, 0}, "oneFCS4"), Ethernet, []string{"one", "one"}},
		{"pcapng, packets of the old kind", bytes.ReplaceAll(ngFile(1, "one"), []byte{6, 0, 0, 0, 36, 0, 0, 0}, []byte{2, 0, 0, 0, 36, 0, 0, 0}), Ethernet, []string{"one", "one"}},
		{"no frames", pcapFile(binary.LittleEndian, 1), Ethernet, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ReadCapture(c.b)
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != len(c.want) {
				t.Fatalf("got %d frames, want %d", len(got), len(c.want))
			}
			for i, f := range got {
				if string(f.Data) != c.want[i] || f.Link != c.link {
					t.Errorf("frame %d is %q of %v, want %q of %v", i+1, f.Data, f.Link, c.want[i], c.link)
				}
			}
		})
	}
	whole := ngFile(1, "some frame")
	lies := pcapFile(binary.LittleEndian, 1, "x")
	binary.LittleEndian.PutUint32(lies[32:], 1<<31)
	for _, c := range []struct {
		name string
		b    []byte
		want string
	}{
		{"nothing", nil, "too short"},
		{"text", []byte("hello, world"), "neither pcap nor pcapng"},
		{"a header that is cut", pcapFile(binary.LittleEndian, 1)[:20], "ends within its header"},
		{"a frame that is cut", pcapFile(binary.LittleEndian, 1, "frame")[:30], "ends within the header of frame 1"},
		{"a length that lies", lies, "claims 2147483648 bytes"},
		{"a link type that is not known", pcapFile(binary.LittleEndian, 105, "x"), "link type 105"},
		{"a block that is cut", whole[:len(whole)-3], "claims"},
		{"a frame without an interface", append(append([]byte{}, whole[:28]...), whole[len(whole)-28:]...), "not described"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ReadCapture(c.b)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %d frames and error %v, want one with %q", len(got), err, c.want)
			}
		})
	}
}

// Frames of which a capture has only the beginning are known.
func TestFramesThatACaptureCuts(t *testing.T) {
	cut := pcapFile(binary.LittleEndian, 1, "begins", "whole")
	binary.LittleEndian.PutUint32(cut[24+12:], 60)
	ng := ngFile(1, "begins")
	at := bytes.LastIndex(ng[:bytes.Index(ng, []byte("begins"))], []byte{6, 0, 0, 0, 6, 0, 0, 0})
	binary.LittleEndian.PutUint32(ng[at+4:], 60)
	for _, c := range []struct {
		name string
		b    []byte
		want []int
	}{
		{"pcap", cut, []int{60, 0}},
		{"pcapng, an enhanced packet, and a simple one that is whole", ng, []int{60, 0}},
	} {
		frames, err := ReadCapture(c.b)
		if err != nil || len(frames) != len(c.want) {
			t.Fatalf("%s: %d frames, error %v", c.name, len(frames), err)
		}
		for i, f := range frames {
			if f.Cut != c.want[i] {
				t.Errorf("%s: frame %d is cut from %d bytes, want %d", c.name, i+1, f.Cut, c.want[i])
			}
		}
	}
}

func FuzzReadCapture(f *testing.F) {
	f.Add(pcapFile(binary.LittleEndian, 1, "one", "two"))
	f.Add(pcapFile(binary.BigEndian, 101, "one"))
	f.Add(ngFile(1, "one"))
	f.Fuzz(func(t *testing.T, b []byte) {
		frames, err := ReadCapture(b)
		total := 0
		for _, c := range frames {
			total += len(c.Data)
		}
		if err != nil && frames != nil || total > len(b) {
			t.Fatalf("%d frames of %d bytes in a file of %d, error %v", len(frames), total, len(b), err)
		}
	})
}

// Whatever the bytes are, a frame meets what its own fields are, and has a reply or
// none, without a panic.
func FuzzWants(f *testing.F) {
	f.Add(byte(0), made(f, Ethernet, "arp.opcode", "1"), "arp.opcode", "1")
	f.Add(byte(1), made(f, Raw, "udp.dstport", "7"), "udp.dstport", "1..9")
	f.Add(byte(0), made(f, Ethernet, "icmp.type", "11", "data.len", "28"), "quoted.ip.src", "any")
	f.Fuzz(func(t *testing.T, link byte, b []byte, name, value string) {
		l := Link(link % 3)
		if w, err := NewWant(name, WantOp(link%4), value); err == nil {
			ok, out := Compare(l, b, []Want{w})
			if ok != Meets(l, b, []Want{w}) || ok != out[0].Same {
				t.Fatalf("Compare says %t, Meets does not", ok)
			}
		}
		if v, ok := Value(l, b, name); ok {
			w, err := NewWant(name, WantIs, v)
			if err != nil {
				return // text such as a..b, which reads as something else
			}
			if len(b) < 4096 && !Meets(l, b, []Want{w}) {
				t.Fatalf("%s is %q and is not", name, v)
			}
		}
		_, _ = Answer(l, b, nil) // whether there is one is of no matter
	})
}
