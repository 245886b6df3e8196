package identity_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"wireloom/internal/identity"
	"wireloom/internal/store"
	"wireloom/internal/store/storetest"
	"wireloom/internal/visitor"
)

// A world is a store with a class in it, at a time that a test moves.
type world struct {
	*testing.T
	db  *store.DB
	m   *identity.Manager
	now *time.Time

	waited []time.Duration // how long answers took, beside their work
}

const code = "ABCDEFGH" // of the class "c"

func each(t *testing.T, f func(w *world)) {
	t.Helper()
	t.Parallel() // what takes time is to wait for the disk
	now := time.Date(2027, 3, 1, 8, 0, 0, 0, time.UTC)
	storetest.EachAt(t, func() time.Time { return now }, func(t *testing.T, db *store.DB) {
		now = time.Date(2027, 3, 1, 8, 0, 0, 0, time.UTC)
		w := &world{T: t, db: db, now: &now}
		w.m = identity.New(identity.Config{DB: db, Site: &visitor.Site{}})
		w.m.SetClock(func() time.Time { return now }, func(d time.Duration) { w.waited = append(w.waited, d) })
		w.class("c", code, false)
		f(w)
	})
}

func (w *world) write(f func(tx *store.Tx) error) {
	w.Helper()
	if err := w.db.Write(w.Context(), f); err != nil {
		w.Fatal(err)
	}
}

func (w *world) class(id, code string, open bool) {
	w.Helper()
	w.write(func(tx *store.Tx) error {
		return tx.AddClass(store.ClassRow{ID: id, Name: id, Code: code, Open: open, Zone: "UTC", Version: 1})
	})
}

// member puts somebody on a class's list: their id is their role and their name.
func (w *world) member(class, role, name string) (person string) {
	w.Helper()
	person = role + " " + name
	w.write(func(tx *store.Tx) error {
		if _, err := tx.Person(person); err != nil {
			if err := tx.AddPerson(store.PersonRow{ID: person, Name: name}); err != nil {
				return err
			}
		}
		return tx.PutMember(store.MemberRow{Class: class, Person: person, Role: role, Name: name, Active: true})
	})
	return person
}

// A browser keeps cookies for one site.
type browser struct {
	w      *world
	secure bool
	jar    map[string]string
}

func (w *world) browser() *browser { return &browser{w: w, jar: map[string]string{}} }

// request is one that the browser sends.
func (b *browser) request(path string) *http.Request {
	scheme := "http"
	if b.secure {
		scheme = "https"
	}
	r := httptest.NewRequestWithContext(b.w.Context(), http.MethodPost, scheme+"://localhost"+path, nil)
	for name, value := range b.jar {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	return r
}

// take keeps the cookies of an answer.
func (b *browser) take(h http.Header) {
	for _, c := range (&http.Response{Header: h}).Cookies() {
		if c.MaxAge < 0 {
			delete(b.jar, c.Name)
		} else {
			b.jar[c.Name] = c.Value
		}
	}
}

func (b *browser) who() identity.Who { return b.w.m.Who(b.request("/")) }

// framed is who asks in the frame of a session.
func (b *browser) framed(key string) identity.Who {
	return b.w.m.Who(b.request("/?" + url.Values{"session": {key}}.Encode()))
}

func (b *browser) join(code, name, word string) (identity.Joined, error) {
	r := b.request("/api/join")
	done, err := b.w.m.Join(r, b.w.m.Who(r), code, name, word)
	b.keep(r, done.Opened)
	return done, err
}

func (b *browser) signIn(token string) (identity.Joined, error) {
	r := b.request("/api/signin")
	done, err := b.w.m.SignIn(r, b.w.m.Who(r), token)
	b.keep(r, done.Opened)
	return done, err
}

func (b *browser) keep(r *http.Request, o *identity.Opened) {
	if o != nil {
		h := http.Header{}
		b.w.m.SetCookie(h, r, *o)
		b.take(h)
	}
}
