package sys

import (
	"strings"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/file"
	"wireloom/vnet/kern"
	"wireloom/vnet/signal"
)

// The system calls of a process. Each records a call event when it returns; the
// clocks, arguments and what is written to the console, which has an event of its
// own, do not.

// Read is read(2): from a device it takes one packet.
func (p *Proc) Read(fd int, b []byte) (int, errno.Errno) {
	of, e := p.file(fd)
	p.enter("read", fd, forEver)
	if e != errno.OK {
		return p.notOpen(len(b), e)
	}
	var n int
	var frame uint64
	// FreeBSD ends a read of no bytes before it looks at what the file is: dofileread.
	if len(b) > 0 || p.sys.Dialect() != kern.FreeBSD || of.flags&3 == kern.O_WRONLY {
		if n, frame, e = of.file.Read(&p.caller, b); e != errno.OK {
			n = 0
		}
	}
	p.logMove(of, reads, b, n, frame, e)
	return n, e
}

// Write is write(2): to a device it gives one packet.
func (p *Proc) Write(fd int, b []byte) (int, errno.Errno) {
	of, e := p.file(fd)
	p.enter("write", fd, forEver)
	if e != errno.OK {
		return p.notOpen(len(b), e)
	}
	n, frame, e := of.file.Write(&p.caller, b)
	if e != errno.OK {
		n = 0
		p.brokenPipe(of, e)
	} else if file.IsTerminal(of.file) {
		return n, e
	}
	p.logMove(of, writes, b, n, frame, e)
	return n, e
}

// notOpen records that the read or write which the process is in has no file, and returns
// what it returns.
func (p *Proc) notOpen(size int, e errno.Errno) (int, errno.Errno) {
	p.logCall(event.Event{Op: p.in.op, FD: p.in.fd, Len: size}, e, p.in.began)
	return 0, e
}

// brokenPipe posts SIGPIPE where a write failed since nobody reads any more: dofilewrite.
// Sockets tell by the error alone.
func (p *Proc) brokenPipe(of *openFile, e errno.Errno) {
	if _, sock := of.file.(*file.Socket); e == errno.EPIPE && !sock {
		p.Signal(signal.SIGPIPE)
	}
}

// The calls that move bytes, as an openFile has their events' sites.
const (
	reads = iota
	writes
)

// logMove is logCall for the read or write of a file that the process is in, which moved
// the first n bytes of b.
func (p *Proc) logMove(of *openFile, way int, b []byte, n int, frame uint64, err errno.Errno) {
	e := of.moves[way]
	if e == nil || e.PID != p.pid || e.FD != p.in.fd { // several processes, and descriptors, may share a file
		e = p.site(of, way)
	}
	e.At, e.Len, e.N, e.Errno, e.Began, e.Fuel, e.Frame, e.Data = p.Now(), len(b), int64(n), uint16(err), p.in.began, p.fuel, frame, b[:n]
	e.Link, e.Head = 0, 0
	if frame != 0 && n > 0 { // of a device: its driver has said what it moved
		e.Link, e.Head = p.caller.Uio.Link, uint8(p.caller.Uio.Head)
	}
	if err != errno.OK {
		e.N = -1
	}
	p.sys.log.Log.AppendAt(e)
	if p.native {
		p.breathe()
	}
}

// site makes the site of the process' reads or writes of a file.
func (p *Proc) site(of *openFile, way int) *event.Site {
	s := of.moves[way]
	if s == nil {
		s = &event.Site{}
		of.moves[way] = s
	}
	*s = event.Site{Event: event.Event{Kind: event.Call, Node: p.sys.name, Proc: p.name, PID: p.pid, Op: p.in.op, FD: p.in.fd, Path: of.path}}
	return s
}

// Ioctl is ioctl(2). arg is read and written in place; it has the length that is
// part of the command.
func (p *Proc) Ioctl(fd int, cmd uint32, arg []byte) errno.Errno {
	of, e := p.file(fd)
	began := p.enter("ioctl", fd, forEver)
	if e == errno.OK {
		if e = of.file.Ioctl(&p.caller, cmd, arg); e == errno.OK && cmd == kern.FIONBIO {
			of.flags &^= kern.O_NONBLOCK
			if kern.Int(arg) != 0 {
				of.flags |= kern.O_NONBLOCK
			}
		}
	}
	p.logCall(event.Event{Op: "ioctl", FD: fd, Path: p.pathOf(fd), Text: file.IoctlText(cmd, arg), Data: arg}, e, began)
	return e
}

// SetFlags is fcntl(2) with F_SETFL.
func (p *Proc) SetFlags(fd, flags int) errno.Errno {
	of, e := p.file(fd)
	began := p.Now()
	if e == errno.OK {
		if e = of.file.SetFlags(&p.caller, flags); e == errno.OK {
			const mask = kern.O_NONBLOCK | kern.O_ASYNC | kern.O_APPEND
			of.flags = of.flags&^mask | flags&mask
		}
	}
	text := strings.TrimPrefix(file.FlagNames("", flags), "|")
	if text == "" {
		text = "0"
	}
	p.logCall(event.Event{Op: "fcntl", FD: fd, Path: p.pathOf(fd), Text: "F_SETFL " + text}, e, began)
	return e
}

// Flags is fcntl(2) with F_GETFL.
func (p *Proc) Flags(fd int) (int, errno.Errno) {
	of, e := p.file(fd)
	if e != errno.OK {
		return 0, e
	}
	if d, ok := of.file.(file.Device); ok {
		return d.Flags(), errno.OK // FIONBIO and FIOASYNC change them too
	}
	return of.flags, errno.OK
}

// FileType says what fd is: "tty", "chr", "dir", "reg", "fifo", "sock", "dgram"
// (a socket without a connection's stream), or "" where it is not open. A path can also name a "link".
func (p *Proc) FileType(fd int) string {
	of, e := p.file(fd)
	if e != errno.OK {
		return ""
	}
	switch f := of.file.(type) {
	case *file.Input, *file.Output, *file.TTY:
		return "tty"
	case *file.Dir:
		return "dir"
	case *file.Regular:
		return "reg"
	case *file.FIFO, *file.PipeReader, *file.PipeWriter:
		return "fifo"
	case *file.Socket:
		if !f.Stream() {
			return "dgram"
		}
		return "sock"
	}
	return "chr"
}

// logCall records that a system call which began at began has returned.
func (p *Proc) logCall(e event.Event, err errno.Errno, began time.Duration) {
	e.Kind, e.Node, e.Proc, e.PID = event.Call, p.sys.name, p.name, p.pid
	e.Errno, e.Began, e.Fuel = uint16(err), began, p.fuel
	if err != errno.OK {
		e.N = -1
	}
	p.sys.log.Emit(e)
	if p.native {
		p.breathe()
	}
}

// Sleep lets d of virtual time pass. It returns EINTR if a signal came first.
func (p *Proc) Sleep(d time.Duration) errno.Errno {
	_, e := p.Poll(nil, max(d, 0))
	return e
}

// Poll is poll(2): it waits until an event holds, timeout has passed (below zero:
// for ever) or a signal comes, and returns for how many entries one holds.
func (p *Proc) Poll(fds []file.PollFD, timeout time.Duration) (int, errno.Errno) {
	began := p.enter("poll", noFD, timeout)
	p.in.fds = fds
	n, e := p.poll(fds, timeout, began)
	p.in.fds = nil
	p.logCall(event.Event{Op: "poll", N: int64(n), Text: file.PollText(fds, timeout)}, e, began)
	return n, e
}

func (p *Proc) poll(fds []file.PollFD, timeout time.Duration, began time.Duration) (int, errno.Errno) {
	k := p.sys.kern
	for {
		k.SelBegin(&p.caller.Thread)
		p.Worked(len(fds))
		n := 0
		for i := range fds {
			f := &fds[i]
			f.Revents = kern.POLLNVAL
			if of, e := p.file(f.FD); e == errno.OK {
				f.Revents = of.file.Poll(&p.caller, f.Events)
			}
			if f.Revents != 0 {
				n++
			}
		}
		if n > 0 {
			k.SelEnd(&p.caller.Thread)
			return n, errno.OK
		}
		left := timeout
		if timeout >= 0 {
			left = max(timeout-(p.Now()-began), 0)
		}
		e := k.SelWait(&p.caller.Thread, left)
		k.SelEnd(&p.caller.Thread)
		switch e {
		case errno.OK:
		case errno.EWOULDBLOCK:
			return 0, errno.OK
		default:
			return 0, e
		}
		if p.Dying() {
			return 0, errno.EINTR
		}
	}
}
