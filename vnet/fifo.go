package vnet

import (
	"wireloom/vnet/errno"
	"wireloom/vnet/fs"
	"wireloom/vnet/kern"
)

// A fifoPipe is the pipe of a FIFO while somebody has it open: freebsd fifo_vnops.c.
type fifoPipe struct {
	pipe
	readers, writers int
	rgen, wgen       int // how often it was opened for reading, for writing
}

// A fifoFile is an open FIFO.
type fifoFile struct {
	plain
	x    *fifoPipe
	tree *fs.FS
	node *fs.Inode
	r    *pipeReader // nil where it is open only for writing
	w    *pipeWriter
}

// openFIFO opens a FIFO: for reading it waits for a writer and for writing for a
// reader. With O_NONBLOCK a reader does not wait, and a writer gets ENXIO.
func (p *Proc) openFIFO(n *fs.Inode, of *openFile) (file, errno.Errno) {
	tree, k := p.node.fs, p.node.kern
	x := p.node.fifos[n]
	if x == nil {
		if !k.Memory().Take(pipeSize + pipeSelf) {
			return nil, errno.ENOMEM
		}
		x = &fifoPipe{pipe: pipe{node: p.node}}
		p.node.fifos[n] = x
	}
	f := &fifoFile{x: x, tree: tree, node: n}
	access, non := of.flags&3, of.flags&kern.O_NONBLOCK != 0
	tree.Opened(n)
	if access != kern.O_WRONLY {
		f.r = &pipeReader{pipe: &x.pipe, non: non}
		x.readers++
		x.rgen++
		x.reading = true
		x.notify(&x.wsel)
		k.Wakeup(&x.readers)
	}
	if access != kern.O_RDONLY {
		if non && x.readers == 0 {
			f.gone()
			return nil, errno.ENXIO
		}
		f.w = &pipeWriter{pipe: &x.pipe, non: non}
		x.writers++
		x.wgen++
		x.writing = true
		x.notify(&x.rsel)
		k.Wakeup(&x.writers)
	}
	rgen, wgen := x.rgen, x.wgen // a peer that came and went counts
	for !non {
		var e errno.Errno
		switch {
		case x.writers == 0 && x.wgen == wgen:
			e = k.Sleep(&p.thread, &x.writers, "fifoor", true)
		case x.readers == 0 && x.rgen == rgen:
			e = k.Sleep(&p.thread, &x.readers, "fifoow", true)
		default:
			return f, errno.OK
		}
		if e == errno.OK && p.Dying() {
			e = errno.EINTR
		}
		if e != errno.OK {
			f.close(p)
			return nil, e
		}
	}
	return f, errno.OK
}

func (f *fifoFile) read(p *Proc, b []byte) (int, uint64, errno.Errno) {
	if f.r == nil {
		return 0, 0, errno.EBADF
	}
	return f.r.read(p, b)
}

func (f *fifoFile) write(p *Proc, b []byte) (int, uint64, errno.Errno) {
	if f.w == nil {
		return 0, 0, errno.EBADF
	}
	return f.w.write(p, b)
}

func (f *fifoFile) poll(p *Proc, events int) int {
	got := 0
	if f.r != nil {
		got = f.r.poll(p, events)
	}
	if f.w != nil {
		got |= f.w.poll(p, events)
	}
	return got
}

func (f *fifoFile) kqfilter(p *Proc, kn *kern.Knote) errno.Errno {
	switch {
	case f.r != nil && kn.Filter == kern.EVFILT_READ:
		return f.r.kqfilter(p, kn)
	case f.w != nil:
		return f.w.kqfilter(p, kn)
	}
	return errno.EINVAL
}

func (f *fifoFile) setFlags(p *Proc, flags int) errno.Errno {
	if f.r != nil {
		f.r.setFlags(p, flags)
	}
	if f.w != nil {
		f.w.setFlags(p, flags)
	}
	return errno.OK
}

func (f *fifoFile) stat(*Proc) (kern.Stat, errno.Errno) { return f.node.Stat(), errno.OK }

func (f *fifoFile) close(*Proc) errno.Errno {
	x := f.x
	if f.r != nil {
		if x.readers--; x.readers == 0 {
			x.reading = false
			x.at, x.used = 0, 0 // nobody will read it
			x.notify(&x.wsel)
		}
	}
	if f.w != nil {
		if x.writers--; x.writers == 0 {
			x.writing = false
			x.notify(&x.rsel)
		}
	}
	f.gone()
	return errno.OK
}

// gone forgets the pipe when nobody has the FIFO open any more.
func (f *fifoFile) gone() {
	f.tree.Closed(f.node)
	if x := f.x; x.readers+x.writers == 0 {
		x.rsel.Destroy(x.node.kern)
		x.wsel.Destroy(x.node.kern)
		x.node.kern.Memory().Give(pipeSize + pipeSelf)
		delete(x.node.fifos, f.node)
	}
}
