package userland_test

import (
	"strings"
	"testing"
	"time"

	"wireloom/vnet"
)

// A capture of an interface: what a filter takes, in the words of tcpdump, until as many as
// were asked for, or Ctrl-C.
func TestTcpdump(t *testing.T) {
	b := newBench(t, pingd)
	shown := b.exec("tcpdump -n -i em0 -c 4 arp or icmp")
	kept := b.exec("tcpdump -w /tmp/out.pcap -c 2 icmp[icmptype] = icmp-echo")
	b.want("ping -c 2 10.0.0.2", 0, "PING 10.0.0.2 (10.0.0.2): 56 data bytes\n"+
		"64 bytes from 10.0.0.2: icmp_seq=0 ttl=255 time=8.000 ms\n64 bytes from 10.0.0.2: icmp_seq=1 ttl=255 time=4.000 ms\n"+
		"\n--- 10.0.0.2 ping statistics ---\n2 packets transmitted, 2 packets received, 0.0% packet loss\nround-trip min/avg/max/stddev = 4.000/6.000/8.000/2.000 ms\n")
	if got := b.out[shown]; !strings.HasPrefix(got, "tcpdump: verbose output suppressed, use -v[v]... for full protocol decode\n"+
		"listening on em0, link-type EN10MB (Ethernet), snapshot length 262144 bytes\n") ||
		!strings.Contains(got, " ARP, Request who-has 10.0.0.2 tell 10.0.0.1, length 28\n") ||
		!strings.Contains(got, " ARP, Reply 10.0.0.2 is-at 02:00:00:00:00:0b, length 28\n") ||
		!strings.Contains(got, " IP 10.0.0.1 > 10.0.0.2: ICMP echo request, id ") ||
		!strings.HasSuffix(got, "\n4 packets captured\n4 packets received by filter\n0 packets dropped by kernel\n") {
		t.Errorf("tcpdump shows\n%s", got)
	}
	if got := b.out[kept]; got != "tcpdump: listening on em0, link-type EN10MB (Ethernet), snapshot length 262144 bytes\n"+
		"2 packets captured\n2 packets received by filter\n0 packets dropped by kernel\n" {
		t.Errorf("tcpdump -w says\n%s", got)
	}
	got, code := b.command("tcpdump -ntvr /tmp/out.pcap greater 98 and dst 10.0.0.2")
	if code != 0 || strings.Count(got, "    10.0.0.1 > 10.0.0.2: ICMP echo request, id ") != 2 ||
		!strings.HasPrefix(got, "reading from file /tmp/out.pcap, link-type EN10MB (Ethernet), snapshot length 262144\nIP (tos 0x0, ttl 64, id ") {
		t.Errorf("tcpdump -r shows [exit %d]\n%s", code, got)
	}
	b.want("tcpdump -ntqr /tmp/out.pcap -c 1 dst carol", 0, "reading from file /tmp/out.pcap, link-type EN10MB (Ethernet), snapshot length 262144\n")
}

// Ctrl-C ends a capture with its numbers, and an interface that goes ends it with an error.
func TestTcpdumpEnds(t *testing.T) {
	b := newBench(t, pingd)
	p := b.exec("tcpdump -n udp port 9")
	b.Run(b.Now()+time.Second, vnet.NoLimit)
	if _, err := b.Do(vnet.Stdin{Node: "alice", Proc: strings.TrimPrefix(p, "alice:"), Text: "\x03"}); err != nil {
		t.Fatal(err)
	}
	b.Run(b.Now()+time.Second, vnet.NoLimit)
	if got := b.out[p]; !strings.HasSuffix(got, "\n0 packets captured\n0 packets received by filter\n0 packets dropped by kernel\n") || b.exits[p] != 0 {
		t.Errorf("after Ctrl-C: [exit %d]\n%s", b.exits[p], got)
	}
	b.node = "bob"
	b.want("ifconfig tap3 create", 0, "")
	p = b.exec("tcpdump -n -i tap3")
	b.want("ifconfig tap3 destroy", 0, "")
	if got := b.out[p]; !strings.HasSuffix(got, "\n0 packets dropped by kernel\ntcpdump: pcap_loop: The interface disappeared\n") || b.exits[p] != 1 {
		t.Errorf("after the interface went: [exit %d]\n%s", b.exits[p], got)
	}
}

func TestTcpdumpRefuses(t *testing.T) {
	b := newBench(t, nil)
	usage := "usage: tcpdump [-AeKnpqStvXx#] [-c count] [-F file] [-i interface] [-Q in|out|inout]\n               [-r file] [-s snaplen] [-w file] [expression]\n       tcpdump -D\n"
	for line, want := range map[string]string{
		"tcpdump -i em9":                  "tcpdump: em9: No such device exists\n(BIOCSETIF failed: Device not configured)\n",
		"tcpdump -Z root":                 "tcpdump: illegal option -- Z\n" + usage,
		"tcpdump -c 0":                    "tcpdump: invalid packet count 0\n",
		"tcpdump -s -1":                   "tcpdump: invalid snaplen -1 (must be >= 0 and <= 262144)\n",
		"tcpdump -Q up":                   "tcpdump: unknown capture direction `up'\n",
		"tcpdump tcp 80":                  "tcpdump: can't parse filter expression: syntax error\n",
		"tcpdump host nobody":             "tcpdump: unknown host 'nobody'\n",
		"tcpdump -r /tmp/none":            "tcpdump: /tmp/none: No such file or directory\n",
		"tcpdump -r /dev/null":            "tcpdump: truncated dump file; tried to read 24 file header bytes, only got 0\n",
		"tcpdump -r /dev/zero":            "tcpdump: unknown file format\n",
		"tcpdump -w /dev/none/x":          "tcpdump: /dev/none/x: No such file or directory\n",
		"tcpdump -F /dev/null -i em9 tcp": "tcpdump: em9: No such device exists\n(BIOCSETIF failed: Device not configured)\n",
	} {
		b.want(line, 1, want)
	}
	b.want("tcpdump -D", 0, "1.em0 [Up, Running]\n")
}
