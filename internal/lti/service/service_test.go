package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"wireloom/internal/lti/fetch"
	"wireloom/internal/lti/message"
	"wireloom/internal/lti/platform"
)

// A world is a platform and the services of a tool that it knows.
type world struct {
	*platform.Platform
	c     *Client
	p     Platform
	link  platform.Link
	item  string
	clock *atomic.Int64 // milliseconds
}

func (w *world) now() time.Time { return time.UnixMilli(w.clock.Load()).UTC() }

func newWorld(t *testing.T, mode platform.Mode, students int) *world {
	t.Helper()
	w := &world{clock: &atomic.Int64{}}
	w.clock.Store(time.Date(2026, 12, 1, 10, 0, 0, 250e6, time.UTC).UnixMilli())
	key, err := message.NewKey(w.now())
	if err != nil {
		t.Fatal(err)
	}
	tool := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		set, err := message.Keys{key}.Public()
		if err != nil {
			t.Error(err)
		}
		_ = json.NewEncoder(rw).Encode(set)
	}))
	t.Cleanup(tool.Close)
	lms := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.ServeHTTP(rw, r) }))
	t.Cleanup(lms.Close)
	w.Platform = platform.New(platform.Config{Mode: mode, URL: lms.URL, Tool: tool.URL, Now: w.now}, students)
	reg := w.Registration()
	w.p = Platform{Client: reg.Client, Token: reg.Token, Audience: reg.Audience}
	w.c = New(fetch.New(true), w.now, func(_ context.Context, claims any) (string, error) { return key.Sign(claims) })
	w.link = w.AddLink("net1", "Lesson 1", nil, 20)
	w.item = lms.URL + "/ags/net1/lineitems/" + w.link.Item + "/lineitem"
	if mode == platform.Moodle {
		w.item += "?type_id=1"
	}
	return w
}

func (w *world) post(t *testing.T, user string, given, limit float64) fetch.Answer {
	t.Helper()
	w.clock.Add(1000)
	a, err := w.c.Post(t.Context(), w.p, []string{ScopeItem, ScopeScore}, w.item, Score{User: w.User(user).Sub, Given: given, Max: limit, Stamp: w.now(), New: true, Submitted: w.now().Add(-time.Hour), Canvas: true})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

var allModes = []platform.Mode{platform.CanvasOld, platform.CanvasMid, platform.CanvasNew, platform.Moodle, platform.OpenEdX, platform.Brightspace}

func TestScoresArriveAtEachPlatform(t *testing.T) {
	for _, mode := range allModes {
		t.Run(mode.String(), func(t *testing.T) {
			w := newWorld(t, mode, 3)
			for _, tc := range []struct {
				given, limit, want float64
			}{{5, 10, 10}, {0, 10, 0}, {12, 10, 24}} {
				if a := w.post(t, "s1", tc.given, tc.limit); a.Status/100 != 2 {
					t.Fatalf("%g of %g: %d %s", tc.given, tc.limit, a.Status, a.Words())
				}
				want := tc.want
				if mode == platform.Brightspace { // which keeps no more than the column's maximum
					want = min(want, 20)
				}
				if c := w.Grade("net1", w.link.Item, "s1"); c.Score == nil || *c.Score != want {
					t.Errorf("%g of %g: the gradebook has %v, want %g", tc.given, tc.limit, c.Score, want)
				}
			}
			if a := w.post(t, "tina", 5, 10); a.Status/100 == 2 || Words(a) == "" {
				t.Errorf("a teacher's score was taken: %d", a.Status)
			}
			if n := w.Requests("token"); n != 1 {
				t.Errorf("%d access tokens for four posts", n)
			}
			w.Expire()
			if a := w.post(t, "s2", 5, 10); a.Status/100 != 2 {
				t.Errorf("after the platform has forgotten the token: %d %s", a.Status, a.Words())
			}
		})
	}
}

func TestColumnsAreFoundOrMade(t *testing.T) {
	for _, mode := range []platform.Mode{platform.CanvasNew, platform.Moodle, platform.OpenEdX} {
		t.Run(mode.String(), func(t *testing.T) {
			w := newWorld(t, mode, 1)
			items := strings.Replace(w.item, "/"+w.link.Item+"/lineitem", "", 1)
			offered := []string{ScopeItem, ScopeScore}
			got, made, err := w.c.Column(t.Context(), w.p, offered, items, Column{Label: "Lesson 1", Max: 20, Link: w.link.ID, Resource: "l1"})
			if err != nil || made || got.ID != w.item {
				t.Errorf("the link's own: got %+v, made %v, %v", got, made, err)
			}
			bare := w.AddLink("net1", "Lesson 2", nil, 0)
			want := Column{Label: "Lesson 2", Max: 10, Link: bare.ID, Resource: "l2"}
			first, made, err := w.c.Column(t.Context(), w.p, offered, items, want)
			if err != nil || !made || first.ID == "" {
				t.Errorf("a link without one: got %+v, made %v, %v", first, made, err)
			}
			again, made, err := w.c.Column(t.Context(), w.p, offered, items, want)
			if err != nil || made || again.ID != first.ID {
				t.Errorf("the second time: got %+v, made %v, %v", again, made, err)
			}
			if _, _, err := w.c.Column(t.Context(), w.p, []string{ScopeScore}, items, want); !errors.Is(err, ErrScope) {
				t.Errorf("without the scope: got %v", err)
			}
		})
	}
}

func TestMembersOfEachPlatform(t *testing.T) {
	for _, mode := range allModes {
		t.Run(mode.String(), func(t *testing.T) {
			w := newWorld(t, mode, 120)
			address := w.Registration().URL + "/nrps/net1"
			list, err := w.c.Members(t.Context(), w.p, address)
			if err != nil {
				t.Fatal(err)
			}
			roles := map[message.Role]int{}
			for _, m := range list {
				roles[m.Role]++
				if (m.Name == "") != (mode == platform.OpenEdX) {
					t.Errorf("name %q", m.Name)
				}
			}
			students := 120
			if mode <= platform.CanvasNew {
				students++ // the test student
			}
			if roles[message.Teacher] != 1 || roles[message.Assistant] != 1 || roles[message.Student] != students {
				t.Errorf("got %v", roles)
			}
		})
	}
}

// A list that is not whole is an error, and never an empty class.
func TestAListOfMembersThatCannotBeRight(t *testing.T) {
	for _, tc := range []struct {
		name  string
		fault platform.Fault
		want  error
	}{
		{"a page without members", platform.Fault{Status: 200, Body: `{"id":"x","context":{}}`}, ErrNoMembers},
		{"members is null", platform.Fault{Status: 200, Body: `{"members":null}`}, ErrNoMembers},
		{"nobody at all", platform.Fault{Status: 200, Body: `{"members":[]}`}, ErrNoMembers},
		{"a page of the wrong kind", platform.Fault{Status: 200, Body: `<html>log in</html>`, Type: "text/html"}, nil},
		{"somebody without an id", platform.Fault{Status: 200, Body: `{"members":[{"name":"x"}]}`}, nil},
		{"too many for the platform", platform.Fault{Status: 403, Body: `{"detail":"limit"}`}, nil},
		{"an endless page", platform.Fault{Status: 200, Endless: true}, fetch.ErrEndless},
	} {
		w := newWorld(t, platform.OpenEdX, 25)
		tc.fault.Times = 1
		w.Break("nrps", tc.fault)
		list, err := w.c.Members(t.Context(), w.p, w.Registration().URL+"/nrps/net1")
		if err == nil || tc.want != nil && !errors.Is(err, tc.want) || list != nil {
			t.Errorf("%s: got %d members, %v", tc.name, len(list), err)
		}
	}
}

func TestAListWithoutEnd(t *testing.T) {
	n := 0
	mux := http.NewServeMux()
	mux.HandleFunc("/token", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"access_token":"t"}`) })
	mux.HandleFunc("/nrps", func(w http.ResponseWriter, _ *http.Request) {
		n++
		w.Header().Set("Link", fmt.Sprintf(`</nrps?p=%d>; rel="next"`, n))
		fmt.Fprintf(w, `{"members":[{"user_id":"u%d","roles":["Learner"]}]}`, n)
	})
	s := httptest.NewServer(mux)
	defer s.Close()
	c := New(fetch.New(true), time.Now, func(context.Context, any) (string, error) { return "a", nil })
	if list, err := c.Members(t.Context(), Platform{Client: "c", Token: s.URL + "/token"}, s.URL+"/nrps"); !errors.Is(err, ErrEndless) || list != nil {
		t.Errorf("got %d, %v", len(list), err)
	}
}

func TestRegistersAtEachPlatform(t *testing.T) {
	for _, mode := range []platform.Mode{platform.CanvasNew, platform.Moodle, platform.Brightspace} {
		t.Run(mode.String(), func(t *testing.T) {
			w := newWorld(t, mode, 1)
			before := w.Registration()
			q := func(name string) string {
				r, err := http.NewRequest("GET", w.NewRegistration("https://tool.example/lti/register"), nil)
				if err != nil {
					t.Fatal(err)
				}
				return r.FormValue(name)
			}
			tool := Tool{Name: "Wireloom", Login: "https://tool.example/lti/login", Launch: "https://tool.example/lti/launch", Keys: "https://tool.example/lti/keys"}
			got, err := w.c.Register(t.Context(), q("openid_configuration"), q("registration_token"), tool)
			if err != nil {
				t.Fatal(err)
			}
			reg := w.Registration()
			if reg.Client == before.Client || got.Client != reg.Client || got.Issuer != reg.Issuer || got.Auth != reg.Auth || got.Token != reg.Token || got.Audience != reg.Audience || got.JWKS != reg.JWKS {
				t.Errorf("got %+v, want %+v", got, reg)
			}
			if mode == platform.Brightspace {
				return
			}
			if _, err := w.c.Register(t.Context(), q("openid_configuration"), "made-up", tool); err == nil {
				t.Error("a made-up registration token was taken")
			}
		})
	}
}

func TestARegistrationThatLeadsElsewhere(t *testing.T) {
	var body string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) }))
	defer s.Close()
	c := New(fetch.New(true), time.Now, nil)
	for _, tc := range []struct{ name, body string }{
		{"keys in a file", `{"issuer":"` + s.URL + `","authorization_endpoint":"https://a/","token_endpoint":"https://a/","jwks_uri":"file:///etc/passwd","registration_endpoint":"https://a/"}`},
		{"another's name", `{"issuer":"https://moodle.example","authorization_endpoint":"https://a/","token_endpoint":"https://a/","jwks_uri":"https://a/","registration_endpoint":"https://a/"}`},
		{"nothing", `{}`},
		{"no JSON", `<html>`},
		{"a list", `[]`},
	} {
		body = tc.body
		if got, err := c.Register(t.Context(), s.URL+"/c", "", Tool{}); err == nil {
			t.Errorf("%s: got %+v", tc.name, got)
		}
	}
}

func TestWordsOfPlatforms(t *testing.T) {
	for _, tc := range []struct{ name, body, want string }{
		{"Canvas", `{"errors":{"type":"unprocessable_entity","message":"User not found in course or is not a student"}}`, "User not found in course or is not a student"},
		{"Canvas, a list", `{"errors":[{"message":"Invalid access token."}]}`, "Invalid access token."},
		{"Moodle", `{"status":400,"reason":"Incorrect score received","request":{}}`, "Incorrect score received"},
		{"a problem", `{"type":"about:blank","title":"Conflict","detail":"A newer score is there"}`, "A newer score is there"},
		{"OAuth", `{"error":"invalid_scope","error_description":"no"}`, "no"},
		{"a page", "<html>\n  502 Bad Gateway</html>", "<html> 502 Bad Gateway</html>"},
		{"a terminal's escape", `{"message":"a\u001b[2Jb"}`, "a�[2Jb"},
	} {
		if got := Words(fetch.Answer{Body: []byte(tc.body)}); strings.ContainsRune(got, 0x1b) || tc.name != "a terminal's escape" && got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestBelowAnAddressWithAQuery(t *testing.T) {
	for _, tc := range []struct{ item, want string }{
		{"https://m/l/1/lineitem?type_id=1", "https://m/l/1/lineitem/scores?type_id=1"},
		{"https://c/l/1", "https://c/l/1/scores"},
		{"https://c/l/1/", "https://c/l/1/scores"},
		{"https://c/l/a%2Fb", "https://c/l/a%2Fb/scores"},
	} {
		if got, err := below(tc.item, "scores"); err != nil || got != tc.want {
			t.Errorf("%s: got %s, %v, want %s", tc.item, got, err, tc.want)
		}
	}
}

func TestNextPages(t *testing.T) {
	for _, tc := range []struct{ link, want string }{
		{`<https://a/?p=2>; rel="next"`, "https://a/?p=2"},
		{`<https://a/?p=1>; rel="first", <https://a/?p=2>; rel="next", <https://a/?p=9>; rel="last"`, "https://a/?p=2"},
		{`</p2>;rel=next`, "https://a/p2"},
		{`<?p=2>; title="x, y"; rel="prev next"`, "https://a/x?p=2"},
		{`<https://a/?a=1,2>; rel="next"`, "https://a/?a=1,2"},
		{`<https://a/?p=1>; rel="prev"`, ""},
		{`nonsense`, ""},
		{`<unclosed`, ""},
		{``, ""},
	} {
		if got := nextPage("https://a/x", http.Header{"Link": {tc.link}}); got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.link, got, tc.want)
		}
	}
}

func FuzzNextPage(f *testing.F) {
	f.Add(`<https://a/?p=1>; rel="first", <https://a/?p=2>; rel="next"`)
	f.Add(`<,<>;;rel=`)
	f.Fuzz(func(t *testing.T, link string) { nextPage("https://a/x", http.Header{"Link": {link}}) })
}

func FuzzMembers(f *testing.F) {
	f.Add([]byte(`{"members":[{"user_id":"u","roles":["Learner"],"status":"Active"}]}`))
	f.Add([]byte(`{"members":null}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := readMembers(fetch.Answer{Status: 200, Body: b})
		for _, m := range list {
			if m.Subject == "" || err != nil {
				t.Fatalf("%+v, %v", m, err)
			}
		}
		Words(fetch.Answer{Body: b})
	})
}
