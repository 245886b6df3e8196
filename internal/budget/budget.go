package budget

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// How a budget is kept.
const (
	Least     = 64 << 20               // bytes that a budget has, or more
	lookEvery = 100 * time.Millisecond // between two looks at what is really used
	trimEvery = time.Second            // between two times that what is kept for later is looked through
	tidyEvery = 2 * time.Second        // between two times that garbage is collected for it,
	tidySoon  = 300 * time.Millisecond // or where memory is short;
	tidyWorth = 16 << 20               // bytes that are worth it: every lab waits a moment for that
	emptyOnce = 10 * time.Second       // between two times that all is given up that can be had again
	openWait  = 5 * time.Second        // for room for what a client within their share asks for
	LabBase   = 4 << 20                // bytes that a lab takes before it runs anything
)

// spare is what is granted to nobody: by so much may what is no lab's grow before it is
// seen, and garbage with it.
func spare(limit int64) int64 { return min(max(limit/8, 16<<20), 512<<20) }

// A Budget is what a server may use of its machine's memory. Its methods may be called
// from any goroutine; a nil Budget grants everything.
//
//	0 ............ what is used ............ line ..... half of the spare ..... limit
//	               granted at once            |  who asks waits  |  labs are closed
//	                                          |  until labs are closed
type Budget struct {
	limit int64
	usage func() Usage
	tidy  func(Effort)
	asked chan struct{} // somebody waits: Run looks at once

	mu      sync.Mutex
	claims  []*Claim // in the order of their making
	made    int
	last    Usage // of the last look
	tidied  time.Time
	emptied time.Time
	litter  int64         // bytes that claims have left in the heap since garbage was collected
	changed chan struct{} // closed when there may be more room
	closed  uint64        // labs
	refused uint64        // claims
}

// An Effort is how much is done to give memory back to the system.
type Effort int

// The efforts.
const (
	Trim    Effort = iota // what is kept for later, and was not used for a while
	Collect               // all of that, and garbage
	Empty                 // and what else can be had again
)

// New returns a budget of limit bytes. usage tells what the process uses; it is called ten
// times a second. tidy gives memory back to the system. Run must be called.
func New(limit int64, usage func() Usage, tidy func(Effort)) *Budget {
	return &Budget{
		limit: max(limit, Least), usage: usage, tidy: tidy, last: usage(),
		asked: make(chan struct{}, 1), changed: make(chan struct{}),
	}
}

// Limit is how many bytes the budget has; 0 for no budget.
func (b *Budget) Limit() int64 {
	if b == nil {
		return 0
	}
	return b.limit
}

// Run looks at what is really used, until ctx ends, and closes labs where that is too
// much or somebody waits for memory.
func (b *Budget) Run(ctx context.Context) {
	if b == nil {
		return
	}
	look, trim := time.NewTicker(lookEvery), time.NewTicker(trimEvery)
	defer look.Stop()
	defer trim.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.asked:
			b.look(time.Now())
		case <-look.C:
			b.look(time.Now())
		case <-trim.C:
			b.tidy(Trim)
		}
	}
}

// look measures what is used. Where that is too much it has garbage collected, unless
// that was done a moment ago, and then labs closed.
func (b *Budget) look(now time.Time) {
	b.measure()
	b.mu.Lock()
	effort := b.effort(now)
	b.mu.Unlock()
	if effort > Trim {
		b.tidy(effort) // takes a while, in which the labs go on
		b.measure()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.waiting() || b.lacking() > spare(b.limit)/2 {
		b.shorten()
	}
	b.tell()
}

// effort says what is to be done now to give memory back. The caller holds mu, and does it.
func (b *Budget) effort(now time.Time) Effort {
	short, since := b.lacking() > 0, now.Sub(b.tidied)
	worth := min(b.last.Heap, b.last.Garbage+b.litter) >= tidyWorth
	effort := Trim
	switch {
	case short && now.Sub(b.emptied) >= emptyOnce:
		effort, b.emptied = Empty, now
	case worth && (since >= tidyEvery || short && since >= tidySoon):
		effort = Collect
	}
	if effort > Trim {
		b.tidied, b.litter = now, 0
	}
	return effort
}

func (b *Budget) measure() {
	b.mu.Lock()
	for _, c := range b.claims {
		c.measured = c.others
	}
	b.mu.Unlock()
	u := b.usage() // what is claimed meanwhile counts twice for a moment, and never not at all
	b.mu.Lock()
	b.last = u
	b.mu.Unlock()
}

// line is up to where is granted.
func (b *Budget) line() int64 { return b.limit - spare(b.limit) }

// rest is what the process uses besides what is claimed. What claims have in Go's heap was
// measured with it. The caller holds mu, here and below.
func (b *Budget) rest() int64 {
	n := b.last.rest()
	for _, c := range b.claims {
		n -= c.measured
	}
	return max(n, 0)
}

// used is what the process uses, or may use without asking.
func (b *Budget) used() int64 {
	n := b.rest()
	for _, c := range b.claims {
		n += c.guests + c.others
	}
	return n
}

// room reports whether n bytes more can be granted now.
func (b *Budget) room(n int64) bool { return b.used()+n <= b.line() }

// waiting reports whether somebody waits who was not told to go.
func (b *Budget) waiting() bool {
	return slices.ContainsFunc(b.claims, func(c *Claim) bool { return c.wants > 0 && !c.closing })
}

// lacking is how many bytes there are too few for all who wait, when what closes has
// closed.
func (b *Budget) lacking() int64 {
	n := b.used() - b.line()
	for _, c := range b.claims {
		if c.closing {
			n -= c.guests + c.others
		} else {
			n += c.wants
		}
	}
	return n
}

// holdings are the claims as the policy sees them.
func (b *Budget) holdings() []holding {
	hs := make([]holding, len(b.claims))
	for i, c := range b.claims {
		hs[i] = holding{c.client, c.guests + c.others + c.wants, c.close != nil, c.viewers > 0, c.opened, c.guest}
		if c.closing {
			hs[i] = holding{}
		}
	}
	return hs
}

// share is how many bytes each client may use.
func (b *Budget) share() int64 {
	clients := map[string]bool{}
	for _, c := range b.claims {
		if c.client != "" {
			clients[c.client] = true
		}
	}
	return share(b.line()-b.rest(), max(len(clients), 1))
}

// shorten closes labs until nothing is lacking, or none is left.
func (b *Budget) shorten() {
	for b.lacking() > 0 {
		hs, share := b.holdings(), b.share()
		i := victim(hs, share)
		if i < 0 {
			return
		}
		c := b.claims[i]
		c.closing = true
		b.closed++
		close(c.gone)
		c.close(hs[i].why(totals(hs)[c.client], share))
	}
}

// tell lets all who wait look again.
func (b *Budget) tell() {
	close(b.changed)
	b.changed = make(chan struct{})
}

// Open claims memory for a lab that client is to open, waiting a while where others use
// more than their share. Its error is a sentence for the client.
func (b *Budget) Open(ctx context.Context, client string) (*Claim, error) {
	return b.Hold(ctx, client, LabBase)
}

// Hold claims n bytes for what takes memory for a while and is no lab: an upload, a
// compilation. It is Open otherwise; what is no client's work has client "".
func (b *Budget) Hold(ctx context.Context, client string, n int64) (*Claim, error) {
	if b == nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, openWait)
	defer cancel()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.made++
	c := &Claim{b: b, client: client, opened: b.made, gone: make(chan struct{})}
	b.claims = append(b.claims, c)
	if !b.room(n) {
		c.wants = n
		total, share := totals(b.holdings()), b.share()
		others := slices.ContainsFunc(b.claims, func(o *Claim) bool { return o.client != client && greedy(total, o.client, share) })
		if !others || greedy(total, client, share) {
			return nil, b.refuse(c, total[client], share)
		}
	}
	if !c.wait(ctx, 0, n) {
		return nil, b.refuse(c, 0, 0)
	}
	c.granted.Store(n)
	return c, nil
}

// refuse forgets a claim that can't be granted, of a client who uses so much, and says why.
func (b *Budget) refuse(c *Claim, use, share int64) error {
	b.refused++
	b.remove(c)
	if use -= c.wants; use > 0 && use+c.wants > share {
		return errors.New("this server's memory is used up: the labs from your address use " + mib(use) + ", and each address has a share of " + mib(share) + "; close one of them first")
	}
	return errors.New("this server's memory is used up: try again in a moment")
}

func (b *Budget) remove(c *Claim) {
	if i := slices.Index(b.claims, c); i >= 0 {
		b.claims = slices.Delete(b.claims, i, i+1)
		b.litter += c.measured
		b.tell()
	}
}
