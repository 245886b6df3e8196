package visitor

import (
	"context"
	"crypto/rand"
	"net/http"
	"strings"
	"time"
)

// RequestHeader is the header that a request's id comes and goes by.
const RequestHeader = "X-Request-Id"

const (
	idLength  = 16 // letters of an id: 80 bits
	maxID     = 64 // bytes of one that a proxy gives
	idLetters = "-._:@=+/"
)

type (
	requestKey struct{}
	endingKey  struct{}
)

// WithEnding is a context of a server's requests, whose waiting ends with ending: when the
// server is about to stop.
func WithEnding(ctx, ending context.Context) context.Context {
	return context.WithValue(ctx, endingKey{}, ending)
}

// Patience is the context of who waits in a request for something to happen, for so long at
// most: it ends also when the server is about to stop, and then there is nothing new.
func Patience(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	timed, cancel := context.WithTimeout(ctx, d)
	ending, ok := ctx.Value(endingKey{}).(context.Context)
	if !ok {
		return timed, cancel
	}
	stop := context.AfterFunc(ending, cancel)
	return timed, func() {
		stop()
		cancel()
	}
}

// RequestID is the id of the request that a context is of; "" where it is of none.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}

// WithRequest gives a request an id: the one that a trusted proxy gave it, if that is one
// that a log may have, else a new one.
func (p *Proxies) WithRequest(r *http.Request) (*http.Request, string) {
	id := ""
	if _, trusted := p.Peer(r.RemoteAddr); trusted {
		id = r.Header.Get(RequestHeader)
	}
	if !isRequestID(id) {
		id = strings.ToLower(rand.Text()[:idLength])
	}
	return r.WithContext(context.WithValue(r.Context(), requestKey{}, id)), id
}

func isRequestID(id string) bool {
	return id != "" && len(id) <= maxID && !strings.ContainsFunc(id, func(c rune) bool {
		return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune(idLetters, c))
	})
}
