package config

import (
	"fmt"
	"slices"
	"time"

	"wireloom/vnet/fabric/bridge"
	"wireloom/vnet/fabric/stp"
	"wireloom/vnet/packet"
)

// Switch describes an Ethernet switch (IEEE 802.1Q-2018). Its ports are named NAME.1
// to NAME.Ports. With a name and a number of ports alone it is one that learns, knows no
// VLANs and has no spanning tree.
type Switch struct {
	Name  string
	Ports int

	Dialect  string        `json:",omitempty"` // "linux": as a Linux bridge does it where that is not as the standard has it
	VLANs    bool          `json:",omitempty"` // it knows VLANs, also where no port says so
	Shared   bool          `json:",omitempty"` // one table for all VLANs
	Hub      bool          `json:",omitempty"` // no table: each frame leaves by every other port
	Ageing   time.Duration `json:",omitempty"` // how long an address is remembered; bridge.Ageing if 0, none is learned below 0
	MaxMACs  int           `json:",omitempty"` // addresses in each VLAN; bridge.MaxMACs if 0
	Snooping bool          `json:",omitempty"` // IGMP and MLD snooping
	Querier  bool          `json:",omitempty"` // it asks for members itself, where it snoops
	Tree     *Tree         `json:",omitempty"` // its spanning tree; nil for none
	Set      []Port        `json:",omitempty"` // ports that are not plain
	Static   []Static      `json:",omitempty"` // entries of its table
}

// Tree describes a switch's spanning tree. What is 0 is the standard's default.
type Tree struct {
	Mode         string        // "rstp" or "stp"
	Priority     *int          `json:",omitempty"` // of the switch, 0 to 61440 in steps of 4096; 32768 if nil
	Hello        time.Duration `json:",omitempty"` // 1 s to 10 s; 2 s
	MaxAge       time.Duration `json:",omitempty"` // 6 s to 40 s; 20 s
	ForwardDelay time.Duration `json:",omitempty"` // 4 s to 30 s; 15 s
}

// Port describes a port of a switch.
type Port struct {
	Port      int // its number, from 1
	VLAN      *PortVLAN
	Down      bool        `json:",omitempty"` // it is switched off
	Speed     uint64      `json:",omitempty"` // bits a second, for the cost of its path; 1 Gbit/s if 0
	Cost      uint32      `json:",omitempty"` // of the path; by the speed if 0
	Priority  *int        `json:",omitempty"` // 0 to 240 in steps of 16; 128 if nil
	Edge      bool        `json:",omitempty"` // nobody speaks a spanning tree there
	NoAuto    bool        `json:",omitempty"` // don't find that out (AutoEdge)
	Shared    bool        `json:",omitempty"` // no point-to-point link: no proposals
	BPDUGuard bool        `json:",omitempty"` // a BPDU shuts it
	RootGuard bool        `json:",omitempty"` // it never leads to the root
	TCGuard   bool        `json:",omitempty"` // changes of the topology end here
	Isolated  bool        `json:",omitempty"` // nothing passes between two of these
	Locked    bool        `json:",omitempty"` // only sources that have an entry here may send
	NoLearn   bool        `json:",omitempty"`
	Storm     int         `json:",omitempty"` // frames a second that may be flooded of those that come in here
	Mirror    *PortMirror `json:",omitempty"`
	Door      *Door       `json:",omitempty"` // nothing of the lab is plugged in there
}

// PortVLAN says which VLANs a port is a member of.
type PortVLAN struct {
	Access   uint16   `json:",omitempty"` // the one of an access port: all frames are without a tag
	Native   uint16   `json:",omitempty"` // of a trunk: what has no tag
	Trunk    []uint16 `json:",omitempty"` // those that have a tag there
	Untagged []uint16 `json:",omitempty"` // others that leave without a tag
	Lenient  bool     `json:",omitempty"` // no ingress filtering: what comes in of other VLANs is taken
	Accept   string   `json:",omitempty"` // "tagged" or "untagged": only such frames are taken
}

// Ingress is which frames the port takes, as the bridge has it.
func (v *PortVLAN) Ingress() bridge.Ingress {
	return bridge.Ingress{Lenient: v.Lenient, Accept: accepts[v.Accept]}
}

var accepts = map[string]bridge.Accept{"": bridge.AcceptAll, "tagged": bridge.AcceptTagged, "untagged": bridge.AcceptUntagged}

// PortMirror sends a copy of what passes a port to another one.
type PortMirror struct {
	To  int  // its number, from 1
	In  bool `json:",omitempty"` // what comes in by it
	Out bool `json:",omitempty"` // what leaves by it
}

// Static is an entry of a switch's table that does not age.
type Static struct {
	Port int
	MAC  packet.MAC
	VLAN uint16 `json:",omitempty"` // 0 for all that the port is a member of
}

// Limits of a switch.
const (
	MaxTable  = 1 << 20 // addresses that a VLAN of a switch may be given room for
	MaxStatic = 4096    // static entries
)

// Members are the memberships, as a bridge has them.
func (v *PortVLAN) Members() []bridge.VLAN {
	var out []bridge.VLAN
	if v.Access != 0 {
		out = append(out, bridge.VLAN{VID: v.Access, PVID: true, Untagged: true})
	}
	if v.Native != 0 {
		out = append(out, bridge.VLAN{VID: v.Native, PVID: true, Untagged: true})
	}
	for _, vid := range v.Trunk {
		out = append(out, bridge.VLAN{VID: vid})
	}
	for _, vid := range v.Untagged {
		out = append(out, bridge.VLAN{VID: vid, Untagged: true})
	}
	return out
}

// Check returns what is wrong with the memberships.
func (v *PortVLAN) Check() error {
	seen := map[uint16]bool{}
	for _, m := range v.Members() {
		switch {
		case m.VID == 0 || m.VID > bridge.MaxVLANs:
			return fmt.Errorf("VLAN %d: a VLAN is 1 to %d", m.VID, bridge.MaxVLANs)
		case seen[m.VID]:
			return fmt.Errorf("VLAN %d is there twice", m.VID)
		}
		seen[m.VID] = true
	}
	switch {
	case v.Access != 0 && len(seen) > 1:
		return fmt.Errorf("an access port has VLAN %d alone: a trunk has a native one and those with a tag", v.Access)
	case len(seen) == 0:
		return fmt.Errorf("the port is in no VLAN: say access, or trunk")
	}
	if _, ok := accepts[v.Accept]; !ok {
		return fmt.Errorf("accept %.20q: there is tagged and untagged", v.Accept)
	}
	return nil
}

// Aware reports whether the switch knows VLANs.
func (c *Switch) Aware() bool {
	return c.VLANs || slices.ContainsFunc(c.Set, func(p Port) bool { return p.VLAN != nil })
}

// Plain reports whether it is a switch that has nothing to show but its table.
func (c *Switch) Plain() bool {
	return !c.Aware() && c.Tree == nil && c.Set == nil && c.Static == nil && !c.Hub && !c.Snooping && c.Dialect == ""
}

// PortAt is how a port is set, by its index.
func (c *Switch) PortAt(i int) Port {
	for _, p := range c.Set {
		if p.Port == i+1 {
			return p
		}
	}
	return Port{Port: i + 1}
}

// BridgeDialect is whose rules the switch has.
func (c *Switch) BridgeDialect() bridge.Dialect {
	if c.Dialect == "linux" {
		return bridge.Linux
	}
	return bridge.Standard
}

// Bridge is the configuration as the bridge has it.
func (c *Switch) Bridge(mac packet.MAC) bridge.Config {
	b := bridge.Config{
		Dialect: c.BridgeDialect(), Filtering: c.Aware(), Shared: c.Shared, Hub: c.Hub, Ageing: c.Ageing, MaxMACs: c.MaxMACs,
		Snooping: c.Snooping, Querier: c.Querier, STP: c.Tree != nil, Ports: make([]bridge.PortConfig, c.Ports),
	}
	if !c.Plain() {
		b.MAC = mac
	}
	for i := range b.Ports {
		p := c.PortAt(i)
		if b.Filtering && p.VLAN == nil {
			p.VLAN = &PortVLAN{Access: 1}
		}
		q := bridge.PortConfig{Isolated: p.Isolated, Locked: p.Locked, NoLearn: p.NoLearn, Storm: p.Storm}
		if p.VLAN != nil {
			q.VLANs, q.Ingress = p.VLAN.Members(), p.VLAN.Ingress()
		}
		if m := p.Mirror; m != nil {
			q.MirrorTo, q.Mirror = m.To, m.Ways()
		}
		b.Ports[i] = q
	}
	return b
}

// Ways are the directions of what is mirrored.
func (m *PortMirror) Ways() (w bridge.Mirror) {
	if m.In {
		w |= bridge.MirrorIn
	}
	if m.Out {
		w |= bridge.MirrorOut
	}
	return w
}

// defaultSpeed is that of a port whose speed nobody says, in bits a second.
const defaultSpeed = 1_000_000_000

// SpanningTree is the configuration of its spanning tree.
func (c *Switch) SpanningTree(mac packet.MAC) stp.Config {
	priority := 32768
	if c.Tree.Priority != nil {
		priority = *c.Tree.Priority
	}
	t := stp.Config{
		ID: stp.MakeBridgeID(uint16(priority), mac), HelloTime: c.Tree.Hello, MaxAge: c.Tree.MaxAge, ForwardDelay: c.Tree.ForwardDelay,
		STP: c.Tree.Mode == "stp", Ports: make([]stp.PortConfig, c.Ports),
	}
	for i := range t.Ports {
		p := c.PortAt(i)
		q := stp.PortConfig{
			Priority: -1, Cost: p.Cost, Speed: p.Speed, Edge: p.Edge, AutoEdge: !p.NoAuto, Shared: p.Shared,
			BPDUGuard: p.BPDUGuard, RootGuard: p.RootGuard, RestrictedTC: p.TCGuard,
		}
		if q.Speed == 0 {
			q.Speed = defaultSpeed
		}
		if p.Priority != nil {
			q.Priority = *p.Priority
		}
		t.Ports[i] = q
	}
	return t
}

// check says what is wrong with the switch.
func (c *Switch) check(m mistakeAt) {
	bad := func(format string, args ...any) { m.say("switch %q: "+format, append([]any{c.Name}, args...)...) }
	if c.Dialect != "" && c.Dialect != "linux" && c.Dialect != "standard" {
		bad("there is no dialect %q: there are standard and linux", c.Dialect)
	}
	if c.MaxMACs < 0 || c.MaxMACs > MaxTable {
		bad("room for %d addresses; 1 to %d are allowed", c.MaxMACs, MaxTable)
	}
	if c.Ageing > 1_000_000*time.Second {
		bad("an ageing time of %v; 1000000s are allowed", c.Ageing)
	}
	if c.Querier && !c.Snooping {
		bad("a querier has to snoop")
	}
	if t := c.Tree; t != nil {
		t.check(c.BridgeDialect(), bad)
	}
	seen := map[int]bool{}
	for _, p := range c.Set {
		if p.Port < 1 || p.Port > c.Ports {
			bad("there is no port %d: it has 1 to %d", p.Port, c.Ports)
			continue
		}
		if seen[p.Port] {
			bad("port %d is there twice", p.Port)
		}
		seen[p.Port] = true
		for _, why := range p.Wrong(c.Ports) {
			bad("port %d: %s", p.Port, why)
		}
	}
	if len(c.Static) > MaxStatic {
		bad("it has %d static entries, at most %d are allowed", len(c.Static), MaxStatic)
	}
	for _, e := range c.Static {
		switch {
		case e.Port < 1 || e.Port > c.Ports:
			bad("entry %s: there is no port %d", e.MAC, e.Port)
		case e.MAC.IsMulticast() || e.MAC.IsZero():
			bad("entry %s: a group address or 00:00:00:00:00:00 is behind no port", e.MAC)
		case e.VLAN > bridge.MaxVLANs:
			bad("entry %s: a VLAN is 1 to %d", e.MAC, bridge.MaxVLANs)
		}
	}
}

func (t *Tree) check(d bridge.Dialect, bad func(string, ...any)) {
	switch {
	case t.Mode != "rstp" && t.Mode != "stp":
		bad("there is no spanning tree %q: there are rstp and stp", t.Mode)
	case t.Mode == "rstp" && d == bridge.Linux:
		bad("the bridge of a Linux kernel speaks stp alone")
	}
	if p := t.Priority; p != nil && (*p < 0 || *p > 61440 || *p%4096 != 0) {
		bad("its priority is 0 to 61440 in steps of 4096, not %d", *p)
	}
	for _, x := range []struct {
		what     string
		d        time.Duration
		from, to time.Duration
	}{
		{"hello time", t.Hello, time.Second, 10 * time.Second},
		{"max age", t.MaxAge, 6 * time.Second, 40 * time.Second},
		{"forward delay", t.ForwardDelay, 4 * time.Second, 30 * time.Second},
	} {
		if x.d != 0 && (x.d < x.from || x.d > x.to || x.d%time.Second != 0) {
			bad("the %s is %v to %v in whole seconds, not %v", x.what, x.from, x.to, x.d)
		}
	}
}

// Wrong is what is wrong with a port of a switch of so many.
func (p *Port) Wrong(ports int) (why []string) {
	say := func(format string, args ...any) { why = append(why, fmt.Sprintf(format, args...)) }
	if p.VLAN != nil {
		if err := p.VLAN.Check(); err != nil {
			say("%v", err)
		}
	}
	if x := p.Priority; x != nil && (*x < 0 || *x > 240 || *x%16 != 0) {
		say("its priority is 0 to 240 in steps of 16, not %d", *x)
	}
	if p.Cost > 200_000_000 {
		say("its cost is 1 to 200000000, not %d", p.Cost)
	}
	if p.Door != nil {
		if wrong := p.Door.Wrong(); wrong != "" {
			say("%s", wrong)
		}
	}
	if p.Storm < 0 {
		say("a storm limit is in frames a second, not %d", p.Storm)
	}
	if m := p.Mirror; m != nil {
		switch {
		case m.To < 1 || m.To > ports:
			say("there is no port %d to mirror to", m.To)
		case m.To == p.Port:
			say("it cannot mirror to itself")
		case !m.In && !m.Out:
			say("it mirrors what comes in, or what goes out, or both")
		}
	}
	return why
}
