package stream

import "time"

// Commands of a viewer: CommandBurst at once, and CommandRate a second after that.
// Who sends more is read more slowly, nothing else.
const (
	CommandRate  = 50
	CommandBurst = 100
)

// A limiter is a bucket of tokens. It has no clock of its own.
type limiter struct {
	tokens float64
	last   time.Time
}

// take takes a token and returns how long to wait before it may be used.
func (l *limiter) take(now time.Time) time.Duration {
	if l.last.IsZero() {
		l.tokens = CommandBurst
	} else {
		l.tokens = min(l.tokens+now.Sub(l.last).Seconds()*CommandRate, CommandBurst)
	}
	l.last = now
	l.tokens--
	if l.tokens >= 0 {
		return 0
	}
	return time.Duration(-l.tokens / CommandRate * float64(time.Second))
}
