package session

import (
	"os"
	"runtime/debug"
)

// gcPercent is how much a server's heap may grow, in percent of what is alive,
// before it is collected.
const gcPercent = 40

// TuneGC sets the garbage collector up for a server of many labs, unless GOGC is set
// in the environment. Most of such a heap is the memory of guests, which holds no
// pointers: to collect often costs little there, and to let the heap double, as is
// usual, costs gigabytes.
func TuneGC() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}
