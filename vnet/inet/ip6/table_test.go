package ip6_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/inet/ip6"
	icmp6 "wireloom/vnet/inet/ip6/wire"
	"wireloom/vnet/packet"
)

const (
	opt2 = "0101020000000002" // source link-layer address: fd00::2's
	tgt2 = "0201020000000002" // target link-layer address: fd00::2's
)

var (
	router  = ip("fe80::1")
	mRouter = mac("02:00:00:00:00:01")
)

// ra is an advertisement of the router fe80::1, of a lifetime in hexadecimal seconds.
func ra(life, options string) []byte {
	return icmp(255, router, ip("ff02::1"), 134, 0, "4000"+life+"0000000000000000"+options)
}

func prefixOption(flags, valid, preferred, prefix string) string {
	return "030440" + flags + valid + preferred + "00000000" + hexAddr(ip(prefix))
}

func asks(src, target string) string {
	return fmt.Sprintf("ICMP6 t135 %s>%v hl255 pl=00000000%s0101%s", src, solicited(ip(target)), hexAddr(ip(target)), hexMAC(self))
}

func asksItself(src, target string) string {
	return fmt.Sprintf("ICMP6 t135 %s>%s hl255 pl=00000000%s0101%s", src, target, hexAddr(ip(target)), hexMAC(self))
}

// Each case is a sentence about a host that has fd00::1/64 for 30 s, and holds for the dialects
// it names.
func TestTable(t *testing.T) {
	all := dialect.All[:]
	freebsd, netbsd, linux := []dialect.Dialect{dialect.FreeBSD}, []dialect.Dialect{dialect.NetBSD}, []dialect.Dialect{dialect.Linux}
	far := ip("2001:db8::9")
	learnedRouter := func(h *host) { // obeys the router fe80::1, whose MAC is known
		h.l.SetAcceptRA(h.now, 0, true, &h.acts)
		h.hear(mRouter, ip6.ToMulticast, ra("0708", "0101"+hexMAC(mRouter)))
		h.hear(mRouter, ip6.ToUs, na(router, fe80, router, "e0", "0201"+hexMAC(mRouter)))
		h.quiet()
	}
	for _, c := range []struct {
		says     string
		dialects []dialect.Dialect
		do       func(h *host)
	}{
		// Neighbours.
		{"an absent neighbour is asked for three times, a second apart, and the sender told", all, func(h *host) {
			h.want(h.send("fd00::9", 4), errno.OK)
			h.run(3*(time.Second+h.v.Slack) - 1)
			h.wantSent(asks("fd00::1", "fd00::9"), asks("fd00::1", "fd00::9"), asks("fd00::1", "fd00::9"))
			h.want(h.neighbours(), "fd00::9 incomplete")
			h.run(1)
			h.want(h.neighbours(), "")
			h.want(len(h.errors), 1)
			h.want(fmt.Sprint(h.errors[0].Type, h.errors[0].Code, h.errors[0].Proto, h.errors[0].Dst), "1 3 17 fd00::9")
			h.want(h.held(), 0)
		}},
		{"the newest packet waits", bsds, func(h *host) {
			for n := range 5 {
				h.send("fd00::2", n)
			}
			h.quiet()
			h.hear(m2, ip6.ToUs, na(fd2, fd1, fd2, "60", tgt2))
			h.wantSent("IP6 nh17 fd00::1>fd00::2 hl64 pl4")
			h.want(h.l.Stats().HeldDropped, 4)
			h.want(h.held(), 0)
		}},
		{"all packets wait, and go in order", linux, func(h *host) {
			for n := range 3 {
				h.send("fd00::2", n)
			}
			h.quiet()
			h.hear(m2, ip6.ToUs, na(fd2, fd1, fd2, "60", tgt2))
			h.wantSent("IP6 nh17 fd00::1>fd00::2 hl64 pl0", "IP6 nh17 fd00::1>fd00::2 hl64 pl1", "IP6 nh17 fd00::1>fd00::2 hl64 pl2")
		}},
		{"a reachable neighbour grows stale, and is asked itself when it is used", all, func(h *host) {
			h.know(fd2, m2)
			h.want(h.neighbours(), "fd00::2 "+m2.String()+" reachable")
			h.run(46 * time.Second)
			h.want(h.neighbours(), "fd00::2 "+m2.String()+" stale")
			h.wantSent()
			h.send("fd00::2", 4)
			h.want(h.neighbours(), "fd00::2 "+m2.String()+" delay")
			h.quiet()
			h.run(5 * time.Second)
			h.want(h.neighbours(), "fd00::2 "+m2.String()+" probe")
			h.run(2 * time.Second)
			src := "fd00::1"
			if h.v.TargetSource {
				src = fe80.String()
			}
			h.run(2 * h.v.Slack)
			h.wantSent(asksItself(src, "fd00::2"), asksItself(src, "fd00::2"), asksItself(src, "fd00::2"))
			h.run(time.Second + h.v.Slack)
			h.want(h.neighbours(), "")
		}},
		{"what TCP confirms is not asked, as often as it may", all, func(h *host) {
			h.v.MaxHints = 1
			h.know(fd2, m2)
			h.run(46 * time.Second)
			h.send("fd00::2", 4)
			h.l.Confirm(h.now, fd2)
			h.quiet()
			h.run(6 * time.Second)
			h.wantSent()
			h.want(h.neighbours(), "fd00::2 "+m2.String()+" reachable")
			h.run(46 * time.Second)
			h.send("fd00::2", 4)
			h.l.Confirm(h.now, fd2)
			h.want(h.neighbours(), "fd00::2 "+m2.String()+" delay")
		}},
		{"a BSD does not take a TCP's word", bsds, func(h *host) {
			h.know(fd2, m2)
			h.run(46 * time.Second)
			h.send("fd00::2", 4)
			h.l.Confirm(h.now, fd2)
			h.want(h.neighbours(), "fd00::2 "+m2.String()+" delay")
		}},
		{"a stale neighbour that nobody uses is forgotten after a day", bsds, func(h *host) {
			h.know(fd2, m2)
			h.run(25 * time.Hour)
			h.want(h.neighbours(), "")
		}},
		{"an advertisement of nobody whom we ask is not kept", all, func(h *host) {
			h.hear(m2, ip6.ToUs, na(fd2, fd1, fd2, "60", tgt2))
			h.want(h.neighbours(), "")
		}},
		{"another MAC without override makes a neighbour stale, and is not taken", all, func(h *host) {
			h.know(fd2, m2)
			h.hear(m3, ip6.ToUs, na(fd2, fd1, fd2, "40", "0201"+hexMAC(m3)))
			h.want(h.neighbours(), "fd00::2 "+m2.String()+" stale")
			h.hear(m3, ip6.ToMulticast, na(fd2, ip("ff02::1"), fd2, "20", "0201"+hexMAC(m3)))
			h.want(h.neighbours(), "fd00::2 "+m3.String()+" stale")
		}},
		{"a solicited advertisement to a group is bad", all, func(h *host) {
			h.know(fd2, m2)
			h.hear(m3, ip6.ToMulticast, na(fd2, ip("ff02::1"), fd2, "60", "0201"+hexMAC(m3)))
			h.want(h.neighbours(), "fd00::2 "+m2.String()+" reachable")
			h.want(h.l.Stats().BadNA, 1)
		}},
		{"neighbour discovery from further than the link is not read", all, func(h *host) {
			for _, p := range [][]byte{ns(fd2, solicited(fd1), fd1, opt2), na(fd2, fd1, fd2, "60", tgt2), ra("0708", "")} {
				p[7] = 254
				h.hear(m2, ip6.ToUs, p)
			}
			h.wantSent()
			h.want(h.neighbours(), "")
			h.want(fmt.Sprint(h.l.Stats().BadNS, h.l.Stats().BadNA), "1 1")
		}},
		{"a solicitation of one who is on no net of ours is bad", bsds, func(h *host) {
			h.hear(m2, ip6.ToMulticast, ns(far, solicited(fd1), fd1, opt2))
			h.wantSent()
			h.want(h.l.Stats().BadNS, 1)
		}},
		{"options that are cut short or empty are bad", all, func(h *host) {
			for _, o := range []string{"0100", "010102000000", "0001000000000000" + "0100000000000000", "0102" + strings.Repeat("00", 14)} {
				h.hear(m2, ip6.ToMulticast, ns(fd2, solicited(fd1), fd1, o))
			}
			h.want(h.l.Stats().BadNS, 4)
			h.want(h.neighbours(), "")
		}},
		{"a router says so in its advertisements", all, func(h *host) {
			h.l.SetForwarding(h.now, true, &h.acts)
			h.hear(m2, ip6.ToMulticast, ns(fd2, solicited(fd1), fd1, opt2))
			h.wantSent("ICMP6 t136 fd00::1>fd00::2 hl255 pl=e0000000" + hexAddr(fd1) + "0201" + hexMAC(self))
		}},
		{"a permanent neighbour stays", all, func(h *host) {
			h.want(h.l.AddNeighbour(h.now, 0, fd2, m2, &h.acts), errno.OK)
			h.hear(m3, ip6.ToUs, na(fd2, fd1, fd2, "60", "0201"+hexMAC(m3)))
			h.run(48 * time.Hour)
			h.want(h.neighbours(), "fd00::2 "+m2.String()+" reachable permanent")
			h.want(h.l.DeleteNeighbour(0, fd2), errno.OK)
			h.want(h.l.DeleteNeighbour(0, fd2), errno.ENOENT)
			h.want(h.l.AddNeighbour(h.now, 0, fd1, m2, &h.acts), errno.EINVAL)
			h.want(h.l.AddNeighbour(h.now, 0, far, m2, &h.acts), errno.EINVAL)
		}},
		{"at the limit the oldest neighbour goes, and what it held", all, func(h *host) {
			h.v.MaxNeighbours = 2
			for i := range 4 {
				h.send(fmt.Sprintf("fd00::%d", 20+i), 10)
			}
			h.want(h.neighbours(), "fd00::22 incomplete, fd00::23 incomplete")
			h.want(fmt.Sprint(h.l.Stats().Evicted, h.held()), "2 228")
		}},

		// Addresses.
		{"an address that another has already is given up", all, func(h *host) {
			h.add("fd00::5/64")
			h.run(1500 * time.Millisecond)
			if h.v.DelayAll {
				h.l.RemoveAddress(h.now, 0, ip("fd00::5"), &h.acts)
				h.run(10 * time.Second)
				h.add("fd00::5/64")
			} else {
				h.l.RemoveAddress(h.now, 0, ip("fd00::5"), &h.acts)
				h.add("fd00::5/64")
			}
			h.hear(m2, ip6.ToMulticast, na(ip("fd00::5"), ip("ff02::1"), ip("fd00::5"), "20", tgt2))
			h.want(h.addresses(), fe80.String()+"/64, fd00::1/64, fd00::5/64 duplicated")
			h.want(h.l.Local(ip("fd00::5"), 0), false)
			h.want(strings.Contains(strings.Join(h.log, "\n"), "tap0: DAD detected duplicate IPv6 address fd00::5"), true)
			h.run(time.Minute)
			h.want(h.addresses(), fe80.String()+"/64, fd00::1/64, fd00::5/64 duplicated")
		}},
		{"two who ask for an address at once both lose it", bsds, func(h *host) {
			h.add("fd00::5/64")
			h.hear(m2, ip6.ToMulticast, ns(ip("::"), solicited(ip("fd00::5")), ip("fd00::5"), ""))
			h.want(h.addresses(), fe80.String()+"/64, fd00::1/64, fd00::5/64 tentative")
			h.run(time.Second)
			h.want(h.addresses(), fe80.String()+"/64, fd00::1/64, fd00::5/64 duplicated")
		}},
		{"an address is not used while it is tentative", all, func(h *host) {
			h.add("fd01::5/64")
			h.want(h.l.Local(ip("fd01::5"), 0), false)
			h.quiet()
			h.hear(m2, ip6.ToUs, echo(fd2, ip("fd01::5")))
			h.hear(m2, ip6.ToMulticast, ns(fd2, solicited(ip("fd01::5")), ip("fd01::5"), opt2)) // looks for it: too early
			h.wantSent()
			h.run(2 * time.Second)
			h.want(h.l.Local(ip("fd01::5"), 0), true)
		}},
		{"addresses that no host can have are refused", all, func(h *host) {
			for _, p := range []string{"ff02::1/64", "::/64", "::1/128", "::ffff:10.0.0.1/96"} {
				h.want(h.l.AddAddress(h.now, 0, prefix(p), &h.acts), errno.EINVAL)
			}
			h.want(h.l.AddAddress(h.now, 0, global, &h.acts), errno.EEXIST)
			h.want(h.l.AddAddress(h.now, 7, global, &h.acts), errno.ENXIO)
			h.v.MaxAddresses = 2
			h.want(h.l.AddAddress(h.now, 0, prefix("fd00::6/64"), &h.acts), errno.ENOBUFS)
			h.want(h.l.RemoveAddress(h.now, 0, fd2, &h.acts), errno.EADDRNOTAVAIL)
			h.want(h.l.RemoveAddress(h.now, 0, fd1, &h.acts), errno.OK)
			h.want(h.addresses(), fe80.String()+"/64")
		}},
		{"who goes down and comes up asks for its addresses again", []dialect.Dialect{dialect.NetBSD, dialect.Linux}, func(h *host) {
			h.l.SetUp(h.now, 0, false, &h.acts)
			h.l.SetUp(h.now, 0, true, &h.acts)
			h.want(h.addresses(), fe80.String()+"/64 tentative, fd00::1/64 tentative")
			h.run(3 * time.Second)
			h.want(h.addresses(), fe80.String()+"/64, fd00::1/64")
			n := 0
			for _, l := range h.lines() {
				if strings.HasPrefix(l, "ICMP6 t135 ::>") {
					n++
				}
			}
			h.want(n, 2)
		}},
		{"who goes down and comes up keeps its addresses", freebsd, func(h *host) {
			h.l.SetUp(h.now, 0, false, &h.acts)
			h.want(h.send("fd00::2", 4), errno.ENETDOWN)
			h.l.SetUp(h.now, 0, true, &h.acts)
			h.want(h.addresses(), fe80.String()+"/64, fd00::1/64")
		}},
		{"an interface whose MAC another has turns IPv6 off", freebsd, func(h *host) {
			h.l.RemoveNIC(h.now, 0, &h.acts)
			h.l.AddNIC(h.now, 0, ip6.NIC{Name: "tap0", MAC: self, MTU: 1500}, &h.acts)
			h.l.SetUp(h.now, 0, true, &h.acts)
			h.run(1100 * time.Millisecond)
			h.hear(m2, ip6.ToMulticast, na(fe80, ip("ff02::1"), fe80, "20", "0201"+hexMAC(self)))
			h.want(h.addresses(), fe80.String()+"/64 duplicated")
			h.quiet()
			h.hear(m2, ip6.ToUs, echo(fd2, fe80))
			h.wantSent()
		}},

		// Routers, from a host's side.
		{"a host makes itself an address of what a router advertises, if it is told to", all, func(h *host) {
			h.l.SetAcceptRA(h.now, 0, true, &h.acts)
			h.hear(mRouter, ip6.ToMulticast, ra("0708", "0101"+hexMAC(mRouter)+"0501000000000578"+prefixOption("c0", "00000e10", "00000708", "fd11::")))
			h.run(3 * time.Second)
			h.want(h.addresses(), fe80.String()+"/64, fd00::1/64, fd11::ff:fe00:9130/64")
			h.want(h.l.MTU(fd2, ip6.Any), 1400)
			h.want(fmt.Sprint(h.l.Routers()[0].IP, h.l.Routers()[0].Used, h.l.Prefixes()[0].Prefix), "fe80::1 true fd11::/64")
			src, out, no := h.l.Source(far, ip6.Any)
			h.want(fmt.Sprint(src, out, no), "fd00::1 0 OK")
			h.quiet()
			h.send("2001:db8::9", 4)
			h.want(len(h.sent), 1)
			h.want(packet.Ethernet(h.sent[0].frame).Dst(), mRouter)
			h.run(1800 * time.Second)
			h.want(h.addresses(), fe80.String()+"/64, fd00::1/64, fd11::ff:fe00:9130/64 deprecated")
			h.want(len(h.l.Routers()), 0)
			h.want(h.send("2001:db8::9", 4), h.v.NoRoute)
			h.run(1800 * time.Second)
			h.want(h.addresses(), fe80.String()+"/64, fd00::1/64")
			h.want(len(h.l.Prefixes()), 0)
		}},
		{"a BSD does not obey routers of itself", bsds, func(h *host) {
			h.hear(mRouter, ip6.ToMulticast, ra("0708", prefixOption("c0", "00000e10", "00000708", "fd11::")))
			h.run(3 * time.Second)
			h.want(h.addresses(), fe80.String()+"/64, fd00::1/64")
			h.want(len(h.l.Routers()), 0)
		}},
		{"accept_rtadv is obeyed as soon as it is set, but by an interface that was told otherwise", bsds, func(h *host) {
			h.v.AcceptRA = true
			h.hear(mRouter, ip6.ToMulticast, ra("0708", ""))
			h.want(len(h.l.Routers()), 1)
			h.l.SetAcceptRA(h.now, 0, false, &h.acts)
			h.hear(m3, ip6.ToMulticast, icmp(255, ip("fe80::3"), ip("ff02::1"), 134, 0, "400007080000000000000000"))
			h.want(len(h.l.Routers()), 1)
		}},
		{"a router obeys no router", all, func(h *host) {
			learnedRouter(h)
			h.l.SetForwarding(h.now, true, &h.acts)
			h.hear(mRouter, ip6.ToMulticast, ra("0708", prefixOption("c0", "00000e10", "00000708", "fd11::")))
			h.want(len(h.l.Routers()), 0)
		}},
		{"a router that takes leave is left", all, func(h *host) {
			learnedRouter(h)
			h.want(len(h.l.Routers()), 1)
			h.hear(mRouter, ip6.ToMulticast, ra("0000", ""))
			h.want(len(h.l.Routers()), 0)
		}},
		{"a router that is a host again is left", all, func(h *host) {
			learnedRouter(h)
			h.hear(mRouter, ip6.ToUs, na(router, fe80, router, "60", "0201"+hexMAC(mRouter)))
			h.want(len(h.l.Routers()), 0)
		}},
		{"of two routers one that answers is used", all, func(h *host) {
			h.l.SetAcceptRA(h.now, 0, true, &h.acts)
			h.hear(m3, ip6.ToMulticast, icmp(255, ip("fe80::3"), ip("ff02::1"), 134, 0, "400007080000000000000000"))
			learnedRouter(h)
			h.send("2001:db8::9", 4)
			h.want(packet.Ethernet(h.sent[0].frame).Dst(), mRouter)
		}},
		{"prefixes that may not be are not taken", all, func(h *host) {
			h.l.SetAcceptRA(h.now, 0, true, &h.acts)
			h.hear(mRouter, ip6.ToMulticast, ra("0708", prefixOption("c0", "00000e10", "00000708", "fe80::")+prefixOption("c0", "00000e10", "00000708", "ff0e::")+prefixOption("c0", "00000708", "00000e10", "fd12::")))
			h.run(3 * time.Second)
			h.want(h.addresses(), fe80.String()+"/64, fd00::1/64")
			h.want(len(h.l.Prefixes()), 0)
		}},
		{"no advertisement cuts a lifetime below two hours", all, func(h *host) {
			h.l.SetAcceptRA(h.now, 0, true, &h.acts)
			h.hear(mRouter, ip6.ToMulticast, ra("0708", prefixOption("40", "00015180", "00015180", "fd11::")))
			h.hear(mRouter, ip6.ToMulticast, ra("0708", prefixOption("40", "00000001", "00000001", "fd11::")))
			h.run(2*time.Hour - time.Second)
			h.want(strings.Contains(h.addresses(), "fd11::"), true)
			h.run(2 * time.Second)
			h.want(strings.Contains(h.addresses(), "fd11::"), false)
		}},
		{"rtsol asks three times, four seconds apart, until it is told", bsds, func(h *host) {
			h.l.Solicit(h.now, 0, &h.acts)
			h.run(30 * time.Second)
			rs := "ICMP6 t133 " + fe80.String() + ">ff02::2 hl255 pl=000000000101" + hexMAC(self)
			h.want(h.sent[1].at-h.sent[0].at, 4*time.Second)
			h.wantSent(rs, rs, rs)
			h.l.SetAcceptRA(h.now, 0, true, &h.acts)
			h.l.Solicit(h.now, 0, &h.acts)
			h.run(time.Second)
			h.hear(mRouter, ip6.ToMulticast, ra("0708", ""))
			h.run(30 * time.Second)
			h.wantSent(rs)
		}},
		{"tables of routers and prefixes have limits", all, func(h *host) {
			h.l.SetAcceptRA(h.now, 0, true, &h.acts)
			h.v.MaxRouters, h.v.MaxPrefixes, h.v.MaxAddresses = 2, 2, 4
			for i := range 5 {
				r := ip(fmt.Sprintf("fe80::a%d", i))
				h.hear(mRouter, ip6.ToMulticast, icmp(255, r, ip("ff02::1"), 134, 0, "400007080000000000000000"+prefixOption("c0", "00000e10", "00000708", fmt.Sprintf("fd1%d::", i))))
			}
			h.want(fmt.Sprint(len(h.l.Routers()), len(h.l.Prefixes()), len(h.l.Addresses()), h.l.Stats().Refused), "2 2 4 9")
		}},

		// Routers, from a router's side.
		{"a router advertises as it is told, and answers who asks", all, func(h *host) {
			h.l.SetForwarding(h.now, true, &h.acts)
			conf := &ip6.RA{Interval: 30 * time.Second, Prefixes: []ip6.RAPrefix{{Prefix: global, OnLink: true, Auto: true}}, MTU: 1400}
			h.want(h.l.Advertise(h.now, 0, conf, &h.acts), errno.OK)
			h.take()
			h.run(10 * time.Second)
			want := "ICMP6 t134 " + fe80.String() + ">ff02::1 hl255 pl=400007080000000000000000" + "0101" + hexMAC(self) + "0501000000000578" +
				"030440c000278d0000093a8000000000" + hexAddr(ip("fd00::"))
			h.only("t134")
			h.want(h.lines()[len(h.sent)-1], want)
			h.run(15 * time.Second)
			for len(h.sent) > 0 { // until one has just gone out
				h.quiet()
				h.run(3100 * time.Millisecond)
				h.only("t134")
			}
			h.hear(m2, ip6.ToMulticast, icmp(255, ip("fe80::2"), ip("ff02::2"), 133, 0, "00000000"+opt2))
			h.run(600 * time.Millisecond)
			h.only("t134")
			h.wantSent(want)
			h.want(h.neighbours(), "fe80::2 "+m2.String()+" stale")
			h.run(120 * time.Second)
			h.only("t134")
			if n := len(h.sent); n < 4 || n > 14 {
				h.t.Errorf("%d advertisements in 120 s, want 4 to 14", n)
			}
			h.quiet()
			h.want(h.l.Advertise(h.now, 0, nil, &h.acts), errno.OK)
			h.take()
			h.want(strings.Contains(h.lines()[0], "pl=400000000000"), true)
			h.quiet()
			h.run(time.Hour)
			for _, l := range h.lines() {
				h.want(strings.Contains(l, "t134"), false)
			}
		}},
		{"a host answers no one who asks for routers", all, func(h *host) {
			h.hear(m2, ip6.ToMulticast, icmp(255, ip("fe80::2"), ip("ff02::2"), 133, 0, "00000000"+opt2))
			h.run(5 * time.Second)
			h.wantSent()
		}},
		{"a router forwards, and counts the hop limit down", all, func(h *host) {
			h.l.SetForwarding(h.now, true, &h.acts)
			h.route("fd02::/64", "fd00::3")
			h.know(fd2, m2)
			h.know(ip("fd00::3"), m3)
			h.v.SendRedirects = false
			h.hear(m2, ip6.ToUs, header(9, 17, fd2, ip("fd02::5"), make([]byte, 20)))
			h.wantSent("IP6 nh17 fd00::2>fd02::5 hl8 pl20")
			h.want(h.l.Stats().Forwarded, 1)
		}},
		{"a host forwards nothing", all, func(h *host) {
			h.hear(m2, ip6.ToUs, header(9, 17, fd2, ip("fd02::5"), make([]byte, 20)))
			h.wantSent()
			h.want(h.l.Stats().CantForward, 1)
		}},
		{"a router says why it does not forward", all, func(h *host) {
			h.l.SetForwarding(h.now, true, &h.acts)
			h.route("fd02::/64", "fd00::3")
			h.know(fd2, m2)
			h.know(ip("fd00::3"), m3)
			for _, p := range []struct {
				p    []byte
				want string
			}{
				{header(1, 17, fd2, ip("fd02::5"), make([]byte, 20)), "t3 0 00000000"},
				{header(9, 17, fd2, ip("2001:db8::5"), make([]byte, 20)), "t1 0 00000000"},
				{header(9, 17, ip("fe80::2"), ip("2001:db8::5"), make([]byte, 20)), "t1 0 00000000"},
			} {
				h.quiet()
				h.hear(m2, ip6.ToUs, p.p)
				if p.p[8] == 0xfe {
					continue // to a link-local source, which has to be asked for first
				}
				f := h.sent[0].frame[14:]
				h.want(fmt.Sprintf("t%d %d %x", f[40], f[41], f[44:48]), p.want)
			}
		}},
		{"who sends by a router that is not the best way is told a better one", bsds, func(h *host) {
			h.l.SetForwarding(h.now, true, &h.acts)
			h.route("fd02::/64", "fe80::3")
			h.know(fd2, m2)
			h.hear(m3, ip6.ToMulticast, ns(ip("fe80::3"), solicited(fd1), fd1, "0101"+hexMAC(m3)))
			h.quiet()
			p := header(9, 17, fd2, ip("fd02::5"), make([]byte, 20))
			h.hear(m2, ip6.ToUs, p)
			h.want(len(h.sent), 2)
			h.want(packet.Ethernet(h.sent[0].frame).Dst(), m3)
			r := h.sent[1].frame[14:]
			h.want(fmt.Sprintf("%x", r[40:42]), "8900")
			h.want(fmt.Sprintf("%x", r[48:80]), hexAddr(ip("fe80::3"))+hexAddr(ip("fd02::5")))
			h.want(fmt.Sprintf("%x", r[80:96]), "0201"+hexMAC(m3)+"0409000000000000")
			h.want(fmt.Sprint(len(r), r[7]), "160 255")
		}},
		{"what goes back to its own wire is redirected to its destination", bsds, func(h *host) {
			h.l.SetForwarding(h.now, true, &h.acts)
			h.know(fd2, m2)
			h.know(ip("fd00::3"), m3)
			h.hear(m2, ip6.ToUs, header(9, 17, fd2, ip("fd00::3"), make([]byte, 20)))
			h.want(len(h.sent), 2)
			r := h.sent[1].frame[14:]
			h.want(fmt.Sprintf("%x", r[48:80]), hexAddr(ip("fd00::3"))+hexAddr(ip("fd00::3")))
		}},
		{"a host obeys the redirect of its router", all, func(h *host) {
			learnedRouter(h)
			redirect := func(from string) []byte {
				return icmp(255, ip(from), fd1, 137, 0, "00000000"+hexAddr(ip("fe80::3"))+hexAddr(far)+"0201"+hexMAC(m3))
			}
			h.hear(mRouter, ip6.ToUs, redirect("fe80::77")) // not its router
			h.want(h.l.Stats().BadRedirect, 1)
			h.hear(mRouter, ip6.ToUs, redirect("fe80::1"))
			h.quiet()
			h.send(far.String(), 4)
			h.want(packet.Ethernet(h.sent[0].frame).Dst(), m3)
			h.want(h.l.Routes()[0].Gateway, "fe80::3")
			h.quiet()
			h.send("2001:db8::8", 4) // that alone
			h.want(packet.Ethernet(h.sent[0].frame).Dst(), mRouter)
			h.hear(mRouter, ip6.ToMulticast, ra("ffff", "0101"+hexMAC(mRouter)))
			h.run(600 * time.Second)
			h.want(len(h.l.Routes()), 0)
		}},

		// ICMPv6.
		{"an echo is answered whatever its address: ours, a group's, by any frame", all, func(h *host) {
			h.know(fd2, m2)
			h.hear(m2, ip6.ToUs, echo(fd2, fd1))
			h.hear(m2, ip6.ToBroadcast, echo(fd2, fd1))
			h.hear(m2, ip6.ToMulticast, echo(fd2, ip("ff02::1")))
			reply := "ICMP6 t129 fd00::1>fd00::2 hl64 pl=000100016162636465666768"
			h.wantSent(reply, reply, reply)
		}},
		{"an echo for a group that we are not in is not", all, func(h *host) {
			h.hear(m2, ip6.ToMulticast, echo(fd2, ip("ff02::99")))
			h.wantSent()
			h.want(h.l.Stats().NotMember, 1)
		}},
		{"an echo with a wrong checksum is not", all, func(h *host) {
			p := echo(fd2, fd1)
			p[50]++
			h.hear(m2, ip6.ToUs, p)
			h.wantSent()
			h.want(h.l.Stats().BadChecksum, 1)
		}},
		{"an echo too large for the link comes in fragments", all, func(h *host) {
			h.know(fd2, m2)
			h.v.MaxHold = 1
			p := icmp(64, fd2, fd1, 128, 0, strings.Repeat("00", 3000))
			h.hear(m2, ip6.ToUs, p)
			h.wantSent("IP6 nh44 fd00::1>fd00::2 hl64 pl1456", "IP6 nh44 fd00::1>fd00::2 hl64 pl1456", "IP6 nh44 fd00::1>fd00::2 hl64 pl116")
		}},
		{"echoes to oneself are answered by oneself", all, func(h *host) {
			for _, dst := range []string{"fd00::1", "::1"} {
				m := unhex("8000000000010001")
				putChecksum(m, ip(dst), ip(dst))
				h.want(h.l.Output(h.now, ip6.Header{Dst: ip(dst), Proto: 58, NIC: ip6.Any}, m, &h.acts), errno.OK)
				h.take()
				h.want(fmt.Sprintf("%v %x", h.up[0].Src, h.up[0].Payload[0]), dst+" 81")
				h.quiet()
			}
			h.wantSent()
		}},
		{"an echo for all nodes is answered by oneself too", all, func(h *host) {
			m := unhex("8000000000010001")
			putChecksum(m, fe80, ip("ff02::1"))
			h.want(h.l.Output(h.now, ip6.Header{Dst: ip("ff02::1"), Proto: 58, NIC: 0}, m, &h.acts), errno.OK)
			h.take()
			h.wantSent("ICMP6 t128 " + fe80.String() + ">ff02::1 hl1 pl=00010001")
			h.want(len(h.up), 1)
			h.want(h.up[0].Src, fe80)
		}},
		{"an interface that is down sends nothing, and what waited is told of", all, func(h *host) {
			h.send("fd00::9", 4)
			h.quiet()
			h.l.SetUp(h.now, 0, false, &h.acts)
			h.take()
			h.run(10 * time.Second)
			h.wantSent()
			h.want(h.held(), 0)
			h.want(h.neighbours(), "")
		}},
		{"no error is sent about an error, a redirect, a group or nobody", all, func(h *host) {
			h.know(fd2, m2)
			unknown := func(src, dst string, link ip6.Link) {
				h.hear(m2, link, header(64, 200, ip(src), ip(dst), make([]byte, 8)))
			}
			unknown("fd00::2", "ff02::1", ip6.ToMulticast)
			unknown("fd00::2", "fd00::1", ip6.ToBroadcast)
			unknown("::", "fd00::1", ip6.ToUs)
			quoted := header(64, 58, fd2, fd1, []byte{1, 4, 0, 0, 0, 0, 0, 0})
			h.l.Unreachable(h.now, 0, false, 4, quoted, &h.acts)
			quoted[40] = 137
			h.l.Unreachable(h.now, 0, false, 4, quoted, &h.acts)
			h.take()
			h.wantSent()
			h.want(h.l.Stats().CantError, 2)
		}},
		{"errors are limited to 100 in a second", netbsd, func(h *host) { burst(h, 100) }},
		{"errors are limited to 99 in a second", freebsd, func(h *host) { burst(h, 99) }},
		{"errors to one host on the link are limited: six, then one in 0.25 s", linux, func(h *host) {
			burst(h, 6)
			h.run(time.Second)
			h.hear(m2, ip6.ToUs, header(64, 200, fd2, fd1, make([]byte, 8)))
			h.want(len(h.sent), 1)
		}},
		{"a reply has the traffic class of the request in Linux, none in a BSD", all, func(h *host) {
			h.know(fd2, m2)
			p := echo(fd2, fd1)
			p[0], p[1] = 0x6b, 0x81
			h.hear(m2, ip6.ToUs, p)
			want := "6000"
			if h.v.EchoTrafficClass {
				want = "6b80"
			}
			h.want(fmt.Sprintf("%x", h.sent[0].frame[14:16]), want)
		}},
		{"options say themselves what becomes of an unknown one", all, func(h *host) {
			h.know(fd2, m2)
			for _, o := range []struct {
				option string
				group  bool
				want   string
			}{
				{"0104000000000000"[4:4] + "1e0400000000", false, "up"},
				{"5e0400000000", false, "dropped"},
				{"9e0400000000", false, "4 2 2a"},
				{"de0400000000", false, "4 2 2a"},
				{"9e0400000000", true, "4 2 2a"},
				{"de0400000000", true, "dropped"},
				{"010400000000", false, "up"},
				{"000000000000", false, "up"},
				{"010500000000", false, "4 0 2b"},
			} {
				h.quiet()
				h.run(time.Second)
				dst, link := fd1, ip6.ToUs
				if o.group {
					dst, link = ip("ff02::1"), ip6.ToMulticast
				}
				h.hear(m2, link, header(64, 60, fd2, dst, append(unhex("1100"+o.option), make([]byte, 8)...)))
				got := "dropped"
				switch {
				case len(h.up) == 1:
					got = "up"
				case len(h.sent) == 1:
					f := h.sent[0].frame[14:]
					got = fmt.Sprintf("%d %d %x", f[40], f[41], f[47])
				}
				if got != o.want {
					h.t.Errorf("option %s (to a group: %v): %s, want %s", o.option, o.group, got, o.want)
				}
			}
		}},
		{"a routing header is passed over if nothing is left of it", all, func(h *host) {
			h.know(fd2, m2)
			h.hear(m2, ip6.ToUs, header(64, 43, fd2, fd1, append(unhex("1100000000000000"), make([]byte, 8)...)))
			h.want(len(h.up), 1)
			h.hear(m2, ip6.ToUs, header(64, 43, fd2, fd1, append(unhex("1100000100000000"), make([]byte, 8)...)))
			f := h.sent[0].frame[14:]
			h.want(fmt.Sprintf("%d %d %x", f[40], f[41], f[47]), "4 0 2a")
		}},
		{"hop-by-hop options may be only first", all, func(h *host) {
			h.know(fd2, m2)
			h.hear(m2, ip6.ToUs, header(64, 60, fd2, fd1, unhex("0000010400000000"+"1100010400000000")))
			f := h.sent[0].frame[14:]
			h.want(fmt.Sprintf("%d %d %x", f[40], f[41], f[47]), "4 1 28")
		}},
		{"no more headers than there may be", all, func(h *host) {
			h.v.MaxHeaders = 3
			h.hear(m2, ip6.ToUs, header(64, 60, fd2, fd1, unhex(strings.Repeat("3c00010400000000", 3)+"1100010400000000"+"0000000000080000")))
			h.want(len(h.up), 0)
			h.want(h.l.Stats().TooManyHdr, 1)
		}},
		{"addresses that may not be on a wire are dropped", all, func(h *host) {
			for _, a := range [][2]string{{"::1", "fd00::1"}, {"fd00::2", "::1"}, {"ff02::1", "fd00::1"}, {"fd00::2", "::"}, {"::ffff:10.0.0.2", "fd00::1"}, {"fd00::2", "ff01::1"}, {"fd00::2", "ff00::1"}} {
				h.hear(m2, ip6.ToUs, echo(ip(a[0]), ip(a[1])))
			}
			h.wantSent()
			h.want(h.l.Stats().BadScope, 7)
		}},
		{"a link-local packet stays on its link", all, func(h *host) {
			h.l.AddNIC(h.now, 1, ip6.NIC{Name: "tap1", MAC: mac("02:00:00:00:91:31"), MTU: 1500}, &h.acts)
			h.l.SetUp(h.now, 1, true, &h.acts)
			h.run(3 * time.Second)
			h.want(h.l.Output(h.now, ip6.Header{Dst: ip("fe80::2"), Proto: 17, NIC: ip6.Any}, nil, &h.acts), h.v.NoRoute)
			h.want(h.l.Local(fe80, 1), false)
			h.want(h.l.Local(fd1, 1), true)
			h.quiet()
			h.want(h.l.Output(h.now, ip6.Header{Dst: ip("fe80::2"), Proto: 17, NIC: 1}, nil, &h.acts), errno.OK)
			h.take()
			h.want(fmt.Sprint(h.sent[0].nic, packet.IPv6(h.sent[0].frame[14:]).Src()), "1 fe80::ff:fe00:9131")
			h.want(h.l.Output(h.now, ip6.Header{Src: fe80, Dst: ip("fe80::2"), Proto: 17, NIC: 1}, nil, &h.acts), errno.EADDRNOTAVAIL)
		}},

		// Too big.
		{"a path's MTU is learnt, kept, and forgotten", all, func(h *host) {
			h.know(fd2, m2)
			h.route("::/0", "fd00::2")
			h.send(far.String(), 1452)
			h.want(len(h.sent), 1)
			sentPacket := h.sent[0].frame[14:]
			h.quiet()
			h.hear(m2, ip6.ToUs, icmp(64, fd2, fd1, 2, 0, fmt.Sprintf("00000514%x", sentPacket[:100])))
			h.want(fmt.Sprint(h.errors[0].MTU, icmp6.Errno(dialect.FreeBSD, h.errors[0].Type, h.errors[0].Code), h.errors[0].Dst), "1300 EMSGSIZE 2001:db8::9")
			h.want(h.l.MTU(far, ip6.Any), 1300)
			h.want(h.l.Routes()[0].MTU, 1300)
			h.send(far.String(), 1452)
			h.wantSent("IP6 nh44 fd00::1>2001:db8::9 hl64 pl1256", "IP6 nh44 fd00::1>2001:db8::9 hl64 pl212")
			h.want(h.l.Output(h.now, ip6.Header{Dst: far, Proto: 17, NIC: ip6.Any, DontFragment: true}, make([]byte, 1452), &h.acts), errno.EMSGSIZE)
			h.quiet()
			h.hear(m2, ip6.ToUs, icmp(64, fd2, fd1, 2, 0, fmt.Sprintf("000005b4%x", sentPacket[:100]))) // it does not grow
			h.want(h.l.MTU(far, ip6.Any), 1300)
			h.run(h.v.PathMTUTimeout)
			h.want(h.l.MTU(far, ip6.Any), 1500)
		}},
		{"a path below the least MTU has fragment headers instead", bsds, func(h *host) {
			h.know(fd2, m2)
			h.route("::/0", "fd00::2")
			h.send(far.String(), 100)
			sentPacket := h.sent[0].frame[14:]
			h.quiet()
			h.hear(m2, ip6.ToUs, icmp(64, fd2, fd1, 2, 0, fmt.Sprintf("000001f4%x", sentPacket[:100])))
			h.want(h.l.MTU(far, ip6.Any), 1280)
			h.send(far.String(), 100)
			h.wantSent("IP6 nh44 fd00::1>2001:db8::9 hl64 pl108")
		}},
		{"an error about what is not ours tells nobody", all, func(h *host) {
			h.hear(m2, ip6.ToUs, icmp(64, fd2, fd1, 1, 4, fmt.Sprintf("00000000%x", header(64, 17, fd2, far, make([]byte, 8)))))
			h.hear(m2, ip6.ToUs, icmp(64, fd2, fd1, 1, 4, "00000000"))
			h.want(len(h.errors), 0)
		}},
		{"an error about ours names its sender and what it quotes", all, func(h *host) {
			inner := header(64, 60, fd1, far, unhex("1100010400000000"+"0035003600080000"))
			h.hear(m2, ip6.ToUs, icmp(64, fd2, fd1, 1, 4, fmt.Sprintf("00000000%x", inner)))
			e := h.errors[0]
			h.want(fmt.Sprintf("%d %d %v %v>%v %d %x %v", e.Type, e.Code, e.From, e.Src, e.Dst, e.Proto, e.Quote, icmp6.Errno(dialect.FreeBSD, e.Type, e.Code)),
				"1 4 fd00::2 fd00::1>2001:db8::9 17 0035003600080000 ECONNREFUSED")
		}},
		{"a packet larger than the link of a router is too big", all, func(h *host) {
			h.l.SetForwarding(h.now, true, &h.acts)
			h.know(fd2, m2)
			h.route("fd02::/64", "fd00::3")
			h.l.SetMTU(h.now, 0, 1400, &h.acts)
			h.quiet()
			h.hear(m2, ip6.ToUs, header(9, 17, fd2, ip("fd02::5"), make([]byte, 1440)))
			f := h.sent[0].frame[14:]
			hops := 8 // of the quote
			if h.v.QuoteArrived {
				hops = 9
			}
			h.want(fmt.Sprintf("%d %d %x %d %d", f[40], f[41], f[44:48], len(f), f[48+7]), fmt.Sprint("2 0 00000578 1280 ", hops))
		}},

		// Sources (RFC 6724).
		{"a source is of the scope, the interface and the prefix of its destination", all, func(h *host) {
			h.l.AddNIC(h.now, 1, ip6.NIC{Name: "tap1", MAC: mac("02:00:00:00:91:31"), MTU: 1500}, &h.acts)
			h.l.SetUp(h.now, 1, true, &h.acts)
			h.l.AddAddress(h.now, 1, prefix("fd05::1/64"), &h.acts)
			h.l.AddAddress(h.now, 0, prefix("2001:db8:1::1/64"), &h.acts)
			h.route("::/0", "fd00::2")
			h.run(5 * time.Second)
			for dst, want := range map[string]string{
				"fd00::2":        "fd00::1",
				"fd05::2":        "fd05::1",
				"2001:db8:1::2":  "2001:db8:1::1",
				"2001:db8:99::2": "2001:db8:1::1",
				"fd77::1":        "fd00::1",
				"fd00::1":        "fd00::1",
				"::1":            "::1",
			} {
				src, _, _ := h.l.Source(ip(dst), ip6.Any)
				h.want(dst+" from "+src.String(), dst+" from "+want)
			}
			src, _, _ := h.l.Source(ip("ff02::1"), 1)
			h.want(src, "fe80::ff:fe00:9131")
			h.want(h.l.OnLink(fd2, ip6.Any), true)
			h.want(h.l.OnLink(far, ip6.Any), false)
		}},
		{"a source that is not ours is refused", all, func(h *host) {
			h.want(h.l.Output(h.now, ip6.Header{Src: far, Dst: fd2, NIC: ip6.Any}, nil, &h.acts), errno.EADDRNOTAVAIL)
		}},
		{"no packet is longer than 65535 bytes", all, func(h *host) {
			h.want(h.l.Output(h.now, ip6.Header{Dst: fd2, NIC: ip6.Any}, make([]byte, 65536), &h.acts), errno.EMSGSIZE)
		}},

		// Fragments.
		{"fragments are put together in any order", all, func(h *host) {
			data := make([]byte, 2000)
			for i := range data {
				data[i] = byte(i)
			}
			order := [][2]int{{1000, 2000}, {504, 1000}, {0, 504}}
			for _, o := range order {
				h.hear(m2, ip6.ToUs, fragment(fd2, fd1, 7, o[0], o[1] < 2000, data[o[0]:o[1]]))
			}
			h.want(len(h.up), 1)
			h.want(string(h.up[0].Payload) == string(data), true)
			h.want(fmt.Sprint(h.up[0].Proto, len(h.up[0].Packet), h.held(), h.l.Stats().Reassembled), "17 2040 0 1")
		}},
		{"a datagram in one fragment needs no other", all, func(h *host) {
			h.hear(m2, ip6.ToUs, fragment(fd2, fd1, 7, 0, false, make([]byte, 8)))
			h.want(len(h.up), 1)
		}},
		{"a fragment over another is dropped, the first stays", bsds, func(h *host) {
			first := []byte(strings.Repeat("a", 16))
			h.hear(m2, ip6.ToUs, fragment(fd2, fd1, 7, 0, true, first))
			h.hear(m2, ip6.ToUs, fragment(fd2, fd1, 7, 8, true, []byte(strings.Repeat("b", 16))))
			h.hear(m2, ip6.ToUs, fragment(fd2, fd1, 7, 16, false, []byte("cccc")))
			h.want(len(h.up), 1)
			h.want(string(h.up[0].Payload), strings.Repeat("a", 16)+"cccc")
			h.want(h.l.Stats().FragDropped, 1)
		}},
		{"a fragment over another ends the datagram", linux, func(h *host) {
			h.hear(m2, ip6.ToUs, fragment(fd2, fd1, 7, 0, true, make([]byte, 16)))
			h.hear(m2, ip6.ToUs, fragment(fd2, fd1, 7, 8, true, make([]byte, 16)))
			h.hear(m2, ip6.ToUs, fragment(fd2, fd1, 7, 16, false, make([]byte, 4)))
			h.want(len(h.up), 0)
		}},
		{"after 60 s the sender of a first fragment hears that the others have not come", all, func(h *host) {
			h.know(fd2, m2)
			h.hear(m2, ip6.ToUs, fragment(fd2, fd1, 7, 0, true, make([]byte, 16)))
			h.hear(m2, ip6.ToUs, fragment(fd2, fd1, 8, 16, false, make([]byte, 16))) // of this one it has not
			h.quiet()
			h.run(59 * time.Second)
			h.quiet()
			h.run(time.Second)
			n := 0
			for _, s := range h.sent {
				if f := s.frame[14:]; f[6] == 58 && f[40] == 3 {
					n++
					h.want(f[41], 1)
				}
			}
			if n == 0 && h.neighbours() != "" { // the neighbour was to be asked first
				n = int(h.l.Stats().Out.Of(3))
			}
			h.want(n, 1)
			h.want(h.l.Stats().FragTimeout, 2)
		}},
		{"fragments have their lengths and their limits", all, func(h *host) {
			h.know(fd2, m2)
			h.hear(m2, ip6.ToUs, fragment(fd2, fd1, 7, 0, true, make([]byte, 12)))
			f := h.sent[0].frame[14:]
			h.want(fmt.Sprintf("%d %d %x", f[40], f[41], f[47]), "4 0 4")
			h.quiet()
			h.hear(m2, ip6.ToUs, fragment(fd2, fd1, 7, 65528, false, make([]byte, 16)))
			f = h.sent[0].frame[14:]
			h.want(fmt.Sprintf("%d %d %x", f[40], f[41], f[47]), "4 0 2a")
			h.v.Fragments.Datagrams = 2
			for i := range 5 {
				h.hear(m2, ip6.ToUs, fragment(fd2, fd1, 10+i, 0, true, make([]byte, 8)))
			}
			h.want(h.l.Stats().FragOverflow, 3)
			h.run(61 * time.Second)
			h.want(h.held(), 0)
		}},

		// Groups.
		{"a group is reported twice when it is joined, and its leaving told", []dialect.Dialect{dialect.NetBSD, dialect.DragonFly}, func(h *host) {
			g := ip("ff05::99")
			h.want(h.l.Join(h.now, 0, g, &h.acts), errno.OK)
			h.want(h.l.Join(h.now, 0, g, &h.acts), errno.OK)
			h.take()
			h.run(10 * time.Second)
			report := "ICMP6 t131 " + fe80.String() + ">ff05::99 hl1 hbh pl=00000000" + hexAddr(g)
			h.wantSent(report, report)
			h.want(h.l.Leave(h.now, 0, g, &h.acts), errno.OK)
			h.want(h.l.Member(0, g), true)
			h.want(h.l.Leave(h.now, 0, g, &h.acts), errno.OK)
			h.want(h.l.Leave(h.now, 0, g, &h.acts), errno.EADDRNOTAVAIL)
			h.take()
			h.wantSent("ICMP6 t132 " + fe80.String() + ">ff02::2 hl1 hbh pl=00000000" + hexAddr(g))
			h.want(h.l.Join(h.now, 0, fd1, &h.acts), errno.EINVAL)
		}},
		{"a group is reported twice in version 2", freebsd, func(h *host) {
			g := ip("ff05::99")
			h.l.Join(h.now, 0, g, &h.acts)
			h.take()
			h.run(10 * time.Second)
			report := "ICMP6 t143 " + fe80.String() + ">ff02::16 hl1 hbh pl=0000000104000000" + hexAddr(g)
			if d := h.sent[1].at - h.sent[0].at; d <= 0 || d > 3200*time.Millisecond || h.sent[0].at%(200*time.Millisecond) != 0 {
				h.t.Errorf("reports at %v and %v", h.sent[0].at, h.sent[1].at)
			}
			h.wantSent(report, report)
			h.l.Leave(h.now, 0, g, &h.acts)
			h.take()
			h.run(10 * time.Second)
			left := "ICMP6 t143 " + fe80.String() + ">ff02::16 hl1 hbh pl=0000000103000000" + hexAddr(g)
			h.wantSent(left, left)
		}},
		{"who asks for groups is answered, once another has not", []dialect.Dialect{dialect.NetBSD, dialect.DragonFly}, func(h *host) {
			g := ip("ff05::99")
			h.l.Join(h.now, 0, g, &h.acts)
			h.take()
			h.run(10 * time.Second)
			h.quiet()
			query := header(1, 0, ip("fe80::2"), ip("ff02::1"), append(unhex("3a00050200000100"), mldBody("fe80::2", "ff02::1", "82000000"+"03e80000"+hexAddr(ip("::")))...))
			h.hear(m2, ip6.ToMulticast, query)
			h.hear(m3, ip6.ToMulticast, header(1, 0, ip("fe80::3"), g, append(unhex("3a00050200000100"), mldBody("fe80::3", "ff05::99", "83000000"+"00000000"+hexAddr(g))...)))
			h.run(1100 * time.Millisecond)
			lines := h.lines() // in any order
			slices.Sort(lines)
			report := func(a netip.Addr) string {
				return "ICMP6 t131 " + fe80.String() + ">" + solicited(a).String() + " hl1 hbh pl=00000000" + hexAddr(solicited(a))
			}
			h.want(strings.Join(lines, "\n"), report(fd1)+"\n"+report(fe80))
		}},
		{"who asks in version 2 gets one report of all", freebsd, func(h *host) {
			query := header(1, 0, ip("fe80::2"), ip("ff02::1"), append(unhex("3a00050200000100"), mldBody("fe80::2", "ff02::1", "82000000"+"03e80000"+hexAddr(ip("::"))+"027d0000")...))
			h.hear(m2, ip6.ToMulticast, query)
			h.run(1100 * time.Millisecond)
			h.wantSent("ICMP6 t143 " + fe80.String() + ">ff02::16 hl1 hbh pl=00000002" + "02000000" + hexAddr(solicited(fe80)) + "02000000" + hexAddr(solicited(fd1)))
		}},
		{"one who asks in version 1 is answered in it", freebsd, func(h *host) {
			query := header(1, 0, ip("fe80::2"), ip("ff02::1"), append(unhex("3a00050200000100"), mldBody("fe80::2", "ff02::1", "82000000"+"03e80000"+hexAddr(ip("::")))...))
			h.hear(m2, ip6.ToMulticast, query)
			h.run(1100 * time.Millisecond)
			for _, l := range h.lines() {
				h.want(strings.HasPrefix(l, "ICMP6 t131"), true)
			}
			h.want(len(h.sent), 2)
		}},
		{"groups have a limit", all, func(h *host) {
			h.v.MLD.Limit = 4
			n := 0
			for i := range 6 {
				if h.l.Join(h.now, 0, ip(fmt.Sprintf("ff05::%d", i+1)), &h.acts) == errno.ENOBUFS {
					n++
				}
			}
			h.want(n, 5) // three are there already
			h.want(h.l.MemberMAC(0, mac("33:33:ff:00:00:01")), true)
			h.want(h.l.MemberMAC(0, mac("33:33:00:00:00:99")), false)
		}},

		{"a Linux router joins the groups of all routers", linux, func(h *host) {
			h.l.SetForwarding(h.now, true, &h.acts)
			h.want(h.l.Member(0, ip("ff02::2")), true)
			h.l.SetForwarding(h.now, false, &h.acts)
			h.want(h.l.Member(0, ip("ff02::2")), false)
		}},

		// A tun.
		{"an interface of packets has no neighbours", all, func(h *host) {
			h.l.AddNIC(h.now, 1, ip6.NIC{Name: "tun0", IP: true, MTU: 1500}, &h.acts)
			h.l.SetUp(h.now, 1, true, &h.acts)
			h.want(h.l.AddAddress(h.now, 1, prefix("fd09::1/64"), &h.acts), errno.OK)
			h.run(5 * time.Second)
			h.quiet()
			h.want(h.send("fd09::2", 4), errno.OK)
			h.want(fmt.Sprint(h.sent[0].nic, " ", packetLine(h.sent[0].frame)), "1 IP6 nh17 fd09::1>fd09::2 hl64 pl4")
			h.quiet()
			h.l.Input(h.now, 1, ip6.ToUs, packet.MAC{}, echo(ip("fd09::2"), ip("fd09::1")), &h.acts)
			h.take()
			h.want(packetLine(h.sent[0].frame), "ICMP6 t129 fd09::1>fd09::2 hl64 pl=000100016162636465666768")
		}},
	} {
		t.Run(c.says, func(t *testing.T) {
			for _, d := range c.dialects {
				t.Run(d.String(), func(t *testing.T) { c.do(ready(t, d)) })
			}
		})
	}
}
