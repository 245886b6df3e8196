package wasm

import (
	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
)

// WASI's own four calls on sockets; to make one is not in it.

// Directions of sock_shutdown.
const (
	shutdownRead  = 1
	shutdownWrite = 2
)

func sockAccept(g *guest, a args) uint32 {
	fdflags, result := a.u32(1), a.u32(2)
	if fdflags&^fdflagsAll != 0 {
		return wasiEINVAL
	}
	if !g.writable(result, 4) {
		return wasiEFAULT
	}
	fd, _, e := g.p.Accept(a.fd(0))
	if e != errno.OK {
		return toWASI(e)
	}
	if fdflags&fdflagNonblock != 0 {
		if e := g.p.SetFlags(fd, kern.O_NONBLOCK); e != errno.OK {
			return toWASI(e)
		}
	}
	if !g.putU32(result, uint32(fd)) {
		return wasiEFAULT
	}
	return 0
}

// notSocket is the error of a call on what is no socket.
func (g *guest) notSocket(fd int) errno.Errno {
	switch g.p.FileType(fd) {
	case "sock":
		return errno.OK
	case "":
		return errno.EBADF
	}
	return errno.ENOTSOCK
}

// sockRecv is recv(2) without flags: MSG_PEEK and MSG_WAITALL are not offered.
func sockRecv(g *guest, a args) uint32 {
	if e := g.notSocket(a.fd(0)); e != errno.OK {
		return toWASI(e)
	}
	if a.u32(3) != 0 {
		return toWASI(errno.EOPNOTSUPP)
	}
	outFlags := a.u32(5)
	if !g.writable(outFlags, 2) {
		return wasiEFAULT
	}
	if e := g.readv(a.fd(0), a.u32(1), a.u32(2), a.u32(4)); e != 0 {
		return e
	}
	b, ok := g.at(outFlags, 2)
	if !ok {
		return wasiEFAULT
	}
	clear(b)
	return 0
}

func sockSend(g *guest, a args) uint32 {
	if e := g.notSocket(a.fd(0)); e != errno.OK {
		return toWASI(e)
	}
	if a.u32(3) != 0 {
		return wasiEINVAL
	}
	return g.writev(a.fd(0), a.u32(1), a.u32(2), a.u32(4))
}

func sockShutdown(g *guest, a args) uint32 {
	how := a.u32(1)
	if how == 0 || how&^(shutdownRead|shutdownWrite) != 0 {
		return wasiEINVAL
	}
	return toWASI(g.p.Shutdown(a.fd(0), how&shutdownRead != 0, how&shutdownWrite != 0))
}
