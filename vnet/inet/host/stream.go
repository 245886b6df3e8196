package host

import (
	"net/netip"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/inet/host/account"
	"wireloom/vnet/inet/host/pcb"
	"wireloom/vnet/inet/tcp"
	"wireloom/vnet/kern"
)

// A stream is a TCP socket.
type stream struct {
	socket
	end  *end
	opts tcp.Options // as long as there is no connection
}

func (s *Stack) newStream(kind inet.SocketKind) *stream {
	e := s.newEnd(pcb.PCB{V6: kind.V6(), Device: -1})
	e.LocalAddr = netip.AddrPortFrom(unspecified(e.V6), 0)
	return s.adopt(e, kind)
}

// adopt makes the socket of an end.
func (s *Stack) adopt(e *end, kind inet.SocketKind) *stream {
	k := &stream{socket: socket{s: s, kind: kind, PCB: &e.PCB}, end: e, opts: tcp.DefaultOptions()}
	e.owner = k
	s.register(&k.socket, account.StreamSelf)
	return k
}

// Bind implements inet.Socket.
func (k *stream) Bind(a netip.AddrPort) errno.Errno {
	if e := k.enter(); e != errno.OK {
		return e
	}
	switch {
	case !k.fits(a.Addr()):
		return errno.EAFNOSUPPORT
	case a.Addr().IsMulticast():
		return errno.EAFNOSUPPORT // tcp_usr_bind
	case k.end.conn != nil || k.end.listener != nil:
		return errno.EINVAL
	}
	return k.s.bind(&k.s.sockets.tcp, k.PCB, a)
}

// Connect implements inet.Socket: soconnect and tcp_usr_connect.
func (k *stream) Connect(a netip.AddrPort) errno.Errno {
	if e := k.enter(); e != errno.OK {
		return e
	}
	switch {
	case k.end.listener != nil:
		return errno.EOPNOTSUPP
	case k.end.conn != nil && k.end.state() == "SYN_SENT":
		return errno.EALREADY
	case k.end.conn != nil && k.end.dead && k.s.dialect != dialect.Linux:
		return errno.EINVAL // its connection was refused, or has ended: tcp_usr_connect, INP_DROPPED
	case k.end.conn != nil:
		return errno.EISCONN
	case !k.fits(a.Addr()):
		return errno.EAFNOSUPPORT
	case a.Addr().IsMulticast():
		return k.toGroup()
	case a.Port() == 0:
		return errno.EADDRNOTAVAIL
	}
	s := k.s
	src, dst, e := k.way(a.Addr())
	switch {
	case e != errno.OK:
		return e
	case !k.V6 && (dst == broadcast4 || s.broadcastOf(dst)):
		return errno.EACCES
	case !s.memory.Room(account.StreamSelf + account.PacketSelf):
		return errno.ENOBUFS
	}
	if k.LocalAddr.Port() == 0 {
		if e = s.bind(&s.sockets.tcp, k.PCB, netip.AddrPortFrom(k.LocalAddr.Addr(), 0)); e != errno.OK {
			return e
		}
	}
	local, remote := netip.AddrPortFrom(src, k.LocalAddr.Port()), netip.AddrPortFrom(dst, a.Port())
	if s.sockets.pairs[pair{local, remote}] != nil {
		return errno.EADDRINUSE
	}
	k.LocalAddr, k.RemoteAddr = local, remote
	k.end.conn = s.tcp.Dial(s.now, tcp.Params{Local: local, Remote: remote, Path: s.path(src, dst, k.Device), Options: k.opts}, &s.tcpActs)
	s.join(k.end)
	e = k.end.do()
	if e != errno.OK {
		k.end.conn.Abort(s.now, &s.tcpActs)
		k.end.do()
		k.end.unconnect()
		s.leave()
		return e
	}
	s.leave()
	return errno.EINPROGRESS
}

// toGroup is what a kernel says of a stream to a group: tcp_usr_connect, and on NetBSD
// in_pcbconnect.
func (k *stream) toGroup() errno.Errno {
	switch k.s.dialect {
	case dialect.NetBSD:
		return errno.EADDRNOTAVAIL
	case dialect.Linux:
		return errno.ENETUNREACH
	default:
		return errno.EAFNOSUPPORT
	}
}

// Listen implements inet.Socket. A backlog beyond the limit is the limit (SOMAXCONN);
// where those of all sockets are beyond theirs it is 1.
func (k *stream) Listen(backlog int) errno.Errno {
	if e := k.enter(); e != errno.OK {
		return e
	}
	s := k.s
	if k.end.conn != nil {
		return errno.EINVAL
	}
	if k.LocalAddr.Port() == 0 {
		if e := s.bind(&s.sockets.tcp, k.PCB, netip.AddrPort{}); e != errno.OK {
			return e
		}
	}
	limit := s.v.TCP.BacklogMax
	if backlog < 0 || backlog > limit {
		backlog = limit
	}
	others := s.sockets.backlogs - k.end.backlog
	backlog = max(min(backlog, maxBacklogs-others), min(backlog, 1))
	k.end.backlog, s.sockets.backlogs = backlog, others+backlog
	if k.end.listener != nil {
		k.end.listener.SetBacklog(backlog)
		return errno.OK
	}
	k.end.listener = s.tcp.Listen(k.LocalAddr, backlog, k.opts)
	return errno.OK
}

// Accept implements inet.Socket. A connection that has ended meanwhile is ECONNABORTED on the
// BSDs (tcp_usr_accept; NetBSD soaccept); Linux gives it to its user, who reads why.
func (k *stream) Accept() (inet.Socket, netip.AddrPort, errno.Errno) {
	none := netip.AddrPort{}
	if e := k.enter(); e != errno.OK {
		return nil, none, e
	}
	s := k.s
	switch {
	case k.end.listener == nil:
		return nil, none, errno.EINVAL
	case len(s.sockets.all) >= inet.MaxSockets:
		return nil, none, errno.ENFILE
	}
	if _, ok := k.end.listener.Accept(); !ok {
		return nil, none, errno.EWOULDBLOCK
	}
	e := k.end.waiting[0]
	k.end.waiting[0] = nil
	if k.end.waiting = k.end.waiting[1:]; len(k.end.waiting) == 0 {
		k.end.waiting = nil
	}
	e.queued = false
	if e.dead && s.dialect != dialect.Linux {
		e.forget()
		s.leave()
		return nil, none, errno.ECONNABORTED
	}
	d := s.adopt(e, k.kind)
	d.ttl, d.tos = k.ttl, k.tos
	s.leave()
	return d, d.RemoteAddr, errno.OK
}

// Send implements inet.Socket.
func (k *stream) Send(p []byte, _ netip.AddrPort) (int, errno.Errno) {
	if e := k.enter(); e != errno.OK {
		return 0, e
	}
	if k.end.conn == nil {
		if k.err != errno.OK {
			return 0, k.take()
		}
		return 0, errno.ENOTCONN
	}
	s := k.s
	if !s.memory.Room(account.Weight(min(len(p), k.end.conn.Writable())) + account.PacketSelf) {
		return 0, errno.ENOBUFS
	}
	n, e := k.end.conn.Write(s.now, p, &s.tcpActs)
	if e != errno.ENOTCONN {
		e = k.end.told(e)
	}
	k.end.do()
	s.leave()
	return n, e
}

// Recv implements inet.Socket.
func (k *stream) Recv(p []byte) (int, netip.AddrPort, errno.Errno) {
	if e := k.reads(p); e != errno.OK || len(p) == 0 {
		return 0, netip.AddrPort{}, e
	}
	n, e := k.end.conn.Read(k.s.now, p, &k.s.tcpActs)
	e = k.end.told(e)
	k.end.do()
	k.s.leave()
	return n, netip.AddrPort{}, e
}

// Peek implements inet.Socket.
func (k *stream) Peek(p []byte) (int, netip.AddrPort, errno.Errno) {
	if e := k.reads(p); e != errno.OK || len(p) == 0 {
		return 0, netip.AddrPort{}, e
	}
	n, e := k.end.conn.Peek(p)
	if e == errno.ENOTCONN {
		e = k.end.told(e)
	}
	return n, netip.AddrPort{}, e
}

// told notes that a call tells of an error, which is told once. Who reads from a connection
// that is being made waits: soreceive.
func (e *end) told(err errno.Errno) errno.Errno {
	switch {
	case err == errno.ENOTCONN && !e.dead && e.conn.State() == tcp.SynSent:
		return errno.EWOULDBLOCK
	case err != errno.OK && err != errno.EWOULDBLOCK:
		e.failed = false
	}
	return err
}

// reads says whether there is a connection to read from.
func (k *stream) reads([]byte) errno.Errno {
	if e := k.enter(); e != errno.OK {
		return e
	}
	if k.end.conn == nil {
		if k.err != errno.OK {
			return k.take()
		}
		return errno.ENOTCONN
	}
	return errno.OK
}

// LastError implements inet.Socket.
func (k *stream) LastError() errno.Errno {
	if e := k.enter(); e != errno.OK {
		return e
	}
	if k.end.conn != nil {
		return k.end.told(k.end.conn.Err())
	}
	return k.take()
}

// Ready implements inet.Socket: soreadable and sowriteable.
func (k *stream) Ready() int {
	switch {
	case k.closed || k.s.closed:
		return kern.POLLNVAL
	case k.end.listener != nil:
		if k.end.listener.Pending() > 0 {
			return readable
		}
		return 0
	case k.end.conn == nil:
		return 0
	}
	c := k.end.conn
	bits := 0
	if n, end := c.Readable(); n > 0 || end {
		bits |= readable
	}
	if c.Writable() > 0 {
		bits |= kern.POLLOUT
	}
	if k.end.failed {
		bits |= failed
	}
	if k.end.dead || k.end.state() == "CLOSED" {
		bits |= readable | kern.POLLOUT | kern.POLLHUP
	}
	return bits
}

// Shutdown implements inet.Socket.
func (k *stream) Shutdown(read, write bool) errno.Errno {
	switch e := k.enter(); {
	case e != errno.OK:
		return e
	case !read && !write:
		return errno.EINVAL
	case k.end.conn == nil:
		return errno.ENOTCONN
	}
	e := k.end.conn.Shutdown(k.s.now, read, write, &k.s.tcpActs)
	k.end.do()
	k.s.leave()
	return e
}

// Close implements inet.Socket. A stream's last bytes and its end are still sent.
func (k *stream) Close() {
	if k.enter() != errno.OK {
		return
	}
	s, e := k.s, k.end
	s.unregister(&k.socket)
	e.owner = nil
	switch {
	case e.listener != nil:
		s.sockets.backlogs -= e.backlog
		e.listener.Close(s.now, &s.tcpActs)
		for _, c := range e.waiting {
			c.queued = false
			c.forget()
		}
		e.waiting = nil
		e.send()
		e.forget()
	case e.conn != nil && !e.dead:
		e.conn.Close(s.now, &s.tcpActs)
		if e.do(); !e.dead {
			s.linger(e)
		}
	default:
		e.forget()
	}
	s.leave()
}
