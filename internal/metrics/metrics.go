// Package metrics writes what a server does in Prometheus's text format. What labels may be
// is bounded: routes, codes and kinds, and never anything of people.
package metrics

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	vm "github.com/VictoriaMetrics/metrics"

	"wireloom/internal/visitor"
)

// gatherTimeout is how long what has to be asked for may take.
const gatherTimeout = 5 * time.Second

// seconds are the buckets of how long requests took. A wait for something new takes up to 25.
var seconds = []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30}

// Metrics are a server's. Its fields are set before it is used; its methods may be called
// from any goroutine.
type Metrics struct {
	// Gather writes what is so now.
	Gather []func(ctx context.Context, w *Writer)

	set *vm.Set
}

// New returns metrics of nothing yet.
func New() *Metrics { return &Metrics{set: vm.NewSet()} }

// Request counts one that was answered: route is its pattern, "" where it has none.
func (m *Metrics) Request(route string, status int, took time.Duration) {
	if _, path, ok := strings.Cut(route, " "); ok {
		route = path
	}
	if route == "" {
		route = "none"
	}
	if status < 100 || status > 599 {
		status = 0 // nobody waited for the answer
	}
	m.set.GetOrCreateCounter(fmt.Sprintf("wireloom_http_requests_total{route=%q,code=%q}", route, strconv.Itoa(status))).Inc()
	if status != http.StatusSwitchingProtocols {
		m.set.GetOrCreatePrometheusHistogramExt(fmt.Sprintf("wireloom_http_request_duration_seconds{route=%q}", route), seconds).Update(took.Seconds())
	}
}

// Write writes all of it.
func (m *Metrics) Write(ctx context.Context, to io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, gatherTimeout)
	defer cancel()
	b := bufio.NewWriter(to)
	w := &Writer{w: b, said: map[string]bool{}}
	for _, f := range m.Gather {
		f(ctx, w)
	}
	_, _ = b.WriteString("# TYPE wireloom_http_requests_total counter\n# TYPE wireloom_http_request_duration_seconds histogram\n") // Flush says
	m.set.WritePrometheus(b)
	return b.Flush()
}

// A Writer writes metrics one after the other, those of one name together.
type Writer struct {
	w    *bufio.Writer
	said map[string]bool
}

func (w *Writer) put(kind, name, labels, help string, v float64) {
	if !w.said[name] {
		w.said[name] = true
		_, _ = fmt.Fprintf(w.w, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind) // Flush says
	}
	_, _ = fmt.Fprintf(w.w, "%s%s %s\n", name, labels, strconv.FormatFloat(v, 'g', -1, 64)) // likewise
}

// Label is one label.
func Label(name, value string) string { return fmt.Sprintf("{%s=%q}", name, value) }

// Gauge writes what goes up and down. labels is "", or Label's.
func (w *Writer) Gauge(name, labels, help string, v float64) { w.put("gauge", name, labels, help, v) }

// Counter writes what only goes up.
func (w *Writer) Counter(name, labels, help string, v float64) {
	w.put("counter", name, labels, help, v)
}

// Histogram writes how many were at most as large as each bound, in seconds.
func (w *Writer) Histogram(name, help string, bounds []time.Duration, below func(time.Duration) uint64, count uint64) {
	_, _ = fmt.Fprintf(w.w, "# HELP %s %s\n# TYPE %s histogram\n", name, help, name) // Flush says
	for _, d := range bounds {
		_, _ = fmt.Fprintf(w.w, "%s_bucket{le=%q} %d\n", name, strconv.FormatFloat(d.Seconds(), 'g', -1, 64), below(d)) // likewise
	}
	_, _ = fmt.Fprintf(w.w, "%s_bucket{le=\"+Inf\"} %d\n%s_count %d\n", name, count, name, count) // likewise
}

// Refusals writes how many were refused, by why.
func (w *Writer) Refusals(r *visitor.Refusals) {
	r.Each(func(why visitor.Kind, n uint64) {
		w.Counter("wireloom_refused_total", Label("why", why.String()), "Who was refused, by what about.", float64(n))
	})
}

// Door says who may read the metrics: who has the token, and, where there is none, who is on
// this machine and came by no proxy.
type Door struct {
	Token string
	Site  *visitor.Site
}

// Opens reports whether it lets a request in.
func (d *Door) Opens(r *http.Request) bool {
	if d.Token != "" {
		return visitor.SameSecret(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), d.Token)
	}
	f := d.Site.Proxies.From(r)
	_, trusted := d.Site.Proxies.Peer(r.RemoteAddr)
	a, err := netip.ParseAddr(f.Client)
	// A proxy on this machine that nobody named would make everybody of this machine.
	return err == nil && a.IsLoopback() && f.Ignored == "" && (d.Site.Public == nil || trusted)
}

// Handler answers with the metrics whom the door lets in.
func (m *Metrics) Handler(d *Door) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		if !d.Opens(r) {
			h.Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, `{"error":"the metrics are for who runs this server: read them on its machine, or with --metrics-token"}`+"\n") // who is gone need not know
			return
		}
		h.Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		_ = m.Write(r.Context(), w) // who does not wait for it does not need it
	}
}
