package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
	"unicode"

	"wireloom/internal/pcap"
	"wireloom/internal/session"
	"wireloom/internal/strictjson"
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
	}{text, s.conf.Version, labs, s.hub.Count(), memory, float64(s.sched.Lag().Quantile(0.99)) / float64(time.Millisecond)})
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
}

func (s *Server) openLab(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		Scenario string `json:"scenario"`
	}
	if err := object(w, r, &ask); err != nil {
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
	client := clientOf(r)
	if err := s.reserve(client); err != nil {
		fail(w, http.StatusServiceUnavailable, "no lab was opened: %v", err)
		return
	}
	// The first lab of a scenario may have to wait for its programs to be compiled.
	deadlines(w, compileTimeout+replyTimeout)
	ctx, cancel := context.WithTimeout(r.Context(), compileTimeout)
	defer cancel()
	if !take(ctx, s.compilers) {
		s.unreserve(client)
		fail(w, http.StatusServiceUnavailable, "no lab was opened: the server is too busy; try again")
		return
	}
	l, err := s.open(ctx, ask.Scenario, client)
	<-s.compilers
	if err != nil {
		s.unreserve(client)
		s.log.Error("a lab could not be opened", "scenario", ask.Scenario, "error", forLog(err))
		fail(w, http.StatusInternalServerError, "no lab was opened: %v", err)
		return
	}
	w.Header().Set("Location", "/api/labs/"+l.id)
	reply(w, http.StatusCreated, labInfo{l.id, ask.Scenario})
}

// object reads a body that is one JSON object.
func object(w http.ResponseWriter, r *http.Request, v any) error {
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return err
	}
	return strictjson.Decode(b, v)
}

// take waits for room in a channel that counts, and reports whether there was some
// before ctx ended.
func take(ctx context.Context, c chan<- struct{}) bool {
	select {
	case c <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (s *Server) describe(w http.ResponseWriter, _ *http.Request, l *lab) {
	reply(w, http.StatusOK, labInfo{l.id, l.Setup().Scenario})
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
	s.hub.Serve(w, r, l.Session, l.id)
}

// program takes an upload: it is read, compiled away from the lab's loop, and put
// into its slot.
func (s *Server) program(w http.ResponseWriter, r *http.Request, l *lab) {
	q := r.URL.Query()
	node, proc, name := q.Get("node"), q.Get("proc"), fileName(q.Get("name"))
	if err := l.Replaceable(node, proc); err != nil {
		fail(w, http.StatusNotFound, "nothing was uploaded: %v", err)
		return
	}
	select {
	case l.upload <- struct{}{}:
		defer func() { <-l.upload }()
	default:
		fail(w, http.StatusTooManyRequests, "nothing was uploaded: another program is being uploaded to this lab; wait for that")
		return
	}
	select {
	case s.uploads <- struct{}{}:
		defer func() { <-s.uploads }()
	default:
		fail(w, http.StatusServiceUnavailable, "nothing was uploaded: the server takes %d programs at once; try again in a moment", maxUploads)
		return
	}
	if r.ContentLength > MaxUpload {
		fail(w, http.StatusRequestEntityTooLarge, "%s has %d bytes; a program may have at most %d", name, r.ContentLength, MaxUpload)
		return
	}
	deadlines(w, uploadTimeout+compileTimeout)
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(uploadTimeout)) // as in deadlines
	wasm, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxUpload))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		fail(w, http.StatusRequestEntityTooLarge, "%s is too large; a program may have at most %d bytes", name, MaxUpload)
		return
	case err != nil:
		fail(w, http.StatusBadRequest, "%s did not arrive: %v", name, err)
		return
	case len(wasm) == 0:
		fail(w, http.StatusBadRequest, "%s is empty: nothing was uploaded", name)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), compileTimeout)
	defer cancel()
	if !take(ctx, s.compilers) {
		fail(w, http.StatusServiceUnavailable, "%s was not compiled: the server is too busy; try again", name)
		return
	}
	began := time.Now()
	prog, err := s.conf.Compile(ctx, name, wasm)
	<-s.compilers
	logger := s.log.With("lab", l.id[:8], "slot", node+":"+proc, "name", name, "bytes", len(wasm), "took", time.Since(began).Round(time.Millisecond))
	if err != nil {
		logger.Info("program refused", "why", err)
		fail(w, http.StatusUnprocessableEntity, "%v", err)
		return
	}
	if err := l.Install(ctx, node, proc, prog, wasm); err != nil {
		logger.Info("program refused", "why", err)
		status := http.StatusConflict
		if errors.Is(err, session.ErrClosed) {
			status = http.StatusNotFound
		}
		fail(w, status, "%s was not installed: %v", name, err)
		return
	}
	logger.Info("program uploaded", "hash", prog.ID())
	reply(w, http.StatusOK, struct {
		Program string `json:"program"`
		Size    int    `json:"size"`
		Name    string `json:"name"`
	}{prog.ID(), len(wasm), name})
}

// fileName is what of a name that a stranger gave a file is shown.
func fileName(s string) string {
	s = path.Base(strings.ReplaceAll(strings.ToValidUTF8(s, ""), `\`, "/"))
	s = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, s)
	if len(s) > maxName {
		s = strings.ToValidUTF8(s[:maxName], "")
	}
	if s == "" || s == "." || s == "/" {
		return "program.wasm"
	}
	return s
}

func clip(s string) string {
	if len(s) > 64 {
		return s[:64] + "..."
	}
	return s
}

// attach says that what follows is a file to keep.
func attach(w http.ResponseWriter, l *lab, typ, ending string) {
	deadlines(w, downloadTimeout)
	h := w.Header()
	h.Set("Content-Type", typ)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{
		"filename": l.Setup().Scenario + "-" + strings.ToLower(l.id[:8]) + ending,
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
func (s *Server) download(w http.ResponseWriter, l *lab, typ, ending string, f func(io.Writer) error) {
	select {
	case l.files <- struct{}{}:
		defer func() { <-l.files }()
	default:
		fail(w, http.StatusTooManyRequests, "there is no file to download now: %d files of this lab are being downloaded, which is as many as may be; wait for one of them", maxLabFiles)
		return
	}
	attach(w, l, typ, ending)
	late := &lateWriter{ResponseWriter: w}
	err := f(late)
	if err == nil {
		return
	}
	s.log.Warn("a download failed", "lab", l.id[:8], "file", ending, "error", err)
	if late.begun {
		panic(http.ErrAbortHandler)
	}
	w.Header().Del("Content-Disposition")
	fail(w, http.StatusInternalServerError, "there is no file to download: %v", err)
}

func (s *Server) capture(w http.ResponseWriter, r *http.Request, l *lab) {
	s.download(w, l, "application/x-pcapng", ".pcapng", func(w io.Writer) error {
		frames, err := l.Frames(r.Context())
		if err != nil {
			return err
		}
		defer frames.Close()
		return WriteCapture(w, frames)
	})
}

// WriteCapture writes a lab's frames as a capture file with a capture point for
// each port that sent any. Where frames were given up, the first one's comment
// says how many.
func WriteCapture(w io.Writer, frames *session.FrameReader) error {
	p, err := pcap.New(w)
	if err != nil {
		return err
	}
	comment := ""
	if frames.Lost > 0 {
		comment = fmt.Sprintf("%d frames before this one are not in this capture: a lab keeps its newest frames", frames.Lost)
	}
	for {
		e, err := frames.Next()
		if errors.Is(err, io.EOF) {
			return p.Flush()
		}
		if err != nil {
			return err
		}
		if err := p.Event(&e, comment); err != nil {
			return err
		}
		comment = ""
	}
}

func (s *Server) recording(w http.ResponseWriter, r *http.Request, l *lab) {
	s.download(w, l, "application/zip", ".wireloom.zip", func(w io.Writer) error { return l.Record(r.Context(), w) })
}
