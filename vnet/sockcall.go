package vnet

import (
	"net/netip"

	"wireloom/vnet/errno"
	"wireloom/vnet/event"
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
	if e := p.node.Need(); e != errno.OK {
		return -1, e
	}
	if p.opened >= MaxFiles {
		p.tooManyFiles()
		return -1, errno.EMFILE
	}
	s, e := p.node.Stack().Socket(kind)
	if e == errno.ENOBUFS {
		p.once(limitSockets, "sockets", "the node has as many sockets open as it may, and opens no more", inet.MaxSockets)
	}
	if e != errno.OK {
		return -1, e
	}
	return p.install(&openFile{file: newSocketFile(p.node, kind, s), path: "socket", flags: kern.O_RDWR})
}

func (p *Proc) sock(fd int) (*socketFile, errno.Errno) {
	of, e := p.file(fd)
	if e != errno.OK {
		return nil, e
	}
	s, ok := of.file.(*socketFile)
	if !ok {
		return nil, errno.ENOTSOCK
	}
	return s, errno.OK
}

// onSocket runs a call on a socket and records it, with the bytes of b that it moved
// and the address, which the call may set.
func (p *Proc) onSocket(op string, fd int, b []byte, addr *netip.AddrPort, f func(*socketFile) (int, errno.Errno)) (int, errno.Errno) {
	began := p.Now()
	n := 0
	s, e := p.sock(fd)
	if e == errno.OK {
		p.node.Sync()
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
	_, e := p.onSocket("bind", fd, nil, &addr, func(s *socketFile) (int, errno.Errno) { return 0, s.s.Bind(addr) })
	return e
}

// Connect is connect(2); it waits for a stream to be established unless the socket
// does not block.
func (p *Proc) Connect(fd int, addr netip.AddrPort) errno.Errno {
	_, e := p.onSocket("connect", fd, nil, &addr, func(s *socketFile) (int, errno.Errno) {
		e := s.s.Connect(addr)
		if e != errno.EINPROGRESS || s.non {
			return 0, e
		}
		return 0, s.wait(p, sending, func() errno.Errno {
			if s.s.Ready()&(kern.POLLOUT|kern.POLLERR|kern.POLLHUP) == 0 {
				return errno.EWOULDBLOCK
			}
			return s.s.LastError()
		})
	})
	return e
}

// Listen is listen(2).
func (p *Proc) Listen(fd, backlog int) errno.Errno {
	_, e := p.onSocket("listen", fd, nil, &netip.AddrPort{}, func(s *socketFile) (int, errno.Errno) { return 0, s.s.Listen(backlog) })
	return e
}

// Accept is accept(2): the descriptor of the connection and its peer.
func (p *Proc) Accept(fd int) (conn int, peer netip.AddrPort, e errno.Errno) {
	conn, e = p.onSocket("accept", fd, nil, &peer, func(s *socketFile) (int, errno.Errno) {
		if p.opened >= MaxFiles {
			p.tooManyFiles()
			return -1, errno.EMFILE
		}
		var c inet.Socket
		e := s.wait(p, receiving, func() (e errno.Errno) {
			c, peer, e = s.s.Accept()
			return e
		})
		if e != errno.OK {
			return -1, e
		}
		return p.install(&openFile{file: newSocketFile(p.node, s.kind, c), path: "socket", flags: kern.O_RDWR})
	})
	return conn, peer, e
}

// SendTo is sendto(2); an invalid addr means the connected one.
func (p *Proc) SendTo(fd int, b []byte, addr netip.AddrPort) (int, errno.Errno) {
	return p.onSocket("sendto", fd, b, &addr, func(s *socketFile) (n int, e errno.Errno) {
		e = s.wait(p, sending, func() (e errno.Errno) {
			n, e = s.s.Send(b, addr)
			return e
		})
		return n, e
	})
}

// Flags of RecvMsg.
const (
	MSG_PEEK    = 1 << iota // leave what was read where it is
	MSG_WAITALL             // of a stream: wait for as much as was asked for
)

// A Received says what RecvMsg took.
type Received struct {
	N         int
	From      netip.AddrPort
	TTL       int  // that the packet arrived with, 0 if unknown
	Truncated bool // the rest of the datagram is lost
}

// RecvFrom is recvfrom(2): the bytes taken, who sent them, and the time to live
// that they arrived with.
func (p *Proc) RecvFrom(fd int, b []byte) (n int, from netip.AddrPort, ttl int, e errno.Errno) {
	r, e := p.RecvMsg(fd, b, 0)
	return r.N, r.From, r.TTL, e
}

// RecvMsg is recvmsg(2).
func (p *Proc) RecvMsg(fd int, b []byte, flags int) (Received, errno.Errno) {
	var r Received
	_, e := p.onSocket("recvfrom", fd, b, &r.From, func(s *socketFile) (int, errno.Errno) {
		take := s.s.Recv
		if flags&MSG_PEEK != 0 {
			take = s.s.Peek
		}
		all := flags&MSG_WAITALL != 0 && flags&MSG_PEEK == 0 && s.kind.Stream() && !s.non
		for {
			n := 0
			e := s.wait(p, receiving, func() (e errno.Errno) {
				n, r.From, e = take(b[r.N:])
				return e
			})
			r.N += n
			if all && e == errno.OK && n > 0 && r.N < len(b) {
				continue
			}
			if r.N > 0 {
				e = errno.OK // what was taken is told first
			}
			r.TTL, r.Truncated = s.s.TTL(), s.s.Truncated()
			return r.N, e
		}
	})
	return r, e
}

// Shutdown is shutdown(2).
func (p *Proc) Shutdown(fd int, read, write bool) errno.Errno {
	_, e := p.onSocket("shutdown", fd, nil, &netip.AddrPort{}, func(s *socketFile) (int, errno.Errno) { return 0, s.s.Shutdown(read, write) })
	return e
}

// SocketAddrs returns a socket's own address and that of its peer, which is invalid
// where it has none.
func (p *Proc) SocketAddrs(fd int) (local, remote netip.AddrPort, e errno.Errno) {
	s, e := p.sock(fd)
	if e != errno.OK {
		return local, remote, e
	}
	return s.s.Local(), s.s.Remote(), errno.OK
}

// Thread is the process as its kernel knows it, for the interface and sysctl calls
// of kern.Kernel, which may sleep and have no wrapper here.
func (p *Proc) Thread() *kern.Thread { return &p.thread }
