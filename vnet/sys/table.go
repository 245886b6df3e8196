package sys

import (
	"fmt"
	"strconv"

	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/file"
	"wireloom/vnet/kern"
)

// MaxFiles is how many files a process may have open, MaxPipes how many pipes a machine.
const (
	MaxFiles = 64
	MaxPipes = 256
)

// A table is the open files of a process, by descriptor.
type table struct {
	files   []*openFile
	opened  int
	scratch []byte
}

// An openFile is an entry of a process' descriptor table.
type openFile struct {
	file  file.File
	path  string
	flags int // of open, as fcntl changed them
	dups  int // descriptors that share it, beyond the first

	moves [2]*event.Site // of its reads and writes; nil while there was none
}

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
		p.tooManyFiles()
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
		e = p.release(of)
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
		if _, dev := of.file.(file.Device); !dev {
			p.release(of)
			continue
		}
		began := p.Now()
		e := p.release(of)
		p.logCall(event.Event{Op: "close", FD: fd, Path: of.path, Text: "at exit"}, e, began)
	}
}

// Descriptors that share an open file: its offset, its flags, and that it is
// closed with the last of them.

// Dup is dup(2): the lowest free descriptor, which shares the file of fd.
func (p *Proc) Dup(fd int) (int, errno.Errno) {
	began := p.Now()
	to := -1
	of, e := p.file(fd)
	if e == errno.OK {
		if to, e = p.install(of); e == errno.OK {
			of.dups++
		}
	}
	p.logCall(event.Event{Op: "dup", FD: fd, Path: p.pathOf(fd), N: int64(to)}, e, began)
	return to, e
}

// Dup2 is dup2(2): to, which is closed first, shares the file of fd.
func (p *Proc) Dup2(fd, to int) (int, errno.Errno) {
	began := p.Now()
	e := p.dup2(fd, to)
	p.logCall(event.Event{Op: "dup2", FD: fd, Path: p.pathOf(fd), N: int64(to), Text: strconv.Itoa(to)}, e, began)
	if e != errno.OK {
		return -1, e
	}
	return to, e
}

func (p *Proc) dup2(fd, to int) errno.Errno {
	of, e := p.file(fd)
	switch {
	case e != errno.OK:
		return e
	case to < 0 || to >= MaxFiles:
		return errno.EBADF
	case fd == to:
		return errno.OK
	}
	of.dups++ // before to is closed, which may share it
	if _, e := p.file(to); e == errno.OK {
		p.Close(to) // what it returns is lost, as on a BSD
	} else if p.opened >= MaxFiles {
		of.dups--
		p.tooManyFiles()
		return errno.EMFILE
	}
	for len(p.files) <= to {
		p.files = append(p.files, nil)
	}
	p.files[to] = of
	p.opened++
	return errno.OK
}

// Renumber moves the file of fd to the open descriptor to, which is closed first:
// WASI's fd_renumber.
func (p *Proc) Renumber(fd, to int) errno.Errno {
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

// release takes away a descriptor's share in a file, and closes the file with the
// last.
func (p *Proc) release(of *openFile) errno.Errno {
	if of.dups > 0 {
		of.dups--
		return errno.OK
	}
	return of.file.Close(&p.caller)
}

// Pipe is pipe(2): a descriptor to read from and one to write to.
func (p *Proc) Pipe() (r, w int, e errno.Errno) {
	began := p.Now()
	r, w, e = p.pipe()
	p.logCall(event.Event{Op: "pipe", Text: fmt.Sprintf("[%d, %d]", r, w)}, e, began)
	return r, w, e
}

func (p *Proc) pipe() (r, w int, e errno.Errno) {
	if p.opened+2 > MaxFiles {
		p.tooManyFiles()
		return -1, -1, errno.EMFILE
	}
	rf, wf, e := p.sys.newPipe()
	if e != errno.OK {
		return -1, -1, e
	}
	r, _ = p.install(rf) // there is room
	w, _ = p.install(wf)
	return r, w, errno.OK
}

func (s *System) newPipe() (r, w *openFile, e errno.Errno) {
	if s.pipes >= MaxPipes {
		s.log.Emit(event.Event{
			Kind: event.Limit, Node: s.name, Op: "pipes", N: MaxPipes,
			Text: fmt.Sprintf("the node has %d pipes and makes no more", MaxPipes),
		})
		return nil, nil, errno.ENFILE
	}
	rf, wf, e := file.NewPipe(s.kern, func() { s.pipes-- })
	if e != errno.OK {
		return nil, nil, e
	}
	s.pipes++
	r = &openFile{file: rf, path: "pipe", flags: kern.O_RDONLY}
	w = &openFile{file: wf, path: "pipe", flags: kern.O_WRONLY}
	return r, w, errno.OK
}
