package host

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"wireloom/internal/visitor"
)

// proxies trusts 10.0.0.2.
func proxies(t *testing.T) *visitor.Proxies {
	t.Helper()
	p, err := visitor.ParseProxies([]string{"10.0.0.2"}, visitor.XForwardedFor)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestEachRequestHasAnID(t *testing.T) {
	made := regexp.MustCompile(`^[a-z2-7]{16}$`)
	for _, c := range []struct{ name, peer, gives, want string }{
		{"one that nobody gave", "192.0.2.1:9", "", ""},
		{"a stranger's is not taken", "192.0.2.1:9", "abc", ""},
		{"a trusted proxy's is", "10.0.0.2:9", "f3a0-4_b.c", "f3a0-4_b.c"},
		{"but not one that no log may have", "10.0.0.2:9", "a b", ""},
		{"nor a long one", "10.0.0.2:9", strings.Repeat("a", 65), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			seen := ""
			var log bytes.Buffer
			q := newRequests(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				seen = visitor.RequestID(r.Context())
				http.Error(w, "no", http.StatusTeapot)
			}), NewLogger(&log, "json"), accessErrors, proxies(t))
			r := httptest.NewRequest(http.MethodGet, "/a", nil)
			r.RemoteAddr = c.peer
			if c.gives != "" {
				r.Header.Set(visitor.RequestHeader, c.gives)
			}
			w := httptest.NewRecorder()
			q.ServeHTTP(w, r)
			got := w.Header().Get(visitor.RequestHeader)
			if got != seen || c.want != "" && got != c.want || c.want == "" && !made.MatchString(got) {
				t.Errorf("it is answered %q and seen as %q, want %q", got, seen, c.want)
			}
			if !strings.Contains(log.String(), `"request":"`+got+`"`) || !strings.Contains(log.String(), `"status":418`) {
				t.Errorf("the log says %s", log.String())
			}
		})
	}
}

func TestTheLogHasNoKeysAndNoQueries(t *testing.T) {
	for _, c := range []struct{ url, want string }{
		{"/api/labs/WXYZABCDEFGHJKMNPQRSTVWXYZ/stream?session=hush", "/api/labs/WXYZABCD.../stream"},
		{"/ticket/abcdefghijklmnopqrstuvwxyz", "/ticket/abcdefgh..."},
		{"/assets/index-a1b2c3d4e5f6a7b8.js", "/assets/index-a1b2c3d4e5f6a7b8.js"},
		{"/x%0ay", `/x\ny`},
	} {
		var log bytes.Buffer
		q := newRequests(http.NotFoundHandler(), NewLogger(&log, "json"), accessAll, nil)
		q.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, c.url, nil))
		if strings.Contains(log.String(), "hush") || strings.Contains(log.String(), "klmnop") || strings.Count(log.String(), "\n") != 1 {
			t.Errorf("%s: %s", c.url, log.String())
		}
		if got := loggable(httptest.NewRequest(http.MethodGet, c.url, nil).URL.Path); c.want != `/x\ny` && got != c.want {
			t.Errorf("%s is logged as %s, want %s", c.url, got, c.want)
		}
	}
}

func TestWhichRequestsAreLogged(t *testing.T) {
	for _, c := range []struct {
		access string
		want   int // lines of one answer each of 200, 404 and 500
	}{{accessNone, 1}, {accessErrors, 2}, {accessAll, 3}} {
		var log bytes.Buffer
		status := 0
		q := newRequests(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }), NewLogger(&log, "text"), c.access, nil)
		for _, status = range []int{200, 404, 500} {
			q.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
		}
		if got := strings.Count(log.String(), "\n"); got != c.want {
			t.Errorf("%s: %d lines, want %d: %s", c.access, got, c.want, log.String())
		}
	}
}

// A stranger who is refused a thousand times doesn't fill the disk.
func TestRefusalsDoNotFillTheLog(t *testing.T) {
	var log bytes.Buffer
	q := newRequests(http.NotFoundHandler(), NewLogger(&log, "text"), accessErrors, nil)
	q.errors.SetLimit(0) // no time goes by
	for range 10 * errorBurst {
		q.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	}
	if n := strings.Count(log.String(), "\n"); n != errorBurst || q.left.Load() != 9*errorBurst {
		t.Errorf("%d lines, %d left out", n, q.left.Load())
	}
}

// What changes something may end when a server is told to stop, and nothing new begins.
func TestWhatIsUnderWayMayEnd(t *testing.T) {
	in, out := make(chan struct{}), make(chan struct{})
	q := newRequests(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(in)
			<-out
		}
		w.WriteHeader(http.StatusCreated)
	}), slog.New(slog.DiscardHandler), accessNone, nil)
	slow := httptest.NewRecorder()
	done := make(chan struct{})
	go func() {
		q.ServeHTTP(slow, httptest.NewRequest(http.MethodPost, "/slow", nil))
		close(done)
	}()
	<-in
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := q.settle(gone); err == nil || !strings.Contains(err.Error(), "1 requests of 1 were under way") {
		t.Errorf("settled: %v", err)
	}
	late := httptest.NewRecorder()
	q.ServeHTTP(late, httptest.NewRequest(http.MethodPost, "/", nil))
	if late.Code != http.StatusServiceUnavailable || late.Header().Get("Retry-After") != "5" || !strings.Contains(late.Body.String(), "the server is stopping") {
		t.Errorf("one who comes late: %d %s", late.Code, late.Body)
	}
	read := httptest.NewRecorder()
	q.ServeHTTP(read, httptest.NewRequest(http.MethodGet, "/", nil))
	if read.Code != http.StatusCreated {
		t.Errorf("one who only reads: %d", read.Code)
	}
	close(out)
	<-done
	if err := q.settle(t.Context()); err != nil || slow.Code != http.StatusCreated {
		t.Errorf("%v, %d", err, slow.Code)
	}
}

func TestALoggerOfARequestKeepsItsAttributes(t *testing.T) {
	var log bytes.Buffer
	r, id := (*visitor.Proxies)(nil).WithRequest(httptest.NewRequest(http.MethodGet, "/", nil))
	NewLogger(&log, "text").With("lab", "x").WithGroup("g").WarnContext(r.Context(), "here", "took", time.Second)
	if got := log.String(); !strings.Contains(got, "lab=x") || !strings.Contains(got, id) || !strings.Contains(got, "g.took=1s") {
		t.Errorf("got %s", got)
	}
}

// Who waits for something to happen is answered when the server is about to stop.
func TestWaitingEndsWithTheServer(t *testing.T) {
	ending, end := context.WithCancel(t.Context())
	ctx, cancel := visitor.Patience(visitor.WithEnding(t.Context(), ending), time.Hour)
	defer cancel()
	if ctx.Err() != nil {
		t.Error("it is over at once")
	}
	end()
	<-ctx.Done()
	alone, cancelAlone := visitor.Patience(t.Context(), 0)
	defer cancelAlone()
	<-alone.Done()
}
