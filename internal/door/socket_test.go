package door

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nhooyr.io/websocket"

	"wireloom/vnet/config"
)

// A socketAt is a WebSocket at a door, over a real connection.
type socketAt struct {
	*websocket.Conn
	t    *testing.T
	lab  *fakeLab
	door *Door
}

// waits returns what tells of changes of the lab, to be awaited one by one.
func waits() chan struct{} { return make(chan struct{}, 1024) }

func dialDoor(t *testing.T, kind config.DoorKind) *socketAt {
	t.Helper()
	l := &fakeLab{came: waits()}
	d := testDoor(l, &Policy{}, kind)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.serveSocket(t.Context(), w, r, "192.0.2.7")
	}))
	t.Cleanup(srv.Close)
	var ask []string
	if kind == config.C2W {
		ask = []string{"binary"} // as container2wasm's page does
	}
	c, res, err := websocket.Dial(t.Context(), srv.URL, &websocket.DialOptions{Subprotocols: ask})
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.Join(ask, ""); c.Subprotocol() != want {
		t.Errorf("the subprotocol is %q, want %q: a browser would close", c.Subprotocol(), want)
	}
	_ = res.Body // an upgraded one's is the connection
	c.SetReadLimit(-1)
	t.Cleanup(func() { _ = c.CloseNow() })
	<-l.came // it is open
	return &socketAt{c, t, l, d}
}

func (s *socketAt) says(typ websocket.MessageType, b []byte) {
	s.t.Helper()
	if err := s.Write(s.t.Context(), typ, b); err != nil {
		s.t.Fatal(err)
	}
}

// gets is the next message, or why there is none.
func (s *socketAt) gets() string {
	s.t.Helper()
	typ, b, err := s.Read(s.t.Context())
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(typ, " ", string(b))
}

// A message is a frame, in both directions, and nobody hears himself.
func TestAMessageIsAFrame(t *testing.T) {
	s := dialDoor(t, config.WebSocket)
	s.says(websocket.MessageBinary, frame("to the lab"))
	<-s.lab.came
	s.lab.send(frame("to the peer"))
	if got, want := s.gets(), "MessageBinary "+string(frame("to the peer")); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if frames, _ := s.lab.seen(); len(frames) != 1 || frames[0] != string(frame("to the lab")) {
		t.Errorf("the lab got %q", frames)
	}
	if by := s.door.State().By; by != "a WebSocket from 192.0.2.7" {
		t.Errorf("at the door is %s", by)
	}
	_ = s.Close(websocket.StatusNormalClosure, "")
	<-s.lab.came
	if _, closed := s.lab.seen(); fmt.Sprint(closed) != "[it went]" {
		t.Errorf("the lab was told %v", closed)
	}
}

func TestWhoSendsAMessageThatIsNoFrameHasToGo(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(s *socketAt)
		want string
	}{
		{"a text", func(s *socketAt) { s.says(websocket.MessageText, frame("")) }, errText.Error()},
		{"one that no link carries", func(s *socketAt) { s.says(websocket.MessageBinary, make([]byte, config.MaxFrame+1)) }, "it sent a frame of more than the 65553 bytes that are allowed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := dialDoor(t, config.WebSocket)
			c.do(s)
			if got := s.gets(); !strings.Contains(got, c.want) {
				t.Errorf("the peer is told %q", got)
			}
			<-s.lab.came
			if _, closed := s.lab.seen(); fmt.Sprint(closed) != "["+c.want+"]" {
				t.Errorf("the lab was told %q", closed)
			}
		})
	}
}

// A message that has begun has to end, also where the peer would answer a ping.
func TestWhoStallsInAMessageHasToGo(t *testing.T) {
	l := &fakeLab{came: waits()}
	d := testDoor(l, &Policy{}, config.WebSocket)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		c.SetReadLimit(-1)
		_ = d.serve(t.Context(), &messagePeer{conn: c, ctx: t.Context(), patience: time.Millisecond}, "a peer")
	}))
	defer srv.Close()
	c, _, err := websocket.Dial(t.Context(), srv.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.CloseNow() }()
	go func() { _, _, _ = c.Read(t.Context()) }() // it answers what it is asked
	w, err := c.Writer(t.Context(), websocket.MessageBinary)
	if err == nil {
		_, err = w.Write(make([]byte, 20_000)) // more than waits in its buffer; it is never closed
	}
	if err != nil {
		t.Fatal(err)
	}
	await(t, func() bool {
		_, closed := l.seen()
		return fmt.Sprint(closed) == "["+errStall.Error()+"]"
	})
}

// c2w's messages are pieces of a stream: several frames in one, or one in several.
func TestC2WIsAStreamInMessages(t *testing.T) {
	s := dialDoor(t, config.C2W)
	one, two := frame("one"), frame("two")
	stream := framed(one, two, one)
	for _, piece := range [][]byte{stream[:2], stream[2:7], stream[7 : len(stream)-1], nil, stream[len(stream)-1:]} {
		s.says(websocket.MessageBinary, piece)
	}
	for {
		<-s.lab.came
		if frames, _ := s.lab.seen(); len(frames) == 3 {
			if frames[0] != string(one) || frames[1] != string(two) || frames[2] != string(one) {
				t.Errorf("the lab got %q", frames)
			}
			break
		}
	}
	s.lab.send(two)
	typ, r, err := s.Reader(t.Context())
	if err != nil || typ != websocket.MessageBinary {
		t.Fatal(typ, err)
	}
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, framed(two)) {
		t.Errorf("the peer gets %x, %v", got, err)
	}
	told := make(chan string, 1)
	go func() { told <- s.gets() }()
	s.says(websocket.MessageBinary, []byte{0xff, 0, 0, 0})
	await(t, func() bool {
		_, closed := s.lab.seen()
		return len(closed) > 0
	})
	const want = "a frame of 4278190080 bytes"
	if _, closed := s.lab.seen(); len(closed) != 1 || !strings.Contains(closed[0], want) {
		t.Errorf("the lab was told %q", closed)
	}
	if got := <-told; !strings.Contains(got, want) {
		t.Errorf("the peer was told %q", got)
	}
}

// await waits until something is so.
func await(t *testing.T, so func() bool) {
	t.Helper()
	for !so() {
		select {
		case <-time.After(time.Millisecond):
		case <-t.Context().Done():
			t.Fatal("it never is")
		}
	}
}

// A stream comes over TCP or a local socket, and comes again when it has gone.
func TestStreamsConnectAndComeAgain(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			p := &Policy{}
			where, folder := "stream=127.0.0.1:0", t.TempDir()
			if network == "unix" {
				where = "stream=unix:" + folder
			}
			if err := p.Allow(where); err != nil {
				t.Fatal(err)
			}
			l := &fakeLab{came: waits()}
			d := testDoor(l, p, config.Stream)
			ctx, stop := context.WithCancel(t.Context())
			over := make(chan struct{})
			go func() {
				defer close(over)
				d.serveStreams(ctx, p, "lab-s1.3.sock")
			}()
			await(t, func() bool { return d.State().At != "" })
			at := d.State().At
			if network == "unix" {
				if at != "unix:lab-s1.3.sock" {
					t.Errorf("it says that it listens at %s", at)
				}
				at = filepath.Join(folder, "lab-s1.3.sock")
			}
			for i := range 3 {
				c, err := net.Dial(network, at)
				if err != nil {
					t.Fatal(err)
				}
				<-l.came // it is open
				if _, err := c.Write(framed(frame(fmt.Sprint(i)))); err != nil {
					t.Fatal(err)
				}
				<-l.came
				l.send(frame("answer"))
				got := make([]byte, len(framed(frame("answer"))))
				if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, framed(frame("answer"))) {
					t.Errorf("visit %d gets %x, %v", i, got, err)
				}
				_ = c.Close()
				<-l.came // it is closed
				await(t, func() bool { return d.State().By == "" })
			}
			stop()
			<-over
			if frames, closed := l.seen(); len(frames) != 3 || fmt.Sprint(closed) != "[it went it went it went]" {
				t.Errorf("the lab got %q and was told %q", frames, closed)
			}
		})
	}
}
