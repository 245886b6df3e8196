package compilechild

import (
	"slices"
	"sync"
)

var (
	runningMu sync.Mutex
	running   []int // process ids
)

// Running returns the process ids of the children that are at work.
func Running() []int {
	runningMu.Lock()
	defer runningMu.Unlock()
	return slices.Clone(running)
}

// begun notes that a child runs, until ended is called.
func begun(pid int) (ended func()) {
	runningMu.Lock()
	defer runningMu.Unlock()
	running = append(running, pid)
	return func() {
		runningMu.Lock()
		defer runningMu.Unlock()
		if i := slices.Index(running, pid); i >= 0 {
			running = slices.Delete(running, i, i+1)
		}
	}
}
