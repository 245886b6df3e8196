package kerntest

import (
	"math/rand/v2"
	"testing"

	"wireloom/vnet/kern"
)

// noise is n bytes of a seed: operations for Fuzz.
func noise(seed, stream uint64, n int) []byte {
	r := rand.New(rand.NewPCG(seed, stream))
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	return data
}

// FuzzDriver fuzzes a driver, whose devices are called base, with sequences of
// operations; about a hundred in each.
func FuzzDriver(f *testing.F, d kern.Dialect, mod func() kern.Module, base string) {
	for seed := range uint64(8) {
		f.Add(noise(seed, 1, 600))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := Fuzz(d, mod(), base, data[:min(len(data), 1<<16)]); err != nil {
			t.Error(err)
		}
	})
}

// RandomOperations does at least ten thousand random operations. A panic of the
// original ends a run, so that it takes many runs.
func RandomOperations(t *testing.T, d kern.Dialect, mod func() kern.Module, base string) {
	ops := 0
	for seed := range uint64(120) {
		n, err := Fuzz(d, mod(), base, noise(seed, 2, 2000))
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		ops += n
	}
	if ops < 10000 {
		t.Errorf("only %d operations ran, want at least 10000", ops)
	}
}
