// Package httpapi is the server's HTTP side: it opens and closes labs, takes
// programs, hands out captures and recordings, and serves the page. Every error
// that it answers with is a sentence in JSON.
package httpapi

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"wireloom/internal/budget"
	"wireloom/internal/door"
	"wireloom/internal/session"
	"wireloom/internal/stream"
	"wireloom/internal/visitor"
	"wireloom/vnet"
	"wireloom/vnet/sys"
)

// Scenario is a scenario that the server offers.
type Scenario struct {
	Name     string `json:"name"`
	Title    string `json:"title"`
	Course   int    `json:"course,omitempty"`   // its position in the course, from 1; 0 where it is not part of it
	Goal     string `json:"goal,omitempty"`     // a sentence
	Exercise bool   `json:"exercise,omitempty"` // its programs are the visitor's to write: there is a starter, and a lab of it may begin empty
	Solved   bool   `json:"solved,omitempty"`   // a lab of it may begin with a solution
	Checked  bool   `json:"checked,omitempty"`  // it has checks that a visitor may see
	Opens    bool   `json:"opens,omitempty"`    // the page begins with it, and not with the list
}

// Config says what a server offers and how much of it.
type Config struct {
	Version   string
	Logger    *slog.Logger // nothing is logged if nil
	Static    fs.FS        // the page; none if nil
	Scenarios []Scenario
	// NewLab builds a lab of one of Scenarios, which is not started. Where it is to be
	// empty, no slot of it has a program.
	NewLab func(ctx context.Context, scenario string, empty bool) (*vnet.Lab, session.Setup, error)
	// Starter returns what visitors get to begin with, a zip; nil where there is nothing.
	Starter func(scenario string) []byte
	// Check grades what a lab's slots have with the checks that its visitors may see. The
	// result is for them, as JSON; the error is a sentence for them.
	Check func(ctx context.Context, c Checking) (any, error)
	// Compile makes a program of the bytes of an upload; its error is for who
	// uploaded it.
	Compile func(ctx context.Context, name string, wasm []byte) (sys.Program, error)
	// Compiled is Compile of what is compiled already; it returns nil for the rest. It may
	// be nil itself.
	Compiled func(name string, wasm []byte) sys.Program
	Doors    *door.Policy    // who may be plugged into labs from outside; nobody if nil
	Session  session.Options // of each lab; Version, Logger, Scheduler, Owner, Room and Claim are the server's

	// Client returns who is signed in by a request, and the class that it is for; "" for a
	// stranger. Everybody is one if it is nil.
	Client func(r *http.Request) (person, class string)

	// Access returns what a request may do with a lab; Full for everybody who knows its id
	// if it is nil.
	Access func(r *http.Request, lab string) Access
	// Visit makes the pass of who was let in to watch a lab; its Owner is the server's. A
	// pass for everything if it is nil.
	Visit func(r *http.Request, lab string) *stream.Pass

	Limits   Limits
	Refusals *visitor.Refusals             // counts who was refused; its own if nil
	Budget   *budget.Budget                // of memory; no limit if nil
	Site     visitor.Site                  // what it is called, and the proxies in front of it
	Ready    []func(context.Context) error // each says why the server can't serve now; for /readyz

	Routes []Route // beside those of the labs
}

// A Route is one of another room's, below the base path as all are.
type Route struct {
	Method, Path string
	Foreign      bool // a page of another site may send it
	Do           http.HandlerFunc
}

// Checking is what is to be checked, and what that may use of the server.
type Checking struct {
	Scenario  string
	Programs  []session.Held
	Scheduler *session.Scheduler
	Owner     session.Owner
	Claim     *budget.Claim
}

// A Server is the handler of all of it. New makes one; Close ends its labs.
type Server struct {
	conf   Config
	log    *slog.Logger
	mux    routes
	sched  *session.Scheduler
	hub    *stream.Hub
	static *static
	abroad map[string]bool // the paths that pages of other sites may post to

	base    context.Context // of all labs
	stop    context.CancelCauseFunc
	running sync.WaitGroup // labs

	quotas    quotas
	compilers visitor.Gate
	openers   visitor.Gate
	checkers  visitor.Gate
	advisor   visitor.Advisor
	refusals  *visitor.Refusals

	mu               sync.Mutex
	labs             map[string]*lab
	draining, closed bool
}

// A lab is a session with what the server knows about it.
type lab struct {
	*session.Session
	id      string
	client  visitor.Client // who opened it
	close   context.CancelCauseFunc
	doors   *door.Doors
	upload  chan struct{} // has room while nothing is being uploaded
	check   chan struct{} // has room while nothing is being checked
	refused atomic.Value  // string: why the last who wanted to watch was not let in; "" if it was
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
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{
		conf: c, log: c.Logger, sched: or(c.Session.Scheduler, session.NewScheduler(0)), labs: map[string]*lab{},
		compilers: visitor.Gate{All: compilers, Each: compilers / 2}, openers: visitor.Gate{All: openers, Each: openers / 2},
		checkers: visitor.Gate{All: checkers, Each: 1},
		advisor:  visitor.Advisor{Logger: c.Logger}, refusals: or(c.Refusals, &visitor.Refusals{}),
	}
	s.quotas.init(c.Limits)
	if most := c.Budget.Limit() / inFlightShare; most > 0 {
		s.quotas.inFlight.All = min(s.quotas.inFlight.All, max(most, MaxUpload))
	}
	s.hub = &stream.Hub{Version: c.Version, Logger: c.Logger, Site: &s.conf.Site, Admit: s.admit, Refused: s.notShown, Scheduler: s.sched}
	var err error
	if s.static, err = newStatic(c.Static); err != nil {
		return nil, err
	}
	s.base, s.stop = context.WithCancelCause(context.Background())
	get := func(f http.HandlerFunc) methods { return methods{http.MethodGet: f} }
	s.mux.add("/healthz", get(s.health))
	s.mux.add("/readyz", get(s.ready))
	s.mux.add("/api/scenarios", get(s.scenarios))
	s.mux.add("/api/scenarios/{name}/starter.zip", get(s.starter))
	s.mux.add("/api/labs", methods{http.MethodPost: s.openLab})
	s.mux.add("/api/labs/{id}", methods{http.MethodGet: s.withLab(Watch, s.describe), http.MethodDelete: s.withLab(Full, s.closeLab)})
	s.mux.add("/api/labs/{id}/stream", get(s.withLab(Watch, s.stream)))
	s.mux.add("/api/labs/{id}/doors/{port}", get(s.withLab(Full, s.door)))
	s.mux.add("/api/labs/{id}/programs", methods{http.MethodPost: s.withLab(Full, s.program)})
	s.mux.add("/api/labs/{id}/check", methods{http.MethodPost: s.withLab(Full, s.checkLab)})
	s.mux.add("/api/labs/{id}/capture.pcapng", get(s.withLab(Watch, s.capture)))
	s.mux.add("/api/labs/{id}/points", get(s.withLab(Watch, s.points)))
	s.mux.add("/api/labs/{id}/live.pcapng", get(s.withLab(Watch, s.liveCapture)))
	s.mux.add("/api/labs/{id}/recording", get(s.withLab(Watch, s.recording)))
	s.abroad = map[string]bool{}
	others := map[string]methods{}
	for _, r := range c.Routes {
		if others[r.Path] == nil {
			others[r.Path] = methods{}
		}
		others[r.Path][r.Method] = r.Do
		s.abroad[r.Path] = s.abroad[r.Path] || r.Foreign
	}
	for path, m := range others {
		s.mux.add(path, m)
	}
	nothing := func(w http.ResponseWriter, r *http.Request) {
		fail(w, http.StatusNotFound, "there is no %s %s here", shown(r.Method), shown(r.URL.Path))
	}
	s.mux.rest("/api/", nothing)
	s.mux.rest("/", s.page)
	return s, nil
}

// Listen returns l with the limit of connections.
func (s *Server) Listen(l net.Listener) net.Listener {
	return &visitor.Listener{Listener: l, Quota: &s.quotas.connections, Proxies: s.conf.Site.Proxies, Refusals: s.refusals}
}

// Scheduler is what shares the machine among the labs.
func (s *Server) Scheduler() *session.Scheduler { return s.sched }

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

// withLab finds the lab that a request names, for who has so much access to it.
func (s *Server) withLab(needs Access, f func(http.ResponseWriter, *http.Request, *lab)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		l := s.labs[r.PathValue("id")]
		s.mu.Unlock()
		has := None
		if l != nil {
			has = s.access(r, l.id)
		}
		if has == None {
			fail(w, http.StatusNotFound, "this lab is not there any more: it was closed, or the server was started anew; start a new lab")
			return
		}
		if has < needs {
			if r.Method == http.MethodPost {
				drain(w, r)
			}
			s.refuse(w, errWatcher())
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		f(w, r, l)
	}
}

// reserve makes room for a lab of client's, or says why there is none.
func (s *Server) reserve(client visitor.Client) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.draining {
		return errStopping()
	}
	if why := s.quotas.labs.Take(client, 1); why != nil {
		return why
	}
	return nil
}

func (s *Server) unreserve(client visitor.Client) { s.quotas.labs.Give(client, 1) }

func errStopping() error {
	return visitor.Busy(visitor.KindStopping, retrySoon, "the server is stopping: try again in a moment")
}

// admit lets a viewer in.
func (s *Server) admit(r *http.Request, id string) (*stream.Pass, *visitor.Refusal) {
	client := s.client(r)
	if why := s.quotas.viewers.Take(client, 1); why != nil {
		return nil, why
	}
	pass := &stream.Pass{}
	if s.conf.Visit != nil {
		pass = s.conf.Visit(r, id)
	}
	left := pass.Leave
	pass.Owner = ownerOf(client)
	pass.Leave = func() {
		if left != nil {
			left()
		}
		s.quotas.viewers.Give(client, 1)
	}
	return pass, nil
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

// open opens a lab with the memory that was claimed for it.
func (s *Server) open(ctx context.Context, ask labAsk, client visitor.Client, claim *budget.Claim) (*lab, error) {
	vl, setup, err := s.conf.NewLab(ctx, ask.Scenario, ask.Empty)
	if err != nil {
		return nil, &unbuilt{err}
	}
	id := rand.Text() // 130 bits
	o := s.conf.Session
	o.Scheduler, o.Version, o.Logger = s.sched, s.conf.Version, s.log.With("lab", id[:8])
	o.Owner, o.Room, o.Claim = ownerOf(client), room{&s.quotas.disk, client}, claim
	sess, err := session.New(vl, setup, o)
	if err != nil {
		vl.Close()
		return nil, err
	}
	l := &lab{Session: sess, id: id, client: client, upload: make(chan struct{}, 1), check: make(chan struct{}, 1)}
	l.doors = door.New(sess, or(s.conf.Doors, &door.Policy{}), strings.ToLower(id[:8]), o.Logger)
	ctx, l.close = context.WithCancelCause(s.base)
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		vl.Close()
		l.close(nil)
		return nil, errStopping()
	}
	s.labs[id] = l
	s.running.Add(1)
	s.mu.Unlock()
	claim.Closer(l.close)
	o.Logger.Info("lab opened", "scenario", ask.Scenario, "client", client.Key(), "seed", setup.Seed)
	began := time.Now()
	go func() {
		defer s.running.Done()
		var doors sync.WaitGroup
		doors.Go(func() { l.doors.Run(ctx) })
		sess.Run(ctx)
		l.close(nil)
		doors.Wait()
		s.mu.Lock()
		delete(s.labs, id)
		s.mu.Unlock()
		s.unreserve(client)
		snap, _ := sess.Snapshot()
		o.Logger.Info("lab closed", "why", sess.Reason(), "lasted", time.Since(began).Round(time.Second), "steps", snap.Steps)
	}()
	return l, nil
}
