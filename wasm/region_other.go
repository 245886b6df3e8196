//go:build !linux && !darwin && !freebsd && !netbsd && !openbsd && !dragonfly

package wasm

// A region is a range of addresses outside of Go's heap; there are none here.
type region []byte

const regions = false

func reserve(int) region { return nil }

func (region) commit(int, int) {}

func (region) populate(int, int) {}

func (region) free() {}
