package vnet

import (
	"fmt"
	"iter"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/file"
	"wireloom/vnet/kern"
	"wireloom/vnet/loop"
	"wireloom/vnet/shell"
	"wireloom/vnet/signal"
)

// A Program is what a process runs: a WebAssembly module, or a command that is
// part of the lab.
type Program interface {
	// Name is the program's file name, for people.
	Name() string
	// ID is the SHA-256 of the program's bytes in hexadecimal; "" for a command
	// that is part of the lab.
	ID() string
	// Main runs the program as p, on p's coroutine, and returns how it ended.
	// It must return soon after a call of p's says that p is dying.
	Main(p *Proc) Exit
}

// Exit says how a process ended.
type Exit struct {
	Code int    // exit code; 128 + the signal's number where a signal ended it
	How  string // "exit", "trap", "killed" or "limit"
	Why  string // a sentence for people: the trap's text, the limit that was exceeded
}

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

// A Proc is a process: a program running on a node. Its methods are the system
// calls, made by the program on the process' coroutine; the loop and the program
// never run at once.
//
//	         dispatch            Charge moves the clock
//	ready ------------> running <----------------------+
//	  ^  \               |   \                         |
//	  |   `--preempted---+    `--- waits for its time -+
//	  |                  | sleeps in the kernel
//	  +---- woken ---- sleeping
type Proc struct {
	node   *Node
	slot   *slot
	name   string
	pid    int
	argv   []string
	env    []string
	prog   Program
	caller file.Caller // what its files know of it

	next  func() (struct{}, bool)
	stop  func()
	yield func(struct{}) bool
	timer loop.Timer
	state procState
	gone  bool // the lab closes: unwind, and touch nothing

	native    bool          // part of the lab: its work costs no CPU time
	instant   time.Duration // of the latest call of a native one
	burst     int           // how many calls it has made at that instant
	fuel      int64         // units used since it began
	left      int64         // units left in the slice
	fuelLimit int64         // units that it may use, 0 for no limit

	files   []*openFile
	opened  int
	work    int64 // see Work
	stdin   *inbox
	console consoleMeter
	began   time.Duration // virtual time of its start

	signals
	exit    Exit
	exiting bool   // Main has returned
	told    limits // the limits that it was told to have reached

	exits    kern.SelInfo // the kqueues that watch it end
	parent   *Proc        // nil where nobody waits for it
	children []*Proc      // that it has not waited for, in the order of their start
	redirect []shell.Redirection

	memory      int64 // bytes, of its own
	instance    int64 // and for its tables
	stack       int64 // and the host's for its nested calls
	counted     bool  // with ProcMemory
	memoryLimit int64
	scratch     []byte
}

// An unwound is what a parked process panics with when its lab closes.
type unwound struct{}

// Name is the name of the process' slot, or that of the command with its number.
func (p *Proc) Name() string { return p.name }

// PID is the process id, unique on its node.
func (p *Proc) PID() int { return p.pid }

// Args returns the process' arguments; the caller must not change them.
func (p *Proc) Args() []string { return p.argv }

// Env returns the process' environment, KEY=value; the caller must not change it.
func (p *Proc) Env() []string { return p.env }

// Node returns the node that the process runs on.
func (p *Proc) Node() *Node { return p.node }

// Now is the lab's virtual time.
func (p *Proc) Now() time.Duration { return p.node.lab.loop.Now() }

// Random fills b from the lab's seed.
func (p *Proc) Random(b []byte) { p.node.Random(b) }

// NewFrame is the identity of a packet that the process writes.
func (p *Proc) NewFrame() uint64 { return p.node.NewFrame() }

// Fuel is the number of units that the process has used.
func (p *Proc) Fuel() int64 { return p.fuel }

// MemoryLimit is how many bytes of memory the process may use.
func (p *Proc) MemoryLimit() int64 { return p.memoryLimit }

// Scratch returns a buffer of n bytes that is the process' own until its next call.
// What a program's memory holds must not be kept while the process is parked, so
// data goes through here.
func (p *Proc) Scratch(n int) []byte {
	if cap(p.scratch) < n {
		p.scratch = make([]byte, max(n, 4096))
	}
	return p.scratch[:n]
}

// Dying reports whether the process must end: it was killed, or its lab closes.
// A program checks it after each call that may have parked.
func (p *Proc) Dying() bool { return p.sig.Fatal() != 0 || p.gone }

// Verdict is how a process ends that Dying says must end.
func (p *Proc) Verdict() Exit {
	switch {
	case p.sig.Fatal() == 0:
		return Exit{Code: 128 + signal.SIGKILL, How: "killed", Why: "the lab closed"}
	case p.OutOfFuel():
		return Exit{Code: 128 + signal.SIGXCPU, How: "limit", Why: fmt.Sprintf("it has used up its %d units of fuel", p.fuelLimit)}
	}
	return Exit{Code: 128 + p.sig.Fatal(), How: "killed", Why: "killed by " + signal.Name(p.sig.Fatal())}
}

func (l *Lab) newProc(n *Node, s *slot, prog Program, native bool, argv, env []string) *Proc {
	n.lastPID++
	n.mem.Count(ProcMemory, 0)
	p := &Proc{
		node: n, slot: s, pid: n.lastPID, prog: prog, native: native, argv: argv, env: env, began: l.loop.Now(),
		stdin: &inbox{}, memoryLimit: DefaultMemory, counted: true,
	}
	p.caller = file.Caller{
		Thread: kern.Thread{PID: p.pid, PGID: p.pid, Park: p.sleep, Unpark: p.wake},
		Kernel: n.kern, View: n.fs.View(p), Who: p,
	}
	p.timer.Run = p.resume
	p.alarm.Run = func() { p.Signal(signal.SIGALRM) }
	p.files = []*openFile{
		{file: consoleIn{p}, path: "stdin"},
		{file: consoleOut{p, 1}, path: "stdout"},
		{file: consoleOut{p, 2}, path: "stderr"},
		{file: file.OpenDir(n.fs, p.caller.View.Root()), path: "/"},
	}
	p.opened = len(p.files)
	p.next, p.stop = iter.Pull(p.body)
	return p
}

// body is the coroutine.
func (p *Proc) body(yield func(struct{}) bool) {
	p.yield = yield
	defer func() {
		switch e := recover().(type) {
		case nil, unwound:
		default:
			if !p.gone {
				panic(e)
			}
		}
	}()
	exit, ok := p.openRedirected()
	if ok {
		exit = p.prog.Main(p)
	}
	if p.gone {
		return
	}
	if p.sig.Fatal() != 0 && exit.How == "exit" { // which Main did not look at
		exit = p.Verdict()
	}
	p.exiting = true
	p.closeAll()
	p.exit = exit
}

// start lets the process run for the first time.
func (p *Proc) start() {
	hash := p.prog.ID()
	p.node.lab.emit(event.Event{Kind: event.Start, Node: p.node.name, Proc: p.name, PID: p.pid, Text: p.prog.Name(), Path: hash})
	p.ready()
}

// ready puts a process that is not running into line for the CPU.
func (p *Proc) ready() {
	p.state = procReady
	if p.native {
		p.node.lab.loop.Set(&p.timer, p.node.lab.loop.Now())
		return
	}
	p.node.cpu.enqueue(p)
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
	l := &p.node.lab.loop
	p.timer.Held = true
	for l.Due() {
		t := l.Peek()
		if t.Held && t != &p.timer {
			break
		}
		l.Take()
		if t == &p.timer {
			p.timer.Held = false
			p.state = procRunning
			return
		}
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
		p.node.cpu.release(p)
	}
	p.wait()
}

// wake is what the kernel calls when the sleep is over (kern.Thread.Unpark).
func (p *Proc) wake() {
	if p.state != procSleeping {
		panic(fmt.Sprintf("vnet: process %s:%d is woken while it is %s", p.node.name, p.pid, p.state))
	}
	p.ready()
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
	l := &p.node.lab.loop
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
		if c := &p.node.cpu; c.waiting() {
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

// ended is called by the loop when the coroutine is over.
func (p *Proc) ended() {
	p.state = procExited
	n := p.node
	if !p.native {
		n.cpu.release(p)
	}
	if p.gone {
		return
	}
	n.lab.loop.Stop(&p.alarm)
	n.lab.emit(event.Event{
		Kind: event.Exit, Node: n.name, Proc: p.name, PID: p.pid, N: int64(p.exit.Code), Op: p.exit.How, Text: p.exit.Why, Fuel: p.fuel,
	})
	n.reap(p)
	p.exits.Knote(n.kern)
	p.leaveFamily()
	p.emptied()
}

// logCall records that a system call which began at began has returned.
func (p *Proc) logCall(e event.Event, err errno.Errno, began time.Duration) {
	e.Kind, e.Node, e.Proc, e.PID = event.Call, p.node.name, p.name, p.pid
	e.Errno, e.Began, e.Fuel = uint16(err), began, p.fuel
	if err != errno.OK {
		e.N = -1
	}
	p.node.lab.emit(e)
	if p.native {
		p.breathe()
	}
}

// A command of the lab pays for no CPU time. What would hold the lab at one instant
// for ever, like cat /dev/zero, so lets nativePause pass after every nativeBurst calls
// that were made at one.
const (
	nativeBurst = 64
	nativePause = 2 * time.Millisecond
)

func (p *Proc) breathe() {
	l := &p.node.lab.loop
	if p.instant != l.Now() {
		p.instant, p.burst = l.Now(), 0
	}
	if p.burst++; p.burst >= nativeBurst {
		l.Set(&p.timer, l.Now()+nativePause)
		p.wait()
	}
}

// Sleep lets d of virtual time pass. It returns EINTR if a signal came first.
func (p *Proc) Sleep(d time.Duration) errno.Errno {
	_, e := p.Poll(nil, max(d, 0))
	return e
}
