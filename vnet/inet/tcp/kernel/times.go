package kernel

import (
	"time"

	"wireloom/vnet/inet/tcp/wire"
)

// Due is when a timer of d fires.
func (v *Values) Due(now, d time.Duration) time.Duration {
	if r := v.Round; r > 0 { // FreeBSD kern_timeout.c: not before so many ticks are over
		return now - now%r + (d+r-1)/r*r + r
	}
	if v.Jiffy == 0 {
		return now + d
	}
	n := (d + v.Jiffy - 1) / v.Jiffy
	step := v.Jiffy // Linux timer.c, calc_index: a wheel whose steps are coarser by 8 the farther away; on average half a step late
	for far := n; far >= 63 && step < v.Jiffy<<18; far >>= 3 {
		step <<= 3
	}
	return now + n*v.Jiffy + step/2
}

// BackoffOf is the factor of the n-th timeout in a row.
func (v *Values) BackoffOf(n uint8) int {
	return int(v.Backoff[min(int(n), len(v.Backoff)-1)])
}

// TotalBackoff is the sum of the factors.
func (v *Values) TotalBackoff() (sum int) {
	for _, f := range v.Backoff {
		sum += int(f)
	}
	return sum
}

// MaxIdle is how long a peer may leave probes unanswered.
func (v *Values) MaxIdle() time.Duration { return time.Duration(v.KeepCount) * v.KeepInterval }

// FinWait2Time is how long FIN_WAIT_2 lasts when the user has gone.
func (v *Values) FinWait2Time() time.Duration {
	if v.FastFinWait2 {
		return v.FinWait2Fast
	}
	return v.FinWait2
}

// Stamp is the host's clock of the timestamp option.
func (v *Values) Stamp(now time.Duration) uint32 {
	t := now + v.StampBase
	if v.Round > 0 {
		t -= t % v.Round
	}
	return uint32(t / v.StampTick)
}

// WindowScale is the window scale that a host asks for: what its largest buffer needs.
func (v *Values) WindowScale() uint8 {
	if v.Scale >= 0 {
		return uint8(v.Scale)
	}
	s := 0
	for s < wire.MaxScale && 65535<<s < v.BufMax {
		s++
	}
	return uint8(s)
}
