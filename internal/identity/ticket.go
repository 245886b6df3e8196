package identity

import (
	"crypto/rand"
	"time"

	"wireloom/internal/store"
)

// A Ticket is good for one thing, once, for some time.
type Ticket struct {
	Purpose string // such as "window": a ticket for one is none for another
	Person  string // whose it is; may be ""
	Data    string // of whoever made it
	For     time.Duration
}

// NewTicket makes a ticket and returns its token, which is stored nowhere.
func NewTicket(tx *store.Tx, t Ticket) (token string, err error) {
	token = rand.Text()
	return token, addTicket(tx, token, t)
}

func addTicket(tx *store.Tx, token string, t Ticket) error {
	return tx.AddTicket(store.TicketRow{Token: hashed(token), Purpose: t.Purpose, Person: t.Person, Data: t.Data, Expires: tx.Now().Add(t.For)})
}

// UseTicket uses a ticket up, in the transaction: store.ErrNone if it is unknown, of
// another purpose, used or too old.
func UseTicket(tx *store.Tx, purpose, token string) (store.TicketRow, error) {
	return tx.UseTicket(hashed(token), purpose)
}
