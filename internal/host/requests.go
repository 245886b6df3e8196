package host

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"wireloom/internal/terminal"
	"wireloom/internal/visitor"
)

// What of the requests is logged.
const (
	accessNone   = "none"
	accessErrors = "errors" // that were answered with an error: 400 and above
	accessAll    = "all"
)

// A stranger could fill the log with refusals: these are written a second, and at once.
const (
	errorLines = 10
	errorBurst = 100
)

// requests gives each request an id and logs how it was answered. What it logs has no
// query, and of long parts of a path, which may be keys, the beginning.
type requests struct {
	next    http.Handler
	log     *slog.Logger
	access  string
	proxies *visitor.Proxies
	errors  *rate.Limiter
	observe func(route string, status int, took time.Duration) // nil: nobody counts
	left    atomic.Uint64                                      // lines that were not written since one was

	mu       sync.Mutex
	changing int           // requests under way that change something
	settled  chan struct{} // is closed when none is, once there are to be no more; nil before
}

func newRequests(next http.Handler, log *slog.Logger, access string, proxies *visitor.Proxies) *requests {
	return &requests{next: next, log: log, access: access, proxies: proxies, errors: rate.NewLimiter(errorLines, errorBurst)}
}

// ServeHTTP implements http.Handler.
func (q *requests) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer visitor.Asking(r.Context())()
	r, id := q.proxies.WithRequest(r)
	w.Header().Set(visitor.RequestHeader, id)
	a := &answer{ResponseWriter: w}
	began := time.Now()
	defer func() { // also where a handler panics
		took := time.Since(began)
		q.note(r, a, took)
		if q.observe != nil {
			q.observe(r.Pattern, a.status, took)
		}
	}()
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		if !q.enter() {
			w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter/time.Second)))
			w.Header().Set("Content-Type", "application/json")
			a.WriteHeader(http.StatusServiceUnavailable)
			_, _ = a.Write([]byte(`{"error":"the server is stopping, and nothing was done: try again in a moment"}` + "\n")) // who is gone need not know
			return
		}
		defer q.leave()
	}
	q.next.ServeHTTP(a, r)
}

// retryAfter is when a server that stops is expected to be there again.
const retryAfter = 5 * time.Second

// enter lets a request in that changes something, unless the server is about to stop.
func (q *requests) enter() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.settled != nil {
		return false
	}
	q.changing++
	return true
}

func (q *requests) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.changing--; q.changing == 0 && q.settled != nil {
		close(q.settled)
	}
}

// settle lets no request in any more that changes something, and waits for those that do.
func (q *requests) settle(ctx context.Context) error {
	q.mu.Lock()
	q.settled = make(chan struct{})
	n := q.changing
	if n == 0 {
		close(q.settled)
	}
	q.mu.Unlock()
	select {
	case <-q.settled:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%d requests of %d were under way: %w", q.underWay(), n, ctx.Err())
	}
}

func (q *requests) underWay() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.changing
}

func (q *requests) note(r *http.Request, a *answer, took time.Duration) {
	level := slog.LevelInfo
	switch {
	case a.status >= http.StatusInternalServerError:
		level = slog.LevelWarn
	case q.access == accessNone, q.access == accessErrors && a.status < http.StatusBadRequest:
		return
	}
	attrs := []slog.Attr{
		slog.String("method", terminal.Line(terminal.Cut(r.Method, 16))), slog.String("path", loggable(r.URL.Path)), slog.Int("status", a.status),
		slog.Int64("bytes", a.bytes), slog.Duration("took", took.Round(time.Microsecond)), slog.String("client", q.proxies.From(r).Client),
	}
	if a.status >= http.StatusBadRequest {
		if !q.errors.Allow() {
			q.left.Add(1)
			return
		}
		if left := q.left.Swap(0); left > 0 {
			attrs = append(attrs, slog.Uint64("left_out", left))
		}
	}
	q.log.LogAttrs(r.Context(), level, "answered", attrs...)
}

// keyPart is the length from which a part of a path may be a key: an id of a lab, which
// lets in who knows it, a ticket.
const (
	keyPart = 16
	shownOf = 8
	maxPath = 200
)

// loggable is a path without what lets somebody in.
func loggable(path string) string {
	parts := strings.Split(terminal.Line(terminal.Cut(path, maxPath)), "/")
	for i, p := range parts {
		if len(p) >= keyPart && !strings.ContainsAny(p, "._") { // files of the page are no keys
			parts[i] = p[:shownOf] + "..."
		}
	}
	return strings.Join(parts, "/")
}

// An answer is a ResponseWriter that remembers what was answered.
type answer struct {
	http.ResponseWriter
	status int // 0 until it is known
	bytes  int64
}

// Unwrap is for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 && status >= http.StatusOK {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (a *answer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	n, err := a.ResponseWriter.Write(b)
	a.bytes += int64(n)
	return n, err
}

// Flush implements http.Flusher.
func (a *answer) Flush() {
	_ = http.NewResponseController(a.ResponseWriter).Flush() // who can't, has nothing to flush
}

// Hijack implements http.Hijacker, for WebSockets.
func (a *answer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, rw, err := http.NewResponseController(a.ResponseWriter).Hijack()
	if err == nil {
		a.status = http.StatusSwitchingProtocols
	}
	return c, rw, err
}
