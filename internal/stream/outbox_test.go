package stream

import (
	"bytes"
	"encoding/json"
	"fmt"
	"runtime"
	"testing"
	"time"
	"weak"

	"wireloom/internal/protocol"
	"wireloom/vnet/event"
	"wireloom/vnet/packet"
)

// A sent is what a viewer gets from an outbox.
type sent struct {
	t   *testing.T
	out *outbox
	n   uint64
	end uint64 // of what was told so far
}

func newSent(t *testing.T, from uint64) *sent {
	return &sent{t, &outbox{next: from, end: from}, 0, from}
}

// next is the next message, which must begin where the one before ended.
func (s *sent) next(limit int) message {
	s.t.Helper()
	s.n++
	b := flat(s.out, s.n, limit)
	var m message
	if err := json.Unmarshal(plain(s.t, b), &m); err != nil {
		s.t.Fatalf("%v in %s", err, b)
	}
	if m.N != s.n || m.From != s.end {
		s.t.Errorf("message %d begins at %d, want message %d from %d on", m.N, m.From, s.n, s.end)
	}
	s.end = m.Next
	return m
}

// frames makes a batch of n frames on a link, numbered from seq on, each of size bytes.
func frames(seq uint64, n, size int) *batch {
	d := newDigest(noLimits, seq)
	for i := range uint64(n) {
		d.add(&event.Event{Seq: seq + i, At: time.Duration(seq + i), Kind: event.Frame, Port: "a:em0", Peer: "s1.1", Frame: seq + i + 1, Link: packet.LinkEthernet, Data: make([]byte, size)})
	}
	return d.batch()
}

// line makes a batch of one line of text.
func line(seq uint64, proc, text string) *batch {
	d := newDigest(noLimits, seq)
	d.add(&event.Event{Seq: seq, Kind: event.Console, Node: "bob", Proc: proc, FD: 1, Data: []byte(text)})
	return d.batch()
}

func TestBatchesThatFitAreOneMessage(t *testing.T) {
	s := newSent(t, 10)
	s.out.add(frames(10, 5, 60), BatchBytes)
	s.out.add(line(15, "p", "hello\n"), BatchBytes)
	s.out.add(frames(16, 5, 60), BatchBytes)
	m := s.next(BatchBytes)
	if len(m.Events) != 11 || m.Next != 21 || m.Missed != 0 || !s.out.empty() {
		t.Errorf("got %d events up to %d, %d missed", len(m.Events), m.Next, m.Missed)
	}
	for i, e := range m.Events {
		if seqOf(e) != uint64(10+i) {
			t.Errorf("event %d stands at place %d", seqOf(e), i)
		}
	}
}

// TestAViewerWhoIsBehindIsToldHowMuchItMissed: what does not fit is counted, exactly,
// and what is newest is shown.
func TestAViewerWhoIsBehindIsToldHowMuchItMissed(t *testing.T) {
	s := newSent(t, 0)
	seq := uint64(0)
	for range 100 {
		s.out.add(frames(seq, 10, 1000), 30_000)
		s.out.add(line(seq+10, "p", "one\ntwo\n"), 30_000)
		seq += 11
	}
	s.out.add(line(seq, "q", "the newest\n"), 30_000)
	m := s.next(30_000)
	shown := map[string]float64{}
	for _, e := range m.Events {
		switch e["k"] {
		case "left":
		case "console":
			shown[fmt.Sprint("console ", e["proc"])]++
		default:
			shown["frame"]++
		}
	}
	left := map[string]map[string]any{}
	for _, e := range m.ofKind("left") {
		left[e["of"].(string)] = e
	}
	if n := shown["frame"]; n < 5 || n > 20 || left["frame"]["events"] != 1000-n || left["frame"]["bytes"] != 1000*(1000-n) || left["frame"]["port"] != "a:em0" {
		t.Errorf("%v frames are shown, %v is said of the others", n, left["frame"])
	}
	if n := shown["console p"]; left["console"]["events"] != 100-n || left["console"]["lines"] != 2*(100-n) || left["console"]["bytes"] != 8*(100-n) {
		t.Errorf("%v lines are shown, %v is said of the others", n, left["console"])
	}
	if shown["console q"] != 1 || m.Next != seq+1 {
		t.Errorf("the newest line is not shown; the message ends at %d, want %d", m.Next, seq+1)
	}
	if got, want := s.out.allLeft, uint64(1100-shown["frame"]-shown["console p"]); got != want {
		t.Errorf("%d events were left out in all, want %d", got, want)
	}
	s.out.add(line(seq+1, "q", "after that\n"), 30_000)
	if m := s.next(30_000); len(m.Events) != 1 || m.Next != seq+2 {
		t.Errorf("after it was caught up the viewer gets %v", m.Events)
	}
}

// TestWhatHappensSeldomIsShownBeforeWhatHappensOften: a start between thousands of
// frames is not among those that are counted.
func TestWhatHappensSeldomIsShownBeforeWhatHappensOften(t *testing.T) {
	s := newSent(t, 0)
	d := newDigest(noLimits, 0)
	d.add(&event.Event{Seq: 0, Kind: event.Command, Op: "start", Node: "bob", Proc: "p"})
	d.add(&event.Event{Seq: 1, Kind: event.Start, Node: "bob", Proc: "p", PID: 3, Text: "p.wasm"})
	s.out.add(d.batch(), 10_000)
	for i := range uint64(100) {
		s.out.add(frames(2+10*i, 10, 300), 10_000)
	}
	m := s.next(10_000)
	if len(m.ofKind("command")) != 1 || len(m.ofKind("start")) != 1 || len(m.ofKind("frame")) < 5 || len(m.ofKind("left")) != 1 {
		t.Errorf("the message has %v", m.Events)
	}
	if s.out.size != 0 || len(s.out.live) != 0 {
		t.Errorf("%d bytes, %d items are left after the message", s.out.size, len(s.out.live))
	}
	// Where only such things happen, the oldest of them are counted too.
	d = newDigest(noLimits, 1002)
	for i := range uint64(1000) {
		d.add(&event.Event{Seq: 1002 + i, Kind: event.Start, Node: "bob", Proc: "p", PID: int(i), Text: "p.wasm"})
	}
	s.out.add(d.batch(), 10_000)
	m = s.next(10_000)
	left, starts := m.ofKind("left"), m.ofKind("start")
	if len(left) != 1 || left[0]["events"] != float64(1000-len(starts)) || len(starts) < 20 || starts[len(starts)-1]["pid"] != 999.0 {
		t.Errorf("%d of 1000 starts are shown, %v of the others", len(starts), left)
	}
}

// TestThePastIsSentWholeBeforeWhatHappensNow, in pieces of the size that the viewer
// can take.
func TestThePastIsSentWholeBeforeWhatHappensNow(t *testing.T) {
	s := newSent(t, 0)
	s.out.remember(frames(0, 100, 1000))
	for i := range uint64(50) {
		s.out.add(frames(100+i, 1, 1000), 10_000)
	}
	want := uint64(0)
	for want < 100 {
		m := s.next(10_000)
		if n := len(m.Events); n == 0 || n > 5 || m.Next != want+uint64(n) {
			t.Fatalf("from %d on there are %d events up to %d", want, n, m.Next)
		}
		for _, e := range m.Events {
			if seqOf(e) != want {
				t.Fatalf("event %d, want %d", seqOf(e), want)
			}
			want++
		}
	}
	m := s.next(10_000)
	if left := m.ofKind("left"); len(left) != 1 || left[0]["events"] != float64(50-len(m.ofKind("frame"))) || m.Next != 150 {
		t.Errorf("what happened meanwhile: %v up to %d", left, m.Next)
	}
}

func TestWhatTheLogLostIsToldOnce(t *testing.T) {
	s := newSent(t, 0)
	d := newDigest(pastLimits, 0)
	d.skipTo(40)
	s.out.remember(d.batch())
	s.out.add(line(50, "p", "x"), BatchBytes) // the feed has no batch of what lies between
	if m := s.next(BatchBytes); m.Missed != 50 || len(m.Events) != 1 || m.Next != 51 {
		t.Errorf("got %+v", m)
	}
	s.out.add(line(51, "p", "x"), BatchBytes)
	if m := s.next(BatchBytes); m.Missed != 0 || s.out.allMissed != 50 {
		t.Errorf("%d are missed once more, %d in all", m.Missed, s.out.allMissed)
	}
	d = newDigest(liveLimits, 52)
	d.skipTo(60)
	s.out.add(d.batch(), BatchBytes)
	if m := s.next(BatchBytes); m.Missed != 8 || m.Next != 60 || !s.out.empty() {
		t.Errorf("of a batch of nothing but gone events: %+v", m)
	}
}

// flat is the next message as a viewer gets it.
func flat(o *outbox, n uint64, limit int) []byte {
	b, pieces := o.appendMessage(nil, n, limit)
	return append(b, bytes.Join(pieces, nil)...)
}

// plain is a message with its events as objects.
func plain(t testing.TB, message []byte) []byte {
	t.Helper()
	b, err := protocol.Plain(message)
	if err != nil {
		t.Fatalf("%v in %s", err, message)
	}
	return b
}

// TestWhatWasSentIsLetGo: a viewer stays for long, and a batch of the past has a megabyte.
func TestWhatWasSentIsLetGo(t *testing.T) {
	for _, tt := range []struct {
		name  string
		give  func(*outbox, *batch)
		limit int // of a message
	}{
		{"of the past, in pieces", func(o *outbox, b *batch) { o.remember(b) }, 2000},
		{"of now", func(o *outbox, b *batch) { o.add(b, 1<<20) }, 1 << 20},
		{"of now, too much", func(o *outbox, b *batch) { o.add(b, 2000) }, 2000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSent(t, 0)
			b := frames(0, 100, 60)
			item, whole := weak.Make(&b.items[0]), weak.Make(b)
			tt.give(s.out, b)
			b = nil
			for !s.out.empty() {
				s.next(tt.limit)
			}
			runtime.GC()
			if item.Value() != nil || whole.Value() != nil {
				t.Error("the outbox keeps what it has sent")
			}
			runtime.KeepAlive(s)
		})
	}
}
