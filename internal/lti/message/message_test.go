package message

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

var now = time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)

// a launch that is as it should be.
func good() map[string]any {
	return map[string]any{
		"iss": "https://lms.example", "sub": "s1", "aud": "c1", "nonce": "n1", "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
		"https://purl.imsglobal.org/spec/lti/claim/message_type": ResourceLink, "https://purl.imsglobal.org/spec/lti/claim/version": "1.3.0",
		"https://purl.imsglobal.org/spec/lti/claim/deployment_id": "1", "https://purl.imsglobal.org/spec/lti/claim/context": map[string]any{"id": "k1"},
		"https://purl.imsglobal.org/spec/lti/claim/resource_link": map[string]any{"id": "r1"},
	}
}

func TestWhatATokenSaysIsLookedAt(t *testing.T) {
	const claim = "https://purl.imsglobal.org/spec/lti/claim/"
	for _, tc := range []struct {
		name string
		set  map[string]any // nil takes a member out
		want Why            // "" is taken
	}{
		{"as it should be", nil, ""},
		{"iat half a minute ahead", map[string]any{"iat": now.Add(30 * time.Second).Unix()}, ""},
		{"iat five minutes ahead", map[string]any{"iat": now.Add(5 * time.Minute).Unix()}, ""},
		{"iat six minutes ahead", map[string]any{"iat": now.Add(6 * time.Minute).Unix()}, TooNew},
		{"iat with a fraction", map[string]any{"iat": float64(now.Unix()) + 0.25}, ""},
		{"iat an hour and a second old", map[string]any{"iat": now.Add(-time.Hour - time.Second).Unix()}, TooOld},
		{"exp two seconds ago", map[string]any{"exp": now.Add(-2 * time.Second).Unix()}, ""},
		{"exp a minute and a second ago", map[string]any{"exp": now.Add(-61 * time.Second).Unix()}, TooOld},
		{"no exp", map[string]any{"exp": nil}, NotAToken},
		{"exp beyond all years", map[string]any{"exp": 1e300}, TooOld},
		{"nbf four minutes ahead", map[string]any{"nbf": now.Add(4 * time.Minute).Unix()}, ""},
		{"nbf six minutes ahead", map[string]any{"nbf": now.Add(6 * time.Minute).Unix()}, TooNew},
		{"aud is a list of one", map[string]any{"aud": []string{"c1"}}, ""},
		{"aud is a list of two without azp", map[string]any{"aud": []string{"c1", "c2"}}, WrongAudience},
		{"aud is a list of two, azp is ours", map[string]any{"aud": []string{"c1", "c2"}, "azp": "c1"}, ""},
		{"azp is another's", map[string]any{"azp": "c2"}, WrongAudience},
		{"aud is another's", map[string]any{"aud": "c2"}, WrongAudience},
		{"no aud", map[string]any{"aud": nil}, WrongAudience},
		{"another issuer", map[string]any{"iss": "https://evil.example"}, WrongAudience},
		{"another nonce", map[string]any{"nonce": "n2"}, WrongNonce},
		{"no nonce", map[string]any{"nonce": nil}, WrongNonce},
		{"nobody", map[string]any{"sub": nil}, NoSubject},
		{"LTI 1.1", map[string]any{claim + "version": "LTI-1p0"}, NotLTI},
		{"a message that nobody knows", map[string]any{claim + "message_type": "LtiStartProctoring"}, NotLTI},
		{"no deployment", map[string]any{claim + "deployment_id": nil}, NotLTI},
		{"a deployment that is a number", map[string]any{claim + "deployment_id": 1}, ""},
		{"no course", map[string]any{claim + "context": nil}, NoContext},
		{"no link", map[string]any{claim + "resource_link": nil}, NotLTI},
		{"a deep link that leads nowhere", map[string]any{claim + "message_type": DeepLinking}, NotLTI},
		{"custom parameters as PHP writes none", map[string]any{claim + "custom": []string{}}, ""},
		{"an id that is too long", map[string]any{"sub": strings.Repeat("x", 256)}, NotLTI},
		{"a member of another kind", map[string]any{"sub": []int{1}}, NotAToken},
	} {
		m := good()
		for k, v := range tc.set {
			if m[k] = v; v == nil {
				delete(m, k)
			}
		}
		b, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Claims(b, Want{"https://lms.example", "c1", "n1", now})
		var r *Refusal
		if errors.As(err, &r); tc.want == "" && err != nil || tc.want != "" && (r == nil || r.Why != tc.want) {
			t.Errorf("%s: got %v, want %q", tc.name, err, tc.want)
		}
	}
}

func TestOnlyAsymmetricAlgorithmsAreRead(t *testing.T) {
	pair, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	sign := func(alg jose.SignatureAlgorithm, key any) string {
		s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, nil)
		if err != nil {
			t.Fatal(err)
		}
		o, err := s.Sign([]byte(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		c, err := o.CompactSerialize()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for _, tc := range []struct {
		name, token string
		want        Why
	}{
		{"RS256", sign(jose.RS256, pair), ""},
		{"HS256 with whatever as its secret", sign(jose.HS256, []byte(strings.Repeat("k", 32))), WrongAlg},
		{"none", "eyJhbGciOiJub25lIn0.e30.", WrongAlg},
		{"no token", "hello", NotAToken},
		{"", "", NotAToken},
		{"too long", strings.Repeat("a", maxToken+1), NotAToken},
	} {
		err := Readable(tc.token)
		var r *Refusal
		if errors.As(err, &r); tc.want == "" && err != nil || tc.want != "" && (r == nil || r.Why != tc.want) {
			t.Errorf("%s: got %v, want %q", tc.name, err, tc.want)
		}
	}
}

func TestEveryRefusalHasASentence(t *testing.T) {
	for _, w := range []Why{
		NotAToken, WrongAlg, NoPlatform, WrongSign, NoKeys, WrongAudience, TooOld, TooNew, WrongNonce, StateUnknown, NoRole,
		NoSubject, NotLTI, Pending, NoContext, NotConnected, NotTeacher, NoLesson, PlatformSaid, TicketUsed,
	} {
		if s := Refuse(w, "").Sentence(); !strings.HasSuffix(s, ".") {
			t.Errorf("%s: %q is no sentence", w, s)
		}
	}
}

func TestRoles(t *testing.T) {
	const m = "http://purl.imsglobal.org/vocab/lis/v2/membership"
	for _, tc := range []struct {
		name  string
		roles []string
		want  Role
	}{
		{"a teacher", []string{m + "#Instructor"}, Teacher},
		{"a student", []string{m + "#Learner"}, Student},
		{"an assistant, Canvas", []string{m + "#TeachingAssistant"}, Assistant},
		{"an assistant by the sub-role, whose principal role is beside it", []string{m + "#Instructor", m + "/Instructor#TeachingAssistant"}, Assistant},
		{"a teacher by a sub-role", []string{m + "/Instructor#PrimaryInstructor"}, Teacher},
		{"both", []string{m + "#Learner", m + "#Instructor"}, Teacher},
		{"an administrator of the platform is nobody in the course", []string{"http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator"}, Nobody},
		{"a teacher somewhere is a student here", []string{"http://purl.imsglobal.org/vocab/lis/v2/institution/person#Instructor", m + "#Learner"}, Student},
		{"a simple name", []string{"Learner"}, Student},
		{"made up", []string{"http://evil.example#Instructor"}, Nobody},
		{"none", nil, Nobody},
	} {
		if got := RoleIn(tc.roles); got != tc.want {
			t.Errorf("%s: got %v, want %v", tc.name, got, tc.want)
		}
	}
}

// A key is published for a day before it signs, two are always there, and a retired one stays 30 days.
func TestTheLifeOfKeys(t *testing.T) {
	var keys Keys
	since := map[string]time.Time{} // when it was published
	signed := map[string]time.Time{}
	first := ""
	for at := now; at.Before(now.Add(400 * 24 * time.Hour)); at = at.Add(6 * time.Hour) {
		signs, gone := keys.Due(at)
		for _, id := range gone {
			last := signed[id]
			if at.Sub(last) < kept {
				t.Fatalf("key %s is gone %v after it signed last", id, at.Sub(last))
			}
			keys = keys[1:]
		}
		for _, s := range signs {
			id := s.Format(time.DateTime)
			keys = append(keys, Key{ID: id, Signs: s})
			since[id] = at
		}
		k, err := keys.Signing(at)
		if err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = k.ID
		}
		if k.ID != first && at.Sub(since[k.ID]) < ahead {
			t.Fatalf("key %s signs %v after it was published", k.ID, at.Sub(since[k.ID]))
		}
		signed[k.ID] = at
		if len(keys) < 2 || len(keys) > 4 {
			t.Fatalf("%d keys at %v", len(keys), at)
		}
	}
	if len(signed) != 5 {
		t.Errorf("%d keys have signed in 400 days, want 5: one each 90", len(signed))
	}
	// A server that was off for a year has to publish before it signs anew.
	late := Keys{{ID: "a", Signs: now}, {ID: "b", Signs: now.Add(term)}}
	signs, _ := late.Due(now.Add(365 * 24 * time.Hour))
	if len(signs) != 1 || signs[0].Sub(now.Add(365*24*time.Hour)) != ahead {
		t.Errorf("after a year: next keys %v", signs)
	}
}

func TestKeysSignAndAreServed(t *testing.T) {
	k, err := NewKey(now)
	if err != nil {
		t.Fatal(err)
	}
	token, err := k.Sign(map[string]string{"iss": "c1"})
	if err != nil {
		t.Fatal(err)
	}
	set, err := Keys{k}.Public()
	if err != nil {
		t.Fatal(err)
	}
	s, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatal(err)
	}
	if b, err := s.Verify(set.Key(k.ID)[0]); err != nil || string(b) != `{"iss":"c1"}` {
		t.Errorf("got %s, %v", b, err)
	}
	b, err := json.Marshal(set)
	if err != nil || strings.Contains(string(b), `"d"`) {
		t.Errorf("what is served has the private part, or %v", err)
	}
}

func FuzzClaims(f *testing.F) {
	b, _ := json.Marshal(good())
	f.Add(b)
	m := maps.Clone(good())
	m["aud"] = []string{"c1", "c2"}
	b, _ = json.Marshal(m)
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := Claims(b, Want{"https://lms.example", "c1", "n1", now})
		if err != nil {
			var r *Refusal
			if !errors.As(err, &r) || r.Sentence() == "" {
				t.Fatalf("%v has no sentence", err)
			}
			return
		}
		if l.Subject == "" || len(l.Subject) > maxID || strings.ContainsAny(l.Who()+l.Course(), "\x1b\n\x00") {
			t.Fatalf("taken: %+v", l)
		}
		Origin(l.Platform.URL)
	})
}
