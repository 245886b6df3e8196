// Package visitor says who a request comes from, whether it was sent by a page of
// this site, and how much one client may use at once. It decides by the request and
// what the server was told at its start; it holds no connection and no lab.
package visitor

import (
	"fmt"
	"net/http"
	"time"

	"wireloom/internal/terminal"
)

// A Refusal is why a request is not done, as HTTP says it. Why is a sentence for who
// asked: what happened, to what, and what to do.
type Refusal struct {
	Kind   Kind          // what it is counted as
	Status int           // 403, 421, 429 or 503
	After  time.Duration // when it is worth trying again; 0 where that is no use
	Why    string
	Queue  *Place // where who was refused waits; nil where there is nothing to wait for
}

// A Place is one in a queue.
type Place struct {
	Ticket string        // to ask by how it stands
	Number int           // from 1
	Wait   time.Duration // for which they will probably wait
	Ready  bool          // what was refused is kept for them: they ask again
}

func (r *Refusal) Error() string { return r.Why }

// refuse makes a Refusal of a request that will not do later either.
func refuse(kind Kind, status int, format string, args ...any) *Refusal {
	return &Refusal{Kind: kind, Status: status, Why: fmt.Sprintf(format, args...)}
}

// Busy is what a server answers that can't at the moment, whoever asks.
func Busy(kind Kind, after time.Duration, format string, args ...any) *Refusal {
	return &Refusal{Kind: kind, Status: http.StatusServiceUnavailable, After: after, Why: fmt.Sprintf(format, args...)}
}

// TooMany is what a server answers who asks for more at once than it may have.
func TooMany(kind Kind, after time.Duration, format string, args ...any) *Refusal {
	return &Refusal{Kind: kind, Status: http.StatusTooManyRequests, After: after, Why: fmt.Sprintf(format, args...)}
}

// clip shortens what a stranger sent to what a sentence may hold.
func clip(s string) string { return terminal.Cut(s, 100) }
