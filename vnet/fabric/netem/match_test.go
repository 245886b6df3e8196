package netem

import (
	"encoding/hex"
	"strings"
	"testing"
)

// Frames, without their addresses 02:..:02 and 02:..:01.
var frames = map[string]string{
	"tcp":      "0800 45000028000040004006 0000 0a000001 0a000002 1f90 0050 00000000 00000000 5002 0000 0000 0000",
	"udp":      "0800 4500001c000040004011 0000 0a000001 0a000102 1f90 0035 0008 0000",
	"fragment": "0800 4500001c000000b94011 0000 0a000001 0a000102 1f90 0035 0008 0000",
	"icmp":     "0800 4500001c000040004001 0000 0a000001 0a000002 0800 0000 0000 0000",
	"udp6":     "86dd 600000000008 11 40 fd000000000000000000000000000001 fd000000000000000000000000000002 1f90 0035 0008 0000",
	"arp":      "0806 0001080006040001 020000000001 0a000001 000000000000 0a000002",
	"vlan":     "8100 a00a 0800 4500001c000040004011 0000 0a000001 0a000002 1f90 0035 0008 0000",
	"short":    "08",
}

func TestMatch(t *testing.T) {
	for filter, want := range map[string]string{
		"protocol ip":                       "fragment icmp tcp udp vlan",
		"protocol ipv6":                     "udp6",
		"protocol arp":                      "arp",
		"protocol 0x806":                    "arp",
		"src_mac 02:00:00:00:00:01":         "arp fragment icmp short tcp udp udp6 vlan",
		"dst_mac 02:00:00:00:00:01":         "",
		"vlan_id 10":                        "vlan",
		"vlan_id 11":                        "",
		"vlan_prio 5":                       "vlan",
		"ip_proto tcp":                      "tcp",
		"ip_proto 17":                       "fragment udp udp6 vlan",
		"src_ip 10.0.0.1":                   "arp fragment icmp tcp udp vlan",
		"dst_ip 10.0.1.0/24":                "fragment udp",
		"dst_ip fd00::/8":                   "udp6",
		"ip_proto udp dst_port 53":          "udp udp6 vlan",
		"src_port 8080":                     "tcp udp udp6 vlan",
		"type 8":                            "icmp",
		"ip_proto icmp type 8 code 1":       "",
		"tcp_flags 0x2":                     "tcp",
		"tcp_flags 0x0/0x10":                "tcp",
		"tcp_flags 0x12":                    "",
		"arp_op request":                    "arp",
		"arp_op reply":                      "",
		"protocol arp src_ip 10.0.0.1":      "arp",
		"protocol ip dst_port 80 type 8":    "",
		"protocol ip dst_mac 02::::::broke": "error",
	} {
		c, err := Parse("loss 100% match " + filter)
		if (err != nil) != (want == "error") {
			t.Errorf("%s: %v", filter, err)
		}
		if err != nil {
			continue
		}
		var got []string
		for _, name := range []string{"arp", "fragment", "icmp", "short", "tcp", "udp", "udp6", "vlan"} {
			b, err := hex.DecodeString("020000000002" + "020000000001" + strings.ReplaceAll(frames[name], " ", ""))
			if err != nil {
				t.Fatal(name, err)
			}
			if c.Match.Matches(b) {
				got = append(got, name)
			}
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s: matches %q, want %q", filter, s, want)
		}
		if c.String() != "limit 1000 loss 100% match "+filter {
			t.Errorf("%s: shown as %s", filter, c)
		}
	}
}
