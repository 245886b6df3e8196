package situation

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"wireloom/internal/kernelconform/peer"
	"wireloom/internal/kernelconform/transcript"
	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
	"wireloom/vnet/kern"
	"wireloom/vnet/packet"
)

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

func addr(n *peer.Node) {
	n.Step("address set:")
	e := n.AddAddress(0, "10.0.0.1/24")
	n.Wait(time.Second)
	n.Show()
	n.Step("e=%d", e)
	n.Step("alias set:")
	n.AddAddress(0, "10.0.0.7/32")
	n.Wait(time.Second)
	n.Show()
}

// table is the neighbours that the node knows, as FreeBSD's suite shows them: only which.
func table(n *peer.Node) string {
	if n.Dialect == kern.NetBSD {
		return "?"
	}
	var known []string
	for _, x := range n.Neighbours() {
		if x.Addr.Is4() && x.State != "incomplete" && x.Addr != peer.Host {
			known = append(known, fmt.Sprintf("%x flags=2008", x.Addr.As4()))
		}
	}
	return strings.Join(known, ";")
}

// series sends a datagram again and again for a while, and notes when its answer changes.
func series(n *peer.Node, to string, every, during time.Duration) {
	s, last := n.Socket(inet.SocketUDP), ""
	began := n.Now()
	for n.Now() < began+during {
		c := s.SendTo([]byte{0, 1, 2, 3}, to)
		if r := fmt.Sprintf("%v sent=%d", c, c.N); r != last {
			n.Note("+%.2f send -> %s", (n.Now() - began).Seconds(), r)
			last = r
		}
		n.Wait(every)
	}
	s.Close()
}

func arpAbsent(n *peer.Node) {
	phase(n)
	n.Step("")
	s := n.Socket(inet.SocketUDP)
	c := s.SendTo([]byte{0, 1, 2, 3}, "10.0.0.9:9")
	n.Say("one datagram: %v sent=%d", c, c.N)
	n.Wait(9 * time.Second)
	n.Show()
	n.Say("arp: %s", table(n))
	n.Step("then a datagram each 0.5 s for 30 s:")
	series(n, "10.0.0.9:9", 500*ms, 30*time.Second)
	n.Show()
	n.Say("arp: %s", table(n))
}

func arpAbsent2(n *peer.Node) {
	phase(n)
	n.Step("a datagram each 0.2 s from the start, 28 s:")
	series(n, "10.0.0.9:9", 200*ms, 28*time.Second)
	n.Show()
	n.Say("arp: %s", table(n))
}

func arpAge(n *peer.Node) {
	n.Step("a datagram each second for 40 s to a neighbour that answers:")
	s, start := n.Socket(inet.SocketUDP), n.Now()
	for range 40 {
		s.SendTo([]byte{0, 1, 2, 3}, "10.0.0.2:9")
		n.Wait(time.Second)
	}
	for _, x := range n.Seen() {
		if e, _ := packet.ParseEthernet(x.Frame); e.Type() == packet.TypeARP {
			n.Note("+%.3f %s", (x.At - start).Seconds(), transcript.Describe(x.Frame))
		}
	}
	delete(n.Answers, "10.0.0.2")
	n.Step("")
	began, changes, last := n.Now(), []string{}, ""
	for range 30 {
		c := s.SendTo([]byte{0, 1, 2, 3}, "10.0.0.2:9")
		if r := fmt.Sprintf("%v sent=%d", c, c.N); r != last {
			changes = append(changes, fmt.Sprintf("('%.1f', '%s')", (n.Now()-began).Seconds(), r))
			last = r
		}
		n.Wait(time.Second)
	}
	n.Say("neighbour silent from now, 30 s: [%s]", strings.Join(changes, ", "))
	n.Note("datagrams still sent: %d", len(frames(n, isUDP)))
}

// console notes what the kernel said.
func console(n *peer.Node) {
	if len(n.Console()) > 0 && n.Dialect == kern.NetBSD { // FreeBSD's was not recorded
		n.Note("log ['%s']", strings.Join(n.Console(), "', '"))
	}
}

func arpQuestions(n *peer.Node) {
	mac := func(last byte) packet.MAC { return packet.MAC{2, 0, 0, 0, 0, last} }
	request := func(sha packet.MAC, spa, tpa string) peer.ARP {
		return peer.ARP{Op: 1, SHA: sha, SPA: ip(spa), TPA: ip(tpa)}
	}
	truncated := request(mac(0x99), "10.0.0.62", "10.0.0.1").Frame()[:34]
	unicast := request(mac(0x99), "10.0.0.2", "10.0.0.1")
	unicast.Dst = n.MAC
	foreign := request(mac(0x99), "10.0.0.2", "10.0.0.1")
	foreign.Dst = mac(0xee)
	ieee := request(mac(0x99), "10.0.0.2", "10.0.0.1")
	ieee.Hardware = 6
	other := request(mac(0x99), "10.0.0.61", "10.0.0.1")
	other.Src = mac(0x98)
	rarp := request(mac(0x99), "10.0.0.2", "10.0.0.1")
	rarp.Op = 3
	for _, q := range []struct {
		title string
		frame []byte
		table bool
	}{
		{"request for us, broadcast", request(mac(0x99), "10.0.0.2", "10.0.0.1").Frame(), true},
		{"probe (sender 0.0.0.0) for us", request(mac(0x99), "0.0.0.0", "10.0.0.1").Frame(), false},
		{"unicast request for us", unicast.Frame(), false},
		{"request with our own address as sender (conflict), target other", request(mac(0x99), "10.0.0.1", "10.0.0.77").Frame(), false},
		{"gratuitous request with our address as sender+target (conflict)", request(mac(0x99), "10.0.0.1", "10.0.0.1").Frame(), false},
		{"reply claiming our address, broadcast", peer.ARP{Op: 2, SHA: mac(0x99), SPA: ip("10.0.0.1"), TPA: ip("10.0.0.1"), Dst: packet.Broadcast}.Frame(), false},
		{"unsolicited reply to us of unknown 10.0.0.50", peer.ARP{Op: 2, SHA: mac(0x50), SPA: ip("10.0.0.50"), THA: n.MAC, TPA: ip("10.0.0.1")}.Frame(), false},
		{"gratuitous request of unknown 10.0.0.51", request(mac(0x51), "10.0.0.51", "10.0.0.51").Frame(), false},
		{"request of unknown 10.0.0.52 for another host", request(mac(0x52), "10.0.0.52", "10.0.0.77").Frame(), false},
		{"request for us of off-net 192.168.1.1", request(mac(0x53), "192.168.1.1", "10.0.0.1").Frame(), true},
		{"known 10.0.0.2 moves: gratuitous request with another MAC", request(mac(0x77), "10.0.0.2", "10.0.0.2").Frame(), true},
		{"sender MAC broadcast", peer.ARP{Op: 1, SHA: packet.Broadcast, SPA: ip("10.0.0.60"), TPA: ip("10.0.0.1"), Src: mac(0x99)}.Frame(), false},
		{"hardware type 6 (IEEE802)", ieee.Frame(), false},
		{"eth source differs from sender hw", other.Frame(), false},
		{"truncated to 20 bytes of ARP", truncated, false},
		{"RARP op 3", rarp.Frame(), false},
		{"sender = broadcast IP", request(mac(0x99), "10.0.0.255", "10.0.0.1").Frame(), false},
		{"request to another MAC, unicast, for our IP", foreign.Frame(), false},
	} {
		ask(n, q.title, func() { n.Send(0, q.frame) })
		console(n)
		if q.table {
			n.Note("arp %s", table(n))
		}
	}
}

func held(n *peer.Node) {
	// Each question is put to a kernel that knows nobody.
	fresh := func() *peer.Node {
		m, err := peer.New(peer.Config{Dialect: n.Dialect, Alone: true})
		if err != nil {
			panic("kernelconform: " + err.Error())
		}
		delete(m.Answers, "10.0.0.2")
		return m
	}
	burst := func(m *peer.Node, count int, wait time.Duration) (answers []string) {
		s := m.Socket(inet.SocketUDP)
		for i := range count {
			c := s.SendTo([]byte{0, 0, 0, byte(i)}, "10.0.0.2:9999")
			answers = append(answers, fmt.Sprintf("%v sent=%d", c, c.N))
		}
		m.Wait(wait)
		m.Send(0, peer.ARP{Op: 2, SHA: peer.PeerMAC, SPA: peer.Peer, THA: m.MAC, TPA: peer.Host}.Frame())
		m.Wait(time.Second)
		return slices.Compact(answers)
	}
	for _, count := range []int{5, 20, 60} {
		m := fresh()
		answers := burst(m, count, pause)
		var arrived []string
		for _, x := range m.Seen() {
			if p, ok := udpData(x.Frame); ok {
				arrived = append(arrived, fmt.Sprint(p[len(p)-1]))
			}
		}
		n.Say("%d datagrams queued before the reply (0.3 s later): answers %s; arrived: [%s]", count, list(answers), strings.Join(arrived, ", "))
		m.Close()
	}
	m := fresh()
	burst(m, 1, 12*time.Second)
	n.Say("reply after 12 s: arrived %s", list(frames(m, isUDP)))
	m.Close()
}

// udpData is the data of a UDP datagram in a frame.
func udpData(frame []byte) ([]byte, bool) {
	e, err := packet.ParseEthernet(frame)
	if err != nil || e.Type() != packet.TypeIPv4 {
		return nil, false
	}
	p, err := packet.ParseIPv4(e.Payload())
	if err != nil || p.Protocol() != packet.ProtoUDP || p.FragmentOffset() > 0 || len(p.Payload()) <= packet.UDPLen {
		return nil, false
	}
	return p.Payload()[packet.UDPLen:], true
}

func tcpAbsent(n *peer.Node) {
	s := n.Socket(inet.SocketTCP)
	n.Step("")
	c := s.Dial("10.0.0.9:80")
	n.Until(200*time.Second, func() bool { return c.Done })
	n.Say("connect to absent neighbour: %v after=%.3f +%.2f", c, c.After.Seconds(), c.After.Seconds())
	n.Show()
}

func sources(n *peer.Node) {
	n.AddAddress(0, "10.0.0.7/32")
	n.AddAddress(0, "10.0.2.1/24")
	n.Answers["10.0.2.2"] = peer.PeerMAC
	n.Wait(20 * time.Second)
	n.Prime(0, peer.Peer, peer.PeerMAC)
	n.Step("")
	s := n.Socket(inet.SocketUDP)
	a, b := s.SendTo([]byte{0, 1, 2, 3}, "10.0.0.2:99"), s.SendTo([]byte{0, 1, 2, 3}, "10.0.2.2:99")
	n.Wait(pause)
	n.Say("%v sent=%d %v sent=%d", a, a.N, b, b.N)
	n.ShowFrom(n.Now())
	n.Step("to the alias: echo, udp closed, udp closed to 10.0.2.1, arp")
	alias, third := ip("10.0.0.7"), ip("10.0.2.1")
	n.IP(0, peer.IP{Dst: alias, Proto: packet.ProtoICMP, Payload: peer.ICMP(8, 0, 0x12340001, []byte("a"))})
	n.Wait(200 * ms)
	n.IP(0, peer.IP{Dst: alias, Proto: packet.ProtoUDP, Payload: peer.UDP(peer.Peer, alias, 1234, 33434, []byte("abcd"))})
	n.Wait(200 * ms)
	n.IP(0, peer.IP{Dst: third, Proto: packet.ProtoUDP, Payload: peer.UDP(peer.Peer, third, 1234, 33434, []byte("abcd"))})
	n.Wait(200 * ms)
	n.Send(0, peer.ARP{Op: 1, SHA: peer.PeerMAC, SPA: peer.Peer, TPA: alias}.Frame())
	n.Wait(200 * ms)
	n.ShowFrom(n.Now())
}

func loopback(n *peer.Node) {
	s := n.Bound(7000)
	for _, to := range []string{"10.0.0.1:7000", "127.0.0.1:7000"} {
		from := n.Socket(inet.SocketUDP)
		c := from.SendTo([]byte{0, 1, 2, 3}, to)
		n.Wait(pause)
		n.Say("%v sent=%d", c, c.N)
		r := s.Take(100)
		n.Say("recv %s", received(r))
		n.Forget(r)
	}
}

// received is a call that takes bytes as the suite prints it.
func received(c *peer.Call) string {
	if !c.Done {
		return "TIMEOUT"
	}
	if c.Errno != errno.OK {
		return fmt.Sprintf("e=%d", c.Errno)
	}
	from := "-:0"
	if c.From.IsValid() {
		from = c.From.String()
	}
	return strings.TrimSpace(fmt.Sprintf("e=0 n=%d from=%s %s", c.N, from, hexOf(c.Data)))
}
