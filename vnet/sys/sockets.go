package sys

import (
	"fmt"
	"net/netip"

	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/file"
	"wireloom/vnet/inet"
	"wireloom/vnet/kern"
)

// The system calls on sockets of the node's stack.

// Socket makes a socket on the node's stack, which is made by the first one if the
// node had no address so far; ENETDOWN in a lab without IP stacks.
func (p *Proc) Socket(kind inet.SocketKind) (int, errno.Errno) {
	began := p.Now()
	fd, e := p.socket(kind)
	p.logCall(event.Event{Op: "socket", N: int64(fd), Text: kind.String()}, e, began)
	return fd, e
}

func (p *Proc) socket(kind inet.SocketKind) (int, errno.Errno) {
	if e := p.sys.Need(); e != errno.OK {
		return -1, e
	}
	if p.opened >= MaxFiles {
		p.tooManyFiles()
		return -1, errno.EMFILE
	}
	s, e := p.sys.Stack().Socket(kind)
	if e == errno.ENOBUFS {
		p.once(limitSockets, "sockets", "the node has as many sockets open as it may, and opens no more", inet.MaxSockets)
	}
	if e != errno.OK {
		return -1, e
	}
	return p.install(&openFile{file: file.NewSocket(p.sys.kern, p.sys.Net, kind, s), path: "socket", flags: kern.O_RDWR})
}

func (p *Proc) sock(fd int) (*file.Socket, errno.Errno) {
	of, e := p.file(fd)
	if e != errno.OK {
		return nil, e
	}
	s, ok := of.file.(*file.Socket)
	if !ok {
		return nil, errno.ENOTSOCK
	}
	return s, errno.OK
}

// onSocket runs a call on a socket and records it, with the bytes of b that it moved
// and the address, which the call may set.
func (p *Proc) onSocket(op string, fd int, b []byte, addr *netip.AddrPort, f func(*file.Socket) (int, errno.Errno)) (int, errno.Errno) {
	began := p.enter(op, fd, forEver)
	n := 0
	s, e := p.sock(fd)
	if e == errno.OK {
		p.sys.Sync()
		n, e = f(s)
	}
	text := ""
	if addr.IsValid() {
		text = addr.String()
	}
	moved := b[:min(max(n, 0), len(b))]
	p.logCall(event.Event{Op: op, FD: fd, Path: p.pathOf(fd), Len: len(b), N: int64(n), Text: text, Data: moved}, e, began)
	return n, e
}

// Bind is bind(2).
func (p *Proc) Bind(fd int, addr netip.AddrPort) errno.Errno {
	_, e := p.onSocket("bind", fd, nil, &addr, func(s *file.Socket) (int, errno.Errno) { return 0, s.Bind(addr) })
	return e
}

// Connect is connect(2); it waits for a stream to be established unless the socket
// does not block.
func (p *Proc) Connect(fd int, addr netip.AddrPort) errno.Errno {
	_, e := p.onSocket("connect", fd, nil, &addr, func(s *file.Socket) (int, errno.Errno) { return 0, s.Connect(&p.caller, addr) })
	return e
}

// Listen is listen(2).
func (p *Proc) Listen(fd, backlog int) errno.Errno {
	_, e := p.onSocket("listen", fd, nil, &netip.AddrPort{}, func(s *file.Socket) (int, errno.Errno) { return 0, s.Listen(backlog) })
	return e
}

// Accept is accept(2): the descriptor of the connection and its peer.
func (p *Proc) Accept(fd int) (conn int, peer netip.AddrPort, e errno.Errno) {
	conn, e = p.onSocket("accept", fd, nil, &peer, func(s *file.Socket) (int, errno.Errno) {
		if p.opened >= MaxFiles {
			p.tooManyFiles()
			return -1, errno.EMFILE
		}
		c, from, e := s.Accept(&p.caller)
		if peer = from; e != errno.OK {
			return -1, e
		}
		return p.install(&openFile{file: c, path: "socket", flags: kern.O_RDWR})
	})
	return conn, peer, e
}

// SendTo is sendto(2); an invalid addr means the connected one.
func (p *Proc) SendTo(fd int, b []byte, addr netip.AddrPort) (int, errno.Errno) {
	return p.onSocket("sendto", fd, b, &addr, func(s *file.Socket) (int, errno.Errno) { return s.SendTo(&p.caller, b, addr) })
}

// RecvFrom is recvfrom(2): the bytes taken, who sent them, and the time to live
// that they arrived with.
func (p *Proc) RecvFrom(fd int, b []byte) (n int, from netip.AddrPort, ttl int, e errno.Errno) {
	r, e := p.RecvMsg(fd, b, 0)
	return r.N, r.From, r.TTL, e
}

// RecvMsg is recvmsg(2), with the flags of package file.
func (p *Proc) RecvMsg(fd int, b []byte, flags int) (r file.Received, e errno.Errno) {
	_, e = p.onSocket("recvfrom", fd, b, &r.From, func(s *file.Socket) (_ int, e errno.Errno) {
		r, e = s.RecvMsg(&p.caller, b, flags)
		return r.N, e
	})
	return r, e
}

// Shutdown is shutdown(2).
func (p *Proc) Shutdown(fd int, read, write bool) errno.Errno {
	_, e := p.onSocket("shutdown", fd, nil, &netip.AddrPort{}, func(s *file.Socket) (int, errno.Errno) { return 0, s.Shutdown(read, write) })
	return e
}

// SocketAddrs returns a socket's own address and that of its peer, which is invalid
// where it has none.
func (p *Proc) SocketAddrs(fd int) (local, remote netip.AddrPort, e errno.Errno) {
	s, e := p.sock(fd)
	if e != errno.OK {
		return local, remote, e
	}
	return s.Local(), s.Remote(), errno.OK
}

// SetSockOpt is setsockopt(2): ENOPROTOOPT for an option that the socket has not or
// that is read only, EINVAL for a value that it can't have.
func (p *Proc) SetSockOpt(fd int, o inet.SockOpt, v int) errno.Errno {
	began := p.Now()
	s, e := p.sock(fd)
	if e == errno.OK {
		e = s.SetOption(o, v)
	}
	p.logCall(event.Event{Op: "setsockopt", FD: fd, Path: p.pathOf(fd), Text: fmt.Sprintf("%s %d", o, v)}, e, began)
	return e
}

// SockOpt is getsockopt(2).
func (p *Proc) SockOpt(fd int, o inet.SockOpt) (int, errno.Errno) {
	s, e := p.sock(fd)
	if e != errno.OK {
		return 0, e
	}
	return s.Option(o)
}

// BindDevice is SO_BINDTODEVICE, which the BSDs lack and a DHCP server on several
// networks needs: what the socket sends leaves by that interface, and it receives
// what came in there. An empty name takes it back. ENXIO if there is no such interface.
func (p *Proc) BindDevice(fd int, name string) errno.Errno {
	began := p.Now()
	s, e := p.sock(fd)
	if e == errno.OK {
		e = s.BindDevice(name)
	}
	p.logCall(event.Event{Op: "setsockopt", FD: fd, Path: p.pathOf(fd), Text: fmt.Sprintf("SO_BINDTODEVICE %.20q", name)}, e, began)
	return e
}

// Device is the name of the interface that a socket was bound to, "" for none.
func (p *Proc) Device(fd int) (string, errno.Errno) {
	s, e := p.sock(fd)
	if e != errno.OK {
		return "", e
	}
	return s.Device(), errno.OK
}

// Thread is the process as its kernel knows it, for the interface and sysctl calls
// of kern.Kernel, which may sleep and have no wrapper here.
func (p *Proc) Thread() *kern.Thread { return &p.caller.Thread }
