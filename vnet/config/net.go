package config

import (
	"net/netip"
	"slices"
	"strings"

	"wireloom/vnet/inet"
)

// Route describes a static route of a node.
type Route struct {
	To  netip.Prefix // 0.0.0.0/0 is the default route
	Via netip.Addr   // the gateway, on a network of one of the node's addresses
	Dev string       `json:",omitempty"` // the interface, where there is no gateway
}

// checkNet says what is wrong with the addresses and routes of the configuration.
// linked says whether a link ends at an interface of the node.
func (n *Node) checkNet(m mistakeAt, linked func(iface string) bool) {
	bad := func(format string, args ...any) { m.of(n, format, args...) }
	seen := map[netip.Addr]string{}
	count := 0
	address := func(list, iface string, p netip.Prefix) {
		bad := func(format string, args ...any) { m.at(list, iface).of(n, format, args...) }
		count++
		a := p.Addr()
		switch {
		case !p.IsValid() || a.Is4In6() || a.Zone() != "":
			bad("interface %q: %s is not an address with a prefix length, like 10.0.0.1/24", iface, p)
		case a.IsUnspecified() || a.IsMulticast() || a.IsLoopback():
			bad("interface %q: %s is not an address that a host can have", iface, a)
		case seen[a] != "":
			bad("interface %q: the node has the address %s already, on %s", iface, a, seen[a])
		}
		seen[a] = iface
	}
	for _, f := range n.NICs {
		for _, p := range f.Addresses {
			address("nics", f.Name, p)
		}
	}
	for _, d := range n.Devices {
		for _, p := range d.Addresses {
			address("devices", d.Name, p)
		}
		bad := func(format string, args ...any) { m.at("devices", d.Name).of(n, format, args...) }
		tun := strings.HasPrefix(d.Name, "tun")
		has := len(d.Addresses) > 0
		switch {
		case has && linked(d.Name):
			bad("device %q: it is plugged into a link, so the node's stack does not see its frames; take the address or the port away", d.Name)
		case has && d.Down:
			bad("device %q: an address brings it up; take the address or down away", d.Name)
		case d.Peer.IsValid() && !tun:
			bad("device %q: a peer is for a tun, which is point to point", d.Name)
		case d.Peer.IsValid() && (!has || d.Addresses[0].Addr().Is4() != d.Peer.Is4()):
			bad("device %q: a peer needs an address of the same family on this side", d.Name)
		case d.Peer.IsValid() && d.Peer == d.Addresses[0].Addr():
			bad("device %q: its address and its peer are the same", d.Name)
		case d.Peer.IsValid() && (d.Peer.IsUnspecified() || d.Peer.IsMulticast() || d.Peer.IsLoopback() || d.Peer.Is4In6() || d.Peer.Zone() != ""):
			bad("device %q: %s is not an address that a peer can have", d.Name, d.Peer)
		case tun && !d.Peer.IsValid() && slices.ContainsFunc(d.Addresses, func(p netip.Prefix) bool { return p.Addr().Is4() }):
			bad("device %q: a tun is point to point: its address needs a peer, the address of the other side", d.Name)
		case tun && len(d.Addresses) > 1:
			bad("device %q: a tun has one address and its peer", d.Name)
		}
	}
	if count > inet.MaxAddresses {
		bad("it has %d addresses, at most %d are allowed", count, inet.MaxAddresses)
	}
	if len(n.Routes) > inet.MaxRoutes {
		bad("it has %d routes, at most %d are allowed", len(n.Routes), inet.MaxRoutes)
	}
	to := map[netip.Prefix]bool{}
	for _, r := range n.Routes {
		bad := func(format string, args ...any) { m.at("routes", r.To.String()).of(n, format, args...) }
		dst := r.To.Masked()
		switch {
		case !r.To.IsValid() || r.To.Addr().Is4In6() || r.To.Addr().Zone() != "":
			bad("a route leads to %s, which is no network, like 10.1.0.0/16 or 0.0.0.0/0", r.To)
		case dst != r.To:
			bad("the route to %s: the network is %s; bits beyond the prefix length must be zero", r.To, dst)
		case to[dst]:
			bad("the route to %s is there twice", r.To)
		case !r.Via.IsValid() && r.Dev == "":
			bad("the route to %s says neither via which gateway nor by which interface", r.To)
		case r.Via.IsValid() && r.Via.Is4() != r.To.Addr().Is4():
			bad("the route to %s: the gateway %s is of the other address family", r.To, r.Via)
		case r.Via.IsValid() && seen[r.Via] != "":
			bad("the route to %s: the gateway %s is the node's own address", r.To, r.Via)
		case r.Via.IsValid() && !n.reaches(r.Via):
			bad("the route to %s: the gateway %s is on no network of the node's addresses", r.To, r.Via)
		case r.Dev != "" && !n.hasInterface(r.Dev):
			bad("the route to %s: the node has no interface %q", r.To, r.Dev)
		}
		to[dst] = true
	}
}

func (n *Node) hasInterface(name string) bool {
	return slices.ContainsFunc(n.NICs, func(c NIC) bool { return c.Name == name }) ||
		slices.ContainsFunc(n.Devices, func(c Device) bool { return c.Name == name })
}

// reaches says whether an address is on a network of one of the node's interfaces.
func (n *Node) reaches(a netip.Addr) bool {
	holds := func(p netip.Prefix) bool { return p.Contains(a) }
	return slices.ContainsFunc(n.NICs, func(c NIC) bool { return slices.ContainsFunc(c.Addresses, holds) }) ||
		slices.ContainsFunc(n.Devices, func(c Device) bool {
			return c.Peer == a || !c.Peer.IsValid() && slices.ContainsFunc(c.Addresses, holds)
		})
}
