//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"nhooyr.io/websocket"

	"wireloom/internal/lti/platform"
)

// says asks and reads the answer, which is JSON, into v, if v is not nil.
func (b *browser) says(status int, method, ref string, body, v any) {
	b.t.Helper()
	var text []byte
	head := []string{"Content-Type", "application/json"}
	switch body := body.(type) {
	case nil:
	case string: // a file
		text, head[1] = []byte(body), "text/csv"
	default:
		var err error
		if text, err = json.Marshal(body); err != nil {
			b.t.Fatal(err)
		}
	}
	got := b.want(status, method, ref, text, head...)
	if v == nil {
		return
	}
	if err := json.Unmarshal(got, v); err != nil {
		b.t.Fatalf("%s %s: %v: %.300s", method, ref, err, got)
	}
}

// keepsCookies has a browser keep cookies, as all do.
func (b *browser) keepsCookies() *browser {
	b.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		b.t.Fatal(err)
	}
	b.client.Jar = jar
	return b
}

// signIn signs the operator of a server in, whose home is beside the test.
func (b *browser) signIn(at home) {
	b.t.Helper()
	code, out, errs := labserver(b.t, append([]string{"admin", "operator", "Ada"}, at.flags...)...)
	_, token, ok := strings.Cut(strings.TrimSpace(out), "#signin=")
	if code != exitOK || !ok {
		b.t.Fatalf("no operator: %d %s%s", code, out, errs)
	}
	ask, err := json.Marshal(map[string]string{"token": token})
	if err != nil {
		b.t.Fatal(err)
	}
	res, got := b.ask(http.MethodPost, "api/signin", ask)
	if res.StatusCode != http.StatusOK {
		b.t.Fatalf("signing in by %q: %s %s", out, res.Status, got)
	}
	for _, c := range res.Cookies() {
		if b.page.Scheme == "https" && (!strings.HasPrefix(c.Name, "__Host-") || !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "") {
			b.t.Errorf("over TLS the cookie is %s", c)
		}
	}
}

type idOf struct {
	ID, Code, Lab, Preview, Handin string
	Added                          []struct{ ID string }
	Operator                       bool
}

// classStory is what a class does: its teacher, who runs the server too, makes it, students
// join by its code, and one works at a bench.
func classStory(ada, ben, eve *browser, at home) (lab string) {
	t := ada.t
	t.Helper()
	ada.signIn(at)
	var me, class, diff, lesson, bench idOf
	if ada.says(200, "GET", "api/me", nil, &me); !me.Operator {
		t.Fatalf("the operator is %+v", me)
	}
	ada.says(201, "POST", "api/classes", map[string]any{"name": "Networks", "zone": "Europe/Vienna"}, &class)
	ada.says(200, "POST", "api/classes/"+class.ID+"/roster/preview", "Name,Email\nBen Bitdiddle,ben@example.org\nEve Lu Ator,eve@example.org\n", &diff)
	ada.says(200, "POST", "api/classes/"+class.ID+"/roster/apply", map[string]any{"preview": diff.Preview}, nil)
	ada.says(201, "POST", "api/classes/"+class.ID+"/lessons", map[string]any{"scenario": "first-io", "published": true}, &lesson)
	ada.says(200, "GET", "api/classes/"+class.ID, nil, &class)

	ben.says(401, "GET", "api/classes/"+class.ID, nil, nil)
	ben.says(200, "POST", "api/join", map[string]string{"code": class.Code, "name": "Ben Bitdiddle"}, nil)
	eve.says(200, "POST", "api/join", map[string]string{"code": class.Code, "name": "Eve Lu Ator"}, nil)
	ben.says(201, "POST", "api/lessons/"+lesson.ID+"/bench", map[string]string{}, &bench)
	c, _, err := ben.watch(bench.Lab, ben.origin())
	if err != nil {
		t.Fatalf("the bench is not shown: %v", err)
	}
	c.SetReadLimit(1 << 20)
	if _, msg, err := c.Read(t.Context()); err != nil || !bytes.Contains(msg, []byte(`"type":"hello"`)) {
		t.Errorf("the bench's stream begins with %.100s, %v", msg, err)
	}
	_ = c.CloseNow() // seen
	ben.want(200, "POST", "api/labs/"+bench.Lab+"/programs?node=bob&proc=mirror&name=big.wasm", bigProgram())
	if got := ben.want(200, "GET", "api/labs/"+bench.Lab+"/recording", nil); !bytes.HasPrefix(got, []byte("PK")) {
		t.Errorf("the recording begins with %.10q", got)
	}
	var handin idOf
	ben.says(201, "POST", "api/lessons/"+lesson.ID+"/handins", map[string]string{"from": "bench"}, &handin)
	ben.says(200, "GET", "api/handins/"+handin.Handin, nil, nil)
	if res, got := ada.ask("GET", "api/lessons/"+lesson.ID+"/scores?form=canvas", nil); res.StatusCode != http.StatusOK || !strings.Contains(res.Header.Get("Content-Disposition"), "attachment") || !bytes.Contains(got, []byte("Bitdiddle")) {
		t.Errorf("scores: %s %.300s", res.Status, got)
	}
	eve.says(404, "GET", "api/handins/"+handin.Handin, nil, nil)
	eve.says(403, "GET", "api/classes/"+class.ID+"/roster", nil, nil)
	ben.want(403, "POST", "api/lessons/"+lesson.ID+"/bench", nil, "Origin", "https://evil.example")
	return bench.Lab
}

// form posts a form of a page of another site, as a platform's are, without following where
// the answer leads.
func (b *browser) form(ref string, form url.Values, origin string) (to string, body string) {
	b.t.Helper()
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, got := b.ask(http.MethodPost, ref, []byte(form.Encode()), "Content-Type", "application/x-www-form-urlencoded", "Origin", origin)
	if res.StatusCode >= http.StatusBadRequest {
		b.t.Fatalf("POST %s: %s %s", ref, res.Status, got)
	}
	return res.Header.Get("Location"), string(got)
}

var (
	hiddenField = regexp.MustCompile(`<input type="?hidden"? name="?([A-Za-z_]+)"? value="([^"]*)"`)
	sentOn      = regexp.MustCompile(`"To":"([^"]*)"`)
)

func fieldsOf(page string) url.Values {
	form := url.Values{}
	for _, m := range hiddenField.FindAllStringSubmatch(page, -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
	}
	return form
}

// launch opens a link of a platform's course as one of its people, in a window, and returns where
// that leads, or the page.
func (b *browser) launch(p *platform.Platform, lms *httptest.Server, user, link string) (to, page string) {
	b.t.Helper()
	login, form := p.Begin(user, "net1", link, false)
	next, page := b.form(login, form, lms.URL)
	if m := sentOn.FindStringSubmatch(page); next == "" && m != nil {
		next = strings.ReplaceAll(m[1], `\u0026`, "&")
	}
	res, err := lms.Client().Get(next)
	if err != nil {
		b.t.Fatalf("from %s to %q: %v", login, next, err)
	}
	got, err := io.ReadAll(res.Body)
	_ = res.Body.Close() // read
	if err != nil {
		b.t.Fatal(err)
	}
	return b.form("lti/launch", fieldsOf(string(got)), lms.URL)
}

// ltiStory is what a learning platform does: its teacher launches the tool for the first time
// and makes a class for the course, by forms that come from the platform's site.
func ltiStory(ada, tina *browser) {
	t := ada.t
	t.Helper()
	var p *platform.Platform
	lms := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.ServeHTTP(w, r) }))
	defer lms.Close()
	p = platform.New(platform.Config{Mode: platform.Moodle, URL: lms.URL, Tool: strings.TrimSuffix(ada.page.String(), "/"), HTTP: ada.client}, 2)
	r := p.Registration()
	ada.says(201, "POST", "api/admin/platforms", map[string]any{
		"name": "Moodle", "product": "moodle", "issuer": r.Issuer, "client": r.Client, "auth": r.Auth, "token": r.Token, "keys": r.JWKS, "deployments": []string{r.Deployment},
	}, nil)
	to, page := tina.launch(p, lms, "tina", p.AddLink("net1", "Wireloom", nil, 0).ID)
	if to == "" { // whose course has no class yet
		form := fieldsOf(page)
		form.Set("class", "new")
		to, page = tina.form("lti/connect", form, tina.origin())
	}
	if !strings.HasPrefix(to, tina.page.Path) && !strings.HasPrefix(to, "../") && !strings.HasPrefix(to, "./") || !strings.Contains(to, "#class=") {
		t.Errorf("the launch leads to %q: %.300s", to, page)
	}
}

// TestAClassBehindAProxy: under a path, over TLS, with a Host that the proxy wrote anew and
// browsers that say nothing by Sec-Fetch-Site.
func TestAClassBehindAProxy(t *testing.T) {
	changesHost := map[string]string{
		"nginx":   "    proxy_set_header Host $http_host;\n",
		"haproxy": "",
		"caddy":   "",
	}
	c := newCertificate(t)
	for _, r := range recipes(t) {
		if !strings.Contains(r.public, "/lab/") {
			continue
		}
		t.Run(r.program+" "+strings.Join(r.args, " "), func(t *testing.T) {
			t.Parallel()
			installed(t, r.program)
			switch r.program {
			case "nginx":
				r.conf = strings.Replace(r.conf, changesHost["nginx"], "", 1)
			case "haproxy":
				r.conf = strings.Replace(r.conf, "backend labserver\n", "backend labserver\n    http-request set-header Host inside.example\n", 1)
				r.args = append(r.args, "--host", "inside.example")
			case "caddy":
				r.conf = strings.Replace(r.conf, "reverse_proxy "+docServer+"\n", "reverse_proxy "+docServer+" {\nheader_up Host {upstream_hostport}\n}\n", 1)
			}
			server, at := "127.0.0.1:"+freePort(t), newHome(t)
			args := strings.Fields(strings.ReplaceAll(strings.Join(r.args, " "), docServer, server))
			startServe(t, append(args, at.serves("--lti-inside")...)...)
			port := freePort(t)
			startProxy(t, r.program, r.fill(server, port, c), port)
			visit := func(from string) *browser { return newBrowser(t, r.public, from, port, c.roots).keepsCookies() }
			ada := visit("127.0.0.2")
			classStory(ada, visit("127.0.0.3"), visit("127.0.0.4"), at)
			ltiStory(ada, visit("127.0.0.5"))
		})
	}
}

// TestAStreamThatIsIdleStaysBehindAProxy: proxies close what is silent, and the server is
// never silent for so long, to who watches a lab or a wall. Without its pings the same proxy
// cuts both off.
func TestAStreamThatIsIdleStaysBehindAProxy(t *testing.T) {
	const silence = "2s" // that the proxies allow; each is 60 s or more by itself
	c := newCertificate(t)
	done := map[string]bool{}
	for _, r := range recipes(t) {
		if done[r.program] || r.program == "caddy" { // which closes nothing for being idle
			continue
		}
		done[r.program] = true
		r.conf = regexp.MustCompile(`proxy_read_timeout \w+|timeout (client|server|tunnel) \w+`).ReplaceAllStringFunc(r.conf, func(s string) string {
			return s[:strings.LastIndexByte(s, ' ')+1] + silence
		})
		for _, p := range []struct {
			ping  string
			stays bool
		}{{"1s", true}, {"1h", false}} {
			t.Run(fmt.Sprintf("%s, a ping every %s", r.program, p.ping), func(t *testing.T) {
				t.Parallel()
				installed(t, r.program)
				server := "127.0.0.1:" + freePort(t)
				args := strings.Fields(strings.ReplaceAll(strings.Join(r.args, " "), docServer, server))
				at := newHome(t)
				startServe(t, append(args, at.serves("--ping", p.ping)...)...)
				port := freePort(t)
				startProxy(t, r.program, r.fill(server, port, c), port)
				b := newBrowser(t, r.public, "127.0.0.1", port, c.roots).keepsCookies()
				b.signIn(at)
				var class idOf
				b.says(201, "POST", "api/classes", map[string]any{"name": "Networks", "zone": "UTC"}, &class)
				wall, _, err := b.dial("api/classes/"+class.ID+"/wall", b.origin())
				if err != nil {
					t.Fatal(err)
				}
				id, status, said := b.newLab()
				if id == "" {
					t.Fatalf("no lab: %d %s", status, said)
				}
				ws, _, err := b.watch(id, b.origin())
				if err != nil {
					t.Fatal(err)
				}
				ws.SetReadLimit(1 << 20)
				if err := ws.Write(t.Context(), websocket.MessageText, []byte(`{"type":"cmd","id":1,"op":"pause"}`)); err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				var both sync.WaitGroup
				for what, c := range map[string]*websocket.Conn{"a lab": ws, "a wall": wall} {
					both.Go(func() {
						var err error
						for err == nil {
							_, _, err = c.Read(ctx)
						}
						if stayed := errors.Is(ctx.Err(), context.DeadlineExceeded); stayed != p.stays {
							t.Errorf("%s stayed: %v, want %v: %v", what, stayed, p.stays, err)
						}
					})
				}
				both.Wait()
			})
		}
	}
}

// TestAClassBehindOneAddress: 200 people of a class share an address, behind a proxy, and
// each says to be another in X-Forwarded-For, which changes nothing: nobody is refused, since
// people are counted and not their address. A stranger of that address still has an address's
// share.
func TestAClassBehindOneAddress(t *testing.T) {
	const people, benches, share = 200, 8, 4
	c, at := newCertificate(t), newHome(t)
	r := recipes(t)[0]
	installed(t, r.program)
	server := "127.0.0.1:" + freePort(t)
	args := strings.Fields(strings.ReplaceAll(strings.Join(r.args, " "), docServer, server))
	startServe(t, append(args, at.serves("--max-labs-per-client", fmt.Sprint(share), "--max-viewers-per-client", fmt.Sprint(share))...)...)
	port := freePort(t)
	startProxy(t, r.program, r.fill(server, port, c), port)
	visit := func() *browser { return newBrowser(t, r.public, "127.0.0.9", port, c.roots).keepsCookies() }
	ada := visit()
	ada.signIn(at)
	var class, diff, lesson idOf
	ada.says(201, "POST", "api/classes", map[string]any{"name": "Networks", "zone": "UTC"}, &class)
	var roster strings.Builder
	roster.WriteString("Name,Email\n")
	for i := range people {
		fmt.Fprintf(&roster, "Student %03d,s%d@example.org\n", i, i)
	}
	ada.says(200, "POST", "api/classes/"+class.ID+"/roster/preview", roster.String(), &diff)
	ada.says(200, "POST", "api/classes/"+class.ID+"/roster/apply", map[string]any{"preview": diff.Preview}, nil)
	ada.says(201, "POST", "api/classes/"+class.ID+"/lessons", map[string]any{"scenario": "first-io", "published": true}, &lesson)
	ada.says(200, "GET", "api/classes/"+class.ID, nil, &class)
	for i := range people {
		s := visit()
		liar := []string{"Content-Type", "application/json", "X-Forwarded-For", fmt.Sprintf("203.0.113.%d", i%5)}
		s.want(200, "POST", "api/join", fmt.Appendf(nil, `{"code":%q,"name":"Student %03d"}`, class.Code, i), liar...)
		if i >= benches {
			continue
		}
		var bench idOf
		s.says(201, "POST", "api/lessons/"+lesson.ID+"/bench", map[string]string{}, &bench)
		ws, res, err := s.watch(bench.Lab, s.origin())
		if err != nil {
			t.Fatalf("student %d is not shown their bench: %v, %+v", i, err, res)
		}
		ws.SetReadLimit(1 << 20)
		if _, _, err := ws.Read(t.Context()); err != nil {
			t.Fatalf("student %d is not shown their bench: %v", i, err)
		}
	}
	stranger := visit()
	for i := range share {
		id, status, said := stranger.newLab("X-Forwarded-For", fmt.Sprintf("203.0.113.%d", i))
		if id == "" {
			t.Fatalf("the stranger's lab %d: %d %s", i, status, said)
		}
		if _, _, err := stranger.watch(id, stranger.origin()); err != nil { // or it could be parked, to make room
			t.Fatal(err)
		}
	}
	if id, status, said := stranger.newLab("X-Forwarded-For", "203.0.113.77"); id != "" || status != http.StatusTooManyRequests {
		t.Errorf("a stranger who says to be another: %d %s", status, said)
	}
}
