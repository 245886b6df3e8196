package situation

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"wireloom/internal/kernelconform/peer"
	"wireloom/internal/kernelconform/transcript"
	"wireloom/vnet/inet"
	"wireloom/vnet/kern"
	"wireloom/vnet/packet"
)

var broadcast = packet.Broadcast

func backlog(n *peer.Node) {
	n.Listener(80, 2)
	began, total := n.Now(), 0
	var later []string
	for i := range 14 {
		port := uint16(4000 + i)
		n.Step("")
		n.TCP(peer.TCP{SPort: port, DPort: 80, Seq: 1000, Flags: peer.SYN, Window: 65535, Options: mss1460})
		n.Wait(100 * ms)
		answers := synAcks(n, port)
		total += len(answers)
		n.Step("")
		if len(answers) > 0 {
			n.TCP(peer.TCP{SPort: port, DPort: 80, Seq: 1001, Ack: number(&answers[0], "seq") + 1, Flags: peer.ACK, Window: 65535})
			n.Wait(150 * ms)
			n.Say("%d SYN+ACK %s", i, list(frames(n, isTCP)))
		} else {
			n.Wait(150 * ms)
			n.Say("%d no SYN+ACK: %s", i, list(frames(n, isTCP)))
		}
		for _, x := range n.Seen() {
			later = append(later, fmt.Sprintf("+%.3f %s", (x.At-began).Seconds(), transcript.Describe(x.Frame)))
		}
	}
	n.Step("")
	n.Say("what came in the 10 s after:")
	n.Wait(10 * time.Second)
	for _, x := range n.Seen() {
		if f := transcript.ParseFrame(transcript.Describe(x.Frame)); f.Get("flags") == "SA" {
			total++
			continue
		}
		later = append(later, fmt.Sprintf("+%.3f %s", (x.At-began).Seconds(), transcript.Describe(x.Frame)))
	}
	for _, s := range later {
		n.Note("%s", s)
	}
	n.Say("SYN+ACKs in all %d", total)
}

// lastQuote is the header and 8 bytes more of the last packet that the node sent.
func lastQuote(n *peer.Node) []byte {
	for i := len(n.Seen()) - 1; i >= 0; i-- {
		f := n.Seen()[i].Frame
		if e, err := packet.ParseEthernet(f); err == nil && e.Type() == packet.TypeIPv4 && len(e.Payload()) >= 28 {
			return e.Payload()[:28]
		}
	}
	return nil
}

func connRefused(n *peer.Node) {
	for _, q := range []struct {
		name      string
		typ, code uint8
		mtu       uint32
	}{
		{"rst", 0, 0, 0}, {"unreach1", 3, 1, 0}, {"unreach3", 3, 3, 0}, {"unreach2", 3, 2, 0}, {"unreach13", 3, 13, 0}, {"ttl", 11, 0, 0},
	} {
		s := n.Socket(inet.SocketTCP)
		n.Step("")
		c, syns, began := s.Dial("10.0.0.2:80"), 0, n.Now()
		looked := 0
		limit := 20 * time.Second
		for n.Now() < began+limit && !c.Done {
			all := n.Frames()
			for ; looked < len(all); looked++ {
				f := &all[looked]
				if f.Proto != "TCP" {
					continue
				}
				syns++
				if q.typ == 0 {
					from := netip.MustParseAddrPort(strings.Split(f.Get("addresses"), ">")[0])
					n.TCP(peer.TCP{SPort: 80, DPort: from.Port(), Ack: number(f, "seq") + 1, Flags: peer.RST | peer.ACK})
				} else {
					n.IP(0, peer.IP{Proto: icmp, Payload: peer.ICMP(q.typ, q.code, q.mtu, lastQuote(n))})
				}
			}
			n.Until(100*ms, func() bool { return c.Done || len(n.Seen()) > looked })
		}
		if c.Done {
			n.Say("connect answered by %s : %v after=%.3f after %.2f SYNs %d", q.name, c, c.After.Seconds(), c.After.Seconds(), syns)
		} else {
			n.Say("connect answered by %s : %v after %.2f SYNs %d", q.name, c, (n.Now() - began).Seconds(), syns)
			n.Forget(c)
		}
		s.Close()
	}
	udpRefused(n, true, 0, 1, 2, 3, 4, 13)
	s := n.Socket(inet.SocketUDP)
	c := s.SendTo([]byte("abcd"), "10.0.0.2:999")
	n.Say("unconnected %v sent=%d", c, c.N)
	n.Wait(100 * ms)
	n.IP(0, peer.IP{Proto: icmp, Payload: peer.ICMP(3, 3, 0, lastQuote(n))})
	n.Wait(100 * ms)
	c = s.SendTo([]byte("abcd"), "10.0.0.2:999")
	n.Note("icmp 3/3 then sendto: %v sent=%d", c, c.N)
	udpErrnos(n)
	bound(n)
	ephemeralPorts(n)
}

// udpRefused sends on connected sockets that an ICMP error comes for.
func udpRefused(n *peer.Node, head bool, codes ...uint8) {
	for _, code := range codes {
		s := n.Socket(inet.SocketUDP)
		n.Step("")
		c := s.Dial("10.0.0.2:999")
		if head {
			n.Say("udp connect %v after=%.3f", c, c.After.Seconds())
		}
		c = s.SendTo([]byte("abcd"), "")
		if head {
			n.Say("%v sent=%d", c, c.N)
		}
		n.Wait(100 * ms)
		mtu := uint32(0)
		if code == 4 {
			mtu = 1000
		}
		n.IP(0, peer.IP{Proto: icmp, Payload: peer.ICMP(3, code, mtu, lastQuote(n))})
		n.Wait(100 * ms)
		first := s.SendTo([]byte("abcd"), "")
		again := s.SendTo([]byte("abcd"), "")
		n.Note("icmp 3/%d then send: %v sent=%d again %v sent=%d", code, first, first.N, again, again.N)
		s.Close()
	}
}

func udpErrnos(n *peer.Node) {
	send := func(size int, to string) *peer.Call {
		return n.Socket(inet.SocketUDP).SendTo(make([]byte, size), to)
	}
	dial := func(to string) *peer.Call {
		c := n.Socket(inet.SocketTCP).Dial(to)
		n.Forget(c)
		return c
	}
	c := send(4, "172.16.0.1:9")
	n.Say("no route: %v sent=%d", c, c.N)
	c = send(4, "10.0.0.255:9")
	n.Say("to broadcast without SO_BROADCAST: %v sent=%d", c, c.N)
	for _, q := range [][2]string{{"tcp no route", "172.16.0.1:80"}, {"tcp to broadcast", "10.0.0.255:80"}, {"tcp to multicast", "224.0.0.5:80"}} {
		c = dial(q[1])
		n.Say("%s: %v after=%.3f", q[0], c, c.After.Seconds())
	}
	huge, over, most := send(65508, "10.0.0.2:9"), send(9217, "10.0.0.2:9"), send(9216, "10.0.0.2:9")
	n.Say("udp 65508: %v sent=%d 9217: %v sent=%d 9216 %v sent=%d", huge, huge.N, over, over.N, most, most.N)
	c = send(4, "10.0.0.2:0")
	n.Say("udp port 0: %v sent=%d", c, c.N)
	c = send(4, "0.0.0.0:9")
	n.Say("to 0.0.0.0: %v sent=%d", c, c.N)
	c = send(4, "255.255.255.255:9")
	n.Say("to 255.255.255.255 no opt: %v sent=%d", c, c.N)
	c = send(4, "224.0.0.5:9")
	n.Say("to 224.0.0.5: %v sent=%d", c, c.N)
	s := n.Socket(inet.SocketUDP)
	s.SetOption(inet.SO_BROADCAST, 1)
	n.Wait(100 * ms)
	n.Step("")
	a, b := s.SendTo([]byte("abcd"), "10.0.0.255:999"), s.SendTo([]byte("abcd"), "255.255.255.255:999")
	n.Wait(200 * ms)
	n.Say("with SO_BROADCAST 10.0.0.255: %v sent=%d 255.255.255.255: %v sent=%d", a, a.N, b, b.N)
	n.ShowFrom(n.Now())
}

func bound(n *peer.Node) {
	a, b := n.Socket(inet.SocketTCP), n.Socket(inet.SocketTCP)
	first := a.Bind(netip.MustParseAddrPort("0.0.0.0:80"))
	second := b.Bind(netip.MustParseAddrPort("0.0.0.0:80"))
	third := n.Socket(inet.SocketTCP).Bind(netip.MustParseAddrPort("10.9.9.9:80"))
	n.Say("bind port 80 twice: e=0 e=%d e=0 e=%d foreign addr e=%d", first, second, third)
}

func ephemeralPorts(n *peer.Node) {
	for range 3 {
		s := n.Socket(inet.SocketUDP)
		e := s.Bind(netip.MustParseAddrPort("0.0.0.0:0"))
		n.Say("ephemeral e=%d %v %d", e, s.Local().Addr(), s.Local().Port())
	}
}

func udpErrorsAgain(n *peer.Node) {
	// The transcript begins with the answers.
	n.Say("")
	udpRefused(n, false, 0, 1, 2, 3, 3, 3, 4, 13)
	udpErrnos(n)
	ephemeralPorts(n)
	activeISNs(n)
	udpIDs(n)
}

func activeISNs(n *peer.Node) {
	n.Say("active ISNs:")
	for range 6 {
		s := n.Socket(inet.SocketTCP)
		n.Step("")
		c := s.Dial("10.0.0.2:80")
		n.Wait(200 * ms)
		for _, f := range n.Frames()[:1] {
			port := strings.Split(strings.Split(f.Get("addresses"), ">")[0], ":")[1]
			more := ""
			if n.Dialect == kern.NetBSD {
				more = fmt.Sprintf(", %s, %s, %s", f.Get("win"), truth(f.Get("df") == "1"), f.Get("id"))
			}
			n.Note("(%.3f, %s, %s, '%s'%s)", n.Now().Seconds(), f.Get("seq"), port, f.Get("options"), more)
		}
		n.Forget(c)
		s.Close()
	}
}

func udpIDs(n *peer.Node) {
	s := n.Socket(inet.SocketUDP)
	n.Step("")
	count := 10
	if n.Dialect == kern.NetBSD {
		count = 6
	}
	for i := range count {
		size := 4
		if n.Dialect == kern.NetBSD && i >= 3 {
			size = 100
		}
		s.SendTo(make([]byte, size), "10.0.0.2:99")
	}
	n.Wait(pause)
	var all []string
	for _, f := range n.Frames() {
		if f.Proto == "UDP" {
			all = append(all, fmt.Sprintf("(%s, %s, %s)", f.Get("id"), truth(f.Get("df") == "1"), f.Get("ttl")))
		}
	}
	n.Say("UDP ip ids: [%s]", strings.Join(all, ", "))
}

func initialSeq(n *peer.Node) {
	n.Listener(80, 50)
	n.Say("passive ISNs (time, isn, tsval), different ports:")
	for i := range 6 {
		n.Step("")
		port := uint16(6000 + i)
		n.TCP(peer.TCP{SPort: port, DPort: 80, Seq: 1000, Flags: peer.SYN, Window: 65535, Options: allOpts})
		n.Wait(pause)
		for _, f := range synAcks(n, port) {
			_, ts, _ := strings.Cut(f.Get("options"), "ts=")
			n.Note("(%.3f, %s, '%.8s')", n.Now().Seconds(), f.Get("seq"), ts)
		}
	}
	if n.Dialect == kern.NetBSD {
		return
	}
	activeISNs(n)
	udpIDs(n)
}

func sysctls(n *peer.Node) {
	for _, q := range []struct{ prefix, names string }{
		{"net.inet.tcp.", "keepidle keepintvl keepinit keepcnt always_keepalive msl finwait2_timeout delacktime mssdflt rexmit_min rexmit_slop sendspace recvspace sack.enable rfc1323 rfc3390 rfc3042 ecn.enable syncookies blackhole icmp_may_rst slowstart_flightsize local_slowstart_flightsize delayed_ack path_mtu_discovery fast_finwait2_recycle hostcache.expire isn_reseed_interval log_in_vain drop_synfin"},
		{"net.inet.", "ip.ttl ip.forwarding ip.redirect ip.random_id ip.maxfragpackets ip.maxfragsperpacket ip.sourceroute ip.accept_sourceroute ip.check_interface ip.process_options icmp.icmplim icmp.bmcastecho icmp.maskrepl icmp.quotelen icmp.drop_redirect icmp.log_redirect icmp.reply_src icmp.reply_from_interface udp.blackhole udp.checksum udp.maxdgram udp.recvspace udp.log_in_vain max_age maxtries wait maxhold proxyall log_arp_wrong_iface log_arp_movements useloopback"},
	} {
		var all []string
		for name := range strings.FieldsSeq(q.names) {
			full := q.prefix + name
			if q.prefix == "net.inet." && !strings.Contains(name, ".") {
				full = "net.link.ether.inet." + name
			}
			v, e := n.Sysctl(full)
			all = append(all, fmt.Sprintf("('%s', 'e=%d v=%s')", name, e, v))
		}
		n.Say("[%s]", strings.Join(all, ", "))
	}
}

func timeWait(n *peer.Node) {
	l := n.Listener(80, 5)
	c := must(n, l, 5005)
	n.Say("")
	c.sock.Close()
	n.Wait(300 * ms)
	c.ack++
	c.send(peer.ACK, 65535, nil, nil)
	n.Wait(55 * ms)
	c.send(peer.FIN|peer.ACK, 65535, nil, nil)
	n.Wait(500 * ms)
	n.Show()
	n.Say("TIME_WAIT from here; the last FIN is sent again:")
	n.Step("")
	c.send(peer.FIN|peer.ACK, 65535, nil, nil)
	n.Wait(pause)
	var got []string
	for _, f := range n.Frames() {
		got = append(got, fmt.Sprintf("%s seq%d ack%d", f.Get("flags"), number(&f, "seq")-c.ack+2, number(&f, "ack")-c.seq+1))
	}
	n.Note("at once %s", list(got))
	n.Step("")
	c.at(c.seq-500, peer.SYN, nil)
	n.Wait(pause)
	n.Note("SYN with an older sequence number: %s", list(short(n)))
	n.Note("polling without data, a FIN every 130 s would restart it, so a wait of 55, 70, 130 s on separate connections")
}

func timeWait2(n *peer.Node) {
	l := n.Listener(80, 5)
	waiting := func(port uint16) *conn {
		c := must(n, l, port)
		c.sock.Close()
		n.Wait(100 * ms)
		c.ack++
		c.send(peer.FIN|peer.ACK, 65535, nil, nil)
		n.Wait(100 * ms)
		return c
	}
	c := waiting(5107)
	n.Step("")
	n.TCP(peer.TCP{SPort: 5107, DPort: 80, Seq: c.seq + 100001, Flags: peer.SYN, Window: 65535, Options: mss1460})
	n.Wait(100 * ms)
	n.Say("SYN with a newer sequence number in TIME_WAIT: %s", list(frames(n, isTCP)))
	at := []time.Duration{1, 25, 32, 50, 58, 62, 118}
	var all []*conn
	for i := range at {
		all = append(all, waiting(uint16(5200+i)))
	}
	began := n.Now()
	for i, d := range at {
		n.Wait(began + d*time.Second - n.Now())
		n.Step("")
		all[i].send(peer.FIN|peer.ACK, 65535, nil, nil)
		n.Wait(100 * ms)
		n.Note("%d s after: the FIN again gets %s", d, list(short(n)))
	}
}

func zeroWindow(n *peer.Node) {
	l := n.Listener(80, 5)
	c, _ := open(n, l, 5010, 1000)
	if c.sock == nil {
		n.Say("no connection")
		return
	}
	n.Step("window 1000, 5000 to send:")
	c.sock.SendTo(make([]byte, 5000), "")
	n.Wait(pause)
	n.Show()
	n.Step("window 0 from here, probes not answered with a change (answered with win 0):")
	c.ack += 1000
	c.send(peer.ACK, 0, nil, nil)
	looked := len(n.Seen())
	end := n.Now() + 45*time.Second
	for n.Now() < end {
		n.Until(end-n.Now(), func() bool { return len(n.Seen()) > looked })
		if len(n.Seen()) > looked {
			looked = len(n.Seen())
			c.send(peer.ACK, 0, nil, nil)
		}
	}
	n.Show()
	n.Step("opened:")
	c.send(peer.ACK, 65535, nil, nil)
	n.Wait(100 * ms)
	n.Show()
}
