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
