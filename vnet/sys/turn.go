package sys

import (
	"fmt"

	"wireloom/vnet/loop"
)

type procState uint8

const (
	procReady procState = iota
	procRunning
	procSleeping
	procExited
)

func (s procState) String() string {
	return [...]string{"ready", "running", "sleeping", "exited"}[s]
}

// A turn is a process' coroutine, and when it runs.
//
//	         dispatch            Charge moves the clock
//	ready ------------> running <----------------------+
//	  ^  \               |   \                         |
//	  |   `--preempted---+    `--- waits for its time -+
//	  |                  | sleeps in the kernel
//	  +---- woken ---- sleeping
type turn struct {
	next    func() (struct{}, bool)
	stop    func()
	yield   func(struct{}) bool
	timer   loop.Timer
	state   procState
	gone    bool // the lab closes: unwind, and touch nothing
	exiting bool // Main has returned
}

// An unwound is what a parked process panics with when its lab closes.
type unwound struct{}

// ready puts a process that is not running into line for the CPU.
func (p *Proc) ready() {
	p.state = procReady
	if p.native {
		p.sys.loop.Set(&p.timer, p.sys.loop.Now())
		return
	}
	p.sys.cpu.enqueue(p)
}

// resume is a turn of the loop: the process runs until it parks or ends.
func (p *Proc) resume() {
	p.state = procRunning
	if _, alive := p.next(); !alive {
		p.ended()
	}
}

// wait lets the lab run on until the turn of the process' timer has come, which is
// set or will be when it is woken. What is due before runs right here, on the
// process' own coroutine, as long as it is not the turn of another process that
// waits like this below: most waits so need no switch to the loop and back.
func (p *Proc) wait() {
	l := p.sys.loop
	p.timer.Held = true
	for t := l.Due(); t != nil; t = l.Due() {
		if t == &p.timer {
			l.Take(t)
			t.Held = false
			p.state = procRunning
			return
		}
		if t.Held {
			break
		}
		l.Take(t)
		t.Fire()
	}
	p.timer.Held = false
	p.park()
}

// park gives the loop its turn back until resume is called.
func (p *Proc) park() {
	if p.gone || !p.yield(struct{}{}) {
		p.gone = true
		panic(unwound{})
	}
}

// sleep is what the kernel calls to put the process to sleep (kern.Thread.Park).
func (p *Proc) sleep() {
	p.state = procSleeping
	if !p.native {
		p.sys.cpu.release(p)
	}
	p.wait()
}

// wake is what the kernel calls when the sleep is over (kern.Thread.Unpark).
func (p *Proc) wake() {
	if p.state != procSleeping {
		panic(fmt.Sprintf("vnet: process %s:%d is woken while it is %s", p.sys.name, p.pid, p.state))
	}
	p.ready()
}
