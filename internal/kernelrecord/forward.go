//go:build linux

package main

import (
	"bytes"
	"fmt"
	"time"

	"wireloom/vnet/packet"
)

var forwardSituations = []situation{{"fwd", forwarding}}

// two plugs two cards, 10.0.0.1/24 and 10.0.1.1/24, and forwards between them.
func (w *world) two() {
	sysctl("net/ipv6/conf/default/disable_ipv6", "1")
	w.plug("em0").set("10.0.0.1/24")
	w.plug("em1").set("10.0.1.1/24")
	sysctl("net/ipv4/ip_forward", "1")
	w.extra[ip("10.0.1.2")] = true
	w.extra[ip("10.0.0.3")] = true
	w.rest(200 * time.Millisecond)
	w.announce()
	w.send(ip4{dst: ip("10.0.1.2")}.udp(1, 2, make([]byte, 4)))
	w.rest(200 * time.Millisecond)
	w.forget()
}

func forwarding(w *world) {
	w.two()
	e := func(title string, p []byte) {
		w.askForward(title, p, 300*time.Millisecond)
	}
	to := ip4{dst: ip("10.0.1.2"), id: 1}
	with := func(change func(h *ip4)) ip4 {
		h := to
		change(&h)
		return h
	}
	e("forward ttl 64", with(func(h *ip4) { h.id = 77 }).udp(1, 2, make([]byte, 4)))
	e("ttl 2", with(func(h *ip4) { h.ttl = 2 }).udp(1, 2, make([]byte, 4)))
	ttl1 := func(h *ip4) { h.ttl = 1 }
	e("ttl 1", with(func(h *ip4) { h.ttl, h.id, h.tos = 1, 78, 0x28 }).udp(1, 2, make([]byte, 200)))
	e("ttl 0", with(func(h *ip4) { h.ttl = -1 }).udp(1, 2, make([]byte, 4)))
	e("ttl 1 icmp error inside (unreach)", with(ttl1).icmp(3, 3, 0, make([]byte, 28)))
	e("ttl 1 echo request", with(ttl1).icmp(8, 0, 0, make([]byte, 8)))
	e("ttl 1 second fragment", with(func(h *ip4) { h.ttl, h.flags = 1, 100 }).packet(make([]byte, 16)))
	w.rest(5 * time.Second) // a destination is told six times at once, then once a second
	e("no route", ip4{dst: ip("172.16.9.9"), id: 79}.udp(1, 2, make([]byte, 100)))
	e("to our other address", ip4{dst: ip("10.0.1.1")}.echo([]byte("a")))
	w.askForward("absent host on the other net (waits 6 s)", ip4{dst: ip("10.0.1.77"), id: 80}.udp(1, 2, make([]byte, 4)), 6*time.Second)
	e("again, a packet to it", ip4{dst: ip("10.0.1.77"), id: 81}.udp(1, 2, make([]byte, 4)))
	w.rest(4 * time.Second)
	w.say("a route to 10.5.0.0/16 by 10.0.0.3: %s", said(route("10.5.0.0/16", "10.0.0.3")))
	e("redirect case: to 10.5.1.1 whose gateway is on the same wire", ip4{dst: ip("10.5.1.1"), id: 82}.udp(1, 2, make([]byte, 4)))
	e("the same again at once", ip4{dst: ip("10.5.1.1"), id: 82}.udp(1, 2, make([]byte, 4)))
	e("redirect case, host on the same net", ip4{dst: ip("10.0.0.3"), id: 83}.udp(1, 2, make([]byte, 4)))
	w.step("20 packets to 10.5.1.1, 0.1 s apart")
	for range 20 {
		w.send(ip4{dst: ip("10.5.1.1"), id: 82}.udp(1, 2, make([]byte, 4)))
		w.rest(100 * time.Millisecond)
	}
	for _, s := range w.got() {
		if p, err := packet.ParseIPv4(packet.Ethernet(s.bytes).Payload()); err == nil && p.Protocol() == packet.ProtoICMP {
			w.say("   +%.3f %s", s.at.Sub(w.begun).Seconds(), describe(s.bytes))
		}
	}
	e("directed broadcast to the other net", ip4{dst: ip("10.0.1.255"), id: 1}.udp(1, 2, make([]byte, 4)))
	for _, dst := range []string{"255.255.255.255", "224.1.1.1", "127.0.0.1", "240.0.0.1", "0.0.0.5"} {
		title := "to " + dst
		switch dst {
		case "255.255.255.255":
			title = dst
		case "224.1.1.1":
			title = "multicast " + dst
		}
		e(title, ip4{dst: ip(dst), id: 1}.udp(1, 2, make([]byte, 4)))
		if dst == "127.0.0.1" {
			e("from 127.0.0.1", with(func(h *ip4) { h.src = ip("127.0.0.1") }).udp(1, 2, make([]byte, 4)))
		}
	}
	for _, src := range []string{"0.0.0.0", "224.0.0.5", "10.0.0.255", "169.254.1.1"} {
		e("from "+src, with(func(h *ip4) { h.src = ip(src) }).udp(1, 2, make([]byte, 4)))
	}
	e("spoofed source of the other net", with(func(h *ip4) { h.src = ip("10.0.1.50") }).udp(1, 2, make([]byte, 4)))
	w.ask("by broadcast MAC", func() { w.sendTo(packet.Broadcast, to.udp(1, 2, make([]byte, 4))) })
	e("record route option", with(func(h *ip4) { h.options = []byte{7, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0} }).udp(1, 2, make([]byte, 4)))
	e("loose source route", ip4{id: 1, options: []byte{0x83, 7, 4, 10, 0, 1, 2, 0}}.udp(1, 2, make([]byte, 4)))
	w.rest(5 * time.Second)
	e("bad option length", with(func(h *ip4) { h.options = []byte{7, 0x30, 4, 0} }).udp(1, 2, make([]byte, 4)))
	e("router alert", with(func(h *ip4) { h.options = []byte{0x94, 4, 0, 0} }).udp(1, 2, make([]byte, 4)))
	w.say("mtu %s", said(w.cards[1].mtu(1000)))
	e("1400 bytes DF over an mtu of 1000", with(func(h *ip4) { h.id, h.flags = 90, flagDF }).udp(1, 2, make([]byte, 1372)))
	e("1400 bytes without DF", with(func(h *ip4) { h.id = 91 }).udp(1, 2, make([]byte, 1372)))
	e("a first fragment that must be fragmented", with(func(h *ip4) { h.id, h.flags = 92, flagMF }).packet(make([]byte, 1400)))
	e("with rr option, to be fragmented", with(func(h *ip4) { h.id, h.options = 93, []byte{7, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0} }).udp(1, 2, make([]byte, 1300)))
	w.rest(7 * time.Second)
	w.forget()
	for range 500 {
		w.send(with(ttl1).udp(1, 2, make([]byte, 4)))
	}
	w.rest(time.Second)
	n := 0
	for _, s := range w.got() {
		if p, err := packet.ParseIPv4(packet.Ethernet(s.bytes).Payload()); err == nil && p.Protocol() == packet.ProtoICMP {
			n++
		}
	}
	w.say("500 ttl-1 packets at once: errors %d", n)
}

// askForward is a step of a packet to a router: what comes, and what errors quote.
func (w *world) askForward(title string, p []byte, wait time.Duration) {
	w.step("%s", title)
	w.send(p)
	w.rest(wait)
	w.show()
	for _, s := range w.got() {
		q, err := packet.ParseIPv4(packet.Ethernet(s.bytes).Payload())
		if err != nil || q.Protocol() != packet.ProtoICMP || !packet.ICMP(q.Payload()).IsError4() {
			continue
		}
		quoted := packet.ICMP(q.Payload()).Payload()
		said := "as sent"
		if !bytes.Equal(quoted, p[:min(len(quoted), len(p))]) {
			said = fmt.Sprintf("changed; sent %x", p[:min(28, len(p))])
		}
		w.say("     from %v tos %d quoted %d bytes: %x %s", q.Src(), q.TOS(), len(quoted), quoted[:min(28, len(quoted))], said)
	}
}
