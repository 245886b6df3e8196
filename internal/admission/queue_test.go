package admission

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wireloom/internal/visitor"
)

// A server has room for so many labs, and for so many of one address.
func server(all, each int64) *Queue {
	labs := &visitor.Quota{Kind: visitor.KindLabs, Limit: visitor.Limit{All: all, Each: each, Person: 2}, Mine: "%s labs from %s", Ours: "%s labs", After: time.Minute}
	return &Queue{
		Take: func(c visitor.Client) *visitor.Refusal { return labs.Take(c, 1) },
		Give: func(c visitor.Client) { labs.Give(c, 1) },
	}
}

func (q *Queue) close(c visitor.Client) { q.Give(c); q.Left() }

func person(name, class string) visitor.Client {
	return visitor.Client{Person: name, Class: class, Address: "192.0.2.1"}
}
func stranger(address string) visitor.Client { return visitor.Client{Address: address} }

func TestAQueueMovesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := server(1, 9)
		if why := q.Admit(stranger("a")); why != nil {
			t.Fatal(why)
		}
		var tickets []string
		for n, who := range []string{"b", "c"} {
			why := q.Admit(stranger(who))
			if why == nil || why.Queue == nil || why.Queue.Number != n+1 || why.After == 0 || why.Queue.Wait != time.Duration(n+1)*guess {
				t.Fatalf("%s: %+v", who, why)
			}
			tickets = append(tickets, why.Queue.Ticket)
		}
		got := make(chan visitor.Place)
		go func() {
			p, _ := q.Wait(t.Context(), tickets[1], 2)
			got <- p
		}()
		synctest.Wait()
		time.Sleep(10 * time.Second)
		if p, ok := q.Wait(t.Context(), tickets[0], 9); !ok || p.Number != 1 || p.Ready {
			t.Errorf("the first: %+v %v", p, ok)
		}
		q.close(stranger("a"))
		if p := <-got; p.Number != 1 {
			t.Errorf("the second moves up: %+v", p)
		}
		if p, ok := q.Wait(t.Context(), tickets[0], 1); !ok || !p.Ready {
			t.Errorf("the first is ready: %+v %v", p, ok)
		}
		if why := q.Admit(stranger("d")); why == nil || why.Queue.Number != 2 {
			t.Errorf("who comes now overtakes nobody: %+v", why)
		}
		if why := q.Admit(stranger("b")); why != nil {
			t.Errorf("the place is kept: %v", why)
		}
		time.Sleep(patience + time.Second)
		if _, ok := q.Wait(t.Context(), tickets[1], 1); ok {
			t.Error("who has not asked for long has a place still")
		}
		if q.Len() != 0 {
			t.Errorf("%d wait", q.Len())
		}
	})
}

// A lab is kept for who is ready, but not for ever.
func TestWhoDoesNotComeLosesTheLab(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := server(1, 9)
		if why := q.Admit(stranger("a")); why != nil {
			t.Fatal(why)
		}
		first := q.Admit(stranger("b")).Queue.Ticket
		second := q.Admit(stranger("c")).Queue.Ticket
		q.close(stranger("a"))
		ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
		defer cancel()
		if p, _ := q.Wait(ctx, second, 1); p.Ready {
			t.Error("the second is ready too")
		}
		ctx, cancel = context.WithTimeout(t.Context(), 25*time.Second)
		defer cancel()
		if p, ok := q.Wait(ctx, second, 1); !ok || !p.Ready {
			t.Errorf("%+v %v", p, ok)
		}
		if _, ok := q.Wait(t.Context(), first, 1); ok {
			t.Error("the first has a place")
		}
	})
}

// The order in which those are let in who wait: a word is a person of a class, or a stranger.
func TestWhoIsNext(t *testing.T) {
	for _, c := range []struct{ name, come, want string }{
		{"in the order in which they came", "x1/c x2/c x3/c", "x1 x2 x3"},
		{"people before strangers", "s1 s2 x1/c", "x1 s1 s2"},
		{"classes by turns", "x1/c x2/c x3/c y1/d", "x1 y1 x2 x3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := server(1, 9)
				last := stranger("first")
				if why := q.Admit(last); why != nil {
					t.Fatal(why)
				}
				clients, tickets := map[string]visitor.Client{}, map[string]string{}
				for word := range strings.FieldsSeq(c.come) {
					name, class, ok := strings.Cut(word, "/")
					clients[name] = stranger(name)
					if ok {
						clients[name] = person(name, class)
					}
					why := q.Admit(clients[name])
					if why == nil {
						t.Fatal(name, "was let in")
					}
					tickets[name] = why.Queue.Ticket
				}
				var got []string
				for range clients {
					q.close(last)
					for name, ticket := range tickets {
						if p, _ := q.Wait(t.Context(), ticket, -1); p.Ready {
							if why := q.Admit(clients[name]); why != nil {
								t.Fatal(why)
							}
							got, last = append(got, name), clients[name]
							delete(tickets, name)
						}
					}
				}
				if text := strings.Join(got, " "); text != c.want {
					t.Errorf("let in %s, want %s", text, c.want)
				}
			})
		})
	}
}

// Who has their own limit waits for their own labs, and holds nobody up.
func TestOnesOwnLimitHoldsNobodyUp(t *testing.T) {
	q := server(10, 1)
	for _, who := range []string{"a", "a", "b"} {
		why := q.Admit(stranger(who))
		if want := who == "a" && q.Len() > 0; (why != nil) != want {
			t.Errorf("%s: %v", who, why)
		}
	}
}

// A queue has an end, and a person one place in it.
func TestAQueueIsBounded(t *testing.T) {
	q := server(1, 9)
	if why := q.Admit(stranger("a")); why != nil {
		t.Fatal(why)
	}
	first := q.Admit(person("p", "c")).Queue
	if again := q.Admit(person("p", "c")).Queue; *again != *first {
		t.Errorf("a person has two places: %+v %+v", first, again)
	}
	for range maxOfClient {
		if why := q.Admit(stranger("z")); why.Queue == nil {
			t.Fatal(why)
		}
	}
	if why := q.Admit(stranger("z")); why.Queue != nil || why.Kind != visitor.KindQueue || why.After == 0 {
		t.Errorf("one address has every place: %+v", why)
	}
	for n := q.Len(); n < maxWaiting; n++ {
		_ = q.Admit(stranger(fmt.Sprint(n))) // each has a place
	}
	if why := q.Admit(stranger("last")); why.Queue != nil || why.Kind != visitor.KindQueue || q.Len() != maxWaiting {
		t.Errorf("%+v, %d wait", why, q.Len())
	}
}
