package wasm

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/event"
	"wireloom/vnet/inet/host"
)

// Programs that speak TCP over five switches in a ring, whose links lose, delay, reorder
// and double frames by chance: fifty runs, compiled and interpreted in turn, are one.
func TestTCPOverALossyFabricIsTheSameOnBothEngines(t *testing.T) {
	const runs, size = 50, 20_000
	b := stream.module(t)
	programs := []*Program{compile(t, engine(t), b), compile(t, interpreter(t), b)}
	first, printed := "", ""
	for i := range runs {
		hash, out, lost := overFabric(t, programs[i%2], size)
		if i == 0 {
			first, printed = hash, out
			if !strings.HasPrefix(out, fmt.Sprintf("%d bytes, ", size)) || lost < 3 {
				t.Fatalf("bob printed %q, and %d frames were lost", out, lost)
			}
		}
		if hash != first || out != printed {
			t.Fatalf("run %d (compiled: %v) printed %q, and has another hash: %v", i+1, i%2 == 0, out, hash != first)
		}
	}
}

func overFabric(t *testing.T, p *Program, size int) (hash, printed string, lost int) {
	t.Helper()
	words := []string{"delay 3ms 1ms distribution normal loss 2% duplicate 0.5% reorder 1%"}
	c := config.Lab{Name: "fabric", Seed: 12, Window: -1}
	for i := range 5 {
		c.Switches = append(c.Switches, config.Switch{Name: fmt.Sprintf("s%d", i+1), Ports: 3, Tree: &config.Tree{Mode: "rstp"}})
		c.Links = append(c.Links, config.Link{A: fmt.Sprintf("s%d.3", i+1), B: fmt.Sprintf("s%d.2", (i+1)%5+1), AtoB: words, BtoA: words})
	}
	for i, argv := range [][]string{{"stream", "10.0.0.2", "80", fmt.Sprint(size)}, {"stream", "80"}} {
		name := []string{"alice", "bob"}[i]
		c.Nodes = append(c.Nodes, config.Node{
			Name: name, NICs: []config.NIC{{Name: "em0", Addresses: []netip.Prefix{netip.MustParsePrefix(fmt.Sprintf("10.0.0.%d/24", i+1))}}},
			Programs: []config.Program{{Name: "stream", Argv: argv, Start: true, Slot: true}},
		})
		c.Links = append(c.Links, config.Link{A: name + ":em0", B: fmt.Sprintf("s%d.1", 1+2*i)})
	}
	lab, err := vnet.New(c, vnet.Runtime{NewStack: host.New})
	if err != nil {
		t.Fatal(err)
	}
	defer lab.Close()
	lab.Log().Subscribe(func(e *event.Event) {
		switch {
		case e.Kind == event.Drop && e.Op == "loss":
			lost++
		case e.Kind == event.Console:
			printed += string(e.Data)
		}
	})
	for _, n := range c.Nodes {
		if err := lab.Install(n.Name, "stream", p); err != nil {
			t.Fatal(err)
		}
	}
	lab.Start()
	lab.Run(time.Minute, vnet.NoLimit)
	return lab.Log().Hash(), printed, lost
}
