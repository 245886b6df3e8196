package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"nhooyr.io/websocket"

	"wireloom/internal/protocol"
	"wireloom/internal/session"
	"wireloom/internal/stream/flow"
	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
	"wireloom/vnet/sys"
)

// A native is a program made of a Go function.
type native struct {
	name string
	main func(p *sys.Proc) sys.Exit
}

func (n native) Name() string              { return n.name }
func (n native) ID() string                { return "" }
func (n native) Main(p *sys.Proc) sys.Exit { return n.main(p) }

// talk puts a frame on the wire every period.
func talk(period time.Duration) sys.Program {
	return native{"talk", func(p *sys.Proc) sys.Exit {
		k := p.System().Kernel()
		frame := make([]byte, 98)
		copy(frame, "\xff\xff\xff\xff\xff\xff\x02\x00\x00\x00\x00\x01\x88\xb5")
		for !p.Dying() {
			if m := k.NewFrame(frame); m != nil {
				k.Ifnet("em0").Transmit(m)
			}
			p.Sleep(period)
		}
		return p.Verdict()
	}}
}

// echo writes what is typed to it.
var echo = native{"echo", func(p *sys.Proc) sys.Exit {
	b := make([]byte, 256)
	for {
		n, e := p.Read(0, b)
		if e != errno.OK || n == 0 || p.Dying() {
			return sys.Exit{How: "exit"}
		}
		_, _ = p.Write(1, b[:n])
	}
}}

// newSession is a lab of two hosts and a switch; h1 runs prog, if any.
func newSession(t testing.TB, prog sys.Program, window int, o session.Options) *session.Session {
	t.Helper()
	c := config.Lab{Name: "test", Seed: 1<<63 + 1, Window: window, Switches: []config.Switch{{Name: "s1", Ports: 2}}}
	for i := range 2 {
		name := fmt.Sprintf("h%d", i+1)
		c.Nodes = append(c.Nodes, config.Node{
			Name: name, Dialect: kern.NetBSD, NICs: []config.NIC{{Name: "em0"}},
			Programs: []config.Program{{Name: "p", Start: true, Slot: true}},
		})
		c.Links = append(c.Links, config.Link{A: name + ":em0", B: fmt.Sprintf("s1.%d", i+1), Delay: time.Millisecond})
	}
	lab, err := vnet.New(c, vnet.Runtime{Commands: map[string]sys.Program{"echo": echo}})
	if err != nil {
		t.Fatal(err)
	}
	if prog != nil {
		if err := lab.Install("h1", "p", prog); err != nil {
			t.Fatal(err)
		}
	}
	o.Dir, o.Capture = t.TempDir(), -1
	s, err := session.New(lab, session.Setup{Scenario: "test", Title: "A test", Brief: "# Test", Seed: c.Seed}, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A site is a server that shows one lab.
type site struct {
	t    testing.TB
	s    *session.Session
	hub  *Hub
	stop context.CancelCauseFunc
	dial func(context.Context, string, string) (net.Conn, error)
	url  string
}

// open starts a site on a real port.
func openSite(t testing.TB, s *session.Session) *site {
	t.Helper()
	x := &site{t: t, s: s, hub: &Hub{Version: "test"}}
	ctx, stop := context.WithCancelCause(context.Background())
	x.stop = stop
	go s.Run(ctx)
	srv := httptest.NewServer(x)
	x.url = srv.URL
	t.Cleanup(func() {
		stop(nil)
		<-s.Done()
		if err := x.hub.Close(context.Background()); err != nil {
			t.Error(err)
		}
		srv.Close()
	})
	return x
}

func (x *site) ServeHTTP(w http.ResponseWriter, r *http.Request) { x.hub.Serve(w, r, x.s, "lab-id") }

// A peer is the page's end of a stream. It acknowledges what it has read, unless it
// is mute.
type peer struct {
	t testing.TB
	*websocket.Conn
	mute bool
}

// message is any message of the server's.
type message struct {
	Type     string
	N        uint64
	From     uint64
	Protocol int
	Lab      protocol.Lab
	Topology protocol.Topology
	First    uint64
	Next     uint64
	Events   []map[string]any
	Missed   uint64
	ID       int64
	OK       bool
	Result   json.RawMessage
	Error    string
	Reason   string
	Paused   bool
	Rate     int
	Procs    []map[string]any
	Ifaces   []map[string]any
	Drops    struct{ Events, Left uint64 }
}

func (x *site) connect(query string) *peer {
	x.t.Helper()
	o := &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {x.url}}}
	if x.dial != nil {
		o.HTTPClient = &http.Client{Transport: &http.Transport{DialContext: x.dial}}
	}
	c, _, err := websocket.Dial(x.t.Context(), x.url+query, o)
	if err != nil {
		x.t.Fatal(err)
	}
	c.SetReadLimit(16 << 20)
	x.t.Cleanup(func() { _ = c.CloseNow() })
	return &peer{t: x.t, Conn: c}
}

// next returns the next message, or the error that ended the stream.
func (p *peer) read() (message, error) {
	p.t.Helper()
	_, b, err := p.Read(p.t.Context())
	var m message
	if err == nil {
		if err := json.Unmarshal(plain(p.t, b), &m); err != nil {
			p.t.Fatalf("%v in %s", err, b)
		}
		bySeq := map[any]map[string]any{}
		for _, e := range m.Events {
			bySeq[e["seq"]] = e
			if as, ok := e["as"]; ok {
				delete(e, "as")
				for _, k := range []string{"data", "size", "link", "head", "sum"} {
					if v, ok := bySeq[as][k]; ok {
						e[k] = v
					}
				}
			}
		}
		if m.N > 0 && !p.mute {
			_ = p.Write(p.t.Context(), websocket.MessageText, fmt.Appendf(nil, `{"type":"ack","n":%d}`, m.N)) // it may be over
		}
	}
	return m, err
}

// until returns the first message that satisfies f.
func (p *peer) until(f func(m message) bool) message {
	p.t.Helper()
	for {
		m, err := p.read()
		if err != nil {
			p.t.Fatal(err)
		}
		if f(m) {
			return m
		}
	}
}

func (p *peer) send(text string) {
	p.t.Helper()
	if err := p.Write(p.t.Context(), websocket.MessageText, []byte(text)); err != nil {
		p.t.Fatal(err)
	}
}

func seqOf(e map[string]any) uint64 { return uint64(e["seq"].(float64)) }

func TestHelloThenEveryEventInOrderAndAgainFromWhereItStopped(t *testing.T) {
	x := openSite(t, newSession(t, talk(10*time.Millisecond), 0, session.Options{}))
	p := x.connect("")
	hello, err := p.read()
	if err != nil {
		t.Fatal(err)
	}
	if hello.Type != "hello" || hello.Protocol != protocol.Version ||
		!reflect.DeepEqual(hello.Lab, protocol.Lab{ID: "lab-id", Scenario: "test", Title: "A test", Seed: "9223372036854775809", Version: "test", Brief: "# Test", Tries: []protocol.Button{}}) {
		t.Errorf("hello is %+v", hello)
	}
	if n := hello.Topology.Nodes; len(n) != 2 || n[0].Ifaces[0].Port != "s1.1" || n[0].Ifaces[0].MAC != "02:00:00:00:01:01" || n[0].Procs[0].Program != "talk" || !n[0].Procs[0].Slot {
		t.Errorf("topology is %+v", hello.Topology)
	}
	want := hello.First
	frames := 0
	take := func(m message) bool {
		for _, e := range m.Events {
			if seqOf(e) != want {
				t.Fatalf("event %d, want %d", seqOf(e), want)
			}
			want++
			if e["k"] == "frame" {
				frames++
				sum, ok := e["sum"].(map[string]any)
				if !ok || sum["src"] != "02:00:00:00:00:01" || e["n"] != 1e6 || len(e["data"].(string)) != 196 {
					t.Fatalf("frame event %v", e)
				}
			}
		}
		return frames >= 20
	}
	p.until(take)
	_ = p.CloseNow()
	frames = 0
	again := x.connect(fmt.Sprintf("?since=%d", want))
	again.until(take)
	late := x.connect("?since=999999999") // of another lab, from the look of it
	m := late.until(func(m message) bool { return len(m.Events) > 0 })
	if seqOf(m.Events[0]) != 0 {
		t.Errorf("a cursor beyond the end gets event %d first, want the oldest", seqOf(m.Events[0]))
	}
}

func TestViewersOfALabGetTheSame(t *testing.T) {
	x := openSite(t, newSession(t, talk(time.Millisecond), 16<<20, session.Options{}))
	x.hub.Rate = -1 // all of it
	const viewers, events = 8, 3000
	got := make(chan string, viewers)
	for i := range viewers {
		p := x.connect("") // they are not all equally far
		go func() {
			var b strings.Builder
			want := uint64(0)
			for want < events {
				m, err := p.read()
				if err != nil || m.Missed > 0 {
					got <- fmt.Sprintf("viewer %d: %v, missed %d", i, err, m.Missed)
					return
				}
				for _, e := range m.Events {
					if seqOf(e) != want {
						got <- fmt.Sprintf("viewer %d: event %d, want %d", i, seqOf(e), want)
						return
					}
					if want++; want <= events {
						fmt.Fprint(&b, e)
					}
				}
			}
			got <- b.String()
		}()
	}
	if err := x.s.SetRate(t.Context(), session.TenTimes); err != nil {
		t.Fatal(err)
	}
	first := <-got
	for range viewers - 1 {
		if other := <-got; other != first {
			t.Fatalf("two viewers saw different things: %.300s\nand %.300s", first, other)
		}
	}
}

// busy makes the lab make far more events than any buffer between it and a viewer
// holds.
func (x *site) busy() {
	x.t.Helper()
	if err := x.s.SetRate(x.t.Context(), session.AsFast); err != nil {
		x.t.Fatal(err)
	}
	log := x.s.Log()
	_, from := log.Bounds()
	for next := from; next < from+200_000; {
		_, next = log.Bounds()
		if _, _, more := log.From(next, 1); more != nil {
			<-more
		}
	}
}

// TestAViewerWhoDoesNotReadIsCaughtUpByCounts, and the lab goes on meanwhile.
func TestAViewerWhoDoesNotReadIsCaughtUpByCounts(t *testing.T) {
	x := openSite(t, newSession(t, talk(10*time.Microsecond), 128<<10, session.Options{}))
	slow := x.connect("")
	hello, err := slow.read()
	if err != nil || hello.Type != "hello" {
		t.Fatal(err)
	}
	x.busy()
	if err := x.s.Pause(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, last := x.s.Log().Bounds()
	next, told, counted := hello.First, uint64(0), uint64(0)
	for next < last {
		m := slow.until(func(m message) bool { return m.Type == "events" })
		if m.From != next {
			t.Fatalf("a message begins at %d, want %d", m.From, next)
		}
		next = m.Next
		told += m.Missed
		for _, e := range m.Events {
			if n, ok := e["events"].(float64); ok {
				told += uint64(n)
				counted += uint64(n)
			} else {
				told++
			}
		}
	}
	if told != last-hello.First || counted < 1000 {
		t.Errorf("the viewer was told of %d events, want %d; %d of them were only counted", told, last-hello.First, counted)
	}
	slow.send(`{"type":"cmd","id":1,"op":"step"}`) // for a new state
	m := slow.until(func(m message) bool { return m.Type == "state" && m.Drops.Left > 0 })
	if m.Drops.Left > counted+100 || m.Drops.Left < counted {
		t.Errorf("the state says that %d were left out, the messages counted %d", m.Drops.Left, counted)
	}
}

// TestCommandsAreDoneForAViewerWhoDoesNotRead: while it has all on its way that may
// be, and reads nothing, what it asks for is done; and the reply is not behind
// megabytes when it reads on.
func TestCommandsAreDoneForAViewerWhoDoesNotRead(t *testing.T) {
	x := openSite(t, newSession(t, talk(10*time.Microsecond), 0, session.Options{}))
	p := x.connect("")
	p.mute = true
	x.busy()
	p.send(`{"type":"cmd","id":1,"op":"pause"}`)
	for {
		snap, changed := x.s.Snapshot()
		if snap.Paused {
			break
		}
		<-changed
	}
	before := 0 // bytes
	for {
		_, b, err := p.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(string(b), `{"type":"reply","id":1,"ok":true`) {
			break
		}
		if !strings.HasPrefix(string(b), `{"type":"hello"`) {
			before += len(b)
		}
	}
	if limit := 3 * BatchBytes; before > limit {
		t.Errorf("%d bytes come before the reply, want at most %d", before, limit)
	}
	p.send(`{"type":"cmd","id":2,"op":"rate","rate":1}`)
	if m, err := p.read(); err != nil || m.Type != "reply" || m.ID != 2 {
		t.Errorf("what comes next is %s %d, %v; want the reply: nothing was acknowledged", m.Type, m.ID, err)
	}
}

// TestReplyStateEventsIsTheOrder of what is written to a viewer who has just
// acknowledged what was on its way.
func TestReplyStateEventsIsTheOrder(t *testing.T) {
	x := openSite(t, newSession(t, talk(10*time.Microsecond), 0, session.Options{}))
	p := x.connect("")
	p.mute = true
	x.busy()
	var last uint64
	for way, bytes := 0, 0; way < flow.Pushes && bytes < 2*BatchBytes; {
		_, b, err := p.Read(t.Context())
		var m message
		if err == nil {
			err = json.Unmarshal(b, &m)
		}
		if err != nil {
			t.Fatal(err)
		}
		if m.N > 0 {
			last = m.N
			way, bytes = way+1, bytes+len(b)
		}
	}
	x.busy() // it has more events to send
	p.send(`{"type":"cmd","id":1,"op":"pause"}`)
	for { // and a new state
		snap, changed := x.s.Snapshot()
		if snap.Paused {
			break
		}
		<-changed
	}
	p.send(fmt.Sprintf(`{"type":"ack","n":%d}`, last))
	var types []string
	for range 3 {
		m, err := p.read()
		if err != nil {
			t.Fatal(err)
		}
		types = append(types, m.Type)
	}
	if got := strings.Join(types, ", "); got != "reply, state, events" {
		t.Errorf("the order is %s", got)
	}
}

func TestRubbishIsClosedWithAReason(t *testing.T) {
	x := openSite(t, newSession(t, nil, 0, session.Options{}))
	for _, tc := range []struct {
		name string
		typ  websocket.MessageType
		text string
		code websocket.StatusCode
		want string
	}{
		{"not JSON", websocket.MessageText, "hello", websocket.StatusPolicyViolation, "not a command"},
		{"not an object", websocket.MessageText, "[1]", websocket.StatusPolicyViolation, "this is not a command: it is a list, want an object"},
		{"nothing", websocket.MessageText, "", websocket.StatusPolicyViolation, "not a command"},
		{"binary", websocket.MessageBinary, `{"type":"cmd","id":1,"op":"pause"}`, websocket.StatusUnsupportedData, "text messages"},
		{"an unknown field", websocket.MessageText, `{"type":"cmd","id":1,"op":"pause","colour":1}`, websocket.StatusPolicyViolation, "colour"},
		{"a wrong type", websocket.MessageText, `{"type":"cmd","id":"one","op":"pause"}`, websocket.StatusPolicyViolation, "this is not a command: id is a text, want a number"},
		{"a fraction", websocket.MessageText, `{"type":"cmd","id":1,"op":"rate","rate":0.5}`, websocket.StatusPolicyViolation, "this is not a command: rate is 0.5, want a whole number"},
		{"a list for a text", websocket.MessageText, `{"type":"cmd","id":1,"op":["pause"]}`, websocket.StatusPolicyViolation, "this is not a command: op is a list, want a text"},
		{"a key in another case", websocket.MessageText, `{"type":"cmd","ID":1,"op":"pause"}`, websocket.StatusPolicyViolation, `this is not a command: it has no key "ID"`},
		{"a key twice", websocket.MessageText, `{"type":"cmd","id":1,"op":"pause","op":"resume"}`, websocket.StatusPolicyViolation, `this is not a command: it has the key "op" twice`},
		{"not UTF-8", websocket.MessageText, "{\"type\":\"cmd\",\"id\":1,\"op\":\"\xff\"}", websocket.StatusInvalidFramePayloadData, "this is not a command: it is not UTF-8"},
		{"no id", websocket.MessageText, `{"type":"cmd","op":"pause"}`, websocket.StatusPolicyViolation, "needs a type"},
		{"another type", websocket.MessageText, `{"type":"bye","id":1}`, websocket.StatusPolicyViolation, "needs a type"},
		{"an acknowledgement of nothing", websocket.MessageText, `{"type":"ack"}`, websocket.StatusPolicyViolation, "needs a type"},
		{"an acknowledgement of what was not sent", websocket.MessageText, `{"type":"ack","n":1000000}`, websocket.StatusPolicyViolation, "no message of the number"},
		{"a negative acknowledgement", websocket.MessageText, `{"type":"ack","n":-1}`, websocket.StatusPolicyViolation, "this is not a command: n is -1, want 0 or more"},
		{"two at once", websocket.MessageText, `{"type":"cmd","id":1,"op":"pause"}{}`, websocket.StatusPolicyViolation, "follows"},
		{"too long", websocket.MessageText, strings.Repeat(" ", MaxMessage+1), websocket.StatusMessageTooBig, ""},
		{"nested deeply", websocket.MessageText, strings.Repeat("[", 50000), websocket.StatusPolicyViolation, "not a command"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := x.connect("")
			p.t = t
			if err := p.Write(t.Context(), tc.typ, []byte(tc.text)); err != nil {
				t.Fatal(err)
			}
			for {
				_, err := p.read()
				if err == nil {
					continue
				}
				var ce websocket.CloseError
				if !errors.As(err, &ce) || ce.Code != tc.code || !strings.Contains(ce.Reason, tc.want) {
					t.Errorf("closed with %v, want %v and %q", err, tc.code, tc.want)
				}
				return
			}
		})
	}
}

func TestCommands(t *testing.T) {
	x := openSite(t, newSession(t, talk(10*time.Millisecond), 0, session.Options{}))
	p := x.connect("")
	id := int64(0)
	ask := func(t *testing.T, members string) message {
		t.Helper()
		id++
		p.send(fmt.Sprintf(`{"type":"cmd","id":%d,%s}`, id, members))
		return p.until(func(m message) bool { return m.Type == "reply" && m.ID == id })
	}
	for _, tc := range []struct {
		name, members string
		want          string // in the error; "" if it succeeds
	}{
		{"pause", `"op":"pause"`, ""},
		{"step", `"op":"step"`, ""},
		{"resume", `"op":"resume"`, ""},
		{"rate", `"op":"rate","rate":10`, ""},
		{"a rate that is none", `"op":"rate","rate":3`, "it is 1, 10, or 0"},
		{"no rate", `"op":"rate"`, "rate needs rate"},
		{"start what runs", `"op":"start","node":"h1","proc":"p"`, "runs already"},
		{"start without a program", `"op":"start","node":"h2","proc":"p"`, "no program yet"},
		{"no such node", `"op":"start","node":"h3","proc":"p"`, `no node "h3"`},
		{"kill", `"op":"kill","node":"h1","proc":"p"`, ""},
		{"stop what does not run", `"op":"stop","node":"h2","proc":"p"`, "not running"},
		{"a field that does not belong", `"op":"pause","node":"h1"`, "pause has no node"},
		{"a missing field", `"op":"stdin","node":"h1","proc":"p"`, "stdin needs text"},
		{"no such command", `"op":"reboot"`, `no command "reboot": there are decode, exec, impair,`},
		{"install is not for viewers", `"op":"install","node":"h1","proc":"p"`, "no command"},
		{"no such program", `"op":"exec","node":"h1","line":"rm -rf /"`, "command not found"},
		{"an open quotation", `"op":"exec","node":"h1","line":"echo '"`, "quotation"},
		{"a long line", `"op":"exec","node":"h1","line":"` + strings.Repeat("x", MaxLine+1) + `"`, "at most"},
		{"a node of a very long name", `"op":"start","node":"` + strings.Repeat("n", 100_000) + `","proc":"p"`, "a name of 100000 bytes is none; it has at most 256"},
		{"a program of a very long name", `"op":"kill","node":"h1","proc":"` + strings.Repeat("p", 100_000) + `"`, "a name of 100000 bytes is none"},
		{"a name that does something to a terminal", `"op":"start","node":"\u001b[31m\u202e","proc":"p"`, `no node "\x1b[31m\u202e"`},
		{"much typed at once", `"op":"stdin","node":"h1","proc":"p","text":"` + strings.Repeat("x", MaxStdin+1) + `"`, "at most"},
		{"hex that is none", `"op":"decode","link":"ethernet","hex":"0g"`, "hex digits"},
		{"a filter that is none", `"op":"match","filter":"ip.scr == 1","frames":[]`, `filter, column 1: there is no field "ip.scr": did you mean`},
		{"a filter without frames to ask about", `"op":"match","filter":"ip"`, "match needs frames"},
		{"a filter for what is no frame", `"op":"match","filter":"arp","frames":[{"link":"ethernet","hex":"xx"}]`, "frame 0 is not hex digits"},
		{"a filter for frames of no link", `"op":"match","filter":"arp","frames":[{"link":"token-ring","hex":""}]`, "token-ring"},
		{"too many frames for a filter", `"op":"match","filter":"arp","frames":[` + strings.Repeat(`{"link":"raw","hex":""},`, 1000) + `{"link":"raw","hex":""}]`, "1001 frames: at most 1000"},
		{"a link that is none", `"op":"decode","link":"token-ring","hex":"00"`, "token-ring"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := ask(t, tc.members)
			if m.OK != (tc.want == "") || !strings.Contains(m.Error, tc.want) || m.OK && string(m.Result) != "{}" {
				t.Errorf("got %+v, want %q", m, tc.want)
			}
		})
	}
	t.Run("exec and stdin", func(t *testing.T) {
		m := ask(t, `"op":"exec","node":"h1","line":"echo"`)
		if string(m.Result) != `{"proc":"echo.1"}` {
			t.Fatalf("got %s, %s", m.Result, m.Error)
		}
		id++
		p.send(fmt.Sprintf(`{"type":"cmd","id":%d,"op":"stdin","node":"h1","proc":"echo.1","text":"h\u00e9llo\n"}`, id))
		p.until(func(m message) bool {
			for _, e := range m.Events {
				if e["k"] == "console" && e["text"] == "h\u00e9llo\n" && e["data"] == nil {
					return true
				}
			}
			return false
		})
	})
	t.Run("text", func(t *testing.T) {
		id++
		p.send(fmt.Sprintf(`{"type":"cmd","id":%d,"op":"stdin","node":"h1","proc":"echo.1","text":"two\n"}`, id))
		var last uint64
		p.until(func(m message) bool {
			for _, e := range m.Events {
				if e["k"] == "console" && e["text"] == "two\n" {
					last = seqOf(e)
				}
			}
			return last > 0
		})
		for _, tc := range []struct {
			name, members, want string
		}{
			{"all of it", fmt.Sprintf(`"node":"h1","proc":"echo.1","from":0,"to":%d`, last), fmt.Sprintf(`{"parts":[{"fd":1,"text":"h\u00e9llo\ntwo\n"}],"next":%d,"missed":0}`, last+1)},
			{"its end", fmt.Sprintf(`"node":"h1","proc":"echo.1","from":%d,"to":%d`, last, last), fmt.Sprintf(`{"parts":[{"fd":1,"text":"two\n"}],"next":%d,"missed":0}`, last+1)},
			{"another's", fmt.Sprintf(`"node":"h1","proc":"p","from":0,"to":%d`, last), fmt.Sprintf(`{"parts":[],"next":%d,"missed":0}`, last+1)},
		} {
			m := ask(t, `"op":"text",`+tc.members)
			var got, want any
			if err := json.Unmarshal([]byte(tc.want), &want); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(m.Result, &got); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: got %s, %v; want %s", tc.name, m.Result, err, tc.want)
			}
		}
		if m := ask(t, `"op":"text","node":"h1","proc":"echo.1","from":7,"to":6`); m.OK || !strings.Contains(m.Error, "nothing from event 7 to event 6") {
			t.Errorf("got %+v", m)
		}
	})
	t.Run("decode", func(t *testing.T) {
		m := ask(t, `"op":"decode","link":"ethernet","hex":"ffffffffffff02000000000108060001080006040001020000000001 0a000001 000000000000 0a000002"`)
		if m.OK {
			t.Error("blanks passed for hex digits")
		}
		m = ask(t, `"op":"decode","link":"ethernet","hex":"ffffffffffff020000000001080600010800060400010200000000010a0000010000000000000a000002"`)
		var r protocol.DecodeResult
		if err := json.Unmarshal(m.Result, &r); err != nil || r.Summary.Proto != "ARP" || len(r.Fields) < 2 {
			t.Errorf("got %s, %v", m.Result, err)
		}
	})
}

// A filter that costs much is asked about fewer frames at a time, and about one at least.
func TestMatchIsDoneInParts(t *testing.T) {
	ask := func(f string, n, size int) string {
		var frames []protocol.MatchFrame
		for range n {
			frames = append(frames, protocol.MatchFrame{Link: "ethernet", Hex: protocol.Hex(strings.Repeat("61", size))})
		}
		r, err := match(t.Context(), nil, &command{Filter: &f, Frames: frames})
		if err != nil {
			t.Fatal(err)
		}
		return r.(protocol.MatchResult).Matched
	}
	if got := ask("frame.len > 60", 900, 64); got != strings.Repeat("1", 900) {
		t.Errorf("a filter that costs little: got %s, want 900 times 1", got)
	}
	if got := ask(`frame matches "(a|b){100}c"`, 90, 1000); len(got) < 1 || len(got) > 30 || strings.Contains(got, "1") {
		t.Errorf("a filter that costs much: got %s of 90", got)
	}
	if got := ask(`frame matches "(a|b){100}c"`, 2, 60_000); got != "0" {
		t.Errorf("a filter that costs too much: got %s, want one 0", got)
	}
}

func TestWhoMayConnect(t *testing.T) {
	x := openSite(t, newSession(t, nil, 0, session.Options{Viewers: 1}))
	ws := http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"AAAAAAAAAAAAAAAAAAAAAA=="}}
	with := func(k, v string) http.Header {
		h := ws.Clone()
		h.Set(k, v)
		return h
	}
	for _, tc := range []struct {
		name, query string
		head        http.Header
		want        int
	}{
		{"another site's page", "", with("Origin", "http://evil.example"), http.StatusForbidden},
		{"another port's page", "", with("Origin", "http://127.0.0.1:1"), http.StatusForbidden},
		{"a page without an origin", "", with("Origin", "null"), http.StatusForbidden},
		{"a cross-site fetch", "", with("Sec-Fetch-Site", "cross-site"), http.StatusForbidden},
		{"no WebSocket", "", http.Header{}, http.StatusUpgradeRequired},
		{"since that is no number", "?since=-1", ws, http.StatusBadRequest},
		{"this site's page", "", with("Origin", x.url), http.StatusSwitchingProtocols},
		{"no browser", "", ws, http.StatusSwitchingProtocols},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, x.url+tc.query, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header = tc.head
			res, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if res.StatusCode != tc.want {
				t.Errorf("status %d, want %d", res.StatusCode, tc.want)
			}
			if tc.want == http.StatusSwitchingProtocols {
				res.Body.Close()
				for x.hub.Count() > 0 {
					// its place is free when the server has seen it go
				}
				return
			}
			var e struct{ Error string }
			if err := json.NewDecoder(res.Body).Decode(&e); err != nil || e.Error == "" {
				t.Errorf("no sentence says why: %v", err)
			}
		})
	}
	one := x.connect("")
	one.until(func(m message) bool { return m.Type == "hello" })
	if _, res, err := websocket.Dial(t.Context(), x.url, nil); err == nil || res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a viewer too many: %v", err)
	}
}

func TestByeSaysWhyTheLabClosed(t *testing.T) {
	x := openSite(t, newSession(t, talk(time.Millisecond), 0, session.Options{}))
	p := x.connect("")
	p.until(func(m message) bool { return len(m.Events) > 0 })
	x.stop(errors.New("the server stops"))
	m := p.until(func(m message) bool { return m.Type == "bye" })
	if m.Reason != "the server stops" {
		t.Errorf("bye says %q", m.Reason)
	}
	_, err := p.read()
	var ce websocket.CloseError
	if !errors.As(err, &ce) || ce.Code != websocket.StatusNormalClosure || ce.Reason != "the server stops" {
		t.Errorf("closed with %v", err)
	}
	if err := x.hub.Close(t.Context()); err != nil {
		t.Error(err)
	}
	_, res, err := websocket.Dial(t.Context(), x.url, nil)
	if err == nil || res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a stopping server takes a viewer: %v", err)
	}
}

// A pipes is a listener of connections in memory, which fake time can wait for.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Close() error   { close(p.done); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

func TestDeadPeerIsFoundAndASilentOneIsNot(t *testing.T) {
	for _, tc := range []struct {
		name    string
		alive   bool
		answers bool // pings
		takes   bool // what it is sent
		talks   bool
	}{
		{"one who reads but says nothing stays", true, true, true, false},
		{"one whose pongs are late but who says something stays", true, false, true, true},
		{"one who takes everything and says nothing goes", false, false, true, false},
		{"one who is gone without a word", false, false, false, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSession(t, nil, 0, session.Options{})
				x := &site{t: t, s: s, hub: &Hub{}, url: "http://lab.test"}
				l := &pipes{make(chan net.Conn), make(chan struct{})}
				srv := &http.Server{Handler: x}
				go func() { _ = srv.Serve(l) }()
				ctx, stop := context.WithCancelCause(context.Background())
				go s.Run(ctx)
				var raw net.Conn
				x.dial = func(context.Context, string, string) (net.Conn, error) {
					a, b := net.Pipe()
					raw = a
					l.conns <- b
					return a, nil
				}
				p := x.connect("")
				reading := make(chan struct{})
				go func() {
					defer close(reading)
					if !tc.answers {
						if tc.takes {
							_, _ = io.Copy(io.Discard, raw) // no pong comes of that
						}
						return
					}
					for {
						if _, _, err := p.Read(context.Background()); err != nil {
							return
						}
					}
				}()
				for range 120 {
					time.Sleep(5 * time.Second)
					if tc.talks {
						p.send(`{"type":"cmd","id":1,"op":"resume"}`)
					}
				}
				if got := x.hub.Count() == 1; got != tc.alive {
					t.Errorf("after 10 minutes %d viewers are there", x.hub.Count())
				}
				stop(nil)
				<-s.Done()
				_ = raw.Close()
				<-reading
				if err := x.hub.Close(context.Background()); err != nil {
					t.Error(err)
				}
				_ = srv.Close()
				_ = p.CloseNow()
			})
		})
	}
}
