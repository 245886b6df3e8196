package stream

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"wireloom/internal/session"
	"wireloom/vnet/event"
)

// TestAFeedWorksInTurns: it makes no batch while somebody else has the only turn, and
// takes in so many events in one of its own.
func TestAFeedWorksInTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sched := session.NewScheduler(1)
		log := event.NewLog(64 << 20)
		log.Append(&event.Event{Kind: event.Lab})
		f := newFeed(log, liveLimits, sched, session.Owner{Name: "a"})
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
		if !sched.Turn(t.Context(), session.Owner{Name: "b"}, false) {
			t.Fatal("there is no turn: the feed keeps it")
		}
		const events = 3*lookEvents + 1
		for i := range events {
			log.Append(&event.Event{Kind: event.Console, Node: "h1", Proc: "p", FD: 1, Data: fmt.Appendf(nil, "line %d\n", i)})
		}
		pass()
		before := batches()
		if n := sched.Waiting(); n != 1 {
			t.Errorf("%d wait, want the feed", n)
		}
		taken := f.digest.next // nobody writes it: the feed waits
		sched.Done()
		pass()
		if n := batches(); n <= before || sched.Waiting() != 0 {
			t.Errorf("%d batches, there were %d; %d wait", n, before, sched.Waiting())
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
