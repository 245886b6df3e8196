package machine

import (
	"fmt"
	"maps"
	"path"
	"slices"

	"wireloom/vnet/sys"
)

// A Slot is a place for a program on a machine, and the process that runs it.
type Slot struct {
	sys.Executable          // its program is nil until one is installed
	Argv           []string // first the program's name, as always; Name if empty
	Begins         bool     // it starts with the machine, if it has a program by then
	Users          bool     // the program is the user's to replace

	proc *sys.Proc
	last *sys.Proc // the one that ended last
}

// AddSlot gives the machine a slot.
func (n *Node) AddSlot(s *Slot) { n.slots = append(n.slots, s) }

// Slot is a slot by its name, nil if there is none.
func (n *Node) Slot(name string) *Slot {
	i := slices.IndexFunc(n.slots, func(s *Slot) bool { return s.Name == name })
	if i < 0 {
		return nil
	}
	return n.slots[i]
}

// Proc is the process that runs in the slot, nil while none does.
func (s *Slot) Proc() *sys.Proc { return s.proc }

// StartSlot starts a slot's program, with other arguments than the slot's where some
// are given.
func (n *Node) StartSlot(s *Slot, argv ...string) (*sys.Proc, error) {
	switch {
	case s.proc != nil:
		return nil, fmt.Errorf("%s:%s runs already, as process %d; stop it first", n.Name(), s.Name, s.proc.PID())
	case s.Program == nil:
		return nil, fmt.Errorf("%s:%s has no program yet: upload one", n.Name(), s.Name)
	}
	if err := sys.CheckArgs(argv, s.Env); err != nil {
		return nil, fmt.Errorf("%s:%s: %w", n.Name(), s.Name, err)
	}
	if len(argv) == 0 {
		argv = s.Argv
	}
	if len(argv) == 0 {
		argv = []string{s.Name}
	}
	p, err := n.Start(s.Executable, s.Name, argv)
	if err == nil {
		s.proc = p
	}
	return p, err
}

// StartPrograms starts those that begin with the machine and are installed.
func (n *Node) StartPrograms() {
	for _, s := range n.slots {
		if s.Begins && s.Program != nil && s.proc == nil {
			_, _ = n.StartSlot(s) // a fresh node is below every limit
		}
	}
}

// Ended takes a process that has ended out of its slot.
func (n *Node) Ended(p *sys.Proc) {
	for _, s := range n.slots {
		if s.proc == p {
			s.proc, s.last = nil, p
		}
	}
}

// Executable finds a program by its slot's name or a command; a folder before it
// does not matter.
func (n *Node) Executable(name string) (sys.Executable, bool) {
	name = path.Base(name)
	if s := n.Slot(name); s != nil && s.Program != nil {
		return s.Executable, true
	}
	if c := n.env.Commands[name]; c != nil {
		return sys.Executable{Name: name, Program: c, Native: true}, true
	}
	return sys.Executable{}, false
}

// Executables are what a line at the node's prompt may begin with.
func (n *Node) Executables() []string {
	names := slices.Collect(maps.Keys(n.env.Commands))
	for _, s := range n.slots {
		if s.Program != nil {
			names = append(names, s.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Status is what runs on the machine: its slots, with or without a process, and then the
// other processes.
func (n *Node) Status() []sys.Status {
	var all []sys.Status
	for _, s := range n.slots {
		all = append(all, s.status(n.Name()))
	}
	for _, p := range n.Procs() {
		if !slices.ContainsFunc(n.slots, func(s *Slot) bool { return s.proc == p }) {
			all = append(all, p.Status())
		}
	}
	return all
}

// status is that of what runs in the slot, of what has run there, or of none.
func (s *Slot) status(node string) sys.Status {
	st := sys.Status{Node: node, Name: s.Name, State: "stopped", Native: s.Native}
	switch {
	case s.proc != nil:
		st = s.proc.Status()
	case s.last != nil:
		st = s.last.Status()
	}
	if s.proc == nil && s.Program != nil {
		st.Program = s.Program.Name()
	}
	st.Slot = s.Users
	return st
}
