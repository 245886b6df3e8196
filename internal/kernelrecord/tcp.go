//go:build linux

package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"wireloom/vnet/packet"
)

// A talk is the peer's end of a TCP connection with the kernel.
type talk struct {
	w            *world
	sport, dport uint16 // the peer's, the host's
	seq, ack     uint32 // what is sent next, what is expected next
	window       uint16
}

// Options of a SYN.
var (
	optMSS  = []byte{2, 4, 0x05, 0xb4} // 1460
	optNop  = []byte{1}
	optWS6  = []byte{3, 3, 6}
	optSACK = []byte{4, 2}
	optTS   = []byte{8, 10, 0, 0, 0, 100, 0, 0, 0, 0} // its value is 100
	optAll  = slices.Concat(optMSS, optNop, optWS6, optSACK, optTS)
	mss     = func(n uint16) []byte { return []byte{2, 4, byte(n >> 8), byte(n)} }
)

// aligned fills options to a multiple of 4 with nops.
func aligned(o []byte) []byte {
	for len(o)%4 != 0 {
		o = append(slices.Clip(o), 1)
	}
	return o
}

func (t *talk) send(flags uint8, data []byte) { t.sendAt(t.seq, flags, data) }

func (t *talk) sendAt(seq uint32, flags uint8, data []byte) {
	t.w.send(ip4{}.tcp(segment{sport: t.sport, dport: t.dport, seq: seq, ack: t.ack, flags: flags, window: t.window, data: data}))
}

// push sends data and counts it.
func (t *talk) push(data []byte) {
	t.send(ack|psh, data)
	t.seq += uint32(len(data))
}

// wait waits for a segment of the connection for which is says yes.
func (w *world) wait(sport uint16, d time.Duration, is func(tcp) bool) (tcp, bool) {
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(time.Millisecond) {
		for _, s := range w.got() {
			if t, ok := tcpOf(s.bytes); ok && t.dport() == sport && is(t) {
				return t, true
			}
		}
	}
	return nil, false
}

// tcpOf is the segment in a frame of IPv4.
func tcpOf(f []byte) (tcp, bool) {
	if packet.Ethernet(f).Type() != packet.TypeIPv4 {
		return nil, false
	}
	p, err := packet.ParseIPv4(packet.Ethernet(f).Payload())
	if err != nil || p.Protocol() != packet.ProtoTCP || len(p.Payload()) < 20 {
		return nil, false
	}
	return tcp(p.Payload()), true
}

// dial opens a connection to the host's port 80, which must listen, and takes it.
func (w *world) dial(l socket, sport uint16, options []byte) (*talk, socket) {
	t := &talk{w: w, sport: sport, dport: 80, seq: 1000, window: 65535}
	w.forget()
	w.send(ip4{}.tcp(segment{sport: sport, dport: 80, seq: t.seq, flags: syn, window: t.window, options: aligned(options)}))
	s, ok := w.wait(sport, time.Second, func(s tcp) bool { return s[13]&syn != 0 })
	if !ok {
		must(fmt.Errorf("no SYN+ACK for port %d", sport))
	}
	t.seq++
	t.ack = s.seq() + 1
	w.rest(100 * time.Millisecond) // the suite's pace: a round trip takes so long
	t.send(ack, nil)
	w.rest(100 * time.Millisecond)
	c := l.accept()
	w.forget()
	return t, c
}

// flags are those of the segments of a step.
func (w *world) flags() []string {
	var out []string
	for _, s := range w.got() {
		if t, ok := tcpOf(s.bytes); ok {
			out = append(out, "'"+t.flagNames()+"'")
		}
	}
	return out
}

// tcps are the segments of a step, described.
func (w *world) tcps() string {
	var out []string
	for _, s := range w.got() {
		if _, ok := tcpOf(s.bytes); ok {
			out = append(out, "'"+describe(s.bytes)+"'")
		}
	}
	return "[" + strings.Join(out, ", ") + "]"
}

var tcpSituations = []situation{
	{"synack", synacks},
	{"synretx", func(w *world) {
		w.one()
		w.announce()
		c := sock(unix.AF_INET, unix.SOCK_STREAM)
		w.forget()
		err := c.connect("10.0.0.2", 80)
		after := time.Since(w.begun).Seconds()
		w.say("connect, nobody answers: %s after=%.3f after %.2f", said(err), after, after)
		w.show()
	}},
	{"connref", connectAnswered},
	{"rst", resets},
	{"backlog", backlog},
	{"isn", isns},
	{"data", func(w *world) {
		w.one()
		w.announce()
		l := listen(80, 5)
		_, c := w.dial(l, 5001, optMSS)
		w.say("accept e=0")
		w.step("20000 bytes written, nothing acknowledged:")
		sent := c.send(20000)
		w.rest(time.Second)
		w.show()
		w.say("   retransmissions for 70 s")
		w.rest(69 * time.Second)
		w.show()
		w.say("   send %s", sent)
	}},
	{"dataslow", dataSlow},
	{"delack", delayedAcks},
	{"closewait", closeWait},
	{"peerclose", peerCloses},
	{"recvwin", receiveWindow},
	{"zerowin", zeroWindow},
	{"timewait2", timeWait},
	{"pmtu", func(w *world) {
		w.one()
		w.announce()
		l := listen(80, 5)
		t, c := w.dial(l, 5020, optMSS)
		w.step("8000 bytes written; fragmentation needed, mtu 1000, is the answer")
		c.send(8000)
		w.rest(50 * time.Millisecond)
		q := w.got()[0].bytes[14:42]
		w.forget()
		w.send(ip4{}.icmp(3, 4, 1000, q))
		w.rest(600 * time.Millisecond)
		w.show()
		w.step("the peer acknowledges all; 3000 more are written")
		t.ack += 8000
		t.send(ack, nil)
		w.rest(50 * time.Millisecond)
		w.forget()
		c.send(3000)
		w.rest(100 * time.Millisecond)
		w.show()
		u := udp4(0)
		w.step("a datagram of 1400 bytes to the peer: %s", u.sendto(1400, "10.0.0.2", 99))
		w.rest(100 * time.Millisecond)
		w.show()
	}},
	{"keepalive", func(w *world) {
		for _, s := range []string{"tcp_keepalive_time", "tcp_keepalive_intvl", "tcp_keepalive_probes", "tcp_fin_timeout", "tcp_rmem", "tcp_wmem", "tcp_retries2", "tcp_syn_retries", "tcp_synack_retries", "icmp_ratelimit", "icmp_ratemask", "icmp_msgs_per_sec", "icmp_msgs_burst", "ip_default_ttl", "ipfrag_time", "ipfrag_high_thresh", "ipfrag_max_dist"} {
			w.say("('%s', 'v=%s')", s, sysctlOf("net/ipv4/"+s))
		}
		w.say("kernel %s", release())
	}},
}

func synacks(w *world) {
	w.one()
	w.announce()
	l := listen(80, 50)
	w.say("listen e=0")
	for _, q := range []struct {
		title   string
		port    uint16
		flags   uint8
		options []byte
	}{
		{"SYN no options", 3001, syn, nil},
		{"SYN mss 1460", 3002, syn, optMSS},
		{"SYN mss,nop,ws6,sackOK,ts", 3003, syn, optAll},
		{"SYN mss 536, ts", 3004, syn, slices.Concat(mss(536), optNop, optNop, optTS)},
		{"SYN mss 9000", 3005, syn, mss(9000)},
		{"SYN mss 10", 3006, syn, mss(10)},
		{"SYN with ECE,CWR flags", 3007, syn | ece | cwr, optMSS},
		{"SYN mss, ws", 3011, syn, slices.Concat(optMSS, optNop, optWS6)},
		{"SYN mss, sackOK", 3012, syn, slices.Concat(optMSS, optSACK)},
	} {
		w.ask(q.title, func() {
			w.send(ip4{}.tcp(segment{sport: q.port, dport: 80, seq: 1000, flags: q.flags, window: 65535, options: aligned(q.options)}))
		})
	}
	w.step("SYN, never acknowledged, 60 s (retransmissions of SYN+ACK)")
	w.send(ip4{}.tcp(segment{sport: 3008, dport: 80, seq: 1000, flags: syn, window: 65535, options: optAllAligned()}))
	w.rest(60 * time.Second)
	w.showPort(3008)
	w.step("data on SYN:")
	w.send(ip4{}.tcp(segment{sport: 3009, dport: 80, seq: 1000, flags: syn, window: 65535, options: optMSS, data: []byte("0123456789")}))
	w.rest(300 * time.Millisecond)
	w.showPort(3009)
	l.close()
}

// showPort shows the segments for a port of the peer's.
func (w *world) showPort(port uint16) {
	for _, f := range w.got() {
		if t, ok := tcpOf(f.bytes); ok && t.dport() == port {
			w.say("   +%.3f %s", f.at.Sub(w.begun).Seconds(), describe(f.bytes))
		}
	}
}

func optAllAligned() []byte { return aligned(optAll) }

// connectAnswered is what connect says to each kind of answer.
func connectAnswered(w *world) {
	w.one()
	w.announce()
	for _, c := range []struct {
		name      string
		typ, code uint8
	}{{"rst", 0, 0}, {"unreach0", 3, 0}, {"unreach1", 3, 1}, {"unreach3", 3, 3}, {"unreach2", 3, 2}, {"unreach13", 3, 13}, {"ttl", 11, 0}} {
		syns := 0
		w.mu.Lock()
		w.watch = func(_ int, f []byte) {
			s, ok := tcpOf(f)
			if !ok || s[13]&syn == 0 {
				return
			}
			syns++
			if c.typ == 0 {
				w.send(ip4{}.tcp(segment{sport: s.dport(), dport: s.sport(), ack: s.seq() + 1, flags: rst | ack}))
				return
			}
			w.send(ip4{}.icmp(c.typ, c.code, 0, f[14:14+28]))
		}
		w.mu.Unlock()
		s := sock(unix.AF_INET, unix.SOCK_STREAM)
		done := make(chan error, 1)
		w.forget()
		go func() { done <- s.connect("10.0.0.2", 80) }()
		what := "TIMEOUT"
		select {
		case err := <-done:
			what = fmt.Sprintf("%s after=%.3f", said(err), time.Since(w.begun).Seconds())
		case <-time.After(20 * time.Second):
		}
		w.mu.Lock()
		w.watch = nil
		w.say("connect answered by %s : %s after %.2f SYNs %d", c.name, what, time.Since(w.begun).Seconds(), syns)
		w.mu.Unlock()
	}
}

// resets are the answers to segments of no connection.
func resets(w *world) {
	w.one()
	w.announce()
	try := func(state string, port uint16, title string, flags uint8, data []byte, dst packet.MAC, h ip4) {
		w.ask(fmt.Sprintf("%s: %s (seq 1000 ack 5000)", state, title), func() {
			w.sendTo(dst, h.tcp(segment{sport: 1000, dport: port, seq: 1000, ack: 5000, flags: flags, window: 1000, data: data}))
		})
	}
	us := w.cards[0].mac
	ten := []byte("0123456789")
	for _, c := range []struct {
		title string
		flags uint8
		data  []byte
	}{
		{"SYN", syn, nil},
		{"SYN again", syn, nil},
		{"SYN + 10 bytes", syn, ten},
		{"ACK", ack, nil},
		{"SYN+ACK", syn | ack, nil},
		{"FIN", fin, nil},
		{"FIN+ACK", fin | ack, nil},
		{"RST", rst, nil},
		{"none", 0, nil},
		{"ACK+10 bytes", ack, ten},
		{"SYN+FIN", syn | fin, nil},
	} {
		try("closed", 81, c.title, c.flags, c.data, us, ip4{})
	}
	try("closed", 81, "SYN by broadcast MAC", syn, nil, packet.Broadcast, ip4{})
	try("closed", 81, "SYN to 10.0.0.255", syn, nil, packet.Broadcast, ip4{dst: ip("10.0.0.255")})
	try("closed", 81, "SYN with tos 0x28 and df 0", syn, nil, us, ip4{tos: 0x28})
	l := listen(80, 5)
	for _, c := range []struct {
		title string
		flags uint8
	}{{"ACK", ack}, {"FIN", fin}, {"FIN+ACK", fin | ack}, {"RST", rst}, {"SYN+ACK", syn | ack}, {"SYN+FIN", syn | fin}, {"none", 0}, {"SYN+RST", syn | rst}} {
		try("listening", 80, c.title, c.flags, nil, us, ip4{})
	}
	try("listening", 80, "SYN by broadcast MAC", syn, nil, packet.Broadcast, ip4{})
	l.close()
}

func backlog(w *world) {
	w.one()
	w.announce()
	l := listen(80, 2)
	sum := 0
	for i := range uint16(14) {
		port := 4000 + i
		w.forget()
		t := &talk{w: w, sport: port, dport: 80, seq: 1000, window: 65535}
		t.send(syn, nil)
		s, ok := w.wait(port, 150*time.Millisecond, func(s tcp) bool { return s[13]&syn != 0 })
		if !ok {
			w.say("%d no SYN+ACK: %s", i, w.tcps())
			continue
		}
		sum++
		t.seq, t.ack = 1001, s.seq()+1
		w.forget()
		t.send(ack, nil)
		w.rest(100 * time.Millisecond)
		w.say("%d SYN+ACK %s", i, w.tcps())
	}
	w.forget()
	w.rest(10 * time.Second)
	w.say("what came in the 10 s after:")
	w.show()
	w.say("SYN+ACKs in all %d", sum)
	l.close()
}

func isns(w *world) {
	w.one()
	w.announce()
	l := listen(80, 20)
	w.say("passive ISNs (time, isn, tsval), different ports:")
	start := time.Now()
	for i := range uint16(6) {
		w.forget()
		w.send(ip4{}.tcp(segment{sport: 3100 + i, dport: 80, seq: 1000, flags: syn, window: 65535, options: optAllAligned()}))
		s, ok := w.wait(3100+i, time.Second, func(s tcp) bool { return s[13]&syn != 0 })
		if ok {
			w.say("   (%.3f, %d, '%s')", time.Since(start).Seconds(), s.seq(), tsval(s))
		}
		w.rest(300 * time.Millisecond)
	}
	l.close()
	w.say("active ISNs:")
	for range 6 {
		w.forget()
		c := sock(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK)
		_ = c.connect("10.0.0.2", 80)
		w.rest(200 * time.Millisecond)
		for _, f := range w.got() {
			if s, ok := tcpOf(f.bytes); ok {
				w.say("   (%.3f, %d, %d, '%s')", time.Since(start).Seconds(), s.seq(), s.sport(), s.options())
				break
			}
		}
		c.close()
	}
}

// tsval is the value of a timestamp option.
func tsval(s tcp) string {
	_, v, _ := strings.Cut(s.options(), "ts=")
	return v[:min(8, len(v))]
}

// dataSlow is slow start: each flight is acknowledged as a whole.
func dataSlow(w *world) {
	w.one()
	w.announce()
	l := listen(80, 5)
	t, c := w.dial(l, 5002, optMSS)
	w.step("60000 bytes; each flight acknowledged as a whole after 200 ms:")
	go c.sendAll(60000)
	for flight := range 6 {
		w.rest(200 * time.Millisecond)
		var sizes, pushed []int
		n := 0
		end := t.ack
		for _, s := range w.got() {
			x, ok := tcpOf(s.bytes)
			if !ok || len(x.data()) == 0 {
				continue
			}
			n++
			if x[13]&psh != 0 {
				pushed = append(pushed, n-1)
			}
			sizes = append(sizes, len(x.data()))
			if e := x.seq() + uint32(len(x.data())); int32(e-end) > 0 {
				end = e
			}
		}
		sum := 0
		for _, s := range sizes {
			sum += s
		}
		slices.Sort(sizes)
		w.say("   flight %d %d segments %d bytes %s PSH at %s", flight, n, sum, commas(slices.Compact(sizes)), commas(pushed))
		t.ack = end
		w.forget()
		t.send(ack, nil)
	}
}

// commas is a list as the suite prints it.
func commas(all []int) string { return strings.ReplaceAll(fmt.Sprint(all), " ", ", ") }

// sendAll writes n bytes, waiting where it must.
func (s socket) sendAll(n int) { _, _ = unix.Write(int(s), make([]byte, n)) }

func delayedAcks(w *world) {
	w.one()
	w.announce()
	l := listen(80, 5)
	t, c := w.dial(l, 5003, optMSS)
	do := func(title string, send func()) {
		w.step("%s", title)
		send()
		w.rest(500 * time.Millisecond)
		w.show()
	}
	ask := func(title string, send func()) { w.ask(title, send) }
	full := func() { t.push(make([]byte, 1460)) }
	do("one segment of 10 bytes", func() { t.push(make([]byte, 10)) })
	do("two full segments back to back", func() { full(); full() })
	do("five full segments", func() {
		for range 5 {
			full()
		}
	})
	do("ten small, 20 ms apart", func() {
		for i := range 10 {
			if i > 0 {
				w.rest(20 * time.Millisecond)
			}
			t.push(make([]byte, 10))
		}
	})
	do("out of order: a hole of 100 bytes, then it is filled", func() {
		t.sendAt(t.seq+100, ack|psh, make([]byte, 50))
		w.rest(300 * time.Millisecond)
		t.sendAt(t.seq, ack|psh, make([]byte, 100))
		t.seq += 150
	})
	ask("old duplicate segment", func() { t.sendAt(1001, ack|psh, make([]byte, 10)) })
	ask("segment far beyond the window", func() { t.sendAt(t.seq+200_000, ack|psh, make([]byte, 10)) })
	ask("SYN in the established connection", func() { t.send(syn, nil) })
	ask("RST one beyond rcv.nxt (in window, not exact)", func() { t.sendAt(t.seq+1, rst, nil) })
	w.forget()
	w.say("   then recv: %s", c.recv(time.Second))
	ask("ACK of data never sent", func() {
		a := t.ack
		t.ack += 5000
		t.send(ack, nil)
		t.ack = a
	})
	w.step("the same as a conversation: the host answers 5 bytes to each 10 for a while, then one segment of 10 bytes")
	for range 8 {
		t.push(make([]byte, 10))
		w.rest(5 * time.Millisecond)
		c.recv(time.Second)
		c.send(5)
		w.rest(5 * time.Millisecond)
		t.ack += 5
	}
	w.rest(100 * time.Millisecond)
	do("after a conversation: one segment of 10 bytes", func() { t.push(make([]byte, 10)) })
	do("after a conversation: three segments of 10 bytes, 10 ms apart", func() {
		for range 3 {
			t.push(make([]byte, 10))
			w.rest(10 * time.Millisecond)
		}
	})
	do("RST exact", func() { t.send(rst, nil) })
	w.say("   send: %s", c.send(4))
	w.say("   send: %s", c.send(4))
}

func closeWait(w *world) {
	w.one()
	w.announce()
	l := listen(80, 5)
	t, c := w.dial(l, 5004, optMSS)
	w.step("we (host) close first; peer acknowledges and never sends FIN: FIN_WAIT_2")
	c.close()
	w.rest(500 * time.Millisecond)
	w.show()
	start := time.Now()
	t.ack++
	t.send(ack, nil)
	for _, at := range []int{6, 36, 61, 72, 92} {
		w.rest(time.Until(start.Add(time.Duration(at) * time.Second)))
		w.forget()
		t.send(ack, nil)
		w.rest(300 * time.Millisecond)
		w.say("   +%d an ACK gets: [%s]", at, strings.Join(w.flags(), ", "))
	}
}

func peerCloses(w *world) {
	w.one()
	w.announce()
	l := listen(80, 10)
	t, c := w.dial(l, 5006, optMSS)
	w.step("peer closes:")
	t.send(fin|ack, nil)
	t.seq++
	w.rest(500 * time.Millisecond)
	w.show()
	w.say("   recv %s", c.recv(time.Second))
	w.say("   send %s", c.send(5))
	w.rest(200 * time.Millisecond)
	c.close()
	w.rest(300 * time.Millisecond)
	w.show()
	w.say("LAST_ACK, not acknowledged, 30 s")
	w.rest(30 * time.Second)
	w.show()
	t, c = w.dial(l, 5007, optMSS)
	t.push([]byte("unread"))
	w.rest(500 * time.Millisecond)
	w.step("close with unread data:")
	c.close()
	w.rest(300 * time.Millisecond)
	w.show()
	t, c = w.dial(l, 5008, optMSS)
	w.step("closed, then data comes:")
	c.close()
	w.rest(200 * time.Millisecond)
	t.ack++
	t.push([]byte("0123456789"))
	w.rest(300 * time.Millisecond)
	w.show()
	t, c = w.dial(l, 5009, optMSS)
	w.forget()
	w.say("shutdown(WR): %s", said(unix.Shutdown(int(c), unix.SHUT_WR)))
	w.rest(300 * time.Millisecond)
	w.show()
	w.say("   send after it: %s", c.send(5))
	t.send(rst, nil)
}

func receiveWindow(w *world) {
	w.one()
	w.announce()
	l := listen(80, 5)
	w.forget()
	w.send(ip4{}.tcp(segment{sport: 5011, dport: 80, seq: 1000, flags: syn, window: 65535, options: optMSS}))
	s, _ := w.wait(5011, time.Second, func(s tcp) bool { return s[13]&syn != 0 })
	w.say("SYN+ACK window %d %s", s.window(), s.options())
	t := &talk{w: w, sport: 5011, dport: 80, seq: 1001, ack: s.seq() + 1, window: 65535}
	t.send(ack, nil)
	c := l.accept()
	w.forget()
	for range 80 {
		t.push(make([]byte, 1460))
	}
	w.rest(time.Second)
	acks, covers, window, smallest := 0, uint32(0), uint16(0), uint16(65535)
	for _, f := range w.got() {
		if x, ok := tcpOf(f.bytes); ok {
			acks++
			covers, window = x.ack()-1001, x.window()
			smallest = min(smallest, window)
		}
	}
	w.say("sent 116800 unread; acks %d last ack covers %d window %d smallest %d", acks, covers, window, smallest)
	t.seq = 1001 + covers
	w.forget()
	w.say("recv %s", c.recv(time.Second))
	t.push(make([]byte, 1000))
	w.rest(500 * time.Millisecond)
	w.say("   after a read: %s", w.tcps())
}

func zeroWindow(w *world) {
	w.one()
	w.announce()
	l := listen(80, 5)
	t := &talk{w: w, sport: 5010, dport: 80, seq: 1000, window: 1000}
	w.send(ip4{}.tcp(segment{sport: 5010, dport: 80, seq: 1000, flags: syn, window: 1000, options: optMSS}))
	s, _ := w.wait(5010, time.Second, func(s tcp) bool { return s[13]&syn != 0 })
	t.seq, t.ack = 1001, s.seq()+1
	w.rest(100 * time.Millisecond)
	t.send(ack, nil)
	w.rest(100 * time.Millisecond)
	c := l.accept()
	w.step("window 1000, 5000 to send:")
	c.send(5000)
	w.rest(300 * time.Millisecond)
	w.show()
	w.step("window 0 from here, probes not answered with a change (answered with win 0):")
	t.ack += 1000
	t.window = 0
	w.mu.Lock()
	w.watch = func(_ int, f []byte) {
		if x, ok := tcpOf(f); ok && x[13]&ack != 0 {
			t.send(ack, nil)
		}
	}
	w.mu.Unlock()
	t.send(ack, nil)
	w.rest(45 * time.Second)
	w.show()
	w.step("opened:")
	w.mu.Lock()
	w.watch = nil
	w.mu.Unlock()
	t.window = 65535
	t.send(ack, nil)
	w.rest(100 * time.Millisecond)
	w.show()
}

func timeWait(w *world) {
	w.one()
	w.announce()
	l := listen(80, 20)
	closed := func(port uint16) *talk {
		t, c := w.dial(l, port, optMSS)
		c.close()
		w.rest(50 * time.Millisecond)
		t.ack++
		t.send(fin|ack, nil)
		w.rest(100 * time.Millisecond)
		return t
	}
	t := closed(5107)
	w.forget()
	w.send(ip4{}.tcp(segment{sport: 5107, dport: 80, seq: t.seq + 100_000, flags: syn, window: 65535, options: optMSS}))
	w.rest(200 * time.Millisecond)
	w.say("SYN with a newer sequence number in TIME_WAIT: %s", w.tcps())
	closed(5108)
	w.forget()
	w.send(ip4{}.tcp(segment{sport: 5108, dport: 80, seq: 500, flags: syn, window: 65535, options: optMSS}))
	w.rest(200 * time.Millisecond)
	w.say("SYN with an older sequence number: %s", w.tcps())
	waits := []int{1, 25, 32, 50, 58, 62, 118}
	var all []*talk
	for i := range waits {
		all = append(all, closed(uint16(5110+i)))
	}
	start := time.Now()
	for i, at := range waits {
		w.rest(time.Until(start.Add(time.Duration(at) * time.Second)))
		w.forget()
		all[i].send(fin|ack, nil)
		w.rest(200 * time.Millisecond)
		w.say("   %3d s after: the FIN again gets [%s]", at, strings.Join(w.flags(), ", "))
		w.show()
	}
}
