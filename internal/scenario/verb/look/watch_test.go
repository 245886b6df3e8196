package look

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/run"
	"wireloom/internal/scenario/verb"
	"wireloom/vnet/config"
)

// frameOf is an ARP message with an opcode.
func frameOf(t *testing.T, opcode string) []byte {
	t.Helper()
	f, err := format.ReadFile("f", []byte("x: {packet: {arp.opcode: "+opcode+"}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	v, ok := format.Object(verb.FrameKeys()...).Try(f.Root.Get("x"))
	if !ok {
		t.Fatalf("an ARP message with opcode %s is no frame", opcode)
	}
	frame := (&verb.Scope{Mistakes: f.Mistakes()}).Frame(v, verb.LinkOf(format.End{}))
	return frame.Known()
}

// An expectation, the ARP messages that pass one after the other, and what it says then.
func TestExpectationsOfWhatPasses(t *testing.T) {
	for _, c := range []struct {
		name, expect, passes string
		decided, ok          bool
		says                 string
	}{
		{"the first is enough", "packet: {arp.opcode: 1}", "2 1", true, true, "at 0s: ARP announcement"},
		{"none like that", "packet: {arp.opcode: 1}", "2 2", false, false, "2 frames at s1.1, none like that; nearest: "},
		{"none at all", "packet: {arp.opcode: 1}", "", false, false, "no frame at all at s1.1"},
		{"none may come, and none came", "count: 0", "", false, true, "none, as it should be"},
		{"none may come, and one came", "count: 0", "1", false, false, "1 frame, the first at 0s: "},
		{"one more than may come", "count: 1..2", "1 1 1", false, false, "3 frames, the first at 0s: "},
		{"as many as must come", "count: 2..", "1 1", true, true, "2 frames, the first at 0s: "},
		{"another came", "only: true, packet: {arp.opcode: 1}", "1 2", false, false, "another frame came at 0s: "},
		{"what a filter does not choose is not looked at", "only: true, filter: 'arp.opcode < 3', packet: {arp.opcode: 1}", "3 1", false, true, "at 0s: ARP"},
		{"and counts for nothing", "count: 1, filter: arp.opcode == 2 or icmp", "1 2 1", false, true, "at 0s: ARP 0.0.0.0 is-at"},
		{"none that a filter chooses", "filter: icmp", "1 2", false, false, "no frame at all at s1.1"},
		{"a frame for each, in any order", "packets: [{arp.opcode: 1}, {arp.opcode: 2}]", "2 1", true, true, "2 frames, "},
		{"a frame that meets two is one", "packets: [{arp.opcode: 1}, {arp.opcode: 1..2}]", "1", false, false, "and none for packet 2 of 2"},
		{"and gives way to a better one", "packets: [{arp.opcode: 1..2}, {arp.opcode: 1}]", "1 2", true, true, "2 frames, "},
		{"the order that is listed", "order: strict, packets: [{arp.opcode: 1}, {arp.opcode: 2}]", "2 1 3 2", true, true, "2 frames, "},
		{"not in the order that is listed", "order: strict, packets: [{arp.opcode: 1}, {arp.opcode: 2}]", "2 1", false, false, "and none for packet 2 of 2"},
		{"not before its time", "not_before: 200ms", "1@250ms", true, true, "at 250ms: "},
		{"before its time", "not_before: 200ms", "1@199ms 1@250ms", true, false, "it came too early, 199ms after the last send, at 199ms: "},
		{"spaced as they should be", "count: 3, every: 9ms..11ms", "1@0 1@9ms 2@15ms 1@26ms", false, false, "4 frames, 6ms from the one at 9ms to the next"},
		{"others come between", "count: 3, every: 9ms..11ms, packet: {arp.opcode: 1}", "1@0s 1@9ms 2@15ms 1@20ms", false, true, "3 frames, the first at 0s: "},
		{"too far from each other", "count: 2.., every: ..11ms", "1@0s 1@12ms", true, false, "2 frames, 12ms from the one at 0s to the next"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := format.ReadFile("f", []byte("x: {port: s1.1, "+c.expect+"}\n"))
			if err != nil {
				t.Fatal(err)
			}
			v, ok := expect{}.Shape().Try(f.Root.Get("x"))
			if !ok {
				t.Fatal("it has not the shape of an expectation")
			}
			lab := &config.Lab{Switches: []config.Switch{{Name: "s1", Ports: 1}}}
			x := expect{}.Parse(v, verb.NewScope(f.Mistakes(), lab, nil, nil)).(*expecting)
			w := newWatch(x)
			w.resolve(nil)
			for pass := range strings.FieldsSeq(c.passes) {
				opcode, at, _ := strings.Cut(pass, "@")
				when, err := time.ParseDuration(at)
				if err != nil && at != "" {
					t.Fatal(err)
				}
				w.See(&run.Seen{At: when, Port: "s1.1", Peer: "a:em0", Link: x.link, Data: frameOf(t, opcode)})
			}
			got := w.finding()
			if w.decided() != c.decided || got.OK != c.ok || !strings.Contains(got.Actual, c.says) {
				t.Errorf("decided %t, met %t: %s; want %t, %t with %q in it", w.decided(), got.OK, got.Actual, c.decided, c.ok, c.says)
			}
		})
	}
}

// A filter that is none is a mistake, with what is wrong in it; one that is says itself.
func TestTheFilterOfAnExpectation(t *testing.T) {
	for text, want := range map[string]string{
		"arp||icmp":   "expect a frame that arp or icmp chooses at s1.1 within 1s",
		"arp or icpm": `f:1:25: filter, column 8: there is no field "icpm": did you mean icmp`,
	} {
		f, err := format.ReadFile("f", []byte("x: {port: s1.1, filter: "+text+"}\n"))
		if err != nil {
			t.Fatal(err)
		}
		v, ok := expect{}.Shape().Try(f.Root.Get("x"))
		if !ok {
			t.Fatalf("%s is not the filter of an expectation", text)
		}
		m := f.Mistakes()
		got := expect{}.Parse(v, verb.NewScope(m, &config.Lab{Switches: []config.Switch{{Name: "s1", Ports: 1}}}, nil, nil)).Say()
		if err := m.Err(); err != nil {
			got = err.Error()
		}
		if !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s; want %s", text, got, want)
		}
	}
}

// Which frames an expectation sees depends on where it looks.
func TestWhereExpectationsLook(t *testing.T) {
	port, device := format.End{Switch: "s1", Port: 1}, format.End{Node: "b", Iface: "tap0"}
	seen := map[string]run.Seen{
		"comes in by the port": {Port: "a:em0", Peer: "s1.1"}, "leaves by the port": {Port: "s1.1", Peer: "a:em0"}, "passes elsewhere": {Port: "s1.2", Peer: "b:tap0"},
		"is written to the device": {Port: "b:tap0", In: true}, "is read from the device": {Port: "b:tap0"},
	}
	for _, c := range []struct {
		x    expecting
		want string
	}{
		{expecting{port: port}, "comes in by the port, leaves by the port"},
		{expecting{port: port, direction: in}, "comes in by the port"},
		{expecting{port: port, direction: out}, "leaves by the port"},
		{expecting{device: device}, "is written to the device, is read from the device"},
		{expecting{device: device, direction: in}, "is written to the device"},
		{expecting{device: device, direction: out}, "is read from the device"},
	} {
		w := newWatch(&c.x)
		var got []string
		for _, name := range []string{"comes in by the port", "leaves by the port", "passes elsewhere", "is written to the device", "is read from the device"} {
			s := seen[name]
			if w.at(&s) {
				got = append(got, name)
			}
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("at %s, %v: it sees what %s; want what %s", c.x.place(), c.x.direction, fmt.Sprint(got), c.want)
		}
	}
}
