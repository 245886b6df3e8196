package hoststack

import (
	"container/heap"
	"math"
	"sync"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
)

// A clock is the netstack's time and timers. The TCP processor sets timers from
// its own goroutine, so that the heap has a lock and is not the lab's: the stack
// runs what is due, in the order of time and then of setting, and asks the lab for
// one wake-up at the earliest.
type clock struct {
	mu   sync.Mutex
	now  time.Duration // the lab's time when it called the stack last
	seq  uint64
	heap timers
}

// A timer is a tcpip.Timer. pos is its place in the heap, -1 when it is not set.
type timer struct {
	c   *clock
	f   func()
	at  time.Duration
	seq uint64
	pos int
}

// epoch is what a netstack takes for the wall clock's reading when a lab begins.
// Nothing that leaves the stack depends on it.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// Now implements tcpip.Clock.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return epoch.Add(c.now)
}

// NowMonotonic implements tcpip.Clock. It starts at a second, as netstack takes
// zero for "never".
func (c *clock) NowMonotonic() tcpip.MonotonicTime {
	c.mu.Lock()
	defer c.mu.Unlock()
	return tcpip.MonotonicTime{}.Add(time.Second + c.now)
}

// AfterFunc implements tcpip.Clock. f runs on the lab's loop.
func (c *clock) AfterFunc(d time.Duration, f func()) tcpip.Timer {
	t := &timer{c: c, f: f, pos: -1}
	t.Reset(d)
	return t
}

// Stop implements tcpip.Timer.
func (t *timer) Stop() bool {
	t.c.mu.Lock()
	defer t.c.mu.Unlock()
	if t.pos < 0 {
		return false
	}
	heap.Remove(&t.c.heap, t.pos)
	return true
}

// Reset implements tcpip.Timer.
func (t *timer) Reset(d time.Duration) {
	c := t.c
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.pos >= 0 {
		heap.Remove(&c.heap, t.pos)
	}
	t.at = c.now + min(max(d, 0), math.MaxInt64-c.now)
	c.seq++
	t.seq = c.seq
	heap.Push(&c.heap, t)
}

func (c *clock) set(now time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

// due takes the next timer that is due out of the heap; nil if there is none.
func (c *clock) due() *timer {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.heap) == 0 || c.heap[0].at > c.now {
		return nil
	}
	return heap.Pop(&c.heap).(*timer)
}

// next returns when the earliest timer is due; false if none is set.
func (c *clock) next() (time.Duration, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.heap) == 0 {
		return 0, false
	}
	return c.heap[0].at, true
}

// timers is a heap.Interface.
type timers []*timer

func (h timers) Len() int { return len(h) }

func (h timers) Less(i, j int) bool {
	return h[i].at < h[j].at || h[i].at == h[j].at && h[i].seq < h[j].seq
}

func (h timers) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].pos, h[j].pos = i, j
}

// Push implements heap.Interface.
func (h *timers) Push(x any) {
	t := x.(*timer)
	t.pos = len(*h)
	*h = append(*h, t)
}

// Pop implements heap.Interface.
func (h *timers) Pop() any {
	last := len(*h) - 1
	t := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	t.pos = -1
	return t
}
