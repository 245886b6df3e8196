package route

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"wireloom/vnet/inet"
)

// TestTable compares the table with a walk through all routes.
func TestTable(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, v6 := range []bool{false, true} {
		random := func() netip.Addr {
			b := [16]byte{0: 10, 1: byte(r.IntN(3)), 2: byte(r.IntN(4)), 3: byte(r.IntN(16))}
			if v6 {
				return netip.AddrFrom16(b)
			}
			return netip.AddrFrom4([4]byte(b[:4]))
		}
		for n := range 200 {
			var routes []inet.StackRoute
			for i := range n {
				a := random()
				p, err := a.Prefix(r.IntN(a.BitLen() + 1))
				if err != nil {
					t.Fatal(err)
				}
				routes = append(routes, inet.StackRoute{To: p, NIC: i})
			}
			walk := func(a netip.Addr) int {
				best, bits := -1, -1
				for _, x := range routes {
					if x.To.Contains(a) && x.To.Bits() > bits {
						best, bits = x.NIC, x.To.Bits()
					}
				}
				return best
			}
			given := append([]inet.StackRoute(nil), routes...)
			table := New(given)
			for range 50 {
				a, got := random(), -1
				if x := table.Find(a); x != nil {
					got = x.NIC
				}
				if want := walk(a); got != want {
					t.Fatalf("of %d routes to %v: %d, want %d", n, a, got, want)
				}
			}
		}
	}
}

// BenchmarkTable looks for the way among few routes and among many.
func BenchmarkTable(b *testing.B) {
	for _, n := range []int{3, 100, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			routes := []inet.StackRoute{{To: netip.MustParsePrefix("0.0.0.0/0")}}
			for i := range n {
				routes = append(routes, inet.StackRoute{To: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), 0}), 24-i%3*4).Masked()})
			}
			t := New(routes)
			dst := netip.MustParseAddr("10.3.7.9")
			for b.Loop() {
				t.Find(dst)
			}
		})
	}
}
