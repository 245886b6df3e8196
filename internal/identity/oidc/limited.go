package oidc

import (
	"context"
	"errors"
	"io"
	"net/http"

	"wireloom/internal/lti/fetch"
)

// A keySet is a login's keys, which are fetched again for an unknown one at most once a minute.
type keySet struct {
	keys *fetch.Keys
	url  string
}

// VerifySignature returns what a signed token says.
func (k keySet) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	return k.keys.Verify(ctx, k.url, token)
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
