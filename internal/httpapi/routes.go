package httpapi

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// routes are the server's, each with its handler. They can be listed, so that the test
// of what leaves the server can walk all of them.
type routes struct {
	mux      http.ServeMux
	patterns []string
}

// methods are what may be done at a path.
type methods map[string]http.HandlerFunc

// add has requests for a path answered by their method. What can be read by GET
// answers HEAD too.
func (r *routes) add(path string, m methods) {
	for method := range m {
		r.patterns = append(r.patterns, method+" "+path)
	}
	if get := m[http.MethodGet]; get != nil && m[http.MethodHead] == nil {
		m[http.MethodHead] = get
	}
	allow := strings.Join(slices.Sorted(maps.Keys(m)), ", ")
	r.mux.HandleFunc(path, func(w http.ResponseWriter, q *http.Request) {
		f := m[q.Method]
		if f == nil {
			notAllowed(w, q, allow)
			return
		}
		f(w, q)
	})
}

// rest has everything that has no path of its own below one answered by f.
func (r *routes) rest(path string, f http.HandlerFunc) {
	r.patterns = append(r.patterns, path)
	r.mux.HandleFunc(path, f)
	if bare := strings.TrimSuffix(path, "/"); bare != "" {
		r.patterns = append(r.patterns, bare)
		r.mux.HandleFunc(bare, f) // or it would be sent to the one with the slash
	}
}

// ServeHTTP answers a request by its route.
func (r *routes) ServeHTTP(w http.ResponseWriter, q *http.Request) { r.mux.ServeHTTP(w, q) }

// Routes returns the patterns of the server's routes, sorted: with their method, or
// without where every method is taken. HEAD, which is answered as GET is, is not among them.
func (s *Server) Routes() []string { return slices.Sorted(slices.Values(s.mux.patterns)) }
