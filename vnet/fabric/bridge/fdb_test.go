package bridge

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestFDB: whatever is put into the table and taken out, it holds what a map holds.
func TestFDB(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, keys := range []int{1, 12, 13, 200, 5000} { // 12 fill three quarters of the first table
		have, want := newFDB(), map[key]int32{}
		for i := range 8 * keys {
			k := key(rng.IntN(keys)) << 20 // far apart and few: they are put and removed many times
			port, known := want[k]
			switch e := have.get(k); {
			case known != (e != nil), known && e.port != port:
				t.Fatalf("%d keys, operation %d: key %#x is %v, want %v at port %d", keys, i, k, e, known, port)
			case known:
				have.remove(k)
				delete(want, k)
			default:
				have.put(entry{key: k, port: int32(i)})
				want[k] = int32(i)
			}
		}
		if got, sorted := have.sorted(), slices.Sorted(maps.Keys(want)); !slices.Equal(got, sorted) || have.n != len(want) {
			t.Errorf("%d keys: the table has %d, said to be %d, want %d", keys, len(got), have.n, len(want))
		}
	}
}
