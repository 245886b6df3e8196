package inet

import (
	"slices"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet/ip6"
)

// Advertise has an interface advertise the node as a router of IPv6, with the prefixes that the
// interface has now, or ends that: rtadvd(8). ENXIO without such an interface, EPERM where the
// node does not forward IPv6.
func (n *Net) Advertise(iface string, on bool) errno.Errno {
	x, e := n.link(iface)
	switch {
	case e != errno.OK:
		return e
	case !on:
		return n.stack.Advertise(x.NIC, nil)
	case !n.forward6:
		return errno.EPERM
	}
	ra := &ip6.RA{}
	for _, p := range n.Addresses(iface) {
		p = p.Masked()
		had := slices.ContainsFunc(ra.Prefixes, func(h ip6.RAPrefix) bool { return h.Prefix == p })
		if a := p.Addr(); a.Is6() && !a.IsLinkLocalUnicast() && !had {
			ra.Prefixes = append(ra.Prefixes, ip6.RAPrefix{Prefix: p, OnLink: true, Auto: true})
		}
	}
	return n.stack.Advertise(x.NIC, ra)
}

// Solicit asks for routers of IPv6 on an interface: rtsol(8). ENXIO without such an interface.
func (n *Net) Solicit(iface string) errno.Errno {
	x, e := n.link(iface)
	if e != errno.OK {
		return e
	}
	return n.stack.Solicit(x.NIC)
}

// HasRouter reports whether a router of IPv6 has advertised itself on an interface.
func (n *Net) HasRouter(iface string) bool {
	x, e := n.link(iface)
	return e == errno.OK && slices.ContainsFunc(n.stack.Routers(), func(r ip6.Router) bool { return r.NIC == x.NIC })
}

// link is an interface that the stack drives.
func (n *Net) link(iface string) (*Iface, errno.Errno) {
	x := n.Iface(iface)
	if x == nil || x.Gone {
		return nil, errno.ENXIO
	}
	if e := n.Need(); e != errno.OK {
		return nil, e
	}
	if x.NIC < 0 {
		return nil, errno.ENXIO
	}
	return x, errno.OK
}
