package host

import (
	"fmt"
	"net/netip"
	"slices"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
	"wireloom/vnet/inet/arp"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/inet/host/alarm"
	"wireloom/vnet/inet/host/route"
	"wireloom/vnet/inet/ip4"
	"wireloom/vnet/inet/ip6"
	"wireloom/vnet/packet"
)

// An iface is an interface of the stack. Its IPv6 is the layer's business.
type iface struct {
	ip4.NIC // what IPv4 knows of it
	s       *Stack
	nic     int
	ip      bool // it carries IP packets, as a tun does, not Ethernet frames
	any     bool // it takes frames for any station
	there   bool // it is attached
	mac     packet.MAC
	addr6   int  // how many addresses of IPv6 it was given
	up6     bool // IPv6 is on

	arp      *arp.Table // nil until there is an address
	arpTimer alarm.Timer
	arpBytes int64
}

// iface returns the interface with a number, nil if there is none.
func (s *Stack) iface(nic int) *iface {
	if nic < 0 || nic >= len(s.ifs) || !s.ifs[nic].there {
		return nil
	}
	return s.ifs[nic]
}

// Attach implements inet.Stack.
func (s *Stack) Attach(n inet.StackNIC) (int, error) {
	if !s.enter() {
		return 0, fmt.Errorf("interface %s: the stack is closed", n.Name)
	}
	nic := slices.IndexFunc(s.ifs, func(i *iface) bool { return !i.there })
	if nic < 0 {
		if nic = len(s.ifs); nic >= inet.MaxInterfaces {
			return 0, fmt.Errorf("a stack has %d interfaces and gets no more", nic)
		}
		s.ifs = append(s.ifs, nil)
	}
	i := &iface{NIC: ip4.NIC{Name: n.Name, Broadcast: !n.IP, MTU: n.MTU}, s: s, nic: nic, ip: n.IP, any: n.AnyMAC, there: true, mac: n.MAC}
	s.ifs[nic] = i
	i.arpTimer.Run = func() { i.arp.Tick(s.now, &s.arpActs); i.doARP() }
	s.ip6.AddNIC(s.now, nic, ip6.NIC{Name: n.Name, MAC: n.MAC, IP: n.IP, MTU: n.MTU}, &s.in6)
	s.do6()
	if len(n.Addresses) > 0 { // whoever gives it addresses later says when it is up
		i.setUp(true)
	}
	for _, p := range n.Addresses {
		if _, err := s.usable(i, p); err != nil {
			return 0, err
		}
		if e := i.addAddress(p, false); e != errno.OK {
			return 0, fmt.Errorf("interface %s: %s: %s", n.Name, p, e.Message())
		}
	}
	s.leave()
	return nic, nil
}

// Detach implements inet.Stack.
func (s *Stack) Detach(nic int) {
	if !s.enter() {
		return
	}
	i := s.iface(nic)
	if i == nil {
		return
	}
	i.there, i.Up, i.Addrs = false, false, nil
	s.ip6.RemoveNIC(s.now, nic, &s.in6)
	s.in6.Reset() // there is nobody to send it
	s.timers.Set(&i.arpTimer, 0, false)
	s.memory.Count(&i.arpBytes, 0)
	i.arp = nil
	for f := range s.routes {
		s.routes[f] = s.routes[f].Without(nic)
	}
	s.leave()
}

// SetUp implements inet.Stack.
func (s *Stack) SetUp(nic int, up bool) {
	if !s.enter() {
		return
	}
	if i := s.iface(nic); i != nil && i.Up != up {
		i.setUp(up)
		s.leave()
	}
}

func (i *iface) setUp(up bool) {
	i.Up = up
	if i.arp != nil {
		i.arp.SetUp(i.s.now, up, &i.s.arpActs)
		i.doARP()
	}
	i.setUp6()
}

// setUp6 brings IPv6 up or down with the interface. The start-up scripts of FreeBSD and
// DragonFly leave it off (rc.d/netif, ND6_IFF_IFDISABLED; rc.d/network_ipv6) on an interface
// that is given no address of it and is not to accept routers; NetBSD and Linux have it on all.
func (i *iface) setUp6() {
	s := i.s
	on := i.Up && (i.ip || i.addr6 > 0 || s.v.IP6.AcceptRA || s.dialect == dialect.NetBSD || s.dialect == dialect.Linux)
	if on != i.up6 {
		i.up6 = on
		s.ip6.SetUp(s.now, i.nic, on, &s.in6)
		s.do6()
	}
}

// SetMTU implements inet.Stack.
func (s *Stack) SetMTU(nic, mtu int) {
	if !s.enter() {
		return
	}
	if i := s.iface(nic); i != nil && i.MTU != mtu {
		i.MTU = mtu
		s.ip6.SetMTU(s.now, nic, mtu, &s.in6)
		s.do6()
		s.leave()
	}
}

// SetMAC implements inet.Stack.
func (s *Stack) SetMAC(nic int, mac packet.MAC) {
	if !s.enter() {
		return
	}
	i := s.iface(nic)
	if i == nil || i.ip || i.mac == mac {
		return
	}
	i.mac = mac
	if i.arp != nil {
		i.arp.SetMAC(s.now, mac, &s.arpActs)
		i.doARP()
	}
	s.ip6.SetMAC(s.now, nic, mac, &s.in6)
	s.do6()
	s.leave()
}

// usable says what is wrong with an address for an interface, nil if nothing is.
func (s *Stack) usable(i *iface, p netip.Prefix) (errno.Errno, error) {
	a := p.Addr()
	minMTU := 68
	if a.Is6() {
		minMTU = 1280
	}
	switch {
	case !p.IsValid() || a.Is4In6() || a.Zone() != "":
		return errno.EINVAL, fmt.Errorf("interface %s: %s is not an address with a prefix length, like 10.0.0.1/24", i.Name, p)
	case a.IsUnspecified() || a.IsMulticast() || a.IsLoopback():
		return errno.EINVAL, fmt.Errorf("interface %s: %s is not an address that a host can have", i.Name, p)
	case i.MTU < minMTU:
		return errno.EINVAL, fmt.Errorf("interface %s: an MTU of %d is below %d, the least that %s works with", i.Name, i.MTU, minMTU, [...]string{"IPv4", "IPv6"}[family(a)])
	case a.Is4() && s.own(a) != nil, a.Is6() && s.ip6.Local(a, ip6.Any):
		return errno.EEXIST, fmt.Errorf("interface %s: the node has the address %s already", i.Name, a)
	}
	n := 0
	for _, x := range s.ifs {
		n += len(x.Addrs) + x.addr6
	}
	if n >= inet.MaxAddresses {
		return errno.ENOBUFS, fmt.Errorf("interface %s: the node has %d addresses and can't have more", i.Name, n)
	}
	return errno.OK, nil
}

// own returns the interface that has an IPv4 address; nil if none has.
func (s *Stack) own(a netip.Addr) *iface {
	for _, i := range s.ifs {
		for _, p := range i.Addrs {
			if p.Addr() == a {
				return i
			}
		}
	}
	return nil
}

// AddAddress implements inet.Stack.
func (s *Stack) AddAddress(nic int, p netip.Prefix, late bool) errno.Errno {
	if !s.enter() {
		return errno.ENXIO
	}
	i := s.iface(nic)
	if i == nil {
		return errno.ENXIO
	}
	if e, err := s.usable(i, p); err != nil {
		return e
	}
	e := i.addAddress(p, late)
	s.leave()
	return e
}

func (i *iface) addAddress(p netip.Prefix, late bool) errno.Errno {
	s := i.s
	if p.Addr().Is6() {
		i.addr6++
		i.setUp6()
		e := s.ip6.AddAddress(s.now, i.nic, p, &s.in6)
		if e != errno.OK {
			i.addr6--
		}
		s.do6()
		return e
	}
	i.Addrs = append(i.Addrs, p)
	if !i.ip {
		i.neighbours().AddAddress(s.now, p, late, &s.arpActs)
		i.doARP()
	}
	return errno.OK
}

// neighbours is the interface's table of ARP, which is made when it is needed.
func (i *iface) neighbours() *arp.Table {
	if i.arp == nil {
		i.arp = arp.New(&i.s.v.ARP, i, i.Name, i.mac, i.s.host.Random)
	}
	return i.arp
}

// RemoveAddress implements inet.Stack.
func (s *Stack) RemoveAddress(nic int, a netip.Addr) errno.Errno {
	if !s.enter() {
		return errno.ENXIO
	}
	i := s.iface(nic)
	if i == nil {
		return errno.ENXIO
	}
	e := errno.OK
	if a.Is6() {
		if e = s.ip6.RemoveAddress(s.now, nic, a, &s.in6); e == errno.OK {
			i.addr6--
		}
		s.do6()
	} else {
		n := len(i.Addrs)
		i.Addrs = slices.DeleteFunc(i.Addrs, func(p netip.Prefix) bool { return p.Addr() == a })
		if len(i.Addrs) == n {
			return errno.EADDRNOTAVAIL
		}
		if i.arp != nil {
			i.arp.RemoveAddress(s.now, a, &s.arpActs)
			i.doARP()
		}
	}
	s.leave()
	return e
}

// SetRoutes implements inet.Stack. A route of IPv4 by an interface that has no address of
// that family is left out: nobody could send there.
func (s *Stack) SetRoutes(routes []inet.StackRoute) {
	if s.closed {
		return
	}
	var by [2][]inet.StackRoute
	for _, r := range routes {
		i := s.iface(r.NIC)
		f := family(r.To.Addr())
		if i == nil || f == 0 && len(i.Addrs) == 0 {
			continue
		}
		by[f] = append(by[f], r)
	}
	s.routes = [2]route.Table{route.New(by[0]), route.New(by[1])}
}

// SetForwarding implements inet.Stack.
func (s *Stack) SetForwarding(v4, v6 bool) {
	if !s.enter() {
		return
	}
	s.v.IP4.Forwarding = v4
	if s.forward6 != v6 {
		s.forward6 = v6
		s.ip6.SetForwarding(s.now, v6, &s.in6)
		s.do6()
	}
	s.leave()
}

// What ip4 asks of its host.

// NICs implements ip4.Env.
func (s *Stack) NICs() int { return len(s.ifs) }

// NIC implements ip4.Env.
func (s *Stack) NIC(nic int) *ip4.NIC {
	if i := s.iface(nic); i != nil {
		return &i.NIC
	}
	return nil
}

// Route implements ip4.Env.
func (s *Stack) Route(dst netip.Addr) (ip4.Route, bool) {
	r := s.routes[0].Find(dst)
	if r == nil {
		return ip4.Route{}, false
	}
	return ip4.Route{To: r.To, Via: r.Via, NIC: r.NIC}, true
}

// Member implements ip4.Env: no socket joins groups.
func (s *Stack) Member(int, netip.Addr) bool { return false }

// Route6 implements ip6.Env.
func (s *Stack) Route6(dst netip.Addr) (ip6.Route, bool) {
	r := s.routes[1].Find(dst)
	if r == nil {
		return ip6.Route{}, false
	}
	return ip6.Route{NIC: r.NIC, Via: r.Via, Bits: r.To.Bits()}, true
}

// Where implements arp.Env: how the host's routes go to an address.
func (i *iface) Where(a netip.Addr) arp.Where {
	if other := i.s.own(a); other != nil && other != i {
		return arp.Ours
	}
	r := i.s.routes[0].Find(a)
	switch {
	case r == nil:
		return arp.Nowhere
	case r.NIC == i.nic && !r.Via.IsValid():
		return arp.Here
	case r.NIC == i.nic:
		return arp.Behind
	}
	return arp.Elsewhere
}
