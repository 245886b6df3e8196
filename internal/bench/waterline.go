package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"wireloom/internal/budget"
)

// A waterline is how much of what must be given back is in use.
type waterline struct {
	goroutines int
	heap       float64 // bytes in use after a garbage collection
}

// level measures the waterline. Goroutines that have been told to end get a moment
// to do it, until there are no more than want.
func level(want int) waterline {
	for i := 0; want >= 0 && runtime.NumGoroutine() > want && i < 100; i++ {
		time.Sleep(10 * time.Millisecond)
	}
	for range 3 { // finalizers and weak pointers need more than one
		runtime.GC()
	}
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return waterline{runtime.NumGoroutine(), float64(m.HeapInuse)}
}

// resident is how many bytes of memory the process has resident; 0 where the
// system does not tell.
func resident() float64 { return float64(budget.Resident(0)) }

// shares is how many bytes of memory the process has resident, of what is mapped several
// times a share for each; as resident where the system does not tell (proc(5), smaps_rollup).
func shares() float64 {
	text, err := os.ReadFile("/proc/self/smaps_rollup")
	if err != nil {
		return resident()
	}
	_, rest, _ := strings.Cut(string(text), "\nPss:")
	var kib float64
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		return resident()
	}
	return kib * 1024
}
