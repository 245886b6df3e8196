package host

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
	"wireloom/vnet/inet/host/pcb"
)

// unspecified is the family's address of no host.
func unspecified(v6 bool) netip.Addr {
	if v6 {
		return netip.IPv6Unspecified()
	}
	return netip.IPv4Unspecified()
}

// bind gives a pcb a local address and port: EINVAL if it has one, EADDRNOTAVAIL for an
// address of another host, EADDRINUSE. Port 0 is any that is free.
func (s *Stack) bind(t *pcb.Ports, k *pcb.PCB, a netip.AddrPort) errno.Errno {
	addr := a.Addr()
	if !addr.IsValid() {
		addr = unspecified(k.V6)
	}
	switch {
	case k.LocalAddr.Port() != 0 || k.LocalAddr.Addr().IsValid() && !k.LocalAddr.Addr().IsUnspecified():
		return errno.EINVAL
	case !addr.IsUnspecified() && !addr.IsMulticast() && !s.bindable(addr, k.Device):
		return errno.EADDRNOTAVAIL
	}
	port := a.Port()
	if port == 0 {
		if port = s.ephemeral(*t, k, addr); port == 0 {
			return errno.EADDRNOTAVAIL
		}
	} else if t.Taken(k, netip.AddrPortFrom(addr, port)) {
		return errno.EADDRINUSE
	}
	k.LocalAddr = netip.AddrPortFrom(addr, port)
	t.Put(k)
	return errno.OK
}

// bindable says whether a socket may have an address: one of the host's, or of IPv4 the
// broadcast address of a network of its.
func (s *Stack) bindable(a netip.Addr, device int) bool {
	switch {
	case a.Is6():
		return a == netip.IPv6Loopback() || s.ip6.Local(a, device)
	case a == loopback4, a == broadcast4, s.own(a) != nil:
		return true
	}
	return s.broadcastOf(a)
}

var (
	loopback4  = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	broadcast4 = netip.AddrFrom4([4]byte{255, 255, 255, 255})
)

// broadcastOf says whether an address is the broadcast address of a network of the host's.
func (s *Stack) broadcastOf(a netip.Addr) bool {
	for _, i := range s.ifs {
		if !i.ip && slices.ContainsFunc(i.Addrs, func(p netip.Prefix) bool { return p.Bits() < 31 && p.Contains(a) && a == lastOf(p) }) {
			return true
		}
	}
	return false
}

// lastOf is the last address of an IPv4 network.
func lastOf(p netip.Prefix) netip.Addr {
	b := p.Addr().As4()
	n := binary.BigEndian.Uint32(b[:]) | (1<<(32-p.Bits()) - 1)
	binary.BigEndian.PutUint32(b[:], n)
	return netip.AddrFrom4(b)
}

// ephemeral is a port that nobody has: in_pcb_lport; 0 if there is none.
func (s *Stack) ephemeral(t pcb.Ports, k *pcb.PCB, addr netip.Addr) uint16 {
	v := &s.v.Sockets
	first, last := uint16(v.FirstPort), uint16(v.LastPort)
	if last < first {
		return 0
	}
	after := s.sockets.lastPort
	if v.Ports == inet.PortsRandom {
		var b [4]byte
		s.host.Random(b[:])
		after = first + uint16(binary.BigEndian.Uint32(b[:])%(uint32(last)-uint32(first)+1))
	}
	port := t.Ephemeral(k, addr, first, last, after)
	if port != 0 {
		s.sockets.lastPort = port
	}
	return port
}
