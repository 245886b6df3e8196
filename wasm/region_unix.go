//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package wasm

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// A region is a range of addresses that a guest's memory grows into, outside of Go's
// heap: it never moves, so that growing copies nothing and leaves no garbage, and what
// it has is the system's again at the moment when it is freed. The garbage collector
// doesn't know it: who holds a slice of it must let go before.
type region []byte

// regions says that this system has some.
const regions = true

// reserve returns a region of size bytes, of which none can be used yet. It is nil where
// the system has no such range to give.
func reserve(size int) region {
	b, err := unix.Mmap(-1, 0, size, unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANON|noReserve)
	if err != nil {
		return nil
	}
	return b
}

// commit makes the bytes of from to to usable; they are zero.
func (r region) commit(from, to int) {
	if from == to {
		return
	}
	if err := unix.Mprotect(r[from:to], unix.PROT_READ|unix.PROT_WRITE); err != nil {
		panic(fmt.Sprintf("wasm: the system has no %d bytes for a guest: %v", to-from, err))
	}
}

// free gives the region back. It must not be used any more.
func (r region) free() {
	if err := unix.Munmap(r); err != nil {
		panic("wasm: a guest's memory can't be freed: " + err.Error())
	}
}
