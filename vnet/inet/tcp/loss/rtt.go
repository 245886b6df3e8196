package loss

import (
	"time"

	"wireloom/vnet/inet/tcp/kernel"
)

// An RTT is the round trip as a sender smooths it (RFC 6298), in the kernel's ticks.
type RTT struct {
	mean, dev     int32 // times 32 and 16; Linux: times 8, and four deviations
	mdev, mdevMax int32 // Linux
}

// Start makes the first timeout what the kernel begins with.
func (r *RTT) Start(v *kernel.Values) { r.dev = int32(v.RTOFirst/v.Tick) * 4 }

// Known tells whether there is an estimate.
func (r *RTT) Known() bool { return r.mean > 0 }

// Mean is the smoothed round trip.
func (r *RTT) Mean(v *kernel.Values) time.Duration {
	if v.Microsecond {
		return time.Duration(r.mean>>3) * v.Tick
	}
	return time.Duration(r.mean>>5) * v.Tick
}

// Base is the retransmission timeout before it is backed off.
func (r *RTT) Base(v *kernel.Values) time.Duration {
	if v.Microsecond {
		if r.mean == 0 {
			return v.RTOFirst
		}
		d := time.Duration(r.mean>>3+r.dev) * v.Tick
		return (d + v.Jiffy - 1) / v.Jiffy * v.Jiffy
	}
	return max(time.Duration((r.mean>>3+r.dev)>>2)*v.Tick, v.RTOMin)
}

// Persist is what a window probe waits for before it is backed off: tcp_output.c,
// tcp_setpersist.
func (r *RTT) Persist(v *kernel.Values) time.Duration {
	return max(time.Duration((r.mean>>2+r.dev)>>v.PersistShift)*v.Tick, v.PersistLeast)
}

// Losing is what many timeouts in a row do: the next round trip replaces the estimate,
// which is probably wrong, and until then the timeout stays what it is.
func (r *RTT) Losing(v *kernel.Values) {
	r.dev += r.mean >> v.LosingShift
	r.mean = 0
}

// Sample takes a round trip in ticks and returns the new timeout: tcp_input.c,
// tcp_xmit_timer of FreeBSD and NetBSD.
func (r *RTT) Sample(v *kernel.Values, ticks int32) time.Duration {
	if r.mean != 0 {
		delta := (ticks-v.RTTLess)<<2 - r.mean>>3
		r.mean = max(r.mean+delta, 1)
		if delta < 0 {
			delta = -delta
		}
		r.dev = max(r.dev+delta-r.dev>>2, 1)
	} else {
		r.mean, r.dev = ticks<<5, ticks<<3
	}
	return min(max(r.Base(v)+v.Slop, v.RTOMin, time.Duration(ticks+2)*v.Tick), v.RTOMax)
}

// SampleLinux is the same as Linux does it (tcp_input.c, tcp_rtt_estimator): the deviation
// is the greatest of a flight and never below RTOMin, and a shorter round trip widens it by
// an eighth only. flight tells that a new flight has begun.
func (r *RTT) SampleLinux(v *kernel.Values, d time.Duration, flight bool) time.Duration {
	m := int32(min(max(d/v.Tick, 1), 1<<26))
	floor := int32(v.RTOMin / v.Tick)
	if r.mean == 0 {
		r.mean, r.mdev = m<<3, m<<1
		r.dev = max(r.mdev, floor)
		r.mdevMax = r.dev
	} else {
		m -= r.mean >> 3
		r.mean = max(r.mean+m, 1)
		if m < 0 {
			if m = -m - r.mdev>>2; m > 0 {
				m >>= 3
			}
		} else {
			m -= r.mdev >> 2
		}
		r.mdev += m
		if r.mdev > r.mdevMax {
			r.mdevMax = r.mdev
			r.dev = max(r.dev, r.mdevMax)
		}
		if flight {
			if r.mdevMax < r.dev {
				r.dev -= (r.dev - r.mdevMax) >> 2
			}
			r.mdevMax = floor
		}
	}
	return min(max(r.Base(v), v.RTOMin), v.RTOMax)
}
