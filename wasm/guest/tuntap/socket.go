//go:build wasip1

package tuntap

import (
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"syscall"
	"unsafe"
)

// The socket calls of the host: WasmEdge's, in their second form, in which an
// address has 128 bytes that begin with its family.

//go:wasmimport wasi_snapshot_preview1 sock_open
//go:noescape
func sockOpen(family, kind uint32, fd unsafe.Pointer) uint32

//go:wasmimport wasi_snapshot_preview1 sock_bind
//go:noescape
func sockBind(fd int32, addr unsafe.Pointer, port uint32) uint32

//go:wasmimport wasi_snapshot_preview1 sock_listen
func sockListen(fd int32, backlog uint32) uint32

//go:wasmimport wasi_snapshot_preview1 sock_connect
//go:noescape
func sockConnect(fd int32, addr unsafe.Pointer, port uint32) uint32

//go:wasmimport wasi_snapshot_preview1 sock_accept
//go:noescape
func sockAccept(fd int32, flags uint32, accepted unsafe.Pointer) uint32

//go:wasmimport wasi_snapshot_preview1 sock_send_to
//go:noescape
func sockSendTo(fd int32, iovs unsafe.Pointer, count uint32, addr unsafe.Pointer, port, flags uint32, sent unsafe.Pointer) uint32

//go:wasmimport wasi_snapshot_preview1 sock_recv_from
//go:noescape
func sockRecvFrom(fd int32, iovs unsafe.Pointer, count uint32, addr unsafe.Pointer, flags uint32, port, got, outFlags unsafe.Pointer) uint32

//go:wasmimport wasi_snapshot_preview1 sock_send
//go:noescape
func sockSend(fd int32, iovs unsafe.Pointer, count, flags uint32, sent unsafe.Pointer) uint32

//go:wasmimport wasi_snapshot_preview1 sock_getlocaladdr
//go:noescape
func sockLocalAddr(fd int32, addr, port unsafe.Pointer) uint32

//go:wasmimport wasi_snapshot_preview1 sock_getpeeraddr
//go:noescape
func sockPeerAddr(fd int32, addr, port unsafe.Pointer) uint32

//go:wasmimport wasi_snapshot_preview1 sock_setsockopt
//go:noescape
func sockSetOpt(fd int32, level, name uint32, value unsafe.Pointer, size uint32) uint32

//go:wasmimport wasi_snapshot_preview1 sock_getsockopt
//go:noescape
func sockGetOpt(fd int32, level, name uint32, value, size unsafe.Pointer) uint32

//go:wasmimport wasi_snapshot_preview1 sock_shutdown
func sockShutdown(fd int32, how uint32) uint32

// Families, kinds and options as the host has them.
const (
	familyInet  = 1
	familyInet6 = 2

	kindDatagram = 1
	kindStream   = 2
	kindICMP     = 3

	levelSocket   = 0
	optReuseAddr  = 0
	optError      = 2
	optBroadcast  = 4
	optSendBuffer = 5
	optReadBuffer = 6
	optKeepAlive  = 7
	levelTCP      = 6
	optNoDelay    = 1
	shutdownRead  = 1
	shutdownWrite = 2
)

// wasi is a socket call's outcome as a Go function returns it.
func wasi(e uint32) error {
	if e != 0 {
		return Errno(e)
	}
	return nil
}

// address is where something is, as the host has it: pointers of a Go program have
// eight bytes in memory. The thing must be on the heap, where it stays: all here are,
// because functions that others call have them.
func address(p unsafe.Pointer) uint32 { return uint32(uintptr(p)) }

// rawAddr is an address as the host has it, and where it is.
type rawAddr struct {
	buf    uint32
	size   uint32
	family uint16
	addr   [126]byte
}

// point makes a say where its own address is, and returns it for the host.
func (a *rawAddr) point() unsafe.Pointer {
	a.buf, a.size = address(unsafe.Pointer(&a.family)), 128
	return unsafe.Pointer(a)
}

func (a *rawAddr) set(ip netip.Addr) {
	if ip = ip.Unmap(); ip.Is4() {
		b := ip.As4()
		a.family = familyInet
		copy(a.addr[:], b[:])
		return
	}
	b := ip.As16()
	a.family = familyInet6
	copy(a.addr[:], b[:])
}

func (a *rawAddr) ip() netip.Addr {
	switch a.family {
	case familyInet:
		return netip.AddrFrom4([4]byte(a.addr[:]))
	case familyInet6:
		return netip.AddrFrom16([16]byte(a.addr[:]))
	}
	return netip.Addr{}
}

// iovec is a slice as the host has it.
type iovec struct{ base, size uint32 }

// point makes v be b, and returns it for the host.
func (v *iovec) point(b []byte) unsafe.Pointer {
	v.base, v.size = address(unsafe.Pointer(unsafe.SliceData(b))), uint32(len(b))
	return unsafe.Pointer(v)
}

// A socket is a descriptor that goroutines wait for.
type socket struct {
	f      *os.File
	raw    syscall.RawConn
	closed atomic.Bool
}

// close closes the socket; what waits for it fails with net.ErrClosed.
func (s *socket) close() error {
	if s.closed.Swap(true) {
		return net.ErrClosed
	}
	return s.f.Close()
}

// why is the error of a call on the descriptor, which package os does not name where
// the descriptor is closed.
func (s *socket) why(err error) error {
	if s.closed.Load() {
		return net.ErrClosed
	}
	return err
}

// open makes a socket for addresses like ip: of kind kindDatagram or kindStream.
func open(ip netip.Addr, kind uint32, name string) (*socket, error) {
	family := uint32(familyInet6)
	if ip.Unmap().Is4() {
		family = familyInet
	}
	var fd int32
	if err := wasi(sockOpen(family, kind, unsafe.Pointer(&fd))); err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	return adopt(int(fd), name)
}

func adopt(fd int, name string) (*socket, error) {
	s := &socket{f: newFile(fd, name)}
	var err error
	s.raw, err = s.f.SyscallConn()
	return s, err
}

// call runs f once: for what does not wait.
func (s *socket) call(name string, f func(fd int32) uint32) error {
	var r uint32
	if err := s.raw.Control(func(fd uintptr) { r = f(int32(fd)) }); err != nil {
		return s.why(err)
	}
	return os.NewSyscallError(name, wasi(r))
}

// wait runs f until it does not say EAGAIN, and waits between: until the socket can
// be read, or written.
func (s *socket) wait(name string, forRead bool, f func(fd int32) uint32) error {
	var r uint32
	try := func(fd uintptr) bool {
		for {
			if r = f(int32(fd)); Errno(r) != EINTR {
				return Errno(r) != EAGAIN
			}
		}
	}
	wait := s.raw.Write
	if forRead {
		wait = s.raw.Read
	}
	if err := wait(try); err != nil {
		return s.why(err)
	}
	return os.NewSyscallError(name, wasi(r))
}

func (s *socket) bind(a netip.AddrPort) error {
	var raw rawAddr
	raw.set(a.Addr())
	return s.call("bind", func(fd int32) uint32 { return sockBind(fd, raw.point(), uint32(a.Port())) })
}

// connect waits until the connection stands or has failed.
func (s *socket) connect(a netip.AddrPort) error {
	var raw rawAddr
	raw.set(a.Addr())
	asked := false
	return s.wait("connect", false, func(fd int32) uint32 {
		if !asked {
			asked = true
			r := sockConnect(fd, raw.point(), uint32(a.Port()))
			if Errno(r) == EINPROGRESS {
				r = uint32(EAGAIN)
			}
			return r
		}
		var e int32
		size := uint32(4)
		if r := sockGetOpt(fd, levelSocket, optError, unsafe.Pointer(&e), unsafe.Pointer(&size)); r != 0 {
			return r
		}
		return uint32(e)
	})
}

// accept returns the next connection.
func (s *socket) accept() (*socket, error) {
	var got int32
	err := s.wait("accept", true, func(fd int32) uint32 { return sockAccept(fd, 0, unsafe.Pointer(&got)) })
	if err != nil {
		return nil, err
	}
	return adopt(int(got), "tcp")
}

// receive takes a datagram, or some bytes of a stream, and who sent them.
func (s *socket) receive(b []byte) (n int, from netip.AddrPort, err error) {
	var raw rawAddr
	var got, port, flags uint32
	var v iovec
	err = s.wait("recvfrom", true, func(fd int32) uint32 {
		return sockRecvFrom(fd, v.point(b), 1, raw.point(), 0, unsafe.Pointer(&port), unsafe.Pointer(&got), unsafe.Pointer(&flags))
	})
	return int(got), netip.AddrPortFrom(raw.ip(), uint16(port)), err
}

// send sends b, as much of it as the host takes, to an address, or to the connected
// one if a is not valid.
func (s *socket) send(b []byte, a netip.AddrPort) (int, error) {
	var sent uint32
	var v iovec
	var err error
	if a.IsValid() {
		var raw rawAddr
		raw.set(a.Addr())
		err = s.wait("sendto", false, func(fd int32) uint32 {
			return sockSendTo(fd, v.point(b), 1, raw.point(), uint32(a.Port()), 0, unsafe.Pointer(&sent))
		})
	} else {
		err = s.wait("send", false, func(fd int32) uint32 {
			return sockSend(fd, v.point(b), 1, 0, unsafe.Pointer(&sent))
		})
	}
	return int(sent), err
}

// addrs are the socket's own address and its peer's; the latter is not valid if it
// has none.
func (s *socket) addrs() (local, peer netip.AddrPort) {
	ask := func(name string, f func(int32, unsafe.Pointer, unsafe.Pointer) uint32) netip.AddrPort {
		var raw rawAddr
		var port uint32
		if s.call(name, func(fd int32) uint32 { return f(fd, raw.point(), unsafe.Pointer(&port)) }) != nil {
			return netip.AddrPort{}
		}
		return netip.AddrPortFrom(raw.ip(), uint16(port))
	}
	return ask("getsockname", sockLocalAddr), ask("getpeername", sockPeerAddr)
}

func (s *socket) setFlag(option uint32) error { return s.setOption(levelSocket, option, 1) }

func (s *socket) setOption(level, option uint32, value int32) error {
	return s.call("setsockopt", func(fd int32) uint32 { return sockSetOpt(fd, level, option, unsafe.Pointer(&value), 4) })
}
