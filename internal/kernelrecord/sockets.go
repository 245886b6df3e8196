//go:build linux

package main

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// control is an ioctl of the network.
func control(request uint, arg []byte) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(fd) }()
	return ioctl(fd, request, arg)
}

func ioctl(fd int, request uint, arg []byte) error {
	_, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), uintptr(request), uintptr(unsafe.Pointer(&arg[0])))
	runtime.KeepAlive(arg)
	if e != 0 {
		return os.NewSyscallError("ioctl", e)
	}
	return nil
}

// said is an errno as the transcripts have it: e=0, e=113(EHOSTUNREACH).
func said(err error) string {
	var e unix.Errno
	switch {
	case err == nil:
		return "e=0"
	case errors.As(err, &e):
		return fmt.Sprintf("e=%d(%s)", int(e), unix.ErrnoName(e))
	}
	return err.Error()
}

// A socket is one of the machine under test.
type socket int

func sock(domain, typ int) socket {
	fd, err := unix.Socket(domain, typ|unix.SOCK_CLOEXEC, 0)
	must(err)
	return socket(fd)
}

// udp4 is a UDP socket, bound to a port if it is not 0.
func udp4(port uint16) socket {
	s := sock(unix.AF_INET, unix.SOCK_DGRAM)
	if port != 0 {
		must(s.bind("0.0.0.0", port))
	}
	return s
}

func address(ip string, port uint16) unix.Sockaddr {
	a := netip.MustParseAddr(ip)
	if a.Is4() {
		return &unix.SockaddrInet4{Port: int(port), Addr: a.As4()}
	}
	return &unix.SockaddrInet6{Port: int(port), Addr: a.As16()}
}

func (s socket) bind(ip string, port uint16) error { return unix.Bind(int(s), address(ip, port)) }
func (s socket) close()                            { _ = unix.Close(int(s)) }
func (s socket) connect(ip string, port uint16) error {
	return unix.Connect(int(s), address(ip, port))
}

// port is the port that the socket is bound to.
func (s socket) port() uint16 {
	a, err := unix.Getsockname(int(s))
	must(err)
	switch a := a.(type) {
	case *unix.SockaddrInet4:
		return uint16(a.Port)
	case *unix.SockaddrInet6:
		return uint16(a.Port)
	}
	return 0
}

// sendto sends a datagram and says what came of it.
func (s socket) sendto(n int, ip string, port uint16) string {
	if err := unix.Sendto(int(s), make([]byte, n), 0, address(ip, port)); err != nil {
		return said(err) + " sent=0"
	}
	return fmt.Sprintf("e=0 sent=%d", n)
}

// send sends on a connected socket and says what came of it. It never blocks.
func (s socket) send(n int) string {
	k, err := unix.SendmsgN(int(s), make([]byte, n), nil, nil, unix.MSG_NOSIGNAL|unix.MSG_DONTWAIT)
	return fmt.Sprintf("%s sent=%d", said(err), max(k, 0))
}

// recv takes what is there after d at the latest.
func (s socket) recv(d time.Duration) string {
	_ = unix.SetsockoptTimeval(int(s), unix.SOL_SOCKET, unix.SO_RCVTIMEO, new(unix.NsecToTimeval(int64(d))))
	b := make([]byte, 1<<16)
	n, from, err := unix.Recvfrom(int(s), b, 0)
	if err != nil {
		if errors.Is(err, unix.EAGAIN) {
			return "nothing"
		}
		return said(err)
	}
	who := "-:0"
	if a, ok := from.(*unix.SockaddrInet4); ok {
		who = netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port)).String()
	}
	return fmt.Sprintf("e=0 n=%d from=%s %x", n, who, b[:min(n, 62)])
}

// option sets an option of the socket layer.
func (s socket) option(name, value int) error {
	return unix.SetsockoptInt(int(s), unix.SOL_SOCKET, name, value)
}

// listen is a TCP socket that listens at a port.
func listen(port uint16, backlog int) socket {
	s := sock(unix.AF_INET, unix.SOCK_STREAM)
	must(s.option(unix.SO_REUSEADDR, 1))
	must(s.bind("0.0.0.0", port))
	must(unix.Listen(int(s), backlog))
	return s
}

// accept takes a connection, which must come within 2 s.
func (s socket) accept() socket {
	must(unix.SetsockoptTimeval(int(s), unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 2}))
	fd, _, err := unix.Accept(int(s))
	must(err)
	return socket(fd)
}
