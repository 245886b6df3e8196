package vnet_test

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"wireloom/vnet"
	"wireloom/vnet/config"
)

// chain is a lab of switches in a row and a hub, with what is to be said of the last link.
func chain(b *testing.B, n, addresses int, words ...string) *vnet.Lab {
	b.Helper()
	c := config.Lab{Window: -1}
	for i := range n + 1 { // the last is there to be sent to, and learns nothing
		c.Switches = append(c.Switches, config.Switch{Name: fmt.Sprintf("s%d", i+1), Ports: 2, MaxMACs: config.MaxTable, Hub: i == n})
		if i > 0 {
			c.Links = append(c.Links, config.Link{A: fmt.Sprintf("s%d.2", i), B: fmt.Sprintf("s%d.1", i+1)})
		}
	}
	c.Links[n-1].AtoB = words
	lab, err := vnet.New(c, vnet.Runtime{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(lab.Close)
	for i := range addresses {
		send(b, lab, station(i))
	}
	return lab
}

func station(i int) []byte {
	f := append([]byte("\xff\xff\xff\xff\xff\xff\x02\x00"), binary.BigEndian.AppendUint32(nil, uint32(i))...)
	return append(f, make([]byte, 52)...)
}

func send(b *testing.B, lab *vnet.Lab, frame []byte) {
	if _, err := lab.Do(vnet.Arrive{Port: "s1.1", Hex: frame}); err != nil {
		b.Fatal(err)
	}
	lab.Run(lab.Now()+time.Microsecond, vnet.NoLimit)
}

// A frame of 64 bytes through some switches.
func BenchmarkSwitches(b *testing.B) {
	for _, n := range []int{1, 5, 20} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			lab := chain(b, n, 1)
			f := station(0)
			for b.Loop() {
				send(b, lab, f)
			}
		})
	}
}

// What a switch knows does not slow it.
func BenchmarkAddresses(b *testing.B) {
	for _, n := range []int{10, 1000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			lab := chain(b, 1, n)
			f, i := station(0), 0
			for b.Loop() {
				binary.BigEndian.PutUint32(f[8:], uint32(i%n))
				i++
				send(b, lab, f)
			}
		})
	}
}

// A frame over a link that does something to it.
func BenchmarkImpairments(b *testing.B) {
	for _, words := range []string{"", "delay 1us", "delay 10us 2us distribution normal", "loss 1%", "loss gemodel 1% 10%", "duplicate 1%", "corrupt 1%", "rate 10gbit", "rate 10gbit codel", "slot 1us"} {
		b.Run(words, func(b *testing.B) {
			lab := chain(b, 1, 1)
			if words != "" {
				lab = chain(b, 1, 1, words)
			}
			f := station(0)
			for b.Loop() {
				send(b, lab, f)
			}
		})
	}
}
