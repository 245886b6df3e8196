package httpapi

import (
	"net/http"

	"wireloom/internal/visitor"
)

// Access is what a request may do with a lab.
type Access uint8

// What there is, each with what is before it.
const (
	None  Access = iota // there is no such lab, as far as who asks can know
	Watch               // see what its student sees, and fetch what the student can fetch
	Full                // do something to it
)

// access is what a request may do with a lab.
func (s *Server) access(r *http.Request, id string) Access {
	if s.conf.Access == nil {
		return Full
	}
	return s.conf.Access(r, id)
}

// errWatcher is what who only watches is told that wants more.
func errWatcher() error {
	return &visitor.Refusal{
		Status: http.StatusForbidden,
		Why:    "you watch this lab, which is a student's: press Ask to type, and when the student has said yes you may do that",
	}
}
