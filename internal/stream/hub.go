// Package stream shows live labs to viewers: each has a WebSocket, a cursor over
// the lab's event log, and a goroutine that decodes and encodes what it shows. A
// viewer who is slow is told what it missed; no viewer ever makes a lab wait.
//
// The messages are those of internal/stream/testdata, which the page's tests read
// too.
package stream

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"nhooyr.io/websocket"

	"wireloom/internal/sched"
	"wireloom/internal/session"
	"wireloom/internal/stream/flow"
	"wireloom/internal/visitor"
)

// attachTimeout is how long a viewer waits for a busy lab to take it.
const attachTimeout = 10 * time.Second

// A Hub serves the viewers of a server's labs. It may be used from any goroutine.
type Hub struct {
	Version string        // of the program
	Rate    int           // bytes a second to each viewer: flow.DefaultRate if 0; negative: everything, however much
	Logger  *slog.Logger  // nothing is logged if nil
	Site    *visitor.Site // whose pages may connect; of any host that is the request's own if nil
	// Scheduler shares the cores among labs and viewers: a viewer's messages are made in
	// its turns. Without one viewers take what they get, and so does all else.
	Scheduler *sched.Scheduler
	// Admit lets in who asks to watch a lab, or says why not. Everybody may come if it is
	// nil, is one owner and may do everything.
	Admit func(r *http.Request, id string) (*Pass, *visitor.Refusal)
	// Ping is how often a viewer hears from the server at least; pingEvery if 0.
	Ping time.Duration
	// Refused is told who was not let in to which lab, and why; nobody is if it is nil.
	Refused func(r *http.Request, id string, why *visitor.Refusal)

	past sync.Mutex // one viewer at a time is shown what was before it came: that takes memory

	mu      sync.Mutex
	feeds   map[*session.Session]*feed
	viewers int
	closed  bool
	all     sync.WaitGroup
}

// Count is how many viewers there are.
func (h *Hub) Count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.viewers
}

// Close takes no more viewers and waits until those that are there have gone: they
// go when their labs close. It fails if ctx ends first.
func (h *Hub) Close(ctx context.Context) error {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	gone := make(chan struct{})
	go func() {
		h.all.Wait()
		close(gone)
	}()
	select {
	case <-gone:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%d viewers have not gone: %w", h.Count(), ctx.Err())
	}
}

// enter adds a viewer of s.
func (h *Hub) enter(s *session.Session) (*feed, *visitor.Refusal) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, visitor.Busy(visitor.KindStopping, attachTimeout, "the server is stopping: try again in a moment")
	}
	f := h.feeds[s]
	if f == nil {
		l := liveLimits
		if h.Rate < 0 {
			l = noLimits
		}
		f = newFeed(s.Log(), l, h.Scheduler, s.Owner())
		if h.feeds == nil {
			h.feeds = map[*session.Session]*feed{}
		}
		h.feeds[s] = f
	}
	h.viewers++
	h.all.Add(1)
	f.viewers++
	return f, nil
}

func (h *Hub) leave(s *session.Session, f *feed) {
	h.mu.Lock()
	h.viewers--
	f.viewers--
	last := f.viewers == 0
	if last {
		delete(h.feeds, s)
	}
	h.mu.Unlock()
	if last {
		f.close()
	}
	h.all.Done()
}

// Serve shows s, whose identity is id, over a WebSocket until the viewer leaves or
// the lab closes. w must be the server's own writer: a wrapped one cannot be taken
// over. Only pages of this site may connect.
func (h *Hub) Serve(w http.ResponseWriter, r *http.Request, s *session.Session, id string) {
	refuse := func(why *visitor.Refusal) {
		if h.Refused != nil {
			h.Refused(r, id, why)
		}
		answer(w, why)
	}
	since, given, err := sinceOf(r)
	if err != nil {
		refuse(&visitor.Refusal{Status: http.StatusBadRequest, Why: err.Error()})
		return
	}
	site := h.Site
	if site == nil {
		site = &visitor.Site{}
	}
	if why := site.WebSocket(r); why != nil {
		refuse(why)
		return
	}
	pass := &Pass{}
	if h.Admit != nil {
		var why *visitor.Refusal
		if pass, why = h.Admit(r, id); why != nil {
			refuse(why)
			return
		}
	}
	if pass.Leave != nil {
		defer pass.Leave()
	}
	f, why := h.enter(s)
	if why != nil {
		refuse(why)
		return
	}
	defer h.leave(s, f)
	reader := f.join()
	defer f.leave(reader)
	ctx, cancel := context.WithTimeout(r.Context(), attachTimeout)
	detach, err := s.Attach(ctx)
	cancel()
	switch {
	case errors.Is(err, session.ErrClosed):
		refuse(&visitor.Refusal{Status: http.StatusNotFound, Why: err.Error()})
		return
	case err != nil:
		refuse(visitor.Busy(visitor.KindViewers, attachTimeout, "%v", err))
		return
	}
	defer detach()
	// Whose page it is has been decided: Accept would decide by Host alone.
	c, err := websocket.Accept(w, r, &websocket.AcceptOptions{CompressionMode: websocket.CompressionDisabled, InsecureSkipVerify: true})
	if err != nil {
		return // it has answered
	}
	defer func() { _ = c.CloseNow() }() // closed already, or of no use
	v, first, err := h.viewer(r.Context(), c, s, f, reader, pass, since, given)
	if err == nil {
		hello := greeting(s, id, h.Version)
		hello.First = first
		err = v.run(hello)
	}
	if h.Logger != nil && err != nil {
		h.Logger.Info("a viewer left", "lab", id[:min(len(id), 8)], "why", err)
	}
}

// viewer makes a viewer that is shown what has happened since an event, if one is
// given that there was, and else what the log has. It returns the first event that
// the log had.
func (h *Hub) viewer(ctx context.Context, c *websocket.Conn, s *session.Session, f *feed, r *reader, pass *Pass, since uint64, given bool) (v *viewer, first uint64, err error) {
	rate := h.Rate
	if rate == 0 {
		rate = flow.DefaultRate
	}
	v = &viewer{conn: c, s: s, feed: f, reader: r, every: cmp.Or(h.Ping, pingEvery), sched: h.Scheduler, pass: pass, replies: make(chan []byte, maxReplies), acked: make(chan struct{}, 1), flow: flow.New(rate, BatchBytes)}
	first, next := s.Log().Bounds()
	if !given || since > next {
		since = first
	}
	v.out.next, v.out.end = since, since
	err = v.turn(ctx, func() {
		h.past.Lock()
		defer h.past.Unlock()
		v.out.remember(f.past(since, f.flush()))
	})
	return v, first, err
}

// sinceOf returns the sequence number that a viewer wants to go on from.
func sinceOf(r *http.Request) (since uint64, given bool, err error) {
	text := r.URL.Query().Get("since")
	if text == "" {
		return 0, false, nil
	}
	since, err = strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, false, fmt.Errorf("since is %q, which is not the number of an event", clip(text))
	}
	return since, true, nil
}

// answer says why there is no WebSocket. Browsers keep that from their pages.
func answer(w http.ResponseWriter, why *visitor.Refusal) {
	b, err := json.Marshal(map[string]string{"error": why.Why})
	if err != nil {
		panic("stream: a sentence cannot be JSON: " + err.Error())
	}
	w.Header().Set("Content-Type", "application/json")
	if why.After > 0 {
		w.Header().Set("Retry-After", strconv.FormatInt(visitor.Seconds(why.After), 10))
	}
	w.WriteHeader(why.Status)
	_, _ = w.Write(append(b, '\n')) // who does not wait for it does not need it
}
