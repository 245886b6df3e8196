//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package wasm

// noReserve is nothing here: what can't be used sets nothing aside.
const noReserve = 0

func (region) populate(int, int) {}
