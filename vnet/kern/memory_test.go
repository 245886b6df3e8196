package kern_test

import (
	"slices"
	"testing"

	"wireloom/vnet/kern"
)

func TestMemory(t *testing.T) {
	var grown []int64
	full := 0
	m := kern.NewMemory(100, func(n int64) { grown = append(grown, n) }, func() { full++ })
	for _, c := range []struct {
		name       string
		take, give int64
		ok         bool
		used       int64
	}{
		{"some", 60, 0, true, 60},
		{"more than is left", 41, 0, false, 60},
		{"all that is left", 40, 0, true, 100},
		{"nothing", 0, 0, true, 100},
		{"one byte more", 1, 0, false, 100},
		{"after some was given back", 1, 50, true, 51},
	} {
		m.Give(c.give)
		if ok := m.Take(c.take); ok != c.ok || m.Used() != c.used || m.Free() != 100-c.used {
			t.Errorf("%s: taken %v, %d used, %d free; want %v, %d used", c.name, ok, m.Used(), m.Free(), c.ok, c.used)
		}
	}
	if full != 2 || !slices.Equal(grown, []int64{100}) { // all that is possible, at once
		t.Errorf("full was told %d times, want 2; growth %v", full, grown)
	}
	defer func() {
		if recover() == nil {
			t.Error("more may be given back than was taken")
		}
	}()
	m.Give(52)
}

// Growth is told in advance, so that it is not told of each packet; what was given back
// is told again when it is taken again.
func TestGrowth(t *testing.T) {
	const kib = 1 << 10
	var grown []int64
	m := kern.NewMemory(1<<20, func(n int64) { grown = append(grown, n/kib) }, nil)
	for range 100 {
		m.Take(2 * kib)
	}
	if want := []int64{66, 66, 66, 66}; !slices.Equal(grown, want) { // 2 that are needed and 64
		t.Errorf("200 KiB grew by %v KiB, want %v", grown, want)
	}
	grown = nil
	m.Give(200 * kib)
	m.Take(100 * kib)
	m.Take(100 * kib)
	if want := []int64{164}; !slices.Equal(grown, want) { // 128 stay
		t.Errorf("200 KiB that were given back grew by %v KiB, want %v", grown, want)
	}
}

// A part is counted in the whole, and what it holds goes with it.
func TestPartOfMemory(t *testing.T) {
	whole := kern.NewMemory(100, nil, nil)
	a, b := whole.Part(), whole.Part()
	if !a.Take(60) || b.Take(41) || !b.Take(40) || whole.Used() != 100 || a.Used() != 60 || b.Free() != 0 {
		t.Errorf("the parts have %d and %d of %d", a.Used(), b.Used(), whole.Used())
	}
	a.Drop()
	a.Give(60) // by who comes too late
	a.Drop()
	if a.Take(1) || a.Used() != 0 || whole.Used() != 40 || b.Free() != 60 {
		t.Errorf("after one was dropped, the parts have %d and %d of %d", a.Used(), b.Used(), whole.Used())
	}
	b.Give(40)
	if whole.Used() != 0 {
		t.Errorf("%d are used", whole.Used())
	}
	var none *kern.Memory
	if p := none.Part(); !p.Take(5) {
		t.Error("a part of no memory has a limit")
	}
	none.Drop()
}

// A kernel that stands alone has no limit but its own.
func TestNoMemory(t *testing.T) {
	var m *kern.Memory
	if !m.Take(1<<40) || m.Used() != 0 || m.Free() < 1<<40 {
		t.Error("a memory that is nil has a limit")
	}
	m.Give(1 << 41)
}
