package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"nhooyr.io/websocket"

	"wireloom/internal/httpapi"
	"wireloom/internal/product"
	"wireloom/internal/program"
	"wireloom/internal/scenario/format"
	"wireloom/internal/session"
	"wireloom/internal/visitor"
	"wireloom/vnet"
)

const (
	addressLabs  = 40 // that one address wants
	addressFor   = 20 * time.Second
	addressCores = 2
	addressLimit = time.Second // 99th percentile of what a second client waits, at most

	greedyViewers = 120 // pages of the greedy client

	politeClient = "198.51.100.2" // the other has no such header: it is this machine's address
)

// oneAddress has one address take all that a server gives it: labs at full speed and
// watched, uploads that never end, modules that keep the compiler busy, downloads,
// labs that come and go. Meanwhile another opens a lab, watches it, uploads a program
// and closes the lab, again and again. What counts is how long that one waits, and that
// it is never refused.
func oneAddress(ctx context.Context, _ int) (r *Report, err error) {
	runtime.GOMAXPROCS(addressCores)
	session.TuneGC()
	cache, err := os.MkdirTemp("", "wireloom-bench-") // of its own: what it compiles nobody wants again
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(cache)) }()
	e, err := product.OpenEngine(ctx, cache)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	site, err := openSite(ctx, e.Compile)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, site.close()) }()
	r = &Report{Title: fmt.Sprintf("one address that wants %d labs and all else, on %d cores, and a second client", addressLabs, addressCores)}
	for _, crowded := range []bool{false, true} {
		when, stop := "alone", func() error { return nil }
		if crowded {
			when = "beside it"
			if stop, err = site.greed(ctx); err != nil {
				return nil, err
			}
		}
		m, err := site.visit(ctx)
		if crowded && err == nil {
			err = site.count(ctx)
		}
		if err = errors.Join(err, stop()); err != nil {
			return nil, err
		}
		for _, x := range []struct {
			what  string
			waits []time.Duration
		}{{"a lab is open", m.open}, {"its page has the first message", m.hello}, {"a program is in its slot", m.upload}, {"a capture is there", m.download}} {
			p99 := milliseconds(quantile(x.waits, 0.99))
			row := figure(when+": "+x.what+", 99th percentile", "ms", one(p99), "")
			if crowded {
				row = below(when+": "+x.what+", 99th percentile", "ms", p99, milliseconds(addressLimit))
			}
			r.Rows = append(r.Rows, row, figure(when+": "+x.what+", median", "ms", one(milliseconds(quantile(x.waits, 0.5))), ""))
		}
		r.Rows = append(r.Rows, figure(when+": visits", "", one(float64(len(m.open))), ""), below(when+": times that it was refused", "", float64(m.refused), 0))
	}
	for _, x := range []struct {
		what string
		n    *atomic.Int64
	}{
		{"labs that the greedy address has", &site.labs},
		{"its pages that still watch", &site.viewers},
		{"its requests that were refused", &site.refused},
		{"its modules that kept the compiler busy", &site.uploads},
		{"its labs that came and went", &site.churned},
	} {
		r.Rows = append(r.Rows, figure(x.what, "", one(float64(x.n.Load())), ""))
	}
	return r, nil
}

// quantile is that of a few measured times: the smallest that at least so many are not above.
func quantile(waits []time.Duration, q float64) time.Duration {
	if len(waits) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(waits))
	return s[min(int(q*float64(len(s))), len(s)-1)]
}

// A site is a whole server, and what its greedy client has come to.
type site struct {
	api     *httpapi.Server
	srv     *httptest.Server
	addr    string
	client  http.Client
	program []byte

	ids []string // of the greedy client's labs

	labs, viewers, refused, uploads, churned atomic.Int64
}

func openSite(ctx context.Context, compile product.Compile) (*site, error) {
	src, err := fastPing(pingEvery)
	if err != nil {
		return nil, err
	}
	slots := src.Slots()
	if len(slots) != 1 {
		return nil, fmt.Errorf("the scenario ping has %d slots: adapt this benchmark", len(slots))
	}
	module, err := src.Reference(slots[0])
	if err != nil {
		return nil, err
	}
	if _, err := compile(ctx, "pingd.wasm", module); err != nil { // as the labs' first one
		return nil, err
	}
	proxies, err := visitor.ParseProxies([]string{"loopback"}, visitor.XForwardedFor)
	if err != nil {
		return nil, err
	}
	s := &site{program: module}
	s.api, err = httpapi.New(httpapi.Config{
		Scenarios: []httpapi.Scenario{{Name: "ping"}}, Compile: compile, Site: visitor.Site{Proxies: proxies},
		NewLab: func(ctx context.Context, _ string, _ bool) (*vnet.Lab, session.Setup, error) {
			return product.Build(ctx, src, compile, product.Options{Programs: map[format.Slot]program.File{slots[0]: {Name: "pingd.wasm", Module: module}}})
		},
	})
	if err != nil {
		return nil, err
	}
	s.srv = httptest.NewServer(s.api)
	s.addr = s.srv.Listener.Addr().String()
	s.client.Transport = &http.Transport{MaxIdleConnsPerHost: 16}
	return s, nil
}

func (s *site) close() error {
	s.client.CloseIdleConnections()
	timed, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	err := s.api.Close(timed, "the benchmark is over")
	s.srv.CloseClientConnections()
	s.srv.Close()
	return err
}

// ask sends a request for a client, "" for the greedy one.
func (s *site) ask(ctx context.Context, client, method, path string, body []byte) (status int, got []byte, err error) {
	r, err := http.NewRequestWithContext(ctx, method, "http://"+s.addr+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	if client != "" {
		r.Header.Set("X-Forwarded-For", client)
	}
	res, err := s.client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = res.Body.Close() }() // read to its end
	got, err = io.ReadAll(res.Body)
	return res.StatusCode, got, err
}

// count looks at how many pages watch.
func (s *site) count(ctx context.Context) error {
	_, got, err := s.ask(ctx, "", http.MethodGet, "/healthz", nil)
	if err != nil {
		return err
	}
	var h struct {
		Viewers int64 `json:"viewers"`
	}
	err = json.Unmarshal(got, &h)
	s.viewers.Store(h.Viewers)
	return err
}

func (s *site) newLab(ctx context.Context, client string) (id string, status int, err error) {
	status, got, err := s.ask(ctx, client, http.MethodPost, "/api/labs", []byte(`{"scenario":"ping"}`))
	if err != nil || status != http.StatusCreated {
		return "", status, err
	}
	var lab struct {
		ID string `json:"id"`
	}
	err = json.Unmarshal(got, &lab)
	return lab.ID, status, err
}

func (s *site) watch(ctx context.Context, client, id string) (*websocket.Conn, error) {
	head := http.Header{}
	if client != "" {
		head.Set("X-Forwarded-For", client)
	}
	c, _, err := websocket.Dial(ctx, "http://"+s.addr+"/api/labs/"+id+"/stream", &websocket.DialOptions{HTTPHeader: head})
	if err != nil {
		return nil, err
	}
	c.SetReadLimit(64 << 20)
	return c, nil
}

// another is a program that nobody has compiled: the module with a number behind it.
func another(module []byte, n int64) []byte {
	text := "\x01n" + strconv.FormatInt(n, 10)
	return append(append(slices.Clone(module), 0, byte(len(text))), text...) // a custom section
}

// greed has the greedy client take all that it gets. stop ends that.
func (s *site) greed(ctx context.Context) (stop func() error, err error) {
	ctx, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	stop = func() error {
		cancel()
		all.Wait()
		return nil
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, stop())
		}
	}()
	for range addressLabs {
		id, status, err := s.newLab(ctx, "")
		switch {
		case err != nil:
			return nil, err
		case id == "" && status == http.StatusTooManyRequests:
			s.refused.Add(1)
			continue
		case id == "":
			return nil, fmt.Errorf("the greedy client gets no lab: %d", status)
		}
		s.ids = append(s.ids, id)
	}
	s.labs.Store(int64(len(s.ids)))
	for i := range greedyViewers {
		c, err := s.watch(ctx, "", s.ids[i%len(s.ids)])
		if err == nil {
			err = c.Write(ctx, websocket.MessageText, []byte(`{"type":"cmd","id":1,"op":"rate","rate":0}`))
		}
		if err != nil {
			return nil, err
		}
		all.Go(func() {
			defer func() { _ = c.CloseNow() }() // it has seen enough
			for {
				_, r, err := c.Reader(ctx)
				if err == nil {
					_, err = io.Copy(io.Discard, r)
				}
				if err != nil {
					return
				}
			}
		})
	}
	// again does something until the end, and counts what was refused.
	again := func(f func(n int64) (status int, err error)) {
		all.Go(func() {
			for n := int64(0); ctx.Err() == nil; n++ {
				status, err := f(n)
				if err == nil && status >= 400 {
					s.refused.Add(1)
				}
			}
		})
	}
	// One lab makes room for those that come and go.
	last := s.ids[len(s.ids)-1]
	s.ids = s.ids[:len(s.ids)-1]
	path := func(n int64) string { return "/api/labs/" + s.ids[n%int64(len(s.ids))] }
	for i := range int64(4) {
		again(func(n int64) (int, error) {
			s.uploads.Add(1)
			status, _, err := s.ask(ctx, "", http.MethodPost, path(i)+"/programs?node=bob&proc=pingd&name=bomb.wasm", compileBomb(int(4*n+i)))
			return status, err
		})
		again(func(int64) (int, error) { return 0, s.dribble(ctx, path(4+i)) })
		again(func(n int64) (int, error) {
			status, _, err := s.ask(ctx, "", http.MethodGet, path(4*n+i)+"/capture.pcapng", nil)
			return status, err
		})
	}
	for range 2 {
		again(func(int64) (int, error) {
			id, status, err := s.newLab(ctx, "")
			if id == "" {
				return status, errors.Join(err, pause(ctx, 10*time.Millisecond))
			}
			s.churned.Add(1)
			status, _, err = s.ask(ctx, "", http.MethodDelete, "/api/labs/"+id, nil)
			return status, err
		})
	}
	_, _, err = s.ask(ctx, "", http.MethodDelete, "/api/labs/"+last, nil)
	return stop, err
}

// dribble uploads a program that never comes, until it is cut off.
func (s *site) dribble(ctx context.Context, lab string) error {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", s.addr)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = c.Close() })()
	defer func() { _ = c.Close() }() // it has no more to say
	if _, err := fmt.Fprintf(c, "POST %s/programs?node=bob&proc=pingd&name=x.wasm HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n\x00asm", lab); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, c)
	return err
}

// A visit is how long the second client waited, each time.
type visit struct {
	open, hello, upload, download []time.Duration
	refused                       int
}

// visit does what a student does, for a while.
func (s *site) visit(ctx context.Context) (*visit, error) {
	m := &visit{}
	began := time.Now()
	for n := int64(0); time.Since(began) < addressFor; n++ {
		if err := s.once(ctx, m, n); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (s *site) once(ctx context.Context, m *visit, n int64) error {
	var at time.Time
	lap := func(to *[]time.Duration) {
		*to = append(*to, time.Since(at))
		at = time.Now()
	}
	at = time.Now()
	id, status, err := s.newLab(ctx, politeClient)
	if err != nil {
		return err
	}
	if id == "" {
		m.refused++
		return pause(ctx, 100*time.Millisecond)
	}
	lap(&m.open)
	if status == http.StatusCreated {
		c, err := s.watch(ctx, politeClient, id)
		if err != nil {
			return err
		}
		defer func() { _ = c.CloseNow() }() // nothing more is wanted of it
		if _, _, err := c.Read(ctx); err != nil {
			return err
		}
		lap(&m.hello)
	}
	for _, x := range []struct {
		method, path string
		body         []byte
		to           *[]time.Duration
	}{
		{http.MethodPost, "/programs?node=bob&proc=pingd&name=mine.wasm", another(s.program, time.Now().UnixNano()+n), &m.upload},
		{http.MethodGet, "/capture.pcapng", nil, &m.download},
	} {
		status, got, err := s.ask(ctx, politeClient, x.method, "/api/labs/"+id+x.path, x.body)
		switch {
		case err != nil:
			return err
		case status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable:
			m.refused++
		case status != http.StatusOK:
			return fmt.Errorf("%s: %d %s", filepath.Base(x.path), status, got)
		}
		lap(x.to)
	}
	_, _, err = s.ask(ctx, politeClient, http.MethodDelete, "/api/labs/"+id, nil)
	return err
}
