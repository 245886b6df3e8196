package vnet

import (
	"fmt"

	"wireloom/vnet/event"
	"wireloom/vnet/fabric"
	"wireloom/vnet/fabric/bridge"
	"wireloom/vnet/loop"
	"wireloom/vnet/packet"
)

// A netswitch is a switch in a lab: its ports, its timer, and the bridge that decides.
type netswitch struct {
	name   string
	lab    *Lab
	ports  []*port
	bridge *bridge.Bridge
	sweep  loop.Timer
	gone   bool // it was removed
}

// A switchPort is the end of a link that is plugged into a switch.
type switchPort struct {
	sw *netswitch
	i  int
}

func newSwitch(l *Lab, c SwitchConfig) *netswitch {
	s := &netswitch{name: c.Name, lab: l, bridge: bridge.Plain(c.Ports)}
	s.sweep.Run = s.tick
	for i := range c.Ports {
		p := &port{name: fmt.Sprintf("%s.%d", c.Name, i+1), lab: l, carries: packet.LinkEthernet}
		p.end = switchPort{s, i}
		s.ports = append(s.ports, p)
	}
	return s
}

// deliver forwards a frame that came in by this port.
func (sp switchPort) deliver(f *fabric.Frame) {
	s := sp.sw
	for _, a := range s.bridge.Receive(s.lab.loop.Now(), sp.i, f.Data) {
		switch a.Kind {
		case bridge.Send:
			f.Share()
			s.ports[a.Port].send(f)
		case bridge.Drop:
			f.Share()
			s.lab.drop(s.ports[sp.i], string(a.Why), a.Why.Text(), f)
		default:
			s.learned(a)
		}
	}
	s.lab.pool.Release(f)
}

// plugged tells the bridge that the port is up or down.
func (sp switchPort) plugged(in bool) {
	for _, a := range sp.sw.bridge.SetPort(sp.sw.lab.loop.Now(), sp.i, in) {
		sp.sw.learned(a)
	}
}

// learned carries out what the bridge says of its table.
func (s *netswitch) learned(a bridge.Act) {
	l := s.lab
	switch a.Kind {
	case bridge.Learn:
		l.emit(event.Event{Kind: event.Learn, Node: s.name, Port: s.ports[a.Port].name, Text: a.MAC.String()})
		if !s.sweep.Pending() && !s.gone {
			l.loop.Set(&s.sweep, l.loop.Now()+bridge.Ageing)
		}
	case bridge.Forget:
		l.emit(event.Event{Kind: event.Forget, Node: s.name, Port: s.ports[a.Port].name, Text: a.MAC.String(), Op: string(a.Why)})
	case bridge.Full:
		l.emit(event.Event{
			Kind: event.Limit, Node: s.name, Op: "mac-table", N: bridge.MaxMACs,
			Text: fmt.Sprintf("the switch knows %d addresses and learns no more until some age out", bridge.MaxMACs),
		})
	case bridge.Send, bridge.Drop, bridge.BPDU, bridge.Copy:
		panic("vnet: a switch moves a frame that it has not received")
	}
}

// tick is the bridge's timer.
func (s *netswitch) tick() {
	acts, next := s.bridge.Tick(s.lab.loop.Now())
	for _, a := range acts {
		s.learned(a)
	}
	if next >= 0 {
		s.lab.loop.Set(&s.sweep, next)
	}
}
