package situation

import (
	"fmt"
	"net/netip"
	"time"

	"wireloom/internal/kernelconform/peer"
	"wireloom/vnet/inet"
	"wireloom/vnet/packet"
)

// Situations that no kernel was put to. What is right is derived from the kernels' sources:
// the rows that use them say which.

// openWith is open with options of its own in the SYN.
func openWith(n *peer.Node, l *peer.Socket, port uint16, options []byte) *conn {
	c := &conn{n: n, port: port, seq: 1000}
	n.Step("")
	c.send(peer.SYN, 65535, options, nil)
	c.seq++
	n.Wait(10 * ms)
	answers := synAcks(n, port)
	if len(answers) == 0 {
		n.Say("no SYN+ACK")
		c.sock = n.Socket(inet.SocketTCP)
		return c
	}
	c.ack = number(&answers[0], "seq") + 1
	c.send(peer.ACK, 1024, nil, nil)
	n.Wait(10 * ms)
	if a := l.AcceptOne(); a.Done {
		c.sock = a.Conn
	} else {
		c.sock = n.Socket(inet.SocketTCP)
	}
	n.Step("")
	return c
}

// stamped is a connection with window scaling and time stamps.
func stamped(n *peer.Node) {
	l := n.Listener(80, 5)
	c := openWith(n, l, 5100, allOpts)
	n.Step("5000 bytes with time stamps")
	c.sock.SendTo(make([]byte, 5000), "")
	n.Wait(pause)
	n.Show()
}

// nagle writes little by little.
func nagle(n *peer.Node) {
	l := n.Listener(80, 5)
	c := must(n, l, 5101)
	n.Step("10 bytes, 10 bytes, 10 bytes; all is acknowledged after 500 ms")
	for range 3 {
		c.sock.SendTo(make([]byte, 10), "")
		n.Wait(20 * ms)
	}
	n.Wait(440 * ms)
	c.acknowledge(65535)
	n.Wait(pause)
	n.Show()
	n.Step("the same with TCP_NODELAY")
	c.acknowledge(65535)
	c.sock.SetOption(inet.TCP_NODELAY, 1)
	n.Wait(50 * ms)
	n.Step("")
	for range 3 {
		c.sock.SendTo(make([]byte, 10), "")
		n.Wait(20 * ms)
	}
	n.Show()
}

// keptAlive leaves a connection alone.
func keptAlive(n *peer.Node) {
	l := n.Listener(80, 5)
	c := must(n, l, 5102)
	c.sock.SetOption(inet.SO_KEEPALIVE, 1)
	n.Step("a silent peer, for three hours")
	r := c.sock.Take(10)
	n.Wait(3 * time.Hour)
	n.Show()
	n.Note("recv %v after %.1f s", r, r.After.Seconds())
}

// givenUp never acknowledges data.
func givenUp(n *peer.Node) {
	l := n.Listener(80, 5)
	c := must(n, l, 5103)
	n.Step("100 bytes, never acknowledged")
	c.sock.SendTo(make([]byte, 100), "")
	r := c.sock.Take(10)
	n.Wait(20 * time.Minute)
	n.Show()
	n.Note("recv %v after %.1f s", r, r.After.Seconds())
}

// fast loses the first segment of a flight: the peer says so with duplicates.
func fast(n *peer.Node) {
	l := n.Listener(80, 5)
	c := must(n, l, 5104)
	c.sock.SendTo(make([]byte, 60000), "")
	for range 2 {
		n.Wait(100 * ms)
		c.acknowledge(65535)
		n.Step("")
	}
	n.Wait(100 * ms)
	n.Note("flight of %d", len(n.Seen()))
	n.Step("five duplicates")
	for range 5 {
		c.send(peer.ACK, 65535, nil, nil)
		n.Wait(10 * ms)
	}
	n.Show()
}

// closes ends connections in other orders.
func closes(n *peer.Node) {
	l := n.Listener(80, 5)
	c := must(n, l, 5105)
	n.Step("both close at once")
	c.sock.Close()
	c.send(peer.FIN|peer.ACK, 65535, nil, nil)
	n.Wait(pause)
	n.Show()
	c = must(n, l, 5106)
	n.Step("half closed: data still comes, and is acknowledged")
	c.sock.Shutdown(false, true)
	n.Wait(100 * ms)
	c.ack++
	c.data(100)
	n.Wait(pause)
	n.Show()
	n.Note("recv %s", receivedStream(c.sock.Take(1000)))
	c = must(n, l, 5107)
	n.Step("SO_LINGER 0")
	c.sock.SetOption(inet.SO_LINGER, 0)
	c.sock.Close()
	n.Wait(pause)
	n.Show()
	c = must(n, l, 5108)
	n.Step("a FIN with data out of order, then what was missing")
	c.at(c.seq+10, peer.ACK|peer.FIN, make([]byte, 10))
	n.Wait(100 * ms)
	c.at(c.seq, peer.ACK, make([]byte, 10))
	n.Wait(pause)
	n.Show()
	c = must(n, l, 5109)
	n.Step("RST out of the window")
	c.at(c.seq+100000, peer.RST, nil)
	n.Wait(pause)
	n.Show()
	r := c.sock.Take(10)
	n.Note("recv %v", r)
	n.Forget(r)
}

// pathTooLong tells a server's connection that its segments are too big.
func pathTooLong(n *peer.Node) {
	l := n.Listener(80, 5)
	c := must(n, l, 5110)
	n.Step("8000 bytes")
	c.sock.SendTo(make([]byte, 8000), "")
	n.Wait(100 * ms)
	n.Show()
	quote := lastQuote(n)
	n.Step("fragmentation needed, MTU 1000")
	n.IP(0, peer.IP{Proto: icmp, Payload: peer.ICMP(3, 4, 1000, quote)})
	n.Wait(pause)
	n.Show()
	s := n.Socket(inet.SocketUDP)
	n.Step("UDP of 1200 bytes after it")
	s.SendTo(make([]byte, 1200), "10.0.0.2:9")
	n.Wait(pause)
	n.Show()
}

// probedFor uses an address while it is probed for, and when somebody has said that it is his.
func probedFor(n *peer.Node) {
	n.Up(0)
	n.Wait(15 * time.Second)
	s := n.Socket(inet.SocketUDP)
	n.Step("an address is set")
	n.AddAddress(0, "10.0.0.1/24")
	n.Wait(10 * ms)
	first := s.SendTo([]byte("abcd"), "10.0.0.2:9")
	n.Until(3*time.Second, func() bool { return len(n.Seen()) > 0 })
	n.Send(0, peer.ARP{Op: 2, SHA: peer.PeerMAC, SPA: peer.Host, THA: packet.Broadcast, TPA: peer.Host}.Frame())
	n.Wait(12 * time.Second)
	then := s.SendTo([]byte("abcd"), "10.0.0.2:9")
	n.Wait(pause)
	n.Note("send %v, then %v; datagrams %d", first, then, len(frames(n, isUDP)))
}

// several sends to several absent neighbours; each has a queue of its own.
func several(n *peer.Node) {
	s := n.Socket(inet.SocketUDP)
	n.Step("three neighbours, three datagrams each")
	for i := range 3 {
		for _, to := range []string{"10.0.0.31:9", "10.0.0.32:9", "10.0.0.33:9"} {
			s.SendTo([]byte{byte(i)}, to)
		}
	}
	n.Wait(100 * ms)
	for i := range byte(3) {
		n.Send(0, peer.ARP{Op: 2, SHA: packet.MAC{2, 0, 0, 0, 0, 0x31 + i}, SPA: netip.AddrFrom4([4]byte{10, 0, 0, 31 + i}), TPA: peer.Host, THA: n.MAC}.Frame())
	}
	n.Wait(pause)
	n.Show()
}

// TCP over IPv6.
func tcp6(n *peer.Node) {
	n.AddAddress(0, "fd00::1/64")
	n.Answers["fd00::2"] = peer.PeerMAC
	n.Wait(15 * time.Second)
	l := n.Socket(inet.SocketTCP6)
	l.Bind(netip.MustParseAddrPort("[::]:80"))
	l.Listen(5)
	segment := func(port uint16, t peer.TCP) {
		t.SPort, t.DPort, t.Window = 6000, port, 65535
		n.IP6(peer.IP6{Next: tcp, Payload: t.Bytes(peer.Peer6, peer.Host6)})
		n.Wait(pause)
	}
	n.Step("SYN to a closed port")
	segment(81, peer.TCP{Seq: 1000, Flags: peer.SYN})
	show6TCP(n)
	n.Step("ACK to a closed port")
	segment(81, peer.TCP{Seq: 1000, Ack: 5000, Flags: peer.ACK})
	show6TCP(n)
	n.Step("SYN to an open port")
	segment(80, peer.TCP{Seq: 1000, Flags: peer.SYN, Options: allOpts})
	show6TCP(n)
	s := n.Socket(inet.SocketUDP6)
	n.Step("UDP of 4000 bytes")
	s.SendTo(make([]byte, 4000), "[fd00::2]:9")
	n.Wait(pause)
	n.Show()
	n.Step("packet too big, MTU 1300, about UDP of 1400 bytes")
	s.SendTo(make([]byte, 1400), "[fd00::2]:9")
	n.Wait(100 * ms)
	for _, x := range n.Seen() {
		body := append([]byte{0, 0, 5, 20}, x.Frame[packet.EthernetLen:]...)
		n.ICMP6(peer.Peer6, peer.Host6, 64, 2, 0, body[:min(len(body), 1200)])
	}
	n.Step("")
	s.SendTo(make([]byte, 1400), "[fd00::2]:9")
	n.Wait(100 * ms)
	n.Show()
	n.Step("fragmented echo")
	ping := peer.ICMP6(peer.Peer6, peer.Host6, 128, 0, append([]byte{0, 1, 0, 1}, make([]byte, 2000)...))
	for off := 0; off < len(ping); off += 1000 {
		end := min(off+1000, len(ping))
		frag := []byte{packet.ProtoICMPv6, 0, byte(off >> 8), byte(off), 0, 0, 0, 9}
		if end < len(ping) {
			frag[3] |= 1
		}
		n.IP6(peer.IP6{Next: packet.ProtoFragment, Payload: append(frag, ping[off:end]...)})
	}
	n.Wait(pause)
	n.Show()
}

// show6TCP writes the segments of IPv6 frames.
func show6TCP(n *peer.Node) {
	for _, x := range n.Seen() {
		p := x.Frame[packet.EthernetLen:]
		if len(p) < packet.IPv6Len+20 || p[6] != tcp {
			continue
		}
		t := p[packet.IPv6Len:]
		n.Note("TCP flags %02x seq %x ack %d win %d opts %x flow %x hl %d", t[13], t[4:8], t[8:12], int(t[14])<<8|int(t[15]), t[20:min(len(t), int(t[12]>>4)*4)], p[1:4], p[7])
	}
}

// router6 is a router of IPv6.
func router6(n *peer.Node) {
	n.AddAddress(0, "fd00::1/64")
	n.AddAddress(1, "fd01::1/64")
	n.Answers["fd00::2"], n.Answers["fd01::2"] = peer.PeerMAC, peer.PeerMAC
	n.Wait(15 * time.Second)
	far := netip.MustParseAddr("fd01::2")
	put := func(title string, p peer.IP6) {
		p.To = n.MAC
		ask(n, title, func() { n.IP6(p) })
	}
	body := func(dst netip.Addr, size int) []byte { return peer.UDP(peer.Peer6, dst, 1, 2, make([]byte, size)) }
	put("forward", peer.IP6{Dst: far, Next: udp, Payload: body(far, 4)})
	put("hop limit 1", peer.IP6{Dst: far, Hops: 1, Next: udp, Payload: body(far, 4)})
	none := netip.MustParseAddr("2001:db8::1")
	put("no route", peer.IP6{Dst: none, Next: udp, Payload: body(none, 4)})
	gone := netip.MustParseAddr("fd01::77")
	n.Step("absent host")
	n.IP6(peer.IP6{Dst: gone, Next: udp, Payload: body(gone, 4), To: n.MAC})
	n.Wait(5 * time.Second)
	n.Show()
	n.SetMTU(1, 1300)
	put("too big", peer.IP6{Dst: far, Next: udp, Payload: body(far, 1400)})
	same := netip.MustParseAddr("fd00::3")
	n.Answers["fd00::3"] = packet.MAC{2, 0, 0, 0, 0, 3}
	put("host on the same net", peer.IP6{Dst: same, Next: udp, Payload: body(same, 4)})
	n.Note("%s", fmt.Sprint(len(n.Seen())))
}
