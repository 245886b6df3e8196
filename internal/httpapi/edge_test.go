package httpapi

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"nhooyr.io/websocket"

	"wireloom/internal/labapi"
	"wireloom/internal/respond"
	"wireloom/internal/session"
	"wireloom/internal/terminal"
	"wireloom/internal/visitor"
)

// behind is a site that believes what requests from this machine say of who sends them.
func behind(t testing.TB, c Config) *site {
	t.Helper()
	p, err := visitor.ParseProxies([]string{"loopback"}, visitor.XForwardedFor)
	if err != nil {
		t.Fatal(err)
	}
	c.Site.Proxies = p
	return openSite(t, c)
}

// as is the headers of a request of a client.
func as(client string, head ...string) []string {
	return append([]string{"X-Forwarded-For", client}, head...)
}

func (x *site) labOf(client string) string {
	x.t.Helper()
	a := x.do("POST", "/api/labs", `{"scenario":"ping"}`, as(client)...)
	if a.status != http.StatusCreated {
		x.t.Fatalf("%s: no lab: %d %s", client, a.status, a.body)
	}
	return a.json.ID
}

func (x *site) watch(client, lab string) (*websocket.Conn, *http.Response, error) {
	c, res, err := websocket.Dial(x.t.Context(), x.srv.URL+"/api/labs/"+lab+"/stream", &websocket.DialOptions{HTTPHeader: http.Header{"X-Forwarded-For": {client}}})
	if err == nil {
		x.t.Cleanup(func() { _ = c.CloseNow() }) // nothing more is wanted of it
	}
	return c, res, err
}

// limits is what /healthz says of a limit.
func (x *site) limits(name string) visitor.Use {
	x.t.Helper()
	return x.api.quotas.use()[name]
}

func TestMethods(t *testing.T) {
	x := openSite(t, Config{Static: fstest.MapFS{"index.html": {Data: []byte("<title>Wireloom</title>")}}})
	lab := "/api/labs/" + x.lab()
	for _, c := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", "/healthz", 200, ""},
		{"HEAD", "/healthz", 200, ""},
		{"GET", "/readyz", 200, ""},
		{"POST", "/healthz", 405, "GET, HEAD"},
		{"HEAD", "/api/scenarios", 200, ""},
		{"DELETE", "/api/scenarios", 405, "GET, HEAD"},
		{"GET", "/api/labs", 405, "POST"},
		{"PUT", "/api/labs", 405, "POST"},
		{"HEAD", lab, 200, ""},
		{"PATCH", lab, 405, "DELETE, GET, HEAD"},
		{"POST", lab + "/stream", 405, "GET, HEAD"},
		{"HEAD", lab + "/stream", 426, ""},
		{"GET", lab + "/programs", 405, "POST"},
		{"HEAD", lab + "/capture.pcapng", 200, ""},
		{"DELETE", lab + "/capture.pcapng", 405, "GET, HEAD"},
		{"HEAD", lab + "/recording", 200, ""},
		{"POST", lab + "/recording", 405, "GET, HEAD"},
		{"GET", lab + "/nothing", 404, ""},
		{"POST", "/api/nothing", 404, ""},
		{"GET", "/api", 404, ""},
		{"POST", "/", 405, "GET, HEAD"},
		{"HEAD", "/", 200, ""},
		{"OPTIONS", "/", 405, "GET, HEAD"},
		{"PUT", "/nothing", 404, ""},
		{"GET", "//", 404, ""},
		{"GET", "/api//labs", 404, ""},
		{"GET", "/api/../healthz", 404, ""},
		{"BREW", "/healthz", 405, "GET, HEAD"},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			a := x.do(c.method, c.path, "")
			if a.status != c.status || a.head.Get("Allow") != c.allow {
				t.Errorf("got %d, Allow %q, want %d, %q: %s", a.status, a.head.Get("Allow"), c.status, c.allow, a.body)
			}
			if c.method == "HEAD" && len(a.body) > 0 {
				t.Errorf("HEAD has a body: %s", a.body)
			}
			if c.status >= 400 && c.method != "HEAD" && a.json.Error == "" {
				t.Errorf("there is no sentence: %s", a.body)
			}
		})
	}
	if h := x.do("HEAD", lab+"/capture.pcapng", ""); !strings.HasPrefix(h.head.Get("Content-Disposition"), "attachment") || h.head.Get("Content-Type") != "application/x-pcapng" {
		t.Errorf("a download's HEAD: %v", h.head)
	}
}

// TestAnswersDoNothingToWhoReadsThem asks with what a terminal would obey wherever an
// answer may tell it again, and with a very long text there.
func TestAnswersDoNothingToWhoReadsThem(t *testing.T) {
	x := openSite(t, Config{Static: fstest.MapFS{"index.html": {Data: []byte("<title>Wireloom</title>")}}})
	lab := "/api/labs/" + x.lab()
	const rlo, colour, newline = "\u202e", "\x1b[31m", "\n"
	for _, bad := range []string{rlo, colour, newline, "\u2028", "\u009b2J", strings.Repeat("long", 10_000)} {
		q := url.QueryEscape(bad)
		p := url.PathEscape(bad)
		for _, c := range []struct {
			name, method, path, body string
			head                     []string
		}{
			{"a page", "GET", "/" + p, "", nil},
			{"a route", "GET", "/api/" + p, "", nil},
			{"a method's page", "POST", "/" + p, "", nil},
			{"a lab", "GET", "/api/labs/" + p, "", nil},
			{"a scenario", "POST", "/api/labs", fmt.Sprintf(`{"scenario":%q}`, strings.ToValidUTF8(bad, "")), nil},
			{"a node", "POST", lab + "/programs?proc=p&name=x&node=" + q, "x", nil},
			{"a program", "POST", lab + "/programs?node=h1&name=x&proc=" + q, "x", nil},
			{"a file", "POST", lab + "/programs?node=h1&proc=p&name=" + q, "x", nil},
			{"a key", "POST", lab + "/programs?node=h1&proc=p&" + q + "=1", "x", nil},
			{"an origin", "POST", "/api/labs", `{"scenario":"ping"}`, []string{"Origin", "http://a" + strings.NewReplacer(newline, "", colour, "", "\u009b", "").Replace(bad)}},
			{"a site", "POST", "/api/labs", `{"scenario":"ping"}`, []string{"Sec-Fetch-Site", "a" + strings.NewReplacer(newline, "", colour, "", "\u009b", "").Replace(bad)}},
		} {
			t.Run(fmt.Sprintf("%s %.8q", c.name, bad), func(t *testing.T) {
				a := x.do(c.method, c.path, c.body, c.head...)
				text := a.json.Error
				if a.status < 400 && c.name != "a file" || text == "" && a.status >= 400 {
					t.Fatalf("%d %.200s", a.status, a.body)
				}
				for _, s := range []string{text, strings.TrimSuffix(string(a.body), "\n")} {
					if terminal.Line(s) != s {
						t.Errorf("it holds what a terminal obeys: %.300q", s)
					}
				}
				if len(a.body) > 2*respond.MaxSentence {
					t.Errorf("the answer has %d bytes", len(a.body))
				}
			})
		}
	}
}

func TestOnlyOneObjectOpensALab(t *testing.T) {
	x := openSite(t, Config{})
	for _, c := range []struct {
		name, body string
		status     int
	}{
		{"an object", `{"scenario":"ping"}`, 201},
		{"white space behind it", "{\"scenario\":\"ping\"}\r\n\t ", 201},
		{"another object behind it", `{"scenario":"ping"}{"scenario":"ping"}`, 400},
		{"rubbish behind it", `{"scenario":"ping"}]`, 400},
		{"a word behind it", `{"scenario":"ping"} x`, 400},
		{"too much behind it", `{"scenario":"ping"}` + strings.Repeat(" ", maxBody), 413},
		{"nothing", ``, 400},
		{"null", `null`, 400},
		{"a list", `["ping"]`, 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			if a := x.do("POST", "/api/labs", c.body); a.status != c.status {
				t.Errorf("got %d %s, want %d", a.status, a.body, c.status)
			}
		})
	}
}

// raw sends a request as it is written, and returns the answer.
func (x *site) raw(request string) (status int, body string) {
	x.t.Helper()
	c, err := net.Dial("tcp", x.srv.Listener.Addr().String())
	if err != nil {
		x.t.Fatal(err)
	}
	defer func() { _ = c.Close() }() // read to its end
	if _, err := io.WriteString(c, request); err != nil {
		x.t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		x.t.Fatal(err)
	}
	b, err := io.ReadAll(res.Body)
	if err != nil {
		x.t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

func TestSeveralOriginsAreRefused(t *testing.T) {
	x := openSite(t, Config{})
	id := x.lab()
	host := x.srv.Listener.Addr().String()
	const body = `{"scenario":"ping"}`
	for _, origins := range [][]string{{"http://" + host, "http://evil.example"}, {"http://evil.example", "http://" + host}} {
		head := fmt.Sprintf("Host: %s\r\nOrigin: %s\r\nOrigin: %s\r\n", host, origins[0], origins[1])
		if status, said := x.raw("POST /api/labs HTTP/1.1\r\n" + head + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body)); status != 403 || !strings.Contains(said, "2 Origin") {
			t.Errorf("%q open a lab: %d %s", origins, status, said)
		}
		if status, said := x.raw("GET /api/labs/" + id + "/stream HTTP/1.1\r\n" + head + "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"); status != 403 || !strings.Contains(said, "2 Origin") {
			t.Errorf("%q watch a lab: %d %s", origins, status, said)
		}
	}
	if n := x.api.refusals.Count(visitor.KindForeign); n != 4 {
		t.Errorf("%d requests of other sites are counted, want 4", n)
	}
}

func TestNamesThatLeadHere(t *testing.T) {
	x := openSite(t, Config{Site: visitor.Site{Names: []string{"labs.example.org"}}})
	for _, c := range []struct {
		host   string
		status int
	}{{"labs.example.org", 200}, {"10.1.2.3:8080", 200}, {"evil.example", 421}} {
		for _, path := range []string{"/healthz", "/api/scenarios"} {
			if a := x.do("GET", path, "", "Host", c.host); a.status != c.status {
				t.Errorf("%s of %s: %d %s, want %d", path, c.host, a.status, a.body, c.status)
			}
		}
	}
	if n := x.api.refusals.Count(visitor.KindMisdirected); n != 2 {
		t.Errorf("%d requests for other names are counted, want 2", n)
	}
}

// TestUnderABasePath: the same, whether a proxy leaves the path or takes it off.
func TestUnderABasePath(t *testing.T) {
	page := fstest.MapFS{"index.html": {Data: []byte("<title>Wireloom</title>")}, "assets/app.js": {Data: []byte("1")}}
	pub, err := visitor.ParsePublic("https://www.example.org/lab/")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, base string
		site       visitor.Site
	}{
		{"left, as the base path says", "/lab/", visitor.Site{Base: "/lab/"}},
		{"left, as the public URL says", "/lab/", visitor.Site{Public: pub, Base: "/"}},
		{"taken off, and the public URL says it", "/", visitor.Site{Public: pub, Base: "/"}},
		{"two deep", "/a/b/", visitor.Site{Base: "/a/b/"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := openSite(t, Config{Static: page, Site: c.site})
			for _, path := range []string{"", "assets/app.js", "healthz", "api/scenarios"} {
				if a := x.do("GET", c.base+path, ""); a.status != 200 {
					t.Errorf("%s%s: %d %s", c.base, path, a.status, a.body)
				}
			}
			a := x.do("POST", c.base+"api/labs", `{"scenario":"ping"}`, "Origin", "https://www.example.org", "Host", "www.example.org")
			if c.site.Public == nil {
				a = x.do("POST", c.base+"api/labs", `{"scenario":"ping"}`)
			}
			if a.status != 201 {
				t.Fatalf("no lab: %d %s", a.status, a.body)
			}
			at, err := url.Parse("https://www.example.org/lab/api/labs") // as the browser sees it
			if err != nil {
				t.Fatal(err)
			}
			at, err = at.Parse(a.head.Get("Location"))
			if err != nil || at.Path != "/lab/api/labs/"+a.json.ID {
				t.Errorf("the lab is at %v, %v", at, err)
			}
			if b := x.do("GET", c.base+"api/labs/"+a.json.ID, ""); b.status != 200 {
				t.Errorf("the lab: %d %s", b.status, b.body)
			}
			conn, _, err := websocket.Dial(t.Context(), x.srv.URL+c.base+"api/labs/"+a.json.ID+"/stream", nil)
			if err != nil {
				t.Fatal(err)
			}
			_ = conn.CloseNow() // it was let in
			if c.base != "/" {
				moved := x.do("GET", strings.TrimSuffix(c.base, "/"), "")
				if to := moved.head.Get("Location"); moved.status != 308 || to != filepath.Base(c.base)+"/" {
					t.Errorf("without the slash: %d to %q", moved.status, to)
				}
			}
		})
	}
	x := openSite(t, Config{Static: page, Site: visitor.Site{Base: "/lab/"}})
	for _, path := range []string{"/", "/healthz", "/api/labs", "/laboratory/", "/lab/../healthz"} {
		if a := x.do("GET", path, ""); a.status != 404 || a.json.Error == "" {
			t.Errorf("%s: %d %s, want 404", path, a.status, a.body)
		}
	}
}

func TestHeadersOfEveryAnswer(t *testing.T) {
	x := openSite(t, Config{})
	for _, path := range []string{"/healthz", "/nothing", "/api/labs"} {
		h := x.do("GET", path, "").head
		for k, want := range map[string]string{"Permissions-Policy": "camera=()", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'"} {
			if got := h.Get(k); !strings.Contains(got, want) {
				t.Errorf("%s: %s is %q, want %q in it", path, k, got, want)
			}
		}
	}
}

// TestAProxyThatIsNotKnown: requests that come through it are all one client's; the log
// says once what to do.
func TestAProxyThatIsNotKnown(t *testing.T) {
	var log bytes.Buffer
	x := openSite(t, Config{Logger: slog.New(slog.NewTextHandler(&log, nil)), Limits: Limits{Labs: visitor.Limit{Each: 2}}})
	x.labOf("203.0.113.1")
	x.labOf("203.0.113.2")
	if a := x.do("POST", "/api/labs", `{"scenario":"ping"}`, as("203.0.113.3")...); a.status != 429 {
		t.Errorf("a third visitor: %d %s", a.status, a.body)
	}
	x.close()
	if n := strings.Count(log.String(), "start with --trusted-proxy 127.0.0.1"); n != 1 {
		t.Errorf("it is said %d times: %s", n, &log)
	}
}

// TestWhatABrowserDoesNotTell: why there is no WebSocket stands where the page can ask.
func TestWhatABrowserDoesNotTell(t *testing.T) {
	x := behind(t, Config{Limits: Limits{Viewers: visitor.Limit{Each: 1}}})
	id := x.labOf("203.0.113.1")
	refused := func(want string) {
		t.Helper()
		var ask struct{ Refused string }
		a := x.do("GET", "/api/labs/"+id, "")
		if err := unmarshal(a.body, &ask); err != nil || !strings.Contains(ask.Refused, want) || want == "" && ask.Refused != "" {
			t.Errorf("it says %q, %v, want %q", ask.Refused, err, want)
		}
	}
	refused("")
	x.do("GET", "/api/labs/"+id+"/stream", "", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==") // as nginx sends it on
	refused("nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\";")
	x.do("GET", "/api/labs/"+id+"/stream", "", "Connection", "Upgrade", "Upgrade", "websocket", "Origin", "https://labs.example.org")
	refused("--public-url https://labs.example.org/")
	c, _, err := x.watch("203.0.113.1", id)
	if err != nil {
		t.Fatal(err)
	}
	refused("")
	if _, _, err := x.watch("203.0.113.1", id); err == nil {
		t.Error("a second viewer was let in")
	}
	refused("--max-viewers-per-client")
	_ = c.CloseNow() // it was let in
}

func TestErrorsNameNoFolders(t *testing.T) {
	inner := &fs.PathError{Op: "mkdir", Path: "/srv/secret/cache", Err: errors.New("no space left on device")}
	link := &os.LinkError{Op: "rename", Old: "/srv/secret/a", New: "/srv/secret/b", Err: errors.New("busy")}
	for _, c := range []struct {
		err  error
		want string
	}{
		{inner, "mkdir cache: no space left on device"},
		{fmt.Errorf("the cache: %w", inner), "the cache: mkdir cache: no space left on device"},
		{errors.Join(errors.New("x"), fmt.Errorf("y: %w", link)), "x\ny: rename a b: busy"},
		{&fs.PathError{Op: "open", Path: "mine.wasm", Err: errors.New("bad")}, "open mine.wasm: bad"},
		{errors.New("nothing of that"), "nothing of that"},
	} {
		if got := plain(c.err); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

// TestADiskThatTakesNoMore: what a visitor reads names no folder, the lab goes on.
func TestADiskThatTakesNoMore(t *testing.T) {
	gone := filepath.Join(t.TempDir(), "gone")
	x := openSite(t, Config{Session: session.Options{Dir: gone}})
	id2 := x.lab()
	up := x.do("POST", "/api/labs/"+id2+"/programs?node=h1&proc=p&name=x.wasm", "\x00asm")
	if up.status != 503 || up.head.Get("Retry-After") == "" || !strings.Contains(up.json.Error, "the disk of this server takes no more files: no such file or directory") || strings.Contains(up.json.Error, gone) {
		t.Errorf("upload: %d %s", up.status, up.body)
	}
	if c := x.do("GET", "/api/labs/"+id2+"/capture.pcapng", ""); c.status != 200 || bytes.Contains(c.body, []byte(gone)) {
		t.Errorf("capture: %d %s", c.status, c.body)
	}
	if a := x.do("GET", "/api/labs/"+id2, ""); a.status != 200 {
		t.Errorf("the lab: %d %s", a.status, a.body)
	}
	if err := os.Mkdir(gone, 0o700); err != nil {
		t.Fatal(err)
	}
	if up := x.do("POST", "/api/labs/"+id2+"/programs?node=h1&proc=p&name=x.wasm", "\x00asm"); up.status != 200 {
		t.Errorf("where it takes more again: %d %s", up.status, up.body)
	}
}

// until waits for what another goroutine is about to do.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for n := 0; !ok(); n++ {
		if n == 5_000_000 {
			t.Fatalf("it does not come to this: %s", what)
		}
		runtime.Gosched()
	}
}

// An endless upload sends the beginning of a body and no more.
func (x *site) endless(client, lab string) net.Conn {
	x.t.Helper()
	c, err := net.Dial("tcp", x.srv.Listener.Addr().String())
	if err != nil {
		x.t.Fatal(err)
	}
	x.t.Cleanup(func() { _ = c.Close() }) // nothing more is wanted of it
	_, err = fmt.Fprintf(c, "POST /api/labs/%s/programs?node=h1&proc=p&name=x.wasm HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: %s\r\nContent-Length: 1000000\r\n\r\n\x00asm", lab, client)
	if err != nil {
		x.t.Fatal(err)
	}
	return c
}

const greedy, other = "203.0.113.1", "198.51.100.2"

// TestOneClientsUseIsNobodyElsesTrouble: whatever one client has all of, another one
// opens, uploads, watches and downloads.
func TestOneClientsUseIsNobodyElsesTrouble(t *testing.T) {
	small := Limits{
		Labs: visitor.Limit{All: 8, Each: 4}, Viewers: visitor.Limit{All: 8, Each: 4}, Uploads: visitor.Limit{All: 4, Each: 2},
		Downloads: visitor.Limit{All: 4, Each: 2}, Disk: visitor.Limit{All: 1 << 20, Each: 256 << 10},
	}
	upload := func(x *site, client, lab string) answer {
		return x.do("POST", "/api/labs/"+lab+"/programs?node=h1&proc=p&name=x.wasm", "\x00asm"+client, as(client)...)
	}
	for _, c := range []struct {
		name string
		// take has the greedy client take all it gets, and returns what the next is told.
		take func(t *testing.T, x *site, labs []string) answer
		code int
		want string
		use  string // the limit that has counted it
	}{
		{
			"labs", func(_ *testing.T, x *site, _ []string) answer {
				return x.do("POST", "/api/labs", `{"scenario":"ping"}`, as(greedy)...)
			}, 429, "there are 4 labs from your address, and the limit is 4 (--max-labs-per-client)", "labs",
		},
		{
			"viewers", func(t *testing.T, x *site, labs []string) answer {
				for _, lab := range labs {
					if _, _, err := x.watch(greedy, lab); err != nil {
						t.Fatal(err)
					}
				}
				return x.do("GET", "/api/labs/"+labs[0]+"/stream", "", as(greedy, "Connection", "Upgrade", "Upgrade", "websocket")...)
			}, 429, "4 pages from your address watch labs, and the limit is 4 (--max-viewers-per-client)", "viewers",
		},
		{
			"uploads that never end", func(t *testing.T, x *site, labs []string) answer {
				x.endless(greedy, labs[0])
				x.endless(greedy, labs[1])
				until(t, "both are on their way", func() bool { return x.limits("uploads").Used == 2 })
				return upload(x, greedy, labs[2])
			}, 429, "2 programs from your address are on their way, and the limit is 2 (--max-uploads-per-client)", "uploads",
		},
		{
			"bytes on disk", func(t *testing.T, x *site, labs []string) answer {
				q := &x.api.quotas.disk
				if why := q.Take(visitor.Client{Address: greedy}, q.Each); why != nil {
					t.Fatal(why)
				}
				t.Cleanup(func() { q.Give(visitor.Client{Address: greedy}, q.Each) })
				return upload(x, greedy, labs[0])
			}, 429, "and the limit is 0.25 MiB (--max-disk-per-client): close a lab first", "disk_bytes",
		},
		{
			"downloads", func(t *testing.T, x *site, labs []string) answer {
				q := &x.api.quotas.downloads
				if why := q.Take(visitor.Client{Address: greedy}, 2); why != nil {
					t.Fatal(why)
				}
				t.Cleanup(func() { q.Give(visitor.Client{Address: greedy}, 2) })
				return x.do("GET", "/api/labs/"+labs[0]+"/capture.pcapng", "", as(greedy)...)
			}, 429, "2 files are being fetched from your address, and the limit is 2 (--max-downloads-per-client)", "downloads",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := behind(t, Config{Limits: small, Session: session.Options{Capture: -1}})
			var labs []string
			for range 4 {
				labs = append(labs, x.labOf(greedy))
			}
			a := c.take(t, x, labs)
			if a.status != c.code || a.head.Get("Retry-After") == "" || !strings.Contains(a.json.Error, c.want) {
				t.Errorf("the next is told %d %s, want %d with %q", a.status, a.body, c.code, c.want)
			}
			if u := x.limits(c.use); u.Refused != 1 || u.Client < u.ClientLimit {
				t.Errorf("/healthz says %+v", u)
			}
			lab := x.labOf(other)
			if up := upload(x, other, lab); up.status != 200 {
				t.Errorf("another client uploads: %d %s", up.status, up.body)
			}
			conn, _, err := x.watch(other, lab)
			if err != nil {
				t.Fatalf("another client watches: %v", err)
			}
			if _, b, err := conn.Read(t.Context()); err != nil || !bytes.Contains(b, []byte(`"hello"`)) {
				t.Errorf("another client sees %s, %v", b, err)
			}
			for _, file := range []string{"/capture.pcapng", "/recording"} {
				if d := x.do("GET", "/api/labs/"+lab+file, "", as(other)...); d.status != 200 {
					t.Errorf("another client downloads: %d %s", d.status, d.body)
				}
			}
			if d := x.do("DELETE", "/api/labs/"+lab, "", as(other)...); d.status != 204 {
				t.Errorf("another client closes its lab: %d %s", d.status, d.body)
			}
		})
	}
}

// TestEverythingIsGivenBack: what labs, viewers, uploads and downloads took, however
// they ended.
func TestEverythingIsGivenBack(t *testing.T) {
	x := behind(t, Config{})
	path := "/api/labs/"
	id := x.labOf(greedy)
	conn, _, err := x.watch(greedy, id)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.CloseNow() // it was let in
	for _, body := range []string{"\x00asm", "", "no program", strings.Repeat("x", MaxUpload+1)} {
		x.do("POST", path+id+"/programs?node=h1&proc=p&name=x.wasm", body, as(greedy)...)
	}
	_ = x.endless(greedy, id).Close() // in the middle
	x.do("GET", path+id+"/recording", "", as(greedy)...)
	x.do("HEAD", path+id+"/recording", "", as(greedy)...)
	x.do("POST", "/api/labs", `{"scenario":"broken"}`, as(greedy)...)
	x.do("DELETE", path+id, "", as(greedy)...)
	for name := range x.api.quotas.use() {
		until(t, "nothing is used of "+name, func() bool { return x.limits(name).Used == 0 })
		if u := x.limits(name); u.Client != 0 || u.Refused != 0 {
			t.Errorf("%s: %+v", name, u)
		}
	}
}

func TestHealthShowsLimits(t *testing.T) {
	x := openSite(t, Config{Limits: Limits{Labs: visitor.Limit{All: 3, Each: -1}}})
	x.lab()
	var h struct {
		Limits map[string]visitor.Use
	}
	if err := unmarshal(x.do("GET", "/healthz", "").body, &h); err != nil {
		t.Fatal(err)
	}
	if got, want := h.Limits["labs"], (visitor.Use{Used: 1, Limit: 3, Client: 1, ClientLimit: -1}); got != want {
		t.Errorf("labs: %+v, want %+v", got, want)
	}
	for name, want := range map[string]visitor.Limit{"viewers": DefaultLimits.Viewers, "uploads": DefaultLimits.Uploads, "downloads": DefaultLimits.Downloads, "disk_bytes": DefaultLimits.Disk, "connections": DefaultLimits.Connections} {
		if got := h.Limits[name]; got.Limit != want.All || got.ClientLimit != want.Each {
			t.Errorf("%s: %+v, want the default, %+v", name, got, want)
		}
	}
}

// TestAClassBehindOneAddress: who says how large it is has nobody refused, though the
// limits by client are for one person.
func TestAClassBehindOneAddress(t *testing.T) {
	const people = 40
	x := behind(t, Config{Limits: Limits{}.ForClass(people), Session: session.Options{Capture: -1}})
	for range people {
		lab := x.labOf(greedy)
		if _, _, err := x.watch(greedy, lab); err != nil {
			t.Fatal(err)
		}
		if up := x.do("POST", "/api/labs/"+lab+"/programs?node=h1&proc=p&name=x.wasm", "\x00asm", as(greedy)...); up.status != 200 {
			t.Errorf("upload: %d %s", up.status, up.body)
		}
	}
	for name, u := range x.api.quotas.use() {
		if u.Refused > 0 {
			t.Errorf("%s: %+v", name, u)
		}
	}
	alone := behind(t, Config{})
	for range DefaultLimits.Labs.Each {
		alone.labOf(greedy)
	}
	if a := alone.do("POST", "/api/labs", `{"scenario":"ping"}`, as(greedy)...); a.status != 429 {
		t.Errorf("the 33rd of a class that nobody named: %d %s", a.status, a.body)
	}
}

func TestAClassHasRoom(t *testing.T) {
	d := DefaultLimits
	for _, c := range []struct {
		name   string
		people int64
		given  Limits
		want   func(l Limits) bool
	}{
		{"none", 0, Limits{}, func(l Limits) bool { return l == d }},
		{"a small one fits as it is", 16, Limits{}, func(l Limits) bool { return l == d }},
		{"200 people have a lab and a spare one each, and two pages of each", 200, Limits{}, func(l Limits) bool {
			return l.Labs == visitor.Limit{All: 400, Each: 400, Person: d.Labs.Person} && l.Viewers == visitor.Limit{All: 1024, Each: 800, Person: d.Viewers.Person} && l.Uploads.Each == 50 && l.Connections.Each == 3200
		}},
		{"a disk does not grow", 10_000, Limits{}, func(l Limits) bool {
			return l.Disk == visitor.Limit{All: d.Disk.All, Each: d.Disk.All, Person: d.Disk.Person}
		}},
		{"what is given stays", 200, Limits{Labs: visitor.Limit{All: 100}, Viewers: visitor.Limit{Each: 7}}, func(l Limits) bool {
			return l.Labs == visitor.Limit{All: 100, Each: 400, Person: d.Labs.Person} && l.Viewers == visitor.Limit{All: 1024, Each: 7, Person: d.Viewers.Person}
		}},
		{"no limit stays none", 200, Limits{Labs: visitor.Limit{All: -1, Each: -1}}, func(l Limits) bool { return l.Labs == visitor.Limit{All: -1, Each: -1, Person: d.Labs.Person} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			if l := c.given.ForClass(c.people); !c.want(l) {
				t.Errorf("got %+v", l)
			}
		})
	}
}

// Another room's routes are below the base path as all are; a page of another site changes
// something by those alone that say so, and shows the page in a frame where it was let.
func TestRoutesOfOtherRooms(t *testing.T) {
	done := func(w http.ResponseWriter, r *http.Request) {
		reply(w, http.StatusOK, labInfo{Lab: labapi.Lab{ID: r.PathValue("x")}})
	}
	x := openSite(t, Config{
		Static: fstest.MapFS{"index.html": {Data: []byte("<!doctype html>")}}, Site: visitor.Site{Base: "/lab/"},
		Routes: []Route{
			{Method: http.MethodGet, Path: "/api/rooms/{x}", Do: done},
			{Method: http.MethodPost, Path: "/api/rooms/{x}", Do: done},
			{Method: http.MethodPost, Path: "/lti/launch", Foreign: true, Do: done},
		},
		Frames: func(r *http.Request) []string {
			if r.URL.Query().Get("session") == "" {
				return nil
			}
			return []string{"https://lms.example.org", "https://lms2.example.org"}
		},
	})
	for _, c := range []struct {
		method, path, from string
		status             int
		frames             string
	}{
		{"GET", "/lab/api/rooms/1", "", 200, "'none'"},
		{"POST", "/lab/api/rooms/1", "same-origin", 200, "'none'"},
		{"POST", "/lab/api/rooms/1", "cross-site", 403, "'none'"},
		{"DELETE", "/lab/api/rooms/1", "", 405, "'none'"},
		{"GET", "/api/rooms/1", "", 404, "'none'"},
		{"POST", "/lab/lti/launch", "cross-site", 200, "'none'"},
		{"POST", "/lab/lti/launch/", "cross-site", 403, "'none'"},
		{"POST", "/lab/lti//launch", "cross-site", 403, "'none'"},
		{"GET", "/lab/", "cross-site", 200, "'none'"},
		{"GET", "/lab/?session=1", "cross-site", 200, "https://lms.example.org https://lms2.example.org"},
	} {
		var head []string
		if c.from != "" {
			head = []string{"Sec-Fetch-Site", c.from}
		}
		a := x.do(c.method, c.path, "", head...)
		if csp := a.head.Get("Content-Security-Policy"); a.status != c.status || !strings.HasSuffix(csp, "; frame-ancestors "+c.frames) {
			t.Errorf("%s %s from %q: got %d with %q, want %d and frames %s", c.method, c.path, c.from, a.status, csp, c.status, c.frames)
		}
	}
}

// TestStrangersHaveTheirTimeOfTheCoresADay: the labs of an address that has used it up end, and no
// other comes; who is signed in, and other addresses, have their share as ever.
func TestStrangersHaveTheirTimeOfTheCoresADay(t *testing.T) {
	x := behind(t, Config{Limits: Limits{CPU: 1}})
	x.labOf(greedy)
	until(t, "the lab has ended", func() bool { return x.limits("labs").Used == 0 })
	a := x.do("POST", "/api/labs", `{"scenario":"ping"}`, as(greedy)...)
	if a.status != http.StatusTooManyRequests || a.head.Get("Retry-After") == "" || !strings.Contains(string(a.body), "(--cpu-per-day): sign in, or come back at") {
		t.Errorf("another lab: %d %s", a.status, a.body)
	}
	if n := x.api.refusals.Count(visitor.KindCPU); n != 2 {
		t.Errorf("%d refusals are counted, want the lab that ended and the one that was not opened", n)
	}
	if x.labOf("192.0.2.77") == "" {
		t.Error("another address has no lab")
	}
	if x.api.spending(visitor.Client{Person: "p", Address: greedy}) != nil {
		t.Error("a person is charged as a stranger")
	}
	if u := x.api.use()["cpu_seconds"]; u.Refused == 0 || u.Limit != -1 {
		t.Errorf("/healthz would show %+v", u)
	}
}
