package classroom

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/oauth2-proxy/mockoidc"

	"wireloom/internal/classroom/route"
	"wireloom/internal/httpapi"
	"wireloom/internal/identity"
	"wireloom/internal/identity/oidc"
	wire "wireloom/internal/protocol/class"
	"wireloom/internal/store"
	"wireloom/internal/visitor"
)

// A site is a world that is served as labserver does it, below a base path.
type site struct {
	*world
	url string // of its page
	op  *mockoidc.MockOIDC
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{}
	op, err := mockoidc.Run()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = op.Shutdown() })
	s.op = op
	login, err := oidc.New(oidc.Settings{Name: "campus", Title: "The campus", Issuer: op.Issuer(), ClientID: op.ClientID, ClientSecret: op.ClientSecret, MatchEmail: true})
	if err != nil {
		t.Fatal(err)
	}
	s.world = newWorldAt(t, visitor.Site{Base: "/lab/"}, login)
	var routes []httpapi.Route
	for _, r := range s.room.Routes() {
		routes = append(routes, httpapi.Route{Method: r.Method, Path: r.Path, Foreign: r.Foreign, Do: s.room.Handler(r)})
	}
	api, err := httpapi.New(httpapi.Config{Routes: routes, Site: visitor.Site{Base: "/lab/"}})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(api)
	t.Cleanup(srv.Close)
	s.url = srv.URL + "/lab/"
	return s
}

// A person is somebody's browser.
type person struct {
	s *site
	http.Client
}

func (s *site) person() *person {
	s.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.Fatal(err)
	}
	return &person{s, http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// do sends a request, to a path of the site or a whole address.
func (p *person) do(method, to, body string, header ...string) (status int, answer string, h http.Header) {
	p.s.Helper()
	if !strings.Contains(to, "://") {
		to = p.s.url + to
	}
	r, err := http.NewRequestWithContext(p.s.Context(), method, to, strings.NewReader(body))
	if err != nil {
		p.s.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := p.Do(r)
	if err != nil {
		p.s.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		p.s.Fatal(err)
	}
	if at, err := resp.Location(); err == nil {
		resp.Header.Set("Location", at.String()) // relative to what was asked for
	}
	return resp.StatusCode, string(b), resp.Header
}

func (p *person) me() (me wire.Me) {
	p.s.Helper()
	_, body, _ := p.do("GET", "api/me", "")
	if err := json.Unmarshal([]byte(body), &me); err != nil {
		p.s.Fatalf("%s: %v", body, err)
	}
	return me
}

// toLogin goes to the campus login, and returns the address that it sends the browser back to.
func (p *person) toLogin(query, subject, email string) (back string) {
	p.s.Helper()
	status, body, h := p.do("GET", "auth/oidc/campus"+query, "")
	if status != http.StatusSeeOther {
		p.s.Fatalf("going to the login: %d %s", status, body)
	}
	p.s.op.QueueUser(&mockoidc.MockUser{Subject: subject, Email: email, EmailVerified: true})
	status, body, h = p.do("GET", h.Get("Location"), "")
	if status != http.StatusFound {
		p.s.Fatalf("at the login: %d %s", status, body)
	}
	return h.Get("Location")
}

func TestSigningInAtTheCampus(t *testing.T) {
	s := newSite(t)
	ada := s.person()
	if me := ada.me(); me.SignedIn || len(me.Ways) != 3 || me.Ways[2] != (wire.Way{Kind: wire.ByOIDC, Name: "The campus", Href: "auth/oidc/campus"}) {
		t.Errorf("a visitor: got %+v", me)
	}
	one, two := ada.toLogin("?to=%2F%23class%3Dc", "s1", "ada@example.org"), ada.toLogin("", "s1", "ada@example.org") // two tabs
	for name, tc := range map[string]struct {
		who    *person
		to     string
		status int
	}{
		"somebody else's answer":  {s.person(), one, http.StatusBadRequest},
		"a state that was forged": {ada, s.url + "auth/oidc/campus/callback?state=AAAA&code=x", http.StatusBadRequest},
		"no state":                {ada, s.url + "auth/oidc/campus/callback?code=x", http.StatusBadRequest},
		"an unheard login":        {ada, s.url + "auth/oidc/other/callback?code=x", http.StatusNotFound},
	} {
		status, body, h := tc.who.do("GET", tc.to, "")
		if status != tc.status || !strings.HasPrefix(body, "<!doctype html>") || h.Get("Location") != "" || tc.who.me().SignedIn {
			t.Errorf("%s: got %d %s", name, status, body)
		}
	}
	status, body, h := ada.do("GET", one, "")
	if status != http.StatusSeeOther || h.Get("Location") != s.url+"#class=c" {
		t.Fatalf("coming back: %d %s to %s", status, body, h.Get("Location"))
	}
	me := ada.me()
	if !me.SignedIn || me.Class != "" || me.Operator {
		t.Errorf("got %+v", me)
	}
	if status, _, _ := ada.do("GET", one, ""); status != http.StatusBadRequest {
		t.Errorf("the answer once more: got %d", status)
	}
	if status, body, _ := ada.do("GET", two, ""); status != http.StatusSeeOther || ada.me().Person != me.Person {
		t.Errorf("the second tab: got %d %s", status, body)
	}
	// Their address changes, and they are who they were; who has it then is another.
	again := s.person()
	again.do("GET", again.toLogin("", "s1", "new@example.org"), "")
	other := s.person()
	other.do("GET", other.toLogin("", "s2", "ada@example.org"), "")
	if again.me().Person != me.Person || other.me().Person == me.Person || !other.me().SignedIn {
		t.Errorf("got %+v and %+v, want %+v and another", again.me(), other.me(), me)
	}
	// The way in that is linked to who was here already.
	kim := s.person()
	kim.do("POST", "api/signin", fmt.Sprintf(`{"token":%q}`, s.code("stranger", "")))
	kim.do("GET", kim.toLogin("?link=1", "s3", ""), "")
	if got := kim.me(); got.Person != "stranger" {
		t.Errorf("linked: got %+v", got)
	}
	elsewhere := s.person()
	elsewhere.do("GET", elsewhere.toLogin("", "s3", ""), "")
	if got := elsewhere.me(); got.Person != "stranger" {
		t.Errorf("by the login that was linked: got %+v", got)
	}
	// Signed out, nothing is left in the browser.
	if status, _, _ := ada.do("POST", "api/signout", `{"everywhere":true}`); status != http.StatusNoContent || ada.me().SignedIn || again.me().SignedIn {
		t.Errorf("signing out: %d", status)
	}
}

// A page that sends a browser to the login over and over doesn't fill it with cookies.
func TestManyAttemptsToSignIn(t *testing.T) {
	s := newSite(t)
	p := s.person()
	for range 30 {
		p.do("GET", "auth/oidc/campus", "")
	}
	at, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(p.Jar.Cookies(at)); n != 6 {
		t.Errorf("after 30 attempts the browser has %d cookies", n)
	}
	if status, body, _ := p.do("GET", p.toLogin("", "s1", ""), ""); status != http.StatusSeeOther || !p.me().SignedIn {
		t.Errorf("the last of them: got %d %s", status, body)
	}
}

func TestWhereOneIsSentAfterwards(t *testing.T) {
	s := newSite(t)
	p := s.person()
	for _, to := range []string{
		"https://evil.example.org/", "//evil.example.org", `/\evil.example.org`, "javascript:alert(1)", "/a\nSet-Cookie: x", "%2f%2fevil", "./../..//evil.example.org/\u00e9",
		"\t//evil.example.org",
	} {
		status, body, h := p.do("GET", "auth/oidc/campus?to="+url.QueryEscape(to), "")
		if status != http.StatusBadRequest || h.Get("Location") != "" {
			t.Errorf("to=%q: got %d %s to %q", to, status, body, h.Get("Location"))
		}
	}
	s.op.QueueError(&mockoidc.ServerError{Code: http.StatusInternalServerError, Error: mockoidc.InternalServerError})
	if status, body, _ := p.do("GET", "auth/oidc/campus", ""); status != http.StatusBadGateway || !strings.Contains(body, "by your class&#39;s code") {
		t.Errorf("a login that is down: got %d %s", status, body)
	}
}

// code is a code for one sign-in of somebody.
func (w *world) code(person, class string) (code string) {
	w.Helper()
	w.write(func(tx *store.Tx) (err error) {
		code, err = identity.OneTimeCode(tx, person, class)
		return err
	})
	return code
}

func TestJoiningByHTTP(t *testing.T) {
	s := newSite(t)
	for _, tc := range []struct {
		name, body string
		status     int
		want       string
	}{
		{"no JSON", `code=1`, 400, "cannot be read"},
		{"another key", `{"code":"0000000A","name":"own","admin":true}`, 400, "admin"},
		{"a key twice", `{"code":"0000000A","code":"0000000B","name":"own"}`, 400, "code"},
		{"too much", `{"code":"` + strings.Repeat("x", 100<<10) + `"}`, 413, "too large"},
		{"a code that is none", `{"code":"ZZZZZZZZ","name":"own"}`, 403, "that code lets nobody in"},
		{"the code of an archived class", `{"code":"0000000Z","name":"own"}`, 403, "that code lets nobody in"},
		{"a name that is not on the list", `{"code":"0000000A","name":"<script>alert(1)</script>"}`, 403, `"want":"teacher"`},
		{"a teacher's name", `{"code":"0000000A","name":"teacher"}`, 403, "teacher's"},
		{"a student's name", `{"code":"0000000A","name":"OTHER"}`, 200, `"word":"`},
		{"the same once more", `{"code":"0000000A","name":"other"}`, 409, `"want":"word"`},
		{"with a wrong word", `{"code":"0000000A","name":"other","secret":"bababa-bababa"}`, 403, `"want":"word"`},
	} {
		p := s.person()
		status, body, h := p.do("POST", "api/join", tc.body)
		if status != tc.status || !strings.Contains(body, tc.want) {
			t.Errorf("%s: got %d %.300s, want %d and %s", tc.name, status, body, tc.status, tc.want)
		}
		if (status == 200) != (h.Get("Set-Cookie") != "") || p.me().SignedIn != (status == 200) {
			t.Errorf("%s: got the cookie %q", tc.name, h.Get("Set-Cookie"))
		}
	}
	p := s.person()
	for range 12 {
		p.do("POST", "api/join", `{"code":"ZZZZZZZZ","name":"own"}`)
	}
	if status, body, h := p.do("POST", "api/join", `{"code":"0000000A","name":"own"}`); status != http.StatusTooManyRequests || h.Get("Retry-After") == "" {
		t.Errorf("after many wrong codes: got %d %s", status, body)
	}
	staff := s.person()
	staff.do("POST", "api/signin", fmt.Sprintf(`{"token":%q}`, s.code("teacher", "")))
}

func TestAWindowFromAFrame(t *testing.T) {
	s := newSite(t)
	p := s.person()
	p.do("POST", "api/signin", fmt.Sprintf(`{"token":%q}`, s.code("own", "")))
	_, body, _ := p.do("POST", "api/ticket", `{"to":"./#lesson=lc"}`)
	var ticket wire.Ticket
	if err := json.Unmarshal([]byte(body), &ticket); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	window := s.person()
	if status, _, _ := window.do("GET", ticket.Href, "", "Sec-Fetch-Site", "cross-site"); status != http.StatusForbidden || window.me().SignedIn {
		t.Errorf("sent by another site's page: got %d", status)
	}
	if status, _, h := window.do("GET", ticket.Href, ""); status != http.StatusSeeOther || h.Get("Location") != s.url+"#lesson=lc" || window.me().Person != "own" {
		t.Errorf("got %d to %s, %+v", status, h.Get("Location"), window.me())
	}
	if status, body, _ := s.person().do("GET", ticket.Href, ""); status != http.StatusNotFound || !strings.Contains(body, "was used") {
		t.Errorf("a second time: got %d %s", status, body)
	}
	if status, _, _ := p.do("POST", "api/ticket", `{"to":"//evil.example.org"}`); status != http.StatusBadRequest {
		t.Errorf("to another site: got %d", status)
	}
}

// A page of another site changes nothing, whatever route it sends a request to, and every answer
// has the headers that keep it where it belongs.
func TestEveryRouteFromAnotherSite(t *testing.T) {
	s := newSite(t)
	p := s.person()
	p.do("POST", "api/signin", fmt.Sprintf(`{"token":%q}`, s.code("operator", "")))
	for _, r := range s.room.Routes() {
		to := strings.TrimPrefix(s.path(r.Path, s.ids), "/")
		if r.Method != http.MethodGet && !r.Foreign {
			for _, header := range [][]string{
				{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example.org"}, {"Origin", "null"},
			} {
				if status, body, _ := p.do(r.Method, to, "{}", header...); status != http.StatusForbidden || !strings.Contains(body, "page of another site") {
					t.Errorf("%s %s with %s: got %d %s", r.Method, r.Path, header, status, body)
				}
			}
		}
		visitor := s.person()
		status, body, h := visitor.do(r.Method, to, "{}")
		if status >= 500 && status != http.StatusBadGateway {
			t.Errorf("%s %s by a visitor: got %d %s", r.Method, r.Path, status, body)
		}
		for name, want := range map[string]string{
			"Content-Security-Policy": "frame-ancestors 'none'", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
			"Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
		} {
			if name == "Referrer-Policy" && strings.HasPrefix(r.Path, "/lti/") {
				want = "" // the tool's own forms tell by their origin whose they are
			}
			if !strings.Contains(h.Get(name), want) && !r.Foreign {
				t.Errorf("%s %s: %s is %q, want %q in it", r.Method, r.Path, name, h.Get(name), want)
			}
		}
	}
}

// What a table refuses to take.
func TestRoutesThatForgot(t *testing.T) {
	w := newWorld(t)
	do := func(*route.Request) (any, error) { return nil, nil }
	for name, r := range map[string]route.Route{
		"who may":               {Method: "GET", Path: "/x", Do: do},
		"what to do":            {Method: "GET", Path: "/x", Needs: route.Anybody},
		"how an id is found":    {Method: "GET", Path: "/x/{handinx}", Needs: route.Anybody, Do: do},
		"which class":           {Method: "GET", Path: "/x/{token}", Needs: route.MemberOf, Do: do},
		"the class of a person": {Method: "GET", Path: "/x/{person}", Needs: route.Staff, Do: do},
	} {
		if _, err := route.New(w.room.tableConfig(), []route.Route{r}); err == nil {
			t.Errorf("a route that forgot %s: no error", name)
		}
	}
}

// A server that is about to stop keeps nobody waiting for what may happen.
func TestWhoWaitsIsAnsweredWhenTheServerStops(t *testing.T) {
	w := newWorld(t)
	ending, end := context.WithCancel(t.Context())
	handler := serve(t, w.room.table)
	for _, path := range []string{"/api/classes/c/notices?after=0", "/api/handins/handin?after=1"} {
		r := httptest.NewRequestWithContext(visitor.WithEnding(t.Context(), ending), http.MethodGet, path, nil)
		r.AddCookie(w.cookie["own"])
		answered := make(chan int)
		go func() {
			rec := httptest.NewRecorder()
			handler.ServeHTTP(rec, r)
			answered <- rec.Code
		}()
		select {
		case code := <-answered:
			t.Errorf("%s did not wait: it is answered %d", path, code)
			continue
		default:
		}
		defer func() {
			if code := <-answered; code != http.StatusOK {
				t.Errorf("%s: got %d", path, code)
			}
		}()
	}
	end()
}
