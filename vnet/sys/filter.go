package sys

import (
	"slices"

	"wireloom/vnet/errno"
	"wireloom/vnet/file"
	"wireloom/vnet/kern"
	"wireloom/vnet/signal"
)

// Filters of kqueues that are about processes: EVFILT_SIGNAL and EVFILT_PROC.

// A signalNote is the signal that a change with EVFILT_SIGNAL asks for.
type signalNote struct {
	p   *Proc
	sig int
}

// Kqfilter begins to count.
func (s signalNote) Kqfilter(_ *file.Caller, kn *kern.Knote) errno.Errno {
	if signal.Name(s.sig) == "" {
		return errno.EINVAL
	}
	p := s.p
	p.watchers = append(p.watchers, file.CountSignals(s.sig, kn, func(c *file.SignalCount) {
		p.watchers = slices.DeleteFunc(p.watchers, func(x *file.SignalCount) bool { return x == c })
	}))
	return errno.OK
}

// A procNote is what a change with EVFILT_PROC asks for: NOTE_EXIT, an event when a
// process of the node ends, with its status as data.
type procNote struct {
	p *Proc
	kern.Kevent
}

// Kqfilter finds the process, or a child of who calls that has ended.
func (c procNote) Kqfilter(_ *file.Caller, kn *kern.Knote) errno.Errno {
	p := c.p
	q := p.sys.proc(c.Ident)
	if q == nil {
		i := slices.IndexFunc(p.children, func(x *Proc) bool { return x.pid == c.Ident })
		if i < 0 {
			return errno.ESRCH
		}
		q = p.children[i] // a zombie
	}
	if c.Fflags != kern.NOTE_EXIT {
		return errno.EINVAL
	}
	q.exits.Attach(kn, &procFilter{q: q})
	return errno.OK
}

// A procFilter holds once its process has ended.
type procFilter struct {
	q    *Proc
	told bool
}

// Event, Reset and Detach implement kern.FilterOps and kern.Resetter.

func (f *procFilter) Event(kn *kern.Knote) bool {
	if f.told || f.q.state != procExited {
		return false
	}
	kn.Data, kn.Fflags, kn.EOF = int64(f.q.exit.status()), kern.NOTE_EXIT, true
	return true
}
func (f *procFilter) Reset(*kern.Knote)     { f.told = true }
func (f *procFilter) Detach(kn *kern.Knote) { f.q.exits.Remove(kn) }
