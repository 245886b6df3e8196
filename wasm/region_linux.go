package wasm

import "golang.org/x/sys/unix"

// noReserve says that a region, most of which is never used, sets nothing aside.
const noReserve = unix.MAP_NORESERVE

// populate has the system put memory behind committed bytes now. It does that many times
// faster than page by page, when a guest touches them: then the garbage collector, and
// with it all labs, would wait for the guest as long as that takes.
func (r region) populate(from, to int) {
	_ = unix.Madvise(r[from:to], unix.MADV_POPULATE_WRITE) // an old kernel can't: then it comes page by page
}
