package vnet

import (
	"encoding/binary"
	"fmt"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/file"
	"wireloom/vnet/inet"
	"wireloom/vnet/kern"
)

// An openFile is an entry of a process' descriptor table.
type openFile struct {
	file  file.File
	path  string
	flags int // of open, as fcntl changed them
	dups  int // descriptors that share it, beyond the first

	reads, writes event.Spot // of its events
}

// An inbox is what waits on a process' standard input.
type inbox struct {
	data []byte
	eof  bool
	non  bool // its open file has O_NONBLOCK, which all that have the terminal share
	sel  kern.SelInfo
}

// A consoleIn is standard input: what was typed at the node's prompt.
type consoleIn struct{ p *Proc }

func (c consoleIn) Read(by *file.Caller, b []byte) (int, uint64, errno.Errno) {
	in := c.p.stdin
	for len(in.data) == 0 {
		if in.eof || len(b) == 0 {
			return 0, 0, errno.OK
		}
		if in.non {
			return 0, 0, errno.EWOULDBLOCK
		}
		by.Typing = true
		e := by.Wait(&in.sel, -1)
		by.Typing = false
		if e != errno.OK {
			return 0, 0, e
		}
	}
	n := copy(b, in.data)
	in.data = in.data[:copy(in.data, in.data[n:])]
	return n, 0, errno.OK
}

func (c consoleIn) Poll(by *file.Caller, events int) int {
	in := c.p.stdin
	if len(in.data) > 0 || in.eof {
		return events & (kern.POLLIN | kern.POLLRDNORM)
	}
	in.sel.Record(by.Kernel, &by.Thread)
	return 0
}

func (consoleIn) Write(*file.Caller, []byte) (int, uint64, errno.Errno) { return 0, 0, errno.EBADF }
func (consoleIn) Stat(*file.Caller) (kern.Stat, errno.Errno)            { return kern.Stat{Mode: 0o620}, errno.OK }
func (consoleIn) Close(*file.Caller) errno.Errno                        { return errno.OK }

func (c consoleIn) Ioctl(_ *file.Caller, cmd uint32, arg []byte) errno.Errno {
	switch cmd {
	case kern.FIONREAD:
		kern.PutInt(arg, int32(len(c.p.stdin.data)))
	case kern.FIONBIO:
		c.p.stdin.non = kern.Int(arg) != 0
	default:
		return errno.ENOTTY
	}
	return errno.OK
}

func (c consoleIn) SetFlags(_ *file.Caller, flags int) errno.Errno {
	c.p.stdin.non = flags&kern.O_NONBLOCK != 0
	return errno.OK
}

// Kqfilter watches for something typed.
func (c consoleIn) Kqfilter(_ *file.Caller, kn *kern.Knote) errno.Errno {
	if kn.Filter != kern.EVFILT_READ {
		return errno.EINVAL
	}
	in := c.p.stdin
	return file.Watch(&in.sel, kn, func(kn *kern.Knote) bool {
		kn.Data, kn.EOF = int64(len(in.data)), in.eof
		return kn.Data > 0 || in.eof
	})
}

// A consoleOut is standard output (1) or standard error (2): what is written there
// becomes a console event.
type consoleOut struct {
	p  *Proc
	fd int
}

// A consoleMeter holds a process to MaxConsole bytes of output a second.
type consoleMeter struct {
	second  time.Duration
	written int
	Dropped int64
}

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
		p.node.lab.emit(event.Event{Kind: event.Console, Node: p.node.name, Proc: p.name, PID: p.pid, FD: c.fd, Fuel: p.fuel, Data: shown})
	}
	return len(b), 0, errno.OK
}

func (consoleOut) Read(*file.Caller, []byte) (int, uint64, errno.Errno) { return 0, 0, errno.EBADF }
func (consoleOut) Ioctl(*file.Caller, uint32, []byte) errno.Errno       { return errno.ENOTTY }
func (consoleOut) Poll(_ *file.Caller, events int) int                  { return events & kern.POLLOUT }
func (consoleOut) SetFlags(*file.Caller, int) errno.Errno               { return errno.OK }
func (consoleOut) Stat(*file.Caller) (kern.Stat, errno.Errno) {
	return kern.Stat{Mode: 0o620}, errno.OK
}
func (consoleOut) Close(*file.Caller) errno.Errno { return errno.OK }

// ioctlName is how a trace shows an ioctl command.
func ioctlName(cmd uint32) string {
	if s := kern.IoctlName(cmd); s != "" {
		return s
	}
	if s := inet.IoctlName(cmd); s != "" {
		return s
	}
	return fmt.Sprintf("0x%08x", cmd)
}

// ioctlArg is how a trace shows an argument that is an int.
func ioctlArg(arg []byte) string {
	if len(arg) != 4 {
		return ""
	}
	return fmt.Sprintf(" [%d]", int32(binary.LittleEndian.Uint32(arg)))
}
