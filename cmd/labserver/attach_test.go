package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"strings"
	"sync"
	"syscall"
	"testing"

	"wireloom/internal/httpapi"
	"wireloom/internal/product"
	"wireloom/internal/session"
	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/kern"
)

// openLab serves one lab, whose node bob has NetBSD's tap and alice nothing, and
// returns the server's address and the lab's id.
func openLab(t *testing.T) (url, id string) {
	t.Helper()
	api, err := httpapi.New(httpapi.Config{
		Version: "test", Scenarios: []httpapi.Scenario{{Name: "desk"}},
		NewLab: func(context.Context, string, bool) (*vnet.Lab, session.Setup, error) {
			l, err := vnet.New(config.Lab{Name: "desk", Seed: 1, Nodes: []config.Node{
				{Name: "alice", Dialect: kern.FreeBSD},
				{Name: "bob", Dialect: kern.NetBSD, Devices: []config.Device{{Name: "tap0"}}},
			}}, product.Runtime())
			return l, session.Setup{Scenario: "desk", Seed: 1}, err
		},
		Session: session.Options{Dir: t.TempDir()},
	})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(api)
	t.Cleanup(func() {
		if err := api.Close(context.Background(), "the test is over"); err != nil {
			t.Error(err)
		}
		srv.Close()
	})
	res, err := http.Post(srv.URL+"/api/labs", "application/json", strings.NewReader(`{"scenario":"desk"}`))
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close() // its address is in the head
	at, err := res.Location()
	if err != nil || path.Dir(at.Path) != "/api/labs" {
		t.Fatalf("no lab: %s, at %v, %v", res.Status, at, err)
	}
	return srv.URL, path.Base(at.Path)
}

func TestAttach(t *testing.T) {
	url, id := openLab(t)
	for _, c := range []struct {
		name      string
		args      []string
		in        string
		out, errs string
		code      int
	}{
		{"one command, and its exit code", []string{id, "bob", "ifconfig", "-l"}, "", "tap0\n", "", 0},
		{"one that fails", []string{id, "bob", "ifconfig", "tap9"}, "", "", "ifconfig: interface tap9 does not exist\n", 1},
		{"words with spaces and quotes stay words", []string{id, "bob", "help", `it's a "x"`}, "", "", "help: it's a \"x\": no such command\n", 1},
		{"flags of the command are its own", []string{id, "bob", "syscall", "-c", "open /dev/tap0; exit 9"}, "", "syscall> open /dev/tap0\n= 4\nsyscall> exit 9\n", "", 9},
		{"no such command", []string{id, "bob", "vi"}, "", "", "labserver: vi: command not found; this node has arp, cat, dhclient, echo, help, ifconfig, kill, ls, man, nc, ndp, netstat, ping, ping6, ps, rm, route, rtadvctl, rtadvd, rtsol, sleep, syscall, sysctl, tcpdump, traceroute, traceroute6\n", exitError},
		{"a script of commands", []string{id, "bob"}, "ifconfig -l\n\nifconfig tap9\nexit\nifconfig -l\n", "tap0\n", "ifconfig: interface tap9 does not exist\n", 1},
		{"a script ends with the input", []string{id, "bob"}, "vi\nifconfig -l", "tap0\n", "labserver: vi: command not found; this node has arp, cat, dhclient, echo, help, ifconfig, kill, ls, man, nc, ndp, netstat, ping, ping6, ps, rm, route, rtadvctl, rtadvd, rtsol, sleep, syscall, sysctl, tcpdump, traceroute, traceroute6\n", 0},
		{
			"lines go to the command that asks for them",
			[]string{id, "bob"},
			"syscall\nopen /dev/tap0\nwait 3ms\nclose 4; exit\nifconfig -l\n",
			"syscall> open /dev/tap0\n= 4\nsyscall> wait 3ms\nsyscall> close 4; exit\n= 0\ntap0\n", "", 0,
		},
		{"the end of the input is the command's too", []string{id, "bob", "syscall"}, "stat 9\n", "syscall> stat 9\n= -1 EBADF (Bad file descriptor)\nsyscall> \n", "", 0},
		{"the page's address will do", []string{url + "/#lab=" + id, "bob", "ifconfig", "-l"}, "", "tap0\n", "", 0},
		{"a line that is too long", []string{id, "bob"}, strings.Repeat("x", 9999) + "\nifconfig -l\n", "tap0\n", "labserver: the line is longer than 4096 bytes: nothing was done\n", 0},
		{"no such node", []string{id, "carol"}, "", "", "labserver: there is no node \"carol\" in this lab: it has alice, bob\n", exitError},
		{"no such lab", []string{"x/y", "bob"}, "", "", "labserver: " + url + ": this lab is not there any more: it was closed, or the server was started anew; start a new lab\n", exitError},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			code := run(t.Context(), append([]string{"attach", "--server", url}, c.args...), stdio{strings.NewReader(c.in), &out, &errs})
			if out.String() != c.out || errs.String() != c.errs || code != c.code {
				t.Errorf("exit code %d, printed %q and said %q; want %d, %q and %q", code, out.String(), errs.String(), c.code, c.out, c.errs)
			}
		})
	}
}

// TestAttachShowsAllThatACommandWrites, also what the server shows a page only the
// beginning and the end of.
func TestAttachShowsAllThatACommandWrites(t *testing.T) {
	url, id := openLab(t)
	var script, want strings.Builder
	for i := range 30 {
		line := fmt.Sprintf("line %d %s", i, strings.Repeat("x", 90))
		fmt.Fprintf(&script, "echo %s > /tmp/%d\n", line, i)
		fmt.Fprintln(&want, line)
	}
	script.WriteString("cat")
	for i := range 30 {
		fmt.Fprintf(&script, " /tmp/%d", i)
	}
	script.WriteString(" > /tmp/a\n")
	const doubled = 5
	for range doubled {
		script.WriteString("cat /tmp/a /tmp/a > /tmp/b\ncat /tmp/b > /tmp/a\n")
	}
	script.WriteString("cat /tmp/a\n")
	var out, errs strings.Builder
	code := run(t.Context(), []string{"attach", "--server", url, id, "bob"}, stdio{strings.NewReader(script.String()), &out, &errs})
	if all := strings.Repeat(want.String(), 1<<doubled); code != 0 || out.String() != all || errs.Len() > 0 {
		t.Errorf("exit code %d, %d bytes came, want %d; it says %q", code, out.Len(), len(all), errs.String())
	}
}

func TestAttachRefuses(t *testing.T) {
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"without a node", []string{"x"}, "labserver attach takes a LAB and a NODE; here it is x\n"},
		{"an empty lab", []string{"", "bob"}, "labserver attach takes a LAB and a NODE"},
		{"an unknown flag", []string{"--sever", "x", "y"}, "there is no flag --sever"},
		{"what is no address", []string{"--server", "localhost:8080", "x", "bob"}, `"localhost:8080" is not the address of a server, such as http://127.0.0.1:8080`},
		{"where no server is", []string{"--server", gone.URL, "x", "bob"}, "there is no server at " + gone.URL + ": start one with labserver serve"},
		{"where another server is", []string{"--server", other.URL, "x", "bob"}, other.URL + " is not a Wireloom server, or not one of this version: it answered 404 Not Found"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			code := run(t.Context(), append([]string{"attach"}, c.args...), stdio{strings.NewReader(""), &out, &errs})
			if code != exitError || !strings.Contains(errs.String(), c.want) || out.Len() > 0 {
				t.Errorf("exit code %d, printed %q and said %q; want %d and %q", code, out.String(), errs.String(), exitError, c.want)
			}
		})
	}
}

// A screen is what a terminal shows; until waits for something on it.
type screen struct {
	mu   sync.Mutex
	text string
	more chan struct{}
}

func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text += string(b)
	close(s.more)
	s.more = make(chan struct{})
	return len(b), nil
}

func (s *screen) until(t *testing.T, want string) {
	t.Helper()
	for {
		s.mu.Lock()
		text, more := s.text, s.more
		s.mu.Unlock()
		if strings.HasSuffix(text, want) {
			return
		}
		select {
		case <-more:
		case <-t.Context().Done():
			t.Fatalf("the screen shows %q and not %q at its end", text, want)
		}
	}
}

// A seat is somebody at an attached prompt.
type seat struct {
	screen
	keys    *io.PipeWriter
	signals chan os.Signal
	code    chan int
}

func sitDown(t *testing.T, url, id, command string) *seat {
	t.Helper()
	r, w := io.Pipe()
	x := &seat{screen{more: make(chan struct{})}, w, make(chan os.Signal, patience), make(chan int, 1)}
	a := &attachment{io: stdio{r, x, x}, node: "bob", command: command, terminal: true, signals: x.signals}
	go func() {
		code, err := a.attach(context.Background(), url, id)
		if err != nil {
			code = -1
			_, _ = x.Write([]byte(err.Error())) // a screen takes everything
		}
		x.code <- code
	}()
	t.Cleanup(func() { _ = w.Close() }) // nobody reads any more
	return x
}

func (x *seat) enter(t *testing.T, text string) {
	t.Helper()
	if _, err := io.WriteString(x.keys, text); err != nil {
		t.Fatal(err)
	}
}

func TestAttachAtATerminal(t *testing.T) {
	url, id := openLab(t)
	x := sitDown(t, url, id, "")
	x.until(t, "bob$ ")
	x.signals <- os.Interrupt // at the prompt: a new one
	x.until(t, "bob$ \nbob$ ")
	x.enter(t, "syscall\n")
	x.until(t, "syscall> ")
	x.enter(t, "open /dev/tap0; read 4\n")
	x.until(t, "syscall> = 4\n")
	x.signals <- os.Interrupt // in a call that waits
	x.until(t, "= -1 EINTR (Interrupted system call)\nsyscall> ")
	x.signals <- os.Interrupt // at the command's prompt
	x.until(t, "syscall> \nsyscall> ")
	x.enter(t, "exit 4\n")
	x.until(t, "bob$ ")
	_ = x.keys.Close() // Ctrl-D
	if code := <-x.code; code != 4 {
		t.Errorf("exit code %d, want that of the last command, 4", code)
	}
	x.until(t, "bob$ \n")
}

func TestAttachIsLeft(t *testing.T) {
	for _, c := range []struct {
		name, command string
		wait          string
		signals       []os.Signal
		code          int
		says          string
	}{
		{"by a terminal that is closed", "", "bob$ ", []os.Signal{syscall.SIGHUP}, 129, "bob$ "},
		{"by SIGTERM", "", "bob$ ", []os.Signal{syscall.SIGTERM}, 143, "bob$ "},
		{"by an interrupted command", "syscall -c 'open /dev/tap0; read 4'", "read 4\n", []os.Signal{os.Interrupt}, 130, "(Interrupted system call)\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			url, id := openLab(t)
			x := sitDown(t, url, id, c.command)
			x.until(t, c.wait)
			for _, s := range c.signals {
				x.signals <- s
			}
			if code := <-x.code; code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			x.until(t, c.says)
		})
	}
}

func TestAttachLeavesACommandThatDoesNotEnd(t *testing.T) {
	url, id := openLab(t)
	x := sitDown(t, url, id, "syscall")
	x.until(t, "syscall> ")
	pause(t, url, id)
	for range patience {
		x.signals <- os.Interrupt
	}
	if code := <-x.code; code != 130 {
		t.Errorf("exit code %d, want 130", code)
	}
	x.until(t, "labserver: bob:syscall.1 does not end: it is left running\n")
}

func TestAttachToAPausedLab(t *testing.T) {
	url, id := openLab(t)
	pause(t, url, id)
	x := sitDown(t, url, id, "ifconfig -l")
	x.until(t, "labserver: the lab is paused: nothing runs until somebody resumes it\n")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, url+"/api/labs/"+id, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close() // nothing is in it
	if code := <-x.code; code != -1 {
		t.Errorf("exit code %d, want an error", code)
	}
	x.until(t, "the lab closed: somebody who watched this lab closed it")
}

// pause stops the time of a lab, as its page does.
func pause(t *testing.T, url, id string) {
	t.Helper()
	a := &attachment{}
	if _, err := a.dial(t.Context(), url, id, ""); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.conn.CloseNow() }() // it has served
	if err := a.conn.Write(t.Context(), 1, []byte(`{"type":"cmd","id":1,"op":"pause"}`)); err != nil {
		t.Fatal(err)
	}
	for {
		_, b, err := a.conn.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte(`"paused":true`)) {
			return
		}
	}
}
