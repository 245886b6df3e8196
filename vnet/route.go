package vnet

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
func (n *Node) pruneRoutes() {
	n.routes = slices.DeleteFunc(n.routes, func(r staticRoute) bool {
		i := n.kern.Ifnet(r.Dev)
		if i != nil && (!r.from.IsValid() || slices.ContainsFunc(i.Addrs, func(a *kern.Addr) bool { return a.Addr == r.from })) {
			return false
		}
		n.routeEvent(r.Route, "removed")
		return true
	})
}

func (n *Node) routeEvent(r Route, what string) {
	if !n.built {
		return
	}
	via := "on " + r.Dev
	if r.Via.IsValid() {
		via = fmt.Sprintf("via %s (%s)", r.Via, r.Dev)
	}
	n.lab.emit(event.Event{Kind: event.Iface, Node: n.name, Port: n.name + ":" + r.Dev, Op: "route", Text: fmt.Sprintf("route to %s %s %s", r.To, via, what)})
}

// Routes are the node's routes: those that its addresses make while their interfaces
// are up, and the static ones. They are in the order of netstat: by address, the
// default first.
func (n *Node) Routes() []Route {
	n.syncNet()
	return n.routeTable()
}

// routeTable is Routes as the table is now: to look at it changes nothing.
func (n *Node) routeTable() []Route {
	var out []Route
	for _, x := range n.ifaces {
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
func (n *Node) connected(x *iface) []Route {
	if x.gone || x.ifp.Flags&kern.IFF_UP == 0 {
		return nil
	}
	var out []Route
	for _, a := range x.ifp.Addrs {
		if !a.Valid() {
			continue
		}
		p := x.ifp.Prefix(a)
		switch {
		case a.Dst.IsValid():
			out = append(out, Route{To: netip.PrefixFrom(a.Dst, a.Dst.BitLen()), Dev: x.ifp.Name, Flags: "UH", Link: x.ifp.Name})
		case p.Bits() < p.Addr().BitLen():
			out = append(out, Route{To: p.Masked(), Dev: x.ifp.Name, Flags: "U", Link: x.ifp.Name})
		}
		out = append(out, Route{To: netip.PrefixFrom(a.Addr, a.Addr.BitLen()), Dev: loopback, Flags: "UHS", Link: x.ifp.Name})
	}
	return out
}

const loopback = "lo0"

// stackRoutes are the routes in the stack's words.
func (n *Node) stackRoutes() []StackRoute {
	var out []StackRoute
	for _, x := range n.ifaces {
		for _, r := range n.connected(x) {
			if x.stack >= 0 {
				out = append(out, StackRoute{To: r.To, NIC: x.stack})
			}
		}
	}
	for _, r := range n.routes {
		if x := n.iface(r.Dev); x != nil && x.stack >= 0 {
			out = append(out, StackRoute{To: r.To, Via: r.Via, NIC: x.stack})
		}
	}
	return out
}

// AddRoute adds a static route: to a gateway that an interface's network holds, or
// to a tun's own address, or with Dev alone onto an interface. EEXIST if there is a route to that destination
// already, ENETUNREACH if the gateway is on no network of the node's, ENXIO without
// the interface, ENOBUFS beyond MaxRoutes.
func (n *Node) AddRoute(r Route) errno.Errno {
	n.syncNet()
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
		s.Dev, s.from = x.ifp.Name, from
	} else {
		i := n.kern.Ifnet(r.Dev)
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
	n.netChanged()
	n.syncNet()
	return errno.OK
}

// holds finds the interface on whose network an address is, and the address that
// the interface has there (ifa_ifwithnet): a point-to-point interface holds its peer.
func (n *Node) holds(addr netip.Addr, dev string) (*iface, netip.Addr) {
	var best *iface
	var from netip.Addr
	bits := -1
	for _, x := range n.ifaces {
		if x.gone || dev != "" && x.ifp.Name != dev {
			continue
		}
		for _, a := range x.ifp.Addrs {
			if !a.Valid() {
				continue
			}
			p := x.ifp.Prefix(a)
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
func (n *Node) owns(addr netip.Addr) *iface {
	for _, x := range n.ifaces {
		if x.gone || x.ifp.Flags&kern.IFF_POINTOPOINT == 0 {
			continue
		}
		if slices.ContainsFunc(x.ifp.Addrs, func(a *kern.Addr) bool { return a.Valid() && a.Addr == addr }) {
			return x
		}
	}
	return nil
}

// RemoveRoute takes a static route away: ESRCH if there is none to that destination.
// The routes of addresses stay as long as those.
func (n *Node) RemoveRoute(to netip.Prefix) errno.Errno {
	to = to.Masked()
	i := slices.IndexFunc(n.routes, func(r staticRoute) bool { return r.To == to })
	if i < 0 {
		return errno.ESRCH
	}
	r := n.routes[i].Route
	n.routes = slices.Delete(n.routes, i, i+1)
	n.routeEvent(r, "removed")
	n.netChanged()
	n.syncNet()
	return errno.OK
}
