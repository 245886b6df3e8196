package vnet

import (
	"fmt"

	"wireloom/vnet/event"
	"wireloom/vnet/signal"
)

// limits is a set of limits of a process, each of which is told once.
type limits uint8

const (
	limitFiles limits = 1 << iota
	limitFuel
	limitProcs
	limitMemory
	limitSockets
)

// LimitReached records that a limit of the process took effect.
func (p *Proc) LimitReached(which, text string, n int64) {
	p.node.lab.emit(event.Event{Kind: event.Limit, Node: p.node.name, Proc: p.name, PID: p.pid, Op: which, Text: text, N: n, Fuel: p.fuel})
}

// once is LimitReached the first time.
func (p *Proc) once(l limits, which, text string, n int64) {
	if p.told&l == 0 {
		p.told |= l
		p.LimitReached(which, text, n)
	}
}

// tooManyFiles tells that the descriptor table is full.
func (p *Proc) tooManyFiles() {
	p.once(limitFiles, "open-files", fmt.Sprintf("the process has %d files open and may not open more", p.opened), MaxFiles)
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
