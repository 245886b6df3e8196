package arp_test

import (
	"fmt"
	"slices"
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
			h.run(3071 * time.Millisecond)
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
			h.want(fmt.Sprint(len(h.ready), h.held()), "60 0")
		}},
		{"212992 bytes wait at most, as the kernel counts them", func(h *host) {
			for i := range 400 {
				h.sendPacket("10.0.0.2", datagram("10.0.0.2", i), false)
			}
			if n := h.held(); n > 212992 {
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
			h.run(5100 * time.Millisecond)
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

func linuxRecording(t *testing.T, name string) (*host, []step) {
	steps, m := recording(t, "linux."+name)
	return newHost(t, dialect.Linux, m).set("10.0.0.1/24").quiet(), steps
}

func TestLinuxQuestionsAsRecorded(t *testing.T) {
	h, steps := linuxRecording(t, "arpq")
	known := []message{ // what the BSDs were not asked
		{from: "10.0.0.2", op: 2, sender: "02:00:00:00:00:78", about: "10.0.0.2"},
		{from: "10.0.0.2", op: 2, dst: h.mac.String(), sender: "02:00:00:00:00:79", about: "10.0.0.1"},
		{from: "10.0.0.2", sender: "02:00:00:00:00:7a", about: "10.0.0.77"},
	}
	for _, q := range questions(h.mac.String()) {
		h.hear(q.m)
		h.compare(find(t, steps, q.title), h.now, 200*time.Millisecond)
		h.run(2 * time.Second)
		if !strings.HasPrefix(q.title, "known") {
			continue
		}
		for i, title := range []string{"it moves: gratuitous reply", "it moves: unsolicited unicast reply", "it moves: request for a third host"} {
			h.hear(known[i])
			h.compare(find(t, steps, title), h.now, 0)
			h.want(h.entries()[:27], "10.0.0.2 "+known[i].sender+" ")
			h.run(2 * time.Second)
		}
		for _, last := range []string{"7b", "7c"} { // twice within 0.3 s: the first counts
			h.hear(message{from: "10.0.0.2", op: 2, dst: h.mac.String(), sender: "02:00:00:00:00:" + last, about: "10.0.0.1"})
			h.run(300 * time.Millisecond)
		}
		h.want(h.entries()[:27], "10.0.0.2 02:00:00:00:00:7b ")
		h.run(2 * time.Second)
	}
	// The last list of the recording.
	var macs []string
	for _, e := range h.table.Entries() {
		macs = append(macs, e.IP.String()+" "+e.MAC.String())
	}
	h.want(strings.Join(macs, ", "), "10.0.0.2 "+m99+", 10.0.0.60 ff:ff:ff:ff:ff:ff, 10.0.0.61 "+m99+", 192.168.1.1 02:00:00:00:00:53")
}

func TestLinuxAbsentHostAsRecorded(t *testing.T) {
	h, steps := linuxRecording(t, "arpabsent")
	h.want(h.send("10.0.0.9"), block)
	h.run(9 * time.Second)
	h.compare(find(t, steps, "one datagram"), 0, 200*time.Millisecond)
	s, from := find(t, steps, "then a datagram each 0.5 s"), h.now
	for range 60 {
		h.want(h.send("10.0.0.9"), block)
		h.run(500 * time.Millisecond)
	}
	n := min(len(h.sent), len(s.frames))
	if len(s.frames)-n > 2 {
		t.Errorf("%d requests, the kernel sent %d", n, len(s.frames))
	}
	h.sent, s.frames = h.sent[:n], s.frames[:n]
	h.compare(s, from, 600*time.Millisecond)
}

// By chance an entry is good for 15 to 45 s: recorded are 36 and 35 s between questions. Then the
// neighbour falls silent, and is asked three times itself, then three times all.
func TestLinuxEntryInUseAsRecorded(t *testing.T) {
	h, steps := linuxRecording(t, "arpage")
	answer := message{op: 2, dst: h.mac.String(), from: "10.0.0.2", sender: m99, about: "10.0.0.1", target: h.mac.String()}
	var asked []string
	for second := range 150 {
		h.send("10.0.0.2")
		for _, s := range h.sent {
			asked = append(asked, packet.Ethernet(s.frame).Dst().String())
			if second < 90 {
				h.hear(answer)
			}
		}
		h.quiet()
		h.run(time.Second)
	}
	var want []string
	for _, title := range []string{"a datagram each second", "neighbour silent"} {
		for _, f := range find(t, steps, title).frames {
			want = append(want, f.text[strings.LastIndex(f.text, ">")+1:strings.LastIndex(f.text, " ")])
		}
	}
	got := strings.Join(slices.Compact(asked), " ")
	if w := strings.Join(slices.Compact(want), " "); got != w {
		t.Errorf("asked %s, the kernel asked %s", got, w)
	}
}

func TestLinuxHeldPacketsAsRecorded(t *testing.T) {
	for _, c := range []struct{ n, size, want int }{{5, 4, 5}, {60, 4, 60}, {400, 4, 277}, {400, 1400, 92}} {
		h := newHost(t, dialect.Linux, self).set("10.0.0.1/24").quiet()
		for range c.n {
			h.sendPacket("10.0.0.2", make([]byte, 28+c.size), false)
		}
		h.run(300 * time.Millisecond)
		h.hear(message{op: 2, dst: self.String(), from: "10.0.0.2", sender: m99, about: "10.0.0.1", target: self.String()})
		if len(h.ready) != c.want {
			t.Errorf("of %d packets of %d bytes %d were let go, want %d", c.n, c.size, len(h.ready), c.want)
		}
	}
}
