package identity

import (
	"crypto/rand"
	"net/http"
	"strings"
	"time"

	"wireloom/internal/store"
)

// attemptLife is how long somebody may take at a campus login.
const attemptLife = 10 * time.Minute

const attemptPurpose = "oidc"

// Address is the whole address of a path of this site, for a login that sends browsers
// back to it.
func (m *Manager) Address(r *http.Request, path string) string {
	if public := m.jar.site.Public; public != nil {
		return public.JoinPath(path).String()
	}
	scheme := "http"
	if m.jar.secure(r) {
		scheme = "https"
	}
	return scheme + "://" + r.Host + m.jar.base() + path
}

// BeginAttempt keeps what a sign-in elsewhere needs until its answer comes, once, and returns the
// state by which it is found. Only the browser that got the cookie may bring the
// answer: somebody else's answer would sign people in as whom they like. Each attempt has a
// cookie of its own, so that two windows are two attempts.
func (m *Manager) BeginAttempt(tx *store.Tx, data string) (state, cookie string, err error) {
	cookie = rand.Text()
	state, err = NewTicket(tx, Ticket{Purpose: attemptPurpose, Person: hashed(cookie), Data: data, For: attemptLife})
	return state, cookie, err
}

// maxAttempts are how many attempts one browser keeps: more windows are not at the login at once,
// and a page that sends it there over and over would have it forget other cookies.
const maxAttempts = 6

// SetAttempt has the browser keep the cookie of an attempt, and forget the oldest beyond
// maxAttempts: browsers send the oldest first (RFC 6265, 5.4).
func (m *Manager) SetAttempt(h http.Header, r *http.Request, state, cookie string) {
	var had []string
	for _, c := range r.Cookies() {
		if strings.HasPrefix(c.Name, m.jar.attemptPrefix(r)) {
			had = append(had, c.Name)
		}
	}
	for _, name := range had[:max(0, len(had)-(maxAttempts-1))] {
		m.jar.attempt(h, r, name, "", 0)
	}
	m.jar.attempt(h, r, m.jar.attemptName(r, state), cookie, attemptLife)
}

// EndAttempt uses an attempt up: store.ErrNone if there is none, if it is over, or if it
// is another browser's.
func (m *Manager) EndAttempt(tx *store.Tx, r *http.Request, state string) (data string, err error) {
	found := r.CookiesNamed(m.jar.attemptName(r, state))
	if len(found) != 1 {
		return "", store.ErrNone
	}
	t, err := UseTicket(tx, attemptPurpose, state)
	if err == nil && t.Person != hashed(found[0].Value) {
		err = store.ErrNone
	}
	return t.Data, err
}

// ClearAttempt has the browser forget it.
func (m *Manager) ClearAttempt(h http.Header, r *http.Request, state string) {
	m.jar.attempt(h, r, m.jar.attemptName(r, state), "", 0)
}

func (j jar) attemptPrefix(r *http.Request) string { return j.name(j.secure(r), "") + "+login" }

func (j jar) attemptName(r *http.Request, state string) string {
	return j.attemptPrefix(r) + hashed(state)[:keyLength]
}

func (j jar) attempt(h http.Header, r *http.Request, name, value string, life time.Duration) {
	c := &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: int(life / time.Second),
		HttpOnly: true, Secure: j.secure(r), SameSite: http.SameSiteLaxMode,
	}
	if value == "" {
		c.MaxAge = -1
	}
	h.Add("Set-Cookie", c.String())
}
