package vnet

import (
	"net/netip"
)

// Lookup is the address that a name stands for.
func (l *Lab) Lookup(name string) (netip.Addr, bool) {
	if name == "localhost" {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1}), true
	}
	a, ok := l.hosts[name]
	return a, ok
}
