package vnet

import (
	"fmt"
	"testing"
	"time"

	"wireloom/vnet/config"
	"wireloom/vnet/packet"
)

// wide is a lab of n hosts, 100 at a switch, with the switches in a line.
func wide(n int) config.Lab {
	const each = 100
	c := config.Lab{Name: "wide", Seed: 1, Window: -1}
	for i := range n {
		s, p := i/each, i%each
		if p == 0 {
			c.Switches = append(c.Switches, config.Switch{Name: fmt.Sprintf("s%d", s), Ports: each + 2})
			if s > 0 {
				c.Links = append(c.Links, config.Link{A: fmt.Sprintf("s%d.%d", s-1, each+2), B: fmt.Sprintf("s%d.%d", s, each+1)})
			}
		}
		name := fmt.Sprintf("h%d", i)
		c.Nodes = append(c.Nodes, config.Node{Name: name, NICs: []config.NIC{{Name: "em0"}}})
		c.Links = append(c.Links, config.Link{A: name + ":em0", B: fmt.Sprintf("s%d.%d", s, p+1), Delay: time.Microsecond})
	}
	return c
}

// Every one of a thousand nodes has a default address of its own.
func TestDefaultAddressesOfAThousandNodes(t *testing.T) {
	b := newBench(t, wide(1000))
	seen := map[packet.MAC]string{}
	for _, n := range b.nodes {
		mac := n.Interfaces()[0].If.MAC
		if seen[mac] != "" {
			t.Fatalf("%s and %s have the address %v", seen[mac], n.Name(), mac)
		}
		seen[mac] = n.Name()
	}
	if got := b.ports["h256:em0"].end.(nodeEnd).x.If.MAC; got != (packet.MAC{2, 0, 0, 1, 1, 1}) {
		t.Errorf("node 257 has %v", got)
	}
}

// BenchmarkFrames is a frame between neighbours at one switch, in labs of several sizes:
// what it costs must not grow with the lab.
func BenchmarkFrames(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		b.Run(fmt.Sprintf("nodes=%d", n), func(b *testing.B) {
			l, err := New(wide(n), Runtime{})
			if err != nil {
				b.Fatal(err)
			}
			defer l.Close()
			frames := make([]*Inject, n)
			for i := range frames {
				to := i ^ 1
				frames[i] = &Inject{Port: fmt.Sprintf("h%d:em0", i), Hex: eth(l.nodes[to].Interfaces()[0].If.MAC, l.nodes[i].Interfaces()[0].If.MAC)}
				if _, err := l.Do(frames[i]); err != nil {
					b.Fatal(err)
				}
				l.Run(l.Now()+10*time.Microsecond, NoLimit)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := l.Do(frames[i%n]); err != nil {
					b.Fatal(err)
				}
				l.Run(l.Now()+10*time.Microsecond, NoLimit)
			}
		})
	}
}

// BenchmarkNew is what a lab costs to be made, for each of its nodes.
func BenchmarkNew(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		b.Run(fmt.Sprintf("nodes=%d", n), func(b *testing.B) {
			c := wide(n)
			for b.Loop() {
				l, err := New(c, Runtime{})
				if err != nil {
					b.Fatal(err)
				}
				l.Close()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/node")
		})
	}
}
