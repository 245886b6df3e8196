package session

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func listDir(path string) ([]string, error) {
	es, err := os.ReadDir(path)
	var names []string
	for _, e := range es {
		names = append(names, e.Name())
	}
	return names, err
}

func TestPace(t *testing.T) {
	t0 := time.Unix(1000, 0)
	for _, tc := range []struct {
		name        string
		p           pace
		now, at     time.Duration // since t0; where the virtual clock stands
		target, lag time.Duration
		slip        time.Duration
	}{
		{"in time at 1x", pace{rate: 1}, time.Second, time.Second, time.Second, 0, 0},
		{"from an hour on", pace{rate: 1, from: time.Hour}, time.Second, time.Hour, time.Hour + time.Second, time.Second, 0},
		{"10x", pace{rate: 10}, time.Second, 9 * time.Second, 10 * time.Second, 100 * time.Millisecond, 0},
		{"far behind at 1x", pace{rate: 1}, time.Minute, time.Second, time.Minute, 59 * time.Second, 58 * time.Second},
		{"far behind at 10x", pace{rate: 10}, time.Minute, 0, 10 * time.Minute, time.Minute, 59 * time.Second},
		{"ahead, after a step", pace{rate: 1}, time.Second, time.Minute, time.Second, 0, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := tc.p
			p.base = t0
			now := t0.Add(tc.now)
			if got := p.target(now); got != tc.target {
				t.Errorf("target %v, want %v", got, tc.target)
			}
			if got := p.lag(now, tc.at); got != tc.lag {
				t.Errorf("lag %v, want %v", got, tc.lag)
			}
			if got := p.slip(now, tc.at); got != tc.slip {
				t.Errorf("slipped %v, want %v", got, tc.slip)
			}
			if got := p.lag(now, tc.at); got != min(tc.lag, MaxLag) {
				t.Errorf("lag %v after the slip, want %v", got, min(tc.lag, MaxLag))
			}
		})
	}
	p := pace{rate: 10, base: t0}
	if got := p.wait(t0, 25*time.Nanosecond); got != 3*time.Nanosecond {
		t.Errorf("waits %v for 25 ns at 10x, want 3 ns: never too early", got)
	}
	if p.paused = true; p.tied() || p.lag(t0.Add(time.Hour), 0) != 0 {
		t.Error("a paused pace is tied to the clock")
	}
}

func TestHistogram(t *testing.T) {
	var h Histogram
	if h.Quantile(0.99) != 0 || h.Count() != 0 {
		t.Error("an empty histogram knows something")
	}
	for i := range 1000 {
		h.Add(time.Duration(i+1) * time.Millisecond)
	}
	for _, tc := range []struct {
		q    float64
		want time.Duration
	}{{0.5, 500 * time.Millisecond}, {0.99, 990 * time.Millisecond}, {1, time.Second}} {
		if got := h.Quantile(tc.q); got < tc.want || got > tc.want*5/4 {
			t.Errorf("quantile %v is %v, want %v to a quarter more", tc.q, got, tc.want)
		}
	}
	for b := range 4 * 20 {
		if got := bucket(upper(b)); got != b {
			t.Errorf("the largest of bucket %d falls into %d", b, got)
		}
		if got := bucket(upper(b) + 1); got != b+1 {
			t.Errorf("one more than the largest of bucket %d falls into %d", b, got)
		}
	}
	h.Add(1<<63 - 1)
	h.Add(-time.Second)
	if h.Count() != 1002 {
		t.Errorf("counted %d, want 1002", h.Count())
	}
	if h.Reset(); h.Count() != 0 {
		t.Error("Reset forgets nothing")
	}
}

func TestSchedulerGrantsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewScheduler(2)
		ctx := t.Context()
		for range 2 {
			if !s.acquire(ctx, lineLight, Owner{}) {
				t.Fatal("two turns are free")
			}
		}
		var order []int
		running, most := 2, 2
		for i := range 5 {
			go func() {
				if !s.acquire(ctx, lineLight, Owner{}) {
					return
				}
				running++
				most = max(most, running)
				order = append(order, i)
			}()
			synctest.Wait()
		}
		impatient, cancel := context.WithCancel(ctx)
		gave := make(chan bool)
		go func() { gave <- s.acquire(impatient, lineLight, Owner{}) }()
		synctest.Wait()
		if n := s.Waiting(); n != 6 {
			t.Errorf("%d wait, want 6", n)
		}
		cancel()
		if <-gave {
			t.Error("a turn was granted to one whose context ended")
		}
		for range 7 {
			running--
			s.release()
			synctest.Wait()
		}
		if want := []int{0, 1, 2, 3, 4}; !slices.Equal(order, want) || most > 2 {
			t.Errorf("order %v with at most %d at once, want %v and 2", order, most, want)
		}
		if s.free != 2 || s.Waiting() != 0 {
			t.Errorf("%d free and %d waiting at the end", s.free, s.Waiting())
		}
	})
}

// TestSchedulerPutsHogsBehind: who had more to do than a turn holds waits for those
// who had not, but for every fourth turn.
func TestSchedulerPutsHogsBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewScheduler(1)
		ctx := t.Context()
		s.acquire(ctx, lineHog, Owner{})
		var order strings.Builder
		wait := func(name string, line int) {
			go func() {
				if s.acquire(ctx, line, Owner{}) {
					order.WriteString(name)
				}
			}()
			synctest.Wait()
		}
		for range 3 {
			wait("H", lineHog)
		}
		for range 8 {
			wait("l", lineLight)
		}
		for range 12 {
			s.release()
			synctest.Wait()
		}
		if got, want := order.String(), "lllHlllHllH"; got != want {
			t.Errorf("turns went to %s, want %s", got, want)
		}
		if s.free != 1 || s.Waiting() != 0 {
			t.Errorf("%d free and %d waiting at the end", s.free, s.Waiting())
		}
	})
}

// TestSchedulerGoesByOwners: a word is an owner, behind a capital letter for its group, and
// which of its labs asks, in this order; want is the order in which they get their turns.
func TestSchedulerGoesByOwners(t *testing.T) {
	for _, c := range []struct{ name, asks, want string }{
		{"one owner's in their order", "a1 a2 a3", "a1 a2 a3"},
		{"owners by turns", "a1 a2 a3 a4 b1 b2", "a1 b1 a2 b2 a3 a4"},
		{"three owners", "a1 a2 b1 c1 c2 c3", "a1 b1 c1 a2 c2 c3"},
		{"one who gives up leaves the others' places", "a1 a2 b1 -a1 -b1 b2", "a2 b2"},
		{"the last of an owner gives up", "a1 b1 -b1 c1", "a1 c1"},
		{"groups by turns, and their owners", "Xa1 Xb1 Xa2 Xc1 Ya1 Ya2 Ya3", "Xa1 Ya1 Xb1 Ya2 Xc1 Ya3 Xa2"},
		{"a class and strangers", "a1 b1 c1 d1 Xa1 Xa2", "a1 Xa1 b1 Xa2 c1 d1"},
		{"the last of a group gives up", "Xa1 Ya1 -Ya1 Za1", "Xa1 Za1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := NewScheduler(1)
			s.ask(lineHog, Owner{Name: "x"}) // has the turn
			tickets := map[string]*ticket{}
			for word := range strings.FieldsSeq(c.asks) {
				if gone, ok := strings.CutPrefix(word, "-"); ok {
					s.giveUp(tickets[gone])
					delete(tickets, gone)
					continue
				}
				owner := Owner{Name: word[:1]}
				if len(word) == 3 {
					owner = Owner{Group: word[:1], Name: word[1:2]}
				}
				tickets[word] = s.ask(lineHog, owner)
			}
			var got []string
			for range strings.FieldsSeq(c.want) {
				s.release()
				for word, x := range tickets {
					select {
					case <-x.granted:
						got = append(got, word)
						delete(tickets, word)
					default:
					}
				}
			}
			if text := strings.Join(got, " "); text != c.want {
				t.Errorf("turns went to %s, want %s", text, c.want)
			}
			s.release()
			if s.free != 1 || s.Waiting() != 0 || len(s.lines[lineHog].groups) != 0 || len(s.lines[lineHog].members) != 0 || len(s.lines[lineHog].waiting) != 0 {
				t.Errorf("%d free, %d waiting, groups %q, owners %q at the end", s.free, s.Waiting(), s.lines[lineHog].groups, s.lines[lineHog].members)
			}
		})
	}
}
