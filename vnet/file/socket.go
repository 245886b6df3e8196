package file

import (
	"encoding/binary"
	"net/netip"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
	"wireloom/vnet/kern"
)

// A Socket is a socket of the machine's stack as a file of a process.
type Socket struct {
	inet.Socket
	net     *inet.Net
	kind    inet.SocketKind
	sel     kern.SelInfo
	non     bool
	timeout [2]time.Duration // SO_RCVTIMEO, SO_SNDTIMEO
	device  string           // SO_BINDTODEVICE
}

// Directions of a call that waits: places in Socket.timeout.
const (
	receiving = 0
	sending   = 1
)

// NewSocket is the file of a socket of a kernel's machine.
func NewSocket(k *kern.Kernel, net *inet.Net, kind inet.SocketKind, s inet.Socket) *Socket {
	f := &Socket{Socket: s, net: net, kind: kind}
	s.Notify(func() {
		f.sel.Wakeup(k)
		f.sel.Knote(k)
	})
	return f
}

// Stream says whether the socket's bytes are a stream, not datagrams.
func (f *Socket) Stream() bool { return f.kind.Stream() }

// wait runs op until it does not return EWOULDBLOCK, sleeping between, unless the
// socket does not block. The socket's timeout for that direction ends it with
// EWOULDBLOCK, as in sbwait.
func (f *Socket) wait(c *Caller, dir int, op func() errno.Errno) errno.Errno {
	clock := c.Kernel.Host()
	began := clock.Now()
	for {
		e := op()
		if e != errno.EWOULDBLOCK || f.non {
			return e
		}
		left := time.Duration(-1)
		if t := f.timeout[dir]; t > 0 {
			if left = began + t - clock.Now(); left <= 0 {
				return errno.EWOULDBLOCK
			}
		}
		if e = c.Wait(&f.sel, left); e != errno.OK {
			return e
		}
	}
}

// Read takes a datagram, or what a stream has.
func (f *Socket) Read(c *Caller, b []byte) (n int, _ uint64, e errno.Errno) {
	e = f.wait(c, receiving, func() (e errno.Errno) {
		n, _, e = f.Recv(b)
		return e
	})
	return n, 0, e
}

// Write sends to the connected address.
func (f *Socket) Write(c *Caller, b []byte) (n int, _ uint64, e errno.Errno) {
	f.net.Sync()
	n, e = f.SendTo(c, b, netip.AddrPort{})
	return n, 0, e
}

// Poll finds it ready as its stack says.
func (f *Socket) Poll(c *Caller, events int) int {
	r := f.Ready() & (events | kern.POLLERR | kern.POLLHUP)
	if r == 0 {
		c.record(&f.sel)
	}
	return r
}

// Kqfilter is that of a socket. Data is how many bytes can be read, where that is known;
// else 1.
func (f *Socket) Kqfilter(_ *Caller, kn *kern.Knote) errno.Errno {
	bit := kern.POLLIN
	switch kn.Filter {
	case kern.EVFILT_READ:
	case kern.EVFILT_WRITE:
		bit = kern.POLLOUT
	default:
		return errno.EINVAL
	}
	return Watch(&f.sel, kn, func(kn *kern.Knote) bool {
		ready := f.Ready()
		kn.Data, kn.EOF = 0, ready&kern.POLLHUP != 0
		if ready&bit == 0 {
			return kn.EOF
		}
		kn.Data = 1
		if bit == kern.POLLIN {
			if n, e := f.Socket.Option(inet.SO_NREAD); e == errno.OK && n > 0 {
				kn.Data = int64(n)
			}
		}
		return true
	})
}

// SetFlags takes O_NONBLOCK.
func (f *Socket) SetFlags(_ *Caller, flags int) errno.Errno {
	f.non = flags&kern.O_NONBLOCK != 0
	return errno.OK
}

// Stat has nothing to tell.
func (*Socket) Stat(*Caller) (kern.Stat, errno.Errno) { return kern.Stat{}, errno.OK }

// Close closes the socket.
func (f *Socket) Close(*Caller) errno.Errno {
	f.Socket.Close()
	return errno.OK
}

// Ioctl is of the socket, or of an interface of the machine's: those of ifconfig(8).
func (f *Socket) Ioctl(c *Caller, cmd uint32, arg []byte) errno.Errno {
	if cmd == kern.FIONBIO && len(arg) == 4 {
		f.non = binary.LittleEndian.Uint32(arg) != 0
		return errno.OK
	}
	if cmd == kern.FIONREAD && len(arg) == 4 {
		n, e := f.Socket.Option(inet.SO_NREAD)
		kern.PutInt(arg, int32(n))
		return e
	}
	if !inet.IsIoctl(cmd) {
		return errno.ENOTTY
	}
	return f.net.Ioctl(&c.Thread, cmd, arg)
}
