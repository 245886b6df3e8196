package main

import (
	"os"
	"runtime/debug"
)

// How much the heap of a process that grades may grow, in percent of what is alive, before it
// is collected, and how many bytes of memory it has before it is collected as often as that
// takes. Most gradings end before there is so much: a collection costs them a tenth to a fifth
// of their time.
const (
	gradingGC     = 400
	gradingMemory = 1 << 30
)

// tuneGrading sets the garbage collector up for a process that grades and may have so many
// bytes of memory, unless that is done in the environment.
func tuneGrading(memory int64) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gradingGC)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(min(memory/2, gradingMemory))
	}
}
