package httpapi

import (
	"context"
	"errors"
	"net/http"
	"path"
	"time"

	"wireloom/internal/visitor"
)

func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	labs, closed := len(s.labs), s.closed
	memory := int64(0)
	for _, l := range s.labs {
		memory += l.Memory()
	}
	s.mu.Unlock()
	status, text := http.StatusOK, "ok"
	if closed {
		status, text = http.StatusServiceUnavailable, "stopping"
	}
	reply(w, status, struct {
		Status  string  `json:"status"`
		Version string  `json:"version"`
		Labs    int     `json:"labs"`
		Viewers int     `json:"viewers"`
		Memory  int64   `json:"memory"`     // bytes that the labs' programs use
		LagP99  float64 `json:"lag_p99_ms"` // of virtual time behind real time, since the server began

		Limits      map[string]visitor.Use `json:"limits"`
		Misdirected uint64                 `json:"misdirected"` // requests for a name that is not this server's
		Foreign     uint64                 `json:"foreign"`     // requests of pages of other sites
	}{
		text, s.conf.Version, labs, s.hub.Count(), memory, float64(s.sched.Lag().Quantile(0.99)) / float64(time.Millisecond),
		s.quotas.use(), s.misdirected.Load(), s.foreign.Load(),
	})
}

func (s *Server) scenarios(w http.ResponseWriter, _ *http.Request) {
	list := s.conf.Scenarios
	if list == nil {
		list = []Scenario{}
	}
	reply(w, http.StatusOK, list)
}

type labInfo struct {
	ID       string `json:"id"`
	Scenario string `json:"scenario"`
	Refused  string `json:"refused,omitempty"` // why the last viewer was not let in: a browser does not tell its page
}

func (s *Server) openLab(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		Scenario string `json:"scenario"`
	}
	if err := object(w, r, &ask); err != nil {
		if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
			fail(w, http.StatusRequestEntityTooLarge, "the request is too large: it may have at most %d bytes", large.Limit)
			return
		}
		fail(w, http.StatusBadRequest, `the request is not {"scenario": "NAME"}: %v`, err)
		return
	}
	known := false
	for _, x := range s.conf.Scenarios {
		known = known || x.Name == ask.Scenario
	}
	if !known {
		fail(w, http.StatusNotFound, "there is no scenario %q on this server; GET /api/scenarios lists those that there are", clip(ask.Scenario))
		return
	}
	client := s.client(r)
	const undone = "no lab was opened"
	if err := s.reserve(client); err != nil {
		refuse(w, err, undone)
		return
	}
	// The first lab of a scenario may have to wait for its programs to be compiled.
	deadlines(w, compileTimeout+replyTimeout)
	ctx, cancel := context.WithTimeout(r.Context(), compileTimeout)
	defer cancel()
	if err := s.openers.Enter(ctx, client); err != nil {
		s.unreserve(client)
		refuse(w, visitor.Busy(retrySoon, "the server is too busy: try again in a moment"), undone)
		return
	}
	l, err := s.open(ctx, ask.Scenario, client)
	s.openers.Leave(client)
	if err != nil {
		s.unreserve(client)
		s.log.Error("a lab could not be opened", "scenario", ask.Scenario, "error", forLog(err))
		refuse(w, err, undone)
		return
	}
	w.Header().Set("Location", path.Base(r.URL.Path)+"/"+l.id) // relative: a proxy may have put more in front
	reply(w, http.StatusCreated, labInfo{ID: l.id, Scenario: ask.Scenario})
}

func (s *Server) describe(w http.ResponseWriter, _ *http.Request, l *lab) {
	why, _ := l.refused.Load().(string)
	reply(w, http.StatusOK, labInfo{l.id, l.Setup().Scenario, why})
}

func (s *Server) closeLab(w http.ResponseWriter, r *http.Request, l *lab) {
	l.close(errors.New("somebody who watched this lab closed it"))
	select {
	case <-l.Done():
		w.WriteHeader(http.StatusNoContent)
	case <-r.Context().Done():
	}
}

func (s *Server) stream(w http.ResponseWriter, r *http.Request, l *lab) {
	l.refused.Store("")
	s.hub.Serve(w, r, l.Session, l.id)
}

// notShown keeps why somebody may not watch a lab, for a page to ask.
func (s *Server) notShown(r *http.Request, id string, why *visitor.Refusal) {
	s.mu.Lock()
	l := s.labs[id]
	s.mu.Unlock()
	if l != nil {
		l.refused.Store(why.Why)
	}
	if why.Status == http.StatusForbidden {
		s.foreign.Add(1)
	}
	if why.Status == http.StatusUpgradeRequired && r.Header.Get("Sec-WebSocket-Key") != "" {
		s.log.Warn("a viewer was not let in", "lab", id[:min(len(id), 8)], "why", why.Why)
	}
}

func clip(s string) string {
	if len(s) > 64 {
		return s[:64] + "..."
	}
	return s
}
