package visitor

import (
	"cmp"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// A Limit is how much of a thing there may be at once. Where a number is not above 0 there is
// no limit.
type Limit struct {
	All       int64 // for all clients together
	Each      int64 // for one address, of strangers
	Person    int64 // for one person who is signed in
	Class     int64 // for all of one class
	Strangers int64 // for all strangers together
}

// Or returns the limit, with what is 0 in it replaced.
func (l Limit) Or(otherwise Limit) Limit {
	return Limit{
		cmp.Or(l.All, otherwise.All), cmp.Or(l.Each, otherwise.Each), cmp.Or(l.Person, otherwise.Person),
		cmp.Or(l.Class, otherwise.Class), cmp.Or(l.Strangers, otherwise.Strangers),
	}
}

// A Quota keeps a Limit. Its fields are set before it is used; its methods may be
// called from any goroutine.
type Quota struct {
	Limit
	Kind   Kind          // what it is about
	Flag   string        // that sets All, "" if none does; those that set the others end in -per-client, -per-person ...
	Mine   string        // what one client has: "there are %[1]s labs from %[2]s", who is "your address", "you" or "your class"
	Ours   string        // what all have: "this server runs %s labs"
	Advice string        // what who has enough can do: "close one first"
	After  time.Duration // when it is worth trying again
	Bytes  bool          // it is bytes that are counted

	mu      sync.Mutex
	used    int64
	by      map[holder]int64 // what each has; who has nothing is not in it
	refused int64
}

// A holder is somebody for whom a Quota counts: an address, a person, a class, or all strangers.
type holder struct {
	as rank
	id string
}

type rank uint8

const (
	asAddress rank = iota
	asPerson
	asClass
	asStranger
)

// holders are those for whom what a client has is counted. What is nobody's, such as a
// connection that a trusted proxy keeps, is counted for none.
func (c Client) holders(buf *[2]holder) []holder {
	hs := buf[:0]
	switch {
	case c.Person != "":
		hs = append(hs, holder{asPerson, c.Person})
	case c.Address != "":
		hs = append(hs, holder{asAddress, c.Address}, holder{as: asStranger})
	}
	if c.Class != "" && c.Person != "" {
		hs = append(hs, holder{asClass, c.Class})
	}
	return hs
}

// limit is what a holder may have, and how that is said.
func (q *Quota) limit(h holder) (limit int64, who, suffix, advice string) {
	switch h.as {
	case asPerson:
		return q.Person, "you", "-per-person", q.Advice
	case asClass:
		return q.Class, "your class", "-per-class", "ask your teacher, or try again later"
	case asStranger:
		return q.Strangers, "visitors without an account", "-strangers", "try again later"
	case asAddress:
	}
	return q.Each, "your address", "-per-client", q.Advice
}

// Take takes n for a client, or says why it can't have that much.
func (q *Quota) Take(client Client, n int64) *Refusal {
	var buf [2]holder
	hs := client.holders(&buf)
	q.mu.Lock()
	defer q.mu.Unlock()
	if why := q.over(hs, n); why != nil {
		return why
	}
	if q.All > 0 && q.used+n > q.All {
		q.refused++
		return Busy(q.Kind, q.After, "%s", q.sentence(fmt.Sprintf(q.Ours, q.amount(q.used)), n, q.All, "", "try again later"))
	}
	q.used += n
	if n == 0 {
		return nil
	}
	q.add(hs, n)
	return nil
}

// over says which of the holders can't have n more. The caller holds mu, here and below.
func (q *Quota) over(hs []holder, n int64) *Refusal {
	for _, h := range hs {
		limit, who, suffix, advice := q.limit(h)
		if has := q.by[h]; limit > 0 && has+n > limit {
			q.refused++
			why := TooMany(q.Kind, q.After, "%s", q.sentence(fmt.Sprintf(q.Mine, q.amount(has), who), n, limit, suffix, advice))
			if h.as == asStranger {
				why.Status = http.StatusServiceUnavailable
			}
			return why
		}
	}
	return nil
}

// add counts n more for the holders.
func (q *Quota) add(hs []holder, n int64) {
	if q.by == nil {
		q.by = map[holder]int64{}
	}
	for _, h := range hs {
		q.by[h] += n
	}
}

// remove counts n less, and reports whether nobody then has less than nothing.
func (q *Quota) remove(hs []holder, n int64) (good bool) {
	good = true
	for _, h := range hs {
		q.by[h] -= n
		good = good && q.by[h] >= 0
		if q.by[h] == 0 {
			delete(q.by, h)
		}
	}
	return good
}

// Move has n that a client took be another's, or says why that one can't have them.
func (q *Quota) Move(from, to Client, n int64) *Refusal {
	var had, has [2]holder
	q.mu.Lock()
	defer q.mu.Unlock()
	if why := q.over(to.holders(&has), n); why != nil {
		return why
	}
	if !q.remove(from.holders(&had), n) {
		panic("visitor: more was moved than was taken: " + q.Flag)
	}
	q.add(to.holders(&has), n)
	return nil
}

// Give gives back n of what a client took.
func (q *Quota) Give(client Client, n int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.used -= n
	if n == 0 {
		return
	}
	var buf [2]holder
	if good := q.remove(client.holders(&buf), n); !good || q.used < 0 {
		panic("visitor: more was given back than was taken: " + q.Flag)
	}
}

// sentence says that so much is used, that so much more was wanted, what the limit
// is, and what to do.
func (q *Quota) sentence(text string, more, limit int64, suffix, advice string) string {
	if q.Bytes {
		text += ", " + q.amount(more) + " more are too much"
	}
	text += ", and the limit is " + q.amount(limit)
	if q.Flag != "" {
		text += " (--" + q.Flag + suffix + ")"
	}
	return text + ": " + advice
}

func (q *Quota) amount(n int64) string {
	if !q.Bytes {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%.4g MiB", float64(n)/(1<<20))
}

// A Use is how much of a Quota is used, as /healthz shows it.
type Use struct {
	Used        int64 `json:"used"`
	Limit       int64 `json:"limit"`        // -1 if there is none
	Client      int64 `json:"client"`       // what the client with the largest share uses, a person or an address
	ClientLimit int64 `json:"client_limit"` // -1 if there is none
	Refused     int64 `json:"refused"`      // times that somebody was refused, since the server began
}

// Use says how much is used.
func (q *Quota) Use() Use {
	q.mu.Lock()
	defer q.mu.Unlock()
	u := Use{Used: q.used, Limit: max(q.All, -1), ClientLimit: max(q.Each, -1), Refused: q.refused}
	for h, n := range q.by {
		if h.as == asAddress || h.as == asPerson {
			u.Client = max(u.Client, n)
		}
	}
	return u
}
