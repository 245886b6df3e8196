package ip4

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/packet"
)

// The situations of the transcripts of FreeBSD 9.1 and NetBSD 7.99.34 that concern IPv4
// (echo, icmperr, fwd, fwd2, src, udpq), with the lines that the kernels sent.

// bsd are the dialects that were recorded, allBSD those that have the same ancestor.
var (
	bsd    = []dialect.Dialect{dialect.FreeBSD, dialect.NetBSD}
	allBSD = append(bsd, dialect.DragonFly)
)

// A situation is a packet and what the two kernels say to it: "" for silence. All
// situations of a table run after each other against one host.
type situation struct {
	name    string
	p       probe
	link    Link
	freebsd string
	netbsd  string
}

// want is what a dialect says: DragonFly what FreeBSD does, with random identifications.
func (s situation) want(d dialect.Dialect) []string {
	line := s.freebsd
	switch d {
	case dialect.NetBSD:
		line = s.netbsd
	case dialect.DragonFly:
		if strings.Contains(line, "ICMP") {
			line = anyID.ReplaceAllString(line, " id* ")
		}
	default:
	}
	if line == "" {
		return nil
	}
	return []string{line}
}

func run(t *testing.T, w *world, d dialect.Dialect, table []situation) {
	t.Helper()
	for _, s := range table {
		t.Run(d.String()+" "+s.name, func(t *testing.T) {
			w.t = t
			w.raw(0, s.link, s.p.bytes()).want(s.want(d)...)
		})
	}
}

func with(p probe, change func(*probe)) probe {
	change(&p)
	return p
}

func echoTo(dst string) probe   { return with(echo(4), func(p *probe) { p.dst = dst }) }
func echoFrom(src string) probe { return with(echo(4), func(p *probe) { p.src = src }) }
func echoOpts(opts string) probe {
	return with(probe{ttl: 64, proto: 1, data: icmpMsg(8, 0, 0x12340001, []byte("abcd"))}, func(p *probe) { p.opts = bin(opts) })
}

func TestEchoSituations(t *testing.T) {
	badSum := echo(4)
	badSum.data[2] ^= 1
	table := []situation{
		{name: "first", p: echo(4), freebsd: "ICMP t0 c0 10.0.0.1>10.0.0.2 id1 ttl64 df0 tos0 data4 ckTrue len46", netbsd: "ICMP t0 c0 10.0.0.1>10.0.0.2 id0 ttl255 df0 tos0 data4 ckTrue len46"},
		{name: "to 10.0.0.255 by the broadcast MAC", p: echoTo("10.0.0.255"), link: Broadcast},
		{name: "to 255.255.255.255", p: echoTo("255.255.255.255"), link: Broadcast},
		{name: "to 10.0.0.0", p: echoTo("10.0.0.0"), link: Broadcast},
		{name: "to 224.0.0.1", p: echoTo("224.0.0.1"), link: Multicast},
		{name: "to us by the broadcast MAC", p: echo(4), link: Broadcast},
		{name: "to 127.0.0.1 from the wire", p: echoTo("127.0.0.1")},
		{name: "from 127.0.0.1", p: echoFrom("127.0.0.1")},
		{name: "from our own address, answered to ourselves", p: echoFrom("10.0.0.1")},
		{name: "from 10.0.0.255, a broadcast that ICMP may not send", p: echoFrom("10.0.0.255")},
		{name: "from 0.0.0.0", p: echoFrom("0.0.0.0")},
		{name: "from 224.1.1.1", p: echoFrom("224.1.1.1")},
		{name: "wrong ICMP checksum", p: badSum},
		{
			name: "record route, the ids of two silent answers are used", p: echoOpts("070b04000000000000000000"),
			freebsd: "ICMP t0 c0 10.0.0.1>10.0.0.2 id4 ttl64 df0 tos0 data4 ckTrue len58", netbsd: "ICMP t0 c0 10.0.0.1>10.0.0.2 id0 ttl255 df0 tos0 data4 ckTrue len58",
		},
		{
			name: "timestamp option", p: echoOpts("440c0500000000000000000000000000"[:24]),
			freebsd: "ICMP t0 c0 10.0.0.1>10.0.0.2 id5 ttl64 df0 tos0 data4 ckTrue len58", netbsd: "ICMP t0 c0 10.0.0.1>10.0.0.2 id0 ttl255 df0 tos0 data4 ckTrue len58",
		},
		{
			name: "an unknown option is not in the reply", p: echoOpts("99040000"),
			freebsd: "ICMP t0 c0 10.0.0.1>10.0.0.2 id6 ttl64 df0 tos0 data4 ckTrue len46", netbsd: "ICMP t0 c0 10.0.0.1>10.0.0.2 id0 ttl255 df0 tos0 data4 ckTrue len46",
		},
		{
			name: "timestamp request", p: probe{ttl: 64, proto: 1, data: icmpMsg(13, 0, 0, make([]byte, 12))},
			freebsd: "ICMP t14 c0 10.0.0.1>10.0.0.2 id7 ttl64 df0 tos0 data12 ckTrue len54", netbsd: "ICMP t14 c0 10.0.0.1>10.0.0.2 id0 ttl255 df0 tos0 data12 ckTrue len54",
		},
		{name: "mask request", p: probe{ttl: 64, proto: 1, data: icmpMsg(17, 0, 0, make([]byte, 4))}},
		{name: "information request", p: probe{ttl: 64, proto: 1, data: icmpMsg(15, 0, 0, nil)}},
		{name: "router solicitation", p: probe{ttl: 64, proto: 1, data: icmpMsg(10, 0, 0, nil)}},
		{name: "type 99", p: probe{ttl: 64, proto: 1, data: icmpMsg(99, 0, 0, nil)}},
		{
			name: "the reserved flag, which FreeBSD keeps", p: with(echo(4), func(p *probe) { p.word = flagRF }),
			freebsd: "ICMP t0 c0 10.0.0.1>10.0.0.2 id8 ttl64 df0 tos0 data4 ckTrue len46", netbsd: "ICMP t0 c0 10.0.0.1>10.0.0.2 id0 ttl255 df0 tos0 data4 ckTrue len46",
		},
	}
	for _, d := range allBSD {
		run(t, host(t, d), d, table)
	}
}

func TestHeaderChecksAreCounted(t *testing.T) {
	good := echo(4).bytes()
	change := func(f func(b []byte) []byte) []byte { return f(bytes.Clone(good)) }
	for _, c := range []struct {
		name string
		b    []byte
		of   func(*IPStats) uint64
	}{
		{"wrong checksum", change(func(b []byte) []byte { b[10] ^= 1; return b }), func(s *IPStats) uint64 { return s.BadSum }},
		{"longer than the frame", change(func(b []byte) []byte { b[3]++; putSum(b); return b }), func(s *IPStats) uint64 { return s.TooShort }},
		{"header of 16 bytes", change(func(b []byte) []byte { b[0] = 0x44; putSum(b); return b }), func(s *IPStats) uint64 { return s.BadHeaderLen }},
		{"header beyond the frame", change(func(b []byte) []byte { b[0] = 0x4f; return b }), func(s *IPStats) uint64 { return s.BadHeaderLen }},
		{"version 5", change(func(b []byte) []byte { b[0] = 0x55; putSum(b); return b }), func(s *IPStats) uint64 { return s.BadVersion }},
		{"total length below the header's", change(func(b []byte) []byte { b[3] = 19; putSum(b); return b }), func(s *IPStats) uint64 { return s.BadLength }},
		{"19 bytes", good[:19], func(s *IPStats) uint64 { return s.TooShort + s.TooSmall }},
		{"from loopback by a wire", echoFrom("127.0.0.1").bytes(), func(s *IPStats) uint64 { return s.BadAddress }},
		{"nothing", nil, func(s *IPStats) uint64 { return s.TooShort + s.TooSmall }},
	} {
		for _, d := range dialect.All {
			w := host(t, d)
			w.raw(0, Unicast, c.b).want()
			if got := c.of(&w.l.st.IP); got != 1 {
				t.Errorf("%s, %s: counted %d times, want once", d, c.name, got)
			}
		}
	}
	for _, d := range bsd { // padding that is not the packet's is cut off
		w := host(t, d)
		w.raw(0, Unicast, append(bytes.Clone(good), "junk junk"...))
		if len(w.gone) != 1 {
			t.Errorf("%s: a padded frame was answered %d times, want once", d, len(w.gone))
		}
	}
}

// The bytes that the kernels recorded in options, and in replies.
func TestOptionsInReplies(t *testing.T) {
	for _, c := range []struct {
		name, opts string
		want       string
	}{
		{"record route", "070b04000000000000000000", "070b080a0000010000000000"},
		{"record route, full", "070708c0a80101" + "00", "070708c0a8010100"},
		{"timestamp", "440c05000000000000000000", "440c09000000271000000000"},
		{"timestamp with address", "440c05010000000000000000", "440c0d010a00000100002710"},
		{"timestamp full: the overflow counts", "440809000000000000"[:16], "4408091000000000"},
		{"timestamp of another's address", "440c05030a00000900000000", "440c05030a00000900000000"},
		{"timestamp of our address", "440c05030a00000100000000", "440c0d030a00000100002710"},
		{"no-operations are left out", "01010101", ""},
	} {
		for _, d := range bsd {
			w := host(t, d)
			w.now = 10 * time.Second
			w.l.Input(w.now, 0, Unicast, echoOpts(c.opts).bytes(), &w.a)
			if len(w.a.Out) != 1 {
				t.Errorf("%s, %s: %d packets out, want the reply", d, c.name, len(w.a.Out))
				continue
			}
			if got := hex.EncodeToString(w.a.Out[0].Packet.Options()); got != c.want {
				t.Errorf("%s, %s: the reply's options are %s, want %s", d, c.name, got, c.want)
			}
		}
	}
}

func TestErrorsOfAHost(t *testing.T) {
	closed := func(n int) probe { return udp("10.0.0.2", "10.0.0.1", 1234, 33434, make([]byte, n)) }
	for _, d := range bsd {
		w := host(t, d)
		// unwanted gives a datagram to a host where no socket is.
		unwanted := func(link Link, p probe) *world {
			w.l.Input(w.now, 0, link, p.bytes(), &w.a)
			for i := range w.a.Up {
				w.l.PortUnreachable(w.now, &w.a.Up[i], &w.a)
			}
			w.settle()
			w.a.Reset()
			return w
		}
		line := func(id, df, n int) string {
			if d == dialect.NetBSD {
				return fmt.Sprintf("ICMP t3 c3 10.0.0.1>10.0.0.2 id0 ttl255 df0 tos0 data%d ckTrue len%d rest=00000000", n, n+42)
			}
			return fmt.Sprintf("ICMP t3 c3 10.0.0.1>10.0.0.2 id%d ttl64 df%d tos0 data%d ckTrue len%d rest=00000000", id, df, n, n+42)
		}
		unwanted(Unicast, closed(4)).want(line(1, 0, 28))
		unwanted(Unicast, with(closed(100), func(p *probe) { p.word = flagDF })).want(line(2, 1, 28))
		unwanted(Unicast, with(closed(1400), func(p *probe) { p.tos = 0x28 })).want(line(3, 0, 28))
		unwanted(Unicast, with(closed(4), func(p *probe) { p.opts = bin("070b04000000000000000000") })).want(line(4, 0, 40))
		unwanted(Unicast, with(closed(0), func(*probe) {})).want(line(5, 0, 28))
		unwanted(Broadcast, with(closed(4), func(p *probe) { p.dst = "10.0.0.255" })).want()
		w.l.id = 5 // of FreeBSD's answers
		if unwanted(Unicast, with(closed(4), func(p *probe) { p.dst = "10.0.0.255" })); d == dialect.NetBSD {
			w.want(line(0, 0, 28)) // it looks at the frame only (udp_usrreq.c, udp_input)
		} else {
			w.want()
		}
		unwanted(Broadcast, closed(4)).want()
		unwanted(Multicast, closed(4)).want()
		unwanted(Unicast, with(closed(4), func(p *probe) { p.src = "10.0.0.255" })).want()
		for proto, want := range map[uint8]string{
			200: "45000c000001000040c866130a0000020a0000016162636465666768",
			132: "45000c0000010000408466570a0000020a0000016162636465666768",
		} {
			q := w.quote(probe{ttl: 64, proto: proto, data: []byte("abcdefghijkl")})
			if d == dialect.FreeBSD {
				want = ""
			}
			if got := hex.EncodeToString(q); got != want {
				t.Errorf("%s: protocol %d is answered with the quote %s, want %q", d, proto, got, want)
			}
		}
		w.gone = nil
		w.in(udp("10.0.0.2", "9.9.9.9", 1, 2, make([]byte, 4))).want() // not forwarding
	}
}

// What came in is quoted, with what options wrote into it.
func TestQuotes(t *testing.T) {
	rr := udp("10.0.0.2", "10.0.0.1", 1234, 33434, make([]byte, 4))
	rr.opts = bin("070b04000000000000000000")
	tcp := probe{ttl: 1, proto: 6, data: append(bin("03e80050000003e8000000007002ffff00000000"+"020405b40103030601010402"), make([]byte, 8)...), dst: "10.0.1.2"}
	tcp.data[12] = 0x80 // 32 bytes
	for _, d := range bsd {
		w := router(t, d)
		in := tcp.bytes()
		if got, want := w.quote(tcp), in[:28]; d == dialect.NetBSD && !bytes.Equal(got, want) {
			t.Errorf("%s quotes %x of a TCP segment, want %x", d, got, want)
		} else if d == dialect.FreeBSD && !bytes.Equal(got, in[:52]) {
			t.Errorf("%s quotes %x of a TCP segment, want its whole header %x", d, got, in[:52])
		}
		short := probe{ttl: 1, proto: 17, data: []byte("1234"), dst: "10.0.1.2"}
		if got := w.quote(short); d == dialect.FreeBSD && got != nil || d == dialect.NetBSD && !bytes.Equal(got, short.bytes()) {
			t.Errorf("%s quotes %x of a packet with 4 bytes", d, got)
		}
		w = host(t, d)
		w.l.Input(0, 0, Unicast, rr.bytes(), &w.a)
		w.l.PortUnreachable(0, &w.a.Up[0], &w.a)
		got := packet.ICMP(w.a.Out[0].Packet.Payload()).Payload()
		if want := "070b080a0000010000000000"; hex.EncodeToString(got[20:32]) != want {
			t.Errorf("%s quotes the options %x, want %s", d, got[20:32], want)
		}
	}
}

func TestLimits(t *testing.T) {
	burst := func(w *world, n int, p probe, unwanted bool) (sent int) {
		for range n {
			w.l.Input(w.now, 0, Unicast, p.bytes(), &w.a)
			for i := range w.a.Up {
				if unwanted {
					w.l.PortUnreachable(w.now, &w.a.Up[i], &w.a)
				}
			}
			sent += len(w.a.Out)
			console := w.a.Console
			w.a.Reset()
			w.a.Console = console
		}
		return sent
	}
	closed := udp("10.0.0.2", "10.0.0.1", 1234, 33434, make([]byte, 4))
	ttl1 := with(udp("10.0.0.2", "10.0.1.2", 1, 2, make([]byte, 4)), func(p *probe) { p.ttl = 1 })
	for _, c := range []struct {
		d                           dialect.Dialect
		closed, echo, exceeded, rst int
	}{
		{dialect.FreeBSD, 199, 199, 500, 199},
		{dialect.DragonFly, 200, 200, 500, 200},
		{dialect.NetBSD, 100, 400, 100, 100},
	} {
		w := router(t, c.d)
		w.now = 5 * time.Second
		if got := burst(w, 600, closed, true); got != c.closed {
			t.Errorf("%s: 600 datagrams to a closed port get %d errors, want %d", c.d, got, c.closed)
		}
		if got := burst(w, 400, echo(4), false); got != c.echo {
			t.Errorf("%s: 400 echo requests get %d replies, want %d", c.d, got, c.echo)
		}
		w.now += 1500 * time.Millisecond
		if got := burst(w, 500, ttl1, false); got != c.exceeded {
			t.Errorf("%s: 500 packets with TTL 1 get %d errors, want %d", c.d, got, c.exceeded)
		}
		rst := 0
		for range 600 {
			if w.l.AllowRST(w.now, false, &w.a) {
				rst++
			}
		}
		if rst != c.rst {
			t.Errorf("%s: 600 SYNs to a closed port get %d RSTs, want %d", c.d, rst, c.rst)
		}
		w.now += 1500 * time.Millisecond
		w.a.Console = nil
		burst(w, 1, closed, true)
		if told := len(w.a.Console) == 1; told != (c.d != dialect.NetBSD) {
			t.Errorf("%s: the console says %q after a burst", c.d, w.a.Console)
		}
		if got := w.l.Stats().ICMP.Limited; got == 0 {
			t.Errorf("%s: nothing is counted as limited", c.d)
		}
	}
}

func TestForwarding(t *testing.T) {
	to := func(dst string) probe { return udp("10.0.0.2", dst, 1, 2, make([]byte, 4)) }
	from := func(src string) probe {
		return with(to("10.0.1.2"), func(p *probe) { p.src = src })
	}
	ttl := func(p probe, n uint8) probe { p.ttl = n; return p }
	passed := func(src string) string { return "em1 UDP " + src + ":1>10.0.1.2:2 id1 ttl63 df0 mf0 off0 data4 len46" }
	unreach := probe{dst: "10.0.1.2", ttl: 1, proto: 1, data: icmpMsg(3, 1, 0, make([]byte, 28))}
	ask := probe{dst: "10.0.1.2", ttl: 1, proto: 1, data: icmpMsg(8, 0, 0, nil)}
	opts := func(s string) probe { return with(to("10.0.1.2"), func(p *probe) { p.opts = bin(s) }) }
	table := []situation{
		{name: "ttl 64", p: to("10.0.1.2"), freebsd: passed("10.0.0.2"), netbsd: passed("10.0.0.2")},
		{name: "ttl 2", p: ttl(to("10.0.1.2"), 2), freebsd: "em1 UDP 10.0.0.2:1>10.0.1.2:2 id1 ttl1 df0 mf0 off0 data4 len46", netbsd: "em1 UDP 10.0.0.2:1>10.0.1.2:2 id1 ttl1 df0 mf0 off0 data4 len46"},
		{name: "ttl 1", p: ttl(to("10.0.1.2"), 1), freebsd: "em0 ICMP t11 c0 10.0.0.1>10.0.0.2 id1 ttl64 df0 tos0 data28 ckTrue len70 rest=00000000", netbsd: "em0 ICMP t11 c0 10.0.0.1>10.0.0.2 id0 ttl255 df0 tos0 data28 ckTrue len70 rest=00000000"},
		{name: "ttl 0", p: ttl(to("10.0.1.2"), 0), freebsd: "em0 ICMP t11 c0 10.0.0.1>10.0.0.2 id2 ttl64 df0 tos0 data28 ckTrue len70 rest=00000000", netbsd: "em0 ICMP t11 c0 10.0.0.1>10.0.0.2 id0 ttl255 df0 tos0 data28 ckTrue len70 rest=00000000"},
		{name: "ttl 1, an ICMP error inside", p: unreach},
		{name: "ttl 1, an echo request", p: ask, freebsd: "em0 ICMP t11 c0 10.0.0.1>10.0.0.2 id3 ttl64 df0 tos0 data28 ckTrue len70 rest=00000000", netbsd: "em0 ICMP t11 c0 10.0.0.1>10.0.0.2 id0 ttl255 df0 tos0 data28 ckTrue len70 rest=00000000"},
		{name: "ttl 1, a second fragment", p: with(ttl(to("10.0.1.2"), 1), func(p *probe) { p.word = 185 })},
		{name: "no route", p: to("172.16.9.9"), freebsd: "em0 ICMP t3 c1 10.0.0.1>10.0.0.2 id4 ttl64 df0 tos0 data28 ckTrue len70 rest=00000000", netbsd: "em0 ICMP t3 c0 10.0.0.1>10.0.0.2 id0 ttl255 df0 tos0 data28 ckTrue len70 rest=00000000"},
		{name: "to our other address", p: echoTo("10.0.1.1"), freebsd: "em0 ICMP t0 c0 10.0.1.1>10.0.0.2 id5 ttl64 df0 tos0 data4 ckTrue len46", netbsd: "em0 ICMP t0 c0 10.0.1.1>10.0.0.2 id0 ttl255 df0 tos0 data4 ckTrue len46"},
		{name: "directed broadcast to the other net", p: to("10.0.1.255"), netbsd: "em0 ICMP t3 c1 10.0.0.1>10.0.0.2 id0 ttl255 df0 tos0 data28 ckTrue len70 rest=00000000"},
		{name: "255.255.255.255", p: to("255.255.255.255"), link: Broadcast},
		{name: "multicast", p: to("224.1.1.1"), link: Multicast},
		{name: "to 127.0.0.1", p: to("127.0.0.1")},
		{name: "from 127.0.0.1", p: from("127.0.0.1")},
		{name: "to 240.0.0.1", p: to("240.0.0.1")},
		{name: "to 0.0.0.5", p: to("0.0.0.5")},
		{name: "from 0.0.0.0, sent as the router's own", p: from("0.0.0.0"), freebsd: passed("10.0.1.1"), netbsd: passed("10.0.1.1")},
		{name: "from 224.0.0.5", p: from("224.0.0.5"), freebsd: passed("224.0.0.5")},
		{name: "from 10.0.0.255", p: from("10.0.0.255"), freebsd: passed("10.0.0.255"), netbsd: passed("10.0.0.255")},
		{name: "from 169.254.1.1", p: from("169.254.1.1"), freebsd: passed("169.254.1.1"), netbsd: passed("169.254.1.1")},
		{name: "from the other net", p: from("10.0.1.50"), freebsd: passed("10.0.1.50"), netbsd: passed("10.0.1.50")},
		{name: "by the broadcast MAC", p: to("10.0.1.2"), link: Broadcast},
		{name: "record route", p: opts("070b04000000000000000000"), freebsd: "em1 UDP 10.0.0.2:1>10.0.1.2:2 id1 ttl63 df0 mf0 off0 data4 len58", netbsd: "em1 UDP 10.0.0.2:1>10.0.1.2:2 id1 ttl63 df0 mf0 off0 data4 len58"},
		{name: "loose source route through us", p: with(opts("8307040a00010200"), func(p *probe) { p.dst = "10.0.0.1" }), freebsd: "em0 ICMP t3 c5 10.0.0.1>10.0.0.2 id6 ttl64 df0 tos0 data36 ckTrue len78 rest=00000000", netbsd: "em1 UDP 10.0.0.2:1>10.0.1.2:2 id1 ttl63 df0 mf0 off0 data4 len54"},
		{name: "wrong option length", p: opts("07300400"), freebsd: "em0 ICMP t12 c0 10.0.0.1>10.0.0.2 id7 ttl64 df0 tos0 data32 ckTrue len74 rest=15000000", netbsd: "em0 ICMP t12 c0 10.0.0.1>10.0.0.2 id0 ttl255 df0 tos0 data32 ckTrue len74 rest=15000000"},
		{name: "router alert", p: opts("94040000"), freebsd: "em1 UDP 10.0.0.2:1>10.0.1.2:2 id1 ttl63 df0 mf0 off0 data4 len50", netbsd: "em1 UDP 10.0.0.2:1>10.0.1.2:2 id1 ttl63 df0 mf0 off0 data4 len50"},
	}
	for _, d := range allBSD {
		run(t, router(t, d), d, table)
	}
	for d, want := range map[dialect.Dialect]string{ // RFC 3927 is FreeBSD's alone
		dialect.FreeBSD:   "",
		dialect.DragonFly: "em0 ICMP t3 c1 10.0.0.1>10.0.0.2 id* ttl64 df0 tos0 data28 ckTrue len70 rest=00000000",
		dialect.NetBSD:    "em0 ICMP t3 c0 10.0.0.1>10.0.0.2 id* ttl255 df0 tos0 data28 ckTrue len70 rest=00000000",
		dialect.Linux:     "em0 ICMP t3 c0 10.0.0.1>10.0.0.2 id* ttl64 df0 tos192 data32 ckTrue len74 rest=00000000",
	} {
		w := router(t, d)
		if w.in(to("169.254.1.1")); want == "" {
			w.want()
		} else {
			w.want(want)
		}
	}
}

func TestForwardingOverASmallerMTU(t *testing.T) {
	big := func(n int) probe {
		return with(udp("10.0.0.2", "10.0.1.2", 1, 2, make([]byte, n)), func(p *probe) { p.id = 90 })
	}
	for _, d := range bsd {
		w := router(t, d)
		w.nics[1].MTU = 1000
		w.in(with(big(1372), func(p *probe) { p.word = flagDF })).want(map[dialect.Dialect]string{
			dialect.FreeBSD: "em0 ICMP t3 c4 10.0.0.1>10.0.0.2 id1 ttl64 df1 tos0 data28 ckTrue len70 rest=000003e8",
			dialect.NetBSD:  "em0 ICMP t3 c4 10.0.0.1>10.0.0.2 id0 ttl255 df0 tos0 data28 ckTrue len70 rest=000003e8",
		}[d])
		w.in(big(1372)).want(
			"em1 UDP 10.0.0.2:1>10.0.1.2:2 id90 ttl63 df0 mf1 off0 data968 len1010",
			"em1 IP proto17 10.0.0.2>10.0.1.2 id90 ttl63 df0 mf0 off976 pl404")
		w.in(with(big(1392), func(p *probe) { p.word = flagMF })).want( // a first fragment
			"em1 UDP 10.0.0.2:1>10.0.1.2:2 id90 ttl63 df0 mf1 off0 data968 len1010",
			"em1 IP proto17 10.0.0.2>10.0.1.2 id90 ttl63 df0 mf1 off976 pl424")
		w.in(with(big(1392), func(p *probe) { p.word = flagMF | 100 })).want( // one from the middle
			"em1 IP proto17 10.0.0.2>10.0.1.2 id90 ttl63 df0 mf1 off800 pl976",
			"em1 IP proto17 10.0.0.2>10.0.1.2 id90 ttl63 df0 mf1 off1776 pl424")
		w.in(with(big(1300), func(p *probe) { p.opts = bin("070704000000" + "0000") })).want( // the option is in the first only
			"em1 UDP 10.0.0.2:1>10.0.1.2:2 id90 ttl63 df0 mf1 off0 data960 len1010",
			"em1 IP proto17 10.0.0.2>10.0.1.2 id90 ttl63 df0 mf0 off968 pl340")
		w.in(with(big(1300), func(p *probe) { p.opts = bin("94040000") })).want( // this one is copied
			"em1 UDP 10.0.0.2:1>10.0.1.2:2 id90 ttl63 df0 mf1 off0 data968 len1014",
			"em1 IP proto17 10.0.0.2>10.0.1.2 id90 ttl63 df0 mf0 off976 pl332")
	}
}

func TestRedirectsSent(t *testing.T) {
	gateway := Route{To: netip.MustParsePrefix("10.5.0.0/16"), Via: ip("10.0.0.3"), NIC: 0}
	p := udp("10.0.0.2", "10.5.1.1", 1, 2, make([]byte, 4))
	passed := "em0 UDP 10.0.0.2:1>10.5.1.1:2 id1 ttl63 df0 mf0 off0 data4 len46"
	told := "em0 ICMP t5 c1 10.0.0.1>10.0.0.2 id1 ttl64 df0 tos0 data28 ckTrue len70 rest=0a000003"
	for _, c := range []struct {
		name string
		set  func(*world)
		p    probe
		want []string
	}{
		{"a router on the same wire", nil, p, []string{passed, told}},
		{"a host on the same wire", nil, udp("10.0.0.2", "10.0.0.3", 1, 2, make([]byte, 4)), []string{"em0 UDP 10.0.0.2:1>10.0.0.3:2 id1 ttl63 df0 mf0 off0 data4 len46", told}},
		{"not by the default route", func(w *world) { w.routes[0].To = netip.MustParsePrefix("0.0.0.0/0") }, p, []string{passed}},
		{"not when net.inet.ip.redirect is 0", func(w *world) { w.v.SendRedirects = false }, p, []string{passed}},
		{"not to a sender behind another router", nil, with(p, func(p *probe) { p.src = "10.9.0.2" }), []string{"em0 UDP 10.9.0.2:1>10.5.1.1:2 id1 ttl63 df0 mf0 off0 data4 len46"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := router(t, dialect.FreeBSD)
			w.routes = []Route{gateway}
			if c.set != nil {
				c.set(w)
			}
			w.in(c.p).want(c.want...)
		})
	}
}

// A router whose ARP has given up says 3/1, quoting what came in.
func TestForwardingToAHostThatIsDown(t *testing.T) {
	for _, d := range bsd {
		w := router(t, d)
		p := udp("10.0.0.2", "10.0.1.77", 1, 2, make([]byte, 4))
		w.l.Input(0, 0, Unicast, p.bytes(), &w.a)
		w.l.Failed(0, 0, errnoHostDown, &w.a)
		if len(w.a.Out) != 2 || w.a.Out[0].Packet != nil {
			t.Fatalf("%s: %d packets, the first of %d bytes: want a void one and the error", d, len(w.a.Out), len(w.a.Out[0].Packet))
		}
		m := packet.ICMP(w.a.Out[1].Packet.Payload())
		if got, want := fmt.Sprintf("%d/%d %x", m.Type(), m.Code(), m.Payload()), fmt.Sprintf("3/1 %x", p.bytes()[:28]); got != want {
			t.Errorf("%s: got %s, want %s", d, got, want)
		}
	}
	w := router(t, dialect.FreeBSD) // a redirect about what did not go is void too
	w.fail = errnoHostDown
	w.routes = []Route{{To: netip.MustParsePrefix("10.5.0.0/16"), Via: ip("10.0.0.3"), NIC: 0}}
	w.l.Input(0, 0, Unicast, udp("10.0.0.2", "10.5.1.1", 1, 2, make([]byte, 4)).bytes(), &w.a)
	w.l.Failed(0, 0, errnoHostDown, &w.a)
	var kinds strings.Builder
	for _, o := range w.a.Out {
		if o.Packet != nil {
			kinds.WriteString(fmt.Sprintf("%d/%d ", o.Packet.Payload()[0], o.Packet.Payload()[1]))
		}
	}
	if kinds.String() != "3/1 " {
		t.Errorf("a failed packet for which there was a redirect leads to %q, want only 3/1", kinds.String())
	}
}

func TestAliasesAnswerAsThemselves(t *testing.T) {
	for _, d := range bsd {
		w := host(t, d)
		w.nics[0].Addrs = append(w.nics[0].Addrs, netip.MustParsePrefix("10.0.0.7/24"), netip.MustParsePrefix("10.0.2.1/24"))
		w.in(echoTo("10.0.0.7"))
		w.l.Input(0, 0, Unicast, udp("10.0.0.2", "10.0.2.1", 1, 2, make([]byte, 4)).bytes(), &w.a)
		w.l.PortUnreachable(0, &w.a.Up[0], &w.a)
		w.settle()
		w.want(map[dialect.Dialect][]string{
			dialect.FreeBSD: {"ICMP t0 c0 10.0.0.7>10.0.0.2 id1 ttl64 df0 tos0 data4 ckTrue len46", "ICMP t3 c3 10.0.2.1>10.0.0.2 id2 ttl64 df0 tos0 data28 ckTrue len70 rest=00000000"},
			dialect.NetBSD:  {"ICMP t0 c0 10.0.0.7>10.0.0.2 id0 ttl255 df0 tos0 data4 ckTrue len46", "ICMP t3 c3 10.0.2.1>10.0.0.2 id0 ttl255 df0 tos0 data28 ckTrue len70 rest=00000000"},
		}[d]...)
		if p, _ := w.l.Path(netip.Addr{}, ip("10.0.2.2"), AnyNIC); p.Src != ip("10.0.2.1") {
			t.Errorf("%s: to 10.0.2.2 from %s, want 10.0.2.1", d, p.Src)
		}
	}
}

// What reaches a UDP socket of a host: the rows of udpq.
func TestWhatComesUp(t *testing.T) {
	for _, c := range []struct {
		name            string
		src, dst        string
		link            Link
		freebsd, netbsd bool
	}{
		{"plain", "10.0.0.2", "10.0.0.1", Unicast, true, true},
		{"to 10.0.0.255", "10.0.0.2", "10.0.0.255", Broadcast, true, true},
		{"to 10.0.0.255 by our MAC", "10.0.0.2", "10.0.0.255", Unicast, true, true},
		{"to 255.255.255.255", "10.0.0.2", "255.255.255.255", Broadcast, true, true},
		{"to 10.0.0.0", "10.0.0.2", "10.0.0.0", Broadcast, false, true},
		{"to 10.255.255.255, the class's", "10.0.0.2", "10.255.255.255", Broadcast, false, true},
		{"to 224.0.0.1", "10.0.0.2", "224.0.0.1", Multicast, true, true},
		{"to a group that nobody joined", "10.0.0.2", "224.5.5.5", Multicast, true, false},
		{"to us by the broadcast MAC", "10.0.0.2", "10.0.0.1", Broadcast, true, true},
		{"from 0.0.0.0", "0.0.0.0", "10.0.0.1", Unicast, true, true},
		{"from our own address", "10.0.0.1", "10.0.0.1", Unicast, true, true},
		{"from 127.0.0.1", "127.0.0.1", "10.0.0.1", Unicast, false, false},
		{"from our broadcast address", "10.0.0.255", "10.0.0.1", Unicast, true, true},
		{"from a group", "224.0.0.9", "10.0.0.1", Unicast, true, false},
	} {
		for _, d := range bsd {
			w := host(t, d)
			w.raw(0, c.link, udp(c.src, c.dst, 5, 7000, []byte("abcd")).bytes()).want()
			want := c.freebsd
			if d == dialect.NetBSD {
				want = c.netbsd
			}
			if got := len(w.ups()) == 1; got != want {
				t.Errorf("%s, %s: delivered %v, want %v", d, c.name, got, want)
			}
		}
	}
}
