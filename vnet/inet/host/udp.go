package host

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/inet/host/pcb"
	"wireloom/vnet/inet/host/udp"
	"wireloom/vnet/inet/ip4"
	"wireloom/vnet/inet/ip6"
	"wireloom/vnet/inet/ip6/wire"
	"wireloom/vnet/inet/tcp"
	"wireloom/vnet/packet"
)

// up4 takes a datagram that IPv4 brings up.
func (s *Stack) up4(u *ip4.Up) {
	switch p := u.Packet; p.Protocol() {
	case packet.ProtoUDP:
		d, ok := s.parseUDP(p.Src(), p.Dst(), p.Payload())
		switch {
		case !ok:
		case u.Dst != ip4.ToUs:
			s.spread(&d, p.TTL(), u)
		case !s.udpIn(&d, p.TTL(), u.NIC):
			if u.Link != ip4.Unicast {
				s.stats.NoSocketGroup++
			} else {
				s.stats.NoSocket++
			}
			s.nobody(d.From, d.To, u)
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
		d, ok := s.parseUDP(u.Src, u.Dst, u.Payload)
		switch {
		case !ok:
		case s.udpIn(&d, u.HopLimit, u.NIC):
		case u.Group:
			s.stats.NoSocketGroup++
		default:
			s.stats.NoSocket++
			s.ip6.Unreachable(s.now, u.NIC, u.Group, wire.NoPort, u.Packet, &s.out6)
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
func (s *Stack) parseUDP(src, dst netip.Addr, p []byte) (udp.Datagram, bool) {
	s.stats.Received++
	d, fault := udp.Parse(src, dst, p)
	switch {
	case fault == udp.Short:
		s.stats.IncompleteHead++
	case fault == udp.BadLength:
		s.stats.BadLength++
	case d.To.Port() == 0 && s.dialect != dialect.Linux: // "destination port of 0 is illegal": udp_input, udp6_input
		return d, false
	case fault == udp.BadChecksum:
		s.stats.BadChecksum++
	case d.Bare:
		s.stats.NoChecksum++
	}
	return d, fault == udp.OK
}

// udpIn gives a datagram to its socket; false if there is none.
func (s *Stack) udpIn(d *udp.Datagram, ttl uint8, nic int) bool {
	p := s.sockets.udp.Find(d.To, d.From, nic)
	if p == nil {
		return false
	}
	s.udpTo(p, d, ttl, nic)
	return true
}

func (s *Stack) udpTo(p *pcb.PCB, d *udp.Datagram, ttl uint8, nic int) {
	if k := p.Own.(*datagram); k.deliver(d.Data, d.From, ttl, nic) {
		s.stats.Delivered++
	} else {
		s.stats.FullBuffer++
	}
}

// spread gives a broadcast, or what went to a group, to each socket that it is for. On
// FreeBSD and DragonFly a group's is for who has joined the group alone, which no socket
// here can.
func (s *Stack) spread(d *udp.Datagram, ttl uint8, u *ip4.Up) {
	any := false
	joined := u.Dst == ip4.ToBroadcast || s.dialect == dialect.NetBSD || s.dialect == dialect.Linux
	for p := s.sockets.udp.On(false, d.To.Port()); p != nil && joined; p = p.Next() {
		switch a := p.LocalAddr.Addr(); {
		case p.Device >= 0 && p.Device != u.NIC, !a.IsUnspecified() && a != d.To.Addr(), p.RemoteAddr.IsValid() && p.RemoteAddr != d.From:
			continue
		}
		any = true
		s.udpTo(p, d, ttl, u.NIC)
		if !p.ReuseAddr && !p.ReusePort {
			break // nobody else can be bound to it
		}
	}
	if !any {
		s.stats.NoSocketGroup++
		if d.To.Addr() != broadcast4 { // NetBSD, and the frame was for this host alone
			s.nobody(d.From, d.To, u)
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
		s.udpFailed(local, remote, wire.Errno(s.dialect, q.Type, q.Code))
	case packet.ProtoTCP:
		s.tcpFailed(local, remote, tcp.ICMP{Type: q.Type, Code: q.Code, MTU: q.MTU, Seq: binary.BigEndian.Uint32(q.Quote[4:])})
	}
}

// udpFailed tells a connected socket of an error; false if there is none. An unconnected
// one hears of no error.
func (s *Stack) udpFailed(local, remote netip.AddrPort, e errno.Errno) (found bool) {
	for p := s.sockets.udp.On(local.Addr().Is6(), local.Port()); p != nil; p = p.Next() {
		if p.RemoteAddr == remote && p.LocalAddr == local {
			found = true
			p.Own.(*datagram).fail(e)
		} else if !p.RemoteAddr.IsValid() && (p.LocalAddr == local || p.LocalAddr.Addr().IsUnspecified()) {
			found = true
		}
	}
	return found
}
