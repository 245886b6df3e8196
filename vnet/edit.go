package vnet

import (
	"fmt"
	"slices"

	"wireloom/vnet/config"
	"wireloom/vnet/event"
	"wireloom/vnet/machine"
)

// AddNode puts a machine into the lab and starts it: its programs that are to run from
// the beginning, and that are commands of the node's, start at once; others wait for
// their Install. Its interfaces are plugged in by Plug.
type AddNode struct {
	Node config.Node `json:"node"`
}

func (AddNode) op() string            { return "add-node" }
func (c AddNode) fact(e *event.Event) { e.Node = c.Node.Name }
func (c AddNode) apply(l *Lab) (r Reply, err error) {
	next := l.topology
	next.Nodes = append(slices.Clone(next.Nodes), c.Node)
	if err := next.Check().Err(); err != nil {
		return r, err
	}
	n, err := l.addNode(c.Node)
	if err == nil {
		err = startNet(n, c.Node)
	}
	if err != nil {
		if n != nil {
			l.dropNode(n)
		}
		return r, err
	}
	l.topology = next
	if a, ok := c.Node.FirstAddress(); ok {
		l.hosts[c.Node.Name] = a
	}
	if l.started {
		n.StartPrograms()
	}
	return r, nil
}

// RemoveNode takes a machine out of the lab as if its power were cut: its processes
// end, its cables are unplugged, and nothing that it had planned happens.
type RemoveNode struct {
	Node string `json:"node"`
}

func (RemoveNode) op() string            { return "remove-node" }
func (c RemoveNode) fact(e *event.Event) { e.Node = c.Node }
func (c RemoveNode) apply(l *Lab) (r Reply, err error) {
	n, err := l.nodeNamed(c.Node)
	if err != nil {
		return r, err
	}
	n.PowerCut("the node was removed")
	l.dropNode(n)
	l.topology.Nodes = slices.DeleteFunc(slices.Clone(l.topology.Nodes), func(x config.Node) bool { return x.Name == c.Node })
	delete(l.hosts, c.Node)
	return r, nil
}

// dropNode takes a node out of the lab's tables and ends what it has.
func (l *Lab) dropNode(n *machine.Node) {
	for _, x := range n.Interfaces() {
		l.ports[x.Name()].unplug()
		delete(l.ports, x.Name())
	}
	n.Off()
	l.nodes = slices.DeleteFunc(l.nodes, func(x *machine.Node) bool { return x == n })
	delete(l.byName, n.Name())
}

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
	for i, p := range s.ports {
		l.ports[p.name] = p
		if c.PortAt(i).Door != nil {
			l.addDoor(p)
		}
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
		delete(l.ports, doorPrefix+p.name)
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
