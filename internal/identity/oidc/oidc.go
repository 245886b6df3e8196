// Package oidc signs people in at a campus login: OpenID Connect's code flow with PKCE and
// a nonce. It knows what a login says of somebody, and not who that is here.
package oidc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	rp "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"wireloom/internal/lti/fetch"
	"wireloom/internal/terminal"
)

// Settings are one campus login's.
type Settings struct {
	Name         string // in addresses: letters, digits, hyphens
	Title        string // on its button
	Issuer       string // its URL, as it calls itself
	ClientID     string
	ClientSecret string
	Scopes       []string // openid, profile and email if empty

	// MatchEmail takes an e-mail address that the login says is verified for the one on a
	// class's list. It is for a login that gives nobody an address that was another's.
	MatchEmail bool
	// Teachers are the groups (claim "groups") whose people may make classes.
	Teachers []string
}

// Limits of a login.
const (
	MaxLogins    = 16
	MaxTime      = 4 * asking       // for all that it is asked about one sign-in
	asking       = 10 * time.Second // for an answer of the login's server
	maxReply     = 1 << 20          // bytes of one
	askAgain     = 10 * time.Second // after a server did not say where what is
	aheadOfUs    = 5 * time.Minute  // of a token's times, by its server's clock
	behindUs     = time.Minute      // likewise
	maxClaim     = 256              // bytes of a name, an address, an id
	maxGroups    = 1000
	maxWordsSaid = 200 // bytes of what a login's server says went wrong
)

// Check says what is wrong with settings.
func (s *Settings) Check() error {
	badName := s.Name == "" || len(s.Name) > 40 || strings.ContainsFunc(s.Name, func(c rune) bool {
		return !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-')
	})
	u, err := url.Parse(s.Issuer)
	switch {
	case badName:
		return fmt.Errorf("a campus login's name %.40q: want small letters, digits and hyphens, as in /auth/oidc/NAME", s.Name)
	case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return fmt.Errorf("campus login %s: issuer %.100q: want its address, such as https://login.example.org", s.Name, s.Issuer)
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return fmt.Errorf("campus login %s: issuer %.100q: it must be https, or anybody on the way could sign in as anybody", s.Name, s.Issuer)
	case s.ClientID == "":
		return fmt.Errorf("campus login %s: client-id is missing: it is what the login calls this server", s.Name)
	}
	for part := range strings.SplitSeq(u.Path, "/") {
		switch strings.ToLower(part) {
		case "common", "organizations", "consumers":
			return fmt.Errorf("campus login %s: issuer %s: %q lets people of every organisation in, and each could call themselves as yours: "+
				"take the address of your own tenant, https://login.microsoftonline.com/TENANT-ID/v2.0", s.Name, s.Issuer, part)
		}
	}
	return nil
}

func loopback(host string) bool {
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || host == "127.0.0.1" || host == "::1"
}

// A Login is a campus login. Its methods may be called from any goroutine.
type Login struct {
	Settings
	client *http.Client
	keys   *fetch.Keys
	now    func() time.Time

	mu       sync.Mutex
	provider *rp.Provider // nil until its server has said where what is
	verifier *rp.IDTokenVerifier
	failed   time.Time // when it was asked in vain
	why      error
}

// New makes a Login. Its server is asked when somebody signs in, not before.
func New(s Settings) (*Login, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	if len(s.Scopes) == 0 {
		s.Scopes = []string{rp.ScopeOpenID, "profile", "email"}
	} else if !slices.Contains(s.Scopes, rp.ScopeOpenID) {
		s.Scopes = append([]string{rp.ScopeOpenID}, s.Scopes...)
	}
	l := &Login{Settings: s, now: time.Now}
	l.client = &http.Client{Transport: limited{http.DefaultTransport}, Timeout: asking}
	// The operator says where the login is: it may well be inside.
	l.keys = fetch.NewKeys(fetch.New(true), func() time.Time { return l.now() })
	return l, nil
}

// A Failure is why somebody was not signed in: a sentence for them, and what the server's
// log says of it.
type Failure struct {
	Sentence string
	Cause    error
}

func (f *Failure) Error() string { return f.Sentence }
func (f *Failure) Unwrap() error { return f.Cause }

// down is the failure of a login's server.
func (l *Login) down(cause error) *Failure {
	return &Failure{fmt.Sprintf("%s does not answer as it should: try again in a minute, or come in by your class's code and your name, or by a code from your teacher", l.Label()), cause}
}

// refused is what a login's server, or this one, has against one sign-in.
func (l *Login) refused(cause error) *Failure {
	return &Failure{fmt.Sprintf("%s did not sign you in: go back and try once more; if it stays so, tell who runs this server", l.Label()), cause}
}

// Label is what people call the login.
func (l *Login) Label() string {
	if l.Title != "" {
		return l.Title
	}
	return l.Name
}

// discover asks a login's server where what is, once.
func (l *Login) discover(ctx context.Context) (*rp.Provider, *rp.IDTokenVerifier, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if l.provider != nil {
		return l.provider, l.verifier, nil
	}
	if l.why != nil && now.Sub(l.failed) < askAgain {
		return nil, nil, l.why
	}
	// Others wait for the answer too: that one of them went away does not end it.
	p, err := rp.NewProvider(rp.ClientContext(context.WithoutCancel(ctx), l.client), l.Issuer)
	var more rp.ProviderConfig
	if err == nil {
		err = p.Claims(&more)
	}
	if err == nil && (more.AuthURL == "" || more.TokenURL == "" || more.JWKSURL == "") {
		err = errors.New("it does not say where its pages or its keys are")
	}
	if err != nil {
		l.failed, l.why = now, l.down(err)
		return nil, nil, l.why
	}
	// Times are checked here, since the library has no patience with clocks.
	l.provider, l.verifier, l.why = p, rp.NewVerifier(l.Issuer, keySet{l.keys, more.JWKSURL}, &rp.Config{
		ClientID: l.ClientID, SkipExpiryCheck: true, SupportedSigningAlgs: signatures(more.Algorithms),
	}), nil
	return l.provider, l.verifier, nil
}

// signatures are the kinds of signature to believe, of those that a login's server says it
// makes: those by a key of its own, not by the secret that this server has too.
func signatures(says []string) []string {
	good := []string{rp.RS256, rp.ES256, rp.EdDSA, rp.RS384, rp.RS512, rp.ES384, rp.ES512, rp.PS256, rp.PS384, rp.PS512}
	good = slices.DeleteFunc(good, func(a string) bool { return !slices.Contains(says, a) })
	if len(good) == 0 {
		return []string{rp.RS256} // what everybody has (OpenID Connect Core, 15.1)
	}
	return good
}

func (l *Login) config(p *rp.Provider, redirect string) *oauth2.Config {
	return &oauth2.Config{ClientID: l.ClientID, ClientSecret: l.ClientSecret, Endpoint: p.Endpoint(), RedirectURL: redirect, Scopes: l.Scopes}
}

// An Attempt is one sign-in, which this server keeps until its answer comes.
type Attempt struct {
	Redirect string `json:"redirect"` // where the answer comes to
	Verifier string `json:"verifier"` // of PKCE
	Nonce    string `json:"nonce"`
}

// Begin is where a browser is sent to sign in; state comes back with the answer.
func (l *Login) Begin(ctx context.Context, a Attempt, state string) (string, error) {
	p, _, err := l.discover(ctx)
	if err != nil {
		return "", err
	}
	// response_mode=query is the default of the code flow: an answer that is posted would come
	// without our cookie.
	return l.config(p, a.Redirect).AuthCodeURL(state, oauth2.S256ChallengeOption(a.Verifier), rp.Nonce(a.Nonce)), nil
}

// Claims are what a login says of somebody.
type Claims struct {
	Issuer, Subject string
	Name            string // "" if it does not say
	Email           string // likewise
	Verified        bool   // that the address is theirs
	Username        string
	OID, TID        string // Entra's: they stay when the application is registered anew
	Groups          []string
	Overage         bool // there are more groups than a token holds, so that it has none
}

type tokenClaims struct {
	Name              string         `json:"name"`
	GivenName         string         `json:"given_name"`
	FamilyName        string         `json:"family_name"`
	Email             string         `json:"email"`
	EmailVerified     looseBool      `json:"email_verified"`
	PreferredUsername string         `json:"preferred_username"`
	OID               string         `json:"oid"`
	TID               string         `json:"tid"`
	Groups            looseList      `json:"groups"`
	HasGroups         looseBool      `json:"hasgroups"`
	ClaimNames        map[string]any `json:"_claim_names"`
	AuthorizedParty   string         `json:"azp"`
	NotBefore         float64        `json:"nbf"`
}

// Finish takes the answer that a browser brought back.
func (l *Login) Finish(ctx context.Context, a Attempt, answer url.Values) (Claims, error) {
	if code := answer.Get("error"); code != "" {
		words := terminal.Cut(terminal.Line(strings.TrimSpace(code+" "+answer.Get("error_description"))), maxWordsSaid)
		f := l.refused(fmt.Errorf("the login says: %s", words))
		if code == "access_denied" {
			f.Sentence = fmt.Sprintf("%s says that you may not sign in here, or that you stopped it: %s", l.Label(), words)
		}
		return Claims{}, f
	}
	if iss := answer.Get("iss"); iss != "" && iss != l.Issuer { // RFC 9207: the answer of another login
		return Claims{}, l.refused(fmt.Errorf("the answer is of the issuer %.100q", iss))
	}
	p, verifier, err := l.discover(ctx)
	if err != nil {
		return Claims{}, err
	}
	ctx, cancel := context.WithTimeout(rp.ClientContext(ctx, l.client), asking)
	defer cancel()
	token, err := l.config(p, a.Redirect).Exchange(ctx, answer.Get("code"), oauth2.VerifierOption(a.Verifier))
	var said *oauth2.RetrieveError
	switch {
	case errors.As(err, &said) && said.Response != nil && said.Response.StatusCode < 500:
		return Claims{}, l.refused(fmt.Errorf("exchanging the code: status %d %.100q", said.Response.StatusCode, said.ErrorCode))
	case err != nil:
		return Claims{}, l.down(fmt.Errorf("exchanging the code: %w", err))
	}
	raw, _ := token.Extra("id_token").(string)
	if raw == "" {
		return Claims{}, l.refused(errors.New("the answer has no id_token"))
	}
	id, err := verifier.Verify(ctx, raw)
	if err != nil {
		return Claims{}, l.refused(err)
	}
	var c tokenClaims
	if err := id.Claims(&c); err != nil {
		return Claims{}, l.refused(err)
	}
	if err := l.judge(id, &c, a.Nonce); err != nil {
		return Claims{}, l.refused(err)
	}
	if c.Name == "" && c.Email == "" && p.UserInfoEndpoint() != "" {
		// Some logins say there who somebody is, and in the token only that it is them.
		if info, err := p.UserInfo(ctx, oauth2.StaticTokenSource(token)); err == nil && info.Subject == id.Subject {
			_ = info.Claims(&c) // without it somebody has no name, no more
		}
	}
	return l.claims(id, &c), nil
}

// judge checks what the library does not.
func (l *Login) judge(id *rp.IDToken, c *tokenClaims, nonce string) error {
	now := l.now()
	switch {
	case id.Subject == "" || len(id.Subject) > maxClaim:
		return errors.New("the token says nobody (sub)")
	case nonce == "" || id.Nonce != nonce:
		return errors.New("the token is of another sign-in (nonce)")
	case now.After(id.Expiry.Add(behindUs)):
		return fmt.Errorf("the token is too old: it ended %v ago", now.Sub(id.Expiry).Round(time.Second))
	case id.IssuedAt.After(now.Add(aheadOfUs)):
		return fmt.Errorf("the token is of %v from now: one of the two clocks is wrong", id.IssuedAt.Sub(now).Round(time.Second))
	case c.NotBefore > 0 && time.Unix(int64(c.NotBefore), 0).After(now.Add(aheadOfUs)):
		return errors.New("the token is not good yet: one of the two clocks is wrong")
	case len(id.Audience) > 1 && c.AuthorizedParty == "":
		return errors.New("the token is for several and does not say for whom (azp)")
	case c.AuthorizedParty != "" && c.AuthorizedParty != l.ClientID:
		return errors.New("the token was made for another (azp)")
	}
	return nil
}

func (l *Login) claims(id *rp.IDToken, c *tokenClaims) Claims {
	short := func(s string) string { return terminal.Cut(terminal.Line(strings.TrimSpace(s)), maxClaim) }
	name := short(c.Name)
	if name == "" {
		name = short(c.GivenName + " " + c.FamilyName)
	}
	_, over := c.ClaimNames["groups"]
	return Claims{
		Issuer: l.Issuer, Subject: id.Subject, Name: name, Email: short(c.Email), Verified: bool(c.EmailVerified) && c.Email != "",
		Username: short(c.PreferredUsername), OID: short(c.OID), TID: short(c.TID),
		Groups: c.Groups[:min(len(c.Groups), maxGroups)], Overage: over || bool(c.HasGroups),
	}
}

// MayCreate reports whether somebody's groups let them make classes.
func (l *Login) MayCreate(c Claims) bool {
	return slices.ContainsFunc(c.Groups, func(g string) bool { return slices.Contains(l.Teachers, g) })
}
