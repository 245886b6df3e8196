package sys

import (
	"fmt"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/file"
	"wireloom/vnet/kern"
	"wireloom/vnet/shell"
	"wireloom/vnet/signal"
)

// MaxConsole is how many bytes a process may write to its console in a second of virtual
// time.
const MaxConsole = 256 << 10

// A terminal is what a process has to do with people.
type terminal struct {
	stdin    *file.Input // what is typed there
	console  consoleMeter
	redirect []shell.Redirection // of its line, still to be opened
}

// A consoleOut is standard output (1) or standard error (2): what is written there
// becomes a console event.
type consoleOut struct {
	file.Plain
	p  *Proc
	fd int
}

// A consoleMeter holds a process to MaxConsole bytes of output a second.
type consoleMeter struct {
	second  time.Duration
	written int
	Dropped int64
}

// Write shows what there is room for in this second, and takes all.
func (c consoleOut) Write(_ *file.Caller, b []byte) (int, uint64, errno.Errno) {
	p := c.p // whose terminal it is, whoever writes
	m := &p.console
	now := p.Now().Truncate(time.Second)
	if now != m.second {
		m.second, m.written = now, 0
	}
	room := MaxConsole - m.written
	if len(b) > room {
		if room >= 0 {
			p.LimitReached("console", fmt.Sprintf("more than %d bytes of output in a second: the rest of this second is dropped", MaxConsole), MaxConsole)
		}
		m.Dropped += int64(len(b) - max(room, 0))
		m.written = MaxConsole + 1
	} else {
		m.written += len(b)
	}
	if shown := b[:min(len(b), max(room, 0))]; len(shown) > 0 {
		p.sys.log.Emit(event.Event{Kind: event.Console, Node: p.sys.name, Proc: p.name, PID: p.pid, FD: c.fd, Fuel: p.fuel, Data: shown})
	}
	return len(b), 0, errno.OK
}

// Poll finds it ready to write, Stat is a terminal's.

func (consoleOut) Poll(_ *file.Caller, events int) int { return events & kern.POLLOUT }

func (consoleOut) Stat(*file.Caller) (kern.Stat, errno.Errno) {
	return kern.Stat{Mode: 0o620}, errno.OK
}

// A tty is /dev/tty and /dev/console: the terminal of a process, both ways, whatever became
// of its standard streams.
type tty struct {
	consoleOut
	in *file.Input
}

// What is typed there is what standard input has.

func (t tty) Read(c *file.Caller, b []byte) (int, uint64, errno.Errno) { return t.in.Read(c, b) }

func (t tty) Ioctl(c *file.Caller, cmd uint32, arg []byte) errno.Errno {
	return t.in.Ioctl(c, cmd, arg)
}

func (t tty) SetFlags(c *file.Caller, flags int) errno.Errno { return t.in.SetFlags(c, flags) }

func (t tty) Poll(c *file.Caller, events int) int {
	return t.in.Poll(c, events) | t.consoleOut.Poll(c, events)
}

func (t tty) Kqfilter(c *file.Caller, kn *kern.Knote) errno.Errno { return t.in.Kqfilter(c, kn) }

// isTerminal reports whether a file is a process' terminal.
func isTerminal(f file.File) bool {
	switch f.(type) {
	case *file.Input, consoleOut, tty:
		return true
	}
	return false
}

// Type types at the console of a process, and says with eof that nothing follows. It
// fails where there is no such process, or where it has not read what was typed before.
func (s *System) Type(name, text string, eof bool) error {
	p := s.Named(name)
	if p == nil {
		return fmt.Errorf("%s:%s is not running", s.name, name)
	}
	rest, interrupted := p.stdin.Interrupt(text)
	if interrupted {
		for _, q := range s.Group(p) {
			q.Signal(signal.SIGINT)
		}
	}
	if !p.stdin.Put(s.kern, rest, eof) {
		n := p.stdin.Len()
		p.LimitReached("stdin", fmt.Sprintf("%d bytes wait on its standard input and no more fit", n), file.MaxStdin)
		return fmt.Errorf("%s:%s has not read the %d bytes that were typed before", s.name, name, n)
	}
	return nil
}
