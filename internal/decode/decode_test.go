package decode

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func kvs(s ...string) []KV {
	var out []KV
	for i := 0; i < len(s); i += 2 {
		out = append(out, KV{s[i], s[i+1]})
	}
	return out
}

func build(t testing.TB, link Link, s ...string) []byte {
	t.Helper()
	b, err := Build(link, kvs(s...))
	if err != nil {
		t.Fatalf("Build(%q): %v", s, err)
	}
	return b
}

var ends = []string{"eth.src", "02:00:00:00:00:01", "eth.dst", "02:00:00:00:00:02", "ip.src", "10.0.0.1", "ip.dst", "10.0.0.2"}

func with(s ...string) []string { return append(append([]string{}, ends...), s...) }

// frame8023 is a BPDU's frame.
func frame8023(payload string) []byte {
	b, _ := hex.DecodeString(fmt.Sprintf("0180c2000000020000000002%04x", len(payload)/2) + payload)
	return b
}

func TestSummarize(t *testing.T) {
	udp := build(t, Raw, "ip.src", "10.0.0.1", "ip.dst", "10.0.0.2", "udp.srcport", "33000", "udp.dstport", "33434", "data.data", "00")
	for _, tc := range []struct {
		name string
		link Link
		b    []byte
		want Summary
	}{
		{"arp request", Ethernet, build(t, Ethernet, "arp.src.hw_mac", "02:00:00:00:00:01", "arp.src.proto_ipv4", "10.0.0.1", "arp.dst.proto_ipv4", "10.0.0.2"), Summary{"ARP", "10.0.0.1", "10.0.0.2", "who-has 10.0.0.2 tell 10.0.0.1", ""}},
		{"arp reply", Ethernet, build(t, Ethernet, "arp.opcode", "reply", "arp.src.hw_mac", "02:00:00:00:00:02", "arp.src.proto_ipv4", "10.0.0.2", "arp.dst.proto_ipv4", "10.0.0.1", "frame.pad", "60"), Summary{"ARP", "10.0.0.2", "10.0.0.1", "10.0.0.2 is-at 02:00:00:00:00:02", ""}},
		{"ping", Ethernet, build(t, Ethernet, with("icmp.ident", "7", "icmp.seq", "12", "data.data", "6869")...), Summary{"ICMP", "10.0.0.1", "10.0.0.2", "echo request id 7 seq 12", ""}},
		{"tagged", Ethernet, build(t, Ethernet, with("vlan.id", "5", "udp.srcport", "1", "udp.dstport", "2", "data.data", "616263")...), Summary{"UDP", "10.0.0.1", "10.0.0.2", "10.0.0.1:1 > 10.0.0.2:2 len 3", ""}},
		{"syn", Raw, build(t, Raw, "ip.src", "10.0.0.1", "ip.dst", "10.0.0.2", "tcp.srcport", "4444", "tcp.dstport", "80", "tcp.options.mss_val", "1460"), Summary{"TCP", "10.0.0.1", "10.0.0.2", "10.0.0.1:4444 > 10.0.0.2:80 [SYN] seq 0 win 65535 len 0", ""}},
		{"ping6 over null", Null, build(t, Null, "ipv6.src", "fd00::1", "ipv6.dst", "fd00::2", "icmpv6.echo.identifier", "3", "icmpv6.echo.sequence_number", "4"), Summary{"ICMPv6", "fd00::1", "fd00::2", "echo request id 3 seq 4", ""}},
		{"port unreachable quotes", Ethernet, build(t, Ethernet, with("icmp.type", "3", "icmp.code", "3", "data.data", hex.EncodeToString(udp[:28]))...), Summary{"ICMP", "10.0.0.1", "10.0.0.2", "destination unreachable (port) about UDP 10.0.0.1:33000 > 10.0.0.2:33434 len 0", ""}},
		{"bad ip checksum", Ethernet, build(t, Ethernet, with("icmp.seq", "1", "ip.checksum", "0x1234")...), Summary{"ICMP", "10.0.0.1", "10.0.0.2", "echo request id 1 seq 1", "IPv4: checksum 0x1234, should be 0x66df"}},
		{"bad udp checksum", Ethernet, build(t, Ethernet, with("udp.checksum", "1", "udp.srcport", "1", "udp.dstport", "2")...), Summary{"UDP", "10.0.0.1", "10.0.0.2", "10.0.0.1:1 > 10.0.0.2:2 len 0", "UDP: checksum 0x0001, should be 0xebd8"}},
		{"no udp checksum", Ethernet, build(t, Ethernet, with("udp.checksum", "0", "udp.srcport", "1", "udp.dstport", "2")...), Summary{"UDP", "10.0.0.1", "10.0.0.2", "10.0.0.1:1 > 10.0.0.2:2 len 0", ""}},
		{"cut ethernet", Ethernet, []byte{1, 2}, Summary{Proto: "Ethernet", Bad: "Ethernet: 14 bytes needed, have 2"}},
		{"empty", Ethernet, nil, Summary{Proto: "Ethernet", Bad: "Ethernet: 14 bytes needed, have 0"}},
		{"total length too long", Raw, build(t, Raw, "ip.src", "10.0.0.1", "ip.dst", "10.0.0.2", "icmp.seq", "1", "ip.len", "99"), Summary{"ICMP", "10.0.0.1", "10.0.0.2", "echo request id 1 seq 1", "IPv4: total length 99, but only 28 bytes are there"}},
		{"rapid spanning tree", Ethernet, frame8023("4242030000" + "02023c" + "1000020000000001" + "00004e20" + "2000020000000002" + "8001" + "0100140002000f0000"), Summary{"STP", "02:00:00:00:00:02", "01:80:c2:00:00:00", "rapid spanning tree root 4096/02:00:00:00:00:01 cost 20000 port 0x8001", ""}},
		{"topology change", Ethernet, frame8023("4242030000" + "0080"), Summary{"STP", "02:00:00:00:00:02", "01:80:c2:00:00:00", "topology change notification", ""}},
		{"half of a BPDU is data", Ethernet, frame8023("4242030000" + "02023c10"), Summary{"Ethernet", "02:00:00:00:00:02", "01:80:c2:00:00:00", "802.3 length 9 len 9", ""}},
		{"question", Ethernet, build(t, Ethernet, with("udp.srcport", "5", "udp.dstport", "53", "data.data", "00010100000100000000000003777777076578616d706c65036f72670000010001")...), Summary{"DNS", "10.0.0.1", "10.0.0.2", "query A www.example.org", ""}},
		{"answer", Ethernet, build(t, Ethernet, with("udp.srcport", "53", "udp.dstport", "5", "data.data", "00018180000100010000000003777777076578616d706c65036f72670000010001c00c000100010000003c00040a000009")...), Summary{"DNS", "10.0.0.1", "10.0.0.2", "response A www.example.org: no error, 10.0.0.9", ""}},
		{"a name that does something to a terminal", Ethernet, build(t, Ethernet, with("udp.srcport", "5", "udp.dstport", "53", "data.data", "000101000001000000000000"+"041b5b326d00"+"00010001")...), Summary{"DNS", "10.0.0.1", "10.0.0.2", `query A \x1b[2m`, ""}},
		{"no question at all", Ethernet, build(t, Ethernet, with("udp.srcport", "5", "udp.dstport", "53", "data.data", "01")...), Summary{"UDP", "10.0.0.1", "10.0.0.2", "10.0.0.1:5 > 10.0.0.2:53 len 1", ""}},
		{"discover", Ethernet, build(t, Ethernet, with("udp.srcport", "68", "udp.dstport", "67", "data.data", "01010600000000ff"+strings.Repeat("00", 20)+"0200000000aa"+strings.Repeat("00", 202)+"63825363350101ff")...), Summary{"DHCP", "10.0.0.1", "10.0.0.2", "discover 02:00:00:00:00:aa id 0x000000ff", ""}},
		{"group", Raw, build(t, Raw, "ip.src", "10.0.0.1", "ip.dst", "239.1.2.3", "ip.proto", "2", "data.data", "1600000aef010203"), Summary{"IGMP", "10.0.0.1", "239.1.2.3", "version 2 report 239.1.2.3", ""}},
		{"not ip", Raw, []byte{0x10, 1}, Summary{Proto: "Data", Info: "2 bytes len 2", Bad: "Data: not an IP packet: version 1"}},
	} {
		if got := Summarize(tc.link, tc.b); got != tc.want {
			t.Errorf("%s:\n got %+v\nwant %+v", tc.name, got, tc.want)
		}
	}
	if got := Summarize(Ethernet, make([]byte, MaxFrame+1)); !strings.Contains(got.Bad, "only the first 65553") {
		t.Errorf("too long a frame: Bad %q", got.Bad)
	}
}

// Every byte range of a tree is inside the frame, and inside its layer's frame.
func checkTree(t *testing.T, fs []Field, b []byte) {
	t.Helper()
	for _, f := range fs {
		if f.Off < 0 || f.Len < 0 || f.Off+f.Len > len(b) || f.Name == "" || f.Label == "" {
			t.Errorf("field %q %q at %d+%d of %d bytes", f.Name, f.Label, f.Off, f.Len, len(b))
		}
		checkTree(t, f.Fields, b)
	}
}

func TestTree(t *testing.T) {
	b := build(t, Ethernet, with("icmp.seq", "12", "icmp.checksum", "0xffff", "data.data", "6869", "frame.pad", "60")...)
	fs := Tree(Ethernet, b)
	checkTree(t, fs, b)
	var names []string
	flat := map[string]Field{}
	for _, l := range fs {
		names = append(names, l.Name)
		for _, f := range l.Fields {
			flat[f.Name] = f
		}
	}
	if got := strings.Join(names, " "); got != "eth ip icmp data" {
		t.Errorf("layers %s", got)
	}
	for _, want := range []Field{
		{Name: "eth.type", Label: "Type", Value: "0x0800", Text: "IPv4", Off: 12, Len: 2},
		{Name: "eth.padding", Label: "Padding", Value: strings.Repeat("00", 16), Off: 44, Len: 16},
		{Name: "ip.ttl", Label: "Time to live", Value: "64", Off: 22, Len: 1},
		{Name: "icmp.type", Label: "Type", Value: "8", Text: "echo request", Off: 34, Len: 1},
		{Name: "icmp.seq", Label: "Sequence number", Value: "12", Off: 40, Len: 2},
		{Name: "data.data", Label: "Data", Value: "6869", Off: 42, Len: 2},
	} {
		got := flat[want.Name]
		if got.Value != want.Value || got.Text != want.Text || got.Off != want.Off || got.Len != want.Len || got.Label != want.Label {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	sum := flat["icmp.checksum"]
	if sum.Bad != "should be 0x8f89" || len(sum.Fields) != 1 || sum.Fields[0].Text != "bad" {
		t.Errorf("bad checksum: %+v", sum)
	}
}

func TestBuildErrors(t *testing.T) {
	for _, tc := range []struct {
		name string
		link Link
		in   []string
		want string
	}{
		{"typo", Ethernet, []string{"arp.opcod", "1"}, `unknown field "arp.opcod": did you mean arp.opcode?`},
		{"nothing near", Ethernet, []string{"entirely.else", "1"}, "names are Wireshark's"},
		{"mac", Ethernet, []string{"eth.dst", "02:00"}, `eth.dst: "02:00": want a MAC address`},
		{"too large", Ethernet, []string{"ip.ttl", "256"}, `ip.ttl: "256": want at most 255`},
		{"not a multiple", Ethernet, []string{"ip.hdr_len", "21"}, "a multiple of 4"},
		{"name", Ethernet, []string{"arp.opcode", "shout"}, `a name such as "request"`},
		{"twice", Ethernet, []string{"ip.ttl", "1", "ip.ttl", "2"}, "ip.ttl: given twice"},
		{"twice by alias", Ethernet, []string{"tcp.seq", "1", "tcp.seq_raw", "2"}, "given twice"},
		{"two networks", Ethernet, []string{"arp.opcode", "1", "ip.ttl", "2"}, "arp.opcode and ip.ttl: a frame is ARP, IPv4 or IPv6"},
		{"two transports", Ethernet, []string{"udp.srcport", "1", "tcp.srcport", "2"}, "a frame is ARP, ICMP"},
		{"wrong icmp", Ethernet, []string{"icmp.seq", "1", "ipv6.hlim", "2"}, "ICMP is for IPv4"},
		{"no such header", Raw, []string{"eth.dst", "02:00:00:00:00:01"}, "no eth header"},
		{"nothing", Raw, nil, "nothing to build"},
		{"read only", Ethernet, []string{"frame.len", "3"}, "can be matched, not built"},
		{"field of another type", Ethernet, []string{"icmp.type", "3", "icmp.seq", "1"}, "icmp.seq: a message of type 3, code 0 has no such field"},
		{"options two ways", Ethernet, []string{"tcp.options", "01", "tcp.options.mss_val", "9"}, "as bytes or one by one"},
		{"too long", Ethernet, []string{"udp.dstport", "9", "data.data", strings.Repeat("00", 65530)}, "want at most 65535"},
		{"link", 9, nil, "link type 9"},
	} {
		_, err := Build(tc.link, kvs(tc.in...))
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want one with %q", tc.name, err, tc.want)
		}
	}
}

func TestCompareValues(t *testing.T) {
	b := build(t, Ethernet, with("tcp.flags.syn", "1", "tcp.flags.ack", "1", "tcp.options.mss_val", "1460", "data.data", "deadbeef")...)
	for _, tc := range []struct{ name, value, got string }{
		{"eth.src", "02:00:00:00:00:01", ""},
		{"eth.dst", "02-00-00-00-00-02", ""},
		{"eth.type", "ipv4", ""},
		{"ip.src", "10.0.0.9", "10.0.0.1"},
		{"ip.proto", "udp", "6 (TCP)"},
		{"ip.ttl", "0x40", ""},
		{"ip.checksum.status", "good", ""},
		{"tcp.flags", "0x12", ""},
		{"tcp.flags.fin", "1", "0"},
		{"tcp.options.mss_val", "1460", ""},
		{"tcp.options.wscale.shift", "2", "absent"},
		{"data.data", "DE:AD:BE:EF", ""},
		{"tcp.payload", "dead", "deadbeef"},
		{"data.len", "4", ""},
		{"frame.len", "62", ""},
		{"udp.srcport", "1", "absent"},
		{"icmp.seq", "1", "absent"},
	} {
		diff := compare(t, Ethernet, b, kvs(tc.name, tc.value))
		switch {
		case tc.got == "" && len(diff) != 0:
			t.Errorf("%s %s: %+v, want a match", tc.name, tc.value, diff)
		case tc.got != "" && (len(diff) != 1 || diff[0] != Outcome{Name: tc.name, Want: tc.value, Got: tc.got}):
			t.Errorf("%s %s: %+v, want got %q", tc.name, tc.value, diff, tc.got)
		}
	}
	if _, err := NewWant("ip.tll", WantIs, "1"); err == nil || err.Error() != `unknown field "ip.tll": did you mean ip.ttl?` {
		t.Errorf("a field that doesn't exist: %v", err)
	}
}

// compare is the values of a frame that are not the wanted ones.
func compare(t testing.TB, link Link, b []byte, want []KV) []Outcome {
	t.Helper()
	wants := make([]Want, len(want))
	for i, kv := range want {
		var err error
		if wants[i], err = NewWant(kv.Name, WantIs, kv.Value); err != nil {
			t.Errorf("NewWant: %v", err)
		}
	}
	ok, out := Compare(link, b, wants)
	out = slices.DeleteFunc(out, func(o Outcome) bool { return o.Same })
	if ok != (len(out) == 0) {
		t.Errorf("Compare says %v of %+v", ok, out)
	}
	return out
}

// Every field that can be built is matched and shown as it was built.
func TestEveryFieldRoundTrips(t *testing.T) {
	sample := map[string]string{"uint": "1", "hex": "0x1", "bool": "1", "mac": "02:00:00:00:00:77", "ipv4": "10.9.8.7", "ipv6": "fd00::77", "bytes": "01010100", "string": "a.example", "seconds": "1"}
	own := map[string]string{ // 1 would change what the header is
		"eth.type": "0x88b5", "eth.len": "4", "vlan.etype": "0x88b5", "arp.hw.size": "6", "arp.proto.size": "4", "null.family": "28",
		"ip.version": "4", "ip.hdr_len": "20", "ip.len": "20", "ipv6.version": "6", "ipv6.plen": "0", "udp.length": "8", "tcp.hdr_len": "20",
		"icmp.type": "8", "icmpv6.type": "128", "llc.dsap": "0x42", "llc.ssap": "0x42", "llc.control": "0x03", "stp.type": "0x00", "stp.root.prio": "4096", "stp.bridge.prio": "4096",
		"stp.flags": "0x01", "dns.flags": "0x0100", "dns.count.queries": "0", "dns.count.answers": "0", "dns.count.auth_rr": "0", "dns.count.add_rr": "0",
	}
	for _, f := range FieldNames() {
		if !f.Build || f.Name == "frame.pad" {
			continue
		}
		v := sample[f.Type]
		if o := own[f.Name]; o != "" {
			v = o
		}
		link := Ethernet
		if strings.HasPrefix(f.Name, "null.") {
			link = Null
		}
		in := kvs(f.Name, v)
		switch {
		case f.Name == "icmpv6.opt.linkaddr":
			in = append(in, KV{"icmpv6.type", "135"})
		case f.Name == "dns.flags.authenticated": // it is one of a response
			in = append(in, KV{"dns.flags.response", "1"})
		case f.Name == "dns.resp.name", f.Name == "dns.resp.ttl":
			in = append(in, KV{"dns.a", "10.0.0.1"})
		}
		b, err := Build(link, in)
		if err != nil {
			t.Errorf("Build %s: %v", f.Name, err)
			continue
		}
		if diff := compare(t, link, b, in); len(diff) != 0 {
			t.Errorf("%s: %+v in %x", f.Name, diff, b)
		}
		checkTree(t, Tree(link, b), b)
	}
}

// What a built frame shows is enough to build it again.
func TestTreeRebuilds(t *testing.T) {
	for _, in := range [][]string{
		with("udp.srcport", "1", "udp.dstport", "2", "data.data", "0102"),
		with("tcp.seq", "9", "tcp.options.mss_val", "1460", "tcp.options.timestamp.tsval", "5"),
		{"icmpv6.nd.ns.target_address", "fd00::2", "icmpv6.opt.linkaddr", "02:00:00:00:00:01", "ipv6.src", "fd00::1", "ipv6.dst", "ff02::1:ff00:2"},
		{"arp.opcode", "2"},
	} {
		b := build(t, Ethernet, in...)
		var again []KV
		var collect func(fs []Field)
		collect = func(fs []Field) {
			for _, f := range fs {
				if s, err := lookup(f.Name); err == nil && !s.readOnly && len(f.Value) > 0 && s.name != "tcp.options" {
					again = append(again, KV{f.Name, f.Value})
				}
				collect(f.Fields)
			}
		}
		collect(Tree(Ethernet, b))
		if got := build(t, Ethernet, flatten(again)...); !bytes.Equal(got, b) {
			t.Errorf("%q:\n got %x\nwant %x", in, got, b)
		}
		if s := Summarize(Ethernet, b); s.Bad != "" {
			t.Errorf("%q: built frame is bad: %s", in, s.Bad)
		}
	}
}

func flatten(in []KV) []string {
	var out []string
	for _, kv := range in {
		out = append(out, kv.Name, kv.Value)
	}
	return out
}
