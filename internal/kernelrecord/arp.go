//go:build linux

package main

import (
	"fmt"
	"net/netip"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"wireloom/vnet/packet"
)

// one plugs a card with 10.0.0.1/24, without IPv6.
func (w *world) one() {
	sysctl("net/ipv6/conf/default/disable_ipv6", "1")
	w.plug("em0").set("10.0.0.1/24")
	w.rest(200 * time.Millisecond)
	w.forget()
}

// arpTable prints the kernel's neighbours.
func (w *world) arpTable() {
	b, err := os.ReadFile("/proc/net/arp")
	must(err)
	var s []string
	for _, line := range strings.Split(strings.TrimSpace(string(b)), "\n")[1:] {
		if f := strings.Fields(line); len(f) > 3 {
			s = append(s, fmt.Sprintf("%s flags=%s %s", f[0], f[2], f[3]))
		}
	}
	w.say("   arp %s", strings.Join(s, "; "))
}

var arpSituations = []situation{
	{"addr", func(w *world) {
		sysctl("net/ipv6/conf/default/disable_ipv6", "1")
		c := w.plug("em0")
		w.step("address set, on an interface that is down until then:")
		c.set("10.0.0.1/24")
		w.rest(10 * time.Second)
		w.show()
		w.step("another address set, on the interface that is up:")
		b := c.ifreq()
		copy(b[:], "em0:1")
		inet4(b[16:], netip.MustParseAddr("10.0.0.7"))
		must(control(unix.SIOCSIFADDR, b[:]))
		w.rest(10 * time.Second)
		w.show()
	}},
	{"arpabsent", func(w *world) {
		w.one()
		w.silent = true
		s := udp4(0)
		w.forget()
		first := s.sendto(4, "10.0.0.9", 9)
		w.say("one datagram: %s", first)
		w.rest(8 * time.Second)
		w.show()
		w.arpTable()
		w.step("then a datagram each 0.5 s for 30 s:")
		w.sending(60, 500*time.Millisecond, func() string { return s.sendto(4, "10.0.0.9", 9) })
		w.show()
		w.arpTable()
		w.step("a connected socket, a datagram each 0.5 s for 15 s:")
		c := udp4(0)
		must(c.connect("10.0.0.10", 9))
		w.sending(30, 500*time.Millisecond, func() string { return c.send(4) })
		w.show()
	}},
	{"arpabsent2", func(w *world) {
		w.one()
		w.silent = true
		s := udp4(0)
		w.step("a datagram each 0.2 s from the start, 28 s:")
		w.sending(140, 200*time.Millisecond, func() string { return s.sendto(4, "10.0.0.9", 9) })
		w.show()
	}},
	{"arpage", func(w *world) {
		w.one()
		s := udp4(0)
		w.step("a datagram each second for 90 s to a neighbour that answers:")
		for range 90 {
			s.sendto(4, "10.0.0.2", 9)
			w.rest(time.Second)
		}
		w.arps()
		w.step("neighbour silent from now, 60 s:")
		w.mu.Lock()
		w.silent = true
		w.mu.Unlock()
		w.sending(60, time.Second, func() string { return s.sendto(4, "10.0.0.2", 9) })
		n := 0
		for _, f := range w.got() {
			if packet.Ethernet(f.bytes).Type() == packet.TypeIPv4 {
				n++
			}
		}
		w.say("   datagrams still sent: %d", n)
		w.arps()
	}},
	{"arpq", arpQuestions},
	{"held", func(w *world) {
		w.one()
		for i, n := range []int{5, 20, 60, 400} {
			w.held(fmt.Sprintf("10.0.0.%d", 20+i), n, 4)
		}
		w.held("10.0.0.30", 400, 1400)
		w.silent = true
		s := udp4(0)
		s.sendto(4, "10.0.0.40", 9999)
		w.rest(12 * time.Second)
		w.forget()
		w.reply("10.0.0.40")
		w.rest(300 * time.Millisecond)
		w.say("reply after 12 s: arrived %d", len(w.got()))
	}},
	{"tcpabsent", func(w *world) {
		w.one()
		w.silent = true
		w.forget()
		err := sock(unix.AF_INET, unix.SOCK_STREAM).connect("10.0.0.9", 80)
		w.say("connect to absent neighbour: %s after=%.3f", said(err), time.Since(w.begun).Seconds())
		w.show()
	}},
}

// sending calls do n times, and says each answer that differs from the one before.
func (w *world) sending(n int, each time.Duration, do func() string) {
	last := ""
	for range n {
		if s := do(); s != last {
			w.say("   +%.2f send -> %s", time.Since(w.begun).Seconds(), s)
			last = s
		}
		w.rest(each)
	}
}

// arps shows the ARP packets of a step.
func (w *world) arps() {
	for _, s := range w.got() {
		if packet.Ethernet(s.bytes).Type() == packet.TypeARP {
			w.say("   +%.3f %s", s.at.Sub(w.begun).Seconds(), describe(s.bytes))
		}
	}
}

// reply answers for a neighbour that was asked for.
func (w *world) reply(ip string) {
	mac := macOf(netip.MustParseAddr(ip))
	a := arpPacket{op: 2, sha: mac, spa: ip, tha: w.cards[0].mac, tpa: "10.0.0.1"}
	w.put(0, append(packet.AppendEthernet(nil, a.tha, mac, packet.TypeARP), a.bytes()...))
}

// held sends n datagrams to a neighbour before it answers.
func (w *world) held(ip string, n, size int) {
	w.mu.Lock()
	w.silent = true
	w.mu.Unlock()
	s := udp4(0)
	defer s.close()
	must(s.option(unix.SO_SNDBUFFORCE, 4<<20))
	w.forget()
	said := map[string]int{}
	for range n {
		said[s.sendto(size, ip, 9999)]++
	}
	w.rest(300 * time.Millisecond)
	w.forget()
	w.reply(ip)
	w.rest(300 * time.Millisecond)
	w.say("%d datagrams of %d queued before the reply (0.3 s later): answers %v; arrived: [%d]", n, size, said, len(w.got()))
}

func arpQuestions(w *world) {
	w.one()
	other := packet.MAC{2, 0, 0, 0, 0, 0x53}
	ask := func(title string, dst packet.MAC, a arpPacket) {
		w.ask(title, func() {
			w.put(0, append(packet.AppendEthernet(nil, dst, a.sha, packet.TypeARP), a.bytes()...))
		})
	}
	us := w.cards[0].mac
	ask("request for us, broadcast", packet.Broadcast, arpPacket{op: 1, sha: peerMAC, spa: "10.0.0.2", tpa: "10.0.0.1"})
	w.arpTable()
	ask("probe (sender 0.0.0.0) for us", packet.Broadcast, arpPacket{op: 1, sha: peerMAC, spa: "0.0.0.0", tpa: "10.0.0.1"})
	ask("unicast request for us", us, arpPacket{op: 1, sha: peerMAC, spa: "10.0.0.2", tpa: "10.0.0.1"})
	ask("request with our own address as sender (conflict), target other", packet.Broadcast, arpPacket{op: 1, sha: peerMAC, spa: "10.0.0.1", tpa: "10.0.0.9"})
	ask("gratuitous request with our address as sender+target (conflict)", packet.Broadcast, arpPacket{op: 1, sha: peerMAC, spa: "10.0.0.1", tpa: "10.0.0.1"})
	ask("reply claiming our address, broadcast", packet.Broadcast, arpPacket{op: 2, sha: peerMAC, spa: "10.0.0.1", tha: packet.Broadcast, tpa: "10.0.0.1"})
	ask("unsolicited reply to us of unknown 10.0.0.50", us, arpPacket{op: 2, sha: other, spa: "10.0.0.50", tha: us, tpa: "10.0.0.1"})
	ask("gratuitous request of unknown 10.0.0.51", packet.Broadcast, arpPacket{op: 1, sha: other, spa: "10.0.0.51", tpa: "10.0.0.51"})
	ask("request of unknown 10.0.0.52 for another host", packet.Broadcast, arpPacket{op: 1, sha: other, spa: "10.0.0.52", tpa: "10.0.0.9"})
	ask("request for us of off-net 192.168.1.1", packet.Broadcast, arpPacket{op: 1, sha: other, spa: "192.168.1.1", tpa: "10.0.0.1"})
	w.arpTable()
	w.rest(1200 * time.Millisecond)
	moved := func(title string, dst packet.MAC, a arpPacket) {
		ask(title, dst, a)
		w.arpTable()
		w.rest(1200 * time.Millisecond)
	}
	moved("known 10.0.0.2 moves: gratuitous request with another MAC", packet.Broadcast, arpPacket{op: 1, sha: packet.MAC{2, 0, 0, 0, 0, 0x77}, spa: "10.0.0.2", tpa: "10.0.0.2"})
	moved("it moves: gratuitous reply with another MAC", packet.Broadcast, arpPacket{op: 2, sha: packet.MAC{2, 0, 0, 0, 0, 0x78}, spa: "10.0.0.2", tha: packet.Broadcast, tpa: "10.0.0.2"})
	moved("it moves: unsolicited unicast reply", us, arpPacket{op: 2, sha: packet.MAC{2, 0, 0, 0, 0, 0x79}, spa: "10.0.0.2", tha: us, tpa: "10.0.0.1"})
	moved("it moves: request for a third host", packet.Broadcast, arpPacket{op: 1, sha: packet.MAC{2, 0, 0, 0, 0, 0x7a}, spa: "10.0.0.2", tpa: "10.0.0.9"})
	ask("it moves twice at once: unsolicited unicast reply", us, arpPacket{op: 2, sha: packet.MAC{2, 0, 0, 0, 0, 0x7b}, spa: "10.0.0.2", tha: us, tpa: "10.0.0.1"})
	ask("... and again 0.3 s later", us, arpPacket{op: 2, sha: packet.MAC{2, 0, 0, 0, 0, 0x7c}, spa: "10.0.0.2", tha: us, tpa: "10.0.0.1"})
	w.arpTable()
	w.rest(1200 * time.Millisecond)
	ask("sender MAC broadcast", packet.Broadcast, arpPacket{op: 1, sha: packet.Broadcast, spa: "10.0.0.60", tpa: "10.0.0.1"})
	ask("hardware type 6 (IEEE802)", packet.Broadcast, arpPacket{op: 1, sha: peerMAC, spa: "10.0.0.2", tpa: "10.0.0.1", hardware: 6})
	w.ask("eth source differs from sender hw", func() {
		a := arpPacket{op: 1, sha: peerMAC, spa: "10.0.0.61", tpa: "10.0.0.1"}
		w.put(0, append(packet.AppendEthernet(nil, packet.Broadcast, other, packet.TypeARP), a.bytes()...))
	})
	w.ask("truncated to 20 bytes of ARP", func() {
		a := arpPacket{op: 1, sha: peerMAC, spa: "10.0.0.2", tpa: "10.0.0.1"}
		w.put(0, append(packet.AppendEthernet(nil, packet.Broadcast, peerMAC, packet.TypeARP), a.bytes()[:20]...))
	})
	ask("RARP op 3", packet.Broadcast, arpPacket{op: 3, sha: peerMAC, spa: "10.0.0.2", tpa: "10.0.0.1"})
	ask("sender = broadcast IP", packet.Broadcast, arpPacket{op: 1, sha: peerMAC, spa: "10.0.0.255", tpa: "10.0.0.1"})
	ask("request to another MAC, unicast, for our IP", sixth, arpPacket{op: 1, sha: peerMAC, spa: "10.0.0.2", tpa: "10.0.0.1"})
	w.arpTable()
}
