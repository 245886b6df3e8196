package arp_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"wireloom/vnet/inet/arp"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/packet"
)

// Linux, as its net/core/neighbour.c and net/ipv4/arp.c say (6.1).
func TestLinux(t *testing.T) {
	reply := message{op: 2, dst: self.String(), from: "10.0.0.2", sender: m99, about: "10.0.0.1", target: self.String()}
	unicast := strings.ReplaceAll(who("10.0.0.2"), "ff:ff:ff:ff:ff:ff", m99)
	for _, c := range []struct {
		says string
		do   func(h *host)
	}{
		{"an absent host is asked for three times, a second apart, by itself", func(h *host) {
			h.want(h.send("10.0.0.9"), block)
			h.run(2999 * time.Millisecond)
			h.wantSent(who("10.0.0.9"), who("10.0.0.9"), who("10.0.0.9"))
			h.wantEntries("10.0.0.9 incomplete")
			h.run(time.Millisecond)
			h.wantEntries("10.0.0.9 failed")
			if len(h.lost) != 1 || h.lost[0].Hop != ip("10.0.0.9") || packet.IPv4(h.lost[0].Packet).Dst() != ip("10.0.0.9") {
				h.t.Errorf("given up: %v", h.lost)
			}
			h.run(time.Minute)
			h.wantSent()
			h.want(h.send("10.0.0.9"), block) // and begins again
			h.wantSent(who("10.0.0.9"))
		}},
		{"all packets wait, and go in order", func(h *host) {
			for i := range 60 {
				h.sendPacket("10.0.0.2", datagram("10.0.0.2", i), false)
			}
			h.hear(reply)
			for i, r := range h.ready {
				h.want(fmt.Sprint(packet.IPv4(r.Packet).ID()), fmt.Sprint(i))
			}
			h.want(fmt.Sprint(len(h.ready), h.table.Bytes()), "60 0")
		}},
		{"212992 bytes wait at most, as the kernel counts them", func(h *host) {
			for i := range 400 {
				h.sendPacket("10.0.0.2", datagram("10.0.0.2", i), false)
			}
			if n := h.table.Bytes(); n > 212992 {
				h.t.Errorf("%d bytes held", n)
			}
			h.hear(reply)
			h.want(fmt.Sprint(len(h.ready), packet.IPv4(h.ready[0].Packet).ID()), "277 123")
		}},
		{"a neighbour that has gone quiet is asked by unicast, then given up", func(h *host) {
			h.send("10.0.0.2")
			h.hear(reply)
			h.quiet()
			h.run(46 * time.Second)
			h.wantEntries("10.0.0.2 " + m99 + " stale")
			h.wantSent()
			h.want(h.send("10.0.0.2"), "sent to "+m99)
			h.wantEntries("10.0.0.2 " + m99 + " delay")
			h.run(5 * time.Second)
			h.wantEntries("10.0.0.2 " + m99 + " probe")
			h.run(2 * time.Second)
			h.wantSent(unicast, unicast, unicast)
			h.run(time.Second)
			h.wantEntries("10.0.0.2 failed")
		}},
		{"what TCP confirms is not asked for", func(h *host) {
			h.send("10.0.0.2")
			h.hear(reply)
			h.run(46 * time.Second)
			h.quiet()
			h.send("10.0.0.2")
			h.run(2 * time.Second)
			h.table.Confirm(h.now, ip("10.0.0.2"))
			h.run(4 * time.Second)
			h.wantEntries("10.0.0.2 " + m99 + " reachable")
			h.wantSent()
		}},
		{"an answer ends the asking", func(h *host) {
			h.send("10.0.0.2")
			h.hear(reply)
			h.run(46 * time.Second)
			h.send("10.0.0.2")
			h.run(6 * time.Second)
			h.hear(reply)
			h.quiet()
			h.wantEntries("10.0.0.2 " + m99 + " reachable")
			h.run(10 * time.Second)
			h.wantSent()
		}},
		{"one who asks for us has a stale entry", func(h *host) {
			h.hear(message{from: "10.0.0.2", sender: m99, about: "10.0.0.1"})
			h.wantSent(answer("10.0.0.1", "10.0.0.2", m99))
			h.wantEntries("10.0.0.2 " + m99 + " stale")
		}},
		{"an address of another interface is answered for", func(h *host) {
			h.hear(message{from: "10.0.0.2", sender: m99, about: "10.0.2.1"})
			h.wantSent(answer("10.0.2.1", "10.0.0.2", m99))
		}},
		{"one of another net who asks has an entry too", func(h *host) {
			h.hear(message{from: "192.168.1.1", sender: m99, about: "10.0.0.1"})
			h.wantSent(answer("10.0.0.1", "192.168.1.1", m99))
			h.wantEntries("192.168.1.1 " + m99 + " stale")
		}},
		{"the unknown who speak of others have none", func(h *host) {
			h.hear(message{from: "10.0.0.51", sender: m99, about: "10.0.0.51"})
			h.hear(message{op: 2, dst: self.String(), from: "10.0.0.50", sender: m99, about: "10.0.0.1"})
			h.hear(message{from: "10.0.0.52", sender: m99, about: "10.0.0.77"})
			h.hear(message{from: "0.0.0.0", sender: m99, about: "10.0.0.1"})
			h.wantSent(answer("10.0.0.1", "0.0.0.0", m99))
			h.wantEntries("")
		}},
		{"a known one who moves is believed, but not within a second", func(h *host) {
			h.hear(message{from: "10.0.0.2", sender: m99, about: "10.0.0.1"})
			h.hear(message{from: "10.0.0.2", sender: m77, about: "10.0.0.3"})
			h.wantEntries("10.0.0.2 " + m99 + " stale")
			h.run(1100 * time.Millisecond)
			h.hear(message{from: "10.0.0.2", sender: m77, about: "10.0.0.3"})
			h.wantEntries("10.0.0.2 " + m77 + " stale")
			h.hear(message{from: "10.0.0.2", sender: m99, about: "10.0.0.2"}) // a gratuitous one is believed at once
			h.wantEntries("10.0.0.2 " + m99 + " stale")
		}},
		{"who uses our address is not answered, and nobody is told", func(h *host) {
			h.hear(message{from: "10.0.0.1", sender: m99, about: "10.0.0.7"})
			h.hear(message{from: "10.0.0.1", sender: m99, about: "10.0.0.1"})
			h.wantSent()
			h.wantLog()
		}},
		{"a request is in the name of the packet that waits", func(h *host) {
			h.set("10.0.0.7/24").quiet()
			p, err := packet.AppendIPv4(nil, packet.IPv4Header{Src: ip("10.0.0.7"), Dst: ip("10.0.0.9")}, 0)
			if err != nil {
				h.t.Fatal(err)
			}
			h.sendPacket("10.0.0.9", p, false)
			h.wantSent(strings.Replace(who("10.0.0.9"), "10.0.0.1(", "10.0.0.7(", 1))
		}},
		{"RARP and other operations are not read", func(h *host) {
			h.hear(message{op: 3, from: "10.0.0.2", sender: m99, about: "10.0.0.1"})
			h.wantSent()
			h.wantEntries("")
		}},
		{"an interface that goes down forgets its neighbours", func(h *host) {
			h.hear(message{from: "10.0.0.2", sender: m99, about: "10.0.0.1"})
			h.table.SetUp(h.now, false, &h.acts)
			h.wantEntries("")
		}},
		{"a permanent entry is not aged", func(h *host) {
			h.table.Add(h.now, ip("10.0.0.2"), mac(m77), arp.Permanent)
			h.hear(message{from: "10.0.0.2", sender: m99, about: "10.0.0.1"})
			h.run(time.Hour)
			h.want(h.send("10.0.0.2"), "sent to "+m77)
		}},
	} {
		t.Run(c.says, func(t *testing.T) { c.do(newHost(t, dialect.Linux, self).set("10.0.0.1/24").quiet()) })
	}
}
