package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

const (
	// refetch is how long a platform's keys are not asked for again after they came, whatever kids
	// tokens bear: a thousand forged ones cost one request a minute.
	refetch = time.Minute
	// retry is the same after it didn't answer.
	retry = 10 * time.Second
	// keyAge is when keys are asked for again although all are known: a key that the platform has
	// taken back is not believed for longer.
	keyAge = 24 * time.Hour
	// maxSets bounds the sets that are kept. An operator has a platform or two.
	maxSets = 256
)

// ErrKeys is of a token whose signature could not be looked at: the platform's keys did not come, or a
// minute has not passed since they did. It may be tried again.
var ErrKeys = errors.New("the platform's keys could not be had")

// Keys are the public keys of platforms by their address. Make one with NewKeys.
type Keys struct {
	client *Client
	now    func() time.Time

	mu   sync.Mutex
	sets map[string]*keySet
}

// A keySet is a platform's. go-oidc's own asks for an unknown kid each time it sees one, joins those who
// ask at once, and keeps what it has for ever; so it is behind a meter, and replaced each day.
type keySet struct {
	set   *oidc.RemoteKeySet
	since time.Time
	old   *oidc.RemoteKeySet // what it replaces, until it has keys of its own
	used  time.Time
	meter *meter
}

// NewKeys returns an empty set of sets.
func NewKeys(c *Client, now func() time.Time) *Keys {
	return &Keys{client: c, now: now, sets: map[string]*keySet{}}
}

// Verify returns the payload of a signed token. Whoever calls it has looked at the algorithm.
func (k *Keys) Verify(ctx context.Context, jwks, token string) ([]byte, error) {
	s := k.of(jwks)
	body, err := verify(ctx, s.set, token)
	if s.old != nil && failed(err) {
		body, err = verify(ctx, s.old, token)
	}
	switch {
	case err == nil:
		return body, nil
	case failed(err):
		return nil, fmt.Errorf("%w: %w", ErrKeys, err)
	}
	return nil, errors.New("the signature is not of one of the platform's keys")
}

// verify looks a second time where the meter let no request through: go-oidc looks at the keys that it has,
// then asks for new ones, and those may have come in between, by a launch of the same second.
func verify(ctx context.Context, set *oidc.RemoteKeySet, token string) ([]byte, error) {
	body, err := set.VerifySignature(ctx, token)
	if errors.Is(err, errSoon) {
		body, err = set.VerifySignature(ctx, token)
	}
	return body, err
}

// of returns a copy of the set of an address.
func (k *Keys) of(jwks string) keySet {
	now := k.now()
	k.mu.Lock()
	defer k.mu.Unlock()
	s := k.sets[jwks]
	switch {
	case s == nil:
		if len(k.sets) >= maxSets {
			k.forget()
		}
		m := &meter{client: k.client, now: k.now}
		s = &keySet{set: newSet(jwks, m), since: now, meter: m}
		k.sets[jwks] = s
	case now.Sub(s.since) > keyAge:
		s.old, s.set, s.since = s.set, newSet(jwks, s.meter), now
	}
	s.used = now
	return *s
}

// forget drops the set that was not used for longest.
func (k *Keys) forget() {
	var last string
	for name, s := range k.sets {
		if last == "" || s.used.Before(k.sets[last].used) {
			last = name
		}
	}
	delete(k.sets, last)
}

func newSet(jwks string, m *meter) *oidc.RemoteKeySet {
	return oidc.NewRemoteKeySet(oidc.ClientContext(context.Background(), &http.Client{Transport: m, Timeout: timeout}), jwks)
}

// A meter lets few requests for one platform's keys through.
type meter struct {
	client *Client
	now    func() time.Time

	mu   sync.Mutex
	next time.Time // when one may pass again
}

// errMeter marks what RoundTrip has returned, behind whatever net/http and go-oidc put around it.
type errMeter struct{ why error }

func (e errMeter) Error() string { return e.why.Error() }
func (e errMeter) Unwrap() error { return e.why }

// errSoon is of a request that the meter holds back.
var errSoon = errors.New("they were asked for less than a minute ago and don't have this token's key")

func failed(err error) bool {
	var e errMeter
	return errors.As(err, &e) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// RoundTrip asks by the client, whose limits are those of every request.
func (m *meter) RoundTrip(r *http.Request) (*http.Response, error) {
	now := m.now()
	m.mu.Lock()
	wait := m.next.Sub(now)
	if wait <= 0 {
		m.next = now.Add(refetch)
	}
	m.mu.Unlock()
	if wait > 0 {
		return nil, errMeter{errSoon}
	}
	a, err := m.client.Do(r.Context(), http.MethodGet, r.URL.String(), http.Header{"Accept": {"application/json"}}, "")
	if err == nil && a.Status != http.StatusOK {
		err = fmt.Errorf("%s answers %d", r.URL.Host, a.Status)
	}
	if err != nil {
		m.mu.Lock()
		m.next = now.Add(retry)
		m.mu.Unlock()
		return nil, errMeter{err}
	}
	return &http.Response{StatusCode: a.Status, Status: "200 OK", Header: a.Header, Body: io.NopCloser(bytes.NewReader(a.Body)), Request: r}, nil
}
