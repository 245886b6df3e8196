package sys

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/file"
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

// A call is a system call that may wait.
type call struct {
	op    string
	fd    int           // noFD where it is not of one
	fds   []file.PollFD // of poll
	began time.Duration
	limit time.Duration // how long it waits; below zero: for ever
}

const (
	noFD    = -1
	forEver = time.Duration(-1)
)

// enter notes that the process makes a call that may wait, and returns when.
func (p *Proc) enter(op string, fd int, limit time.Duration) (began time.Duration) {
	p.in.op, p.in.fd, p.in.limit, p.in.began = op, fd, limit, p.Now() // by field: each frame has two calls
	return p.in.began
}

// Waiting says in which call a process sleeps, since when, and until when: "read(4</dev/tap0>)
// since 1.2s". It is "" of one that does not sleep.
func (p *Proc) Waiting() string {
	if p.state != procSleeping || p.in.op == "" {
		return ""
	}
	c := &p.in
	what := c.op
	switch {
	case c.op == "poll" && len(c.fds) == 0:
		what = "sleep"
	case c.op == "poll":
		var fds []string
		for _, f := range c.fds {
			fds = append(fds, p.named(f.FD))
		}
		const few = 4
		if more := len(fds) - few; more > 0 {
			fds = append(fds[:few], fmt.Sprintf("and %d more", more))
		}
		what += "(" + strings.Join(fds, ", ") + ")"
	case c.fd != noFD:
		what += "(" + p.named(c.fd) + ")"
	}
	what += fmt.Sprintf(" since %v", c.began)
	if c.limit >= 0 {
		what += fmt.Sprintf(" until %v", c.began+c.limit)
	}
	return what
}

// named is a descriptor with what is open as it: "4</dev/tap0>".
func (p *Proc) named(fd int) string {
	of, e := p.file(fd)
	if e != errno.OK {
		return fmt.Sprintf("%d, which is not open", fd)
	}
	if fd <= 2 {
		return of.path
	}
	return fmt.Sprintf("%d<%s>", fd, of.path)
}
