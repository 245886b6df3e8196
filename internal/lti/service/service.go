// Package service asks a learning platform's services for a tool: access tokens, the gradebook (AGS 2.0), the list of members (NRPS 2.0), and
// dynamic registration. It keeps nothing but access tokens.
package service

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"wireloom/internal/lti/fetch"
	"wireloom/internal/lti/message"
)

// The scopes that the tool asks for.
const (
	ScopeItem     = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem"
	ScopeReadItem = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem.readonly"
	ScopeScore    = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
	ScopeMembers  = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
)

// Scopes are all of them, as a registration asks for them.
var Scopes = []string{ScopeItem, ScopeReadItem, ScopeScore, ScopeMembers}

// A Platform is as far as its services need it.
type Platform struct {
	Client   string // the tool's id there
	Token    string // address
	Audience string // of client assertions; Token if ""
}

// A Client asks. Make one with New.
type Client struct {
	fetch *fetch.Client
	now   func() time.Time
	sign  func(ctx context.Context, claims any) (string, error)

	mu     sync.Mutex
	tokens map[tokenKey]*access
}

type tokenKey struct{ client, url, scopes string }

// An access is a token and what it is good for. Those who want it while it is being fetched wait for it.
type access struct {
	ready  chan struct{}
	bearer string
	scopes []string
	until  time.Time
	err    error
}

// maxTokens bounds the access tokens that are kept: two or three a platform are used.
const maxTokens = 1024

// New returns a client, which signs with the tool's key.
func New(f *fetch.Client, now func() time.Time, sign func(ctx context.Context, claims any) (string, error)) *Client {
	return &Client{fetch: f, now: now, sign: sign, tokens: map[tokenKey]*access{}}
}

// A Refusal is a platform's no.
type Refusal struct {
	Answer fetch.Answer
	Asked  string // what for, in words
}

func (r *Refusal) Error() string {
	return fmt.Sprintf("the platform answers %d when asked for %s: %s", r.Answer.Status, r.Asked, Words(r.Answer))
}

// AccessToken is what a Refusal was asked for by each service first. It may be for a while only: the platform may not have got the tool's keys.
const AccessToken = "an access token"

// ErrScope is of a service that the platform doesn't let the tool use.
var ErrScope = errors.New("the platform does not let this tool do that")

// Words returns what a platform says in an answer, found in the members that products put it into, or the whole, short.
func Words(a fetch.Answer) string {
	var m struct {
		Message string          `json:"message"`
		Detail  string          `json:"detail"`
		Reason  string          `json:"reason"`
		Title   string          `json:"title"`
		Text    string          `json:"error_description"`
		Code    json.RawMessage `json:"error"`
		Errors  json.RawMessage `json:"errors"`
	}
	_ = json.Unmarshal(a.Body, &m)
	var inner struct {
		Message string `json:"message"`
	}
	var list []struct {
		Message string `json:"message"`
	}
	var code string
	_ = json.Unmarshal(m.Code, &code)
	if json.Unmarshal(m.Errors, &inner) != nil && json.Unmarshal(m.Errors, &list) == nil && len(list) > 0 {
		inner.Message = list[0].Message
	}
	for _, s := range []string{inner.Message, m.Message, m.Detail, m.Text, m.Reason, code, m.Title} {
		if s = message.Shown(s); s != "" {
			return s
		}
	}
	return a.Words()
}

// token returns an access token that was granted at least one of the scopes. Those of a gradebook are asked for together, since a
// platform that is Canvas refuses all where one is not allowed.
func (c *Client) token(ctx context.Context, p Platform, scopes []string) (*access, error) {
	key := tokenKey{p.Client, p.Token, strings.Join(scopes, " ")}
	c.mu.Lock()
	a := c.tokens[key]
	if a != nil {
		select {
		case <-a.ready:
			if a.err != nil || !c.now().Before(a.until) {
				a = nil
			}
		default: // is being fetched
		}
	}
	mine := a == nil
	if mine {
		if len(c.tokens) >= maxTokens {
			clear(c.tokens)
		}
		a = &access{ready: make(chan struct{})}
		c.tokens[key] = a
	}
	c.mu.Unlock()
	if mine {
		c.get(ctx, p, scopes, a)
		close(a.ready)
	}
	select {
	case <-a.ready:
		return a, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (c *Client) forget(p Platform, scopes []string, a *access) {
	key := tokenKey{p.Client, p.Token, strings.Join(scopes, " ")}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tokens[key] == a {
		delete(c.tokens, key)
	}
}

// get fetches a token (LTI security framework 1.0, 4.1.1).
func (c *Client) get(ctx context.Context, p Platform, scopes []string, a *access) {
	now := c.now()
	audience := p.Audience
	if audience == "" {
		audience = p.Token
	}
	assertion, err := c.sign(ctx, map[string]any{
		"iss": p.Client, "sub": p.Client, "aud": audience, "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(), "jti": rand.Text(),
	})
	if err != nil {
		a.err = err
		return
	}
	r, err := c.fetch.Do(ctx, http.MethodPost, p.Token, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/json"}}, url.Values{
		"grant_type": {"client_credentials"}, "client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"client_assertion": {assertion}, "scope": {strings.Join(scopes, " ")},
	}.Encode())
	if err != nil {
		a.err = err
		return
	}
	var m struct {
		Token string  `json:"access_token"`
		Type  string  `json:"token_type"`
		Lives float64 `json:"expires_in"`
		Scope *string `json:"scope"`
	}
	if r.Status != http.StatusOK || json.Unmarshal(r.Body, &m) != nil || m.Token == "" || len(m.Token) > 16<<10 || strings.ContainsAny(m.Token, "\r\n") {
		a.err = &Refusal{r, AccessToken}
		return
	}
	a.bearer, a.scopes = m.Token, scopes
	if m.Scope != nil { // what was granted, which may be less
		a.scopes = strings.Fields(*m.Scope)
	}
	// A minute less, for requests under way; a token that says nothing lives for a minute, one that says nonsense for an hour.
	a.until = now.Add(time.Duration(min(max(m.Lives-60, 60), 3600)) * time.Second)
}

// ask sends a request that bears a token with one of the needed scopes. Where the platform no longer knows the token, it gets a new one, once.
func (c *Client) ask(ctx context.Context, p Platform, scopes, need []string, method, to string, header http.Header, body string) (fetch.Answer, error) {
	for try := 0; ; try++ {
		a, err := c.token(ctx, p, scopes)
		if err != nil {
			return fetch.Answer{}, err
		}
		if !slices.ContainsFunc(need, func(s string) bool { return slices.Contains(a.scopes, s) }) {
			return fetch.Answer{}, fmt.Errorf("%w: it grants %q, needed is %q", ErrScope, message.Shown(strings.Join(a.scopes, " ")), need[0])
		}
		h := header.Clone()
		h.Set("Authorization", "Bearer "+a.bearer)
		r, err := c.fetch.Do(ctx, method, to, h, body)
		if err != nil || r.Status != http.StatusUnauthorized {
			return r, err
		}
		c.forget(p, scopes, a)
		if try > 0 {
			return r, nil
		}
	}
}
