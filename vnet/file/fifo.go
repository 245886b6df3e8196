package file

import (
	"wireloom/vnet/errno"
	"wireloom/vnet/fs"
	"wireloom/vnet/kern"
)

// A fifoPipe is the pipe of a FIFO while somebody has it open: freebsd fifo_vnops.c.
type fifoPipe struct {
	pipe
	all              *FIFOs
	readers, writers int
	rgen, wgen       int // how often it was opened for reading, for writing
}

// A FIFO is an open FIFO of the file system.
type FIFO struct {
	Plain
	x    *fifoPipe
	node *fs.Inode
	r    *PipeReader // nil where it is open only for writing
	w    *PipeWriter
}

// Inode is the FIFO's.
func (f *FIFO) Inode() *fs.Inode { return f.node }

// FIFOs are the FIFOs of a file system that somebody has open.
type FIFOs struct {
	tree *fs.FS
	k    *kern.Kernel
	open map[*fs.Inode]*fifoPipe
}

// NewFIFOs returns the FIFOs of a file system of a kernel's machine.
func NewFIFOs(k *kern.Kernel, tree *fs.FS) *FIFOs { return &FIFOs{tree, k, map[*fs.Inode]*fifoPipe{}} }

// Len is how many are open.
func (all *FIFOs) Len() int { return len(all.open) }

// Open opens a FIFO: for reading it waits for a writer and for writing for a
// reader. With O_NONBLOCK a reader does not wait, and a writer gets ENXIO.
func (all *FIFOs) Open(c *Caller, n *fs.Inode, flags int) (File, errno.Errno) {
	tree, k := all.tree, all.k
	x := all.open[n]
	if x == nil {
		if !k.Memory().Take(PipeMemory) {
			return nil, errno.ENOMEM
		}
		x = &fifoPipe{all: all, pipe: pipe{k: k}}
		all.open[n] = x
	}
	f := &FIFO{x: x, node: n}
	access, non := flags&3, flags&kern.O_NONBLOCK != 0
	tree.Opened(n)
	if access != kern.O_WRONLY {
		f.r = &PipeReader{pipe: &x.pipe, non: non}
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
		f.w = &PipeWriter{pipe: &x.pipe, non: non}
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
			e = c.Kernel.Sleep(&c.Thread, &x.writers, "fifoor", true)
		case x.readers == 0 && x.rgen == rgen:
			e = c.Kernel.Sleep(&c.Thread, &x.readers, "fifoow", true)
		default:
			return f, errno.OK
		}
		if e == errno.OK && c.Who.Dying() {
			e = errno.EINTR
		}
		if e != errno.OK {
			f.Close(c)
			return nil, e
		}
	}
	return f, errno.OK
}

// Read is of the pipe: EBADF where it is open only for writing.
func (f *FIFO) Read(c *Caller, b []byte) (int, uint64, errno.Errno) {
	if f.r == nil {
		return 0, 0, errno.EBADF
	}
	return f.r.Read(c, b)
}

// Write is of the pipe: EBADF where it is open only for reading.
func (f *FIFO) Write(c *Caller, b []byte) (int, uint64, errno.Errno) {
	if f.w == nil {
		return 0, 0, errno.EBADF
	}
	return f.w.Write(c, b)
}

// Poll is of both ends that it has.
func (f *FIFO) Poll(c *Caller, events int) int {
	got := 0
	if f.r != nil {
		got = f.r.Poll(c, events)
	}
	if f.w != nil {
		got |= f.w.Poll(c, events)
	}
	return got
}

// Kqfilter is of the end that the filter is about.
func (f *FIFO) Kqfilter(c *Caller, kn *kern.Knote) errno.Errno {
	switch {
	case f.r != nil && kn.Filter == kern.EVFILT_READ:
		return f.r.Kqfilter(c, kn)
	case f.w != nil:
		return f.w.Kqfilter(c, kn)
	}
	return errno.EINVAL
}

// SetFlags is for both ends.
func (f *FIFO) SetFlags(c *Caller, flags int) errno.Errno {
	if f.r != nil {
		f.r.SetFlags(c, flags)
	}
	if f.w != nil {
		f.w.SetFlags(c, flags)
	}
	return errno.OK
}

// Stat is of the inode.
func (f *FIFO) Stat(*Caller) (kern.Stat, errno.Errno) { return f.node.Stat(), errno.OK }

// Close closes its ends.
func (f *FIFO) Close(*Caller) errno.Errno {
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
func (f *FIFO) gone() {
	x := f.x
	x.all.tree.Closed(f.node)
	if x.readers+x.writers == 0 {
		x.rsel.Destroy(x.k)
		x.wsel.Destroy(x.k)
		x.k.Memory().Give(PipeMemory)
		delete(x.all.open, f.node)
	}
}
