package vnet

import (
	"encoding/binary"
	"net/netip"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
	"wireloom/vnet/kern"
)

// A socketFile is a socket as a file of a process.
type socketFile struct {
	s       inet.Socket
	kind    inet.SocketKind
	sel     kern.SelInfo
	non     bool
	timeout [2]time.Duration // SO_RCVTIMEO, SO_SNDTIMEO
	device  string           // SO_BINDTODEVICE
}

// Directions of a call that waits: places in socketFile.timeout.
const (
	receiving = 0
	sending   = 1
)

func newSocketFile(n *Node, kind inet.SocketKind, s inet.Socket) *socketFile {
	f := &socketFile{s: s, kind: kind}
	s.Notify(func() {
		f.sel.Wakeup(n.kern)
		f.sel.Knote(n.kern)
	})
	return f
}

// wait runs op until it does not return EWOULDBLOCK, sleeping between, unless the
// socket does not block. The socket's timeout for that direction ends it with
// EWOULDBLOCK, as in sbwait.
func (f *socketFile) wait(p *Proc, dir int, op func() errno.Errno) errno.Errno {
	began := p.Now()
	for {
		e := op()
		if e != errno.EWOULDBLOCK || f.non {
			return e
		}
		left := time.Duration(-1)
		if t := f.timeout[dir]; t > 0 {
			if left = began + t - p.Now(); left <= 0 {
				return errno.EWOULDBLOCK
			}
		}
		if e = p.waitOn(&f.sel, left); e != errno.OK {
			return e
		}
	}
}

func (f *socketFile) read(p *Proc, b []byte) (n int, _ uint64, e errno.Errno) {
	e = f.wait(p, receiving, func() (e errno.Errno) {
		n, _, e = f.s.Recv(b)
		return e
	})
	return n, 0, e
}

func (f *socketFile) write(p *Proc, b []byte) (n int, _ uint64, e errno.Errno) {
	p.node.Sync()
	e = f.wait(p, sending, func() (e errno.Errno) {
		n, e = f.s.Send(b, netip.AddrPort{})
		return e
	})
	return n, 0, e
}

func (f *socketFile) poll(p *Proc, events int) int {
	r := f.s.Ready() & (events | kern.POLLERR | kern.POLLHUP)
	if r == 0 {
		f.sel.Record(p.node.kern, &p.thread)
	}
	return r
}

func (f *socketFile) setFlags(_ *Proc, flags int) errno.Errno {
	f.non = flags&kern.O_NONBLOCK != 0
	return errno.OK
}

func (f *socketFile) stat(*Proc) (kern.Stat, errno.Errno) { return kern.Stat{}, errno.OK }

func (f *socketFile) close(*Proc) errno.Errno {
	f.s.Close()
	return errno.OK
}

func (f *socketFile) ioctl(p *Proc, cmd uint32, arg []byte) errno.Errno {
	if cmd == kern.FIONBIO && len(arg) == 4 {
		f.non = binary.LittleEndian.Uint32(arg) != 0
		return errno.OK
	}
	if cmd == kern.FIONREAD && len(arg) == 4 {
		n, e := f.s.Option(inet.SO_NREAD)
		kern.PutInt(arg, int32(n))
		return e
	}
	if !inet.IsIoctl(cmd) {
		return errno.ENOTTY
	}
	return p.node.Net.Ioctl(&p.thread, cmd, arg)
}
