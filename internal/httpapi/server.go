// Package httpapi is the server's HTTP side: it opens and closes labs, takes
// programs, hands out captures and recordings, and serves the page. Every error
// that it answers with is a sentence in JSON.
package httpapi

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"time"

	"wireloom/internal/session"
	"wireloom/internal/stream"
	"wireloom/vnet"
)

// Limits of a server; Config may set those that it names.
const (
	DefaultLabs       = 256      // labs open at once
	DefaultClientLabs = 32       // of them, opened from one address
	DefaultMemory     = 4 << 30  // bytes that the programs of all labs use when no more labs are opened
	MaxUpload         = 32 << 20 // bytes of a program
	maxUploads        = 16       // uploads at once
	maxLabFiles       = 4        // captures and recordings of one lab that are downloaded at once
	maxBody           = 4 << 10  // bytes of any other body
	maxName           = 128      // bytes of a program's file name
	replyTimeout      = 30 * time.Second
	uploadTimeout     = 60 * time.Second // for the body of a program to arrive
	compileTimeout    = 2 * time.Minute
	downloadTimeout   = 10 * time.Minute
)

// Scenario is a scenario that the server offers.
type Scenario struct {
	Name   string `json:"name"`
	Title  string `json:"title"`
	Course int    `json:"course,omitempty"` // its position in the course, from 1; 0 where it is not part of it
}

// Config says what a server offers and how much of it.
type Config struct {
	Version   string
	Logger    *slog.Logger // nothing is logged if nil
	Static    fs.FS        // the page; none if nil
	Scenarios []Scenario
	// NewLab builds a lab of one of Scenarios, which is not started.
	NewLab func(ctx context.Context, scenario string) (*vnet.Lab, session.Setup, error)
	// Compile makes a program of the bytes of an upload; its error is for who
	// uploaded it.
	Compile func(ctx context.Context, name string, wasm []byte) (vnet.Program, error)
	Session session.Options // of each lab; Version, Logger and Scheduler are the server's

	Labs       int      // DefaultLabs if 0
	ClientLabs int      // DefaultClientLabs if 0, no limit if negative
	Memory     int64    // DefaultMemory if 0
	Viewers    int      // stream.DefaultViewers if 0
	Compilers  int      // programs compiled at once; one for each core if 0
	Hosts      []string // names that the server answers to, without port; all if empty
}

// A Server is the handler of all of it. New makes one; Close ends its labs.
type Server struct {
	conf   Config
	log    *slog.Logger
	mux    routes
	sched  *session.Scheduler
	hub    *stream.Hub
	static *static

	base      context.Context // of all labs
	stop      context.CancelCauseFunc
	running   sync.WaitGroup // labs
	uploads   chan struct{}
	compilers chan struct{}

	mu      sync.Mutex
	labs    map[string]*lab
	opening int
	clients map[string]int // labs by who opened them
	closed  bool
}

// A lab is a session with what the server knows about it.
type lab struct {
	*session.Session
	id     string
	client string
	close  context.CancelCauseFunc
	upload chan struct{} // has room while nothing is being uploaded
	files  chan struct{} // has room for files to be downloaded
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// New returns a server that has no labs yet.
func New(c Config) (*Server, error) {
	c.Labs = or(c.Labs, DefaultLabs)
	c.ClientLabs = or(c.ClientLabs, DefaultClientLabs)
	c.Memory = or(c.Memory, int64(DefaultMemory))
	c.Compilers = or(c.Compilers, runtime.GOMAXPROCS(0))
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{
		conf: c, log: c.Logger, sched: or(c.Session.Scheduler, session.NewScheduler(0)),
		hub:     &stream.Hub{Version: c.Version, Viewers: c.Viewers, Logger: c.Logger},
		uploads: make(chan struct{}, maxUploads), compilers: make(chan struct{}, c.Compilers),
		labs: map[string]*lab{}, clients: map[string]int{},
	}
	var err error
	if s.static, err = newStatic(c.Static); err != nil {
		return nil, err
	}
	s.base, s.stop = context.WithCancelCause(context.Background())
	s.mux.HandleFunc("GET /healthz", s.health)
	s.mux.HandleFunc("GET /api/scenarios", s.scenarios)
	s.mux.HandleFunc("POST /api/labs", s.openLab)
	s.mux.HandleFunc("GET /api/labs/{id}", s.withLab(s.describe))
	s.mux.HandleFunc("DELETE /api/labs/{id}", s.withLab(s.closeLab))
	s.mux.HandleFunc("GET /api/labs/{id}/stream", s.withLab(s.stream))
	s.mux.HandleFunc("POST /api/labs/{id}/programs", s.withLab(s.program))
	s.mux.HandleFunc("GET /api/labs/{id}/capture.pcapng", s.withLab(s.capture))
	s.mux.HandleFunc("GET /api/labs/{id}/recording", s.withLab(s.recording))
	s.mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		fail(w, http.StatusNotFound, "there is no %s %s here", r.Method, r.URL.Path)
	})
	s.mux.Handle("/", s.static)
	return s, nil
}

// Scheduler is what shares the machine among the labs.
func (s *Server) Scheduler() *session.Scheduler { return s.sched }

// policy is what the page may load and do: what this server gives it, and no more.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	if !s.knows(r.Host) {
		fail(w, http.StatusMisdirectedRequest, "this server does not answer to the name %q; start it with --host to allow that", r.Host)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead && !stream.SameOrigin(r) {
		fail(w, http.StatusForbidden, "a page of another site may not do this: use this server's own page")
		return
	}
	deadlines(w, replyTimeout)
	s.mux.ServeHTTP(w, r)
}

// deadlines gives the body of a request and its answer d from now on.
func deadlines(w http.ResponseWriter, d time.Duration) {
	c := http.NewResponseController(w)
	at := time.Now().Add(d)
	_, _ = c.SetReadDeadline(at), c.SetWriteDeadline(at) // a writer that has none, as in a test, needs none
}

// knows reports whether the server answers to the host of a request. A page of
// another site whose name was made to lead here would pass for one of ours.
func (s *Server) knows(host string) bool {
	if len(s.conf.Hosts) == 0 {
		return true
	}
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	for _, h := range s.conf.Hosts {
		if strings.EqualFold(h, host) {
			return true
		}
	}
	return false
}

// Close ends every lab, whose viewers are told why, and waits for all of it. It
// fails if ctx ends first.
func (s *Server) Close(ctx context.Context, why string) error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.stop(errors.New(why))
	gone := make(chan struct{})
	go func() {
		s.running.Wait()
		close(gone)
	}()
	select {
	case <-gone:
	case <-ctx.Done():
		return fmt.Errorf("labs are still closing: %w", ctx.Err())
	}
	return s.hub.Close(ctx)
}

// withLab finds the lab that a request names.
func (s *Server) withLab(f func(http.ResponseWriter, *http.Request, *lab)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		l := s.labs[r.PathValue("id")]
		s.mu.Unlock()
		if l == nil {
			fail(w, http.StatusNotFound, "this lab is not there any more: it was closed, or the server was started anew; start a new lab")
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		f(w, r, l)
	}
}

// clientOf is who a request comes from, for limits: an IPv4 address, or the network
// that an IPv6 host chooses its addresses from.
func clientOf(r *http.Request) string {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	a := ap.Addr().Unmap().WithZone("")
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}

// reserve makes room for a lab of client's, or says why there is none.
func (s *Server) reserve(client string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	memory := int64(0)
	for _, l := range s.labs {
		memory += l.Memory()
	}
	switch {
	case s.closed:
		return errors.New("the server is stopping: try again in a moment")
	case len(s.labs)+s.opening >= s.conf.Labs:
		return fmt.Errorf("this server runs %d labs, which is as many as it may: try again later", len(s.labs))
	case s.conf.ClientLabs > 0 && s.clients[client] >= s.conf.ClientLabs:
		return fmt.Errorf("there are %d labs from your address, which is as many as there may be: close one first", s.clients[client])
	case memory >= s.conf.Memory:
		return errors.New("the programs of this server's labs use all the memory that they may: try again later")
	}
	s.opening++
	s.clients[client]++
	return nil
}

func (s *Server) unreserve(client string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opening--
	s.forget(client)
}

func (s *Server) forget(client string) {
	if s.clients[client]--; s.clients[client] == 0 {
		delete(s.clients, client)
	}
}

// unbuilt is why a scenario's lab cannot be built. What is wrong with its programs, or
// where they lie, is for who runs the server: they may be solutions.
type unbuilt struct{ why error }

func (e *unbuilt) Error() string {
	return "this server cannot build that lab; its log says why, for who runs it"
}

// forLog is what an operator reads of an error.
func forLog(err error) error {
	if u := (*unbuilt)(nil); errors.As(err, &u) {
		return u.why
	}
	return err
}

// open opens a lab.
func (s *Server) open(ctx context.Context, scenario, client string) (*lab, error) {
	vl, setup, err := s.conf.NewLab(ctx, scenario)
	if err != nil {
		return nil, &unbuilt{err}
	}
	id := rand.Text() // 130 bits
	o := s.conf.Session
	o.Scheduler, o.Version, o.Logger = s.sched, s.conf.Version, s.log.With("lab", id[:8])
	sess, err := session.New(vl, setup, o)
	if err != nil {
		vl.Close()
		return nil, err
	}
	l := &lab{Session: sess, id: id, client: client, upload: make(chan struct{}, 1), files: make(chan struct{}, maxLabFiles)}
	ctx, l.close = context.WithCancelCause(s.base)
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		vl.Close()
		l.close(nil)
		return nil, errors.New("the server is stopping: try again in a moment")
	}
	s.labs[id] = l
	s.opening--
	s.running.Add(1)
	s.mu.Unlock()
	o.Logger.Info("lab opened", "scenario", scenario, "client", client, "seed", setup.Seed)
	began := time.Now()
	go func() {
		defer s.running.Done()
		sess.Run(ctx)
		l.close(nil)
		s.mu.Lock()
		delete(s.labs, id)
		s.forget(client)
		s.mu.Unlock()
		snap, _ := sess.Snapshot()
		o.Logger.Info("lab closed", "why", sess.Reason(), "lasted", time.Since(began).Round(time.Second), "steps", snap.Steps)
	}()
	return l, nil
}

// reply answers with v as JSON.
func reply(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic("httpapi: an answer cannot be JSON: " + err.Error())
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n')) // who does not wait for it does not need it
}

// fail answers with a sentence that says what happened, to what, and what to do.
func fail(w http.ResponseWriter, status int, format string, args ...any) {
	reply(w, status, struct {
		Error string `json:"error"`
	}{fmt.Sprintf(format, args...)})
}
