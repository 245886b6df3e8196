package bridge

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestFDB: whatever is put into the table and taken out, it holds what a map holds.
func TestFDB(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	type table struct {
		keys int
		bit  uint // of the key in which they differ
	}
	var tables []table
	for _, keys := range []int{1, 12, 13, 200, 5000} { // 12 fill three quarters of the first table
		tables = append(tables, table{keys, 20}, table{keys, 0}) // far apart, and side by side
	}
	for _, x := range tables {
		keys := x.keys
		have, want := newFDB(), map[key]int{}
		for i := range 8 * keys {
			k := key(rng.IntN(keys)) << x.bit // few: they are put and removed many times
			port, known := want[k]
			switch e := have.get(k); {
			case known != (e != nil), known && e.port() != port:
				t.Fatalf("%d keys, operation %d: key %#x is %v, want %v at port %d", keys, i, k, e, known, port)
			case known:
				have.remove(k)
				delete(want, k)
			default:
				have.put(newEntry(k, i%1024, false, 0))
				want[k] = i % 1024
			}
		}
		if got, sorted := have.sorted(), slices.Sorted(maps.Keys(want)); !slices.Equal(got, sorted) || have.n != len(want) {
			t.Errorf("%d keys: the table has %d, said to be %d, want %d", keys, len(got), have.n, len(want))
		}
	}
}

// TestEntry: nothing that an entry says changes what else it says.
func TestEntry(t *testing.T) {
	k := keyOf(4094, 0xffff_ffff_fffe)
	for _, static := range []bool{false, true} {
		e := newEntry(k, 1023, static, 90*24*time.Hour)
		if !e.used() || !e.is(k) || e.key() != k || e.port() != 1023 || e.static() != static || e.seen() != 90*24*time.Hour {
			t.Errorf("%v %#x port %d static %t seen %v", e.used(), e.key(), e.port(), e.static(), e.seen())
		}
		e.setPort(0)
		e.setSeen(1)
		if e.key() != k || e.port() != 0 || e.static() != static || e.seen() != 1 {
			t.Errorf("%#x port %d static %t seen %v", e.key(), e.port(), e.static(), e.seen())
		}
		if e.setSeen(1 << 62); e.port() != 0 || e.seen() != maxSeen {
			t.Errorf("of a time beyond all: port %d, seen %v", e.port(), e.seen())
		}
	}
	if unused := (entry{}); unused.used() || unused.is(0) {
		t.Error("an empty place is an entry")
	}
}

// BenchmarkTable is what a frame's source costs in a table of so many addresses, which
// come one after the other, as machines have them, or in any order.
func BenchmarkTable(b *testing.B) {
	for _, n := range []int{10, 1000, 100_000} {
		for _, order := range []struct {
			name string
			step int
		}{{"in a row", 1}, {"in any order", 61_803}} {
			b.Run(fmt.Sprintf("%d %s", n, order.name), func(b *testing.B) {
				x := newFDB()
				for i := range n {
					x.put(newEntry(key(0x02_00_00_00_00_00+i), 1, false, 0))
				}
				var last found
				i := 0
				for b.Loop() {
					x.find(key(0x02_00_00_00_00_00+i), &last).setSeen(5)
					if i += order.step % n; i >= n {
						i -= n
					}
				}
			})
		}
	}
}
