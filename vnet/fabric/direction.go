package fabric

import (
	"slices"
	"time"
)

// Limits of a link.
const (
	MaxFrame    = 65535 + 18       // bytes of a frame: the longest IP packet with an Ethernet header and a tag
	MaxInFlight = 4096             // frames in flight on one direction
	MaxDelay    = 10 * time.Second // delay
	MaxFaults   = 64               // frames that one fault may name
	maxRules    = 16 * MaxFaults   // faults of one direction that are still to come
)

// A Direction is one of the two ways of a link. Frames keep their order but for those
// that a fault makes late.
//
//	       Enter                    after the delay: Leave
//	port ---------> in flight ------------------------------> the other end
//	  \ lost: too-long, queue-full, fault
type Direction struct {
	Delay   time.Duration
	Sent    uint64 // frames that entered
	Dropped uint64 // frames that are lost here, or where they would have entered

	down     bool   // by a fault
	count    uint64 // frames that wanted to enter
	rules    []rule
	inFlight int
}

// A rule is what a fault does to one frame.
type rule struct {
	nth  uint64 // by Direction.count
	late time.Duration
	drop bool
}

// A Reason is a slug that says why a frame is lost, with its sentence.
type Reason struct{ Slug, Text string }

// The reasons. The zero value is that of a frame which is not lost.
var (
	TooLong   = Reason{"too-long", "the frame is longer than any link carries"}
	QueueFull = Reason{"queue-full", "too many frames are in flight on this link"}
	LinkDown  = Reason{"fault", "the link is down, by a fault"}
	Lost      = Reason{"fault", "lost on the link, by a fault"}
)

// Enter says when a frame of size bytes comes out, or why it does not; lost is nil if it
// does.
func (d *Direction) Enter(size int) (delay time.Duration, lost *Reason) {
	if size <= MaxFrame && d.inFlight >= MaxInFlight {
		return 0, &QueueFull
	}
	late, lost := d.Pass(size)
	if lost != nil {
		return 0, lost
	}
	d.Launch()
	return d.Delay + late, nil
}

// Pass says what faults make of a frame of size bytes: it enters late, or not at all, where
// lost is not nil. It is for a direction on which something else says when frames come out.
func (d *Direction) Pass(size int) (late time.Duration, lost *Reason) {
	if size > MaxFrame {
		return 0, &TooLong
	}
	d.count++
	if d.down || len(d.rules) > 0 {
		return d.fault()
	}
	return 0, nil
}

// fault says what faults make of the frame that is counted last.
func (d *Direction) fault() (late time.Duration, lost *Reason) {
	if d.down {
		lost = &LinkDown
	}
	d.rules = slices.DeleteFunc(d.rules, func(r rule) bool {
		if r.nth != d.count {
			return false
		}
		if r.drop {
			lost = &Lost
		}
		late += r.late
		return true
	})
	return late, lost
}

// Launch counts a frame that is on its way from now on.
func (d *Direction) Launch() {
	d.Sent++
	d.inFlight++
}

// Leave counts a frame that entered and has come out.
func (d *Direction) Leave() { d.inFlight-- }

// SetDown makes the direction lose all that enters, or carry again.
func (d *Direction) SetDown(down bool) { d.down = down }

// Fail makes frames be lost or come late, counted from now on: 1 is the next. It
// reports false, and does nothing, where too many are still to come.
func (d *Direction) Fail(drop, delay []uint64, late time.Duration) bool {
	if len(d.rules)+len(drop)+len(delay) > maxRules {
		return false
	}
	for _, n := range drop {
		d.rules = append(d.rules, rule{nth: d.count + n, drop: true})
	}
	for _, n := range delay {
		d.rules = append(d.rules, rule{nth: d.count + n, late: late})
	}
	return true
}

// Pending is how many faults are still to come.
func (d *Direction) Pending() int { return len(d.rules) }
