package pcap

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"wireloom/internal/filter"
	"wireloom/vnet"
	"wireloom/vnet/event"
	"wireloom/vnet/packet"
)

// told is a capture in words, a line for each block but the first.
func toldOf(t *testing.T, b []byte) []string {
	t.Helper()
	var lines, names []string
	for first := true; len(b) > 0; first = false {
		if len(b) < 12 || int(le.Uint32(b[4:])) > len(b) || le.Uint32(b[4:])%4 != 0 {
			t.Fatalf("%d bytes are no block", len(b))
		}
		typ, n := le.Uint32(b), le.Uint32(b[4:])
		body := b[8 : n-4]
		if le.Uint32(b[n-4:]) != n {
			t.Fatal("a block ends with another length than it begins with")
		}
		b = b[n:]
		if (typ == blockSection) != first {
			t.Fatal("a section does not begin with the one header")
		}
		at := func(i int) time.Duration {
			return time.Duration(uint64(le.Uint32(body[i:]))<<32 | uint64(le.Uint32(body[i+4:])))
		}
		switch typ {
		case blockSection:
		case blockInterface:
			o := optionsOf(t, body[8:])
			names = append(names, string(o[ifName][0]))
			if string(o[ifTsResol][0]) != "\x09" || le.Uint32(body[4:]) != SnapLen {
				t.Errorf("interface %v", o)
			}
			line := fmt.Sprintf("interface %s %d: %s", o[ifName][0], le.Uint16(body), strings.Join(strs(o[ifDescription]), ""))
			lines = append(lines, strings.Join(append([]string{line}, strs(o[optComment])...), " | "))
		case blockPacket:
			kept := le.Uint32(body[12:])
			o := optionsOf(t, body[20+(kept+3)&^3:])
			way := "--"
			if f := o[epbFlags]; f != nil {
				way = [...]string{"", "<-", "->"}[f[0][0]]
			}
			line := fmt.Sprintf("%v %s %s", at(4), names[le.Uint32(body)], way)
			if id := o[epbPacketID]; id != nil {
				line += fmt.Sprintf(" #%d", le.Uint64(id[0]))
			}
			line += fmt.Sprintf(" %q", body[20:20+kept])
			if d := o[epbDropCount]; d != nil {
				line += fmt.Sprintf(" %d missing", le.Uint64(d[0]))
			}
			lines = append(lines, strings.Join(append([]string{line}, strs(o[optComment])...), " | "))
		case blockStatistics:
			o := optionsOf(t, body[12:])
			n := func(code uint16) uint64 { return le.Uint64(o[code][0]) }
			lines = append(lines, fmt.Sprintf("%v %s: %d passed, %d dropped, %d accepted, %d missing, %d written",
				at(4), names[le.Uint32(body)], n(isbIfRecv), n(isbIfDrop), n(isbFilterAccept), n(isbOSDrop), n(isbUsrDeliv)))
		default:
			t.Fatalf("a block of the type %d", typ)
		}
	}
	return lines
}

func strs(list [][]byte) (out []string) {
	for _, b := range list {
		out = append(out, string(b))
	}
	return out
}

func optionsOf(t *testing.T, b []byte) map[uint16][][]byte {
	t.Helper()
	o := map[uint16][][]byte{}
	for len(b) >= 4 {
		code, n := le.Uint16(b), int(le.Uint16(b[2:]))
		if code == optEnd {
			if len(b) != 4 || n != 0 {
				t.Fatalf("%d bytes behind the options", len(b)-4)
			}
			return o
		}
		o[code] = append(o[code], b[4:4+n])
		b = b[4+(n+3)&^3:]
	}
	t.Fatal("the options have no end")
	return nil
}

// ends are those of a lab with two hosts at a switch, and a tun.
var ends = []vnet.End{
	{Name: "a-b:em0", Peer: "s1.1", Link: packet.LinkEthernet},
	{Name: "c:tap0", Peer: "s1.2", Link: packet.LinkEthernet},
	{Name: "c:tun0", Link: packet.LinkRaw},
	{Name: "s1.1", Peer: "a-b:em0", Link: packet.LinkEthernet},
	{Name: "s1.2", Peer: "c:tap0", Link: packet.LinkEthernet},
	{Name: "s1.3", Link: packet.LinkEthernet},
}

const ms = time.Millisecond

func frame(at time.Duration, from, to string, id uint64, data string) event.Event {
	return event.Event{Kind: event.Frame, At: at, Port: from, Peer: to, Frame: id, N: int64(ms), Link: packet.LinkEthernet, Data: []byte(data)}
}

func drop(at time.Duration, port, why, text string, id uint64, data string) event.Event {
	return event.Event{Kind: event.Drop, At: at, Port: port, Op: why, Text: text, Frame: id, Link: packet.LinkEthernet, Data: []byte(data)}
}

func call(at time.Duration, dev, op string, id uint64, data string) event.Event {
	return event.Event{Kind: event.Call, At: at, Node: "c", Path: "/dev/" + dev, Op: op, Frame: id, Link: packet.LinkRaw, Head: 4, Data: []byte("head" + data)}
}

func TestWhatPointsSee(t *testing.T) {
	there := []event.Event{
		frame(1*ms, "a-b:em0", "s1.1", 1, "ping"),
		frame(2*ms, "s1.2", "c:tap0", 1, "ping"),
		frame(3*ms, "c:tap0", "s1.2", 2, "pong"),
		frame(4*ms, "s1.1", "a-b:em0", 2, "pong"),
	}
	for _, tc := range []struct {
		name   string
		points []string
		events []event.Event
		want   string
	}{
		{"nothing happens in a lab", nil, nil, ""},
		{"nothing happens at a point", []string{"s1.3"}, nil, `
			interface s1.3 1: port 3 of switch s1
			10ms s1.3: 0 passed, 0 dropped, 0 accepted, 0 missing, 0 written`},
		{"the whole lab has a frame once on each link, where it is sent", []string{"all"}, there, `
			interface a-b:em0 1: interface em0 of node a-b, linked to s1.1
			1ms a-b:em0 -> #1 "ping"
			interface s1.2 1: port 2 of switch s1, linked to c:tap0
			2ms s1.2 -> #1 "ping"
			interface c:tap0 1: interface tap0 of node c, linked to s1.2
			3ms c:tap0 -> #2 "pong"
			interface s1.1 1: port 1 of switch s1, linked to a-b:em0
			4ms s1.1 -> #2 "pong"
			10ms a-b:em0: 1 passed, 0 dropped, 1 accepted, 0 missing, 1 written
			10ms s1.2: 1 passed, 0 dropped, 1 accepted, 0 missing, 1 written
			10ms c:tap0: 1 passed, 0 dropped, 1 accepted, 0 missing, 1 written
			10ms s1.1: 1 passed, 0 dropped, 1 accepted, 0 missing, 1 written`},
		{"an end has what it sends when it is sent, and what comes when it arrives", []string{"a-b:em0"}, there, `
			interface a-b:em0 1: interface em0 of node a-b, linked to s1.1
			1ms a-b:em0 -> #1 "ping"
			5ms a-b:em0 <- #2 "pong"
			10ms a-b:em0: 2 passed, 0 dropped, 2 accepted, 0 missing, 2 written`},
		{"a link has both directions, seen from its first end", []string{"s1.2-c:tap0"}, there, `
			interface s1.2-c:tap0 1: the link of s1.2 and c:tap0; outbound is what s1.2 sends
			2ms s1.2-c:tap0 -> #1 "ping"
			3ms s1.2-c:tap0 <- #2 "pong"
			10ms s1.2-c:tap0: 2 passed, 0 dropped, 2 accepted, 0 missing, 2 written`},
		{"and from its other end", []string{"a-b:em0-s1.1"}, there[:1], `
			interface a-b:em0-s1.1 1: the link of a-b:em0 and s1.1; outbound is what a-b:em0 sends
			1ms a-b:em0-s1.1 -> #1 "ping"
			10ms a-b:em0-s1.1: 1 passed, 0 dropped, 1 accepted, 0 missing, 1 written`},
		{"several points have a frame each", []string{"s1.1", "a-b:em0"}, there[:1], `
			interface s1.1 1: port 1 of switch s1, linked to a-b:em0
			interface a-b:em0 1: interface em0 of node a-b, linked to s1.1
			1ms a-b:em0 -> #1 "ping"
			2ms s1.1 <- #1 "ping"
			10ms s1.1: 1 passed, 0 dropped, 1 accepted, 0 missing, 1 written
			10ms a-b:em0: 1 passed, 0 dropped, 1 accepted, 0 missing, 1 written`},
		{"a node is all that it has", []string{"c", "c:tun0"}, []event.Event{call(1*ms, "tun0", "read", 3, "out"), call(2*ms, "tun0", "write", 4, "in")}, `
			interface c:tap0 1: interface tap0 of node c, linked to s1.2
			interface c:tun0 101: interface tun0 of node c
			1ms c:tun0 -> #3 "out"
			2ms c:tun0 <- #4 "in"
			10ms c:tap0: 0 passed, 0 dropped, 0 accepted, 0 missing, 0 written
			10ms c:tun0: 2 passed, 0 dropped, 2 accepted, 0 missing, 2 written`},
		{"what a device moves is in the whole lab, too", nil, []event.Event{call(1*ms, "tun0", "read", 3, "out")}, `
			interface c:tun0 101: interface tun0 of node c
			1ms c:tun0 -> #3 "out"
			10ms c:tun0: 1 passed, 0 dropped, 1 accepted, 0 missing, 1 written`},
		{"lost where it came in", []string{"s1.1"}, []event.Event{there[0], drop(2*ms, "s1.1", "vlan", "not a member", 1, "ping")}, `
			interface s1.1 1: port 1 of switch s1, linked to a-b:em0
			2ms s1.1 <- #1 "ping" | dropped (vlan): not a member
			10ms s1.1: 1 passed, 1 dropped, 1 accepted, 0 missing, 1 written`},
		{"the same in the whole lab, where it passed before", nil, []event.Event{there[0], drop(2*ms, "s1.1", "vlan", "not a member", 1, "ping")}, `
			interface a-b:em0 1: interface em0 of node a-b, linked to s1.1
			1ms a-b:em0 -> #1 "ping"
			interface s1.1 1: port 1 of switch s1, linked to a-b:em0
			2ms s1.1 <- #1 "ping" | dropped (vlan): not a member
			10ms a-b:em0: 1 passed, 0 dropped, 1 accepted, 0 missing, 1 written
			10ms s1.1: 0 passed, 1 dropped, 1 accepted, 0 missing, 1 written`},
		{"and on the link", []string{"s1.1-a-b:em0"}, []event.Event{there[0], drop(2*ms, "s1.1", "vlan", "not a member", 1, "ping")}, `
			interface s1.1-a-b:em0 1: the link of s1.1 and a-b:em0; outbound is what s1.1 sends
			1ms s1.1-a-b:em0 <- #1 "ping"
			2ms s1.1-a-b:em0 <- #1 "ping" | dropped (vlan): not a member
			10ms s1.1-a-b:em0: 1 passed, 1 dropped, 2 accepted, 0 missing, 2 written`},
		{"lost before it left", []string{"a-b:em0", "s1.1", "a-b:em0-s1.1"}, []event.Event{drop(1*ms, "a-b:em0", "loss", "by chance", 1, "ping")}, `
			interface a-b:em0 1: interface em0 of node a-b, linked to s1.1
			interface s1.1 1: port 1 of switch s1, linked to a-b:em0
			interface a-b:em0-s1.1 1: the link of a-b:em0 and s1.1; outbound is what a-b:em0 sends
			1ms a-b:em0 -> #1 "ping" | dropped (loss): by chance
			1ms a-b:em0-s1.1 -> #1 "ping" | dropped (loss): by chance
			10ms a-b:em0: 0 passed, 1 dropped, 1 accepted, 0 missing, 1 written
			10ms s1.1: 0 passed, 0 dropped, 0 accepted, 0 missing, 0 written
			10ms a-b:em0-s1.1: 0 passed, 1 dropped, 1 accepted, 0 missing, 1 written`},
		{"lost on the way: it never arrives", []string{"a-b:em0", "s1.1"}, []event.Event{there[0], drop(2*ms, "a-b:em0", "unplugged", "pulled", 1, "ping")}, `
			interface a-b:em0 1: interface em0 of node a-b, linked to s1.1
			interface s1.1 1: port 1 of switch s1, linked to a-b:em0
			1ms a-b:em0 -> #1 "ping"
			2ms a-b:em0 -> #1 "ping" | dropped (unplugged): pulled
			10ms a-b:em0: 1 passed, 1 dropped, 2 accepted, 0 missing, 2 written
			10ms s1.1: 0 passed, 0 dropped, 0 accepted, 0 missing, 0 written`},
		{"lost by a driver, long after it came", []string{"c:tap0"}, []event.Event{there[1], drop(9*ms, "c:tap0", "purged", "", 1, "ping")}, `
			interface c:tap0 1: interface tap0 of node c, linked to s1.2
			3ms c:tap0 <- #1 "ping"
			9ms c:tap0 -- #1 "ping" | dropped (purged)
			10ms c:tap0: 1 passed, 1 dropped, 2 accepted, 0 missing, 2 written`},
		{"what is on its way at the end has not arrived", []string{"s1.1"}, []event.Event{frame(10*ms, "a-b:em0", "s1.1", 1, "ping")}, `
			interface s1.1 1: port 1 of switch s1, linked to a-b:em0
			10ms s1.1: 0 passed, 0 dropped, 0 accepted, 0 missing, 0 written`},
		{"a frame that was put on the wire is not sent by the end", []string{"a-b:em0", "s1.1"}, []event.Event{
			{Kind: event.Frame, At: ms, Port: "a-b:em0", Peer: "s1.1", Op: event.Injected, Frame: 5, Link: packet.LinkEthernet, Data: []byte("in")},
			{Kind: event.Frame, At: ms, Port: "a-b:em0", Peer: "a-b:em0", Op: event.Output, Frame: 6, Link: packet.LinkEthernet, Data: []byte("out")},
		}, `
			interface a-b:em0 1: interface em0 of node a-b, linked to s1.1
			interface s1.1 1: port 1 of switch s1, linked to a-b:em0
			1ms s1.1 <- #5 "in"
			10ms a-b:em0: 0 passed, 0 dropped, 0 accepted, 0 missing, 0 written
			10ms s1.1: 1 passed, 0 dropped, 1 accepted, 0 missing, 1 written`},
		{"nor where nothing is plugged in", nil, []event.Event{
			{Kind: event.Frame, At: ms, Port: "s1.3", Peer: "s1.3", Op: event.Injected, Frame: 5, Link: packet.LinkEthernet, Data: []byte("in")},
		}, `
			interface s1.3 1: port 3 of switch s1
			1ms s1.3 <- #5 "in"
			10ms s1.3: 1 passed, 0 dropped, 1 accepted, 0 missing, 1 written`},
		{"an end that came later has a name alone", nil, []event.Event{frame(ms, "d:em0", "s1.3", 1, "x")}, `
			interface d:em0 1: 
			1ms d:em0 -> #1 "x"
			10ms d:em0: 1 passed, 0 dropped, 1 accepted, 0 missing, 1 written`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			points, err := FindPoints(tc.points, ends)
			must(t, err)
			var out bytes.Buffer
			c, err := New(&out, Config{Points: points})
			must(t, err)
			for i := range tc.events {
				if points.Wants(&tc.events[i]) {
					must(t, c.Event(&tc.events[i]))
				}
			}
			must(t, c.Close(10*ms))
			same(t, toldOf(t, out.Bytes()), tc.want)
		})
	}
}

// same compares lines.
func same(t *testing.T, got []string, want string) {
	t.Helper()
	if text := strings.Join(got, "\n"); text != strings.TrimPrefix(strings.ReplaceAll(want, "\t", ""), "\n") {
		t.Errorf("got\n%s\nwant%s", text, strings.ReplaceAll(want, "\t", ""))
	}
}

func TestAFilterChooses(t *testing.T) {
	points, err := FindPoints([]string{"s1.1"}, ends)
	must(t, err)
	var out bytes.Buffer
	f, err := filter.Compile("arp && frame.interface_name == \"s1.1\"")
	must(t, err)
	c, err := New(&out, Config{Points: points, Filter: f})
	must(t, err)
	for _, e := range []event.Event{frame(1*ms, "a-b:em0", "s1.1", 1, "no"), frame(2*ms, "a-b:em0", "s1.1", 2, string(arp)), drop(4*ms, "s1.1", "loss", "x", 3, "no")} {
		must(t, c.Event(&e))
	}
	must(t, c.Close(10*ms))
	same(t, toldOf(t, out.Bytes()), `
		interface s1.1 1: port 1 of switch s1, linked to a-b:em0 | filter: `+f.String()+`
		3ms s1.1 <- #2 `+fmt.Sprintf("%q", arp)+`
		10ms s1.1: 2 passed, 1 dropped, 1 accepted, 0 missing, 1 written`)
}

// What is missing is said with the next packet, and counted where it is known.
func TestMissing(t *testing.T) {
	points, err := FindPoints([]string{"s1.1", "s1.3"}, ends)
	must(t, err)
	var out bytes.Buffer
	c, err := New(&out, Config{Points: points})
	must(t, err)
	c.Miss("a-b:em0", "s1.1", 3, "too slow")
	c.Miss("", "", 5, "the disk is full")
	for i := range uint64(2) {
		e := frame(ms*time.Duration(i), "a-b:em0", "s1.1", i+1, "x")
		must(t, c.Event(&e))
	}
	must(t, c.Reach(5*ms))
	must(t, c.Count(false))
	c.Miss("s1.3", "s1.3", 1, "too slow")
	must(t, c.Count(false))
	must(t, c.Count(false))
	must(t, c.Close(10*ms))
	same(t, toldOf(t, out.Bytes()), `
		interface s1.1 1: port 1 of switch s1, linked to a-b:em0
		interface s1.3 1: port 3 of switch s1
		1ms s1.1 <- #1 "x" 3 missing | 3 frames before this one are not in this capture: too slow | 5 frames before this one are not in this capture: the disk is full
		2ms s1.1 <- #2 "x"
		5ms s1.1: 5 passed, 0 dropped, 2 accepted, 3 missing, 2 written
		5ms s1.3: 1 passed, 0 dropped, 0 accepted, 1 missing, 0 written
		10ms s1.1: 5 passed, 0 dropped, 2 accepted, 3 missing, 2 written
		10ms s1.3: 1 passed, 0 dropped, 0 accepted, 1 missing, 0 written`)
}

// A step's frames say what they are to it.
func TestStepsComment(t *testing.T) {
	points, err := FindPoints(nil, ends)
	must(t, err)
	var out bytes.Buffer
	c, err := New(&out, Config{Points: points})
	must(t, err)
	events := func(list ...event.Event) {
		t.Helper()
		for i := range list {
			must(t, c.Event(&list[i]))
		}
	}
	events(
		frame(0, "s1.2", "c:tap0", 9, "before"),
		event.Event{Kind: event.Step, Op: "echo", Text: "send a frame"},
		event.Event{Kind: event.Command, Frame: 1},
		frame(1*ms, "a-b:em0", "s1.1", 1, "ping"),
		frame(2*ms, "s1.2", "c:tap0", 1, "ping"),
		frame(3*ms, "c:tap0", "s1.2", 2, "pong"),
		frame(4*ms, "s1.1", "a-b:em0", 2, "pong"),
	)
	if before := len(toldOf(t, out.Bytes())); before > 2 {
		t.Errorf("%d blocks are written while the step is done", before)
	}
	c.Comment(2, 3*ms, "c:tap0", "as expected") // on the link
	c.Comment(1, 4*ms, "c:tap0", "was read")    // of the device, which a link hangs on
	c.Comment(0, 0, "", "of no frame")
	events(event.Event{Kind: event.Check, At: 4 * ms, Op: "echo"}, frame(5*ms, "s1.2", "c:tap0", 1, "after"))
	must(t, c.Close(10*ms))
	var got []string
	for _, l := range toldOf(t, out.Bytes()) {
		if strings.Contains(l, "#") {
			got = append(got, l)
		}
	}
	same(t, got, `
		0s s1.2 -> #9 "before"
		1ms a-b:em0 -> #1 "ping" | step echo: sent
		2ms s1.2 -> #1 "ping" | step echo: sent | step echo: was read
		3ms c:tap0 -> #2 "pong" | step echo: as expected
		4ms s1.1 -> #2 "pong"
		5ms s1.2 -> #1 "after"`)
}

// However many frames there are, what is held has its limits, and each is written or counted.
func TestLimitsOfWhatIsHeld(t *testing.T) {
	points, err := FindPoints([]string{"s1.1"}, ends)
	must(t, err)
	for _, tc := range []struct {
		name   string
		frames int
		size   int
		delay  time.Duration
		step   bool
		miss   uint64
	}{
		{"at one instant", 10 * maxInstant, 60, 0, false, 0},
		{"large ones at one instant", 100, 60_000, 0, false, 0},
		{"on their way", maxOnWay + 10, 0, ms, false, 10},
		{"large ones on their way", 100, 60_000, ms, false, 100 - maxHeld/60_000},
		{"in a step", 1000, 60_000, 0, true, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var out bytes.Buffer
			c, err := New(&out, Config{Points: points})
			must(t, err)
			if tc.step {
				must(t, c.Event(&event.Event{Kind: event.Step, Op: "x"}))
			}
			for i := range tc.frames {
				e := frame(0, "a-b:em0", "s1.1", uint64(i+1), strings.Repeat("x", max(tc.size, 1)))
				e.N = int64(tc.delay)
				must(t, c.Event(&e))
				if c.held > maxHeld || c.keptBytes > maxStep || len(c.onWay) > maxOnWay {
					t.Fatalf("after %d frames %d and %d bytes are held, %d on their way", i+1, c.held, c.keptBytes, len(c.onWay))
				}
			}
			must(t, c.Close(time.Second))
			p := c.points[0]
			if p.Missing != tc.miss || p.Written != uint64(tc.frames)-tc.miss || c.held != 0 {
				t.Errorf("%d missing and %d written of %d, %d bytes held", p.Missing, p.Written, tc.frames, c.held)
			}
		})
	}
}

func TestFindPoints(t *testing.T) {
	for _, tc := range []struct {
		names string
		want  string // names of interfaces, or an error
	}{
		{"s1.1", "s1.1"},
		{"s1", "s1.1 s1.2 s1.3"},
		{"a-b c:tun0 a-b", "a-b:em0 c:tun0"},
		{"a-b:em0-s1.1 s1.1-a-b:em0 a-b:em0-s1.1", "a-b:em0-s1.1 s1.1-a-b:em0"},
		{"all", ""},
		{"any", ""},
		{"all s1.1", "all is the whole lab: no other capture point goes with it"},
		{"s1.9", `there is no capture point "s1.9" in this lab: there are all, a-b, a-b:em0, c, c:tap0, c:tun0, s1, s1.1, s1.2, s1.3; a link is END-END, such as a-b:em0-s1.1`},
		{"a-b:em0-s1.2", `there is no capture point "a-b:em0-s1.2"`},
		{"c:tun0-", `there is no capture point "c:tun0-"`},
		{"c:tun0-c:tun0", `there is no capture point`},
		{"-", `there is no capture point "-"`},
		{":", `there is no capture point ":"`},
		{".-.", `there is no capture point ".-."`},
		{"A", `there is no capture point "A"`},
	} {
		p, err := FindPoints(strings.Fields(tc.names), ends)
		if err != nil {
			if tc.want == "" || !strings.HasPrefix(err.Error(), tc.want) {
				t.Errorf("%s: %v, want %q", tc.names, err, tc.want)
			}
			continue
		}
		var got []string
		for _, x := range p.list {
			got = append(got, x.Name)
		}
		if strings.Join(got, " ") != tc.want || p.whole != (tc.want == "") {
			t.Errorf("%s: %q, whole %v; want %q", tc.names, got, p.whole, tc.want)
		}
	}
	many := make([]vnet.End, 1000)
	for i := range many {
		many[i].Name = fmt.Sprintf("s1.%d", i+1)
	}
	if _, err := FindPoints([]string{strings.Repeat("x", 1000)}, many); err == nil || len(err.Error()) > 2000 || !strings.Contains(err.Error(), " and 938 more") {
		t.Errorf("of many points: %v", err)
	}
}

// Whatever a name is, it is a point or an error.
func FuzzFindPoints(f *testing.F) {
	for _, s := range []string{"all", "s1.1", "a-b:em0-s1.1", ":-", "-", "s1.1-s1.1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		p, err := FindPoints([]string{name}, ends)
		if err == nil && !p.whole && len(p.list) == 0 {
			t.Errorf("%q is no point and no error", name)
		}
	})
}

// Whatever happens, a capture is whole, in the order of time, and has what it says it has.
func TestAnyEvents(t *testing.T) {
	names := []string{"a-b:em0", "c:tap0", "c:tun0", "s1.1", "s1.2", "s1.3", "door:s1.3"}
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 0))
		name := func() string { return names[r.IntN(len(names))] }
		points, err := FindPoints([][]string{nil, {"s1", "a-b"}, {"c:tap0-s1.2", "s1.1-a-b:em0"}, {"c", "s1.3", "a-b:em0-s1.1"}}[seed%4], ends)
		must(t, err)
		var out bytes.Buffer
		c, err := New(&out, Config{Points: points})
		must(t, err)
		at := time.Duration(0)
		for range 300 {
			at += time.Duration(r.IntN(3)) * ms / 2
			id := uint64(r.IntN(6))
			e := frame(at, name(), name(), id, "frame")
			e.N = int64(r.IntN(4)) * int64(ms)
			switch r.IntN(8) {
			case 0:
				e = drop(at, name(), []string{"loss", "unplugged", "vlan"}[r.IntN(3)], []string{"", "why"}[r.IntN(2)], id, "frame")
			case 1:
				e = event.Event{Kind: event.Step, At: at, Op: "x"}
			case 2:
				e = event.Event{Kind: event.Check, At: at}
			case 3:
				e = event.Event{Kind: event.Command, At: at, Frame: id}
			case 4:
				e.Op = []string{event.Injected, event.Output}[r.IntN(2)]
			}
			switch tun := strings.Contains(e.Port+e.Peer, "tun0"); {
			case tun && e.Kind == event.Drop:
				e.Link = packet.LinkRaw
			case tun && e.Kind == event.Frame:
				continue // no link hangs there
			}
			must(t, c.Event(&e))
			if r.IntN(20) == 0 {
				c.Comment(id, at, name(), "comment")
			}
			if r.IntN(50) == 0 {
				must(t, c.Reach(at))
			}
		}
		must(t, c.Close(at))
		var packets uint64
		last := time.Duration(0)
		for _, l := range toldOf(t, out.Bytes()) {
			when, rest, _ := strings.Cut(l, " ")
			if d, err := time.ParseDuration(when); err == nil && strings.Contains(rest, `"`) {
				if packets++; d < last {
					t.Fatalf("seed %d: a packet of %v after one of %v", seed, d, last)
				}
				last = d
			}
		}
		var accepted, said uint64
		for _, p := range c.points {
			accepted, said = accepted+p.Accepted, said+p.Written
		}
		if packets != said || accepted != said || said == 0 || c.held < 0 {
			t.Fatalf("seed %d: %d packets, %d accepted, and it says %d; %d bytes held", seed, packets, accepted, said, c.held)
		}
	}
}
