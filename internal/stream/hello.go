package stream

import (
	"strconv"
	"strings"

	"wireloom/internal/protocol"
	"wireloom/internal/session"
	"wireloom/vnet"
)

// nativeProgram is how a command that is part of the lab is shown where a program
// has its file's name.
const nativeProgram = "(native)"

// greeting is what a viewer is told first.
func greeting(s *session.Session, id, version string) protocol.Hello {
	setup := s.Setup()
	h := protocol.Hello{
		Type: "hello", Protocol: protocol.Version,
		Lab: protocol.Lab{
			ID: id, Scenario: setup.Scenario, Title: setup.Title, Seed: strconv.FormatUint(setup.Seed, 10), Version: version, Brief: setup.Brief,
			Goal: setup.Goal, Tries: buttonsOf(setup.Tries),
		},
		Topology: topologyOf(s),
	}
	h.First, h.Next = s.Log().Bounds()
	return h
}

func buttonsOf(tries []session.Try) []protocol.Button {
	out := make([]protocol.Button, len(tries))
	for i, t := range tries {
		out[i] = protocol.Button{N: uint64(i) + 1, Label: t.Label, Look: t.Look, Says: t.Say, Auto: t.Auto}
		for _, c := range t.Commands {
			if x, line := c.(vnet.Exec); line {
				out[i].Node = x.Node
			}
		}
	}
	return out
}

func topologyOf(s *session.Session) protocol.Topology {
	conf := s.Config()
	snap, _ := s.Snapshot()
	t := protocol.Topology{Nodes: []protocol.Node{}, Switches: []protocol.Switch{}, Links: []protocol.Link{}}
	peer := map[string]string{}
	for _, l := range conf.Links {
		peer[l.A], peer[l.B] = l.B, l.A
		t.Links = append(t.Links, protocol.Link{A: l.A, B: l.B, Delay: int64(l.Delay)})
	}
	for _, sw := range conf.Switches {
		info := protocol.Switch{Name: sw.Name}
		for p := range sw.Ports {
			info.Ports = append(info.Ports, sw.Name+"."+strconv.Itoa(p+1))
		}
		t.Switches = append(t.Switches, info)
	}
	for _, d := range conf.Doors() {
		t.Doors = append(t.Doors, protocol.Door{Port: d.Port, Kind: string(d.Kind)})
	}
	mac := map[string]string{}
	for _, x := range snap.Ifaces {
		mac[x.Port] = x.MAC
	}
	program := map[[2]string]string{}
	for _, p := range snap.Procs {
		program[[2]string{p.Node, p.Name}] = p.Program
	}
	for i := range conf.Nodes {
		c := &conf.Nodes[i]
		n := protocol.Node{Name: c.Name, Dialect: c.Dialect.String(), Ifaces: []protocol.Iface{}, Procs: []protocol.ProcSpec{}}
		for _, f := range c.NICs {
			port := c.Name + ":" + f.Name
			x := protocol.Iface{Name: f.Name, Kind: protocol.NIC, MAC: mac[port], Addresses: []string{}, Port: peer[port]}
			for _, a := range f.Addresses {
				x.Addresses = append(x.Addresses, a.String())
			}
			n.Ifaces = append(n.Ifaces, x)
		}
		for _, f := range c.Devices {
			port := c.Name + ":" + f.Name
			x := protocol.Iface{Name: f.Name, Kind: protocol.IfaceKind(strings.TrimRight(f.Name, "0123456789")), MAC: mac[port], Addresses: []string{}, Port: peer[port]}
			for _, a := range f.Addresses {
				x.Addresses = append(x.Addresses, a.String())
			}
			n.Ifaces = append(n.Ifaces, x)
		}
		for _, p := range c.Programs {
			q := protocol.ProcSpec{Name: p.Name, Argv: p.Argv, Slot: p.Slot, Program: program[[2]string{c.Name, p.Name}]}
			if len(q.Argv) == 0 {
				q.Argv = []string{p.Name}
			}
			if p.Command != "" {
				q.Program = nativeProgram
			}
			n.Procs = append(n.Procs, q)
		}
		t.Nodes = append(t.Nodes, n)
	}
	return t
}
