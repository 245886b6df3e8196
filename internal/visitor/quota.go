package visitor

import (
	"fmt"
	"net/http"
	"sync"
	"time"
)

// A Limit is how much of a thing there may be at once.
type Limit struct {
	All  int64 // for all clients together; no limit if negative
	Each int64 // for one client; no limit if negative
}

// Or returns the limit, with what is 0 in it replaced.
func (l Limit) Or(otherwise Limit) Limit {
	if l.All == 0 {
		l.All = otherwise.All
	}
	if l.Each == 0 {
		l.Each = otherwise.Each
	}
	return l
}

// A Quota keeps a Limit. Its fields are set before it is used; its methods may be
// called from any goroutine.
type Quota struct {
	Limit
	Flag   string        // that sets All, "" if none does; the one that sets Each ends in -per-client
	Mine   string        // what one client has: "there are %s labs from your address"
	Ours   string        // what all have: "this server runs %s labs"
	Advice string        // what who has enough can do: "close one first"
	After  time.Duration // when it is worth trying again
	Bytes  bool          // it is bytes that are counted

	mu      sync.Mutex
	used    int64
	by      map[string]int64 // what each client has; who has nothing is not in it
	refused int64
}

// Take takes n for a client, or says why it can't have that much. What is nobody's,
// such as a connection that a trusted proxy keeps, is taken for the client "".
func (q *Quota) Take(client string, n int64) *Refusal {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case client != "" && q.Each >= 0 && q.by[client]+n > q.Each:
		q.refused++
		return &Refusal{Status: http.StatusTooManyRequests, After: q.After, Why: q.sentence(q.Mine, q.by[client], n, q.Each, "-per-client", q.Advice)}
	case q.All >= 0 && q.used+n > q.All:
		q.refused++
		return &Refusal{Status: http.StatusServiceUnavailable, After: q.After, Why: q.sentence(q.Ours, q.used, n, q.All, "", "try again later")}
	}
	q.used += n
	if client != "" && n > 0 {
		if q.by == nil {
			q.by = map[string]int64{}
		}
		q.by[client] += n
	}
	return nil
}

// Give gives back n of what a client took.
func (q *Quota) Give(client string, n int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.used -= n
	if client == "" || n == 0 {
		return
	}
	if q.by[client] -= n; q.by[client] == 0 {
		delete(q.by, client)
	}
	if q.used < 0 || q.by[client] < 0 {
		panic("visitor: more was given back than was taken: " + q.Flag)
	}
}

// sentence says that so much is used, that so much more was wanted, what the limit
// is, and what to do.
func (q *Quota) sentence(what string, used, more, limit int64, suffix, advice string) string {
	text := fmt.Sprintf(what, q.amount(used))
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
	Client      int64 `json:"client"`       // what the client with the largest share uses
	ClientLimit int64 `json:"client_limit"` // -1 if there is none
	Refused     int64 `json:"refused"`      // times that somebody was refused, since the server began
}

// Use says how much is used.
func (q *Quota) Use() Use {
	q.mu.Lock()
	defer q.mu.Unlock()
	u := Use{Used: q.used, Limit: max(q.All, -1), ClientLimit: max(q.Each, -1), Refused: q.refused}
	for _, n := range q.by {
		u.Client = max(u.Client, n)
	}
	return u
}
