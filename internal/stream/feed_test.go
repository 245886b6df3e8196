package stream

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"wireloom/internal/sched"
	"wireloom/vnet/event"
)

// TestAFeedWorksInTurns: it makes no batch while somebody else has the only turn, and
// takes in so many events in one of its own.
func TestAFeedWorksInTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := sched.New(1)
		log := event.NewLog(64 << 20)
		log.Append(&event.Event{Kind: event.Lab})
		f := newFeed(log, liveLimits, turns, sched.Owner{Name: "a"})
		defer f.close()
		f.join()
		batches := func() int {
			synctest.Wait()
			f.mu.Lock()
			defer f.mu.Unlock()
			return len(f.batches)
		}
		pass := func() {
			time.Sleep(time.Second)
			synctest.Wait()
		}
		pass()
		if !turns.Turn(t.Context(), sched.Owner{Name: "b"}, false) {
			t.Fatal("there is no turn: the feed keeps it")
		}
		const events = 3*lookEvents + 1
		for i := range events {
			log.Append(&event.Event{Kind: event.Console, Node: "h1", Proc: "p", FD: 1, Data: fmt.Appendf(nil, "line %d\n", i)})
		}
		pass()
		before := batches()
		if n := turns.Waiting(); n != 1 {
			t.Errorf("%d wait, want the feed", n)
		}
		taken := f.digest.next // nobody writes it: the feed waits
		turns.Done()
		pass()
		if n := batches(); n <= before || turns.Waiting() != 0 {
			t.Errorf("%d batches, there were %d; %d wait", n, before, turns.Waiting())
		}
		if got := f.digest.next - taken; got != events {
			t.Errorf("%d events are taken in, want %d", got, events)
		}
		f.look.Lock()
		log.Append(&event.Event{Kind: event.Lab})
		for range lookEvents {
			log.Append(&event.Event{Kind: event.Lab})
		}
		n, more := f.read(lookEvents)
		f.look.Unlock()
		if n != lookEvents || more != nil {
			t.Errorf("a look takes in %d events, want %d, and to look again", n, lookEvents)
		}
	})
}

// TestAFeedKeepsWhatSomebodyHasNotTaken: batches go when the last reader has taken them, or
// leaves.
func TestAFeedKeepsWhatSomebodyHasNotTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := event.NewLog(1 << 20)
		f := newFeed(log, liveLimits, nil, sched.Owner{})
		defer f.close()
		cut := func() { // three batches of an event each
			for range 3 {
				log.Append(&event.Event{Kind: event.Lab})
				time.Sleep(time.Second)
				synctest.Wait()
			}
		}
		has := func(when string, batches int) {
			t.Helper()
			f.mu.Lock()
			defer f.mu.Unlock()
			bytes := 0
			for _, b := range f.batches {
				bytes += 2 * b.size
			}
			if len(f.batches) != batches || f.bytes != bytes {
				t.Errorf("%s: %d batches that count %d bytes, want %d of %d", when, len(f.batches), f.bytes, batches, bytes)
			}
		}
		fast, slow := f.join(), f.join()
		cut()
		has("nobody has taken any", 3)
		if got, _ := f.after(fast, 0); len(got) != 3 {
			t.Errorf("%d batches are there to take, want 3", len(got))
		}
		has("one is taking them", 3)
		f.after(fast, 3)
		has("one has taken all", 3)
		f.after(slow, 2)
		has("the other has taken two", 1)
		late := f.join()
		cut()
		f.after(fast, 6)
		f.after(late, 4)
		has("one that came later is behind", 4)
		f.leave(slow)
		has("the slow one has left", 2)
		f.leave(fast)
		f.leave(late)
		has("nobody is left", 0)
	})
}
