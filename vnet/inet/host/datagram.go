package host

import (
	"encoding/binary"
	"net/netip"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/inet/host/account"
	"wireloom/vnet/inet/host/sockbuf"
	"wireloom/vnet/inet/host/udp"
	"wireloom/vnet/inet/ip4"
	"wireloom/vnet/inet/ip6"
	"wireloom/vnet/kern"
	"wireloom/vnet/packet"
)

// A datagram is a UDP socket.
type datagram struct {
	socket
	receive sockbuf.Buffer
	counted int64 // of receive.Held
	send    int   // bytes, SO_SNDBUF: the longest datagram
}

// Bind implements inet.Socket.
func (k *datagram) Bind(a netip.AddrPort) errno.Errno {
	if e := k.enter(); e != errno.OK {
		return e
	}
	if !k.fits(a.Addr()) {
		return errno.EAFNOSUPPORT
	}
	return k.s.bind(&k.s.sockets.udp, k.PCB, a)
}

// Connect implements inet.Socket. A socket that is connected is connected anew.
func (k *datagram) Connect(a netip.AddrPort) errno.Errno {
	if e := k.enter(); e != errno.OK {
		return e
	}
	switch {
	case !k.fits(a.Addr()):
		return errno.EAFNOSUPPORT
	case a.Port() == 0:
		return errno.EADDRNOTAVAIL
	}
	src, dst, e := k.way(a.Addr())
	if e != errno.OK {
		return e
	}
	if k.LocalAddr.Port() == 0 {
		if e = k.s.bind(&k.s.sockets.udp, k.PCB, netip.AddrPort{}); e != errno.OK {
			return e
		}
	}
	if k.LocalAddr.Addr().IsUnspecified() {
		k.LocalAddr = netip.AddrPortFrom(src, k.LocalAddr.Port())
	}
	k.RemoteAddr = netip.AddrPortFrom(dst, a.Port())
	return errno.OK
}

// way finds what a packet to dst is sent from, and where it goes: in_pcbconnect_setup
// turns the addresses of no host and of all into others.
func (k *socket) way(dst netip.Addr) (src, to netip.Addr, e errno.Errno) {
	s := k.s
	if !dst.IsValid() {
		dst = unspecified(k.V6)
	}
	if k.Device >= 0 && s.iface(k.Device) == nil {
		return src, dst, errno.ENXIO
	}
	if k.V6 {
		if dst.IsUnspecified() {
			dst = netip.IPv6Loopback()
		}
		nic := ip6.Any
		if k.Device >= 0 {
			nic = k.Device
		}
		src, _, e = s.ip6.Source(dst, nic)
	} else {
		if dst.IsUnspecified() {
			dst = loopback4
		}
		nic := ip4.AnyNIC
		if k.Device >= 0 {
			nic = k.Device
		}
		var p ip4.Path
		p, e = s.ip4.Path(k.LocalAddr.Addr(), dst, nic)
		src, dst = p.Src, p.Dst
	}
	return src, dst, e
}

// Listen implements inet.Socket.
func (k *datagram) Listen(int) errno.Errno { return errno.EOPNOTSUPP }

// Accept implements inet.Socket.
func (k *datagram) Accept() (inet.Socket, netip.AddrPort, errno.Errno) {
	return nil, netip.AddrPort{}, errno.EOPNOTSUPP
}

// Send implements inet.Socket: sosend_dgram and udp_output.
func (k *datagram) Send(p []byte, to netip.AddrPort) (int, errno.Errno) {
	to, e := k.maySend(p, to)
	if e != errno.OK {
		return 0, e
	}
	if to.Port() == 0 {
		return 0, errno.EADDRNOTAVAIL
	}
	s := k.s
	if k.LocalAddr.Port() == 0 {
		if e := s.bind(&s.sockets.udp, k.PCB, netip.AddrPort{}); e != errno.OK {
			return 0, e
		}
	}
	s.stats.Output++
	src, dst, e := k.way(to.Addr())
	if e != errno.OK {
		return 0, e
	}
	m := udp.Append(s.message[:0], netip.AddrPortFrom(src, k.LocalAddr.Port()), netip.AddrPortFrom(dst, to.Port()), p, s.v.Sockets.UDPChecksum)
	s.message = m
	e = k.out(packet.ProtoUDP, src, dst, m)
	s.leave()
	return counted(len(p), e)
}

// counted is how many of n bytes a call has sent.
func counted(n int, e errno.Errno) (int, errno.Errno) {
	if e != errno.OK {
		n = 0
	}
	return n, e
}

// maySend says whether a datagram may be sent, and returns where to.
func (k *datagram) maySend(p []byte, to netip.AddrPort) (netip.AddrPort, errno.Errno) {
	if e := k.enter(); e != errno.OK {
		return to, e
	}
	if k.shut[1] {
		return to, errno.EPIPE
	}
	if e := k.take(); e != errno.OK {
		return to, e
	}
	switch connected := k.RemoteAddr.IsValid(); {
	case !to.IsValid() && !connected:
		return to, errno.EDESTADDRREQ
	case !to.IsValid():
		to = k.RemoteAddr
	case !k.fits(to.Addr()):
		return to, errno.EAFNOSUPPORT
	case connected && !k.s.v.Sockets.MultiConnected:
		return to, errno.EISCONN
	}
	switch {
	case len(p) > k.send:
		return to, errno.EMSGSIZE
	case !k.s.memory.Room(account.Weight(len(p)) + account.PacketSelf):
		return to, errno.ENOBUFS
	}
	return to, errno.OK
}

// out gives the layer a message of a transport protocol.
func (k *socket) out(proto uint8, src, dst netip.Addr, m []byte) errno.Errno {
	s := k.s
	if k.V6 {
		h := ip6.Header{Src: src, Dst: dst, Proto: proto, HopLimit: int(k.ttl), NIC: ip6.Any}
		if k.Device >= 0 {
			h.NIC = k.Device
		}
		return s.send6(h, m)
	}
	h := ip4.Header{Src: src, Dst: dst, Proto: proto, TTL: k.ttl, TOS: k.tos, NIC: ip4.AnyNIC, AllowBroadcast: k.broadcast}
	if k.Device >= 0 {
		h.NIC = k.Device
	}
	if s.dialect == dialect.Linux && proto == packet.ProtoUDP { // inet_sock's inet_id: a counter of the socket's
		if k.ids == 0 {
			var b [2]byte
			s.host.Random(b[:])
			k.ids = binary.BigEndian.Uint16(b[:])
		}
		h.HasID, h.ID = true, k.ids
		k.ids++
	}
	return s.send4(&h, m)
}

// Recv implements inet.Socket.
func (k *datagram) Recv(p []byte) (int, netip.AddrPort, errno.Errno) { return k.recv(p, false) }

// Peek implements inet.Socket.
func (k *datagram) Peek(p []byte) (int, netip.AddrPort, errno.Errno) { return k.recv(p, true) }

// recv is soreceive: what waits is taken before an error is told.
func (k *datagram) recv(p []byte, peek bool) (int, netip.AddrPort, errno.Errno) {
	if e := k.enter(); e != errno.OK {
		return 0, netip.AddrPort{}, e
	}
	w, ok := k.receive.First()
	if !ok {
		switch e := k.take(); {
		case e != errno.OK || k.shut[0]:
			return 0, netip.AddrPort{}, e
		default:
			return 0, netip.AddrPort{}, errno.EWOULDBLOCK
		}
	}
	if !peek {
		k.receive.Take()
	}
	k.s.memory.Count(&k.counted, k.receive.Held())
	k.s.memory.Settle()
	k.gotTTL, k.cut = int(w.TTL), len(w.Data) > len(p)
	return copy(p, w.Data), w.From, errno.OK
}

// deliver queues a datagram for the socket's reader.
func (k *datagram) deliver(data []byte, from netip.AddrPort, ttl uint8, nic int) bool {
	s := k.s
	if k.shut[0] || !k.receive.Put(&s.v.Sockets, data, from, ttl, nic != ip4.Loopback) {
		return false
	}
	s.memory.Count(&k.counted, k.receive.Held())
	k.wake()
	return true
}

// Ready implements inet.Socket. There is always room to send.
func (k *datagram) Ready() int {
	if k.closed || k.s.closed {
		return kern.POLLNVAL
	}
	bits := kern.POLLOUT
	if k.receive.Len() > 0 || k.shut[0] {
		bits |= readable
	}
	if k.err != errno.OK {
		bits |= failed
	}
	return bits
}

// Shutdown implements inet.Socket.
func (k *datagram) Shutdown(read, write bool) errno.Errno {
	switch e := k.enter(); {
	case e != errno.OK:
		return e
	case !read && !write:
		return errno.EINVAL
	case !k.RemoteAddr.IsValid():
		return errno.ENOTCONN
	}
	k.shut[0] = k.shut[0] || read
	k.shut[1] = k.shut[1] || write
	k.wake()
	k.s.leave()
	return errno.OK
}

// Close implements inet.Socket.
func (k *datagram) Close() {
	if k.enter() == errno.OK {
		k.s.sockets.udp.Take(k.PCB)
		k.forget()
	}
}

func (k *datagram) forget() {
	k.receive = sockbuf.Buffer{}
	k.s.memory.Count(&k.counted, 0)
	k.s.unregister(&k.socket)
	k.s.leave()
}
