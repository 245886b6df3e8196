package file

import (
	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
)

// Sizes of pipes (freebsd sys/pipe.h, sys/syslimits.h).
const (
	PipeSize = 16 << 10 // bytes that one holds: PIPE_SIZE
	PipeBuf  = 512      // bytes that a write puts into one as a whole: PIPE_BUF
)

// PipeMemory is how many bytes a pipe counts.
const PipeMemory = PipeSize + 1<<10

// A pipe carries bytes one way between processes of a node.
type pipe struct {
	k       *kern.Kernel
	gone    func()
	buf     []byte // PipeSize bytes, once something was written
	at      int    // where the oldest byte is
	used    int
	reading bool // its end to read from is open
	writing bool
	rsel    kern.SelInfo // who waits to read
	wsel    kern.SelInfo
}

// A PipeReader and a PipeWriter are its ends.
type (
	PipeReader struct {
		Plain
		*pipe
		non bool
	}
	PipeWriter struct {
		Plain
		*pipe
		non bool
	}
)

// NewPipe makes a pipe of a kernel's machine, and takes the memory for it: ENOMEM where
// there is none. gone is called when both ends are closed.
func NewPipe(k *kern.Kernel, gone func()) (r *PipeReader, w *PipeWriter, e errno.Errno) {
	if !k.Memory().Take(PipeMemory) {
		return nil, nil, errno.ENOMEM
	}
	x := &pipe{k: k, gone: gone, reading: true, writing: true}
	return &PipeReader{pipe: x}, &PipeWriter{pipe: x}, errno.OK
}

// notify wakes who waits for a side of the pipe to be ready.
func (x *pipe) notify(side *kern.SelInfo) {
	x.k.Wakeup(side)
	side.Wakeup(x.k)
	side.Knote(x.k)
}

// closed is called when a side is closed: the other is told.
func (x *pipe) closed(own, other *kern.SelInfo) errno.Errno {
	own.Destroy(x.k)
	x.notify(other)
	if !x.reading {
		x.at, x.used = 0, 0 // nobody will read it
	}
	if !x.reading && !x.writing {
		x.buf = nil
		x.gone()
		x.k.Memory().Give(PipeMemory)
	}
	return errno.OK
}

func (x *pipe) ioctl(non *bool, cmd uint32, arg []byte) errno.Errno {
	switch cmd {
	case kern.FIONREAD:
		kern.PutInt(arg, int32(x.used))
	case kern.FIONBIO:
		*non = kern.Int(arg) != 0
	default:
		return errno.ENOTTY
	}
	return errno.OK
}

func (*pipe) stat() (kern.Stat, errno.Errno) { return kern.Stat{Mode: 0o600}, errno.OK }

// Read waits for what was written, and finds the end where no writer is left.
func (r *PipeReader) Read(c *Caller, b []byte) (int, uint64, errno.Errno) {
	for r.used == 0 {
		switch {
		case !r.writing || len(b) == 0:
			return 0, 0, errno.OK
		case r.non:
			return 0, 0, errno.EWOULDBLOCK
		}
		if e := c.Kernel.Sleep(&c.Thread, &r.rsel, "piperd", true); e != errno.OK {
			return 0, 0, e
		}
	}
	n := min(len(b), r.used)
	first := copy(b[:n], r.buf[r.at:])
	copy(b[first:n], r.buf)
	r.at = (r.at + n) % PipeSize
	r.used -= n
	r.notify(&r.wsel)
	return n, 0, errno.OK
}

// Write puts what fits into the pipe, and waits for the rest; up to PIPE_BUF bytes
// go as a whole. Without a reader it is
// EPIPE, for which write(2) posts SIGPIPE.
func (w *PipeWriter) Write(c *Caller, b []byte) (int, uint64, errno.Errno) {
	done := 0
	for {
		if !w.reading {
			return 0, 0, errno.EPIPE
		}
		room, left := PipeSize-w.used, len(b)-done
		if room >= left || room > 0 && len(b) > PipeBuf {
			done += w.put(b[done:])
			if done == len(b) {
				return done, 0, errno.OK
			}
			continue
		}
		e := errno.EWOULDBLOCK
		if !w.non {
			e = c.Kernel.Sleep(&c.Thread, &w.wsel, "pipewr", true)
		}
		switch {
		case e == errno.OK:
		case done > 0:
			return done, 0, errno.OK
		default:
			return 0, 0, e
		}
	}
}

func (w *PipeWriter) put(b []byte) int {
	if len(b) == 0 {
		return 0
	}
	if w.buf == nil {
		w.buf = make([]byte, PipeSize)
	}
	n := min(len(b), PipeSize-w.used)
	end := (w.at + w.used) % PipeSize
	first := copy(w.buf[end:], b[:n])
	copy(w.buf, b[first:n])
	w.used += n
	w.notify(&w.rsel)
	return n
}

// Poll finds it ready when there is something to read, or nobody writes any more.
func (r *PipeReader) Poll(c *Caller, events int) int {
	in := events & (kern.POLLIN | kern.POLLRDNORM)
	switch {
	case !r.writing:
		return in | kern.POLLHUP
	case r.used > 0:
		return in
	}
	c.record(&r.rsel)
	return 0
}

// Poll finds it ready when PIPE_BUF bytes fit, or nobody reads any more.
func (w *PipeWriter) Poll(c *Caller, events int) int {
	switch {
	case !w.reading:
		return events&kern.POLLOUT | kern.POLLHUP
	case PipeSize-w.used >= PipeBuf:
		return events & kern.POLLOUT
	}
	c.record(&w.wsel)
	return 0
}

// Kqfilter watches for something to read. Data is how many bytes.
func (r *PipeReader) Kqfilter(_ *Caller, kn *kern.Knote) errno.Errno {
	if kn.Filter != kern.EVFILT_READ {
		return errno.EINVAL
	}
	return Watch(&r.rsel, kn, func(kn *kern.Knote) bool {
		kn.Data, kn.EOF = int64(r.used), !r.writing
		return r.used > 0 || kn.EOF
	})
}

// Kqfilter watches for room. Data is how many bytes fit.
func (w *PipeWriter) Kqfilter(_ *Caller, kn *kern.Knote) errno.Errno {
	if kn.Filter != kern.EVFILT_WRITE {
		return errno.EINVAL
	}
	return Watch(&w.wsel, kn, func(kn *kern.Knote) bool {
		kn.Data, kn.EOF = int64(PipeSize-w.used), !w.reading
		return kn.Data >= PipeBuf || kn.EOF
	})
}

// The rest is of the pipe, or of its end's own flags.

func (r *PipeReader) Stat(*Caller) (kern.Stat, errno.Errno) { return r.stat() }
func (w *PipeWriter) Stat(*Caller) (kern.Stat, errno.Errno) { return w.stat() }

func (r *PipeReader) Ioctl(_ *Caller, cmd uint32, arg []byte) errno.Errno {
	return r.ioctl(&r.non, cmd, arg)
}

func (w *PipeWriter) Ioctl(_ *Caller, cmd uint32, arg []byte) errno.Errno {
	return w.ioctl(&w.non, cmd, arg)
}

func (r *PipeReader) SetFlags(_ *Caller, flags int) errno.Errno {
	r.non = flags&kern.O_NONBLOCK != 0
	return errno.OK
}

func (w *PipeWriter) SetFlags(_ *Caller, flags int) errno.Errno {
	w.non = flags&kern.O_NONBLOCK != 0
	return errno.OK
}

func (r *PipeReader) Close(*Caller) errno.Errno {
	r.reading = false
	return r.closed(&r.rsel, &r.wsel)
}

func (w *PipeWriter) Close(*Caller) errno.Errno {
	w.writing = false
	return w.closed(&w.wsel, &w.rsel)
}
