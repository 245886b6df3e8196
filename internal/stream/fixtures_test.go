package stream

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"wireloom/internal/decode"
	"wireloom/internal/protocol"
	"wireloom/internal/session"
	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/fabric/bridge"
	"wireloom/vnet/fabric/netem"
	"wireloom/vnet/inet"
	"wireloom/vnet/packet"
	"wireloom/vnet/sys"
)

// The fixtures in testdata are a message of each kind, as this package sends it: the
// page's tests read them.

var update = flag.Bool("update", false, "rewrite the fixtures that this package makes")

// golden compares what is sent with a fixture, in which it is indented.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	name = filepath.Join("testdata", name)
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
		t.Errorf("%s: got %s\nwant %s", name, got, flat.Bytes())
	}
}

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// conforms fails if a JSON text is not what a value of v's type is written as.
func conforms(t *testing.T, b []byte, v any) {
	t.Helper()
	into := reflect.New(reflect.TypeOf(v))
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(into.Interface()); err != nil {
		t.Errorf("%T: %v in %s", v, err, b)
		return
	}
	var got, want any
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(marshal(t, into.Interface()), &want); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%T: %s is sent; with the members that the protocol has it is %v", v, b, want)
	}
}

// conformsEvents does that for a message of events, and for each of them by its kind.
func conformsEvents(t *testing.T, b []byte) (kinds map[string]bool) {
	t.Helper()
	conforms(t, b, protocol.Batch{})
	var m struct{ Events []json.RawMessage }
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	kinds = map[string]bool{}
	for _, raw := range m.Events {
		var e struct{ K string }
		if err := json.Unmarshal(raw, &e); err != nil {
			t.Fatal(err)
		}
		of, ok := protocol.Events[e.K]
		if !ok || e.K == "" {
			t.Errorf("there is no event %q", e.K)
			continue
		}
		kinds[e.K] = true
		conforms(t, raw, of)
	}
	return kinds
}

const (
	frameARP   = "\xff\xff\xff\xff\xff\xff\x02\x00\x00\x00\x00\x0a\x08\x06\x00\x01\x08\x00\x06\x04\x00\x01\x02\x00\x00\x00\x00\x0a\x0a\x00\x00\x01\x00\x00\x00\x00\x00\x00\x0a\x00\x00\x02"
	frameEther = "\x02\x00\x00\x00\x00\x0b\x02\x00\x00\x00\x00\x0a\x08\x00"
	frameICMP  = "\x00\x07\x00\x0c\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x20\x21\x22\x23\x24\x25\x26\x27\x28\x29\x2a\x2b\x2c\x2d\x2e\x2f\x30\x31\x32\x33\x34\x35\x36\x37\x38"
	// The reply has a bad checksum.
	frameAsk    = frameEther + "\x45\x00\x00\x54\x00\x01\x00\x00\x40\x01\x66\xa6\x0a\x00\x00\x01\x0a\x00\x00\x02\x08\x00\xe4\xbd" + frameICMP
	frameAnswer = frameEther + "\x45\x00\x00\x54\x00\x01\x00\x00\x40\x01\x66\xa6\x0a\x00\x00\x02\x0a\x00\x00\x01\x00\x00\x2d\x7a" + frameICMP
)

// samples are an event of each kind, of a lab in which bob's pingd answers pings.
func samples() []event.Event {
	pingd := func(k event.Kind, at time.Duration, e event.Event) event.Event {
		e.Kind, e.At, e.Node, e.Proc, e.PID = k, at, "bob", "pingd", 2
		return e
	}
	const late = 12 * time.Second
	arp, ask, answer := []byte(frameARP), []byte(frameAsk), []byte(frameAnswer)
	all := []event.Event{
		{Kind: event.Lab, Text: "ping", N: 42, Data: []byte(`{"scenario":"ping"}`)},
		pingd(event.Start, 0, event.Event{Text: "pingd.wasm", Path: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}),
		pingd(event.Call, 12040, event.Event{Op: "open", FD: 4, Path: "/dev/tap0", N: 4, Began: 12040, Fuel: 1204, Text: "O_RDWR"}),
		{Kind: event.Iface, At: 12040, Node: "bob", Port: "bob:tap0", Op: "link", Text: "link state up"},
		pingd(event.Console, 13100, event.Event{FD: 1, Data: []byte("pingd: answering for 10.0.0.2 on tap0\n")}),
		{Kind: event.Frame, At: 1e6, Port: "alice:em0", Peer: "s1.1", N: 1e6, Frame: 1, Link: packet.LinkEthernet, Data: arp},
		{Kind: event.Learn, At: 2e6, Node: "s1", Port: "s1.1", Text: "02:00:00:00:00:0a"},
		{Kind: event.Frame, At: 2e6, Port: "s1.2", Peer: "bob:tap0", Frame: 1, Link: packet.LinkEthernet, Data: arp},
		pingd(event.Call, 2e6, event.Event{Op: "read", FD: 4, Path: "/dev/tap0", Len: 2048, N: 42, Began: 15000, Fuel: 1500, Frame: 1, Link: packet.LinkEthernet, Data: arp}),
		{Kind: event.Frame, At: late + 4318*time.Microsecond, Port: "alice:em0", Peer: "s1.1", N: 1e6, Frame: 25, Link: packet.LinkEthernet, Data: ask},
		pingd(event.Call, late+5318*time.Microsecond, event.Event{
			Op: "read", FD: 4, Path: "/dev/tap0", Len: 2048, N: 98, Began: 11006402 * time.Microsecond, Fuel: 4112, Frame: 25, Link: packet.LinkEthernet, Data: ask,
		}),
		pingd(event.Call, late+5319*time.Microsecond, event.Event{
			Op: "write", FD: 4, Path: "/dev/tap0", Len: 98, N: 98, Began: late + 5319*time.Microsecond, Fuel: 4424, Frame: 26, Link: packet.LinkEthernet, Data: answer,
		}),
		pingd(event.Call, late+5320*time.Microsecond, event.Event{
			Op: "read", FD: 4, Path: "/dev/tap0", Len: 2048, N: -1, Errno: uint16(errno.EWOULDBLOCK), Began: late + 5320*time.Microsecond, Fuel: 4500,
		}),
		{
			Kind: event.Drop, At: late + 5330*time.Microsecond, Port: "bob:tap0", Node: "bob", Op: "queue-full", Text: "the send queue holds 256 packets",
			Frame: 27, Link: packet.LinkEthernet, Data: ask,
		},
		{Kind: event.Forget, At: late + 6e6, Node: "s1", Port: "s1.1", Text: "02:00:00:00:00:0a", Op: "aged"},
		pingd(event.Signal, late+6e6, event.Event{Op: "SIGIO", Text: "caught", Fuel: 4500}),
		{Kind: event.Message, At: late + 6e6, Node: "bob", Text: "tap0: link state changed to UP"},
		{Kind: event.Panic, At: late + 6e6, Node: "bob", Text: "mtx_lock of a destroyed mutex: tap_softc was freed"},
		pingd(event.Limit, late+6e6, event.Event{Op: "memory", Text: "pingd asked for 80 MB; a program may have 64 MB", N: 67108864, Fuel: 4500}),
		{Kind: event.Command, At: late + 7e6, Node: "bob", Proc: "pingd", Op: "kill", N: 812, Text: `{"op":"kill","node":"bob","proc":"pingd"}`},
		pingd(event.Exit, late+7e6, event.Event{N: 137, Op: "killed", Text: "killed from the page", Fuel: 5120}),
		{Kind: event.Tree, At: 12500 * time.Millisecond, Node: "s1", Port: "s1.2", Op: "state", Text: "forwarding"},
		{Kind: event.Step, At: 13e9, Op: "first-ping", Text: "alice sends an echo request"},
		{Kind: event.Check, At: 14e9, Op: "replies", Text: "no echo reply within 1 s", N: 4, Errno: 1},
	}
	for i := range all {
		all[i].Seq = uint64(i) + 1
	}
	return all
}

func TestEventsAreThoseOfTheFixture(t *testing.T) {
	all := samples()
	d := newDigest(noLimits, 1)
	for i := range all {
		d.add(&all[i])
	}
	out := outbox{next: 1, end: 1}
	out.add(d.batch(), noLimits.bytes)
	b := flat(&out, 1, BatchBytes)
	golden(t, "events.json", b)
	kinds := conformsEvents(t, plain(t, b))
	for k := event.Lab; k.Valid(); k++ {
		if !kinds[k.String()] {
			t.Errorf("the fixture has no %s event", k)
		}
		if _, ok := protocol.Events[k.String()]; !ok {
			t.Errorf("the protocol has no %s event", k)
		}
	}
}

// TestEventsConform: what only some events have.
func TestEventsConform(t *testing.T) {
	for _, tc := range []struct {
		name string
		e    event.Event
	}{
		{"output that is not UTF-8", event.Event{Kind: event.Console, Node: "a", Proc: "p", FD: 2, Data: []byte("\xff")}},
		{"a packet behind a family", event.Event{Kind: event.Call, Op: "read", Frame: 1, Link: packet.LinkRaw, Head: 4, N: 24, Data: append([]byte{0, 0, 0, 2}, ipPacket...)}},
		{"a call that moved more than is shown", event.Event{Kind: event.Call, Op: "read", Data: make([]byte, maxData+1)}},
		{"a frame from outside", event.Event{Kind: event.Frame, Port: "a:em0", Peer: "s1.1", Op: "injected", Frame: 1, Link: packet.LinkEthernet, Data: make([]byte, maxData+1)}},
		{"the command that brought it", event.Event{Kind: event.Command, Op: "arrive", Port: "a:em0", N: 3, Frame: 1, Link: packet.LinkEthernet, Data: []byte(frameARP)}},
		{"a limit on a frame", event.Event{Kind: event.Limit, Op: "frames", Port: "a:em0", N: 3, Frame: 1, Link: packet.LinkEthernet, Data: []byte(frameARP)}},
		{"a limit of the lab", event.Event{Kind: event.Limit, Op: "instant", N: 3, Text: "no end"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			conforms(t, []byte(one(t, &tc.e)), protocol.Events[tc.e.Kind.String()])
		})
	}
}

// TestThinnedEventsAreThoseOfTheFixture: a stretch in which a process writes 40 lines,
// with a call for each, while another writes one line.
func TestThinnedEventsAreThoseOfTheFixture(t *testing.T) {
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
	b := flat(&out, 3, BatchBytes)
	golden(t, "thinned.json", b)
	conformsEvents(t, plain(t, b))
}

func TestHelloIsThatOfTheFixture(t *testing.T) {
	conforms(t, marshal(t, greeting(newSession(t, echo, 0, session.Options{}), "id", "v")), protocol.Hello{})
	golden(t, "hello.json", marshal(t, protocol.Hello{
		Type: "hello", Protocol: protocol.Version, First: 1, Next: 24,
		Lab: protocol.Lab{
			ID: "c2FtcGxlLWxhYi1pZA", Scenario: "ping", Title: "Answer a ping", Seed: "42", Version: "v0.1.0",
			Brief: "# Answer a ping\n\nNode `alice` pings **10.0.0.2** once a second.\n\n- `bob` runs your program.\n- It reads frames from `/dev/tap0`.\n\n```\nGOOS=wasip1 GOARCH=wasm go build -o mine.wasm .\n```\n",
			Goal:  "bob's program answers pings to 10.0.0.2.",
			Tries: []protocol.Button{
				{N: 1, Label: "alice pings bob", Look: "Each request should come back as a reply.", Says: "run ping -c 3 10.0.0.2 at alice", Node: "alice"},
				{N: 2, Label: "who has 10.0.0.2?", Says: "send 42 bytes at s1.1", Auto: true},
			},
		},
		Topology: protocol.Topology{
			Nodes: []protocol.Node{
				{
					Name: "alice", Dialect: "freebsd",
					Ifaces: []protocol.Iface{{Name: "em0", Kind: protocol.NIC, MAC: "02:00:00:00:00:0a", Addresses: []string{"10.0.0.1/24"}, Port: "s1.1"}},
					Procs:  []protocol.ProcSpec{{Name: "ping", Argv: []string{"ping", "10.0.0.2"}, Program: nativeProgram}},
				},
				{
					Name: "bob", Dialect: "netbsd",
					Ifaces: []protocol.Iface{{Name: "tap0", Kind: protocol.Tap, MAC: "02:00:00:00:00:0b", Addresses: []string{}, Port: "s1.2"}},
					Procs:  []protocol.ProcSpec{{Name: "pingd", Argv: []string{"pingd", "/dev/tap0", "10.0.0.2"}, Slot: true, Program: "pingd.wasm"}},
				},
			},
			Switches: []protocol.Switch{{Name: "s1", Ports: []string{"s1.1", "s1.2"}}},
			Links:    []protocol.Link{{A: "alice:em0", B: "s1.1", Delay: 1e6}, {A: "bob:tap0", B: "s1.2"}},
		},
	}))
}

func TestStateIsThatOfTheFixture(t *testing.T) {
	state := &session.Snapshot{
		Status: vnet.Status{
			Now: 12004318 * time.Microsecond, Steps: 812,
			Procs: []sys.Status{
				{Node: "alice", Name: "ping", PID: 1, State: "sleeping", Wchan: "select", Native: true},
				{Node: "bob", Name: "pingd", PID: 2, PPID: 1, State: "sleeping", Wchan: "tapread", Fuel: 4112, Memory: 3 << 20, Program: "pingd.wasm", Dropped: 3},
				{Node: "alice", Name: "ping.3", PID: 3, State: "exited", Native: true, Exit: &sys.Exit{Code: 2, How: "exit", Why: "no reply"}},
			},
			Nodes: []vnet.NodeStatus{{Node: "alice", Routes: []inet.Route{
				{To: netip.MustParsePrefix("0.0.0.0/0"), Via: netip.MustParseAddr("10.0.0.9"), Dev: "em0", Flags: "UGS"},
				{To: netip.MustParsePrefix("10.0.0.0/24"), Dev: "em0", Flags: "U"},
			}}},
			Ifaces: []vnet.IfaceStatus{{
				Port: "bob:tap0", Kind: "tap", MAC: "02:00:00:00:00:0b", MTU: 1500, Addresses: []string{}, Flags: []string{"UP", "BROADCAST", "RUNNING"}, Link: "up", QueueMax: 256,
			}},
		},
		CPU: []float64{0, 0.03, 0}, Rate: 1, Lag: 3e6, Slipped: 1e9, Viewers: 1,
		Capture: session.CaptureState{Missing: 7, Why: "the disk is full"},
		Doors: []session.DoorState{
			{Port: "s1.3", Kind: "stream", At: "127.0.0.1:9100", By: "a stream from 127.0.0.1", In: 12, Out: 13, Dropped: map[string]uint64{"rate": 3, "paused": 1}},
			{Port: "s1.4", Kind: "tap", Shut: "this server does not allow it", Last: "it went"},
		},
	}
	state.Ifaces[0].Counters.Ipackets, state.Ifaces[0].Counters.Opackets = 12, 13
	state.Cables = []config.Link{{A: "alice:em0", B: "s1.1", Delay: 1e6}, {A: "bob:tap0", B: "s1.2"}}
	state.Switches = []vnet.SwitchStatus{{
		Switch: "s1", Dialect: "standard", Known: []vnet.KnownInVLAN{{VLAN: 10, Addresses: 2}},
		Tree: &vnet.TreeStatus{ID: "8000.025300010000", Root: "1000.025300020000", Cost: 20000, RootPort: "s1.2", Changing: true, Changes: 3, ChangedAt: 12e9},
		Ports: []vnet.SwitchedPort{
			{
				Port: "s1.1", Up: true, State: "forwarding", Role: "designated", Cost: 20000, Edge: true, VLANs: []bridge.VLAN{{VID: 10, PVID: true, Untagged: true}},
				Count: bridge.Counters{In: 12, Out: 13, Learned: 1, Flooded: 2, Moved: 1, Dropped: map[bridge.Reason]uint64{bridge.Storm: 2, bridge.NotMember: 1}},
			},
			{
				Port: "s1.2", Off: true, State: "disabled", Role: "disabled", Cost: 20000, STP: true, Guarded: "a BPDU came in at a port with BPDU guard",
				VLANs: []bridge.VLAN{{VID: 1, PVID: true, Untagged: true}, {VID: 10}, {VID: 20}, {VID: 21}, {VID: 22}, {VID: 30, Untagged: true}},
			},
			{Port: "s1.3", State: "disabled"},
		},
	}}
	state.Ports = []vnet.PortStatus{{Port: "s1.1"}, {Port: "alice:em0", Impaired: &vnet.Impairment{
		Words: []string{"delay 10ms loss 1%"}, Stages: []string{"limit 1000 delay 10ms loss 1%"}, Waiting: 1,
		Count: []netem.Counters{{Entered: 13, Lost: 2, Duplicated: 1}}, Seen: vnet.Seen{Frames: 10, Delay: 120e6, Min: 10e6, Max: 20e6},
	}}}
	b := new(feed).appendState(nil, 2, state, &outbox{allMissed: 3}, new(version))
	golden(t, "state.json", b)
	conforms(t, b, protocol.Status{})
	// Without what may be absent.
	state = &session.Snapshot{Ended: true, Why: "it is over"}
	conforms(t, (&feed{netsAre: 1, nets: []byte("[]")}).appendState(nil, 2, state, &outbox{}, &version{nets: 1}), protocol.Status{})
}

// TestCommandsOfTheFixture are all understood: one of each op, with the members of its
// struct.
func TestCommandsOfTheFixture(t *testing.T) {
	pingd := protocol.Kill{Node: "bob", Proc: "pingd"}
	arp := protocol.Hex(fmt.Sprintf("%x", frameARP))
	all := []struct {
		op string
		of any
	}{
		{"pause", protocol.Pause{}},
		{"resume", protocol.Resume{}},
		{"rate", protocol.SetRate{Rate: protocol.TenTimes}},
		{"step", protocol.Step{}},
		{"start", protocol.Start(pingd)},
		{"stop", protocol.Stop(pingd)},
		{"kill", pingd},
		{"exec", protocol.Exec{Node: "alice", Line: "ping -c 3 10.0.0.2"}},
		{"try", protocol.Try{N: 2}},
		{"stdin", protocol.Stdin{Node: "bob", Proc: "pingd", Text: "hello\n"}},
		{"decode", protocol.Decode{Link: protocol.Ethernet, Hex: arp}},
		{"text", protocol.Text{Node: "bob", Proc: "pingd", From: 101, To: 3512}},
		{"port", protocol.SetPort{Port: "s1.2", Link: "down"}},
		{"vlan", protocol.SetVLAN{Port: "s1.2", Native: 1, Trunk: "10,20-30"}},
		{"impair", protocol.Impair{Port: "s1.2", Way: "out", Words: []string{"delay 10ms", "loss 1%"}}},
		{"plug", protocol.Plug{A: "s1.2", B: "bob:tap0", Delay: 1e6}},
		{"unplug", protocol.Unplug{Port: "s1.2"}},
		{"table", protocol.Table{Switch: "s1", VLAN: -1}},
		{"match", protocol.Match{Filter: "arp.opcode == 1", Frames: []protocol.MatchFrame{{Link: protocol.Ethernet, Hex: arp, Size: 0, At: 1_000_000, Port: "alice:em0"}}}},
	}
	var list []json.RawMessage
	seen := map[string]bool{}
	for i, x := range all {
		if reflect.TypeOf(x.of) != reflect.TypeOf(protocol.Commands[x.op]) {
			t.Errorf("%s is a %T in the protocol, and a %T here", x.op, protocol.Commands[x.op], x.of)
		}
		head := fmt.Appendf(nil, `{"type":"cmd","id":%d,"op":%q`, i+1, x.op)
		if rest := marshal(t, x.of); len(rest) > len("{}") {
			head = append(append(head, ','), rest[1:]...)
		} else {
			head = append(head, '}')
		}
		list = append(list, head)
		c, err := parse(head)
		if err == nil {
			_, err = c.check()
			seen[c.Op] = true
		}
		if err != nil {
			t.Errorf("%s: %v", head, err)
		}
	}
	golden(t, "commands.json", marshal(t, list))
	for op := range ops {
		if !seen[op] {
			t.Errorf("the fixture has no command %s", op)
		}
	}
	for op := range protocol.Commands {
		if _, ok := ops[op]; !ok {
			t.Errorf("%s is a command of the protocol, and nothing does it", op)
		}
	}
	ack := []byte(`{"type":"ack","n":7}`)
	golden(t, "ack.json", ack)
	if c, err := parse(ack); err != nil || c.Type != typeAck || *c.N != 7 {
		t.Errorf("%s: %+v, %v", ack, c, err)
	}
}

func TestRepliesAreThoseOfTheFixtures(t *testing.T) {
	link, hex := "ethernet", fmt.Sprintf("%x", frameAnswer)
	fields, err := decodeFrame(t.Context(), nil, &command{Link: &link, Hex: &hex})
	if err != nil {
		t.Fatal(err)
	}
	arp, f := protocol.Hex(fmt.Sprintf("%x", frameARP)), "arp.opcode == 1"
	matched, err := match(t.Context(), nil, &command{Filter: &f, Frames: []protocol.MatchFrame{{Link: "ethernet", Hex: protocol.Hex(hex)}, {Link: "ethernet", Hex: arp}}})
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]protocol.Reply{
		"reply-ok.json":    {ID: 7, OK: true, Result: fields},
		"reply-error.json": {ID: 8, Error: "exec on carol: there is no node carol; this lab has alice and bob"},
		"reply-exec.json":  {ID: 9, OK: true, Result: protocol.ExecResult{Proc: "ping.3"}},
		"reply-try.json":   {ID: 10, OK: true, Result: protocol.TryResult{Node: "alice", Proc: "ping.3"}},
		"reply-match.json": {ID: 12, OK: true, Result: matched},
		"reply-text.json": {ID: 11, OK: true, Result: protocol.TextResult{
			Parts: []protocol.TextPart{{FD: 1, Text: "line 101\nline 102\n"}, {FD: 2, Text: "pingd: no answer\n"}}, Next: 3513,
		}},
		"reply-table.json": {ID: 12, OK: true, Result: protocol.TableResult{
			Entries: []protocol.TableEntry{{MAC: "02:00:00:00:00:0a", VLAN: 10, Port: "s1.1", Seen: 12e9}, {MAC: "02:00:00:00:00:99", Port: "s1.2", Static: true}}, Total: 2,
		}},
	} {
		r.Type = "reply"
		golden(t, name, marshal(t, r))
	}
	golden(t, "people.json", marshal(t, protocol.People{Type: "people", Watching: []string{"Ada Lovelace"}, Asks: "Ada Lovelace", May: protocol.Type}))
	golden(t, "bye.json", marshal(t, protocol.Bye{Type: "bye", Reason: "This lab was closed: nobody had looked at it for 10 minutes."}))
	if tree := fields.(protocol.DecodeResult).Fields; !reflect.DeepEqual(tree, decode.Tree(packet.LinkEthernet, []byte(frameAnswer))) {
		t.Errorf("the reply has the fields %v", tree)
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
			viewer := version{nets: has[tc.viewer]}
			b := f.appendState(nil, 1, &session.Snapshot{Status: vnet.Status{Nodes: tc.nodes}}, &outbox{}, &viewer)
			has[tc.viewer] = viewer.nets
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
