package httpapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"wireloom/internal/labapi"
	"wireloom/internal/session"
	"wireloom/internal/visitor"
	"wireloom/vnet/sys"
)

// program takes an upload: it is read, compiled away from the lab's loop, and put
// into its slot.
func (s *Server) program(w http.ResponseWriter, r *http.Request, l *lab) {
	to, err := labapi.ReadSlot(r.URL.RawQuery)
	if err != nil {
		drain(w, r)
		fail(w, http.StatusBadRequest, "nothing was uploaded: %v; it is node=NODE&proc=PROGRAM&name=FILE", err)
		return
	}
	node, proc, name := to.Node, to.Proc, to.File
	if err := l.Replaceable(node, proc); err != nil {
		drain(w, r)
		fail(w, http.StatusNotFound, "nothing was uploaded: %v", err)
		return
	}
	select {
	case l.Uploading <- struct{}{}:
		defer func() { <-l.Uploading }()
	default:
		drain(w, r)
		s.refuse(w, visitor.TooMany(visitor.KindUploads, retrySoon, "nothing was uploaded: another program is being uploaded to this lab; wait for that"))
		return
	}
	client := s.client(r)
	if why := s.quotas.uploads.Take(client, 1); why != nil {
		drain(w, r)
		s.refuse(w, why, "nothing was uploaded")
		return
	}
	defer s.quotas.uploads.Give(client, 1)
	b := body{refuse: s.refuse, quota: &s.quotas.inFlight, client: client}
	defer b.giveBack()
	if !b.read(w, r, name) {
		return
	}
	deadlines(w, compileTimeout+replyTimeout)
	ctx, cancel := context.WithTimeout(r.Context(), compileTimeout)
	defer cancel()
	began := time.Now()
	prog, err := s.compile(ctx, client, name, b.bytes)
	if errors.Is(err, errBusy) {
		s.refuse(w, visitor.Busy(visitor.KindBusy, retrySoon, "%s was not compiled: the server is too busy; try again in a moment", name))
		return
	}
	logger := s.log.With("lab", l.ID[:8], "slot", node+":"+proc, "name", name, "bytes", len(b.bytes), "took", time.Since(began).Round(time.Millisecond))
	if err != nil {
		logger.Info("program refused", "why", err)
		fail(w, http.StatusUnprocessableEntity, "%s", plain(err))
		return
	}
	if err := l.Install(ctx, node, proc, prog, b.bytes); err != nil {
		logger.Info("program refused", "why", err)
		why, undone := (*visitor.Refusal)(nil), name+" was not installed"
		switch {
		case errors.As(err, &why):
			s.refuse(w, err, undone)
		case errors.Is(err, session.ErrDisk):
			s.refuse(w, visitor.Busy(visitor.KindDisk, retryLater, "%s; try again later, or tell who runs it", plain(err)), undone)
		case errors.Is(err, session.ErrClosed):
			fail(w, http.StatusNotFound, "%s: %v", undone, err)
		default:
			fail(w, http.StatusConflict, "%s: %s", undone, plain(err))
		}
		return
	}
	logger.Info("program uploaded", "hash", prog.ID())
	reply(w, http.StatusOK, labapi.Program{Program: prog.ID(), Size: len(b.bytes), Name: name})
}

// Install puts a program into a slot of a lab for its owner, as an upload does.
func (s *Server) Install(ctx context.Context, lab, node, proc, name string, module []byte) error {
	l, err := s.keeper.Get(ctx, lab, visitor.Client{})
	if err != nil {
		return err
	}
	if err := l.Replaceable(node, proc); err != nil {
		return &visitor.Refusal{Status: http.StatusConflict, Why: err.Error()}
	}
	prog, err := s.compile(ctx, l.Ask.Client, name, module)
	if errors.Is(err, errBusy) {
		return visitor.Busy(visitor.KindBusy, retrySoon, "%s was not compiled: the server is too busy; try again in a moment", name)
	}
	if err == nil {
		err = l.Session.Install(ctx, node, proc, prog, module)
	}
	if why := (*visitor.Refusal)(nil); err != nil && !errors.As(err, &why) {
		return &visitor.Refusal{Status: http.StatusConflict, Why: name + " was not installed: " + plain(err)}
	}
	return err
}

var errBusy = errors.New("the server is too busy")

// compile makes a program of an upload. Who sends what is compiled already waits for nobody;
// else a client waits for a turn, and gets errBusy if ctx ended first.
func (s *Server) compile(ctx context.Context, client visitor.Client, name string, wasm []byte) (sys.Program, error) {
	if s.conf.Compiled != nil {
		if prog := s.conf.Compiled(name, wasm); prog != nil {
			return prog, nil
		}
	}
	if err := s.compilers.Enter(ctx, client.Key()); err != nil {
		return nil, errBusy
	}
	defer s.compilers.Leave(client.Key())
	began := time.Now()
	defer func() { s.cpu.Spend(client, time.Since(began)) }()
	return s.conf.Compile(ctx, name, wasm)
}

// A body is the bytes of an upload. What has arrived is charged to its client.
type body struct {
	refuse func(w http.ResponseWriter, err error, undone ...string)
	quota  *visitor.Quota
	client visitor.Client
	bytes  []byte
	taken  int64
}

func (b *body) giveBack() { b.quota.Give(b.client, b.taken) }

// read reads all of an upload, or answers why not.
func (b *body) read(w http.ResponseWriter, r *http.Request, name string) bool {
	if r.ContentLength > MaxUpload {
		drain(w, r)
		tooLarge(w, name)
		return false
	}
	deadlines(w, uploadTimeout)
	from := &steadyReader{http.MaxBytesReader(w, r.Body, MaxUpload), newSteady(w, uploadTimeout)}
	for {
		if len(b.bytes) == cap(b.bytes) {
			more := max(slowPiece, len(b.bytes)/4)
			if why := b.quota.Take(b.client, int64(more)); why != nil {
				drain(w, r)
				b.refuse(w, why, name+" was not uploaded")
				return false
			}
			b.taken += int64(more)
			b.bytes = append(make([]byte, 0, len(b.bytes)+more), b.bytes...)
		}
		n, err := from.Read(b.bytes[len(b.bytes):cap(b.bytes)])
		b.bytes = b.bytes[:len(b.bytes)+n]
		var large *http.MaxBytesError
		switch {
		case err == nil:
			continue
		case errors.Is(err, io.EOF) && len(b.bytes) > 0:
			return true
		case errors.Is(err, io.EOF):
			fail(w, http.StatusBadRequest, "%s is empty: nothing was uploaded", name)
		case errors.As(err, &large):
			tooLarge(w, name)
		case errors.Is(err, os.ErrDeadlineExceeded):
			w.Header().Set("Connection", "close") // there is no knowing where the next request would begin
			deadlines(w, replyTimeout)
			fail(w, http.StatusRequestTimeout, "%s did not arrive: it came more slowly than %d KiB in %s; try again on a faster connection", name, slowPiece>>10, slowTimeout)
		default:
			fail(w, http.StatusBadRequest, "%s did not arrive: %v", name, err)
		}
		return false
	}
}

func tooLarge(w http.ResponseWriter, name string) {
	fail(w, http.StatusRequestEntityTooLarge, "%s is too large; a program may have at most %d MiB: build it without debugging information "+
		"(C: -O2 without -g; Go: -ldflags='-s -w'), or leave out what it doesn't need", name, MaxUpload>>20)
}

// drain takes the body of a request that is going to be refused: who still sends it
// would not read the answer. It is for uploads, and as patient as with those that are
// kept. Who waits for a word before sending (RFC 9110, 10.1.1) gets the answer at once.
func drain(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Expect") != "" {
		return
	}
	deadlines(w, uploadTimeout)
	_, _ = io.CopyN(io.Discard, &steadyReader{r.Body, newSteady(w, uploadTimeout)}, MaxUpload) // as far as it comes
	deadlines(w, replyTimeout)
}
