package oidc

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/oauth2-proxy/mockoidc"
	"golang.org/x/oauth2"
)

// A campus is a login's server, and a server of ours that has people signed in there.
type campus struct {
	*testing.T
	op    *mockoidc.MockOIDC
	login *Login
	keys  atomic.Int64 // how often they were fetched
	down  atomic.Bool
}

func newCampus(t *testing.T) *campus {
	t.Helper()
	c := &campus{T: t}
	op, err := mockoidc.NewServer(nil)
	if err != nil {
		t.Fatal(err)
	}
	c.op = op
	err = op.AddMiddleware(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if c.down.Load() {
				http.Error(w, "<h1>502</h1>", http.StatusBadGateway)
				return
			}
			if strings.HasSuffix(r.URL.Path, "/jwks") || strings.Contains(r.URL.Path, "jwks") {
				c.keys.Add(1)
			}
			next.ServeHTTP(w, r)
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	l := httptest.NewUnstartedServer(nil).Listener
	if err := op.Start(l, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = op.Shutdown() })
	c.login, err = New(Settings{Name: "campus", Title: "The campus", Issuer: op.Issuer(), ClientID: op.ClientID, ClientSecret: op.ClientSecret, Teachers: []string{"staff"}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A user is somebody of whom the login says what a test wants: a claim that is nil is left out.
type user map[string]any

func (u user) ID() string { return "s1" }
func (u user) Userinfo([]string) ([]byte, error) {
	return json.Marshal(map[string]any{"sub": u["info_sub"], "name": "By userinfo"})
}

func (u user) Claims(_ []string, base *mockoidc.IDTokenClaims) (jwt.Claims, error) {
	b, err := json.Marshal(base)
	if err != nil {
		return nil, err
	}
	claims := jwt.MapClaims{}
	if err := json.Unmarshal(b, &claims); err != nil {
		return nil, err
	}
	for name, v := range u {
		if claims[name] = v; v == nil {
			delete(claims, name)
		}
	}
	return claims, nil
}

// signIn has somebody signed in there, and returns what the login then says of them.
func (c *campus) signIn(u user, change func(answer url.Values)) (Claims, error) {
	c.Helper()
	a := Attempt{Redirect: "http://localhost/back", Verifier: oauth2.GenerateVerifier(), Nonce: "n1"}
	there, err := c.login.Begin(c.Context(), a, "state")
	if err != nil {
		return Claims{}, err
	}
	c.op.UserQueue.Push(u)
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := http.NewRequestWithContext(c.Context(), http.MethodGet, there, nil)
	if err != nil {
		c.Fatal(err)
	}
	resp, err := client.Do(r)
	if err != nil {
		c.Fatal(err)
	}
	resp.Body.Close()
	back, err := resp.Location()
	if err != nil {
		c.Fatalf("the login's page: status %d, %v", resp.StatusCode, err)
	}
	answer := back.Query()
	if answer.Get("state") != "state" {
		c.Errorf("state: got %q", answer.Get("state"))
	}
	if change != nil {
		change(answer)
	}
	return c.login.Finish(c.Context(), a, answer)
}

func TestWhatALoginSays(t *testing.T) {
	c := newCampus(t)
	says, err := c.signIn(user{"name": " Ada\x1b[31m ", "email": "ada@example.org", "email_verified": "true", "groups": []string{"staff"}, "oid": "o1", "tid": "t1"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if says.Subject != "s1" || says.Issuer != c.op.Issuer() || says.Email != "ada@example.org" || !says.Verified || says.OID != "o1" || says.TID != "t1" || !c.login.MayCreate(says) {
		t.Errorf("got %+v", says)
	}
	if strings.ContainsRune(says.Name, 0x1b) || !strings.HasPrefix(says.Name, "Ada") {
		t.Errorf("the name: got %q", says.Name)
	}
	says, err = c.signIn(user{"given_name": "Ada", "family_name": "Lovelace", "_claim_names": map[string]string{"groups": "src1"}, "_claim_sources": map[string]any{"src1": map[string]string{"endpoint": "https://graph.example.org"}}}, nil)
	if err != nil || says.Name != "Ada Lovelace" || !says.Overage || c.login.MayCreate(says) || says.Verified {
		t.Errorf("names apart, and too many groups: got %+v, %v", says, err)
	}
	if says, err = c.signIn(user{"info_sub": "s1"}, nil); err != nil || says.Name != "By userinfo" {
		t.Errorf("a token that says no name: got %+v, %v", says, err)
	}
	if says, err = c.signIn(user{"info_sub": "s2"}, nil); err != nil || says.Name != "" {
		t.Errorf("userinfo of another: got %+v, %v", says, err)
	}
}

// The times, and for whom a token is: what the library checks, and what it does not.
func TestVerdictsOnTokens(t *testing.T) {
	c := newCampus(t)
	at := func(d time.Duration) int64 { return time.Now().Add(d).Unix() }
	id := c.op.ClientID
	for _, tc := range []struct {
		name   string
		claims user
		good   bool
	}{
		{"as it is", user{}, true},
		{"made 30 s from now", user{"iat": at(30 * time.Second)}, true},
		{"made 10 minutes from now", user{"iat": at(10 * time.Minute)}, false},
		{"ended 2 s ago", user{"exp": at(-2 * time.Second)}, true},
		{"ended 2 minutes ago", user{"exp": at(-2 * time.Minute)}, false},
		{"without an end", user{"exp": nil}, false},
		{"good from 4 minutes from now", user{"nbf": at(4 * time.Minute)}, true},
		{"good from 6 minutes from now", user{"nbf": at(6 * time.Minute)}, false},
		{"for two, and not saying for whom", user{"aud": []string{id, "other"}}, false},
		{"for two, for us", user{"aud": []string{id, "other"}, "azp": id}, true},
		{"for two, for the other", user{"aud": []string{id, "other"}, "azp": "other"}, false},
		{"for another", user{"aud": "other"}, false},
		{"of another issuer", user{"iss": "https://login.example.org"}, false},
		{"without a nonce", user{"nonce": nil}, false},
		{"with the nonce of another attempt", user{"nonce": "n2"}, false},
		{"of nobody", user{"sub": ""}, false},
		{"of a subject that is endless", user{"sub": strings.Repeat("x", 1000)}, false},
	} {
		_, err := c.signIn(tc.claims, nil)
		if tc.good != (err == nil) {
			f := &Failure{}
			_ = errors.As(err, &f)
			t.Errorf("a token %s: got %v (%v), want good: %v", tc.name, err, f.Cause, tc.good)
		}
	}
}

func TestAnswersThatSignNobodyIn(t *testing.T) {
	c := newCampus(t)
	for _, tc := range []struct {
		name   string
		change func(url.Values)
		want   string // in the sentence
	}{
		{"a code that is none", func(v url.Values) { v.Set("code", "forged") }, "did not sign you in"},
		{"no code", func(v url.Values) { v.Del("code") }, "did not sign you in"},
		{"of another issuer", func(v url.Values) { v.Set("iss", "https://evil.example.org") }, "did not sign you in"},
		{"a person who stopped", func(v url.Values) { v.Set("error", "access_denied"); v.Set("error_description", "no\x1b[2J") }, "you stopped it: access_denied no"},
	} {
		_, err := c.signIn(user{}, tc.change)
		f := &Failure{}
		if !errors.As(err, &f) || !strings.Contains(f.Sentence, tc.want) || strings.ContainsRune(f.Sentence, 0x1b) {
			t.Errorf("%s: got %v, want %q in it", tc.name, err, tc.want)
		}
	}
}

// A login whose keys are others from one moment to the next lets people in; one that is sent
// forged tokens is asked for its keys once a minute.
func TestKeysAreRotated(t *testing.T) {
	c := newCampus(t)
	now := time.Now()
	c.login.now = func() time.Time { return now }
	if _, err := c.signIn(user{}, nil); err != nil {
		t.Fatal(err)
	}
	now = now.Add(2 * time.Minute)
	good := c.op.Keypair
	var err error
	if c.op.Keypair, err = mockoidc.RandomKeypair(2048); err != nil {
		t.Fatal(err)
	}
	if _, err := c.signIn(user{}, nil); err != nil {
		t.Errorf("after the keys were changed: %v", err)
	}
	before := c.keys.Load()
	c.op.Keypair = good // which was forgotten with the change: its tokens are of an unknown key
	for range 20 {
		_, _ = c.signIn(user{}, nil)
	}
	if got := c.keys.Load() - before; got > 1 {
		t.Errorf("20 tokens of unknown keys within a minute: the keys were fetched %d times", got)
	}
	now = now.Add(2 * time.Minute)
	if _, err := c.signIn(user{}, nil); err != nil {
		t.Errorf("two minutes later: %v", err)
	}
}

// What a login's server is that does not work, and that it is asked again in a while.
func TestALoginThatIsDown(t *testing.T) {
	c := newCampus(t)
	now := time.Now()
	c.login.now = func() time.Time { return now }
	c.down.Store(true)
	_, err := c.signIn(user{}, nil)
	if f := (&Failure{}); !errors.As(err, &f) || !strings.Contains(f.Sentence, "The campus does not answer") || strings.Contains(f.Sentence, "<h1>") {
		t.Errorf("down at the start: got %v", err)
	}
	c.down.Store(false)
	if _, err := c.signIn(user{}, nil); err == nil {
		t.Error("it was asked again at once")
	}
	now = now.Add(time.Minute)
	if _, err := c.signIn(user{}, nil); err != nil {
		t.Errorf("a minute later: %v", err)
	}
	for name, body := range map[string]string{
		"nonsense": "<html>", "nothing": "", "another issuer": `{"issuer":"https://x","authorization_endpoint":"https://x/a"}`,
		"endless": strings.Repeat(" ", 2<<20), "no addresses": `{"issuer":"SELF"}`,
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, strings.ReplaceAll(body, "SELF", "http://"+r.Host))
		}))
		l, err := New(Settings{Name: "x", Issuer: srv.URL, ClientID: "c"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Begin(t.Context(), Attempt{}, "s"); err == nil {
			t.Errorf("a server that says %s: no error", name)
		}
		srv.Close()
	}
}

func TestSettings(t *testing.T) {
	good := Settings{Name: "campus", Issuer: "https://login.example.org/realms/x", ClientID: "wireloom"}
	if err := good.Check(); err != nil {
		t.Errorf("good ones: %v", err)
	}
	for want, change := range map[string]func(*Settings){
		"name":               func(s *Settings) { s.Name = "A/B" },
		"want its address":   func(s *Settings) { s.Issuer = "login.example.org" },
		"must be https":      func(s *Settings) { s.Issuer = "http://login.example.org" },
		"client-id":          func(s *Settings) { s.ClientID = "" },
		"every organisation": func(s *Settings) { s.Issuer = "https://login.microsoftonline.com/common/v2.0" },
		"of your own tenant": func(s *Settings) { s.Issuer = "https://login.microsoftonline.com/organizations/v2.0" },
	} {
		s := good
		change(&s)
		if err := s.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
}
