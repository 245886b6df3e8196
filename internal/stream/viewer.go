package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"wireloom/internal/keepalive"
	"wireloom/internal/protocol"
	"wireloom/internal/sched"
	"wireloom/internal/session"
	"wireloom/internal/stream/carrier"
	"wireloom/internal/stream/flow"
)

const (
	writeTimeout = 10 * time.Second // a viewer who takes no message for so long is gone
	pingEvery    = keepalive.Every
	pingTimeout  = keepalive.Patience
	runTimeout   = 10 * time.Second // of a command
	maxReplies   = 64               // replies that wait for the writer
)

// Commands of a viewer: CommandBurst at once, and CommandRate a second after that.
// Who sends more is read more slowly, nothing else. Acknowledgements are apart.
const (
	CommandRate  = 50
	CommandBurst = 100
	ackRate      = 200
	ackBurst     = 400
)

// A viewer is one connection. A goroutine reads commands and does them, one writes,
// and one sends pings; the first that fails ends all three.
//
// What is written first: replies, then a new state, then events. A reply is written
// whatever the viewer has acknowledged; the others wait until the viewer has shown
// what it was sent before (flow).
type viewer struct {
	conn    carrier.Conn
	s       *session.Session
	feed    *feed
	reader  *reader // of the feed
	replies chan []byte
	sched   *sched.Scheduler // nil: no turns
	pass    *Pass
	every   time.Duration // between pings
	heard   atomic.Int64  // when something came from the viewer last, in Unix nanoseconds

	mu    sync.Mutex // guards flow
	flow  flow.Flow
	acked chan struct{} // holds one: an acknowledgement has come

	// The writer's alone.
	out    outbox
	behind bool // there was more than one message had room for
	snap   *session.Snapshot
	has    version // what the viewer has
	buf    []byte
}

// errDone ends a viewer whose lab has closed, after all has been said.
var errDone = errors.New("the lab closed")

// run serves the viewer until it leaves, fails or the lab closes.
func (v *viewer) run(h protocol.Hello) error {
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
		_ = v.conn.Close(carrier.CloseNormal, reasonText(v.s.Reason())) // it is over either way
	}
	cancel(err)
	_ = v.conn.CloseNow() // closed already, or dead
	others.Wait()
	if errors.Is(err, carrier.ErrGoodbye) || errors.Is(err, errDone) {
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
	commands, acks := flow.NewLimiter(CommandRate, CommandBurst), flow.NewLimiter(ackRate, ackBurst)
	reject := func(code carrier.CloseCode, why string) error {
		_ = v.conn.Close(code, reasonText(why)) // it is over either way
		return fmt.Errorf("closed with %d: %s", code, why)
	}
	for {
		text, b, err := v.conn.Read(ctx)
		if err != nil {
			return fmt.Errorf("reading: %w", err)
		}
		now := time.Now()
		v.heard.Store(now.UnixNano())
		if !text {
			return reject(carrier.CloseUnsupported, "commands are text messages")
		}
		if !utf8.Valid(b) { // RFC 6455, 8.1
			return reject(carrier.CloseInvalid, "this is not a command: it is not UTF-8 text")
		}
		c, err := parse(b)
		switch {
		case err != nil:
			return reject(carrier.ClosePolicy, err.Error())
		case c.Type == typeAck:
			if !v.acknowledge(now, *c.N) {
				return reject(carrier.ClosePolicy, "there is no message of the number that this acknowledges")
			}
			err = sleep(ctx, acks.Take(now))
		default:
			err = v.do(ctx, c, commands.Take(now))
		}
		if err != nil {
			return err
		}
	}
}

// do carries out a command after a while. One that asks for much waits, besides,
// until the viewer has been sent no more than its rate allows; one that controls the
// lab never does.
func (v *viewer) do(ctx context.Context, c *command, wait time.Duration) error {
	if ops[c.Op].asks {
		v.mu.Lock()
		wait = max(wait, v.flow.Debt(time.Now()))
		v.mu.Unlock()
	}
	if err := sleep(ctx, wait); err != nil {
		return err
	}
	if ops[c.Op].work && v.sched != nil {
		if !v.sched.Turn(ctx, v.pass.Owner, false) {
			return ctx.Err()
		}
	}
	timed, cancel := context.WithTimeout(ctx, runTimeout)
	r, err := c.answer(timed, v.s, v.pass)
	cancel()
	if ops[c.Op].work && v.sched != nil {
		v.sched.Done()
	}
	if err != nil {
		return fmt.Errorf("a reply: %w", err)
	}
	select {
	case v.replies <- r:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (v *viewer) acknowledge(now time.Time, n uint64) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	select {
	case v.acked <- struct{}{}:
	default: // the writer has not seen the last one yet
	}
	return v.flow.Acknowledged(now, n)
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ping finds out that a peer is gone which never said so. One that is heard of is
// not gone, however late its pong.
func (v *viewer) ping(ctx context.Context) error {
	for {
		if err := sleep(ctx, v.every); err != nil {
			return err
		}
		if why := v.pass.may().NotWatch; why != "" {
			_ = v.conn.Close(carrier.ClosePolicy, reasonText(why)) // it is over either way
			return fmt.Errorf("sent away: %s", why)
		}
		before := v.heard.Load()
		timed, cancel := context.WithTimeout(ctx, pingTimeout)
		err := v.conn.Ping(timed)
		cancel()
		if err != nil && v.heard.Load() == before {
			return fmt.Errorf("the viewer does not answer: %w", err)
		}
	}
}

// write sends the hello, and then replies, states and events as there are any.
func (v *viewer) write(ctx context.Context, h protocol.Hello) error {
	b, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("hello: %w", err)
	}
	if err := v.send(ctx, b); err != nil {
		return err
	}
	others, err := v.sendPeople(ctx)
	if err != nil {
		return err
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		// In this order: a reply that was there when the viewer acknowledged something
		// goes before what that made room for.
		v.mu.Lock()
		room, budget := v.flow.Open(time.Now()), v.flow.Budget()
		v.mu.Unlock()
		select {
		case r := <-v.replies:
			if err := v.send(ctx, r); err != nil {
				return err
			}
			continue
		case <-others:
			if others, err = v.sendPeople(ctx); err != nil {
				return err
			}
			continue
		default:
		}
		sent, next, err := v.push(ctx, room, budget)
		if err != nil {
			return err
		}
		if sent {
			continue
		}
		if next.wait > 0 {
			timer.Reset(next.wait)
		} else {
			timer.Stop()
		}
		select {
		case r := <-v.replies:
			if err := v.send(ctx, r); err != nil {
				return err
			}
		case <-others:
			if others, err = v.sendPeople(ctx); err != nil {
				return err
			}
		case <-next.batch:
		case <-next.state:
		case <-v.acked:
		case <-timer.C:
		case <-v.s.Done():
			return v.farewell(ctx)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// sendPeople says who else is at the lab, where there may be others. The channel is closed
// when that has changed.
func (v *viewer) sendPeople(ctx context.Context) (<-chan struct{}, error) {
	people, changed := v.pass.people()
	if changed == nil {
		return nil, nil
	}
	people.Type = "people"
	b, err := json.Marshal(people)
	if err != nil {
		return nil, fmt.Errorf("people: %w", err)
	}
	return changed, v.send(ctx, b)
}

// A next is what the writer waits for when it can send nothing.
type next struct {
	batch, state <-chan struct{}
	wait         time.Duration // 0 is for ever
}

// push sends a new state, or else events, if there are any and they may be sent: now,
// after a while, or after an acknowledgement, as Flow.Open says. If it sends nothing,
// it returns what to wait for.
func (v *viewer) push(ctx context.Context, wait time.Duration, budget int) (sent bool, n next, err error) {
	batches, more := v.feed.after(v.reader, v.out.end)
	for _, b := range batches {
		v.out.add(b, v.room(budget))
	}
	n.batch = more
	snap, changed := v.s.Snapshot()
	n.state = changed
	switch {
	case snap == v.snap && v.out.empty():
		return false, n, nil
	case wait != 0:
		n.wait = max(wait, 0)
		return false, n, nil
	case snap != v.snap:
		v.snap = snap
		return true, n, v.sendState(ctx, snap)
	default:
		v.out.trim(v.room(budget))
		return true, n, v.sendEvents(ctx, budget)
	}
}

// room is how much of what happens now may wait in the outbox.
func (v *viewer) room(budget int) int {
	if v.feed.limits == noLimits {
		return math.MaxInt
	}
	return budget
}

// sendPush sends a message that the viewer acknowledges.
func (v *viewer) sendPush(ctx context.Context, encode func(b []byte, number uint64) (own []byte, pieces [][]byte, err error)) error {
	v.mu.Lock()
	number := v.flow.Number()
	v.mu.Unlock()
	b, pieces, err := encode(v.buf[:0], number)
	v.buf = b
	if err != nil {
		return err
	}
	size := len(b)
	for _, p := range pieces {
		size += len(p)
	}
	v.mu.Lock()
	v.flow.Pushed(time.Now(), size)
	v.mu.Unlock()
	return v.transmit(ctx, b, pieces...)
}

func (v *viewer) sendState(ctx context.Context, snap *session.Snapshot) error {
	return v.sendPush(ctx, func(b []byte, n uint64) ([]byte, [][]byte, error) {
		return v.feed.appendState(b, n, snap, &v.out, &v.has), nil, nil
	})
}

// sendEvents sends a message of the events that wait, made in a turn.
func (v *viewer) sendEvents(ctx context.Context, budget int) error {
	return v.sendPush(ctx, func(b []byte, number uint64) (_ []byte, pieces [][]byte, err error) {
		err = v.turn(ctx, func() { b, pieces = v.out.appendMessage(b, number, budget) })
		return b, pieces, err
	})
}

// turn does in a turn of the owner's what takes time for this viewer alone.
func (v *viewer) turn(ctx context.Context, do func()) error {
	if v.sched != nil {
		if !v.sched.Turn(ctx, v.pass.Owner, v.behind) {
			return ctx.Err()
		}
		defer v.sched.Done()
	}
	do()
	v.behind = !v.out.empty()
	return nil
}

// farewell sends what is left of a lab that has closed, and why it did.
func (v *viewer) farewell(ctx context.Context) error {
	v.feed.flush()
	batches, _ := v.feed.after(v.reader, v.out.end)
	for _, b := range batches {
		v.out.add(b, v.room(BatchBytes))
	}
	for !v.out.empty() {
		if err := v.sendEvents(ctx, BatchBytes); err != nil {
			return err
		}
	}
	snap, _ := v.s.Snapshot()
	if err := v.sendState(ctx, snap); err != nil {
		return err
	}
	b, err := json.Marshal(protocol.Bye{Type: "bye", Reason: v.s.Reason()})
	if err != nil {
		return fmt.Errorf("bye: %w", err)
	}
	if err := v.send(ctx, b); err != nil {
		return err
	}
	return errDone
}

// send sends a message that is not acknowledged.
func (v *viewer) send(ctx context.Context, b []byte) error {
	v.mu.Lock()
	v.flow.Weigh(time.Now(), len(b))
	v.mu.Unlock()
	return v.transmit(ctx, b)
}

// transmit writes a message, which is b and the pieces.
func (v *viewer) transmit(ctx context.Context, b []byte, pieces ...[]byte) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	if err := v.conn.Write(ctx, b, pieces...); err != nil {
		return fmt.Errorf("writing: %w", err)
	}
	return nil
}
