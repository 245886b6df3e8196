package ip4

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/packet"
)

// Where each kernel points when it refuses an option: 0 is no refusal. The option begins at
// byte 20.
func TestPointersOfBadOptions(t *testing.T) {
	for _, c := range []struct {
		name, opts             string
		freebsd, netbsd, linux int
	}{
		{"a length of 1", "07010400", 21, 21, 20},
		{"a length beyond the header", "07300400", 21, 21, 20},
		{"a kind without a length", "01010107", 24, 24, 23},
		{"record route of 2 bytes", "07020000", 22, 21, 21},
		{"record route, pointer 3", "07070300000000", 22, 22, 22},
		{"record route, not enough room", "070605000000", 0, 0, 22},
		{"record route, full", "07070800000000", 0, 0, 0},
		{"timestamp of 3 bytes", "44030500", 21, 21, 21},
		{"timestamp, pointer 4", "4408040000000000", 21, 22, 22},
		{"timestamp, unknown flag", "440c05020000000000000000", 23, 23, 0},
		{"timestamp with address, room for 6 bytes", "440c07010000000000000000", 22, 22, 22},
		{"timestamp, room for 4 bytes, which BSD takes for full", "4408050000000000", 0, 0, 0},
		{"timestamp, not enough room", "4407050000000000"[:14] + "00", 0, 0, 22},
		{"timestamp, the 16th overflow", "440809f000000000", 22, 22, 23},
		{"timestamp of a given host, full", "440809f300000000", 22, 22, 0},
		{"nothing behind the end", "00ffffff", 0, 0, 0},
	} {
		for d, want := range map[dialect.Dialect]int{dialect.FreeBSD: c.freebsd, dialect.DragonFly: c.freebsd, dialect.NetBSD: c.netbsd, dialect.Linux: c.linux} {
			w := host(t, d)
			opts := bin(c.opts)
			for len(opts)%4 != 0 {
				opts = append(opts, 0)
			}
			p := echo(4)
			p.opts = opts
			w.l.Input(0, 0, Unicast, p.bytes(), &w.a)
			got := -1
			if len(w.a.Out) == 1 {
				m := packet.ICMP(w.a.Out[0].Packet.Payload())
				if got = 0; m.Type() == packet.ICMPParamProblem {
					got = int(m.Rest() >> 24)
				}
			}
			if got != want {
				t.Errorf("%s, %s: points at %d, want %d", d, c.name, got, want)
			}
		}
	}
}

// What a router writes into options of packets that it passes on.
func TestOptionsOfForwardedPackets(t *testing.T) {
	for _, c := range []struct{ opts, want string }{
		{"070b04000000000000000000", "070b080a0001010000000000"},
		{"440c05000000000000000000", "440c09000000271000000000"},
		{"440c05030a00010100000000", "440c0d030a00010100002710"},
		{"99040000", "99040000"},
	} {
		for _, d := range dialect.All {
			w := router(t, d)
			w.l.Input(10*time.Second, 0, Unicast, with(udp("10.0.0.2", "10.0.1.2", 1, 2, make([]byte, 8)), func(p *probe) { p.opts = bin(c.opts) }).bytes(), &w.a)
			if got := fmt.Sprintf("%x", w.a.Out[0].Packet.Options()); got != c.want {
				t.Errorf("%s: %s becomes %s, want %s", d, c.opts, got, c.want)
			}
		}
	}
	// With an address, the first one that fits the destination, of the interface it came by.
	w := router(t, dialect.FreeBSD)
	w.l.Input(10*time.Second, 0, Unicast, with(udp("10.0.0.2", "10.0.1.2", 1, 2, make([]byte, 8)), func(p *probe) { p.opts = bin("440c05010000000000000000") }).bytes(), &w.a)
	if got := fmt.Sprintf("%x", w.a.Out[0].Packet.Options()); got != "440c0d010a00000100002710" {
		t.Errorf("a time with an address: %s", got)
	}
	// No way on: the record can't be made.
	for d, want := range map[dialect.Dialect]string{dialect.FreeBSD: "3/1", dialect.NetBSD: "3/1", dialect.Linux: "3/0"} {
		w := router(t, d)
		w.l.Input(0, 0, Unicast, with(udp("10.0.0.2", "172.16.0.1", 1, 2, make([]byte, 8)), func(p *probe) { p.opts = bin("070b04000000000000000000") }).bytes(), &w.a)
		if m := w.a.Out[0].Packet.Payload(); fmt.Sprintf("%d/%d", m[0], m[1]) != want {
			t.Errorf("%s: a record towards nowhere leads to %d/%d, want %s", d, m[0], m[1], want)
		}
	}
}

func TestFragmentsOfLinuxKeepTheRoomOfOptions(t *testing.T) {
	w := router(t, dialect.Linux)
	w.nics[1].MTU = 600
	w.l.Input(0, 0, Unicast, with(udp("10.0.0.2", "10.0.1.2", 1, 2, make([]byte, 800)), func(p *probe) { p.opts = bin("0707040000000001" + "94040000") }).bytes(), &w.a)
	if len(w.a.Out) != 2 || fmt.Sprintf("%x", w.a.Out[1].Packet.Options()) != "010101010101010194040000" {
		t.Errorf("%d fragments, options of the second %x", len(w.a.Out), w.a.Out[1].Packet.Options())
	}
	w = router(t, dialect.FreeBSD)
	w.nics[1].MTU = 600
	w.l.Input(0, 0, Unicast, with(udp("10.0.0.2", "10.0.1.2", 1, 2, make([]byte, 800)), func(p *probe) { p.opts = bin("0707040000000001" + "94040000") }).bytes(), &w.a)
	if len(w.a.Out) != 2 || fmt.Sprintf("%x", w.a.Out[1].Packet.Options()) != "0194040000000000" {
		t.Errorf("%d fragments, options of the second %x", len(w.a.Out), w.a.Out[1].Packet.Options())
	}
}

// Linux asks for a new gateway's link address at a redirect, and obeys the next.
func TestLinuxObeysTheSecondRedirect(t *testing.T) {
	w := host(t, dialect.Linux)
	w.routes = []Route{{To: netipPrefix("0.0.0.0/0"), Via: ip("10.0.0.99"), NIC: 0}}
	p := about(5, 1, 0x0a000003, "10.9.9.9")
	p.src = "10.0.0.99"
	hop := func() netip.Addr {
		way, _ := w.l.Path(netip.Addr{}, ip("10.9.9.9"), AnyNIC)
		return way.Hop
	}
	w.in(p)
	if len(w.a.Ask) != 1 || w.a.Ask[0] != (Hop{0, ip("10.0.0.3")}) || hop() != ip("10.0.0.99") {
		t.Errorf("after the first: asks %v, by %s", w.a.Ask, hop())
	}
	w.a.Reset()
	w.in(p)
	if len(w.a.Ask) != 0 || hop() != ip("10.0.0.3") {
		t.Errorf("after the second: asks %v, by %s", w.a.Ask, hop())
	}
	w.l.Tick(w.v.RedirectLife, &w.a)
	if hop() != ip("10.0.0.99") {
		t.Errorf("after %s: by %s", w.v.RedirectLife, hop())
	}
}

func TestRedirectsThatAreWrong(t *testing.T) {
	good := about(5, 1, 0x0a000003, "10.9.9.9")
	for _, c := range []struct {
		name string
		p    probe
		ups  map[dialect.Dialect]int
		of   func(*ICMPStats) uint64
	}{
		{"code 4", about(5, 4, 0x0a000003, "10.9.9.9"), nil, func(s *ICMPStats) uint64 { return s.BadCode }},
		{"a short quote", probe{ttl: 64, proto: 1, data: icmpMsg(5, 1, 0x0a000003, make([]byte, 20))}, nil, func(s *ICMPStats) uint64 { return s.BadLen }},
		{"about ourselves", with(good, func(p *probe) {
			p.data = icmpMsg(5, 1, 0x0a000003, udp("10.0.0.1", "10.0.0.1", 1, 2, make([]byte, 8)).bytes())
		}), nil, func(s *ICMPStats) uint64 { return s.BadRedirect }},
		{"about a neighbour", about(5, 1, 0x0a000003, "10.0.0.8"), nil, func(s *ICMPStats) uint64 { return s.BadRedirect }},
	} {
		for _, d := range allBSD {
			w := host(t, d)
			w.in(c.p).want()
			if c.of(&w.l.st.ICMP) != 1 || len(w.a.Up) != 1 || len(w.l.HostRoutes()) != 0 {
				t.Errorf("%s, %s: counted %d, %d up, %d routes", d, c.name, c.of(&w.l.st.ICMP), len(w.a.Up), len(w.l.HostRoutes()))
			}
		}
	}
	w := host(t, dialect.FreeBSD)
	w.v.LogRedirect, w.v.DropRedirect = true, true
	if w.in(good); len(w.a.Console) != 1 || !strings.Contains(w.a.Console[0], "10.9.9.9") {
		t.Errorf("the console says %q", w.a.Console)
	}
	w = host(t, dialect.FreeBSD) // without any route to it a redirect makes one, as in 1983
	if w.in(good); len(w.l.HostRoutes()) != 1 {
		t.Error("a redirect about a host to which there is no route makes none")
	}
}

func TestMaskRequests(t *testing.T) {
	mask := probe{ttl: 64, proto: 1, data: icmpMsg(17, 0, 0, make([]byte, 4))}
	for _, c := range []struct {
		name string
		d    dialect.Dialect
		set  func(*world)
		p    probe
		want string // the mask; "" for silence
	}{
		{"to us", dialect.NetBSD, nil, mask, "ffffff00"},
		{"to 255.255.255.255", dialect.FreeBSD, nil, with(mask, func(p *probe) { p.dst = "255.255.255.255" }), "ffffff00"},
		{"maskfake", dialect.FreeBSD, func(w *world) { w.v.MaskFake = ip("255.0.0.0") }, mask, "ff000000"},
		{"too short", dialect.NetBSD, nil, with(mask, func(p *probe) { p.data = icmpMsg(17, 0, 0, nil) }), ""},
		{"linux never does", dialect.Linux, nil, mask, ""},
	} {
		w := host(t, c.d)
		w.v.MaskReply = true
		if c.set != nil {
			c.set(w)
		}
		w.l.Input(0, 0, Unicast, c.p.bytes(), &w.a)
		got := ""
		if len(w.a.Out) == 1 {
			got = fmt.Sprintf("%x", w.a.Out[0].Packet.Payload()[8:])
		}
		if got != c.want {
			t.Errorf("%s, %s: got %q, want %q", c.d, c.name, got, c.want)
		}
	}
}

// Nobody can be answered to whom there is no way. A FreeBSD has used a number by then.
func TestNoWayBack(t *testing.T) {
	for _, d := range dialect.All {
		w := host(t, d)
		w.in(echoFrom("192.168.9.9")).want()
		w.in(echo(60))
		if d == dialect.FreeBSD {
			w.want("ICMP t0 c0 10.0.0.1>10.0.0.2 id2 ttl64 df0 tos0 data60 ckTrue len102")
		} else if len(w.gone) != 1 {
			t.Errorf("%s does not answer its neighbour", d)
		}
	}
	for _, d := range allBSD { // nor does an error say anything
		w := router(t, d)
		w.in(with(udp("192.168.9.9", "10.0.1.2", 1, 2, make([]byte, 8)), func(p *probe) { p.ttl = 1 })).want()
	}
	// Of NetBSD an error comes from the interface that the packet came by, of FreeBSD from
	// that which leads back.
	for d, want := range map[dialect.Dialect]string{
		dialect.FreeBSD: "em1 ICMP t11 c0 10.0.1.1>10.0.1.50 id1 ttl64 df0 tos0 data28 ckTrue len70 rest=00000000",
		dialect.NetBSD:  "em1 ICMP t11 c0 10.0.0.1>10.0.1.50 id0 ttl255 df0 tos0 data28 ckTrue len70 rest=00000000",
	} {
		w := router(t, d)
		w.in(with(udp("10.0.1.50", "10.0.1.2", 1, 2, make([]byte, 8)), func(p *probe) { p.ttl = 1 })).want(want)
	}
	w := router(t, dialect.NetBSD) // which may have no address
	w.nics[0].Addrs = nil
	w.in(with(udp("10.0.1.50", "10.0.1.2", 1, 2, make([]byte, 8)), func(p *probe) { p.ttl = 1 }))
	w.want("em1 ICMP t11 c0 10.0.1.1>10.0.1.50 id0 ttl255 df0 tos0 data28 ckTrue len70 rest=00000000")
}

// Each kind of answer has a second of its own, and a limit that may change.
func TestEachKindIsLimitedByItself(t *testing.T) {
	w := host(t, dialect.FreeBSD)
	count := func(open bool) (n int) {
		for range 300 {
			if w.l.AllowRST(w.now, open, &w.a) {
				n++
			}
		}
		return n
	}
	if a, b := count(false), count(true); a != 199 || b != 199 {
		t.Errorf("%d RSTs of closed ports, %d of open ones", a, b)
	}
	w.now = 999 * time.Millisecond
	if n := count(false); n != 0 {
		t.Errorf("%d more in the same second", n)
	}
	w.now = time.Second
	if n := count(false); n != 199 || len(w.a.Console) != 1 {
		t.Errorf("%d in the next, console %q", n, w.a.Console)
	}
	w.v.ICMPLimit = 0
	if n := count(false); n != 300 {
		t.Errorf("%d with icmplim 0", n)
	}
	w = host(t, dialect.NetBSD)
	w.v.RSTLimit = -1
	if n := count(false); n != 300 {
		t.Errorf("netbsd: %d with rstppslimit -1", n)
	}
	w.v.RSTLimit, w.now = 0, 5*time.Second
	if n := count(false); n != 0 {
		t.Errorf("netbsd: %d with rstppslimit 0", n)
	}
	w = host(t, dialect.Linux)
	if n := count(false); n != 300 {
		t.Errorf("linux: %d RSTs", n)
	}
}

// Linux's buckets: no more hosts are kept than there is room for, and all together get 50
// errors at once.
func TestLinuxLimitsAllHosts(t *testing.T) {
	w := router(t, dialect.Linux)
	w.nics[0].Addrs[0] = netipPrefix("10.0.0.1/8")
	n := 0
	for i := range 1000 {
		w.l.Input(w.now, 0, Unicast, with(udp(fmt.Sprintf("10.7.%d.%d", i/250, i%250+1), "10.0.1.2", 1, 2, make([]byte, 8)), func(p *probe) { p.ttl = 1 }).bytes(), &w.a)
		n += len(w.a.Out)
		w.a.Reset()
	}
	if n < 20 || n > 50 {
		t.Errorf("%d errors at once", n)
	}
	for i := range 2000 {
		w.now += 100 * time.Millisecond
		w.l.Input(w.now, 0, Unicast, with(udp(fmt.Sprintf("10.7.%d.%d", i/250, i%250+1), "10.0.1.2", 1, 2, make([]byte, 8)), func(p *probe) { p.ttl = 1 }).bytes(), &w.a)
		w.a.Reset()
	}
	if w.l.Bytes() > 32<<10 || len(w.l.lastID) > lastIDs {
		t.Errorf("%d numbers are kept, %d bytes", len(w.l.lastID), w.l.Bytes())
	}
}

func TestLinuxDoesNotLimitItself(t *testing.T) {
	w := host(t, dialect.Linux)
	n := 0
	for range 100 {
		h := to("127.0.0.1")
		h.Proto, h.Src = packet.ProtoUDP, localhost
		_ = w.l.Output(0, &h, make([]byte, 8), &w.a)
		w.settle()
		for i := range w.a.Up {
			if w.a.Up[i].Packet.Protocol() == packet.ProtoUDP {
				w.l.PortUnreachable(0, &w.a.Up[i], &w.a)
			}
		}
		w.settle()
		n += len(w.a.Errors)
		w.a.Reset()
	}
	if n != 100 {
		t.Errorf("%d errors of 100 came, want all: lo is not limited", n)
	}
}

func TestForwardingThatFails(t *testing.T) {
	for _, c := range []struct {
		e    errno.Errno
		want map[dialect.Dialect]string
	}{
		{errno.EHOSTUNREACH, map[dialect.Dialect]string{dialect.FreeBSD: "3/1", dialect.NetBSD: "3/1"}},
		{errno.ENETDOWN, map[dialect.Dialect]string{dialect.FreeBSD: "3/1", dialect.NetBSD: "3/1"}},
		{errno.ENOBUFS, map[dialect.Dialect]string{dialect.FreeBSD: "", dialect.NetBSD: ""}},
		{errno.EACCES, map[dialect.Dialect]string{dialect.FreeBSD: "", dialect.NetBSD: "3/1"}},
	} {
		for d, want := range c.want {
			w := router(t, d)
			w.nics[1].MTU = 600
			w.l.Input(0, 0, Unicast, udp("10.0.0.2", "10.0.1.77", 1, 2, make([]byte, 1000)).bytes(), &w.a) // two fragments
			w.l.Failed(0, 0, c.e, &w.a)
			var got strings.Builder
			for _, o := range w.a.Out {
				if o.Packet != nil {
					got.WriteString(fmt.Sprintf("%d/%d", o.Packet.Payload()[0], o.Packet.Payload()[1]))
				}
			}
			if got.String() != want || w.l.st.IP.Forwarded != 0 || w.l.st.IP.CantForward != 1 {
				t.Errorf("%s, %s: leads to %q, want %q; %d forwarded, %d not", d, c.e, got.String(), want, w.l.st.IP.Forwarded, w.l.st.IP.CantForward)
			}
		}
	}
	w := host(t, dialect.FreeBSD) // what a socket sent fails without a word
	h := to("10.0.0.2")
	h.Proto = packet.ProtoUDP
	_ = w.l.Output(0, &h, make([]byte, 4000), &w.a)
	w.l.Failed(0, 1, errno.EHOSTDOWN, &w.a)
	if len(w.a.Out) != 3 || w.a.Out[0].Packet == nil || w.a.Out[1].Packet != nil || w.a.Out[2].Packet != nil {
		t.Error("the fragments behind one that failed are not void")
	}
}

func TestResetKeepsLittle(t *testing.T) {
	var a Acts
	a.grab(keep + 1)
	a.Reset()
	if cap(a.buf) != 0 {
		t.Errorf("%d bytes are kept", cap(a.buf))
	}
	a.grab(100)
	a.Reset()
	if cap(a.buf) < 100 {
		t.Error("a small buffer is not kept")
	}
}
