// Package lti is a tool of LTI 1.3: learning platforms launch it, it hands them links to lessons, reads their lists of members and posts
// scores to their gradebooks. What platforms and it say to each other is in lti/message, their services in lti/service; here it meets
// people, classes and the store.
package lti

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"wireloom/internal/identity"
	"wireloom/internal/lti/fetch"
	"wireloom/internal/lti/message"
	"wireloom/internal/lti/service"
	"wireloom/internal/store"
	"wireloom/internal/visitor"
)

// Config says what a tool works with.
type Config struct {
	DB     *store.DB
	People *identity.Manager
	Site   *visitor.Site
	Logger *slog.Logger
	Now    func() time.Time // the real clock if nil
	// Inside lets platforms be at private and loopback addresses, and without TLS.
	Inside bool
	// Points is what a version of a scenario is worth, for the column of a new link.
	Points func(ctx context.Context, hash string) (float64, error)
	// Wake is called when a score may have a way to a platform that it had not.
	Wake func()
}

// A Tool answers platforms. Make one with New.
type Tool struct {
	conf    Config
	now     func() time.Time
	log     *slog.Logger
	fetch   *fetch.Client
	keys    *fetch.Keys
	service *service.Client
	logins  *rate.Limiter
	column  sync.Mutex // held to find or make a column, so that there are not two
}

// Each login is a row until it is ten minutes old, and anybody can begin one: so many a second, and at once.
const (
	loginRate  = 100
	loginBurst = 1000
)

// New returns a tool. Its keys are made when they are needed first.
func New(c Config) *Tool {
	t := &Tool{conf: c, now: c.Now, log: c.Logger, fetch: fetch.New(c.Inside), logins: rate.NewLimiter(loginRate, loginBurst)}
	if t.now == nil {
		t.now = time.Now
	}
	if t.log == nil {
		t.log = slog.New(slog.DiscardHandler)
	}
	t.keys = fetch.NewKeys(t.fetch, t.now)
	t.service = service.New(t.fetch, t.now, t.sign)
	return t
}

// own returns the tool's keys, those that are due made and deleted. Of two servers that do so at once the second one's transaction runs again.
func (t *Tool) own(ctx context.Context) (message.Keys, error) {
	var keys message.Keys
	read := func(tx *store.Tx) error {
		rows, err := tx.Keys()
		keys = nil
		for _, k := range rows {
			keys = append(keys, message.Key(k))
		}
		return err
	}
	if err := t.conf.DB.Read(ctx, read); err != nil {
		return nil, err
	}
	if signs, gone := keys.Due(t.now()); len(signs)+len(gone) == 0 {
		return keys, nil
	}
	err := t.conf.DB.Write(ctx, func(tx *store.Tx) error {
		if err := read(tx); err != nil {
			return err
		}
		signs, gone := keys.Due(t.now())
		for _, id := range gone {
			if err := tx.DropKey(id); err != nil {
				return err
			}
		}
		for _, at := range signs {
			k, err := message.NewKey(at.UTC().Truncate(time.Millisecond))
			if err != nil {
				return err
			}
			if err := tx.AddKey(store.KeyRow(k)); err != nil {
				return err
			}
		}
		return read(tx)
	})
	return keys, err
}

func (t *Tool) sign(ctx context.Context, claims any) (string, error) {
	keys, err := t.own(ctx)
	if err != nil {
		return "", err
	}
	k, err := keys.Signing(t.now())
	if err != nil {
		return "", err
	}
	return k.Sign(claims)
}

// Base returns the address of this server as a request's sender knows it, without a slash at the end.
func (t *Tool) Base(r *http.Request) string {
	if p := t.conf.Site.Public; p != nil {
		return strings.TrimSuffix(p.String(), "/")
	}
	from := t.conf.Site.Proxies.From(r)
	u := url.URL{Scheme: "http", Host: r.Host, Path: strings.TrimSuffix(t.conf.Site.Base, "/")}
	if from.Host != "" {
		u.Host = from.Host
	}
	if r.TLS != nil || from.Proto == "https" {
		u.Scheme = "https"
	}
	return u.String()
}

// About returns what a platform is told of this tool.
func (t *Tool) About(r *http.Request) service.Tool {
	base := t.Base(r)
	return service.Tool{
		Name: "Wireloom", Description: "Network labs: see every frame, write programs for TUN and TAP devices, have them graded.",
		Login: base + "/lti/login", Launch: base + "/lti/launch", DeepLink: base + "/lti/launch", Keys: base + "/lti/keys",
	}
}

// hosted is the issuer of all Canvas servers, wherever they are, and signOn where those that Instructure runs have their logins.
const (
	hosted = "https://canvas.instructure.com"
	signOn = "https://sso.canvaslms.com"
)

// issuerOf returns the issuer of the platform's people. Canvas servers of schools' own say that they are Instructure's: their people are kept
// apart by where they log in, so that nobody is taken for somebody of another school.
func issuerOf(p store.PlatformRow) string {
	at := message.Origin(p.Auth)
	if p.Issuer == hosted && at != signOn && at != hosted {
		return hosted + " at " + at
	}
	return p.Issuer
}

// maxPlatforms and maxPending bound what an operator sees. Who is beyond is refused, with a sentence.
const (
	maxPlatforms = 500
	maxPending   = 500
	maxFrames    = 20
)

// framesOf are the origins whose pages may show the tool in a frame: where the platform is, and where launches said that it is.
func framesOf(p store.PlatformRow) []string {
	all := []string{message.Origin(p.Auth), message.Origin(p.Issuer)}
	if p.Issuer == hosted && issuerOf(p) == hosted {
		all = append(all, "https://*.instructure.com")
	}
	all = append(all, strings.Fields(p.Frames)...)
	all = slices.DeleteFunc(all, func(s string) bool { return s == "" })
	slices.Sort(all)
	return slices.Compact(all)
}

// Frames returns the origins of all registered platforms, for the policy of a page that is in a frame of one of them.
func (t *Tool) Frames(ctx context.Context) ([]string, error) {
	var all []string
	err := t.conf.DB.Read(ctx, func(tx *store.Tx) error {
		list, err := tx.Platforms("", maxPlatforms)
		all = nil
		for _, p := range list {
			all = append(all, framesOf(p)...)
		}
		return err
	})
	slices.Sort(all)
	return slices.Compact(all), err
}

func served(p store.PlatformRow) service.Platform {
	return service.Platform{Client: p.Client, Token: p.Token, Audience: p.Audience}
}

// refusal makes a class of an error that is none of ours.
func none(err error, why message.Why, detail string) error {
	if errors.Is(err, store.ErrNone) {
		return message.Refuse(why, "%s", detail)
	}
	return err
}
