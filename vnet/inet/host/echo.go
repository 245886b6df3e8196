package host

import (
	"net/netip"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/packet"
)

// An echo is an ICMP socket: as ping(8)'s raw socket it sees the errors about its requests
// too, and unlike it nothing of other sockets' business. Its port is the identifier of its
// requests.
type echo struct{ datagram }

// Bind implements inet.Socket; port 0 is any identifier that is free.
func (k *echo) Bind(a netip.AddrPort) errno.Errno {
	if e := k.enter(); e != errno.OK {
		return e
	}
	addr := a.Addr()
	switch {
	case !k.fits(addr):
		return errno.EAFNOSUPPORT
	case k.LocalAddr.Port() != 0:
		return errno.EINVAL
	case addr.IsValid() && !addr.IsUnspecified() && !k.s.bindable(addr, k.Device):
		return errno.EADDRNOTAVAIL
	case !addr.IsValid():
		addr = unspecified(k.V6)
	}
	return k.identify(addr, a.Port())
}

// identify gives the socket an identifier that no other has.
func (k *echo) identify(addr netip.Addr, want uint16) errno.Errno {
	t := &k.s.sockets
	if want != 0 && (t.icmp.On(false, want) != nil || t.icmp.On(true, want) != nil) {
		return errno.EADDRINUSE
	}
	for want == 0 { // there are fewer sockets than identifiers
		if t.lastID++; t.lastID != 0 && t.icmp.On(false, t.lastID) == nil && t.icmp.On(true, t.lastID) == nil {
			want = t.lastID
		}
	}
	k.LocalAddr = netip.AddrPortFrom(addr, want)
	t.icmp.Put(k.PCB)
	return errno.OK
}

// Connect implements inet.Socket: Send needs no address then, and replies are taken from
// there only.
func (k *echo) Connect(a netip.AddrPort) errno.Errno {
	if e := k.enter(); e != errno.OK {
		return e
	}
	switch {
	case !k.fits(a.Addr()):
		return errno.EAFNOSUPPORT
	case !a.IsValid() || a.Addr().IsUnspecified():
		return errno.EADDRNOTAVAIL
	}
	_, dst, e := k.way(a.Addr())
	if e != errno.OK {
		return e
	}
	k.RemoteAddr = netip.AddrPortFrom(dst, 0)
	if k.LocalAddr.Port() == 0 {
		return k.identify(k.LocalAddr.Addr(), 0)
	}
	return errno.OK
}

// Send implements inet.Socket. p is an echo request; its identifier and checksum are filled
// in.
func (k *echo) Send(p []byte, to netip.AddrPort) (int, errno.Errno) {
	to, e := k.maySend(p, to)
	if e != errno.OK {
		return 0, e
	}
	m, err := packet.ParseICMP(p)
	switch {
	case err != nil:
		return 0, errno.EINVAL
	case k.V6 && m.Type() != packet.ICMPv6Echo, !k.V6 && m.Type() != packet.ICMPEcho:
		return 0, errno.EPERM // the rest is the stack's to say
	}
	if k.LocalAddr.Port() == 0 {
		if e := k.identify(k.LocalAddr.Addr(), 0); e != errno.OK {
			return 0, e
		}
	}
	s := k.s
	src, dst, e := k.way(to.Addr())
	if e == errno.ENETUNREACH && s.dialect != dialect.Linux {
		e = errno.EHOSTUNREACH // ip_output says so; a raw socket has not asked in_pcbladdr
	}
	if e != errno.OK {
		return 0, e
	}
	s.message = append(s.message[:0], p...)
	m = packet.ICMP(s.message)
	m.SetID(k.LocalAddr.Port())
	m.SetChecksum(0)
	proto := packet.ProtoICMP
	if k.V6 {
		proto = packet.ProtoICMPv6
		m.SetChecksum(packet.TransportChecksum(src, dst, proto, m))
	} else {
		m.SetChecksum(packet.Checksum(m))
	}
	e = k.out(proto, src, dst, m)
	s.leave()
	return counted(len(p), e)
}

// Close implements inet.Socket.
func (k *echo) Close() {
	if k.enter() == errno.OK {
		k.s.sockets.icmp.Take(k.PCB)
		k.forget()
	}
}

// icmpIn gives a message that the host does not answer itself to the socket that it
// concerns.
func (s *Stack) icmpIn(from netip.Addr, msg []byte, ttl uint8, nic int) {
	m, err := packet.ParseICMP(msg)
	if err != nil {
		return
	}
	id, reply, ok := concerns(m, from.Is6())
	if !ok {
		return
	}
	p := s.sockets.icmp.On(from.Is6(), id)
	if p == nil || reply && p.RemoteAddr.IsValid() && p.RemoteAddr.Addr() != from {
		return
	}
	if !p.Own.(*echo).deliver(msg, netip.AddrPortFrom(from, 0), ttl, nic) {
		s.stats.FullICMP++
	}
}

// concerns returns the identifier of the requests that a message is a reply to, or an
// error about.
func concerns(m packet.ICMP, v6 bool) (id uint16, reply, ok bool) {
	if v6 {
		switch {
		case m.Type() == packet.ICMPv6EchoReply:
			return m.ID(), true, true
		case !m.IsError6():
			return 0, false, false
		}
		p, err := packet.ParseIPv6Header(m.Payload())
		if err != nil || p.NextHeader() != packet.ProtoICMPv6 {
			return 0, false, false
		}
		id, ok = request(p.Payload(), packet.ICMPv6Echo)
		return id, false, ok
	}
	switch {
	case m.Type() == packet.ICMPEchoReply:
		return m.ID(), true, true
	case !m.IsError4():
		return 0, false, false
	}
	p, err := packet.ParseIPv4Header(m.Payload())
	if err != nil || p.Protocol() != packet.ProtoICMP {
		return 0, false, false
	}
	id, ok = request(p.Payload(), packet.ICMPEcho)
	return id, false, ok
}

// request returns the identifier of a request that b begins with.
func request(b []byte, echo uint8) (id uint16, ok bool) {
	m, err := packet.ParseICMP(b)
	if err != nil || m.Type() != echo {
		return 0, false
	}
	return m.ID(), true
}

// SetOption implements inet.Socket: it has its time to live and its buffers.
func (k *echo) SetOption(o inet.SockOpt, v int) errno.Errno {
	switch o {
	case inet.IP_TTL, inet.IP_TOS, inet.SO_RCVBUF, inet.SO_SNDBUF, inet.SO_BROADCAST:
		return k.datagram.SetOption(o, v)
	default:
		if e := k.enter(); e != errno.OK {
			return e
		}
		return errno.ENOPROTOOPT
	}
}
