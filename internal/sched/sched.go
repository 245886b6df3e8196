// Package sched shares the machine's cores among the labs of a server: who wants to run something
// waits in line for a turn, and gives it back. What runs in a turn is no matter of this package.
package sched

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"time"
)

// Bounds of one turn. A turn ends at the first that is reached; what is left of a
// lab's work waits in line behind every other lab that wants a turn.
const (
	TurnTime  = 2 * time.Millisecond // real time, looked at after at most TurnChunk steps
	TurnChunk = 16                   // steps of a loop between two looks at the clock, while they are quick
	TurnSteps = 8192                 // steps of a loop
)

// A Scheduler shares the machine's cores among the labs of a server, and what shows
// them. A session asks for a turn, runs its lab for at most TurnTime, and gives the turn
// back. There are two lines, one of labs whose last turn was long enough for all that was
// due, and one of those that had more to do. The first goes before, but for each
// hogEvery-th turn. In a line groups of owners go by turns, in a group its owners, and what
// is one owner's in the order in which it was asked for. So a lab that spins or floods takes
// its share and no more; however many an owner has, another's waits for a turn of each owner,
// and however many a group has, another's waits for a turn of each group.
//
// It may be used from any goroutine.
type Scheduler struct {
	// Between, where it is not nil, is called by who gives a turn back, before somebody else has
	// it: where all labs share one thread with what brings their messages, that must run, too.
	Between func()

	mu    sync.Mutex
	free  int
	lines [2]line
	light int // turns granted to the first line while somebody was in the second

	lag Histogram
}

// An Owner is whose turns something takes: one of a group, such as a person of a class.
// Groups go by turns, and in a group its members. The zero value is one owner like any other.
type Owner struct{ Group, Name string }

// A line is who waits for turns.
type line struct {
	groups  []string            // whose turn is next comes first
	members map[string][]string // names by group, likewise; no group has none
	waiting map[Owner][]*Ticket // oldest first; nobody has none
	n       int
}

// A Ticket is a place in a line.
type Ticket struct {
	line    Line
	owner   Owner
	granted chan struct{}
}

func (l *line) push(t *Ticket) {
	if l.waiting == nil {
		l.members, l.waiting = map[string][]string{}, map[Owner][]*Ticket{}
	}
	if len(l.waiting[t.owner]) == 0 {
		l.queue(t.owner)
	}
	l.waiting[t.owner] = append(l.waiting[t.owner], t)
	l.n++
}

// queue puts an owner behind the others of its group, and a group of which nobody waited
// behind the other groups.
func (l *line) queue(o Owner) {
	if len(l.members[o.Group]) == 0 {
		l.groups = append(l.groups, o.Group)
	}
	l.members[o.Group] = append(l.members[o.Group], o.Name)
}

// unqueue takes an owner out of both lines.
func (l *line) unqueue(o Owner) {
	names := l.members[o.Group]
	i := slices.Index(names, o.Name)
	if names = slices.Delete(names, i, i+1); len(names) > 0 {
		l.members[o.Group] = names
		return
	}
	delete(l.members, o.Group)
	i = slices.Index(l.groups, o.Group)
	l.groups = slices.Delete(l.groups, i, i+1)
}

// pop takes out who is next; somebody is.
func (l *line) pop() *Ticket {
	group := l.groups[0]
	owner := Owner{group, l.members[group][0]}
	t := l.waiting[owner][0]
	l.remove(t, 0)
	if len(l.members[group]) > 0 {
		l.groups = append(l.groups[1:], group)
	}
	if len(l.waiting[owner]) > 0 {
		l.unqueue(owner)
		l.queue(owner)
	}
	return t
}

// remove takes out the i-th of an owner's.
func (l *line) remove(t *Ticket, i int) {
	l.waiting[t.owner] = slices.Delete(l.waiting[t.owner], i, i+1)
	if len(l.waiting[t.owner]) == 0 {
		delete(l.waiting, t.owner)
		l.unqueue(t.owner)
	}
	l.n--
}

// giveUp takes out a ticket, and reports whether it was there still.
func (l *line) giveUp(t *Ticket) bool {
	i := slices.Index(l.waiting[t.owner], t)
	if i < 0 {
		return false
	}
	l.remove(t, i)
	return true
}

// A Line is one of the two of a Scheduler.
type Line int

// The lines.
const (
	Light Line = iota // the last turn was long enough for all that was due
	Hog               // it was not
)

// Granted is closed when the turn is its holder's.
func (t *Ticket) Granted() <-chan struct{} { return t.granted }

// hogEvery is which of the turns goes to the second line if somebody is in it.
const hogEvery = 4

// New returns a Scheduler that lets n sessions run at once; one for each
// core that the process may use if n is below 1.
func New(n int) *Scheduler {
	if n < 1 {
		n = runtime.GOMAXPROCS(0)
	}
	return &Scheduler{free: n}
}

// Turn waits for a turn for what works for labs and is none: showing one to a viewer
// takes the same cores. It is to be short, about TurnTime. hog says that the last one
// of who asks left something to do. It reports false, without a turn, if ctx ended
// first; else Done must be called.
func (s *Scheduler) Turn(ctx context.Context, owner Owner, hog bool) bool {
	if hog {
		return s.Acquire(ctx, Hog, owner)
	}
	return s.Acquire(ctx, Light, owner)
}

// Done gives a Turn back.
func (s *Scheduler) Done() { s.Release() }

// Lag is how late the labs' events were in real time, over all sessions that ran
// at a rate which is tied to it.
func (s *Scheduler) Lag() *Histogram { return &s.lag }

// Free is how many turns there are that nobody has.
func (s *Scheduler) Free() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.free
}

// Waiting is the number of sessions in line.
func (s *Scheduler) Waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lines[Light].n + s.lines[Hog].n
}

// Ask takes a place in a line. Who has it waits until it is granted, and then must
// release the turn; or gives it up.
func (s *Scheduler) Ask(line Line, owner Owner) *Ticket {
	t := &Ticket{line, owner, make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.free > 0 { // then nobody waits
		s.free--
		close(t.granted)
	} else {
		s.lines[line].push(t)
	}
	return t
}

// GiveUp gives up a place, or the turn if that was granted meanwhile.
func (s *Scheduler) GiveUp(t *Ticket) {
	s.mu.Lock()
	there := s.lines[t.line].giveUp(t)
	s.mu.Unlock()
	if !there {
		s.Release()
	}
}

// Acquire waits in a line for a turn. It reports false, without one, if ctx ended
// first.
func (s *Scheduler) Acquire(ctx context.Context, line Line, owner Owner) bool {
	t := s.Ask(line, owner)
	select {
	case <-t.granted:
		return true
	default:
	}
	select {
	case <-t.granted:
		return true
	case <-ctx.Done():
		s.GiveUp(t)
		return false
	}
}

// Release gives a turn to the next in line.
func (s *Scheduler) Release() {
	if s.Between != nil {
		s.Between()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	light, hogs := &s.lines[Light], &s.lines[Hog]
	next := light
	switch {
	case hogs.n > 0 && (light.n == 0 || s.light >= hogEvery-1):
		next, s.light = hogs, 0
	case hogs.n > 0:
		s.light++
	case light.n == 0:
		s.free++
		return
	}
	close(next.pop().granted)
}
