package host_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/inet"
	"wireloom/vnet/inet/host"
	"wireloom/vnet/kern"
	"wireloom/vnet/memory"
	"wireloom/vnet/sys"
)

// A native is a program made of a Go function that says at its end what went wrong.
type native func(p *sys.Proc) error

func (native) Name() string { return "test" }
func (native) ID() string   { return "aa" }

func (f native) Main(p *sys.Proc) sys.Exit {
	if err := f(p); err != nil {
		return sys.Exit{Code: 1, How: "exit", Why: err.Error()}
	}
	return sys.Exit{How: "exit"}
}

// calls makes errors of what system calls return.
type calls struct{ err error }

func (c *calls) check(what string, e errno.Errno) {
	if e != errno.OK && c.err == nil {
		c.err = fmt.Errorf("%s: %v", what, e)
	}
}

// TestPrograms lets programs of a lab talk over blocking sockets.
func TestPrograms(t *testing.T) {
	const size = 200_000
	before := runtime.NumGoroutine()
	first := ""
	for range 5 {
		exits, hash := run(t, func(p *sys.Proc) error {
			var c calls
			fd, e := p.Socket(inet.SocketTCP)
			c.check("socket", e)
			c.check("bind", p.Bind(fd, netip.MustParseAddrPort("0.0.0.0:80")))
			c.check("listen", p.Listen(fd, 5))
			conn, peer, e := p.Accept(fd)
			c.check("accept", e)
			if peer.Addr().String() != "10.0.0.1" {
				return fmt.Errorf("accepted %v", peer)
			}
			total, buf := 0, make([]byte, 1000)
			for c.err == nil {
				n, e := p.Read(conn, buf)
				c.check("read", e)
				if n == 0 {
					break
				}
				total += n
			}
			_, e = p.Write(conn, fmt.Appendf(nil, "%d", total))
			c.check("write", e)
			return c.err
		}, func(p *sys.Proc) error {
			var c calls
			c.check("sleep", p.Sleep(10*time.Millisecond))
			fd, e := p.Socket(inet.SocketTCP)
			c.check("socket", e)
			c.check("connect", p.Connect(fd, netip.MustParseAddrPort("10.0.0.2:80")))
			rest := bytes.Repeat([]byte("0123456789"), size/10)
			for len(rest) > 0 && c.err == nil {
				n, e := p.Write(fd, rest)
				c.check("write", e)
				rest = rest[n:]
			}
			c.check("shutdown", p.Shutdown(fd, false, true))
			buf := make([]byte, 100)
			n, e := p.Read(fd, buf)
			c.check("read", e)
			if got := string(buf[:n]); c.err == nil && got != fmt.Sprint(size) {
				return fmt.Errorf("the server counted %s bytes", got)
			}
			refused, e := p.Socket(inet.SocketTCP)
			c.check("socket", e)
			if e := p.Connect(refused, netip.MustParseAddrPort("10.0.0.2:81")); e != errno.ECONNREFUSED {
				return fmt.Errorf("connect to a closed port: %v", e)
			}
			return c.err
		})
		if exits != "bob 0 \nalice 0 \n" {
			t.Fatalf("the programs ended:\n%s", exits)
		}
		if first == "" {
			first = hash
		}
		if hash != first {
			t.Fatal("the same lab, another hash")
		}
	}
	for i := 0; i < 100_000 && runtime.NumGoroutine() > before; i++ {
		runtime.Gosched() // one that was waited for may still be on its last instruction
	}
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d goroutines, %d before", n, before)
	}
}

// hog writes to streams that nobody reads, as much as goes.
func hog(p *sys.Proc) error {
	var c calls
	l, e := p.Socket(inet.SocketTCP)
	c.check("socket", e)
	to := netip.MustParseAddrPort("127.0.0.1:7")
	c.check("bind", p.Bind(l, to))
	c.check("listen", p.Listen(l, 1))
	for range 127 { // two sockets each
		fd, e := p.Socket(inet.SocketTCP)
		if e == errno.ENOBUFS {
			break
		}
		c.check("socket", e)
		if e := p.Connect(fd, to); e != errno.OK { // there is no memory for its first frames
			break
		}
		conn, _, e := p.Accept(l)
		c.check("accept", e)
		for _, fd := range []int{fd, conn} {
			c.check("setsockopt", p.SetSockOpt(fd, inet.SO_SNDBUF, 1<<20))
			c.check("fcntl", p.SetFlags(fd, kern.O_NONBLOCK))
			for e = errno.OK; e == errno.OK && c.err == nil; p.Sleep(time.Millisecond) {
				_, e = p.Write(fd, make([]byte, 64<<10))
			}
			if e != errno.EWOULDBLOCK && e != errno.ENOBUFS {
				c.check("write", e)
			}
		}
	}
	p.Sleep(time.Hour)
	return c.err
}

// TestHogsOfSockets fills a lab with what nobody reads: the lab's limit holds, is told,
// and is reached at the same place in every run.
func TestHogsOfSockets(t *testing.T) {
	first := ""
	for range 2 {
		l := newLab(t, hog, hog, hog, hog, hog)
		said, ended, most := 0, "", int64(0)
		l.Log().Subscribe(func(e *event.Event) {
			switch {
			case e.Kind == event.Limit && e.Op == "kernel-memory":
				said++
			case e.Kind == event.Exit:
				ended = e.Node + ": " + e.Text
			}
			_, kernels := l.Memory()
			most = max(most, kernels)
		})
		l.Start()
		l.Run(10*time.Minute, vnet.NoLimit)
		if said != 1 || ended != "" {
			t.Errorf("the limit was told %d times, want once; the programs should sleep: %s", said, ended)
		}
		if most > memory.MaxKernel || most < memory.MaxKernel-1<<20 {
			t.Errorf("the kernels held %d bytes, want about %d and not more", most, int64(memory.MaxKernel))
		}
		hash := l.Log().Hash()
		l.Close()
		if _, kernels := l.Memory(); kernels != 0 {
			t.Errorf("%d bytes are held after the end", kernels)
		}
		if first == "" {
			first = hash
		}
		if hash != first {
			t.Error("the same lab, another hash")
		}
	}
}

// run runs a lab with one program on bob and one on alice, and returns how they
// ended and the hash of the log.
func run(t *testing.T, onBob, onAlice native) (exits, hash string) {
	t.Helper()
	l := newLab(t, onAlice, onBob)
	defer l.Close()
	var b strings.Builder
	l.Log().Subscribe(func(e *event.Event) {
		if e.Kind == event.Exit {
			fmt.Fprintf(&b, "%s %d %s\n", e.Node, e.N, e.Text)
		}
	})
	l.Start()
	l.Run(10*time.Minute, vnet.NoLimit)
	return b.String(), l.Log().Hash()
}

// newLab makes a lab of nodes that have a program each. The first two, alice and bob, are
// linked.
func newLab(t *testing.T, programs ...native) *vnet.Lab {
	t.Helper()
	names := []string{"alice", "bob", "carol", "dave", "erin"}[:len(programs)]
	conf := config.Lab{Name: "test", Seed: 3, Links: []config.Link{{A: "alice:em0", B: "bob:em0", Delay: time.Millisecond}}}
	for i, name := range names {
		addr := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(i + 1)}), 24)
		conf.Nodes = append(conf.Nodes, config.Node{
			Name: name, NICs: []config.NIC{{Name: "em0", Addresses: []netip.Prefix{addr}}},
			Programs: []config.Program{{Name: "p", Start: true}},
		})
	}
	l, err := vnet.New(conf, vnet.Runtime{NewStack: host.New})
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range names {
		if err := l.Install(name, "p", programs[i]); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

// TestWaitingBytes asks by FIONREAD and kevent how much there is to read.
func TestWaitingBytes(t *testing.T) {
	fionread := func(c *calls, p *sys.Proc, fd int) int {
		arg := make([]byte, 4)
		c.check("FIONREAD", p.Ioctl(fd, kern.FIONREAD, arg))
		return int(kern.Int(arg))
	}
	kqueued := func(c *calls, p *sys.Proc, fd int) int {
		kq, e := p.Kqueue()
		c.check("kqueue", e)
		defer p.Close(kq)
		events := make([]kern.Kevent, 1)
		n, e := p.Kevent(kq, []kern.Kevent{{Ident: fd, Filter: kern.EVFILT_READ, Flags: kern.EV_ADD}}, events, 0)
		c.check("kevent", e)
		if n == 0 {
			return 0
		}
		return int(events[0].Data)
	}
	sleep := native(func(p *sys.Proc) error { p.Sleep(time.Minute); return nil })
	exits, _ := run(t, sleep, func(p *sys.Proc) error {
		var c calls
		expect := func(what string, fd, bytes, data int) {
			if got := fionread(&c, p, fd); got != bytes && c.err == nil {
				c.err = fmt.Errorf("%s: FIONREAD says %d, want %d", what, got, bytes)
			}
			if got := kqueued(&c, p, fd); got != data && c.err == nil {
				c.err = fmt.Errorf("%s: kevent says %d, want %d", what, got, data)
			}
		}
		udp, e := p.Socket(inet.SocketUDP)
		c.check("socket", e)
		to := netip.MustParseAddrPort("127.0.0.1:7")
		c.check("bind", p.Bind(udp, to))
		expect("nothing", udp, 0, 0)
		for _, size := range []int{100, 20} {
			_, e = p.SendTo(udp, make([]byte, size), to)
			c.check("sendto", e)
		}
		p.Sleep(time.Millisecond)
		expect("two datagrams", udp, 100, 100)
		_, e = p.Read(udp, make([]byte, 10))
		c.check("read", e)
		expect("a datagram", udp, 20, 20)

		l, e := p.Socket(inet.SocketTCP)
		c.check("socket", e)
		c.check("bind", p.Bind(l, to))
		c.check("listen", p.Listen(l, 1))
		expect("nobody", l, 0, 0)
		client, e := p.Socket(inet.SocketTCP)
		c.check("socket", e)
		c.check("connect", p.Connect(client, to))
		p.Sleep(time.Millisecond)
		expect("a connection", l, 0, 1)
		conn, _, e := p.Accept(l)
		c.check("accept", e)
		for range 3 {
			_, e = p.Write(client, make([]byte, 70))
			c.check("write", e)
		}
		p.Sleep(time.Second) // Nagle: the second waits for the first one's acknowledgement, and that is delayed
		expect("bytes of a stream", conn, 210, 210)
		_, e = p.Read(conn, make([]byte, 200))
		c.check("read", e)
		expect("fewer bytes", conn, 10, 10)
		_, e = p.Read(conn, make([]byte, 10))
		c.check("read", e)
		c.check("shutdown", p.Shutdown(client, false, true))
		p.Sleep(time.Millisecond)
		expect("the end", conn, 0, 1)
		return c.err
	})
	if want := "alice 0 \nbob 0 \n"; exits != want {
		t.Errorf("the programs ended:\n%swant\n%s", exits, want)
	}
}
