package situation

import (
	"net/netip"
	"time"

	"wireloom/internal/kernelconform/peer"
	"wireloom/internal/kernelconform/transcript"
	"wireloom/vnet/inet"
	"wireloom/vnet/packet"
)

// Types of ICMPv6: RFC 4443, 4861.
const (
	routerSolicitation  = 133
	routerAdvertisement = 134
	solicitation        = 135
)

// ipv6 puts all of it to one node, as the suite did.
func ipv6(n *peer.Node) {
	n.Step("interface up:")
	n.AddAddress(0, "10.0.0.1/24") // which brings it up
	n.Wait(12 * time.Second)
	show6(n)
	n.Step("")
	e := n.AddAddress(0, "fd00::1/64")
	n.Say("e=%d", e)
	n.Say("fd00::1/64 set:")
	n.Wait(5 * time.Second)
	n.Show()
	us := peer.Host6
	target := func(a netip.Addr) []byte { return append([]byte{0, 0, 0, 0}, a.AsSlice()...) }
	lladdr := append([]byte{1, 1}, peer.PeerMAC[:]...)
	ns := func(a netip.Addr) []byte { return append(target(a), lladdr...) }
	ask6(n, "NS for us", func() { n.ICMP6(peer.Peer6, peer.SolicitedNode(us), 255, solicitation, 0, ns(us)) })
	ask6(n, "NS unicast", func() { n.ICMP6(peer.Peer6, us, 255, solicitation, 0, ns(us)) })
	ask6(n, "DAD NS for our address", func() {
		n.ICMP6(netip.IPv6Unspecified(), peer.SolicitedNode(us), 255, solicitation, 0, target(us))
	})
	ask6(n, "NS with hop limit 64", func() { n.ICMP6(peer.Peer6, peer.SolicitedNode(us), 64, solicitation, 0, ns(us)) })
	ping := append([]byte{0, 1, 0, 1}, "abcdefgh"...)
	allNodes := netip.MustParseAddr("ff02::1")
	ask6(n, "echo", func() { n.ICMP6(peer.Peer6, us, 64, 128, 0, ping) })
	ask6(n, "echo to ff02::1", func() { n.ICMP6(peer.Peer6, allNodes, 64, 128, 0, ping) })
	datagram := func(size int) []byte { return peer.UDP(peer.Peer6, us, 1, 33434, make([]byte, size)) }
	ask6(n, "udp closed, 100 bytes", func() { n.IP6(peer.IP6{Next: udp, Payload: datagram(100)}) })
	ask6(n, "udp closed, 1400 bytes", func() { n.IP6(peer.IP6{Next: udp, Payload: datagram(1400)}) })
	ask6(n, "udp checksum 0", func() {
		b := datagram(100)
		b[6], b[7] = 0, 0
		n.IP6(peer.IP6{Next: udp, Payload: b})
	})
	ask6(n, "unknown next header 200", func() { n.IP6(peer.IP6{Next: 200, Payload: make([]byte, 12)}) })
	ask6(n, "unknown option, type 0x80 (icmp)", func() {
		n.IP6(peer.IP6{Next: packet.ProtoDestOpts, Payload: []byte{59, 0, 0x80, 4, 0, 0, 0, 0}})
	})
	ask6(n, "RS", func() {
		n.ICMP6(peer.Peer6, netip.MustParseAddr("ff02::2"), 255, routerSolicitation, 0, make([]byte, 4))
	})
	router := netip.MustParseAddr("fe80::2")
	n.Step("RA with prefix fd11::/64 (A,L), router life 1800")
	ra := []byte{64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0, 3, 4, 64, 0xc0, 0, 0, 0xe, 0x10, 0, 0, 0xe, 0x10, 0, 0, 0, 0}
	ra = append(ra, netip.MustParseAddr("fd11::").AsSlice()...)
	n.ICMP6(router, allNodes, 255, routerAdvertisement, 0, ra)
	n.Wait(4 * time.Second)
	n.Show()
	absent(n)
}

// ask6 is ask, at the pace of this transcript: what a neighbour's entry does shows it.
func ask6(n *peer.Node, title string, f func()) {
	ask(n, title, f)
	n.Wait(400*ms - pause)
}

// show6 leaves ARP out.
func show6(n *peer.Node) {
	for _, f := range n.Frames() {
		if f.Proto != "ARP" {
			n.Note("+%.3f %s", f.At, f.Text)
		}
	}
}

// absent is what the node does where nobody answers.
func absent(n *peer.Node) {
	n.Step("echo to an fd11 address?")
	n.ICMP6(peer.Peer6, peer.Host6, 64, 128, 0, append([]byte{0, 1, 0, 1}, "abcdefgh"...))
	n.Wait(400 * ms)
	n.Show()
	s := n.Socket(inet.SocketUDP6)
	n.Step("")
	s.Dial("[fd00::9]:9") // an error comes to a connected socket alone
	c := s.SendTo([]byte("abcd"), "")
	n.Say("one datagram to absent fd00::9: %v sent=%d", c, c.N)
	n.Wait(4 * time.Second)
	n.Show()
	for range 2 {
		c = s.SendTo([]byte("abcd"), "")
		n.Note("again: %v sent=%d", c, c.N)
	}
	c = n.Socket(inet.SocketUDP6).SendTo([]byte("abcd"), "[2001:db8::1]:9")
	n.Say("no route: %v sent=%d", c, c.N)
	n.Answers["fd00::2"] = peer.PeerMAC
	n.Step("")
	k := n.Socket(inet.SocketTCP6)
	n.Wait(120 * ms)
	n.Step("")
	d := k.Dial("[fd00::2]:80")
	n.Wait(1360 * ms)
	for _, x := range n.Seen() {
		p := x.Frame[packet.EthernetLen:]
		if f := transcript.ParseFrame(transcript.Describe(x.Frame)); f.Proto != "IP6" || len(p) < packet.IPv6Len+20 {
			continue
		}
		t := p[packet.IPv6Len:]
		n.Note("SYN +%.3f hl%d win %d opts %s flow %02x%02x%02x%02x", 0.0, p[7], int(t[14])<<8|int(t[15]), transcript.Options(t[20:int(t[12]>>4)*4]), p[0], p[1], p[2], p[3])
	}
	n.Step("reachability probes in 40 s after an echo:")
	n.ICMP6(peer.Peer6, peer.Host6, 64, 128, 0, append([]byte{0, 1, 0, 1}, "abcdefgh"...))
	n.Wait(40 * time.Second)
	n.Show()
	n.Forget(d)
}
