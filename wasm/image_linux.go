package wasm

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// share makes a file in memory of bytes, for many regions to begin with.
func share(bytes []byte) (file int, err error) {
	if file, err = unix.MemfdCreate("guest", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING); err != nil {
		return -1, err
	}
	for at := 0; at < len(bytes) && err == nil; {
		var n int
		n, err = unix.Pwrite(file, bytes[at:], int64(at))
		at += max(n, 0)
	}
	if err == nil {
		const fixed = unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE | unix.F_SEAL_SEAL
		_, err = unix.FcntlInt(uintptr(file), unix.F_ADD_SEALS, fixed)
	}
	if err != nil {
		unshare(file)
		return -1, err
	}
	return file, nil
}

func unshare(file int) { _ = unix.Close(file) } // nothing is left to be written

// put has committed bytes be those of a shared image: what is written to them is the
// region's own. It reports whether they are shared: a system that has as many mappings as it
// takes has them copied.
func (r region) put(im *image) (shared bool) {
	defer runtime.KeepAlive(im) // its file is closed with it
	at := r[im.at : im.at+im.size]
	_, err := unix.MmapPtr(im.file, 0, unsafe.Pointer(unsafe.SliceData(at)), uintptr(im.size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_FIXED)
	if err == nil {
		return true
	}
	for n := 0; n < len(at); {
		got, err := unix.Pread(im.file, at[n:], int64(n))
		if err != nil || got <= 0 {
			panic(fmt.Sprintf("wasm: a guest's memory can't be had from its image: %d bytes, %v", got, err))
		}
		n += got
	}
	return false
}

// reset makes the first n bytes what they began as, those of an image too.
func (r region) reset(n int) bool { return unix.Madvise(r[:n], unix.MADV_DONTNEED) == nil }
