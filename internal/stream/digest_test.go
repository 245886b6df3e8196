package stream

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"wireloom/vnet/event"
	"wireloom/vnet/packet"
)

// shown is what a message has of a batch.
func shown(t *testing.T, b *batch) message {
	t.Helper()
	out := outbox{next: b.from, end: b.from}
	out.add(b, noLimits.bytes)
	var m message
	text := flat(&out, 1, noLimits.bytes)
	if err := json.Unmarshal(plain(t, text), &m); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return m
}

// ofKind are the events of a kind that a message has, "left" among them.
func (m *message) ofKind(k string) (events []map[string]any) {
	for _, e := range m.Events {
		if e["k"] == k {
			events = append(events, e)
		}
	}
	return events
}

// digestOf takes in events, which get their numbers here.
func digestOf(l limits, events ...event.Event) *digest {
	d := newDigest(l, 0)
	for i := range events {
		events[i].Seq = uint64(i)
		d.add(&events[i])
	}
	return d
}

func prints(proc string, text string) event.Event {
	return event.Event{Kind: event.Console, Node: "bob", Proc: proc, PID: 2, FD: 1, Data: []byte(text)}
}

func TestWithinTheLimitsEveryEventIsShown(t *testing.T) {
	var events []event.Event
	for i := range BatchEvents {
		events = append(events, event.Event{Kind: event.Learn, At: time.Duration(i), Node: "s1", Port: "s1.1", Text: "x"})
	}
	d := digestOf(liveLimits, events...)
	m := shown(t, d.batch())
	if d.thinned() || len(m.Events) != BatchEvents || m.Next != BatchEvents {
		t.Fatalf("%d events up to %d are shown of %d", len(m.Events), m.Next, BatchEvents)
	}
	for i, e := range m.Events {
		if seqOf(e) != uint64(i) {
			t.Fatalf("event %d stands at place %d", seqOf(e), i)
		}
	}
}

// TestAPrintingProgramIsShownInPart: the numbers of what is left out are exact.
func TestAPrintingProgramIsShownInPart(t *testing.T) {
	const lines = 5000
	var events []event.Event
	var all strings.Builder
	for i := range lines {
		line := fmt.Sprintf("line %d aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n", i)
		all.WriteString(line)
		events = append(events, prints("flood", line))
	}
	m := shown(t, digestOf(liveLimits, events...).batch())
	if len(m.Events) != 1 {
		t.Fatalf("%d events are shown, want one: %v", len(m.Events), m.Events)
	}
	e := m.Events[0]
	head, tail := e["text"].(string), e["tail"].(string)
	left := e["left"].(map[string]any)
	if n := len(head) + len(tail); n > BatchText || n < BatchText-200 {
		t.Errorf("%d bytes of text are shown, want nearly %d", n, BatchText)
	}
	if !strings.HasPrefix(all.String(), head) || !strings.HasSuffix(all.String(), tail) || !strings.HasSuffix(head, "\n") || !strings.HasPrefix(tail, "line ") {
		t.Errorf("what is shown does not begin and end with the text and with whole lines: %.60q ... %.60q", head, tail)
	}
	gap := all.String()[len(head) : all.Len()-len(tail)]
	if left["bytes"] != float64(len(gap)) || left["lines"] != float64(strings.Count(gap, "\n")) {
		t.Errorf("%v are left out, want %d lines, %d bytes", left, strings.Count(gap, "\n"), len(gap))
	}
	if e["events"] != float64(lines) || e["seq"] != 0.0 || e["to"] != float64(lines-1) {
		t.Errorf("it stands for %v events from %v to %v", e["events"], e["seq"], e["to"])
	}
}

// TestAFloodTakesNothingFromOthers: what a quiet program does is shown whole beside
// one that does more than anybody reads.
func TestAFloodTakesNothingFromOthers(t *testing.T) {
	var events []event.Event
	quiet := map[string]bool{}
	frame := []byte("\xff\xff\xff\xff\xff\xff\x02\x00\x00\x00\x00\x01\x88\xb5" + strings.Repeat("x", 1486))
	for i := range 20_000 {
		at := time.Duration(i) * time.Microsecond
		events = append(
			events,
			event.Event{Kind: event.Call, At: at, Node: "bob", Proc: "flood", Op: "write", FD: 4, Path: "/dev/tap0", N: 1500, Frame: uint64(i + 1), Link: packet.LinkEthernet, Data: frame},
			event.Event{Kind: event.Frame, At: at, Port: "bob:tap0", Peer: "s1.2", Frame: uint64(i + 1), Link: packet.LinkEthernet, Data: frame},
		)
		if i%4000 == 0 {
			line := fmt.Sprintf("64 bytes from 10.0.0.2: icmp_seq=%d\n", i)
			quiet[line] = true
			events = append(
				events, event.Event{Kind: event.Console, At: at, Node: "alice", Proc: "ping", FD: 1, Data: []byte(line)},
				event.Event{Kind: event.Learn, At: at, Node: "s1", Port: "s1.1", Text: fmt.Sprint("learned ", i)},
			)
		}
	}
	b := digestOf(liveLimits, events...).batch()
	m := shown(t, b)
	if text := m.ofKind("console"); len(text) != 1 || strings.Count(text[0]["text"].(string), "\n") != len(quiet) || text[0]["left"] != nil {
		t.Errorf("ping's %d lines are not whole: %v", len(quiet), text)
	}
	if n := len(m.ofKind("learn")); n != len(quiet) {
		t.Errorf("%d of %d learned addresses are shown", n, len(quiet))
	}
	left := m.ofKind("left")
	if len(left) != 2 {
		t.Fatalf("%d sources are only counted, want the calls and the frames: %v", len(left), left)
	}
	for _, e := range left {
		kind := e["of"].(string)
		were := uint64(20_000 - len(m.ofKind(kind)))
		if e["events"] != float64(were) || e["bytes"] != float64(1500*were) {
			t.Errorf("%v events of kind %s, %v bytes are left out, want %d, %d", e["events"], kind, e["bytes"], were, 1500*were)
		}
	}
	if b.size > BatchBytes {
		t.Errorf("the batch has %d bytes, want at most %d", b.size, BatchBytes)
	}
}

// TestNothingIsLostWithoutBeingCounted: of any stream, what is shown, what stands for
// others and what is gone add up.
func TestNothingIsLostWithoutBeingCounted(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		l := limits{events: 1 + r.IntN(100), bytes: 1 << r.IntN(16), text: 2 + r.IntN(500), each: 1 + r.IntN(20)}
		d := newDigest(l, 7)
		seq, want, text := uint64(7), count{}, count{}
		for range r.IntN(3000) {
			seq += uint64(r.IntN(10) / 9) // some are gone
			e := event.Event{
				Seq: seq, At: time.Duration(seq), Kind: event.Lab + event.Kind(r.IntN(int(event.Check-event.Lab)+1)), Node: fmt.Sprint("n", r.IntN(3)), Proc: fmt.Sprint("p", r.IntN(40)),
				Port: fmt.Sprint("s1.", r.IntN(40)), Frame: uint64(r.IntN(30)), FD: 1 + r.IntN(2), Data: []byte(strings.Repeat("é\n", r.IntN(30))),
			}
			want.add(countOf(&e))
			if e.Kind == event.Console {
				text.add(countOf(&e))
			}
			d.add(&e)
			seq++
		}
		d.skipTo(seq + 3)
		b := d.batch()
		got := count{}
		for i, x := range b.items {
			got.add(x.count)
			if i > 0 && x.first < b.items[i-1].first {
				t.Fatalf("seed %d: item %d begins at %d, before the one before", seed, i, x.first)
			}
		}
		if got != want || b.missed != d.missed || want.events+b.missed != b.next-b.from {
			t.Fatalf("seed %d: %+v are shown or counted and %d gone, of %+v from %d to %d", seed, got, b.missed, want, b.from, b.next)
		}
		m, counted, told := shown(t, b), count{}, count{}
		for _, e := range m.Events {
			n := func(k string) uint64 { v, _ := e[k].(float64); return uint64(v) }
			switch e["k"] {
			case "left":
				counted.events += n("events")
				if e["of"] == "console" {
					told.add(count{0, n("bytes"), n("lines")})
				}
			case "console":
				counted.events += max(n("events"), 1)
				told.bytes += uint64(len(e["text"].(string)))
				told.lines += uint64(strings.Count(e["text"].(string), "\n"))
				if left, ok := e["left"].(map[string]any); ok {
					lines, _ := left["lines"].(float64)
					told.add(count{0, uint64(left["bytes"].(float64)), uint64(lines)})
					told.bytes += uint64(len(e["tail"].(string)))
					told.lines += uint64(strings.Count(e["tail"].(string), "\n"))
				}
			default:
				counted.events++
			}
		}
		if counted.events != want.events || told.bytes != text.bytes || told.lines != text.lines {
			t.Fatalf("seed %d: the message tells of %d events and of %+v of text, want %d and %+v", seed, counted.events, told, want.events, text)
		}
		if len(d.order) > maxSources+int(event.Check) {
			t.Fatalf("seed %d: %d sources are told apart", seed, len(d.order))
		}
	}
}

func TestFairShares(t *testing.T) {
	for _, tc := range []struct {
		name  string
		total int
		needs []int
		want  []int
	}{
		{"enough for all", 10, []int{3, 4}, []int{3, 4}},
		{"one that floods has what the others leave", 10, []int{1000, 2, 3}, []int{5, 2, 3}},
		{"two that flood share it", 10, []int{1000, 2, 50}, []int{4, 2, 4}},
		{"too little for all", 2, []int{1, 1, 1, 1}, []int{0, 0, 1, 1}},
		{"nobody", 10, nil, []int{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := fair(tc.total, tc.needs); !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}
