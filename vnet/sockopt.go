package vnet

import (
	"fmt"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/inet"
)

// The options of sockets as system calls.

// SetSockOpt is setsockopt(2): ENOPROTOOPT for an option that the socket has not or
// that is read only, EINVAL for a value that it can't have.
func (p *Proc) SetSockOpt(fd int, o inet.SockOpt, v int) errno.Errno {
	began := p.Now()
	s, e := p.sock(fd)
	if e == errno.OK {
		e = s.setOption(o, v)
	}
	p.logCall(event.Event{Op: "setsockopt", FD: fd, Path: p.pathOf(fd), Text: fmt.Sprintf("%s %d", o, v)}, e, began)
	return e
}

func (f *socketFile) setOption(o inet.SockOpt, v int) errno.Errno {
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
		return f.s.SetOption(o, v)
	}
}

// SockOpt is getsockopt(2).
func (p *Proc) SockOpt(fd int, o inet.SockOpt) (int, errno.Errno) {
	s, e := p.sock(fd)
	if e != errno.OK {
		return 0, e
	}
	switch o {
	case inet.SO_RCVTIMEO, inet.SO_SNDTIMEO:
		return int(s.timeout[o-inet.SO_RCVTIMEO]), errno.OK
	case inet.SO_ERROR:
		return int(s.s.LastError()), errno.OK
	case inet.SO_TYPE:
		if s.kind.Stream() {
			return inet.SOCK_STREAM, errno.OK
		}
		return inet.SOCK_DGRAM, errno.OK
	default:
		return s.s.Option(o)
	}
}

// BindDevice is SO_BINDTODEVICE, which the BSDs lack and a DHCP server on several
// networks needs: what the socket sends leaves by that interface, and it receives
// what came in there. An empty name takes it back. ENXIO if there is no such interface.
func (p *Proc) BindDevice(fd int, name string) errno.Errno {
	began := p.Now()
	s, e := p.sock(fd)
	if e == errno.OK {
		e = p.node.bindDevice(s, name)
	}
	p.logCall(event.Event{Op: "setsockopt", FD: fd, Path: p.pathOf(fd), Text: fmt.Sprintf("SO_BINDTODEVICE %.20q", name)}, e, began)
	return e
}

func (n *Node) bindDevice(s *socketFile, name string) errno.Errno {
	nic := -1
	if name != "" {
		x := n.iface(name)
		if x == nil || x.Gone || x.NIC < 0 {
			return errno.ENXIO
		}
		nic = x.NIC
	}
	e := s.s.BindDevice(nic)
	if e == errno.OK {
		s.device = name
	}
	return e
}

// Device is the name of the interface that a socket was bound to, "" for none.
func (p *Proc) Device(fd int) (string, errno.Errno) {
	s, e := p.sock(fd)
	if e != errno.OK {
		return "", e
	}
	return s.device, errno.OK
}
