// Package switchboard is what viewers are told of a lab's switches, of what is done to the
// frames of its links, and of its cables: by difference. What has not changed is neither
// encoded nor sent.
package switchboard

import (
	"maps"
	"slices"
	"strconv"

	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/fabric/bridge"
)

// A Board is what there is to tell, each piece of it with the version at which it changed
// last: a viewer who has seen one is told what is newer.
type Board struct {
	Version  uint64 // counted up with each status, from 1
	cables   []config.Link
	links    piece
	switches []*shownSwitch
	impaired []*shownWay
	turn     int // from which port on new counters are told with the next status: see busyPorts
}

// A piece is one of JSON, and the version at which it became that; 0 for never.
type piece struct {
	json []byte
	at   uint64
}

// A shownSwitch is a switch as it is told of.
type shownSwitch struct {
	is     vnet.SwitchStatus  // but for its ports
	seen   *vnet.SwitchedPort // the first of the list that was looked at last: it never changes
	behind bool               // counters of that are not told yet
	now    piece
	ports  []shownPort
}

type shownPort struct {
	is vnet.SwitchedPort
	piece
}

// A shownWay is an impaired direction of a link. One that is plain again stays, to say so.
type shownWay struct {
	port string
	is   vnet.Impairment
	piece
}

// Limits of what a state tells. A table of addresses is asked for.
const (
	maxVLANs  = 64  // of which the numbers of addresses are told
	busyPorts = 256 // whose new counters are told at once: those of others come with the next states
)

// Take takes in what a lab is like now.
func (x *Board) Take(s *vnet.Status) {
	x.Version++
	if len(s.Cables) != len(x.cables) || len(s.Cables) > 0 && &s.Cables[0] != &x.cables[0] {
		x.cables = s.Cables
		x.links = piece{encode(links(s.Cables)), x.Version}
	}
	left, number, from := busyPorts, 0, x.turn
	x.turn = 0
	for i := range s.Switches {
		now := &s.Switches[i]
		had := x.switchNamed(i, now)
		if len(now.Ports) > 0 && (had.seen != &now.Ports[0] || had.behind) {
			had.seen, had.behind = &now.Ports[0], false
			for j := range now.Ports {
				p := &had.ports[j]
				switch {
				case p.at == 0 || !samePort(&p.is, &now.Ports[j]):
				case sameCount(&p.is.Count, &now.Ports[j].Count):
					continue
				case number+j < from || left == 0:
					had.behind = true
					continue
				default:
					if left--; left == 0 {
						x.turn = number + j + 1
					}
				}
				p.is = now.Ports[j]
				p.piece = piece{encode(portState(&p.is)), x.Version}
			}
		}
		number += len(now.Ports)
	}
	x.ways(s.Ports)
}

// switchNamed is what is told of the switch that stands at i, with what has changed of it
// beside its ports.
func (x *Board) switchNamed(i int, now *vnet.SwitchStatus) *shownSwitch {
	if i >= len(x.switches) || x.switches[i].is.Switch != now.Switch {
		// One that was put in or taken away moves those behind it.
		at := slices.IndexFunc(x.switches, func(s *shownSwitch) bool { return s.is.Switch == now.Switch })
		if at >= 0 {
			x.switches = slices.Delete(x.switches, i, at)
		} else {
			x.switches = slices.Insert(x.switches, min(i, len(x.switches)), &shownSwitch{ports: make([]shownPort, len(now.Ports))})
		}
	}
	s := x.switches[i]
	if s.now.at == 0 || !sameTree(s.is.Tree, now.Tree) || !slices.Equal(s.is.Known, now.Known) {
		s.is = vnet.SwitchStatus{Switch: now.Switch, Dialect: now.Dialect, Tree: now.Tree, Known: now.Known}
		s.now = piece{encode(switchNow(now)), x.Version}
	}
	return s
}

// ways takes in what is done to the frames of links.
func (x *Board) ways(ports []vnet.PortStatus) {
	i := 0
	for p := range ports {
		name, now := ports[p].Port, ports[p].Impaired
		if now == nil && (i >= len(x.impaired) || x.impaired[i].port != name) {
			continue
		}
		if i >= len(x.impaired) || x.impaired[i].port != name {
			x.impaired = slices.Insert(x.impaired, i, &shownWay{port: name})
		}
		w := x.impaired[i]
		i++
		if now == nil {
			now = &vnet.Impairment{}
		}
		if w.at == 0 || !sameWay(&w.is, now) {
			w.is = *now
			w.piece = piece{encode(impairState(name, now)), x.Version}
		}
	}
	x.impaired = x.impaired[:i]
}

func samePort(a, b *vnet.SwitchedPort) bool {
	return a.Up == b.Up && a.Off == b.Off && a.State == b.State && a.Role == b.Role && a.Cost == b.Cost && a.Edge == b.Edge && a.STP == b.STP &&
		a.Guarded == b.Guarded && slices.Equal(a.VLANs, b.VLANs)
}

func sameCount(a, b *bridge.Counters) bool {
	return a.In == b.In && a.Out == b.Out && a.Learned == b.Learned && a.Flooded == b.Flooded && a.Moved == b.Moved && maps.Equal(a.Dropped, b.Dropped)
}

func sameTree(a, b *vnet.TreeStatus) bool { return a == b || a != nil && b != nil && *a == *b }

func sameWay(a, b *vnet.Impairment) bool {
	return a.Waiting == b.Waiting && a.Seen == b.Seen && slices.Equal(a.Words, b.Words) && slices.Equal(a.Count, b.Count)
}

// Append appends what is newer than a version, as members of a JSON object that follow others.
func (x *Board) Append(b []byte, since uint64) []byte {
	if x.links.at > since {
		b = append(append(b, `,"links":`...), x.links.json...)
	}
	list := newList(b, `,"switches":[`)
	for _, s := range x.switches {
		head := false
		begin := func() {
			if !head {
				head = true
				list.next()
				list.b = append(list.b, `{"switch":`...)
				list.b = strconv.AppendQuote(list.b, s.is.Switch) // a name has nothing that JSON would write otherwise
			}
		}
		if s.now.at > since {
			begin()
			list.b = append(append(list.b, `,"now":`...), s.now.json...)
		}
		ports := newList(list.b, `,"ports":[`)
		for i := range s.ports {
			if p := &s.ports[i]; p.at > since {
				if !head {
					begin()
					ports.b = list.b
				}
				ports.add(p.json)
			}
		}
		if list.b = ports.end("]"); head {
			list.b = append(list.b, '}')
		}
	}
	list = newList(list.end("]"), `,"impaired":[`)
	for _, w := range x.impaired {
		if w.at > since {
			list.add(w.json)
		}
	}
	return list.end("]")
}

// A list appends a member that is a list; nothing, where that would be empty.
type list struct {
	b     []byte
	name  string // what stands before the first
	begun bool
}

func newList(b []byte, name string) list { return list{b: b, name: name} }

// next begins another item.
func (l *list) next() {
	if l.begun {
		l.b = append(l.b, ',')
	} else {
		l.b = append(l.b, l.name...)
		l.begun = true
	}
}

func (l *list) add(item []byte) {
	l.next()
	l.b = append(l.b, item...)
}

func (l *list) end(with string) []byte {
	if l.begun {
		l.b = append(l.b, with...)
	}
	return l.b
}
