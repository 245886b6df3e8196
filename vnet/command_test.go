package vnet

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"wireloom/vnet/config"
	"wireloom/vnet/event"
	"wireloom/vnet/packet"
	"wireloom/vnet/sys"
)

// everyCommand is one of each type, with every field set.
var everyCommand = map[string]Command{
	`{"op":"start","node":"a","proc":"p","argv":["x","y"]}`:                                                    Start{"a", "p", []string{"x", "y"}},
	`{"op":"stop","node":"a","proc":"p"}`:                                                                      Stop{"a", "p"},
	`{"op":"kill","node":"a","proc":"p"}`:                                                                      Kill{"a", "p"},
	`{"op":"install","node":"a","proc":"p","hash":"ff"}`:                                                       Install{Node: "a", Proc: "p", Hash: "ff"},
	`{"op":"exec","node":"a","argv":["ls"],"line":"ls"}`:                                                       Exec{"a", []string{"ls"}, "ls"},
	`{"op":"stdin","node":"a","proc":"p","text":"x","eof":true}`:                                               Stdin{"a", "p", "x", true},
	`{"op":"inject","port":"s1.1","hex":"00ff"}`:                                                               Inject{"s1.1", Bytes{0, 0xff}},
	`{"op":"arrive","port":"s1.1","hex":"00ff"}`:                                                               Arrive{"s1.1", Bytes{0, 0xff}},
	`{"op":"output","port":"a:tun0","hex":"00ff"}`:                                                             Output{"a:tun0", Bytes{0, 0xff}},
	`{"op":"traffic","traffic":"x","how":"arrive","port":"s1.1","hex":"00ff","every":5,"count":3,"stop":true}`: Traffic{"x", "arrive", "s1.1", Bytes{0, 0xff}, 5, 3, true},
	`{"op":"fault","port":"s1.1","out":true,"drop":[1],"delay":[2],"by":5}`:                                    Fault{"s1.1", true, []uint64{1}, []uint64{2}, 5},
	`{"op":"link","port":"s1.1","link":"down"}`:                                                                SetLink{"s1.1", "down"},
	`{"op":"plug","a":"s1.1","b":"a:em0","delay":7}`:                                                           Plug{"s1.1", "a:em0", 7},
	`{"op":"unplug","port":"s1.1"}`:                                                                            Unplug{"s1.1"},
	`{"op":"add-node","node":{"Name":"a","Dialect":0,"NICs":null,"Devices":null,"Programs":null}}`:             AddNode{config.Node{Name: "a"}},
	`{"op":"remove-node","node":"a"}`:                                                                          RemoveNode{"a"},
	`{"op":"add-switch","switch":{"Name":"s2","Ports":4}}`:                                                     AddSwitch{config.Switch{Name: "s2", Ports: 4}},
	`{"op":"vlan","port":"s1.1","vlan":{"Native":1,"Trunk":[10],"Untagged":[11],"Lenient":true}}`:              SetVLAN{"s1.1", config.PortVLAN{Native: 1, Trunk: []uint16{10}, Untagged: []uint16{11}, Lenient: true}},
	`{"op":"port","port":"s1.1","link":"down","cost":5,"priority":16,"edge":"auto","storm":7,"isolated":true,"locked":false,"mirror":{"To":2,"In":true,"Out":true},"bpdu_guard":true,"root_guard":false,"tc_guard":true}`: SetPort{
		"s1.1", "down", new(uint32(5)), new(16), "auto", new(7), new(true), new(false), &config.PortMirror{To: 2, In: true, Out: true}, new(true), new(false), new(true),
	},
	`{"op":"entry","port":"s1.1","mac":"02:00:00:00:00:01","vlan":10,"remove":true}`: SetEntry{"s1.1", packet.MAC{2, 0, 0, 0, 0, 1}, 10, true},
	`{"op":"switch","switch":"s1","priority":4096,"ageing":5,"flush":true}`:          SetSwitch{"s1", new(4096), new(time.Duration(5)), true},
	`{"op":"impair","port":"s1.1","way":"out","words":["loss 1%"]}`:                  Impair{"s1.1", "out", []string{"loss 1%"}},
	`{"op":"remove-switch","switch":"s2"}`:                                           RemoveSwitch{"s2"},
	`{"op":"open-door","port":"s1.3","by":"a peer"}`:                                 OpenDoor{"s1.3", "a peer"},
	`{"op":"close-door","port":"s1.3","why":"it went","dropped":{"rate":7}}`:         CloseDoor{"s1.3", "it went", map[string]uint64{"rate": 7}},
	`{"op":"enter","port":"s1.3","hex":"00ff"}`:                                      Enter{"s1.3", Bytes{0, 0xff}},
}

func TestCommandsAsJSON(t *testing.T) {
	ops := map[string]bool{}
	for text, c := range everyCommand {
		ops[OpOf(c)] = true
		got, err := EncodeCommand(c)
		if err != nil || string(got) != text {
			t.Errorf("%T is %s, %v, want %s", c, got, err, text)
		}
		back, err := DecodeCommand([]byte(text), nil)
		if err != nil || !reflect.DeepEqual(back, c) {
			t.Errorf("%s is %#v, %v, want %#v", text, back, err, c)
		}
	}
	for op := range decoders {
		if !ops[op] {
			t.Errorf("no case for the command %s", op)
		}
	}
	for _, c := range []struct{ name, text, want string }{
		{"no JSON", `{`, "this is no command"},
		{"no object", `[]`, "this is no command"},
		{"no op", `{"node":"a"}`, "lacks an op"},
		{"an op that is no text", `{"op":1}`, "lacks an op"},
		{"an op that there is not", `{"op":"dance"}`, `no command "dance"`},
		{"a field of another command", `{"op":"stop","node":"a","line":"x"}`, `unknown field "line"`},
		{"a field within a field", `{"op":"add-switch","switch":{"Name":"s","Colour":1}}`, `unknown field "Colour"`},
		{"a field of another type", `{"op":"stop","node":7}`, "cannot unmarshal number"},
		{"a frame that is no hexadecimal", `{"op":"arrive","port":"s1.1","hex":"0g"}`, "invalid byte"},
		{"half a byte", `{"op":"arrive","port":"s1.1","hex":"0"}`, "odd length"},
		{"something behind it", `{"op":"stop","node":"a"} {}`, "this is no command"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := DecodeCommand([]byte(c.text), nil); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %#v, %v, want an error with %q", got, err, c.want)
			}
		})
	}
}

// What is taken comes out as what it was, and is taken again.
func FuzzDecodeCommand(f *testing.F) {
	for text := range everyCommand {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := DecodeCommand(b, nil)
		if err != nil {
			return
		}
		text, err := EncodeCommand(c)
		if err != nil {
			t.Fatalf("%s was taken and can't be written: %v", b, err)
		}
		again, err := DecodeCommand(text, nil)
		if err != nil || !reflect.DeepEqual(again, c) && !json.Valid(text) {
			t.Fatalf("%s was written as %s, which is %#v, %v", b, text, again, err)
		}
	})
}

// edited is a lab of two hosts on a switch that commands change while it runs.
func edited(t *testing.T) *bench {
	t.Helper()
	b := newBench(t, hosts(2, time.Millisecond))
	b.Start()
	return b
}

func (b *bench) do(c Command) {
	b.t.Helper()
	if _, err := b.Do(c); err != nil {
		b.t.Errorf("%T: %v", c, err)
	}
	b.Run(b.Now()+10*time.Millisecond, NoLimit)
}

func TestAnUnpluggedPortForgetsWhatItLearned(t *testing.T) {
	b := edited(t)
	b.do(&Inject{"h1:em0", eth(mac(2), mac(1))})
	b.lines = nil
	b.do(Unplug{"s1.1"})
	b.want("10ms forget s1.1 02:00:00:00:00:01 port-down")
	b.do(&Inject{"h2:em0", eth(mac(1), mac(2))})
	b.want("20ms frame h2:em0 > s1.2 2 020000000001020000000002", "21ms learn s1.2 02:00:00:00:00:02", "21ms drop s1.2 nowhere")
	b.do(Plug{"h1:em0", "s1.1", time.Millisecond})
	b.do(&Inject{"h2:em0", eth(mac(1), mac(2))})
	b.want("40ms frame h2:em0 > s1.2 3 020000000001020000000002", "41ms frame s1.1 > h1:em0 3 020000000001020000000002")
}

func TestAFrameOnAnUnpluggedLinkIsLost(t *testing.T) {
	b := edited(t)
	if _, err := b.Do(Inject{"h1:em0", eth(mac(2), mac(1))}); err != nil {
		t.Fatal(err)
	}
	b.do(Unplug{"h1:em0"})
	b.want("0s frame h1:em0 > s1.1 1 020000000002020000000001", "1ms drop h1:em0 unplugged")
}

func TestNodesAndSwitchesComeAndGo(t *testing.T) {
	b := edited(t)
	b.do(AddSwitch{config.Switch{Name: "s2", Ports: 3}})
	b.do(AddNode{config.Node{Name: "h3", NICs: []config.NIC{{Name: "em0"}}}})
	b.do(Plug{"s2.1", "h3:em0", 0})
	b.do(Unplug{"h1:em0"})
	b.do(Plug{"s2.2", "h1:em0", 0})
	b.do(&Inject{"h3:em0", eth(mac(1), mac(3))})
	b.want(
		"50ms frame h3:em0 > s2.1 1 020000000001020000000003", "50ms learn s2.1 02:00:00:00:00:03",
		"50ms frame s2.2 > h1:em0 1 020000000001020000000003",
	)
	b.do(RemoveSwitch{"s2"})
	b.do(&Inject{"h3:em0", eth(mac(1), mac(3))})
	b.want("60ms forget s2.1 02:00:00:00:00:03 port-down", "70ms drop h3:em0 not-connected")
}

// Each thing that can't be done is said, and changes nothing.
func TestEditsThatAreRefused(t *testing.T) {
	b := edited(t)
	before := fmt.Sprint(b.Status().Ports)
	for _, c := range []struct {
		name string
		c    Command
		want string
	}{
		{"a node that is there", AddNode{config.Node{Name: "h1"}}, "another node or switch has this name"},
		{"a node without a name", AddNode{}, "a name is a lower-case letter"},
		{"a node with a device that its kernel has not", AddNode{config.Node{Name: "x", Devices: []config.Device{{Name: "tap0"}}}}, "has no such device"},
		{"a node with an address in a lab without stacks", AddNode{config.Node{Name: "x", NICs: []config.NIC{{Name: "em0", Addresses: []netip.Prefix{netip.MustParsePrefix("10.0.0.9/24")}}}}}, "no IP stack"},
		{"no such node", RemoveNode{"h9"}, `no node "h9"`},
		{"a switch that is there", AddSwitch{config.Switch{Name: "s1", Ports: 2}}, "another node or switch has this name"},
		{"a switch without ports", AddSwitch{config.Switch{Name: "s2", Ports: 0}}, "0 ports"},
		{"no such switch", RemoveSwitch{"s9"}, `no switch "s9"`},
		{"a second link at an end", Plug{"s1.1", "h2:em0", 0}, "is connected to"},
		{"an end that is not", Plug{"s1.9", "h2:em0", 0}, `no "s1.9"`},
		{"a delay before now", Plug{"s1.1", "h1:em0", -1}, "not between"},
		{"nothing to unplug", Unplug{"s1.9"}, "no link"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := b.Do(c.c); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
	if after := fmt.Sprint(b.Status().Ports); after != before {
		t.Errorf("the ports were\n%s\nand are\n%s", before, after)
	}
	if _, err := b.Do(AddNode{config.Node{Name: "x", NICs: []config.NIC{{Name: "em0"}}}}); err != nil {
		t.Errorf("the name of a node that could not be made is taken: %v", err)
	}
}

// A node that goes takes its processes and its cables with it, and what it had planned.
func TestRemovedNodeIsSilent(t *testing.T) {
	c := hosts(2, time.Millisecond)
	c.Nodes[0].Programs = one("a").Nodes[0].Programs
	b := newBench(t, c)
	if err := b.Install("h1", "a", guest(func(p *sys.Proc) sys.Exit {
		for p.Sleep(5*time.Millisecond) == 0 {
			p.Write(1, []byte("tick"))
		}
		return done
	})); err != nil {
		t.Fatal(err)
	}
	b.Start()
	b.do(&Inject{"h1:em0", eth(mac(2), mac(1))})
	b.lines = nil
	b.do(RemoveNode{"h1"})
	b.Run(time.Second, NoLimit)
	b.want("10ms h1:a exit 137 killed fuel 0", "10ms forget s1.1 02:00:00:00:00:01 port-down")
	if b.Node("h1") != nil || len(b.Status().Nodes) != 1 {
		t.Error("the node is still there")
	}
	b.do(AddNode{config.Node{Name: "h1", NICs: []config.NIC{{Name: "em0"}}}})
	b.do(Plug{"h1:em0", "s1.1", time.Millisecond})
	if got := b.ports["h1:em0"].end.(nodeEnd).x.If.MAC; got != (packet.MAC{2, 0, 0, 0, 3, 1}) {
		t.Errorf("the new node has %v, an address that another has had", got)
	}
	b.do(RemoveSwitch{"s1"})
	if len(b.ports) != 2 || b.ports["h1:em0"].peer != nil {
		t.Errorf("%d ports are left, want one of each node without a link", len(b.ports))
	}
}

// A recording of commands is the run: what is done again at the same step gives the
// same hash.
func TestCommandsReplay(t *testing.T) {
	type record struct {
		at   time.Duration
		step uint64
		text []byte
	}
	commands := []Command{
		Inject{"h1:em0", eth(mac(2), mac(1))},
		Arrive{"s1.2", eth(packet.Broadcast, mac(7))},
		AddSwitch{config.Switch{Name: "s2", Ports: 2}},
		AddNode{config.Node{Name: "h3", NICs: []config.NIC{{Name: "em0"}}}},
		Plug{"s2.1", "h3:em0", time.Millisecond},
		Unplug{"s1.1"},
		Plug{"s2.2", "h1:em0", time.Millisecond},
		Inject{"h3:em0", eth(packet.Broadcast, mac(3))},
		Fault{Port: "s2.2", Out: true, Drop: []uint64{1}},
		SetLink{"s2.1", "down"},
		RemoveNode{"h2"},
		RemoveSwitch{"s9"}, // which fails
	}
	b := edited(t)
	var records []record
	for _, c := range commands {
		text, err := EncodeCommand(c)
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, record{b.Now(), b.Steps(), text})
		_, _ = b.Do(c)
		b.Run(b.Now()+700*time.Microsecond, NoLimit)
	}
	again := edited(t)
	for _, r := range records {
		again.Run(r.at, r.step)
		c, err := DecodeCommand(r.text, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = again.Do(c)
	}
	again.Run(b.Now(), NoLimit)
	if got, want := again.Log().Hash(), b.Log().Hash(); got != want {
		t.Errorf("the replay has hash %s, want %s", got, want)
	}
	if n := b.Log().Count(event.Command); n != uint64(len(commands)) {
		t.Errorf("%d commands are in the log, want %d", n, len(commands))
	}
}
