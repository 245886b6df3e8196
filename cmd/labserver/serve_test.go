package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nhooyr.io/websocket"

	"wireloom/internal/httpapi"
	"wireloom/internal/open"
)

// A served is a server under test, as its command runs it.
type served struct {
	url  string
	log  *bytes.Buffer // to be read after stop
	stop func() int
}

func startServe(t *testing.T, args ...string) *served {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	s := &served{log: &bytes.Buffer{}}
	code := make(chan int, 1)
	go func() {
		c := run(ctx, append([]string{"serve", "--addr", "127.0.0.1:0", "--files", t.TempDir()}, args...), stdio{strings.NewReader(""), w, s.log})
		_ = w.Close() // a pipe's end
		code <- c
	}()
	var said []byte
	b := make([]byte, 256)
	for !bytes.Contains(said, []byte("\n")) {
		n, err := r.Read(b)
		if err != nil {
			t.Fatalf("the server ended at once, with %d: %s", <-code, s.log)
		}
		said = append(said, b[:n]...)
	}
	go func() { _, _ = io.Copy(io.Discard, r) }()
	url, ok := strings.CutPrefix(strings.TrimSpace(string(said)), "Wireloom is at ")
	if !ok {
		t.Fatalf("the server said %q", said)
	}
	s.url = url
	done := false
	s.stop = func() int {
		if done {
			return 0
		}
		done = true
		cancel()
		return <-code
	}
	t.Cleanup(func() { s.stop() })
	return s
}

func TestServeShowsALiveLabAndStopsWithAGoodbye(t *testing.T) {
	s := startServe(t)
	page, err := http.Get(s.url)
	if err != nil {
		t.Fatal(err)
	}
	html, err := io.ReadAll(page.Body)
	_ = page.Body.Close() // only read
	if err != nil || page.StatusCode != http.StatusOK || !bytes.Contains(html, []byte("Wireloom")) {
		t.Errorf("the page is %d %.100s, %v", page.StatusCode, html, err)
	}
	res, err := http.Post(s.url+"/api/labs", "application/json", strings.NewReader(`{"scenario":"ping"}`))
	if err != nil {
		t.Fatal(err)
	}
	var lab struct{ ID, Error string }
	err = json.NewDecoder(res.Body).Decode(&lab)
	_ = res.Body.Close() // only read
	if err != nil || res.StatusCode != http.StatusCreated {
		t.Fatalf("no lab: %d %s, %v", res.StatusCode, lab.Error, err)
	}
	c, _, err := websocket.Dial(t.Context(), s.url+"/api/labs/"+lab.ID+"/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.CloseNow() }() // the server has closed it
	c.SetReadLimit(16 << 20)
	// until reads up to the first message with all of these in it.
	until := func(words ...string) {
		t.Helper()
		for {
			_, b, err := c.Read(t.Context())
			if err != nil {
				t.Fatalf("waiting for %q: %v", words, err)
			}
			acknowledge(t, c, b)
			all := true
			for _, w := range words {
				all = all && bytes.Contains(b, []byte(w))
			}
			if all {
				return
			}
		}
	}
	until(`"type":"hello"`, `"scenario":"ping"`, `"name":"pingd"`)
	until(`"type":"events"`, `"frame"`, `"ARP"`)
	until(`"type":"events"`, `"echo reply`)
	stopped := make(chan int, 1)
	go func() { stopped <- s.stop() }()
	until(`"type":"bye"`, "the server was stopped")
	for err == nil {
		_, _, err = c.Read(t.Context())
	}
	if code := <-stopped; code != exitOK {
		t.Errorf("exit code %d: %s", code, s.log)
	}
	for _, want := range []string{"lab opened", "lab closed", "the server was stopped"} {
		if !strings.Contains(s.log.String(), want) {
			t.Errorf("the log does not say %q: %s", want, s.log)
		}
	}
}

func TestOwnScenariosAreOffered(t *testing.T) {
	dir := t.TempDir()
	src := "scenario: mine\ntitle: My own\nnodes: {a: {programs: {p: {slot: submission}}}}\n"
	if err := os.WriteFile(filepath.Join(dir, "scenario.yaml"), []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	o, err := offers(log, []string{dir})
	if err != nil {
		t.Fatal(err)
	}
	last := o.list[len(o.list)-1]
	if len(o.list) != len(open.Builtin())+1 || last.Name != "mine" || last.Title != "My own" || o.sources["mine"] == nil {
		t.Errorf("got %+v", o.list)
	}
	if !last.Opens || last.Exercise || last.Solved || last.Checked {
		t.Errorf("of a lab without steps, starter and solution the page is told %+v", last)
	}
	if o, err := offers(log, []string{"vpn", dir}); err != nil || !o.list[slices.IndexFunc(o.list, func(x httpapi.Scenario) bool { return x.Name == "vpn" })].Opens {
		t.Errorf("a built-in lab that is named is not what the page opens on: %v", err)
	}
	for name, own := range map[string][]string{"twice": {dir, dir}, "a built-in one twice": {"ping", "ping"}, "not there": {filepath.Join(dir, "nothing")}} {
		if _, err := offers(log, own); err == nil {
			t.Errorf("%s: it was taken", name)
		}
	}
}

func TestServeSaysInOneLineThatItsAddressIsInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }() // it only held the address
	var out, errs bytes.Buffer
	code := run(t.Context(), []string{"serve", "--addr", l.Addr().String()}, stdio{strings.NewReader(""), &out, &errs})
	if want := l.Addr().String() + " is in use by another program"; code != exitError || !strings.Contains(errs.String(), want) || strings.Count(errs.String(), "\n") != 1 || out.Len() > 0 {
		t.Errorf("exit code %d, said %q and %q, want %d and one line with %q", code, out.String(), errs.String(), exitError, want)
	}
}

func TestServeRefusesFlagsThatMakeNoSense(t *testing.T) {
	for _, c := range []struct {
		args string
		want string
	}{
		{"--idle 0s", "want some time"},
		{"--max-labs 0", "want 1 or more, or -1 for no limit"},
		{"--max-labs-per-client 0", "want 1 or more"},
		{"--max-viewers -2", "want 1 or more"},
		{"--max-uploads many", "want 1 or more"},
		{"--max-disk 8GB", "want a number of bytes such as 8GiB"},
		{"--max-disk 0", "want a number of bytes"},
		{"--max-disk-per-client 99999999999TiB", "want a number of bytes"},
		{"--class-size -1", "want the number of people"},
		{"--class-size 1000000", "at most 100000"},
		{"--log xml", "want text or json"},
		{"--access-log some", "want none, errors or all"},
		{"--ping 1ms", "want 1s or more"},
		{"--drain 1s", "want 5s or more"},
		{"--drain-delay -1s", "want some time"},
		{"--db postgres://localhost/x", "--db needs --data"},
		{"--http-addr :80", "is for a server with TLS"},
		{"--tls-cert x.pem", "--tls-cert and --tls-key go together"},
		{"--tls-host labs.example.org", "give it one with --data"},
		{"--tls-host localhost --data /nonexistent/x", "want a full name"},
		{"--tls-host labs.example.org --tls-cert a --tls-key b --data /nonexistent/x", "exclude each other"},
		{"--acme-email x@example.org", "for a server with --tls-host"},
		{"--config /nonexistent/config.yaml", "the settings: open /nonexistent/config.yaml"},
		{"--memory 4GB", "want a number of bytes"},
		{"--memory 63MiB", "--memory 63MiB: want 64MiB or more"},
		{"ping ping", "ping: it is named twice"},
		{"--host=", "empty"},
		{"--addr nowhere", "cannot listen on nowhere"},
		{"--trusted-proxy 10.0.0", "want an address such as 10.0.0.2"},
		{"--trusted-proxy 0.0.0.0/0", "trusts everybody"},
		{"--proxy-header x-real-ip", "want x-forwarded-for or forwarded"},
		{"--base-path /a//b", "want a path such as /lab/"},
		{"--public-url labs.example.org", "want an address such as https://labs.example.org/"},
		{"--files /nonexistent/wireloom", "--files: labs cannot keep their files in /nonexistent/wireloom: no such file or directory: make that folder, or name another"},
	} {
		t.Run(c.args, func(t *testing.T) {
			args := append([]string{"serve", "--addr", "127.0.0.1:0"}, strings.Fields(c.args)...)
			var out, errs bytes.Buffer
			if code := run(t.Context(), args, stdio{strings.NewReader(""), &out, &errs}); code != exitError || !strings.Contains(errs.String(), c.want) || out.Len() > 0 {
				t.Errorf("exit code %d, said %q and %q, want %d and %q", code, out.String(), errs.String(), exitError, c.want)
			}
		})
	}
}

// Who has the solution checked is told so: it is no work of theirs.
func TestACheckOfTheSolutionSaysSo(t *testing.T) {
	v := visit(t, startServe(t).url, "first-io")
	if status, body := v.ask("POST", "/api/labs/"+v.lab+"/check", nil); status != http.StatusOK || !strings.Contains(string(body), `"solution":true`) || strings.Contains(string(body), `"status":"failed"`) {
		t.Errorf("%d %s", status, body)
	}
}

// Lesson 1 by the page's routes: it begins empty, its starter is a zip that says how to go
// on, and what is uploaded is checked as labserver grade does it for students.
func TestALessonIsDoneOnThePage(t *testing.T) {
	s := startServe(t)
	v := visitWith(t, s.url, `{"scenario":"first-io","empty":true}`)
	path := "/api/labs/" + v.lab
	if status, body := v.ask("POST", path+"/check", nil); status != http.StatusConflict || !strings.Contains(string(body), "nothing was checked: bob.mirror has no program yet: upload one first") {
		t.Errorf("an empty lab: %d %s", status, body)
	}
	_, body := v.ask("GET", "/api/scenarios/first-io/starter.zip", nil)
	z, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"first-io/main.c", "first-io/main.go", "first-io/README.md", "first-io/brief.md", "first-io/go.mod", "first-io/sdk/include/net/if_tap.h", "first-io/sdk/go/go.mod"} {
		if _, err := fs.Stat(z, name); err != nil {
			t.Errorf("the starter: %v", err)
		}
	}
	sc, err := open.BuiltinScenario("first-io")
	if err != nil {
		t.Fatal(err)
	}
	ref, err := sc.Reference(sc.Slots()[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		module []byte
		want   string
		passed bool
	}{
		{"one that does nothing", []byte(exitsWith(7)), "it opens the device and waits", false},
		{"the solution", ref, "it opens the device and waits", true},
	} {
		if status, body := v.ask("POST", path+"/programs?node=bob&proc=mirror&name=mine.wasm", c.module); status != http.StatusOK {
			t.Fatalf("%s: %d %s", c.name, status, body)
		}
		status, body := v.ask("POST", path+"/check", nil)
		var got struct {
			Hidden, Solution bool
			Checks           []struct {
				Title, Status  string
				Points, Earned int
			}
		}
		if err := json.Unmarshal(body, &got); err != nil || status != http.StatusOK || len(got.Checks) < 10 || !got.Hidden || got.Solution || got.Checks[0].Title != c.want {
			t.Fatalf("%s: %d, %v, %+v", c.name, status, err, got)
		}
		for _, x := range got.Checks {
			if c.passed != (x.Status == "passed" && x.Earned == x.Points) {
				t.Errorf("%s: %+v", c.name, x)
			}
		}
	}
}
