package httpapi

import (
	"net/http"
	"slices"
)

// routes are the server's, each with its handler. They can be listed, so that the test
// of what leaves the server can walk all of them.
type routes struct {
	mux      http.ServeMux
	patterns []string
}

// HandleFunc adds a route.
func (r *routes) HandleFunc(pattern string, f func(http.ResponseWriter, *http.Request)) {
	r.Handle(pattern, http.HandlerFunc(f))
}

// Handle adds a route.
func (r *routes) Handle(pattern string, h http.Handler) {
	r.mux.Handle(pattern, h)
	r.patterns = append(r.patterns, pattern)
}

// ServeHTTP answers a request by its route.
func (r *routes) ServeHTTP(w http.ResponseWriter, q *http.Request) { r.mux.ServeHTTP(w, q) }

// Routes returns the patterns of the server's routes, sorted.
func (s *Server) Routes() []string { return slices.Sorted(slices.Values(s.mux.patterns)) }
