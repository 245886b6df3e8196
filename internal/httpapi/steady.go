package httpapi

import (
	"io"
	"net/http"
	"time"
)

// A steady is the deadline of a long upload or download: it moves on with each
// slowPiece that has gone over, up to its end. So who sends or reads nothing holds a
// place for slowTimeout and no longer.
type steady struct {
	c    *http.ResponseController
	end  time.Time
	done int // bytes since the deadline was set
}

func newSteady(w http.ResponseWriter, timeout time.Duration) steady {
	return steady{c: http.NewResponseController(w), end: time.Now().Add(timeout), done: slowPiece}
}

// due returns the new deadline for n bytes more, if it is time for one.
func (s *steady) due(n int) (at time.Time, ok bool) {
	if s.done < slowPiece {
		return time.Time{}, false
	}
	s.done = 0
	pieces := time.Duration(1 + n/slowPiece)
	if at = time.Now().Add(pieces * slowTimeout); at.After(s.end) {
		at = s.end
	}
	return at, true
}

// A steadyReader reads the body of a request.
type steadyReader struct {
	r io.Reader
	steady
}

func (s *steadyReader) Read(p []byte) (int, error) {
	if at, ok := s.due(0); ok {
		_ = s.c.SetReadDeadline(at) // a writer that has none, as in a test, needs none
	}
	n, err := s.r.Read(p)
	s.done += n
	return n, err
}

// A steadyWriter writes an answer.
type steadyWriter struct {
	w io.Writer
	steady
}

func (s *steadyWriter) Write(p []byte) (int, error) {
	if at, ok := s.due(len(p)); ok {
		_ = s.c.SetWriteDeadline(at) // as above
	}
	n, err := s.w.Write(p)
	s.done += n
	return n, err
}
