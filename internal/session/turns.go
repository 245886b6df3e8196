package session

import "wireloom/internal/sched"

// What sessions take their turns from; see [sched].
type (
	Scheduler = sched.Scheduler
	Owner     = sched.Owner
	Histogram = sched.Histogram
)

// NewScheduler returns a Scheduler that lets n sessions run at once; see [sched.New].
func NewScheduler(n int) *Scheduler { return sched.New(n) }

// The lines for a turn, and how long one is.
const (
	lineLight = sched.Light
	lineHog   = sched.Hog
	TurnTime  = sched.TurnTime
	turnChunk = sched.TurnChunk
	turnSteps = sched.TurnSteps
)
