package kern

import (
	"time"

	"wireloom/vnet/errno"
)

// Time is virtual time since the lab began.
type Time = time.Duration

// A Cred is who a thread acts as.
type Cred struct{ UID, GID int }

// Root says whether the credentials are the superuser's.
func (c Cred) Root() bool { return c.UID == 0 }

// A Thread is a process as a kernel sees it: it enters with a system call,
// may sleep inside, and leaves with a result. Whoever runs the process sets
// Park and Unpark.
//
//	           Sleep                 Wakeup, Interrupt, timeout
//	running ----------> asleep ---------------------------------> runnable
//	   ^        (Park)                      (Unpark)                 |
//	   +-------------------------------------------------------------+
//	                          Park returns
type Thread struct {
	PID, PGID int
	Cred      Cred

	// Park gives up the CPU and returns when the thread is resumed after an
	// Unpark. A nil Park makes every sleep fail with EWOULDBLOCK: for calls
	// from outside any process.
	Park func()
	// Unpark makes the thread runnable. It only schedules: it is called from
	// inside other threads and from interrupts.
	Unpark func()
	// Signalled says that a signal came while the thread did not sleep: the next
	// sleep that a signal ends does not begin. Whoever posts signals sets it.
	Signalled bool

	// The sleep queue's part.
	ch         any
	wmesg      string
	intr       bool
	asleep     bool
	result     errno.Errno
	prev, next *Thread
	serial     uint64 // which sleep this is, so that an old timeout finds out it is late

	// select's part.
	sels     []*SelInfo
	selWoken bool
}

// Wmesg is the wait message that ps(1) shows, or "" when the thread is awake.
func (t *Thread) Wmesg() string {
	if t.asleep {
		return t.wmesg
	}
	return ""
}

// Interruptible says whether the thread sleeps in a way that a signal ends.
func (t *Thread) Interruptible() bool { return t.asleep && t.intr }

// sleepQueue is every sleeping thread, oldest first. A node has few
// processes, so that a wakeup that walks them all costs less than a hash.
type sleepQueue struct{ head, tail *Thread }

func (q *sleepQueue) add(t *Thread) {
	t.prev, t.next = q.tail, nil
	if q.tail == nil {
		q.head = t
	} else {
		q.tail.next = t
	}
	q.tail = t
}

func (q *sleepQueue) remove(t *Thread) {
	if t.prev == nil {
		q.head = t.next
	} else {
		t.prev.next = t.next
	}
	if t.next == nil {
		q.tail = t.prev
	} else {
		t.next.prev = t.prev
	}
	t.prev, t.next = nil, nil
}

// Sleep puts the thread to sleep on ch until Wakeup(ch). wmesg names the
// reason. With intr a signal ends it, with EINTR, also one that came before.
func (k *Kernel) Sleep(t *Thread, ch any, wmesg string, intr bool) errno.Errno {
	if t == nil || t.Park == nil {
		return errno.EWOULDBLOCK
	}
	if intr && t.Signalled {
		t.Signalled = false
		return errno.EINTR
	}
	t.ch, t.wmesg, t.intr, t.asleep, t.result = ch, wmesg, intr, true, errno.OK
	t.serial++
	k.sleepers.add(t)
	t.Park()
	if t.asleep { // resumed by somebody who did not go through Wakeup: not to be seen as still asleep
		k.wake(t, errno.EINTR)
	}
	t.ch = nil
	return t.result
}

// SleepFor is Sleep that ends with EWOULDBLOCK after d.
func (k *Kernel) SleepFor(t *Thread, ch any, wmesg string, intr bool, d time.Duration) errno.Errno {
	serial := uint64(0)
	if t != nil {
		serial = t.serial + 1
	}
	cancel := k.host.After(d, func() {
		if t != nil && t.asleep && t.serial == serial {
			k.wake(t, errno.EWOULDBLOCK)
			t.Unpark()
		}
	})
	defer cancel()
	return k.Sleep(t, ch, wmesg, intr)
}

func (k *Kernel) wake(t *Thread, result errno.Errno) {
	k.sleepers.remove(t)
	t.asleep, t.result = false, result
}

// unsleep wakes everybody on ch, oldest first.
func (k *Kernel) unsleep(ch any) int {
	n := 0
	for t := k.sleepers.head; t != nil; {
		next := t.next
		if t.ch == ch {
			k.wake(t, errno.OK)
			t.Unpark()
			n++
		}
		t = next
	}
	return n
}

// Wakeup wakes every thread that sleeps on ch, as wakeup(9) does, and
// returns how many.
func (k *Kernel) Wakeup(ch any) int {
	n := k.unsleep(ch)
	k.tr.Wakeup("wakeup", n)
	return n
}

// Broadcast is Wakeup for a condition variable: cv_broadcast(9).
func (k *Kernel) Broadcast(ch any) int {
	n := k.unsleep(ch)
	k.tr.Wakeup("cv_broadcast", n)
	return n
}

// Interrupt ends an interruptible sleep with EINTR, as a signal does. It
// returns whether there was one to end.
func (k *Kernel) Interrupt(t *Thread) bool {
	if !t.Interruptible() {
		return false
	}
	k.wake(t, errno.EINTR)
	t.Unpark()
	return true
}

// Forget takes a thread that will never run again out of every queue. Its
// Unpark is not called.
func (k *Kernel) Forget(t *Thread) {
	if t.asleep {
		k.wake(t, errno.EINTR)
	}
	k.SelEnd(t)
}
