package session

import (
	"testing"
	"testing/synctest"
	"time"

	"wireloom/vnet/event"
)

// A tap has what it wants of what passes, who has it watches the lab, and it never waits.
func TestTap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := live(t, Options{}, "talk20")
		tap, leave, err := b.Tap(t.Context(), func(e *event.Event) bool { return e.Port == "h1:em0" })
		b.ok(err)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if s, _ := b.Snapshot(); s.Viewers != 1 {
			t.Errorf("%d viewers, want 1", s.Viewers)
		}
		events, missed := tap.Take(nil)
		n := 0
		for rest := events; len(rest) > 0; n++ {
			var e event.Event
			if e, rest, err = NextEvent(rest); err != nil || e.Kind != event.Frame || e.Port != "h1:em0" || e.Link == 0 {
				t.Fatalf("event %d is %+v, %v", n, e, err)
			}
		}
		select {
		case <-tap.Much():
			t.Errorf("%d bytes are much", len(events))
		default:
		}
		if n < 10*50-2 || n > 10*50+2 || missed != nil {
			t.Errorf("%d events in 10 s at 50 a second, and %v missed", n, missed)
		}
		time.Sleep(10 * time.Minute)
		<-tap.Much()
		events, missed = tap.Take(events)
		if way := (Way{"h1:em0", "s1.1"}); len(events) < tapQueue || len(events) > tapQueue+1000 || len(missed) != 1 || missed[way] < 10_000 {
			t.Errorf("after ten minutes there are %d bytes, and %v missed", len(events), missed)
		}
		leave()
		tap.Take(nil)
		time.Sleep(time.Second)
		synctest.Wait()
		if events, _ := tap.Take(nil); len(events) > 0 {
			t.Errorf("who has left gets %d bytes", len(events))
		}
	})
}

// However many ends there are, what is missing is told apart up to a limit.
func TestTapCountsWhatIsMissing(t *testing.T) {
	tap := &Tap{wants: func(*event.Event) bool { return true }, buf: make([]byte, tapQueue)}
	add := func(e event.Event, times int) {
		for range times {
			tap.add(&e)
		}
	}
	add(event.Event{Kind: event.Frame, Port: "a:em0", Peer: "s1.1"}, 2)
	add(event.Event{Kind: event.Drop, Port: "s1.1"}, 3)
	add(event.Event{Kind: event.Call, Node: "b", Path: "/dev/tun0", Link: 2, Data: []byte("x")}, 4)
	for i := range 2 * tapWays {
		add(event.Event{Kind: event.Frame, Port: string(rune('A' + i)), Peer: "x"}, 1)
	}
	_, missed := tap.Take(nil)
	if missed[Way{"a:em0", "s1.1"}] != 2 || missed[Way{"s1.1", "s1.1"}] != 3 || missed[Way{"b:tun0", "b:tun0"}] != 4 {
		t.Errorf("missed %v", missed)
	}
	if n := missed[Way{}]; n != tapWays+3 || len(missed) != tapWays+1 {
		t.Errorf("%d ways, and %d that are not told apart", len(missed), n)
	}
}

func TestNextEventOfWhatIsNone(t *testing.T) {
	for _, b := range [][]byte{{1}, {9, 0, 0, 0, 1}, {1, 0, 0, 0, 0xff}} {
		if _, _, err := NextEvent(b); err == nil {
			t.Errorf("%x is an event", b)
		}
	}
}
