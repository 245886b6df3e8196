package decode

import (
	"encoding/hex"
	"strings"
	"testing"
)

// Messages are built as their standards have them: the bytes are those that tshark reads
// without complaint as what was asked for.
func TestBuildMessages(t *testing.T) {
	for _, tc := range []struct {
		name, in, want string // the bytes behind the Ethernet header, or behind UDP's
		skip           int
	}{
		{"a query", "dns.id=0x1234 dns.qry.name=www.example.org", "12340100000100000000000003777777076578616d706c65036f726700 0001 0001", 42},
		{"a query of another type", "dns.qry.name=a. dns.qry.type=AAAA dns.flags.recdesired=0", "0001000000010000000000000161 00 001c 0001", 42},
		{"a response", "dns.qry.name=a.b dns.a=10.0.0.1 dns.resp.ttl=300 dns.flags.authoritative=1", "000185000001000100000000 016101620000010001 c00c 0001 0001 0000012c 0004 0a000001", 42},
		{"two records, without a question", "dns.resp.name=a dns.cname=b.c dns.aaaa=fd00::1", "000181000000000200000000 016100 0005 0001 0000003c 0005 0162016300 016100 001c 0001 0000003c 0010 fd000000000000000000000000000001", 42},
		{"no such name, and a count that is wrong", "dns.qry.name=a dns.flags.rcode=3 dns.count.answers=7", "0001810300010007000000000161000001 0001", 42},
		{"the root", "dns.qry.name=. dns.qry.type=2", "00010100000100000000000000 0002 0001", 42},
		{
			"a configuration BPDU", "eth.src=02:00:00:00:00:01 stp.root.prio=4096 stp.root.hw=02:00:00:00:00:09 stp.root.cost=20000 stp.port=0x8002 stp.msg_age=1",
			"0026 424203 0000 00 00 00 1000020000000009 00004e20 8000020000000001 8002 0100 1400 0200 0f00", 12,
		},
		{"a topology change notification", "stp.type=0x80", "0007 424203 0000 00 80", 12},
		{"a rapid one", "stp.flags.port_role=designated stp.flags.proposal=1", "0027 424203 0000 02 02 0e 80000200000000fe 00000000 80000200000000fe 8001 0000 1400 0200 0f00 00", 12},
		{"SNAP by hand", "llc.dsap=0xaa llc.ssap=0xaa data.data=0000000800", "0008 aaaa03 0000000800", 12},
		{
			"a router's prefix", "ipv6.src=fe80::1 ipv6.dst=ff02::1 icmpv6.opt.prefix=fd00:: icmpv6.opt.mtu=1400",
			"86 00 a3eb 00 00 0000 00000000 00000000 0304 40 c0 00278d00 00093a80 00000000 fd000000000000000000000000000000 0501 0000 00000578", 54,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var in []KV
			for kv := range strings.FieldsSeq(tc.in) {
				name, value, _ := strings.Cut(kv, "=")
				in = append(in, KV{name, value})
			}
			b, err := Build(Ethernet, in)
			if err != nil {
				t.Fatal(err)
			}
			got, want := hex.EncodeToString(b[tc.skip:]), strings.ReplaceAll(tc.want, " ", "")
			if strings.Contains(tc.name, "router") { // its checksum is looked at below
				got, want = got[:4]+got[8:], want[:4]+want[8:]
			}
			if got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			if s := Summarize(Ethernet, b); s.Bad != "" {
				t.Errorf("it is bad: %s", s.Bad)
			}
			if diff := compare(t, Ethernet, b, in); len(diff) != 0 && !strings.Contains(tc.name, "by hand") { // to checks, data is all behind the type
				t.Errorf("%+v", diff)
			}
		})
	}
	for in, want := range map[string]string{
		"dns.qry.name=a..b":                                    "is no label of a name",
		"dns.qry.name=" + strings.Repeat("a", 64):              "want 1 to 63 bytes",
		"dns.qry.name=" + strings.Repeat("abcdefg.", 40) + "x": "want at most 254",
		"dns.resp.ttl=5":                                       "give what is in it, such as dns.a",
		"dns.id=1 tcp.srcport=5":                               "goes over UDP",
		"stp.port=1 ip.ttl=4":                                  "a BPDU is all that its frame carries",
		"stp.port=1 data.data=00":                              "a BPDU is all that its frame carries",
		"icmpv6.opt.prefix=fd00:: ip.ttl=3":                    "ICMPv6 is for IPv6",
		"dns.txt=x":                                            "can be matched, not built",
	} {
		var kvs []KV
		for kv := range strings.FieldsSeq(in) {
			name, value, _ := strings.Cut(kv, "=")
			kvs = append(kvs, KV{name, value})
		}
		if _, err := Build(Ethernet, kvs); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: got %v, want %q", in, err, want)
		}
	}
}

// Of a field that a message has several times one must be as wanted, and each other than
// what it must not be.
func TestOneOfSeveralIsWanted(t *testing.T) {
	b, err := hex.DecodeString("02000000000102000000000208004500004f000000004011000001010101020202020035d431003b000000018180000100020000000001610000010001c00c000100010000003c00040a000001c00c000100010000003c00040a000002")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		op     WantOp
		values []string
		want   bool
	}{
		{WantIs, []string{"10.0.0.1"}, true},
		{WantIs, []string{"10.0.0.2"}, true},
		{WantIs, []string{"10.0.0.0/24"}, true},
		{WantIs, []string{"10.0.0.3"}, false},
		{WantNot, []string{"10.0.0.3"}, true},
		{WantNot, []string{"10.0.0.2"}, false},
		{WantIs, []string{"absent"}, false},
	} {
		w, err := NewWant("dns.a", tc.op, tc.values...)
		if err != nil {
			t.Fatal(err)
		}
		if got := Meets(Ethernet, b, []Want{w}); got != tc.want {
			t.Errorf("dns.a %s: %t, want %t", w.Text, got, tc.want)
		}
		if got, out := Compare(Ethernet, b, []Want{w}); got != tc.want || out[0].Same != tc.want {
			t.Errorf("dns.a %s: %+v, want %t", w.Text, out, tc.want)
		}
	}
}
