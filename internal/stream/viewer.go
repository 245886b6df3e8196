package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"nhooyr.io/websocket"

	"wireloom/internal/session"
)

const (
	batchEvery   = 50 * time.Millisecond // between two messages of events to a viewer who has all
	writeTimeout = 10 * time.Second      // a viewer who takes no message for so long is gone
	pingEvery    = 20 * time.Second
	pingTimeout  = 10 * time.Second
	runTimeout   = 10 * time.Second // of a command
	maxReplies   = 64               // replies that wait for the writer
	keepBuffer   = 64 << 10         // a larger buffer is not kept after small messages
)

// A viewer is one WebSocket. A goroutine reads commands and does them, one writes,
// and one sends pings; the first that fails ends all three.
type viewer struct {
	conn    *websocket.Conn
	s       *session.Session
	feed    *feed
	replies chan []byte
	sched   *session.Scheduler // nil: no turns
	owner   string             // whose turns

	// The writer's alone.
	seq    uint64 // of the event that the viewer gets next
	missed uint64 // events that it will never get
	snap   *session.Snapshot
	behind bool // there was more than one message had room for
	nets   int  // the version of the nodes' routes that the viewer has
	buf    []byte
}

// errDone ends a viewer whose lab has closed, after all has been said.
var errDone = errors.New("the lab closed")

// run serves the viewer until it leaves, fails or the lab closes.
func (v *viewer) run(h hello) error {
	v.conn.SetReadLimit(MaxMessage)
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	var others sync.WaitGroup
	others.Go(func() { cancel(v.read(ctx)) })
	others.Go(func() { cancel(v.ping(ctx)) })
	err := v.write(ctx, h)
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	if errors.Is(err, errDone) {
		_ = v.conn.Close(websocket.StatusNormalClosure, reasonText(v.s.Reason())) // it is over either way
	}
	cancel(err)
	_ = v.conn.CloseNow() // closed already, or dead
	others.Wait()
	if websocket.CloseStatus(err) != -1 || errors.Is(err, errDone) {
		return nil // they said goodbye, or we did
	}
	return err
}

// reasonText cuts a reason to what fits into a close frame.
func reasonText(s string) string {
	const most = 120
	if len(s) <= most {
		return s
	}
	for n := most; ; n-- {
		if s[n]&0xc0 != 0x80 { // not inside a character
			return s[:n]
		}
	}
}

// read takes the viewer's commands, does each, and leaves the reply to the writer.
// A peer that does not speak the protocol is told why, and its connection closed.
func (v *viewer) read(ctx context.Context) error {
	var l limiter
	reject := func(code websocket.StatusCode, why string) error {
		_ = v.conn.Close(code, reasonText(why)) // it is over either way
		return fmt.Errorf("closed with %v: %s", code, why)
	}
	for {
		typ, b, err := v.conn.Read(ctx)
		if err != nil {
			return fmt.Errorf("reading: %w", err)
		}
		if typ != websocket.MessageText {
			return reject(websocket.StatusUnsupportedData, "commands are text messages")
		}
		c, err := parse(b)
		if err != nil {
			return reject(websocket.StatusPolicyViolation, err.Error())
		}
		if d := l.take(time.Now()); d > 0 {
			select {
			case <-time.After(d):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		within, cancel := context.WithTimeout(ctx, runTimeout)
		r, err := c.answer(within, v.s)
		cancel()
		if err != nil {
			return fmt.Errorf("a reply: %w", err)
		}
		select {
		case v.replies <- r:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// ping finds out that a peer is gone which never said so.
func (v *viewer) ping(ctx context.Context) error {
	t := time.NewTicker(pingEvery)
	defer t.Stop()
	for {
		select {
		case <-t.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		within, cancel := context.WithTimeout(ctx, pingTimeout)
		err := v.conn.Ping(within)
		cancel()
		if err != nil {
			return fmt.Errorf("the viewer does not answer: %w", err)
		}
	}
}

// write sends the hello, and then states, replies and events as there are any.
func (v *viewer) write(ctx context.Context, h hello) error {
	b, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("hello: %w", err)
	}
	if err := v.send(ctx, b); err != nil {
		return err
	}
	var more, changed <-chan struct{}
	batch := time.NewTimer(0) // fires when events may be sent
	defer batch.Stop()
	armed := true
	rest := time.Time{} // no events before
	done := v.s.Done()
	wake := func() {
		if !armed {
			armed = true
			batch.Reset(time.Until(rest))
		}
	}
	for {
		select {
		case r := <-v.replies:
			if err := v.send(ctx, r); err != nil {
				return err
			}
		case <-more:
			more = nil
			wake()
		case <-changed:
			changed = nil
			wake()
		case <-batch.C:
			armed = false
			if changed == nil {
				if changed, err = v.sendState(ctx); err != nil {
					return err
				}
			}
			if more == nil {
				if more, err = v.sendEvents(ctx); err != nil {
					return err
				}
			}
			if more == nil {
				rest = time.Time{} // there are more already
				wake()
			} else {
				rest = time.Now().Add(batchEvery)
			}
		case <-done:
			return v.farewell(ctx)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// sendState sends the newest state, if the viewer has not had it, and returns what
// tells of a newer one.
func (v *viewer) sendState(ctx context.Context) (changed <-chan struct{}, err error) {
	snap, changed := v.s.Snapshot()
	if snap == v.snap {
		return changed, nil
	}
	v.snap = snap
	v.buf = v.feed.appendState(v.buf[:0], snap, v.missed, &v.nets)
	return changed, v.send(ctx, v.buf)
}

// sendEvents sends a message of events, if there are any. more is nil if there are
// more already.
func (v *viewer) sendEvents(ctx context.Context) (more <-chan struct{}, err error) {
	const head, room = `{"type":"events","missed":`, 20 // digits of the largest count
	v.buf = append(v.buf[:0], head...)
	start := len(v.buf) + room + len(`,"events":[`)
	v.buf = append(v.buf, make([]byte, start-len(v.buf))...)
	b, next, missed, more, err := v.encode(ctx)
	if err != nil {
		return nil, err
	}
	if cap(v.buf) > keepBuffer && len(b) < keepBuffer/4 {
		v.buf = nil // a burst is over: its memory is not kept for every viewer
	} else {
		v.buf = b
	}
	v.seq = next
	v.missed += missed
	if len(b) == start && missed == 0 {
		return more, nil
	}
	// The count goes in front, padded with blanks, which JSON allows.
	n := len(strconv.AppendUint(b[len(head):len(head)], missed, 10))
	for i := len(head) + n; i < len(head)+room; i++ {
		b[i] = ' '
	}
	copy(b[len(head)+room:], `,"events":[`)
	return more, v.send(ctx, append(b, "]}"...))
}

// encode appends a message's worth of events to the buffer (feed.append), in a turn.
func (v *viewer) encode(ctx context.Context) (b []byte, next, missed uint64, more <-chan struct{}, err error) {
	if v.sched != nil {
		if !v.sched.Turn(ctx, v.owner, v.behind) {
			return nil, 0, 0, nil, ctx.Err()
		}
		defer v.sched.Done()
	}
	b, next, missed, more = v.feed.append(v.buf, v.seq)
	v.behind = more == nil
	return b, next, missed, more, nil
}

// farewell sends what is left of a lab that has closed, and why it did.
func (v *viewer) farewell(ctx context.Context) error {
	for {
		more, err := v.sendEvents(ctx)
		if err != nil {
			return err
		}
		if more != nil {
			break
		}
	}
	if _, err := v.sendState(ctx); err != nil {
		return err
	}
	b, err := json.Marshal(map[string]string{"type": "bye", "reason": v.s.Reason()})
	if err != nil {
		return fmt.Errorf("bye: %w", err)
	}
	if err := v.send(ctx, b); err != nil {
		return err
	}
	return errDone
}

func (v *viewer) send(ctx context.Context, b []byte) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	if err := v.conn.Write(ctx, websocket.MessageText, b); err != nil {
		return fmt.Errorf("writing: %w", err)
	}
	return nil
}
