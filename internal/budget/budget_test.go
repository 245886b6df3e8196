package budget

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A machine is a process in fake time, whose labs are goroutines.
type machine_ struct {
	*Budget
	t       *testing.T
	ctx     context.Context // ends with the test
	usage   atomic.Pointer[Usage]
	garbage atomic.Int64 // in the heap, until it is collected
	tidied  atomic.Int32
	said    []string
}

// onMachine runs f with a budget of limit MiB, of which base MiB are used by what is no lab's.
func onMachine(t *testing.T, limit, base int64, f func(*machine_)) {
	synctest.Test(t, func(t *testing.T) {
		m := &machine_{t: t}
		m.usage.Store(&Usage{Heap: base * mb})
		m.Budget = New(limit*mb, func() Usage {
			u := *m.usage.Load()
			u.Garbage = m.garbage.Load()
			u.Heap += u.Garbage
			return u
		}, func(e Effort) {
			if e > Trim {
				m.tidied.Add(1)
				m.garbage.Store(0)
			}
		})
		ctx, cancel := context.WithCancel(t.Context())
		m.ctx = ctx
		go m.Run(ctx)
		defer time.Sleep(3 * time.Hour) // until every lab has closed
		defer cancel()
		f(m)
	})
}

// A lab of the test's.
type lab struct {
	*Claim
	m    *machine_
	name string
	ctx  context.Context
	has  int64 // bytes of guests
}

// open opens a lab that ends by itself, after a while, when it is told to close.
func (m *machine_) open(name, client string, closing time.Duration) *lab {
	m.t.Helper()
	c, err := m.Open(m.t.Context(), client)
	if err != nil {
		m.t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(m.ctx)
	l := &lab{Claim: c, m: m, name: name, ctx: ctx}
	c.Closer(func(why error) {
		cancel(why)
		m.said = append(m.said, name+": "+why.Error())
	})
	go func() {
		<-ctx.Done()
		if m.ctx.Err() == nil {
			time.Sleep(closing)
		}
		c.Release()
	}()
	return l
}

// grow lets the lab grow to so many MiB, and reports whether it may.
func (l *lab) grow(to int64) bool {
	ok := l.Grow(l.ctx, to*mb, 0)
	if ok {
		l.has = to * mb
	}
	return ok
}

func (m *machine_) wantClosed(names ...string) {
	m.t.Helper()
	synctest.Wait()
	var got []string
	for _, s := range m.said {
		name, _, _ := strings.Cut(s, ":")
		got = append(got, name)
	}
	if fmt.Sprint(got) != fmt.Sprint(names) {
		m.t.Errorf("closed are %v, want %v", m.said, names)
	}
}

func TestWhatFitsIsGrantedAtOnce(t *testing.T) {
	onMachine(t, 1024, 100, func(m *machine_) {
		began := time.Now()
		l := m.open("a", "x", 0)
		if l.Has(1, 0) || !l.grow(700) || !l.Has(700*mb, step) || l.Has(701*mb, 0) {
			t.Error("it did not grow to 700 MiB")
		}
		if s := m.Stats(); s.Used != 804*mb+step || s.Labs != 704*mb+step || s.Greatest != s.Labs || s.Clients != 1 {
			t.Errorf("stats %+v", s)
		}
		l.Settle(100*mb, 0)
		if s := m.Stats(); s.Labs != 104*mb {
			t.Errorf("after it shrank, labs have %d bytes", s.Labs)
		}
		l.Settle(100*mb-step, 0) // too little to tell
		if s := m.Stats(); s.Labs != 104*mb {
			t.Errorf("after it shrank by little, labs have %d bytes", s.Labs)
		}
		l.Release()
		if s := m.Stats(); s.Labs != 0 || s.Clients != 0 {
			t.Errorf("after it closed, %+v", s)
		}
		if time.Since(began) > 0 {
			t.Errorf("it took %v", time.Since(began))
		}
		m.wantClosed()
	})
}

func TestWhoAsksForTooMuchWaitsUntilOthersAreClosed(t *testing.T) {
	onMachine(t, 1024, 0, func(m *machine_) { // 896 MiB are granted
		good := m.open("good", "y", 0)
		hog := m.open("hog", "x", 3*time.Second)
		if !hog.grow(780) {
			t.Fatal("the hog got nothing")
		}
		began := time.Now()
		if !good.grow(200) {
			t.Error("who keeps within their share was closed")
		}
		if d := time.Since(began); d < 3*time.Second || d > 4*time.Second {
			t.Errorf("it waited %v for the hog to close, want 3s", d)
		}
		m.wantClosed("hog")
		if !strings.Contains(m.said[0], "it used 785 MiB; all labs from your address used 785 MiB, and each address has a share of 299 MiB") {
			t.Error(m.said[0])
		}
	})
}

func TestWhoAsksAndIsGreedyIsClosedItself(t *testing.T) {
	onMachine(t, 1024, 0, func(m *machine_) {
		good := m.open("good", "y", 0)
		good.grow(250)
		hog := m.open("hog", "x", 0)
		if !hog.grow(500) || hog.grow(700) {
			t.Error("want 500 MiB granted and 700 refused")
		}
		m.wantClosed("hog")
		if context.Cause(hog.ctx) == nil || good.ctx.Err() != nil {
			t.Error("the hog does not know why, or the other was closed")
		}
	})
}

// Eleven labs of one client that grow as fast as they can, and one of another's that
// grows slowly: the limit is never passed, and the other is granted all that it asks for.
func TestHogs(t *testing.T) {
	for _, closing := range []time.Duration{0, 50 * time.Millisecond, 2 * time.Second} {
		t.Run(closing.String(), func(t *testing.T) {
			onMachine(t, 1024, 150, func(m *machine_) {
				r := rand.New(rand.NewPCG(1, uint64(closing)))
				var mu sync.Mutex
				most := int64(0)
				check := func() {
					s := m.Stats()
					mu.Lock()
					defer mu.Unlock()
					most = max(most, s.Used)
				}
				hogs := make(chan string, 11)
				var labs []*lab
				for i := range 11 {
					labs = append(labs, m.open(fmt.Sprint("hog", i), "x", closing))
				}
				good := m.open("good", "y", 0)
				good.Watched(1)
				for _, l := range labs {
					by := 1 + r.Int64N(60)
					go func() {
						for n := by; n < 420 && l.grow(n); n += by {
							check()
						}
						hogs <- l.name
					}()
				}
				for n := int64(1); n <= 200; n += 7 {
					if !good.grow(n) {
						t.Fatalf("the good lab was closed at %d MiB: %v", n, context.Cause(good.ctx))
					}
					check()
					time.Sleep(10 * time.Millisecond)
				}
				for range 11 {
					<-hogs
				}
				s := m.Stats()
				if most = max(most, s.Used); most > m.line()+11*step {
					t.Errorf("%d MiB were in use, of %d that may be granted", most/mb, m.line()/mb)
				}
				if s.Closed == 0 || good.ctx.Err() != nil {
					t.Errorf("%d labs were closed, the good one for %v", s.Closed, context.Cause(good.ctx))
				}
			})
		})
	}
}

func TestOpening(t *testing.T) {
	open := func(m *machine_, client string) string {
		c, err := m.Open(m.t.Context(), client)
		if err != nil {
			return err.Error()
		}
		c.Release()
		return ""
	}
	onMachine(t, 1024, 0, func(m *machine_) {
		hog := m.open("hog", "x", time.Second)
		hog.grow(890)
		if got := open(m, "x"); !strings.Contains(got, "the labs from your address use 895 MiB, and each address has a share of 448 MiB; close one of them first") {
			t.Errorf("who uses all of it is told %q", got)
		}
		m.wantClosed()
		if got := open(m, "y"); got != "" {
			t.Errorf("somebody else is told %q", got)
		}
		m.wantClosed("hog")
	})
	onMachine(t, 1024, 890, func(m *machine_) { // what is no lab's leaves 6 MiB
		l := m.open("a", "x", 0)
		l.Watched(1)
		if got := open(m, "y"); got != "this server's memory is used up: try again in a moment" {
			t.Errorf("where nobody is greedy one is told %q", got)
		}
		m.wantClosed()
		if s := m.Stats(); s.Refused != 1 {
			t.Errorf("%d were refused", s.Refused)
		}
	})
	onMachine(t, 1024, 0, func(m *machine_) {
		hog := m.open("hog", "x", time.Hour) // it does not end
		hog.grow(890)
		began := time.Now()
		if got := open(m, "y"); got != "this server's memory is used up: try again in a moment" || time.Since(began) != openWait {
			t.Errorf("after %v one is told %q", time.Since(began), got)
		}
	})
}

// What is no lab's grows too: garbage is collected first, and only then labs are closed.
func TestWhatIsNoLabs(t *testing.T) {
	for _, c := range []struct {
		name          string
		heap, garbage int64 // MiB
		closed        []string
		tidied        int32
	}{
		{"within the line", 440, 0, nil, 0},
		{"garbage", 440, 400, nil, 1},
		{"within half of the spare", 500, 0, nil, 1},
		{"beyond", 545, 0, []string{"unwatched"}, 1},
		{"far beyond", 700, 0, []string{"unwatched", "large"}, 1},
		{"too far", 1000, 0, []string{"unwatched", "large", "small"}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			onMachine(t, 1024, 100, func(m *machine_) { // 896 MiB are granted, 64 more are looked away from
				small, large, unwatched := m.open("small", "x", 0), m.open("large", "y", 0), m.open("unwatched", "z", 0)
				small.grow(110)
				large.grow(150)
				unwatched.grow(150)
				small.Watched(1)
				large.Watched(2)
				m.usage.Store(&Usage{Heap: (c.heap + 3*LabBase/mb) * mb})
				m.garbage.Store(c.garbage * mb)
				time.Sleep(tidyEvery + 3*lookEvery)
				m.wantClosed(c.closed...)
				if n := m.tidied.Load(); n != c.tidied {
					t.Errorf("garbage was collected %d times, want %d", n, c.tidied)
				}
			})
		})
	}
}

// What labs leave behind in the heap counts until it is collected, and is collected soon.
func TestWhatLabsLeaveBehind(t *testing.T) {
	onMachine(t, 1024, 100, func(m *machine_) {
		l := m.open("a", "x", 0)
		if !l.Grow(l.ctx, 0, 300*mb) {
			t.Fatal("nothing was granted")
		}
		m.usage.Store(&Usage{Heap: 404 * mb}) // it has used it
		time.Sleep(time.Second)
		if s := m.Stats(); s.Used/mb != 404 {
			t.Errorf("%d MiB are used, want 404: what is claimed and measured counts once", s.Used/mb)
		}
		m.usage.Store(&Usage{Heap: 100 * mb})
		m.garbage.Store(304 * mb)
		l.Release()
		if s := m.Stats(); s.Used/mb != 404 {
			t.Errorf("%d MiB are used when it has closed, want 404 still", s.Used/mb)
		}
		time.Sleep(tidyEvery + 2*lookEvery)
		if s := m.Stats(); s.Used/mb != 100 || m.tidied.Load() != 1 {
			t.Errorf("%d MiB are used a while later, want 100; collected %d times", s.Used/mb, m.tidied.Load())
		}
	})
}

func TestWaitingEnds(t *testing.T) {
	onMachine(t, 1024, 0, func(m *machine_) {
		a, b := m.open("a", "x", time.Hour), m.open("b", "y", time.Hour)
		a.grow(500)
		a.Closer(nil)
		b.grow(300)
		b.Closer(nil)
		ctx, cancel := context.WithTimeout(m.ctx, time.Minute)
		defer cancel()
		began := time.Now()
		if b.Grow(ctx, 400*mb, 0) || time.Since(began) != time.Minute {
			t.Errorf("it was granted, or has not waited until its context ended: %v", time.Since(began))
		}
		if s := m.Stats(); s.Waiting != 0 || s.Used > m.line() {
			t.Errorf("afterwards %+v", s)
		}
		go func() {
			time.Sleep(time.Minute)
			a.Settle(100*mb, 0)
		}()
		if !b.Grow(m.ctx, 400*mb, 0) {
			t.Error("it was not granted what another gave back")
		}
	})
}

// A server without a budget grants everything.
func TestNoBudget(t *testing.T) {
	var b *Budget
	c, err := b.Open(t.Context(), "x")
	if err != nil || !c.Grow(t.Context(), 1<<60, 1<<60) || !c.Has(1<<60, 0) {
		t.Errorf("got %v", err)
	}
	c.Closer(nil)
	c.Watched(1)
	c.Settle(0, 0)
	c.Release()
	b.Run(t.Context())
	if s := b.Stats(); s != (Stats{}) {
		t.Errorf("stats %+v", s)
	}
}

// On a system where guests' memory is in the heap, it counts there once.
func TestGuestsInTheHeap(t *testing.T) {
	onMachine(t, 1024, 100, func(m *machine_) {
		m.usage.Store(&Usage{Heap: 100 * mb, InHeap: true})
		time.Sleep(lookEvery + time.Millisecond)
		l := m.open("a", "x", 0)
		l.grow(300)
		m.usage.Store(&Usage{Heap: 404 * mb, InHeap: true})
		time.Sleep(lookEvery + time.Millisecond)
		if s := m.Stats(); s.Used > 405*mb || s.Used < 404*mb {
			t.Errorf("%d MiB are used, want 404", s.Used/mb)
		}
		l.Settle(100*mb, 0)
		m.usage.Store(&Usage{Heap: 204 * mb, InHeap: true})
		time.Sleep(lookEvery + time.Millisecond)
		if s := m.Stats(); s.Used/mb != 204 {
			t.Errorf("%d MiB are used, want 204", s.Used/mb)
		}
	})
}

func TestUsageRest(t *testing.T) {
	for _, c := range []struct {
		name string
		u    Usage
		want int64
	}{
		{"what we count", Usage{Heap: 100, Idle: 10, Code: 20, Children: 5}, 135},
		{"what the system counts is more", Usage{Resident: 500, Guests: 200, Heap: 100, Children: 5}, 305},
		{"guests that have not touched theirs", Usage{Resident: 150, Guests: 1000, Heap: 100}, 100},
	} {
		if got := c.u.rest(); got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
}
