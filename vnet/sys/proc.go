package sys

import (
	"cmp"
	"fmt"
	"iter"
	"net/netip"
	"slices"
	"time"

	"wireloom/vnet/event"
	"wireloom/vnet/file"
	"wireloom/vnet/kern"
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

// A Proc is a process: a program running on a machine. Its methods are the system
// calls, made by the program on the process' coroutine; the loop and the program
// never run at once. What it is made of are states with a file each.
type Proc struct {
	sys    *System
	name   string
	pid    int
	argv   []string
	env    []string
	prog   Program
	native bool          // part of the lab: its work costs no CPU time
	began  time.Duration // virtual time of its start

	turn                // its coroutine, and when that runs
	account             // the CPU time that it has used
	table               // its open files
	caller  file.Caller // what its files know of it
	signals
	family
	terminal
	holding        // memory
	told    limits // the limits that it was told to have reached
	in      call   // that it makes, or made last, of those that may wait
}

// newProc makes a process, which start lets run. Its files are the console's and the root
// directory.
func (s *System) newProc(name string, x Executable, argv, env []string) *Proc {
	s.lastPID++
	s.mem.Count(ProcMemory, 0)
	p := &Proc{sys: s, name: name, pid: s.lastPID, prog: x.Program, native: x.Native, argv: argv, env: env, began: s.now()}
	p.holding = holding{memoryLimit: cmp.Or(x.Memory, DefaultMemory), counted: true}
	p.fuelLimit = x.Fuel
	p.stdin, p.console.Limit = &file.Input{}, MaxConsole
	p.caller = file.Caller{
		Thread: kern.Thread{PID: p.pid, PGID: p.pid, Park: p.sleep, Unpark: p.wake},
		Kernel: s.kern, View: s.fs.View(p), Who: p,
	}
	p.timer.Run = p.resume
	p.alarm.Run = func() { p.Signal(signal.SIGALRM) }
	p.files = []*openFile{
		{file: p.stdin, path: "stdin"},
		{file: p.output(1), path: "stdout"},
		{file: p.output(2), path: "stderr"},
		{file: file.OpenDir(s.fs, p.caller.View.Root()), path: "/"},
	}
	p.opened = len(p.files)
	p.next, p.stop = iter.Pull(p.body)
	return p
}

// reap takes an ended process out of the table.
func (s *System) reap(p *Proc) {
	s.kern.Forget(&p.caller.Thread)
	s.procs = slices.DeleteFunc(s.procs, func(x *Proc) bool { return x == p })
	s.host.Ended(p)
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
	p.sys.log.Emit(event.Event{Kind: event.Start, Node: p.sys.name, Proc: p.name, PID: p.pid, Text: p.prog.Name(), Path: hash})
	p.ready()
}

// ended is called by the loop when the coroutine is over.
func (p *Proc) ended() {
	p.state = procExited
	s := p.sys
	if !p.native {
		s.cpu.release(p)
	}
	if p.gone {
		return
	}
	s.loop.Stop(&p.alarm)
	s.log.Emit(event.Event{
		Kind: event.Exit, Node: s.name, Proc: p.name, PID: p.pid, N: int64(p.exit.Code), Op: p.exit.How, Text: p.exit.Why, Fuel: p.fuel,
	})
	s.reap(p)
	p.exits.Knote(s.kern)
	p.leaveFamily()
	p.emptied()
}

// Name is the name of the process' slot, or that of the command with its number.
func (p *Proc) Name() string { return p.name }

// PID is the process id, unique on its node.
func (p *Proc) PID() int { return p.pid }

// Args returns the process' arguments; the caller must not change them.
func (p *Proc) Args() []string { return p.argv }

// Env returns the process' environment, KEY=value; the caller must not change it.
func (p *Proc) Env() []string { return p.env }

// System returns the system that the process runs on.
func (p *Proc) System() *System { return p.sys }

// Now is the lab's virtual time.
func (p *Proc) Now() time.Duration { return p.sys.loop.Now() }

// Random fills b from the lab's seed.
func (p *Proc) Random(b []byte) { p.sys.kern.Host().Random(b) }

// NewFrame is the identity of a packet that the process writes.
func (p *Proc) NewFrame() uint64 { return p.sys.host.NewFrame() }

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

// Lookup is the address that a name stands for on every node of the lab: that of a
// node is its first address when the lab began, as in an /etc/hosts.
func (p *Proc) Lookup(name string) (netip.Addr, bool) { return p.sys.host.Lookup(name) }
