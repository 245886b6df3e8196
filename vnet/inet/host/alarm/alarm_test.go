package alarm

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestTimers: they come out in the order of their times, and of equal times in the order
// in which they were set; one that was moved is set anew, one that was taken back is gone.
func TestTimers(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var h Timers
	all := make([]Timer, 200)
	for range 5000 {
		i := r.IntN(len(all))
		h.Set(&all[i], time.Duration(r.IntN(50)), r.IntN(4) > 0)
	}
	set := 0
	for i := range all {
		if all[i].pos > 0 {
			set++
		}
	}
	var last *Timer
	for range set {
		x := h.Due(50, h.Last())
		if x == nil || x.pos != 0 || last != nil && !before(last, x) {
			t.Fatalf("%+v comes after %+v", x, last)
		}
		last = x
	}
	if x := h.Due(50, h.Last()); x != nil {
		t.Errorf("%+v was taken back", x)
	}
}

// TestTimersWaitForTheirTurn: one that is set while others run is due in the next turn.
func TestTimersWaitForTheirTurn(t *testing.T) {
	var h Timers
	var a, b Timer
	h.Set(&a, 5, true)
	turn := h.Last()
	h.Set(&b, 5, true)
	if x := h.Due(4, turn); x != nil {
		t.Error("a timer comes early")
	}
	if x := h.Due(5, turn); x != &a {
		t.Error("the first is due")
	}
	if x := h.Due(5, turn); x != nil {
		t.Error("what was set in this turn is due in it")
	}
	if x := h.Due(5, h.Last()); x != &b {
		t.Error("in the next turn it is due")
	}
}
