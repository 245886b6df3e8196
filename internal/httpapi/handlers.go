package httpapi

import (
	"bytes"
	"context"
	"errors"
	"mime"
	"net/http"
	"path"
	"slices"
	"strconv"
	"time"

	"wireloom/internal/budget"
	"wireloom/internal/keeper"
	"wireloom/internal/labapi"
	"wireloom/internal/respond"
	"wireloom/internal/session"
	"wireloom/internal/terminal"
	"wireloom/internal/visitor"
)

func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	closed := s.closed
	s.mu.Unlock()
	labs := s.keeper.Count()
	status, text := http.StatusOK, "ok"
	if closed {
		status, text = http.StatusServiceUnavailable, "stopping"
	}
	reply(w, status, struct {
		Status  string  `json:"status"`
		Version string  `json:"version"`
		Labs    int     `json:"labs"`
		Viewers int     `json:"viewers"`
		Memory  memory  `json:"memory"`
		LagP99  float64 `json:"lag_p99_ms"` // of virtual time behind real time, since the server began

		Limits      map[string]visitor.Use `json:"limits"`
		Misdirected uint64                 `json:"misdirected"` // requests for a name that is not this server's
		Foreign     uint64                 `json:"foreign"`     // requests of pages of other sites
	}{
		text, s.conf.Version, labs, s.hub.Count(), memoryOf(s.conf.Budget.Stats()), float64(s.sched.Lag().Quantile(0.99)) / float64(time.Millisecond),
		s.use(), s.refusals.Count(visitor.KindMisdirected), s.refusals.Count(visitor.KindForeign),
	})
}

// memory is what the server uses of its machine's memory, in bytes.
type memory struct {
	Limit    int64 `json:"limit"`    // that it may use; 0 for none
	Used     int64 `json:"used"`     // granted to labs, and used besides
	Resident int64 `json:"resident"` // as the system counts it
	Heap     int64 `json:"heap"`     // of Go's runtime, garbage included
	Guests   int64 `json:"guests"`   // of the programs that run
	Idle     int64 `json:"idle"`     // kept for programs to come
	Code     int64 `json:"code"`     // compiled programs
	Children int64 `json:"children"` // processes that compile

	Clients  int    `json:"clients"`  // who have labs
	Share    int64  `json:"share"`    // what each may use when there is no more
	Greatest int64  `json:"greatest"` // what the one uses who uses the most
	Waiting  int    `json:"waiting"`  // labs that wait for memory
	Closed   uint64 `json:"closed"`   // labs, for want of memory, since the server began
	Refused  uint64 `json:"refused"`  // labs and compilations, likewise
}

func memoryOf(s budget.Stats) memory {
	return memory{
		s.Limit, s.Used, s.Resident, s.Heap, s.Guests, s.Idle, s.Code, s.Children,
		s.Clients, s.Share, s.Greatest, s.Waiting, s.Closed, s.Refused,
	}
}

func (s *Server) scenarios(w http.ResponseWriter, _ *http.Request) {
	list := s.conf.Scenarios
	if list == nil {
		list = []Scenario{}
	}
	reply(w, http.StatusOK, list)
}

// starter is what visitors get to begin with.
func (s *Server) starter(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	var b []byte
	if slices.ContainsFunc(s.conf.Scenarios, func(x Scenario) bool { return x.Name == name && x.Exercise }) {
		b = s.conf.Starter(name)
	}
	if b == nil {
		fail(w, http.StatusNotFound, "there is no starter for a scenario %q on this server", clip(name))
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name + "-starter.zip"}))
	h.Set("Cache-Control", "no-cache")
	deadlines(w, downloadTimeout)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b))
}

type labInfo struct {
	labapi.Lab
	Refused string `json:"refused,omitempty"` // why the last viewer was not let in: a browser does not tell its page

	Doors []session.DoorState `json:"doors,omitempty"`

	Returning *returning `json:"returning,omitempty"` // it is being run again
}

// returning is how far a lab is that comes back: which share of its past it has had.
type returning struct {
	Done float64 `json:"done"`
}

// A labAsk is what a request for a lab says.
type labAsk struct {
	Scenario string `json:"scenario"`
	Empty    bool   `json:"empty"` // no slot has a program: they are the visitor's to write
}

func (s *Server) openLab(w http.ResponseWriter, r *http.Request) {
	var ask labAsk
	if err := object(w, r, &ask); err != nil {
		if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
			fail(w, http.StatusRequestEntityTooLarge, "the request is too large: it may have at most %d bytes", large.Limit)
			return
		}
		fail(w, http.StatusBadRequest, `the request is not {"scenario": "NAME"}: %v`, err)
		return
	}
	if !slices.ContainsFunc(s.conf.Scenarios, func(x Scenario) bool { return x.Name == ask.Scenario }) {
		fail(w, http.StatusNotFound, "there is no scenario %q on this server; GET /api/scenarios lists those that there are", clip(ask.Scenario))
		return
	}
	client := s.client(r)
	const undone = "no lab was opened"
	// The first lab of a scenario may have to wait for its programs to be compiled.
	deadlines(w, compileTimeout+replyTimeout)
	ctx, cancel := context.WithTimeout(r.Context(), compileTimeout)
	defer cancel()
	l, err := s.keeper.Open(ctx, keeper.Ask{Scenario: ask.Scenario, Empty: ask.Empty, Client: client})
	if err != nil {
		if why := (*visitor.Refusal)(nil); !errors.As(err, &why) {
			s.log.Error("a lab could not be opened", "scenario", ask.Scenario, "error", err)
			// What is wrong with its programs, or where they lie, is for who runs the server:
			// they may be solutions.
			err = errors.New("this server cannot build that lab; its log says why, for who runs it")
		}
		s.refuse(w, err, undone)
		return
	}
	w.Header().Set("Location", path.Base(r.URL.Path)+"/"+l.ID) // relative: a proxy may have put more in front
	reply(w, http.StatusCreated, labInfo{Lab: labapi.Lab{ID: l.ID, Scenario: ask.Scenario}})
}

// queued answers how a place in the queue stands, when it is another than is known, or after
// queueWait.
func (s *Server) queued(w http.ResponseWriter, r *http.Request) {
	known, err := strconv.Atoi(or(r.URL.Query().Get("place"), "0"))
	if err != nil {
		fail(w, http.StatusBadRequest, "place is %q, and the place that one knows is a number", clip(r.URL.Query().Get("place")))
		return
	}
	deadlines(w, queueWait+replyTimeout)
	ctx, cancel := visitor.Patience(r.Context(), queueWait)
	defer cancel()
	p, ok := s.queue.Wait(ctx, r.PathValue("ticket"), known)
	if !ok {
		fail(w, http.StatusNotFound, "this place in the queue is not there any more: nobody asked for it for a while; start the lab anew")
		return
	}
	reply(w, http.StatusOK, respond.Place(&p))
}

func (s *Server) describe(w http.ResponseWriter, _ *http.Request, l *lab) {
	why, _ := l.Refused.Load().(string)
	info := labInfo{Lab: labapi.Lab{ID: l.ID, Scenario: l.Setup().Scenario}, Refused: why, Doors: l.Doors.States()}
	if done, comes := l.Returning(); comes {
		info.Returning = &returning{done}
	}
	reply(w, http.StatusOK, info)
}

func (s *Server) closeLab(w http.ResponseWriter, r *http.Request, l *lab) {
	const why = "somebody who watched this lab closed it"
	end := s.keeper.End
	if l.Ask.Lesson != "" { // it stays its student's until they start over
		end = s.keeper.Park
	}
	if end(r.Context(), l.ID, why) == nil { // else who asked has gone
		w.WriteHeader(http.StatusNoContent)
	}
}

func (s *Server) stream(w http.ResponseWriter, r *http.Request, l *lab) {
	l.Refused.Store("")
	s.hub.Serve(w, r, l.Session, l.ID)
}

// door is a WebSocket of who is to be plugged into a lab.
func (s *Server) door(w http.ResponseWriter, r *http.Request, l *lab) {
	why := s.conf.Site.WebSocket(r)
	if why == nil {
		why = l.Doors.Serve(w, r, r.PathValue("port"), s.client(r).Address)
	}
	if why != nil {
		s.refuse(w, why, "nobody was let in by this door")
	}
}

// notShown keeps why somebody may not watch a lab, for a page to ask.
func (s *Server) notShown(r *http.Request, id string, why *visitor.Refusal) {
	if l := s.keeper.Live(id); l != nil {
		l.Refused.Store(why.Why)
	}
	s.refusals.Add(why.Kind)
	if why.Status == http.StatusUpgradeRequired && r.Header.Get("Sec-WebSocket-Key") != "" {
		s.log.Warn("a viewer was not let in", "lab", id[:min(len(id), 8)], "why", why.Why)
	}
}

// clip shortens what a stranger sent to what a sentence may hold.
func clip(s string) string { return terminal.Cut(s, 64) }

// shown is clip for what stands in a sentence without quotation marks.
func shown(s string) string { return terminal.Line(clip(s)) }
