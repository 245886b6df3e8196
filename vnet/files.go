package vnet

import (
	"encoding/binary"
	"fmt"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/inet"
	"wireloom/vnet/kern"
)

// A file is what a descriptor of a process refers to. A call may put the process
// to sleep. read and write return the identity of the frame that they moved, 0 if
// none.
type file interface {
	read(p *Proc, b []byte) (n int, frame uint64, e errno.Errno)
	write(p *Proc, b []byte) (n int, frame uint64, e errno.Errno)
	ioctl(p *Proc, cmd uint32, arg []byte) errno.Errno
	poll(p *Proc, events int) int
	setFlags(p *Proc, flags int) errno.Errno
	stat(p *Proc) (kern.Stat, errno.Errno)
	close(p *Proc) errno.Errno
}

// An openFile is an entry of a process' descriptor table.
type openFile struct {
	file  file
	path  string
	flags int // of open, as fcntl changed them
	dups  int // descriptors that share it, beyond the first

	reads, writes event.Spot // of its events
}

// A devFile is an open device.
type devFile struct{ f *kern.File }

func (d devFile) read(p *Proc, b []byte) (int, uint64, errno.Errno) {
	p.uio = kern.Uio{Buf: b}
	e := d.f.Read(&p.thread, &p.uio)
	return p.uio.Off, p.uio.Tag, e
}

func (d devFile) write(p *Proc, b []byte) (int, uint64, errno.Errno) {
	id := p.node.lab.pool.NewID()
	p.uio = kern.Uio{Buf: b, Tag: id}
	e := d.f.Write(&p.thread, &p.uio)
	if p.uio.Off == 0 {
		id = 0
	}
	return p.uio.Off, id, e
}

func (d devFile) ioctl(p *Proc, cmd uint32, arg []byte) errno.Errno {
	return d.f.Ioctl(&p.thread, cmd, arg)
}
func (d devFile) poll(p *Proc, events int) int            { return d.f.Poll(&p.thread, events) }
func (d devFile) setFlags(p *Proc, flags int) errno.Errno { return d.f.SetFlags(&p.thread, flags) }
func (d devFile) stat(p *Proc) (kern.Stat, errno.Errno)   { return d.f.Stat(&p.thread) }
func (d devFile) close(p *Proc) errno.Errno               { return d.f.Close(&p.thread) }

// plain has what a file does that has no more to say about it.
type plain struct{}

func (plain) read(*Proc, []byte) (int, uint64, errno.Errno)  { return 0, 0, errno.EBADF }
func (plain) write(*Proc, []byte) (int, uint64, errno.Errno) { return 0, 0, errno.EBADF }
func (plain) ioctl(*Proc, uint32, []byte) errno.Errno        { return errno.ENOTTY }
func (plain) poll(_ *Proc, events int) int {
	return events & (kern.POLLIN | kern.POLLOUT | kern.POLLRDNORM)
}
func (plain) setFlags(*Proc, int) errno.Errno     { return errno.OK }
func (plain) stat(*Proc) (kern.Stat, errno.Errno) { return kern.Stat{Mode: 0o666}, errno.OK }
func (plain) close(*Proc) errno.Errno             { return errno.OK }

// nullFile is /dev/null, zeroFile /dev/zero and randomFile /dev/random.
type (
	nullFile   struct{ plain }
	zeroFile   struct{ plain }
	randomFile struct{ plain }
)

func (nullFile) read(*Proc, []byte) (int, uint64, errno.Errno)      { return 0, 0, errno.OK }
func (nullFile) write(_ *Proc, b []byte) (int, uint64, errno.Errno) { return len(b), 0, errno.OK }

func (zeroFile) read(_ *Proc, b []byte) (int, uint64, errno.Errno) {
	clear(b)
	return len(b), 0, errno.OK
}
func (zeroFile) write(_ *Proc, b []byte) (int, uint64, errno.Errno) { return len(b), 0, errno.OK }

func (randomFile) read(p *Proc, b []byte) (int, uint64, errno.Errno) {
	p.Random(b)
	return len(b), 0, errno.OK
}
func (randomFile) write(_ *Proc, b []byte) (int, uint64, errno.Errno) { return len(b), 0, errno.OK }

// An inbox is what waits on a process' standard input.
type inbox struct {
	data []byte
	eof  bool
	non  bool // its open file has O_NONBLOCK, which all that have the terminal share
	sel  kern.SelInfo
}

// A consoleIn is standard input: what was typed at the node's prompt.
type consoleIn struct{ p *Proc }

func (c consoleIn) read(p *Proc, b []byte) (int, uint64, errno.Errno) {
	in := c.p.stdin
	for len(in.data) == 0 {
		if in.eof || len(b) == 0 {
			return 0, 0, errno.OK
		}
		if in.non {
			return 0, 0, errno.EWOULDBLOCK
		}
		p.typing = true
		e := p.waitOn(&in.sel, -1)
		p.typing = false
		if e != errno.OK {
			return 0, 0, e
		}
	}
	n := copy(b, in.data)
	in.data = in.data[:copy(in.data, in.data[n:])]
	return n, 0, errno.OK
}

func (c consoleIn) poll(p *Proc, events int) int {
	in := c.p.stdin
	if len(in.data) > 0 || in.eof {
		return events & (kern.POLLIN | kern.POLLRDNORM)
	}
	in.sel.Record(p.node.kern, &p.thread)
	return 0
}

func (consoleIn) write(*Proc, []byte) (int, uint64, errno.Errno) { return 0, 0, errno.EBADF }
func (consoleIn) stat(*Proc) (kern.Stat, errno.Errno)            { return kern.Stat{Mode: 0o620}, errno.OK }
func (consoleIn) close(*Proc) errno.Errno                        { return errno.OK }

func (c consoleIn) ioctl(_ *Proc, cmd uint32, arg []byte) errno.Errno {
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

func (c consoleIn) setFlags(_ *Proc, flags int) errno.Errno {
	c.p.stdin.non = flags&kern.O_NONBLOCK != 0
	return errno.OK
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

func (c consoleOut) write(_ *Proc, b []byte) (int, uint64, errno.Errno) {
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

func (consoleOut) read(*Proc, []byte) (int, uint64, errno.Errno) { return 0, 0, errno.EBADF }
func (consoleOut) ioctl(*Proc, uint32, []byte) errno.Errno       { return errno.ENOTTY }
func (consoleOut) poll(_ *Proc, events int) int                  { return events & kern.POLLOUT }
func (consoleOut) setFlags(*Proc, int) errno.Errno               { return errno.OK }
func (consoleOut) stat(*Proc) (kern.Stat, errno.Errno)           { return kern.Stat{Mode: 0o620}, errno.OK }
func (consoleOut) close(*Proc) errno.Errno                       { return errno.OK }

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
