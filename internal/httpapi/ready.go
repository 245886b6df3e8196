package httpapi

import "net/http"

// Drain has the server take no new labs, and say that it is not ready: it is about to be
// closed.
func (s *Server) Drain() {
	s.mu.Lock()
	s.draining = true
	s.mu.Unlock()
}

// ready answers whether the server takes labs: what a load balancer asks. Whether it works
// at all is /healthz's.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	stopping := s.draining || s.closed
	s.mu.Unlock()
	if stopping {
		fail(w, http.StatusServiceUnavailable, "%v", errStopping()) // a question, and no refusal
		return
	}
	for _, why := range s.conf.Ready {
		if err := why(r.Context()); err != nil {
			s.log.WarnContext(r.Context(), "not ready", "error", err)
			fail(w, http.StatusServiceUnavailable, "the server is not ready: %v", plain(err))
			return
		}
	}
	reply(w, http.StatusOK, struct {
		Status string `json:"status"`
	}{"ready"})
}
