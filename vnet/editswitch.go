package vnet

import (
	"fmt"
	"slices"

	"wireloom/vnet/config"
	"wireloom/vnet/event"
)

// AddSwitch puts a switch into the lab, into which nothing is plugged yet.
type AddSwitch struct {
	Switch config.Switch `json:"switch"`
}

func (AddSwitch) op() string            { return "add-switch" }
func (c AddSwitch) fact(e *event.Event) { e.Node = c.Switch.Name }
func (c AddSwitch) apply(l *Lab) (r Reply, err error) {
	next := l.topology
	next.Switches = append(slices.Clone(next.Switches), c.Switch)
	if err := next.Check().Err(); err != nil {
		return r, err
	}
	l.topology = next
	l.addSwitch(c.Switch)
	return r, nil
}

func (l *Lab) addSwitch(c config.Switch) {
	l.switched++
	s := newSwitch(l, l.switched, c)
	l.switches = append(l.switches, s)
	for _, p := range s.ports {
		l.ports[p.name] = p
	}
}

func (l *Lab) switchNamed(name string) *netswitch {
	i := slices.IndexFunc(l.switches, func(s *netswitch) bool { return s.name == name })
	if i < 0 {
		return nil
	}
	return l.switches[i]
}

// RemoveSwitch takes a switch out of the lab, and its cables with it.
type RemoveSwitch struct {
	Switch string `json:"switch"`
}

func (RemoveSwitch) op() string            { return "remove-switch" }
func (c RemoveSwitch) fact(e *event.Event) { e.Node = c.Switch }
func (c RemoveSwitch) apply(l *Lab) (r Reply, err error) {
	s := l.switchNamed(c.Switch)
	if s == nil {
		return r, fmt.Errorf("there is no switch %q in this lab", c.Switch)
	}
	for _, p := range s.ports {
		p.unplug()
		delete(l.ports, p.name)
	}
	l.loop.Stop(&s.sweep)
	s.gone = true
	if s.tree != nil {
		l.loop.Stop(&s.tree.timer)
	}
	l.switches = slices.DeleteFunc(l.switches, func(x *netswitch) bool { return x == s })
	l.topology.Switches = slices.DeleteFunc(slices.Clone(l.topology.Switches), func(x config.Switch) bool { return x.Name == c.Switch })
	return r, nil
}
