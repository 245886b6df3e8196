package kern

import (
	"slices"
	"time"

	"wireloom/vnet/errno"
)

// Actions and flags of struct kevent.
const (
	EV_ADD     = 0x1
	EV_DELETE  = 0x2
	EV_ENABLE  = 0x4
	EV_DISABLE = 0x8
	EV_ONESHOT = 0x10
	EV_CLEAR   = 0x20
	EV_ERROR   = 0x4000
	EV_EOF     = 0x8000
)

// How many registrations a kqueue takes, and all of a kernel together: each costs
// memory, and timers a place in the lab's heap.
const (
	maxKnotes    = 1024
	maxAllKnotes = 4096 // kern.kq_calloutmax
	knoteSize    = 512  // bytes that a registration counts: about what it is here with its closures
)

// A Kevent is struct kevent with the file in place of its descriptor's
// number.
type Kevent struct {
	Ident  int // the descriptor
	Filter int
	Flags  int
	Fflags int // of the filter: NOTE_EXIT, ...
	Data   int64
	Udata  uint64
}

// A KqFile is a file that a kqueue may watch: a [File], or one of the
// machine's own kinds (pipes, sockets).
type KqFile interface {
	Kqfilter(t *Thread, kn *Knote) errno.Errno
}

// A Kqueue is one kqueue(2). The machine keeps it behind a descriptor, calls
// Close with it and Forget when a watched descriptor closes.
type Kqueue struct {
	k     *Kernel
	notes []*kqNote // in the order of registration
	ready []*kqNote // in the order of activation
}

type kqNote struct {
	Knote
	ident    int
	flags    int
	udata    uint64
	disabled bool
	queued   bool
}

// NewKqueue makes one.
func (k *Kernel) NewKqueue() *Kqueue { return &Kqueue{k: k} }

// Len is how many registrations there are.
func (q *Kqueue) Len() int { return len(q.notes) }

// Queued is how many of them are ready, or were.
func (q *Kqueue) Queued() int { return len(q.ready) }

// Change applies one element of a changelist. file is what ev.Ident refers
// to; nil makes it EBADF.
func (q *Kqueue) Change(t *Thread, file KqFile, ev Kevent) errno.Errno {
	i := slices.IndexFunc(q.notes, func(n *kqNote) bool { return n.ident == ev.Ident && n.Filter == ev.Filter })
	switch {
	case ev.Flags&EV_DELETE != 0:
		if i < 0 {
			return errno.ENOENT
		}
		q.drop(q.notes[i])
		return errno.OK
	case i < 0 && ev.Flags&EV_ADD == 0:
		return errno.ENOENT
	case i < 0:
		if file == nil {
			return errno.EBADF
		}
		if len(q.notes) >= maxKnotes || q.k.knotes >= maxAllKnotes || !q.k.memory.Take(knoteSize) {
			return errno.ENOMEM
		}
		n := &kqNote{ident: ev.Ident}
		n.Filter, n.Tag = ev.Filter, ev.Ident
		n.Activate = func(*Knote) { q.activate(n) }
		if err := file.Kqfilter(t, &n.Knote); err != errno.OK {
			q.k.memory.Give(knoteSize)
			return err
		}
		q.notes = append(q.notes, n)
		q.k.knotes++
		i = len(q.notes) - 1
	}
	n := q.notes[i]
	n.udata = ev.Udata
	if ev.Flags&EV_ADD != 0 {
		n.flags = ev.Flags & (EV_ONESHOT | EV_CLEAR)
	}
	if ev.Flags&EV_DISABLE != 0 {
		n.disabled = true
	}
	if ev.Flags&EV_ENABLE != 0 || ev.Flags&(EV_ADD|EV_DISABLE) == EV_ADD {
		n.disabled = false
	}
	if n.Event() {
		q.activate(n)
	}
	return errno.OK
}

// Collect puts the events that hold into out and returns how many. With none
// it sleeps, until timeout has passed (0, nil) where that is not below zero,
// or a signal comes (EINTR).
func (q *Kqueue) Collect(t *Thread, out []Kevent, timeout time.Duration) (int, errno.Errno) {
	if len(out) == 0 {
		return 0, errno.OK
	}
	end := q.k.host.Now() + timeout
	for {
		if n := q.scan(out); n > 0 {
			return n, errno.OK
		}
		left := end - q.k.host.Now()
		if timeout >= 0 && left <= 0 {
			return 0, errno.OK
		}
		var err errno.Errno
		if timeout < 0 {
			err = q.k.Sleep(t, q, "kqread", true)
		} else {
			err = q.k.SleepFor(t, q, "kqread", true, left)
		}
		if err == errno.EINTR {
			return 0, err
		}
		if err == errno.EWOULDBLOCK && timeout < 0 {
			return 0, err // a thread that cannot sleep
		}
	}
}

// scan takes what is ready. A note that still holds stays queued, behind the
// others, unless EV_CLEAR or EV_ONESHOT says otherwise.
func (q *Kqueue) scan(out []Kevent) int {
	n := 0
	for left := len(q.ready); left > 0 && n < len(out); left-- {
		kn := q.ready[0]
		q.ready = append(q.ready[:0], q.ready[1:]...)
		kn.queued = false
		if kn.disabled || !kn.Event() {
			continue
		}
		out[n] = Kevent{Ident: kn.ident, Filter: kn.Filter, Flags: kn.flags, Fflags: kn.Fflags, Data: kn.Data, Udata: kn.udata}
		if kn.EOF {
			out[n].Flags |= EV_EOF
		}
		if r, ok := kn.ops.(Resetter); ok {
			r.Reset(&kn.Knote)
		}
		n++
		switch {
		case kn.flags&EV_ONESHOT != 0:
			q.drop(kn)
		case kn.flags&EV_CLEAR == 0:
			kn.queued = true
			q.ready = append(q.ready, kn)
		}
	}
	return n
}

func (q *Kqueue) activate(n *kqNote) {
	if n.disabled || n.queued {
		return
	}
	n.queued = true
	q.ready = append(q.ready, n)
	q.k.unsleep(q)
}

func (q *Kqueue) drop(n *kqNote) {
	n.Detach()
	q.k.knotes--
	q.k.memory.Give(knoteSize)
	q.notes = slices.DeleteFunc(q.notes, func(x *kqNote) bool { return x == n })
	q.ready = slices.DeleteFunc(q.ready, func(x *kqNote) bool { return x == n })
}

// Forget drops what is registered for a descriptor that closes; a timer, signal or
// process of that number stays.
func (q *Kqueue) Forget(ident int) {
	for _, n := range slices.Clone(q.notes) {
		if n.ident == ident && n.Filter >= EVFILT_VNODE {
			q.drop(n)
		}
	}
}

// Close drops everything.
func (q *Kqueue) Close() {
	for _, n := range slices.Clone(q.notes) {
		q.drop(n)
	}
}

// Ready says whether something is queued, as poll(2) on a kqueue tells.
func (q *Kqueue) Ready() bool { return len(q.ready) > 0 }
