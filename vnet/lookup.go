package vnet

import "net/netip"

// Lookup is the address that a name stands for on every node of the lab: that of a
// node is its first address when the lab began, as in an /etc/hosts.
func (p *Proc) Lookup(name string) (netip.Addr, bool) { return p.node.lab.Lookup(name) }

// Lookup is the address that a name stands for.
func (l *Lab) Lookup(name string) (netip.Addr, bool) {
	if name == "localhost" {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1}), true
	}
	a, ok := l.hosts[name]
	return a, ok
}
