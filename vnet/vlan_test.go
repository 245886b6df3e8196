package vnet_test

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/event"
	"wireloom/vnet/packet"
)

// patch are switches whose ports from 1 on have a host each: a switch with one port. It
// says what each host hears.
type patch struct {
	*vnet.Lab
	t     *testing.T
	heard []string
	drops map[string]int
}

func newPatch(t *testing.T, hosts int, switches []config.Switch, links ...config.Link) *patch {
	t.Helper()
	c := config.Lab{Links: links}
	for _, s := range switches {
		c.Switches = append(c.Switches, s)
		for i := range hosts {
			h := fmt.Sprintf("h%s%d", s.Name[1:], i+1)
			c.Switches = append(c.Switches, config.Switch{Name: h, Ports: 1})
			c.Links = append(c.Links, config.Link{A: fmt.Sprintf("%s.%d", s.Name, i+1), B: h + ".1"})
		}
	}
	lab, err := vnet.New(c, vnet.Runtime{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(lab.Close)
	p := &patch{Lab: lab, t: t, drops: map[string]int{}}
	lab.Log().Subscribe(func(e *event.Event) {
		switch {
		case e.Kind == event.Frame && strings.HasPrefix(e.Peer, "h") && e.Data[0] != 1:
			p.heard = append(p.heard, e.Peer[:3]+" "+hex.EncodeToString(e.Data[12:]))
		case e.Kind == event.Drop && strings.HasPrefix(e.Port, "s"):
			p.drops[e.Op]++
		}
	})
	return p
}

// send lets a frame come in at a port: "s1.1", from and to the last byte of an address,
// ff for all, and what is behind them.
func (p *patch) send(port string, from, to byte, rest string) {
	p.t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(rest, " ", ""))
	if err != nil {
		p.t.Fatal(err)
	}
	dst := []byte{2, 0, 0, 0, 0, to}
	if to == 0xff {
		dst = []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	}
	p.do(vnet.Arrive{Port: port, Hex: append(append(dst, 2, 0, 0, 0, 0, from), b...)})
	p.Run(p.Now()+time.Millisecond, vnet.NoLimit)
}

func (p *patch) do(c vnet.Command) {
	p.t.Helper()
	if _, err := p.Do(c); err != nil {
		p.t.Fatal(err)
	}
}

func (p *patch) want(what string, want ...string) {
	p.t.Helper()
	if got := strings.Join(p.heard, ", "); got != strings.Join(want, ", ") {
		p.t.Errorf("%s: heard %s, want %s", what, got, strings.Join(want, ", "))
	}
	p.heard = nil
}

func access(port int, vid uint16) config.Port {
	return config.Port{Port: port, VLAN: &config.PortVLAN{Access: vid}}
}

// A port takes frames by their tag (802.1Q, 6.9). Who sends two tags from an access port
// that takes tags reaches another VLAN over a trunk where the first one leaves untagged.
func TestAcceptableFrameTypes(t *testing.T) {
	const tagged, priority, plain, hop = "8100 000a 88b5 01", "8100 2000 88b5 02", "88b5 03", "8100 000a 8100 0014 88b5 04"
	for _, tc := range []struct {
		accept string
		want   []string // what is heard of each, at a trunk where 10 is native and at VLAN 20 behind
		drops  int
	}{
		{"", []string{"h12 88b501", "h12 88b502", "h12 88b503", "h12 8100001488b504"}, 0},
		{"untagged", []string{"h12 88b502", "h12 88b503"}, 2},
		{"tagged", []string{"h12 88b501", "h12 8100001488b504"}, 2},
	} {
		t.Run("accept "+tc.accept, func(t *testing.T) {
			p := newPatch(t, 2, []config.Switch{{Name: "s1", Ports: 2, Set: []config.Port{
				{Port: 1, VLAN: &config.PortVLAN{Access: 10, Accept: tc.accept}}, {Port: 2, VLAN: &config.PortVLAN{Native: 10, Trunk: []uint16{20}}},
			}}})
			for _, f := range []string{tagged, priority, plain, hop} {
				p.send("s1.1", 1, 0xff, f)
			}
			p.want("from the access port", tc.want...)
			if p.drops["frame-type"] != tc.drops {
				t.Errorf("drops %v, want %d for their type", p.drops, tc.drops)
			}
		})
	}
}

func TestVLANsOnATrunk(t *testing.T) {
	var switches []config.Switch
	for _, name := range []string{"s1", "s2"} {
		switches = append(switches, config.Switch{Name: name, Ports: 4, Set: []config.Port{
			access(1, 10), access(2, 20), {Port: 4, VLAN: &config.PortVLAN{Native: 1, Trunk: []uint16{10, 20}}},
		}})
	}
	p := newPatch(t, 3, switches, config.Link{A: "s1.4", B: "s2.4"})
	var trunk []string
	p.Log().Subscribe(func(e *event.Event) {
		if e.Kind == event.Frame && e.Port == "s1.4" {
			trunk = append(trunk, hex.EncodeToString(e.Data[12:]))
		}
	})
	p.send("s1.1", 1, 0xff, "88b5 01")
	p.want("a broadcast of VLAN 10", "h21 88b501")
	p.send("s1.2", 2, 0xff, "88b5 02")
	p.want("of VLAN 20", "h22 88b502")
	p.send("s1.3", 3, 0xff, "88b5 03")
	p.want("of VLAN 1, which is native", "h23 88b503")
	p.send("s1.1", 4, 0xff, "8100 a000 88b5 04")
	p.want("a priority tag", "h21 88b504")
	p.send("s1.1", 4, 0xff, "8100 0014 88b5 05")
	p.want("a tag of another VLAN at an access port")
	if got := strings.Join(trunk, " "); got != "8100000a88b501 8100001488b502 88b503 8100a00a88b504" {
		t.Errorf("on the trunk there was %s", got)
	}
	if p.drops["not-member"] != 1 {
		t.Errorf("drops %v", p.drops)
	}
	p.send("s2.1", 7, 1, "88b5 06")
	p.want("an answer goes to who asked", "h11 88b506")
	p.send("s2.2", 7, 1, "88b5 07")
	p.want("an address of another VLAN is unknown", "h12 88b507")
	var macs strings.Builder
	for _, m := range p.MACs("s1") {
		macs.WriteString(fmt.Sprintf("%s@%d:%s ", m.MAC[15:], m.VLAN, m.Port))
	}
	if macs.String() != "03@1:s1.3 01@10:s1.1 04@10:s1.1 07@10:s1.4 02@20:s1.2 07@20:s1.4 " {
		t.Errorf("the table is %s", macs.String())
	}
	p.do(vnet.SetVLAN{Port: "s1.1", VLAN: config.PortVLAN{Access: 20}})
	p.send("s1.1", 1, 0xff, "88b5 08")
	p.want("a port that was moved", "h12 88b508", "h22 88b508")
	if st, _ := p.Switch("s1"); st.Ports[0].Count.In != 4 || st.Ports[0].Count.Dropped["not-member"] != 1 || len(st.Known) != 3 {
		t.Errorf("status %+v", st)
	}
}

func TestKindsOfSwitches(t *testing.T) {
	const all = "88b5 01"
	for _, tc := range []struct {
		name string
		c    config.Switch
		do   func(p *patch)
		want string
	}{
		{"a hub tells all", config.Switch{Hub: true}, func(p *patch) { p.send("s1.1", 1, 2, all); p.send("s1.2", 2, 1, all) }, "h12 h13 h11 h13"},
		{"a switch learns", config.Switch{}, func(p *patch) { p.send("s1.1", 1, 2, all); p.send("s1.2", 2, 1, all) }, "h12 h13 h11"},
		{"an address ages", config.Switch{Ageing: time.Second}, func(p *patch) {
			p.send("s1.1", 1, 9, all)
			p.Run(p.Now()+2*time.Second, vnet.NoLimit)
			p.send("s1.2", 2, 1, all)
		}, "h12 h13 h11 h13"},
		{"nothing is learned where ageing is off", config.Switch{Ageing: -1}, func(p *patch) { p.send("s1.1", 1, 2, all); p.send("s1.2", 2, 1, all) }, "h12 h13 h11 h13"},
		{"a full table", config.Switch{MaxMACs: 1}, func(p *patch) { p.send("s1.1", 1, 2, all); p.send("s1.2", 2, 1, all); p.send("s1.1", 1, 2, all) }, "h12 h13 h11 h12 h13"},
		{"a static entry stays", config.Switch{Static: []config.Static{{Port: 3, MAC: packet.MAC{2, 0, 0, 0, 0, 1}}}}, func(p *patch) { p.send("s1.1", 1, 9, all); p.send("s1.2", 2, 1, all) }, "h12 h13 h13"},
		{"Linux moves it", config.Switch{Dialect: "linux", Static: []config.Static{{Port: 3, MAC: packet.MAC{2, 0, 0, 0, 0, 1}}}}, func(p *patch) { p.send("s1.1", 1, 9, all); p.send("s1.2", 2, 1, all) }, "h12 h13 h11"},
		{"isolated ports", config.Switch{Set: []config.Port{{Port: 1, Isolated: true}, {Port: 2, Isolated: true}}}, func(p *patch) { p.send("s1.1", 1, 9, all); p.send("s1.3", 3, 9, all) }, "h13 h11 h12"},
		{"a mirror", config.Switch{Set: []config.Port{{Port: 1, Mirror: &config.PortMirror{To: 3, In: true, Out: true}}}}, func(p *patch) { p.send("s1.1", 1, 9, all); p.send("s1.2", 2, 1, all) }, "h13 h12 h13 h11 h13"},
		{"a storm limit", config.Switch{Set: []config.Port{{Port: 1, Storm: 2}}}, func(p *patch) {
			for range 5 {
				p.send("s1.1", 1, 0xff, all)
			}
		}, "h12 h13 h12 h13"},
		{"a port that is off", config.Switch{Set: []config.Port{{Port: 2, Down: true}}}, func(p *patch) { p.send("s1.1", 1, 0xff, all) }, "h13"},
		{"one table for all VLANs", config.Switch{Shared: true, Set: []config.Port{access(1, 10), {Port: 2, VLAN: &config.PortVLAN{Native: 20, Untagged: []uint16{10}}}, access(3, 20)}}, func(p *patch) {
			p.send("s1.1", 1, 9, all) // VLAN 10, to port 2
			p.send("s1.3", 3, 1, all) // VLAN 20, for 1, which is at port 1, no member
		}, "h12"},
		{"without ingress filtering", config.Switch{Set: []config.Port{{Port: 1, VLAN: &config.PortVLAN{Access: 10, Lenient: true}}, access(2, 20), access(3, 30)}}, func(p *patch) { p.send("s1.1", 1, 0xff, "8100 0014 88b5 01") }, "h12"},
		{"several VLANs without a tag", config.Switch{Set: []config.Port{{Port: 1, VLAN: &config.PortVLAN{Native: 30, Untagged: []uint16{10, 20}}}, access(2, 10), access(3, 20)}}, func(p *patch) { p.send("s1.2", 2, 0xff, all); p.send("s1.3", 3, 0xff, all) }, "h11 h11"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.c.Name, tc.c.Ports = "s1", 3
			p := newPatch(t, 3, []config.Switch{tc.c})
			tc.do(p)
			var got []string
			for _, h := range p.heard {
				got = append(got, h[:3])
			}
			if s := strings.Join(got, " "); s != tc.want {
				t.Errorf("heard by %s, want %s (drops %v)", s, tc.want, p.drops)
			}
		})
	}
}

func TestSwitchCommandsThatAreRefused(t *testing.T) {
	p := newPatch(t, 2, []config.Switch{{Name: "s1", Ports: 2}})
	bad, zero, big := -5, 0, 5000
	cost := uint32(7)
	for _, tc := range []struct {
		c    vnet.Command
		want string
	}{
		{vnet.SetVLAN{Port: "s9.1"}, "no port"},
		{vnet.SetVLAN{Port: "s1.1"}, "in no VLAN"},
		{vnet.SetVLAN{Port: "s1.1", VLAN: config.PortVLAN{Access: 10}}, "knows no VLANs"},
		{vnet.SetPort{Port: "s1.1"}, "say what is to change"},
		{vnet.SetPort{Port: "s1.1", Link: "off"}, "down or up"},
		{vnet.SetPort{Port: "s1.1", Storm: &bad}, "frames a second"},
		{vnet.SetPort{Port: "s1.1", Cost: &cost}, "no spanning tree"},
		{vnet.SetPort{Port: "s1.1", BPDUGuard: new(bool)}, "no spanning tree"},
		{vnet.SetPort{Port: "s1.1", Edge: "perhaps"}, "yes, no or auto"},
		{vnet.SetPort{Port: "s1.1", Mirror: &config.PortMirror{To: 9, In: true}}, "no port 9"},
		{vnet.SetEntry{Port: "s1.1"}, "group address"},
		{vnet.SetEntry{Port: "s1.1", MAC: packet.MAC{2}, Remove: true}, "no such entry"},
		{vnet.SetSwitch{Switch: "s9", Flush: true}, "no switch"},
		{vnet.SetSwitch{Switch: "s1"}, "say what is to change"},
		{vnet.SetSwitch{Switch: "s1", Priority: &zero}, "no spanning tree"},
		{vnet.SetSwitch{Switch: "s1", Priority: &big}, "steps of 4096"},
	} {
		if _, err := p.Do(tc.c); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%+v: %v, want %q", tc.c, err, tc.want)
		}
	}
}

func TestSwitchesThatAreRefused(t *testing.T) {
	odd, big := 5, 70000
	for _, tc := range []struct {
		name string
		c    config.Switch
		want string
	}{
		{"a dialect", config.Switch{Dialect: "cisco"}, `no dialect "cisco"`},
		{"a tree", config.Switch{Tree: &config.Tree{Mode: "mstp"}}, "there are rstp and stp"},
		{"rstp on Linux", config.Switch{Dialect: "linux", Tree: &config.Tree{Mode: "rstp"}}, "speaks stp alone"},
		{"a priority", config.Switch{Tree: &config.Tree{Mode: "stp", Priority: &odd}}, "steps of 4096"},
		{"a priority beyond", config.Switch{Tree: &config.Tree{Mode: "stp", Priority: &big}}, "0 to 61440"},
		{"a hello time", config.Switch{Tree: &config.Tree{Mode: "stp", Hello: time.Minute}}, "the hello time is 1s to 10s"},
		{"a port", config.Switch{Set: []config.Port{{Port: 9}}}, "no port 9"},
		{"a port twice", config.Switch{Set: []config.Port{{Port: 1}, {Port: 1}}}, "there twice"},
		{"a VLAN", config.Switch{Set: []config.Port{access(1, 4095)}}, "a VLAN is 1 to 4094"},
		{"a VLAN twice", config.Switch{Set: []config.Port{{Port: 1, VLAN: &config.PortVLAN{Native: 1, Trunk: []uint16{1}}}}}, "VLAN 1 is there twice"},
		{"access and trunk", config.Switch{Set: []config.Port{{Port: 1, VLAN: &config.PortVLAN{Access: 1, Trunk: []uint16{2}}}}}, "an access port has VLAN 1 alone"},
		{"a type of frames", config.Switch{Set: []config.Port{{Port: 1, VLAN: &config.PortVLAN{Access: 1, Accept: "none"}}}}, `accept "none"`},
		{"a mirror to itself", config.Switch{Set: []config.Port{{Port: 1, Mirror: &config.PortMirror{To: 1, In: true}}}}, "to itself"},
		{"a mirror of nothing", config.Switch{Set: []config.Port{{Port: 1, Mirror: &config.PortMirror{To: 2}}}}, "what comes in"},
		{"room", config.Switch{MaxMACs: 1 << 30}, "room for"},
		{"a querier", config.Switch{Querier: true}, "has to snoop"},
		{"an entry", config.Switch{Static: []config.Static{{Port: 1, MAC: packet.Broadcast}}}, "group address"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.c.Name, tc.c.Ports = "s1", 3
			c := config.Lab{Switches: []config.Switch{tc.c}}
			if err := c.Check().Err(); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v, want %q", err, tc.want)
			}
		})
	}
}
