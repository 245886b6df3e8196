package bridge

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"wireloom/vnet/fabric/stp"
	"wireloom/vnet/packet"
)

// Two switches get the same frames and changes, and one of them forgets its streams before
// each: they do the same, and end the same.
func TestFramesOfAStreamAreDecidedAboutAsTheFirst(t *testing.T) {
	streams := 0
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		one := func(n int) bool { return r.IntN(n) == 0 }
		some := func() packet.MAC { return mac([]byte{1, 2, 3, 4, 9}[r.IntN(5)]) }
		special := r.IntN(14) // what decides about frames besides their addresses, if anything does
		c := Config{
			Dialect: Dialect(r.IntN(2)), MAC: mac(9), STP: one(2), Filtering: special == 1, Snooping: special == 2, Hub: special == 3, Shared: one(4),
			MaxMACs: 4 + r.IntN(3), Ageing: time.Duration(1+r.IntN(3)) * 20 * time.Second, Ports: make([]PortConfig, 3),
		}
		for i := range c.Ports {
			p := &c.Ports[i]
			*p = PortConfig{Isolated: special == 4, Hairpin: special == 5, Locked: special == 6, NoLearn: special == 7, VLANs: []VLAN{{VID: 1, PVID: true, Untagged: i < 2}}}
			switch special {
			case 8:
				p.MTU = 20
			case 9:
				p.MirrorTo, p.Mirror = 3*(i%2), MirrorIn
			case 10:
				p.MirrorTo, p.Mirror = 3*(i%2), MirrorOut
			case 11:
				p.MAC = some()
			}
		}
		a, b := New(c), New(c)
		now := time.Duration(0)
		same := func(what string, x, y any) {
			t.Helper()
			if !reflect.DeepEqual(x, y) {
				t.Fatalf("seed %d, %s at %v: with streams %v, without %v", seed, what, now, x, y)
			}
		}
		for i := range c.Ports {
			same("port", a.SetPort(0, i, true), b.SetPort(0, i, true))
		}
		same("static", a.AddStatic(0, 2, mac(3), 0), b.AddStatic(0, 2, mac(3), 0))
		in, dst, src := 0, mac(1), mac(2)
		for range 600 {
			now += time.Duration(r.IntN(2000)) * time.Millisecond
			port, m := r.IntN(3), some()
			switch r.IntN(400) {
			case 0:
				up := one(2)
				same("port", a.SetPort(now, port, up), b.SetPort(now, port, up))
			case 1:
				s := []stp.State{stp.Disabled, stp.Discarding, stp.Listening, stp.Learning, stp.Forwarding}[r.IntN(5)]
				same("state", a.SetState(now, port, s), b.SetState(now, port, s))
			case 2:
				same("static", a.AddStatic(now, port, m, 0), b.AddStatic(now, port, m, 0))
			case 3:
				x, _ := a.RemoveEntry(now, port, m, 0)
				y, _ := b.RemoveEntry(now, port, m, 0)
				same("entry", x, y)
			case 4:
				same("flush", a.Flush(now, port), b.Flush(now, port))
			case 5:
				on := one(2)
				change := func(c *PortConfig) { c.Isolated, c.NoLearn = on, on && port == 0 }
				a.Configure(port, change)
				b.Configure(port, change)
			case 6:
				x, _ := a.Tick(now)
				y, _ := b.Tick(now)
				same("tick", x, y)
			case 7:
				age := time.Duration(r.IntN(50)-5) * time.Second
				a.SetAgeing(age)
				b.SetAgeing(age)
			case 8:
				same("leave", a.Leave(now, port), b.Leave(now, port))
			case 9:
				same("join", a.Join(now, port), b.Join(now, port))
			case 10:
				on := one(3)
				a.SetFiltering(on)
				b.SetFiltering(on)
			}
			if one(8) { // another stream
				in, dst, src = port, m, some()
			}
			f := frame(dst, src)
			switch r.IntN(16) {
			case 0:
				f = f[:r.IntN(len(f)+1)]
			case 1:
				f = append(packet.AppendEthernet(nil, dst, src, TPID8021Q), []byte{0, byte(r.IntN(3)), 8, 0, 1, 2, 3}[:r.IntN(8)]...)
			case 2:
				f = append(f, make([]byte, r.IntN(100))...)
			}
			if s := &a.ports[in].stream; s.source != nil && s.changes == a.table.changes && a.ports[in].from.entry == s.source {
				streams++
			}
			b.ports[in].stream = stream{}
			same("frame", a.Receive(now, in, f), b.Receive(now, in, f))
			same("counters", a.Count(in), b.Count(in))
		}
		same("table", a.Table(), b.Table())
	}
	if streams < 5000 {
		t.Errorf("%d frames were of a stream: the test wants many", streams)
	}
}
