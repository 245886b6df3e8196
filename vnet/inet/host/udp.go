package host

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/inet/ip4"
	"wireloom/vnet/inet/ip6"
	"wireloom/vnet/inet/tcp"
	"wireloom/vnet/packet"
)

// up4 takes a datagram that IPv4 brings up.
func (s *Stack) up4(u *ip4.Up) {
	switch p := u.Packet; p.Protocol() {
	case packet.ProtoUDP:
		from, to, data, ok := s.parseUDP(p.Src(), p.Dst(), p.Payload())
		switch {
		case !ok:
		case u.Dst != ip4.ToUs:
			s.spread(from, to, data, p.TTL(), u)
		case !s.udpIn(from, to, data, p.TTL(), u.NIC):
			if u.Link != ip4.Unicast {
				s.stats.NoSocketGroup++
			} else {
				s.stats.NoSocket++
			}
			s.nobody(from, to, u)
		}
	case packet.ProtoTCP:
		if !u.Silent() {
			s.tcpIn(p.Src(), p.Dst(), p.Payload(), u.NIC)
		}
	case packet.ProtoICMP:
		s.icmpIn(p.Src(), p.Payload(), p.TTL(), u.NIC)
	}
}

// nobody answers a datagram that no socket wants.
func (s *Stack) nobody(from, to netip.AddrPort, u *ip4.Up) {
	v := &s.v.Sockets
	if v.UDPLogInVain && !u.Silent() {
		s.host.Console(fmt.Sprintf("Connection attempt to UDP %v from %v", to, from))
	}
	if v.UDPBlackhole {
		return
	}
	s.ip4.PortUnreachable(s.now, u, &s.out4)
	s.doOut4(&s.out4)
	s.console(s.out4.Console)
	s.out4.Reset()
}

// up6 is up4 of IPv6.
func (s *Stack) up6(u *ip6.Up) {
	switch u.Proto {
	case packet.ProtoUDP:
		from, to, data, ok := s.parseUDP(u.Src, u.Dst, u.Payload)
		switch {
		case !ok:
		case s.udpIn(from, to, data, u.HopLimit, u.NIC):
		case u.Group:
			s.stats.NoSocketGroup++
		default:
			s.stats.NoSocket++
			s.ip6.Unreachable(s.now, u.NIC, u.Group, 4, u.Packet, &s.out6)
			s.doOut6(&s.out6)
			s.out6.Reset()
		}
	case packet.ProtoTCP:
		if !u.Group {
			s.tcpIn(u.Src, u.Dst, u.Payload, u.NIC)
		}
	case packet.ProtoICMPv6:
		s.icmpIn(u.Src, u.Payload, u.HopLimit, u.NIC)
	}
}

// parseUDP is the beginning of udp_input.
func (s *Stack) parseUDP(src, dst netip.Addr, p []byte) (from, to netip.AddrPort, data []byte, ok bool) {
	s.stats.Received++
	if len(p) < packet.UDPLen {
		s.stats.IncompleteHead++
		return from, to, nil, false
	}
	n := int(binary.BigEndian.Uint16(p[4:]))
	if n < packet.UDPLen || n > len(p) {
		s.stats.BadLength++
		return from, to, nil, false
	}
	if p[2]|p[3] == 0 && s.dialect != dialect.Linux {
		return from, to, nil, false // "destination port of 0 is illegal": udp_input, udp6_input
	}
	p = p[:n]
	switch sum := binary.BigEndian.Uint16(p[6:]); {
	case sum == 0 && src.Is4():
		s.stats.NoChecksum++
	case sum == 0 || packet.TransportChecksum(src, dst, packet.ProtoUDP, p) != 0:
		s.stats.BadChecksum++
		return from, to, nil, false
	}
	from = netip.AddrPortFrom(src, binary.BigEndian.Uint16(p))
	to = netip.AddrPortFrom(dst, binary.BigEndian.Uint16(p[2:]))
	return from, to, p[packet.UDPLen:], true
}

// udpIn gives a datagram to its socket; false if there is none.
func (s *Stack) udpIn(from, to netip.AddrPort, data []byte, ttl uint8, nic int) bool {
	p := s.sockets.udp.find(to, from, nic)
	if p == nil {
		return false
	}
	s.udpTo(p, from, data, ttl, nic)
	return true
}

func (s *Stack) udpTo(p *pcb, from netip.AddrPort, data []byte, ttl uint8, nic int) {
	if k := p.own.(*datagram); k.deliver(data, from, ttl, nic) {
		s.stats.Delivered++
	} else {
		s.stats.FullBuffer++
	}
}

// spread gives a broadcast, or what went to a group, to each socket that it is for. On
// FreeBSD and DragonFly a group's is for who has joined the group alone, which no socket
// here can.
func (s *Stack) spread(from, to netip.AddrPort, data []byte, ttl uint8, u *ip4.Up) {
	any := false
	joined := u.Dst == ip4.ToBroadcast || s.dialect == dialect.NetBSD || s.dialect == dialect.Linux
	for p := s.sockets.udp.on(false, to.Port()); p != nil && joined; p = p.next {
		switch a := p.local.Addr(); {
		case p.device >= 0 && p.device != u.NIC, !a.IsUnspecified() && a != to.Addr(), p.remote.IsValid() && p.remote != from:
			continue
		}
		any = true
		s.udpTo(p, from, data, ttl, u.NIC)
		if !p.reuseAddr && !p.reusePort {
			break // nobody else can be bound to it
		}
	}
	if !any {
		s.stats.NoSocketGroup++
		if to.Addr() != broadcast4 { // NetBSD, and the frame was for this host alone
			s.nobody(from, to, u)
		}
	}
}

// quoted4 tells a socket of an ICMP error about what it sent.
func (s *Stack) quoted4(q *ip4.Quoted) {
	p := q.Packet
	b := p.Payload()
	if len(b) < 8 {
		return
	}
	local := netip.AddrPortFrom(p.Src(), binary.BigEndian.Uint16(b))
	remote := netip.AddrPortFrom(p.Dst(), binary.BigEndian.Uint16(b[2:]))
	switch p.Protocol() {
	case packet.ProtoUDP:
		if s.udpFailed(local, remote, q.Errno) && q.MTU > 0 {
			s.ip4.TooBig(s.now, q)
		}
	case packet.ProtoTCP:
		m := tcp.ICMP{Type: q.Type, Code: q.Code, MTU: q.MTU, Seq: binary.BigEndian.Uint32(b[4:])}
		if s.tcpFailed(local, remote, m) && q.MTU > 0 {
			s.ip4.TooBig(s.now, q)
		}
	}
}

// quoted6 is quoted4 of IPv6.
func (s *Stack) quoted6(q *ip6.Quoted) {
	if len(q.Quote) < 8 {
		return
	}
	local := netip.AddrPortFrom(q.Src, binary.BigEndian.Uint16(q.Quote))
	remote := netip.AddrPortFrom(q.Dst, binary.BigEndian.Uint16(q.Quote[2:]))
	switch q.Proto {
	case packet.ProtoUDP:
		e := q.Errno()
		if s.dialect == dialect.Linux {
			e = errnoOf6(q.Type, q.Code)
		}
		s.udpFailed(local, remote, e)
	case packet.ProtoTCP:
		s.tcpFailed(local, remote, tcp.ICMP{Type: q.Type, Code: q.Code, MTU: q.MTU, Seq: binary.BigEndian.Uint32(q.Quote[4:])})
	}
}

// errnoOf6 is what a socket of Linux is told of an ICMPv6 error: icmpv6_err_convert.
func errnoOf6(typ, code uint8) errno.Errno {
	switch {
	case typ == 1 && code == 4:
		return errno.ECONNREFUSED
	case typ == 1, typ == 3:
		return errno.EHOSTUNREACH
	case typ == 2:
		return errno.EMSGSIZE
	case typ == 4:
		return errno.ENOPROTOOPT
	}
	return errno.OK
}

// udpFailed tells a connected socket of an error; false if there is none. An unconnected
// one hears of no error.
func (s *Stack) udpFailed(local, remote netip.AddrPort, e errno.Errno) (found bool) {
	for p := s.sockets.udp.on(local.Addr().Is6(), local.Port()); p != nil; p = p.next {
		if p.remote == remote && p.local == local {
			found = true
			p.own.(*datagram).fail(e)
		} else if !p.remote.IsValid() && (p.local == local || p.local.Addr().IsUnspecified()) {
			found = true
		}
	}
	return found
}
