package host_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/event"
	"wireloom/vnet/inet/host"
	"wireloom/vnet/userland"
)

// A thousand hosts on fifty switches, in a tree of RSTP: each of fifty hosts, one a switch,
// pings every other of them, and all answer.
func TestAThousandNodesOnFiftySwitches(t *testing.T) {
	const switches, hosts = 50, 20
	c := config.Lab{Name: "scale", Seed: 1, Window: -1}
	for i := range switches {
		s := config.Switch{Name: fmt.Sprintf("s%d", i+1), Ports: hosts + 8, Tree: &config.Tree{Mode: "rstp"}}
		c.Switches = append(c.Switches, s)
		if i > 0 { // seven a switch, and so three levels
			c.Links = append(c.Links, config.Link{A: fmt.Sprintf("s%d.%d", (i-1)/7+1, hosts+2+(i-1)%7), B: s.Name + fmt.Sprintf(".%d", hosts+1), Delay: 10 * time.Microsecond})
		}
		for j := range hosts {
			n := config.Node{Name: fmt.Sprintf("h%d-%d", i+1, j+1), NICs: []config.NIC{{Name: "em0", Addresses: []netip.Prefix{netip.PrefixFrom(address(i, j), 16)}}}}
			c.Nodes = append(c.Nodes, n)
			c.Links = append(c.Links, config.Link{A: n.Name + ":em0", B: fmt.Sprintf("s%d.%d", i+1, j+1), Delay: time.Microsecond})
		}
	}
	l, err := vnet.New(c, vnet.Runtime{NewStack: host.New, Commands: userland.Commands()})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	bad, frames := 0, 0
	l.Log().Subscribe(func(e *event.Event) {
		switch {
		case e.Kind == event.Exit && e.N != 0:
			bad++
		case e.Kind == event.Frame:
			frames++
		}
	})
	l.Start()
	l.Run(10*time.Second, vnet.NoLimit)
	pings := 0
	for i := range switches {
		for j := range switches {
			if i == j {
				continue
			}
			if pings++; pings%16 == 0 { // a host resolves 24 addresses at once (maxResolving)
				l.Run(l.Now()+5*time.Millisecond, vnet.NoLimit)
			}
			if _, err := l.Do(vnet.Exec{Node: fmt.Sprintf("h%d-1", i+1), Argv: []string{"ping", "-c", "1", address(j, 0).String()}}); err != nil {
				t.Fatal(err)
			}
		}
		l.Run(l.Now()+20*time.Millisecond, vnet.NoLimit)
	}
	l.Run(l.Now()+20*time.Second, vnet.NoLimit)
	left := 0
	for _, p := range l.Status().Procs {
		if p.State != "exited" && p.State != "stopped" {
			left++
		}
	}
	if bad > 0 || left > 0 || l.Halted() != "" {
		t.Errorf("of %d pings %d failed and %d have not ended; %s", pings, bad, left, l.Halted())
	}
	t.Logf("%d pings, %d frames, %d steps", pings, frames, l.Steps())
}

func address(i, j int) netip.Addr { return netip.AddrFrom4([4]byte{10, 1, byte(i + 1), byte(j + 1)}) }
