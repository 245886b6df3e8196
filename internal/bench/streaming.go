package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"nhooyr.io/websocket"

	"wireloom/internal/session"
	"wireloom/internal/stream"
	"wireloom/vnet"
	"wireloom/vnet/packet"
)

// eventsPerFrame is how many events a frame makes on its way from tap to tap.
const eventsPerFrame = 4

// streaming measures how fast viewers get what happens in a live lab: a burst of
// frames, each a ping of 98 bytes, in a lab that runs as fast as it goes. It is held
// against a sender that does nothing but send the same messages.
func streaming(ctx context.Context, rounds int) (*Report, error) {
	r := &Report{
		Title: "events to viewers, against a bare WebSocket sender of the same messages",
		Notes: []string{"delivered: events times viewers; ours includes running the lab, decoding each frame and encoding each event as JSON"},
	}
	for _, x := range []struct{ viewers, frames int }{{1, 25_000}, {50, 2_500}} {
		if err := streamTo(ctx, r, rounds, x.viewers, x.frames); err != nil {
			return nil, fmt.Errorf("%d viewers: %w", x.viewers, err)
		}
	}
	return r, nil
}

// Goals of a stream.
const (
	sharedGoal = 1.15 // of what a bare sender takes for an event, with many viewers
	bytesGoal  = 100  // of an event
)

func streamTo(ctx context.Context, r *Report, rounds, viewers, frames int) error {
	s, err := newStreamServer(ctx, frames)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.record(ctx); err != nil {
		return err
	}
	events := frames * eventsPerFrame
	turn := func(path func() string, begin func() error) contender {
		return func() (cost, error) {
			c, err := newCrowd(ctx, s.addr+path(), viewers, events)
			if err != nil {
				return cost{}, err
			}
			defer c.close()
			return measure(func() (int, error) {
				if err := begin(); err != nil {
					return 0, err
				}
				return events * viewers, c.done()
			})
		}
	}
	columns, err := inTurns(
		ctx, rounds,
		turn(s.next, func() error { return s.burst(ctx) }),
		turn(func() string { s.gate = make(chan struct{}); return "/bare" }, func() error { close(s.gate); return nil }),
	)
	if err != nil {
		return err
	}
	ours, bare := columns[0], columns[1]
	what := strconv.Itoa(viewers) + " viewers"
	if viewers == 1 {
		what = "1 viewer"
	}
	bytes := 0
	for _, m := range s.messages {
		bytes += len(m)
	}
	note := fmt.Sprintf("%d messages of %d events on average", len(s.messages), events/len(s.messages))
	cpu := against(what, "ns CPU/event", ours.cpu(), bare.cpu(), "")
	if viewers > 1 {
		cpu = cpu.goal(sharedGoal)
	}
	r.Rows = append(
		r.Rows,
		against(what, "events/s delivered", ours.persecond(), bare.persecond(), note),
		cpu,
		below(what, "B/event", float64(bytes)/float64(events), bytesGoal),
	)
	return nil
}

// A streamServer is a live lab with its viewers' server, and a bare sender.
type streamServer struct {
	addr     string
	events   int
	session  *session.Session
	messages [][]byte      // what a viewer got of a burst
	gate     chan struct{} // the bare sender waits for it

	stop   context.CancelFunc
	server *http.Server
}

func newStreamServer(ctx context.Context, frames int) (*streamServer, error) {
	frame, err := pingFrame()
	if err != nil {
		return nil, err
	}
	const window = 64 << 20 // a burst as a whole: no viewer misses any of it
	t, err := newTapLab(frame, frames, window)
	if err != nil {
		return nil, err
	}
	live, err := session.New(t.lab, session.Setup{Scenario: "taps", Title: "Taps"}, session.Options{Idle: -1})
	if err != nil {
		t.lab.Close()
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	s := &streamServer{events: frames * eventsPerFrame, session: live, stop: stop}
	go live.Run(ctx)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		stop()
		return nil, err
	}
	s.addr = listener.Addr().String()
	hub := &stream.Hub{Version: "benchmark", Rate: -1} // everything is to arrive
	mux := http.NewServeMux()
	mux.HandleFunc("/stream", func(w http.ResponseWriter, r *http.Request) { hub.Serve(w, r, live, "benchmark") })
	mux.HandleFunc("/bare", s.bare)
	s.server = &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	go func() { _ = s.server.Serve(listener) }() // it ends when close closes it
	if err := live.SetRate(ctx, session.AsFast); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *streamServer) close() {
	_ = s.server.Close() // the listener, at most
	s.stop()
	<-s.session.Done()
}

// next is the path of a stream of what happens from now on.
func (s *streamServer) next() string {
	_, next := s.session.Log().Bounds()
	return "/stream?since=" + strconv.FormatUint(next, 10)
}

// burst makes the lab send its frames.
func (s *streamServer) burst(ctx context.Context) error {
	_, err := s.session.Do(ctx, vnet.Start{Node: "a", Proc: "user"})
	return err
}

// record keeps what a viewer gets of a burst, message by message.
func (s *streamServer) record(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, drainLimit)
	defer cancel()
	c, _, err := websocket.Dial(ctx, "ws://"+s.addr+s.next(), nil)
	if err != nil {
		return err
	}
	defer func() { _ = c.CloseNow() }() // all that it had to say has been read
	c.SetReadLimit(64 << 20)
	if err := s.burst(ctx); err != nil {
		return err
	}
	for seen := 0; seen < s.events; {
		_, b, err := c.Read(ctx)
		if err != nil {
			return fmt.Errorf("after %d of %d events: %w", seen, s.events, err)
		}
		if n := told(b); n > 0 {
			seen += n
			s.messages = append(s.messages, b)
		}
		var push struct{ N uint64 }
		if err := json.Unmarshal(b, &push); err != nil {
			return err
		}
		if push.N > 0 {
			if err := c.Write(ctx, websocket.MessageText, fmt.Appendf(nil, `{"type":"ack","n":%d}`, push.N)); err != nil {
				return err
			}
		}
	}
	return nil
}

// bare sends the recorded messages when the gate opens.
func (s *streamServer) bare(w http.ResponseWriter, r *http.Request) {
	c, err := websocket.Accept(w, r, &websocket.AcceptOptions{CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return // it has answered
	}
	defer func() { _ = c.CloseNow() }() // the peer is gone
	ctx, gone := context.WithCancel(context.WithoutCancel(r.Context()))
	go func() {
		defer gone()
		for err := error(nil); err == nil; {
			_, _, err = c.Read(ctx) // what the viewer acknowledges
		}
	}()
	select {
	case <-s.gate:
	case <-ctx.Done():
		return
	}
	for _, m := range s.messages {
		if err := c.Write(ctx, websocket.MessageText, m); err != nil {
			return // the viewers' process tells what it missed
		}
	}
	<-ctx.Done()
}

// pingFrame is an echo request as ping sends it.
func pingFrame() ([]byte, error) {
	message, err := packet.AppendICMPv4Echo(nil, false, 7, 1, make([]byte, 56))
	if err != nil {
		return nil, err
	}
	b := packet.AppendEthernet(nil, packet.MAC(stationMAC(2)), packet.MAC(stationMAC(1)), packet.TypeIPv4)
	b, err = packet.AppendIPv4(b, packet.IPv4Header{
		Protocol: packet.ProtoICMP, Src: netip.AddrFrom4([4]byte{10, 0, 0, 1}), Dst: netip.AddrFrom4([4]byte{10, 0, 0, 2}),
	}, len(message))
	return append(b, message...), err
}
