package door

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"wireloom/internal/session"
	"wireloom/vnet/config"
)

// Limits of a door. What they drop is counted by reason.
const (
	maxQueue      = 256              // frames that wait, in each direction
	maxQueueBytes = 1 << 20          // their bytes
	maxBatch      = 64               // frames that a lab takes at once
	writeTimeout  = 10 * time.Second // in which a peer has to take a frame, in real time
	closeTimeout  = 10 * time.Second // for the lab to be told that a peer has gone
	burst         = 4                // a door takes in at once what it takes in one of so many parts of a second
	floodPause    = 10 * time.Millisecond
	floodRun      = 64  // frames over the limit after which a flood is read more slowly: floodPause
	maxOpenings   = 500 // times that a door is opened in a lab's life: each is two of its commands
	quickOpenings = 10  // of them at once; after that one a second
)

// Why frames are lost at a door.
const (
	tooShort  = "too-short"  // in: it has no Ethernet header
	overRate  = "rate"       // in: the peer sends more than a door takes
	queueFull = "queue-full" // in: the lab is behind
	standing  = "paused"     // in: the lab's time stands
	slowPeer  = "slow-peer"  // out: the peer takes less than the lab sends
	hostDown  = "host-down"  // out: the TAP is not up
)

// A peer is who is outside of a door.
type peer interface {
	// read returns the next frame, whose bytes are good until the one after it. What it
	// returns an error for ends the peer: io.EOF says that it went by itself.
	read() ([]byte, error)
	// write hands a frame over, within writeTimeout. errDown says that it was not taken.
	write(frame []byte) error
	// close ends read and write, and tells the peer why where it can.
	close(why string)
}

// errDown is what a peer that takes no frames for now says.
var errDown = errors.New("the interface is not up")

// A lab is what a door needs of a session.
type lab interface {
	OpenDoor(ctx context.Context, port, by string, send func(frame []byte)) error
	CloseDoor(ctx context.Context, port, why string, dropped map[string]uint64) error
	Enter(ctx context.Context, port string, frames [][]byte) error
}

// A Door is one door of a lab. One peer may be there at a time.
type Door struct {
	config.DoorAt
	lab      lab
	lg       *slog.Logger
	frames   *rate.Limiter // what comes in
	bytes    *rate.Limiter
	openings *rate.Limiter

	in, out atomic.Uint64 // frames

	mu      sync.Mutex
	state   session.DoorState // but for In, Out and Dropped
	busy    bool
	opened  int
	dropped map[string]uint64 // since the lab began
}

func newDoor(at config.DoorAt, l lab, p *Policy, lg *slog.Logger) *Door {
	limit := func(n, otherwise, once int64) *rate.Limiter {
		switch {
		case n == 0:
			n = otherwise
		case n < 0:
			return rate.NewLimiter(rate.Inf, 0)
		}
		return rate.NewLimiter(rate.Limit(n), int(max(n/burst, once)))
	}
	return &Door{
		DoorAt: at, lab: l, lg: lg, dropped: map[string]uint64{}, openings: rate.NewLimiter(1, quickOpenings),
		frames: limit(p.Frames, DefaultFrames, 1), bytes: limit(p.Bytes, DefaultBytes, config.MaxFrame), // else the longest frame would never come in
		state: session.DoorState{Port: at.Port, Kind: at.Kind},
	}
}

// State is the door for people.
func (d *Door) State() session.DoorState {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.state
	s.In, s.Out, s.Dropped = d.in.Load(), d.out.Load(), maps.Clone(d.dropped)
	return s
}

func (d *Door) set(f func(*session.DoorState)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f(&d.state)
}

func (d *Door) drop(why string, frames int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dropped[why] += uint64(frames)
}

// enter takes the place at the door, or says why a peer cannot have it.
func (d *Door) enter(by string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.busy:
		return fmt.Errorf("door %s is taken: %s is there", d.Port, d.state.By)
	case d.opened >= maxOpenings:
		return fmt.Errorf("door %s was opened %d times, which is as often as it may: start a new lab", d.Port, maxOpenings)
	case !d.openings.Allow():
		return fmt.Errorf("door %s is opened too often: one that went may come again in a second", d.Port)
	}
	d.busy = true
	d.opened++
	d.state.By = by
	return nil
}

func (d *Door) leave(why string) {
	d.set(func(s *session.DoorState) {
		s.By, s.Last = "", why
		d.busy = false
	})
}

// errGone ends a peer that went by itself.
var errGone = errors.New("it went")

// serve plugs a peer in until it goes, it has to go, or ctx ends. It returns why; an error
// that is one of enter's says that it was never there.
func (d *Door) serve(ctx context.Context, p peer, by string) error {
	if err := d.enter(by); err != nil {
		p.close(err.Error())
		return err
	}
	was := d.State().Dropped
	v := &visit{Door: d, peer: p, arrived: newQueue(), leaving: newQueue()}
	why := d.lab.OpenDoor(ctx, d.Port, by, v.send)
	if why == nil {
		d.lg.Info("a door was opened", "door", d.Port, "by", by)
		why = v.run(ctx)
		lost := d.State().Dropped
		for k, n := range was {
			if lost[k] -= n; lost[k] == 0 {
				delete(lost, k)
			}
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		err := d.lab.CloseDoor(ctx, d.Port, why.Error(), lost)
		cancel()
		d.lg.Info("a door was closed", "door", d.Port, "why", why, "dropped", lost)
		if err != nil && !errors.Is(err, session.ErrClosed) {
			d.lg.Warn("a lab was not told that a door is closed", "door", d.Port, "error", err)
		}
	}
	p.close(why.Error())
	d.leave(why.Error())
	return why
}

// A visit is a peer's while it is there. A goroutine takes frames off the peer, one lets
// them into the lab, and one hands the peer what leaves.
type visit struct {
	*Door
	peer             peer
	arrived, leaving *queue
}

// run is the visit up to its end, and returns why that is.
func (v *visit) run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var all sync.WaitGroup
	all.Go(func() { cancel(v.read(ctx)) })
	all.Go(func() { cancel(v.let(ctx)) })
	all.Go(func() { cancel(v.write(ctx)) })
	<-ctx.Done()
	why := context.Cause(ctx)
	if errors.Is(why, context.Canceled) {
		why = errors.New("the lab closed")
	}
	v.peer.close(why.Error())
	all.Wait()
	return why
}

// read takes frames off the peer. One that is over the limits is dropped, and who sends
// nothing but such is read more slowly.
func (v *visit) read(ctx context.Context) error {
	for over := 0; ; {
		frame, err := v.peer.read()
		switch {
		case errors.Is(err, io.EOF):
			return errGone
		case err != nil:
			return err
		}
		now := time.Now()
		switch {
		case len(frame) < MinFrame:
			v.drop(tooShort, 1)
		case !v.frames.AllowN(now, 1) || !v.bytes.AllowN(now, len(frame)):
			v.drop(overRate, 1)
		default:
			over = 0
			if !v.arrived.put(frame) {
				v.drop(queueFull, 1)
			}
			continue
		}
		if over++; over%floodRun == 0 {
			select {
			case <-time.After(floodPause):
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
	}
}

// let lets into the lab what has arrived.
func (v *visit) let(ctx context.Context) error {
	for {
		frames := v.arrived.take(ctx)
		if frames == nil {
			return context.Cause(ctx)
		}
		err := v.lab.Enter(ctx, v.Port, frames)
		n := len(frames)
		v.arrived.done(frames)
		switch {
		case errors.Is(err, session.ErrPaused):
			v.drop(standing, n)
		case err != nil:
			return err
		default:
			v.in.Add(uint64(n))
		}
	}
}

// send takes what leaves the lab: session.OpenDoor.
func (v *visit) send(frame []byte) {
	if !v.leaving.put(frame) {
		v.drop(slowPeer, 1)
	}
}

// write hands the peer what leaves the lab.
func (v *visit) write(ctx context.Context) error {
	for {
		frames := v.leaving.take(ctx)
		if frames == nil {
			return context.Cause(ctx)
		}
		for _, f := range frames {
			switch err := v.peer.write(f); {
			case errors.Is(err, errDown):
				v.drop(hostDown, 1)
			case err != nil:
				return err
			default:
				v.out.Add(1)
			}
		}
		v.leaving.done(frames)
	}
}
