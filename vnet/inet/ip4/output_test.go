package ip4

import (
	"net/netip"
	"testing"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/packet"
)

// send sends a UDP datagram from port 7000 to port 999 as a host does.
func (w *world) send(h Header, n int) errno.Errno {
	w.t.Helper()
	if h.Proto == 0 {
		h.Proto = 17
	}
	p, e := w.l.Path(h.Src, h.Dst, h.NIC)
	if e != errno.OK {
		return e
	}
	b, err := packet.AppendUDP(nil, p.Src, p.Dst, 7000, 999, make([]byte, n))
	if err != nil {
		w.t.Fatal(err)
	}
	e = w.l.Output(w.now, &h, b, &w.a)
	w.settle()
	return e
}

func to(dst string) Header { return Header{Dst: ip(dst), NIC: AnyNIC} }

func TestSending(t *testing.T) {
	for _, c := range []struct {
		name string
		h    Header
		n    int
		want map[dialect.Dialect][]string
	}{
		{"a small datagram", to("10.0.0.2"), 4, map[dialect.Dialect][]string{
			dialect.FreeBSD: {"UDP 10.0.0.1:7000>10.0.0.2:999 id1 ttl64 df0 mf0 off0 data4 len46"},
			dialect.NetBSD:  {"UDP 10.0.0.1:7000>10.0.0.2:999 id0 ttl64 df0 mf0 off0 data4 len46"},
			dialect.Linux:   {"UDP 10.0.0.1:7000>10.0.0.2:999 id0 ttl64 df1 mf0 off0 data4 len46"},
		}},
		{"4000 bytes in three fragments", to("10.0.0.2"), 4000, map[dialect.Dialect][]string{
			dialect.FreeBSD: {
				"UDP 10.0.0.1:7000>10.0.0.2:999 id1 ttl64 df0 mf1 off0 data1472 len1514",
				"IP proto17 10.0.0.1>10.0.0.2 id1 ttl64 df0 mf1 off1480 pl1480", "IP proto17 10.0.0.1>10.0.0.2 id1 ttl64 df0 mf0 off2960 pl1048",
			},
			dialect.NetBSD: {
				"UDP 10.0.0.1:7000>10.0.0.2:999 id1 ttl64 df0 mf1 off0 data1472 len1514",
				"IP proto17 10.0.0.1>10.0.0.2 id1 ttl64 df0 mf1 off1480 pl1480", "IP proto17 10.0.0.1>10.0.0.2 id1 ttl64 df0 mf0 off2960 pl1048",
			},
			dialect.Linux: {
				"UDP 10.0.0.1:7000>10.0.0.2:999 id* ttl64 df0 mf1 off0 data1472 len1514",
				"IP proto17 10.0.0.1>10.0.0.2 id* ttl64 df0 mf1 off1480 pl1480", "IP proto17 10.0.0.1>10.0.0.2 id* ttl64 df0 mf0 off2960 pl1048",
			},
		}},
		{"TTL, TOS and options", Header{Dst: ip("10.0.0.2"), NIC: AnyNIC, TTL: 3, TOS: 8, Options: bin("94040000")}, 4, map[dialect.Dialect][]string{
			dialect.FreeBSD: {"UDP 10.0.0.1:7000>10.0.0.2:999 id1 ttl3 df0 mf0 off0 data4 len50"},
			dialect.NetBSD:  {"UDP 10.0.0.1:7000>10.0.0.2:999 id0 ttl3 df0 mf0 off0 data4 len50"},
			dialect.Linux:   {"UDP 10.0.0.1:7000>10.0.0.2:999 id0 ttl3 df1 mf0 off0 data4 len50"},
		}},
		{"to 255.255.255.255", Header{Dst: ip("255.255.255.255"), NIC: AnyNIC, AllowBroadcast: true}, 4, map[dialect.Dialect][]string{
			dialect.FreeBSD: {"UDP 10.0.0.1:7000>10.0.0.255:999 id1 ttl64 df0 mf0 off0 data4 len46 broadcast"},
			dialect.NetBSD:  {"UDP 10.0.0.1:7000>10.0.0.255:999 id0 ttl64 df0 mf0 off0 data4 len46 broadcast"},
		}},
		{"to 255.255.255.255 from a socket that is bound to the interface", Header{Dst: ip("255.255.255.255"), NIC: 0, AllowBroadcast: true}, 4, map[dialect.Dialect][]string{
			dialect.FreeBSD: {"UDP 10.0.0.1:7000>255.255.255.255:999 id1 ttl64 df0 mf0 off0 data4 len46 broadcast"},
			dialect.NetBSD:  {"UDP 10.0.0.1:7000>255.255.255.255:999 id0 ttl64 df0 mf0 off0 data4 len46 broadcast"},
			dialect.Linux:   {"UDP 10.0.0.1:7000>255.255.255.255:999 id0 ttl64 df1 mf0 off0 data4 len46 broadcast"},
		}},
		{"to a group by an interface", Header{Dst: ip("224.0.0.5"), NIC: 0, TTL: 1}, 4, map[dialect.Dialect][]string{
			dialect.FreeBSD: {"UDP 10.0.0.1:7000>224.0.0.5:999 id1 ttl1 df0 mf0 off0 data4 len46 multicast"},
			dialect.NetBSD:  {"UDP 10.0.0.1:7000>224.0.0.5:999 id0 ttl1 df0 mf0 off0 data4 len46 multicast"},
			dialect.Linux:   {"UDP 10.0.0.1:7000>224.0.0.5:999 id0 ttl1 df1 mf0 off0 data4 len46 multicast"},
		}},
	} {
		for _, d := range []dialect.Dialect{dialect.FreeBSD, dialect.NetBSD, dialect.Linux} {
			w := host(t, d)
			_ = w.send(c.h, c.n) // the errnos are below
			w.t = t
			t.Run(d.String()+" "+c.name, func(t *testing.T) {
				w.t = t
				w.want(c.want[d]...)
			})
		}
	}
}

// FreeBSD and DragonFly cut at whole pages where the MTU lets them.
func TestFragmentsOfALargeMTU(t *testing.T) {
	for d, want := range map[dialect.Dialect][]string{
		dialect.FreeBSD: {"UDP 10.0.0.1:7000>10.0.0.2:999 id1 ttl64 df0 mf1 off0 data8192 len8234", "IP proto17 10.0.0.1>10.0.0.2 id1 ttl64 df0 mf0 off8200 pl1024"},
		dialect.NetBSD:  {"UDP 10.0.0.1:7000>10.0.0.2:999 id1 ttl64 df0 mf1 off0 data8968 len9010", "IP proto17 10.0.0.1>10.0.0.2 id1 ttl64 df0 mf0 off8976 pl248"},
	} {
		w := host(t, d)
		w.nics[0].MTU = 9000
		if e := w.send(to("10.0.0.2"), 9216); e != errno.OK {
			t.Errorf("%s: %s", d, e)
		}
		w.want(want...)
	}
	w := host(t, dialect.DragonFly) // of which the first fragment has halves too
	w.nics[0].MTU = 6200
	if e := w.send(to("10.0.0.2"), 9216); e != errno.OK {
		t.Error(e)
	}
	w.want("UDP 10.0.0.1:7000>10.0.0.2:999 id* ttl64 df0 mf1 off0 data6144 len6186", "IP proto17 10.0.0.1>10.0.0.2 id* ttl64 df0 mf0 off6152 pl3072")
	w = host(t, dialect.NetBSD)
	w.nics[0].MTU = 27 // no room for 8 bytes
	if e := w.send(to("10.0.0.2"), 100); e != errno.EMSGSIZE {
		t.Errorf("an MTU of 27: %s, want EMSGSIZE", e)
	}
}

func TestErrnosOfSending(t *testing.T) {
	all := Header{Dst: ip("10.0.0.255"), NIC: AnyNIC, AllowBroadcast: true}
	for _, c := range []struct {
		name                   string
		h                      Header
		n                      int
		freebsd, netbsd, linux errno.Errno
	}{
		{"without a route", to("172.16.0.1"), 4, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETUNREACH},
		{"without a route, from an address", Header{Src: ip("10.0.0.1"), Dst: ip("172.16.0.1"), NIC: AnyNIC}, 4, errno.EHOSTUNREACH, errno.EHOSTUNREACH, errno.ENETUNREACH},
		{"to a group without a route", to("224.0.0.5"), 4, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETUNREACH},
		{"to a broadcast without SO_BROADCAST", to("10.0.0.255"), 4, errno.EACCES, errno.EACCES, errno.EACCES},
		{"to 255.255.255.255 without SO_BROADCAST", to("255.255.255.255"), 4, errno.EACCES, errno.EACCES, errno.ENETUNREACH},
		{"a broadcast", all, 4, 0, 0, 0},
		{"a broadcast of 1473 bytes", all, 1473, errno.EMSGSIZE, errno.EMSGSIZE, 0},
		{"65507 bytes", to("10.0.0.2"), 65507, 0, 0, 0},
		{"not to be cut", Header{Dst: ip("10.0.0.2"), NIC: AnyNIC, DF: true}, 1473, errno.EMSGSIZE, errno.EMSGSIZE, errno.EMSGSIZE},
		{"to 0.0.0.0, ourselves", to("0.0.0.0"), 4, 0, 0, 0},
		{"to ourselves", to("10.0.0.1"), 4, 0, 0, 0},
		{"to 127.0.0.1", to("127.0.0.1"), 4, 0, 0, 0},
		{"from 127.0.0.1 by a wire", Header{Src: ip("127.0.0.1"), Dst: ip("10.0.0.2"), NIC: AnyNIC}, 4, errno.EADDRNOTAVAIL, errno.EADDRNOTAVAIL, errno.EADDRNOTAVAIL},
		{"options of 3 bytes", Header{Dst: ip("10.0.0.2"), NIC: AnyNIC, Options: make([]byte, 3)}, 4, errno.EINVAL, errno.EINVAL, errno.EINVAL},
		{"by an interface that does not lead there", Header{Dst: ip("172.16.0.1"), NIC: 0}, 4, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETUNREACH},
		{"by an interface that is not there", Header{Dst: ip("10.0.0.2"), NIC: 7}, 4, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETUNREACH},
		{"to IPv6", Header{Dst: ip("fd00::2"), NIC: AnyNIC}, 4, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETUNREACH},
		{"to nothing", Header{NIC: AnyNIC}, 4, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETUNREACH},
	} {
		for d, want := range map[dialect.Dialect]errno.Errno{dialect.FreeBSD: c.freebsd, dialect.DragonFly: c.freebsd, dialect.NetBSD: c.netbsd, dialect.Linux: c.linux} {
			if got := host(t, d).send(c.h, c.n); got != want {
				t.Errorf("%s, %s: %s, want %s", d, c.name, got, want)
			}
		}
	}
	w := host(t, dialect.FreeBSD)
	if e := w.l.Output(0, &Header{Dst: ip("10.0.0.2"), NIC: AnyNIC, Proto: 17}, make([]byte, 65516), &w.a); e != errno.EMSGSIZE {
		t.Errorf("more than 65535 bytes: %s, want EMSGSIZE", e)
	}
}

// What is sent to the host itself comes in by lo0, and up.
func TestSendingToOurselves(t *testing.T) {
	for _, c := range []struct{ dst, src string }{{"10.0.0.1", "10.0.0.1"}, {"127.0.0.1", "127.0.0.1"}, {"0.0.0.0", ""}} { // nbsd.loop
		for _, d := range dialect.All {
			w := host(t, d)
			if e := w.send(to(c.dst), 4); e != errno.OK {
				t.Errorf("%s: to %s: %s", d, c.dst, e)
			}
			w.want()
			if len(w.a.Up) != 1 || w.a.Up[0].NIC != Loopback || c.src != "" && w.a.Up[0].Packet.Src() != ip(c.src) {
				t.Errorf("%s: what went to %s came up as %v", d, c.dst, w.a.Up)
			}
		}
	}
	w := host(t, dialect.FreeBSD) // a group's members here get what is sent to it, even with TTL 0
	if e := w.send(Header{Dst: ip("224.0.0.5"), NIC: 0}, 4); e != errno.OK || len(w.ups()) != 1 {
		t.Errorf("a datagram to a group did not come back: %s", e)
	}
	if e := w.send(Header{Dst: ip("224.0.0.5"), NIC: 0, NoCopy: true}, 4); e != errno.OK || len(w.ups()) != 0 {
		t.Errorf("a datagram to a group came back although IP_MULTICAST_LOOP is 0: %s", e)
	}
	for _, d := range dialect.All { // a broadcast is heard by its sender too
		w = host(t, d)
		if e := w.send(Header{Dst: ip("10.0.0.255"), NIC: AnyNIC, AllowBroadcast: true}, 4); e != errno.OK {
			t.Errorf("%s: %s", d, e)
		}
		if len(w.a.Up) != 1 || w.a.Up[0].NIC != 0 || w.a.Up[0].Link != Broadcast || w.a.Up[0].Dst != ToBroadcast {
			t.Errorf("%s: a broadcast came back as %v", d, w.a.Up)
		}
	}
	w = host(t, dialect.FreeBSD) // the old form of the address; ip_input does not know it
	if e := w.send(Header{Dst: ip("10.0.0.0"), NIC: AnyNIC, AllowBroadcast: true}, 4); e != errno.OK || len(w.ups()) != 0 {
		t.Errorf("to 10.0.0.0: %s", e)
	}
	w.want("UDP 10.0.0.1:7000>10.0.0.0:999 id1 ttl64 df0 mf0 off0 data4 len46 broadcast")
	w = host(t, dialect.NetBSD)
	if w.send(Header{Dst: ip("224.0.0.5"), NIC: 0}, 4); len(w.ups()) != 0 {
		t.Error("netbsd gives a datagram to a host that is no member")
	}
}

// A DHCP client has no address yet.
func TestSendingWithoutAnAddress(t *testing.T) {
	for _, nic := range []int{0, AnyNIC} {
		for _, d := range dialect.All {
			w := host(t, d)
			w.nics[0].Addrs = nil
			if e := w.send(Header{Dst: ip("255.255.255.255"), NIC: nic, AllowBroadcast: true}, 4); e != errno.OK {
				t.Errorf("%s: %s", d, e)
			}
			w.want(map[bool]string{true: "UDP 0.0.0.0:7000>255.255.255.255:999 id* ttl64 df1 mf0 off0 data4 len46 broadcast", false: "UDP 0.0.0.0:7000>255.255.255.255:999 id* ttl64 df0 mf0 off0 data4 len46 broadcast"}[d == dialect.Linux])
		}
	}
	w := host(t, dialect.FreeBSD) // and takes what is sent to the one it may get
	w.nics[0].Addrs = nil
	w.in(udp("10.0.0.254", "10.0.0.77", 67, 68, make([]byte, 8)))
	if len(w.ups()) != 1 {
		t.Error("freebsd without an address does not take a unicast datagram")
	}
}

func TestPaths(t *testing.T) {
	w := host(t, dialect.FreeBSD)
	w.nics[0].Addrs = append(w.nics[0].Addrs, netip.MustParsePrefix("10.0.2.1/24"))
	w.routes = []Route{{To: netip.MustParsePrefix("0.0.0.0/0"), Via: ip("10.0.2.9"), NIC: 0, MTU: 1400}}
	for _, c := range []struct {
		dst      string
		src, hop string
		mtu      int
		gateway  bool
	}{
		{"10.0.0.2", "10.0.0.1", "10.0.0.2", 1500, false},
		{"10.0.2.2", "10.0.2.1", "10.0.2.2", 1500, false},
		{"8.8.8.8", "10.0.2.1", "10.0.2.9", 1400, true},
		{"10.0.2.1", "10.0.2.1", "10.0.2.1", 16384, false},
	} {
		p, e := w.l.Path(netip.Addr{}, ip(c.dst), AnyNIC)
		if e != errno.OK || p.Src != ip(c.src) || p.Hop != ip(c.hop) || p.MTU != c.mtu || p.Gateway != c.gateway {
			t.Errorf("to %s: %+v, %s", c.dst, p, e)
		}
	}
}

// Linux numbers the packets of a connection itself, and by destination what may be cut.
func TestNumbers(t *testing.T) {
	w := host(t, dialect.Linux)
	h := Header{Dst: ip("10.0.0.2"), NIC: AnyNIC, Proto: 6, DF: true, HasID: true, ID: 777}
	if e := w.l.Output(0, &h, make([]byte, 20), &w.a); e != errno.OK || w.a.Out[0].Packet.ID() != 777 {
		t.Errorf("%s, id %d, want 777", e, w.a.Out[0].Packet.ID())
	}
	w.a.Reset()
	var ids []uint16
	for range 3 {
		w.l.Input(0, 0, Unicast, echo(4).bytes(), &w.a)
		ids = append(ids, w.a.Out[0].Packet.ID())
		w.a.Reset()
	}
	if ids[1] != ids[0]+1 || ids[2] != ids[1]+1 {
		t.Errorf("linux numbers its replies to one host %v", ids)
	}
	w.now = time.Minute
	w.l.Input(w.now, 0, Unicast, echo(4).bytes(), &w.a)
	if id := w.a.Out[0].Packet.ID(); id-ids[2] > 15001 || id == ids[2]+1 {
		t.Errorf("after a minute linux's counter went from %d to %d, want a jump of up to 15000", ids[2], id)
	}
	w = host(t, dialect.DragonFly)
	ids = nil
	for range 3 {
		w.l.Input(0, 0, Unicast, echo(4).bytes(), &w.a)
		ids = append(ids, w.a.Out[0].Packet.ID())
		w.a.Reset()
	}
	if ids[1] == ids[0]+1 && ids[2] == ids[1]+1 {
		t.Errorf("dragonfly counts, its net.inet.ip.random_id is 1: %v", ids)
	}
	w = host(t, dialect.NetBSD)
	w.l.id = 0xfffe
	for range 2 {
		w.l.Input(0, 0, Unicast, echo(56).bytes(), &w.a)
	}
	if got := w.a.Out[1].Packet.ID(); got != 1 {
		t.Errorf("behind 65535 netbsd's counter is %d, want 1", got)
	}
}

// In the steady state no packet costs an allocation.
func TestNoAllocations(t *testing.T) {
	for _, d := range dialect.All {
		w := router(t, d)
		payload := make([]byte, 4000)
		ask, pass := echo(56).bytes(), udp("10.0.0.2", "10.0.1.2", 1, 2, make([]byte, 100)).bytes()
		for _, c := range []struct {
			name string
			f    func()
		}{
			{"an echo", func() { w.l.Input(w.now, 0, Unicast, ask, &w.a) }},
			{"a forwarded packet", func() { w.l.Input(w.now, 0, Unicast, pass, &w.a) }},
			{"a datagram in fragments", func() {
				h := to("10.0.0.2")
				h.Proto = 17
				_ = w.l.Output(w.now, &h, payload, &w.a)
			}},
		} {
			c.f()
			w.a.Reset()
			if n := testing.AllocsPerRun(100, func() { w.now += time.Second; c.f(); w.a.Reset() }); n > 0 {
				t.Errorf("%s: %s costs %v allocations", d, c.name, n)
			}
		}
	}
}
