package door

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wireloom/internal/session"
	"wireloom/vnet/config"
)

// A fakeLab is a lab that keeps what comes in.
type fakeLab struct {
	mu     sync.Mutex
	by     string // who is at the door; "" for nobody
	send   func([]byte)
	frames []string
	closed []string // why, and what was lost
	err    error    // of Enter
	waits  bool     // Enter waits for stuck
	stuck  chan struct{}
	came   chan struct{} // a token for each change; nil: nobody waits
}

func (l *fakeLab) tell() {
	if l.came != nil {
		l.came <- struct{}{}
	}
}

func (l *fakeLab) OpenDoor(_ context.Context, _, by string, send func([]byte)) error {
	l.mu.Lock()
	l.by, l.send = by, send
	l.mu.Unlock()
	l.tell()
	return nil
}

func (l *fakeLab) CloseDoor(_ context.Context, _, why string, dropped map[string]uint64) error {
	l.mu.Lock()
	l.by = ""
	l.closed = append(l.closed, strings.TrimSuffix(fmt.Sprintf("%s %v", why, dropped), " map[]"))
	l.mu.Unlock()
	l.tell()
	return nil
}

func (l *fakeLab) Enter(ctx context.Context, _ string, frames [][]byte) error {
	if l.waits {
		select {
		case <-l.stuck:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	l.mu.Lock()
	if l.err == nil {
		for _, f := range frames {
			l.frames = append(l.frames, string(f))
		}
	}
	err := l.err
	l.mu.Unlock()
	l.tell()
	return err
}

func (l *fakeLab) seen() (frames, closed []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.frames, l.closed
}

func testDoor(l lab, p *Policy, kind config.DoorKind) *Door {
	return newDoor(config.DoorAt{Port: "s1.3", Door: config.Door{Kind: kind}}, l, p, slog.New(slog.DiscardHandler))
}

// frame is one with a text behind its header.
func frame(text string) []byte {
	return []byte("\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x88\xb5" + text)
}

// framed are frames as a stream has them.
func framed(frames ...[]byte) (b []byte) {
	for _, f := range frames {
		b = appendFrame(b, f)
	}
	return b
}

// A visitAt is a stream's visit under test, inside a synctest bubble.
type visitAt struct {
	t    *testing.T
	lab  *fakeLab
	door *Door
	peer net.Conn
	why  error
	over chan struct{}
	stop context.CancelFunc
}

func visitStream(t *testing.T, l *fakeLab, p *Policy) *visitAt {
	t.Helper()
	ours, theirs := net.Pipe()
	ctx, stop := context.WithCancel(t.Context())
	v := &visitAt{t: t, lab: l, door: testDoor(l, p, config.Stream), peer: theirs, over: make(chan struct{}), stop: stop}
	go func() {
		defer close(v.over)
		v.why = v.door.serve(ctx, newStreamPeer(ours), "a peer")
	}()
	synctest.Wait()
	return v
}

// says writes bytes to the door, and waits until it has done what it does of them.
func (v *visitAt) says(b []byte) {
	v.t.Helper()
	if _, err := v.peer.Write(b); err != nil {
		v.t.Fatal(err)
	}
	synctest.Wait()
}

// ended waits for the visit's end, and says why that was.
func (v *visitAt) ended() string {
	<-v.over
	v.stop()
	return v.why.Error()
}

func TestFramesGoBothWays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &fakeLab{}
		v := visitStream(t, l, &Policy{})
		one, two := frame("one"), frame(strings.Repeat("two", 500))
		v.says(framed(one, two))
		if got, _ := l.seen(); len(got) != 2 || got[0] != string(one) || got[1] != string(two) {
			t.Errorf("got %q", got)
		}
		l.send(two)
		l.send(one)
		want := framed(two, one)
		got := make([]byte, len(want))
		if _, err := io.ReadFull(v.peer, got); err != nil || !bytes.Equal(got, want) {
			t.Errorf("the peer gets %x, %v", got, err)
		}
		synctest.Wait()
		if s := v.door.State(); s.By != "a peer" || s.In != 2 || s.Out != 2 {
			t.Errorf("the state is %+v", s)
		}
		_ = v.peer.Close()
		if why := v.ended(); why != "it went" {
			t.Errorf("it ended: %s", why)
		}
		if _, closed := l.seen(); fmt.Sprint(closed) != "[it went]" {
			t.Errorf("the lab was told %v", closed)
		}
		if s := v.door.State(); s.By != "" || s.Last != "it went" {
			t.Errorf("the state is %+v", s)
		}
	})
}

// Wherever the stream is cut, its frames are whole.
func TestAStreamMayBeCutAnywhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, two := frame("one"), frame("")
		stream := framed(one, two)
		for cut := range stream {
			l := &fakeLab{}
			v := visitStream(t, l, &Policy{})
			v.says(stream[:cut])
			time.Sleep(halfTimeout - time.Second)
			v.says(stream[cut:])
			if got, _ := l.seen(); len(got) != 2 || got[0] != string(one) || got[1] != string(two) {
				t.Errorf("cut behind byte %d: %q", cut, got)
			}
			_ = v.peer.Close()
			v.ended()
		}
	})
}

func TestWhoSendsWhatIsNoFrameHasToGo(t *testing.T) {
	length := func(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }
	for _, c := range []struct {
		name string
		do   func(v *visitAt)
		want string
	}{
		{"a frame that no link carries", func(v *visitAt) { v.says(length(config.MaxFrame + 1)) }, "it sent a frame of 65554 bytes, and at most 65553 are allowed"},
		{"a length of four gigabytes", func(v *visitAt) { v.says(length(1<<32 - 1)) }, "it sent a frame of 4294967295 bytes, and at most 65553 are allowed"},
		{"half a length", func(v *visitAt) { v.says([]byte{0, 0}); _ = v.peer.Close() }, "it went in the middle of a frame"},
		{"half a frame", func(v *visitAt) { v.says(append(length(60), 1, 2, 3)); _ = v.peer.Close() }, "it went in the middle of a frame"},
		{"a stall in a length", func(v *visitAt) { v.says([]byte{0}) }, "it sent the rest of a frame for no more than 10s"},
		{"a stall in a frame", func(v *visitAt) { v.says(append(length(60), 1, 2, 3)) }, "it sent the rest of a frame for no more than 10s"},
		{"a peer that is quiet for an hour may stay", func(v *visitAt) {
			time.Sleep(time.Hour)
			v.says(framed(frame("")))
			_ = v.peer.Close()
		}, "it went"},
		{"the lab closes", func(v *visitAt) { v.stop() }, "the lab closed"},
		{"a lab whose recording is full", func(v *visitAt) {
			v.lab.mu.Lock()
			v.lab.err = errors.New("it is full")
			v.lab.mu.Unlock()
			v.says(framed(frame("")))
		}, "it is full"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := &fakeLab{}
				v := visitStream(t, l, &Policy{})
				v.says(framed(frame("before")))
				c.do(v)
				if why := v.ended(); why != c.want {
					t.Errorf("it ended: %s", why)
				}
				if frames, closed := l.seen(); len(frames) < 1 || len(closed) != 1 || closed[0] != c.want {
					t.Errorf("the lab got %q and was told %q", frames, closed)
				}
			})
		})
	}
}

func TestFramesThatAreDroppedAreCounted(t *testing.T) {
	for _, c := range []struct {
		name string
		p    *Policy
		l    *fakeLab
		do   func(v *visitAt)
		want string // what was dropped
		in   uint64
	}{
		{"shorter than a header", &Policy{}, &fakeLab{}, func(v *visitAt) { v.says(framed(nil, frame("")[:13], frame(""))) }, "map[too-short:2]", 1},
		{"more frames than a door takes", &Policy{Frames: 40}, &fakeLab{}, func(v *visitAt) {
			for range 100 {
				v.says(framed(frame("")))
			}
		}, "map[rate:90]", 10},
		{"more bytes than a door takes", &Policy{Bytes: 1000}, &fakeLab{}, func(v *visitAt) {
			for range 5 {
				v.says(framed(frame(strings.Repeat("x", 30_000))))
			}
		}, "map[rate:3]", 2},
		{"a flood is read more slowly than it is sent", &Policy{Frames: 4}, &fakeLab{}, func(v *visitAt) {
			began := time.Now()
			for range 10 * floodRun {
				v.says(framed(frame("")))
			}
			if took := time.Since(began); took < 8*floodPause {
				v.t.Errorf("%d frames were read in %v", 10*floodRun, took)
			}
		}, "map[rate:639]", 1},
		{"a lab whose time stands", &Policy{}, &fakeLab{err: session.ErrPaused}, func(v *visitAt) { v.says(framed(frame(""), frame(""))) }, "map[paused:2]", 0},
		{"a lab that is behind", &Policy{}, &fakeLab{waits: true}, func(v *visitAt) {
			for range 2 * maxQueue {
				v.says(framed(frame("")))
			}
			close(v.lab.stuck)
			synctest.Wait()
		}, fmt.Sprintf("map[queue-full:%d]", maxQueue), maxQueue},
		{"large frames for a lab that is behind", &Policy{}, &fakeLab{waits: true}, func(v *visitAt) {
			for range 20 {
				v.says(framed(frame(strings.Repeat("x", config.MaxFrame-MinFrame))))
			}
			close(v.lab.stuck)
			synctest.Wait()
		}, "map[queue-full:5]", 15},
		{"a peer that takes less than the lab sends", &Policy{}, &fakeLab{}, func(v *visitAt) {
			v.says(framed(frame("")))
			for range 2 * maxQueue {
				v.lab.send(frame(""))
			}
			for range maxQueue {
				if _, err := io.ReadFull(v.peer, make([]byte, lengthBytes+MinFrame)); err != nil {
					v.t.Fatal(err)
				}
			}
			synctest.Wait()
		}, fmt.Sprintf("map[slow-peer:%d]", maxQueue), 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c.l.stuck = make(chan struct{}) // of the bubble
				v := visitStream(t, c.l, c.p)
				c.do(v)
				s := v.door.State()
				if got := fmt.Sprint(s.Dropped); got != c.want || s.In != c.in {
					t.Errorf("%d came in, dropped is %s, want %d and %s", s.In, got, c.in, c.want)
				}
				_ = v.peer.Close()
				why := v.ended()
				if _, closed := c.l.seen(); len(closed) != 1 || closed[0] != why+" "+c.want {
					t.Errorf("the lab was told %q", closed)
				}
			})
		})
	}
}

// A peer that takes nothing at all has to go.
func TestWhoTakesNothingHasToGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := visitStream(t, &fakeLab{}, &Policy{})
		v.lab.send(frame(""))
		if why := v.ended(); why != "it took no frame for 10s" {
			t.Errorf("it ended: %s", why)
		}
	})
}

func TestOnePeerIsAtADoorAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &fakeLab{}
		v := visitStream(t, l, &Policy{})
		ours, theirs := net.Pipe()
		if err := v.door.serve(t.Context(), newStreamPeer(ours), "another"); err == nil || err.Error() != "door s1.3 is taken: a peer is there" {
			t.Errorf("got %v", err)
		}
		if _, err := theirs.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("the second reads %v", err)
		}
		v.says(framed(frame("")))
		_ = v.peer.Close()
		v.ended()
		if frames, closed := l.seen(); len(frames) != 1 || len(closed) != 1 {
			t.Errorf("the first: %q, %q", frames, closed)
		}
	})
}

// Each time that a door is opened is a command of the lab's, of which there may be so many.
func TestADoorIsNotOpenedTooOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := testDoor(&fakeLab{}, &Policy{}, config.Stream)
		visit := func() string {
			ours, theirs := net.Pipe()
			_ = theirs.Close()
			return d.serve(t.Context(), newStreamPeer(ours), "a peer").Error()
		}
		for i := range quickOpenings {
			if why := visit(); why != "it went" {
				t.Fatalf("visit %d: %s", i, why)
			}
		}
		if why := visit(); !strings.Contains(why, "is opened too often") {
			t.Errorf("got %s", why)
		}
		for i := quickOpenings; i < maxOpenings; i++ {
			time.Sleep(time.Second)
			if why := visit(); why != "it went" {
				t.Fatalf("visit %d: %s", i, why)
			}
		}
		time.Sleep(time.Hour)
		if why := visit(); !strings.Contains(why, "was opened 500 times") {
			t.Errorf("got %s", why)
		}
	})
}

// A connOf is a stream of bytes as a deadliner.
type connOf struct{ io.Reader }

func (connOf) SetReadDeadline(time.Time) error { return nil }

// What frames are taken for frames gives the same frames again.
func FuzzStream(f *testing.F) {
	f.Add(framed(frame("one"), frame("two")))
	f.Add([]byte{0, 1, 0, 0x12})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		r := frameReader{from: connOf{bytes.NewReader(b)}, now: time.Now}
		var again []byte
		for {
			frame, err := r.next()
			if err != nil {
				break
			}
			again = appendFrame(again, frame)
		}
		if !bytes.HasPrefix(b, again) {
			t.Errorf("%x was read as %x", b, again)
		}
	})
}
