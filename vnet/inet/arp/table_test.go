package arp_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet/arp"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/packet"
)

// Each case is a sentence about a host that has 10.0.0.1/24 on an interface that came up
// with it, and holds for the dialects it names.
func TestTable(t *testing.T) {
	const moved = "02:00:00:00:00:77"
	reply := message{op: 2, dst: self.String(), from: "10.0.0.2", sender: m99, about: "10.0.0.1", target: self.String()}
	for _, c := range []struct {
		says     string
		dialects []dialect.Dialect
		do       func(h *host)
	}{
		{"nothing is asked while nobody sends", bsds, func(h *host) {
			h.want(h.send("10.0.0.9"), block)
			h.wantSent(who("10.0.0.9"))
			h.run(60 * time.Second)
			h.wantSent()
		}},
		{"an entry without an answer is gone 20 s after the last request", []dialect.Dialect{dialect.FreeBSD, dialect.NetBSD}, func(h *host) {
			h.send("10.0.0.9")
			h.run(20*time.Second - 1)
			h.wantEntries("10.0.0.9 incomplete")
			h.run(1)
			h.wantEntries("")
			if s := h.table.Stats(); s.Timeouts != 1 || s.Dropped != 1 || h.held() != 0 {
				h.t.Errorf("statistics %+v, %d bytes", s, h.held())
			}
		}},
		{"after five requests DragonFly asks nothing for 20 s, and then asks anew", []dialect.Dialect{dialect.DragonFly}, func(h *host) {
			for range 50 {
				h.want(h.send("10.0.0.9"), block)
				h.run(100 * time.Millisecond)
			}
			h.wantSent(who("10.0.0.9"), who("10.0.0.9"), who("10.0.0.9"), who("10.0.0.9"), who("10.0.0.9"))
			h.want(h.send("10.0.0.9"), block) // the sixth second: the pause begins with it
			for range 199 {
				h.run(100 * time.Millisecond)
				h.want(h.send("10.0.0.9"), down)
			}
			h.wantSent()
			h.run(100 * time.Millisecond)
			h.want(h.send("10.0.0.9"), block)
			h.wantSent(who("10.0.0.9"))
		}},
		{"a neighbour that speaks ends DragonFly's pause", []dialect.Dialect{dialect.DragonFly}, func(h *host) {
			for range 60 {
				h.send("10.0.0.2")
				h.run(100 * time.Millisecond)
			}
			h.want(h.send("10.0.0.2"), down)
			h.hear(message{from: "10.0.0.2", sender: m99, about: "10.0.0.2"})
			h.want(h.send("10.0.0.2"), "sent to "+m99)
		}},
		{"behind a gateway that is down the host is unreachable", []dialect.Dialect{dialect.FreeBSD, dialect.NetBSD}, func(h *host) {
			for range 5 {
				h.want(h.sendPacket("10.0.0.9", datagram("10.9.9.9", 0), true), block)
				h.run(time.Second)
			}
			h.want(h.sendPacket("10.0.0.9", datagram("10.9.9.9", 0), true), "EHOSTUNREACH")
		}},
		{"an entry ends 1200 s after its neighbour was heard", []dialect.Dialect{dialect.FreeBSD, dialect.NetBSD}, func(h *host) {
			h.hear(reply)
			h.run(600 * time.Second)
			h.hear(message{from: "10.0.0.2", sender: m99, about: "10.0.0.3"}) // any packet of a known one counts
			h.run(1200*time.Second - 1)
			h.wantEntries("10.0.0.2 " + m99 + " reachable")
			h.run(1)
			h.wantEntries("")
		}},
		{"DragonFly frees what has ended every 300 s", []dialect.Dialect{dialect.DragonFly}, func(h *host) {
			h.run(10 * time.Second)
			h.hear(reply)
			h.run(1300 * time.Second)
			h.wantEntries("10.0.0.2 " + m99 + " reachable")
			h.want(h.send("10.0.0.2"), block) // ended all the same
			h.wantSent(who("10.0.0.2"))
		}},
		{"an entry in use is asked for in its last seconds", []dialect.Dialect{dialect.FreeBSD, dialect.DragonFly}, func(h *host) {
			h.hear(reply)
			h.run(1195 * time.Second)
			h.want(h.send("10.0.0.2"), "sent to "+m99)
			h.wantSent()
			for range 4 { // once a second, as often as one sends
				h.run(time.Second)
				h.want(h.send("10.0.0.2"), "sent to "+m99)
				h.want(h.send("10.0.0.2"), "sent to "+m99)
				h.wantSent(who("10.0.0.2"))
			}
		}},
		{"NetBSD lets an entry in use end without asking", []dialect.Dialect{dialect.NetBSD}, func(h *host) {
			h.hear(reply)
			h.run(1199 * time.Second)
			h.want(h.send("10.0.0.2"), "sent to "+m99)
			h.wantSent()
		}},
		{"a known neighbour's MAC follows any ARP packet of it", bsds, func(h *host) {
			for _, m := range []message{
				{from: "10.0.0.2", sender: moved, about: "10.0.0.2"},
				{op: 2, from: "10.0.0.2", sender: moved, about: "10.0.0.2"},
				{op: 2, dst: self.String(), from: "10.0.0.2", sender: moved, about: "10.0.0.1"},
				{from: "10.0.0.2", sender: moved, about: "10.0.0.3"},
			} {
				h.hear(reply)
				h.hear(m)
				h.wantEntries("10.0.0.2 " + moved + " reachable")
			}
		}},
		{"FreeBSD says who has moved from where", []dialect.Dialect{dialect.FreeBSD, dialect.DragonFly}, func(h *host) {
			h.hear(reply)
			h.hear(message{from: "10.0.0.2", sender: moved, about: "10.0.0.2"})
			h.wantLog("arp: 10.0.0.2 moved from " + m99 + " to " + moved + " on tap0")
		}},
		{"an unsolicited reply for another host makes no entry", bsds, func(h *host) {
			h.hear(message{op: 2, from: "10.0.0.50", sender: m99, about: "10.0.0.7"})
			h.hear(message{from: "10.0.0.51", sender: m99, about: "10.0.0.51"})
			h.wantEntries("")
		}},
		{"a request for another host is not answered", bsds, func(h *host) {
			h.hear(message{from: "10.0.0.2", sender: m99, about: "10.0.0.3"})
			h.wantSent()
		}},
		{"FreeBSD warns of whoever uses its address, and answers", []dialect.Dialect{dialect.FreeBSD}, func(h *host) {
			h.hear(message{from: "10.0.0.1", sender: m99, about: "10.0.0.7"})
			h.wantSent(answer("10.0.0.1", "10.0.0.1", m99))
			h.wantLog("arp: " + m99 + " is using my IP address 10.0.0.1 on tap0!")
			h.want(fmt.Sprint(h.table.Stats().DupIPs), "1")
		}},
		{"its own packets come back unheard", bsds, func(h *host) {
			h.hear(message{from: "10.0.0.1", sender: self.String(), about: "10.0.0.1"})
			h.wantSent()
			h.wantLog()
		}},
		{"DragonFly copies the hardware type into its answer", []dialect.Dialect{dialect.DragonFly}, func(h *host) {
			h.hear(message{hardware: 6, from: "10.0.0.2", sender: m99, about: "10.0.0.1"})
			if len(h.sent) != 1 || h.sent[0].frame[15] != 6 {
				h.t.Errorf("sent %v, want an answer of hardware type 6", h.sent)
			}
		}},
		{"an unknown hardware type is left alone, but not by NetBSD", []dialect.Dialect{dialect.FreeBSD, dialect.DragonFly}, func(h *host) {
			h.hear(message{hardware: 99, from: "10.0.0.2", sender: m99, about: "10.0.0.1"})
			h.wantSent()
			h.wantEntries("")
		}},
		{"NetBSD reads any hardware type", []dialect.Dialect{dialect.NetBSD}, func(h *host) {
			h.hear(message{hardware: 99, from: "10.0.0.2", sender: m99, about: "10.0.0.1"})
			h.wantSent(answer("10.0.0.1", "10.0.0.2", m99))
		}},
		{"a permanent entry withstands what its neighbour says", bsds, func(h *host) {
			h.want(h.table.Add(h.now, ip("10.0.0.2"), mac(m77), arp.Permanent).String(), "OK")
			h.hear(message{from: "10.0.0.2", sender: m99, about: "10.0.0.1"})
			h.wantEntries("10.0.0.2 " + m77 + " reachable permanent")
			h.run(3000 * time.Second)
			h.want(h.send("10.0.0.2"), "sent to "+m77)
			if len(h.log) != 1 || !strings.Contains(h.log[0], "permanent") || h.table.Stats().OverPermanent != 1 {
				h.t.Errorf("console %q, statistics %+v", h.log, h.table.Stats())
			}
		}},
		{"FreeBSD answers the one who would change a permanent entry, NetBSD does not", []dialect.Dialect{dialect.FreeBSD, dialect.NetBSD}, func(h *host) {
			h.table.Add(h.now, ip("10.0.0.2"), mac(m77), arp.Permanent)
			h.hear(message{from: "10.0.0.2", sender: m99, about: "10.0.0.1"})
			if h.v.PermanentSilent {
				h.wantSent()
			} else {
				h.wantSent(answer("10.0.0.1", "10.0.0.2", m99))
			}
		}},
		{"what arp -s publishes is answered for", bsds, func(h *host) {
			h.table.Add(h.now, ip("10.0.0.20"), mac(m77), arp.Permanent|arp.Published)
			h.hear(message{from: "10.0.0.2", sender: m99, about: "10.0.0.20"})
			h.wantSent(fmt.Sprintf("ARP op2 10.0.0.20(%s) -> 10.0.0.2(%s) eth %v>%s len42", m77, m99, self, m99))
			h.wantEntries("10.0.0.20 " + m77 + " reachable permanent published")
		}},
		{"a temporary entry of arp -s ends as one that was heard", []dialect.Dialect{dialect.FreeBSD, dialect.NetBSD}, func(h *host) {
			h.table.Add(h.now, ip("10.0.0.2"), mac(m77), 0)
			h.run(1200 * time.Second)
			h.wantEntries("")
		}},
		{"with proxyall a router answers for what it reaches elsewhere", []dialect.Dialect{dialect.FreeBSD, dialect.DragonFly}, func(h *host) {
			h.hear(message{from: "10.0.0.2", sender: m99, about: "10.9.9.9"})
			h.wantSent()
			h.v.ProxyAll = true
			h.hear(message{from: "10.0.0.2", sender: m99, about: "10.9.9.9"})
			h.wantSent(answer("10.9.9.9", "10.0.0.2", m99))
			h.hear(message{from: "10.0.0.2", sender: m99, about: "10.0.0.30"}) // it is on the same wire
			h.hear(message{from: "10.0.0.2", sender: m99, about: "10.8.8.8"})  // so is the gateway to it
			h.hear(message{from: "192.168.1.1", sender: m99, about: "10.9.9.9"})
			h.wantSent()
		}},
		{"an entry can be deleted, but not the interface's own", bsds, func(h *host) {
			h.hear(reply)
			h.want(h.table.Delete(ip("10.0.0.2")).String(), "OK")
			h.want(h.table.Delete(ip("10.0.0.2")).String(), "ENOENT")
			h.want(h.table.Delete(ip("10.0.0.1")).String(), "EPERM")
			h.want(h.table.Add(h.now, ip("10.0.0.1"), mac(m99), arp.Permanent).String(), "EADDRINUSE")
			h.want(h.table.Add(h.now, ip("192.168.1.1"), mac(m99), arp.Permanent).String(), "EINVAL")
			h.wantEntries("")
		}},
		{"the source of a request is the address on the neighbour's net", bsds, func(h *host) {
			h.set("10.0.2.1/24").quiet()
			h.send("10.0.2.2")
			h.wantSent(strings.Replace(who("10.0.2.2"), "10.0.0.1(", "10.0.2.1(", 1))
		}},
		{"an alias is answered for with itself", bsds, func(h *host) {
			h.set("10.0.0.7/24").quiet()
			h.hear(message{from: "10.0.0.2", sender: m99, about: "10.0.0.7"})
			h.wantSent(answer("10.0.0.7", "10.0.0.2", m99))
		}},
		{"what an address reached goes with it", bsds, func(h *host) {
			h.hear(reply)
			h.send("10.0.0.9")
			h.quiet()
			h.table.RemoveAddress(h.now, ip("10.0.0.1"), &h.acts)
			h.wantEntries("")
			h.hear(message{from: "10.0.0.2", sender: m99, about: "10.0.0.1"})
			h.wantSent()
			h.want(fmt.Sprint(h.table.Stats().NoInterface, h.held()), "1 0")
		}},
		{"a new MAC is announced for each address", bsds, func(h *host) {
			h.set("10.0.0.7/24").quiet()
			h.table.SetMAC(h.now, mac(m77), &h.acts)
			h.take()
			to := "(00:00:00:00:00:00) eth " + m77 + ">ff:ff:ff:ff:ff:ff len42"
			h.wantSent("ARP op1 10.0.0.1("+m77+") -> 10.0.0.1"+to, "ARP op1 10.0.0.7("+m77+") -> 10.0.0.7"+to)
		}},
		{"169.254/16 is answered by broadcast in FreeBSD", []dialect.Dialect{dialect.FreeBSD}, func(h *host) {
			h.set("169.254.1.1/16").quiet()
			h.hear(message{from: "169.254.1.2", sender: m99, about: "169.254.1.1"})
			h.wantSent(fmt.Sprintf("ARP op2 169.254.1.1(%v) -> 169.254.1.2(%s) eth %v>ff:ff:ff:ff:ff:ff len42", self, m99, self))
		}},
		{"no entry can be made of what is not on the net", bsds, func(h *host) {
			want := map[errno.Errno]string{errno.EINVAL: "EINVAL", errno.ENOMEM: "ENOMEM", errno.OK: block}[h.v.NoEntry]
			h.want(h.send("192.168.1.1"), want)
			h.wantSent()
			h.wantEntries("")
		}},
		{"a packet of nothing is held as nothing", bsds, func(h *host) {
			h.want(h.sendPacket("10.0.0.2", nil, false), block)
			h.hear(reply)
			if len(h.ready) != 0 {
				h.t.Errorf("let go: %v", h.ready)
			}
		}},
		{"maxhold is obeyed as soon as it changes", bsds, func(h *host) {
			h.v.MaxHold = 2
			for i := range 5 {
				h.sendPacket("10.0.0.2", datagram("10.0.0.2", i), false)
			}
			h.hear(reply)
			var ids []uint16
			for _, r := range h.ready {
				ids = append(ids, packet.IPv4(r.Packet).ID())
			}
			h.want(fmt.Sprint(ids), "[3 4]")
			h.v.MaxHold = 0
			h.sendPacket("10.0.0.3", datagram("10.0.0.3", 0), false)
			h.want(fmt.Sprint(h.held()), "0")
		}},
		{"at the limit the entry that ends first goes, and never a permanent one", bsds, func(h *host) {
			h.v.Limit = 3
			h.table.Add(h.now, ip("10.0.0.200"), mac(m77), arp.Permanent)
			for i := range 5 {
				h.hear(message{from: fmt.Sprintf("10.0.0.%d", 20+i), sender: m99, about: "10.0.0.1"})
				h.run(time.Second)
			}
			h.wantEntries("10.0.0.23 " + m99 + " reachable, 10.0.0.24 " + m99 + " reachable, 10.0.0.200 " + m77 + " reachable permanent")
			h.want(fmt.Sprint(h.table.Stats().Evicted), "3")
			h.v.Limit = 1
			h.table.Flush()
			h.table.Add(h.now, ip("10.0.0.200"), mac(m77), arp.Permanent)
			h.hear(reply)
			h.wantEntries("10.0.0.200 " + m77 + " reachable permanent")
		}},
		{"an address that Linux is given is announced to nobody", []dialect.Dialect{dialect.Linux}, func(h *host) {
			h.set("10.0.0.7/24")
			h.wantSent()
		}},
	} {
		t.Run(c.says, func(t *testing.T) {
			for _, d := range c.dialects {
				t.Run(d.String(), func(t *testing.T) { c.do(newHost(t, d, self).set("10.0.0.1/24").quiet()) })
			}
		})
	}
}

// Recorded of NetBSD 7.99.34: probes at 0.7, 2.6 and 3.9 s, announcements at 5.9 and 7.9 s.
func TestNetBSDProbesForAnAddressOnAnInterfaceThatIsUp(t *testing.T) {
	probing := func() *host {
		h := newHost(t, dialect.NetBSD, self)
		h.table.SetUp(0, true, &h.acts)
		h.nets = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24")}
		h.table.AddAddress(0, netip.MustParsePrefix("10.0.0.1/24"), true, &h.acts)
		h.take()
		return h
	}
	probe := strings.Replace(who("10.0.0.1"), "10.0.0.1(", "0.0.0.0(", 1)
	h := probing()
	h.wantSent()
	h.run(20 * time.Second)
	var at []time.Duration
	for _, s := range h.sent {
		at = append(at, s.at)
	}
	h.wantSent(probe, probe, probe, who("10.0.0.1"), who("10.0.0.1"))
	for i, limits := range [][2]time.Duration{{0, time.Second}, {time.Second, 2 * time.Second}, {time.Second, 2 * time.Second}, {2 * time.Second, 2 * time.Second}, {2 * time.Second, 2 * time.Second}} {
		gap := at[i]
		if i > 0 {
			gap -= at[i-1]
		}
		if gap < limits[0] || gap > limits[1] {
			t.Errorf("frame %d comes %v after the one before, want %v to %v", i, gap, limits[0], limits[1])
		}
	}

	h = probing()
	h.run(500 * time.Millisecond)
	if ok, _ := h.table.Usable(ip("10.0.0.1")); ok {
		t.Error("the address is usable before its probes are over")
	}
	h.quiet()
	h.hear(message{from: "10.0.0.2", sender: m99, about: "10.0.0.1"}) // somebody looks for us: too early
	h.wantSent()
	h.hear(message{from: "0.0.0.0", sender: m99, about: "10.0.0.1"}) // somebody probes for the same address
	h.wantLog("tap0: DAD detected duplicate IPv4 address 10.0.0.1")
	h.run(20 * time.Second)
	h.wantSent()
	if ok, _ := h.table.Usable(ip("10.0.0.1")); ok {
		t.Error("an address that another has is usable")
	}

	h = probing()
	h.run(20 * time.Second)
	h.quiet()
	if ok, _ := h.table.Usable(ip("10.0.0.1")); !ok {
		t.Error("the address is not usable after its probes")
	}
	h.table.SetUp(h.now, false, &h.acts)
	h.run(time.Minute)
	h.wantSent()
	h.table.SetUp(h.now, true, &h.acts) // it is probed for again
	h.run(20 * time.Second)
	h.wantSent(probe, probe, probe, who("10.0.0.1"), who("10.0.0.1"))
}
