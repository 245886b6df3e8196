package stream

import (
	"context"
	"math"
	"slices"
	"sort"
	"sync"
	"time"

	"wireloom/internal/sched"
	"wireloom/internal/session"
	"wireloom/internal/switchboard"
	"wireloom/vnet/event"
)

const (
	batchEvery = 50 * time.Millisecond  // between two batches that show everything
	thinEvery  = 100 * time.Millisecond // between two that don't: nobody reads faster
	lookEvery  = 10 * time.Millisecond  // between two looks at a log that fills quickly: it keeps little
	quickly    = 1000                   // events at a look
	lookEvents = 4000                   // events of a look at most: a turn of a millisecond or two
)

// Limits of the batches that a feed keeps for viewers who have not taken them yet. Those
// who are further behind are told how much they missed, and not of what.
const (
	keepBatches = 64
	keepBytes   = 8 << 20
)

// A feed makes batches of a lab's events, and encodes its states, for all viewers of
// the lab. Its goroutine runs while there are any. It never makes the lab wait. Its fields
// are in groups, by who may touch them.
//
//	lab --log--> digest --each 50 or 100 ms--> batches --> the viewers' outboxes
type feed struct {
	log    *event.Log
	limits limits
	sched  *sched.Scheduler   // nil: no turns
	owner  sched.Owner        // whose turns
	stop   context.CancelFunc // of the goroutine
	ended  chan struct{}      // closed when it has

	viewers int // the hub's

	hog bool // the log fills quickly; the goroutine's alone

	look   sync.Mutex // guards digest
	digest *digest    // what happened since the last batch

	mu      sync.Mutex
	readers map[*reader]bool
	batches []*batch // the oldest first, without gaps: what some reader has not taken
	bytes   int      // of those
	next    uint64   // where the next begins
	more    chan struct{}

	snap    *session.Snapshot
	state   []byte
	nets    []byte // how the nodes pass packets on
	netsAre int    // which version of nets it is, from 1
	board   switchboard.Board
}

// A reader is who takes a feed's batches.
type reader struct {
	at uint64 // the event that the next batch for it begins with; guarded by feed.mu
}

// newFeed starts a feed that begins now. It works in turns of the scheduler's that are
// owner's, if there is a scheduler.
func newFeed(log *event.Log, l limits, turns *sched.Scheduler, owner sched.Owner) *feed {
	_, next := log.Bounds()
	f := &feed{log: log, limits: l, sched: turns, owner: owner, ended: make(chan struct{}), digest: newDigest(l, next), next: next, readers: map[*reader]bool{}}
	ctx, stop := context.WithCancel(context.Background())
	f.stop = stop
	go func() {
		defer close(f.ended)
		f.run(ctx)
	}()
	return f
}

// close ends the feed's goroutine.
func (f *feed) close() {
	f.stop()
	<-f.ended
}

func (f *feed) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	<-timer.C
	var last time.Time // when there was a batch
	for {
		// The turn comes before the lock: who has that has a turn already.
		if f.sched != nil && !f.sched.Turn(ctx, f.owner, f.hog) {
			return
		}
		more, wait := f.take(time.Now(), &last)
		if f.sched != nil {
			f.sched.Done()
		}
		if more == nil {
			timer.Reset(wait)
		}
		select {
		case <-more:
		case <-timer.C:
		case <-ctx.Done():
			return
		}
	}
}

// take takes in what is new in the log, and makes a batch of it if it is time for
// one. It returns what tells that there is more, or how long to wait.
func (f *feed) take(now time.Time, last *time.Time) (more <-chan struct{}, wait time.Duration) {
	f.look.Lock()
	defer f.look.Unlock()
	n, more := f.read(lookEvents)
	f.hog = n > quickly
	if f.digest.empty() {
		return more, 0
	}
	every := batchEvery
	if f.digest.thinned() {
		every = thinEvery
	}
	if wait = last.Add(every).Sub(now); wait > 0 {
		if n > quickly || f.digest.thinned() {
			wait = min(wait, lookEvery)
		}
		return nil, wait
	}
	f.cut()
	*last = now
	return more, lookEvery
}

// read lets the digest take in what is new in the log, so many events at most, and
// returns how many they are.
func (f *feed) read(limit int) (n int, more <-chan struct{}) {
	d := f.digest
	_, more = f.log.Each(d.next, func(e *event.Event) bool {
		n++
		d.add(e)
		return n < limit
	})
	return n, more
}

// cut makes a batch of what the digest has taken in.
func (f *feed) cut() {
	b := f.digest.batch()
	f.digest = f.digest.after()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.batches = append(f.batches, b)
	f.bytes += 2 * b.size // its items, and all of them as one
	for len(f.batches) > 1 && (len(f.batches) > keepBatches || f.bytes > keepBytes) {
		f.drop()
	}
	f.next = b.next
	if f.more != nil {
		close(f.more)
		f.more = nil
	}
}

// drop forgets the oldest batch. The caller holds mu.
func (f *feed) drop() {
	f.bytes -= 2 * f.batches[0].size
	f.batches[0] = nil
	f.batches = f.batches[1:]
}

// join adds a reader, for whom the batches from now on are kept until it takes them.
func (f *feed) join() *reader {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := &reader{f.next}
	f.readers[r] = true
	return r
}

func (f *feed) leave(r *reader) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.readers, r)
	f.dropTaken()
}

// dropTaken forgets the batches that all readers have taken. The caller holds mu.
func (f *feed) dropTaken() {
	seq := f.next
	for r := range f.readers {
		seq = min(seq, r.at)
	}
	for len(f.batches) > 0 && f.batches[0].next <= seq {
		f.drop()
	}
}

// flush makes a batch of all that has happened so far, and returns where the next one
// begins.
func (f *feed) flush() uint64 {
	f.look.Lock()
	defer f.look.Unlock()
	f.read(math.MaxInt)
	if !f.digest.empty() {
		f.cut()
	}
	return f.digest.from
}

// after returns the batches from the event seq on, and what tells of the next one. The
// reader has taken those before.
func (f *feed) after(r *reader, seq uint64) ([]*batch, <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.more == nil {
		f.more = make(chan struct{})
	}
	if r.at != seq {
		r.at = seq
		f.dropTaken()
	}
	i := sort.Search(len(f.batches), func(i int) bool { return f.batches[i].from >= seq })
	return slices.Clone(f.batches[i:]), f.more
}

// past returns a batch of what the log has from the event seq up to, but not with,
// end.
func (f *feed) past(seq, end uint64) *batch {
	l := f.limits
	if l == liveLimits {
		l = pastLimits
	}
	d := newDigest(l, seq)
	f.log.Each(seq, func(e *event.Event) bool {
		if e.Seq >= end {
			return false
		}
		d.add(e)
		return true
	})
	d.skipTo(end)
	return d.batch()
}
