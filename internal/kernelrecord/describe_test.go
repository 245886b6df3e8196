//go:build linux

package main

import (
	"net/netip"
	"os"
	"strings"
	"testing"

	"wireloom/vnet/packet"
)

// TestMain makes this program, as the child of recordAll, what the real one is.
func TestMain(m *testing.M) {
	if os.Getenv(situationEnv) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// A frame that is built is described as what it was built of, in the words of the transcripts.
func TestFramesAreDescribedAsTheTranscriptsHaveThem(t *testing.T) {
	in := func(typ uint16, p []byte) []byte {
		return append(packet.AppendEthernet(nil, packet.Broadcast, peerMAC, typ), p...)
	}
	quoted := ip4{id: 7}.udp(1, 2, []byte("abcd"))[:28]
	for _, c := range []struct {
		name  string
		frame []byte
		want  string
	}{
		{
			"an ARP request", in(packet.TypeARP, arpPacket{op: 1, sha: peerMAC, spa: "10.0.0.2", tpa: "10.0.0.1"}.bytes()),
			"ARP op1 10.0.0.2(02:00:00:00:00:99) -> 10.0.0.1(00:00:00:00:00:00) eth 02:00:00:00:00:99>ff:ff:ff:ff:ff:ff len42",
		},
		{"an echo request", in(packet.TypeIPv4, ip4{id: 5, tos: 40}.echo(make([]byte, 56))), "ICMP t8 c0 10.0.0.2>10.0.0.1 id5 ttl64 df0 tos40 data56 ckTrue len98"},
		{"an error", in(packet.TypeIPv4, ip4{}.icmp(3, 3, 0, quoted)), "ICMP t3 c3 10.0.0.2>10.0.0.1 id1 ttl64 df0 tos0 data28 ckTrue len70 quotes 28 bytes rest=00000000"},
		{
			"a SYN with options", in(packet.TypeIPv4, ip4{flags: flagDF}.tcp(segment{sport: 1, dport: 2, seq: 3, flags: syn, window: 4, options: aligned(optAll)})),
			"TCP 10.0.0.2:1>10.0.0.1:2 S seq3 ack0 win4 id1 ttl64 df1 tos0 data0 [mss=1460,nop,ws=6,sackOK,ts=0000006400000000] len74",
		},
		{"a fragment", in(packet.TypeIPv4, ip4{id: 9, flags: flagMF | 185}.packet(make([]byte, 16))), "IP proto17 10.0.0.2>10.0.0.1 id9 ttl64 df0 mf1 off1480 pl16 "},
		{
			"an echo request over IPv6", in(packet.TypeIPv6, ip6(peer6, host6, packet.ProtoICMPv6, 64, icmp6(peer6, host6, 128, 0, []byte{0, 1, 0, 2}))),
			"ICMP6 t128 fd00::2>fd00::1 hl64 pl=00010002",
		},
		{"options that end too early", in(packet.TypeIPv4, ip4{}.tcp(segment{flags: ack, options: []byte{1, 1, 3, 9}})), "TCP 10.0.0.2:0>10.0.0.1:0 A seq0 ack0 win0 id1 ttl64 df0 tos0 data0 [nop,nop,bad 0309] len58"},
		{"a short frame", []byte{1, 2}, "short 0102"},
	} {
		if got := describe(c.frame); got != c.want {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got, c.want)
		}
	}
}

// A situation is recorded in a namespace of its own: what is asked for is done by the kernel
// of this machine, whatever it is.
func TestASituationIsRecordedInANamespace(t *testing.T) {
	for name, want := range map[string]string{"loop": "recv e=0 n=4 from=127.0.0.1:", "keepalive": "kernel " + release()} {
		got := recordAll(func(s string) bool { return s == name })
		if !strings.Contains(string(got[name]), want) {
			t.Errorf("%s: %q, want %q in it", name, got[name], want)
		}
	}
}

func FuzzDescribe(f *testing.F) {
	f.Add(packet.AppendEthernet(nil, packet.Broadcast, peerMAC, packet.TypeIPv6))
	f.Add(append(packet.AppendEthernet(nil, packet.Broadcast, peerMAC, packet.TypeIPv4), ip4{}.tcp(segment{options: aligned(optAll)})...))
	f.Add(append(packet.AppendEthernet(nil, packet.Broadcast, peerMAC, packet.TypeIPv6), ip6(netip.IPv6Unspecified(), peer6, 0, 1, make([]byte, 8))...))
	f.Fuzz(func(_ *testing.T, frame []byte) { describe(frame) })
}
