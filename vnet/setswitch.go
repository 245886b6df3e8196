package vnet

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"wireloom/vnet/config"
	"wireloom/vnet/event"
	"wireloom/vnet/fabric/bridge"
	"wireloom/vnet/fabric/stp"
	"wireloom/vnet/packet"
)

// SetVLAN says which VLANs a port of a switch is a member of. It replaces what was said
// before; what was learned there in a VLAN that the port leaves is forgotten.
type SetVLAN struct {
	Port string          `json:"port"`
	VLAN config.PortVLAN `json:"vlan"`
}

func (SetVLAN) op() string            { return "vlan" }
func (c SetVLAN) fact(e *event.Event) { e.Port = c.Port }
func (c SetVLAN) apply(l *Lab) (r Reply, err error) {
	s, i, err := l.switchPort(c.Port)
	if err != nil {
		return r, err
	}
	if err := c.VLAN.Check(); err != nil {
		return r, fmt.Errorf("%s: %w", c.Port, err)
	}
	if !s.conf.Aware() {
		return r, fmt.Errorf("switch %s knows no VLANs: its configuration has to say so", s.name)
	}
	acts, err := s.bridge.SetVLANs(l.loop.Now(), i, c.VLAN.Members(), c.VLAN.Ingress())
	s.carry(i, nil, acts)
	return r, err
}

// switchPort is a port of a switch by its name, or why there is none.
func (l *Lab) switchPort(name string) (*netswitch, int, error) {
	if p := l.ports[name]; p != nil {
		if e, ok := p.end.(*switchPort); ok {
			return e.sw, e.i, nil
		}
	}
	return nil, 0, fmt.Errorf("there is no port %q of a switch in this lab", name)
}

// SetPort changes a port of a switch: what is not said stays as it is.
type SetPort struct {
	Port     string             `json:"port"`
	Link     string             `json:"link,omitempty"`     // "down" or "up": it is switched off, or on
	Cost     *uint32            `json:"cost,omitempty"`     // of its path; 0 for that of its speed
	Priority *int               `json:"priority,omitempty"` // 0 to 240 in steps of 16
	Edge     string             `json:"edge,omitempty"`     // "yes", "no" or "auto": what it is taken for when its link comes up
	Storm    *int               `json:"storm,omitempty"`    // frames a second; 0 for no limit
	Isolated *bool              `json:"isolated,omitempty"` //
	Locked   *bool              `json:"locked,omitempty"`   //
	Mirror   *config.PortMirror `json:"mirror,omitempty"`   // to port 0: none

	BPDUGuard *bool `json:"bpdu_guard,omitempty"` // a BPDU shuts it
	RootGuard *bool `json:"root_guard,omitempty"` // it never leads to the root
	TCGuard   *bool `json:"tc_guard,omitempty"`   // changes of the topology end here
}

// inTree reports whether it changes something of the port's part in the spanning tree.
func (c SetPort) inTree() bool {
	return c.Cost != nil || c.Priority != nil || c.Edge != "" || c.BPDUGuard != nil || c.RootGuard != nil || c.TCGuard != nil
}

// Check returns what is wrong with the command itself, whatever the lab.
func (c SetPort) Check() error {
	switch {
	case c.Link == "" && !c.inTree() && c.Storm == nil && c.Isolated == nil && c.Locked == nil && c.Mirror == nil:
		return errors.New("say what is to change: link, cost, priority, edge, bpdu_guard, root_guard, tc_guard, storm, isolated, locked or mirror")
	case !slices.Contains([]string{"", "yes", "no", "auto"}, c.Edge):
		return fmt.Errorf("a port is an edge port, or not, or finds that out: yes, no or auto, not %q", c.Edge)
	case c.Link != "" && c.Link != "down" && c.Link != "up":
		return fmt.Errorf("a link goes down or up, not %q", c.Link)
	}
	return nil
}

func (SetPort) op() string            { return "port" }
func (c SetPort) fact(e *event.Event) { e.Port = c.Port }
func (c SetPort) apply(l *Lab) (r Reply, err error) {
	if err := c.Check(); err != nil {
		return r, err
	}
	s, i, err := l.switchPort(c.Port)
	if err != nil {
		return r, err
	}
	p := config.Port{Port: i + 1, Priority: c.Priority}
	switch {
	case c.inTree() && (s.tree == nil || s.tree.protocol == nil):
		return r, fmt.Errorf("switch %s has no spanning tree", s.name)
	case c.Edge != "" && s.bridge.Dialect() == bridge.Linux:
		return r, fmt.Errorf("switch %s is a Linux bridge, which has no edge ports", s.name)
	case c.Cost != nil:
		p.Cost = *c.Cost
	}
	if c.Storm != nil {
		p.Storm = *c.Storm
	}
	if c.Mirror != nil && c.Mirror.To != 0 {
		p.Mirror = c.Mirror
	}
	if why := p.Wrong(len(s.ports)); len(why) > 0 {
		return r, fmt.Errorf("%s: %s", c.Port, why[0])
	}
	s.touched = true
	s.bridge.Configure(i, func(b *bridge.PortConfig) {
		if c.Storm != nil {
			b.Storm = *c.Storm
		}
		if c.Isolated != nil {
			b.Isolated = *c.Isolated
		}
		if c.Locked != nil {
			b.Locked = *c.Locked
		}
		if c.Mirror != nil {
			b.MirrorTo, b.Mirror = c.Mirror.To, c.Mirror.Ways()
		}
	})
	if c.inTree() {
		s.tree.carry(s.tree.protocol.Configure(l.loop.Now(), i, c.change))
		s.tree.await()
	}
	if c.Link != "" {
		s.ports[i].turn(c.Link == "down")
	}
	return r, nil
}

// change makes the port's part in the spanning tree what the command says.
func (c SetPort) change(p *stp.PortConfig) {
	if c.Cost != nil {
		p.Cost = *c.Cost
	}
	if c.Priority != nil {
		p.Priority = *c.Priority
	}
	if c.Edge != "" {
		p.Edge, p.AutoEdge = c.Edge == "yes", c.Edge != "no"
	}
	for _, x := range []struct{ to, from *bool }{{&p.BPDUGuard, c.BPDUGuard}, {&p.RootGuard, c.RootGuard}, {&p.RestrictedTC, c.TCGuard}} {
		if x.from != nil {
			*x.to = *x.from
		}
	}
}

// SetEntry puts a static entry into the table of a switch, or takes an entry out.
type SetEntry struct {
	Port   string     `json:"port"`
	MAC    packet.MAC `json:"mac"`
	VLAN   uint16     `json:"vlan,omitempty"` // 0 for all that the port is a member of
	Remove bool       `json:"remove,omitempty"`
}

func (SetEntry) op() string            { return "entry" }
func (c SetEntry) fact(e *event.Event) { e.Port = c.Port }
func (c SetEntry) apply(l *Lab) (r Reply, err error) {
	s, i, err := l.switchPort(c.Port)
	if err != nil {
		return r, err
	}
	s.touched = true
	if !c.Remove {
		if s.bridge.Statics() >= config.MaxStatic {
			return r, fmt.Errorf("switch %s has %d static entries already", s.name, config.MaxStatic)
		}
		return r, s.bridge.AddStatic(l.loop.Now(), i, c.MAC, c.VLAN)
	}
	acts, err := s.bridge.RemoveEntry(l.loop.Now(), i, c.MAC, c.VLAN)
	s.carry(i, nil, acts)
	return r, err
}

// SetSwitch changes a switch: what is not said stays as it is.
type SetSwitch struct {
	Switch   string         `json:"switch"`
	Priority *int           `json:"priority,omitempty"` // in the spanning tree
	Ageing   *time.Duration `json:"ageing,omitempty"`   // how long addresses are remembered
	Flush    bool           `json:"flush,omitempty"`    // forget what was learned
}

func (SetSwitch) op() string            { return "switch" }
func (c SetSwitch) fact(e *event.Event) { e.Node = c.Switch }
func (c SetSwitch) apply(l *Lab) (r Reply, err error) {
	s := l.switchNamed(c.Switch)
	switch {
	case s == nil:
		return r, fmt.Errorf("there is no switch %q in this lab", c.Switch)
	case c.Priority == nil && c.Ageing == nil && !c.Flush:
		return r, errors.New("say what is to change: priority, ageing or flush")
	case c.Priority != nil && (*c.Priority < 0 || *c.Priority > 61440 || *c.Priority%4096 != 0):
		return r, fmt.Errorf("a switch's priority is 0 to 61440 in steps of 4096, not %d", *c.Priority)
	case c.Priority != nil && (s.tree == nil || s.tree.protocol == nil):
		return r, fmt.Errorf("switch %s has no spanning tree", s.name)
	case c.Ageing != nil && (*c.Ageing <= 0 || *c.Ageing > 1_000_000*time.Second):
		return r, fmt.Errorf("an ageing time of %v; up to 1000000s are allowed", *c.Ageing)
	}
	if c.Ageing != nil {
		s.bridge.SetAgeing(*c.Ageing)
		s.wake(l.loop.Now())
	}
	if c.Flush {
		s.carry(0, nil, s.bridge.Clear(l.loop.Now()))
	}
	if c.Priority != nil {
		s.tree.carry(s.tree.protocol.SetPriority(l.loop.Now(), uint16(*c.Priority)))
		s.tree.await()
	}
	return r, nil
}

// A SwitchStatus is what a switch is like, for people and checks to see.
type SwitchStatus struct {
	Switch  string
	Dialect string         // "standard" or "linux"
	Tree    *TreeStatus    `json:",omitempty"` // nil where there is no spanning tree
	Ports   []SwitchedPort // all, in order
	Known   []KnownInVLAN  // how many addresses it knows
}

// A TreeStatus is what a switch knows of its spanning tree.
type TreeStatus struct {
	ID, Root string // "8000.025300010000"
	IsRoot   bool
	Cost     uint32 // to the root
	RootPort string // "" at the root
	Changing bool   // it tells of a change of the topology

	Changes   uint64        // of the topology, that it has detected or heard of
	ChangedAt time.Duration // when that was last
}

// A SwitchedPort is a port of a switch.
type SwitchedPort struct {
	Port    string
	Up      bool   // it has a link
	Off     bool   // it is switched off
	State   string // "disabled", "discarding", "listening", "learning" or "forwarding"
	Role    string // "" where there is no spanning tree; else "disabled", "root", "designated", "alternate" or "backup"
	Cost    uint32
	Edge    bool   // nobody else speaks a spanning tree there
	STP     bool   // a neighbour makes it speak STP
	Guarded string // why a guard has shut it
	VLANs   []bridge.VLAN
	Count   bridge.Counters
}

// KnownInVLAN is how many addresses a switch knows in a VLAN.
type KnownInVLAN struct {
	VLAN      uint16 // 0 where it knows none
	Addresses int
}

// Switch is what a switch is like; false if there is none of that name. It is a copy, which
// it shares with those who ask until something changes.
func (l *Lab) Switch(name string) (SwitchStatus, bool) {
	s := l.switchNamed(name)
	if s == nil {
		return SwitchStatus{}, false
	}
	return s.status(), true
}

func (s *netswitch) status() SwitchStatus {
	if s.touched || s.shown.Ports == nil {
		s.shown, s.touched = s.look(), false
	}
	return s.shown
}

// look makes a status of what the switch is like now.
func (s *netswitch) look() SwitchStatus {
	st := SwitchStatus{Switch: s.name, Dialect: "standard"}
	if s.conf.BridgeDialect() == bridge.Linux {
		st.Dialect = "linux"
	}
	for vlan, n := range s.bridge.Known() {
		st.Known = append(st.Known, KnownInVLAN{vlan, n})
	}
	var tree stp.Protocol
	if s.tree != nil {
		tree = s.tree.protocol
	}
	if tree != nil {
		b := tree.Bridge()
		st.Tree = &TreeStatus{
			ID: b.ID.String(), Root: b.Root.String(), IsRoot: b.RootPort < 0, Cost: b.Cost, Changing: b.Changing,
			Changes: s.tree.changes, ChangedAt: s.tree.changedAt,
		}
		if b.RootPort >= 0 {
			st.Tree.RootPort = s.ports[b.RootPort].name
		}
	}
	for i, p := range s.ports {
		q := SwitchedPort{Port: p.name, Up: p.carrier(), Off: p.off, State: s.bridge.State(i).String(), VLANs: s.bridge.VLANs(i), Count: s.bridge.Count(i)}
		if tree == nil && !q.Up {
			q.State = stp.Disabled.String()
		}
		if tree != nil {
			t := tree.Port(i)
			q.Role, q.Cost, q.Edge, q.STP, q.Guarded = t.Role.String(), t.Cost, t.Edge, t.STP, t.Guarded
		}
		st.Ports = append(st.Ports, q)
	}
	return st
}
