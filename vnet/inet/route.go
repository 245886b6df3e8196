package inet

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/kern"
)

// A Route is a route of a node, as netstat shows it.
type Route struct {
	To    netip.Prefix
	Via   netip.Addr // the gateway; invalid where To is on the interface itself
	Dev   string
	Flags string // "U", and of "G" (gateway), "H" (a host), "S" (static)
	Link  string // the interface whose address makes the route; Dev is lo0 for the address itself
}

// A staticRoute is one that somebody added. It goes with the address that its
// gateway was found by (in_ifadown).
type staticRoute struct {
	Route
	from netip.Addr
}

// pruneRoutes drops the static routes whose interface or address is gone.
func (n *Net) pruneRoutes() {
	n.routes = slices.DeleteFunc(n.routes, func(r staticRoute) bool {
		i := n.k.Ifnet(r.Dev)
		if i != nil && (!r.from.IsValid() || slices.ContainsFunc(i.Addrs, func(a *kern.Addr) bool { return a.Addr == r.from })) {
			return false
		}
		n.routeEvent(r.Route, "removed")
		return true
	})
}

func (n *Net) routeEvent(r Route, what string) {
	if !n.built {
		return
	}
	via := "on " + r.Dev
	if r.Via.IsValid() {
		via = fmt.Sprintf("via %s (%s)", r.Via, r.Dev)
	}
	n.host.Emit(event.Event{Kind: event.Iface, Node: n.Name, Port: n.Name + ":" + r.Dev, Op: "route", Text: fmt.Sprintf("route to %s %s %s", r.To, via, what)})
}

// Routes are the node's routes: those that its addresses make while their interfaces
// are up, and the static ones. They are in the order of netstat: by address, the
// default first.
func (n *Net) Routes() []Route {
	n.Sync()
	return n.Table()
}

// Table is Routes as the table is now: to look at it changes nothing.
func (n *Net) Table() []Route {
	var out []Route
	for _, x := range n.ifs {
		out = append(out, n.connected(x)...)
	}
	for _, r := range n.routes {
		out = append(out, r.Route)
	}
	slices.SortStableFunc(out, func(a, b Route) int {
		return cmp.Or(cmp.Compare(a.To.Addr().BitLen(), b.To.Addr().BitLen()), a.To.Addr().Compare(b.To.Addr()), cmp.Compare(a.To.Bits(), b.To.Bits()))
	})
	return out
}

// connected are the routes of an interface's own addresses: none while it is down
// (rip_ctlinput, PRC_IFDOWN). To the address itself a packet goes by lo0.
func (n *Net) connected(x *Iface) []Route {
	if x.Gone || x.If.Flags&kern.IFF_UP == 0 {
		return nil
	}
	var out []Route
	for _, a := range x.If.Addrs {
		if !a.Valid() {
			continue
		}
		p := x.If.Prefix(a)
		switch {
		case a.Dst.IsValid():
			out = append(out, Route{To: netip.PrefixFrom(a.Dst, a.Dst.BitLen()), Dev: x.If.Name, Flags: "UH", Link: x.If.Name})
		case p.Bits() < p.Addr().BitLen():
			out = append(out, Route{To: p.Masked(), Dev: x.If.Name, Flags: "U", Link: x.If.Name})
		}
		out = append(out, Route{To: netip.PrefixFrom(a.Addr, a.Addr.BitLen()), Dev: loopback, Flags: "UHS", Link: x.If.Name})
	}
	return out
}

const loopback = "lo0"

// stackRoutes are the routes in the stack's words.
func (n *Net) stackRoutes() []StackRoute {
	var out []StackRoute
	for _, x := range n.ifs {
		for _, r := range n.connected(x) {
			if x.NIC >= 0 {
				out = append(out, StackRoute{To: r.To, NIC: x.NIC})
			}
		}
	}
	for _, r := range n.routes {
		if x := n.Iface(r.Dev); x != nil && x.NIC >= 0 {
			out = append(out, StackRoute{To: r.To, Via: r.Via, NIC: x.NIC})
		}
	}
	return out
}

// AddRoute adds a static route: to a gateway that an interface's network holds, or
// to a tun's own address, or with Dev alone onto an interface. EEXIST if there is a route to that destination
// already, ENETUNREACH if the gateway is on no network of the node's, ENXIO without
// the interface, ENOBUFS beyond MaxRoutes.
func (n *Net) AddRoute(r Route) errno.Errno {
	n.Sync()
	if !r.To.IsValid() || r.Via.IsValid() && r.Via.Is4() != r.To.Addr().Is4() || !r.Via.IsValid() && r.Dev == "" {
		return errno.EINVAL
	}
	r.To = r.To.Masked()
	if len(n.routes) >= MaxRoutes {
		return errno.ENOBUFS
	}
	if slices.ContainsFunc(n.Routes(), func(x Route) bool { return x.To == r.To }) {
		return errno.EEXIST
	}
	s := staticRoute{Route: r}
	s.Flags = "US"
	if r.Via.IsValid() {
		s.Flags = "UGS"
		x, from := n.holds(r.Via, r.Dev)
		if x == nil {
			if x = n.owns(r.Via); x == nil {
				return errno.ENETUNREACH
			}
			from, s.Flags, s.Via = r.Via, "US", netip.Addr{}
		}
		s.Dev, s.from = x.If.Name, from
	} else {
		i := n.k.Ifnet(r.Dev)
		if i == nil {
			return errno.ENXIO
		}
		for _, a := range i.Addrs {
			if a.Valid() && a.Addr.Is4() == r.To.Addr().Is4() {
				s.from = a.Addr
				break
			}
		}
	}
	if r.To.IsSingleIP() {
		s.Flags = s.Flags[:len(s.Flags)-1] + "HS"
	}
	s.Link = s.Dev
	n.routes = append(n.routes, s)
	n.routeEvent(s.Route, "added")
	n.Changed()
	n.Sync()
	return errno.OK
}

// holds finds the interface on whose network an address is, and the address that
// the interface has there (ifa_ifwithnet): a point-to-point interface holds its peer.
func (n *Net) holds(addr netip.Addr, dev string) (*Iface, netip.Addr) {
	var best *Iface
	var from netip.Addr
	bits := -1
	for _, x := range n.ifs {
		if x.Gone || dev != "" && x.If.Name != dev {
			continue
		}
		for _, a := range x.If.Addrs {
			if !a.Valid() {
				continue
			}
			p := x.If.Prefix(a)
			if a.Dst.IsValid() {
				p = netip.PrefixFrom(a.Dst, a.Dst.BitLen())
			}
			if p.Contains(addr) && p.Bits() > bits {
				best, from, bits = x, a.Addr, p.Bits()
			}
		}
	}
	return best, from
}

// owns finds the point-to-point interface that has an address itself. As a gateway it
// stands for the interface: so daemons route the network of their tunnel, and a BSD
// finds the gateway by the address' route to lo0.
func (n *Net) owns(addr netip.Addr) *Iface {
	for _, x := range n.ifs {
		if x.Gone || x.If.Flags&kern.IFF_POINTOPOINT == 0 {
			continue
		}
		if slices.ContainsFunc(x.If.Addrs, func(a *kern.Addr) bool { return a.Valid() && a.Addr == addr }) {
			return x
		}
	}
	return nil
}

// RemoveRoute takes a static route away: ESRCH if there is none to that destination.
// The routes of addresses stay as long as those.
func (n *Net) RemoveRoute(to netip.Prefix) errno.Errno {
	to = to.Masked()
	i := slices.IndexFunc(n.routes, func(r staticRoute) bool { return r.To == to })
	if i < 0 {
		return errno.ESRCH
	}
	r := n.routes[i].Route
	n.routes = slices.Delete(n.routes, i, i+1)
	n.routeEvent(r, "removed")
	n.Changed()
	n.Sync()
	return errno.OK
}
