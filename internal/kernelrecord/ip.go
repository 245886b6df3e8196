//go:build linux

package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"wireloom/vnet/packet"
)

var ipSituations = []situation{
	{"echo", echoes},
	{"icmperr", icmpErrors},
	{"frag", fragments},
	{"udpq", datagrams},
	{"udperr", udpErrors},
	{"src", sources},
	{"redir", redirects},
	{"loop", func(w *world) {
		w.one()
		s, c := udp4(7000), udp4(0)
		for _, ip := range []string{"10.0.0.1", "127.0.0.1"} {
			w.say("%s", c.sendto(4, ip, 7000))
			w.say("recv %s", s.recv(time.Second))
		}
		w.show()
	}},
	{"ids", ids},
}

var abcd = []byte("abcd")

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

// askEcho is a step whose answers are shown with the bytes of their headers.
func (w *world) askEcho(title string, data []byte, send func()) {
	w.ask(title, send)
	for _, s := range w.got() {
		p, err := packet.ParseIPv4(packet.Ethernet(s.bytes).Payload())
		if err != nil || p.Protocol() != packet.ProtoICMP {
			continue
		}
		m := packet.ICMP(p.Payload())
		same := "True"
		switch { // the suite looked at a fixed place, and at all that it had sent
		case strings.Contains(title, "option"):
			same = fmt.Sprintf("%x", m.Payload()[:min(len(m.Payload()), 16)])
		case !bytes.Equal(m.Payload(), data):
			same = "False"
		}
		w.say("     rest %08x data same: %s ip hdr %x", m.Rest(), same, []byte(p[:p.HeaderLen()]))
	}
}

func echoes(w *world) {
	w.one()
	w.announce()
	e := func(title string, h ip4, data []byte) {
		w.askEcho(title, data, func() { w.send(h.echo(data)) })
	}
	by := func(title string, dst packet.MAC, h ip4) {
		w.askEcho(title, abcd, func() { w.sendTo(dst, h.echo(abcd)) })
	}
	e("echo 56", ip4{id: 0x4321, tos: 0x28}, make([]byte, 56))
	e("echo 56 again", ip4{id: 0x4322, flags: flagDF}, make([]byte, 56))
	e("echo 0", ip4{}, nil)
	e("echo 1472", ip4{}, make([]byte, 1472))
	w.askEcho("echo code 5", abcd, func() { w.send(ip4{}.icmp(8, 5, 0x1234_0001, abcd)) })
	e("echo ttl 1", ip4{ttl: 1}, abcd)
	e("echo ttl 0", ip4{ttl: -1}, abcd)
	by("echo to 10.0.0.255 (bcast MAC)", packet.Broadcast, ip4{dst: ip("10.0.0.255")})
	by("echo to 255.255.255.255", packet.Broadcast, ip4{dst: ip("255.255.255.255")})
	by("echo to 10.0.0.0", packet.Broadcast, ip4{dst: ip("10.0.0.0")})
	by("echo to 224.0.0.1", packet.MAC{1, 0, 0x5e, 0, 0, 1}, ip4{dst: ip("224.0.0.1")})
	by("echo to us by broadcast MAC", packet.Broadcast, ip4{})
	by("echo to us by another unicast MAC", sixth, ip4{})
	e("echo to 127.0.0.1 from the wire", ip4{dst: ip("127.0.0.1")}, abcd)
	e("echo from 127.0.0.1", ip4{src: ip("127.0.0.1")}, abcd)
	e("echo from our own address", ip4{src: hostIP}, abcd)
	e("echo from 10.0.0.255", ip4{src: ip("10.0.0.255")}, abcd)
	e("echo from 0.0.0.0", ip4{src: ip("0.0.0.0")}, abcd)
	e("echo from 224.1.1.1", ip4{src: ip("224.1.1.1")}, abcd)
	w.askEcho("bad icmp checksum", abcd, func() {
		p := ip4{}.echo(abcd)
		p[22]++
		w.send(p)
	})
	e("bad ip checksum", ip4{change: func(h []byte) { h[10] = 0x55 }}, abcd)
	e("ip total length longer than frame", ip4{change: func(h []byte) { h[3] += 40 }}, abcd)
	w.askEcho("ip total length shorter (frame padded with junk)", []byte("abcdjunkjunk"), func() { w.send(append(ip4{}.echo(abcd), "junkjunk"...)) })
	e("header length 4", ip4{change: func(h []byte) { h[0] = 0x44 }}, abcd)
	e("version 5", ip4{change: func(h []byte) { h[0] = 0x55 }}, abcd)
	e("record route option", ip4{options: []byte{7, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0}}, abcd)
	e("timestamp option", ip4{options: []byte{0x44, 12, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0}}, abcd)
	e("loose source route through us to 10.0.0.5", ip4{options: []byte{0x83, 7, 4, 10, 0, 0, 5, 0}}, abcd)
	e("unknown option 0x99", ip4{options: []byte{0x99, 4, 0, 0}}, abcd)
	e("an option that is bad: record route of length 39 in 4 bytes", ip4{options: []byte{7, 39, 4, 0}}, abcd)
	w.ask("timestamp request", func() { w.send(ip4{}.icmp(13, 0, 0x1234_0001, make([]byte, 12))) })
	w.ask("mask request", func() { w.send(ip4{}.icmp(17, 0, 0x1234_0001, make([]byte, 4))) })
	w.ask("information request", func() { w.send(ip4{}.icmp(15, 0, 0x1234_0001, nil)) })
	w.ask("router solicitation", func() { w.send(ip4{}.icmp(10, 0, 0, nil)) })
	w.ask("icmp type 99", func() { w.send(ip4{}.icmp(99, 0, 0, nil)) })
	e("reserved flag bit set", ip4{flags: 0x8000}, abcd)
	w.forget()
	for range 400 {
		w.send(ip4{}.echo(abcd))
	}
	w.rest(time.Second)
	var ids []uint16
	for _, s := range w.got() {
		ids = append(ids, idOf(s.bytes))
	}
	w.say("a burst of 400 echo requests: replies %d", len(ids))
	w.say("   ip ids of the replies %v", ids[:min(len(ids), 10)])
}

// idOf is the id of an IPv4 frame.
func idOf(f []byte) uint16 { return binary.BigEndian.Uint16(f[14+4:]) }

// askError is a step whose errors are shown with what they quote beside what was sent.
func (w *world) askError(title string, sent []byte, put func([]byte)) {
	w.ask(title, func() { put(sent) })
	for _, s := range w.got() {
		p, err := packet.ParseIPv4(packet.Ethernet(s.bytes).Payload())
		if err != nil || p.Protocol() != packet.ProtoICMP || !packet.ICMP(p.Payload()).IsError4() {
			continue
		}
		q := packet.ICMP(p.Payload()).Payload()
		n := min(len(q), 28)
		said := "same as sent"
		if !bytes.Equal(q, sent[:min(len(q), len(sent))]) {
			said = fmt.Sprintf("NOT the bytes sent: sent %x", sent[:min(n, len(sent))])
		}
		w.say("     tos %d quoted head %x %s", p.TOS(), q[:n], said)
	}
}

func icmpErrors(w *world) {
	w.one()
	w.announce()
	rr := []byte{7, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	e := func(title string, p []byte) {
		w.askError(title, p, w.send)
		w.rest(1100 * time.Millisecond) // a destination is told once a second
	}
	e("udp to closed port, 4 bytes", ip4{id: 0x4242, ttl: 9}.udp(1234, 33434, abcd))
	e("udp to closed port, 100 bytes", ip4{id: 0x4242, ttl: 9, flags: flagDF}.udp(1234, 33434, make([]byte, 100)))
	e("udp to closed port, 1400 bytes, tos 0x28", ip4{id: 0x4242, ttl: 9, tos: 0x28}.udp(1234, 33434, make([]byte, 1400)))
	e("udp closed, with IP options (rr)", ip4{options: rr}.udp(256, 33434, abcd))
	noSum := ip4{}.udp(1234, 33434, abcd)
	noSum[26], noSum[27] = 0, 0
	e("udp closed, checksum 0", noSum)
	bad := ip4{}.udp(1234, 33434, abcd)
	bad[27] ^= 1
	e("udp closed, bad checksum", bad)
	w.askError("udp closed, to broadcast 10.0.0.255", ip4{dst: ip("10.0.0.255")}.udp(1234, 33434, abcd), func(p []byte) { w.sendTo(packet.Broadcast, p) })
	w.askError("udp closed, broadcast MAC, unicast IP", ip4{}.udp(1234, 33434, abcd), func(p []byte) { w.sendTo(packet.Broadcast, p) })
	e("udp closed, from port 0", ip4{}.udp(0, 33434, abcd))
	e("udp to port 0", ip4{}.udp(1234, 0, abcd))
	long := ip4{}.udp(1234, 33434, abcd)
	long[25] = 100
	e("udp length longer than packet", long)
	short := ip4{}.udp(1234, 33434, abcd)
	short[25] = 4
	e("udp length shorter than packet", short)
	e("protocol 200", ip4{proto: 200}.packet([]byte("abcdefgh\x00\x00\x00\x00")))
	e("protocol 132 sctp", ip4{proto: 132}.packet(make([]byte, 12)))
	e("for another host, not forwarding", ip4{dst: ip("10.9.9.9")}.udp(1234, 33434, abcd))
	w.ask("tcp syn to closed", func() { w.send(ip4{}.tcp(segment{sport: 1000, dport: 81, seq: 12345, flags: syn, window: 1000})) })
	w.rest(8 * time.Second)
	w.step("a burst of 600 datagrams to a closed port, then 3 s")
	for range 600 {
		w.send(ip4{}.udp(1234, 33434, abcd))
	}
	w.rest(3 * time.Second)
	w.errorsSeen()
	w.rest(8 * time.Second)
	w.step("3000 datagrams in 5 s")
	for i := range 3000 {
		w.send(ip4{}.udp(1234, 33434, abcd))
		if i%6 == 5 {
			w.rest(10 * time.Millisecond)
		}
	}
	w.errorsSeen()
	w.rest(8 * time.Second)
	for i := range 100 {
		w.extra[netip.AddrFrom4([4]byte{10, 0, 0, byte(100 + i)})] = true
	}
	w.step("6000 datagrams from 100 addresses")
	for i := range 6000 {
		w.send(ip4{src: netip.AddrFrom4([4]byte{10, 0, 0, byte(100 + i%100)})}.udp(1234, 33434, abcd))
	}
	w.rest(time.Second)
	w.errorsSeen()
	w.step("600 SYNs to a closed port")
	for range 600 {
		w.send(ip4{}.tcp(segment{sport: 1000, dport: 81, seq: 12345, flags: syn, window: 1000}))
	}
	w.rest(time.Second)
	n := 0
	for _, s := range w.got() {
		if strings.Contains(describe(s.bytes), " RA ") {
			n++
		}
	}
	w.say("   600 SYNs to a closed port: RSTs %d", n)
}

// errorsSeen counts the ICMP errors of a step, whole and by second.
func (w *world) errorsSeen() {
	n, by := 0, map[int]int{}
	for _, s := range w.got() {
		if strings.Contains(describe(s.bytes), "ICMP t3") || strings.Contains(describe(s.bytes), "ICMP t11") {
			n++
			by[int(s.at.Sub(w.begun)/time.Second)]++
		}
	}
	w.say("   errors %d per second %v", n, by)
}

// fragment cuts a packet's payload at offsets, each a multiple of 8.
func fragment(h ip4, payload []byte, cuts ...int) [][]byte {
	var out [][]byte
	cuts = append(cuts, len(payload))
	at := 0
	for i, c := range cuts {
		f := h
		f.flags = h.flags&flagDF | uint16(at/8)
		if i < len(cuts)-1 {
			f.flags |= flagMF
		}
		out = append(out, f.packet(payload[at:c]))
		at = c
	}
	return out
}

func fragments(w *world) {
	w.one()
	w.announce()
	s := udp4(7000)
	w.forget()
	w.say("send 4000: %s", s.sendto(4000, "10.0.0.2", 999))
	w.rest(300 * time.Millisecond)
	w.show()
	text := []byte(strings.Repeat("A", 16) + strings.Repeat("B", 16) + strings.Repeat("C", 8))
	whole := udp(peerIP, hostIP, 1111, 7000, text)
	id := uint16(100)
	try := func(title string, frags ...[]byte) {
		for _, f := range frags {
			w.send(f)
		}
		w.say("%s -> %s", title, s.recv(300*time.Millisecond))
	}
	cut := func() (h ip4, a, b, c []byte) {
		id++
		h = ip4{id: id}
		f := fragment(h, whole, 24, 40)
		return h, f[0], f[1], f[2]
	}
	at := func(h ip4, off int, more bool, p []byte) []byte {
		h.flags = uint16(off / 8)
		if more {
			h.flags |= flagMF
		}
		return h.packet(p)
	}
	_, a, b, c := cut()
	try("in order", a, b, c)
	_, a, b, c = cut()
	try("reversed", c, b, a)
	_, a, b, c = cut()
	try("duplicate first", a, a, b, c)
	h, a, b, c := cut()
	x := bytes.Repeat([]byte("X"), 24)
	try("overlap: second fragment overlaps 16..24 of the first with X (first wins: A8 B8 then X8)", a, at(h, 16, true, x), b, c)
	h, a, b, c = cut()
	try("overlap: first comes later, overlaps 16..24 with X", at(h, 16, true, x), a, b, c)
	h, a, b, c = cut()
	try("fragment inside the first", a, at(h, 8, true, x[:8]), b, c)
	_, a, b, c = cut()
	try("plain", a, b, c)
	h, a, _, c = cut()
	try("fragment length no multiple of 8", a, at(h, 24, true, whole[24:37]), c)
	h, a, b, _ = cut()
	try("empty last fragment (udp length then wrong)", a, b, at(h, 40, false, nil))
	w.say("tiny fragments: 40 of 8 bytes")
	for _, n := range []int{40, 16, 17} {
		big := udp(peerIP, hostIP, 1111, 7000, make([]byte, n*8-8))
		var cuts []int
		for i := 8; i < len(big); i += 8 {
			cuts = append(cuts, i)
		}
		id++
		try(fmt.Sprintf("   %d fragments", n), fragment(ip4{id: id}, big, cuts...)...)
	}
	w.step("echo request in 3 fragments")
	for _, f := range fragment(ip4{id: 77, proto: 1}, icmp(8, 0, 0x1234_0001, make([]byte, 4000)), 1480, 2960) {
		w.send(f)
	}
	w.rest(300 * time.Millisecond)
	w.showLate()
	w.ask("ping of death: offset 65528 + 100", func() {
		w.send(ip4{id: 78, proto: 1, flags: flagMF}.packet(icmp(8, 0, 0, make([]byte, 1000))))
		w.send(at(ip4{id: 78, proto: 1}, 65528, false, make([]byte, 100)))
	})
	id++
	try("fragment with DF set", fragment(ip4{id: id, flags: flagDF}, whole, 24, 40)...)
	w.step("first fragment only, wait 40 s")
	_, a, _, _ = cut()
	w.send(a)
	w.rest(40 * time.Second)
	w.show()
	w.step("last fragment only, wait 40 s")
	_, _, _, c = cut()
	w.send(c)
	w.rest(40 * time.Second)
	w.show()
}

func datagrams(w *world) {
	w.one()
	w.announce()
	s := udp4(7000)
	try := func(title string, dst packet.MAC, p []byte) {
		w.forget()
		w.sendTo(dst, p)
		got := s.recv(300 * time.Millisecond)
		var also []string
		for _, f := range w.got() {
			also = append(also, "'"+describe(f.bytes)+"'")
		}
		w.say("%s -> %s [%s]", title, got, strings.Join(also, ", "))
	}
	us := w.cards[0].mac
	plain := func(h ip4) []byte { return h.udp(5, 7000, abcd) }
	try("plain", us, plain(ip4{}))
	p := plain(ip4{})
	p[26], p[27] = 0, 0
	try("checksum 0", us, p)
	p = plain(ip4{})
	p[27] ^= 1
	try("bad checksum", us, p)
	try("empty", us, ip4{}.udp(5, 7000, nil))
	try("to 10.0.0.255", packet.Broadcast, plain(ip4{dst: ip("10.0.0.255")}))
	try("to 255.255.255.255", packet.Broadcast, plain(ip4{dst: ip("255.255.255.255")}))
	try("to 10.0.0.0", packet.Broadcast, plain(ip4{dst: ip("10.0.0.0")}))
	try("to 10.0.0.255 by unicast MAC", us, plain(ip4{dst: ip("10.0.0.255")}))
	try("to 224.0.0.1", packet.MAC{1, 0, 0x5e, 0, 0, 1}, plain(ip4{dst: ip("224.0.0.1")}))
	try("to us by broadcast MAC", packet.Broadcast, plain(ip4{}))
	try("to us by foreign MAC", sixth, plain(ip4{}))
	try("source port 0", us, ip4{}.udp(0, 7000, abcd))
	for _, src := range [][2]string{
		{"source 0.0.0.0", "0.0.0.0"},
		{"source our own", "10.0.0.1"},
		{"source 127.0.0.1", "127.0.0.1"},
		{"source broadcast 10.0.0.255", "10.0.0.255"},
		{"source multicast", "224.0.0.9"},
	} {
		try(src[0], us, plain(ip4{src: ip(src[1])}))
	}
	p = plain(ip4{})
	p[25] = 10
	binary.BigEndian.PutUint16(p[26:], 0)
	try("udp length 10 of 14 (trailing bytes)", us, p)
	p = plain(ip4{})
	p[25], p[26], p[27] = 0, 0, 0
	try("udp length 0", us, p)
	p = plain(ip4{})
	p[25], p[26], p[27] = 100, 0, 0
	try("udp length too long", us, p)
	for range 700 {
		w.send(ip4{}.udp(5, 7000, make([]byte, 100)))
	}
	w.rest(300 * time.Millisecond)
	n := 0
	for s.recv(50*time.Millisecond) != "nothing" {
		n++
	}
	w.say("700 datagrams of 100 bytes, unread: kept %d", n)
}

func udpErrors(w *world) {
	w.one()
	w.announce()
	for code := range uint8(16) {
		s := udp4(0)
		w.say("udp connect %s", said(s.connect("10.0.0.2", 99)))
		w.forget()
		w.say("%s", s.send(4))
		w.rest(100 * time.Millisecond)
		w.send(ip4{}.icmp(3, code, 0, quoteOf(w.got())))
		w.rest(100 * time.Millisecond)
		w.say("  icmp 3/%d then send: %s again %s", code, s.send(4), s.send(4))
		s.close()
	}
	u := udp4(0)
	w.forget()
	w.say("unconnected %s", u.sendto(4, "10.0.0.2", 99))
	w.rest(100 * time.Millisecond)
	w.send(ip4{}.icmp(3, 3, 0, quoteOf(w.got())))
	w.rest(100 * time.Millisecond)
	w.say("  icmp 3/3 then sendto: %s", u.sendto(4, "10.0.0.2", 99))
	w.say("no route: %s", u.sendto(4, "172.16.9.9", 99))
	w.say("to broadcast without SO_BROADCAST: %s", u.sendto(4, "10.0.0.255", 99))
	for _, c := range [][2]string{{"tcp no route", "172.16.9.9"}, {"tcp to broadcast", "10.0.0.255"}, {"tcp to multicast", "224.0.0.5"}} {
		t := sock(unix.AF_INET, unix.SOCK_STREAM)
		w.say("%s: %s", c[0], said(t.connect(c[1], 80)))
		t.close()
	}
	w.say("udp 65508: %s 65507: %s 9217: %s", u.sendto(65508, "10.0.0.2", 99), u.sendto(65507, "10.0.0.2", 99), u.sendto(9217, "10.0.0.2", 99))
	w.rest(200 * time.Millisecond)
	w.forget()
	w.say("udp port 0: %s", u.sendto(4, "10.0.0.2", 0))
	w.say("to 0.0.0.0: %s", u.sendto(4, "0.0.0.0", 99))
	w.say("to 255.255.255.255 no opt: %s", u.sendto(4, "255.255.255.255", 99))
	w.say("to 224.0.0.5: %s", u.sendto(4, "224.0.0.5", 99))
	must(u.option(unix.SO_BROADCAST, 1))
	w.say("with SO_BROADCAST 10.0.0.255: %s 255.255.255.255: %s", u.sendto(4, "10.0.0.255", 999), u.sendto(4, "255.255.255.255", 999))
	w.rest(200 * time.Millisecond)
	w.show()
	w.say("default route %s", said(route("0.0.0.0/0", "10.0.0.2")))
	w.forget()
	w.say("with a default route 255.255.255.255: %s 224.0.0.5: %s", u.sendto(4, "255.255.255.255", 999), u.sendto(4, "224.0.0.5", 999))
	w.rest(200 * time.Millisecond)
	w.show()
	one, two := sock(unix.AF_INET, unix.SOCK_STREAM), sock(unix.AF_INET, unix.SOCK_STREAM)
	w.say("bind port 80 twice: %s %s foreign addr %s", said(one.bind("0.0.0.0", 80)), said(two.bind("0.0.0.0", 80)), said(sock(unix.AF_INET, unix.SOCK_DGRAM).bind("10.0.0.99", 80)))
	for range 3 {
		e := sock(unix.AF_INET, unix.SOCK_DGRAM)
		must(e.bind("0.0.0.0", 0))
		w.say("ephemeral e=0 0.0.0.0 %d", e.port())
	}
}

// quoteOf is what an ICMP error quotes of the last IPv4 packet seen.
func quoteOf(frames []seen) []byte {
	for i := len(frames) - 1; i >= 0; i-- {
		e := packet.Ethernet(frames[i].bytes)
		if e.Type() == packet.TypeIPv4 {
			return e.Payload()[:28]
		}
	}
	return make([]byte, 28)
}

func sources(w *world) {
	w.one()
	c := w.cards[0]
	for i, prefix := range []string{"10.0.0.7", "10.0.2.1"} {
		b := c.ifreq()
		copy(b[:], fmt.Sprintf("em0:%d", i+1))
		inet4(b[16:], ip(prefix))
		must(control(unix.SIOCSIFADDR, b[:]))
		b = c.ifreq()
		copy(b[:], fmt.Sprintf("em0:%d", i+1))
		inet4(b[16:], ip("255.255.255.0"))
		must(control(unix.SIOCSIFNETMASK, b[:]))
	}
	w.announce()
	w.extra[ip("10.0.2.2")] = true
	s := udp4(0)
	w.forget()
	w.say("%s %s", s.sendto(4, "10.0.0.2", 99), s.sendto(4, "10.0.2.2", 99))
	w.rest(300 * time.Millisecond)
	w.showLate()
	w.step("to the alias: echo, udp closed, udp closed to 10.0.2.1, arp")
	for _, send := range []func(){
		func() { w.send(ip4{dst: ip("10.0.0.7")}.echo([]byte("a"))) },
		func() { w.send(ip4{dst: ip("10.0.0.7")}.udp(1, 33434, abcd)) },
		func() { w.send(ip4{dst: ip("10.0.2.1")}.udp(1, 33434, abcd)) },
		func() {
			w.put(0, w.frame(0, packet.TypeARP, arpPacket{op: 1, sha: peerMAC, spa: "10.0.0.2", tpa: "10.0.0.7"}.bytes()))
		},
	} {
		send()
		w.rest(200 * time.Millisecond)
	}
	w.showLate()
}

func redirects(w *world) {
	w.one()
	w.announce()
	w.extra[ip("10.0.0.3")] = true
	w.say("default route %s", said(route("0.0.0.0/0", "10.0.0.2")))
	s := udp4(0)
	w.forget()
	w.say("%s", s.sendto(4, "10.9.9.9", 99))
	w.rest(200 * time.Millisecond)
	w.say("before: to %v", packet.Ethernet(last(w.got())).Dst())
	redirect := func(title, from, dst string) {
		q := quoteOf(w.got())
		w.send(ip4{src: ip(from)}.icmp(5, 1, 0x0a00_0003, q))
		w.rest(200 * time.Millisecond)
		w.forget()
		s.sendto(4, dst, 99)
		w.rest(400 * time.Millisecond)
		f := last(w.got())
		w.say("%s: ['%s to %v']", title, describe(f), packet.Ethernet(f).Dst())
	}
	redirect("after a redirect to 10.0.0.3", "10.0.0.2", "10.9.9.9")
	redirect("after the same redirect again", "10.0.0.2", "10.9.9.9")
	w.forget()
	s.sendto(4, "10.9.9.8", 99)
	w.rest(200 * time.Millisecond)
	redirect("after a redirect not from the gateway", "10.0.0.4", "10.9.9.8")
}

// last is the last frame of IPv4 seen, or an empty one.
func last(frames []seen) []byte {
	for i := len(frames) - 1; i >= 0; i-- {
		if packet.Ethernet(frames[i].bytes).Type() == packet.TypeIPv4 {
			return frames[i].bytes
		}
	}
	return make([]byte, 60)
}

// ids are the ids of what the kernel sends by itself.
func ids(w *world) {
	w.one()
	w.announce()
	s, c := udp4(0), udp4(0)
	must(c.connect("10.0.0.2", 99))
	list := func(title string, do func()) {
		w.forget()
		for range 8 {
			do()
		}
		w.rest(200 * time.Millisecond)
		var ids []uint16
		for _, f := range w.got() {
			ids = append(ids, idOf(f.bytes))
		}
		w.say("%s: %v", title, ids)
	}
	list("unconnected UDP", func() { s.sendto(4, "10.0.0.2", 99) })
	list("connected UDP", func() { c.send(4) })
	list("echo replies", func() { w.send(ip4{}.echo(abcd)) })
	list("echo replies 20 ms apart", func() { w.send(ip4{}.echo(abcd)); w.rest(20 * time.Millisecond) })
	list("echo replies to another", func() { w.send(ip4{src: ip("10.0.0.3")}.echo(abcd)) })
	list("fragments of 3000-byte UDP", func() { s.sendto(3000, "10.0.0.2", 99) })
	must(unix.SetsockoptInt(int(s), unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_DONT))
	list("unconnected UDP that may be fragmented", func() { s.sendto(4, "10.0.0.2", 99) })
	list("RSTs", func() { w.send(ip4{}.tcp(segment{sport: 1000, dport: 81, flags: syn})) })
}
