package classroom

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"wireloom/internal/classroom/route"
	"wireloom/internal/identity"
	"wireloom/internal/identity/oidc"
	"wireloom/internal/store"
	"wireloom/internal/store/storetest"
	"wireloom/internal/visitor"
)

// A world is a classroom with two classes, a lesson each, and everybody who may ask.
type world struct {
	*testing.T
	db     *store.DB
	people *identity.Manager
	room   *Classroom
	cookie map[string]*http.Cookie // of everybody, by what they are
	ids    map[string]string       // of things of the class "c", by their name in paths; those of a person are "own"'s
}

// makers make the things of the areas whose ids are in paths, in the lesson "l" of the class "c",
// of the person "own" where they are somebody's. Each area adds its own.
var makers []func(w *world, c *Config)

// everybody are the people of the world: their role in the class "c", and in the class "d".
var everybody = []struct{ name, c, d string }{
	{"own", "student", ""},
	{"other", "student", ""},
	{"assistant", "assistant", ""},
	{"teacher", "teacher", ""},
	{"foreign", "", "teacher"},
	{"both", "student", "teacher"}, // a student who is a teacher elsewhere
	{"stranger", "", ""},           // signed in, and in no class
	{"operator", "", ""},
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldAt(t, visitor.Site{})
}

func newWorldAt(t *testing.T, site visitor.Site, logins ...*oidc.Login) *world {
	t.Helper()
	w := &world{T: t, db: storetest.Open(t, storetest.Fresh(t)), cookie: map[string]*http.Cookie{}, ids: map[string]string{}}
	w.people = identity.New(identity.Config{DB: w.db, Site: &site})
	w.write(func(tx *store.Tx) error {
		var errs []error
		for n, class := range []string{"c", "d"} {
			errs = append(errs,
				tx.AddClass(store.ClassRow{ID: class, Name: class, Code: "0000000" + string(rune('A'+n)), Zone: "UTC", Version: 1}),
				tx.PutVersion(store.VersionRow{Hash: "v" + class, Scenario: "ping", Class: class, Builtin: true}),
				tx.AddLesson(store.LessonRow{ID: "l" + class, Class: class, VersionHash: "v" + class, Published: true, Version: 1, Counts: "best"}))
		}
		errs = append(errs,
			tx.AddLesson(store.LessonRow{ID: "hidden", Class: "c", VersionHash: "vc", Version: 1, Counts: "best"}),
			tx.AddClass(store.ClassRow{ID: "old", Name: "old", Code: "0000000Z", Zone: "UTC", Version: 1, Archived: true}))
		for _, p := range everybody {
			errs = append(errs, tx.AddPerson(store.PersonRow{ID: p.name, Name: p.name, Operator: p.name == "operator"}))
			for class, role := range map[string]string{"c": p.c, "d": p.d, "old": p.c} {
				if role != "" {
					errs = append(errs, tx.PutMember(store.MemberRow{Class: class, Person: p.name, Role: role, Name: p.name, Active: true}))
				}
			}
		}
		errs = append(errs, tx.AddPerson(store.PersonRow{ID: "dropped", Name: "dropped"}),
			tx.PutMember(store.MemberRow{Class: "c", Person: "dropped", Role: "student", Name: "dropped"}))
		return errors.Join(errs...)
	})
	for _, p := range everybody {
		w.signIn(p.name, identity.Opening{Person: p.name, Kind: identity.OIDC})
	}
	w.signIn("dropped", identity.Opening{Person: "dropped", Kind: identity.OIDC})
	w.signIn("teacher, for another class only", identity.Opening{Person: "teacher", Kind: identity.Name, Class: "d"})
	w.signIn("operator, for one class only", identity.Opening{Person: "operator", Kind: identity.Name, Class: "d"})
	w.ids["class"], w.ids["lesson"], w.ids["person"] = "c", "lc", "own"
	conf := Config{DB: w.db, People: w.people, Site: &site, Logins: logins}
	for _, f := range makers {
		f(w, &conf)
	}
	var err error
	if w.room, err = New(conf); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) write(f func(tx *store.Tx) error) {
	w.Helper()
	if err := w.db.Write(w.Context(), f); err != nil {
		w.Fatal(err)
	}
}

// signIn opens a session under a name of the test's.
func (w *world) signIn(name string, o identity.Opening) {
	w.Helper()
	r := httptest.NewRequestWithContext(w.Context(), http.MethodPost, "/", nil)
	var opened identity.Opened
	w.write(func(tx *store.Tx) (err error) {
		opened, err = w.people.Open(tx, r, o)
		return err
	})
	h := http.Header{}
	w.people.SetCookie(h, r, opened)
	w.cookie[name] = (&http.Response{Header: h}).Cookies()[0]
}

// path fills in a route's path.
func (w *world) path(pattern string, ids map[string]string) string {
	for name, id := range ids {
		pattern = strings.ReplaceAll(pattern, "{"+name+"}", id)
	}
	for strings.Contains(pattern, "{") {
		before, rest, _ := strings.Cut(pattern, "{")
		_, after, _ := strings.Cut(rest, "}")
		pattern = before + "x" + after
	}
	return pattern
}

// ask sends a request as somebody; "" is a visitor.
func (w *world) ask(handler http.Handler, as, method, path, body string) *httptest.ResponseRecorder {
	w.Helper()
	r := httptest.NewRequestWithContext(w.Context(), method, path, strings.NewReader(body))
	if c := w.cookie[as]; c != nil {
		r.AddCookie(c)
	} else if as != "" {
		w.Fatalf("nobody is called %q", as)
	}
	rec := httptest.NewRecorder()
	handler.ServeHTTP(rec, r)
	return rec
}

// serve answers by routes.
func serve(t *testing.T, table *route.Table) http.Handler {
	t.Helper()
	mux := http.NewServeMux()
	for _, r := range table.Routes() {
		mux.Handle(r.Method+" "+r.Path, table.Handler(r))
	}
	return mux
}
