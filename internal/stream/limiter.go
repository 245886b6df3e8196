package stream

import "time"

// Commands of a viewer: CommandBurst at once, and CommandRate a second after that.
// Who sends more is read more slowly, nothing else. Acknowledgements are apart.
const (
	CommandRate  = 50
	CommandBurst = 100
	ackRate      = 200
	ackBurst     = 400
)

// A limiter is a bucket of tokens. It has no clock of its own.
type limiter struct {
	rate, burst float64
	tokens      float64
	last        time.Time
}

func newLimiter(rate, burst float64) limiter { return limiter{rate: rate, burst: burst, tokens: burst} }

// take takes a token and returns how long to wait before it may be used.
func (l *limiter) take(now time.Time) time.Duration {
	if !l.last.IsZero() {
		l.tokens = min(l.tokens+now.Sub(l.last).Seconds()*l.rate, l.burst)
	}
	l.last = now
	l.tokens--
	if l.tokens >= 0 {
		return 0
	}
	return time.Duration(-l.tokens / l.rate * float64(time.Second))
}
