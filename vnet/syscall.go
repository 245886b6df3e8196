package vnet

import (
	"fmt"
	"path"
	"strings"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/kern"
)

// The system calls of a process. Each records a call event when it returns; the
// clocks, arguments and what is written to the console, which has an event of its
// own, do not.

// file returns what is open as fd; EBADF if nothing is.
func (p *Proc) file(fd int) (*openFile, errno.Errno) {
	if fd < 0 || fd >= len(p.files) || p.files[fd] == nil {
		return nil, errno.EBADF
	}
	return p.files[fd], errno.OK
}

func (p *Proc) pathOf(fd int) string {
	if of, e := p.file(fd); e == errno.OK {
		return of.path
	}
	return ""
}

// install puts a file into the lowest free place of the table; EMFILE if that is full.
func (p *Proc) install(of *openFile) (int, errno.Errno) {
	if p.opened >= MaxFiles {
		return -1, errno.EMFILE
	}
	p.opened++
	for fd, f := range p.files {
		if f == nil {
			p.files[fd] = of
			return fd, errno.OK
		}
	}
	p.files = append(p.files, of)
	return len(p.files) - 1, errno.OK
}

// Open opens a path, absolute or from /, with the flags of kern (O_RDWR,
// O_NONBLOCK): open(2). It returns the lowest free descriptor.
func (p *Proc) Open(name string, flags int) (int, errno.Errno) {
	began := p.Now()
	clean := path.Clean("/" + name)
	fd, e := p.open(clean, flags)
	p.logCall(event.Event{Op: "open", Path: clean, N: int64(fd), Text: openFlags(flags)}, e, began)
	return fd, e
}

func (p *Proc) open(clean string, flags int) (int, errno.Errno) {
	if p.opened >= MaxFiles {
		p.LimitReached("open-files", fmt.Sprintf("the process has %d files open and may not open more", p.opened), MaxFiles)
		return -1, errno.EMFILE
	}
	of := &openFile{file: pseudo(clean), path: clean, flags: flags}
	switch {
	case of.file != nil:
	case strings.HasPrefix(clean, "/dev/"):
		f, e := p.node.kern.Open(&p.thread, clean, flags)
		if e != errno.OK {
			return -1, e
		}
		of.file, of.path = devFile{f}, f.Path()
	default:
		return -1, errno.ENOENT
	}
	return p.install(of)
}

func openFlags(flags int) string {
	s := [...]string{"O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"}[flags&3]
	if flags&kern.O_NONBLOCK != 0 {
		s += "|O_NONBLOCK"
	}
	return s
}

// Read is read(2): from a device it takes one packet.
func (p *Proc) Read(fd int, b []byte) (int, errno.Errno) {
	of, e := p.file(fd)
	began := p.Now()
	var n int
	var frame uint64
	if e == errno.OK {
		n, frame, e = of.file.read(p, b)
	}
	if e != errno.OK {
		n = 0
	}
	p.logCall(event.Event{Op: "read", FD: fd, Path: p.pathOf(fd), Len: len(b), N: int64(n), Frame: frame, Data: b[:n]}, e, began)
	return n, e
}

// Write is write(2): to a device it gives one packet.
func (p *Proc) Write(fd int, b []byte) (int, errno.Errno) {
	of, e := p.file(fd)
	began := p.Now()
	var n int
	var frame uint64
	if e == errno.OK {
		n, frame, e = of.file.write(p, b)
		if _, console := of.file.(consoleOut); console && e == errno.OK {
			return n, e
		}
	}
	if e != errno.OK {
		n = 0
	}
	p.logCall(event.Event{Op: "write", FD: fd, Path: p.pathOf(fd), Len: len(b), N: int64(n), Frame: frame, Data: b[:n]}, e, began)
	return n, e
}

// Ioctl is ioctl(2). arg is read and written in place; it has the length that is
// part of the command.
func (p *Proc) Ioctl(fd int, cmd uint32, arg []byte) errno.Errno {
	of, e := p.file(fd)
	began := p.Now()
	if e == errno.OK {
		e = of.file.ioctl(p, cmd, arg)
	}
	p.logCall(event.Event{Op: "ioctl", FD: fd, Path: p.pathOf(fd), Text: ioctlName(cmd) + ioctlArg(arg), Data: arg}, e, began)
	return e
}

// SetFlags is fcntl(2) with F_SETFL.
func (p *Proc) SetFlags(fd, flags int) errno.Errno {
	of, e := p.file(fd)
	began := p.Now()
	if e == errno.OK {
		if e = of.file.setFlags(p, flags); e == errno.OK {
			const mask = kern.O_NONBLOCK | kern.O_ASYNC
			of.flags = of.flags&^mask | flags&mask
		}
	}
	text := "F_SETFL 0"
	switch {
	case flags&kern.O_NONBLOCK != 0 && flags&kern.O_ASYNC != 0:
		text = "F_SETFL O_NONBLOCK|O_ASYNC"
	case flags&kern.O_NONBLOCK != 0:
		text = "F_SETFL O_NONBLOCK"
	case flags&kern.O_ASYNC != 0:
		text = "F_SETFL O_ASYNC"
	}
	p.logCall(event.Event{Op: "fcntl", FD: fd, Path: p.pathOf(fd), Text: text}, e, began)
	return e
}

// Flags is fcntl(2) with F_GETFL.
func (p *Proc) Flags(fd int) (int, errno.Errno) {
	of, e := p.file(fd)
	if e != errno.OK {
		return 0, e
	}
	if d, ok := of.file.(devFile); ok {
		return d.f.Flags(), errno.OK // FIONBIO and FIOASYNC change them too
	}
	return of.flags, errno.OK
}

// Stat is fstat(2).
func (p *Proc) Stat(fd int) (kern.Stat, errno.Errno) {
	of, e := p.file(fd)
	if e != errno.OK {
		return kern.Stat{}, e
	}
	return of.file.stat(p)
}

// FileType says what fd is: "tty", "dir", "chr", "sock", or "" where it is not open.
func (p *Proc) FileType(fd int) string {
	of, e := p.file(fd)
	if e != errno.OK {
		return ""
	}
	switch of.file.(type) {
	case consoleIn, consoleOut:
		return "tty"
	case dirFile:
		return "dir"
	case *socketFile:
		return "sock"
	}
	return "chr"
}

// PathType says what a path names, without opening it: "dir", "chr", or "" where
// there is nothing.
func (p *Proc) PathType(name string) string {
	clean := path.Clean("/" + name)
	switch pseudo(clean).(type) {
	case dirFile:
		return "dir"
	case nil:
	default:
		return "chr"
	}
	if dev, ok := strings.CutPrefix(clean, "/dev/"); ok && (p.node.kern.Dev(dev) != nil || isDevice(dev) && p.node.kern.Ifnet(dev) != nil) {
		return "chr"
	}
	return ""
}

// PathOf returns the path that fd was opened by.
func (p *Proc) PathOf(fd int) string { return p.pathOf(fd) }

// Close is close(2).
func (p *Proc) Close(fd int) errno.Errno {
	of, e := p.file(fd)
	began := p.Now()
	name := p.pathOf(fd)
	if e == errno.OK {
		p.forget(fd)
		p.files[fd] = nil
		p.opened--
		e = of.file.close(p)
	}
	p.logCall(event.Event{Op: "close", FD: fd, Path: name}, e, began)
	return e
}

// closeAll closes what a process leaves open when it ends, as exit(2) does.
func (p *Proc) closeAll() {
	for fd, of := range p.files {
		if of == nil {
			continue
		}
		p.forget(fd)
		p.files[fd] = nil
		if _, dev := of.file.(devFile); !dev {
			of.file.close(p)
			continue
		}
		began := p.Now()
		e := of.file.close(p)
		p.logCall(event.Event{Op: "close", FD: fd, Path: of.path, Text: "at exit"}, e, began)
	}
}

// A PollFD is an entry of Poll's list: which events of fd are asked for, and
// which hold.
type PollFD struct {
	FD      int
	Events  int // kern.POLLIN, ...
	Revents int
}

// Poll is poll(2): it waits until an event holds, timeout has passed (below zero:
// for ever) or a signal comes, and returns for how many entries one holds.
func (p *Proc) Poll(fds []PollFD, timeout time.Duration) (int, errno.Errno) {
	began := p.Now()
	n, e := p.poll(fds, timeout, began)
	p.logCall(event.Event{Op: "poll", N: int64(n), Text: pollText(fds, timeout)}, e, began)
	return n, e
}

func (p *Proc) poll(fds []PollFD, timeout time.Duration, began time.Duration) (int, errno.Errno) {
	k := p.node.kern
	for {
		k.SelBegin(&p.thread)
		n := 0
		for i := range fds {
			f := &fds[i]
			f.Revents = kern.POLLNVAL
			if of, e := p.file(f.FD); e == errno.OK {
				f.Revents = of.file.poll(p, f.Events)
			}
			if f.Revents != 0 {
				n++
			}
		}
		if n > 0 {
			k.SelEnd(&p.thread)
			return n, errno.OK
		}
		left := timeout
		if timeout >= 0 {
			left = max(timeout-(p.Now()-began), 0)
		}
		e := k.SelWait(&p.thread, left)
		k.SelEnd(&p.thread)
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

var pollBits = []struct {
	bit  int
	name string
}{
	{kern.POLLIN, "POLLIN"},
	{kern.POLLPRI, "POLLPRI"},
	{kern.POLLOUT, "POLLOUT"},
	{kern.POLLERR, "POLLERR"},
	{kern.POLLHUP, "POLLHUP"},
	{kern.POLLNVAL, "POLLNVAL"},
	{kern.POLLRDNORM, "POLLRDNORM"},
}

func pollText(fds []PollFD, timeout time.Duration) string {
	var b strings.Builder
	for i, f := range fds {
		if i == 8 {
			fmt.Fprintf(&b, "and %d more, ", len(fds)-i)
			break
		}
		fmt.Fprintf(&b, "%d:", f.FD)
		sep := ""
		for _, x := range pollBits {
			if f.Events&x.bit != 0 {
				b.WriteString(sep + x.name)
				sep = "|"
			}
		}
		for _, x := range pollBits {
			if f.Revents&x.bit != 0 {
				b.WriteString("=" + x.name)
			}
		}
		b.WriteString(", ")
	}
	if timeout < 0 {
		b.WriteString("for ever")
	} else {
		b.WriteString(timeout.String())
	}
	return b.String()
}

// Dup2 moves the file of fd to to, which it closes first: WASI's fd_renumber.
func (p *Proc) Dup2(fd, to int) errno.Errno {
	of, e := p.file(fd)
	if e != errno.OK {
		return e
	}
	if _, e = p.file(to); e != errno.OK {
		return e
	}
	if fd == to {
		return errno.OK
	}
	if e = p.Close(to); e != errno.OK {
		return e
	}
	p.forget(fd)
	p.files[to], p.files[fd] = of, nil
	return errno.OK
}
