package hoststack

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
	"wireloom/vnet/packet"
)

// link returns the interface with a number, nil if there is none.
func (s *netStack) link(nic int) *link {
	if s.closed || nic < 0 || nic >= len(s.links) || s.links[nic].detached {
		return nil
	}
	return s.links[nic]
}

// Attach implements inet.Stack. netstack's interfaces are never taken away, which
// would end what waits there in the order of a map: one that was detached, and has
// neither addresses nor routes, is used for the next interface of its kind.
func (s *netStack) Attach(n inet.StackNIC) (int, error) {
	kind := etherLink
	if n.IP {
		kind = ipLink
	}
	i := slices.IndexFunc(s.links, func(l *link) bool { return l.detached && l.kind == kind })
	if i < 0 {
		if len(s.links) >= 2*maxInterfaces {
			return 0, fmt.Errorf("a stack has had %d interfaces and gets no more", len(s.links))
		}
		i = len(s.links)
		l := &link{s: s, kind: kind, nic: i, id: firstNIC + tcpip.NICID(i), addr: tcpip.LinkAddress(n.MAC[:]), mtu: uint32(n.MTU), name: n.Name}
		if kind == ipLink {
			l.addr = ""
		}
		if err := s.st.CreateNICWithOptions(l.id, l, stack.NICOptions{Name: n.Name}); err != nil {
			return 0, fmt.Errorf("interface %s: %s", n.Name, err)
		}
		// netstack is strict: without forwarding it takes no packet for an address of
		// another interface. The BSDs do, so admit does the rest.
		if _, err := s.st.SetNICForwarding(l.id, header.IPv4ProtocolNumber, true); err != nil {
			return 0, fmt.Errorf("interface %s: forwarding: %s", n.Name, err)
		}
		s.links = append(s.links, l)
	}
	l := s.links[i]
	l.detached, l.up, l.name = false, true, n.Name
	if err := s.st.SetNICName(l.id, n.Name); err != nil {
		return 0, fmt.Errorf("interface %s: %s", n.Name, err)
	}
	l.SetMTU(uint32(n.MTU))
	s.SetMAC(i, n.MAC)
	s.setForwarding6(l)
	for _, p := range n.Addresses {
		if _, err := s.usable(l, p); err != nil {
			return 0, err
		}
		if e := s.AddAddress(i, p); e != errno.OK {
			return 0, fmt.Errorf("interface %s: %s: %s", n.Name, p, e.Message())
		}
	}
	return i, nil
}

// Detach implements inet.Stack.
func (s *netStack) Detach(nic int) {
	l := s.link(nic)
	if l == nil {
		return
	}
	s.clock.set(s.host.Now())
	s.giveBack(l)
	for len(l.addrs) > 0 {
		s.dropAddress(l, l.addrs[0].AddressWithPrefix.Address)
	}
	s.st.RemoveRoutes(func(r tcpip.Route) bool { return r.NIC == l.id })
	s.forgetAll(l)
	l.detached, l.up = true, false
	s.settle()
}

// forgetAll takes the neighbours of an interface away, in the order of their addresses.
func (s *netStack) forgetAll(l *link) {
	for _, proto := range networks {
		es, err := s.st.Neighbors(l.id, proto)
		if err != nil {
			continue // the protocol has no table on this interface
		}
		slices.SortFunc(es, func(a, b stack.NeighborEntry) int { return fromAddress(a.Addr).Compare(fromAddress(b.Addr)) })
		for _, e := range es {
			s.forget(hop{l.id, e.Addr})
		}
	}
}

// SetUp implements inet.Stack.
func (s *netStack) SetUp(nic int, up bool) {
	if l := s.link(nic); l != nil {
		l.up = up
	}
}

// SetMTU implements inet.Stack.
func (s *netStack) SetMTU(nic, mtu int) {
	if l := s.link(nic); l != nil {
		l.SetMTU(uint32(mtu))
	}
}

// SetMAC implements inet.Stack.
func (s *netStack) SetMAC(nic int, mac packet.MAC) {
	l := s.link(nic)
	if l == nil || l.kind != etherLink || l.addr == tcpip.LinkAddress(mac[:]) {
		return
	}
	l.addr = tcpip.LinkAddress(mac[:])
	for _, a := range l.addrs {
		s.reachItself(l, a)
	}
}

// reachItself lets what the host sends to its own address go to its own MAC address:
// see link.
func (s *netStack) reachItself(l *link, a tcpip.ProtocolAddress) {
	if l.kind == etherLink {
		// It fails for an interface without neighbours alone.
		_ = s.st.AddStaticNeighbor(l.id, a.Protocol, a.AddressWithPrefix.Address, l.addr)
	}
}

// AddAddress implements inet.Stack.
func (s *netStack) AddAddress(nic int, p netip.Prefix) errno.Errno {
	l := s.link(nic)
	if l == nil {
		return errno.ENXIO
	}
	if e, err := s.usable(l, p); err != nil {
		return e
	}
	s.clock.set(s.host.Now())
	defer s.settle()
	pa := protocolAddress(p)
	if err := s.st.AddProtocolAddress(l.id, pa, stack.AddressProperties{}); err != nil {
		return errnoOf(err)
	}
	l.addrs = append(l.addrs, pa)
	s.own[pa.AddressWithPrefix.Address] = l
	s.reachItself(l, pa)
	return errno.OK
}

// RemoveAddress implements inet.Stack.
func (s *netStack) RemoveAddress(nic int, a netip.Addr) errno.Errno {
	l := s.link(nic)
	if l == nil {
		return errno.ENXIO
	}
	addr := toAddress(a)
	if s.own[addr] != l {
		return errno.EADDRNOTAVAIL
	}
	s.clock.set(s.host.Now())
	defer s.settle()
	s.dropAddress(l, addr)
	return errno.OK
}

func (s *netStack) dropAddress(l *link, a tcpip.Address) {
	l.addrs = slices.DeleteFunc(l.addrs, func(x tcpip.ProtocolAddress) bool { return x.AddressWithPrefix.Address == a })
	delete(s.own, a)
	// It is one of the interface's, so this does not fail.
	_ = s.st.RemoveAddress(l.id, a)
	s.forget(hop{l.id, a})
}

// SetRoutes implements inet.Stack. A route by an interface that has no address of its
// family, nor can borrow one, is left out: netstack would look for one on any other, in the
// order of a map.
func (s *netStack) SetRoutes(routes []inet.StackRoute) {
	if s.closed {
		return
	}
	s.clock.set(s.host.Now())
	for _, l := range s.links {
		if s.own[l.borrowed] == nil || l.has(header.IPv6ProtocolNumber) {
			s.giveBack(l)
		}
	}
	table := []tcpip.Route{}
	for _, p := range loopbackAddresses {
		table = append(table, tcpip.Route{Destination: protocolAddress(p).AddressWithPrefix.Subnet(), NIC: s.lo.id})
	}
	for _, r := range routes {
		l := s.link(r.NIC)
		if l == nil || !l.has(networkFor(r.To.Addr())) && !s.borrow(l, r.To.Addr()) {
			continue
		}
		t := tcpip.Route{Destination: subnet(r.To), NIC: l.id}
		if r.Via.IsValid() {
			t.Gateway = toAddress(r.Via)
		}
		table = append(table, t)
	}
	slices.SortStableFunc(table, func(a, b tcpip.Route) int { return cmp.Compare(b.Destination.Prefix(), a.Destination.Prefix()) })
	s.st.SetRouteTable(table)
	s.routes++
	s.settle()
}

// has says whether an interface has an address of a family.
func (l *link) has(proto tcpip.NetworkProtocolNumber) bool {
	return slices.ContainsFunc(l.addrs, func(a tcpip.ProtocolAddress) bool { return a.Protocol == proto })
}

// borrow lends a tun that an IPv6 route goes by, and that has no IPv6 address, the first one
// of another interface. A BSD sends from there (in6_src.c), and forwards without any; netstack
// needs one on the interface itself. IPv4 routes are refused without one.
func (s *netStack) borrow(l *link, to netip.Addr) bool {
	if l.borrowed != (tcpip.Address{}) || l.kind != ipLink || !to.Is6() {
		return l.borrowed != (tcpip.Address{}) && to.Is6()
	}
	for _, other := range s.links {
		for _, a := range other.addrs {
			if a.Protocol != header.IPv6ProtocolNumber || header.IsV6LinkLocalUnicastAddress(a.AddressWithPrefix.Address) {
				continue
			}
			pa := tcpip.ProtocolAddress{Protocol: a.Protocol, AddressWithPrefix: a.AddressWithPrefix.Address.WithPrefix()}
			if s.st.AddProtocolAddress(l.id, pa, stack.AddressProperties{}) != nil {
				return false
			}
			l.borrowed = a.AddressWithPrefix.Address
			return true
		}
	}
	return false
}

// giveBack takes away what an interface has borrowed.
func (s *netStack) giveBack(l *link) {
	if l.borrowed != (tcpip.Address{}) {
		_ = s.st.RemoveAddress(l.id, l.borrowed) // it has it, so this does not fail
		l.borrowed = tcpip.Address{}
	}
}

// subnet is a prefix as netstack has it, for which the one of length 0 has an address too.
func subnet(p netip.Prefix) tcpip.Subnet {
	a := tcpip.AddressWithPrefix{Address: tcpip.AddrFromSlice(p.Masked().Addr().AsSlice()), PrefixLen: p.Bits()}
	return a.Subnet()
}
