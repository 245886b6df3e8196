package vnet

import (
	"fmt"

	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/kern"
)

// Of pipes (freebsd sys/pipe.h, sys/syslimits.h).
const (
	pipeSize = 16 << 10 // bytes that one holds: PIPE_SIZE
	pipeBuf  = 512      // bytes that a write puts into one as a whole: PIPE_BUF
	pipeSelf = 1 << 10  // bytes that one counts besides
)

// A pipe carries bytes one way between processes of a node.
type pipe struct {
	node    *Node
	buf     []byte // pipeSize bytes, once something was written
	at      int    // where the oldest byte is
	used    int
	reading bool // its end to read from is open
	writing bool
	rsel    kern.SelInfo // who waits to read
	wsel    kern.SelInfo
}

// A pipeReader and a pipeWriter are its ends.
type (
	pipeReader struct {
		plain
		*pipe
		non bool
	}
	pipeWriter struct {
		plain
		*pipe
		non bool
	}
)

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
	rf, wf, e := p.node.newPipe()
	if e != errno.OK {
		return -1, -1, e
	}
	r, _ = p.install(rf) // there is room
	w, _ = p.install(wf)
	return r, w, errno.OK
}

func (n *Node) newPipe() (r, w *openFile, e errno.Errno) {
	if n.pipes >= MaxPipes {
		n.lab.emit(event.Event{
			Kind: event.Limit, Node: n.name, Op: "pipes", N: MaxPipes,
			Text: fmt.Sprintf("the node has %d pipes and makes no more", MaxPipes),
		})
		return nil, nil, errno.ENFILE
	}
	if !n.kern.Memory().Take(pipeSize + pipeSelf) {
		return nil, nil, errno.ENOMEM
	}
	n.pipes++
	x := &pipe{node: n, reading: true, writing: true}
	r = &openFile{file: &pipeReader{pipe: x}, path: "pipe", flags: kern.O_RDONLY}
	w = &openFile{file: &pipeWriter{pipe: x}, path: "pipe", flags: kern.O_WRONLY}
	return r, w, errno.OK
}

// notify wakes who waits for a side of the pipe to be ready.
func (x *pipe) notify(side *kern.SelInfo) {
	k := x.node.kern
	k.Wakeup(side)
	side.Wakeup(k)
	side.Knote(k)
}

// closed is called when a side is closed: the other is told.
func (x *pipe) closed(own, other *kern.SelInfo) errno.Errno {
	own.Destroy(x.node.kern)
	x.notify(other)
	if !x.reading {
		x.at, x.used = 0, 0 // nobody will read it
	}
	if !x.reading && !x.writing {
		x.buf = nil
		x.node.pipes--
		x.node.kern.Memory().Give(pipeSize + pipeSelf)
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

func (*pipe) stat(*Proc) (kern.Stat, errno.Errno) { return kern.Stat{Mode: 0o600}, errno.OK }

func (r *pipeReader) read(p *Proc, b []byte) (int, uint64, errno.Errno) {
	for r.used == 0 {
		switch {
		case !r.writing || len(b) == 0:
			return 0, 0, errno.OK
		case r.non:
			return 0, 0, errno.EWOULDBLOCK
		}
		if e := p.node.kern.Sleep(&p.thread, &r.rsel, "piperd", true); e != errno.OK {
			return 0, 0, e
		}
	}
	n := min(len(b), r.used)
	first := copy(b[:n], r.buf[r.at:])
	copy(b[first:n], r.buf)
	r.at = (r.at + n) % pipeSize
	r.used -= n
	r.notify(&r.wsel)
	return n, 0, errno.OK
}

// write puts what fits into the pipe, and waits for the rest; up to PIPE_BUF bytes
// go as a whole. Without a reader it posts SIGPIPE.
func (w *pipeWriter) write(p *Proc, b []byte) (int, uint64, errno.Errno) {
	done := 0
	for {
		if !w.reading {
			p.Signal(SIGPIPE)
			return 0, 0, errno.EPIPE
		}
		room, left := pipeSize-w.used, len(b)-done
		if room >= left || room > 0 && len(b) > pipeBuf {
			done += w.put(b[done:])
			if done == len(b) {
				return done, 0, errno.OK
			}
			continue
		}
		e := errno.EWOULDBLOCK
		if !w.non {
			e = p.node.kern.Sleep(&p.thread, &w.wsel, "pipewr", true)
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

func (w *pipeWriter) put(b []byte) int {
	if len(b) == 0 {
		return 0
	}
	if w.buf == nil {
		w.buf = make([]byte, pipeSize)
	}
	n := min(len(b), pipeSize-w.used)
	end := (w.at + w.used) % pipeSize
	first := copy(w.buf[end:], b[:n])
	copy(w.buf, b[first:n])
	w.used += n
	w.notify(&w.rsel)
	return n
}

func (r *pipeReader) poll(p *Proc, events int) int {
	in := events & (kern.POLLIN | kern.POLLRDNORM)
	switch {
	case !r.writing:
		return in | kern.POLLHUP
	case r.used > 0:
		return in
	}
	r.rsel.Record(p.node.kern, &p.thread)
	return 0
}

func (w *pipeWriter) poll(p *Proc, events int) int {
	switch {
	case !w.reading:
		return events&kern.POLLOUT | kern.POLLHUP
	case pipeSize-w.used >= pipeBuf:
		return events & kern.POLLOUT
	}
	w.wsel.Record(p.node.kern, &p.thread)
	return 0
}

func (r *pipeReader) kqfilter(_ *Proc, kn *kern.Knote) errno.Errno {
	if kn.Filter != kern.EVFILT_READ {
		return errno.EINVAL
	}
	r.rsel.Attach(kn, &note{&r.rsel, func(kn *kern.Knote) bool {
		kn.Data, kn.EOF = int64(r.used), !r.writing
		return r.used > 0 || kn.EOF
	}})
	return errno.OK
}

func (w *pipeWriter) kqfilter(_ *Proc, kn *kern.Knote) errno.Errno {
	if kn.Filter != kern.EVFILT_WRITE {
		return errno.EINVAL
	}
	w.wsel.Attach(kn, &note{&w.wsel, func(kn *kern.Knote) bool {
		kn.Data, kn.EOF = int64(pipeSize-w.used), !w.reading
		return kn.Data >= pipeBuf || kn.EOF
	}})
	return errno.OK
}

func (r *pipeReader) stat(p *Proc) (kern.Stat, errno.Errno) { return r.pipe.stat(p) }
func (w *pipeWriter) stat(p *Proc) (kern.Stat, errno.Errno) { return w.pipe.stat(p) }

func (r *pipeReader) ioctl(_ *Proc, cmd uint32, arg []byte) errno.Errno {
	return r.pipe.ioctl(&r.non, cmd, arg)
}

func (w *pipeWriter) ioctl(_ *Proc, cmd uint32, arg []byte) errno.Errno {
	return w.pipe.ioctl(&w.non, cmd, arg)
}

func (r *pipeReader) setFlags(_ *Proc, flags int) errno.Errno {
	r.non = flags&kern.O_NONBLOCK != 0
	return errno.OK
}

func (w *pipeWriter) setFlags(_ *Proc, flags int) errno.Errno {
	w.non = flags&kern.O_NONBLOCK != 0
	return errno.OK
}

func (r *pipeReader) close(*Proc) errno.Errno {
	r.reading = false
	return r.closed(&r.rsel, &r.wsel)
}

func (w *pipeWriter) close(*Proc) errno.Errno {
	w.writing = false
	return w.closed(&w.wsel, &w.rsel)
}
