package wasm

import (
	"math"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
)

func kqueue(g *guest, _ args) uint32 { return result(g.p.Kqueue()) }

// Of kevent: the size of struct kevent, FreeBSD's for a 32-bit machine, and of
// struct timespec; and how many elements a list may have.
const (
	keventSize   = 20
	timespecSize = 16
	maxKevents   = 1024
)

// kevent is kevent(2): a kqueue, changes and how many, room for events and how
// many, and a pointer to the time to wait or 0 for ever.
func kevent(g *guest, a args) uint32 {
	fd, changes, nchanges, out, nevents, wait := a.fd(0), a.u32(1), a.u32(2), a.u32(3), a.u32(4), a.u32(5)
	if nchanges > maxKevents || nevents > maxKevents {
		return negative(errno.EINVAL)
	}
	in, ok := g.at(changes, nchanges*keventSize)
	if !ok || !g.writable(out, nevents*keventSize) {
		return negative(errno.EFAULT)
	}
	timeout := time.Duration(-1)
	if wait != 0 {
		var e errno.Errno
		if timeout, e = g.timespec(wait); e != errno.OK {
			return negative(e)
		}
	}
	if n := int(nchanges + nevents); cap(g.events) < n {
		g.events = make([]kern.Kevent, n)
	}
	list, events := g.events[:nchanges], g.events[nchanges:nchanges+nevents]
	for i := range list {
		b := in[i*keventSize:]
		list[i] = kern.Kevent{
			Ident: int(int32(le.Uint32(b))), Filter: int(int16(le.Uint16(b[4:]))), Flags: int(le.Uint16(b[6:])),
			Fflags: int(le.Uint32(b[8:])), Data: int64(int32(le.Uint32(b[12:]))), Udata: uint64(le.Uint32(b[16:])),
		}
	}
	n, e := g.p.Kevent(fd, list, events, timeout)
	if e != errno.OK {
		return negative(e)
	}
	b, ok := g.at(out, uint32(n)*keventSize)
	if !ok {
		return negative(errno.EFAULT)
	}
	for i, ev := range events[:n] {
		if ev.Flags&kern.EV_ERROR != 0 {
			ev.Data = int64(toWASI(errno.Errno(ev.Data)))
		}
		b := b[i*keventSize:]
		le.PutUint32(b, uint32(ev.Ident))
		le.PutUint16(b[4:], uint16(ev.Filter))
		le.PutUint16(b[6:], uint16(ev.Flags))
		le.PutUint32(b[8:], uint32(ev.Fflags))
		le.PutUint32(b[12:], uint32(max(min(ev.Data, math.MaxInt32), math.MinInt32)))
		le.PutUint32(b[16:], uint32(ev.Udata))
	}
	return uint32(n)
}

// timespec reads a struct timespec that is a time to wait: EINVAL where it is below
// zero or has a second's worth of nanoseconds.
func (g *guest) timespec(ptr uint32) (time.Duration, errno.Errno) {
	b, ok := g.at(ptr, timespecSize)
	if !ok {
		return 0, errno.EFAULT
	}
	sec, nsec := int64(le.Uint64(b)), int32(le.Uint32(b[8:]))
	if sec < 0 || nsec < 0 || nsec >= 1e9 {
		return 0, errno.EINVAL
	}
	return min(time.Duration(min(sec, int64(longestTimeout/time.Second)))*time.Second+time.Duration(nsec), longestTimeout), errno.OK
}
