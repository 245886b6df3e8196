package httpapi

import (
	"context"
	"io"
	"mime"
	"net/http"
	"strings"

	"wireloom/internal/sched"
	"wireloom/internal/visitor"
)

// attach says that what follows is a file to keep.
func attach(w http.ResponseWriter, l *lab, typ, ending string) {
	h := w.Header()
	h.Set("Content-Type", typ)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{
		"filename": l.Setup().Scenario + "-" + strings.ToLower(l.ID[:8]) + ending,
	}))
}

// lateWriter sends the headers of a download with its first bytes, so that what
// fails before them can still be told.
type lateWriter struct {
	http.ResponseWriter
	begun bool
}

func (w *lateWriter) Write(p []byte) (int, error) {
	w.begun = true
	return w.ResponseWriter.Write(p)
}

// download runs f, which writes a file. Where it fails in the middle, the
// connection is broken off, so that nobody takes half of a file for all of it.
func (s *Server) download(w http.ResponseWriter, r *http.Request, l *lab, typ, ending string, f func(io.Writer) error) {
	client := s.client(r)
	give, why := s.takeFile(client, l)
	if why != nil {
		s.refuse(w, why, "there is no file to download now")
		return
	}
	defer give()
	attach(w, l, typ, ending)
	if r.Method == http.MethodHead {
		return
	}
	deadlines(w, downloadTimeout)
	late := &lateWriter{ResponseWriter: w}
	err := inTurns(r.Context(), s.sched, ownerOf(client), &steadyWriter{late, newSteady(w, downloadTimeout)}, f)
	if err == nil {
		return
	}
	s.log.Warn("a download failed", "lab", l.ID[:8], "file", ending, "error", err)
	if late.begun {
		panic(http.ErrAbortHandler)
	}
	w.Header().Del("Content-Disposition")
	s.refuse(w, err, "there is no file to download")
}

// takeFile takes a place for a file of a lab that a client fetches, which give gives back.
func (s *Server) takeFile(client visitor.Client, l *lab) (give func(), why *visitor.Refusal) {
	if why := s.quotas.downloads.Take(client, 1); why != nil {
		return nil, why
	}
	if why := s.quotas.labFiles.Take(visitor.Client{Address: l.ID}, 1); why != nil {
		s.quotas.downloads.Give(client, 1)
		return nil, why
	}
	return func() {
		s.quotas.labFiles.Give(visitor.Client{Address: l.ID}, 1)
		s.quotas.downloads.Give(client, 1)
	}, nil
}

// turnBytes is how much of a file is made in one turn (sched.Scheduler): a
// millisecond or two.
const turnBytes = 32 << 10

// A turnWriter makes a file in turns, and writes it out between them. The first turn
// begins with the first write: before that the lab is asked, which needs turns itself.
type turnWriter struct {
	take func(hog bool) error
	give func()
	to   io.Writer
	buf  []byte
	turn bool // it has one
	hog  bool // it has had one
}

// inTurns runs f, whose work between its writes is done in turns.
func inTurns(ctx context.Context, turns *sched.Scheduler, owner sched.Owner, to io.Writer, f func(io.Writer) error) error {
	take := func(hog bool) error {
		if !turns.Turn(ctx, owner, hog) {
			return ctx.Err()
		}
		return nil
	}
	w := &turnWriter{take: take, give: turns.Done, to: to}
	return w.run(f)
}

func (w *turnWriter) run(f func(io.Writer) error) error {
	defer w.rest()
	if err := f(w); err != nil {
		return err
	}
	w.rest()
	_, err := w.to.Write(w.buf)
	return err
}

func (w *turnWriter) rest() {
	if w.turn {
		w.turn = false
		w.give()
	}
}

func (w *turnWriter) Write(p []byte) (int, error) {
	if !w.turn {
		if err := w.take(w.hog); err != nil {
			return 0, err
		}
		w.turn, w.hog = true, true
	}
	w.buf = append(w.buf, p...)
	if len(w.buf) < turnBytes {
		return len(p), nil
	}
	w.rest()
	_, err := w.to.Write(w.buf)
	w.buf = w.buf[:0]
	return len(p), err
}

func (s *Server) recording(w http.ResponseWriter, r *http.Request, l *lab) {
	s.download(w, r, l, "application/zip", ".wireloom.zip", func(w io.Writer) error { return l.Record(r.Context(), w) })
}
