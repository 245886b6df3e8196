package host

import (
	"net/netip"
	"testing"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
	"wireloom/vnet/packet"
	"wireloom/vnet/packet/packettest"
)

// tooBigAbout is the IP packet in which a router tells the sender of the frame f, which
// has an IP packet, that this was too big for mtu.
func tooBigAbout(t testing.TB, f []byte, mtu uint32) []byte {
	t.Helper()
	ip := f[14:]
	if ip[0]>>4 == 6 {
		src, dst := netip.MustParseAddr("fd00::9"), netip.AddrFrom16([16]byte(ip[8:24]))
		msg := packettest.AppendICMPv6Error(nil, src, dst, packettest.ICMPv6PacketTooBig, 0, mtu, ip)
		p := packettest.AppendIPv6(nil, packettest.IPv6Header{NextHeader: packet.ProtoICMPv6, HopLimit: 9, Src: src, Dst: dst}, len(msg))
		return append(p, msg...)
	}
	src, dst := netip.MustParseAddr("10.0.0.9"), netip.AddrFrom4([4]byte(ip[12:16]))
	msg := packettest.AppendICMPv4Error(nil, packet.ICMPUnreachable, 4, mtu, ip)
	p, err := packet.AppendIPv4(nil, packet.IPv4Header{TTL: 9, Protocol: packet.ProtoICMP, Src: src, Dst: dst}, len(msg))
	if err != nil {
		t.Fatal(err)
	}
	return append(p, msg...)
}

// frameTo is a frame to a host with an IP packet.
func frameTo(i int, p []byte) []byte {
	typ := packet.TypeIPv4
	if p[0]>>4 == 6 {
		typ = packet.TypeIPv6
	}
	return append(packet.AppendEthernet(nil, macOfHost(i), packet.MAC{2, 9}, typ), p...)
}

// TestTooBig tells a host that its segments are too big. It makes them no shorter than a
// BSD would, whatever a router says.
func TestTooBig(t *testing.T) {
	for _, c := range []struct {
		name string
		v6   bool
		mtu  uint32
		want int // what the host takes for the longest packet after that
	}{
		{"an MTU that a link may have", false, 576, 576},
		{"the least that a BSD believes", false, 256, 256},
		{"one less", false, 255, 256},
		{"the least that IPv4 allows", false, 68, 256},
		{"less than IPv4 allows", false, 1, 256},
		{"a router that does not say, of a packet of 1500", false, 0, 1492},
		{"more than the host sends", false, 9000, 1500},
		{"an MTU that an IPv6 link may have", true, 1280, 1280},
		{"one less than an IPv6 link may have counts as the least", true, 1279, 1280},
		{"none, over IPv6", true, 0, 1280},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, 2)
			kind, to := inet.SocketTCP, ap("10.0.0.2:80")
			if c.v6 {
				kind, to = inet.SocketTCP6, ap("[fd00::2]:80")
			}
			l := w.hosts[1].socket(kind)
			w.check("bind", l.Bind(netip.AddrPortFrom(netip.Addr{}, 80)), errno.OK)
			w.check("listen", l.Listen(8), errno.OK)
			k := w.hosts[0].socket(kind)
			w.check("connect", k.Connect(to), errno.EINPROGRESS)
			w.run(time.Second)
			var last []byte
			longest := 0
			w.lose = func(_ int, f []byte) bool {
				if f[5] == 2 {
					last, longest = append([]byte(nil), f...), max(longest, len(f)-14)
				}
				return f[5] == 2
			}
			_, e := k.Send(make([]byte, 16<<10), netip.AddrPort{})
			w.check("send", e, errno.OK)
			if longest != 1500 {
				t.Fatalf("the longest packet has %d bytes before, want 1500", longest)
			}
			longest = 0
			w.hosts[0].Deliver(0, frameTo(0, tooBigAbout(t, last, c.mtu)))
			w.run(5 * time.Second)
			if longest != c.want {
				t.Errorf("the longest packet has %d bytes, want %d", longest, c.want)
			}
		})
	}
}
