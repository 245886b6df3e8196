package identity

import (
	"encoding/json"
	"net/http"
	"time"

	"wireloom/internal/store"
)

const (
	windowPurpose = "window"
	windowLife    = time.Minute
)

// window is what a ticket for a new window carries.
type window struct {
	Class string `json:"class,omitempty"`
	Kind  Kind   `json:"kind"`
	To    string `json:"to"`
}

// WindowTicket makes a ticket by which a new window is signed in as a frame is, whose
// cookies it doesn't see. It is good for a minute, once.
func WindowTicket(tx *store.Tx, who Who, to string) (token string, err error) {
	s, err := tx.Session(who.Session)
	if err != nil {
		return "", err
	}
	b, err := json.Marshal(window{s.Class, Kind(s.Kind), to})
	if err != nil {
		return "", err
	}
	return NewTicket(tx, Ticket{Purpose: windowPurpose, Person: s.Person, Data: string(b), For: windowLife})
}

// OpenWindow uses such a ticket up: to is where the window goes.
func (m *Manager) OpenWindow(tx *store.Tx, r *http.Request, token string) (to string, o Opened, err error) {
	t, err := UseTicket(tx, windowPurpose, token)
	if err != nil {
		return "", o, err
	}
	var w window
	if err := json.Unmarshal([]byte(t.Data), &w); err != nil {
		return "", o, err
	}
	o, err = m.Open(tx, r, Opening{Person: t.Person, Kind: w.Kind, Class: w.Class})
	return w.To, o, err
}
