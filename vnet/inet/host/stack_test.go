package host

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/kern"
	"wireloom/vnet/packet"
	"wireloom/vnet/packet/packettest"
)

func TestPing(t *testing.T) {
	cases := []struct {
		name, dst string
		kind      inet.SocketKind
		size      int
		frames    int // ARP or NDP and echo
	}{
		{"IPv4", "10.0.0.2", inet.SocketICMP, 56, 4},
		{"IPv4 in fragments", "10.0.0.2", inet.SocketICMP, 3000, 6},
		{"IPv6", "fd00::2", inet.SocketICMP6, 56, 4},
		{"IPv6 in fragments", "fd00::2", inet.SocketICMP6, 3000, 6},
		{"itself", "10.0.0.1", inet.SocketICMP, 56, 0},
		{"itself by IPv6", "fd00::1", inet.SocketICMP6, 56, 0},
		{"loopback", "127.0.0.1", inet.SocketICMP, 56, 0},
		{"IPv6 loopback", "::1", inet.SocketICMP6, 56, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, 2)
			k := w.hosts[0].socket(c.kind)
			woken := 0
			k.Notify(func() { woken++ })
			if c.size > 1500 { // until the neighbour is known, one packet alone is held
				w.hosts[0].socket(inet.SocketUDP).Send(nil, ap("10.0.0.2:9"))
				w.hosts[0].socket(inet.SocketUDP6).Send(nil, ap("[fd00::2]:9"))
				w.run(time.Second)
				w.forget()
			}
			req := append([]byte{packet.ICMPEcho, 0, 0, 0, 0, 0, 0, 9}, bytes.Repeat([]byte("x"), c.size)...)
			if c.kind == inet.SocketICMP6 {
				req[0] = packet.ICMPv6Echo
			}
			dst := netip.MustParseAddr(c.dst)
			n, e := k.Send(req, netip.AddrPortFrom(dst, 0))
			if n != len(req) || e != errno.OK {
				t.Fatalf("send: %d %v, want %d", n, e, len(req))
			}
			w.run(time.Second)
			buf := make([]byte, 4096)
			n, from, e := k.Recv(buf)
			if e != errno.OK || from.Addr() != dst || k.TTL() != 64 {
				t.Fatalf("recv: from %v, ttl %d, %v", from, k.TTL(), e)
			}
			if got := buf[8:n]; !bytes.Equal(got, req[8:]) || buf[7] != 9 {
				t.Errorf("the reply carries %d bytes, sequence number %d; want %d, 9", len(got), buf[7], c.size)
			}
			if id := uint16(buf[4])<<8 | uint16(buf[5]); id != k.Local().Port() {
				t.Errorf("the reply's identifier is %d, the socket's %d", id, k.Local().Port())
			}
			if _, _, e := k.Recv(buf); e != errno.EWOULDBLOCK {
				t.Errorf("a second message: %v", e)
			}
			if woken != 1 || w.sent != c.frames {
				t.Errorf("notified %d times, %d frames; want 1, %d", woken, w.sent, c.frames)
			}
		})
	}
}

func TestICMPSocketsSeeOnlyTheirOwn(t *testing.T) {
	w := newWorld(t, 2)
	a, b := w.hosts[0].socket(inet.SocketICMP), w.hosts[0].socket(inet.SocketICMP)
	w.check("bind", a.Bind(ap("0.0.0.0:77")), errno.OK)
	w.check("same identifier", b.Bind(ap("0.0.0.0:77")), errno.EADDRINUSE)
	w.check("another", b.Bind(ap("0.0.0.0:78")), errno.OK)
	w.check("bind twice", b.Bind(ap("0.0.0.0:79")), errno.EINVAL)
	if _, e := a.Send([]byte{0, 0, 0, 0, 0, 0, 0, 0}, ap("10.0.0.2:0")); e != errno.EPERM {
		t.Errorf("sending an echo reply: %v, want EPERM", e)
	}
	if _, e := a.Send([]byte{8, 0}, ap("10.0.0.2:0")); e != errno.EINVAL {
		t.Errorf("sending two bytes: %v, want EINVAL", e)
	}
	if _, e := a.Send(make([]byte, 8), ap("[fd00::2]:0")); e != errno.EAFNOSUPPORT {
		t.Errorf("sending to IPv6: %v, want EAFNOSUPPORT", e)
	}
	_, e := a.Send([]byte{8, 0, 0, 0, 0, 0, 0, 1}, ap("10.0.0.2:0"))
	w.check("send", e, errno.OK)
	w.run(time.Second)
	if a.Ready() != kern.POLLIN|kern.POLLRDNORM|kern.POLLOUT || b.Ready() != kern.POLLOUT {
		t.Errorf("ready: %#x and %#x; only the first has a reply", a.Ready(), b.Ready())
	}

	// An error about the request: it has the first 8 bytes of it at least.
	quoted, _ := packet.AppendIPv4(nil, packet.IPv4Header{TTL: 1, Protocol: packet.ProtoICMP, Src: ap("10.0.0.1:0").Addr(), Dst: ap("10.0.0.9:0").Addr()}, 8)
	quoted, _ = packet.AppendICMPv4Echo(quoted, false, 78, 1, nil)
	msg := packettest.AppendICMPv4Error(nil, packet.ICMPUnreachable, 1, 0, quoted)
	f := packet.AppendEthernet(nil, macOfHost(0), macOfHost(1), packet.TypeIPv4)
	f, _ = packet.AppendIPv4(f, packet.IPv4Header{TTL: 64, Protocol: packet.ProtoICMP, Src: ap("10.0.0.2:0").Addr(), Dst: ap("10.0.0.1:0").Addr()}, len(msg))
	f = append(f, msg...)
	w.hosts[0].Deliver(0, f)
	buf := make([]byte, 100)
	n, from, e := b.Recv(buf)
	if e != errno.OK || !bytes.Equal(buf[:n], msg) || from.Addr().String() != "10.0.0.2" {
		t.Errorf("recv: %x from %v, %v; want %x", buf[:n], from, e, msg)
	}
	f[len(f)-1] ^= 1 // its checksum is wrong now
	w.hosts[0].Deliver(0, f)
	if _, _, e := b.Recv(buf); e != errno.EWOULDBLOCK {
		t.Errorf("a message with a wrong checksum: %v", e)
	}
}

func TestUDP(t *testing.T) {
	for _, v6 := range []bool{false, true} {
		t.Run(fmt.Sprintf("IPv6 %v", v6), func(t *testing.T) {
			w := newWorld(t, 2)
			kind, server, anyAddr := inet.SocketUDP, ap("10.0.0.2:7"), ap("0.0.0.0:7")
			if v6 {
				kind, server, anyAddr = inet.SocketUDP6, ap("[fd00::2]:7"), ap("[::]:7")
			}
			echo := w.hosts[1].socket(kind)
			w.check("bind", echo.Bind(anyAddr), errno.OK)
			echo.Notify(func() {
				buf := make([]byte, 2000)
				w.after(0, func() {
					n, from, e := echo.Recv(buf)
					if e == errno.EWOULDBLOCK {
						return // it may send again: that is told too
					}
					w.check("echo", e, errno.OK)
					_, e = echo.Send(buf[:n], from)
					w.check("echo", e, errno.OK)
				})
			})
			k := w.hosts[0].socket(kind)
			buf := make([]byte, 3)
			if _, _, e := k.Recv(buf); e != errno.EWOULDBLOCK {
				t.Errorf("recv of nothing: %v", e)
			}
			n, e := k.Send([]byte("hello"), server)
			if n != 5 || e != errno.OK {
				t.Fatalf("send: %d %v", n, e)
			}
			w.run(time.Second)
			n, from, e := k.Recv(buf)
			if e != errno.OK || string(buf[:n]) != "hel" || from != server || k.TTL() != 64 {
				t.Errorf("recv: %q from %v ttl %d %v; want the start of it, the tail is lost", buf[:n], from, k.TTL(), e)
			}
			if _, _, e := k.Recv(buf); e != errno.EWOULDBLOCK {
				t.Errorf("after that: %v", e)
			}
		})
	}
}

func TestUDPPortUnreachable(t *testing.T) {
	w := newWorld(t, 2)
	k := w.hosts[0].socket(inet.SocketUDP)
	w.check("connect", k.Connect(ap("10.0.0.2:9")), errno.OK)
	if _, e := k.Send([]byte("x"), netip.AddrPort{}); e != errno.OK {
		t.Fatal(e)
	}
	w.run(time.Second)
	if k.Ready()&(kern.POLLIN|kern.POLLERR) != kern.POLLIN|kern.POLLERR {
		t.Errorf("ready is %#x, want an error to take", k.Ready())
	}
	if _, _, e := k.Recv(make([]byte, 1)); e != errno.ECONNREFUSED {
		t.Errorf("recv: %v, want ECONNREFUSED", e)
	}
	w.check("the error is taken", k.LastError(), errno.OK)
}

// TestNeighbourThatIsDown: a BSD believes in a neighbour for twenty minutes. What nobody
// answers for is asked for once a second, and a send says EHOSTDOWN from the sixth on.
func TestNeighbourThatIsDown(t *testing.T) {
	w := newWorld(t, 2)
	k := w.hosts[0].socket(inet.SocketICMP)
	u := w.hosts[0].socket(inet.SocketUDP)
	ping := func(to string) string {
		_, e := k.Send([]byte{8, 0, 0, 0, 0, 0, 0, 1}, ap(to))
		w.run(time.Second)
		return e.String()
	}
	var got []string
	for i := range 12 {
		if i == 3 {
			w.lose = func(int, []byte) bool { return true }
		}
		got = append(got, ping("10.0.0.2:0"))
	}
	if s := strings.Join(got, " "); s != "OK"+strings.Repeat(" OK", 11) {
		t.Errorf("a ping a second, the host silent from the fourth on: %s", s)
	}
	got = nil
	for range 8 {
		got = append(got, ping("10.0.0.9:0"))
	}
	if s := strings.Join(got, " "); s != "OK OK OK OK OK EHOSTDOWN EHOSTDOWN EHOSTDOWN" {
		t.Errorf("a ping a second to nobody: %s", s)
	}
	if _, e := u.Send([]byte("x"), ap("10.0.0.9:9")); e != errno.EHOSTDOWN {
		t.Errorf("UDP: %v, want EHOSTDOWN", e)
	}
	if n, ok := w.hosts[0].neighbour("10.0.0.9"); !ok || !n.MAC.IsZero() || n.NIC != "em0" {
		t.Errorf("neighbours: %+v, want 10.0.0.9 without an address", n)
	}
	w.lose = nil
	if e := ping("10.0.0.2:0"); e != "OK" {
		t.Errorf("the host is back: %v", e)
	}
	if n, ok := w.hosts[0].neighbour("10.0.0.2"); !ok || n.MAC != macOfHost(1) || n.State != "reachable" {
		t.Errorf("neighbours: %+v", n)
	}
}

// neighbour is the entry of an address.
func (h *host) neighbour(addr string) (inet.Neighbour, bool) {
	for _, n := range h.Neighbours() {
		if n.Addr.String() == addr {
			return n, true
		}
	}
	return inet.Neighbour{}, false
}

// TestManyUnresolved asks for many neighbours at once: one packet of each is held.
func TestManyUnresolved(t *testing.T) {
	w := newWorld(t, 1)
	k := w.hosts[0].socket(inet.SocketUDP)
	for i := range 200 {
		if _, e := k.Send([]byte("x"), netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(i + 2)}), 9)); e != errno.OK {
			t.Fatalf("send %d: %v", i, e)
		}
	}
	w.run(10 * time.Second)
	if w.sent != 200 {
		t.Errorf("%d frames, want one request for each of 200", w.sent)
	}
}

func TestNewRefuses(t *testing.T) {
	nic := func(mtu int, addrs ...string) []inet.StackNIC {
		n := inet.StackNIC{Name: "em0", MAC: macOfHost(0), MTU: mtu}
		for _, a := range addrs {
			n.Addresses = append(n.Addresses, netip.MustParsePrefix(a))
		}
		return []inet.StackNIC{n}
	}
	cases := []struct {
		name string
		nics []inet.StackNIC
		want string
	}{
		{"an address twice", nic(1500, "10.0.0.1/24", "10.0.0.1/8"), "has the address 10.0.0.1 already"},
		{"a group address", nic(1500, "224.0.0.1/4"), "not an address that a host can have"},
		{"loopback", nic(1500, "127.0.0.2/8"), "not an address that a host can have"},
		{"a tiny MTU", nic(20, "10.0.0.1/24"), "an MTU of 20"},
		{"an MTU too small for IPv6", nic(1000, "fd00::1/64"), "an MTU of 1000"},
		{"an IPv4 address in IPv6", nic(1500, "::ffff:10.0.0.1/120"), "not an address with a prefix length"},
		{"too many interfaces", make([]inet.StackNIC, 33), "33 interfaces"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := New(newHost(&world{hash: sha256.New()}, 0, dialect.FreeBSD), c.nics)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v; want %q in it", err, c.want)
			}
		})
	}
}

func TestSocketLimit(t *testing.T) {
	w := newWorld(t, 1)
	var last inet.Socket
	for range inet.MaxSockets {
		last = w.hosts[0].socket(inet.SocketUDP)
	}
	if _, e := w.hosts[0].Socket(inet.SocketUDP); e != errno.ENOBUFS {
		t.Errorf("one socket too many: %v, want ENOBUFS", e)
	}
	last.Close()
	w.hosts[0].socket(inet.SocketTCP)
}

// TestClose closes stacks with sockets in every state.
func TestClose(t *testing.T) {
	for range 20 {
		w := newWorld(t, 3)
		l := w.hosts[1].listener()
		for i := range 3 {
			c := w.hosts[0].socket(inet.SocketTCP)
			c.Connect(ap("10.0.0.2:80"))
			w.run(100 * time.Millisecond)
			if i > 0 {
				a, _, e := l.Accept()
				w.check("accept", e, errno.OK)
				a.Close()
				if i > 1 {
					c.Close()
				}
			}
			w.run(100 * time.Millisecond)
		}
		c := w.hosts[2].socket(inet.SocketTCP)
		c.Connect(ap("10.0.0.77:80")) // nobody there
		w.close()
		w.close() // and again
		if _, e := w.hosts[0].Socket(inet.SocketUDP); e != errno.ENETDOWN {
			t.Fatalf("a socket of a closed stack: %v", e)
		}
		if _, e := c.Send([]byte("x"), netip.AddrPort{}); e != errno.EBADF {
			t.Fatalf("sending on a closed stack: %v", e)
		}
		w.run(time.Minute)
	}
}

// TestFragmentsAreDeterministic looks at the identification of packets.
func TestFragmentsAreDeterministic(t *testing.T) {
	first := ""
	for range 3 {
		w := newWorld(t, 2)
		for _, dst := range []string{"10.0.0.2:0", "[fd00::2]:0"} {
			kind, req := inet.SocketICMP, make([]byte, 4000)
			req[0] = packet.ICMPEcho
			if dst[0] == '[' {
				kind, req[0] = inet.SocketICMP6, packet.ICMPv6Echo
			}
			_, e := w.hosts[0].socket(kind).Send(req, ap(dst))
			w.check("send", e, errno.OK)
			w.run(time.Second)
		}
		if first == "" {
			first = w.sum()
		}
		if w.sum() != first {
			t.Fatal("the same pings, other frames")
		}
	}
}

func TestICMPConnected(t *testing.T) {
	w := newWorld(t, 3)
	k := w.hosts[0].socket(inet.SocketICMP)
	req := []byte{packet.ICMPEcho, 0, 0, 0, 0, 0, 0, 1}
	if _, e := k.Send(req, netip.AddrPort{}); e != errno.EDESTADDRREQ {
		t.Errorf("send without an address: %v, want EDESTADDRREQ", e)
	}
	w.check("shutdown", k.Shutdown(true, true), errno.ENOTCONN)
	w.check("connect without a route", k.Connect(ap("192.168.1.1:0")), errno.ENETUNREACH)
	w.check("connect", k.Connect(ap("10.0.0.2:0")), errno.OK)
	if _, e := k.Send(req, netip.AddrPort{}); e != errno.OK {
		t.Errorf("send: %v", e)
	}
	if _, e := k.Send(req, ap("10.0.0.3:0")); e != errno.EISCONN {
		t.Errorf("send to another: %v, want EISCONN", e)
	}
	w.run(time.Second)
	buf := make([]byte, 100)
	if _, from, e := k.Recv(buf); e != errno.OK || from != ap("10.0.0.2:0") || k.Remote() != from {
		t.Errorf("recv: from %v, %v; connected to %v", from, e, k.Remote())
	}
	if _, from, e := k.Recv(buf); e != errno.EWOULDBLOCK {
		t.Errorf("recv: from %v, %v; a connected socket takes no other's replies", from, e)
	}
	w.check("shutdown", k.Shutdown(true, true), errno.OK)
	if _, e := k.Send(req, netip.AddrPort{}); e != errno.EPIPE {
		t.Errorf("send after shutdown: %v, want EPIPE", e)
	}
	if n, _, e := k.Recv(buf); n != 0 || e != errno.OK || k.Ready()&kern.POLLIN == 0 {
		t.Errorf("recv after shutdown: %d %v, ready %#x; want the end", n, e, k.Ready())
	}
	w.check("listen", k.Listen(1), errno.EOPNOTSUPP)
	k.Close()
	w.check("a closed socket", k.LastError(), errno.EBADF)
}

func TestBroadcast(t *testing.T) {
	w := newWorld(t, 3)
	var got []inet.Socket
	for _, h := range w.hosts[1:] {
		k := h.socket(inet.SocketUDP)
		w.check("bind", k.Bind(ap("0.0.0.0:9")), errno.OK)
		got = append(got, k)
	}
	k := w.hosts[0].socket(inet.SocketUDP)
	if _, e := k.Send([]byte("all"), ap("10.0.0.255:9")); e != errno.EACCES {
		t.Fatalf("without SO_BROADCAST: %v, want EACCES", e)
	}
	w.check("SO_BROADCAST", k.SetOption(inet.SO_BROADCAST, 1), errno.OK)
	if _, e := k.Send([]byte("all"), ap("10.0.0.255:9")); e != errno.OK {
		t.Fatal(e)
	}
	w.run(time.Second)
	for i, k := range got {
		if n, _, e := k.Recv(make([]byte, 9)); n != 3 || e != errno.OK {
			t.Errorf("host %d: %d %v", i+1, n, e)
		}
	}
}

// TestSeveralInterfaces sends out of the interface that the address belongs to,
// and does not forward.
func TestSeveralInterfaces(t *testing.T) {
	w := &world{t: t, hash: sha256.New()}
	h := &wires{host: *newHost(w, 0, dialect.FreeBSD)}
	nic := func(i int, addrs ...string) inet.StackNIC {
		n := inet.StackNIC{Name: fmt.Sprintf("em%d", i), MAC: macOfHost(i), MTU: 1500}
		for _, a := range addrs {
			n.Addresses = append(n.Addresses, netip.MustParsePrefix(a))
		}
		return n
	}
	s, err := New(h, []inet.StackNIC{nic(0, "10.0.0.1/24"), nic(1, "10.0.1.1/24", "fd01::1/64"), nic(2, "10.0.2.1/25")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	h.Stack = s
	w.run(10 * time.Second)
	h.nics = nil
	u4, u6 := h.socket(inet.SocketUDP), h.socket(inet.SocketUDP6)
	for _, to := range []string{"10.0.2.9:9", "10.0.0.9:9", "10.0.1.9:9", "[fd01::9]:9"} {
		k := u4
		if to[0] == '[' {
			k = u6
		}
		if _, e := k.Send([]byte("x"), ap(to)); e != errno.OK {
			t.Errorf("send to %s: %v", to, e)
		}
	}
	if _, e := u4.Send([]byte("x"), ap("10.0.2.200:9")); e != errno.ENETUNREACH {
		t.Errorf("beyond the /25: %v, want ENETUNREACH", e)
	}
	if got := fmt.Sprint(h.nics); got != "[2 0 1 1]" {
		t.Errorf("frames left by the interfaces %s, want [2 0 1 1]", got)
	}
	f := packet.AppendEthernet(nil, macOfHost(0), macOfHost(9), packet.TypeIPv4)
	f, _ = packet.AppendIPv4(f, packet.IPv4Header{TTL: 9, Protocol: packet.ProtoICMP, Src: ap("10.0.0.7:0").Addr(), Dst: ap("10.0.1.7:0").Addr()}, 8)
	f, _ = packet.AppendICMPv4Echo(f, false, 1, 1, nil)
	s.Deliver(0, f)
	s.Deliver(7, f)  // there is no such interface
	s.Deliver(-1, f) // nor such a one
	if len(h.nics) != 4 {
		t.Errorf("a packet for another net caused %d frames", len(h.nics)-4)
	}
	var addrs []string
	for _, n := range s.Neighbours() {
		if !n.Own {
			addrs = append(addrs, n.NIC+" "+n.Addr.String()+" "+n.State)
		}
	}
	want := "em0 10.0.0.9 incomplete, em1 10.0.1.9 incomplete, em2 10.0.2.9 incomplete, em1 fd01::9 incomplete"
	if got := strings.Join(addrs, ", "); got != want {
		t.Errorf("neighbours: %s\nwant %s", got, want)
	}
}

// wires is a host that notes which interfaces frames leave by.
type wires struct {
	host
	nics []int
}

func (h *wires) Transmit(nic int, _ []byte, _ netip.Addr) errno.Errno {
	h.nics = append(h.nics, nic)
	return errno.OK
}
