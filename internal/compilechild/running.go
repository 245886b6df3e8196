package compilechild

import (
	"os/exec"
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

// start starts a child, which is among those that run before it has done anything; ended
// is called when it is none of them any more.
func start(cmd *exec.Cmd) (ended func(), err error) {
	runningMu.Lock()
	defer runningMu.Unlock()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	pid := cmd.Process.Pid
	running = append(running, pid)
	return func() {
		runningMu.Lock()
		defer runningMu.Unlock()
		if i := slices.Index(running, pid); i >= 0 {
			running = slices.Delete(running, i, i+1)
		}
	}, nil
}
