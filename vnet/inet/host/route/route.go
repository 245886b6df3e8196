// Package route is the routing table of one family: the longest prefix that contains an
// address says the way.
package route

import (
	"cmp"
	"net/netip"
	"slices"

	"wireloom/vnet/inet"
)

// A Table is a family's routes: of the longest prefixes first, and within a length by
// address. What one length has is searched by halves, so that thousands cost little
// and a few cost nothing.
type Table struct {
	routes []inet.StackRoute
	spans  []span // the lengths that there are, the longest first
}

// A span is where the routes of one prefix length are: routes[from:to].
type span struct {
	bits     uint8
	from, to int32
}

// New sorts routes of one family; of equal prefixes the first counts.
func New(routes []inet.StackRoute) Table {
	byPrefix := func(a, b inet.StackRoute) int {
		return cmp.Or(cmp.Compare(b.To.Bits(), a.To.Bits()), a.To.Addr().Compare(b.To.Addr()))
	}
	slices.SortStableFunc(routes, byPrefix)
	routes = slices.CompactFunc(routes, func(a, b inet.StackRoute) bool { return byPrefix(a, b) == 0 })
	t := Table{routes: routes}
	for i, r := range routes {
		if n := len(t.spans); n == 0 || int(t.spans[n-1].bits) != r.To.Bits() {
			t.spans = append(t.spans, span{bits: uint8(r.To.Bits()), from: int32(i)})
		}
		t.spans[len(t.spans)-1].to = int32(i + 1)
	}
	return t
}

// Without returns the table without the routes by an interface.
func (t *Table) Without(nic int) Table {
	return New(slices.DeleteFunc(t.routes, func(r inet.StackRoute) bool { return r.NIC == nic }))
}

// Find returns the route that a packet to dst takes; nil where none leads there.
func (t *Table) Find(dst netip.Addr) *inet.StackRoute {
	for _, s := range t.spans {
		net, err := dst.Prefix(int(s.bits))
		if err != nil {
			return nil
		}
		lo, hi := s.from, s.to
		for lo < hi {
			mid := (lo + hi) / 2
			switch c := t.routes[mid].To.Addr().Compare(net.Addr()); {
			case c == 0:
				return &t.routes[mid]
			case c < 0:
				lo = mid + 1
			default:
				hi = mid
			}
		}
	}
	return nil
}
