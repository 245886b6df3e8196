package dissect

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
)

// messages are those that the tests begin with, each with who reads it.
var messages = []struct {
	name string
	find func([]byte) Message
	hex  string
	want string
}{
	{
		"a question for an address", DNS, "1234010000010000000000000377777707657861" + "6d706c65036f72670000010001",
		"dns.id@0+2 dns.flags@2+2 dns.flags.response@2+2 dns.flags.opcode@2+2 dns.flags.truncated@2+2 dns.flags.recdesired@2+2 dns.flags.z@2+2 " +
			"dns.flags.checkdisable@2+2 dns.count.queries@4+2 dns.count.answers@6+2 dns.count.auth_rr@8+2 dns.count.add_rr@10+2 " +
			"dns.qry.name@12+17=www.example.org dns.qry.type@29+2 dns.qry.class@31+2",
	},
	{"a name that refers to itself", DNS, "123401000001000000000000c00c00010001", "... a name refers to what comes later"},
	{"a name that refers to what comes later", DNS, "123401000001000000000000c01000010001", "... a name refers to what comes later"},
	{"a name without an end", DNS, "12340100000100000000000003777777", "... cut short in a name"},
	{"more answers than bytes", DNS, "123481800000ffff00000000", "... cut short in a name"},
	{
		"a topology change notification", BPDU, "00000080",
		"stp.protocol@0+2 stp.version@2+1 stp.type@3+1",
	},
	{"half of a BPDU", BPDU, "00000000008000", "... cut short"},
	{"a prefix", func(b []byte) Message { return NDOptions(b, 0) }, "03044040" + "00000001" + "00000002" + "00000000" + "fd000000000000000000000000000000", "icmpv6.opt.type@0+1 icmpv6.opt.length@1+1 icmpv6.opt.prefix.length@2+1 icmpv6.opt.prefix.flag@3+1 icmpv6.opt.prefix.flag.l@3+1 icmpv6.opt.prefix.flag.a@3+1 icmpv6.opt.prefix.valid_lifetime@4+4 icmpv6.opt.prefix.preferred_lifetime@8+4 icmpv6.opt.prefix@16+16"},
	{"an option of no length", func(b []byte) Message { return NDOptions(b, 0) }, "0300", "... cut short in an option"},
	{"a control field of two bytes, the low one first", LLC, "62630002", "llc.dsap@0+1 llc.dsap.ig@0+1 llc.ssap@1+1 llc.ssap.cr@1+1 llc.control@2+2=\x02\x00"},
	{"a group's report", IGMP, "160000000a000001", "igmp.type@0+1 igmp.max_resp@1+1 igmp.checksum@2+2 igmp.maddr@4+4"},
	{"more groups than bytes", IGMP, "220000000000ffff01000000ef010203", "... cut short"},
	{"a report of listeners", MLD, "8f0000000000000104000000" + "ff020000000000000000000000000005", "icmpv6.mldr.nb_mcast_records@6+2 icmpv6.mldr.mar.record_type@8+1 icmpv6.mldr.mar.aux_data_len@9+1 icmpv6.mldr.mar.nb_sources@10+2 icmpv6.mldr.mar.multicast_address@12+16"},
	{"an option that is longer than the header", TCPOptions, strings.Repeat("00", 20) + "0209", "... cut short in an option"},
	{"a DHCP option that is longer than the message", DHCP, "01010600" + strings.Repeat("00", 232) + "63825363" + "350901", "... cut short in an option"},
	{"padding between options", DHCP, "01010600" + strings.Repeat("00", 232) + "63825363" + "0000" + "350101ff", "... dhcp.cookie@236+4 dhcp.option.type@240+1 dhcp.option.type@242+1 dhcp.option.length@243+1 dhcp.option.dhcp@244+1 dhcp.option.type@245+1 dhcp.option.end@245+1"},
}

// show is a message as the tests have it.
func show(m Message) string {
	var out []string
	for _, p := range m.Places {
		s := fmt.Sprintf("%s@%d+%d", p.Name, p.Off, p.N)
		if p.Value != nil {
			s += "=" + string(p.Value)
		}
		out = append(out, s)
	}
	if m.Bad != "" {
		out = append(out, m.Bad)
	}
	return strings.Join(out, " ")
}

func TestMessages(t *testing.T) {
	for _, c := range messages {
		b, err := hex.DecodeString(c.hex)
		if err != nil {
			t.Fatal(err)
		}
		got := show(c.find(b))
		if end, ok := strings.CutPrefix(c.want, "... "); ok && strings.HasSuffix(got, end) {
			continue
		}
		if got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

// FuzzMessages: no bytes make a reader panic, read beyond them, change them or find more
// than is allowed.
func FuzzMessages(f *testing.F) {
	for _, c := range messages {
		b, _ := hex.DecodeString(c.hex)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		before := bytes.Clone(b)
		for i, c := range messages {
			m := c.find(b)
			if m.N > len(b) || len(m.Places) > MaxPlaces {
				t.Errorf("reader %d: %d of %d bytes, %d fields", i, m.N, len(b), len(m.Places))
			}
			for _, p := range m.Places {
				if p.Off < 0 || p.N < 0 || p.Off+p.N > len(b) {
					t.Errorf("reader %d: %s at %d+%d of %d bytes", i, p.Name, p.Off, p.N, len(b))
				}
			}
		}
		if !bytes.Equal(b, before) {
			t.Error("reading changed the message")
		}
	})
}
