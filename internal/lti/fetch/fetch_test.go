package fetch

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

func TestWhatIsInside(t *testing.T) {
	for _, tc := range []struct {
		address string
		want    bool
	}{
		{"93.184.216.34", false},
		{"2606:4700::1", false},
		{"127.0.0.1", true},
		{"::1", true},
		{"10.1.2.3", true},
		{"192.168.0.1", true},
		{"172.31.255.255", true},
		{"169.254.169.254", true}, // where clouds keep their keys
		{"100.64.0.1", true},
		{"0.0.0.0", true},
		{"::", true},
		{"::ffff:10.0.0.1", true},
		{"64:ff9b::a00:1", true},
		{"2002:a00:1::", true},
		{"fe80::1%eth0", true},
		{"fd00::1", true},
		{"224.0.0.1", true},
		{"255.255.255.255", true},
	} {
		if got := inside(netip.MustParseAddr(tc.address)); got != tc.want {
			t.Errorf("%s: got %v, want %v", tc.address, got, tc.want)
		}
	}
}

func TestWhatMayBeAsked(t *testing.T) {
	for _, tc := range []struct {
		url             string
		public, insides bool
	}{
		{"https://lms.example/jwks", true, true},
		{"http://lms.example/jwks", false, true},
		{"file:///etc/passwd", false, false},
		{"gopher://lms.example/", false, false},
		{"https://user:pass@lms.example/", false, false},
		{"https:lms.example", false, false},
		{"https://lms.example/#x", false, false},
		{"//lms.example/", false, false},
		{"https://lms.example/" + strings.Repeat("x", maxURL), false, false},
		{"", false, false},
	} {
		for _, in := range []bool{false, true} {
			want := tc.public
			if in {
				want = tc.insides
			}
			if _, err := New(in).URL(tc.url); (err == nil) != want {
				t.Errorf("%.40q, inside %v: got %v, want allowed %v", tc.url, in, err, want)
			}
		}
	}
}

func TestAnswersOfStrangers(t *testing.T) {
	ctx := t.Context()
	var asked atomic.Int32
	mux := http.NewServeMux()
	mux.HandleFunc("/endless", func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/round", func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		http.Redirect(w, r, "/round", http.StatusFound)
	})
	mux.HandleFunc("/to/file", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
	})
	mux.HandleFunc("/to/good", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/good", http.StatusFound) })
	mux.HandleFunc("/good", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Header.Get("Authorization")) })
	s := httptest.NewServer(mux)
	defer s.Close()
	c := New(true)
	bearer := http.Header{"Authorization": {"Bearer secret"}}
	if _, err := c.Do(ctx, "GET", s.URL+"/endless", nil, ""); !errors.Is(err, ErrEndless) {
		t.Errorf("an endless body: got %v", err)
	}
	if a, err := c.Do(ctx, "GET", s.URL+"/round", nil, ""); err != nil || a.Status != http.StatusFound || asked.Load() != redirects+1 {
		t.Errorf("round and round: got %d, %v, asked %d times", a.Status, err, asked.Load())
	}
	if _, err := c.Do(ctx, "GET", s.URL+"/to/file", nil, ""); err == nil {
		t.Error("was led to a file")
	}
	if a, err := c.Do(ctx, "GET", s.URL+"/to/good", nil, ""); err != nil || a.Status != http.StatusOK {
		t.Errorf("a redirect: got %d, %v", a.Status, err)
	}
	for _, method := range []string{"GET", "POST"} {
		if a, err := c.Do(ctx, method, s.URL+"/to/good", bearer.Clone(), ""); err != nil || a.Status != http.StatusFound {
			t.Errorf("%s with a token was led elsewhere: got %d, %v", method, a.Status, err)
		}
	}
	// The name of a public host may be an address of the inside.
	if _, err := New(false).Do(ctx, "GET", strings.Replace(s.URL, "http:", "https:", 1)+"/good", nil, ""); err == nil || !strings.Contains(err.Error(), "inside") {
		t.Errorf("an address of the inside: got %v", err)
	}
}

// keyServer serves keys that can be replaced, and counts.
type keyServer struct {
	*httptest.Server
	mu    sync.Mutex
	pairs map[string]*rsa.PrivateKey
	asked int
	down  bool
}

func newKeyServer(t *testing.T) *keyServer {
	k := &keyServer{pairs: map[string]*rsa.PrivateKey{}}
	k.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.asked++
		if k.down {
			http.Error(w, "down", http.StatusBadGateway)
			return
		}
		var set jose.JSONWebKeySet
		for id, p := range k.pairs {
			set.Keys = append(set.Keys, jose.JSONWebKey{Key: p.Public(), KeyID: id, Algorithm: "RS256", Use: "sig"})
		}
		_ = json.NewEncoder(w).Encode(set)
	}))
	t.Cleanup(k.Close)
	return k
}

var pair = sync.OnceValue(func() *rsa.PrivateKey {
	p, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return p
})

func (k *keyServer) set(down bool, ids ...string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.down = down
	clear(k.pairs)
	for _, id := range ids {
		k.pairs[id] = pair()
	}
}

func (k *keyServer) count() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.asked
}

func signed(t *testing.T, kid string, p *rsa.PrivateKey) string {
	t.Helper()
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: p, KeyID: kid}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	o, err := s.Sign([]byte("payload"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := o.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Trap 7: keys rotate while people launch, and none fails; a thousand forged kids cost one request a minute.
func TestKeysRotateAndForgersCostNothing(t *testing.T) {
	var clock atomic.Int64
	now := func() time.Time { return time.Unix(1_800_000_000+clock.Load(), 0) }
	srv := newKeyServer(t)
	srv.set(false, "a")
	keys := NewKeys(New(true), now)
	ok := func(kid string) {
		t.Helper()
		if b, err := keys.Verify(t.Context(), srv.URL, signed(t, kid, pair())); err != nil || string(b) != "payload" {
			t.Errorf("key %s: got %q, %v", kid, b, err)
		}
	}
	// A class comes at once: one request.
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() { ok("a") })
	}
	all.Wait()
	if n := srv.count(); n != 1 {
		t.Errorf("50 first launches: asked %d times", n)
	}
	// Each hour the platform signs with a new key. Some launches meet the keys on their way.
	const hours = 20
	kid := "a"
	for hour := range hours {
		clock.Add(3600)
		before := kid
		kid = fmt.Sprint("b", hour)
		srv.set(false, before, kid)
		for range 50 {
			all.Go(func() { ok(kid); ok(before) })
		}
		all.Wait()
	}
	if n := srv.count(); n != 1+hours {
		t.Errorf("after %d rotations: asked %d times, want %d", hours, n, 1+hours)
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	forged := signed(t, kid, other)
	for range 3 { // three minutes of forgers
		clock.Add(60)
		for i := range 350 {
			token := forged
			if i%7 == 0 {
				token = signed(t, fmt.Sprint("kid", i), other)
			}
			if _, err := keys.Verify(t.Context(), srv.URL, token); err == nil {
				t.Fatal("a forged token was taken")
			}
		}
		ok(kid)
	}
	if n := srv.count() - 1 - hours; n != 3 {
		t.Errorf("a thousand forged tokens in three minutes: asked %d times more, want 3", n)
	}
	// A key that was taken back is believed for a day, and where the platform is down then, a little longer.
	clock.Add(keyAge.Milliseconds()/1000 + 1)
	srv.set(true, "later")
	ok(kid)
	srv.set(false, "later")
	clock.Add(int64(retry.Seconds()) + 1)
	// A verification may still join the request that failed, which go-oidc forgets a moment after it has answered.
	_, err = keys.Verify(t.Context(), srv.URL, signed(t, kid, pair()))
	for i := 0; err == nil && i < 1000; i++ {
		runtime.Gosched()
		_, err = keys.Verify(t.Context(), srv.URL, signed(t, kid, pair()))
	}
	if err == nil || errors.Is(err, ErrKeys) {
		t.Errorf("a key that was taken back two days ago: got %v", err)
	}
}

func TestAPlatformThatIsDownIsNoForger(t *testing.T) {
	srv := newKeyServer(t)
	srv.set(true)
	keys := NewKeys(New(true), time.Now)
	if _, err := keys.Verify(t.Context(), srv.URL, signed(t, "a", pair())); !errors.Is(err, ErrKeys) {
		t.Errorf("keys that did not come: got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := keys.Verify(ctx, srv.URL+"/2", signed(t, "a", pair())); !errors.Is(err, ErrKeys) {
		t.Errorf("nobody waits any more: got %v", err)
	}
}

func TestSetsAreBounded(t *testing.T) {
	srv := newKeyServer(t)
	srv.set(false, "a")
	keys := NewKeys(New(true), time.Now)
	for i := range maxSets + 10 {
		keys.of(fmt.Sprint(srv.URL, "/", i))
	}
	if len(keys.sets) > maxSets {
		t.Errorf("%d sets are kept", len(keys.sets))
	}
}
