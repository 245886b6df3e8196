package httpapi

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"time"

	"wireloom/internal/labapi"
	"wireloom/internal/pcap"
	"wireloom/internal/session"
	"wireloom/internal/visitor"
	"wireloom/vnet"
	"wireloom/vnet/event"
)

// Limits of captures.
const (
	liveEvery   = 100 * time.Millisecond // between two pieces of a live one: what comes meanwhile goes together
	countEvery  = 1 * time.Second        // between two looks at what its points have counted
	aliveEvery  = 15 * time.Second       // after which one that has nothing to say says what it has counted: a proxy waits a minute
	liveTimeout = 30 * time.Second       // for its reader to take slowPiece: who takes less is cut off
)

// capture hands out the frames of a lab so far, as a file.
func (s *Server) capture(w http.ResponseWriter, r *http.Request, l *lab) {
	conf, why := captureOf(r, l)
	if why != nil {
		s.refuse(w, why, "there is nothing to capture")
		return
	}
	s.download(w, r, l, "application/x-pcapng", ".pcapng", func(w io.Writer) error {
		frames, err := l.Frames(r.Context())
		if err != nil {
			return err
		}
		defer frames.Close()
		return labapi.WriteCapture(w, conf, frames)
	})
}

// points lists where a lab can be captured.
func (s *Server) points(w http.ResponseWriter, r *http.Request, l *lab) {
	ends, why := endsOf(r, l)
	if why != nil {
		s.refuse(w, why)
		return
	}
	reply(w, http.StatusOK, pcap.Places(ends))
}

func endsOf(r *http.Request, l *lab) ([]vnet.End, *visitor.Refusal) {
	ctx, cancel := context.WithTimeout(r.Context(), replyTimeout/2)
	defer cancel()
	ends, err := l.Ends(ctx)
	if err != nil {
		return nil, visitor.Busy(visitor.KindBusy, retrySoon, "%v", err)
	}
	return ends, nil
}

// captureOf reads what the address of a capture says.
func captureOf(r *http.Request, l *lab) (pcap.Config, *visitor.Refusal) {
	bad := func(err error) (pcap.Config, *visitor.Refusal) {
		return pcap.Config{}, &visitor.Refusal{Status: http.StatusBadRequest, Why: err.Error()}
	}
	asked, err := labapi.ReadCapture(r.URL.RawQuery)
	if err != nil {
		return bad(err)
	}
	ends, why := endsOf(r, l)
	if why != nil {
		return pcap.Config{}, why
	}
	conf, err := asked.Of(ends)
	if err != nil {
		return bad(err)
	}
	return conf, nil
}

// liveCapture hands out the frames of a lab from now on, until the client leaves or the
// lab closes. The client counts as one who watches the lab.
func (s *Server) liveCapture(w http.ResponseWriter, r *http.Request, l *lab) {
	const undone = "there is nothing to capture"
	conf, why := captureOf(r, l)
	if why != nil {
		s.refuse(w, why, undone)
		return
	}
	client := s.client(r)
	owner := ownerOf(client)
	give, why := s.takeFile(client, l)
	if why != nil {
		s.refuse(w, why, undone)
		return
	}
	defer give()
	attach(w, l, "application/x-pcapng", ".pcapng")
	w.Header().Set("X-Accel-Buffering", "no") // nginx would keep it until it has some kilobytes
	if r.Method == http.MethodHead {
		return
	}
	tap, leave, err := l.Tap(r.Context(), conf.Points.Wants)
	if err != nil {
		w.Header().Del("Content-Disposition")
		s.refuse(w, visitor.Busy(visitor.KindViewers, retrySoon, "%v", err), undone)
		return
	}
	defer leave()
	c := http.NewResponseController(w)
	_ = c.SetReadDeadline(time.Time{}) // nothing more is read of it but its end
	live := live{lab: l, tap: tap, send: func(b []byte) error {
		for piece := range slices.Chunk(b, slowPiece) {
			_ = c.SetWriteDeadline(time.Now().Add(liveTimeout)) // a writer that has none, as in a test, needs none
			if _, err := w.Write(piece); err != nil {
				return err
			}
		}
		return c.Flush()
	}, turn: func(hog bool, work func() error) error {
		if !s.sched.Turn(r.Context(), owner, hog) {
			return r.Context().Err()
		}
		defer s.sched.Done()
		return work()
	}}
	if err := live.run(r.Context(), conf); err != nil {
		s.log.Info("a live capture ended", "lab", l.ID[:8], "why", err)
	}
}

// A live is a capture that goes on.
type live struct {
	lab  *lab
	tap  *session.Tap
	send func([]byte) error
	turn func(hog bool, work func() error) error // does work in a turn of the server's

	out    bytes.Buffer
	c      *pcap.Capture
	events []byte // that were taken last
}

// run captures until ctx ends, its reader is gone, or the lab closes.
func (v *live) run(ctx context.Context, conf pcap.Config) (err error) {
	if v.c, err = pcap.New(&v.out, conf); err != nil {
		return err
	}
	tick := time.NewTicker(liveEvery)
	defer tick.Stop()
	counted, sent := time.Now(), time.Time{}
	for over := false; ; {
		now := time.Now()
		snap, _ := v.lab.Snapshot() // before: what happened until then waits
		err := v.take()
		idle := now.Sub(sent) >= aliveEvery
		switch {
		case err != nil:
		case over:
			err = v.c.Close(snap.Now)
		case idle || now.Sub(counted) >= countEvery:
			counted = now
			err = errors.Join(v.c.Reach(snap.Now), v.c.Count(idle))
		default:
			err = v.c.Reach(snap.Now)
		}
		if err == nil && v.out.Len() > 0 {
			sent = now
			err = v.send(v.out.Bytes())
			v.out.Reset()
		}
		if err != nil || over {
			return err
		}
		select {
		case <-tick.C:
		case <-v.tap.Much():
		case <-v.lab.Done():
			over = true
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// take captures what waits.
func (v *live) take() error {
	events, missed := v.tap.Take(v.events)
	v.events = events
	for rest := events; len(rest) > 0; {
		err := v.turn(len(rest) < len(events), func() (err error) {
			for end := max(len(rest)-turnBytes, 0); len(rest) > end && err == nil; {
				var e event.Event
				if e, rest, err = session.NextEvent(rest); err == nil {
					err = v.c.Event(&e)
				}
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	for way, n := range missed {
		v.c.Miss(way.From, way.To, n, "the reader of this capture is too slow")
	}
	return nil
}
