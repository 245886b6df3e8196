package wasm

import "golang.org/x/sys/unix"

// noReserve says that a region, most of which is never used, sets nothing aside.
const noReserve = unix.MAP_NORESERVE
