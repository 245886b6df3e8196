package situation

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"

	"wireloom/internal/kernelconform/peer"
	"wireloom/internal/kernelconform/transcript"
	"wireloom/vnet/kern"
	"wireloom/vnet/packet"
)

// hexOf is data as the suite prints it: 64 bytes at most.
func hexOf(b []byte) string { return hex.EncodeToString(b[:min(len(b), 64)]) }

const icmp, udp, tcp = packet.ProtoICMP, packet.ProtoUDP, packet.ProtoTCP

// ping is an echo request of the suite's.
func ping(data string) []byte { return peer.ICMP(8, 0, 0x12340001, []byte(data)) }

// echoed notes what the reply has that its frame's line does not show. A request with
// options: the data is shown.
func echoed(n *peer.Node, sent []byte, options bool) {
	for _, s := range n.Seen() {
		e, err := packet.ParseEthernet(s.Frame)
		if err != nil || e.Type() != packet.TypeIPv4 {
			continue
		}
		p, err := packet.ParseIPv4(e.Payload())
		if err != nil || p.Protocol() != icmp || p.FragmentOffset() > 0 || len(p.Payload()) < packet.ICMPLen || p.Payload()[0] != packet.ICMPEchoReply {
			continue
		}
		m := packet.ICMP(p.Payload())
		same := truth(bytes.Equal(m.Payload(), sent))
		if options {
			same = hexOf(m.Payload())
		}
		n.Note("  rest %08x data same: %s ip hdr %x", m.Rest(), same, []byte(p[:p.HeaderLen()]))
	}
}

func echo(n *peer.Node) {
	mac := func(last byte) packet.MAC { return packet.MAC{2, 0, 0, 0, 0, last} }
	group := packet.MAC{1, 0, 0x5e, 0, 0, 1}
	if n.Dialect == kern.NetBSD {
		n.SetSysctl("net.inet.ip.forwarding", "1") // as the recorded kernel had it
	}
	abcd := ping("abcd")
	badSum := ping("abcd")
	badSum[2] ^= 0x55
	code5 := peer.ICMP(8, 5, 0x12340001, []byte("abcd"))
	zeros := func(k int) []byte { return make([]byte, k) }
	opt := func(head ...byte) []byte { return append(head, zeros(12-len(head))...) }
	for _, q := range []struct {
		title   string
		p       peer.IP
		options bool // the suite shows the data itself
	}{
		{"echo 56", peer.IP{TOS: 0x28, Payload: ping(string(zeros(56)))}, false},
		{"echo 56 again", peer.IP{DF: true, Payload: ping(string(zeros(56)))}, false},
		{"echo 0", peer.IP{Payload: ping("")}, false},
		{"echo 1472", peer.IP{Payload: ping(string(zeros(1472)))}, false},
		{"echo code 5", peer.IP{Payload: code5}, false},
		{"echo ttl 1", peer.IP{TTL: 1, Payload: abcd}, false},
		{"echo ttl 0", peer.IP{Zero: true, Payload: abcd}, false},
		{"echo to 10.0.0.255 (bcast MAC)", peer.IP{Dst: ip("10.0.0.255"), To: packet.Broadcast, Payload: abcd}, false},
		{"echo to 255.255.255.255", peer.IP{Dst: ip("255.255.255.255"), To: packet.Broadcast, Payload: abcd}, false},
		{"echo to 10.0.0.0", peer.IP{Dst: ip("10.0.0.0"), To: packet.Broadcast, Payload: abcd}, false},
		{"echo to 224.0.0.1", peer.IP{Dst: ip("224.0.0.1"), To: group, Payload: abcd}, false},
		{"echo to us by broadcast MAC", peer.IP{To: packet.Broadcast, Payload: abcd}, false},
		{"echo to us by another unicast MAC", peer.IP{To: mac(0xee), Payload: abcd}, false},
		{"echo to 127.0.0.1 from the wire", peer.IP{Dst: ip("127.0.0.1"), Payload: abcd}, false},
		{"echo from 127.0.0.1", peer.IP{Src: ip("127.0.0.1"), Payload: abcd}, false},
		{"echo from our own address", peer.IP{Src: peer.Host, Payload: abcd}, false},
		{"echo from 10.0.0.255", peer.IP{Src: ip("10.0.0.255"), Payload: abcd}, false},
		{"echo from 0.0.0.0", peer.IP{Src: ip("0.0.0.0"), Payload: abcd}, false},
		{"echo from 224.1.1.1", peer.IP{Src: ip("224.1.1.1"), Payload: abcd}, false},
		{"bad icmp checksum", peer.IP{Payload: badSum}, false},
		{"bad ip checksum", peer.IP{BadChecksum: true, Payload: abcd}, false},
		{"ip total length longer than frame", peer.IP{Length: 100, Payload: abcd}, false},
		{"ip total length shorter (frame padded with junk)", peer.IP{Payload: abcd, Trailer: []byte("junkjunkjunkjunk")}, false},
		{"header length 4", peer.IP{HeaderLen: 4, Payload: abcd}, false},
		{"version 5", peer.IP{Version: 5, Payload: abcd}, false},
		{"record route option", peer.IP{Options: opt(7, 11, 4), Payload: abcd}, true},
		{"timestamp option", peer.IP{Options: opt(68, 12, 5, 0), Payload: abcd}, true},
		{"loose source route through us to 10.0.0.5", peer.IP{Options: []byte{131, 7, 4, 10, 0, 0, 5, 0}, Payload: abcd}, true},
		{"unknown option 0x99", peer.IP{Options: []byte{0x99, 4, 0, 0}, Payload: abcd}, true},
		{"timestamp request", peer.IP{Payload: peer.ICMP(13, 0, 0x12340001, zeros(12))}, false},
		{"mask request", peer.IP{Payload: peer.ICMP(17, 0, 0x12340001, zeros(4))}, false},
		{"information request", peer.IP{Payload: peer.ICMP(15, 0, 0x12340001, nil)}, false},
		{"router solicitation", peer.IP{Payload: peer.ICMP(10, 0, 0, nil)}, false},
		{"icmp type 99", peer.IP{Payload: peer.ICMP(99, 0, 0, []byte("abcd"))}, false},
		{"reserved flag bit set", peer.IP{Evil: true, Payload: abcd}, false},
	} {
		q.p.Proto = icmp
		data := q.p.Payload[packet.ICMPLen:]
		if q.p.Trailer != nil {
			data = append(bytes.Clone(data), q.p.Trailer...)
		}
		ask(n, q.title, func() { n.IP(0, q.p) })
		echoed(n, data, q.options)
	}
	burst(n)
	for _, df := range []bool{true, false} {
		n.Wait(1500 * ms)
		n.Step("")
		for range 4 {
			n.IP(0, peer.IP{Proto: icmp, DF: df, Payload: abcd})
			n.Wait(50 * ms)
		}
		var all []string
		for _, f := range n.Frames() {
			all = append(all, fmt.Sprintf("(%s, %s, %s)", f.Get("id"), truth(f.Get("df") == "1"), f.Get("ttl")))
		}
		n.Note("request with %s [%s]", map[bool]string{true: "df", false: "none"}[df], strings.Join(all, ", "))
	}
}

func burst(n *peer.Node) {
	n.Wait(1500 * ms)
	n.Step("")
	for range 400 {
		n.IP(0, peer.IP{Proto: icmp, Payload: ping("abcd")})
	}
	n.Wait(pause)
	replies := n.Frames()
	n.Say("400 echo requests in a burst: replies %d", len(replies))
	var ids []string
	for _, f := range replies[:min(len(replies), 10)] {
		ids = append(ids, f.Get("id"))
	}
	n.Note("ip ids of the replies [%s]", strings.Join(ids, ", "))
}

// quoted notes how what an error quotes is to what was sent.
func quoted(n *peer.Node, sent []byte, line func(p packet.IPv4, quote []byte, same bool)) {
	for _, s := range n.Seen() {
		e, err := packet.ParseEthernet(s.Frame)
		if err != nil || e.Type() != packet.TypeIPv4 {
			continue
		}
		p, err := packet.ParseIPv4(e.Payload())
		if err != nil || p.Protocol() != icmp || len(p.Payload()) < packet.ICMPLen || !packet.ICMP(p.Payload()).IsError4() {
			continue
		}
		quote := packet.ICMP(p.Payload()).Payload()
		line(p, quote, bytes.HasPrefix(sent, quote))
	}
}

func icmpErrors(n *peer.Node) {
	zeros := func(size int) []byte { return peer.UDP(peer.Peer, peer.Host, 1234, 33434, make([]byte, size)) }
	abcd := func(dst string) []byte { return peer.UDP(peer.Peer, ip(dst), 1234, 33434, []byte("abcd")) }
	// with changes a field of UDP's header, whose checksum is 0 then.
	with := func(at int, v byte) []byte {
		b := abcd("10.0.0.1")
		b[6], b[7] = 0, 0
		b[at] = v
		return b
	}
	badSum := abcd("10.0.0.1")
	badSum[6] ^= 0x55
	if n.Dialect == kern.NetBSD {
		n.SetSysctl("net.inet.ip.forwarding", "1") // as the recorded kernel had it
	}
	for _, q := range []struct {
		title string
		p     peer.IP
	}{
		{"udp to closed port, 4 bytes", peer.IP{ID: 0x4242, TTL: 9, Payload: abcd("10.0.0.1")}},
		{"udp to closed port, 100 bytes", peer.IP{ID: 0x4242, DF: true, TTL: 9, Payload: zeros(100)}},
		{"udp to closed port, 1400 bytes, tos 0x28", peer.IP{ID: 0x4242, TOS: 0x28, TTL: 9, Payload: zeros(1400)}},
		{"udp closed, with IP options (rr)", peer.IP{Options: []byte{7, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0}, Payload: abcd("10.0.0.1")}},
		{"udp closed, checksum 0", peer.IP{Payload: with(6, 0)}},
		{"udp closed, bad checksum", peer.IP{Payload: badSum}},
		{"udp closed, to broadcast 10.0.0.255", peer.IP{Dst: ip("10.0.0.255"), To: packet.Broadcast, Payload: abcd("10.0.0.255")}},
		{"udp closed, broadcast MAC, unicast IP", peer.IP{To: packet.Broadcast, Payload: abcd("10.0.0.1")}},
		{"udp closed, from port 0", peer.IP{Payload: peer.UDP(peer.Peer, peer.Host, 0, 33434, []byte("abcd"))}},
		{"udp to port 0", peer.IP{Payload: peer.UDP(peer.Peer, peer.Host, 1234, 0, []byte("abcd"))}},
		{"udp length longer than packet", peer.IP{Payload: with(5, 40)}},
		{"udp length shorter than packet", peer.IP{Payload: with(5, 4)}},
		{"protocol 200", peer.IP{Proto: 200, Payload: []byte("abcdefghijkl")}},
		{"protocol 132 sctp", peer.IP{Proto: 132, Payload: make([]byte, 12)}},
		{"for another host, not forwarding", peer.IP{Dst: ip("10.9.9.9"), Payload: abcd("10.9.9.9")}},
		{"tcp syn to closed", peer.IP{Proto: tcp, Payload: peer.TCP{SPort: 1000, DPort: 81, Seq: 12345, Flags: peer.SYN, Window: 8192}.Bytes(peer.Peer, peer.Host)}},
	} {
		if q.p.Proto == 0 {
			q.p.Proto = udp
		}
		var sent []byte
		ask(n, q.title, func() { sent = n.IP(0, q.p) })
		quoted(n, sent, func(p packet.IPv4, quote []byte, same bool) {
			verdict := "same as sent"
			if !same {
				verdict = fmt.Sprintf("NOT the bytes sent: sent %x", sent[:min(len(sent), 28)])
			}
			n.Note("  tos %d quoted head %x %s", p.TOS(), quote[:min(len(quote), 28)], verdict)
		})
	}
	floods(n)
}

func floods(n *peer.Node) {
	n.Wait(2000 * ms)
	n.Step("bursts: 600 datagrams to a closed port as fast as possible, then 3 s")
	for range 600 {
		n.UDP(1234, 33434, []byte("abcd"))
	}
	n.Wait(3000 * ms)
	all := n.Frames()
	if len(all) > 0 {
		n.Note("errors %d first/last %.3f %.3f", len(all), all[0].At, all[len(all)-1].At)
	}
	n.Step("")
	began := n.Now()
	for range 3000 {
		n.UDP(1234, 33434, []byte("abcd"))
		n.Wait(1300 * 1000) // 1.3 ms
	}
	took := (n.Now() - began).Seconds()
	n.Wait(1000 * ms)
	seconds, order := map[int]int{}, []string{}
	for _, f := range n.Frames() {
		seconds[int(f.At)]++
	}
	for i := range 6 {
		if seconds[i] > 0 {
			order = append(order, fmt.Sprintf("%d: %d", i, seconds[i]))
		}
	}
	n.Note("3000 in %.1f s: errors %d per second {%s}", took, len(n.Frames()), strings.Join(order, ", "))
	n.Wait(2000 * ms)
	n.Step("")
	for i := range 600 {
		n.TCP(peer.TCP{SPort: uint16(2000 + i), DPort: 81, Seq: 1, Flags: peer.SYN, Window: 8192})
	}
	n.Wait(1000 * ms)
	n.Note("600 SYNs to a closed port: RSTs %d", len(frames(n, func(f *transcript.Frame) bool { return f.Proto == "TCP" && strings.Contains(f.Get("flags"), "R") })))
}
