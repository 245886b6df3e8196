package host_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/event"
	"wireloom/vnet/inet"
	"wireloom/vnet/inet/host"
	"wireloom/vnet/sys"
)

// TCP over five switches in a ring, whose links lose, delay and double frames by chance
// and of which one is cut on the way: all arrives, and fifty runs are one.
func TestTCPOverALossyFabricIsTheSameInFiftyRuns(t *testing.T) {
	const size, runs = 50_000, 50
	first := ""
	for i := range runs {
		hash, lost, got := overFabric(t, size)
		if got != size {
			t.Fatalf("%d bytes of %d arrived", got, size)
		}
		if lost < 5 {
			t.Fatalf("%d frames were lost, so that nothing is shown", lost)
		}
		if first == "" {
			first = hash
		}
		if hash != first {
			t.Fatalf("run %d has another hash", i+1)
		}
	}
}

func overFabric(t *testing.T, size int) (hash string, lost, got int) {
	t.Helper()
	words := []string{"delay 3ms 1ms distribution normal loss 2% duplicate 0.5%"}
	c := config.Lab{Name: "fabric", Seed: 9}
	for i := range 5 {
		c.Switches = append(c.Switches, config.Switch{Name: fmt.Sprintf("s%d", i+1), Ports: 3, Tree: &config.Tree{Mode: "rstp"}})
		c.Links = append(c.Links, config.Link{A: fmt.Sprintf("s%d.3", i+1), B: fmt.Sprintf("s%d.2", (i+1)%5+1), AtoB: words, BtoA: words})
	}
	for i, name := range []string{"alice", "bob"} {
		c.Nodes = append(c.Nodes, config.Node{
			Name: name, NICs: []config.NIC{{Name: "em0", Addresses: []netip.Prefix{netip.MustParsePrefix(fmt.Sprintf("10.0.0.%d/24", i+1))}}},
			Programs: []config.Program{{Name: "p", Start: true}},
		})
		c.Links = append(c.Links, config.Link{A: name + ":em0", B: fmt.Sprintf("s%d.1", 1+2*i)})
	}
	l, err := vnet.New(c, vnet.Runtime{NewStack: host.New})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	l.Log().Subscribe(func(e *event.Event) {
		if e.Kind == event.Drop && e.Op == "loss" {
			lost++
		}
	})
	install := func(node string, f native) {
		if err := l.Install(node, "p", f); err != nil {
			t.Fatal(err)
		}
	}
	install("bob", func(p *sys.Proc) error {
		var c calls
		fd, e := p.Socket(inet.SocketTCP)
		c.check("socket", e)
		c.check("bind", p.Bind(fd, netip.MustParseAddrPort("0.0.0.0:80")))
		c.check("listen", p.Listen(fd, 5))
		conn, _, e := p.Accept(fd)
		c.check("accept", e)
		buf := make([]byte, 1000)
		for c.err == nil {
			n, e := p.Read(conn, buf)
			c.check("read", e)
			if n == 0 {
				break
			}
			got += n
		}
		return c.err
	})
	install("alice", func(p *sys.Proc) error {
		var c calls
		c.check("sleep", p.Sleep(10*time.Second))
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
		return c.err
	})
	l.Start()
	l.Run(10300*time.Millisecond, vnet.NoLimit)
	if _, err := l.Do(vnet.SetPort{Port: "s1.3", Link: "down"}); err != nil {
		t.Fatal(err)
	}
	l.Run(3*time.Minute, vnet.NoLimit)
	return l.Log().Hash(), lost, got
}
