package session

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"time"
)

// Bounds of one turn. A turn ends at the first that is reached; what is left of a
// lab's work waits in line behind every other lab that wants a turn.
const (
	TurnTime  = 2 * time.Millisecond // real time, looked at after at most TurnChunk steps
	TurnChunk = 16                   // steps of a loop between two looks at the clock, while they are quick
	TurnSteps = 8192                 // steps of a loop
)

// A Scheduler shares the machine's cores among the labs of a server. A session
// asks for a turn, runs its lab for at most TurnTime, and gives the turn back. There
// are two lines, each in the order in which turns were asked for: one of labs whose
// last turn was long enough for all that was due, and one of those that had more
// to do. The first goes before, but for each hogEvery-th turn. So a lab that spins
// or floods takes its share and no more, and however many do, another waits for
// those of its own kind and a turn or two.
//
// It may be used from any goroutine.
type Scheduler struct {
	mu    sync.Mutex
	free  int
	lines [2][]chan struct{} // waiters, oldest first; closed when granted
	light int                // turns granted to the first line while somebody was in the second

	lag Histogram
}

// The lines of a Scheduler.
const (
	lineLight = iota
	lineHog
)

// hogEvery is which of the turns goes to the second line if somebody is in it.
const hogEvery = 4

// NewScheduler returns a Scheduler that lets n sessions run at once; one for each
// core that the process may use if n is below 1.
func NewScheduler(n int) *Scheduler {
	if n < 1 {
		n = runtime.GOMAXPROCS(0)
	}
	return &Scheduler{free: n}
}

// Lag is how late the labs' events were in real time, over all sessions that ran
// at a rate which is tied to it.
func (s *Scheduler) Lag() *Histogram { return &s.lag }

// Waiting is the number of sessions in line.
func (s *Scheduler) Waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.lines[lineLight]) + len(s.lines[lineHog])
}

// acquire waits in a line for a turn. It reports false, without one, if ctx ended
// first.
func (s *Scheduler) acquire(ctx context.Context, line int) bool {
	s.mu.Lock()
	if s.free > 0 { // then nobody waits
		s.free--
		s.mu.Unlock()
		return true
	}
	granted := make(chan struct{})
	s.lines[line] = append(s.lines[line], granted)
	s.mu.Unlock()
	select {
	case <-granted:
		return true
	case <-ctx.Done():
	}
	s.mu.Lock()
	if i := slices.Index(s.lines[line], granted); i >= 0 {
		s.lines[line] = slices.Delete(s.lines[line], i, i+1)
		s.mu.Unlock()
		return false
	}
	s.mu.Unlock()
	s.release() // it was granted at the same moment: pass it on
	return false
}

// release gives a turn to the next in line.
func (s *Scheduler) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	line := lineLight
	switch hogs := len(s.lines[lineHog]); {
	case hogs > 0 && (len(s.lines[lineLight]) == 0 || s.light >= hogEvery-1):
		line, s.light = lineHog, 0
	case hogs > 0:
		s.light++
	case len(s.lines[lineLight]) == 0:
		s.free++
		return
	}
	close(s.lines[line][0])
	s.lines[line] = slices.Delete(s.lines[line], 0, 1)
}
