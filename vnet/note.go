package vnet

import (
	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
	"wireloom/vnet/kern"
)

// A watchable is a file that a kqueue can watch, besides devices, or what else it
// can.
type watchable interface {
	kqfilter(p *Proc, kn *kern.Knote) errno.Errno
}

// A note is what watches such a file: the list that it is on, and the condition,
// which sets the knote's Data and EOF.
type note struct {
	sel   *kern.SelInfo
	holds func(kn *kern.Knote) bool
}

// Event and Detach implement kern.FilterOps.

func (n *note) Event(kn *kern.Knote) bool { return n.holds(kn) }
func (n *note) Detach(kn *kern.Knote)     { n.sel.Remove(kn) }

// A watcher is a file that a kqueue of p's watches: what activates its knote also
// wakes who polls the kqueue.
type watcher struct {
	p *Proc
	q *kqueueFile
	f any // a file, or what a filter is about that is of no file
}

// Kqfilter implements kern.KqFile: EINVAL for a file of a kind that takes no
// knotes.
func (w watcher) Kqfilter(t *kern.Thread, kn *kern.Knote) errno.Errno {
	queue := kn.Activate
	kn.Activate = func(kn *kern.Knote) {
		queue(kn)
		w.q.sel.Wakeup(w.p.node.kern)
	}
	switch f := w.f.(type) {
	case devFile:
		return f.f.Kqfilter(t, kn)
	case watchable:
		return f.kqfilter(w.p, kn)
	}
	return errno.EINVAL
}

// kqfilter of a console's input.
func (c consoleIn) kqfilter(_ *Proc, kn *kern.Knote) errno.Errno {
	if kn.Filter != kern.EVFILT_READ {
		return errno.EINVAL
	}
	in := c.p.stdin
	in.sel.Attach(kn, &note{&in.sel, func(kn *kern.Knote) bool {
		kn.Data, kn.EOF = int64(len(in.data)), in.eof
		return kn.Data > 0 || in.eof
	}})
	return errno.OK
}

// kqfilter of a socket. Data is how many bytes can be read, where that is known; else 1.
func (f *socketFile) kqfilter(_ *Proc, kn *kern.Knote) errno.Errno {
	bit := kern.POLLIN
	switch kn.Filter {
	case kern.EVFILT_READ:
	case kern.EVFILT_WRITE:
		bit = kern.POLLOUT
	default:
		return errno.EINVAL
	}
	f.sel.Attach(kn, &note{&f.sel, func(kn *kern.Knote) bool {
		ready := f.s.Ready()
		kn.Data, kn.EOF = 0, ready&kern.POLLHUP != 0
		if ready&bit == 0 {
			return kn.EOF
		}
		kn.Data = 1
		if bit == kern.POLLIN {
			if n, e := f.s.Option(inet.SO_NREAD); e == errno.OK && n > 0 {
				kn.Data = int64(n)
			}
		}
		return true
	}})
	return errno.OK
}
