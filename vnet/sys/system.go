// Package sys has the processes of a machine and what a process calls: its files, pipes,
// signals, sockets, memory and CPU time. It knows its machine and its lab by a small
// interface; what descriptors stand for is package file's, what a signal does package
// signal's. Nothing in it starts a goroutine: a process is a coroutine, and the lab's loop
// resumes it.
package sys

import (
	"net/netip"
	"slices"
	"time"

	"wireloom/vnet/errno"

	"wireloom/vnet/event"
	"wireloom/vnet/file"
	"wireloom/vnet/fs"
	"wireloom/vnet/inet"
	"wireloom/vnet/kern"
	"wireloom/vnet/loop"
	"wireloom/vnet/memory"
	"wireloom/vnet/signal"
)

// A Host is the machine that a System is of, and its lab.
type Host interface {
	// NewFrame is the identity of a packet that a process writes.
	NewFrame() uint64
	// Lookup is the address that a name stands for in the lab.
	Lookup(name string) (netip.Addr, bool)
	// Executable is the program that a name stands for, and Executables the names that
	// there are, sorted.
	Executable(name string) (Executable, bool)
	Executables() []string
	// Ended is told of a process that has ended.
	Ended(p *Proc)
}

// An Executable is a program under a name, and what a process of it gets.
type Executable struct {
	Name    string
	Program Program
	Native  bool     // part of the lab: its work costs no CPU time
	Env     []string // KEY=value, where nobody says otherwise
	Memory  int64    // bytes that it may use; DefaultMemory if 0
	Fuel    int64    // units that it may use in all; 0 for no limit
}

// A Config says what a System is made of.
type Config struct {
	Name   string // of the machine
	Host   Host
	Kernel *kern.Kernel // its host has the clock, the chance and the turns of the loop
	Net    *inet.Net
	Files  map[string][]byte // see fs.New
	Loop   *loop.Loop
	Log    *event.Recorder
	Memory *memory.Part
}

// A System is what runs on a machine: its processes, on its one CPU, with its files, its
// kernel and its network.
type System struct {
	*inet.Net
	name  string
	host  Host
	kern  *kern.Kernel
	fs    *fs.FS
	fifos *file.FIFOs
	loop  *loop.Loop
	log   *event.Recorder
	mem   *memory.Part

	cpu     cpu
	procs   []*Proc // alive, by pid
	zombies int     // children that ended and that their parents have not waited for
	pipes   int
	lastPID int
	lastCmd int
}

// New returns the system of a machine, on which nothing runs yet.
func New(c Config) *System {
	s := &System{
		Net: c.Net, name: c.Name, host: c.Host, kern: c.Kernel, fs: fs.New(c.Kernel, c.Files), loop: c.Loop, log: c.Log, mem: c.Memory,
	}
	s.fifos = file.NewFIFOs(c.Kernel, s.fs)
	s.cpu.loop = c.Loop
	return s
}

// Name is the machine's name.
func (s *System) Name() string { return s.name }

// Dialect is which kernel the machine behaves as.
func (s *System) Dialect() kern.Dialect { return s.kern.Dialect }

// Kernel is the machine's kernel. Only what runs in the lab's loop may use it.
func (s *System) Kernel() *kern.Kernel { return s.kern }

// now is the lab's virtual time.
func (s *System) now() time.Duration { return s.loop.Now() }

// Exists reports whether a process, or with a negative id a group, is alive.
func (s *System) Exists(id int) bool {
	if id > 0 {
		return s.proc(id) != nil
	}
	return slices.ContainsFunc(s.procs, func(p *Proc) bool { return p.caller.Thread.PGID == -id })
}

// Post signals a process, or with a negative id a group, at this instant and after what
// runs now: how a kernel does it.
func (s *System) Post(id, sig int) {
	for _, p := range s.procs {
		if p.pid == id || p.caller.Thread.PGID == -id {
			s.kern.Host().Soon(func() { p.Signal(sig) })
		}
	}
}

// KillAll ends every process, as a kernel's panic does.
func (s *System) KillAll() {
	for _, p := range slices.Clone(s.procs) {
		p.Signal(signal.SIGKILL)
	}
}

// PowerCut records the end of every process, for a reason. Off carries it out.
func (s *System) PowerCut(why string) {
	for _, p := range s.procs {
		s.log.Emit(event.Event{
			Kind: event.Exit, Node: s.name, Proc: p.name, PID: p.pid, N: 128 + signal.SIGKILL, Op: "killed", Text: why, Fuel: p.fuel,
		})
	}
}

// Off ends the processes without running them on, and takes back what they had planned.
func (s *System) Off() {
	for _, p := range s.procs {
		p.gone = true
		s.loop.Stop(&p.timer)
		s.loop.Stop(&p.alarm)
		p.stop()
	}
	s.procs = nil
	s.mem.Drop()
}

func (s *System) proc(pid int) *Proc {
	for _, p := range s.procs {
		if p.pid == pid {
			return p
		}
	}
	return nil
}

// Peek returns what a path leads to on the machine, and what a regular file there holds: see
// fs.FS.
func (s *System) Peek(path string) (fs.Kind, []byte, errno.Errno) { return s.fs.Peek(path) }

// Named is the process of that name, nil if there is none.
func (s *System) Named(name string) *Proc {
	i := slices.IndexFunc(s.procs, func(p *Proc) bool { return p.name == name })
	if i < 0 {
		return nil
	}
	return s.procs[i]
}

// Group returns the processes of p's group.
func (s *System) Group(p *Proc) []*Proc {
	var qs []*Proc
	for _, q := range s.procs {
		if q.caller.Thread.PGID == p.caller.Thread.PGID {
			qs = append(qs, q)
		}
	}
	return qs
}

// Procs are the processes that are alive, by process id.
func (s *System) Procs() []*Proc { return s.procs }
