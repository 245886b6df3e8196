package sys

import (
	"slices"
)

// A Process is what ps(1) shows of one.
type Process struct {
	PID, PPID int // PPID 0: nobody waits for it
	State     string
	Wchan     string // what it sleeps on
	Fuel      int64  // units used
	Memory    int64  // bytes
	Args      []string
}

// Processes returns the node's processes by process id, those among them that ended
// and were not waited for: their state is "zombie".
func (s *System) Processes() []Process {
	var out []Process
	add := func(p *Proc) {
		x := Process{PID: p.pid, PPID: p.PPID(), State: p.state.String(), Wchan: p.caller.Thread.Wmesg(), Fuel: p.fuel, Memory: p.memory, Args: p.argv}
		if p.state == procExited {
			x.State = "zombie"
		}
		out = append(out, x)
	}
	for _, p := range s.procs {
		add(p)
		for _, c := range p.children {
			if c.state == procExited {
				add(c)
			}
		}
	}
	slices.SortFunc(out, func(a, b Process) int { return a.PID - b.PID })
	return out
}

// A Status describes a process, or a slot that runs none.
type Status struct {
	Node, Name string
	PID        int    // 0 when nothing runs
	PPID       int    // of the process that started it; 0: the lab, or the node's prompt
	State      string // "running", "ready", "sleeping", "exited", "stopped" (never started)
	Wchan      string // what it sleeps on
	Fuel       int64  // units used
	Memory     int64  // bytes
	Program    string // its program's file name
	Slot       bool
	Native     bool
	Dropped    int64 // bytes of console output dropped
	Exit       *Exit
}

// Status returns what the process looks like now.
func (p *Proc) Status() Status {
	st := Status{
		Node: p.sys.name, Name: p.name, PID: p.pid, PPID: p.PPID(), State: p.state.String(), Wchan: p.caller.Thread.Wmesg(), Fuel: p.fuel,
		Memory: p.memory, Program: p.prog.Name(), Native: p.native, Dropped: p.console.Dropped,
	}
	if p.caller.Typing && st.Wchan != "" {
		st.Wchan = "ttyin" // freebsd tty.c, tty_wait: the sleep of a read from a terminal
	}
	if p.state == procExited {
		e := p.exit
		st.Exit = &e
	}
	return st
}
