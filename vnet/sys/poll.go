package sys

import (
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/file"
	"wireloom/vnet/kern"
)

// Poll is poll(2): it waits until an event holds, timeout has passed (below zero:
// for ever) or a signal comes, and returns for how many entries one holds.
func (p *Proc) Poll(fds []file.PollFD, timeout time.Duration) (int, errno.Errno) {
	began := p.Now()
	n, e := p.poll(fds, timeout, began)
	p.logCall(event.Event{Op: "poll", N: int64(n), Text: file.PollText(fds, timeout)}, e, began)
	return n, e
}

func (p *Proc) poll(fds []file.PollFD, timeout time.Duration, began time.Duration) (int, errno.Errno) {
	k := p.sys.kern
	for {
		k.SelBegin(&p.caller.Thread)
		p.Worked(len(fds))
		n := 0
		for i := range fds {
			f := &fds[i]
			f.Revents = kern.POLLNVAL
			if of, e := p.file(f.FD); e == errno.OK {
				f.Revents = of.file.Poll(&p.caller, f.Events)
			}
			if f.Revents != 0 {
				n++
			}
		}
		if n > 0 {
			k.SelEnd(&p.caller.Thread)
			return n, errno.OK
		}
		left := timeout
		if timeout >= 0 {
			left = max(timeout-(p.Now()-began), 0)
		}
		e := k.SelWait(&p.caller.Thread, left)
		k.SelEnd(&p.caller.Thread)
		switch e {
		case errno.OK:
		case errno.EWOULDBLOCK:
			return 0, errno.OK
		default:
			return 0, e
		}
		if p.Dying() {
			return 0, errno.EINTR
		}
	}
}
