package kern

import (
	"slices"
	"time"

	"wireloom/vnet/errno"
)

// A SelInfo is where a device keeps who polls it and which knotes watch it:
// selinfo(9). The zero value is ready.
type SelInfo struct {
	waiters []*Thread
	notes   []*Knote // oldest first
}

// Recorded says whether a poll left somebody to be woken.
func (s *SelInfo) Recorded() bool { return len(s.waiters) > 0 }

// Notes are the knotes on the list, newest first. The slice is a copy.
func (s *SelInfo) Notes() []*Knote {
	out := make([]*Knote, 0, len(s.notes))
	for i := len(s.notes) - 1; i >= 0; i-- {
		out = append(out, s.notes[i])
	}
	return out
}

// Record leaves t to be woken when the device becomes ready: selrecord(9).
func (s *SelInfo) Record(k *Kernel, t *Thread) {
	k.tr.SelRecord(t.PID)
	if slices.Contains(s.waiters, t) {
		return
	}
	s.waiters = append(s.waiters, t)
	t.sels = append(t.sels, s)
}

func (s *SelInfo) forget(t *Thread) {
	for i, w := range s.waiters {
		if w == t {
			s.waiters = append(s.waiters[:i], s.waiters[i+1:]...)
			return
		}
	}
}

func (s *SelInfo) wake(k *Kernel) int {
	if len(s.waiters) == 0 {
		return 0
	}
	for i, t := range s.waiters {
		for j, x := range t.sels {
			if x == s {
				t.sels = append(t.sels[:j], t.sels[j+1:]...)
				break
			}
		}
		t.selWoken = true
		k.unsleep(&t.selWoken)
		s.waiters[i] = nil
	}
	s.waiters = s.waiters[:0]
	return 1
}

// Wakeup wakes who was recorded: selwakeup(9).
func (s *SelInfo) Wakeup(k *Kernel) { k.tr.SelWakeup(s.wake(k)) }

// Notify is NetBSD's selnotify(9): Wakeup and [SelInfo.Knote] in one.
func (s *SelInfo) Notify(k *Kernel) {
	n := s.wake(k)
	k.tr.SelNotify(n, s.activate(k))
}

// Destroy wakes who was recorded and cuts off every knote. What a device
// does with a SelInfo when it goes away.
func (s *SelInfo) Destroy(k *Kernel) int {
	n := s.wake(k)
	for _, kn := range s.notes {
		kn.cutOff()
	}
	s.notes = nil
	return n
}

// PollQueue is the poll of a device that can be read when a queue has a
// packet, and always written.
func (s *SelInfo) PollQueue(k *Kernel, t *Thread, q *Ifqueue, events int) int {
	revents := events & (POLLOUT | POLLWRNORM)
	if in := events & (POLLIN | POLLRDNORM); in != 0 {
		if q.Len() > 0 {
			revents |= in
		} else {
			s.Record(k, t)
		}
	}
	return revents
}

// SelBegin starts a select or poll of t: after it come the polls of the
// files, then SelWait if none was ready, and SelEnd in any case.
func (k *Kernel) SelBegin(t *Thread) { t.selWoken = false }

// SelWait sleeps until a file that was polled since SelBegin may have become
// ready (OK: poll them again), until timeout has passed (EWOULDBLOCK; below
// zero means never) or until a signal comes (EINTR).
func (k *Kernel) SelWait(t *Thread, timeout time.Duration) errno.Errno {
	if t.selWoken {
		t.selWoken = false
		return errno.OK
	}
	if timeout == 0 {
		return errno.EWOULDBLOCK
	}
	var err errno.Errno
	if timeout < 0 {
		err = k.Sleep(t, &t.selWoken, "select", true)
	} else {
		err = k.SleepFor(t, &t.selWoken, "select", true, timeout)
	}
	t.selWoken = false
	return err
}

// SelEnd ends a select or poll: nothing wakes t any more.
func (k *Kernel) SelEnd(t *Thread) {
	for _, s := range t.sels {
		s.forget(t)
	}
	t.sels = t.sels[:0]
	t.selWoken = false
}
