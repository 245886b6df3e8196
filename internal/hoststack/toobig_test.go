package hoststack

import (
	"fmt"
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
	const mtu, options = 1500, 28 // netstack leaves room for the longest options that it may have to send
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
		{"a router that does not say, of a packet of 1472", false, 0, 1280},
		{"more than the host sends", false, 9000, 1500},
		{"an MTU that an IPv6 link may have", true, 1280, 1280},
		{"one less than an IPv6 link may have", true, 1279, 1500},
		{"none, over IPv6", true, 0, 1500},
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
			if longest != mtu-options {
				t.Fatalf("the longest packet has %d bytes before, want %d", longest, mtu-options)
			}
			longest = 0
			w.hosts[0].Deliver(0, frameTo(0, tooBigAbout(t, last, c.mtu)))
			w.run(5 * time.Second)
			if longest != c.want-options {
				t.Errorf("the longest packet has %d bytes, want %d", longest, c.want-options)
			}
		})
	}
}

// TestBelieve compares what a link lets its stack see of one frame.
func TestBelieve(t *testing.T) {
	w := newWorld(t, 1)
	s := w.hosts[0].Stack.(*netStack)
	segment := func(src, dst string) []byte {
		from, to := netip.MustParseAddr(src), netip.MustParseAddr(dst)
		tcp := packettest.AppendTCP(nil, from, to, packettest.TCPHeader{SrcPort: 1, DstPort: 2}, make([]byte, 900))
		if from.Is6() {
			ip := packettest.AppendIPv6(nil, packettest.IPv6Header{NextHeader: packet.ProtoTCP, HopLimit: 9, Src: from, Dst: to}, len(tcp))
			return frameTo(0, append(ip, tcp...))
		}
		ip, err := packet.AppendIPv4(nil, packet.IPv4Header{TTL: 9, Protocol: packet.ProtoTCP, Src: from, Dst: to}, len(tcp))
		if err != nil {
			t.Fatal(err)
		}
		return frameTo(0, append(ip, tcp...))
	}
	mine, mine6 := segment("10.0.0.1", "10.0.0.2"), segment("fd00::1", "fd00::2")
	first := func(p []byte) []byte { // the first part of a packet: all that a message says of the MTU
		p = append([]byte(nil), p[:28]...)
		p[3], p[6] = 28, 0x20
		p[10], p[11] = 0, 0
		sum := packet.Checksum(p[:20])
		p[10], p[11] = byte(sum>>8), byte(sum)
		return p
	}
	first6 := func(p []byte) []byte {
		parts := append([]byte(nil), p[:40]...)
		parts[5], parts[6] = 16, 44
		return append(append(parts, packet.ProtoICMPv6, 0, 0, 1, 0, 0, 0, 7), p[40:48]...)
	}
	wrong := func(p []byte) []byte { p[22] ^= 1; return p }
	for _, c := range []struct {
		name  string
		frame []byte
		mtu   int  // that the stack sees; -1 where it sees nothing
		bad   bool // its checksum was wrong, and still is
	}{
		{"as it should be", frameTo(0, tooBigAbout(t, mine, 1400)), 1400, false},
		{"too little", frameTo(0, tooBigAbout(t, mine, 68)), 256, false},
		{"not said, of 940 bytes", frameTo(0, tooBigAbout(t, mine, 0)), 508, false},
		{"too little, with a wrong checksum", frameTo(0, wrong(tooBigAbout(t, mine, 68))), 256, true},
		{"too little, to another host", frameTo(0, tooBigAbout(t, segment("10.0.0.7", "10.0.0.2"), 68)), 68, false},
		{"too little, in the first of parts", frameTo(0, first(tooBigAbout(t, mine, 68))), 256, true},
		{"as it should be, IPv6", frameTo(0, tooBigAbout(t, mine6, 1280)), 1280, false},
		{"too little, IPv6", frameTo(0, tooBigAbout(t, mine6, 68)), -1, false},
		{"too little, in the first of parts, IPv6", frameTo(0, first6(tooBigAbout(t, mine6, 68))), -1, false},
		{"too little, to another host, IPv6", frameTo(0, tooBigAbout(t, segment("fd00::7", "fd00::2"), 68)), 68, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := fmt.Sprintf("%x", c.frame)
			got := s.links[0].believe(c.frame)
			if fmt.Sprintf("%x", c.frame) != before {
				t.Error("the frame itself was changed: others have it too")
			}
			if got == nil || c.mtu < 0 {
				if got != nil || c.mtu >= 0 {
					t.Errorf("the stack sees %x, want an MTU of %d", got, c.mtu)
				}
				return
			}
			p := got[14:]
			at, v6 := tooBig(p)
			if at == 0 {
				t.Fatalf("no message that a packet was too big: %x", p)
			}
			mtu := int(p[at+6])<<8 | int(p[at+7])
			if mtu != c.mtu {
				t.Errorf("the MTU is %d, want %d", mtu, c.mtu)
			}
			if right := packet.Checksum(p[at:]) == 0; !v6 && right == c.bad {
				t.Errorf("the checksum is right: %v", right)
			}
		})
	}
}
