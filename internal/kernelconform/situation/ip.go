package situation

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"wireloom/internal/kernelconform/peer"
	"wireloom/internal/kernelconform/transcript"
	"wireloom/vnet/inet"
	"wireloom/vnet/kern"
	"wireloom/vnet/packet"
)

func fragments(n *peer.Node) {
	s := n.Bound(7000)
	n.Step("")
	bytes256 := make([]byte, 4000)
	for i := range bytes256 {
		bytes256[i] = byte(i)
	}
	c := s.SendTo(bytes256, "10.0.0.2:999")
	n.Say("send 4000: %v sent=%d", c, c.N)
	n.Wait(pause)
	n.Show()

	// A datagram of 40 bytes: As, Bs and Cs. The fragments begin at 0, 16 and 32 of it, of
	// which 8 are UDP's header; no checksum tells of what is changed.
	whole := peer.UDP(peer.Peer, peer.Host, 1111, 7000, []byte("AAAAAAAABBBBBBBBBBBBBBBBCCCCCCCCCCCCCCCC"))
	whole[6], whole[7] = 0, 0
	id := uint16(100)
	type piece struct {
		off  int
		b    []byte
		last bool
		df   bool
	}
	at := func(from, to int) piece { return piece{off: from, b: whole[from:to], last: to == len(whole)} }
	x := func(off, size int) piece { return piece{off: off, b: bytes.Repeat([]byte("X"), size)} }
	send := func(p piece, id uint16) {
		n.IP(0, peer.IP{ID: id, Proto: udp, MF: !p.last, Off: p.off, DF: p.df, Payload: p.b})
	}
	answer := func() string {
		n.Wait(pause)
		r := s.Take(2000)
		if r.Done {
			return received(r)
		}
		n.UDP(5, 7000, []byte("MARK"))
		n.Wait(50 * ms)
		n.Forget(r)
		return "nothing (" + hexOf(r.Data) + ")"
	}
	first, second, third := at(0, 16), at(16, 32), at(32, 48)
	for _, q := range []struct {
		title  string
		pieces []piece
	}{
		{"in order", []piece{first, second, third}},
		{"reversed", []piece{third, second, first}},
		{"duplicate first", []piece{first, first, second, third}},
		{"overlap: second fragment overlaps 16..24 of the first with X (first wins: A8 B8 then X8)", []piece{at(0, 24), x(16, 16), third}},
		{"overlap: first comes later, overlaps 16..24 with X", []piece{second, {off: 0, b: append(whole[:8:8], "XXXXXXXXXXXXXXXX"...)}, third}},
		{"fragment inside the first", []piece{at(0, 32), x(8, 8), third}},
		{"plain", []piece{first, second, third}},
		{"fragment length no multiple of 8", []piece{{off: 0, b: whole[:13]}, at(16, 32), third}},
		{"empty last fragment (udp length then wrong)", []piece{at(0, 32), {off: 32, last: true}}},
	} {
		id++
		for _, p := range q.pieces {
			send(p, id)
		}
		n.Say("%s -> %s", q.title, answer())
	}
	n.Say("tiny fragments: 40 of 8 bytes")
	for _, k := range []int{40, 16, 17} {
		id++
		d := peer.UDP(peer.Peer, peer.Host, 1111, 7000, make([]byte, 8*k-8))
		for i := range k {
			send(piece{off: 8 * i, b: d[8*i : 8*i+8], last: i == k-1}, id)
		}
		n.Note("%d fragments -> %s", k, answer())
	}
	n.Step("echo request in 3 fragments")
	request := peer.ICMP(8, 0, 0x12340001, make([]byte, 4000))
	for off := 0; off < len(request); off += 1480 {
		n.IP(0, peer.IP{ID: 200, Proto: icmp, MF: off+1480 < len(request), Off: off, Payload: request[off:min(off+1480, len(request))]})
	}
	n.Wait(pause)
	n.ShowFrom(n.Now())
	ask(n, "ping of death: offset 65528 + 100", func() {
		n.IP(0, peer.IP{ID: 201, Proto: icmp, MF: true, Payload: request[:1480]})
		n.IP(0, peer.IP{ID: 201, Proto: icmp, Off: 65528, Payload: request[:100]})
	})
	n.Step("fragment with DF set")
	for _, p := range []piece{first, second, third} {
		p.df = true
		send(p, 202)
	}
	n.Note("-> %s", answer())
	n.Step("first fragment only, wait 75 s")
	n.IP(0, peer.IP{ID: 203, Proto: udp, MF: true, Payload: make([]byte, 104)})
	n.Wait(75 * time.Second)
	n.Show()
	n.Step("last fragment only, wait 65 s")
	n.IP(0, peer.IP{ID: 204, Proto: udp, Off: 104, Payload: make([]byte, 104)})
	n.Wait(65 * time.Second)
	n.Show()
}

func udpQuestions(n *peer.Node) {
	s := n.Bound(7000)
	datagram := func(src, dst string, sport uint16, data string) peer.IP {
		return peer.IP{Src: ip(src), Dst: ip(dst), Proto: udp, Payload: peer.UDP(ip(src), ip(dst), sport, 7000, []byte(data))}
	}
	by := func(p peer.IP, to packet.MAC) peer.IP {
		p.To = to
		return p
	}
	change := func(p peer.IP, f func(u []byte)) peer.IP {
		f(p.Payload)
		return p
	}
	plain := func() peer.IP { return datagram("10.0.0.2", "10.0.0.1", 5, "abcd") }
	long := datagram("10.0.0.2", "10.0.0.1", 5, "abcdef")
	short := peer.UDP(peer.Peer, peer.Host, 5, 7000, []byte("ab"))
	long.Payload = append(short, "junk"...)
	for _, q := range []struct {
		title string
		p     peer.IP
	}{
		{"plain", plain()},
		{"checksum 0", change(plain(), func(u []byte) { u[6], u[7] = 0, 0 })},
		{"bad checksum", change(plain(), func(u []byte) { u[6] ^= 0x55 })},
		{"empty", datagram("10.0.0.2", "10.0.0.1", 5, "")},
		{"to 10.0.0.255", by(datagram("10.0.0.2", "10.0.0.255", 5, "abcd"), packet.Broadcast)},
		{"to 255.255.255.255", by(datagram("10.0.0.2", "255.255.255.255", 5, "abcd"), packet.Broadcast)},
		{"to 10.0.0.0", by(datagram("10.0.0.2", "10.0.0.0", 5, "abcd"), packet.Broadcast)},
		{"to 10.0.0.255 by unicast MAC", datagram("10.0.0.2", "10.0.0.255", 5, "abcd")},
		{"to 224.0.0.1", by(datagram("10.0.0.2", "224.0.0.1", 5, "abcd"), packet.MAC{1, 0, 0x5e, 0, 0, 1})},
		{"to us by broadcast MAC", by(plain(), packet.Broadcast)},
		{"to us by foreign MAC", by(plain(), packet.MAC{2, 0, 0, 0, 0, 0xee})},
		{"source port 0", datagram("10.0.0.2", "10.0.0.1", 0, "abcd")},
		{"source 0.0.0.0", datagram("0.0.0.0", "10.0.0.1", 5, "abcd")},
		{"source our own", datagram("10.0.0.1", "10.0.0.1", 5, "abcd")},
		{"source 127.0.0.1", datagram("127.0.0.1", "10.0.0.1", 5, "abcd")},
		{"source broadcast 10.0.0.255", datagram("10.0.0.255", "10.0.0.1", 5, "abcd")},
		{"source multicast", datagram("224.0.0.9", "10.0.0.1", 5, "abcd")},
		{"udp length 10 of 14 (trailing bytes)", long},
		{"udp length 0", change(plain(), func(u []byte) { u[4], u[5], u[6], u[7] = 0, 0, 0, 0 })},
		{"udp length too long", change(plain(), func(u []byte) { u[5], u[6], u[7] = 99, 0, 0 })},
	} {
		n.Step("")
		n.IP(0, q.p)
		n.Wait(100 * ms)
		r := s.Take(2000)
		if r.Done {
			n.Say("%s -> %s []", q.title, received(r))
			continue
		}
		n.UDP(5, 7000, []byte("MARK"))
		n.Wait(50 * ms)
		n.Forget(r)
		n.Say("%s -> nothing (%s) []", q.title, hexOf(r.Data))
	}
	for range 700 {
		n.UDP(5, 7000, make([]byte, 100))
	}
	n.Wait(pause)
	kept := 0
	for ; ; kept++ {
		if r := s.Take(2000); !r.Done {
			n.Forget(r)
			break
		}
	}
	n.Say("700 datagrams of 100 bytes, unread: kept %d", kept)
}

// forward puts the questions to a router between 10.0.0.0/24 and 10.0.1.0/24; forwardAgain
// those that were put to NetBSD a second time.
func forward(n *peer.Node)      { route(n, false) }
func forwardAgain(n *peer.Node) { route(n, true) }

func route(n *peer.Node, again bool) {
	far := ip("10.0.1.2")
	n.Answers["10.0.1.2"], n.Answers["10.0.0.3"] = peer.PeerMAC, packet.MAC{2, 0, 0, 0, 0, 3}
	n.Prime(1, far, peer.PeerMAC)
	n.Say("e=0 v=0")
	if n.Dialect != kern.NetBSD {
		n.Say("route e=%d", n.AddRoute("10.5.0.0/16", "10.0.0.3"))
	}
	id := uint16(76)
	datagram := func(src, dst string, size int) peer.IP {
		return peer.IP{Src: ip(src), Dst: ip(dst), Proto: udp, Payload: peer.UDP(ip(src), ip(dst), 1, 2, make([]byte, size))}
	}
	next := func(p peer.IP) peer.IP {
		id++
		p.ID = id
		return p
	}
	with := func(p peer.IP, f func(p *peer.IP)) peer.IP {
		f(&p)
		return p
	}
	plain := datagram("10.0.0.2", "10.0.1.2", 4)
	put := func(title string, p peer.IP) {
		var sent []byte
		ask(n, title, func() { sent = n.IP(0, p) })
		quotedBy(n, sent)
	}
	put("forward ttl 64", next(plain))
	put("ttl 2", with(plain, func(p *peer.IP) { p.TTL = 2 }))
	put("ttl 1", next(with(datagram("10.0.0.2", "10.0.1.2", 200), func(p *peer.IP) { p.TTL, p.TOS = 1, 0x28 })))
	put("ttl 0", with(plain, func(p *peer.IP) { p.Zero = true }))
	put("ttl 1 icmp error inside (unreach): no answer", with(plain, func(p *peer.IP) { p.TTL, p.Proto, p.Payload = 1, icmp, peer.ICMP(3, 3, 0, make([]byte, 28)) }))
	put("ttl 1 echo request", with(plain, func(p *peer.IP) { p.TTL, p.Proto, p.Payload = 1, icmp, peer.ICMP(8, 0, 0, make([]byte, 8)) }))
	put("ttl 1 second fragment: no answer", with(plain, func(p *peer.IP) { p.TTL, p.Off = 1, 64 }))
	put("no route", next(datagram("10.0.0.2", "172.16.9.9", 100)))
	put("to our other address", peer.IP{Dst: ip("10.0.1.1"), Proto: icmp, Payload: ping("a")})
	n.Step("absent host on the other net (waits 6 s)")
	phase(n)
	n.Step("")
	n.IP(0, next(datagram("10.0.0.2", "10.0.1.77", 4)))
	n.Wait(6 * time.Second)
	n.Show()
	put("again, a packet to it", next(datagram("10.0.0.2", "10.0.1.77", 4)))
	if n.Dialect == kern.NetBSD {
		n.Say("default route e=%d", n.AddRoute("0.0.0.0/0", "10.0.0.3"))
	}
	put("redirect case: to 10.5.1.1 whose gateway is on the same wire", next(datagram("10.0.0.2", "10.5.1.1", 4)))
	put("redirect case, host on the same net", next(datagram("10.0.0.2", "10.0.0.3", 4)))
	for _, q := range []struct{ title, src, dst string }{
		{"directed broadcast to the other net", "10.0.0.2", "10.0.1.255"},
		{"255.255.255.255", "10.0.0.2", "255.255.255.255"},
		{"multicast 224.1.1.1", "10.0.0.2", "224.1.1.1"},
		{"to 127.0.0.1", "10.0.0.2", "127.0.0.1"},
		{"from 127.0.0.1", "127.0.0.1", "10.0.1.2"},
		{"to 240.0.0.1", "10.0.0.2", "240.0.0.1"},
		{"to 0.0.0.5", "10.0.0.2", "0.0.0.5"},
		{"from 0.0.0.0", "0.0.0.0", "10.0.1.2"},
		{"from 224.0.0.5", "224.0.0.5", "10.0.1.2"},
		{"from 10.0.0.255", "10.0.0.255", "10.0.1.2"},
		{"from 169.254.1.1", "169.254.1.1", "10.0.1.2"},
		{"spoofed source of the other net", "10.0.1.50", "10.0.1.2"},
	} {
		p := datagram(q.src, q.dst, 4)
		// The suite wrote one checksum for all sources.
		p.Payload[6], p.Payload[7] = 0xea, 0xcf
		if q.dst != "10.0.1.2" {
			p = datagram(q.src, q.dst, 4)
		}
		if q.dst == "224.1.1.1" {
			p.To = packet.MAC{1, 0, 0x5e, 1, 1, 1}
		}
		put(q.title, p)
	}
	put("by broadcast MAC", with(plain, func(p *peer.IP) { p.To = packet.Broadcast }))
	put("record route option", with(plain, func(p *peer.IP) { p.Options = []byte{7, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0} }))
	put("loose source route", with(datagram("10.0.0.2", "10.0.0.1", 4), func(p *peer.IP) {
		p.Options, p.Payload = []byte{131, 7, 4, 10, 0, 1, 2, 0}, plain.Payload
	}))
	if !again {
		put("bad option length", with(plain, func(p *peer.IP) { p.Options = []byte{7, 48, 4, 0} }))
		put("router alert", with(plain, func(p *peer.IP) { p.Options = []byte{148, 4, 0, 0} }))
	}
	n.Say("mtu e=%d", n.SetMTU(1, 1000))
	id = 89
	put("1400 bytes DF over an mtu of 1000", next(with(datagram("10.0.0.2", "10.0.1.2", 1372), func(p *peer.IP) { p.DF = true })))
	put("1400 bytes without DF", next(datagram("10.0.0.2", "10.0.1.2", 1372)))
	put("a first fragment that must be fragmented", next(with(plain, func(p *peer.IP) { p.MF, p.Payload = true, make([]byte, 1400) })))
	put("with rr option, to be fragmented", next(with(datagram("10.0.0.2", "10.0.1.2", 1300), func(p *peer.IP) { p.Options = []byte{7, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0} })))
	n.Wait(2000 * ms)
	n.Step("")
	for range 500 {
		n.IP(0, with(plain, func(p *peer.IP) { p.TTL = 1 }))
	}
	n.Wait(1000 * ms)
	n.Say("500 ttl-1 packets at once: errors %d", len(frames(n, func(f *transcript.Frame) bool { return f.Proto == "ICMP" })))
}

// quotedBy notes what a router's errors quote.
func quotedBy(n *peer.Node, sent []byte) {
	quoted(n, sent, func(p packet.IPv4, quote []byte, same bool) {
		verdict := "as sent"
		if !same {
			verdict = "changed; sent " + hexOf(sent[:min(len(sent), 28)])
		}
		n.Note("  from %v tos %d quoted %d bytes: %x %s", p.Src(), p.TOS(), len(quote), quote[:min(len(quote), 28)], verdict)
	})
}

func redirected(n *peer.Node) {
	third := packet.MAC{2, 0, 0, 0, 0, 3}
	n.Answers["10.0.0.3"] = third
	n.Say("default route e=%d", n.AddRoute("0.0.0.0/0", "10.0.0.2"))
	s := n.Socket(inet.SocketUDP)
	to := func(dst string) (c *peer.Call, text string) {
		n.Step("")
		c = s.SendTo([]byte{0, 1, 2, 3}, dst+":99")
		n.Wait(pause)
		for _, x := range n.Seen() {
			if f := transcript.ParseFrame(transcript.Describe(x.Frame)); f.Proto == "UDP" {
				text = f.Text + " to " + packet.MAC(x.Frame[:6]).String()
			}
		}
		return c, text
	}
	redirect := func(from, dst string) {
		about := peer.IP{Src: peer.Host, Dst: ip(dst), Proto: udp, Payload: peer.UDP(peer.Host, ip(dst), s.Local().Port(), 99, []byte{0, 1, 2, 3})}.Packet()
		n.IP(0, peer.IP{Src: ip(from), Proto: icmp, Payload: peer.ICMP(5, 1, 0x0a000003, about[:28])})
		n.Wait(pause)
	}
	c, text := to("10.9.9.9")
	n.Say("%v sent=%d", c, c.N)
	n.Say("before: to %s", text[strings.LastIndex(text, " ")+1:])
	redirect("10.0.0.2", "10.9.9.9")
	_, text = to("10.9.9.9")
	n.Say("after a redirect to 10.0.0.3: %s", list([]string{text}))
	redirect("10.0.0.66", "10.9.9.8")
	_, text = to("10.9.9.8")
	n.Say("after a redirect not from the gateway: %s", list([]string{text}))
	n.Say("source selection: alias 10.0.0.7 and 10.0.0.1")
	pathMTU(n)
}

// pathMTU tells a connection of the node's that its segments are too big.
func pathMTU(n *peer.Node) {
	k := n.Socket(inet.SocketTCP)
	n.Step("")
	c := k.Dial("10.0.0.2:80")
	n.Wait(6 * ms)
	for _, f := range n.Frames() {
		if f.Proto == "TCP" {
			n.TCP(peer.TCP{SPort: 80, DPort: k.Local().Port(), Seq: 1000, Ack: number(&f, "seq") + 1, Flags: peer.SYN | peer.ACK, Window: 65535, Options: mss1460})
		}
	}
	n.Wait(100 * ms)
	n.Say("connect %v after=%.3f", c, c.After.Seconds())
	k.SendTo(make([]byte, 8000), "")
	n.Wait(200 * ms)
	var segments []string
	for _, f := range n.Frames() {
		if f.Proto == "TCP" && f.Get("flags") != "S" {
			segments = append(segments, fmt.Sprintf("(%s, %s)", f.Get("data"), truth(f.Get("df") == "1")))
		}
	}
	n.Say("segments [%s]", strings.Join(segments, ", "))
	quote := lastQuote(n)
	n.Step("after fragmentation needed, mtu 1000:")
	n.IP(0, peer.IP{Proto: icmp, Payload: peer.ICMP(3, 4, 1000, quote)})
	n.Wait(500 * ms)
	n.Show()
}

// truth is how the suite prints what is so or not.
func truth(b bool) string {
	if b {
		return "True"
	}
	return "False"
}
