package flow

import "time"

// A Limiter is a bucket of tokens.
type Limiter struct {
	rate, burst float64
	tokens      float64
	last        time.Time
}

// NewLimiter returns a Limiter of burst tokens, and rate a second after that.
func NewLimiter(rate, burst float64) Limiter { return Limiter{rate: rate, burst: burst, tokens: burst} }

// Take takes a token and returns how long to wait before it may be used.
func (l *Limiter) Take(now time.Time) time.Duration {
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
