package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"nhooyr.io/websocket"
)

// The goals of a class on two cores.
const (
	classPeople  = 200
	classWithin  = 10 * time.Second // they sign in, or hand in, within
	classSteady  = 10 * time.Second // that what it takes to watch is measured
	classScreen  = time.Second      // 99th percentile until the first screen
	classCores   = 0.35             // of 200 watched labs and the wall
	classWall    = 200              // bytes a second for each bench
	classReceipt = 300 * time.Millisecond
	classKey     = 100 * time.Millisecond              // from a keystroke to the screen
	classListen  = 2 * time.Second                     // after kill -9
	classBack    = 15 * time.Second                    // until all labs are back
	classFlat    = 1.05                                // of the memory after a tenth of a soak
	soakFill     = "ping -q -i 0.02 -c 16000 10.0.0.2" // 5 of the 6 minutes that a tenth of an hour has
)

// SOAK is for how long the item soak runs: an hour if it is not set.
const soakVariable = "SOAK"

// class has 200 people sign in by code, work, be watched and hand in, on a server that is a
// process of its own, kills that, and has them all come back.
func class(ctx context.Context, _ int) (r *Report, err error) {
	s, err := openSchool(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	r = &Report{Title: fmt.Sprintf("a class of %d people on one server, a process of its own", classPeople)}
	first, failed := s.arrive(ctx)
	r.Rows = append(r.Rows, below("sign-ins and starts that failed, of 200 in 10 s", "", float64(failed), 0),
		figure("first screen, median", "ms", one(milliseconds(quantile(first, 0.5))), ""),
		below("first screen, 99th percentile", "ms", milliseconds(quantile(first, 0.99)), milliseconds(classScreen)))
	if failed > 0 {
		r.Notes = append(r.Notes, "the first that failed: "+s.wrong())
	}
	wall, cores, err := s.watched(ctx)
	if err != nil {
		return nil, err
	}
	r.Rows = append(r.Rows, below("200 watched labs and the wall: CPU of the server", "cores", cores, classCores),
		below("the wall, for each bench", "B/s", wall, classWall))
	receipts, keys, failed := s.handIn(ctx)
	r.Rows = append(r.Rows, below("hand-ins that failed, of 200 in 10 s", "", float64(failed), 0),
		below("receipt, 99th percentile", "ms", milliseconds(quantile(receipts, 0.99)), milliseconds(classReceipt)),
		below("keystroke to screen meanwhile, 99th percentile", "ms", milliseconds(quantile(keys, 0.99)), milliseconds(classKey)))
	if failed > 0 {
		r.Notes = append(r.Notes, "the first hand-in that failed: "+s.wrong())
	}
	listening, back, lost, err := s.kill(ctx)
	if err != nil {
		return nil, err
	}
	r.Rows = append(r.Rows, below("after kill -9: listening", "s", listening.Seconds(), classListen.Seconds()),
		below("after kill -9: all labs are back", "s", back.Seconds(), classBack.Seconds()),
		below("after kill -9: labs that are not", "", float64(lost), 0))
	return r, nil
}

// soak has a class work for long and looks whether the server's memory stays what it was.
func soak(ctx context.Context, _ int) (r *Report, err error) {
	during := time.Hour
	if text := os.Getenv(soakVariable); text != "" {
		if during, err = time.ParseDuration(text); err != nil {
			return nil, fmt.Errorf("%s: %w", soakVariable, err)
		}
	}
	s, err := openSchool(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if _, failed := s.arrive(ctx); failed > 0 {
		return nil, fmt.Errorf("%d of a class did not come in: %s", failed, s.wrong())
	}
	// A lab keeps the newest megabyte of what happened in it, which takes an hour of such work to fill. So a few
	// minutes of pings do that first: what grows after them does not stop growing.
	for _, p := range s.people {
		if err := p.conn.Write(ctx, websocket.MessageText, []byte(`{"type":"cmd","id":1,"op":"exec","node":"alice","line":"`+soakFill+`"}`)); err != nil {
			return nil, fmt.Errorf("filling the log of a lab: %w", err)
		}
	}
	began := time.Now()
	var early float64
	for time.Since(began) < during {
		if _, _, err := s.watched(ctx); err != nil {
			return nil, err
		}
		if early == 0 && time.Since(began) > during/10 {
			early = s.resident()
		}
	}
	late := s.resident()
	return &Report{
		Title: fmt.Sprintf("%d people at work for %s", classPeople, during),
		Rows: []Row{
			figure("memory after a tenth of it, the labs' logs full", "MB", one(early/1e6), ""), figure("memory at the end", "MB", one(late/1e6), ""),
			below("memory at the end, of that", "", late/max(early, 1), classFlat),
		},
	}, nil
}

// A school is a server with a class, and its people as a load.
type bigSchool struct {
	dir, binary, addr string
	server            *exec.Cmd
	teacher           *pupil
	class, lesson     string
	code              string
	program           []byte
	people            []*pupil

	mu   sync.Mutex
	what string // the first thing that went wrong
}

// A pupil is one browser.
type pupil struct {
	s      *bigSchool
	client http.Client
	cookie []*http.Cookie
	lab    string
	conn   *websocket.Conn
	mark   chan string // a text that is awaited on the screen
	shown  chan time.Time
}

func (s *bigSchool) failed(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.what == "" {
		s.what = what
	}
}

func (s *bigSchool) wrong() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.what
}

func (s *bigSchool) pupil() *pupil {
	return &pupil{
		s: s, client: http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2}, Timeout: time.Minute},
		mark: make(chan string, 1), shown: make(chan time.Time, 1),
	}
}

// ask sends a request as a browser does, and reads a JSON answer.
func (p *pupil) ask(ctx context.Context, method, path, typ string, body []byte, answer any) error {
	r, err := http.NewRequestWithContext(ctx, method, "http://"+p.s.addr+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", typ)
	for _, c := range p.cookie {
		r.AddCookie(c)
	}
	res, err := p.client.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }() // read to its end
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s %s: %d %.300s", method, path, res.StatusCode, b)
	}
	if cookies := res.Cookies(); len(cookies) > 0 {
		p.cookie = cookies
	}
	if answer != nil && len(b) > 0 {
		return json.Unmarshal(b, answer)
	}
	return nil
}

func (p *pupil) post(ctx context.Context, path string, body, answer any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return p.ask(ctx, http.MethodPost, path, "application/json", b, answer)
}

// openSchool builds the server, starts it, and makes a class with a lesson and a roster.
func openSchool(ctx context.Context) (s *bigSchool, err error) {
	dir, err := root()
	if err != nil {
		return nil, err
	}
	s = &bigSchool{}
	made := s // a failure returns nil
	if s.dir, err = os.MkdirTemp("", "wireloom-bench-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, made.close())
		}
	}()
	s.binary = filepath.Join(s.dir, "labserver")
	build := exec.CommandContext(ctx, "go", "build", "-o", s.binary, "./cmd/labserver")
	build.Dir, build.Stderr = dir, os.Stderr
	if err := build.Run(); err != nil {
		return nil, fmt.Errorf("building the server: %w", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.addr = l.Addr().String()
	if err := l.Close(); err != nil {
		return nil, err
	}
	if _, err := s.start(ctx); err != nil {
		return nil, err
	}
	admin := exec.CommandContext(ctx, s.binary, "admin", "--data", filepath.Join(s.dir, "data"), "operator", "Bench")
	admin.Stderr = os.Stderr
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	out, err := admin.Output()
	if err != nil {
		return nil, fmt.Errorf("making an operator: %w", err)
	}
	_, token, ok := strings.Cut(string(out), "#signin=")
	if !ok {
		return nil, fmt.Errorf("labserver admin operator said %q", out)
	}
	token, _, _ = strings.Cut(strings.TrimSpace(token), "\n")
	s.teacher = s.pupil()
	if err := s.teacher.post(ctx, "/api/signin", map[string]string{"token": token}, nil); err != nil {
		return nil, err
	}
	var class, lesson struct{ ID, Code string }
	if err := s.teacher.post(ctx, "/api/classes", map[string]string{"name": "Bench", "zone": "UTC"}, &class); err != nil {
		return nil, err
	}
	s.class, s.code = class.ID, class.Code
	if err := s.teacher.post(ctx, "/api/classes/"+class.ID+"/lessons", map[string]any{"scenario": "ping", "published": true}, &lesson); err != nil {
		return nil, err
	}
	s.lesson = lesson.ID
	for n := range classPeople {
		if err := s.teacher.post(ctx, "/api/classes/"+class.ID+"/members", map[string]string{"name": nameOf(n), "role": "student"}, nil); err != nil {
			return nil, err
		}
		s.people = append(s.people, s.pupil())
	}
	src, err := fastPing(pingEvery)
	if err != nil {
		return nil, err
	}
	s.program, err = src.Reference(src.Slots()[0])
	return s, err
}

func nameOf(n int) string { return fmt.Sprintf("Student %03d", n) }

// start starts the server and returns how long it took until it listened.
func (s *bigSchool) start(ctx context.Context) (took time.Duration, err error) {
	began := time.Now()
	s.server = exec.CommandContext(ctx, s.binary, "serve", "--addr", s.addr, "--data", filepath.Join(s.dir, "data"), "--access-log", "none")
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	s.server.Stderr, s.server.Stdout = log, log
	err = s.server.Start()
	if err = errors.Join(err, log.Close()); err != nil { // the server has it
		return 0, err
	}
	for time.Since(began) < time.Minute {
		if c, err := net.Dial("tcp", s.addr); err == nil {
			return time.Since(began), c.Close()
		}
		if err := pause(ctx, 5*time.Millisecond); err != nil {
			return 0, err
		}
	}
	return 0, errors.New("the server does not listen after a minute")
}

// ready waits until the server takes labs.
func (s *bigSchool) ready(ctx context.Context) error {
	p := s.pupil()
	for began := time.Now(); ; {
		err := p.ask(ctx, http.MethodGet, "/readyz", "", nil, nil)
		if err == nil || time.Since(began) > time.Minute {
			return err
		}
		if err := pause(ctx, 10*time.Millisecond); err != nil {
			return err
		}
	}
}

func (s *bigSchool) close() error {
	for _, p := range s.people {
		if p.conn != nil {
			_ = p.conn.CloseNow() // nothing more is wanted of it
		}
	}
	if s.server != nil && s.server.Process != nil {
		_ = s.server.Process.Signal(syscall.SIGTERM) // it may be gone
		timer := time.AfterFunc(30*time.Second, func() { _ = s.server.Process.Kill() })
		_ = s.server.Wait() // it was told to
		timer.Stop()
	}
	return os.RemoveAll(s.dir)
}

// spreadOut runs f for each of the people, evenly within a time.
func (s *bigSchool) spreadOut(within time.Duration, f func(n int, p *pupil) error) (failed int) {
	var all sync.WaitGroup
	var mu sync.Mutex
	for n, p := range s.people {
		all.Go(func() {
			time.Sleep(within * time.Duration(n) / classPeople)
			if err := f(n, p); err != nil {
				s.failed(err.Error())
				mu.Lock()
				failed++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return failed
}

// arrive has everybody sign in by the code, open their bench, and see it.
func (s *bigSchool) arrive(ctx context.Context) (first []time.Duration, failed int) {
	var mu sync.Mutex
	failed = s.spreadOut(classWithin, func(n int, p *pupil) error {
		began := time.Now()
		if err := p.post(ctx, "/api/join", map[string]string{"code": s.code, "name": nameOf(n)}, nil); err != nil {
			return err
		}
		var bench struct{ Lab string }
		if err := p.post(ctx, "/api/lessons/"+s.lesson+"/bench", map[string]string{}, &bench); err != nil {
			return err
		}
		p.lab = bench.Lab
		if err := p.watch(ctx); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		first = append(first, time.Since(began))
		return nil
	})
	return first, failed
}

// watch opens the lab's WebSocket, and returns when the first state is there.
func (p *pupil) watch(ctx context.Context) error {
	head := http.Header{}
	r := &http.Request{Header: head}
	for _, c := range p.cookie {
		r.AddCookie(c)
	}
	c, res, err := websocket.Dial(ctx, "ws://"+p.s.addr+"/api/labs/"+p.lab+"/stream", &websocket.DialOptions{HTTPHeader: head})
	if err != nil {
		if res != nil {
			return fmt.Errorf("watching: %d: %w", res.StatusCode, err)
		}
		return err
	}
	p.conn = c
	c.SetReadLimit(8 << 20)
	seen := make(chan error, 1)
	go p.read(ctx, seen)
	return <-seen
}

// read shows what comes, and acknowledges it.
func (p *pupil) read(ctx context.Context, seen chan<- error) {
	told, awaited := false, ""
	for {
		_, b, err := p.conn.Read(ctx)
		if err != nil {
			if !told {
				seen <- err
			}
			return
		}
		var m struct {
			Type string
			N    uint64
		}
		if json.Unmarshal(b, &m) != nil {
			continue
		}
		if m.Type == "state" && !told {
			told = true
			seen <- nil
		}
		select {
		case awaited = <-p.mark:
		default:
		}
		if awaited != "" && m.Type == "events" && bytes.Contains(b, []byte(awaited)) {
			awaited = ""
			p.shown <- time.Now()
		}
		if m.Type == "state" || m.Type == "events" {
			_ = p.conn.Write(ctx, websocket.MessageText, fmt.Appendf(nil, `{"type":"ack","n":%d}`, m.N)) // a reader that fails says so
		}
	}
}

// keystroke types a line, and returns how long it took until it was on the screen.
func (p *pupil) keystroke(ctx context.Context, n int) (time.Duration, error) {
	mark := fmt.Sprintf("mark%dq", n)
	p.mark <- mark
	began := time.Now()
	err := p.conn.Write(ctx, websocket.MessageText, fmt.Appendf(nil, `{"type":"cmd","id":%d,"op":"exec","node":"alice","line":"echo %s"}`, n, mark))
	if err != nil {
		return 0, err
	}
	select {
	case at := <-p.shown:
		return at.Sub(began), nil
	case <-time.After(10 * time.Second):
		return 0, errors.New("a keystroke was not on the screen after 10 s")
	}
}

// watched measures what it takes to show all labs and the wall, on which everybody types
// something every two seconds.
func (s *bigSchool) watched(ctx context.Context) (perBench, cores float64, err error) {
	head := http.Header{}
	r := &http.Request{Header: head}
	for _, c := range s.teacher.cookie {
		r.AddCookie(c)
	}
	c, _, err := websocket.Dial(ctx, "ws://"+s.addr+"/api/classes/"+s.class+"/wall", &websocket.DialOptions{HTTPHeader: head})
	if err != nil {
		return 0, 0, fmt.Errorf("the wall: %w", err)
	}
	defer func() { _ = c.CloseNow() }() // nothing more is wanted of it
	c.SetReadLimit(8 << 20)
	if _, _, err := c.Read(ctx); err != nil { // all cards
		return 0, 0, err
	}
	before, began := s.cpu(), time.Now()
	timed, cancel := context.WithTimeout(ctx, classSteady)
	defer cancel()
	var typing sync.WaitGroup
	for n, p := range s.people {
		if p.conn == nil {
			continue
		}
		typing.Go(func() {
			for i := 0; pause(timed, 2*time.Second*time.Duration(1+n%7)/4) == nil; i++ {
				_ = p.conn.Write(ctx, websocket.MessageText, fmt.Appendf(nil, `{"type":"cmd","id":%d,"op":"exec","node":"alice","line":"arp -a"}`, i)) // as above
				if pause(timed, 2*time.Second) != nil {
					return
				}
			}
		})
	}
	total := 0
	for {
		_, b, err := c.Read(timed)
		if err != nil {
			break
		}
		total += len(b)
	}
	typing.Wait()
	if ctx.Err() != nil {
		return 0, 0, ctx.Err()
	}
	took := time.Since(began).Seconds()
	return float64(total) / took / classPeople, (s.cpu() - before) / took, nil
}

// handIn has everybody hand in what the lesson's solution is, and a few type meanwhile.
func (s *bigSchool) handIn(ctx context.Context) (receipts, keys []time.Duration, failed int) {
	var mu sync.Mutex
	timed, cancel := context.WithCancel(ctx)
	var typing sync.WaitGroup
	for n, p := range s.people[:20] {
		if p.conn == nil {
			continue
		}
		typing.Go(func() {
			for i := 0; pause(timed, time.Second) == nil; i++ {
				took, err := p.keystroke(ctx, 1000*(n+1)+i)
				if err != nil {
					s.failed(err.Error())
					return
				}
				mu.Lock()
				keys = append(keys, took)
				mu.Unlock()
			}
		})
	}
	failed = s.spreadOut(classWithin, func(_ int, p *pupil) error {
		var b bytes.Buffer
		form := multipart.NewWriter(&b)
		part, err := form.CreateFormFile("program", "pingd.wasm")
		if err == nil {
			_, err = part.Write(s.program)
		}
		if err = errors.Join(err, form.Close()); err != nil {
			return err
		}
		began := time.Now()
		if err := p.ask(ctx, http.MethodPost, "/api/lessons/"+s.lesson+"/handins", form.FormDataContentType(), b.Bytes(), nil); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		receipts = append(receipts, time.Since(began))
		return nil
	})
	cancel()
	typing.Wait()
	return receipts, keys, failed
}

// kill kills the server, starts it again, and waits until everybody has their lab back.
func (s *bigSchool) kill(ctx context.Context) (listening, back time.Duration, lost int, err error) {
	if err := s.server.Process.Kill(); err != nil {
		return 0, 0, 0, err
	}
	_ = s.server.Wait() // it was killed
	began := time.Now()
	if listening, err = s.start(ctx); err != nil {
		return 0, 0, 0, err
	}
	lost = s.spreadOut(0, func(_ int, p *pupil) error {
		for time.Since(began) < time.Minute {
			var info struct{ Returning *struct{ Done float64 } }
			if err := p.ask(ctx, http.MethodGet, "/api/labs/"+p.lab, "", nil, &info); err == nil && info.Returning == nil {
				return nil
			}
			if err := pause(ctx, 100*time.Millisecond); err != nil {
				return err
			}
		}
		return errors.New("a lab was not back after a minute")
	})
	return listening, time.Since(began), lost, nil
}

// cpu is how many seconds of CPU time the server has had.
func (s *bigSchool) cpu() float64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.server.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	f := strings.Fields(rest)
	var user, system float64
	_, _ = fmt.Sscan(f[11]+" "+f[12], &user, &system) // proc(5): utime and stime, in ticks of 10 ms
	return (user + system) / 100
}

// resident is how many bytes of memory the server has.
func (s *bigSchool) resident() float64 {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", s.server.Process.Pid))
	if err != nil {
		return 0
	}
	defer func() { _ = f.Close() }() // only read
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "VmRSS:"); ok {
			var kib float64
			_, _ = fmt.Sscan(rest, &kib) // proc(5)
			return kib * 1024
		}
	}
	return 0
}
