// Package admission decides who waits when a server is full: a line with places in it, in
// which people come before strangers.
package admission

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"wireloom/internal/store"
	"wireloom/internal/visitor"
)

// Limits of a queue.
const (
	maxWaiting  = 1000             // places
	maxOfClient = 64               // places of one address; a person has one
	patience    = 40 * time.Second // who does not ask for so long has left
	hold        = 30 * time.Second // how long a lab is kept for who is ready
	guess       = 20 * time.Second // from one lab that closes to the next, until that is known
	remembered  = 16               // of those times
	maxGuess    = time.Hour        // that anybody is told
)

// A Queue is who waits for a lab. Its methods may be called from any goroutine.
type Queue struct {
	// Take makes room for a lab of a client, or says why there is none; Give gives that back.
	Take func(visitor.Client) *visitor.Refusal
	Give func(visitor.Client)
	Now  func() time.Time // time.Now if nil

	mu      sync.Mutex
	waiting []*entry // who is next comes first
	came    uint64
	closed  []time.Time   // when labs closed, the last ones
	changed chan struct{} // closed when places have changed
}

// An entry is somebody's place.
type entry struct {
	ticket string
	client visitor.Client
	came   uint64
	asked  time.Time // when they asked last
	ready  bool      // a lab is kept for them
	since  time.Time // ready
}

func (q *Queue) now() time.Time {
	if q.Now != nil {
		return q.Now()
	}
	return time.Now()
}

// Admit takes a place on the server for a client's lab: the one that is kept for them, or one
// that is free and that nobody waits for. Else the refusal says which place in the queue they
// have.
func (q *Queue) Admit(client visitor.Client) *visitor.Refusal {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.advance()
	for i, e := range q.waiting {
		if e.ready && e.client.Key() == client.Key() {
			q.waiting = slices.Delete(q.waiting, i, i+1)
			q.tell()
			return nil
		}
	}
	why := q.Take(client)
	if why == nil {
		return nil
	}
	return q.join(client, why)
}

// Refused puts a client in the queue whom something else has refused than Take.
func (q *Queue) Refused(client visitor.Client, why *visitor.Refusal) *visitor.Refusal {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.join(client, why)
}

// join gives a client a place. The caller holds mu, here and below.
func (q *Queue) join(client visitor.Client, why *visitor.Refusal) *visitor.Refusal {
	now, of := q.now(), 0
	var mine *entry
	for _, e := range q.waiting {
		if e.client.Key() == client.Key() {
			of++
			if client.Person != "" {
				mine = e
			}
		}
	}
	switch {
	case mine != nil:
	case len(q.waiting) >= maxWaiting || of >= maxOfClient:
		return visitor.Busy(visitor.KindQueue, why.After, "%s; and as many wait already as may: try again later", why.Why)
	default:
		q.came++
		mine = &entry{ticket: store.NewID(), client: client, came: q.came}
		q.waiting = append(q.waiting, mine)
		q.sort()
		q.tell()
	}
	mine.asked = now
	place := *why
	place.Queue = q.place(mine)
	return &place
}

// sort puts people before strangers; each of them in the order in which they came, but whose
// class has fewer before them goes first.
func (q *Queue) sort() {
	slices.SortStableFunc(q.waiting, func(a, b *entry) int { return cmp.Compare(a.came, b.came) })
	ahead, turn := map[string]int{}, map[*entry]int{}
	for _, e := range q.waiting {
		if !e.client.Stranger() {
			turn[e] = ahead[e.client.Class]
			ahead[e.client.Class]++
		}
	}
	rank := func(e *entry) int {
		if e.client.Stranger() {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(q.waiting, func(a, b *entry) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(turn[a], turn[b]))
	})
}

func (q *Queue) tell() {
	if q.changed != nil {
		close(q.changed)
		q.changed = nil
	}
}

// place is what somebody is told of their place.
func (q *Queue) place(e *entry) *visitor.Place {
	if e.ready {
		return &visitor.Place{Ticket: e.ticket, Ready: true}
	}
	n := 1
	for _, o := range q.waiting {
		if o == e {
			break
		}
		if !o.ready {
			n++
		}
	}
	return &visitor.Place{Ticket: e.ticket, Number: n, Wait: min(time.Duration(n)*q.interval(), maxGuess)}
}

// interval is how long it is from one lab that closes to the next.
func (q *Queue) interval() time.Duration {
	if n := len(q.closed); n > 1 {
		return max(q.closed[n-1].Sub(q.closed[0])/time.Duration(n-1), time.Second)
	}
	return guess
}

// Left notes that a lab has closed: who is next may have its place.
func (q *Queue) Left() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = append(q.closed, q.now())
	if n := len(q.closed); n > remembered {
		q.closed = q.closed[n-remembered:]
	}
	q.advance()
}

// advance takes out who has left, and keeps labs for those who are next.
func (q *Queue) advance() {
	now, before := q.now(), len(q.waiting)
	q.waiting = slices.DeleteFunc(q.waiting, func(e *entry) bool {
		gone := now.Sub(e.asked) > patience || e.ready && now.Sub(e.since) > hold
		if gone && e.ready {
			q.Give(e.client)
		}
		return gone
	})
	moved := len(q.waiting) != before
	for _, e := range q.waiting {
		if !e.ready && q.Take(e.client) == nil {
			e.ready, e.since, moved = true, now, true
		}
	}
	if moved {
		q.tell()
	}
}

// Wait returns somebody's place as soon as it is another one than they know, or they are
// ready, or ctx ends. ok is false if there is no such ticket: they have left.
func (q *Queue) Wait(ctx context.Context, ticket string, known int) (p visitor.Place, ok bool) {
	look := time.NewTicker(time.Second) // for those who leave without a word
	defer look.Stop()
	for {
		q.mu.Lock()
		q.advance()
		i := slices.IndexFunc(q.waiting, func(e *entry) bool { return e.ticket == ticket })
		if i < 0 {
			q.mu.Unlock()
			return p, false
		}
		q.waiting[i].asked = q.now()
		p = *q.place(q.waiting[i])
		if q.changed == nil {
			q.changed = make(chan struct{})
		}
		changed := q.changed
		q.mu.Unlock()
		if p.Ready || p.Number != known || ctx.Err() != nil {
			return p, true
		}
		select {
		case <-changed:
		case <-look.C:
		case <-ctx.Done():
		}
	}
}

// Len is how many wait.
func (q *Queue) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting)
}
