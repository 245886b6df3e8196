package httpapi

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"nhooyr.io/websocket"

	"wireloom/internal/labapi"
	"wireloom/internal/recording"
	"wireloom/internal/session"
	"wireloom/internal/visitor"
	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/kern"
	"wireloom/vnet/sys"
)

// A native is a program made of a Go function.
type native struct {
	name, id string
	main     func(p *sys.Proc) sys.Exit
}

func (n native) Name() string              { return n.name }
func (n native) ID() string                { return n.id }
func (n native) Main(p *sys.Proc) sys.Exit { return n.main(p) }

func talk(p *sys.Proc) sys.Exit {
	k := p.System().Kernel()
	frame := make([]byte, 98)
	copy(frame, "\xff\xff\xff\xff\xff\xff\x02\x00\x00\x00\x00\x01\x88\xb5")
	for !p.Dying() {
		if m := k.NewFrame(frame); m != nil {
			k.Ifnet("em0").Transmit(m)
		}
		p.Sleep(20 * time.Millisecond)
	}
	return p.Verdict()
}

func newLab(_ context.Context, scenario string, empty bool) (*vnet.Lab, session.Setup, error) {
	if scenario == "broken" {
		return nil, session.Setup{}, errors.New("its programs cannot be compiled")
	}
	c := config.Lab{Name: scenario, Seed: 1, Switches: []config.Switch{{Name: "s1", Ports: 2}}}
	for i := range 2 {
		name := fmt.Sprintf("h%d", i+1)
		c.Nodes = append(c.Nodes, config.Node{
			Name: name, Dialect: kern.NetBSD, NICs: []config.NIC{{Name: "em0"}},
			Programs: []config.Program{{Name: "p", Start: true, Slot: i == 0}},
		})
		c.Links = append(c.Links, config.Link{A: name + ":em0", B: fmt.Sprintf("s1.%d", i+1), Delay: time.Millisecond})
	}
	lab, err := vnet.New(c, vnet.Runtime{})
	if err != nil {
		return nil, session.Setup{}, err
	}
	if !empty {
		err = lab.Install("h1", "p", native{"talk", "", talk})
	}
	return lab, session.Setup{Scenario: scenario, Seed: 1}, err
}

// compile takes what begins like a module; its hash is the caller's business.
func compile(_ context.Context, name string, b []byte) (sys.Program, error) {
	if !bytes.HasPrefix(b, []byte("\x00asm")) {
		return nil, fmt.Errorf("%s is not a WebAssembly module", name)
	}
	return native{name, hash(b), talk}, nil
}

// A site is a server under test.
type site struct {
	t   testing.TB
	api *Server
	srv *httptest.Server
}

func openSite(t testing.TB, c Config) *site {
	t.Helper()
	c.Version, c.NewLab, c.Compile = "test", newLab, compile
	c.Scenarios = []Scenario{{Name: "ping", Title: "Answer pings", Goal: "Pings are answered.", Course: 3, Exercise: true}, {Name: "broken", Title: "Cannot be built"}}
	c.Session.Dir = or(c.Session.Dir, t.TempDir())
	api, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	x := &site{t, api, httptest.NewServer(api)}
	t.Cleanup(x.close)
	return x
}

func (x *site) close() {
	if err := x.api.Close(context.Background(), "the test is over"); err != nil {
		x.t.Error(err)
	}
	x.srv.Close()
}

// An answer is what the server said.
type answer struct {
	status int
	head   http.Header
	body   []byte
	json   struct {
		ID, Scenario, Error, Program, Name, Status string
		Labs, Size                                 int
	}
}

func (x *site) do(method, path, body string, head ...string) answer {
	x.t.Helper()
	r, err := http.NewRequestWithContext(x.t.Context(), method, x.srv.URL+path, strings.NewReader(body))
	if err != nil {
		x.t.Fatal(err)
	}
	for i := 0; i < len(head); i += 2 {
		if head[i] == "Host" {
			r.Host = head[i+1]
		}
		r.Header.Set(head[i], head[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		x.t.Fatal(err)
	}
	defer res.Body.Close()
	a := answer{status: res.StatusCode, head: res.Header}
	if a.body, err = io.ReadAll(res.Body); err != nil {
		x.t.Fatal(err)
	}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "application/json") {
		_ = json.Unmarshal(a.body, &a.json) // what does not fit stays empty, and fails the test that wants it
	}
	return a
}

func (x *site) lab() string {
	x.t.Helper()
	a := x.do("POST", "/api/labs", `{"scenario":"ping"}`)
	if a.status != http.StatusCreated {
		x.t.Fatalf("no lab: %d %s", a.status, a.body)
	}
	return a.json.ID
}

func TestLifeOfALab(t *testing.T) {
	x := openSite(t, Config{})
	a := x.do("POST", "/api/labs", `{"scenario":"ping"}`, "Origin", x.srv.URL, "Sec-Fetch-Site", "same-origin")
	if a.status != http.StatusCreated || len(a.json.ID) < 26 || a.json.Scenario != "ping" || a.head.Get("Location") != "labs/"+a.json.ID {
		t.Fatalf("got %d %s", a.status, a.body)
	}
	path := "/api/labs/" + a.json.ID
	if b := x.do("GET", path, ""); b.status != http.StatusOK || b.json.ID != a.json.ID || b.head.Get("Cache-Control") != "no-store" {
		t.Errorf("the lab is %d %s", b.status, b.body)
	}
	if other := x.lab(); other == a.json.ID {
		t.Error("two labs have the same id")
	}
	if h := x.do("GET", "/healthz", ""); h.status != http.StatusOK || h.json.Status != "ok" || h.json.Labs != 2 {
		t.Errorf("health is %d %s", h.status, h.body)
	}
	wasm := "\x00asm and more"
	up := x.do("POST", path+"/programs?node=h1&proc=p&name=..%2F%2Fdir%5Cmine.wasm", wasm)
	if up.status != http.StatusOK || up.json.Program != hash([]byte(wasm)) || up.json.Size != len(wasm) || up.json.Name != "mine.wasm" {
		t.Errorf("upload: %d %s", up.status, up.body)
	}
	if c := x.do("GET", path+"/capture.pcapng", ""); c.status != http.StatusOK || !bytes.HasPrefix(c.body, []byte{0x0a, 0x0d, 0x0d, 0x0a}) ||
		!strings.HasPrefix(c.head.Get("Content-Disposition"), "attachment; filename=ping-") {
		t.Errorf("capture: %d %v %.20q", c.status, c.head, c.body)
	}
	rec := x.do("GET", path+"/recording", "")
	l, err := recording.Read(bytes.NewReader(rec.body), int64(len(rec.body)))
	if err != nil || len(l.Commands) != 1 || l.Version != "test" {
		t.Fatalf("recording: %v, %+v", err, l)
	}
	if kept, err := l.Program(up.json.Program); err != nil || string(kept) != wasm {
		t.Errorf("the recording has %q as the program, %v", kept, err)
	}
	if d := x.do("DELETE", path, ""); d.status != http.StatusNoContent {
		t.Errorf("closing: %d %s", d.status, d.body)
	}
	for d := x.do("GET", path, ""); d.status != http.StatusNotFound; d = x.do("GET", path, "") {
		if d.status != http.StatusOK {
			t.Fatalf("a closed lab answers %d", d.status)
		}
	}
}

func TestBadRequestsAreAnsweredWithASentence(t *testing.T) {
	x := openSite(t, Config{})
	path := "/api/labs/" + x.lab()
	for _, tc := range []struct {
		name, method, path, body string
		head                     []string
		status                   int
		want                     string
	}{
		{"no such scenario", "POST", "/api/labs", `{"scenario":"nope"}`, nil, 404, `no scenario "nope"`},
		{"a scenario that cannot be built", "POST", "/api/labs", `{"scenario":"broken"}`, nil, 500, "this server cannot build that lab; its log says why"},
		{"not JSON", "POST", "/api/labs", `scenario=ping`, nil, 400, `the request is not {"scenario": "NAME"}: it is not JSON: something is wrong at byte `},
		{"no body", "POST", "/api/labs", ``, nil, 400, `the request is not {"scenario": "NAME"}: it ends in the middle`},
		{"an unknown field", "POST", "/api/labs", `{"scenario":"ping","seed":1}`, nil, 400, `: it has no key "seed"`},
		{"a number for the name", "POST", "/api/labs", `{"scenario":1}`, nil, 400, ": scenario is a number, want a text"},
		{"a list", "POST", "/api/labs", `["ping"]`, nil, 400, ": it is a list, want an object"},
		{"two names", "POST", "/api/labs", `{"scenario":"ping","scenario":"broken"}`, nil, 400, `: it has the key "scenario" twice`},
		{"a name in another case", "POST", "/api/labs", `{"Scenario":"ping"}`, nil, 400, `: it has no key "Scenario"`},
		{"something behind it", "POST", "/api/labs", `{"scenario":"ping"} {}`, nil, 400, ": something follows the JSON value"},
		{"a large body", "POST", "/api/labs", `{"scenario":"` + strings.Repeat("x", 5000) + `"}`, nil, 413, "the request is too large: it may have at most 4096 bytes"},
		{"no such lab", "GET", "/api/labs/AAAA", "", nil, 404, "start a new lab"},
		{"no such address", "GET", "/api/nothing", "", nil, 404, "no GET /api/nothing"},
		{"a method that is none", "PUT", path, "", nil, 405, "it takes DELETE, GET, HEAD"},
		{"no such page", "GET", "/nothing", "", nil, 404, "no page /nothing"},
		{"another site's page opens a lab", "POST", "/api/labs", `{"scenario":"ping"}`, []string{"Origin", "http://evil.example"}, 403, "another site"},
		{"another site's form", "POST", "/api/labs", `{"scenario":"ping"}`, []string{"Sec-Fetch-Site", "cross-site"}, 403, "another site"},
		{"another site closes a lab", "DELETE", path, "", []string{"Origin", "null"}, 403, "another site"},
		{"a name that leads here", "GET", "/healthz", "", []string{"Host", "evil.example:8080"}, 421, "--host"},
		{"a stream without a WebSocket", "GET", path + "/stream", "", nil, 426, "WebSocket"},
		{"no such slot", "POST", path + "/programs?node=h1&proc=q&name=x", "x", nil, 404, "this lab has h1:p"},
		{"a slot that is not theirs", "POST", path + "/programs?node=h2&proc=p&name=x", "x", nil, 404, "this lab has h1:p"},
		{"a slot's node twice", "POST", path + "/programs?node=h2&node=h1&proc=p&name=x", "x", nil, 400, "nothing was uploaded: the address has node twice; it is node=NODE&proc=PROGRAM&name=FILE"},
		{"more than a slot", "POST", path + "/programs?node=h1&proc=p&Name=x", "x", nil, 400, `the address has "Name", which no upload has`},
		{"an address that is none", "POST", path + "/programs?node=%zz&proc=p&name=x", "x", nil, 400, "behind the ? of the address cannot be read"},
		{"an empty program", "POST", path + "/programs?node=h1&proc=p&name=x.wasm", "", nil, 400, "x.wasm is empty"},
		{"no program", "POST", path + "/programs?node=h1&proc=p&name=x.wasm", "#!/bin/sh", nil, 422, "x.wasm is not a WebAssembly module"},
		{"a program that is too large", "POST", path + "/programs?node=h1&proc=p", strings.Repeat("x", MaxUpload+1), nil, 413, "at most"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := x.do(tc.method, tc.path, tc.body, tc.head...)
			if a.status != tc.status || !strings.Contains(a.json.Error, tc.want) {
				t.Errorf("got %d %.200s, want %d with %q", a.status, a.body, tc.status, tc.want)
			}
		})
	}
	if h := x.do("GET", "/healthz", ""); h.json.Labs != 1 {
		t.Errorf("%d labs are open, want 1: what was refused opened none", h.json.Labs)
	}
}

func TestAttackersWebSocketIsRefused(t *testing.T) {
	x := openSite(t, Config{})
	id := x.lab()
	_, res, err := websocket.Dial(t.Context(), x.srv.URL+"/api/labs/"+id+"/stream", &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {"http://evil.example"}}})
	if err == nil || res.StatusCode != http.StatusForbidden {
		t.Errorf("got %v", err)
	}
	c, _, err := websocket.Dial(t.Context(), x.srv.URL+"/api/labs/"+id+"/stream", &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {x.srv.URL}}})
	if err != nil {
		t.Fatal(err)
	}
	_, b, err := c.Read(t.Context())
	if err != nil || !bytes.Contains(b, []byte(`"hello"`)) {
		t.Errorf("got %s, %v", b, err)
	}
	_ = c.CloseNow()
}

func TestLabsAreLimited(t *testing.T) {
	x := openSite(t, Config{Limits: Limits{Labs: visitor.Limit{All: 3, Each: 2}}})
	first := x.lab()
	x.lab()
	if a := x.do("POST", "/api/labs", `{"scenario":"ping"}`); a.status != 429 || a.head.Get("Retry-After") != "60" || !strings.Contains(a.json.Error, "there are 2 labs from your address, and the limit is 2 (--max-labs-per-client): close one first") {
		t.Errorf("a third: %d %s", a.status, a.body)
	}
	x.do("DELETE", "/api/labs/"+first, "")
	for x.do("GET", "/api/labs/"+first, "").status != 404 {
		runtime.Gosched()
	}
	x.lab()
	y := openSite(t, Config{Limits: Limits{Labs: visitor.Limit{All: 1}}})
	y.lab()
	if a := y.do("POST", "/api/labs", `{"scenario":"ping"}`); a.status != 503 || a.head.Get("Retry-After") == "" || !strings.Contains(a.json.Error, "this server runs 1 labs, and the limit is 1 (--max-labs): try again later") {
		t.Errorf("a second: %d %s", a.status, a.body)
	}
}

func TestClosingGivesEverythingBack(t *testing.T) {
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	before := runtime.NumGoroutine()
	dir := t.TempDir()
	x := openSite(t, Config{Session: session.Options{}})
	x.api.conf.Session.Dir = dir
	for range 10 {
		c, _, err := websocket.Dial(t.Context(), x.srv.URL+"/api/labs/"+x.lab()+"/stream", nil)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for {
				if _, _, err := c.Read(context.Background()); err != nil {
					return
				}
			}
		}()
	}
	if err := x.api.Close(t.Context(), "the server stops"); err != nil {
		t.Fatal(err)
	}
	if h := x.do("GET", "/healthz", ""); h.status != 503 || h.json.Status != "stopping" {
		t.Errorf("a stopping server says %d %s", h.status, h.body)
	}
	if a := x.do("POST", "/api/labs", `{"scenario":"ping"}`); a.status != 503 || !strings.Contains(a.json.Error, "stopping") {
		t.Errorf("a stopping server opens a lab: %d %s", a.status, a.body)
	}
	x.srv.Close()
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	for n := 0; runtime.NumGoroutine() > before; n++ {
		if n == 5_000_000 {
			buf := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, there were %d\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
		}
		runtime.Gosched()
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left on disk: %v, %v", left, err)
	}
}

func TestPage(t *testing.T) {
	script := strings.Repeat("console.log('wireloom');\n", 200)
	x := openSite(t, Config{Static: fstest.MapFS{
		"index.html": {Data: []byte("<!doctype html><title>Wireloom</title>")}, "assets/app-abc123.js": {Data: []byte(script)}, "assets/x.png": {Data: []byte("\x89PNG\r\n\x1a\n")},
	}})
	index := x.do("GET", "/", "")
	if index.status != 200 || index.head.Get("Cache-Control") != "no-cache" || !strings.HasPrefix(index.head.Get("Content-Type"), "text/html") || !bytes.Contains(index.body, []byte("Wireloom")) {
		t.Errorf("index: %d %v", index.status, index.head)
	}
	for k, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "frame-ancestors 'none'", "Referrer-Policy": "no-referrer",
	} {
		if got := index.head.Get(k); !strings.Contains(got, want) {
			t.Errorf("%s is %q, want %q in it", k, got, want)
		}
	}
	js := x.do("GET", "/assets/app-abc123.js", "", "Accept-Encoding", "br, gzip")
	z, err := gzip.NewReader(bytes.NewReader(js.body))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(z)
	if err != nil || string(plain) != script || !strings.Contains(js.head.Get("Cache-Control"), "immutable") || js.head.Get("Vary") != "Accept-Encoding" {
		t.Errorf("script: %v, %v", js.head, err)
	}
	for _, no := range []string{"identity", "gzip;q=0", ""} {
		if a := x.do("GET", "/assets/app-abc123.js", "", "Accept-Encoding", no); string(a.body) != script || a.head.Get("Content-Encoding") != "" {
			t.Errorf("with %q the script is %v", no, a.head)
		}
	}
	if a := x.do("GET", "/", "", "If-None-Match", `"x", W/`+index.head.Get("ETag")); a.status != http.StatusNotModified || len(a.body) != 0 {
		t.Errorf("the same index again: %d", a.status)
	}
	if a := x.do("HEAD", "/assets/x.png", ""); a.status != 200 || a.head.Get("Content-Length") != "8" || a.head.Get("Content-Type") != "image/png" {
		t.Errorf("HEAD: %d %v", a.status, a.head)
	}
	if a := x.do("GET", "/../server.go", ""); a.status == 200 {
		t.Error("a file outside the page was served")
	}
}

func TestFileName(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{"mine.wasm", "mine.wasm"},
		{"/a/b/../c.wasm", "c.wasm"},
		{`C:\Users\x\c.wasm`, "c.wasm"},
		{"", "program.wasm"},
		{"..", ".."},
		{"a\x00\n\x1b[31mb\xff.wasm", "a[31mb.wasm"},
		{strings.Repeat("é", 100), strings.Repeat("é", 64)},
	} {
		if got := labapi.FileName(tc.in); got != tc.want {
			t.Errorf("%q is shown as %q, want %q", tc.in, got, tc.want)
		}
	}
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// A stalled is a visitor who reads the beginning of an answer, and then nothing until
// it is let go on.
type stalled struct {
	*httptest.ResponseRecorder
	begun, goOn chan struct{}
	once        sync.Once
}

func (w *stalled) Write(b []byte) (int, error) {
	w.once.Do(func() { close(w.begun) })
	<-w.goOn
	return w.ResponseRecorder.Write(b)
}

func TestDownloadsOfALabAreLimited(t *testing.T) {
	x := openSite(t, Config{})
	path := "/api/labs/" + x.lab()
	goOn := make(chan struct{})
	var all sync.WaitGroup
	var visitors []*stalled
	for i := range maxLabFiles {
		w := &stalled{ResponseRecorder: httptest.NewRecorder(), begun: make(chan struct{}), goOn: goOn}
		visitors = append(visitors, w)
		file := []string{"/recording", "/capture.pcapng"}[i%2]
		r := httptest.NewRequestWithContext(t.Context(), "GET", "http://localhost"+path+file, nil)
		r.RemoteAddr = fmt.Sprintf("192.0.2.%d:1", i) // each is another client
		all.Go(func() { x.api.ServeHTTP(w, r) })
		<-w.begun
	}
	for _, file := range []string{"/recording", "/capture.pcapng"} {
		if a := x.do("GET", path+file, ""); a.status != http.StatusTooManyRequests || !strings.Contains(a.json.Error, "4 files of this lab are being fetched, and the limit is 4: wait until one is there") {
			t.Errorf("one more: %d %s", a.status, a.body)
		}
	}
	if u := x.limits("lab_downloads"); u.Client != maxLabFiles || u.ClientLimit != maxLabFiles || u.Limit != -1 || u.Refused != 2 {
		t.Errorf("/healthz says %+v", u)
	}
	if a := x.do("GET", "/api/labs/"+x.lab()+"/recording", ""); a.status != http.StatusOK {
		t.Errorf("of another lab: %d %s", a.status, a.body)
	}
	close(goOn)
	all.Wait()
	for i, w := range visitors {
		if w.Code != http.StatusOK || w.Body.Len() < 100 {
			t.Errorf("download %d ends with %d and %d bytes", i, w.Code, w.Body.Len())
		}
	}
	if a := x.do("GET", path+"/recording", ""); a.status != http.StatusOK {
		t.Errorf("after them: %d %s", a.status, a.body)
	}
}

func unmarshal(b []byte, v any) error { return json.Unmarshal(b, v) }

// A server that is about to stop says so to a load balancer, and takes no new labs.
func TestAServerThatDrainsIsNotReady(t *testing.T) {
	why := errors.New("the database is away")
	var not error
	s, err := New(Config{Scenarios: []Scenario{{Name: "x"}}, Ready: []func(context.Context) error{func(context.Context) error { return not }}})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, path, body string) (int, string) {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(method, "http://localhost"+path, strings.NewReader(body)))
		return w.Code, w.Body.String()
	}
	if code, body := ask("GET", "/readyz", ""); code != 200 {
		t.Errorf("at first: %d %s", code, body)
	}
	not = why
	if code, body := ask("GET", "/readyz", ""); code != 503 || !strings.Contains(body, "not ready: the database is away") {
		t.Errorf("without its database: %d %s", code, body)
	}
	not = nil
	s.Drain()
	for _, path := range []string{"GET /readyz", "POST /api/labs"} {
		method, path, _ := strings.Cut(path, " ")
		if code, body := ask(method, path, `{"scenario":"x"}`); code != 503 || !strings.Contains(body, "the server is stopping") {
			t.Errorf("%s of one that drains: %d %s", path, code, body)
		}
	}
	if code, _ := ask("GET", "/healthz", ""); code != 200 {
		t.Errorf("it is alive until it is closed: %d", code)
	}
}
