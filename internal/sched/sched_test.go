package sched

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

func TestSchedulerGrantsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(2)
		ctx := t.Context()
		for range 2 {
			if !s.Acquire(ctx, Light, Owner{}) {
				t.Fatal("two turns are free")
			}
		}
		var order []int
		running, most := 2, 2
		for i := range 5 {
			go func() {
				if !s.Acquire(ctx, Light, Owner{}) {
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
		go func() { gave <- s.Acquire(impatient, Light, Owner{}) }()
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
			s.Release()
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
		s := New(1)
		ctx := t.Context()
		s.Acquire(ctx, Hog, Owner{})
		var order strings.Builder
		wait := func(name string, line Line) {
			go func() {
				if s.Acquire(ctx, line, Owner{}) {
					order.WriteString(name)
				}
			}()
			synctest.Wait()
		}
		for range 3 {
			wait("H", Hog)
		}
		for range 8 {
			wait("l", Light)
		}
		for range 12 {
			s.Release()
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
			s := New(1)
			s.Ask(Hog, Owner{Name: "x"}) // has the turn
			tickets := map[string]*Ticket{}
			for word := range strings.FieldsSeq(c.asks) {
				if gone, ok := strings.CutPrefix(word, "-"); ok {
					s.GiveUp(tickets[gone])
					delete(tickets, gone)
					continue
				}
				owner := Owner{Name: word[:1]}
				if len(word) == 3 {
					owner = Owner{Group: word[:1], Name: word[1:2]}
				}
				tickets[word] = s.Ask(Hog, owner)
			}
			var got []string
			for range strings.FieldsSeq(c.want) {
				s.Release()
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
			s.Release()
			if s.free != 1 || s.Waiting() != 0 || len(s.lines[Hog].groups) != 0 || len(s.lines[Hog].members) != 0 || len(s.lines[Hog].waiting) != 0 {
				t.Errorf("%d free, %d waiting, groups %q, owners %q at the end", s.free, s.Waiting(), s.lines[Hog].groups, s.lines[Hog].members)
			}
		})
	}
}
