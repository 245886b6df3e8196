package main

import (
	"fmt"
	"testing"
)

func TestTapLabDeliversEachFrameOnce(t *testing.T) {
	f, err := newTapLab(frameOf(64, 2, 1), 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.lab.Close()
	for range 3 {
		if err := f.pass(100); err != nil {
			t.Fatal(err)
		}
	}
	if f.read < 300 || f.read > 301 {
		t.Errorf("%d frames were read, want 300 and the one of the beginning", f.read)
	}
}

// BenchmarkFabric is for profiles: go test -bench Fabric -cpuprofile cpu.out.
func BenchmarkFabric(b *testing.B) {
	for _, size := range []int{64, 1500} {
		b.Run(fmt.Sprintf("%dB", size), func(b *testing.B) {
			f, err := newTapLab(frameOf(size, 2, 1), 0, 0)
			if err != nil {
				b.Fatal(err)
			}
			defer f.lab.Close()
			b.ReportAllocs()
			b.ResetTimer()
			if err := f.pass(b.N); err != nil {
				b.Fatal(err)
			}
		})
	}
}
