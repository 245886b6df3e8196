package loss

import (
	"testing"
	"time"

	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/inet/tcp/kernel"
)

const mss = 1000

func TestTheFirstWindow(t *testing.T) {
	for _, c := range []struct {
		name          string
		d             dialect.Dialect
		change        func(*kernel.Values)
		mss           uint32
		onLink, again bool
		want          uint32
	}{
		{"freebsd: RFC 3390", dialect.FreeBSD, nil, 1460, false, false, 4380},
		{"of small segments", dialect.FreeBSD, nil, 500, false, false, 2000},
		{"of large ones", dialect.FreeBSD, nil, 8000, false, false, 16000},
		{"freebsd without it", dialect.FreeBSD, func(v *kernel.Values) { v.RFC3390 = false }, 1460, false, false, 1460},
		{"freebsd without it, on the link", dialect.FreeBSD, func(v *kernel.Values) { v.RFC3390 = false }, 1460, true, false, 4 * 1460},
		{"freebsd, the SYN was sent again", dialect.FreeBSD, nil, 1460, false, true, 4380},
		{"netbsd, the SYN was sent again", dialect.NetBSD, nil, 1460, false, true, 1460},
		{"netbsd: four segments", dialect.NetBSD, nil, 536, false, false, 4 * 536},
		{"netbsd: no more than 4380 bytes", dialect.NetBSD, nil, 1460, false, false, 3 * 1460},
		{"netbsd, on the link", dialect.NetBSD, func(v *kernel.Values) { v.InitWinLocal = 2 }, 536, true, false, 2 * 536},
		{"linux: ten segments", dialect.Linux, nil, 1460, false, false, 14600},
	} {
		v := kernel.ValuesOf(c.d)
		if c.change != nil {
			c.change(&v)
		}
		if got := FirstWindow(&v, c.mss, c.onLink, c.again); got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
}

func TestTheWindowGrowsByWhatIsAcknowledged(t *testing.T) {
	for _, c := range []struct {
		name           string
		d              dialect.Dialect
		cwnd, ssthresh uint32
		acked          []uint32
		gentle, again  bool
		want           uint32
	}{
		{"slow start counts two segments of an ACK", dialect.FreeBSD, 4 * mss, 64 * mss, []uint32{3 * mss}, false, false, 6 * mss},
		{"netbsd may count one", dialect.NetBSD, 4 * mss, 64 * mss, []uint32{3 * mss}, true, false, 5 * mss},
		{"after a timeout one", dialect.FreeBSD, 4 * mss, 64 * mss, []uint32{3 * mss}, false, true, 5 * mss},
		{"of less than a segment so much", dialect.FreeBSD, 4 * mss, 64 * mss, []uint32{100}, false, false, 4*mss + 100},
		{"congestion avoidance waits for a whole window", dialect.FreeBSD, 4 * mss, 2 * mss, []uint32{mss, 2 * mss}, false, false, 4 * mss},
		{"and then grows by a segment", dialect.FreeBSD, 4 * mss, 2 * mss, []uint32{2 * mss, 2 * mss}, false, false, 5 * mss},
		{"and waits again", dialect.FreeBSD, 4 * mss, 2 * mss, []uint32{2 * mss, 2 * mss, mss}, false, false, 5 * mss},
		{"dragonfly: by a segment an ACK", dialect.DragonFly, 4 * mss, 64 * mss, []uint32{3 * mss}, false, false, 5 * mss},
		{"dragonfly: by a part of one", dialect.DragonFly, 4 * mss, 2 * mss, []uint32{3 * mss}, false, false, 4*mss + 250},
		{"linux: up to the threshold", dialect.Linux, 4 * mss, 6 * mss, []uint32{3 * mss}, false, false, 6 * mss},
		{"up to the limit", dialect.FreeBSD, 65000, 1 << 30, []uint32{2 * mss}, false, false, 65535},
	} {
		v := kernel.ValuesOf(c.d)
		v.ABCGentle = c.gentle
		w := Window{Cwnd: c.cwnd, Ssthresh: c.ssthresh}
		for _, n := range c.acked {
			w.Grow(&v, time.Second, n, mss, c.again, 65535)
		}
		if w.Cwnd != c.want {
			t.Errorf("%s: got %d, want %d", c.name, w.Cwnd, c.want)
		}
	}
}

func TestALossLowersTheThreshold(t *testing.T) {
	for _, c := range []struct {
		name                 string
		d                    dialect.Dialect
		lose                 func(*Window, *kernel.Values)
		wantCwnd, wantThresh uint32
	}{
		{"freebsd, duplicates: half of the congestion window", dialect.FreeBSD, func(w *Window, v *kernel.Values) { w.LostSegment(v, 6*mss, mss) }, 20 * mss, 10 * mss},
		{"netbsd, duplicates: half of the smaller window", dialect.NetBSD, func(w *Window, v *kernel.Values) { w.LostSegment(v, 6*mss, mss) }, 20 * mss, 3 * mss},
		{"two segments at least", dialect.NetBSD, func(w *Window, v *kernel.Values) { w.LostSegment(v, mss, mss) }, 20 * mss, 2 * mss},
		{"linux: 0.7 of it", dialect.Linux, func(w *Window, v *kernel.Values) { w.LostSegment(v, 6*mss, mss) }, 20 * mss, 14 * mss},
		{"a timeout: one segment", dialect.FreeBSD, func(w *Window, v *kernel.Values) { w.Collapse(v, true, 64*mss, mss) }, mss, 10 * mss},
		{"the second in a row: less yet", dialect.FreeBSD, func(w *Window, v *kernel.Values) {
			w.Collapse(v, true, 64*mss, mss)
			w.Collapse(v, false, 64*mss, mss)
		}, mss, 2 * mss},
		{"linux, the second in a row: as it is", dialect.Linux, func(w *Window, v *kernel.Values) {
			w.Collapse(v, true, 64*mss, mss)
			w.Collapse(v, false, 64*mss, mss)
		}, mss, 14 * mss},
		{"a timeout that is taken back", dialect.FreeBSD, func(w *Window, v *kernel.Values) {
			w.Save()
			w.Collapse(v, true, 64*mss, mss)
			w.Undo()
		}, 20 * mss, 40 * mss},
		{"recovery is over: what was acknowledged is counted anew", dialect.FreeBSD, func(w *Window, v *kernel.Values) {
			w.Ssthresh = mss
			w.Grow(v, 0, 2*mss, mss, false, 1<<30)
			w.Recovered(3 * mss)
			w.Grow(v, 0, 2*mss, mss, false, 1<<30)
		}, 3 * mss, mss},
	} {
		v := kernel.ValuesOf(c.d)
		w := Window{Cwnd: 20 * mss, Ssthresh: 40 * mss}
		c.lose(&w, &v)
		if w.Cwnd != c.wantCwnd || w.Ssthresh != c.wantThresh {
			t.Errorf("%s: window %d, threshold %d; want %d, %d", c.name, w.Cwnd, w.Ssthresh, c.wantCwnd, c.wantThresh)
		}
	}
}

func TestAPauseLowersTheWindow(t *testing.T) {
	for _, c := range []struct {
		name string
		d    dialect.Dialect
		cwnd uint32
		idle time.Duration
		want uint32
	}{
		{"freebsd: to the first window", dialect.FreeBSD, 40 * mss, time.Second, 10 * mss},
		{"a smaller one stays", dialect.FreeBSD, 4 * mss, time.Second, 4 * mss},
		{"linux: by half for each timeout", dialect.Linux, 40 * mss, 1500 * time.Millisecond, 20 * mss},
		{"linux: not below the first window", dialect.Linux, 40 * mss, time.Minute, 10 * mss},
	} {
		v := kernel.ValuesOf(c.d)
		w := Window{Cwnd: c.cwnd}
		w.Rest(&v, c.idle, time.Second, 10*mss)
		if w.Cwnd != c.want {
			t.Errorf("%s: got %d, want %d", c.name, w.Cwnd, c.want)
		}
	}
}
