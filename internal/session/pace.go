package session

import "time"

// MaxLag is how far, in real time, a lab's clock may fall behind before its target
// slips: what a machine cannot keep up with is never skipped, but a lab that was
// behind for long does not race through all of it once there is room again.
const MaxLag = time.Second

// grain is how long a due event may wait, so that what is due shortly after it
// runs in the same turn.
const grain = 2 * time.Millisecond

// The rates at which real time drives virtual time. AsFast is tied to nothing: the
// lab runs as fast as its share of the machine allows.
const (
	AsFast   = 0
	RealTime = 1
	TenTimes = 10
)

// A pace says where a lab's virtual clock should stand. It is plain arithmetic:
// whoever asks says what time it is.
type pace struct {
	rate   int
	paused bool
	base   time.Time     // real time at which
	from   time.Duration // the virtual clock should have stood here
}

// rebase makes at the virtual time that belongs to now.
func (p *pace) rebase(now time.Time, at time.Duration) { p.base, p.from = now, at }

// tied reports whether virtual time is tied to real time now.
func (p *pace) tied() bool { return !p.paused && p.rate > 0 }

// target is the virtual time that belongs to now, for a pace that is tied.
func (p *pace) target(now time.Time) time.Duration {
	return p.from + now.Sub(p.base)*time.Duration(p.rate)
}

// lag is how far a clock that stands at at is behind, in real time.
func (p *pace) lag(now time.Time, at time.Duration) time.Duration {
	if !p.tied() {
		return 0
	}
	return max((p.target(now)-at)/time.Duration(p.rate), 0)
}

// slip moves the target back if the clock at at is more than MaxLag behind, and
// returns by how much real time.
func (p *pace) slip(now time.Time, at time.Duration) time.Duration {
	over := p.lag(now, at) - MaxLag
	if over <= 0 {
		return 0
	}
	p.base = p.base.Add(over)
	return over
}

// wait is how long from now it is until the virtual time at is due.
func (p *pace) wait(now time.Time, at time.Duration) time.Duration {
	r := time.Duration(p.rate)
	return max(((at-p.target(now))+r-1)/r, 0)
}
