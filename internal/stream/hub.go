// Package stream shows live labs to viewers: each has a connection, a cursor over
// the lab's event log, and a goroutine that decodes and encodes what it shows. A
// viewer who is slow is told what it missed; no viewer ever makes a lab wait.
//
// The messages are those of internal/stream/testdata, which the page's tests read
// too.
package stream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"wireloom/internal/sched"
	"wireloom/internal/session"
	"wireloom/internal/stream/carrier"
	"wireloom/internal/stream/flow"
)

// attachTimeout is how long a viewer waits for a busy lab to take it.
const attachTimeout = 10 * time.Second

// errStopping is why a Hub that was closed shows no lab.
var errStopping = errors.New("the server is stopping: try again in a moment")

// A Hub serves the viewers of a server's labs. It may be used from any goroutine.
type Hub struct {
	Version string       // of the program
	Rate    int          // bytes a second to each viewer: flow.DefaultRate if 0; negative: everything, however much
	Logger  *slog.Logger // nothing is logged if nil
	// Scheduler shares the cores among labs and viewers: a viewer's messages are made in
	// its turns. Without one viewers take what they get, and so does all else.
	Scheduler *sched.Scheduler
	// Ping is how often a viewer hears from the server at least; pingEvery if 0.
	Ping time.Duration
	Web  Web // who may come by a WebSocket

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
func (h *Hub) enter(s *session.Session) (*feed, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, errStopping
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

// A Visit is what a viewer is let in to.
type Visit struct {
	Lab   *session.Session
	ID    string
	Pass  *Pass
	Since *uint64 // the event that the viewer goes on from; what the log has, if nil or if there was none such
}

// Show shows a lab by a connection until the viewer leaves or the lab closes. Where the lab can't
// be watched there is an error, and connect isn't called; connect answers for itself where it fails.
func (h *Hub) Show(ctx context.Context, x Visit, connect func() (carrier.Conn, error)) error {
	if x.Pass.Leave != nil {
		defer x.Pass.Leave()
	}
	f, err := h.enter(x.Lab)
	if err != nil {
		return err
	}
	defer h.leave(x.Lab, f)
	reader := f.join()
	defer f.leave(reader)
	timed, cancel := context.WithTimeout(ctx, attachTimeout)
	detach, err := x.Lab.Attach(timed)
	cancel()
	if err != nil {
		return err
	}
	defer detach()
	c, err := connect()
	if err != nil {
		return nil //nolint:nilerr // connect has answered
	}
	defer func() { _ = c.CloseNow() }() // closed already, or of no use
	v, first, err := h.viewer(ctx, c, x, f, reader)
	if err == nil {
		hello := greeting(x.Lab, x.ID, h.Version)
		hello.First = first
		err = v.run(hello)
	}
	if h.Logger != nil && err != nil {
		h.Logger.Info("a viewer left", "lab", x.ID[:min(len(x.ID), 8)], "why", err)
	}
	return nil
}

// viewer makes a viewer that is shown what has happened since an event, if one is
// given that there was, and else what the log has. It returns the first event that
// the log had.
func (h *Hub) viewer(ctx context.Context, c carrier.Conn, x Visit, f *feed, r *reader) (v *viewer, first uint64, err error) {
	rate := h.Rate
	if rate == 0 {
		rate = flow.DefaultRate
	}
	v = &viewer{conn: c, s: x.Lab, feed: f, reader: r, every: cmp.Or(h.Ping, pingEvery), sched: h.Scheduler, pass: x.Pass, replies: make(chan []byte, maxReplies), acked: make(chan struct{}, 1), flow: flow.New(rate, BatchBytes)}
	first, next := x.Lab.Log().Bounds()
	since := first
	if x.Since != nil && *x.Since <= next {
		since = *x.Since
	}
	v.out.next, v.out.end = since, since
	err = v.turn(ctx, func() {
		h.past.Lock()
		defer h.past.Unlock()
		v.out.remember(f.past(since, f.flush()))
	})
	return v, first, err
}
