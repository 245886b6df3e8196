package file

import (
	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
)

// A Watchable is what a kqueue can watch: a file, or what else a filter is about.
type Watchable interface {
	Kqfilter(c *Caller, kn *kern.Knote) errno.Errno
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

// Watch makes a knote watch for a condition, on the list that is told of changes.
func Watch(sel *kern.SelInfo, kn *kern.Knote, holds func(kn *kern.Knote) bool) errno.Errno {
	sel.Attach(kn, &note{sel, holds})
	return errno.OK
}

// A Kqueue is an open kqueue.
type Kqueue struct {
	Plain
	*kern.Kqueue
	sel kern.SelInfo // who polls the kqueue itself
}

// NewKqueue makes a kqueue of a kernel's.
func NewKqueue(k *kern.Kernel) *Kqueue { return &Kqueue{Kqueue: k.NewKqueue()} }

// Read and Write are kqueue_read and kqueue_write: ENXIO.

func (*Kqueue) Read(*Caller, []byte) (int, uint64, errno.Errno)  { return 0, 0, errno.ENXIO }
func (*Kqueue) Write(*Caller, []byte) (int, uint64, errno.Errno) { return 0, 0, errno.ENXIO }

// Poll finds it ready to read when an event is.
func (q *Kqueue) Poll(c *Caller, events int) int {
	if q.Ready() {
		return events & (kern.POLLIN | kern.POLLRDNORM)
	}
	c.record(&q.sel)
	return 0
}

// Close ends its registrations.
func (q *Kqueue) Close(c *Caller) errno.Errno {
	q.Kqueue.Close()
	q.sel.Destroy(c.Kernel)
	return errno.OK
}

// Watch is what the kqueue is asked to watch by a caller: w is a file or a Watchable that
// is none.
func (q *Kqueue) Watch(c *Caller, w any) kern.KqFile { return watcher{c, q, w} }

// A watcher is a file that a kqueue of its caller's watches: what activates its knote also
// wakes who polls the kqueue.
type watcher struct {
	c *Caller
	q *Kqueue
	w any
}

// Kqfilter implements kern.KqFile: EINVAL for a file of a kind that takes no
// knotes.
func (w watcher) Kqfilter(_ *kern.Thread, kn *kern.Knote) errno.Errno {
	queue := kn.Activate
	kn.Activate = func(kn *kern.Knote) {
		queue(kn)
		w.q.sel.Wakeup(w.c.Kernel)
	}
	if f, ok := w.w.(Watchable); ok {
		return f.Kqfilter(w.c, kn)
	}
	return errno.EINVAL
}
