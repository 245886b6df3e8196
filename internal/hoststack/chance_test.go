package hoststack

import (
	"math/rand/v2"
	"net/netip"
	"runtime"
	"sync"
	"testing"
	"time"

	"wireloom/vnet/inet"
)

// TestManyStacksAtOnce makes stacks from several goroutines, as a server does for
// its labs: each has one goroutine, and the process its processors afterwards.
func TestManyStacksAtOnce(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	before := runtime.NumGoroutine()
	const workers, each = 8, 25
	stacks := make([][]inet.Stack, workers)
	var wg sync.WaitGroup
	for i := range workers {
		wg.Go(func() {
			for range each {
				h := &host{w: &world{}, rand: rand.NewChaCha8([32]byte{byte(i)})}
				s, err := New(h, []inet.StackNIC{{
					Name: "em0", MAC: macOfHost(i), MTU: 1500, Addresses: []netip.Prefix{netip.MustParsePrefix("10.0.0.1/24")},
				}})
				if err != nil {
					t.Error(err)
					return
				}
				stacks[i] = append(stacks[i], s)
			}
		})
	}
	wg.Wait()
	if n := goroutines(before+workers*each) - before; n > workers*each {
		t.Errorf("%d stacks have %d goroutines, want one each", workers*each, n)
	}
	if n := runtime.GOMAXPROCS(0); n != 4 {
		t.Errorf("GOMAXPROCS is %d, was 4", n)
	}
	for _, list := range stacks {
		for _, s := range list {
			s.Close()
		}
	}
	if n := goroutines(before); n > before {
		t.Errorf("%d goroutines, %d before", n, before)
	}
}

func TestClock(t *testing.T) {
	var c clock
	c.set(time.Second)
	var ran []int
	note := func(i int) func() { return func() { ran = append(ran, i) } }
	c.AfterFunc(time.Second, note(1))
	c.AfterFunc(0, note(2))
	c.AfterFunc(time.Second, note(3))
	stopped := c.AfterFunc(time.Second, note(4))
	late := c.AfterFunc(time.Second, note(5))
	never := c.AfterFunc(1<<63-1, note(6))
	late.Reset(time.Second) // goes behind those that are due then
	if !stopped.Stop() || stopped.Stop() {
		t.Error("Stop says that it stopped a timer, once")
	}
	run := func() {
		for x := c.due(); x != nil; x = c.due() {
			x.f()
		}
	}
	run()
	if at, ok := c.next(); !ok || at != 2*time.Second {
		t.Errorf("the next timer is due at %v, %v; want 2s", at, ok)
	}
	c.set(2 * time.Second)
	run()
	if len(ran) != 4 || ran[0] != 2 || ran[1] != 1 || ran[2] != 3 || ran[3] != 5 {
		t.Errorf("timers ran in the order %v, want [2 1 3 5]", ran)
	}
	if !never.Stop() {
		t.Error("a timer far away has run")
	}
	if _, ok := c.next(); ok {
		t.Error("a timer is left")
	}
}
