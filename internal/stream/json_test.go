package stream

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"wireloom/internal/session"
	"wireloom/internal/strictjson"
	"wireloom/vnet/event"
	"wireloom/vnet/packet"
)

func TestEventsAreJSONWithTheMembersOfTheContract(t *testing.T) {
	for _, tc := range []struct {
		name string
		e    event.Event
		want string
	}{
		{"a call", event.Event{
			Seq: 7, At: 12 * time.Millisecond, Kind: event.Call, Node: "bob", Proc: "pingd", PID: 2, Op: "read", FD: 3, Path: "/dev/tap0", Len: 2048, Errno: 35,
			Began: time.Millisecond, Fuel: 99, N: -1,
		}, `{"seq":7,"t":12000000,"k":"call","node":"bob","proc":"pingd","path":"/dev/tap0","op":"read","fd":3,"errno":"EWOULDBLOCK","pid":2,"len":2048,"n":-1,"began":1000000,"fuel":99}`},
		{"a call of nothing", event.Event{Kind: event.Call}, `{"seq":0,"t":0,"k":"call","n":0}`},
		{"a frame too short to decode", event.Event{Kind: event.Frame, Port: "a:em0", Peer: "s1.1", Frame: 3, Link: packet.LinkEthernet, Data: []byte{1}}, `"data":"01","sum":{"proto":`},
		{"console output that is not UTF-8", event.Event{Kind: event.Console, FD: 1, Data: []byte("a\xff\"\n\x01")}, `"fd":1,"text":"a` + "\ufffd" + `\"\n\u0001","data":"61ff220a01"}`},
		{"console output that is UTF-8", event.Event{Kind: event.Console, FD: 1, Data: []byte("é\x1b[m")}, `"fd":1,"text":"é\u001b[m"}`},
		{"a call that moved more than is shown", event.Event{Kind: event.Call, Op: "read", Data: make([]byte, maxData+1)}, `0","size":16385}`},
		{"a frame longer than is shown", event.Event{Kind: event.Frame, Frame: 1, Link: packet.LinkEthernet, Data: make([]byte, maxData+1)}, `0","size":16385,"sum":{`},
		{"a long sentence", event.Event{Kind: event.Message, Text: "x" + strings.Repeat("é", maxText)}, `éé…"}`},
		{"the lab without its configuration", event.Event{Kind: event.Lab, Text: "ping", N: 42, Data: []byte("{}")}, `{"seq":0,"t":0,"k":"lab","n":42,"text":"ping"}`},
		{"a check that failed", event.Event{Kind: event.Check, Op: "x", Errno: 1}, `"op":"x","errno":"EPERM"}`},
		{"a packet of a tun", event.Event{Kind: event.Call, Path: "/dev/tun0", Op: "read", Frame: 1, Link: packet.LinkRaw, N: 20, Data: ipPacket}, `"src":"10.0.0.1","dst":"10.0.0.2"`},
		{"behind the family of TUNSIFHEAD", event.Event{Kind: event.Call, Path: "/dev/tun0", Op: "read", Frame: 1, Link: packet.LinkRaw, Head: 4, N: 24, Data: append([]byte{0, 0, 0, 2}, ipPacket...)}, `"src":"10.0.0.1","dst":"10.0.0.2"`},
		{"behind the address of TUNSLMODE", event.Event{Kind: event.Call, Path: "/dev/tun0", Op: "read", Frame: 1, Link: packet.LinkRaw, Head: 16, N: 36, Data: append([]byte{16, 2, 15: 0}, ipPacket...)}, `"src":"10.0.0.1","dst":"10.0.0.2"`},
		{"behind an address that is cut off", event.Event{Kind: event.Call, Path: "/dev/tun0", Op: "read", Frame: 1, Link: packet.LinkRaw, Head: 4, N: 4, Data: []byte{16, 2, 0, 0}}, `"sum":{"proto":`},
		{"the same on a wire", event.Event{Kind: event.Frame, Port: "a:tun0", Frame: 1, Link: packet.LinkRaw, Data: ipPacket}, `"src":"10.0.0.1","dst":"10.0.0.2"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := one(t, &tc.e)
			if !json.Valid([]byte(got)) || !strings.Contains(got, tc.want) {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// one is an event as the page reads it of a message.
func one(t *testing.T, e *event.Event) string {
	w := writer{b: &batch{from: e.Seq}}
	w.event(e)
	return string(events(t, w.b, 0)[0])
}

// events are those of a batch from one on, as the page reads them.
func events(t *testing.T, b *batch, from int) []json.RawMessage {
	t.Helper()
	var refs []ref
	for i := from; i < len(b.items); i++ {
		refs = append(refs, ref{b, i})
	}
	var m struct{ Events []json.RawMessage }
	text := new(outbox).appendItems([]byte(`{"type":"events","events":[],"parts":[`), refs)
	if err := json.Unmarshal(plain(t, append(text, partsEnd...)), &m); err != nil {
		t.Fatal(err)
	}
	return m.Events
}

var ipPacket = []byte("\x45\x00\x00\x14\x00\x00\x00\x00\x40\xfd\x00\x00\x0a\x00\x00\x01\x0a\x00\x00\x02")

func TestReasonIsCutAtACharacter(t *testing.T) {
	s := reasonText(strings.Repeat("é", 100))
	if !utf8.ValidString(s) || len(s) > 123 || len(s) < 119 {
		t.Errorf("got %d bytes, valid %v", len(s), utf8.ValidString(s))
	}
}

func FuzzParse(f *testing.F) {
	for _, say := range []string{
		`{"type":"cmd","id":1,"op":"exec","node":"a","line":"ping"}`, `{"type":"cmd","id":1e400}`,
		`{"type":"ack","n":7}`, `{"type":"ack","n":07}`, `{"type":"ack","n":+7}`, `{"type":"ack","n":}`, `{"type":"ack","n":7,"n":8}`, `{"type":"ack","n":18446744073709551616}`, `{"n":7, "type":"ack"}`,
	} {
		f.Add([]byte(say))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := parse(b)
		switch {
		case err != nil && !utf8.ValidString(err.Error()):
			t.Errorf("the error of %q is not text", b)
		case err == nil && (c.Type != typeAck || c.N == nil) && (c.Type != typeCommand || *c.ID < 0 || *c.ID > maxID):
			t.Errorf("%q was taken", b)
		}
		if n, ok := ackOf(b); ok { // the short way says what the long one does
			var c command
			if err := strictjson.Decode(b, &c); err != nil || c.Type != typeAck || *c.N != n {
				t.Errorf("%q was read as an acknowledgement of %d", b, n)
			}
		}
	})
}

func TestAFramesBytesAreInAMessageOnce(t *testing.T) {
	arp := []byte("\xff\xff\xff\xff\xff\xff\x02\x00\x00\x00\x00\x01\x08\x06\x00\x01\x08\x00\x06\x04\x00\x01\x02\x00\x00\x00\x00\x01\x0a\x00\x00\x01\x00\x00\x00\x00\x00\x00\x0a\x00\x00\x02")
	changed := append(append([]byte(nil), arp[:41]...), 9)
	d := newDigest(noLimits, 0)
	for i, e := range []event.Event{
		{Kind: event.Frame, Port: "a:em0", Frame: 1, Link: packet.LinkEthernet, Data: arp},
		{Kind: event.Frame, Port: "s1.2", Frame: 1, Link: packet.LinkEthernet, Data: arp},
		{Kind: event.Call, Path: "/dev/tap0", Frame: 1, Link: packet.LinkEthernet, Data: arp},
		{Kind: event.Frame, Port: "s1.2", Frame: 1, Link: packet.LinkEthernet, Data: changed}, // a program changed it
		{Kind: event.Frame, Port: "a:tun0", Frame: 1, Link: packet.LinkRaw, Data: arp},
		{Kind: event.Call, Path: "/dev/tun0", Frame: 1, Link: packet.LinkRaw, Head: 4, Data: arp},
		{Kind: event.Frame, Port: "a:em0", Frame: 2, Link: packet.LinkEthernet, Data: arp},
		{Kind: event.Frame, Port: "a:em0", Link: packet.LinkEthernet, Data: arp},
		{Kind: event.Frame, Port: "s1.2", Frame: 1, Link: packet.LinkEthernet, Data: changed},
		{Kind: event.Call, Path: "/dev/tun0", Frame: 1, Link: packet.LinkRaw, Head: 4, Data: arp},
	} {
		e.Seq = uint64(i)
		d.add(&e)
	}
	b := d.batch()
	for _, tc := range []struct {
		name string
		from int
		as   []any // which event has the bytes
	}{
		{"other bytes, another link, another head, another frame and no frame have their own", 0, []any{nil, 0.0, 0.0, nil, nil, nil, nil, nil, 3.0, 5.0}},
		{"a message that begins later has them again", 1, []any{nil, 1.0, nil, nil, nil, nil, nil, 3.0, 5.0}},
		{"and so each", 8, []any{nil, nil}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for i, raw := range events(t, b, tc.from) {
				var e map[string]any
				if err := json.Unmarshal(raw, &e); err != nil {
					t.Fatal(err)
				}
				_, has := e["data"]
				_, sum := e["sum"]
				_, link := e["link"]
				_, head := e["head"]
				if !has && (link || head) {
					t.Errorf("event %d has a link or a head of its own, and the bytes of another", i+tc.from)
				}
				if e["as"] != tc.as[i] || has != (tc.as[i] == nil) || sum != has {
					t.Errorf("event %d is as %v, want %v; it has data: %v, a summary: %v", i+tc.from, e["as"], tc.as[i], has, sum)
				}
			}
		})
	}
}

func TestStateSaysWhatIsNotInTheCapture(t *testing.T) {
	const want = `,"capture":{"missing":7,"why":"the disk is full"}}`
	b := encodeState(nil, &session.Snapshot{Capture: session.CaptureState{Missing: 7, Why: "the disk is full"}})
	if !strings.HasSuffix(string(b)+"}", want) {
		t.Errorf("got %s, want %s at its end", b, want)
	}
	if b := encodeState(nil, &session.Snapshot{}); strings.Contains(string(b), "capture") {
		t.Errorf("where nothing is missing: %s", b)
	}
}
