// Package flow says when a viewer may be sent more, and how fast it may ask. It has no
// clock of its own.
package flow

import "time"

// Limits of what is on its way to a viewer. They are what makes a reply quick: what
// it has to pass on its way is never more than this.
const (
	Pushes     = 3                      // messages on the way, beside replies
	minBudget  = 16 << 10               // bytes of a message to a viewer far away
	wholeBytes = 512 << 10              // bytes of a message to a viewer without limits
	quickAck   = 200 * time.Millisecond // a viewer who takes longer than this gets less at once
)

// DefaultRate is how many bytes a second a viewer gets, and as many at once after a
// while of less.
const DefaultRate = 1 << 20

// A Flow says when a viewer may be sent more. The viewer acknowledges each message
// of events and each state when it has shown it; replies are sent at any time, and
// only weigh .
type Flow struct {
	rate   int // bytes a second; no limit if negative
	tokens float64
	last   time.Time

	sent   []push // not acknowledged, the oldest first
	n      uint64 // the number of the newest
	budget int
	limit  int // of the budget
	way    int // bytes on the way
}

// A push is a message that is acknowledged.
type push struct {
	n     uint64
	bytes int
	at    time.Time
}

// New returns the flow to a viewer of so many bytes a second, without limits if that is
// negative; a message has limit bytes at most, unless there are none.
func New(rate, limit int) Flow {
	if rate < 0 {
		limit = wholeBytes
	}
	return Flow{rate: rate, tokens: float64(rate), budget: limit, limit: limit}
}

// Open returns how long it is until a message may be sent: 0 is now, and negative is
// when an acknowledgement has come.
func (f *Flow) Open(now time.Time) time.Duration {
	if len(f.sent) >= Pushes || f.way >= 2*f.budget {
		return -1
	}
	return f.Debt(now)
}

// Debt returns how long it is until the viewer has been sent no more than its rate
// allows.
func (f *Flow) Debt(now time.Time) time.Duration {
	if f.rate < 0 {
		return 0
	}
	f.fill(now)
	if f.tokens >= 0 {
		return 0
	}
	return max(time.Duration(-f.tokens/float64(f.rate)*float64(time.Second)), 1)
}

func (f *Flow) fill(now time.Time) {
	if !f.last.IsZero() {
		f.tokens = min(f.tokens+now.Sub(f.last).Seconds()*float64(f.rate), float64(f.rate))
	}
	f.last = now
}

// Budget is how many bytes a message may have.
func (f *Flow) Budget() int { return f.budget }

// Number is the next message's that will be acknowledged.
func (f *Flow) Number() uint64 {
	f.n++
	return f.n
}

// Pushed says that a message was sent which will be acknowledged.
func (f *Flow) Pushed(now time.Time, bytes int) {
	f.sent = append(f.sent, push{f.n, bytes, now})
	f.way += bytes
	f.Weigh(now, bytes)
}

// Weigh says that bytes were sent.
func (f *Flow) Weigh(now time.Time, bytes int) {
	f.fill(now)
	f.tokens -= float64(bytes)
}

// Acknowledged takes in that the viewer has shown the messages up to the number n.
// It reports false if there is no such message.
func (f *Flow) Acknowledged(now time.Time, n uint64) bool {
	if n > f.n {
		return false
	}
	for len(f.sent) > 0 && f.sent[0].n <= n {
		p := f.sent[0]
		f.sent = f.sent[1:]
		f.way -= p.bytes
		if now.Sub(p.at) > quickAck {
			f.budget = max(f.budget/2, minBudget)
		} else {
			f.budget = min(f.budget+f.budget/4, f.limit)
		}
	}
	return true
}
