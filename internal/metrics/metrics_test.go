package metrics

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"wireloom/internal/visitor"
)

func TestMetricsAreText(t *testing.T) {
	m := New()
	var refused visitor.Refusals
	refused.Add(visitor.KindLabs)
	m.Gather = append(m.Gather, func(_ context.Context, w *Writer) {
		w.Gauge("wireloom_labs", Label("state", "live"), "Labs.", 3)
		w.Gauge("wireloom_labs", Label("state", "parked"), "", 2)
		w.Refusals(&refused)
		w.Histogram("wireloom_lag_seconds", "Lag.", []time.Duration{time.Second}, func(time.Duration) uint64 { return 4 }, 5)
	})
	m.Request("GET /api/labs/{id}", 200, 30*time.Millisecond)
	m.Request("/api/labs/{id}", 200, 300*time.Millisecond)
	m.Request("", 404, time.Millisecond)
	m.Request("/x", 77777, time.Millisecond)
	var b bytes.Buffer
	if err := m.Write(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"# TYPE wireloom_labs gauge\nwireloom_labs{state=\"live\"} 3\nwireloom_labs{state=\"parked\"} 2\n",
		"wireloom_refused_total{why=\"labs\"} 1\n",
		"wireloom_lag_seconds_bucket{le=\"1\"} 4\nwireloom_lag_seconds_bucket{le=\"+Inf\"} 5\n",
		`wireloom_http_requests_total{route="/api/labs/{id}",code="200"} 2` + "\n",
		`wireloom_http_requests_total{route="none",code="404"} 1` + "\n",
		`wireloom_http_requests_total{route="/x",code="0"} 1` + "\n",
		`wireloom_http_request_duration_seconds_bucket{route="/api/labs/{id}",le="0.05"} 1` + "\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("there is no %q in\n%s", want, b.String())
		}
	}
	if strings.Contains(b.String(), "vmrange") {
		t.Error("there are buckets that Prometheus cannot use")
	}
}

func TestWhoMayReadTheMetrics(t *testing.T) {
	proxies, err := visitor.ParseProxies([]string{"127.0.0.1"}, visitor.XForwardedFor)
	if err != nil {
		t.Fatal(err)
	}
	public := &url.URL{Scheme: "https", Host: "labs.example.org", Path: "/"}
	for _, c := range []struct {
		name  string
		door  Door
		from  string
		head  map[string]string
		opens bool
	}{
		{"this machine", Door{Site: &visitor.Site{}}, "127.0.0.1:5", nil, true},
		{"another", Door{Site: &visitor.Site{}}, "192.0.2.1:5", nil, false},
		{"this machine's proxy that nobody named", Door{Site: &visitor.Site{}}, "127.0.0.1:5", map[string]string{"X-Forwarded-For": "192.0.2.1"}, false},
		{"one that says nothing", Door{Site: &visitor.Site{Public: public}}, "127.0.0.1:5", nil, false},
		{"a proxy's visitor", Door{Site: &visitor.Site{Public: public, Proxies: proxies}}, "127.0.0.1:5", map[string]string{"X-Forwarded-For": "192.0.2.1"}, false},
		{"this machine, beside its proxy", Door{Site: &visitor.Site{Public: public, Proxies: proxies}}, "127.0.0.1:5", nil, true},
		{"who says that they are this machine", Door{Site: &visitor.Site{}}, "192.0.2.1:5", map[string]string{"X-Forwarded-For": "127.0.0.1"}, false},
		{"the token", Door{Token: "abc", Site: &visitor.Site{}}, "192.0.2.1:5", map[string]string{"Authorization": "Bearer abc"}, true},
		{"another token", Door{Token: "abc", Site: &visitor.Site{}}, "192.0.2.1:5", map[string]string{"Authorization": "Bearer abd"}, false},
		{"this machine, where there is a token", Door{Token: "abc", Site: &visitor.Site{}}, "127.0.0.1:5", nil, false},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil)
		r.RemoteAddr = c.from
		for k, v := range c.head {
			r.Header.Set(k, v)
		}
		rec := httptest.NewRecorder()
		New().Handler(&c.door)(rec, r)
		if got := rec.Code == http.StatusOK; got != c.opens {
			t.Errorf("%s: %d %s", c.name, rec.Code, rec.Body)
		}
	}
}

// A rule is one of docs/alerts.yml.
type rule struct {
	Alert       string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for"`
	Annotations map[string]string `yaml:"annotations"`
}

var (
	comparison = regexp.MustCompile(`^(.*) ([<>]) ([0-9.]+)$`)
	increase   = regexp.MustCompile(`^increase\(([a-z_]+(?:\{.*\})?)\[[0-9]+[mh]\]\)$`)
	quantile   = regexp.MustCompile(`^histogram_quantile\(([0-9.]+), rate\(([a-z_]+)\[5m\]\)\)$`)
	selector   = regexp.MustCompile(`^([a-z_]+)(?:\{([a-z]+)=(~?)"([^"]*)"\})?$`)
)

// value is what the left side of a rule is worth, of what there is now and was before. It knows
// the few forms that our rules have.
func value(expr string, now, before map[string]float64) (float64, error) {
	if a, b, ok := strings.Cut(expr, " / "); ok {
		x, err := value(a, now, before)
		if err != nil {
			return 0, err
		}
		y, err := value(b, now, before)
		return x / y, err
	}
	if m := quantile.FindStringSubmatch(expr); m != nil {
		q, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			return 0, err
		}
		total := now[m[2]+`{le="+Inf"}`]
		best := 1e9
		for series, n := range now {
			if le, ok := strings.CutPrefix(series, m[2]+`{le="`); ok && n >= q*total {
				if x, err := strconv.ParseFloat(strings.TrimSuffix(le, `"}`), 64); err == nil {
					best = min(best, x)
				}
			}
		}
		return best, nil
	}
	sum := func(of map[string]float64, s string) (float64, error) {
		m := selector.FindStringSubmatch(s)
		if m == nil {
			return 0, fmt.Errorf("the test does not know %q", s)
		}
		like := regexp.QuoteMeta(m[4])
		if m[3] == "~" {
			like = "(?:" + m[4] + ")"
		}
		pick := regexp.MustCompile(`^` + m[1] + `(\{|$)`)
		label := regexp.MustCompile(m[2] + `="` + like + `"`)
		total, any := 0.0, false
		for series, v := range of {
			if pick.MatchString(series) && (m[2] == "" || label.MatchString(series)) {
				total, any = total+v, true
			}
		}
		if !any {
			return 0, fmt.Errorf("no series is %s", s)
		}
		return total, nil
	}
	if m := increase.FindStringSubmatch(expr); m != nil {
		x, err := sum(now, m[1])
		if err != nil {
			return 0, err
		}
		y, err := sum(before, m[1])
		return x - y, err
	}
	return sum(now, expr)
}

// quiet is a server on which nothing is wrong.
func quiet() map[string]float64 {
	all := map[string]float64{
		`up{job="wireloom"}`: 1, `wireloom_database_up`: 1, `wireloom_queue`: 0,
		`wireloom_used{of="labs"}`: 10, `wireloom_limit{of="labs"}`: 256,
		`wireloom_lag_seconds_bucket{le="0.004095"}`: 1000, `wireloom_lag_seconds_bucket{le="1.048575"}`: 1001, `wireloom_lag_seconds_bucket{le="+Inf"}`: 1001,
		`wireloom_memory_labs_closed_total`: 3, `wireloom_disk_bytes{what="free"}`: 50, `wireloom_disk_bytes{what="total"}`: 100,
		`wireloom_journal_errors_total`: 1, `wireloom_labs_quarantined_total`: 1, `wireloom_jobs{state="queued"}`: 1,
		`wireloom_outbox{state="refused"}`: 0, `wireloom_outbox_oldest_seconds`: 0, `wireloom_http_requests_total{route="/",code="500"}`: 1,
	}
	new(visitor.Refusals).Each(func(k visitor.Kind, _ uint64) { all[fmt.Sprintf(`wireloom_refused_total{why=%q}`, k)] = 5 })
	return all
}

// Each alert of docs/alerts.yml fires by values that mean what it says, and by no others.
func TestEachAlertFires(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "alerts.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Groups []struct {
			Name  string `yaml:"name"`
			Rules []rule `yaml:"rules"`
		} `yaml:"groups"`
	}
	if err := yaml.UnmarshalWithOptions(text, &doc, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	change := map[string]map[string]float64{
		"WireloomDown":                {`up{job="wireloom"}`: 0},
		"WireloomDatabaseDown":        {`wireloom_database_up`: 0},
		"WireloomPeopleAreRefused":    {`wireloom_refused_total{why="memory"}`: 40},
		"WireloomCodesAreGuessed":     {`wireloom_refused_total{why="codes"}`: 100},
		"WireloomQueueIsLong":         {`wireloom_queue`: 30},
		"WireloomLabsAreNearTheLimit": {`wireloom_used{of="labs"}`: 250},
		"WireloomIsSlow":              {`wireloom_lag_seconds_bucket{le="0.004095"}`: 500},
		"WireloomMemoryIsShort":       {`wireloom_memory_labs_closed_total`: 4},
		"WireloomDiskIsFull":          {`wireloom_disk_bytes{what="free"}`: 5},
		"WireloomJournalFails":        {`wireloom_journal_errors_total`: 2},
		"WireloomLabsAreInQuarantine": {`wireloom_labs_quarantined_total`: 2},
		"WireloomGradingWaits":        {`wireloom_jobs{state="queued"}`: 600},
		"WireloomScoresAreRefused":    {`wireloom_outbox{state="refused"}`: 1},
		"WireloomScoresWait":          {`wireloom_outbox_oldest_seconds`: 4000},
		"WireloomErrors":              {`wireloom_http_requests_total{route="/",code="500"}`: 100},
	}
	rules := doc.Groups[0].Rules
	if len(rules) != len(change) {
		t.Errorf("there are %d alerts, and this test knows %d", len(rules), len(change))
	}
	fires := func(r rule, now map[string]float64) bool {
		m := comparison.FindStringSubmatch(r.Expr)
		if m == nil {
			t.Fatalf("%s: the test does not know %q", r.Alert, r.Expr)
		}
		x, err := value(m[1], now, quiet())
		if err != nil {
			t.Fatalf("%s: %v", r.Alert, err)
		}
		limit, err := strconv.ParseFloat(m[3], 64)
		if err != nil {
			t.Fatal(err)
		}
		return m[2] == "<" && x < limit || m[2] == ">" && x > limit
	}
	for name, by := range change {
		now := quiet()
		for k, v := range by {
			if _, known := now[k]; !known {
				t.Fatalf("%s: no series is %s", name, k)
			}
			now[k] = v
		}
		for _, r := range rules {
			if got := fires(r, now); got != (r.Alert == name) {
				t.Errorf("what %s is about: %s fires: %v", name, r.Alert, got)
			}
			if r.Annotations["summary"] == "" {
				t.Errorf("%s says nothing", r.Alert)
			}
		}
	}
}
