package tcp

import (
	"net/netip"
	"testing"
	"time"
	"unsafe"

	"wireloom/vnet/inet/dialect"
)

// A link is two connections side by side: segments go straight to the other end, in order,
// through the bytes of a message.
type link struct {
	now  time.Duration
	a, b *Conn
	buf  []byte
}

func newLink(tb testing.TB, x, y dialect.Dialect) *link {
	w := &link{now: time.Second}
	vx, vy := ValuesOf(x), ValuesOf(y)
	rnd := func(p []byte) { clear(p) }
	lx, ly := New(&vx, rnd), New(&vy, rnd)
	from, to := netip.MustParseAddrPort("10.0.0.1:1025"), netip.MustParseAddrPort("10.0.0.2:80")
	path := Path{MTU: 1500, OnLink: true}
	li := ly.Listen(to, 5, DefaultOptions())
	var acts Acts
	w.a = lx.Dial(w.now, Params{Local: from, Remote: to, Path: path, Options: DefaultOptions()}, &acts)
	syn := acts.Segments[0]
	var back Acts
	li.Input(w.now, &syn, path, &back)
	synack := back.Segments[0]
	acts = Acts{}
	w.a.Input(w.now, &synack, &acts)
	li.Input(w.now, &acts.Segments[0], path, &back)
	w.b, _ = li.Accept()
	if w.b == nil || w.a.State() != Established || w.b.State() != Established {
		tb.Fatal("no connection")
	}
	return w
}

// deliver hands what is in acts to the other end, and what that answers back, until
// neither has anything to say.
func (w *link) deliver(to *Conn, acts, answer *Acts) {
	for len(acts.Segments) > 0 {
		for i := range acts.Segments {
			s := &acts.Segments[i]
			w.buf = s.Append(w.buf[:0])
			g, err := Parse(s.Src.Addr(), s.Dst.Addr(), w.buf)
			if err != nil {
				panic(err)
			}
			to.Input(w.now, &g, answer)
		}
		acts.Reset()
		acts, answer = answer, acts
		if to == w.b {
			to = w.a
		} else {
			to = w.b
		}
	}
}

// transfer moves n bytes from a to b.
func (w *link) transfer(n int, acts, answer *Acts, chunk []byte) {
	for got := 0; got < n; {
		w.now += 10 * time.Microsecond
		w.a.Write(w.now, chunk, acts)
		w.deliver(w.b, acts, answer)
		for {
			k, _ := w.b.Read(w.now, chunk, answer)
			if k == 0 {
				break
			}
			got += k
			w.deliver(w.a, answer, acts)
		}
		if w.b.running(timerACK) || w.b.has(ackLater) {
			w.now += w.b.l.v.ACKDelay
			w.b.Tick(w.now+w.b.l.v.Round, answer)
			w.deliver(w.a, answer, acts)
		}
	}
}

func BenchmarkTransfer1MB(b *testing.B) {
	for _, d := range dialect.All {
		b.Run(d.String(), func(b *testing.B) {
			w := newLink(b, d, d)
			var acts, answer Acts
			chunk := make([]byte, 64<<10)
			w.transfer(1<<20, &acts, &answer, chunk)
			b.SetBytes(1 << 20)
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				w.transfer(1<<20, &acts, &answer, chunk)
			}
		})
	}
}

func TestASteadyTransferAllocatesNothing(t *testing.T) {
	for _, d := range dialect.All {
		w := newLink(t, d, d)
		var acts, answer Acts
		chunk := make([]byte, 64<<10)
		w.transfer(4<<20, &acts, &answer, chunk)
		if n := testing.AllocsPerRun(20, func() { w.transfer(1<<20, &acts, &answer, chunk) }); n > 0 {
			t.Errorf("%s: %v allocations for a megabyte", d, n)
		}
	}
}

func BenchmarkConnect(b *testing.B) {
	b.ReportAllocs()
	for range b.N {
		newLink(b, dialect.FreeBSD, dialect.FreeBSD)
	}
}

func TestAnIdleConnectionIsSmall(t *testing.T) {
	if n := unsafe.Sizeof(Conn{}); n > 800 {
		t.Errorf("a Conn takes %d bytes", n)
	}
	w := newLink(t, dialect.FreeBSD, dialect.NetBSD)
	var acts, answer Acts
	w.transfer(1<<20, &acts, &answer, make([]byte, 8<<10))
	if n := w.a.Bytes() + w.b.Bytes(); n > 8<<10 {
		t.Errorf("two that have nothing to do hold %d bytes", n)
	}
}
