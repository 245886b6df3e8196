package session

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wireloom/internal/budget"
	"wireloom/internal/sched"
)

const mib = 1 << 20

// server is a budget of limit MiB that is kept, of a process that uses nothing besides;
// to be called in a bubble.
func server(t *testing.T, limit int64) *budget.Budget {
	t.Helper()
	b := budget.New(limit*mib, func() budget.Usage { return budget.Usage{} }, func(budget.Effort) {})
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	go b.Run(ctx)
	return b
}

// claim claims memory that nobody can be made to give back.
func claim(t *testing.T, b *budget.Budget, client string, n int64) *budget.Claim {
	t.Helper()
	c, err := b.Hold(t.Context(), client, n*mib)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func opened(t *testing.T, b *budget.Budget, client string) *budget.Claim {
	t.Helper()
	c, err := b.Open(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A lab that has to wait for memory stands still, and nothing else does; when it has got
// it, it goes on as if nothing had been.
func TestALabWaitsForMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := server(t, 256) // 224 may be granted
		other := claim(t, mem, "y", 170)
		turns := sched.New(1)
		l := live(t, Options{Claim: opened(t, mem, "x"), Scheduler: turns}, "hoard", "talk1")
		n := live(t, Options{Claim: opened(t, mem, "z"), Scheduler: turns}, "talk1", "talk20")
		time.Sleep(5 * time.Second)
		snap, _ := l.Snapshot()
		if s := mem.Stats(); s.Waiting != 1 || snap.Now > 100*time.Millisecond {
			t.Errorf("%d wait, and the lab's clock is at %v: it was to stand", s.Waiting, snap.Now)
		}
		if at, _ := n.now(); !near(at, 5*time.Second) {
			t.Errorf("its neighbour is at %v, want 5s", at)
		}
		other.Release()
		time.Sleep(5 * time.Second)
		if at, _ := l.now(); at < time.Second {
			t.Errorf("the lab is at %v 5 s after it got its memory", at)
		}
		if s := mem.Stats(); s.Waiting != 0 || s.Used < 64*mib {
			t.Errorf("%+v", s)
		}
		if res := replay(t, l.record()); !res.Same {
			t.Errorf("its recording: %+v", res)
		}
	})
}

// A lab that can't be given more is closed in the middle of what it does, and its viewers
// read why; what it had is free again.
func TestALabIsClosedForMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := server(t, 64)
		c := opened(t, mem, "x")
		l := live(t, Options{Claim: c}, "hoard", "hoard")
		c.Closer(func(why error) { l.stop(why) })
		<-l.Done()
		const want = "the server ran out of memory and closed this lab: it used"
		if !strings.HasPrefix(l.Reason(), want) {
			t.Errorf("closed because %q, want %q", l.Reason(), want)
		}
		if s := mem.Stats(); s.Labs != 0 || s.Closed != 1 || s.Clients != 0 {
			t.Errorf("afterwards %+v", s)
		}
	})
}

// While a lab waits it can be closed by others.
func TestALabThatWaitsIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := server(t, 64)
		claim(t, mem, "y", 20)
		l := live(t, Options{Claim: opened(t, mem, "x")}, "hoard", "hoard")
		time.Sleep(time.Second)
		if s := mem.Stats(); s.Waiting != 1 {
			t.Fatalf("%d wait", s.Waiting)
		}
		l.stop(nil)
		<-l.Done()
		if l.Reason() != closedReason {
			t.Errorf("closed because %q", l.Reason())
		}
	})
}

// Whatever a lab has to wait for, and however often, its run is the same.
func TestMemoryLeavesNoTrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 2))
		mem := server(t, 384) // 336 may be granted, and three labs want up to 102 each
		turns := sched.New(2)
		var labs []*bench
		for range 3 {
			labs = append(labs, live(t, Options{Claim: opened(t, mem, "x"), Scheduler: turns}, "breathe", "breathe"))
		}
		waited := 0
		for range 100 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			other, err := mem.Hold(ctx, "y", r.Int64N(150)*mib)
			time.Sleep(time.Duration(r.IntN(40)) * time.Millisecond)
			if waited += mem.Stats().Waiting; err == nil {
				other.Release()
			}
			cancel()
		}
		if waited < 50 {
			t.Fatalf("they have waited %d times: this test tests nothing", waited)
		}
		for i, l := range labs {
			if res := replay(t, l.record()); !res.Same || res.At < 100*time.Millisecond {
				t.Errorf("lab %d: %+v", i, res)
			}
		}
	})
}

func TestNestedCallsCloseALab(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := live(t, Options{}, "nest", "talk1")
		<-l.Done()
		if want := "the nested calls of the lab's programs take more than 256 MiB of the server's memory"; l.Reason() != want {
			t.Errorf("closed because %q, want %q", l.Reason(), want)
		}
	})
}

// A large program is one whose machine code takes memory.
type large struct {
	native
	size int64
}

func (l large) Size() int64 { return l.size }

// What is uploaded takes memory of the server as well: once for each program, as long as
// it is in its place.
func TestUploadsTakeMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mem := server(t, 256) // 224 may be granted
		l := live(t, Options{Claim: opened(t, mem, "x")}, "talk1", "talk1")
		install := func(node, name string, size int64) error {
			return l.Install(t.Context(), node, "p", large{native{name, programs()["quiet"].Main}, size * mib}, []byte(name))
		}
		for _, c := range []struct {
			name, node, program string
			size, want          int64 // MiB, want: that are claimed
			refused             bool
		}{
			{"one", "h1", "a", 50, 50, false},
			{"the same elsewhere", "h2", "a", 50, 50, false},
			{"another", "h2", "b", 30, 80, false},
			{"too large a one", "h1", "c", 300, 80, true},
			{"in the place of a larger one", "h1", "d", 10, 40, false},
		} {
			err := install(c.node, c.program, c.size)
			if (err != nil) != c.refused || err != nil && !strings.Contains(err.Error(), "the server has no memory for it now: try again in a moment") {
				t.Errorf("%s: %v", c.name, err)
			}
			time.Sleep(time.Second)
			if s := mem.Stats(); (s.Used-budget.LabBase)/mib > c.want+2 || (s.Used-budget.LabBase)/mib < c.want {
				t.Errorf("%s: %d MiB are claimed, want %d", c.name, (s.Used-budget.LabBase)/mib, c.want)
			}
		}
		if l.Reason() != "" {
			t.Errorf("the lab was closed: %s", l.Reason())
		}
	})
}

// A lab that may take no more time of the cores ends between two turns, to be had again later.
func TestALabWhoseTimeOfTheCoresIsUsedUpEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := 0
		l := live(t, Options{Spent: func(time.Duration) string {
			if turns++; turns < 3 {
				return ""
			}
			return "that is as much as you may"
		}}, "hoard", "hoard")
		<-l.Done()
		if l.Reason() != "that is as much as you may" || l.Outcome() != Short || turns != 3 {
			t.Errorf("it ended after %d turns, since %q, %v", turns, l.Reason(), l.Outcome())
		}
	})
}
