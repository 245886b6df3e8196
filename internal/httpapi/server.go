// Package httpapi is the server's HTTP side: it opens and closes labs, takes
// programs, hands out captures and recordings, and serves the page. Every error
// that it answers with is a sentence in JSON.
package httpapi

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"wireloom/internal/admission"
	"wireloom/internal/budget"
	"wireloom/internal/door"
	"wireloom/internal/keeper"
	"wireloom/internal/labapi"
	"wireloom/internal/sched"
	"wireloom/internal/session"
	"wireloom/internal/store"
	"wireloom/internal/stream"
	"wireloom/internal/visitor"
	"wireloom/vnet"
	"wireloom/vnet/sys"
)

// A Scenario is one that the server offers.
type Scenario = labapi.Scenario

// Config says what a server offers and how much of it: each limit and each thing that it needs of
// others is one of its fields.
type Config struct {
	Version   string
	Logger    *slog.Logger // nothing is logged if nil
	Static    fs.FS        // the page; none if nil
	Scenarios []Scenario
	// Keeper has the labs. If it is nil the server makes one that keeps none, with NewLab,
	// Doors and Session.
	Keeper *keeper.Keeper
	// NewLab builds a lab of one of Scenarios, which is not started. Where it is to be
	// empty, no slot of it has a program.
	NewLab func(ctx context.Context, scenario string, empty bool) (*vnet.Lab, session.Setup, error)
	// Starter returns what visitors get to begin with, a zip; nil where there is nothing.
	Starter func(scenario string) []byte
	// Check grades what a lab's slots have with the checks that its visitors may see. The
	// result is for them, as JSON; the error is a sentence for them.
	Check func(ctx context.Context, c Checking) (any, error)
	// Checked is told the result of a lab's check; it may be nil.
	Checked func(lab string, result any)
	// Compile makes a program of the bytes of an upload; its error is for who
	// uploaded it.
	Compile func(ctx context.Context, name string, wasm []byte) (sys.Program, error)
	// Compiled is Compile of what is compiled already; it returns nil for the rest. It may
	// be nil itself.
	Compiled func(name string, wasm []byte) sys.Program
	Doors    *door.Policy    // who may be plugged into labs from outside; nobody if nil
	Session  session.Options // of each lab; Version, Logger, Owner, Room and Claim are the server's

	// Client returns who is signed in by a request, and the class that it is for; "" for a
	// stranger. Everybody is one if it is nil.
	Client func(r *http.Request) (person, class string)

	// Access returns what a request may do with a lab; Full for everybody who knows its id
	// if it is nil.
	Access func(r *http.Request, lab string) Access
	// Visit makes the pass of who was let in to watch a lab; its Owner is the server's. A
	// pass for everything if it is nil.
	Visit func(r *http.Request, lab string) *stream.Pass

	Ping time.Duration // who watches a lab hears of it at least so often; a default if 0

	// Anonymous says why nobody may have a lab without signing in, for them; "" where everybody
	// may, as everybody may if it is nil.
	Anonymous func() (why string)

	Limits   Limits
	Refusals *visitor.Refusals             // counts who was refused; its own if nil
	Budget   *budget.Budget                // of memory; no limit if nil
	Site     visitor.Site                  // what it is called, and the proxies in front of it
	Ready    []func(context.Context) error // each says why the server can't serve now; for /readyz

	Routes []Route // beside those of the labs
	// Frames are the origins whose pages may show this server's in a frame, for who asks; none
	// if it is nil.
	Frames func(r *http.Request) []string
}

// A Route is one of another room's, below the base path as all are.
type Route struct {
	Method, Path string
	Foreign      bool // a page of another site may send it
	Do           http.HandlerFunc
}

// Checking is what is to be checked, and what that may use of the server.
type Checking struct {
	Lab       keeper.Ask
	Programs  []session.Held
	Scheduler *sched.Scheduler
	Owner     sched.Owner
	Claim     *budget.Claim
	Spent     func(time.Duration) (why string) // session.Options.Spent
}

// A Server is the handler of all of it. New makes one; Close ends its labs.
type Server struct {
	conf   Config
	log    *slog.Logger
	mux    routes
	sched  *sched.Scheduler
	hub    *stream.Hub
	static *static
	abroad map[string]bool // the paths that pages of other sites may post to

	keeper *keeper.Keeper

	quotas    quotas
	cpu       visitor.Allowance
	compilers visitor.Gate
	checkers  visitor.Gate
	advisor   visitor.Advisor
	refusals  *visitor.Refusals
	queue     admission.Queue
	evicted   time.Time // the queue calls one at a time who sets it

	mu               sync.Mutex
	draining, closed bool
}

type lab = keeper.Lab

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
		conf: c, log: c.Logger, keeper: c.Keeper,
		compilers: visitor.Gate{All: compilers, Each: compilers / 2},
		checkers:  visitor.Gate{All: checkers, Each: 1},
		advisor:   visitor.Advisor{Logger: c.Logger}, refusals: or(c.Refusals, &visitor.Refusals{}),
	}
	s.quotas.init(c.Limits)
	s.cpu.Each = or(c.Limits.CPU, DefaultLimits.CPU)
	if s.keeper == nil {
		var err error
		if s.keeper, err = s.passing(); err != nil {
			return nil, err
		}
	}
	s.queue.Take = s.takeLab
	s.queue.Give = func(client visitor.Client) { s.quotas.labs.Give(client, 1) }
	s.keeper.Places(s.place)
	s.sched = s.keeper.Scheduler()
	if most := c.Budget.Limit() / inFlightShare; most > 0 {
		s.quotas.inFlight.All = min(s.quotas.inFlight.All, max(most, MaxUpload))
	}
	s.hub = &stream.Hub{Version: c.Version, Logger: c.Logger, Web: stream.Web{Site: &s.conf.Site, Admit: s.admit, Refused: s.notShown}, Scheduler: s.sched, Ping: c.Ping}
	var err error
	if s.static, err = newStatic(c.Static); err != nil {
		return nil, err
	}
	get := func(f http.HandlerFunc) methods { return methods{http.MethodGet: f} }
	s.mux.add("/healthz", get(s.health))
	s.mux.add("/readyz", get(s.ready))
	s.mux.add("/api/scenarios", get(s.scenarios))
	s.mux.add("/api/scenarios/{name}/starter.zip", get(s.starter))
	s.mux.add("/api/labs", methods{http.MethodPost: s.openLab})
	s.mux.add("/api/queue/{ticket}", get(s.queued))
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
func (s *Server) Scheduler() *sched.Scheduler { return s.sched }

// Close ends every lab, whose viewers are told why, and waits for all of it. It
// fails if ctx ends first.
func (s *Server) Close(ctx context.Context, why string) error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	if err := s.keeper.Close(ctx, why); err != nil {
		return err
	}
	return s.hub.Close(ctx)
}

// withLab finds the lab that a request names, for who has so much access to it.
func (s *Server) withLab(needs Access, f func(http.ResponseWriter, *http.Request, *lab)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id := r.PathValue("id")
		has := s.access(r, id)
		if has == None {
			noLab(w)
			return
		}
		if has < needs {
			if r.Method == http.MethodPost {
				drain(w, r)
			}
			s.refuse(w, errWatcher())
			return
		}
		client := s.client(r)
		if why := visitor.Known(r.Context(), client.Person, client.Class); why != nil {
			if r.Method == http.MethodPost {
				drain(w, r)
			}
			w.Header().Set("Connection", "close")
			s.refuse(w, why)
			return
		}
		l, err := s.lab(r, id, client)
		if err != nil {
			if r.Method == http.MethodPost {
				drain(w, r)
			}
			s.noLabNow(w, err)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		f(w, r, l)
	}
}

// lab finds a lab, which is brought back if it is parked.
func (s *Server) lab(r *http.Request, id string, client visitor.Client) (*lab, error) {
	ctx, cancel := context.WithTimeout(r.Context(), replyTimeout/2)
	defer cancel()
	l, err := s.keeper.Get(ctx, id, client)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, visitor.Busy(visitor.KindBusy, retrySoon, "this lab is coming back: try again in a moment")
	}
	return l, err
}

func noLab(w http.ResponseWriter) {
	fail(w, http.StatusNotFound, "this lab is not there any more: it was closed, or the server was started anew; start a new lab")
}

// noLabNow says why there is no lab of an id.
func (s *Server) noLabNow(w http.ResponseWriter, err error) {
	gone := (*keeper.Gone)(nil)
	switch {
	case errors.Is(err, store.ErrNone):
		noLab(w)
	case errors.As(err, &gone):
		fail(w, http.StatusGone, "%s", plain(err))
	default:
		s.refuse(w, err)
	}
}

// reserve makes room for a lab of client's, or says why there is none.
func (s *Server) reserve(client visitor.Client) error {
	s.mu.Lock()
	stopping := s.closed || s.draining
	s.mu.Unlock()
	if stopping {
		return errStopping()
	}
	if why := s.mayVisit(client); why != nil {
		return why
	}
	if why := s.cpu.Over(client); why != nil {
		return why
	}
	if why := s.queue.Admit(client); why != nil {
		return why
	}
	return nil
}

// takeLab makes room for a lab of client's. For a person a stranger's lab makes room that
// nobody watches.
func (s *Server) takeLab(client visitor.Client) *visitor.Refusal {
	why := s.quotas.labs.Take(client, 1)
	if now := time.Now(); why != nil && why.Status == http.StatusServiceUnavailable && !client.Stranger() && now.Sub(s.evicted) > evictEvery {
		s.evicted = now
		s.keeper.Evict() // the place is free when it is parked: who waits is next
	}
	return why
}

// mayVisit says why a stranger may have no lab here now.
func (s *Server) mayVisit(client visitor.Client) *visitor.Refusal {
	if !client.Stranger() || s.conf.Anonymous == nil {
		return nil
	}
	if why := s.conf.Anonymous(); why != "" {
		return visitor.Busy(visitor.KindAnonymous, retryMuchLater, "labs without signing in are switched off here: %s", why)
	}
	return nil
}

// place is what a lab that lives has of the server.
func (s *Server) place(client visitor.Client) (keeper.Place, error) {
	if err := s.reserve(client); err != nil {
		return keeper.Place{}, err
	}
	return keeper.Place{
		Owner: ownerOf(client), Room: room{&s.quotas.disk, client}, Spent: s.spending(client),
		Leave: func() { s.quotas.labs.Give(client, 1); s.queue.Left() },
		Short: func(why *visitor.Refusal) *visitor.Refusal { return s.queue.Refused(client, why) },
	}, nil
}

// spending charges the time of turns to a client. People are not charged: they have their share.
func (s *Server) spending(client visitor.Client) func(time.Duration) string {
	if !client.Stranger() {
		return nil
	}
	return func(d time.Duration) string {
		s.cpu.Spend(client, d)
		why := s.cpu.Over(client)
		if why == nil {
			return ""
		}
		s.refusals.Add(why.Kind)
		return why.Why
	}
}

// passing makes a keeper whose labs are gone when they end.
func (s *Server) passing() (*keeper.Keeper, error) {
	o := s.conf.Session
	o.Version = s.conf.Version
	return keeper.New(context.Background(), keeper.Config{
		Session: o, Doors: s.conf.Doors, Budget: s.conf.Budget, Logger: s.log,
		Build: func(ctx context.Context, ask keeper.Ask) (keeper.Built, error) {
			vl, setup, err := s.conf.NewLab(ctx, ask.Scenario, ask.Empty)
			return keeper.Built{Lab: vl, Setup: setup}, err
		},
	})
}

func errStopping() error {
	return visitor.Busy(visitor.KindStopping, retrySoon, "the server is stopping: try again in a moment")
}

// Stats are what a server does now.
type Stats struct {
	Limits   map[string]visitor.Use
	Viewers  int
	Waiting  int // in the queue
	Refusals *visitor.Refusals
	Memory   budget.Stats
}

// Stats says what the server does now.
func (s *Server) Stats() Stats {
	return Stats{s.use(), s.hub.Count(), s.queue.Len(), s.refusals, s.conf.Budget.Stats()}
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
