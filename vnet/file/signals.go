package file

import (
	"encoding/binary"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
)

// Posted are the signals that a process catches and has not taken.
type Posted interface {
	Waiting() int // how many there are
	TakeSignal() int
}

// Signals gives a process' caught signals to who reads it, each as four bytes, least
// significant first.
type Signals struct {
	Plain
	by     *Caller // whose signals they are
	of     Posted
	closed func(*Signals)
	non    bool
	sel    kern.SelInfo
}

// NewSignals returns a file of a process' signals, and closed is told when it is one no more.
func NewSignals(by *Caller, of Posted, closed func(*Signals)) *Signals {
	return &Signals{by: by, of: of, closed: closed}
}

// Came wakes who waits: a signal was posted.
func (f *Signals) Came() {
	f.sel.Wakeup(f.by.Kernel)
	f.sel.Knote(f.by.Kernel)
}

// Read takes the signals of who opened it.
func (f *Signals) Read(by *Caller, b []byte) (int, uint64, errno.Errno) {
	if by != f.by || len(b) < 4 {
		return 0, 0, errno.EINVAL // the signals are those of who opened it
	}
	for f.of.Waiting() == 0 {
		if f.non {
			return 0, 0, errno.EWOULDBLOCK
		}
		if e := by.Wait(&f.sel, -1); e != errno.OK {
			return 0, 0, e
		}
	}
	n := 0
	for ; n+4 <= len(b) && f.of.Waiting() != 0; n += 4 {
		binary.LittleEndian.PutUint32(b[n:], uint32(f.of.TakeSignal()))
	}
	return n, 0, errno.OK
}

// Poll finds it ready when a signal waits.
func (f *Signals) Poll(by *Caller, events int) int {
	if by == f.by && f.of.Waiting() != 0 {
		return events & (kern.POLLIN | kern.POLLRDNORM)
	}
	f.sel.Record(by.Kernel, &by.Thread)
	return 0
}

// SetFlags takes O_NONBLOCK.
func (f *Signals) SetFlags(_ *Caller, flags int) errno.Errno {
	f.non = flags&kern.O_NONBLOCK != 0
	return errno.OK
}

// Kqfilter watches for signals. Data is how many bytes.
func (f *Signals) Kqfilter(by *Caller, kn *kern.Knote) errno.Errno {
	if kn.Filter != kern.EVFILT_READ || by != f.by {
		return errno.EINVAL
	}
	return Watch(&f.sel, kn, func(kn *kern.Knote) bool {
		kn.Data = int64(4 * f.of.Waiting())
		return kn.Data > 0
	})
}

// Close wakes who waits.
func (f *Signals) Close(*Caller) errno.Errno {
	f.closed(f)
	f.sel.Destroy(f.by.Kernel)
	return errno.OK
}

// A SignalCount counts how often a signal was posted to a process, whatever became of it: for
// a change with EVFILT_SIGNAL.
type SignalCount struct {
	Sig    int
	kn     *kern.Knote
	forget func(*SignalCount)
	came   int64
}

// CountSignals begins to count, and forget is told when nobody wants to know any more.
func CountSignals(sig int, kn *kern.Knote, forget func(*SignalCount)) *SignalCount {
	c := &SignalCount{Sig: sig, kn: kn, forget: forget}
	new(kern.SelInfo).Attach(kn, c)
	return c
}

// Came counts one.
func (c *SignalCount) Came() {
	c.came++
	c.kn.Activate(c.kn)
}

// Event, Reset and Detach implement kern.FilterOps and kern.Resetter.

func (c *SignalCount) Event(kn *kern.Knote) bool {
	kn.Data = c.came
	return c.came > 0
}
func (c *SignalCount) Reset(*kern.Knote)  { c.came = 0 }
func (c *SignalCount) Detach(*kern.Knote) { c.forget(c) }
