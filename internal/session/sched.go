package session

import (
	"context"
	"runtime"
	"sync"
	"time"
)

// Bounds of one turn. A turn ends at the first that is reached; what is left of a
// lab's work waits in line behind every other lab that wants a turn.
const (
	TurnTime  = 2 * time.Millisecond // real time, looked at after every TurnChunk steps
	TurnChunk = 16                   // steps of a loop between two looks at the clock
	TurnSteps = 8192                 // steps of a loop
)

// A Scheduler shares the machine's cores among the labs of a server. A session
// asks for a turn, runs its lab for at most TurnTime, and gives the turn back;
// turns are granted in the order in which they were asked for. So a lab that spins
// or floods takes its share and no more, and the longest that another waits is
// TurnTime for each lab in front of it, divided by the number of cores.
//
// It may be used from any goroutine.
type Scheduler struct {
	mu   sync.Mutex
	free int
	line []chan struct{} // waiters, oldest first; closed when granted

	lag Histogram
}

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
	return len(s.line)
}

// acquire waits for a turn. It reports false, without one, if ctx ended first.
func (s *Scheduler) acquire(ctx context.Context) bool {
	s.mu.Lock()
	if s.free > 0 && len(s.line) == 0 {
		s.free--
		s.mu.Unlock()
		return true
	}
	granted := make(chan struct{})
	s.line = append(s.line, granted)
	s.mu.Unlock()
	select {
	case <-granted:
		return true
	case <-ctx.Done():
	}
	s.mu.Lock()
	for i, w := range s.line {
		if w == granted {
			s.line = append(s.line[:i], s.line[i+1:]...)
			s.mu.Unlock()
			return false
		}
	}
	s.mu.Unlock()
	s.release() // it was granted at the same moment: pass it on
	return false
}

// release gives a turn to the next in line.
func (s *Scheduler) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.line) == 0 {
		s.free++
		return
	}
	close(s.line[0])
	n := copy(s.line, s.line[1:])
	s.line[n] = nil
	s.line = s.line[:n]
}
