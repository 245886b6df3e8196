package hoststack_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"wireloom/internal/hoststack"
	"wireloom/vnet"
	"wireloom/vnet/errno"
	"wireloom/vnet/event"
)

// A native is a program made of a Go function that says at its end what went wrong.
type native func(p *vnet.Proc) error

func (native) Name() string { return "test" }
func (native) ID() string   { return "aa" }

func (f native) Main(p *vnet.Proc) vnet.Exit {
	if err := f(p); err != nil {
		return vnet.Exit{Code: 1, How: "exit", Why: err.Error()}
	}
	return vnet.Exit{How: "exit"}
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
		exits, hash := run(t, func(p *vnet.Proc) error {
			var c calls
			fd, e := p.Socket(vnet.SocketTCP)
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
		}, func(p *vnet.Proc) error {
			var c calls
			c.check("sleep", p.Sleep(10*time.Millisecond))
			fd, e := p.Socket(vnet.SocketTCP)
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
			refused, e := p.Socket(vnet.SocketTCP)
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

// run runs a lab with one program on bob and one on alice, and returns how they
// ended and the hash of the log.
func run(t *testing.T, onBob, onAlice native) (exits, hash string) {
	t.Helper()
	node := func(name, addr string) vnet.NodeConfig {
		return vnet.NodeConfig{
			Name: name, NICs: []vnet.NICConfig{{Name: "em0", Addresses: []netip.Prefix{netip.MustParsePrefix(addr)}}},
			Programs: []vnet.ProgramConfig{{Name: "p", Start: true}},
		}
	}
	l, err := vnet.New(vnet.Config{
		Name: "test", Seed: 3, Nodes: []vnet.NodeConfig{node("alice", "10.0.0.1/24"), node("bob", "10.0.0.2/24")},
		Links: []vnet.LinkConfig{{A: "alice:em0", B: "bob:em0", Delay: time.Millisecond}},
	}, vnet.Runtime{NewStack: hoststack.New})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var b strings.Builder
	l.Log().Subscribe(func(e *event.Event) {
		if e.Kind == event.Exit {
			fmt.Fprintf(&b, "%s %d %s\n", e.Node, e.N, e.Text)
		}
	})
	for node, p := range map[string]native{"alice": onAlice, "bob": onBob} {
		if err := l.Install(node, "p", p); err != nil {
			t.Fatal(err)
		}
	}
	l.Start()
	l.Run(10*time.Minute, vnet.NoLimit)
	return b.String(), l.Log().Hash()
}
