package wasm

import (
	"math"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/file"
	"wireloom/vnet/kern"
)

// maxSubscriptions is how many events one poll_oneoff may wait for.
const maxSubscriptions = 1024

// Of poll_oneoff's structures: sizes, kinds and flags.
const (
	subscriptionSize = 48
	eventSize        = 32

	subClock = 0
	subRead  = 1
	subWrite = 2

	clockAbsolute  = 1
	eventHangup    = 1
	longestTimeout = time.Duration(1) << 60
)

// A subscription is one event that poll_oneoff waits for.
type subscription struct {
	userdata uint64
	kind     byte
	deadline time.Duration // of a clock: the lab's time at which it is due
	slot     int           // of a descriptor: its place in the list of poll(2)
}

// pollOneoff is poll(2) with the events of clocks as its timeout. It must be given
// at least one event to wait for.
func pollOneoff(g *guest, a args) uint32 {
	in, out, count, result := a.u32(0), a.u32(1), a.u32(2), a.u32(3)
	if count == 0 || count > maxSubscriptions {
		return wasiEINVAL
	}
	if !g.writable(in, count*subscriptionSize) || !g.writable(out, count*eventSize) || !g.writable(result, 4) {
		return wasiEFAULT
	}
	g.chargeEntries(count)
	subs := make([]subscription, count)
	var fds []file.PollFD
	timeout := time.Duration(-1)
	for i := range subs {
		b, _ := g.at(in+uint32(i)*subscriptionSize, subscriptionSize)
		s, fd, e := g.subscription(b)
		switch {
		case e != errno.OK:
			return toWASI(e)
		case s.kind == subClock:
			if left := max(s.deadline-g.p.Now(), 0); timeout < 0 || left < timeout {
				timeout = left
			}
		default:
			s.slot = len(fds)
			fds = append(fds, fd)
		}
		subs[i] = s
	}
	if _, e := g.p.Poll(fds, timeout); e != errno.OK {
		return toWASI(e)
	}
	n := uint32(0)
	for _, s := range subs {
		b, ok := g.at(out+n*eventSize, eventSize)
		if !ok {
			return wasiEFAULT
		}
		if g.event(b, s, fds) {
			n++
		}
	}
	if !g.putU32(result, n) {
		return wasiEFAULT
	}
	return 0
}

// subscription reads one; of a descriptor's, what to ask poll(2).
func (g *guest) subscription(b []byte) (subscription, file.PollFD, errno.Errno) {
	s := subscription{userdata: le.Uint64(b), kind: b[8]}
	switch s.kind {
	case subClock:
		now, ok := g.clock(le.Uint32(b[16:]))
		if !ok {
			return s, file.PollFD{}, errno.EINVAL
		}
		d := time.Duration(min(le.Uint64(b[24:]), math.MaxInt64))
		if le.Uint16(b[40:])&clockAbsolute != 0 {
			d = max(d-now, 0)
		}
		s.deadline = g.p.Now() + min(d, longestTimeout)
		return s, file.PollFD{}, errno.OK
	case subRead:
		return s, file.PollFD{FD: int(int32(le.Uint32(b[16:]))), Events: kern.POLLIN | kern.POLLRDNORM}, errno.OK
	case subWrite:
		return s, file.PollFD{FD: int(int32(le.Uint32(b[16:]))), Events: kern.POLLOUT}, errno.OK
	}
	return s, file.PollFD{}, errno.EINVAL
}

// event writes the event of a subscription to b, if it has happened.
func (g *guest) event(b []byte, s subscription, fds []file.PollFD) bool {
	var e errno.Errno
	var ready uint64
	var flags uint16
	if s.kind == subClock {
		if g.p.Now() < s.deadline {
			return false
		}
	} else {
		got := fds[s.slot].Revents
		switch {
		case got == 0:
			return false
		case got&kern.POLLNVAL != 0:
			e = errno.EBADF
		case got&kern.POLLERR != 0:
			e = errno.EIO
		}
		if got&kern.POLLHUP != 0 {
			flags = eventHangup
		}
		ready = 1 // how many bytes there are is not known: a read tells
	}
	clear(b)
	le.PutUint64(b, s.userdata)
	le.PutUint16(b[8:], uint16(toWASI(e)))
	b[10] = s.kind
	le.PutUint64(b[16:], ready)
	le.PutUint16(b[24:], flags)
	return true
}
