package wasm

import (
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/file"
	"wireloom/vnet/kern"
)

// tuntap is what a BSD has and WASI lacks. Each function returns a count, or an
// error as WASI numbers it, negated.
var tuntap = []hostFunc{
	{name: "ioctl", in: "iiii", call: ioctl},
	{name: "poll", in: "iii", call: poll},
	{name: "kqueue", call: kqueue},
	{name: "kevent", in: "iiiiii", call: kevent},
	{name: "sigaction", in: "ii", call: sigaction},
	{name: "sigtake", call: sigtake},
	{name: "sigpause", in: "ii", call: sigpause},
	{name: "signalfd", call: signalfd},
	{name: "kill", in: "ii", call: kill},
	{name: "getpid", call: getpid},
	{name: "getppid", call: getppid},
	{name: "alarm", in: "i", call: alarm},
	{name: "pipe", in: "i", call: pipe},
	{name: "dup", in: "i", call: dup},
	{name: "dup2", in: "ii", call: dup2},
	{name: "spawn", in: "iiiii", call: spawn},
	{name: "waitpid", in: "iii", call: waitpid},
	{name: "uname", in: "ii", call: uname},
}

// negative is how a function of tuntap returns an error.
func negative(e errno.Errno) uint32 { return -toWASI(e) }

// result is how one returns a count, or an error.
func result(n int, e errno.Errno) uint32 {
	if e != errno.OK {
		return negative(e)
	}
	return uint32(n)
}

// ioctl is ioctl(2): fd, request, argument, and how many bytes the argument has.
// Which way it is copied and its length are part of the request; a request that
// takes no pointer takes the argument as it is.
func ioctl(g *guest, a args) uint32 {
	fd, cmd, ptr, have := a.fd(0), a.u32(1), a.u32(2), a.u32(3)
	size := uint32(kern.IoctlLen(cmd))
	if size == 0 {
		arg := g.p.Scratch(4)
		le.PutUint32(arg, ptr)
		return negative(g.p.Ioctl(fd, cmd, arg))
	}
	if have < size {
		return negative(errno.EINVAL)
	}
	mem, ok := g.at(ptr, size)
	if !ok {
		return negative(errno.EFAULT)
	}
	arg := g.p.Scratch(int(size))
	clear(arg)
	if kern.IoctlWrites(cmd) {
		copy(arg, mem)
	}
	if e := g.p.Ioctl(fd, cmd, arg); e != errno.OK {
		return negative(e)
	}
	if kern.IoctlReads(cmd) {
		if mem, ok = g.at(ptr, size); !ok {
			return negative(errno.EFAULT)
		}
		copy(mem, arg)
	}
	return 0
}

// pollfdSize is that of struct pollfd: an int and two shorts.
const pollfdSize = 8

// poll is poll(2), with the bits of a BSD: an array, how many, and milliseconds,
// below zero for ever.
func poll(g *guest, a args) uint32 {
	ptr, count, ms := a.u32(0), a.u32(1), a.i32(2)
	if count > maxSubscriptions {
		return negative(errno.EINVAL)
	}
	b, ok := g.at(ptr, count*pollfdSize)
	if !ok {
		return negative(errno.EFAULT)
	}
	g.chargeEntries(count)
	fds := make([]file.PollFD, 0, count)
	index := make([]int, 0, count)
	for i := range int(count) {
		p := b[i*pollfdSize:]
		if fd := int32(le.Uint32(p)); fd >= 0 { // others are left out
			fds = append(fds, file.PollFD{FD: int(fd), Events: int(le.Uint16(p[4:]))})
			index = append(index, i)
		}
	}
	timeout := time.Duration(-1)
	if ms >= 0 {
		timeout = time.Duration(ms) * time.Millisecond
	}
	n, e := g.p.Poll(fds, timeout)
	if e != errno.OK {
		return negative(e)
	}
	if b, ok = g.at(ptr, count*pollfdSize); !ok {
		return negative(errno.EFAULT)
	}
	for i := range int(count) {
		le.PutUint16(b[i*pollfdSize+6:], 0)
	}
	for k, i := range index {
		le.PutUint16(b[i*pollfdSize+6:], uint16(fds[k].Revents))
	}
	return uint32(n)
}
