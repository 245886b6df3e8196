package vnet

import (
	"fmt"
	"time"

	"wireloom/vnet/config"
	"wireloom/vnet/event"
	"wireloom/vnet/fabric"
	"wireloom/vnet/fabric/bridge"
	"wireloom/vnet/loop"
	"wireloom/vnet/packet"
)

// A netswitch is a switch in a lab: its ports, its timers, and the bridge and the spanning
// tree that decide.
type netswitch struct {
	name   string
	lab    *Lab
	conf   config.Switch
	mac    packet.MAC
	ports  []*port
	bridge *bridge.Bridge
	tree   *tree // nil where none runs
	sweep  loop.Timer
	due    time.Duration // of sweep, where it is set
	gone   bool          // it was removed

	changed variants // of the frame that is carried out

	shown   SwitchStatus // what it was like when somebody looked
	touched bool         // and may not be any more
}

// A switchPort is the end of a link that is plugged into a switch.
type switchPort struct {
	sw *netswitch
	i  int
}

func newSwitch(l *Lab, num int, c config.Switch) *netswitch {
	s := &netswitch{name: c.Name, lab: l, conf: c, mac: switchMAC(num, 0)}
	s.bridge = bridge.New(c.Bridge(s.mac))
	s.sweep.Run = s.tick
	for i := range c.Ports {
		p := &port{name: fmt.Sprintf("%s.%d", c.Name, i+1), lab: l, carries: packet.LinkEthernet}
		p.end = &switchPort{s, i}
		p.off = c.PortAt(i).Down
		s.ports = append(s.ports, p)
	}
	for _, e := range c.Static {
		s.static(e.Port-1, e.MAC, e.VLAN)
	}
	if c.Tree != nil {
		s.tree = newTree(s, num)
	}
	if c.Querier {
		s.wake(l.loop.Now())
	}
	return s
}

// switchMAC is the address of a switch, or of its port of a number.
func switchMAC(num, port int) packet.MAC {
	return packet.MAC{0x02, 'S', byte(num >> 8), byte(num), byte(port >> 8), byte(port)}
}

// static puts an entry into the table that is not there yet.
func (s *netswitch) static(port int, mac packet.MAC, vlan uint16) {
	_ = s.bridge.AddStatic(s.lab.loop.Now(), port, mac, vlan) // one that is there twice is there
}

// deliver forwards a frame that came in by this port.
func (sp *switchPort) deliver(f *fabric.Frame) {
	s := sp.sw
	s.touched = true
	if s.carry(sp.i, f, s.bridge.Receive(s.lab.loop.Now(), sp.i, f.Data)) {
		s.tree.receive(sp.i, f)
	}
	s.lab.pool.Release(f)
}

// carry carries out what the bridge says of a frame that came in by a port, or of none. It
// reports whether the frame is the spanning tree's.
func (s *netswitch) carry(in int, f *fabric.Frame, acts []bridge.Act) (bpdu bool) {
	s.touched = true
	changed := &s.changed
	for i := range acts {
		switch a := &acts[i]; a.Kind {
		case bridge.Send, bridge.Copy:
			g := f
			if a.Frame != nil {
				g = changed.of(s.lab, f, a.Frame)
			}
			g.Share()
			s.ports[a.Port].send(g)
		case bridge.Drop:
			f.Share()
			s.lab.drop(s.ports[in], string(a.Why), a.Why.Text(), f)
		case bridge.BPDU:
			bpdu = true
		case bridge.Learn, bridge.Forget, bridge.Full:
			s.learned(a)
		}
	}
	if changed.any() {
		changed.release(s.lab)
	}
	return bpdu
}

// variants are the frames that a switch made of one: ports that get the same bytes share
// one. There are two at a time, with a tag and without.
type variants [2]struct {
	bytes []byte
	frame *fabric.Frame
}

// of is the frame of those bytes. f is what they were made of; nil for a frame of the
// switch's own.
func (v *variants) of(l *Lab, f *fabric.Frame, bytes []byte) *fabric.Frame {
	for i := range v {
		if x := &v[i]; x.frame != nil && &x.bytes[0] == &bytes[0] {
			return x.frame
		}
	}
	if v[1].frame != nil {
		l.pool.Release(v[1].frame)
	}
	v[1] = v[0]
	v[0].bytes = bytes
	if f != nil {
		v[0].frame = l.pool.Change(f, bytes)
	} else {
		v[0].frame = l.pool.New(bytes, l.pool.NewID())
	}
	return v[0].frame
}

// any reports whether there are any: the last one made is the first.
func (v *variants) any() bool { return v[0].frame != nil }

func (v *variants) release(l *Lab) {
	for i := range v {
		if v[i].frame != nil {
			l.pool.Release(v[i].frame)
		}
	}
	*v = variants{}
}

// plugged tells the switch that its link at the port is up or down.
func (sp *switchPort) plugged(in bool) { sp.sw.link(sp.i, in) }

func (s *netswitch) link(i int, up bool) {
	s.carry(i, nil, s.bridge.SetPort(s.lab.loop.Now(), i, up))
	if s.tree != nil {
		s.tree.link(i, up)
	}
}

// learned carries out what the bridge says of its table.
func (s *netswitch) learned(a *bridge.Act) {
	l := s.lab
	switch a.Kind {
	case bridge.Learn:
		l.emit(event.Event{Kind: event.Learn, Node: s.name, Port: s.ports[a.Port].name, Text: a.MAC.String(), N: int64(a.VLAN)})
		if !s.gone {
			s.wake(l.loop.Now() + s.bridge.Ageing())
		}
	case bridge.Forget:
		l.emit(event.Event{Kind: event.Forget, Node: s.name, Port: s.ports[a.Port].name, Text: a.MAC.String(), Op: string(a.Why), N: int64(a.VLAN)})
	case bridge.Full:
		l.emit(event.Event{
			Kind: event.Limit, Node: s.name, Op: "mac-table", N: int64(s.bridge.MaxMACs()),
			Text: fmt.Sprintf("the switch knows %d addresses%s and learns no more until some age out", s.bridge.MaxMACs(), ofVLAN(a.VLAN)),
		})
	case bridge.Send, bridge.Drop, bridge.BPDU, bridge.Copy:
		panic("vnet: a switch moves a frame that it has not received")
	}
}

func ofVLAN(vlan uint16) string {
	if vlan == 0 {
		return ""
	}
	return fmt.Sprintf(" of VLAN %d", vlan)
}

// wake sets the bridge's timer, where it isn't due before.
func (s *netswitch) wake(at time.Duration) {
	if s.sweep.Pending() {
		if s.due <= at {
			return
		}
		s.lab.loop.Stop(&s.sweep)
	}
	s.due = max(at, s.lab.loop.Now())
	s.lab.loop.Set(&s.sweep, s.due)
}

// tick is the bridge's timer.
func (s *netswitch) tick() {
	acts, next := s.bridge.Tick(s.lab.loop.Now())
	s.carry(0, nil, acts)
	if next >= 0 {
		s.wake(next)
	}
}
