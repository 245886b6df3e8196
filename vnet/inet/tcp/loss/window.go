package loss

import (
	"time"

	"wireloom/vnet/inet/tcp/kernel"
)

// A Window is the congestion window (RFC 5681): how many bytes may be on their way. It is the
// connection that says when it opens and when something is lost; in recovery it sets Cwnd
// itself.
type Window struct {
	Cwnd, Ssthresh uint32 // bytes; below Ssthresh it is slow start
	acked          uint32 // RFC 3465: acknowledged since the window last grew
	cubic          Cubic

	was struct{ cwnd, ssthresh uint32 } // before a timeout
}

const unlimited = 1 << 30 // bytes: no window is as large

// Open begins the window of a connection whose handshake is not over.
func (w *Window) Open() { w.Cwnd, w.Ssthresh = unlimited, unlimited }

// First begins with a window, when the handshake is over.
func (w *Window) First(v *kernel.Values, cwnd uint32) {
	w.Cwnd = cwnd
	if v.Cubic {
		w.Ssthresh = unlimited
	}
}

// Lost lowers the threshold after a loss. wnd is the peer's window.
func (w *Window) Lost(v *kernel.Values, wnd, mss uint32) {
	if v.Cubic {
		w.Ssthresh = w.cubic.Lost(w.Cwnd, mss)
		return
	}
	w.Ssthresh = halfOf(min(w.Cwnd, wnd), mss)
}

// LostSegment is Lost where duplicates tell of it.
func (w *Window) LostSegment(v *kernel.Values, wnd, mss uint32) {
	w.Lost(v, wnd, mss)
	if v.HalfAll {
		w.Ssthresh = halfOf(w.Cwnd, mss)
	}
	w.acked = 0
}

func halfOf(wnd, mss uint32) uint32 { return max(wnd/2/mss, 2) * mss }

// Recovered ends recovery with a window.
func (w *Window) Recovered(cwnd uint32) { w.Cwnd, w.acked = cwnd, 0 }

// Collapse closes the window after a timeout (RFC 5681, 3.1); first tells that it is the first
// in a row.
func (w *Window) Collapse(v *kernel.Values, first bool, wnd, mss uint32) {
	if first || !v.Cubic {
		w.Lost(v, wnd, mss)
	}
	w.Cwnd, w.acked = mss, 0
}

// Save remembers the window before a timeout, and Undo takes that timeout back.
func (w *Window) Save() { w.was.cwnd, w.was.ssthresh = w.Cwnd, w.Ssthresh }

// Undo is the window as Save found it.
func (w *Window) Undo() { w.Cwnd, w.Ssthresh = w.was.cwnd, w.was.ssthresh }

// Grow opens the window by what was acknowledged (RFC 5681, RFC 3465), up to a limit. again
// tells that bytes are sent for the second time, after a timeout.
func (w *Window) Grow(v *kernel.Values, now time.Duration, acked, mss uint32, again bool, limit uint32) {
	grow := mss
	switch {
	case v.Cubic:
		if w.Cwnd < w.Ssthresh {
			grow = min(acked, w.Ssthresh-w.Cwnd)
		} else {
			grow = w.cubic.Grow(now, w.Cwnd, acked, mss)
		}
	case !v.ABC && w.Cwnd > w.Ssthresh:
		grow = max(mss*mss/w.Cwnd, 1)
	case !v.ABC:
	case w.Cwnd > w.Ssthresh:
		w.acked += min(acked, 2*mss)
		if w.acked < w.Cwnd {
			return
		}
		w.acked -= w.Cwnd
	default:
		w.acked = 0
		grow = min(acked, 2*mss)
		if again || v.ABCGentle {
			grow = min(acked, mss)
		}
	}
	w.Cwnd = min(w.Cwnd+grow, limit)
}

// Rest lowers the window of a connection that has been idle for so long (RFC 5681, 4.1). It is
// not lowered below first, the window of a new connection.
func (w *Window) Rest(v *kernel.Values, idle, rto time.Duration, first uint32) {
	if !v.Cubic || rto <= 0 {
		w.Cwnd = min(w.Cwnd, first)
		return
	}
	w.cubic.Rest()
	for ; idle >= rto && w.Cwnd > first; idle -= rto {
		w.Cwnd = max(w.Cwnd/2, first)
	}
}

// FirstWindow is the window before anything was acknowledged (RFC 3390, and its like for a size
// of 10). again tells that the SYN had to be sent again.
func FirstWindow(v *kernel.Values, mss uint32, onLink, again bool) uint32 {
	if again && v.SYNAgainWindow {
		return mss
	}
	n := v.SlowStart
	switch {
	case v.FirstSegments > 0:
		n = v.FirstSegments
	case v.InitWin > 0:
		n = v.InitWin
		if onLink {
			n = v.InitWinLocal
		}
		return InitialWindow(n, mss)
	case v.RFC3390:
		return min(4*mss, max(2*mss, 4380))
	case onLink:
		n = v.SlowStartLocal
	}
	return uint32(max(n, 1)) * mss
}

// InitialWindow is that of n segments: NetBSD tcp_var.h, TCP_INITIAL_WINDOW.
func InitialWindow(n int, segment uint32) uint32 {
	limit := [...]uint32{1, 1, 2, 2, 3, 5, 6, 7, 8, 9, 10} // times 1460: NetBSD tcp_subr.c, tcp_init_win_max
	n = min(max(n, 1), len(limit)-1)
	return min(uint32(n)*segment, max(2*segment, limit[n]*1460))
}
