package lti

import (
	"context"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wireloom/internal/gradebook/mark"
	"wireloom/internal/identity"
	"wireloom/internal/lti/message"
	"wireloom/internal/lti/platform"
	"wireloom/internal/outbox"
	"wireloom/internal/store"
	"wireloom/internal/store/storetest"
	"wireloom/internal/visitor"
)

// A world is a tool with its store, and a platform that knows it.
type world struct {
	*testing.T
	options store.Options
	db      *store.DB
	tool    *Tool
	srv     *httptest.Server // the tool's
	lms     *platform.Platform
	at      *httptest.Server // the platform's
	sender  *outbox.Sender
	clock   *atomic.Int64 // milliseconds
	row     store.PlatformRow
	public  any // what /lti/keys serves while the store is another process's
}

func (w *world) now() time.Time { return time.UnixMilli(w.clock.Load()).UTC() }

// pass lets time pass.
func (w *world) pass(d time.Duration) { w.clock.Add(d.Milliseconds()) }

func newWorld(t *testing.T, mode platform.Mode, students int) *world {
	t.Helper()
	w := &world{T: t, clock: &atomic.Int64{}}
	w.clock.Store(time.Date(2026, 12, 1, 10, 0, 0, 250e6, time.UTC).UnixMilli())
	w.options = storetest.Fresh(t)
	w.options.Now = w.now
	w.db = storetest.Open(t, w.options)
	site := &visitor.Site{}
	people := identity.New(identity.Config{DB: w.db, Site: site})
	w.tool = New(Config{
		DB: w.db, People: people, Site: site, Now: w.now, Inside: true,
		Points: func(context.Context, string) (float64, error) { return 10, nil },
	})
	for _, k := range toolKeys() {
		w.write(func(tx *store.Tx) error { return tx.AddKey(k) })
	}
	w.sender = outbox.NewSender(w.db, w.tool, slog.New(slog.DiscardHandler))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /lti/login", w.tool.Login)
	mux.HandleFunc("POST /lti/login", w.tool.Login)
	for path, f := range map[string]http.HandlerFunc{
		"launch": w.tool.Launch, "kept": w.tool.Kept, "connect": w.tool.Connect, "deeplink": w.tool.DeepLink, "window": w.tool.Window,
	} {
		mux.HandleFunc("POST /lti/"+path, f)
	}
	mux.HandleFunc("GET /lti/register/{invite}", w.tool.Register)
	mux.HandleFunc("GET /lti/keys", func(rw http.ResponseWriter, r *http.Request) {
		if w.public != nil {
			writeJSON(rw, w.public)
			return
		}
		set, err := w.tool.Public(r.Context())
		if err != nil {
			t.Error(err)
		}
		writeJSON(rw, set)
	})
	w.srv = httptest.NewTLSServer(mux)
	t.Cleanup(w.srv.Close)
	w.lms, w.at = w.platform(mode, students)
	w.row = w.register(w.lms)
	return w
}

// toolKeys are two for the tools of all tests, which take a second to make.
var toolKeys = sync.OnceValue(func() (rows []store.KeyRow) {
	for _, days := range []int{-30, 60} {
		k, err := message.NewKey(time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC).AddDate(0, 0, days))
		if err != nil {
			panic(err)
		}
		rows = append(rows, store.KeyRow(k))
	}
	return rows
})

// platform starts one that knows the tool.
func (w *world) platform(mode platform.Mode, students int) (*platform.Platform, *httptest.Server) {
	var p *platform.Platform
	at := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { p.ServeHTTP(rw, r) }))
	w.Cleanup(at.Close)
	p = platform.New(platform.Config{Mode: mode, URL: at.URL, Tool: w.srv.URL, Now: w.now, HTTP: w.srv.Client()}, students)
	return p, at
}

// register is the operator who types it in.
func (w *world) register(p *platform.Platform) store.PlatformRow {
	w.Helper()
	r := p.Registration()
	row := store.PlatformRow{Name: r.Mode, Product: strings.Split(r.Mode, "-")[0], Issuer: r.Issuer, Client: r.Client, Auth: r.Auth, Token: r.Token, Audience: r.Audience, JWKS: r.JWKS}
	w.write(func(tx *store.Tx) error { return w.tool.Add(tx, &row, []string{r.Deployment}, store.AuditRow{}) })
	return row
}

func (w *world) write(f func(tx *store.Tx) error) {
	w.Helper()
	if err := w.db.Write(w.Context(), f); err != nil {
		w.Fatal(err)
	}
}

// A browser has cookies, or not.
type browser struct {
	w       *world
	cookies map[string]*http.Cookie // the tool's; nil keeps none
	dest    string                  // Sec-Fetch-Dest
}

func (w *world) browser() *browser {
	return &browser{w, map[string]*http.Cookie{}, "iframe"}
}

// A view is what a browser got.
type view struct {
	status int
	to     string // Location
	body   string
	header http.Header
}

func (b *browser) do(method, to string, form url.Values) view {
	b.w.Helper()
	var body io.Reader
	if method == http.MethodPost {
		body = strings.NewReader(form.Encode())
	} else if form != nil {
		to += "?" + form.Encode()
	}
	r, err := http.NewRequestWithContext(b.w.Context(), method, to, body)
	if err != nil {
		b.w.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Sec-Fetch-Dest", b.dest)
	ours := strings.HasPrefix(to, b.w.srv.URL)
	if ours {
		for _, c := range b.cookies {
			r.AddCookie(c)
		}
	}
	c := *b.w.srv.Client()
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	a, err := c.Do(r)
	if err != nil {
		b.w.Fatal(err)
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	if err != nil {
		b.w.Fatal(err)
	}
	if ours && b.cookies != nil {
		for _, c := range a.Cookies() {
			if b.cookies[c.Name] = c; c.MaxAge < 0 {
				delete(b.cookies, c.Name)
			}
		}
	}
	return view{a.StatusCode, a.Header.Get("Location"), string(text), a.Header}
}

var (
	hidden = regexp.MustCompile(`<input type="?hidden"? name="?([A-Za-z_]+)"? value="([^"]*)"`)
	action = regexp.MustCompile(`<form [^>]*action="([^"]*)"`)
	said   = regexp.MustCompile(`"To":"([^"]*)"`)
	lesson = regexp.MustCompile(`name=lesson value="([^"]*)"> ([^<]*)`)
	sorry  = regexp.MustCompile(`<small>([a-z_]+)`)
)

// form returns the form of a page, and where it goes.
func (s view) form() (to string, form url.Values) {
	form = url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(s.body, -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
	}
	if m := action.FindStringSubmatch(s.body); m != nil {
		to = html.UnescapeString(m[1])
	}
	return to, form
}

// why returns the class of a refusal, "" if it is none.
func (s view) why() string {
	if m := sorry.FindStringSubmatch(s.body); m != nil {
		return m[1]
	}
	return ""
}

// begin logs in at the tool, goes to the platform, and returns what the platform has the browser post to the tool.
func (b *browser) begin(p *platform.Platform, user, course, link string) url.Values {
	b.w.Helper()
	to, form := p.Begin(user, course, link, b.dest == "iframe")
	s := b.do(http.MethodPost, to, form)
	next := s.to
	if m := said.FindStringSubmatch(s.body); m != nil {
		next = strings.ReplaceAll(m[1], `\u0026`, "&")
	}
	if next == "" {
		b.w.Fatalf("login: %d %s", s.status, s.body)
	}
	_, form = b.do(http.MethodGet, next, nil).form()
	return form
}

// launch is begin, and the post.
func (b *browser) launch(user, link string) view {
	b.w.Helper()
	return b.do(http.MethodPost, b.w.srv.URL+"/lti/launch", b.begin(b.w.lms, user, "net1", link))
}

// course is a class with lessons, which the teacher has connected to the platform's course and put links to. It returns the links by the lessons' titles.
func (w *world) course(titles ...string) (class string, links map[string]platform.Link) {
	w.Helper()
	b := w.browser()
	home := w.lms.AddLink("net1", "Wireloom", nil, 0)
	_, form := b.launch("tina", home.ID).form()
	form.Set("class", "new")
	s := b.do(http.MethodPost, w.srv.URL+"/lti/connect", form)
	_, class, ok := strings.Cut(s.to, "#class=")
	if !ok {
		w.Fatalf("connect: %d %q %s", s.status, s.to, s.body)
	}
	w.lessons(class, titles...)
	s = b.launch("tina", "")
	_, form = s.form()
	for _, m := range lesson.FindAllStringSubmatch(s.body, -1) {
		form.Add("lesson", m[1])
	}
	to, form := b.do(http.MethodPost, w.srv.URL+"/lti/deeplink", form).form()
	if s := b.do(http.MethodPost, to, form); s.status != http.StatusOK {
		w.Fatalf("deep link: %d %s", s.status, s.body)
	}
	links = map[string]platform.Link{}
	for _, l := range w.lms.Links("net1") {
		links[l.Title] = l
	}
	return class, links
}

func (w *world) lessons(class string, titles ...string) {
	w.Helper()
	w.write(func(tx *store.Tx) error {
		if err := tx.PutVersion(store.VersionRow{Hash: "v", Scenario: "ping", Builtin: true}); err != nil {
			return err
		}
		for i, title := range titles {
			if err := tx.AddLesson(store.LessonRow{ID: store.NewID(), Class: class, Title: title, Position: int64(i), VersionHash: "v", Published: true, Version: 1, Counts: "best"}); err != nil {
				return err
			}
		}
		return nil
	})
}

// come launches a lesson as a student, and returns whom the tool takes them for.
func (w *world) come(user string, l platform.Link) (lesson, person string) {
	w.Helper()
	s := w.browser().launch(user, l.ID)
	_, lesson, ok := strings.Cut(s.to, "&lesson=")
	if !ok {
		w.Fatalf("%s: %d %s", user, s.status, s.body)
	}
	w.write(func(tx *store.Tx) error {
		i, err := tx.Identity(string(identity.LTI), issuerOf(w.row), w.lms.User(user).Sub)
		person = i.Person
		return err
	})
	return lesson, person
}

// put is the gradebook that has a final score.
func (w *world) put(lesson, person string, points, limit float64, handin string) {
	w.Helper()
	p, err := mark.FromFloat(points)
	if err != nil {
		w.Fatal(err)
	}
	m, err := mark.FromFloat(limit)
	if err != nil {
		w.Fatal(err)
	}
	w.write(func(tx *store.Tx) error {
		return outbox.Put(tx, outbox.Score{Lesson: lesson, Person: person, Points: p, Max: m, Handin: handin, At: w.now().Add(-time.Hour)})
	})
}

// send sends what is due, and returns how many posts that took.
func (w *world) send() int {
	w.Helper()
	n, err := w.sender.Turn(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	return n
}

// row returns somebody's in the outbox.
func (w *world) outbox(lesson, person string) (r store.OutboxRow) {
	w.Helper()
	w.write(func(tx *store.Tx) (err error) {
		r, err = tx.Outbox(lesson, person)
		return err
	})
	return r
}

// wantGrade compares what the platform's gradebook has; "" is nothing.
func (w *world) wantGrade(what string, l platform.Link, user, want string) {
	w.Helper()
	got := ""
	if c := w.lms.Grade("net1", l.Item, user); c.Score != nil {
		got = fmt.Sprint(*c.Score)
	}
	if got != want {
		w.Errorf("%s: the platform has %q, want %q", what, got, want)
	}
}
