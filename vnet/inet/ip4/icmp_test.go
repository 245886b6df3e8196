package ip4

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/packet"
)

// about is an ICMP error about a datagram of ours to dst.
func about(typ, code uint8, rest uint32, dst string) probe {
	return probe{ttl: 64, proto: 1, data: icmpMsg(typ, code, rest, udp("10.0.0.1", dst, 7000, 999, make([]byte, 8)).bytes())}
}

// The errnos that a connected UDP socket was told in connref, t9 and linux.udperr.
func TestErrnosOfErrors(t *testing.T) {
	for _, c := range []struct {
		typ, code              uint8
		freebsd, netbsd, linux errno.Errno
	}{
		{3, 0, errno.EHOSTUNREACH, errno.EHOSTUNREACH, 0},
		{3, 1, errno.EHOSTUNREACH, errno.EHOSTUNREACH, 0},
		{3, 2, errno.ECONNREFUSED, errno.ECONNREFUSED, errno.ENOPROTOOPT},
		{3, 3, errno.ECONNREFUSED, errno.ECONNREFUSED, errno.ECONNREFUSED},
		{3, 4, errno.EMSGSIZE, errno.EMSGSIZE, errno.EMSGSIZE},
		{3, 5, errno.EHOSTUNREACH, errno.EHOSTUNREACH, 0},
		{3, 6, errno.EHOSTUNREACH, errno.EHOSTUNREACH, errno.ENETUNREACH},
		{3, 7, errno.EHOSTUNREACH, errno.EHOSTUNREACH, errno.EHOSTDOWN},
		{3, 9, errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH},
		{3, 10, errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.EHOSTUNREACH},
		{3, 11, errno.EHOSTUNREACH, errno.EHOSTUNREACH, 0},
		{3, 13, errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.EHOSTUNREACH},
		{3, 15, errno.EHOSTUNREACH, errno.EHOSTUNREACH, errno.EHOSTUNREACH},
		{4, 0, 0, 0, 0},
		{11, 0, errno.EHOSTUNREACH, 0, 0},
		{11, 1, 0, 0, 0},
		{12, 0, errno.ENOPROTOOPT, errno.ENOPROTOOPT, errno.EPROTO},
	} {
		for d, want := range map[dialect.Dialect]errno.Errno{dialect.FreeBSD: c.freebsd, dialect.NetBSD: c.netbsd, dialect.Linux: c.linux} {
			w := host(t, d)
			w.in(about(c.typ, c.code, 1000, "10.0.0.2")).want()
			if len(w.a.Errors) != 1 || len(w.a.Up) != 1 {
				t.Errorf("%s: %d/%d: %d errors and %d messages came, want one of each", d, c.typ, c.code, len(w.a.Errors), len(w.a.Up))
				continue
			}
			q := w.a.Errors[0]
			if q.Errno != want || q.Packet.Dst() != ip("10.0.0.2") || q.From != ip("10.0.0.2") {
				t.Errorf("%s: %d/%d: %s about %s, want %s", d, c.typ, c.code, q.Errno, q.Packet.Dst(), want)
			}
		}
	}
}

func TestErrorsThatAreWrong(t *testing.T) {
	for _, c := range []struct {
		name string
		p    probe
		ups  int
		of   func(*ICMPStats) uint64
	}{
		{"a code that is none", about(3, 16, 0, "10.0.0.2"), 1, func(s *ICMPStats) uint64 { return s.BadCode }},
		{"a quote without 8 bytes", probe{ttl: 64, proto: 1, data: icmpMsg(3, 3, 0, make([]byte, 27))}, 0, func(s *ICMPStats) uint64 { return s.BadLen }},
		{"a quote with a header of 16 bytes", probe{ttl: 64, proto: 1, data: icmpMsg(3, 3, 0, append([]byte{0x44}, make([]byte, 40)...))}, 0, func(s *ICMPStats) uint64 { return s.BadLen }},
		{"about a packet to a group", about(3, 3, 0, "224.0.0.5"), 1, func(s *ICMPStats) uint64 { return s.BadCode }},
		{"7 bytes", probe{ttl: 64, proto: 1, data: make([]byte, 7)}, 0, func(s *ICMPStats) uint64 { return s.TooShort }},
		{"a timestamp request of 12 bytes", probe{ttl: 64, proto: 1, data: icmpMsg(13, 0, 0, make([]byte, 4))}, 1, func(s *ICMPStats) uint64 { return s.BadLen }},
	} {
		for _, d := range bsd {
			w := host(t, d)
			w.in(c.p).want()
			if len(w.a.Errors) != 0 || len(w.a.Up) != c.ups || c.of(&w.l.st.ICMP) != 1 {
				t.Errorf("%s, %s: %d errors, %d messages up, counted %d times", d, c.name, len(w.a.Errors), len(w.a.Up), c.of(&w.l.st.ICMP))
			}
		}
	}
}

// The sysctls that make a node answer what it does not by itself.
func TestSysctls(t *testing.T) {
	mask := probe{ttl: 64, proto: 1, data: icmpMsg(17, 0, 0, make([]byte, 4))}
	for _, c := range []struct {
		name string
		set  func(*Values)
		p    probe
		link Link
		want string // freebsd
	}{
		{"bmcastecho", func(v *Values) { v.BMCastEcho = true }, echoTo("10.0.0.255"), Broadcast, "ICMP t0 c0 10.0.0.1>10.0.0.2 id1 ttl64 df0 tos0 data4 ckTrue len46"},
		{"bmcastecho, a group", func(v *Values) { v.BMCastEcho = true }, echoTo("224.0.0.1"), Multicast, "ICMP t0 c0 10.0.0.1>10.0.0.2 id1 ttl64 df0 tos0 data4 ckTrue len46"},
		{"maskrepl", func(v *Values) { v.MaskReply = true }, mask, Unicast, "ICMP t18 c0 10.0.0.1>10.0.0.2 id1 ttl64 df0 tos0 data4 ckTrue len46"},
		{"ttl", func(v *Values) { v.TTL = 99 }, echo(4), Unicast, "ICMP t0 c0 10.0.0.1>10.0.0.2 id1 ttl99 df0 tos0 data4 ckTrue len46"},
		{"process_options 2", func(v *Values) { v.ProcessOptions = 2 }, echoOpts("01010101"), Unicast, "ICMP t3 c13 10.0.0.1>10.0.0.2 id1 ttl64 df0 tos0 data32 ckTrue len74 rest=00000000"},
		{"process_options 0", func(v *Values) { v.ProcessOptions = 0 }, echoOpts("07300400"), Unicast, "ICMP t0 c0 10.0.0.1>10.0.0.2 id1 ttl64 df0 tos0 data4 ckTrue len46"},
		{"quotelen 100", func(v *Values) { v.QuoteLen, v.ProcessOptions = 100, 2 }, echoOpts("01010101"), Unicast, "ICMP t3 c13 10.0.0.1>10.0.0.2 id1 ttl64 df0 tos0 data36 ckTrue len78 rest=00000000"},
		{"quotelen -5", func(v *Values) { v.QuoteLen, v.ProcessOptions = -5, 2 }, echoOpts("01010101"), Unicast, "ICMP t3 c13 10.0.0.1>10.0.0.2 id1 ttl64 df0 tos0 data32 ckTrue len74 rest=00000000"},
		{"icmplim 2", func(v *Values) { v.ICMPLimit = 2 }, echo(4), Unicast, "ICMP t0 c0 10.0.0.1>10.0.0.2 id1 ttl64 df0 tos0 data4 ckTrue len46"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := host(t, dialect.FreeBSD)
			c.set(&w.v)
			w.raw(0, c.link, c.p.bytes()).want(c.want)
		})
	}
	w := host(t, dialect.FreeBSD)
	w.v.MaskReply = true
	w.l.Input(0, 0, Unicast, mask.bytes(), &w.a)
	if got := fmt.Sprintf("%x", w.a.Out[0].Packet.Payload()[8:]); got != "ffffff00" {
		t.Errorf("the mask is %s, want ffffff00", got)
	}
	w = router(t, dialect.FreeBSD)
	w.v.CheckInterface, w.v.Forwarding = true, false
	w.in(echoTo("10.0.1.1")).want() // it came by the wrong interface
	w = router(t, dialect.NetBSD)
	w.nics[1].Up = false // an address of an interface that is down is nobody's
	w.in(echoTo("10.0.1.1")).want("em0 ICMP t3 c1 10.0.1.1>10.0.0.2 id0 ttl255 df0 tos0 data28 ckTrue len70 rest=00000000")
	w = router(t, dialect.NetBSD)
	w.v.DirectedBroadcast = true
	w.in(udp("10.0.0.2", "10.0.1.255", 1, 2, make([]byte, 4))).want("em1 UDP 10.0.0.2:1>10.0.1.255:2 id1 ttl63 df0 mf0 off0 data4 len46 broadcast")
	w = router(t, dialect.FreeBSD)
	w.v.ReplyFromInterface = true
	w.raw(1, Unicast, with(udp("10.0.0.2", "10.0.0.9", 1, 2, make([]byte, 4)), func(p *probe) { p.ttl = 1 }).bytes())
	w.want("em0 ICMP t11 c0 10.0.1.1>10.0.0.2 id1 ttl64 df0 tos0 data28 ckTrue len70 rest=00000000")
	w.v.ReplyFromInterface, w.v.ReplySrc = false, "em1"
	w.raw(0, Unicast, with(udp("10.0.0.2", "10.0.1.9", 1, 2, make([]byte, 4)), func(p *probe) { p.ttl = 1 }).bytes())
	w.want("em0 ICMP t11 c0 10.0.1.1>10.0.0.2 id2 ttl64 df0 tos0 data28 ckTrue len70 rest=00000000")
}

func TestSourceRoutes(t *testing.T) {
	through := func(ptr string) probe { // by 10.0.0.1 to 10.0.1.2
		p := udp("10.0.0.2", "10.0.1.2", 1, 2, make([]byte, 8))
		p.dst, p.opts = "10.0.0.1", bin("8307"+ptr+"0a00010200")
		return p
	}
	refused := func(code, n int) string {
		return fmt.Sprintf("em0 ICMP t3 c%d 10.0.0.1>10.0.0.2 id* ttl* df0 tos0 data%d ckTrue len%d rest=00000000", code, n, n+42)
	}
	passed := "em1 UDP 10.0.0.2:1>10.0.1.2:2 id1 ttl63 df0 mf0 off0 data8 len58"
	for _, c := range []struct {
		name string
		d    dialect.Dialect
		set  func(*world)
		p    probe
		want string
		log  bool
	}{
		{"freebsd refuses", dialect.FreeBSD, nil, through("04"), refused(5, 36), true},
		{"freebsd, not a router, says nothing", dialect.FreeBSD, func(w *world) { w.v.Forwarding = false }, through("04"), "", false},
		{"freebsd with net.inet.ip.sourceroute 1", dialect.FreeBSD, func(w *world) { w.v.SourceRoute = true }, through("04"), passed, false},
		{"freebsd refuses one that ends here", dialect.FreeBSD, nil, through("08"), refused(5, 36), true},
		{"netbsd obeys", dialect.NetBSD, nil, through("04"), passed, false},
		{"netbsd obeys though it does not forward", dialect.NetBSD, func(w *world) { w.v.Forwarding = false }, through("04"), passed, false},
		{"netbsd with allowsrcrt 0", dialect.NetBSD, func(w *world) { w.v.AcceptSourceRoute = false }, through("04"), refused(9, 36), false},
		{"netbsd with forwsrcrt 0", dialect.NetBSD, func(w *world) { w.v.SourceRoute = false }, through("04"), refused(5, 36), false},
		{"no way to the next", dialect.NetBSD, nil, with(through("04"), func(p *probe) { p.opts = bin("8307040909090900") }), refused(5, 36), false},
		{"a strict route must have a neighbour next", dialect.NetBSD, nil, with(through("04"), func(p *probe) { p.opts = bin("8907040909090900") }), refused(5, 36), false},
		{"a strict route that does not lead through us", dialect.NetBSD, nil, with(through("04"), func(p *probe) { p.dst = "10.0.1.2"; p.opts[0] = 0x89 }), refused(5, 36), false},
		{"linux says nothing", dialect.Linux, nil, through("04"), "", false},
		{"a pointer of 3", dialect.NetBSD, nil, through("03"), "em0 ICMP t12 c0 10.0.0.1>10.0.0.2 id* ttl* df0 tos0 data36 ckTrue len78 rest=16000000", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := router(t, c.d)
			if c.set != nil {
				c.set(w)
			}
			w.in(c.p)
			for i := range w.gone {
				if strings.Contains(w.gone[i], "ICMP") {
					w.gone[i] = strings.NewReplacer("ttl64", "ttl*", "ttl255", "ttl*").Replace(w.gone[i])
				}
			}
			if c.want == "" {
				w.want()
			} else {
				w.want(c.want)
			}
			if told := len(w.a.Console) > 0; told != c.log {
				t.Errorf("the console says %q", w.a.Console)
			}
		})
	}
	// A route that ended here leads the reply back.
	w := host(t, dialect.NetBSD)
	w.routes = []Route{{To: netip.MustParsePrefix("10.9.0.0/16"), Via: ip("10.0.0.9"), NIC: 0}}
	w.l.Input(0, 0, Unicast, with(echoOpts("830b0c0a0000090a00000800"), func(p *probe) { p.src = "10.9.0.2" }).bytes(), &w.a)
	if len(w.a.Out) != 1 || w.a.Out[0].Packet.Dst() != ip("10.0.0.8") || fmt.Sprintf("%x", w.a.Out[0].Packet.Options()) != "01830b040a0000090a090002" {
		t.Errorf("the reply goes to %v with the options %x", w.a.Out[0].Packet.Dst(), w.a.Out[0].Packet.Options())
	}
}

func TestRedirectsObeyed(t *testing.T) {
	viaGateway := func(w *world) {
		w.routes = []Route{{To: netip.MustParsePrefix("0.0.0.0/0"), Via: ip("10.0.0.99"), NIC: 0}}
	}
	tell := func(from, gateway string) probe {
		g := ip(gateway).As4()
		p := about(5, 1, uint32(g[0])<<24|uint32(g[1])<<16|uint32(g[2])<<8|uint32(g[3]), "10.9.9.9")
		p.src = from
		return p
	}
	for _, c := range []struct {
		name string
		set  func(*world)
		p    probe
		want string // the hop to 10.9.9.9 after it
	}{
		{"from its gateway", nil, tell("10.0.0.99", "10.0.0.3"), "10.0.0.3"},
		{"from somebody else", nil, tell("10.0.0.98", "10.0.0.3"), "10.0.0.99"},
		{"to a router that is not on the net", nil, tell("10.0.0.99", "10.7.0.3"), "10.0.0.99"},
		{"to ourselves", nil, tell("10.0.0.99", "10.0.0.1"), "10.0.0.99"},
		{"with drop_redirect", func(w *world) { w.v.DropRedirect = true }, tell("10.0.0.99", "10.0.0.3"), "10.0.0.99"},
	} {
		for _, d := range bsd {
			w := host(t, d)
			viaGateway(w)
			if c.set != nil {
				c.set(w)
			}
			w.in(c.p).want()
			if p, _ := w.l.Path(netip.Addr{}, ip("10.9.9.9"), AnyNIC); p.Hop != ip(c.want) || !p.Gateway {
				t.Errorf("%s, %s: then by %s, want %s", d, c.name, p.Hop, c.want)
			}
			if p, _ := w.l.Path(netip.Addr{}, ip("10.9.9.8"), AnyNIC); p.Hop != ip("10.0.0.99") {
				t.Errorf("%s, %s: another host is reached by %s", d, c.name, p.Hop)
			}
		}
	}
	for d, want := range map[dialect.Dialect]bool{dialect.FreeBSD: false, dialect.DragonFly: true, dialect.NetBSD: true, dialect.Linux: false} { // a router
		w := router(t, d)
		viaGateway(w)
		w.in(tell("10.0.0.99", "10.0.0.3")).in(tell("10.0.0.99", "10.0.0.3"))
		if p, _ := w.l.Path(netip.Addr{}, ip("10.9.9.9"), AnyNIC); (p.Hop == ip("10.0.0.3")) != want {
			t.Errorf("%s, a router: obeys %v, want %v", d, !want, want)
		}
	}
	// The next one must come from the new gateway; NetBSD's ends after ten minutes.
	for d, ends := range map[dialect.Dialect]bool{dialect.FreeBSD: false, dialect.NetBSD: true} {
		w := host(t, d)
		viaGateway(w)
		w.in(tell("10.0.0.99", "10.0.0.3")).in(tell("10.0.0.99", "10.0.0.4")).in(tell("10.0.0.3", "10.0.0.5"))
		if p, _ := w.l.Path(netip.Addr{}, ip("10.9.9.9"), AnyNIC); p.Hop != ip("10.0.0.5") {
			t.Errorf("%s: by %s, want 10.0.0.5", d, p.Hop)
		}
		if at, ok := w.l.Next(); ok != ends || ok && at != 600*time.Second {
			t.Errorf("%s: Next is %v, %v", d, at, ok)
		}
		w.l.Tick(600*time.Second, &w.a)
		if got := len(w.l.HostRoutes()) == 0; got != ends {
			t.Errorf("%s: after ten minutes the route is gone: %v, want %v", d, got, ends)
		}
	}
	w := host(t, dialect.FreeBSD)
	viaGateway(w)
	w.v.MaxHostRoutes = 3
	for i := range 9 {
		p := tell("10.0.0.99", "10.0.0.3")
		p.data = icmpMsg(5, 1, 0x0a000003, udp("10.0.0.1", fmt.Sprintf("10.9.9.%d", i), 1, 2, make([]byte, 8)).bytes())
		w.in(p)
	}
	if len(w.l.HostRoutes()) != 3 || w.l.st.ICMP.RoutesFull != 6 {
		t.Errorf("%d routes, %d refused", len(w.l.HostRoutes()), w.l.st.ICMP.RoutesFull)
	}
	if !w.l.Forget(ip("10.9.9.1")) || w.l.Forget(ip("10.9.9.1")) || len(w.l.HostRoutes()) != 2 {
		t.Error("a route is not forgotten once")
	}
	w.l.Forget(ip("10.9.9.0"))
	if w.l.Forget(ip("10.9.9.2")); w.l.Bytes() != 0 {
		t.Errorf("%d bytes are held", w.l.Bytes())
	}
}

func TestPathMTU(t *testing.T) {
	for _, c := range []struct {
		name     string
		d        dialect.Dialect
		said     uint32
		size     int // of the packet that was too long
		mtu, mss int
		df       bool
	}{
		{"freebsd", dialect.FreeBSD, 1000, 1500, 1500, 1000, true},
		{"netbsd cuts to it too", dialect.NetBSD, 1000, 1500, 1000, 1000, true},
		{"dragonfly", dialect.DragonFly, 1000, 1500, 1500, 1000, true},
		{"linux cuts to it too", dialect.Linux, 1000, 1500, 1000, 1000, true},
		{"an old router: the plateau below", dialect.FreeBSD, 0, 1500, 1500, 1492, true},
		{"an old router, 1492", dialect.FreeBSD, 0, 1492, 1500, 1280, true},
		{"an old router, netbsd's plateaus", dialect.NetBSD, 0, 1492, 1006, 1006, true},
		{"4.2BSD's routers added the header", dialect.NetBSD, 0, 1520, 1492, 1492, true},
		{"an old router, dragonfly", dialect.DragonFly, 0, 1500, 1500, 1492, true},
		{"too small to believe", dialect.FreeBSD, 68, 1500, 1500, 256, true},
		{"too small to believe, netbsd gives up", dialect.NetBSD, 68, 1500, 1500, 1500, false},
		{"too small to believe, dragonfly gives up", dialect.DragonFly, 295, 1500, 1500, 1500, false},
		{"too small to believe, linux", dialect.Linux, 68, 1500, 552, 552, false},
		{"larger than the interface's", dialect.FreeBSD, 9000, 1500, 1500, 1500, true},
		{"larger than the interface's, netbsd gives up", dialect.NetBSD, 9000, 1500, 1500, 1500, false},
	} {
		w := host(t, c.d)
		quote := udp("10.0.0.1", "10.0.0.2", 1, 2, make([]byte, 8)).bytes()
		quote[2], quote[3], quote[9] = byte(c.size>>8), byte(c.size), packet.ProtoTCP
		w.in(probe{ttl: 64, proto: 1, data: icmpMsg(3, 4, c.said, quote)})
		w.l.TooBig(w.now, &w.a.Errors[0])
		p, _ := w.l.Path(netip.Addr{}, ip("10.0.0.2"), AnyNIC)
		if p.MTU != c.mtu || p.MSS != c.mss || p.DF != c.df {
			t.Errorf("%s: MTU %d, for TCP %d, DF %v, want %d, %d, %v", c.name, p.MTU, p.MSS, p.DF, c.mtu, c.mss, c.df)
		}
		if c.d != dialect.DragonFly && w.l.routes.list != nil {
			w.l.Tick(time.Hour, &w.a)
			if p, _ := w.l.Path(netip.Addr{}, ip("10.0.0.2"), AnyNIC); p.MSS != 1500 {
				t.Errorf("%s: after an hour it is %d still", c.name, p.MSS)
			}
		}
	}
}

// Nobody makes a node send errors about errors, to many, or to no host.
func TestSilence(t *testing.T) {
	low := with(udp("10.0.0.2", "10.0.1.2", 1, 2, make([]byte, 8)), func(p *probe) { p.ttl = 1 })
	for _, c := range []struct {
		name string
		link Link
		p    probe
	}{
		{"about an ICMP error", Unicast, probe{dst: "10.0.1.2", ttl: 1, proto: 1, data: icmpMsg(11, 0, 0, make([]byte, 28))}},
		{"about an unknown ICMP", Unicast, probe{dst: "10.0.1.2", ttl: 1, proto: 1, data: icmpMsg(42, 0, 0, make([]byte, 28))}},
		{"about a later fragment", Unicast, with(low, func(p *probe) { p.word = 1 })},
		{"about what came by broadcast", Broadcast, low},
		{"about what came by multicast", Multicast, low},
		{"about a packet with the reserved flag", Unicast, with(low, func(p *probe) { p.word = flagRF })},
		{"to a group", Unicast, with(low, func(p *probe) { p.src = "224.0.0.9" })},
		{"to 0.0.0.0", Unicast, with(low, func(p *probe) { p.src = "0.0.0.0" })},
		{"to 255.255.255.255", Unicast, with(low, func(p *probe) { p.src = "255.255.255.255" })},
		{"to our broadcast address", Unicast, with(low, func(p *probe) { p.src = "10.0.0.255" })},
	} {
		for _, d := range bsd {
			w := router(t, d)
			w.raw(0, c.link, c.p.bytes()).want()
			if t.Failed() {
				t.Fatalf("%s, %s", d, c.name)
			}
		}
	}
	// A first fragment is answered; on FreeBSD the answer says that more is to come.
	w := router(t, dialect.FreeBSD)
	w.l.Input(0, 0, Unicast, with(low, func(p *probe) { p.word = flagMF }).bytes(), &w.a)
	if got := fragWord(w.a.Out[0].Packet); got != flagMF {
		t.Errorf("the flags of an error about a first fragment are %04x, want %04x", got, flagMF)
	}
}

func TestLinux(t *testing.T) {
	low := func(n int) probe {
		return with(udp("10.0.0.2", "10.0.1.2", 1, 2, make([]byte, n)), func(p *probe) { p.ttl, p.tos = 1, 0x28 })
	}
	opts := func(s string) probe {
		return with(udp("10.0.0.2", "10.0.1.2", 1, 2, make([]byte, 4)), func(p *probe) { p.opts = bin(s) })
	}
	to := func(dst string) probe { return udp("10.0.0.2", dst, 1, 2, make([]byte, 4)) }
	for _, c := range []struct {
		name string
		link Link
		p    probe
		want []string
	}{
		{"ttl 1, tos 40", Unicast, low(200), []string{"em0 ICMP t11 c0 10.0.0.1>10.0.0.2 id* ttl64 df0 tos200 data228 ckTrue len270 rest=00000000"}},
		{"ttl 1, 1400 bytes", Unicast, low(1400), []string{"em0 ICMP t11 c0 10.0.0.1>10.0.0.2 id* ttl64 df0 tos200 data548 ckTrue len590 rest=00000000"}},
		{"no route", Unicast, to("172.16.9.9"), []string{"em0 ICMP t3 c0 10.0.0.1>10.0.0.2 id* ttl64 df0 tos192 data32 ckTrue len74 rest=00000000"}},
		{"a host on the same net: told first", Unicast, to("10.0.0.3"), []string{
			"em0 ICMP t5 c1 10.0.0.1>10.0.0.2 id* ttl64 df0 tos192 data32 ckTrue len74 rest=0a000003",
			"em0 UDP 10.0.0.2:1>10.0.0.3:2 id1 ttl63 df0 mf0 off0 data4 len46",
		}},
		{"directed broadcast", Unicast, to("10.0.1.255"), nil},
		{"from 0.0.0.0", Unicast, with(to("10.0.1.2"), func(p *probe) { p.src = "0.0.0.0" }), nil},
		{"to 0.0.0.0", Unicast, to("0.0.0.0"), nil},
		{"from 224.0.0.5", Unicast, with(to("10.0.1.2"), func(p *probe) { p.src = "224.0.0.5" }), nil},
		{"from 10.0.0.255", Unicast, with(to("10.0.1.2"), func(p *probe) { p.src = "10.0.0.255" }), []string{"em1 UDP 10.0.0.255:1>10.0.1.2:2 id1 ttl63 df0 mf0 off0 data4 len46"}},
		{"by the broadcast MAC", Broadcast, to("10.0.1.2"), nil},
		{"record route", Unicast, opts("070b04000000000000000000"), []string{"em1 UDP 10.0.0.2:1>10.0.1.2:2 id1 ttl63 df0 mf0 off0 data4 len58"}},
		{"wrong option length: it points at the option", Unicast, opts("07300400"), []string{"em0 ICMP t12 c0 10.0.0.1>10.0.0.2 id* ttl64 df0 tos192 data36 ckTrue len78 rest=14000000"}},
		{"echo by the broadcast MAC", Broadcast, echo(4), []string{"em0 ICMP t0 c0 10.0.0.1>10.0.0.2 id* ttl64 df0 tos0 data4 ckTrue len46"}},
		{"echo from our broadcast address", Unicast, echoFrom("10.0.0.255"), []string{"em0 ICMP t0 c0 10.0.0.1>10.0.0.255 id* ttl64 df0 tos0 data4 ckTrue len46 broadcast"}},
		{"echo from our own address", Unicast, echoFrom("10.0.0.1"), nil},
		{"echo to 10.0.0.255 by our MAC", Unicast, echoTo("10.0.0.255"), nil},
		{"echo to 224.0.0.1", Multicast, echoTo("224.0.0.1"), nil},
		{"timestamp request to 10.0.0.255", Broadcast, probe{dst: "10.0.0.255", ttl: 64, proto: 1, data: icmpMsg(13, 0, 0, make([]byte, 12))}, nil},
		{"protocol 200, quoted as it came", Unicast, probe{ttl: 64, proto: 200, data: []byte("abcdefgh")}, []string{"em0 ICMP t3 c2 10.0.0.1>10.0.0.2 id* ttl64 df0 tos192 data28 ckTrue len70 rest=00000000"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := router(t, dialect.Linux)
			w.raw(0, c.link, c.p.bytes()).want(c.want...)
		})
	}
	for _, c := range []struct{ opts, want string }{ // it writes itself in twice
		{"070b04000000000000000000", "070b0c0a0000010a00000100"},
		{"440c05000000000000000000", "440c0d000000271000002710"},
		{"99040000", ""},
	} {
		w := host(t, dialect.Linux)
		w.l.Input(10*time.Second, 0, Unicast, echoOpts(c.opts).bytes(), &w.a)
		if got := fmt.Sprintf("%x", w.a.Out[0].Packet.Options()); got != c.want {
			t.Errorf("options %s: the reply has %s, want %s", c.opts, got, c.want)
		}
	}
	w := host(t, dialect.Linux) // 600 datagrams to a closed port: 6 errors, then one a second
	var sent []int
	for range 6 {
		n := 0
		for range 600 {
			w.l.Input(w.now, 0, Unicast, to("10.0.0.1").bytes(), &w.a)
			w.l.PortUnreachable(w.now, &w.a.Up[0], &w.a)
			n += len(w.a.Out)
			w.a.Reset()
		}
		sent = append(sent, n)
		w.now += time.Second
	}
	if !slices.Equal(sent, []int{6, 1, 1, 1, 1, 1}) {
		t.Errorf("errors a second: %v, want 6 and then 1", sent)
	}
	w = router(t, dialect.Linux) // redirects get rarer: 20 packets, 0.1 s apart
	w.routes = []Route{{To: netip.MustParsePrefix("10.5.0.0/16"), Via: ip("10.0.0.3"), NIC: 0}}
	var at []string
	for i := range 60 {
		w.l.Input(w.now, 0, Unicast, to("10.5.1.1").bytes(), &w.a)
		if len(w.a.Out) == 2 {
			at = append(at, fmt.Sprint(i))
		}
		w.a.Reset()
		w.now += 100 * time.Millisecond
	}
	if got := strings.Join(at, " "); got != "0 1 2 4 8 15 28 54" {
		t.Errorf("redirects at %s", got)
	}
	w = router(t, dialect.Linux) // what ARP held
	p := to("10.0.1.77").bytes()
	p[8] = 63
	putSum(p)
	w.l.HeldFailed(0, p, &w.a)
	if m := packet.ICMP(w.a.Out[0].Packet.Payload()); m.Type() != 3 || m.Code() != 1 || m.Payload()[8] != 63 {
		t.Errorf("a packet that ARP held leads to %x", m)
	}
	w.a.Reset()
	w.l.HeldFailed(0, udp("10.0.0.1", "10.0.0.77", 1, 2, make([]byte, 4)).bytes(), &w.a)
	if len(w.a.Errors) != 1 || w.a.Errors[0].Errno != errno.OK || len(w.a.Out) != 0 {
		t.Errorf("a packet of ours that ARP held leads to %+v", w.a.Errors)
	}
}
