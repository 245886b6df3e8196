package tab_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"wireloom/internal/open"
	"wireloom/internal/product"
	"wireloom/internal/scenario"
	"wireloom/internal/scenario/grade"
	"wireloom/internal/site"
	"wireloom/internal/stream/carrier"
	"wireloom/internal/tab"
)

// A page is a test's place of one that has its labs in itself.
type page struct {
	t   *testing.T
	tab *tab.Tab
}

// openPage opens the page of a site that has these scenarios.
func openPage(t *testing.T, names ...string) *page {
	t.Helper()
	s := site.Source{
		Version: "test", Page: fstest.MapFS{"index.html": {Data: []byte(`<meta charset="utf-8" />`)}},
		Lab: fstest.MapFS{"lab.wasm": {}, "wasm_exec.js": {}},
	}
	for _, name := range names {
		sc, err := open.BuiltinScenario(name)
		if err != nil {
			t.Fatal(err)
		}
		s.Scenarios = append(s.Scenarios, sc)
	}
	files, err := site.Files(s)
	if err != nil {
		t.Fatal(err)
	}
	var about tab.Site
	if err := json.Unmarshal(files["site.json"], &about); err != nil {
		t.Fatal(err)
	}
	x, err := tab.New(t.Context(), about, func(_ context.Context, name string) ([]byte, error) { return files[name], nil }, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := x.Close(); err != nil {
			t.Error(err)
		}
	})
	return &page{t, x}
}

// ask asks; the answer must have a status, and is read into v where that is not nil.
func (p *page) ask(status int, v any, method, path, query string, body []byte) tab.Answer {
	p.t.Helper()
	a := p.tab.Answer(p.t.Context(), tab.Request{Method: method, Path: path, Query: query, Body: body})
	if a.Status != status {
		p.t.Fatalf("%s %s: status %d, want %d: %s", method, path, a.Status, status, a.Body)
	}
	if v != nil {
		if err := json.Unmarshal(a.Body, v); err != nil {
			p.t.Fatalf("%s %s: %v", method, path, err)
		}
	}
	return a
}

func (p *page) open(name string) (id string) {
	p.t.Helper()
	var l struct{ ID string }
	p.ask(201, &l, "POST", "api/labs", "", []byte(`{"scenario":"`+name+`","empty":true}`))
	return l.ID
}

// watch shows a lab; said has what it is told, until leave is called.
func (p *page) watch(id string) (said <-chan string, leave func()) {
	told, left := make(chan string, 100), make(chan struct{})
	port := tab.NewPort(func(b []byte) {
		select {
		case told <- string(b):
		default: // more than a test reads
		}
	}, func(carrier.CloseCode, string) {})
	go func() {
		defer close(left)
		if err := p.tab.Show(p.t.Context(), id, nil, func() (carrier.Conn, error) { return port, nil }); err != nil {
			p.t.Errorf("a lab isn't shown: %v", err)
		}
	}()
	return told, func() { port.Gone(); <-left }
}

// A program that is uploaded to a lab of the page is graded as labserver grades it, by the same hash,
// though the page has neither the reference programs nor the steps that students don't see.
func TestTheSameGrade(t *testing.T) {
	names := []string{"first-io", "ping", "vlan"}
	p := openPage(t, names...)
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			sc, err := open.BuiltinScenario(name)
			if err != nil {
				t.Fatal(err)
			}
			p := &page{t, p.tab}
			id := p.open(name)
			for _, slot := range sc.Slots() {
				module, err := sc.Reference(slot)
				if err != nil {
					t.Fatal(err)
				}
				q := url.Values{"node": {slot.Node}, "proc": {slot.Proc}, "name": {"mine.wasm"}}
				p.ask(200, nil, "POST", "api/labs/"+id+"/programs", q.Encode(), module)
			}
			var got struct {
				Hash, Source string
				Hidden       bool
				Checks       []grade.Check
			}
			p.ask(200, &got, "POST", "api/labs/"+id+"/check", "", nil)
			want := graded(t, sc)
			if got.Hash != want.Hash || got.Source != want.Source || got.Hidden != want.Hidden || len(got.Checks) != len(want.Checks) {
				t.Errorf("got hash %s, source %s, hidden %t, %d checks; want %s, %s, %t, %d", got.Hash, got.Source, got.Hidden, len(got.Checks), want.Hash, want.Source, want.Hidden, len(want.Checks))
			}
		})
	}
}

// graded is the reference solution's result for a student, by the whole scenario.
func graded(t *testing.T, sc *scenario.Scenario) *grade.Result {
	t.Helper()
	e, err := product.OpenEngine(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}()
	lab, _, err := product.Build(t.Context(), sc, e.Compile, product.Options{Window: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer lab.Close()
	r, err := grade.Grade(lab, sc, grade.Options{Audience: scenario.Student})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAPortIsToldWhatAWebSocketIs(t *testing.T) {
	p := openPage(t, "ping")
	said, leave := p.watch(p.open("ping"))
	if first := <-said; !strings.HasPrefix(first, `{"type":"hello","protocol":`) {
		t.Errorf("the first message is %.60q", first)
	}
	leave()
}

func TestFilesOfALab(t *testing.T) {
	p := openPage(t, "ping")
	lab := "api/labs/" + p.open("ping") + "/"
	for _, tc := range []struct{ file, query, ending, begins string }{
		{"recording", "", ".wireloom.zip", "PK\x03\x04"},
		{"capture.pcapng", "point=s1", ".pcapng", "\x0a\x0d\x0d\x0a"},
	} {
		a := p.ask(200, nil, "GET", lab+tc.file, tc.query, nil)
		if !bytes.HasPrefix(a.Body, []byte(tc.begins)) || !strings.HasPrefix(a.File, "ping-") || !strings.HasSuffix(a.File, tc.ending) {
			t.Errorf("%s is called %s and begins with %q", tc.file, a.File, a.Body[:min(8, len(a.Body))])
		}
	}
}

func TestWhatIsRefused(t *testing.T) {
	p := openPage(t, "ping")
	lab := "api/labs/" + p.open("ping") + "/"
	for _, tc := range []struct {
		method, path, query, body string
		status                    int
		says                      string
	}{
		{"GET", "api/me", "", "", 404, "this page has labs and no server"},
		{"GET", lab + "live.pcapng", "", "", 404, "that needs a server"},
		{"POST", "api/labs", "", `{"scenario":"nothing"}`, 409, `there is no scenario \"nothing\" here`},
		{"POST", "api/labs", "", `{"scenario":"ping","seed":1}`, 400, "no lab was opened"},
		{"POST", lab + "programs", "node=bob&proc=pingd&name=a.wasm", "", 400, "has 0 bytes"},
		{"POST", lab + "programs", "node=bob&proc=nobody&name=a.wasm", "x", 404, "nothing was uploaded"},
		{"POST", lab + "programs", "node=bob&proc=pingd&name=a.wasm", "no module", 422, "a.wasm"},
		{"POST", lab + "check", "", "", 409, "bob.pingd has no program yet"},
		{"GET", lab + "capture.pcapng", "point=mars", "", 400, "mars"},
		{"GET", "api/labs/GONE", "", "", 410, "a lab ends with the page that it is in"},
	} {
		if a := p.ask(tc.status, nil, tc.method, tc.path, tc.query, []byte(tc.body)); !strings.Contains(string(a.Body), tc.says) {
			t.Errorf("%s %s says %s, want %q in it", tc.method, tc.path, a.Body, tc.says)
		}
	}
}

// A page has a few labs: the oldest that nobody watches makes room for a new one.
func TestTheOldestLabMakesRoom(t *testing.T) {
	p := openPage(t, "ping")
	watched := p.open("ping")
	said, leave := p.watch(watched)
	<-said
	second := p.open("ping")
	p.open("ping")
	p.open("ping")
	p.open("ping")
	p.ask(200, nil, "GET", "api/labs/"+watched, "", nil)
	p.ask(410, nil, "GET", "api/labs/"+second, "", nil)
	leave()
}

// The program of a page has neither the scenarios, whose folders have solutions in them, nor what
// only a server needs.
func TestWhatThePageIsNotMadeOf(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", "wireloom/internal/tab/main")
	cmd.Env = append(cmd.Environ(), "GOOS=js", "GOARCH=wasm")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	has := strings.Fields(string(out))
	if !slices.Contains(has, "wireloom/vnet") {
		t.Fatalf("the list is %d packages long, without vnet", len(has))
	}
	for _, name := range []string{"wireloom/scenarios", "net/http", "crypto/tls", "database/sql", "html/template", "nhooyr.io/websocket", "modernc.org/sqlite"} {
		if slices.Contains(has, name) {
			t.Errorf("%s is in it", name)
		}
	}
}
