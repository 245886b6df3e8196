package file

import (
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
	"wireloom/vnet/loop"
)

// A Timer is what a change with EVFILT_TIMER asks for: an event each time that
// Data milliseconds, or what Fflags says, have passed.
type Timer struct {
	Loop *loop.Loop
	kern.Kevent
}

// Expiries count the times that a timer expired since the last event. It asks
// for the loop's turn once between two events, however short its period is.
type expiries struct {
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
func (t Timer) Kqfilter(_ *Caller, kn *kern.Knote) errno.Errno {
	unit, ok := timerUnits[t.Fflags]
	if !ok || t.Data < 0 || t.Data > int64(maxTimer/unit) {
		return errno.EINVAL
	}
	l := t.Loop
	f := &expiries{loop: l, began: l.Now(), period: max(time.Duration(t.Data)*unit, minTimer), once: t.Flags&kern.EV_ONESHOT != 0}
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

func (f *expiries) Event(kn *kern.Knote) bool {
	kn.Data = int64((f.loop.Now()-f.began)/f.period) - f.seen
	if f.once {
		kn.Data = min(kn.Data, 1)
	}
	return kn.Data > 0
}

func (f *expiries) Reset(kn *kern.Knote) {
	f.seen += kn.Data
	if !f.once && !f.timer.Pending() {
		f.loop.Set(&f.timer, f.began+time.Duration(f.seen+1)*f.period)
	}
}

func (f *expiries) Detach(*kern.Knote) { f.loop.Stop(&f.timer) }
