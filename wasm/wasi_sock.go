package wasm

import (
	"net/netip"

	"wireloom/vnet/errno"
	"wireloom/vnet/file"
	"wireloom/vnet/kern"
	"wireloom/vnet/sys"
)

// Directions of sock_shutdown.
const (
	shutdownRead  = 1
	shutdownWrite = 2
)

// Flags of sock_recv: what is asked for, and what is answered.
const (
	recvPeek    = 1
	recvWaitall = 2

	recvTruncated = 1
)

// notSocket is the error of a call on what is no socket.
func (g *guest) notSocket(fd int) errno.Errno {
	switch g.p.FileType(fd) {
	case "sock", "dgram":
		return errno.OK
	case "":
		return errno.EBADF
	}
	return errno.ENOTSOCK
}

// sockOpen is socket(2): family, type, and where the descriptor goes.
func sockOpen(g *guest, a args) uint32 {
	fam, typ, result := a.i32(0), a.i32(1), a.u32(2)
	if !g.writable(result, 4) {
		return wasiEFAULT
	}
	if fam != familyInet && fam != familyInet6 {
		return toWASI(errno.EAFNOSUPPORT)
	}
	kind, ok := socketKinds[[2]int32{fam, typ}]
	if !ok {
		return toWASI(errno.EPROTONOSUPPORT)
	}
	fd, e := g.p.Socket(kind)
	if e != errno.OK {
		return toWASI(e)
	}
	if !g.putU32(result, uint32(fd)) {
		return wasiEFAULT
	}
	return 0
}

// onAddress is bind(2) or connect(2).
func onAddress(call func(p *sys.Proc, fd int, to netip.AddrPort) errno.Errno) func(*guest, args) uint32 {
	return func(g *guest, a args) uint32 {
		to, e := g.address(a.u32(1), a.u32(2))
		if e != errno.OK {
			if bad := g.notSocket(a.fd(0)); bad != errno.OK {
				e = bad
			}
			return toWASI(e)
		}
		return toWASI(call(g.p, a.fd(0), to))
	}
}

func sockListen(g *guest, a args) uint32 { return toWASI(g.p.Listen(a.fd(0), int(a.i32(1)))) }

// sockAccept is accept(2) as WASI has it, with the flags of the new descriptor.
func sockAccept(g *guest, a args) uint32 { return g.accept(a.fd(0), a.u32(1), a.u32(2)) }

// sockAccept1 is that of WasmEdge's first version, without them.
func sockAccept1(g *guest, a args) uint32 { return g.accept(a.fd(0), 0, a.u32(1)) }

func (g *guest) accept(on int, fdflags, result uint32) uint32 {
	if fdflags&^fdflagsAll != 0 {
		return wasiEINVAL
	}
	if !g.writable(result, 4) {
		return wasiEFAULT
	}
	fd, _, e := g.p.Accept(on)
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

// sockRecv is recv(2).
func sockRecv(g *guest, a args) uint32 {
	return g.receive(a.fd(0), a.u32(1), a.u32(2), a.u32(3), a.u32(4), a.u32(5), 0, 0)
}

// sockRecvFrom is recvfrom(2), and sockRecvFrom1 that of WasmEdge's first version,
// which does not tell the port. An address of 0 is not wanted.
func sockRecvFrom(g *guest, a args) uint32 {
	if port := a.u32(5); port != 0 && !g.writable(port, 4) {
		return wasiEFAULT
	}
	return g.receive(a.fd(0), a.u32(1), a.u32(2), a.u32(4), a.u32(6), a.u32(7), a.u32(3), a.u32(5))
}

func sockRecvFrom1(g *guest, a args) uint32 {
	return g.receive(a.fd(0), a.u32(1), a.u32(2), a.u32(4), a.u32(5), a.u32(6), a.u32(3), 0)
}

func (g *guest) receive(fd int, iovs, count, flags, result, outFlags, addr, port uint32) uint32 {
	if e := g.notSocket(fd); e != errno.OK {
		return toWASI(e)
	}
	if flags&^(recvPeek|recvWaitall) != 0 {
		return wasiEINVAL
	}
	if !g.writable(outFlags, 2) {
		return wasiEFAULT
	}
	if addr != 0 {
		b, e := g.addressBuffer(addr)
		if e == errno.OK && len(b) < 16 && g.family6(fd) {
			e = errno.EINVAL
		}
		if e != errno.OK {
			return toWASI(e)
		}
	}
	var r file.Received
	e := g.input(iovs, count, result, func(b []byte) (n int, e errno.Errno) {
		r, e = g.p.RecvMsg(fd, b, int(flags)) // WASI's flags are vnet's
		return r.N, e
	})
	if e != 0 {
		return e
	}
	out := uint16(0)
	if r.Truncated {
		out = recvTruncated
	}
	b, ok := g.at(outFlags, 2)
	if !ok {
		return wasiEFAULT
	}
	le.PutUint16(b, out)
	from := r.From
	if addr != 0 && !from.IsValid() { // of a stream
		_, from, _ = g.p.SocketAddrs(fd)
	}
	if addr != 0 && from.IsValid() {
		if e := g.putAddress(addr, from.Addr()); e != errno.OK {
			return toWASI(e)
		}
		if port != 0 && !g.putU32(port, uint32(from.Port())) {
			return wasiEFAULT
		}
	}
	return 0
}

// family6 says whether a socket's addresses are IPv6's.
func (g *guest) family6(fd int) bool {
	local, _, _ := g.p.SocketAddrs(fd)
	return local.Addr().Is6()
}

// sockSend is send(2).
func sockSend(g *guest, a args) uint32 {
	if e := g.notSocket(a.fd(0)); e != errno.OK {
		return toWASI(e)
	}
	if a.u32(3) != 0 {
		return wasiEINVAL
	}
	return g.writev(a.fd(0), a.u32(1), a.u32(2), a.u32(4))
}

// sockSendTo is sendto(2); an address of 0 is that of the socket's peer, and so is any
// on a stream.
func sockSendTo(g *guest, a args) uint32 {
	fd := a.fd(0)
	if e := g.notSocket(fd); e != errno.OK {
		return toWASI(e)
	}
	if a.u32(5) != 0 {
		return wasiEINVAL
	}
	var to netip.AddrPort
	if a.u32(3) != 0 {
		var e errno.Errno
		if to, e = g.address(a.u32(3), a.u32(4)); e != errno.OK {
			return toWASI(e)
		}
	}
	return g.output(a.u32(1), a.u32(2), a.u32(6), func(b []byte) (int, errno.Errno) { return g.p.SendTo(fd, b, to) })
}

// sockName is getsockname(2) or with peer getpeername(2): the address, and its port.
func sockName(peer bool) func(*guest, args) uint32 {
	return func(g *guest, a args) uint32 {
		_, e := g.name(a.fd(0), peer, a.u32(1), a.u32(2))
		return toWASI(e)
	}
}

// sockName1 is that of WasmEdge's first version, which tells the kind of the address
// between them.
func sockName1(peer bool) func(*guest, args) uint32 {
	return func(g *guest, a args) uint32 {
		if !g.writable(a.u32(2), 4) {
			return wasiEFAULT
		}
		addr, e := g.name(a.fd(0), peer, a.u32(1), a.u32(3))
		if e == errno.OK {
			g.putU32(a.u32(2), addressType(addr))
		}
		return toWASI(e)
	}
}

func (g *guest) name(fd int, peer bool, addr, port uint32) (netip.Addr, errno.Errno) {
	local, remote, e := g.p.SocketAddrs(fd)
	if e != errno.OK {
		return netip.Addr{}, e
	}
	if peer {
		local = remote
	}
	switch {
	case peer && !remote.IsValid():
		return netip.Addr{}, errno.ENOTCONN
	case !local.IsValid():
		return netip.Addr{}, errno.EINVAL // a connection that was reset
	case !g.writable(port, 4):
		return netip.Addr{}, errno.EFAULT
	}
	if e := g.putAddress(addr, local.Addr()); e != errno.OK {
		return netip.Addr{}, e
	}
	g.putU32(port, uint32(local.Port()))
	return local.Addr(), errno.OK
}

func sockShutdown(g *guest, a args) uint32 {
	how := a.u32(1)
	if how == 0 || how&^(shutdownRead|shutdownWrite) != 0 {
		return wasiEINVAL
	}
	return toWASI(g.p.Shutdown(a.fd(0), how&shutdownRead != 0, how&shutdownWrite != 0))
}
