package sys

import (
	"fmt"
	"time"

	"wireloom/vnet/signal"
)

// Of the CPU of a machine.
const (
	SliceFuel      = 100_000 // units of fuel in a slice
	FuelNanosecond = 10      // virtual nanoseconds that a unit of fuel takes
)

// An account is the CPU time that a process has used, in units of fuel.
type account struct {
	fuel      int64 // since it began
	left      int64 // in the slice
	fuelLimit int64 // that it may use, 0 for no limit
	work      int64 // see Work

	instant time.Duration // of the latest call of a native one
	burst   int           // how many calls it has made at that instant
}

// Charge accounts for the fuel that the program has used since it was last given a
// budget. The clock moves by FuelNanosecond for each unit; where something else in
// the lab is due by then, the process waits for its time. What the caller does next
// takes effect at that time. A program calls it at each system call and when its
// budget is used up.
func (p *Proc) Charge(used int64) {
	if p.native || p.gone || used <= 0 {
		return
	}
	p.fuel += used
	p.left -= used
	l := p.sys.loop
	if at := l.Now() + time.Duration(used)*FuelNanosecond; !l.Advance(at) {
		l.Set(&p.timer, at)
		p.wait()
	}
	if p.fuelLimit > 0 && p.fuel > p.fuelLimit {
		p.outOfFuel()
	}
}

// Budget returns how many units of fuel the program may use from here until it
// must call Charge; at least 1. A program asks each time before it goes on. At the
// end of its slice it gives the CPU to the next process in line first.
func (p *Proc) Budget() int64 {
	if p.native || p.gone {
		return max(p.left, 1)
	}
	if p.left <= 0 {
		p.left = SliceFuel
		if c := &p.sys.cpu; c.waiting() {
			p.state = procReady
			c.rotate(p)
			p.wait()
		}
	}
	if p.fuelLimit > 0 {
		return max(min(p.left, p.fuelLimit-p.fuel), 1)
	}
	return p.left
}

// A command of the lab pays for no CPU time. What would hold the lab at one instant
// for ever, like cat /dev/zero, so lets nativePause pass after every nativeBurst calls
// that were made at one.
const (
	nativeBurst = 64
	nativePause = 2 * time.Millisecond
)

func (p *Proc) breathe() {
	l := p.sys.loop
	if p.instant != l.Now() {
		p.instant, p.burst = l.Now(), 0
	}
	if p.burst++; p.burst >= nativeBurst {
		l.Set(&p.timer, l.Now()+nativePause)
		p.wait()
	}
}

// outOfFuel ends a process that has used all that it may use. A BSD sends SIGXCPU
// at the soft limit and SIGKILL at the hard one; here they are the same, so that
// the signal can't be caught.
func (p *Proc) outOfFuel() {
	if p.sig.Fatal() != 0 {
		return
	}
	p.once(limitFuel, "fuel", fmt.Sprintf("the program may use %d units of fuel, and has", p.fuelLimit), p.fuelLimit)
	p.sig.End(signal.SIGXCPU)
	p.arm()
}

// OutOfFuel reports whether the process ends because it has used all its fuel.
func (p *Proc) OutOfFuel() bool { return p.sig.Fatal() == signal.SIGXCPU && p.told&limitFuel != 0 }

// Calls whose work grows with what they are asked for: a program that chooses how
// long a call takes pays for it. Work is counted in steps, of about the time of one
// name of a path; that of an ordinary call costs nothing, as other work of the kernel.
const (
	ordinarySteps = 64 // of one call: names of a path, entries of a directory or of poll's list, changes of a kqueue
	notesAStep    = 16 // registrations of a kqueue that are looked through in the time of a step
)

// Work returns, and forgets, how many steps more than ordinary ones the calls since the
// last Work took.
func (p *Proc) Work() int64 {
	n := p.work
	p.work = 0
	return n
}

// Worked counts the steps of a call.
func (p *Proc) Worked(steps int) {
	p.work += int64(max(steps-ordinarySteps, 0))
}
