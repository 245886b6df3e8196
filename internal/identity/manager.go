package identity

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"wireloom/internal/store"
	"wireloom/internal/visitor"
)

// A Kind is a way by which somebody has signed in, or is known.
type Kind string

// The kinds. The store has them as they are written here.
const (
	Name     Kind = "name"     // of a class's roster, by join code. The issuer is the class, the subject the folded name
	OIDC     Kind = "oidc"     // of a campus login, by issuer and subject
	LTI      Kind = "lti"      // of a learning platform, likewise
	Operator Kind = "operator" // of this server
	Code     Kind = "code"     // a code for one sign-in, or the long word that came with one: the subject is its hash
)

// How long a session lasts: from its last request, and altogether.
const (
	idle    = 12 * time.Hour
	longest = 30 * 24 * time.Hour
	// stale is after how much time a request is noted: each of them would be a write.
	stale = 5 * time.Minute
)

// idleOf is how long a session lasts without a request. Who joined by name is known by
// their browser: a word that they wrote down lets them in from another.
func idleOf(k Kind) time.Duration {
	if k == Name {
		return longest
	}
	return idle
}

// Config says what a Manager works with.
type Config struct {
	DB     *store.DB
	Site   *visitor.Site
	Logger *slog.Logger // nil for none
}

// A Manager knows who requests come from. Its methods may be called from any goroutine.
type Manager struct {
	db   *store.DB
	jar  jar
	log  *slog.Logger
	now  func() time.Time                     // of limits; the store has the time of sessions
	wait func(time.Duration) <-chan time.Time // time.After

	guesses guesses
}

// New makes a Manager.
func New(c Config) *Manager {
	m := &Manager{db: c.DB, jar: jar{c.Site}, log: c.Logger, now: time.Now, wait: time.After}
	if m.log == nil {
		m.log = slog.New(slog.DiscardHandler)
	}
	return m
}

// Who is the person that a request comes from. It never fails: whose cookie is of no
// session is a visitor.
func (m *Manager) Who(r *http.Request) Who {
	token, key := m.jar.token(r)
	if token == "" {
		return Who{}
	}
	var who Who
	var again bool
	err := m.db.Read(r.Context(), func(tx *store.Tx) (err error) {
		who, again, err = whose(tx, hashed(token), key)
		return err
	})
	if err != nil {
		if !errors.Is(err, store.ErrNone) && !errors.Is(err, context.Canceled) {
			m.log.Warn("a session cannot be read", "error", err)
		}
		return Who{}
	}
	if again {
		if err := m.db.Write(r.Context(), func(tx *store.Tx) error { return tx.SessionSeen(who.Session) }); err != nil {
			m.log.Warn("a session cannot be kept", "error", err) // it ends early, no more
		}
	}
	return who
}

// whose is who has a session; ErrNone if it is over. again says that it was long since a
// request was noted.
func whose(tx *store.Tx, token, key string) (who Who, again bool, err error) {
	s, err := tx.Session(token)
	if err != nil {
		return Who{}, false, err
	}
	now := tx.Now()
	if !now.Before(s.Expires) || now.Sub(s.Seen) >= idleOf(Kind(s.Kind)) || s.Framed != (key != "") {
		return Who{}, false, store.ErrNone
	}
	p, also, err := human(tx, s.Person)
	if err != nil {
		return Who{}, false, err
	}
	who = Who{
		Person: p.ID, Name: p.Name, Operator: p.Operator && s.Class == "", Creates: (p.Operator || p.Creates) && s.Class == "",
		Session: s.Token, Key: key, Framed: s.Framed, Also: also, classes: strings.Fields(s.Class),
	}
	if n := len(who.classes); n > 0 {
		who.Class = who.classes[n-1]
	}
	return who, now.Sub(s.Seen) >= stale, nil
}

// human is the person that one was merged with, or that one itself, and the ids of the
// others; ErrNone if they were erased.
func human(tx *store.Tx, id string) (store.PersonRow, []string, error) {
	p, err := tx.Person(id)
	if err != nil {
		return p, nil, err
	}
	if p.Main != "" {
		if p, err = tx.Person(p.Main); err != nil {
			return p, nil, err
		}
	}
	if !p.Erased.IsZero() {
		return p, nil, store.ErrNone
	}
	merged, err := tx.MergedWith(p.ID)
	if err != nil {
		return p, nil, err
	}
	var also []string
	for _, m := range merged {
		if m.Erased.IsZero() {
			also = append(also, m.ID)
		}
	}
	return p, also, nil
}

// An Opening is a session to be.
type Opening struct {
	Person string
	Kind   Kind
	Class  string // the only class that it is for, or several apart by blanks; "" for all
	Framed bool   // it is for a frame of a platform's page
}

// An Opened is a session that was opened, and whose cookie is to be set.
type Opened struct {
	Key   string // of a session in a frame, for its address: ?session=KEY
	token string
}

// Open opens a session for who sent a request, in place of the one that they had: nobody
// comes into a session whose token somebody else has seen. SetCookie follows when the
// transaction is done.
func (m *Manager) Open(tx *store.Tx, r *http.Request, o Opening) (Opened, error) {
	done := Opened{token: rand.Text()}
	if o.Framed {
		done.Key = keyOf(o.Person, o.Class)
	}
	if had := r.CookiesNamed(m.jar.name(m.jar.secure(r), done.Key)); len(had) == 1 && isToken(had[0].Value) {
		if err := tx.DropSession(hashed(had[0].Value)); err != nil {
			return Opened{}, err
		}
	}
	if err := tx.PersonSeen(o.Person); err != nil { // their session may be gone when somebody asks
		return Opened{}, err
	}
	now := tx.Now()
	return done, tx.AddSession(store.SessionRow{
		Token: hashed(done.token), Person: o.Person, Kind: string(o.Kind), Class: o.Class, Framed: o.Framed,
		Created: now, Seen: now, Expires: now.Add(longest),
	})
}

// SetCookie has the browser keep a session.
func (m *Manager) SetCookie(h http.Header, r *http.Request, o Opened) {
	m.jar.set(h, r, o.token, o.Key, longest)
}

// SignOut ends the session of a request, or all of the person's, in every browser.
func (m *Manager) SignOut(tx *store.Tx, who Who, everywhere bool) error {
	if !everywhere {
		return tx.DropSession(who.Session)
	}
	for _, p := range who.People() {
		if err := tx.DropSessions(p); err != nil {
			return err
		}
	}
	return nil
}

// ClearCookie has the browser forget the session that it was asked with.
func (m *Manager) ClearCookie(h http.Header, r *http.Request, who Who) {
	m.jar.set(h, r, "", who.Key, 0)
}
