package vnet

import (
	"maps"
	"slices"
	"time"

	"wireloom/vnet/config"
	"wireloom/vnet/inet"
	"wireloom/vnet/kern"
	"wireloom/vnet/sys"
)

// A Status is what a lab looks like at one moment, for people to see. It is a copy.
type Status struct {
	Now    time.Duration
	Steps  uint64
	Procs  []sys.Status // the slots in the order of the configuration, then commands
	Ifaces []IfaceStatus
	Ports  []PortStatus
	Nodes  []NodeStatus

	Switches []SwitchStatus
	Cables   []config.Link // what is plugged in where, in any order; nil while that is as in the configuration
}

// An IfaceStatus describes an interface of a node.
type IfaceStatus struct {
	Port     string // "bob:tap0"
	Kind     string // "nic", "tap" or "tun"
	Flags    []string
	Link     string
	MTU      uint64
	MAC      string
	Queued   int // packets on its send queue
	QueueMax int
	Counters kern.Counters
	Drops    uint64 // packets that its send queue had no room for

	// Addresses as ifconfig has them: "10.0.0.1/24", and where it has a peer
	// "10.8.0.1 --> 10.8.0.2".
	Addresses []string
}

// A NodeStatus describes how a node passes packets on.
type NodeStatus struct {
	Node               string
	Forward4, Forward6 bool
	Routes             []inet.Route // in the order of netstat
}

// A PortStatus describes an end of a link.
type PortStatus struct {
	Port    string
	Sent    uint64
	Dropped uint64

	Impaired *Impairment `json:",omitempty"` // of the link, in the direction of what the port sends
}

// Status returns what the lab looks like now.
func (l *Lab) Status() Status {
	s := Status{Now: l.loop.Now(), Steps: l.loop.Steps()}
	for _, n := range l.nodes {
		v4, v6 := n.Forwarding()
		s.Nodes = append(s.Nodes, NodeStatus{Node: n.Name(), Forward4: v4, Forward6: v6, Routes: n.Table()})
		s.Procs = append(s.Procs, n.Status()...)
		for _, x := range n.Interfaces() {
			if x.Gone {
				continue
			}
			i := x.If
			s.Ifaces = append(s.Ifaces, IfaceStatus{
				Port: x.Name(), Kind: x.Kind.String(), Addresses: shown(x.If), Flags: i.Flags.Names(), Link: i.Link.String(), MTU: i.MTU, MAC: i.MAC.String(),
				Queued: i.Snd.Len(), QueueMax: i.Snd.Max, Counters: i.Cnt, Drops: i.Snd.Drops,
			})
			s.Ports = append(s.Ports, l.ports[x.Name()].status())
		}
	}
	for _, sw := range l.switches {
		s.Switches = append(s.Switches, sw.status())
		for _, p := range sw.ports {
			s.Ports = append(s.Ports, p.status())
		}
	}
	if l.replugged {
		s.Cables = l.cabled()
	}
	return s
}

// cabled are the links that there are. It is a list that never changes: another one is made
// when something was plugged in or taken away.
func (l *Lab) cabled() []config.Link {
	if l.cables != nil {
		return l.cables
	}
	l.cables = []config.Link{}
	for _, name := range slices.Sorted(maps.Keys(l.ports)) {
		if p := l.ports[name]; p.peer != nil && p.name < p.peer.name {
			l.cables = append(l.cables, config.Link{A: p.name, B: p.peer.name, Delay: p.Delay})
		}
	}
	return l.cables
}

// shown are the addresses of an interface as ifconfig has them.
func shown(i *kern.Ifnet) []string {
	var out []string
	for _, a := range i.Addrs {
		switch {
		case !a.Valid():
		case a.Dst.IsValid():
			out = append(out, a.Addr.String()+" --> "+a.Dst.String())
		default:
			out = append(out, i.Prefix(a).String())
		}
	}
	return out
}

func (p *port) status() PortStatus {
	return PortStatus{Port: p.name, Sent: p.Sent, Dropped: p.Dropped, Impaired: p.impairment()}
}

// A MACEntry is an address that a switch knows.
type MACEntry struct {
	MAC    string
	VLAN   uint16 // 0 where the switch knows none
	Port   string
	Seen   time.Duration
	Static bool
}

// MACs returns what a switch knows, sorted by VLAN and address; nil if there is no
// such switch.
func (l *Lab) MACs(name string) []MACEntry {
	for _, s := range l.switches {
		if s.name != name {
			continue
		}
		es := []MACEntry{}
		for _, e := range s.bridge.Table() {
			es = append(es, MACEntry{MAC: e.MAC.String(), VLAN: e.VLAN, Port: s.ports[e.Port].name, Seen: e.Seen, Static: e.Static})
		}
		return es
	}
	return nil
}
