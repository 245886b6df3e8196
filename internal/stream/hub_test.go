package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"nhooyr.io/websocket"

	"wireloom/internal/session"
	"wireloom/vnet"
	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
)

// A native is a program made of a Go function.
type native struct {
	name string
	main func(p *vnet.Proc) vnet.Exit
}

func (n native) Name() string                { return n.name }
func (n native) ID() string                  { return "" }
func (n native) Main(p *vnet.Proc) vnet.Exit { return n.main(p) }

// talk puts a frame on the wire every period.
func talk(period time.Duration) vnet.Program {
	return native{"talk", func(p *vnet.Proc) vnet.Exit {
		k := p.Node().Kernel()
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
var echo = native{"echo", func(p *vnet.Proc) vnet.Exit {
	b := make([]byte, 256)
	for {
		n, e := p.Read(0, b)
		if e != errno.OK || n == 0 || p.Dying() {
			return vnet.Exit{How: "exit"}
		}
		_, _ = p.Write(1, b[:n])
	}
}}

// newSession is a lab of two hosts and a switch; h1 runs prog, if any.
func newSession(t testing.TB, prog vnet.Program, window int, o session.Options) *session.Session {
	t.Helper()
	c := vnet.Config{Name: "test", Seed: 1<<63 + 1, Window: window, Switches: []vnet.SwitchConfig{{Name: "s1", Ports: 2}}}
	for i := range 2 {
		name := fmt.Sprintf("h%d", i+1)
		c.Nodes = append(c.Nodes, vnet.NodeConfig{
			Name: name, Dialect: kern.NetBSD, NICs: []vnet.NICConfig{{Name: "em0"}},
			Programs: []vnet.ProgramConfig{{Name: "p", Start: true, Slot: true}},
		})
		c.Links = append(c.Links, vnet.LinkConfig{A: name + ":em0", B: fmt.Sprintf("s1.%d", i+1), Delay: time.Millisecond})
	}
	lab, err := vnet.New(c, vnet.Runtime{Commands: map[string]vnet.Program{"echo": echo}})
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

// A peer is the page's end of a stream.
type peer struct {
	t testing.TB
	*websocket.Conn
}

// message is any message of the server's.
type message struct {
	Type     string
	Protocol int
	Lab      labInfo
	Topology topology
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
	Drops    struct{ Events uint64 }
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
	return &peer{x.t, c}
}

// next returns the next message, or the error that ended the stream.
func (p *peer) read() (message, error) {
	p.t.Helper()
	_, b, err := p.Read(p.t.Context())
	var m message
	if err == nil {
		if err := json.Unmarshal(b, &m); err != nil {
			p.t.Fatalf("%v in %s", err, b)
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
	if hello.Type != "hello" || hello.Protocol != 1 || hello.Lab != (labInfo{"lab-id", "test", "A test", "9223372036854775809", "test", "# Test"}) {
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

func TestSlowViewerMissesAndTheLabGoesOn(t *testing.T) {
	x := openSite(t, newSession(t, talk(10*time.Microsecond), 128<<10, session.Options{}))
	slow := x.connect("")
	if m, err := slow.read(); err != nil || m.Type != "hello" {
		t.Fatal(err)
	}
	if err := x.s.SetRate(t.Context(), session.AsFast); err != nil {
		t.Fatal(err)
	}
	// It reads nothing while the lab makes far more than any buffer between them holds.
	log := x.s.Log()
	for next := uint64(0); next < 200_000; {
		_, next = log.Bounds()
		if _, _, more := log.From(next, 1); more != nil {
			<-more
		}
	}
	m := slow.until(func(m message) bool { return m.Missed > 0 })
	if first := seqOf(m.Events[0]); first < m.Missed {
		t.Errorf("after %d missed events comes event %d", m.Missed, first)
	}
	slow.until(func(m message) bool { return m.Type == "state" && m.Drops.Events > 0 })
	if err := x.s.Pause(t.Context()); err != nil {
		t.Fatal(err)
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
		{"not UTF-8", websocket.MessageText, "{\"type\":\"cmd\",\"id\":1,\"op\":\"\xff\"}", websocket.StatusPolicyViolation, "this is not a command: it is not UTF-8"},
		{"no id", websocket.MessageText, `{"type":"cmd","op":"pause"}`, websocket.StatusPolicyViolation, "needs a type"},
		{"another type", websocket.MessageText, `{"type":"bye","id":1}`, websocket.StatusPolicyViolation, "needs a type"},
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
		{"no such command", `"op":"reboot"`, `no command "reboot"`},
		{"install is not for viewers", `"op":"install","node":"h1","proc":"p"`, "no command"},
		{"no such program", `"op":"exec","node":"h1","line":"rm -rf /"`, "command not found"},
		{"an open quotation", `"op":"exec","node":"h1","line":"echo '"`, "quotation"},
		{"a long line", `"op":"exec","node":"h1","line":"` + strings.Repeat("x", MaxLine+1) + `"`, "at most"},
		{"much typed at once", `"op":"stdin","node":"h1","proc":"p","text":"` + strings.Repeat("x", MaxStdin+1) + `"`, "at most"},
		{"hex that is none", `"op":"decode","link":"ethernet","hex":"0g"`, "hex digits"},
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
				if e["k"] == "console" && e["text"] == "h\u00e9llo\n" && e["data"] == "68c3a96c6c6f0a" {
					return true
				}
			}
			return false
		})
	})
	t.Run("decode", func(t *testing.T) {
		m := ask(t, `"op":"decode","link":"ethernet","hex":"ffffffffffff02000000000108060001080006040001020000000001 0a000001 000000000000 0a000002"`)
		if m.OK {
			t.Error("blanks passed for hex digits")
		}
		m = ask(t, `"op":"decode","link":"ethernet","hex":"ffffffffffff020000000001080600010800060400010200000000010a0000010000000000000a000002"`)
		var r decodeResult
		if err := json.Unmarshal(m.Result, &r); err != nil || r.Summary.Proto != "ARP" || len(r.Fields) < 2 {
			t.Errorf("got %s, %v", m.Result, err)
		}
	})
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
		name  string
		alive bool
	}{
		{"one who reads but says nothing stays", true},
		{"one who is gone without a word", false},
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
					for tc.alive {
						if _, _, err := p.Read(context.Background()); err != nil {
							return
						}
					}
				}()
				time.Sleep(10 * time.Minute)
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
