package host

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
)

// A pcb is what a socket or a connection is to the protocol: its addresses, as in_pcb.h
// has them. One that has a local port is in the table of its protocol.
type pcb struct {
	local, remote netip.AddrPort // remote is invalid while there is none
	device        int            // the interface that it is bound to; below 0 for none
	reuseAddr     bool
	reusePort     bool
	v6            bool
	own           any // the *datagram, *echo or *end that it is part of
	prev, next    *pcb
}

// ports are the pcbs of a protocol by local port and family, each list in the order of
// binding.
type ports map[uint32]*pcb

func portKey(v6 bool, port uint16) uint32 {
	if v6 {
		return 1<<16 | uint32(port)
	}
	return uint32(port)
}

// put adds a pcb that has its local port.
func (t *ports) put(k *pcb) {
	if *t == nil {
		*t = ports{}
	}
	key := portKey(k.v6, k.local.Port())
	first := (*t)[key]
	if first == nil {
		k.prev, k.next = k, nil // the first one's prev is the last
		(*t)[key] = k
		return
	}
	last := first.prev
	last.next, k.prev, k.next = k, last, nil
	first.prev = k
}

// take takes a pcb out.
func (t ports) take(k *pcb) {
	key := portKey(k.v6, k.local.Port())
	first := t[key]
	switch {
	case k.prev == nil:
		return // it is not there
	case first == k && k.next == nil:
		delete(t, key)
	case first == k:
		k.next.prev = k.prev
		t[key] = k.next
	default:
		k.prev.next = k.next
		if k.next != nil {
			k.next.prev = k.prev
		} else {
			first.prev = k.prev
		}
	}
	k.prev, k.next = nil, nil
}

// on is the list of a port.
func (t ports) on(v6 bool, port uint16) *pcb { return t[portKey(v6, port)] }

// taken says whether a pcb may not have a local address and port: in_pcbbind and
// in_pcblookup_local. Without SO_REUSEADDR any other on the port is in the way that has
// the address or any.
func (t ports) taken(k *pcb, local netip.AddrPort) bool {
	wild := !k.reuseAddr && !k.reusePort
	for p := t.on(k.v6, local.Port()); p != nil; p = p.next {
		same := p.local.Addr() == local.Addr()
		any := p.local.Addr().IsUnspecified() || local.Addr().IsUnspecified()
		switch {
		case p == k, k.device >= 0 && p.device >= 0 && k.device != p.device:
		case wild && (same || any), same && !p.remote.IsValid():
			if !k.reusePort || !p.reusePort {
				return true
			}
		}
	}
	return false
}

// unspecified is the family's address of no host.
func unspecified(v6 bool) netip.Addr {
	if v6 {
		return netip.IPv6Unspecified()
	}
	return netip.IPv4Unspecified()
}

// bind gives a pcb a local address and port: EINVAL if it has one, EADDRNOTAVAIL for an
// address of another host, EADDRINUSE. Port 0 is any that is free.
func (s *Stack) bind(t *ports, k *pcb, a netip.AddrPort) errno.Errno {
	addr := a.Addr()
	if !addr.IsValid() {
		addr = unspecified(k.v6)
	}
	switch {
	case k.local.Port() != 0 || k.local.Addr().IsValid() && !k.local.Addr().IsUnspecified():
		return errno.EINVAL
	case !addr.IsUnspecified() && !addr.IsMulticast() && !s.bindable(addr, k.device):
		return errno.EADDRNOTAVAIL
	}
	port := a.Port()
	if port == 0 {
		if port = s.ephemeral(*t, k, addr); port == 0 {
			return errno.EADDRNOTAVAIL
		}
	} else if t.taken(k, netip.AddrPortFrom(addr, port)) {
		return errno.EADDRINUSE
	}
	k.local = netip.AddrPortFrom(addr, port)
	t.put(k)
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

// ephemeral finds a port that nobody has: in_pcb_lport; 0 if there is none.
func (s *Stack) ephemeral(t ports, k *pcb, addr netip.Addr) uint16 {
	v := &s.v.Sockets
	first, last := uint16(v.FirstPort), uint16(v.LastPort)
	n := int(last) - int(first) + 1
	if n <= 0 {
		return 0
	}
	port := s.sockets.lastPort
	if v.Ports == inet.PortsRandom {
		var b [4]byte
		s.host.Random(b[:])
		port = first + uint16(binary.BigEndian.Uint32(b[:])%uint32(n))
	}
	wild := pcb{v6: k.v6, device: k.device}
	for range n {
		if port++; port < first || port > last {
			port = first
		}
		if !t.taken(&wild, netip.AddrPortFrom(addr, port)) {
			s.sockets.lastPort = port
			return port
		}
	}
	return 0
}

// find returns who gets a packet from remote to local that came in by an interface: a
// connection before a socket of that address before one of any address.
func (t ports) find(local, remote netip.AddrPort, nic int) *pcb {
	var best *pcb
	score := 0
	for p := t.on(local.Addr().Is6(), local.Port()); p != nil; p = p.next {
		n := 1
		switch {
		case p.device >= 0 && p.device != nic:
			continue
		case p.remote.IsValid() && p.remote != remote:
			continue
		case p.remote.IsValid():
			n += 4
		}
		switch {
		case p.local.Addr() == local.Addr():
			n += 2
		case !p.local.Addr().IsUnspecified():
			continue
		}
		if n > score {
			best, score = p, n
		}
	}
	return best
}
