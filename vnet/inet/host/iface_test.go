package host

import (
	"crypto/sha256"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/packet"
	"wireloom/vnet/packet/packettest"
)

// A gate is a host whose frames are kept, with the interface and next hop of each.
type gate struct {
	host
	out    []string
	packet [][]byte
	down   errno.Errno
}

func (g *gate) Transmit(nic int, data []byte, hop netip.Addr) errno.Errno {
	text := fmt.Sprintf("%d %d bytes", nic, len(data))
	if hop.IsValid() {
		text += " to " + hop.String()
	}
	g.out = append(g.out, text)
	g.packet = append(g.packet, append([]byte(nil), data...))
	return g.down
}

func newGate(t *testing.T, nics ...inet.StackNIC) *gate {
	t.Helper()
	g := &gate{host: *newHost(&world{t: t, hash: sha256.New()}, 0, dialect.FreeBSD)}
	s, err := New(g, nics)
	if err != nil {
		t.Fatal(err)
	}
	g.Stack = s
	for i := range nics {
		g.SetUp(i, true)
	}
	g.took()
	t.Cleanup(s.Close)
	return g
}

func (g *gate) took() string {
	s := strings.Join(g.out, ", ")
	g.out, g.packet = nil, nil
	return s
}

// udp4 is an IPv4 packet with a UDP datagram.
func udp4(src, dst string, ttl uint8) []byte {
	s, d := netip.MustParseAddr(src), netip.MustParseAddr(dst)
	p, _ := packet.AppendIPv4(nil, packet.IPv4Header{TTL: ttl, Protocol: packet.ProtoUDP, Src: s, Dst: d}, packet.UDPLen+1)
	p, _ = packet.AppendUDP(p, s, d, 9, 7, []byte("x"))
	return p
}

func tunNIC(addr string) inet.StackNIC {
	return inet.StackNIC{Name: "tun0", IP: true, MTU: 1500, Addresses: []netip.Prefix{netip.MustParsePrefix(addr)}}
}

// TestAdmit looks at what becomes of packets that come in on a host and on a router.
func TestAdmit(t *testing.T) {
	cases := []struct {
		name     string
		src, dst string
		ttl      uint8
		host     string // what a host sends on, "" for nothing
		router   string
	}{
		{"for another net", "10.8.0.2", "10.9.0.1", 9, "", "1 29 bytes to 10.9.0.1"},
		{"with its last hop", "10.8.0.2", "10.9.0.1", 1, "", "0 56 bytes to 10.8.0.2"},
		{"where no route leads", "10.8.0.2", "10.7.0.1", 9, "", "0 56 bytes to 10.8.0.2"},
		{"for itself", "10.8.0.2", "10.8.0.1", 1, "0 56 bytes to 10.8.0.2", "0 56 bytes to 10.8.0.2"},            // port unreachable
		{"for its other address", "10.8.0.2", "10.9.0.9", 1, "0 56 bytes to 10.8.0.2", "0 56 bytes to 10.8.0.2"}, // a weak host
		{"for a group", "10.8.0.2", "224.0.0.9", 9, "", ""},
		{"for everybody", "10.8.0.2", "255.255.255.255", 9, "", ""},
		{"for the last address of the other net, which is no broadcast address of a tun", "10.8.0.2", "10.9.255.255", 9, "", "1 29 bytes to 10.9.255.255"},
		{"of loopback", "127.0.0.1", "10.9.0.1", 9, "", ""},
		{"of a group", "224.0.0.1", "10.9.0.1", 1, "", ""},
		{"of nobody", "0.0.0.0", "10.9.0.1", 1, "", ""},
		{"for a reserved address", "10.8.0.2", "240.0.0.1", 9, "", ""},
		{"for a link-local one", "10.8.0.2", "169.254.0.1", 9, "", ""},
	}
	for _, c := range cases {
		for _, router := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, router %v", c.name, router), func(t *testing.T) {
				g := newGate(t, tunNIC("10.8.0.1/32"), inet.StackNIC{Name: "tun1", IP: true, MTU: 1500, Addresses: []netip.Prefix{netip.MustParsePrefix("10.9.0.9/16")}})
				g.SetRoutes([]inet.StackRoute{{To: netip.MustParsePrefix("10.8.0.2/32"), NIC: 0}, {To: netip.MustParsePrefix("10.9.0.0/16"), NIC: 1}})
				g.SetForwarding(router, false)
				g.Deliver(0, udp4(c.src, c.dst, c.ttl))
				want := c.host
				if router {
					want = c.router
				}
				if got := g.took(); got != want {
					t.Errorf("it sent %q, want %q", got, want)
				}
			})
		}
	}
}

// TestTimeExceeded looks at the message, and at what causes none.
func TestTimeExceeded(t *testing.T) {
	g := newGate(t, tunNIC("10.8.0.1/32"))
	g.SetRoutes([]inet.StackRoute{{To: netip.MustParsePrefix("0.0.0.0/0"), NIC: 0}})
	g.SetForwarding(true, false)
	ask := udp4("10.8.0.2", "10.9.0.1", 1)
	g.Deliver(0, ask)
	if len(g.packet) != 1 {
		t.Fatalf("it sent %q", g.out)
	}
	ip, err := packet.ParseIPv4(g.packet[0])
	if err != nil {
		t.Fatal(err)
	}
	msg := ip.Payload()
	if ip.Src().String() != "10.8.0.1" || msg[0] != packet.ICMPTimeExceeded || msg[1] != 0 || packet.Checksum(msg) != 0 {
		t.Errorf("from %v: % x", ip.Src(), msg)
	}
	if got := string(msg[packet.ICMPLen:]); got != string(ask[:28]) {
		t.Errorf("it quotes % x, want % x: the packet as it came, and eight bytes of its data", got, ask[:28])
	}
	g.took()
	change := func(f func(p []byte)) []byte {
		p := udp4("10.8.0.2", "10.9.0.1", 1)
		f(p)
		p[10], p[11] = 0, 0
		sum := packet.Checksum(p[:20])
		p[10], p[11] = byte(sum>>8), byte(sum)
		return p
	}
	for name, p := range map[string][]byte{
		"a fragment that is not the first": change(func(p []byte) { p[7] = 5 }),
		"an ICMP error":                    change(func(p []byte) { p[9], p[20] = packet.ProtoICMP, packet.ICMPUnreachable }),
		"a length beyond the packet":       change(func(p []byte) { p[2] = 9 }),
		"a header beyond the packet":       change(func(p []byte) { p[0] = 0x4f }),
		"half a header":                    ask[:12],
	} {
		g.Deliver(0, p)
		if got := g.took(); got != "" {
			t.Errorf("%s: it sent %q", name, got)
		}
	}
	bad := udp4("10.8.0.2", "10.9.0.1", 1)
	bad[10] ^= 1
	g.Deliver(0, bad)
	if got := g.took(); got != "" {
		t.Errorf("a wrong checksum: it sent %q", got)
	}
}

// TestForwardIPv6 has a router between two networks of IPv6.
func TestForwardIPv6(t *testing.T) {
	g := newGate(t, tunNIC("fd00::1/64"), inet.StackNIC{Name: "tun1", IP: true, MTU: 1500, Addresses: []netip.Prefix{netip.MustParsePrefix("fd01::1/64")}})
	src, dst := netip.MustParseAddr("fd00::2"), netip.MustParseAddr("fd01::2")
	p := packettest.AppendIPv6(nil, packettest.IPv6Header{HopLimit: 9, NextHeader: packet.ProtoICMPv6, Src: src, Dst: dst}, packet.ICMPLen)
	p = packettest.AppendICMPv6Echo(p, src, dst, false, 1, 1, nil)
	g.Deliver(0, p)
	if got := g.took(); got != "" {
		t.Errorf("a host sent %q", got)
	}
	g.SetForwarding(false, true)
	g.Deliver(0, p)
	if got := g.took(); got != "1 48 bytes to fd01::2" {
		t.Errorf("a router sent %q", got)
	}
	p[7] = 1
	g.Deliver(0, p)
	if got := g.took(); got != "0 96 bytes to fd00::2" {
		t.Errorf("with the last hop it sent %q", got)
	}
	g.SetForwarding(false, false)
	g.Deliver(0, p)
	if got := g.took(); got != "" {
		t.Errorf("a host again sent %q", got)
	}
}

// TestRouteByATunWithoutIPv6: what is routed there goes out, also what the host sends,
// from the address of another interface as long as that has one.
func TestRouteByATunWithoutIPv6(t *testing.T) {
	g := newGate(t, tunNIC("fd00::1/64"), inet.StackNIC{Name: "tun1", IP: true, MTU: 1500, Addresses: []netip.Prefix{netip.MustParsePrefix("10.8.0.1/32")}})
	routes := []inet.StackRoute{{To: netip.MustParsePrefix("fd00::/64"), NIC: 0}, {To: netip.MustParsePrefix("fd64::/64"), NIC: 1}}
	g.SetRoutes(routes)
	g.SetForwarding(false, true)
	src, dst := netip.MustParseAddr("fd00::2"), netip.MustParseAddr("fd64::9")
	p := packettest.AppendIPv6(nil, packettest.IPv6Header{HopLimit: 9, NextHeader: packet.ProtoICMPv6, Src: src, Dst: dst}, packet.ICMPLen)
	p = packettest.AppendICMPv6Echo(p, src, dst, false, 1, 1, nil)
	g.Deliver(0, p)
	if got := g.took(); got != "1 48 bytes to fd64::9" {
		t.Errorf("a router sent %q", got)
	}
	send := func() (errno.Errno, netip.Addr) {
		_, e := g.socket(inet.SocketUDP6).Send([]byte("x"), ap("[fd64::9]:9"))
		from := netip.Addr{}
		if len(g.packet) > 0 {
			from = packet.IPv6(g.packet[0]).Src()
		}
		g.took()
		return e, from
	}
	if e, from := send(); e != errno.OK || from != netip.MustParseAddr("fd00::1") {
		t.Errorf("the host's own: %v, from %v", e, from)
	}
	if e := g.AddAddress(1, netip.MustParsePrefix("fd64::1/128"), false); e != errno.OK {
		t.Fatal(e)
	}
	g.SetRoutes(routes)
	if e, from := send(); e != errno.OK || from != netip.MustParseAddr("fd64::1") {
		t.Errorf("with an address of its own: %v, from %v", e, from)
	}
	g.RemoveAddress(1, netip.MustParseAddr("fd64::1"))
	g.SetRoutes(routes)
	if e, _ := send(); e != errno.OK {
		t.Errorf("without it again: %v", e)
	}
	g.RemoveAddress(0, netip.MustParseAddr("fd00::1"))
	g.SetRoutes(routes)
	if e, _ := send(); e != errno.EADDRNOTAVAIL {
		t.Errorf("nobody has an address to lend: %v", e)
	}
	g.Detach(1)
	g.Deliver(0, p)
	if got := g.took(); got == "1 48 bytes to fd64::9" {
		t.Error("it goes by an interface that was detached")
	}
}

// TestGateway: a packet by a tun goes to its route's gateway, as if_output is told.
func TestGateway(t *testing.T) {
	g := newGate(t, tunNIC("10.8.0.1/32"))
	g.SetRoutes([]inet.StackRoute{{To: netip.MustParsePrefix("10.8.0.2/32"), NIC: 0}, {To: netip.MustParsePrefix("10.9.0.0/16"), NIC: 0, Via: netip.MustParseAddr("10.8.0.2")}})
	k := g.socket(inet.SocketUDP)
	for _, to := range []string{"10.8.0.2:9", "10.9.1.1:9"} {
		if _, e := k.Send([]byte("x"), ap(to)); e != errno.OK {
			t.Errorf("send to %s: %v", to, e)
		}
	}
	if got := g.took(); got != "0 29 bytes to 10.8.0.2, 0 29 bytes to 10.8.0.2" {
		t.Errorf("it sent %s", got)
	}
	g.down = errno.EHOSTDOWN
	if _, e := k.Send([]byte("x"), ap("10.8.0.2:9")); e != errno.EHOSTDOWN {
		t.Errorf("send where nobody listens: %v, want what the interface says", e)
	}
	p := g.socket(inet.SocketICMP)
	if _, e := p.Send([]byte{8, 0, 0, 0, 0, 0, 0, 1}, ap("10.8.0.2:0")); e != errno.EHOSTDOWN {
		t.Errorf("ping: %v", e)
	}
}

func TestAddresses(t *testing.T) {
	g := newGate(t, inet.StackNIC{Name: "em0", MAC: macOfHost(0), MTU: 1500}, tunNIC("10.8.0.1/32"))
	add := func(nic int, a string) errno.Errno { return g.AddAddress(nic, netip.MustParsePrefix(a), false) }
	remove := func(nic int, a string) errno.Errno { return g.RemoveAddress(nic, netip.MustParseAddr(a)) }
	send := func() errno.Errno {
		_, e := g.socket(inet.SocketUDP).Send([]byte("x"), ap("10.0.0.9:9"))
		return e
	}
	routes := []inet.StackRoute{{To: netip.MustParsePrefix("10.0.0.0/24"), NIC: 0}, {To: netip.MustParsePrefix("10.0.0.0/8"), NIC: 1}, {To: netip.MustParsePrefix("0.0.0.0/0"), NIC: 9}}
	g.SetRoutes(routes)
	if e := send(); e != errno.OK || g.took() != "1 29 bytes to 10.0.0.9" {
		t.Errorf("%v: em0 has no address, so that its route does not count", e)
	}
	for _, c := range []struct {
		name string
		got  errno.Errno
		want errno.Errno
	}{
		{"add", add(0, "10.0.0.1/24"), errno.OK},
		{"again", add(1, "10.0.0.1/32"), errno.EEXIST},
		{"a group", add(0, "224.0.0.1/4"), errno.EINVAL},
		{"no such interface", add(7, "10.0.0.2/24"), errno.ENXIO},
		{"below zero", add(-1, "10.0.0.2/24"), errno.ENXIO},
		{"remove another's", remove(1, "10.0.0.1"), errno.EADDRNOTAVAIL},
		{"remove what is not", remove(0, "10.0.0.7"), errno.EADDRNOTAVAIL},
	} {
		if c.got != c.want {
			t.Errorf("%s: %v, want %v", c.name, c.got, c.want)
		}
	}
	g.SetRoutes(routes)
	g.took()                                                    // what it has said of its new address
	if e := send(); e != errno.OK || g.took() != "0 42 bytes" { // who has
		t.Errorf("%v: the longest prefix wins", e)
	}
	if e := remove(0, "10.0.0.1"); e != errno.OK {
		t.Error(e)
	}
	for i := range inet.MaxAddresses {
		if e := g.AddAddress(0, netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 1, 0, byte(i + 1)}), 24), false); e != errno.OK {
			if i != inet.MaxAddresses-1 || e != errno.ENOBUFS {
				t.Errorf("address %d: %v", i, e)
			}
		}
	}
}

// TestAttachDetach: an interface that goes takes its addresses, routes and neighbours,
// and its place is used again.
func TestAttachDetach(t *testing.T) {
	w := newWorld(t, 2)
	h := w.hosts[0]
	nic, err := h.Attach(inet.StackNIC{Name: "tap0", MAC: macOfHost(7), MTU: 1500, Addresses: []netip.Prefix{netip.MustParsePrefix("10.7.0.1/24")}})
	if err != nil || nic != 1 {
		t.Fatalf("attach: %d %v", nic, err)
	}
	h.SetRoutes([]inet.StackRoute{{To: netip.MustParsePrefix("10.7.0.0/24"), NIC: nic}})
	k := h.socket(inet.SocketUDP)
	if e := k.BindDevice(nic); e != errno.OK {
		t.Fatal(e)
	}
	if _, e := k.Send([]byte("x"), ap("10.7.0.2:9")); e != errno.OK {
		t.Errorf("send: %v", e)
	}
	if _, ok := h.neighbour("10.7.0.2"); !ok {
		t.Errorf("neighbours: %v", h.Neighbours())
	}
	h.Detach(nic)
	h.Detach(nic) // twice does nothing
	h.Deliver(nic, udp4("10.7.0.2", "10.7.0.1", 9))
	for _, n := range h.Neighbours() {
		if n.NIC == "tap0" {
			t.Errorf("a neighbour is left: %v", n)
		}
	}
	if _, e := k.Send([]byte("x"), ap("10.7.0.2:9")); e == errno.OK {
		t.Error("a socket sends by an interface that is gone")
	}
	w.run(10 * time.Second)
	for i := range 100 {
		again, err := h.Attach(inet.StackNIC{Name: fmt.Sprintf("tap%d", i), MAC: macOfHost(i), MTU: 1400})
		if err != nil || again != nic {
			t.Fatalf("attach %d: %d %v, want %d", i, again, err, nic)
		}
		h.Detach(again)
	}
	count := 0
	for range 3 * inet.MaxInterfaces {
		if _, err = h.Attach(inet.StackNIC{Name: "x0", MTU: 1500}); err != nil {
			break
		}
		count++
	}
	if err == nil || count > inet.MaxInterfaces {
		t.Errorf("%d interfaces at once, and no end: %v", count, err)
	}
}

func TestOptions(t *testing.T) {
	w := newWorld(t, 1)
	h := w.hosts[0]
	udp, tcp, icmp, udp6 := h.socket(inet.SocketUDP), h.socket(inet.SocketTCP), h.socket(inet.SocketICMP), h.socket(inet.SocketUDP6)
	for _, c := range []struct {
		name   string
		k      inet.Socket
		o      inet.SockOpt
		v, got int
		e      errno.Errno
	}{
		{"reuse", tcp, inet.SO_REUSEADDR, 7, 1, errno.OK},
		{"reuse off", tcp, inet.SO_REUSEADDR, 0, 0, errno.OK},
		{"keepalive", tcp, inet.SO_KEEPALIVE, 1, 1, errno.OK},
		{"linger", tcp, inet.SO_LINGER, 5, 5, errno.OK},
		{"no linger", tcp, inet.SO_LINGER, -1, -1, errno.OK},
		{"no delay", tcp, inet.TCP_NODELAY, 1, 1, errno.OK},
		{"delay", tcp, inet.TCP_NODELAY, 0, 0, errno.OK},
		{"a small buffer", udp, inet.SO_SNDBUF, 1, 1, errno.OK},
		{"the largest", tcp, inet.SO_RCVBUF, 1 << 30, 0, errno.ENOBUFS},
		{"no buffer", udp, inet.SO_RCVBUF, 0, 0, errno.EINVAL},
		{"hops", udp, inet.IP_TTL, 1, 1, errno.OK},
		{"hops of IPv6", udp6, inet.IP_TTL, 255, 255, errno.OK},
		{"hops of ping", icmp, inet.IP_TTL, 3, 3, errno.OK},
		{"too many hops", icmp, inet.IP_TTL, 256, 0, errno.EINVAL},
		{"service", udp, inet.IP_TOS, 0x10, 0x10, errno.OK},
		{"service of IPv6", udp6, inet.IP_TOS, 0x10, 0, errno.ENOPROTOOPT},
		{"both families", udp6, inet.IPV6_V6ONLY, 0, 0, errno.EINVAL},
		{"the segment's length", tcp, inet.TCP_MAXSEG, 500, 0, errno.ENOPROTOOPT},
		{"no delay of datagrams", udp, inet.TCP_NODELAY, 1, 0, errno.ENOPROTOOPT},
		{"what ping has not", icmp, inet.SO_REUSEADDR, 1, 0, errno.ENOPROTOOPT},
	} {
		if e := c.k.SetOption(c.o, c.v); e != c.e {
			t.Errorf("%s: set: %v, want %v", c.name, e, c.e)
		} else if e == errno.OK {
			if v, e := c.k.Option(c.o); v != c.got || e != errno.OK {
				t.Errorf("%s: %d %v, want %d", c.name, v, e, c.got)
			}
		}
	}
	if v, e := udp6.Option(inet.IPV6_V6ONLY); v != 1 || e != errno.OK {
		t.Errorf("IPV6_V6ONLY: %d %v", v, e)
	}
	if v, _ := h.socket(inet.SocketUDP).Option(inet.IP_TTL); v != 64 {
		t.Errorf("the hops to begin with: %d", v)
	}
	tcp.Close()
	if e := tcp.SetOption(inet.SO_REUSEADDR, 1); e != errno.EBADF {
		t.Errorf("of a closed socket: %v", e)
	}
}

func TestPeekAndTruncated(t *testing.T) {
	w := newWorld(t, 1)
	h := w.hosts[0]
	k := h.socket(inet.SocketUDP)
	w.check("bind", k.Bind(ap("10.0.0.1:7")), errno.OK)
	if _, e := h.socket(inet.SocketUDP).Send([]byte("hello"), ap("10.0.0.1:7")); e != errno.OK {
		t.Fatal(e)
	}
	w.run(time.Millisecond)
	buf := make([]byte, 3)
	for i, take := range []func([]byte) (int, netip.AddrPort, errno.Errno){k.Peek, k.Peek, k.Recv} {
		n, from, e := take(buf)
		if string(buf[:n]) != "hel" || e != errno.OK || from.Addr().String() != "10.0.0.1" || !k.Truncated() {
			t.Errorf("%d: %q from %v %v, truncated %v", i, buf[:n], from, e, k.Truncated())
		}
	}
	if _, _, e := k.Recv(buf); e != errno.EWOULDBLOCK {
		t.Errorf("after that: %v", e)
	}
	st := h.Sockets()
	if len(st) != 2 || st[0].Local.String() != "10.0.0.1:7" || st[0].State != "" {
		t.Errorf("sockets %+v", st)
	}
}
