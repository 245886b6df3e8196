//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// A server is a labserver in a process of its own.
type server struct {
	cmd *exec.Cmd
	url string
	log *bytes.Buffer // to be read after end
}

func startServer(t *testing.T, args ...string) *server {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s := &server{cmd: exec.Command(self, append([]string{"serve", "--addr", "127.0.0.1:0"}, args...)...), log: &bytes.Buffer{}}
	s.cmd.Stderr = s.log
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.cmd.Process.Kill() }) // it has ended, where the test got so far
	line, err := bufio.NewReader(out).ReadString('\n')
	url, ok := strings.CutPrefix(strings.TrimSpace(line), "Wireloom is at ")
	if err != nil || !ok {
		t.Fatalf("the server said %q, %v", line, err)
	}
	s.url = url
	return s
}

// lab opens a lab and has it keep a file.
func (s *server) lab(t *testing.T) {
	t.Helper()
	res, err := http.Post(s.url+"/api/labs", "application/json", strings.NewReader(`{"scenario":"first-io"}`))
	if err != nil {
		t.Fatal(err)
	}
	var lab struct{ ID, Error string }
	err = json.NewDecoder(res.Body).Decode(&lab)
	_ = res.Body.Close() // only read
	if err != nil || res.StatusCode != http.StatusCreated {
		t.Fatalf("no lab: %d %s, %v", res.StatusCode, lab.Error, err)
	}
	program := "\x00asm\x01\x00\x00\x00\x01\x04\x01\x60\x00\x00\x03\x02\x01\x00\x05\x03\x01\x00\x01\x07\x13\x02\x06memory\x02\x00\x06_start\x00\x00\x0a\x04\x01\x02\x00\x0b"
	res, err = http.Post(s.url+"/api/labs/"+lab.ID+"/programs?node=bob&proc=mirror&name=x.wasm", "application/wasm", strings.NewReader(program))
	if err != nil {
		t.Fatal(err)
	}
	var up struct{ Error string }
	err = json.NewDecoder(res.Body).Decode(&up)
	_ = res.Body.Close() // only read
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("nothing was uploaded: %d %s, %v", res.StatusCode, up.Error, err)
	}
}

// end sends a signal and returns the exit code.
func (s *server) end(t *testing.T, sig os.Signal) int {
	t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	_ = s.cmd.Wait() // the exit code says how it ended
	return s.cmd.ProcessState.ExitCode()
}

// kept is how many files there are.
func kept(t *testing.T, dir string) int {
	t.Helper()
	n := 0
	err := filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestSignalsLeaveNoFiles: and what SIGKILL leaves goes when the next server starts,
// but not what belongs to one that lives.
func TestSignalsLeaveNoFiles(t *testing.T) {
	// A process that nohup started has it ignored, and so would the servers below: what
	// is caught here is theirs to end by.
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, syscall.SIGHUP)
	t.Cleanup(func() { signal.Stop(caught) })
	dir := t.TempDir()
	for _, c := range []struct {
		name string
		sig  syscall.Signal
		code int
	}{{"Ctrl-C", syscall.SIGINT, exitOK}, {"SIGTERM", syscall.SIGTERM, exitOK}, {"a terminal that is closed", syscall.SIGHUP, exitOK}} {
		t.Run(c.name, func(t *testing.T) {
			s := startServer(t, "--files", dir)
			s.lab(t)
			if kept(t, dir) < 2 {
				t.Error("the lab keeps no file: the test is wrong")
			}
			if code := s.end(t, c.sig); code != c.code || kept(t, dir) != 0 {
				t.Errorf("exit code %d, %d files are left, want %d and none: %s", code, kept(t, dir), c.code, s.log)
			}
		})
	}
	killed, lives := startServer(t, "--files", dir), startServer(t, "--files", dir)
	lives.lab(t)
	theirs := kept(t, dir) - 1 // the other one has its lock
	killed.lab(t)
	killed.end(t, syscall.SIGKILL)
	if kept(t, dir) < theirs+2 {
		t.Error("SIGKILL leaves nothing: the test is wrong")
	}
	next := startServer(t, "--files", dir)
	if n := kept(t, dir); n != theirs+1 {
		t.Errorf("%d files are left, want %d of the one that lives and the new one's lock", n, theirs)
	}
	lives.lab(t) // as before
	for _, s := range []*server{lives, next} {
		if code := s.end(t, syscall.SIGTERM); code != exitOK {
			t.Errorf("exit code %d: %s", code, s.log)
		}
	}
	if n := kept(t, dir); n != 0 {
		t.Errorf("%d files are left, want none", n)
	}
}

// TestNohup: who starts a server so that it outlives its terminal has that.
func TestNohup(t *testing.T) {
	signal.Ignore(syscall.SIGHUP)
	s := startServer(t, "--files", t.TempDir())
	signal.Reset(syscall.SIGHUP)
	if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	s.lab(t)
	if code := s.end(t, syscall.SIGTERM); code != exitOK {
		t.Errorf("exit code %d: %s", code, s.log)
	}
}

// TestServeOnALocalSocket: a file that a server left behind is no hindrance, one that
// somebody listens on is.
func TestServeOnALocalSocket(t *testing.T) {
	dir, err := os.MkdirTemp("", "wireloom") //nolint:usetesting // a short name: a socket's may have 100 bytes
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // of the test
	path := filepath.Join(dir, "socket")
	stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	stale.SetUnlinkOnClose(false)
	if err := stale.Close(); err != nil {
		t.Fatal(err)
	}
	s := startServe(t, "--addr", "unix:"+path, "--trusted-proxy", "unix", "--max-labs-per-client", "1")
	if s.url != "unix:"+path {
		t.Errorf("it is at %s", s.url)
	}
	client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", path)
	}}}
	defer client.CloseIdleConnections()
	for _, visitor := range []string{"203.0.113.1", "203.0.113.2"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost/api/labs", strings.NewReader(`{"scenario":"first-io"}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Forwarded-For", visitor)
		res, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close() // the status says it
		if res.StatusCode != http.StatusCreated {
			t.Errorf("%s: %s", visitor, res.Status)
		}
	}
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"serve", "--addr", "unix:" + path}, stdio{strings.NewReader(""), &out, &errs}); code != exitError || !strings.Contains(errs.String(), "is in use by another program") {
		t.Errorf("a second server: %d %s", code, errs.String())
	}
	s.stop()
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		t.Errorf("the socket is left: %v", err)
	}
}

func TestServeSaysWhereItIs(t *testing.T) {
	for _, c := range []struct{ name, args, want string }{
		{"on this machine", "", "http://127.0.0.1:PORT"},
		{"under a path", "--base-path lab", "http://127.0.0.1:PORT/lab/"},
		{"behind a proxy", "--public-url https://www.example.org/lab", "https://www.example.org/lab/ by way of a proxy to http://127.0.0.1:PORT"},
		{"behind a proxy that leaves the path", "--public-url https://www.example.org/lab --base-path /lab/", "https://www.example.org/lab/ by way of a proxy to http://127.0.0.1:PORT/lab/"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := startServe(t, strings.Fields(c.args)...)
			if got := regexp.MustCompile(`:[0-9]+`).ReplaceAllString(s.url, ":PORT"); got != c.want {
				t.Errorf("it is at %s, want %s", s.url, c.want)
			}
		})
	}
}

// TestWhatIsUnderWayEndsBeforeTheServer: a program that is on its way when the server is told
// to stop arrives; meanwhile the server is not ready, and takes nothing new. A student's lab
// is there again afterwards.
func TestWhatIsUnderWayEndsBeforeTheServer(t *testing.T) {
	at := newHome(t)
	s := startServer(t, at.serves("--log", "json", "--drain-delay", "100ms")...)
	b := newBrowser(t, s.url+"/", "127.0.0.1", s.url[strings.LastIndexByte(s.url, ':')+1:], nil).keepsCookies()
	b.signIn(at)
	var class, lesson, bench idOf
	b.says(201, "POST", "api/classes", map[string]any{"name": "Networks", "zone": "UTC"}, &class)
	b.says(201, "POST", "api/classes/"+class.ID+"/lessons", map[string]any{"scenario": "first-io", "published": true}, &lesson)
	b.says(201, "POST", "api/lessons/"+lesson.ID+"/bench", map[string]string{}, &bench)
	r, w := io.Pipe()
	ask, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/api/labs/"+bench.Lab+"/programs?node=bob&proc=mirror&name=x.wasm", r)
	if err != nil {
		t.Fatal(err)
	}
	answered := make(chan string, 1)
	go func() {
		res, err := b.client.Do(ask)
		if err != nil {
			answered <- err.Error()
			return
		}
		_ = res.Body.Close() // the status says it
		answered <- res.Status
	}()
	program := bigProgram()
	if _, err := w.Write(program[:len(program)-1]); err != nil { // the server reads it: it is under way
		t.Fatal(err)
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	said := func(path string) int { // of a connection that is there
		res, err := b.client.Get(s.url + path)
		if err != nil {
			return 0
		}
		_ = res.Body.Close() // the status says it
		return res.StatusCode
	}
	for status := said("/readyz"); status != http.StatusServiceUnavailable; status = said("/readyz") {
		if status == 0 {
			t.Fatal("the server stopped before it was not ready")
		}
	}
	if _, err := w.Write(program[len(program)-1:]); err != nil {
		t.Fatal(err)
	}
	_ = w.Close() // it has all
	if status := <-answered; status != "200 OK" {
		t.Errorf("what was under way: %s", status)
	}
	_ = s.cmd.Wait() // the exit code says how it ended
	if code := s.cmd.ProcessState.ExitCode(); code != exitOK {
		t.Errorf("exit code %d: %s", code, s.log)
	}
	again := startServer(t, at.flags...)
	b = newBrowser(t, again.url+"/", "127.0.0.1", again.url[strings.LastIndexByte(again.url, ':')+1:], nil).keepsCookies()
	b.signIn(at)
	var is struct{ ID string }
	if b.says(200, "GET", "api/labs/"+bench.Lab, nil, &is); is.ID != bench.Lab {
		t.Errorf("the bench is %+v", is)
	}
	if code := again.end(t, syscall.SIGTERM); code != exitOK {
		t.Errorf("exit code %d: %s", code, again.log)
	}
}
