package door

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"wireloom/internal/decode"
	"wireloom/internal/session"
	"wireloom/internal/visitor"
	"wireloom/vnet/config"
)

// Doors are those of one lab. New makes them, Run serves them while the lab is there.
type Doors struct {
	sess   *session.Session
	policy *Policy
	id     string // begins the names of local sockets
	all    []*Door

	begun   chan struct{} // closed when Run has begun
	mu      sync.Mutex
	ctx     context.Context // of Run, with which WebSockets end; nil before and after it
	sockets sync.WaitGroup
}

// New makes the doors that a lab asks for, as far as the policy allows them. id is the
// lab's, or what of it may be in a file's name. It is called before the session's Run.
func New(s *session.Session, p *Policy, id string, lg *slog.Logger) *Doors {
	ds := &Doors{sess: s, policy: p, id: id, begun: make(chan struct{})}
	conf := s.Config()
	for _, at := range conf.Doors() {
		d := newDoor(at, s, p, lg)
		d.state.Shut = p.allows(at.Kind)
		if d.state.Shut == "" && at.Kind == config.Capture {
			d.state.Shut = ds.play(d)
		}
		ds.all = append(ds.all, d)
	}
	if len(ds.all) > 0 {
		s.ShowDoors(ds.States)
	}
	return ds
}

// States are the doors for people, in their order.
func (ds *Doors) States() []session.DoorState {
	out := make([]session.DoorState, len(ds.all))
	for i, d := range ds.all {
		out[i] = d.State()
	}
	return out
}

// Run serves the doors until ctx ends.
func (ds *Doors) Run(ctx context.Context) {
	ds.mu.Lock()
	ds.ctx = ctx
	ds.mu.Unlock()
	close(ds.begun)
	var all sync.WaitGroup
	for _, d := range ds.all {
		switch {
		case d.state.Shut != "":
		case d.Kind == config.Stream:
			all.Go(func() { d.serveStreams(ctx, ds.policy, ds.id+"-"+d.Port+".sock") })
		case d.Kind == config.Tap:
			all.Go(func() { d.serveTap(ctx, ds.policy) })
		}
	}
	all.Wait()
	<-ctx.Done()
	ds.mu.Lock()
	ds.ctx = nil
	ds.mu.Unlock()
	ds.sockets.Wait()
}

// Serve is a WebSocket at a door, which is for programs and for pages of this site. It
// returns a refusal where there was none; else it has answered.
func (ds *Doors) Serve(w http.ResponseWriter, r *http.Request, port, client string) *visitor.Refusal {
	i := slices.IndexFunc(ds.all, func(d *Door) bool { return d.Port == port && (d.Kind == config.WebSocket || d.Kind == config.C2W) })
	if i < 0 {
		return &visitor.Refusal{Status: http.StatusNotFound, Why: "this lab has no door for a WebSocket at that port"}
	}
	d := ds.all[i]
	if s := d.State(); s.Shut != "" {
		return &visitor.Refusal{Kind: visitor.KindDoors, Status: http.StatusForbidden, Why: "this door is shut: " + s.Shut}
	} else if s.By != "" {
		return visitor.Busy(visitor.KindDoors, retryEvery, "this door is taken: %s is there", s.By)
	}
	select {
	case <-ds.begun:
	case <-r.Context().Done():
	}
	ds.mu.Lock()
	ctx := ds.ctx
	if ctx == nil {
		ds.mu.Unlock()
		return visitor.Busy(visitor.KindDoors, retryEvery, "this lab is closing")
	}
	ds.sockets.Add(1)
	ds.mu.Unlock()
	defer ds.sockets.Done()
	d.serveSocket(ctx, w, r, client)
	return nil
}

// serveTap is a TAP door while its lab is there.
func (d *Door) serveTap(ctx context.Context, p *Policy) {
	for ctx.Err() == nil {
		var tap peer
		var name string
		d.await(ctx, func() (err error) {
			name, err = p.take(p.taps, func(name string) (err error) {
				tap, err = openTap(name)
				return err
			})
			return err
		})
		if tap == nil {
			return
		}
		d.set(func(s *session.DoorState) { s.At = name })
		_ = d.serve(ctx, tap, "the TAP "+name+" of this machine") // the door tells why
		p.give(name)
		d.set(func(s *session.DoorState) { s.At = "" })
		select {
		case <-time.After(retryEvery): // it was deleted: perhaps it comes again
		case <-ctx.Done():
		}
	}
}

// play plans what comes in from the capture file of a door, or says why nothing does.
func (ds *Doors) play(d *Door) string {
	all, err := decode.ReadTimed(ds.sess.Setup().Captures[d.File])
	if err != nil {
		return fmt.Sprintf("%s: %v", d.File, err)
	}
	frames := make([]session.TimedFrame, len(all))
	for i, c := range all {
		frames[i] = session.TimedFrame{At: c.At, Frame: c.Data}
	}
	by := "the capture " + d.File
	ds.sess.Play(d.Port, by, frames, func(left int) {
		d.in.Add(1)
		d.set(func(s *session.DoorState) {
			s.By = by
			if left == 0 {
				s.By, s.Last = "", "its last frame has come in"
			}
		})
	})
	return ""
}
