package route

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"wireloom/internal/identity"
	"wireloom/internal/store"
	"wireloom/internal/strictjson"
	"wireloom/internal/visitor"
)

// A Request is one of a route's, whose asker may do what it asks.
type Request struct {
	*http.Request
	Answer http.Header // of the answer

	ID     string // of the request, in logs and in the audit
	Client string // the address that it comes from, for limits
	Who    identity.Who

	// What the path's ids lead to; "" what they don't.
	Class, Lesson string
	Owner         string        // the person whose it is, or whom it is about
	Role          identity.Role // of who asks, in the class
	Member        string        // who asks, by the id that they have in the class

	table *Table
}

// reads reports whether a request changes nothing.
func (q *Request) reads() bool { return q.Method == http.MethodGet || q.Method == http.MethodHead }

// Foreign reports whether a page of another site sent the browser here. Who does without such
// a header is believed: a person who typed the address.
func (q *Request) Foreign() bool {
	site := q.Header.Get("Sec-Fetch-Site")
	return site == "cross-site" || site == "same-site"
}

// Waiting is a context for who waits for something to happen: it ends with the request, after
// some time, and when the server is about to stop.
func (q *Request) Waiting(longest time.Duration) (context.Context, context.CancelFunc) {
	return visitor.Patience(q.Context(), longest)
}

// Read runs f in a transaction that reads.
func (q *Request) Read(f func(tx *store.Tx) error) error { return q.table.conf.DB.Read(q.Context(), f) }

// Write runs f in a transaction that may write, perhaps more than once.
func (q *Request) Write(f func(tx *store.Tx) error) error {
	return q.table.conf.DB.Write(q.Context(), f)
}

// JSON reads the body into v: one object, strictly. Its error is for who sent it.
func (q *Request) JSON(v any) error {
	b, err := io.ReadAll(q.Body)
	if err != nil {
		return err
	}
	if err := strictjson.Decode(b, v); err != nil {
		return Bad("the request cannot be read: %v", err)
	}
	return nil
}

// Audit notes in the audit log what somebody did, in the transaction that does it. what is
// AREA.VERB, about an id, detail a few words for people.
func (q *Request) Audit(tx *store.Tx, what, about, detail string) error {
	return tx.Audit(store.AuditRow{
		Request: q.ID, Who: q.Who.Person, Class: q.Class, What: what, About: about, Detail: detail,
	})
}

// tooLarge reports whether an error is that of a body over its limit.
func tooLarge(err error) (limit int64, yes bool) {
	large := (*http.MaxBytesError)(nil)
	if errors.As(err, &large) {
		return large.Limit, true
	}
	return 0, false
}
