//go:build linux

package main

import (
	"encoding/binary"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"wireloom/vnet/packet"
)

var (
	host6 = netip.MustParseAddr("fd00::1")
	peer6 = netip.MustParseAddr("fd00::2")
)

var ip6Situations = []situation{{"v6", six}}

// set6 gives the card an IPv6 address: SIOCSIFADDR with a struct in6_ifreq.
func (c *card) set6(prefix string) error {
	p := netip.MustParsePrefix(prefix)
	b := c.ifreq()
	must(control(unix.SIOCGIFINDEX, b[:]))
	arg := make([]byte, 24)
	copy(arg, p.Addr().AsSlice())
	binary.NativeEndian.PutUint32(arg[16:], uint32(p.Bits()))
	copy(arg[20:], b[16:20])
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(fd) }()
	return ioctl(fd, unix.SIOCSIFADDR, arg)
}

func six(w *world) {
	sysctl("net/ipv6/conf/default/disable_ipv6", "0")
	c := w.plug("em0")
	w.step("interface up:")
	c.up()
	w.rest(15 * time.Second)
	w.show()
	w.forget()
	w.say("%s", said(c.set6("fd00::1/64")))
	w.say("fd00::1/64 set:")
	w.rest(4 * time.Second)
	w.show()
	var (
		solicited = netip.MustParseAddr("ff02::1:ff00:1")
		allNodes  = netip.MustParseAddr("ff02::1")
		none      = netip.IPv6Unspecified()
		mac33     = func(ip netip.Addr) packet.MAC {
			b := ip.As16()
			return packet.MAC{0x33, 0x33, b[12], b[13], b[14], b[15]}
		}
		lladdr = append([]byte{1, 1}, peerMAC[:]...)
	)
	put := func(dst packet.MAC, p []byte) {
		w.put(0, append(packet.AppendEthernet(nil, dst, peerMAC, packet.TypeIPv6), p...))
	}
	ns := func(src, dst netip.Addr, hops uint8, target netip.Addr, options []byte) []byte {
		return ip6(src, dst, packet.ProtoICMPv6, hops, icmp6(src, dst, 135, 0, make([]byte, 4), target.AsSlice(), options))
	}
	us := c.mac
	w.ask("NS for us", func() { put(mac33(solicited), ns(peer6, solicited, 255, host6, lladdr)) })
	w.ask("NS unicast", func() { put(us, ns(peer6, host6, 255, host6, nil)) })
	w.ask("DAD NS for our address", func() { put(mac33(solicited), ns(none, solicited, 255, host6, nil)) })
	w.ask("NS with hop limit 64", func() { put(mac33(solicited), ns(peer6, solicited, 64, host6, lladdr)) })
	echo := func(src, dst netip.Addr) []byte {
		return ip6(src, dst, packet.ProtoICMPv6, 64, icmp6(src, dst, 128, 0, []byte{0, 1, 0, 1}, []byte("abcdefgh")))
	}
	w.ask("echo", func() { put(us, echo(peer6, host6)) })
	w.ask("echo to ff02::1", func() { put(mac33(allNodes), echo(peer6, allNodes)) })
	w.ask("echo by broadcast MAC", func() { put(packet.Broadcast, echo(peer6, host6)) })
	w.rest(2 * time.Second)
	datagram := func(n int, port uint16) []byte {
		return ip6(peer6, host6, packet.ProtoUDP, 64, udp(peer6, host6, 1, port, make([]byte, n)))
	}
	w.ask("udp closed, 100 bytes", func() { put(us, datagram(100, 33434)) })
	w.ask("udp closed, 1400 bytes", func() { put(us, datagram(1400, 33434)) })
	for _, s := range w.got() {
		w.say("   its length %d", len(s.bytes))
	}
	w.ask("udp checksum 0", func() {
		p := datagram(4, 33434)
		p[46], p[47] = 0, 0
		put(us, p)
	})
	w.ask("unknown next header 200", func() { put(us, ip6(peer6, host6, 200, 64, make([]byte, 12))) })
	w.ask("unknown option, type 0x80 (icmp)", func() {
		put(us, ip6(peer6, host6, 60, 64, []byte{59, 0, 0x80, 4, 0, 0, 0, 0}))
	})
	w.ask("tcp syn to a closed port", func() {
		put(us, ip6(peer6, host6, packet.ProtoTCP, 64, segment{sport: 1000, dport: 81, seq: 1, flags: syn, window: 1000}.bytes(peer6, host6)))
	})
	link := netip.MustParseAddr("fe80::99")
	w.ask("RS", func() {
		put(mac33(netip.MustParseAddr("ff02::2")), ip6(link, netip.MustParseAddr("ff02::2"), packet.ProtoICMPv6, 255, icmp6(link, netip.MustParseAddr("ff02::2"), 133, 0, make([]byte, 4))))
	})
	ra := binary.BigEndian.AppendUint16([]byte{64, 0}, 1800)
	ra = append(ra, make([]byte, 8)...)
	prefix := append([]byte{3, 4, 64, 0xc0, 0, 0, 0x0e, 0x10, 0, 0, 0x0e, 0x10, 0, 0, 0, 0}, netip.MustParseAddr("fd11::").AsSlice()...)
	w.step("RA with prefix fd11::/64 (A,L), router life 1800")
	put(mac33(allNodes), ip6(link, allNodes, packet.ProtoICMPv6, 255, icmp6(link, allNodes, 134, 0, ra, lladdr, prefix)))
	w.rest(5 * time.Second)
	w.show()
	slaac := netip.AddrFrom16([16]byte{0xfd, 0x11, 0, 0, 0, 0, 0, 0, us[0] ^ 2, us[1], us[2], 0xff, 0xfe, us[3], us[4], us[5]})
	w.ask("echo to an fd11 address?", func() { put(us, echo(peer6, slaac)) })
	s := sock(unix.AF_INET6, unix.SOCK_DGRAM)
	w.forget()
	w.say("one datagram to absent fd00::9: %s", s.sendto(4, "fd00::9", 9))
	w.rest(5 * time.Second)
	w.show()
	w.say("   again: %s", s.sendto(4, "fd00::9", 9))
	w.say("   again: %s", s.sendto(4, "fd00::9", 9))
	w.forget()
	con := sock(unix.AF_INET6, unix.SOCK_DGRAM)
	must(con.connect("fd00::a", 9))
	w.say("a connected socket, a datagram each 0.5 s for 8 s")
	w.sending(16, 500*time.Millisecond, func() string { return con.send(4) })
	w.show()
	w.step("connect by TCP to the peer, which answers a solicitation")
	t := sock(unix.AF_INET6, unix.SOCK_STREAM|unix.SOCK_NONBLOCK)
	_ = t.connect("fd00::2", 80)
	w.rest(50 * time.Millisecond)
	na := icmp6(peer6, host6, 136, 0, []byte{0x60, 0, 0, 0}, peer6.AsSlice(), append([]byte{2, 1}, peerMAC[:]...))
	put(us, ip6(peer6, host6, packet.ProtoICMPv6, 255, na))
	w.rest(8 * time.Second)
	w.show()
	w.step("reachability probes in 60 s after an echo:")
	put(us, echo(peer6, host6))
	w.rest(60 * time.Second)
	w.show()
}
