package loop

import (
	"fmt"
	"testing"
	"time"
)

// What is due at one instant runs in the order in which it was set, whatever was taken
// out of the heap meanwhile.
func TestTimersRunByTimeThenByTheOrderTheyWereSet(t *testing.T) {
	var l Loop
	var got []int
	timers := make([]*Timer, 200)
	for i := range timers {
		timers[i] = &Timer{Run: func() { got = append(got, i) }}
		l.Set(timers[i], time.Duration(i*7919%13))
	}
	for i := 0; i < len(timers); i += 3 {
		if !l.Stop(timers[i]) || l.Stop(timers[i]) {
			t.Fatalf("stop of timer %d", i)
		}
	}
	l.Run(100, 1000)
	var want []int
	for at := range 13 {
		for i := range timers {
			if i*7919%13 == at && i%3 != 0 {
				want = append(want, i)
			}
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("ran in the order %v, want %v", got, want)
	}
}

// Where the caller stops can't be seen: a move of the clock counts as a turn.
func TestAdvanceIsATurn(t *testing.T) {
	var l Loop
	var moved []bool
	l.Set(&Timer{Run: func() {
		moved = append(moved, l.Advance(5), l.Advance(12)) // the other timer is due at 10
	}}, 0)
	l.Set(&Timer{Run: func() {}}, 10)
	if l.Advance(1) {
		t.Error("the clock moved outside of Run")
	}
	if !l.Run(20, 100) || l.Now() != 20 || l.Steps() != 3 {
		t.Errorf("at %v after %d steps, want 20ns and 3", l.Now(), l.Steps())
	}
	if fmt.Sprint(moved) != "[true false]" {
		t.Errorf("moved %v, want to 5 and not past what is due at 10", moved)
	}
	l.Set(&Timer{Run: func() {}}, 30)
	if at, some := l.Next(); l.Run(40, 3) || at != 30 || !some {
		t.Errorf("it ran beyond its steps, or nothing is due at %v", at)
	}
}
