package wasm

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/inet"
	"wireloom/vnet/inet/host"
	"wireloom/vnet/sys"
)

const (
	sockTest source = "testdata/socktest/socktest.c"
	goSock   source = "testdata/gosock"
)

// A sockRig is a lab in which bob, 10.0.0.2, runs a program with sockets and alice,
// 10.0.0.1, the other side.
type sockRig struct {
	*vnet.Lab
	console map[string]*strings.Builder
	exits   map[string]string
}

func newSockRig(t *testing.T, onAlice, onBob sys.Program, alice, bob string) *sockRig {
	t.Helper()
	node := func(name, addr, argv string) config.Node {
		return config.Node{
			Name: name, NICs: []config.NIC{{Name: "em0", Addresses: []netip.Prefix{netip.MustParsePrefix(addr)}}},
			Programs: []config.Program{{Name: "p", Start: true, Slot: true, Argv: strings.Fields("p " + argv)}},
		}
	}
	lab, err := vnet.New(config.Lab{
		Name: "test", Seed: 7, Window: -1,
		Nodes: []config.Node{node("bob", "10.0.0.2/24", bob), node("alice", "10.0.0.1/24", alice)},
		Links: []config.Link{{A: "alice:em0", B: "bob:em0", Delay: time.Millisecond}},
	}, vnet.Runtime{NewStack: host.New})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(lab.Close)
	r := &sockRig{Lab: lab, console: map[string]*strings.Builder{"alice": {}, "bob": {}}, exits: map[string]string{}}
	lab.Log().Subscribe(func(e *event.Event) {
		switch e.Kind {
		case event.Console:
			r.console[e.Node].Write(e.Data)
		case event.Exit:
			r.exits[e.Node] = fmt.Sprintf("%s %d %s", e.Op, e.N, e.Text)
		default:
		}
	})
	for node, p := range map[string]sys.Program{"alice": onAlice, "bob": onBob} {
		if err := lab.Install(node, "p", p); err != nil {
			t.Fatal(err)
		}
	}
	lab.Start()
	if !lab.Run(time.Minute, 1_000_000) {
		t.Fatalf("the lab is at %v and has not ended", lab.Now())
	}
	return r
}

// idle is the other side of a program that needs none.
var idle = native(func(*sys.Proc) {})

// udpPeer sends three datagrams to port 7, the last of them longer than is read, and
// prints what comes back.
var udpPeer = native(func(p *sys.Proc) {
	fd, _ := p.Socket(inet.SocketUDP)
	to := netip.MustParseAddrPort("10.0.0.2:7")
	_ = p.Bind(fd, netip.MustParseAddrPort("10.0.0.1:9"))
	b := make([]byte, 100)
	for i, text := range []string{"hello", "again", "too long"} {
		p.Sleep(10 * time.Millisecond)
		_, _ = p.SendTo(fd, []byte(text), to)
		if i == 0 {
			n, from, _, e := p.RecvFrom(fd, b)
			_, _ = p.Write(1, fmt.Appendf(nil, "%s from %v %v\n", b[:n], from, e))
		}
	}
})

// streams makes connections to port 80, one after the other, and prints what each says
// at its end.
var streams = native(func(p *sys.Proc) {
	p.Sleep(10 * time.Millisecond)
	for i := range 2 {
		fd, _ := p.Socket(inet.SocketTCP)
		e := p.Connect(fd, netip.MustParseAddrPort("10.0.0.2:80"))
		if e != errno.OK {
			_, _ = p.Write(1, fmt.Appendf(nil, "connect: %v\n", e))
			return
		}
		_, _ = p.Write(fd, make([]byte, 10_000*(i+1)))
		_ = p.Shutdown(fd, false, true)
		b := make([]byte, 100)
		n, _ := p.Read(fd, b)
		_, _ = p.Write(1, fmt.Appendf(nil, "%s\n", b[:n]))
		_ = p.Close(fd)
	}
})

// answers takes one connection to port 80 and answers.
var answers = native(func(p *sys.Proc) {
	fd, _ := p.Socket(inet.SocketTCP)
	_ = p.Bind(fd, netip.MustParseAddrPort("0.0.0.0:80"))
	_ = p.Listen(fd, 1)
	c, _, _ := p.Accept(fd)
	b := make([]byte, 100)
	n, _ := p.Read(c, b)
	_, _ = p.Write(c, fmt.Appendf(nil, "%d bytes", n))
	p.Sleep(time.Second)
})

// resets sends in two parts and then resets the connection.
var resets = native(func(p *sys.Proc) {
	p.Sleep(10 * time.Millisecond)
	fd, _ := p.Socket(inet.SocketTCP)
	_ = p.Connect(fd, netip.MustParseAddrPort("10.0.0.2:80"))
	_ = p.SetSockOpt(fd, inet.TCP_NODELAY, 1)
	for _, part := range []string{"he", "llo"} {
		_, _ = p.Write(fd, []byte(part))
		p.Sleep(20 * time.Millisecond)
	}
	_ = p.SetSockOpt(fd, inet.SO_LINGER, 0)
	_ = p.Close(fd)
})

func TestSockets(t *testing.T) {
	for _, c := range []struct {
		name, args  string
		alice       native
		bob         native // where the program is alice's
		want, peers string
	}{
		{
			name: "datagrams, told in both layouts", args: "udp", alice: udpPeer,
			want:  "family 1, 5 bytes\nfrom 10.0.0.1:9\nfrom 10.0.0.1:0\ncut 3 1\n",
			peers: "hello from 10.0.0.2:7 OK\n",
		},
		{
			name: "a server, accepting in both versions", args: "server", alice: streams,
			want:  "type 4 local 10.0.0.2:80\npeer 10.0.0.1:0\ntype 4 local 10.0.0.2:80\npeer 10.0.0.1:0\n",
			peers: "10000\n20000\n",
		},
		{
			name: "a client that does not block", args: "client", bob: answers,
			want: "connect 26\nerror 0, answer 5 bytes\nrefused 14\n",
		},
		{
			name: "a stream that is read whole, and reset", args: "reset", alice: resets,
			want: "all 5 hello\nread -1 15\nwrite -1 64\n",
		},
		{
			name: "echo requests", args: "icmp", alice: idle,
			want: "16 bytes, type 0, sequence 7, data\nreply 63, option 0\n",
		},
		{
			name: "options", args: "opts", alice: idle,
			want: "reuse 0 1\nttl 0 9\nttl 0 28 -1\nnodelay 0 1\nnodelay of udp 50 -1\nrcvbuf 0 8192\nrcvbuf of a gigabyte 42 -1\nunknown 50 -1\ntype 50 -1\n" +
				"type 0 1\ntype 0 1\nbroadcast 2 0 1\nbroadcast 0\ndevice 0\ndevice 0 em0 4\nno device 60\ntimeout 0\nrecv 6\n",
		},
		{
			name: "names", args: "names", alice: idle,
			want: "alice 0 1 family 1 port 80 10.0.0.1\n10.9.8.7 0 1 family 1 port 0 10.9.8.7\nlocalhost 0 1 family 1 port 7 127.0.0.1\nnobody 84\nalice 85\n",
		},
		{
			name: "hostile arguments", args: "hostile", alice: idle,
			want: "open 5 66 21 5\nbind 21 28 28 21 28 5 8\nconnect 57 8 21\nlisten 58 57 8\naccept 28 21 28 58\nrecv 21 21 21 28\nrecv 28 21 21\n" +
				"send 21 21 4 28 57\nname 21 57 53 21\nopt 21 28 21 37 57\nopt 21 21 50 21\ninfo 21 37 21\nshutdown 28 57 53\n58 more, then 33\n",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := compile(t, engine(t), sockTest.module(t))
			node, other := "bob", "alice"
			var r *sockRig
			if c.bob != nil {
				node, other = other, node
				r = newSockRig(t, p, c.bob, c.args, "")
			} else {
				r = newSockRig(t, c.alice, p, "", c.args)
			}
			if got := r.console[node].String(); got != c.want {
				t.Errorf("it printed\n%swant\n%s", got, c.want)
			}
			if got := r.console[other].String(); got != c.peers {
				t.Errorf("the other side printed\n%swant\n%s", got, c.peers)
			}
			if got := r.exits[node]; !strings.HasPrefix(got, "exit 0 ") {
				t.Errorf("it ended %s", got)
			}
		})
	}
}

// TestGoSockets has package net's listeners and connections on both sides, twice, with
// one hash.
func TestGoSockets(t *testing.T) {
	p := compile(t, engine(t), goSock.module(t))
	first := ""
	for range 2 {
		r := newSockRig(t, p, p, "client", "server")
		if got := r.console["alice"].String(); got != "60000\n" {
			t.Errorf("the client printed %q, want 60000; it ended %s", got, r.exits["alice"])
		}
		if got := r.console["bob"].String(); got != "20000 40000\n" {
			t.Errorf("the server printed %q, want 20000 40000; it ended %s", got, r.exits["bob"])
		}
		if hash := r.Log().Hash(); first == "" {
			first = hash
		} else if hash != first {
			t.Error("the same lab, another hash")
		}
	}
}
