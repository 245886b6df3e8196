package stream

import "time"

// Limits of what is on its way to a viewer. They are what makes a reply quick: what
// it has to pass on its way is never more than this.
const (
	pushes     = 3                      // messages on the way, beside replies
	minBudget  = 16 << 10               // bytes of a message to a viewer far away
	wholeBytes = 512 << 10              // bytes of a message to a viewer without limits
	quickAck   = 200 * time.Millisecond // a viewer who takes longer than this gets less at once
)

// DefaultRate is how many bytes a second a viewer gets, and as many at once after a
// while of less.
const DefaultRate = 1 << 20

// A flow says when a viewer may be sent more. The viewer acknowledges each message
// of events and each state when it has shown it; replies are sent at any time, and
// only weigh. It has no clock of its own.
type flow struct {
	rate   int // bytes a second; no limit if negative
	tokens float64
	last   time.Time

	sent   []push // not acknowledged, the oldest first
	n      uint64 // the number of the newest
	budget int    // bytes that a message may have
	limit  int    // of the budget
	way    int    // bytes on the way
}

// A push is a message that is acknowledged.
type push struct {
	n     uint64
	bytes int
	at    time.Time
}

func newFlow(rate int) flow {
	limit := BatchBytes
	if rate < 0 {
		limit = wholeBytes
	}
	return flow{rate: rate, tokens: float64(rate), budget: limit, limit: limit}
}

// open returns how long it is until a message may be sent: 0 is now, and negative is
// when an acknowledgement has come.
func (f *flow) open(now time.Time) time.Duration {
	if len(f.sent) >= pushes || f.way >= 2*f.budget {
		return -1
	}
	return f.debt(now)
}

// debt returns how long it is until the viewer has been sent no more than its rate
// allows.
func (f *flow) debt(now time.Time) time.Duration {
	if f.rate < 0 {
		return 0
	}
	f.fill(now)
	if f.tokens >= 0 {
		return 0
	}
	return max(time.Duration(-f.tokens/float64(f.rate)*float64(time.Second)), 1)
}

func (f *flow) fill(now time.Time) {
	if !f.last.IsZero() {
		f.tokens = min(f.tokens+now.Sub(f.last).Seconds()*float64(f.rate), float64(f.rate))
	}
	f.last = now
}

// pushed says that a message was sent which will be acknowledged.
func (f *flow) pushed(now time.Time, bytes int) {
	f.sent = append(f.sent, push{f.n, bytes, now})
	f.way += bytes
	f.weigh(now, bytes)
}

// weigh says that bytes were sent.
func (f *flow) weigh(now time.Time, bytes int) {
	f.fill(now)
	f.tokens -= float64(bytes)
}

// acknowledged takes in that the viewer has shown the messages up to the number n.
// It reports false if there is no such message.
func (f *flow) acknowledged(now time.Time, n uint64) bool {
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
