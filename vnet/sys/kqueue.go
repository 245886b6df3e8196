package sys

import (
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/file"
	"wireloom/vnet/kern"
)

// Kqueue is kqueue(2): it returns the descriptor of a new kqueue.
func (p *Proc) Kqueue() (int, errno.Errno) {
	began := p.Now()
	fd, e := p.install(&openFile{file: file.NewKqueue(p.sys.kern), path: "kqueue", flags: kern.O_RDWR})
	p.logCall(event.Event{Op: "kqueue", N: int64(fd)}, e, began)
	return fd, e
}

// Kevent is kevent(2): it applies changes and then, where events has room, waits
// until at least one event holds, timeout has passed (below zero: for ever) or a
// signal comes. A change that fails is an event with EV_ERROR and the error's
// number as its data while there is room, and the result of the call otherwise.
// With failed changes it does not wait.
func (p *Proc) Kevent(fd int, changes, events []kern.Kevent, timeout time.Duration) (int, errno.Errno) {
	began := p.enter("kevent", fd, timeout)
	n, e := p.kevent(fd, changes, events, timeout)
	p.logCall(event.Event{
		Op: "kevent", FD: fd, Path: p.pathOf(fd), Len: len(events), N: int64(n), Text: kern.KeventText(changes, events[:n], timeout),
	}, e, began)
	return n, e
}

func (p *Proc) kevent(fd int, changes, events []kern.Kevent, timeout time.Duration) (int, errno.Errno) {
	of, e := p.file(fd)
	if e != errno.OK {
		return 0, e
	}
	q, ok := of.file.(*file.Kqueue)
	if !ok {
		return 0, errno.EBADF
	}
	// A change looks through the registrations, and what is ready is taken from the
	// front of a list.
	p.Worked(len(changes)*(1+q.Len()/notesAStep) + q.Queued())
	failed := 0
	for _, c := range changes {
		if c.Filter == kern.EVFILT_TIMER || c.Filter == kern.EVFILT_SIGNAL {
			c.Flags |= kern.EV_CLEAR // they count anew after each event
		}
		e := q.Change(&p.caller.Thread, p.watch(q, c), c)
		switch {
		case e == errno.OK:
		case failed == len(events):
			return 0, e
		default:
			c.Flags, c.Data = kern.EV_ERROR, int64(e)
			events[failed] = c
			failed++
		}
	}
	if failed > 0 {
		return failed, errno.OK
	}
	return q.Collect(&p.caller.Thread, events, timeout)
}

// watch is what a kqueue asks to watch what a change is about; nil where that is a
// descriptor that is not open.
func (p *Proc) watch(q *file.Kqueue, c kern.Kevent) kern.KqFile {
	var w any
	switch c.Filter {
	case kern.EVFILT_TIMER:
		w = file.Timer{Loop: p.sys.loop, Kevent: c}
	case kern.EVFILT_SIGNAL:
		w = signalNote{p, c.Ident}
	case kern.EVFILT_PROC:
		w = procNote{p, c}
	default:
		of, e := p.file(c.Ident)
		if e != errno.OK {
			return nil
		}
		w = of.file
	}
	return q.Watch(&p.caller, w)
}

// forget takes a descriptor that closes out of the process' kqueues: knote_fdclose.
func (p *Proc) forget(fd int) {
	notes := 0
	for _, of := range p.files {
		if of == nil {
			continue
		}
		if q, ok := of.file.(*file.Kqueue); ok {
			notes += q.Len()
			q.Forget(fd)
		}
	}
	p.Worked(notes / notesAStep)
}
