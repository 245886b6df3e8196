package host

import (
	"bytes"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
	"wireloom/vnet/kern"
)

// lossy sends a MiB over a wire on which every lossth frame is lost, and returns the hash of
// every frame and how long it took.
func lossy(t *testing.T, loss int) (string, time.Duration) {
	t.Helper()
	w := newWorld(t, 2)
	defer w.close()
	w.lose = func(n int, _ []byte) bool { return n%loss == 0 }
	took := w.transfer(t, 1<<20)
	return w.sum(), took
}

// transfer sends size bytes from the first host to the second, and returns how long it took.
func (w *world) transfer(t testing.TB, size int) time.Duration {
	t.Helper()
	data := make([]byte, size)
	for i := range data {
		data[i] = byte(i * i >> 8)
	}
	var got []byte
	ended := false
	l := w.hosts[1].listener()
	var conn inet.Socket
	buf := make([]byte, 8192)
	read := func() {
		for conn != nil {
			n, _, e := conn.Recv(buf)
			if e != errno.OK {
				w.check("recv", e, errno.EWOULDBLOCK)
				return
			}
			if n == 0 {
				ended = true
				conn.Close()
				conn = nil
				return
			}
			got = append(got, buf[:n]...)
		}
	}
	l.Notify(func() {
		w.after(0, func() {
			c, peer, e := l.Accept()
			w.check("accept", e, errno.OK)
			if peer.Addr() != netip.MustParseAddr("10.0.0.1") || c.Remote() != peer || c.Local() != ap("10.0.0.2:80") {
				t.Errorf("accepted %v - %v from %v", c.Local(), c.Remote(), peer)
			}
			conn = c
			c.Notify(func() { w.after(0, read) })
			read()
		})
	})
	k := w.hosts[0].socket(inet.SocketTCP)
	rest := data
	write := func() {
		for len(rest) > 0 {
			n, e := k.Send(rest, netip.AddrPort{})
			if e != errno.OK {
				if e != errno.EWOULDBLOCK {
					w.check("send", e, errno.OK)
				}
				return
			}
			if rest = rest[n:]; len(rest) == 0 {
				w.check("shutdown", k.Shutdown(false, true), errno.OK)
			}
		}
	}
	k.Notify(func() {
		w.after(0, func() {
			if k.Ready()&kern.POLLOUT != 0 {
				write()
			}
		})
	})
	w.check("connect", k.Connect(ap("10.0.0.2:80")), errno.EINPROGRESS)
	w.check("connect again", k.Connect(ap("10.0.0.2:80")), errno.EALREADY)
	began := w.now
	for !ended && w.now < began+10*time.Minute {
		w.run(10 * time.Millisecond)
	}
	took := w.now - began
	if !bytes.Equal(got, data) {
		t.Fatalf("%d bytes arrived, or not the same; %d were sent", len(got), len(data))
	}
	k.Close()
	w.run(5 * time.Minute)
	if n := len(w.hosts[0].Stack.(*Stack).sockets.all); n != 0 {
		t.Errorf("%d sockets are left", n)
	}
	return took
}

// TestNothingIsSentTwice over a wire that loses nothing: a window is sent at one instant, and
// on a wire without delay it is acknowledged at that instant, too.
func TestNothingIsSentTwice(t *testing.T) {
	for _, delay := range []time.Duration{0, time.Microsecond, 5 * time.Millisecond} {
		w := newWorld(t, 2)
		w.delay = delay
		w.transfer(t, 1<<20)
		segments := (1 << 20) / 1448
		if w.sent > 2*segments+100 { // each has its acknowledgement
			t.Errorf("with a delay of %v %d frames were sent for %d segments", delay, w.sent, segments)
		}
		w.close()
	}
}

// TestTransferIsDeterministic: the same bytes on the wire at the same times.
func TestTransferIsDeterministic(t *testing.T) {
	first, _ := lossy(t, 37)
	if again, _ := lossy(t, 37); again != first {
		t.Error("the same losses, another hash")
	}
	if other, _ := lossy(t, 38); other == first {
		t.Error("other losses, the same hash: it does not see the frames")
	}
}

func TestConnectionRefused(t *testing.T) {
	w := newWorld(t, 2)
	k := w.hosts[0].socket(inet.SocketTCP)
	woken := 0
	k.Notify(func() { woken++ })
	w.check("connect", k.Connect(ap("10.0.0.2:81")), errno.EINPROGRESS)
	if k.Ready() != 0 {
		t.Errorf("ready while connecting: %#x", k.Ready())
	}
	w.run(time.Second)
	if woken == 0 || k.Ready()&kern.POLLERR == 0 {
		t.Errorf("notified %d times, ready %#x; want an error to take", woken, k.Ready())
	}
	w.check("SO_ERROR", k.LastError(), errno.ECONNREFUSED)
	w.check("SO_ERROR again", k.LastError(), errno.OK)
}

func TestConnectTimesOut(t *testing.T) {
	cases := []struct {
		name  string
		dst   string
		lose  bool
		want  errno.Errno
		after time.Duration
	}{
		{"no such host", "10.0.0.9:80", false, errno.ETIMEDOUT, 75 * time.Second},
		{"the host is silent", "10.0.0.2:80", true, errno.ETIMEDOUT, 75 * time.Second},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, 2)
			if c.lose {
				w.lose = func(_ int, f []byte) bool { return f[12] == 8 && f[13] == 0 } // IPv4; ARP is answered
			}
			k := w.hosts[0].socket(inet.SocketTCP)
			w.check("connect", k.Connect(ap(c.dst)), errno.EINPROGRESS)
			began := w.now
			for k.Ready() == 0 && w.now < began+10*time.Minute {
				w.run(10 * time.Millisecond)
			}
			w.check("SO_ERROR", k.LastError(), c.want)
			if took := w.now - began; took.Round(100*time.Millisecond) != c.after {
				t.Errorf("it gave up after %v, want %v", took, c.after)
			}
		})
	}
}

func TestSocketErrors(t *testing.T) {
	w := newWorld(t, 2)
	h := w.hosts[0]
	tcp, udp := h.socket(inet.SocketTCP), h.socket(inet.SocketUDP)
	send := func(k inet.Socket, to string) errno.Errno {
		a := netip.AddrPort{}
		if to != "" {
			a = ap(to)
		}
		_, e := k.Send([]byte("x"), a)
		return e
	}
	recv := func(k inet.Socket) errno.Errno { _, _, e := k.Recv(make([]byte, 9)); return e }
	accept := func(k inet.Socket) errno.Errno { _, _, e := k.Accept(); return e }
	cases := []struct {
		name string
		got  errno.Errno
		want errno.Errno
	}{
		{"send on an unconnected stream", send(tcp, ""), errno.ENOTCONN},
		{"receive on an unconnected stream", recv(tcp), errno.ENOTCONN},
		{"accept without listen", accept(tcp), errno.EINVAL},
		{"accept on UDP", accept(udp), errno.EOPNOTSUPP},
		{"listen on UDP", udp.Listen(1), errno.EOPNOTSUPP},
		{"shutdown of an unconnected stream", tcp.Shutdown(true, true), errno.ENOTCONN},
		{"shutdown of nothing", tcp.Shutdown(false, false), errno.EINVAL},
		{"send without an address", send(udp, ""), errno.EDESTADDRREQ},
		{"send to port 0", send(udp, "10.0.0.2:0"), errno.EADDRNOTAVAIL},
		{"send where no route leads", send(udp, "192.168.1.1:9"), errno.ENETUNREACH},
		{"connect where no route leads", tcp.Connect(ap("192.168.1.1:9")), errno.ENETUNREACH},
		{"connect to a broadcast address", tcp.Connect(ap("10.0.0.255:9")), errno.EACCES},
		{"connect to a group", tcp.Connect(ap("224.0.0.1:9")), errno.EAFNOSUPPORT},
		{"connect to the other family", tcp.Connect(ap("[fd00::2]:9")), errno.EAFNOSUPPORT},
		{"bind to another's address", h.socket(inet.SocketUDP).Bind(ap("10.0.0.2:9")), errno.EADDRNOTAVAIL},
	}
	for _, c := range cases {
		if c.got != c.want {
			t.Errorf("%s: %v, want %v", c.name, c.got, c.want)
		}
	}
	other := h.socket(inet.SocketTCP)
	w.check("bind", tcp.Bind(ap("10.0.0.1:80")), errno.OK)
	w.check("bind twice", tcp.Bind(ap("10.0.0.1:81")), errno.EINVAL)
	w.check("listen", tcp.Listen(1000), errno.OK)
	w.check("a port in use", other.Bind(ap("10.0.0.1:80")), errno.EADDRINUSE)
	w.check("connect of a listener", tcp.Connect(ap("10.0.0.2:80")), errno.EOPNOTSUPP)
	w.check("accept of nothing", accept(tcp), errno.EWOULDBLOCK)
	if r := tcp.Ready(); r != 0 {
		t.Errorf("a listener without connections is ready: %#x", r)
	}
	tcp.Close()
	tcp.Close() // twice does nothing
	w.check("a closed socket", send(tcp, ""), errno.EBADF)
	if tcp.Ready() != kern.POLLNVAL {
		t.Errorf("a closed socket is ready: %#x", tcp.Ready())
	}
}

func TestStreamToItself(t *testing.T) {
	w := newWorld(t, 1)
	l := w.hosts[0].listener()
	for _, dst := range []string{"10.0.0.1:80", "127.0.0.1:80", "0.0.0.0:80"} {
		k := w.hosts[0].socket(inet.SocketTCP)
		w.check("connect", k.Connect(ap(dst)), errno.EINPROGRESS)
		w.run(time.Millisecond)
		c, _, e := l.Accept()
		w.check("accept", e, errno.OK)
		if _, e := k.Send([]byte("hello"), netip.AddrPort{}); e != errno.OK {
			t.Fatalf("send: %v", e)
		}
		w.run(time.Millisecond)
		buf := make([]byte, 10)
		if n, _, e := c.Recv(buf); string(buf[:n]) != "hello" || e != errno.OK {
			t.Errorf("recv: %q %v", buf[:n], e)
		}
		k.Close()
		w.run(time.Millisecond)
		if n, _, e := c.Recv(buf); n != 0 || e != errno.OK {
			t.Errorf("the stream's end: %d %v", n, e)
		}
		c.Close()
	}
	if w.sent != 0 {
		t.Errorf("%d frames went out", w.sent)
	}
}

func TestReset(t *testing.T) {
	w := newWorld(t, 2)
	l := w.hosts[1].listener()
	k := w.hosts[0].socket(inet.SocketTCP)
	k.Connect(ap("10.0.0.2:80"))
	w.run(time.Second)
	l.Close() // resets what it has not accepted
	w.run(time.Second)
	if _, _, e := k.Recv(make([]byte, 1)); e != errno.ECONNRESET {
		t.Errorf("recv: %v, want ECONNRESET", e)
	}
	w.check("the error is taken", k.LastError(), errno.OK)
	if _, e := k.Send([]byte("x"), netip.AddrPort{}); e != errno.EPIPE {
		t.Errorf("send: %v, want EPIPE", e)
	}
}

// TestListenerClosesInOrder closes a listener with half-open connections, which
// a table has.
func TestListenerClosesInOrder(t *testing.T) {
	first := ""
	for i := range 10 {
		w := newWorld(t, 2)
		l := w.hosts[1].listener()
		w.lose = func(_ int, f []byte) bool { return f[12] == 8 && f[29] == 2 } // what the listener says is lost
		for range 8 {
			w.hosts[0].socket(inet.SocketTCP).Connect(ap("10.0.0.2:80"))
		}
		w.run(500 * time.Millisecond)
		l.Close()
		w.run(2 * time.Minute)
		if first == "" {
			first = w.sum()
		}
		if w.sum() != first {
			t.Fatalf("run %d differs from the first", i)
		}
	}
}

// TestLingeringIsBounded opens and closes connections that nobody answers.
func TestLingeringIsBounded(t *testing.T) {
	w := newWorld(t, 2)
	l := w.hosts[1].listener()
	s := &w.hosts[0].Stack.(*Stack).sockets
	for i := range maxLingering + 50 {
		k := w.hosts[0].socket(inet.SocketTCP)
		k.Connect(ap("10.0.0.2:80"))
		w.run(50 * time.Millisecond)
		c, _, e := l.Accept()
		w.check(fmt.Sprintf("accept %d", i), e, errno.OK)
		k.Close() // the active close: TIME_WAIT
		w.run(20 * time.Millisecond)
		c.Close()
		w.run(20 * time.Millisecond)
	}
	if n := len(s.lingering); n != maxLingering {
		t.Errorf("%d connections linger, want %d", n, maxLingering)
	}
	w.run(2 * time.Minute)
	if n := len(s.lingering); n != 0 {
		t.Errorf("%d connections linger for ever", n)
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		w := newWorld(b, 1)
		w.close()
	}
}
