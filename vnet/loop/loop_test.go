package loop

import (
	"fmt"
	"slices"
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

// A model of the loop: timers in the order in which they were set, of which the first with
// the least time is due.
type model struct {
	set []due
	seq uint64
}

func (m *model) take(i int) { m.set = slices.Delete(m.set, i, i+1) }

func (m *model) due() (first int) {
	for i := range m.set {
		if m.set[i].before(m.set[first]) {
			first = i
		}
	}
	return first
}

// FuzzOrder sets, takes back and runs timers as the bytes say, most of them for instants that
// others have too, beside the model.
func FuzzOrder(f *testing.F) {
	f.Add([]byte("\x01\x01\x01\x41\x41\x02\x01\xc1\xc0\xff\x81\x82\x80"))
	f.Add([]byte("\x00\x00\x01\x00\x40\x41\xc0\x00\x00\x80\x81\x01\x01\xc0\xc0\xc0"))
	f.Fuzz(func(t *testing.T, ops []byte) {
		var l Loop
		var m model
		var ran []*Timer
		step := func() {
			if at, some := l.Next(); some != (len(m.set) > 0) {
				t.Fatalf("something is due: %v, want %v", some, len(m.set) > 0)
			} else if some {
				i := m.due()
				want := m.set[i]
				m.take(i)
				ran = nil
				l.Run(at, l.Steps()+1)
				if len(ran) != 1 || ran[0] != want.t || l.Now() != want.at {
					t.Fatalf("another timer ran than the model's, or at %v and not at %v", l.Now(), want.at)
				}
			}
		}
		for _, op := range ops {
			n := int(op & 0x3f)
			switch op >> 6 {
			case 0, 1: // a few times, near each other
				x := &Timer{}
				x.Run = func() { ran = append(ran, x) }
				at := l.Now() + time.Duration(n%4)
				l.Set(x, at)
				m.seq++
				m.set = append(m.set, due{at, m.seq, x})
			case 2:
				if len(m.set) == 0 {
					break
				}
				i := n % len(m.set)
				x := m.set[i].t
				if !x.Pending() || !l.Stop(x) || x.Pending() || l.Stop(x) {
					t.Fatal("a timer that is set can be taken back once")
				}
				m.take(i)
			default:
				step()
			}
		}
		for len(m.set) > 0 {
			step()
		}
	})
}

// A broadcast to many hosts is one place of the heap.
func TestTimersOfOneInstantAreOnePlaceOfTheHeap(t *testing.T) {
	var l Loop
	for range 1000 {
		l.Set(&Timer{Run: func() {}}, 5)
	}
	l.Set(&Timer{Run: func() {}}, 6)
	l.Set(&Timer{Run: func() {}}, 5) // behind the one before, and so not in the chain
	if len(l.heap) != 3 {
		t.Errorf("the heap has %d places, want 3", len(l.heap))
	}
	if l.Run(10, 5000); l.Steps() != 1002 {
		t.Errorf("%d timers ran, want 1002", l.Steps())
	}
}
