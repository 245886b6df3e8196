package ip4

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/packet"
)

// piece is a fragment of datagram id: data at off, more to come or not.
func piece(id uint16, off int, more bool, data []byte) probe {
	word := uint16(off / 8)
	if more {
		word |= flagMF
	}
	return probe{id: id, ttl: 64, proto: 17, word: word, data: data}
}

// letters are the 40 bytes of the transcripts' datagrams: A, B, C, 8 or 16 of each; the
// first 8 stand for the UDP header.
func letters(s string) []byte {
	return []byte(strings.NewReplacer("A", "AAAAAAAA", "B", "BBBBBBBB", "C", "CCCCCCCC", "X", "XXXXXXXX", "-", "--------").Replace(s))
}

// The situations of frag, of fragments long enough for NetBSD too: a unit is 8 bytes.
func TestReassembly(t *testing.T) {
	type part struct {
		off  int // units
		more bool
		data string
	}
	const head = "------------" // 96 bytes that come first, so that the header is long enough
	for _, c := range []struct {
		name  string
		parts []part
		want  string // of freebsd, dragonfly, netbsd; "" for nothing
		linux string
	}{
		{"in order", []part{{0, true, head + "AA"}, {14, true, "BB"}, {16, false, "CC"}}, head + "AABBCC", "="},
		{"reversed", []part{{16, false, "CC"}, {14, true, "BB"}, {0, true, head + "AA"}}, head + "AABBCC", "="},
		{"the first twice", []part{{0, true, head + "AA"}, {0, true, head + "AA"}, {14, false, "BB"}}, head + "AABB", "="},
		{"a later one that begins inside an earlier loses its head", []part{{0, true, head + "AB"}, {13, true, "XX"}, {15, false, "C"}}, head + "ABXC", ""},
		{"a later one that begins before an earlier one wins", []part{{14, false, "BBC"}, {0, true, head + "XXX"}}, head + "XXXBC", ""},
		{"one inside another is dropped", []part{{0, true, head + "AABB"}, {13, true, "X"}, {16, false, "C"}}, head + "AABBC", "="},
		{"one that covers another replaces it", []part{{13, true, "A"}, {0, true, head + "XXX"}, {15, false, "C"}}, head + "XXXC", ""},
		{"a length that is no multiple of 8, of which Linux drops the end", []part{{0, true, head + "AAz"}, {14, false, "BB"}}, "", head + "AABB"},
		{"nothing behind more fragments", []part{{0, true, head + "AA"}, {14, true, ""}, {14, false, "BB"}}, head + "AABB", ""},
		{"an empty last one", []part{{0, true, head + "AA"}, {14, false, ""}}, head + "AA", ""},
		{"behind the end", []part{{0, true, head + "AA"}, {16, false, "C"}, {17, true, "C"}, {14, true, "BB"}}, "", ""},
		{"with a hole", []part{{0, true, head + "AA"}, {15, false, "C"}}, "", ""},
	} {
		for _, d := range dialect.All {
			w := host(t, d)
			for _, p := range c.parts {
				w.raw(0, Unicast, piece(7, p.off*8, p.more, letters(p.data)).bytes())
			}
			var got strings.Builder
			for _, u := range w.a.Up {
				got.WriteString(string(u.Packet.Payload()))
			}
			want := c.want
			if d == dialect.Linux && c.linux != "=" {
				want = c.linux
			}
			if got.String() != string(letters(want)) {
				t.Errorf("%s, %s: got %q, want %q", d, c.name, got.String(), letters(want))
			}
		}
	}
}

func TestTinyFragments(t *testing.T) {
	send := func(w *world, n int) bool {
		for i := range n {
			w.raw(0, Unicast, piece(9, i*8, i < n-1, make([]byte, 8)).bytes())
		}
		return len(w.ups()) == 1
	}
	for _, c := range []struct {
		n    int
		want map[dialect.Dialect]bool
	}{
		{16, map[dialect.Dialect]bool{dialect.FreeBSD: true, dialect.DragonFly: true, dialect.Linux: true}},
		{17, map[dialect.Dialect]bool{dialect.FreeBSD: true, dialect.DragonFly: true, dialect.Linux: true}},
		{18, map[dialect.Dialect]bool{dialect.Linux: true}},
		{40, map[dialect.Dialect]bool{dialect.Linux: true}},
	} {
		for _, d := range dialect.All {
			if got := send(host(t, d), c.n); got != c.want[d] {
				t.Errorf("%s: %d fragments of 8 bytes are put together: %v, want %v", d, c.n, got, c.want[d])
			}
		}
	}
	// NetBSD wants 68 bytes of the first, and of the others not to begin before that.
	for _, c := range []struct {
		name  string
		first int
		want  bool
	}{{"a first fragment of 64 bytes", 40, false}, {"of 68 bytes", 48, true}} {
		w := host(t, dialect.NetBSD)
		w.raw(0, Unicast, piece(3, 0, true, make([]byte, c.first)).bytes())
		w.raw(0, Unicast, piece(3, c.first, false, make([]byte, 8)).bytes())
		if got := len(w.ups()) == 1; got != c.want {
			t.Errorf("netbsd, %s: put together: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestFragmentsAreToldApart(t *testing.T) {
	first, last := piece(1, 0, true, make([]byte, 80)), piece(1, 80, false, make([]byte, 8))
	for name, change := range map[string]func(*probe){
		"id":       func(p *probe) { p.id = 2 },
		"source":   func(p *probe) { p.src = "10.0.0.9" },
		"protocol": func(p *probe) { p.proto = 6 },
	} {
		for _, d := range dialect.All {
			w := host(t, d)
			w.in(first).in(with(last, change))
			if len(w.ups()) != 0 {
				t.Errorf("%s: fragments with another %s were put together", d, name)
			}
		}
	}
	w := host(t, dialect.NetBSD)
	w.in(first).in(with(last, func(p *probe) { p.tos = 8 }))
	if len(w.ups()) != 0 || w.l.st.IP.BadFrags != 1 {
		t.Error("netbsd puts fragments with different TOS together")
	}
	for _, c := range []struct {
		first, second uint8
		whole         bool
		tos           uint8
	}{{2, 2, true, 2}, {2, 3, true, 3}, {0, 3, false, 0}, {2, 0, false, 0}} { // RFC 3168, 5.3
		w := host(t, dialect.FreeBSD)
		w.in(with(first, func(p *probe) { p.tos = c.first })).in(with(last, func(p *probe) { p.tos = c.second }))
		switch whole := len(w.a.Up) == 1; {
		case whole != c.whole:
			t.Errorf("freebsd: ECN %d then %d: whole %v, want %v", c.first, c.second, whole, c.whole)
		case whole && w.a.Up[0].Packet.TOS() != c.tos:
			t.Errorf("freebsd: ECN %d then %d gives %d, want %d", c.first, c.second, w.a.Up[0].Packet.TOS(), c.tos)
		}
	}
}

func TestReassemblyEnds(t *testing.T) {
	for _, d := range dialect.All {
		w := host(t, d)
		w.now = 700 * time.Millisecond
		w.in(piece(1, 0, true, make([]byte, 80)))
		w.now = 10 * time.Second
		w.in(piece(2, 80, false, make([]byte, 80))) // without the beginning
		want := 30500 * time.Millisecond
		if d == dialect.Linux {
			want = 30700 * time.Millisecond
		}
		if at, ok := w.l.Next(); !ok || at != want {
			t.Errorf("%s: Next is %v, %v, want %v", d, at, ok, want)
		}
		w.now = 75 * time.Second
		w.l.Tick(w.now, &w.a)
		w.settle()
		if d == dialect.Linux {
			w.want("ICMP t11 c1 10.0.0.1>10.0.0.2 id* ttl64 df0 tos192 data100 ckTrue len142 rest=00000000")
		} else {
			w.want()
		}
		if _, ok := w.l.Next(); ok || w.l.reass.Bytes() != 0 || w.l.st.IP.FragTimeout != 2 {
			t.Errorf("%s: after the end Next is set %v, %d bytes are held, %d time-outs counted", d, ok, w.l.reass.Bytes(), w.l.st.IP.FragTimeout)
		}
		w.in(piece(1, 80, false, make([]byte, 80)))
		if len(w.ups()) != 0 {
			t.Errorf("%s: a fragment that came too late made a datagram", d)
		}
	}
}

func TestReassemblyIsBounded(t *testing.T) {
	for _, c := range []struct {
		d    dialect.Dialect
		want int // datagrams in reassembly after 2000 beginnings
	}{{dialect.FreeBSD, 800}, {dialect.DragonFly, 801}, {dialect.NetBSD, 200}} {
		w := host(t, c.d)
		for i := range 2000 {
			w.in(piece(uint16(i+1), 0, true, make([]byte, 80)))
		}
		if got := w.l.reass.Len(); got != c.want {
			t.Errorf("%s keeps %d datagrams, want %d", c.d, got, c.want)
		}
		w.in(piece(2000, 80, false, make([]byte, 8))) // the newest
		if got, want := len(w.ups()) == 1, c.d == dialect.DragonFly; got != want {
			t.Errorf("%s: the newest is whole: %v, want %v", c.d, got, want)
		}
	}
	w := host(t, dialect.Linux)
	for i := range 4000 {
		w.in(piece(uint16(i), 0, true, make([]byte, 1400)))
	}
	if w.l.reass.Bytes() > w.v.FragBytes || w.l.st.IP.FragNoSpace == 0 {
		t.Errorf("linux holds %d bytes, %d fragments were refused", w.l.reass.Bytes(), w.l.st.IP.FragNoSpace)
	}
	w = host(t, dialect.FreeBSD)
	w.v.MaxFragPackets = 0
	w.in(piece(1, 0, true, make([]byte, 80))).in(piece(1, 80, false, make([]byte, 8)))
	if len(w.ups()) != 0 || w.l.st.IP.FragDropped != 2 {
		t.Error("freebsd takes fragments although net.inet.ip.maxfragpackets is 0")
	}
	w = host(t, dialect.NetBSD) // many that overlap: what nobody has any more is not kept
	for i := range 5000 {
		w.in(piece(1, 65000-i/16*8, true, make([]byte, 480)))
	}
	if w.l.reass.Bytes() > 6*0xffff {
		t.Errorf("netbsd holds %d bytes for one datagram", w.l.reass.Bytes())
	}
}

func TestPingOfDeath(t *testing.T) {
	for _, d := range dialect.All {
		w := host(t, d)
		for off := 0; off < 65528; off += 1400 {
			w.in(piece(1, off, true, make([]byte, 1400)))
		}
		w.in(piece(1, 65528, false, make([]byte, 100)))
		if len(w.ups()) != 0 {
			t.Errorf("%s: a datagram of more than 65535 bytes came up", d)
		}
	}
}

// An echo in fragments is answered in fragments that have one identification of their own.
func TestEchoInFragments(t *testing.T) {
	msg := icmpMsg(8, 0, 0x12340001, make([]byte, 4000))
	for _, d := range bsd {
		w := host(t, d)
		w.in(echo(56)) // the first number is used
		w.gone = nil
		for off := 0; off < len(msg); off += 1480 {
			end := min(off+1480, len(msg))
			w.in(with(piece(7, off, end < len(msg), msg[off:end]), func(p *probe) { p.proto = 1; p.word |= flagDF }))
		}
		ttl := map[dialect.Dialect]int{dialect.FreeBSD: 64, dialect.NetBSD: 255}[d]
		w.want(
			fmt.Sprintf("ICMP t0 c0 10.0.0.1>10.0.0.2 id2 ttl%d df0 tos0 data1472 ckTrue len1514", ttl),
			fmt.Sprintf("IP proto1 10.0.0.1>10.0.0.2 id2 ttl%d df0 mf1 off1480 pl1480", ttl),
			fmt.Sprintf("IP proto1 10.0.0.1>10.0.0.2 id2 ttl%d df0 mf0 off2960 pl1048", ttl))
	}
}

func FuzzInput(f *testing.F) {
	f.Add(echo(8).bytes(), uint8(0))
	f.Add(piece(1, 0, true, make([]byte, 80)).bytes(), uint8(1))
	f.Add(piece(1, 80, false, make([]byte, 8)).bytes(), uint8(2))
	f.Add(echoOpts("070b04000000000000000000").bytes(), uint8(3))
	f.Add(echoOpts("8307040a00010200000000000000000000000000"[:16]).bytes(), uint8(6))
	f.Add(probe{ttl: 64, proto: 1, data: icmpMsg(5, 1, 0x0a000003, udp("10.0.0.1", "10.9.9.9", 1, 2, make([]byte, 8)).bytes())}.bytes(), uint8(9))
	f.Fuzz(func(t *testing.T, b []byte, how uint8) {
		d := dialect.Dialect(how & 3)
		w := router(t, d)
		w.routes = []Route{{To: netipPrefix("0.0.0.0/0"), Via: ip("10.0.0.254"), NIC: 0}}
		w.v.Forwarding = how&4 != 0
		w.v.BMCastEcho, w.v.MaskReply = how&8 != 0, how&16 != 0
		if len(b) >= 20 && how&32 == 0 { // mostly with a right checksum
			b = bytes.Clone(b)
			if hdr := packet.IPv4(b).HeaderLen(); hdr >= 20 && hdr <= len(b) {
				putSum(b)
			}
		}
		before := bytes.Clone(b)
		for i := range 3 {
			w.now += time.Duration(i) * time.Second
			w.l.Input(w.now, i%2, Link(how>>6)%3, b, &w.a)
			for j := range w.a.Up {
				w.l.PortUnreachable(w.now, &w.a.Up[j], &w.a)
			}
			for j := range w.a.Errors {
				w.l.TooBig(w.now, &w.a.Errors[j])
			}
			w.settle()
			w.a.Reset()
		}
		if !bytes.Equal(b, before) {
			t.Error("Input changed what it was given")
		}
		w.l.Tick(time.Hour, &w.a)
		if n := w.l.reass.Len(); n != 0 {
			t.Errorf("%d datagrams wait for ever", n)
		}
	})
}
