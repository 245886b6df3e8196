package vnet

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"wireloom/vnet/config"
)

// doored is two hosts at a switch of three ports, of which the third is a door. What leaves
// by it is logged too.
func doored(t *testing.T) *bench {
	t.Helper()
	c := hosts(2, time.Millisecond)
	c.Switches[0].Ports = 3
	c.Switches[0].Set = []config.Port{{Port: 3, Door: &config.Door{Kind: config.Stream}}}
	b := newBench(t, c)
	b.SetOutside(func(door string, frame []byte) {
		b.lines = append(b.lines, fmt.Sprintf("%v out %s %x", b.Now(), door, frame[:12]))
	})
	b.Start()
	return b
}

func TestADoorIsAPortOfASwitch(t *testing.T) {
	b := doored(t)
	b.do(Inject{"h1:em0", eth(mac(3), mac(1))})
	b.want("0s frame h1:em0 > s1.1 1 020000000003020000000001", "1ms learn s1.1 02:00:00:00:00:01",
		"1ms frame s1.2 > h2:em0 1 020000000003020000000001")
	b.do(OpenDoor{"s1.3", "a peer"})
	b.do(Enter{"s1.3", eth(mac(1), mac(3))})
	b.want("20ms frame door:s1.3 > s1.3 2 020000000001020000000003", "20ms learn s1.3 02:00:00:00:00:03",
		"20ms frame s1.1 > h1:em0 2 020000000001020000000003")
	b.do(Inject{"h1:em0", eth(mac(3), mac(1))})
	b.want("30ms frame h1:em0 > s1.1 3 020000000003020000000001",
		"31ms frame s1.3 > door:s1.3 3 020000000003020000000001", "31ms out s1.3 020000000003020000000001")
	b.do(CloseDoor{"s1.3", "it went", nil})
	b.want("40ms forget s1.3 02:00:00:00:00:03 port-down")
}

// What came in as it was closed is on a cable that was unplugged.
func TestAClosedDoorLosesWhatIsUnderWay(t *testing.T) {
	b := doored(t)
	for _, c := range []Command{OpenDoor{"s1.3", "a peer"}, Enter{"s1.3", eth(mac(1), mac(3))}} {
		if _, err := b.Do(c); err != nil {
			t.Fatal(err)
		}
	}
	b.do(CloseDoor{"s1.3", "it went", nil})
	b.want("0s frame door:s1.3 > s1.3 1 020000000001020000000003", "0s drop door:s1.3 unplugged")
}

func TestWhatIsNotDoneAtADoor(t *testing.T) {
	b := doored(t)
	try := func(c Command, want string) {
		t.Helper()
		if _, err := b.Do(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%#v: got %v, want an error with %q", c, err, want)
		}
	}
	try(Enter{"s1.3", eth(mac(1), mac(3))}, "nobody is at door s1.3")
	try(CloseDoor{"s1.3", "it went", nil}, "door s1.3 is not open")
	try(OpenDoor{"s1.1", "a peer"}, `there is no door "s1.1"`)
	try(OpenDoor{"door:s1.3", "a peer"}, `there is no door "door:s1.3"`)
	try(Plug{A: "s1.3", B: "h1:em0"}, "s1.3 is a door")
	try(Plug{A: "door:s1.3", B: "h1:em0"}, "door:s1.3 is a door")
	b.do(OpenDoor{"s1.3", "a peer"})
	try(OpenDoor{"s1.3", "another"}, "door s1.3 is open already")
	try(Enter{"s1.3", make([]byte, config.MaxFrame+1)}, "at most 65553 are allowed")
	try(Unplug{"s1.3"}, "s1.3 is a door: it is closed")
	try(Unplug{"door:s1.3"}, "is a door: it is closed")
	b.do(RemoveSwitch{"s1"})
	try(Enter{"s1.3", eth(mac(1), mac(3))}, `there is no port "s1.3"`)
	try(CloseDoor{"s1.3", "it went", nil}, `there is no door "s1.3"`)
}

func TestMistakesInDoors(t *testing.T) {
	for _, c := range []struct {
		name string
		door config.Door
		edit func(*config.Lab)
		want string
	}{
		{"a kind that there is not", config.Door{Kind: "cellar"}, nil, `there is no door of the kind "cellar"`},
		{"a file that none has", config.Door{Kind: config.Tap, File: "x"}, nil, "a door of the kind tap has no file"},
		{"a capture without its file", config.Door{Kind: config.Capture}, nil, "names a capture file"},
		{"a link of the lab there", config.Door{Kind: config.Tap}, func(c *config.Lab) {
			c.Nodes = append(c.Nodes, config.Node{Name: "h3", NICs: []config.NIC{{Name: "em0"}}})
			c.Links = append(c.Links, config.Link{A: "h3:em0", B: "s1.3"})
		}, `"s1.3" is a door`},
		{"too many", config.Door{Kind: config.Tap}, func(c *config.Lab) {
			for i := range 16 {
				c.Switches = append(c.Switches, config.Switch{Name: fmt.Sprintf("t%d", i), Ports: 1, Set: []config.Port{{Port: 1, Door: &config.Door{Kind: config.C2W}}}})
			}
		}, "doors: there are 17, at most 16 are allowed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			conf := hosts(2, 0)
			conf.Switches[0].Ports = 3
			conf.Switches[0].Set = []config.Port{{Port: 3, Door: &c.door}}
			if c.edit != nil {
				c.edit(&conf)
			}
			if _, err := New(conf, Runtime{}); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}
