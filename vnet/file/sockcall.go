package file

import (
	"net/netip"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
	"wireloom/vnet/kern"
)

// What sockets do besides other files, where it may wait or is of the file: the rest is
// the stack's, inet.Socket.

// Connect waits for a stream to be established unless the socket does not block.
func (f *Socket) Connect(c *Caller, addr netip.AddrPort) errno.Errno {
	e := f.Socket.Connect(addr)
	if e != errno.EINPROGRESS || f.non {
		return e
	}
	return f.wait(c, sending, func() errno.Errno {
		if f.Ready()&(kern.POLLOUT|kern.POLLERR|kern.POLLHUP) == 0 {
			return errno.EWOULDBLOCK
		}
		return f.LastError()
	})
}

// Accept waits for a connection, and returns it with its peer.
func (f *Socket) Accept(c *Caller) (conn *Socket, peer netip.AddrPort, e errno.Errno) {
	var s inet.Socket
	e = f.wait(c, receiving, func() (e errno.Errno) {
		s, peer, e = f.Socket.Accept()
		return e
	})
	if e != errno.OK {
		return nil, peer, e
	}
	return NewSocket(c.Kernel, f.net, f.kind, s), peer, errno.OK
}

// SendTo waits for room; an invalid addr means the connected one.
func (f *Socket) SendTo(c *Caller, b []byte, addr netip.AddrPort) (n int, e errno.Errno) {
	e = f.wait(c, sending, func() (e errno.Errno) {
		n, e = f.Send(b, addr)
		return e
	})
	return n, e
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

// RecvMsg is recvmsg(2). With an error r is what was found out until then.
func (f *Socket) RecvMsg(c *Caller, b []byte, flags int) (r Received, e errno.Errno) {
	take := f.Recv
	if flags&MSG_PEEK != 0 {
		take = f.Peek
	}
	all := flags&MSG_WAITALL != 0 && flags&MSG_PEEK == 0 && f.Stream() && !f.non
	for {
		n := 0
		e = f.wait(c, receiving, func() (e errno.Errno) {
			if n = 0; r.N > 0 && f.Ready()&kern.POLLERR != 0 {
				return errno.OK // the error is for the next call: soreceive
			}
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
		r.TTL, r.Truncated = f.TTL(), f.Truncated()
		return r, e
	}
}

// SetOption is setsockopt(2): ENOPROTOOPT for an option that the socket has not or
// that is read only, EINVAL for a value that it can't have.
func (f *Socket) SetOption(o inet.SockOpt, v int) errno.Errno {
	switch o {
	case inet.SO_RCVTIMEO, inet.SO_SNDTIMEO:
		if v < 0 {
			return errno.EDOM // tvtohz of a negative time: sosetopt
		}
		f.timeout[o-inet.SO_RCVTIMEO] = time.Duration(v)
		return errno.OK
	case inet.SO_ERROR, inet.SO_TYPE, inet.SO_ACCEPTCONN:
		return errno.ENOPROTOOPT
	default:
		return f.Socket.SetOption(o, v)
	}
}

// Option is getsockopt(2).
func (f *Socket) Option(o inet.SockOpt) (int, errno.Errno) {
	switch o {
	case inet.SO_RCVTIMEO, inet.SO_SNDTIMEO:
		return int(f.timeout[o-inet.SO_RCVTIMEO]), errno.OK
	case inet.SO_ERROR:
		return int(f.LastError()), errno.OK
	case inet.SO_TYPE:
		if f.Stream() {
			return inet.SOCK_STREAM, errno.OK
		}
		return inet.SOCK_DGRAM, errno.OK
	default:
		return f.Socket.Option(o)
	}
}

// BindDevice is SO_BINDTODEVICE: ENXIO if there is no such interface of the stack. An empty
// name takes it back.
func (f *Socket) BindDevice(name string) errno.Errno {
	nic := -1
	if name != "" {
		x := f.net.Iface(name)
		if x == nil || x.Gone || x.NIC < 0 {
			return errno.ENXIO
		}
		nic = x.NIC
	}
	e := f.Socket.BindDevice(nic)
	if e == errno.OK {
		f.device = name
	}
	return e
}

// Device is the name of the interface that the socket was bound to, "" for none.
func (f *Socket) Device() string { return f.device }
