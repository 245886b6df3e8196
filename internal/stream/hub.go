// Package stream shows live labs to viewers: each has a WebSocket, a cursor over
// the lab's event log, and a goroutine that decodes and encodes what it shows. A
// viewer who is slow is told what it missed; no viewer ever makes a lab wait.
//
// The messages are those of internal/stream/testdata, which the page's tests read
// too.
package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"nhooyr.io/websocket"

	"wireloom/internal/session"
)

// DefaultViewers is how many viewers a server has at most.
const DefaultViewers = 1024

// attachTimeout is how long a viewer waits for a busy lab to take it.
const attachTimeout = 10 * time.Second

// A Hub serves the viewers of a server's labs. It may be used from any goroutine.
type Hub struct {
	Version string       // of the program
	Viewers int          // at most; DefaultViewers if 0
	Logger  *slog.Logger // nothing is logged if nil

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
func (h *Hub) enter(s *session.Session) (*feed, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	limit := h.Viewers
	if limit == 0 {
		limit = DefaultViewers
	}
	switch {
	case h.closed:
		return nil, errors.New("the server is stopping: try again in a moment")
	case h.viewers >= limit:
		return nil, errors.New("this server has as many viewers as it may have: try again later")
	}
	f := h.feeds[s]
	if f == nil {
		f = &feed{log: s.Log()}
		if h.feeds == nil {
			h.feeds = map[*session.Session]*feed{}
		}
		h.feeds[s] = f
	}
	h.viewers++
	h.all.Add(1)
	f.mu.Lock()
	f.viewers++
	f.mu.Unlock()
	return f, nil
}

func (h *Hub) leave(s *session.Session, f *feed) {
	h.mu.Lock()
	h.viewers--
	f.mu.Lock()
	f.viewers--
	if f.viewers == 0 {
		delete(h.feeds, s)
	}
	f.mu.Unlock()
	h.mu.Unlock()
	h.all.Done()
}

// Serve shows s, whose identity is id, over a WebSocket until the viewer leaves or
// the lab closes. w must be the server's own writer: a wrapped one cannot be taken
// over. Only pages of this server may connect.
func (h *Hub) Serve(w http.ResponseWriter, r *http.Request, s *session.Session, id string) {
	since, given, err := sinceOf(r)
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		refuse(w, http.StatusUpgradeRequired, "this address is a WebSocket: connect to it with one")
		return
	}
	if !SameOrigin(r) {
		refuse(w, http.StatusForbidden, "a page of another site may not watch this lab: open the lab from this server's own page")
		return
	}
	f, err := h.enter(s)
	if err != nil {
		refuse(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	defer h.leave(s, f)
	ctx, cancel := context.WithTimeout(r.Context(), attachTimeout)
	detach, err := s.Attach(ctx)
	cancel()
	switch {
	case errors.Is(err, session.ErrClosed):
		refuse(w, http.StatusNotFound, err.Error())
		return
	case err != nil:
		refuse(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	defer detach()
	c, err := websocket.Accept(w, r, &websocket.AcceptOptions{CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return // it has answered
	}
	v := &viewer{conn: c, s: s, feed: f, replies: make(chan []byte, maxReplies)}
	first, next := s.Log().Bounds()
	v.seq = first
	if given && since <= next {
		v.seq = since
	}
	err = v.run(greeting(s, id, h.Version))
	if h.Logger != nil && err != nil {
		h.Logger.Info("a viewer left", "lab", id[:min(len(id), 8)], "why", err)
	}
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

// SameOrigin reports whether a request comes from a page of this server, or from
// something that is no browser.
func SameOrigin(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
	default:
		return false
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host)
}

func refuse(w http.ResponseWriter, status int, why string) {
	b, err := json.Marshal(map[string]string{"error": why})
	if err != nil {
		panic("stream: a sentence cannot be JSON: " + err.Error())
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n')) // who does not wait for it does not need it
}
