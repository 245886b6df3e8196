package hoststack

import (
	"bytes"
	"net/netip"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/waiter"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
)

// Send implements inet.Socket. Where the next hop does not answer ARP or NDP a
// datagram is sent all the same, should it answer now, and the call says
// EHOSTDOWN, as arpresolve does.
func (k *socket) Send(p []byte, to netip.AddrPort) (int, errno.Errno) {
	if e := k.enter(); e != errno.OK {
		return 0, e
	}
	if e := k.take(); e != errno.OK {
		return 0, e
	}
	var opts tcpip.WriteOptions
	dst := tcpip.Address{}
	if to.IsValid() && !k.stream() {
		full, e := k.address(to)
		if e != errno.OK {
			return 0, e
		}
		if full.Port == 0 {
			return 0, errno.EADDRNOTAVAIL
		}
		if full.Addr == header.IPv4Broadcast {
			if l := k.bare(); l != nil {
				return k.sendBare(l, p, full.Port)
			}
			if k.device == nil {
				full.NIC = k.s.broadcaster()
			}
		}
		opts.To, dst = &full, full.Addr
	}
	size := weight(len(p))
	if k.stream() {
		if k.unconnected() {
			return 0, errno.ENOTCONN
		}
		size = weighWrite(k.ep, len(p))
	}
	if !k.s.room(size) {
		return 0, errno.ENOBUFS
	}
	n, err := k.ep.Write(bytes.NewReader(p), opts)
	e := k.s.settleSent()
	if err == nil && !k.stream() && e != errno.OK {
		return 0, e // what the interface says: a tun that nobody has open
	}
	if err == nil && !k.stream() && k.s.hops.anyDown() {
		if opts.To == nil {
			if peer, err := k.ep.GetRemoteAddress(); err == nil {
				dst = peer.Addr
			}
		}
		if e := k.s.downTo(dst, k.v6()); e != errno.OK {
			return 0, e
		}
	}
	return int(n), errnoOf(err)
}

// unconnected reports whether a stream has not been connected at all.
func (k *socket) unconnected() bool {
	switch tcp.EndpointState(k.ep.State()) {
	case tcp.StateInitial, tcp.StateBound, tcp.StateListen:
		return true
	default:
		return false
	}
}

// downTo says why a packet to dst will not arrive: EHOSTDOWN where the host itself
// does not answer, EHOSTUNREACH where its gateway does not.
func (s *netStack) downTo(dst tcpip.Address, v6 bool) errno.Errno {
	network := header.IPv4ProtocolNumber
	if v6 {
		network = header.IPv6ProtocolNumber
	}
	r, err := s.st.FindRoute(0, tcpip.Address{}, dst, network, false)
	if err != nil {
		return errno.OK
	}
	defer r.Release()
	next := r.NextHop()
	if next == (tcpip.Address{}) {
		next = dst
	}
	switch {
	case !s.hops.isDown(hop{r.NICID(), next}):
		return errno.OK
	case next != dst:
		return errno.EHOSTUNREACH
	}
	return errno.EHOSTDOWN
}

// Recv implements inet.Socket.
func (k *socket) Recv(p []byte) (int, netip.AddrPort, errno.Errno) { return k.recv(p, false) }

// Peek implements inet.Socket.
func (k *socket) Peek(p []byte) (int, netip.AddrPort, errno.Errno) { return k.recv(p, true) }

func (k *socket) recv(p []byte, peek bool) (int, netip.AddrPort, errno.Errno) {
	if e := k.enter(); e != errno.OK {
		return 0, netip.AddrPort{}, e
	}
	if !k.stream() {
		if e := k.take(); e != errno.OK {
			return 0, netip.AddrPort{}, e
		}
	} else if k.unconnected() {
		return 0, netip.AddrPort{}, errno.ENOTCONN
	} else if len(p) == 0 {
		return 0, netip.AddrPort{}, errno.OK
	}
	got := int64(0)
	defer func() {
		k.s.settle()
		if !peek && got > 0 {
			k.s.gone(got)
		}
	}()
	w := tcpip.SliceWriter(p)
	k.cut = false
	res, err := k.ep.Read(&w, tcpip.ReadOptions{NeedRemoteAddr: !k.stream(), Peek: peek})
	_, bad := err.(*tcpip.ErrBadBuffer)
	if !peek && !k.stream() && (err == nil || bad) {
		k.took()
	}
	if err == nil || bad {
		got = weight(res.Total)
	}
	if bad && len(p) == 0 {
		err = nil // the datagram is gone, as on a BSD
	}
	if err != nil {
		if k.stream() {
			k.failed = k.failed || tcp.EndpointState(k.ep.State()) == tcp.StateError
		}
		return 0, netip.AddrPort{}, errnoOf(err)
	}
	if k.stream() {
		return res.Count, netip.AddrPort{}, errno.OK
	}
	k.cut = res.Total > res.Count
	switch cm := &res.ControlMessages; {
	case cm.HasTTL:
		k.ttl = int(cm.TTL)
	case cm.HasHopLimit:
		k.ttl = int(cm.HopLimit)
	}
	return res.Count, k.addrPort(res.RemoteAddr), errno.OK
}

// collect moves an error that netstack holds into err. For a stream that is the
// reason of its end only: what netstack learns from ICMP meanwhile is no error of
// the socket's, as with tcp_notify's soft errors.
func (k *socket) collect() {
	if k.err != errno.OK || k.ep == nil {
		return
	}
	if !k.stream() {
		k.err = errnoOf(k.ep.LastError())
		return
	}
	if k.failed || tcp.EndpointState(k.ep.State()) != tcp.StateError {
		return
	}
	k.failed = true
	k.err = errnoOf(k.ep.LastError())
	if k.err == errno.EHOSTUNREACH {
		if peer, ok := k.peer(); ok {
			if e := k.s.downTo(peer.Addr, k.v6()); e != errno.OK {
				k.err = e
			}
		}
	}
}

// take returns the pending error and clears it.
func (k *socket) take() errno.Errno {
	k.collect()
	e := k.err
	k.err = errno.OK
	return e
}

// LastError implements inet.Socket.
func (k *socket) LastError() errno.Errno {
	if e := k.enter(); e != errno.OK {
		return e
	}
	defer k.s.settle()
	return k.take()
}

// Ready implements inet.Socket.
func (k *socket) Ready() int {
	if k.closed || k.s.closed {
		return kern.POLLNVAL
	}
	k.collect()
	bits := 0
	if k.err != errno.OK {
		bits |= kern.POLLIN | kern.POLLRDNORM | kern.POLLOUT | kern.POLLERR
	}
	if k.stream() {
		switch tcp.EndpointState(k.ep.State()) {
		case tcp.StateInitial, tcp.StateBound:
			return bits
		case tcp.StateClose, tcp.StateError:
			return bits | kern.POLLIN | kern.POLLRDNORM | kern.POLLOUT | kern.POLLHUP
		default:
		}
	}
	r := k.ep.Readiness(allEvents)
	if r&waiter.ReadableEvents != 0 {
		bits |= kern.POLLIN | kern.POLLRDNORM
	}
	if r&waiter.WritableEvents != 0 {
		bits |= kern.POLLOUT
	}
	return bits
}

// Shutdown implements inet.Socket.
func (k *socket) Shutdown(read, write bool) errno.Errno {
	if e := k.enter(); e != errno.OK {
		return e
	}
	var how tcpip.ShutdownFlags
	if read {
		how |= tcpip.ShutdownRead
	}
	if write {
		how |= tcpip.ShutdownWrite
	}
	if how == 0 {
		return errno.EINVAL
	}
	if k.listen {
		return errno.ENOTCONN
	}
	defer k.s.settle()
	return errnoOf(k.ep.Shutdown(how))
}

// Local implements inet.Socket.
func (k *socket) Local() netip.AddrPort {
	if k.closed || k.s.closed {
		return netip.AddrPort{}
	}
	a, err := k.ep.GetLocalAddress()
	if err != nil {
		return netip.AddrPort{}
	}
	return k.addrPort(a)
}

// peer is the connected address, also that of a connection which has ended.
func (k *socket) peer() (tcpip.FullAddress, bool) {
	if a, err := k.ep.GetRemoteAddress(); err == nil {
		return a, true
	}
	if i, ok := k.ep.Info().(*stack.TransportEndpointInfo); ok && i.ID.RemotePort != 0 {
		return tcpip.FullAddress{Addr: i.ID.RemoteAddress, Port: i.ID.RemotePort}, true
	}
	return tcpip.FullAddress{}, false
}

// Remote implements inet.Socket.
func (k *socket) Remote() netip.AddrPort {
	if k.closed || k.s.closed {
		return netip.AddrPort{}
	}
	if a, ok := k.peer(); ok {
		return k.addrPort(a)
	}
	return netip.AddrPort{}
}

// TTL implements inet.Socket.
func (k *socket) TTL() int { return k.ttl }

// Truncated implements inet.Socket.
func (k *socket) Truncated() bool { return k.cut }

// Notify implements inet.Socket.
func (k *socket) Notify(f func()) { k.notify = f }

// Close implements inet.Socket. A stream's last bytes and its end are still sent.
func (k *socket) Close() {
	if k.enter() != errno.OK {
		return
	}
	k.closed, k.notify = true, nil
	delete(k.s.sockets, k.id)
	k.s.backlogs -= k.backlog
	k.wq.EventUnregister(&k.entry)
	k.ep.Close()
	if k.stream() && !k.listen {
		k.s.lingering = append(k.s.lingering, k.ep)
		k.s.prune()
	}
	k.s.settle()
	k.s.gone(selfOf(k.kind))
}
