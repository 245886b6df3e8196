package wasm

import (
	"strings"

	"wireloom/vnet/errno"
	"wireloom/vnet/sys"
)

// pipe writes two descriptors: to read from, to write to.
func pipe(g *guest, a args) uint32 {
	fds := a.u32(0)
	if !g.writable(fds, 8) {
		return negative(errno.EFAULT)
	}
	r, w, e := g.p.Pipe()
	if e != errno.OK {
		return negative(e)
	}
	g.putU32(fds, uint32(r)) // it is writable: a pipe is made without sleeping
	g.putU32(fds+4, uint32(w))
	return 0
}

func dup(g *guest, a args) uint32 {
	fd, e := g.p.Dup(a.fd(0))
	g.share(a.fd(0), fd, e)
	return result(fd, e)
}

func dup2(g *guest, a args) uint32 {
	fd, e := g.p.Dup2(a.fd(0), a.fd(1))
	g.share(a.fd(0), fd, e)
	return result(fd, e)
}

// spawnFuel is what it costs to make a process, whatever it does then: the host's
// work for it is about that of so many instructions.
const spawnFuel = 20_000

// spawn starts a process: its arguments and its environment, each string with its
// NUL, and the three descriptors that it begins with.
func spawn(g *guest, a args) uint32 {
	g.charge(spawnFuel)
	argv, e := g.nulList(a.u32(0), a.u32(1))
	if e != errno.OK {
		return negative(e)
	}
	env, e := g.nulList(a.u32(2), a.u32(3))
	if e != errno.OK {
		return negative(e)
	}
	b, ok := g.at(a.u32(4), 12)
	if !ok {
		return negative(errno.EFAULT)
	}
	var fds [3]int
	for i := range fds {
		fds[i] = int(int32(le.Uint32(b[4*i:])))
	}
	return result(g.p.Spawn(argv, env, fds))
}

// nulList reads strings that stand one after the other, each with its NUL.
func (g *guest) nulList(ptr, n uint32) ([]string, errno.Errno) {
	b, ok := g.at(ptr, n)
	switch {
	case !ok:
		return nil, errno.EFAULT
	case n > sys.MaxArgBytes:
		return nil, errno.E2BIG
	case n == 0:
		return nil, errno.OK
	case b[n-1] != 0:
		return nil, errno.EINVAL
	}
	return strings.Split(string(b[:n-1]), "\x00"), errno.OK
}

func waitpid(g *guest, a args) uint32 {
	status := a.u32(1)
	if status != 0 && !g.writable(status, 4) {
		return negative(errno.EFAULT)
	}
	pid, how, e := g.p.Waitpid(int(a.i32(0)), int(a.i32(2)))
	if e != errno.OK {
		return negative(e)
	}
	if pid != 0 && status != 0 && !g.putU32(status, uint32(how)) {
		return negative(errno.EFAULT)
	}
	return uint32(pid)
}
