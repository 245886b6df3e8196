package arp_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"wireloom/vnet/inet/arp"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/packet"
)

// A wire joins hosts: a frame that one sends is with the others a tenth of a millisecond
// later.
type wire struct {
	t     *testing.T
	hosts []*host
	now   time.Duration
	queue []sent
	got   map[[2]int]bool // from, to
}

func (w *wire) deliver(f []byte) {
	e := packet.Ethernet(f)
	for i, h := range w.hosts {
		if e.Src() == h.mac || e.Dst() != h.mac && !e.Dst().IsMulticast() {
			continue
		}
		if e.Type() == packet.TypeARP {
			h.table.Input(w.now, e, &h.acts)
			w.collect(h)
			continue
		}
		if p := packet.IPv4(e.Payload()); p.Dst() == address(i) {
			w.got[[2]int{int(p.Src().As4()[3]) - 1, i}] = true
		}
	}
}

func address(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, 0, byte(i + 1)}) }

// collect takes what a host has to send, as the host's stack would.
func (w *wire) collect(h *host) {
	for _, r := range h.acts.Ready {
		w.transmit(h, r.MAC, r.Packet)
	}
	for _, f := range h.acts.Frames {
		w.queue = append(w.queue, sent{w.now + 100*time.Microsecond, append([]byte(nil), f...)})
	}
	h.acts.Reset()
}

func (w *wire) transmit(h *host, to packet.MAC, p []byte) {
	f := packet.AppendEthernet(nil, to, h.mac, packet.TypeIPv4)
	w.queue = append(w.queue, sent{w.now + 100*time.Microsecond, append(f, p...)})
}

func (w *wire) run(d time.Duration) {
	for end := w.now + d; ; {
		next := end
		for _, h := range w.hosts {
			if at, ok := h.table.Next(); ok {
				next = min(next, at)
			}
		}
		if len(w.queue) > 0 {
			next = min(next, w.queue[0].at)
		}
		w.now = max(w.now, next)
		if next >= end && (len(w.queue) == 0 || w.queue[0].at > end) {
			w.now = end
			return
		}
		for _, h := range w.hosts {
			h.table.Tick(w.now, &h.acts)
			w.collect(h)
		}
		for len(w.queue) > 0 && w.queue[0].at <= w.now {
			f := w.queue[0].frame
			w.queue = w.queue[1:]
			w.deliver(f)
		}
	}
}

// Two to twenty hosts of any dialects on one wire: whoever sends to another arrives, with
// one packet as with many, and two runs of one seed are the same.
func TestHostsOnAWireFindEachOther(t *testing.T) {
	for seed := range uint64(30) {
		var runs [2]string
		for run := range runs {
			r := rand.New(rand.NewPCG(seed, 1))
			w := &wire{t: t, got: map[[2]int]bool{}}
			n := 2 + r.IntN(19)
			for i := range n {
				m := packet.MAC{2, 0, 0, 0, 1, byte(i + 1)}
				h := newHost(t, dialect.All[r.IntN(len(dialect.All))], m)
				h.nets = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24")}
				w.hosts = append(w.hosts, h)
				up := r.IntN(2) == 0
				if up {
					h.table.SetUp(0, true, &h.acts)
				}
				h.table.AddAddress(0, netip.PrefixFrom(address(i), 24), up, &h.acts)
				h.table.SetUp(0, true, &h.acts)
				w.collect(h)
			}
			w.run(15 * time.Second)
			want := map[[2]int]bool{}
			for range 100 {
				from, to := r.IntN(n), r.IntN(n)
				if from == to {
					continue
				}
				want[[2]int{from, to}] = true
				h := w.hosts[from]
				p, err := packet.AppendIPv4(nil, packet.IPv4Header{Src: address(from), Dst: address(to)}, 0)
				if err != nil {
					t.Fatal(err)
				}
				mac, ok, no := h.table.Resolve(w.now, address(to), p, false, &h.acts)
				if ok {
					w.transmit(h, mac, p)
				} else if no.String() != block {
					t.Fatalf("seed %d: %d to %d: %v", seed, from, to, no)
				}
				w.collect(h)
				w.run(time.Duration(r.IntN(3000)) * time.Millisecond)
			}
			w.run(time.Second)
			for pair := range want {
				if !w.got[pair] {
					t.Errorf("seed %d: nothing of %d has come to %d of %d hosts", seed, pair[0], pair[1], n)
				}
			}
			for i, h := range w.hosts {
				if len(h.log) != 0 || h.held() != 0 || !usable(h.table, address(i)) {
					t.Errorf("seed %d: host %d (%d bytes held): console %q", seed, i, h.held(), h.log)
				}
				runs[run] += h.entries() + fmt.Sprintln(*h.table.Stats())
			}
		}
		if runs[0] != runs[1] {
			t.Errorf("seed %d: two runs differ", seed)
		}
	}
}

// FuzzInput: no frame breaks a table, what it sends are whole ARP frames, and limits hold.
func FuzzInput(f *testing.F) {
	for _, q := range questions(self.String()) {
		f.Add(uint8(0), []byte(q.m.frame()))
		f.Add(uint8(2), []byte(q.m.frame()))
	}
	f.Fuzz(func(t *testing.T, d uint8, b []byte) {
		e, err := packet.ParseEthernet(b)
		if err != nil {
			return
		}
		h := newHost(t, dialect.All[int(d)%len(dialect.All)], self).set("10.0.0.1/24").quiet()
		h.v.Limit = 2
		for range 3 {
			h.send("10.0.0.2")
			h.table.Input(h.now, e, &h.acts)
			h.take()
			h.run(7 * time.Second)
		}
		for _, s := range h.sent {
			if p, err := packet.ParseEthernet(s.frame); err != nil || len(s.frame) != 42 || p.Type() != packet.TypeARP || p.Src() != self {
				t.Errorf("sent %x", s.frame)
			}
		}
		if n := len(h.table.Entries()); n > 3 {
			t.Errorf("%d entries", n)
		}
	})
}

// In the steady state nothing is allocated: a packet to a known neighbour, a request that is
// answered.
func TestNothingIsAllocatedForAPacket(t *testing.T) {
	for _, d := range dialect.All {
		h := newHost(t, d, self).set("10.0.0.1/24").quiet()
		request := message{from: "10.0.0.2", sender: m99, about: "10.0.0.1"}.frame()
		p, hop := datagram("10.0.0.2", 0), ip("10.0.0.2")
		var acts arp.Acts
		step := func() {
			h.table.Input(h.now, request, &acts)
			if _, ok, _ := h.table.Resolve(h.now, hop, p, false, &acts); !ok {
				t.Fatal("the neighbour is not known")
			}
			acts.Reset()
		}
		step()
		if n := testing.AllocsPerRun(100, step); n != 0 {
			t.Errorf("%v: %v allocations a packet", d, n)
		}
	}
}

func BenchmarkResolve(b *testing.B) {
	v := arp.ValuesOf(dialect.FreeBSD)
	t := arp.New(&v, here{}, "tap0", self, func([]byte) {})
	var acts arp.Acts
	t.AddAddress(0, netip.MustParsePrefix("10.0.0.1/24"), false, &acts)
	t.Input(0, message{from: "10.0.0.2", sender: m99, about: "10.0.0.1"}.frame(), &acts)
	p, hop := datagram("10.0.0.2", 0), ip("10.0.0.2")
	for b.Loop() {
		t.Resolve(0, hop, p, false, &acts)
	}
}

type here struct{}

func (here) Where(netip.Addr) arp.Where { return arp.Here }

func usable(t *arp.Table, ip netip.Addr) bool {
	ok, _ := t.Usable(ip)
	return ok
}
