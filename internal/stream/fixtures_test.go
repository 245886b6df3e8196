package stream

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"wireloom/internal/session"
	"wireloom/vnet"
	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/inet"
	"wireloom/vnet/packet"
)

// The fixtures in testdata are what the page's tests read. What this package sends
// has to look like them.

func fixture(t *testing.T, name string, v any) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err == nil {
		err = json.Unmarshal(b, v)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A fact is an event as JSON.
type fact struct {
	Seq                                                    uint64
	T, Began, N, Fuel                                      int64
	K, Node, Proc, Port, Peer, Path, Op, Errno, Text, Data string
	PID, FD, Len                                           int
	Frame, As                                              uint64
	Link                                                   string
	Head                                                   uint8
	Sum                                                    map[string]any
}

func (f *fact) event(t *testing.T) event.Event {
	e := event.Event{
		Seq: f.Seq, At: time.Duration(f.T), Node: f.Node, Proc: f.Proc, PID: f.PID, Port: f.Port, Peer: f.Peer, Path: f.Path, Op: f.Op, FD: f.FD,
		Len: f.Len, N: f.N, Began: time.Duration(f.Began), Fuel: f.Fuel, Frame: f.Frame, Text: f.Text,
	}
	if f.Sum != nil {
		e.Link, e.Head = packet.LinkEthernet, f.Head
		if l, ok := packet.ParseLink(f.Link); ok {
			e.Link = l
		}
	}
	for _, k := range event.Kinds() {
		if k.String() == f.K {
			e.Kind = k
		}
	}
	for n := range uint16(512) {
		if f.Errno != "" && errno.Errno(n).String() == f.Errno {
			e.Errno = n
			break
		}
	}
	var err error
	if e.Data, err = hex.DecodeString(f.Data); err != nil {
		t.Fatal(err)
	}
	if e.Kind == event.Console {
		e.Text, e.Data = "", []byte(f.Text)
	}
	return e
}

func TestEventsLookLikeTheFixtures(t *testing.T) {
	var m struct {
		From, Next uint64
		Events     []json.RawMessage
	}
	fixture(t, "events.json", &m)
	kinds := map[event.Kind]bool{}
	frames := map[uint64]fact{} // by the event that tells of one
	d := newDigest(noLimits, m.From)
	for _, raw := range m.Events {
		var f fact
		if err := json.Unmarshal(raw, &f); err != nil {
			t.Fatal(err)
		}
		if f.As != 0 {
			same := frames[f.As]
			f.Data, f.Link, f.Head, f.Sum = same.Data, same.Link, same.Head, same.Sum
		}
		frames[f.Seq] = f
		e := f.event(t)
		kinds[e.Kind] = true
		d.add(&e)
	}
	for _, k := range event.Kinds() {
		if !kinds[k] {
			t.Errorf("the fixtures have no %s event", k)
		}
	}
	var got message
	out := outbox{next: m.From, end: m.From}
	out.add(d.batch(), noLimits.bytes)
	b := out.appendMessage(nil, 1, BatchBytes)
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	if got.From != m.From || got.Next != m.Next || len(got.Events) != len(m.Events) {
		t.Fatalf("the message is of %d events from %d to %d, want %d from %d to %d", len(got.Events), got.From, got.Next, len(m.Events), m.From, m.Next)
	}
	for i, raw := range m.Events {
		got := got.Events[i]
		var want map[string]any
		if err := json.Unmarshal(raw, &want); err != nil {
			t.Fatal(err)
		}
		switch want["k"] {
		case "lab":
			delete(want, "data") // the hello tells that
		case "check":
			delete(want, "errno") // any says that it failed
		}
		for k, v := range want {
			if k == "sum" {
				// What it says is the decoder's; the fixtures only show that it is there.
				in, ok := got[k].(map[string]any)
				if !ok || in["proto"] != v.(map[string]any)["proto"] {
					t.Errorf("event %d: sum is %v, want %v", i, got[k], v)
				}
				continue
			}
			if v != "" && !reflect.DeepEqual(got[k], v) {
				t.Errorf("event %d: %s is %v, want %v", i, k, got[k], v)
			}
		}
	}
}

// TestThinnedEventsLookLikeTheFixture: a stretch in which a process writes 40 lines,
// with a call for each, while another writes one line.
func TestThinnedEventsLookLikeTheFixture(t *testing.T) {
	d := newDigest(limits{events: 8, bytes: 1 << 10, text: 48, each: 2}, 100)
	for i := range uint64(40) {
		at := time.Duration(i) * time.Millisecond
		line := fmt.Appendf(nil, "line %02d\n", i+1)
		d.add(&event.Event{Seq: 100 + 2*i, At: at, Kind: event.Console, Node: "bob", Proc: "flood", PID: 7, FD: 1, Data: line})
		d.add(&event.Event{Seq: 101 + 2*i, At: at, Kind: event.Call, Node: "bob", Proc: "flood", PID: 7, Op: "write", FD: 1, Path: "console", Len: 8, N: 8, Fuel: 100})
	}
	d.add(&event.Event{Seq: 180, At: 1e9, Kind: event.Console, Node: "alice", Proc: "ping", PID: 1, FD: 1, Data: []byte("64 bytes from 10.0.0.2\n")})
	d.skipTo(200)
	out := outbox{next: 100, end: 100}
	out.add(d.batch(), BatchBytes)
	got := out.appendMessage(nil, 3, BatchBytes)
	name := filepath.Join("testdata", "thinned.json")
	if *update {
		var b bytes.Buffer
		if err := json.Indent(&b, got, "", "  "); err != nil {
			t.Fatal(err)
		}
		b.WriteByte('\n')
		if err := os.WriteFile(name, b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var flat bytes.Buffer
	if err := json.Compact(&flat, want); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, flat.Bytes()) {
		t.Errorf("got %s\nwant %s", got, flat.Bytes())
	}
}

var update = flag.Bool("update", false, "rewrite the fixtures that this package makes")

// members returns the paths of all members in a JSON value.
func members(v any, path string, into map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			into[path+"."+k] = true
			members(x, path+"."+k, into)
		}
	case []any:
		for _, x := range v {
			members(x, path+"[]", into)
		}
	}
}

func TestHelloAndStateHaveTheMembersOfTheFixtures(t *testing.T) {
	s := newSession(t, echo, 0, session.Options{})
	state := &session.Snapshot{
		Status: vnet.Status{
			Procs:  []vnet.ProcStatus{{Node: "a", Name: "p", PID: 1, PPID: 1, State: "sleeping", Wchan: "tapread", Program: "x.wasm", Exit: &vnet.Exit{Why: "x"}}},
			Nodes:  []vnet.NodeStatus{{Node: "a", Routes: []inet.Route{{To: netip.MustParsePrefix("0.0.0.0/0"), Via: netip.MustParseAddr("10.0.0.1"), Dev: "em0", Flags: "UGS"}}}},
			Ifaces: []vnet.IfaceStatus{{Port: "a:em0", Kind: "nic", MAC: "02:00:00:00:00:01", MTU: 1500, Flags: []string{"UP"}, Link: "up"}},
		},
		CPU: []float64{0.5},
	}
	h, err := json.Marshal(greeting(s, "id", "v"))
	if err != nil {
		t.Fatal(err)
	}
	f := &feed{}
	for _, tc := range []struct {
		name string
		got  []byte
	}{
		{"hello.json", h},
		{"state.json", f.appendState(nil, 2, state, &outbox{allMissed: 3}, new(int))},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var want, got any
			fixture(t, tc.name, &want)
			if err := json.Unmarshal(tc.got, &got); err != nil {
				t.Fatalf("%v in %s", err, tc.got)
			}
			has, needs := map[string]bool{}, map[string]bool{}
			members(got, "", has)
			members(want, "", needs)
			for k := range needs {
				if !has[k] {
					t.Errorf("there is no %s in %s", k, tc.got)
				}
			}
		})
	}
}

func TestCommandsOfTheFixturesAreUnderstood(t *testing.T) {
	var all []json.RawMessage
	fixture(t, "commands.json", &all)
	seen := map[string]bool{}
	for _, raw := range all {
		c, err := parse(raw)
		if err == nil {
			_, err = c.check()
			seen[c.Op] = true
		}
		if err != nil {
			t.Errorf("%s: %v", raw, err)
		}
	}
	for op := range ops {
		if !seen[op] {
			t.Errorf("the fixtures have no command %s", op)
		}
	}
	var ack json.RawMessage
	fixture(t, "ack.json", &ack)
	if c, err := parse(ack); err != nil || c.Type != typeAck || *c.N != 7 {
		t.Errorf("%s: %+v, %v", ack, c, err)
	}
}

func TestRepliesLookLikeTheFixtures(t *testing.T) {
	for _, name := range []string{"reply-ok.json", "reply-error.json", "reply-text.json"} {
		var r reply
		var want map[string]any
		fixture(t, name, &r)
		fixture(t, name, &want)
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal(b, &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %s, %v", name, b, err)
		}
	}
}

func TestRoutesAreSentWhenTheyChange(t *testing.T) {
	route := func(to string) []vnet.NodeStatus {
		return []vnet.NodeStatus{{Node: "a", Routes: []inet.Route{{To: netip.MustParsePrefix(to), Dev: "em0", Flags: "U"}}}}
	}
	f := &feed{}
	has := map[string]int{"first": 0, "late": 0} // a viewer's version
	for _, tc := range []struct {
		name, viewer string
		nodes        []vnet.NodeStatus
		want         bool
	}{
		{"the first state has them", "first", route("10.0.0.0/24"), true},
		{"the same are not sent again", "first", route("10.0.0.0/24"), false},
		{"who comes later gets them", "late", route("10.0.0.0/24"), true},
		{"others are sent", "first", route("10.0.0.0/16"), true},
		{"to everybody", "late", route("10.0.0.0/16"), true},
		{"once", "late", route("10.0.0.0/16"), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			nets := has[tc.viewer]
			b := f.appendState(nil, 1, &session.Snapshot{Status: vnet.Status{Nodes: tc.nodes}}, &outbox{}, &nets)
			has[tc.viewer] = nets
			var m struct {
				Nodes []struct {
					Routes []struct{ To string }
				}
			}
			if err := json.Unmarshal(b, &m); err != nil {
				t.Fatalf("%v in %s", err, b)
			}
			if got := len(m.Nodes) == 1 && m.Nodes[0].Routes[0].To == tc.nodes[0].Routes[0].To.String(); got != tc.want {
				t.Errorf("routes in %s: %v, want %v", b, got, tc.want)
			}
		})
	}
}
