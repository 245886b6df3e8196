package tapemu

import (
	"math/rand/v2"
	"testing"

	"wireloom/vnet/kern"
	"wireloom/vnet/kern/kerntest"
)

func FuzzNetBSD(f *testing.F)    { fuzz(f, kern.NetBSD, func() kern.Module { return NetBSD() }) }
func FuzzDragonFly(f *testing.F) { fuzz(f, kern.DragonFly, func() kern.Module { return DragonFly() }) }

func fuzz(f *testing.F, d kern.Dialect, mod func() kern.Module) {
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 1))
		data := make([]byte, 600)
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := kerntest.Fuzz(d, mod(), "tap", data[:min(len(data), 1<<16)]); err != nil {
			t.Error(err)
		}
	})
}

// Random operations, as many as a short test allows. Panics of the original
// end a run, so that it takes many runs.
func TestRandomOperations(t *testing.T) {
	for _, tc := range []struct {
		name string
		d    kern.Dialect
		mod  func() kern.Module
	}{
		{"netbsd", kern.NetBSD, func() kern.Module { return NetBSD() }},
		{"dragonfly", kern.DragonFly, func() kern.Module { return DragonFly() }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ops := 0
			for seed := range uint64(120) {
				r := rand.New(rand.NewPCG(seed, 2))
				data := make([]byte, 2000)
				for i := range data {
					data[i] = byte(r.Uint32())
				}
				n, err := kerntest.Fuzz(tc.d, tc.mod(), "tap", data)
				if err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
				ops += n
			}
			if ops < 10000 {
				t.Errorf("only %d operations ran, want at least 10000", ops)
			}
		})
	}
}
