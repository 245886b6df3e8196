// Package loop is a lab's virtual time: a line and a heap of timers, which one caller
// turns.
package loop

import "time"

// A Loop owns a lab's virtual time. It has timers by time and then by the order in
// which they were set, so that what is due at the same instant runs in that order:
// those that are set for the present instant, most of all, in a line, the others in a
// heap. What the heap has for an instant was set before that instant came, and so
// before all that is in line. Timers that are set one after the other for the same instant
// hang on the first of them, a chain, and the heap has that one: a broadcast to a thousand
// hosts is one place of the heap. Nothing below it reads a real clock, starts a goroutine
// or takes a lock.
//
// Every turn of the loop is a step. A process that moves the clock itself
// (Advance) takes a step as well, as if it had been put into the heap and taken
// out again; so the number of steps, like everything else about a run, does not
// depend on where the caller of Run stops.
type Loop struct {
	now     time.Duration
	seq     uint64
	steps   uint64
	instant int // steps at now
	heap    []due
	newest  due // the end of the newest chain: further timers for its instant hang on that; none if it has run or was taken back
	line    line
	until   time.Duration // Run may not move the clock beyond this
	limit   uint64        // Run may not take more steps than this; 0 while it does not run
}

type due struct {
	at  time.Duration
	seq uint64
	t   *Timer
}

// A Timer is what the loop runs. The zero value with Do or Run set is ready; one timer
// is set once or not at all.
type Timer struct {
	Do         interface{ Turn() } // of what there is much of, since it needs no closure; nil where Run is set
	Run        func()
	Held       bool   // what it runs waits on a goroutine's stack: it must be run there
	off        *bool  // true: what it runs is no more, and its turn does nothing
	pos        int    // place in the heap plus one; inLine; inChain; 0 when not set
	prev, next *Timer // in line, or in a chain
}

const (
	inLine  = -1
	inChain = -2 // behind its first
)

// A line is the timers that are due at the present instant, and were set in it.
type line struct{ first, last *Timer }

func (q *line) add(t *Timer) {
	t.pos, t.prev = inLine, q.last
	if q.last == nil {
		q.first = t
	} else {
		q.last.next = t
	}
	q.last = t
}

// take is remove of the first.
func (q *line) take() {
	t := q.first
	q.first = t.next
	if q.first == nil {
		q.last = nil
	} else {
		q.first.prev = nil
	}
	t.pos, t.next = 0, nil
}

func (q *line) remove(t *Timer) {
	if t.prev == nil {
		q.first = t.next
	} else {
		t.prev.next = t.next
	}
	if t.next == nil {
		q.last = t.prev
	} else {
		t.next.prev = t.prev
	}
	t.pos, t.prev, t.next = 0, nil, nil
}

// Pending reports whether the timer is set.
func (t *Timer) Pending() bool { return t.pos != 0 }

// Now is the virtual time.
func (l *Loop) Now() time.Duration { return l.now }

// Steps is the number of turns that the loop has taken.
func (l *Loop) Steps() uint64 { return l.steps }

func (s due) before(o due) bool { return s.at < o.at || s.at == o.at && s.seq < o.seq }

// Set makes t run at the virtual time at, which must not lie in the past.
func (l *Loop) Set(t *Timer, at time.Duration) {
	if at < l.now {
		panic("loop: a timer is set in the lab's past")
	}
	if t.pos != 0 {
		panic("loop: a timer is set twice")
	}
	if at == l.now {
		l.line.add(t)
		return
	}
	// A chain ends when a timer is set for another instant: so nothing else has its place
	// between two of a chain.
	if last := l.newest.t; last != nil && l.newest.at == at {
		t.pos, t.prev, last.next = inChain, last, t
		l.newest.t = t
		return
	}
	l.seq++
	s := due{at, l.seq, t}
	l.newest = s
	l.heap = append(l.heap, due{})
	l.up(len(l.heap)-1, s)
}

// Stop takes t back. It reports whether t was set.
func (l *Loop) Stop(t *Timer) bool {
	switch t.pos {
	case 0:
		return false
	case inLine:
		l.line.remove(t)
	case inChain:
		t.prev.next = t.next
		if t.next != nil {
			t.next.prev = t.prev
		} else if l.newest.t == t {
			l.newest.t = t.prev
		}
		t.pos, t.prev, t.next = 0, nil, nil
	default:
		l.remove(t.pos - 1)
	}
	return true
}

// After runs f when d has passed; cancel before then takes it back.
func (l *Loop) After(d time.Duration, f func()) (cancel func()) {
	t := &Timer{Run: f}
	l.Set(t, l.now+max(d, 0))
	return func() { l.Stop(t) }
}

// AfterUnless is After for what does nothing once off has become true.
func (l *Loop) AfterUnless(off *bool, d time.Duration, f func()) (cancel func()) {
	t := &Timer{Run: f, off: off}
	l.Set(t, l.now+max(d, 0))
	return func() { l.Stop(t) }
}

// Fire is the turn of a timer that was taken.
func (t *Timer) Fire() {
	switch {
	case t.Do != nil:
		t.Do.Turn()
	case t.off == nil || !*t.off:
		t.Run()
	}
}

// Run takes due timers in turn until the clock would pass until or limit steps
// have been taken in all, and reports whether it stopped for time: the clock then
// stands at until.
func (l *Loop) Run(until time.Duration, limit uint64) bool {
	if until < l.now {
		return true
	}
	l.until, l.limit = until, limit
	defer l.Cut()
	for t := l.Due(); t != nil; t = l.Due() {
		l.Take(t)
		t.Fire()
	}
	if at, some := l.Next(); some && at <= until {
		return false
	}
	l.move(until)
	return true
}

// MaxInstant is how many steps one instant may hold. What takes a step for ever while
// the clock stands, like a frame that goes round over links without delay, would keep
// Run from returning and time from passing. 400 broadcasts at once to 1,000 ports stay
// below it.
const MaxInstant = 500_000

// Stuck reports whether the present instant has had as many steps as it may hold and
// wants more. A loop that is stuck takes no more steps.
func (l *Loop) Stuck() bool {
	return l.instant >= MaxInstant && l.dueBy(l.now)
}

// dueBy reports whether a timer is due at or before a time, which is not past.
func (l *Loop) dueBy(at time.Duration) bool {
	return l.line.first != nil || len(l.heap) > 0 && l.heap[0].at <= at
}

// move moves the clock, which begins another instant.
func (l *Loop) move(to time.Duration) {
	if to > l.now {
		l.now, l.instant = to, 0
	}
}

// Cut makes the step that is under way the last of this Run.
func (l *Loop) Cut() { l.limit = 0 }

// Due returns the timer whose turn is next; nil if none may run now.
func (l *Loop) Due() *Timer {
	if l.steps >= l.limit {
		return nil
	}
	t := l.line.first
	if len(l.heap) > 0 {
		switch first := &l.heap[0]; {
		case first.at <= l.now:
			t = first.t
		case t == nil && first.at <= l.until: // which begins another instant
			return first.t
		}
	}
	if l.instant >= MaxInstant {
		return nil
	}
	return t
}

// Take begins the turn of the timer that Due has returned, which the caller runs.
func (l *Loop) Take(t *Timer) {
	if t.pos == inLine {
		l.line.take()
	} else {
		l.move(l.heap[0].at)
		l.remove(0)
	}
	l.steps++
	l.instant++
}

// Advance moves the clock to at and reports true if nothing in the heap is due by
// then and the present run allows it; else the caller must set a timer.
func (l *Loop) Advance(at time.Duration) bool {
	if at > l.until || l.steps >= l.limit || l.dueBy(at) {
		return false
	}
	l.steps++
	l.move(at)
	return true
}

// Next returns when the next timer is due.
func (l *Loop) Next() (time.Duration, bool) {
	switch {
	case l.line.first != nil:
		return l.now, true
	case len(l.heap) == 0:
		return 0, false
	}
	return l.heap[0].at, true
}

func (l *Loop) place(i int, s due) {
	l.heap[i] = s
	s.t.pos = i + 1
}

// up puts s into the heap at the free place i, or above.
func (l *Loop) up(i int, s due) {
	for i > 0 {
		parent := (i - 1) / 4
		if !s.before(l.heap[parent]) {
			break
		}
		l.place(i, l.heap[parent])
		i = parent
	}
	l.place(i, s)
}

// down puts s into the heap at the free place i, or below.
func (l *Loop) down(i int, s due) {
	for {
		first := 4*i + 1
		if first >= len(l.heap) {
			break
		}
		least := first
		for c := first + 1; c < min(first+4, len(l.heap)); c++ {
			if l.heap[c].before(l.heap[least]) {
				least = c
			}
		}
		if !l.heap[least].before(s) {
			break
		}
		l.place(i, l.heap[least])
		i = least
	}
	l.place(i, s)
}

// remove takes the timer out of the heap that is at place i. The next of its chain has its
// place then.
func (l *Loop) remove(i int) {
	t := l.heap[i].t
	t.pos = 0
	if next := t.next; next != nil {
		t.next, next.prev = nil, nil
		next.pos = i + 1
		l.heap[i].t = next
		return
	}
	if l.newest.t == t {
		l.newest.t = nil
	}
	last := len(l.heap) - 1
	s := l.heap[last]
	l.heap[last] = due{}
	l.heap = l.heap[:last]
	switch {
	case i == last:
	case i > 0 && s.before(l.heap[(i-1)/4]):
		l.up(i, s)
	default:
		l.down(i, s)
	}
}
