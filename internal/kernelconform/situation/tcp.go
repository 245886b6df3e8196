package situation

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"wireloom/internal/kernelconform/peer"
	"wireloom/internal/kernelconform/transcript"
	"wireloom/vnet/inet"
)

// TCP options of the suite's SYNs.
var (
	mss1460 = []byte{2, 4, 0x05, 0xb4}
	allOpts = []byte{2, 4, 0x05, 0xb4, 1, 3, 3, 6, 4, 2, 8, 10, 0, 0, 0, 100, 0, 0, 0, 0}
)

// A conn is a connection of the peer's to port 80 of the node. Its own sequence numbers
// begin at 1000.
type conn struct {
	n        *peer.Node
	port     uint16
	seq, ack uint32 // of what the peer sends next
	sock     *peer.Socket
	accepted *peer.Call
}

// number is a field of the frame as a sequence number.
func number(f *transcript.Frame, name string) uint32 {
	var v uint32
	_, _ = fmt.Sscan(f.Get(name), &v) // 0 where there is none
	return v
}

// synAcks are the frames since the step that are SYN+ACKs to a port.
func synAcks(n *peer.Node, port uint16) []transcript.Frame {
	return slices.DeleteFunc(n.Frames(), func(f transcript.Frame) bool {
		return f.Proto != "TCP" || f.Get("flags") != "SA" || !strings.HasSuffix(f.Get("addresses"), fmt.Sprintf(":%d", port))
	})
}

// open connects the peer to a listener of the node's; ok is false where nobody answers.
func open(n *peer.Node, l *peer.Socket, port uint16, window uint16) (c *conn, ok bool) {
	c = &conn{n: n, port: port, seq: 1000}
	n.Step("")
	c.send(peer.SYN, window, mss1460, nil)
	c.seq++
	n.Wait(100 * ms)
	answers := synAcks(n, port)
	if len(answers) == 0 {
		return c, false
	}
	c.ack = number(&answers[0], "seq") + 1
	c.send(peer.ACK, window, nil, nil)
	n.Wait(100 * ms)
	if l != nil {
		if c.accepted = l.AcceptOne(); c.accepted.Done {
			c.sock = c.accepted.Conn
		}
	}
	return c, c.sock != nil || l == nil
}

func (c *conn) send(flags uint8, window uint16, options, data []byte) {
	c.n.TCP(peer.TCP{SPort: c.port, DPort: 80, Seq: c.seq, Ack: c.ack, Flags: flags, Window: window, Options: options, Data: data})
}

// data sends so many bytes, and counts them.
func (c *conn) data(size int) {
	c.send(peer.ACK|peer.PSH, 65535, nil, make([]byte, size))
	c.seq += uint32(size)
}

// at sends a segment of another sequence number.
func (c *conn) at(seq uint32, flags uint8, data []byte) {
	c.n.TCP(peer.TCP{SPort: c.port, DPort: 80, Seq: seq, Ack: c.ack, Flags: flags, Window: 65535, Data: data})
}

// acknowledge acknowledges all that was received.
func (c *conn) acknowledge(window uint16) {
	for _, f := range c.n.Frames() {
		if end := number(&f, "seq") + uint32(f.Int("data")); f.Proto == "TCP" && int32(end-c.ack) > 0 {
			c.ack = end
		}
	}
	c.send(peer.ACK, window, nil, nil)
}

// must is a connection that has to come about for the situation to be one.
func must(n *peer.Node, l *peer.Socket, port uint16) *conn {
	c, ok := open(n, l, port, 65535)
	if !ok {
		n.Say("no connection on port %d", port)
		c.sock = n.Socket(inet.SocketTCP)
	}
	n.Step("")
	return c
}

func synAck(n *peer.Node) {
	n.Listener(80, 50)
	n.Say("listen e=0")
	n.Step("")
	for _, q := range []struct {
		title   string
		port    uint16
		flags   uint8
		options []byte
	}{
		{"SYN no options", 3001, peer.SYN, nil},
		{"SYN mss 1460", 3002, peer.SYN, mss1460},
		{"SYN mss,nop,ws6,sackOK,ts", 3003, peer.SYN, allOpts},
		{"SYN mss 536, ts", 3004, peer.SYN, []byte{2, 4, 2, 24, 1, 1, 8, 10, 0, 0, 0, 100, 0, 0, 0, 0}},
		{"SYN mss 9000", 3005, peer.SYN, []byte{2, 4, 0x23, 0x28}},
		{"SYN mss 10", 3006, peer.SYN, []byte{2, 4, 0, 10}},
		{"SYN with ECE,CWR flags", 3007, peer.SYN | peer.ECE | peer.CWR, mss1460},
		{"SYN mss, ws", 3011, peer.SYN, []byte{2, 4, 0x05, 0xb4, 1, 3, 3, 6}},
		{"SYN mss, sackOK", 3012, peer.SYN, []byte{2, 4, 0x05, 0xb4, 4, 2, 1, 1}},
	} {
		ask(n, q.title, func() {
			n.TCP(peer.TCP{SPort: q.port, DPort: 80, Seq: 1000, Flags: q.flags, Window: 65535, Options: q.options})
		})
	}
	n.Step("SYN, never acknowledged, 60 s (retransmissions of SYN+ACK)")
	n.TCP(peer.TCP{SPort: 3008, DPort: 80, Seq: 1000, Flags: peer.SYN, Window: 65535, Options: allOpts})
	n.Wait(60 * time.Second)
	// The SYNs before are not acknowledged either: theirs are not shown.
	answers := synAcks(n, 3008)
	for _, f := range answers {
		n.Note("+%.3f %s", f.At, f.Text)
	}
	n.Step("data on SYN:")
	if len(answers) > 0 { // the suite shows the last one again
		last := answers[len(answers)-1]
		n.Note("+%.3f %s", last.At-60, last.Text)
	}
	n.TCP(peer.TCP{SPort: 3009, DPort: 80, Seq: 1000, Flags: peer.SYN, Window: 65535, Options: mss1460, Data: []byte("abcdefghij")})
	n.Wait(pause)
	for _, f := range synAcks(n, 3009) {
		n.Note("+%.3f %s", f.At, f.Text)
	}
}

func synAgain(n *peer.Node) {
	s := n.Socket(inet.SocketTCP)
	n.Step("")
	c := s.Dial("10.0.0.2:80")
	n.Until(200*time.Second, func() bool { return c.Done })
	n.Say("connect, nobody answers: %v after=%.3f after %.2f", c, c.After.Seconds(), c.After.Seconds())
	n.Show()
}

func dataLost(n *peer.Node) {
	l := n.Listener(80, 5)
	c := must(n, l, 5001)
	n.Say("accept %v", c.accepted)
	n.Step("20000 bytes written, nothing acknowledged:")
	w := c.sock.SendTo(make([]byte, 20000), "")
	n.Wait(1000 * ms)
	n.Show()
	n.Note("retransmissions for 70 s")
	n.Wait(69 * time.Second)
	n.Show()
	n.Note("send %v sent=%d", w, w.N)
}

func dataSlow(n *peer.Node) {
	l := n.Listener(80, 5)
	c := must(n, l, 5002)
	n.Say("60000 bytes; each flight acknowledged as a whole after 200 ms:")
	c.sock.SendTo(make([]byte, 60000), "")
	for i := range 6 {
		n.Wait(200 * ms)
		segments, size, sizes, push := 0, 0, []int{}, []string{}
		for _, f := range n.Frames() {
			if f.Proto != "TCP" || f.Int("data") <= 0 {
				continue
			}
			if strings.Contains(f.Get("flags"), "P") {
				push = append(push, fmt.Sprint(segments))
			}
			segments++
			size += f.Int("data")
			sizes = append(sizes, f.Int("data"))
		}
		slices.Sort(sizes)
		n.Note("flight %d %d segments %d bytes %s PSH at [%s]", i, segments, size, strings.ReplaceAll(fmt.Sprint(slices.Compact(sizes)), " ", ", "), strings.Join(push, ", "))
		all := n.Frames()
		n.Step("")
		for _, f := range all {
			if end := number(&f, "seq") + uint32(f.Int("data")); f.Proto == "TCP" && int32(end-c.ack) > 0 {
				c.ack = end
			}
		}
		c.acknowledge(65535)
	}
}

func delayedAck(n *peer.Node) {
	l := n.Listener(80, 5)
	c := must(n, l, 5003)
	n.Step("one segment of 10 bytes")
	c.data(10)
	n.Wait(500 * ms)
	n.Show()
	n.Step("two full segments back to back")
	c.data(1460)
	c.data(1460)
	n.Wait(500 * ms)
	n.Show()
	n.Step("five full segments")
	for range 5 {
		c.data(1460)
	}
	n.Wait(500 * ms)
	n.Show()
	n.Step("ten small, 20 ms apart")
	for i := range 10 {
		if i > 0 {
			n.Wait(20 * ms)
		}
		c.data(10)
	}
	n.Wait(500 * ms)
	n.Show()
	n.Step("out of order: a hole of 100 bytes, then it is filled")
	c.at(c.seq+100, peer.ACK, make([]byte, 50))
	n.Wait(300 * ms)
	c.at(c.seq, peer.ACK, make([]byte, 100))
	c.seq += 150
	n.Wait(500 * ms)
	n.Show()
	ask(n, "old duplicate segment", func() { c.at(1001, peer.ACK, make([]byte, 10)) })
	ask(n, "segment far beyond the window", func() { c.at(c.seq+200000, peer.ACK, make([]byte, 10)) })
	ask(n, "SYN in the established connection", func() { c.at(c.seq, peer.SYN, nil) })
	ask(n, "RST one beyond rcv.nxt (in window, not exact)", func() { c.at(c.seq+1, peer.RST, nil) })
	n.Step("")
	r := c.sock.Take(65536)
	n.Note("then recv: %s", receivedStream(r))
	n.Forget(r)
	n.Say("ACK of data never sent") // what the read made the node say is shown here
	n.TCP(peer.TCP{SPort: c.port, DPort: 80, Seq: c.seq, Ack: c.ack + 5000, Flags: peer.ACK, Window: 65535})
	n.Wait(pause)
	n.Show()
	ask(n, "RST exact", func() { c.at(c.seq, peer.RST, nil) })
	for range 2 {
		w := c.sock.SendTo([]byte("abcde"), "")
		n.Note("send: %v sent=%d", w, w.N)
		n.Forget(w)
	}
}

// receivedStream is received of a stream, which has no address.
func receivedStream(c *peer.Call) string {
	if c.Done && c.Errno == 0 {
		return strings.TrimSpace(fmt.Sprintf("e=0 n=%d from=-:0 %s", c.N, hexOf(c.Data)))
	}
	return received(c)
}

func closeWait(n *peer.Node) {
	l := n.Listener(80, 5)
	c := must(n, l, 5004)
	n.Step("we (host) close first; peer acknowledges and never sends FIN: FIN_WAIT_2")
	c.sock.Close()
	n.Wait(500 * ms)
	n.Show()
	began := n.Now()
	c.ack++
	c.send(peer.ACK, 65535, nil, nil)
	for _, at := range []time.Duration{6, 36, 61, 72, 92} {
		n.Wait(began + at*time.Second - n.Now())
		n.Step("")
		c.send(peer.ACK, 65535, nil, nil)
		n.Wait(pause)
		n.Note("+%d an ACK gets: %s", at, list(short(n)))
	}
}

// short are the TCP frames since the step by their flags.
func short(n *peer.Node) (out []string) {
	for _, f := range n.Frames() {
		if f.Proto == "TCP" {
			out = append(out, f.Get("flags"))
		}
	}
	return out
}

func peerCloses(n *peer.Node) {
	l := n.Listener(80, 5)
	c := must(n, l, 5006)
	n.Step("peer closes:")
	c.send(peer.FIN|peer.ACK, 65535, nil, nil)
	c.seq++
	n.Wait(500 * ms)
	n.Show()
	r := c.sock.Take(100)
	n.Note("recv %s", receivedStream(r))
	w := c.sock.SendTo([]byte("abcde"), "")
	n.Note("send %v sent=%d", w, w.N)
	n.Wait(200 * ms)
	c.sock.Close()
	n.Wait(300 * ms)
	n.Show()
	n.Say("LAST_ACK, not acknowledged, 30 s")
	n.Wait(30 * time.Second)
	n.Show()

	c = must(n, l, 5007)
	c.data(6)
	n.Wait(500 * ms)
	ask(n, "close with unread data:", c.sock.Close)

	c = must(n, l, 5008)
	n.Step("closed, then data comes:")
	c.sock.Close()
	n.Wait(200 * ms)
	c.ack++
	c.data(10)
	n.Wait(pause)
	n.Show()

	c = must(n, l, 5009)
	n.Step("")
	e := c.sock.Shutdown(false, true)
	n.Say("shutdown(WR): e=%d", e)
	n.Wait(pause)
	n.Show()
	w = c.sock.SendTo([]byte("abcde"), "")
	n.Note("send after it: %v sent=%d", w, w.N)
}

func receiveWindow(n *peer.Node) {
	l := n.Listener(80, 5)
	c, ok := open(n, l, 5011, 65535)
	if !ok {
		n.Say("no connection")
		return
	}
	for _, f := range synAcks(n, 5011) {
		n.Say("SYN+ACK window %s %s", f.Get("win"), f.Get("options"))
	}
	n.Step("")
	first := c.seq
	// It sends on whatever is said of the window, and the same again where it was refused.
	for range 80 {
		c.data(1460)
	}
	n.Wait(1000 * ms)
	acks, last, smallest, window := 0, first, 65535, 0
	for _, f := range n.Frames() {
		if f.Proto != "TCP" {
			continue
		}
		acks++
		last, window = number(&f, "ack"), f.Int("win")
		smallest = min(smallest, window)
	}
	n.Say("sent %d unread; acks %d last ack covers %d window %d smallest %d", 80*1460, acks, last-first, window, smallest)
	c.seq = last
	n.Step("")
	r := c.sock.Take(65536)
	n.Say("recv %s", receivedStream(r))
	c.data(1000) // one more segment draws an acknowledgement
	n.Wait(500 * ms)
	all := frames(n, isTCP)
	n.Note("after a read: %s", list(all[:min(len(all), 1)]))
}

func resets(n *peer.Node) {
	n.Listener(80, 5)
	segment := func(port uint16, flags uint8, data string) peer.IP {
		return peer.IP{Proto: tcp, Payload: peer.TCP{SPort: 1000, DPort: port, Seq: 1000, Ack: 5000, Flags: flags, Window: 8192, Data: []byte(data)}.Bytes(peer.Peer, peer.Host)}
	}
	byBroadcast := func(port uint16) peer.IP {
		p := segment(port, peer.SYN, "")
		p.To = broadcast
		return p
	}
	toBroadcast := peer.IP{Dst: ip("10.0.0.255"), To: broadcast, Proto: tcp, Payload: peer.TCP{SPort: 1000, DPort: 81, Seq: 1000, Ack: 5000, Flags: peer.SYN, Window: 8192}.Bytes(peer.Peer, ip("10.0.0.255"))}
	ten := "0123456789"
	for _, q := range []struct {
		title string
		p     peer.IP
	}{
		{"closed: SYN", segment(81, peer.SYN, "")},
		{"closed: SYN again", segment(81, peer.SYN, "")},
		{"closed: SYN + 10 bytes", segment(81, peer.SYN, ten)},
		{"closed: ACK", segment(81, peer.ACK, "")},
		{"closed: SYN+ACK", segment(81, peer.SYN|peer.ACK, "")},
		{"closed: FIN", segment(81, peer.FIN, "")},
		{"closed: FIN+ACK", segment(81, peer.FIN|peer.ACK, "")},
		{"closed: RST", segment(81, peer.RST, "")},
		{"closed: none", segment(81, 0, "")},
		{"closed: ACK+10 bytes", segment(81, peer.ACK, ten)},
		{"closed: SYN+FIN", segment(81, peer.SYN|peer.FIN, "")},
		{"closed: SYN by broadcast MAC", byBroadcast(81)},
		{"closed: SYN to 10.0.0.255", toBroadcast},
		{"listening: ACK", segment(80, peer.ACK, "")},
		{"listening: FIN", segment(80, peer.FIN, "")},
		{"listening: FIN+ACK", segment(80, peer.FIN|peer.ACK, "")},
		{"listening: RST", segment(80, peer.RST, "")},
		{"listening: SYN+ACK", segment(80, peer.SYN|peer.ACK, "")},
		{"listening: SYN+FIN", segment(80, peer.SYN|peer.FIN, "")},
		{"listening: none", segment(80, 0, "")},
		{"listening: SYN+RST", segment(80, peer.SYN|peer.RST, "")},
		{"listening: SYN by broadcast MAC", byBroadcast(80)},
	} {
		ask(n, q.title+" (seq 1000 ack 5000)", func() { n.IP(0, q.p) })
	}
}
