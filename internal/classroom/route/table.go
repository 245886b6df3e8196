package route

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"wireloom/internal/identity"
	"wireloom/internal/protocol/class"
	"wireloom/internal/respond"
	"wireloom/internal/store"
	"wireloom/internal/visitor"
)

// Config says what a Table works with.
type Config struct {
	DB      *store.DB
	People  *identity.Manager
	Site    *visitor.Site
	Logger  *slog.Logger
	Finders Finders

	Refusals *visitor.Refusals // counts who was refused; nobody does if nil
}

// A Table answers by its routes.
type Table struct {
	conf   Config
	routes []Route
}

// New makes a table of routes; it fails for one that cannot be.
func New(c Config, routes []Route) (*Table, error) {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	for i := range routes {
		if err := routes[i].check(c.Finders); err != nil {
			return nil, err
		}
	}
	return &Table{conf: c, routes: routes}, nil
}

// Routes are the table's, for who serves them and for the test that walks them.
func (t *Table) Routes() []Route { return slices.Clone(t.routes) }

// Handler answers one of the table's routes. What the request has of the base path is
// taken off already, and it comes from a page of this site unless the route is Foreign.
func (t *Table) Handler(r Route) http.HandlerFunc {
	names := Params(r.Path)
	if r.Takes == 0 {
		r.Takes = DefaultTakes
	}
	if r.Max == 0 {
		r.Max = DefaultMax
	}
	return func(w http.ResponseWriter, hr *http.Request) {
		control := http.NewResponseController(w)
		at := time.Now().Add(r.Takes)
		_, _ = control.SetReadDeadline(at), control.SetWriteDeadline(at) // a writer that has none, as in a test, needs none
		w.Header().Set("Cache-Control", "no-store")
		hr.Body = http.MaxBytesReader(w, hr.Body, r.Max)
		q := &Request{
			Request: hr, Answer: w.Header(), ID: visitor.RequestID(hr.Context()), Client: t.conf.Site.Proxies.From(hr).Client,
			Who: t.conf.People.Who(hr), table: t,
		}
		var v any
		var err error
		if why := visitor.Known(hr.Context(), q.Who.Person, q.Who.Class); why != nil {
			w.Header().Set("Connection", "close")
			err = why
		} else {
			v, err = t.do(q, &r, names)
		}
		switch a := v.(type) {
		case Answer:
			if err == nil {
				a.send(w, hr)
				return
			}
		case nil:
			if err == nil {
				w.WriteHeader(http.StatusNoContent)
				return
			}
		}
		if err != nil {
			t.fail(w, q, &r, err)
			return
		}
		respond.JSON(w, http.StatusOK, v)
	}
}

func (t *Table) do(q *Request, r *Route, names []string) (any, error) {
	var admitted Request
	err := q.Read(func(tx *store.Tx) error {
		admitted = *q
		return t.admit(tx, &admitted, r, names)
	})
	if err != nil {
		return nil, err
	}
	return r.Do(&admitted)
}

// fail answers an error: a Problem and a refusal as they say, what the store says of rows
// in words, and whatever else as a mistake of this server's, which its log has.
func (t *Table) fail(w http.ResponseWriter, q *Request, r *Route, err error) {
	var p *Problem
	var refusal *visitor.Refusal
	limit, large := tooLarge(err)
	switch {
	case errors.As(err, &p):
	case errors.As(err, &refusal):
		p = &Problem{Status: refusal.Status, Sentence: refusal.Why, Retry: refusal.After, Queue: respond.Place(refusal.Queue)}
		t.conf.Refusals.Add(refusal.Kind)
	case large:
		p = &Problem{Status: http.StatusRequestEntityTooLarge, Sentence: respond.Sentence("that is too large: it may have at most %d bytes", limit)}
	case errors.Is(err, store.ErrNone):
		p = Missing(nothingHere)
	case errors.Is(err, store.ErrStale):
		p = Conflict("somebody else changed it meanwhile: load it again, and look what is different")
	case errors.Is(err, store.ErrTaken):
		p = Conflict("there is one like it already")
	case errors.Is(err, store.ErrFull):
		p = &Problem{Status: http.StatusInsufficientStorage, Sentence: "the server's disk is full: nothing of this was stored; tell who runs it", Retry: time.Minute}
		t.conf.Logger.Error("the disk is full", "request", q.ID, "error", err)
	case errors.Is(err, context.Canceled) && q.Context().Err() != nil:
		return // nobody waits for it
	default:
		p = &Problem{Status: http.StatusInternalServerError, Sentence: respond.Sentence("something went wrong in this server: try again, and if it stays so tell who runs it that it was request %s", q.ID)}
		t.conf.Logger.Error("a request failed", "request", q.ID, "method", q.Method, "error", err)
	}
	respond.RetryAfter(w.Header(), p.Retry)
	if r.Page {
		page(w, p.Status, respond.Sentence("%s", p.Sentence), string(q.Home("/")))
		return
	}
	respond.JSON(w, p.Status, class.Refusal{Error: respond.Sentence("%s", p.Sentence), Want: p.Want, Queue: p.Queue})
}
