package vnet

import (
	"fmt"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/event"
)

// A SockOpt is an option of a socket. Flags are 0 and 1.
type SockOpt uint8

// The options. SO_BINDTODEVICE, whose value is a name, is Proc.BindDevice.
const (
	SO_REUSEADDR SockOpt = iota
	SO_REUSEPORT
	SO_BROADCAST // send to broadcast addresses; EACCES without it
	SO_KEEPALIVE
	SO_SNDBUF   // bytes
	SO_RCVBUF   // bytes
	SO_LINGER   // seconds that close waits for, below 0 off; with 0 a close resets
	SO_RCVTIMEO // nanoseconds that a call waits at most; 0 is for ever
	SO_SNDTIMEO
	SO_ERROR      // read only; reading clears it
	SO_TYPE       // read only: SOCK_STREAM or SOCK_DGRAM
	SO_ACCEPTCONN // read only: it listens
	IP_TTL        // hops, also of IPv6
	IP_TOS
	TCP_NODELAY
	TCP_MAXSEG // read only
	IPV6_V6ONLY
	SO_NREAD // read only: bytes that a receive can take now, of datagrams those of the first; what FIONREAD tells
	sockOpts
)

// SOCK_STREAM and SOCK_DGRAM are the values of SO_TYPE.
const (
	SOCK_STREAM = 1
	SOCK_DGRAM  = 2
)

var sockOptNames = [sockOpts]string{
	"SO_REUSEADDR", "SO_REUSEPORT", "SO_BROADCAST", "SO_KEEPALIVE", "SO_SNDBUF", "SO_RCVBUF", "SO_LINGER", "SO_RCVTIMEO", "SO_SNDTIMEO",
	"SO_ERROR", "SO_TYPE", "SO_ACCEPTCONN", "IP_TTL", "IP_TOS", "TCP_NODELAY", "TCP_MAXSEG", "IPV6_V6ONLY", "SO_NREAD",
}

// String is the option's name.
func (o SockOpt) String() string {
	if o < sockOpts {
		return sockOptNames[o]
	}
	return fmt.Sprintf("option %d", uint8(o))
}

// SetSockOpt is setsockopt(2): ENOPROTOOPT for an option that the socket has not or
// that is read only, EINVAL for a value that it can't have.
func (p *Proc) SetSockOpt(fd int, o SockOpt, v int) errno.Errno {
	began := p.Now()
	s, e := p.sock(fd)
	if e == errno.OK {
		e = s.setOption(o, v)
	}
	p.logCall(event.Event{Op: "setsockopt", FD: fd, Path: p.pathOf(fd), Text: fmt.Sprintf("%s %d", o, v)}, e, began)
	return e
}

func (f *socketFile) setOption(o SockOpt, v int) errno.Errno {
	switch o {
	case SO_RCVTIMEO, SO_SNDTIMEO:
		if v < 0 {
			return errno.EDOM // tvtohz of a negative time: sosetopt
		}
		f.timeout[o-SO_RCVTIMEO] = time.Duration(v)
		return errno.OK
	case SO_ERROR, SO_TYPE, SO_ACCEPTCONN:
		return errno.ENOPROTOOPT
	default:
		return f.s.SetOption(o, v)
	}
}

// SockOpt is getsockopt(2).
func (p *Proc) SockOpt(fd int, o SockOpt) (int, errno.Errno) {
	s, e := p.sock(fd)
	if e != errno.OK {
		return 0, e
	}
	switch o {
	case SO_RCVTIMEO, SO_SNDTIMEO:
		return int(s.timeout[o-SO_RCVTIMEO]), errno.OK
	case SO_ERROR:
		return int(s.s.LastError()), errno.OK
	case SO_TYPE:
		if s.kind.Stream() {
			return SOCK_STREAM, errno.OK
		}
		return SOCK_DGRAM, errno.OK
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
		if x == nil || x.gone || x.stack < 0 {
			return errno.ENXIO
		}
		nic = x.stack
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
