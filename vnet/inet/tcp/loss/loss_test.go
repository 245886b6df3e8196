package loss

import (
	"math/rand/v2"
	"testing"
	"time"

	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/inet/tcp/kernel"
	"wireloom/vnet/inet/tcp/wire"
)

// What a board says is held to a table of bytes.
func TestABoardKnowsWhatThePeerHas(t *testing.T) {
	const size = 200
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		base := uint32(0xffffffa0) // numbers wrap
		var b Board
		var has [size]bool
		una := 0
		for range 40 {
			ack := una
			if r.IntN(5) == 0 {
				ack = min(una+r.IntN(30), size)
			}
			for ack < size && has[ack] { // a peer acknowledges what it has in order
				ack++
			}
			var blocks []wire.Span
			for range r.IntN(3) {
				from := ack + 1 + r.IntN(size)
				to := from + 1 + r.IntN(20)
				if to <= size {
					blocks = append(blocks, wire.Span{Start: base + uint32(from), End: base + uint32(to)})
					for i := from; i < to; i++ {
						has[i] = true
					}
				}
			}
			for i := range ack {
				has[i] = true
			}
			b.Acked(base+uint32(una), base+uint32(ack), base+size, blocks, 1000)
			una = ack
			top := una
			for i := una; i < size; i++ {
				if has[i] {
					top = i + 1
				}
			}
			if b.Any() && int(b.Fack-base) != top {
				t.Fatalf("seed %d: fack %d, want %d", seed, b.Fack-base, top)
			}
			hole := func(i int) bool {
				for _, h := range b.Holes {
					if !wire.Before(base+uint32(i), h.Start) && wire.Before(base+uint32(i), h.End) {
						return true
					}
				}
				return false
			}
			for i := una; i < top; i++ {
				if hole(i) == has[i] {
					t.Fatalf("seed %d: byte %d of %d..%d: a hole %t; %v", seed, i, una, top, hole(i), b.Holes)
				}
			}
			if h := b.Next(); h != nil {
				b.Again(h, min(5, int(h.End-h.Resent)))
			}
		}
	}
}

func TestABoardIsHeldToItsLimit(t *testing.T) {
	var b Board
	dropped := 0
	for i := range uint32(50) {
		dropped += b.Acked(0, 0, 10000, []wire.Span{{Start: 100 * (i + 1), End: 100*(i+1) + 50}}, 10)
	}
	if len(b.Holes) != 10 || dropped != 40 {
		t.Errorf("%d holes, %d dropped", len(b.Holes), dropped)
	}
}

func TestTimeouts(t *testing.T) {
	for _, c := range []struct {
		name    string
		d       dialect.Dialect
		samples []time.Duration
		want    time.Duration
	}{
		{"freebsd after 100 ms: three times that, and the slop", dialect.FreeBSD, []time.Duration{100 * time.Millisecond}, 500 * time.Millisecond},
		{"freebsd after many of 10 ms", dialect.FreeBSD, []time.Duration{10 * time.Millisecond, 10 * time.Millisecond, 10 * time.Millisecond}, 230 * time.Millisecond},
		{"netbsd after less than half a second", dialect.NetBSD, []time.Duration{0}, time.Second},
		{"netbsd after a second", dialect.NetBSD, []time.Duration{time.Second}, 3 * time.Second},
		{"linux after a millisecond: 200 ms, in jiffies", dialect.Linux, []time.Duration{time.Millisecond}, 204 * time.Millisecond},
		{"linux after a second", dialect.Linux, []time.Duration{time.Second}, 3 * time.Second},
	} {
		v := kernel.ValuesOf(c.d)
		var r RTT
		r.Start(&v)
		if got := r.Base(&v); got != v.RTOFirst {
			t.Errorf("%s: at first %v", c.name, got)
		}
		var got time.Duration
		for _, s := range c.samples {
			if v.Microsecond {
				got = r.SampleLinux(&v, s, false)
			} else {
				got = r.Sample(&v, int32(s/v.Tick))
			}
		}
		if got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestCubic(t *testing.T) {
	for n, want := range map[uint64]uint32{0: 0, 1: 1, 7: 1, 8: 2, 26: 2, 27: 3, 1 << 40: 10321, 1<<60 - 1: 1<<20 - 1} {
		if got := cubeRoot(n); got != want {
			t.Errorf("the cube root of %d is %d, want %d", n, got, want)
		}
	}
	// After a loss at 100 segments the window is 70, back at 100 after the cube root of
	// 30/0.4 = 4.2 s, and grows beyond (RFC 9438, 4.2).
	const mss = 1000
	var q Cubic
	w := q.Lost(100*mss, mss)
	if w != 70*mss {
		t.Fatalf("after the loss %d", w)
	}
	at := func(d time.Duration) uint32 {
		q, w := q, w
		for now := time.Second; now < time.Second+d; now += 100 * time.Millisecond { // a round trip
			for acked := uint32(0); acked < w; acked += 2 * mss {
				w += q.Grow(now, w, 2*mss, mss)
			}
		}
		return w / mss
	}
	for _, c := range []struct {
		after    time.Duration
		min, max uint32
	}{{time.Second, 85, 90}, {4200 * time.Millisecond, 98, 101}, {8 * time.Second, 117, 124}} {
		if got := at(c.after); got < c.min || got > c.max {
			t.Errorf("after %v the window is %d, want %d to %d", c.after, got, c.min, c.max)
		}
	}
}
