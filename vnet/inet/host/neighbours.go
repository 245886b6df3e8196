package host

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
	"wireloom/vnet/inet/arp"
	"wireloom/vnet/inet/ip4"
	"wireloom/vnet/inet/ip6"
	"wireloom/vnet/packet"
)

// Neighbours implements inet.Stack.
func (s *Stack) Neighbours() []inet.Neighbour {
	if s.closed {
		return nil
	}
	var out []inet.Neighbour
	for _, i := range s.ifs {
		if i.arp == nil {
			continue
		}
		for _, e := range i.arp.Entries() {
			out = append(out, inet.Neighbour{
				NIC: i.Name, Addr: e.IP, MAC: e.MAC, State: strings.ToLower(e.State.String()), Expires: e.Expires,
				Permanent: e.Permanent, Published: e.Published, Own: e.Own,
			})
		}
	}
	for _, n := range s.ip6.Neighbours() {
		if i := s.iface(n.NIC); i != nil {
			out = append(out, inet.Neighbour{
				NIC: i.Name, Addr: n.IP, MAC: n.MAC, State: strings.ToLower(n.State.String()), Expires: n.Expires,
				Permanent: n.Permanent, Own: s.ip6.Local(n.IP, n.NIC), Router: n.Router,
			})
		}
	}
	slices.SortStableFunc(out, func(a, b inet.Neighbour) int { return cmp.Or(a.Addr.Compare(b.Addr), cmp.Compare(a.NIC, b.NIC)) })
	return out
}

// AddNeighbour implements inet.Stack.
func (s *Stack) AddNeighbour(nic int, a netip.Addr, mac packet.MAC, permanent, published bool) errno.Errno {
	if !s.enter() {
		return errno.ENXIO
	}
	i := s.iface(nic)
	if i == nil || i.ip {
		return errno.ENXIO
	}
	var e errno.Errno
	if a.Is6() {
		e = s.ip6.AddNeighbour(s.now, nic, a, mac, &s.in6)
		s.do6()
	} else {
		o := arp.Option(0)
		if permanent {
			o |= arp.Permanent
		}
		if published {
			o |= arp.Published
		}
		e = i.neighbours().Add(s.now, a, mac, o)
		i.doARP()
	}
	s.leave()
	return e
}

// DeleteNeighbour implements inet.Stack.
func (s *Stack) DeleteNeighbour(nic int, a netip.Addr) errno.Errno {
	if !s.enter() {
		return errno.ENXIO
	}
	i := s.iface(nic)
	switch {
	case i == nil:
		return errno.ENXIO
	case a.Is6():
		return s.ip6.DeleteNeighbour(nic, a)
	case i.arp == nil:
		return errno.ENOENT
	}
	e := i.arp.Delete(a)
	i.doARP()
	s.leave()
	return e
}

// Learned implements inet.Stack.
func (s *Stack) Learned() []inet.LearnedRoute {
	if s.closed {
		return nil
	}
	var out []inet.LearnedRoute
	for _, r := range s.ip4.HostRoutes() {
		hop := r.Via
		if !hop.IsValid() {
			hop = r.Dst
		}
		if way := s.routes[0].Find(hop); way != nil {
			out = append(out, inet.LearnedRoute{
				StackRoute: inet.StackRoute{To: netip.PrefixFrom(r.Dst, 32), Via: r.Via, NIC: way.NIC}, MTU: r.MTU, Expires: r.Expires, Dynamic: r.Via.IsValid(),
			})
		}
	}
	for _, r := range s.ip6.Routes() {
		out = append(out, inet.LearnedRoute{
			StackRoute: inet.StackRoute{To: netip.PrefixFrom(r.Dst, 128), Via: r.Gateway, NIC: r.NIC}, MTU: r.MTU, Expires: r.Expires, Dynamic: r.Gateway.IsValid(),
		})
	}
	for _, r := range s.ip6.Routers() {
		if r.Used {
			out = append(out, inet.LearnedRoute{StackRoute: inet.StackRoute{To: netip.PrefixFrom(netip.IPv6Unspecified(), 0), Via: r.IP, NIC: r.NIC}, Expires: r.Expires})
		}
	}
	return out
}

// Forget implements inet.Stack.
func (s *Stack) Forget(dst netip.Addr) errno.Errno {
	if !s.enter() {
		return errno.ESRCH
	}
	if !slices.ContainsFunc(s.ip4.HostRoutes(), func(r ip4.HostRoute) bool { return r.Dst == dst }) {
		return errno.ESRCH
	}
	s.ip4.Forget(dst)
	s.leave()
	return errno.OK
}

// Addresses6 implements inet.Stack.
func (s *Stack) Addresses6() []ip6.Address {
	if s.closed {
		return nil
	}
	return s.ip6.Addresses()
}

// Advertise implements inet.Stack.
func (s *Stack) Advertise(nic int, ra *ip6.RA) errno.Errno {
	if !s.enter() || s.iface(nic) == nil {
		return errno.ENXIO
	}
	e := s.ip6.Advertise(s.now, nic, ra, &s.in6)
	s.do6()
	s.leave()
	return e
}

// Solicit implements inet.Stack.
func (s *Stack) Solicit(nic int) errno.Errno {
	i := s.iface(nic)
	if !s.enter() || i == nil {
		return errno.ENXIO
	}
	i.setUp6() // accept_rtadv may have been set since
	s.ip6.Solicit(s.now, nic, &s.in6)
	s.do6()
	s.leave()
	return errno.OK
}

// Routers implements inet.Stack.
func (s *Stack) Routers() []ip6.Router {
	if s.closed {
		return nil
	}
	return s.ip6.Routers()
}

// Prefixes implements inet.Stack.
func (s *Stack) Prefixes() []ip6.Prefix {
	if s.closed {
		return nil
	}
	return s.ip6.Prefixes()
}

// Stats implements inet.Stack.
func (s *Stack) Stats() inet.Stats {
	if s.closed {
		return inet.Stats{}
	}
	st := inet.Stats{IP4: *s.ip4.Stats(), IP6: *s.ip6.Stats(), TCP: s.tcp.Stats, UDP: s.stats}
	for _, i := range s.ifs {
		if i.there && i.arp != nil {
			st.ARP = append(st.ARP, inet.InterfaceARP{NIC: i.Name, Stats: *i.arp.Stats()})
		}
	}
	return st
}
