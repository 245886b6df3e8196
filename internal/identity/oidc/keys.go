package oidc

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

// keysEvery is how often a login's keys are fetched at most, after the first time: the
// library fetches them for each token whose key it does not know, and anybody can make one.
const keysEvery = time.Minute

// A keyLimit is a transport that answers for the keys itself where they were fetched lately.
type keyLimit struct {
	next http.RoundTripper
	now  func() time.Time

	mu     sync.Mutex
	url    string    // where the keys are
	last   time.Time // when they were asked for again
	body   []byte    // as they came last; nil if they never did
	header http.Header
}

// watch says where the keys are.
func (k *keyLimit) watch(url string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.url = url
}

// RoundTrip answers a request.
func (k *keyLimit) RoundTrip(r *http.Request) (*http.Response, error) {
	k.mu.Lock()
	if r.Method != http.MethodGet || r.URL.String() != k.url {
		k.mu.Unlock()
		return k.next.RoundTrip(r)
	}
	defer k.mu.Unlock() // one fetch at a time
	now := k.now()
	if k.body != nil || !k.last.IsZero() { // the first fetch was forced by nobody
		if !k.last.IsZero() && now.Sub(k.last) < keysEvery {
			if k.body == nil {
				return nil, errors.New("the login's keys could not be fetched, less than a minute ago")
			}
			return k.kept(r), nil
		}
		k.last = now
	}
	resp, err := k.next.RoundTrip(r)
	if err == nil && resp.StatusCode == http.StatusOK {
		var b []byte
		b, err = io.ReadAll(resp.Body)
		resp.Body.Close()
		if err == nil {
			k.body, k.header = b, resp.Header
			return k.kept(r), nil
		}
	}
	if k.last.IsZero() {
		k.last = now
	}
	return resp, err
}

// kept is the answer with the keys as they came last.
func (k *keyLimit) kept(r *http.Request) *http.Response {
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: k.header.Clone(), Body: io.NopCloser(bytes.NewReader(k.body)), ContentLength: int64(len(k.body)), Request: r,
	}
}

// limited is a transport whose answers have a limit.
type limited struct{ http.RoundTripper }

// RoundTrip answers a request.
func (t limited) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.RoundTripper.RoundTrip(r)
	if err == nil {
		resp.Body = &shortBody{resp.Body, maxReply}
	}
	return resp, err
}

// A shortBody fails where it would be longer than it may.
type shortBody struct {
	io.ReadCloser
	left int
}

func (b *shortBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errors.New("the answer is too long")
	}
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
