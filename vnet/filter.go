package vnet

import (
	"slices"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/file"
	"wireloom/vnet/kern"
	"wireloom/vnet/loop"
	"wireloom/vnet/signal"
)

// Filters of kqueues that are about no file: EVFILT_TIMER, EVFILT_SIGNAL and
// EVFILT_PROC.

// A timerNote is what a change with EVFILT_TIMER asks for: an event each time that
// Data milliseconds, or what Fflags says, have passed.
type timerNote struct {
	p *Proc
	kern.Kevent
}

// A timerFilter counts the times that a timer expired since the last event. It asks
// for the loop's turn once between two events, however short its period is.
type timerFilter struct {
	loop   *loop.Loop
	timer  loop.Timer
	began  time.Duration
	period time.Duration
	once   bool
	seen   int64 // expirations that events have told
}

var timerUnits = map[int]time.Duration{
	0: time.Millisecond, kern.NOTE_SECONDS: time.Second, kern.NOTE_MSECONDS: time.Millisecond, kern.NOTE_USECONDS: time.Microsecond, kern.NOTE_NSECONDS: time.Nanosecond,
}

// Kqfilter sets the timer.
func (t timerNote) Kqfilter(_ *file.Caller, kn *kern.Knote) errno.Errno {
	unit, ok := timerUnits[t.Fflags]
	if !ok || t.Data < 0 || t.Data > int64(maxTimer/unit) {
		return errno.EINVAL
	}
	l := &t.p.node.lab.loop
	f := &timerFilter{loop: l, began: l.Now(), period: max(time.Duration(t.Data)*unit, minTimer), once: t.Flags&kern.EV_ONESHOT != 0}
	f.timer.Run = func() { kn.Activate(kn) }
	l.Set(&f.timer, l.Now()+f.period)
	new(kern.SelInfo).Attach(kn, f) // nobody else's list
	return errno.OK
}

// Limits of a timer's period: a shorter one is as long as the first.
const (
	minTimer = 10 * time.Microsecond
	maxTimer = 1 << 60 * time.Nanosecond
)

// Event, Reset and Detach implement kern.FilterOps and kern.Resetter.

func (f *timerFilter) Event(kn *kern.Knote) bool {
	kn.Data = int64((f.loop.Now()-f.began)/f.period) - f.seen
	if f.once {
		kn.Data = min(kn.Data, 1)
	}
	return kn.Data > 0
}

func (f *timerFilter) Reset(kn *kern.Knote) {
	f.seen += kn.Data
	if !f.once && !f.timer.Pending() {
		f.loop.Set(&f.timer, f.began+time.Duration(f.seen+1)*f.period)
	}
}

func (f *timerFilter) Detach(*kern.Knote) { f.loop.Stop(&f.timer) }

// A signalNote is the signal that a change with EVFILT_SIGNAL asks for.
type signalNote struct {
	p   *Proc
	sig int
}

// A signalFilter counts how often a signal was posted to the process, whatever
// became of it.
type signalFilter struct {
	p    *Proc
	kn   *kern.Knote
	sig  int
	came int64
}

// Kqfilter begins to count.
func (s signalNote) Kqfilter(_ *file.Caller, kn *kern.Knote) errno.Errno {
	if signal.Name(s.sig) == "" {
		return errno.EINVAL
	}
	f := &signalFilter{p: s.p, kn: kn, sig: s.sig}
	s.p.watchers = append(s.p.watchers, f)
	new(kern.SelInfo).Attach(kn, f)
	return errno.OK
}

// Event, Reset and Detach implement kern.FilterOps and kern.Resetter.

func (f *signalFilter) Event(kn *kern.Knote) bool {
	kn.Data = f.came
	return f.came > 0
}
func (f *signalFilter) Reset(*kern.Knote) { f.came = 0 }
func (f *signalFilter) Detach(*kern.Knote) {
	f.p.watchers = slices.DeleteFunc(f.p.watchers, func(x *signalFilter) bool { return x == f })
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
	q := p.node.proc(c.Ident)
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
