package stream

import (
	"strconv"
	"strings"

	"wireloom/internal/session"
)

// Protocol is the version of what page and server say to each other.
const Protocol = 2

// nativeProgram is how a command that is part of the lab is shown where a program
// has its file's name.
const nativeProgram = "(native)"

type hello struct {
	Type     string   `json:"type"`
	Protocol int      `json:"protocol"`
	Lab      labInfo  `json:"lab"`
	Topology topology `json:"topology"`
	First    uint64   `json:"first"`
	Next     uint64   `json:"next"`
}

type labInfo struct {
	ID       string `json:"id"`
	Scenario string `json:"scenario"`
	Title    string `json:"title"`
	Seed     string `json:"seed"` // a text: it may be larger than what the page counts exactly
	Version  string `json:"version"`
	Brief    string `json:"brief"`
}

type topology struct {
	Nodes    []node       `json:"nodes"`
	Switches []switchInfo `json:"switches"`
	Links    []link       `json:"links"`
}

type node struct {
	Name    string  `json:"name"`
	Dialect string  `json:"dialect"`
	Ifaces  []iface `json:"ifaces"`
	Procs   []proc  `json:"procs"`
}

type iface struct {
	Name      string   `json:"name"`
	Kind      string   `json:"kind"` // "nic", "tap" or "tun"
	MAC       string   `json:"mac"`
	Addresses []string `json:"addresses"`
	Port      string   `json:"port"` // the other end of its link
}

type proc struct {
	Name    string   `json:"name"`
	Argv    []string `json:"argv"`
	Slot    bool     `json:"slot"`
	Program string   `json:"program"`
}

type switchInfo struct {
	Name  string   `json:"name"`
	Ports []string `json:"ports"`
}

type link struct {
	A     string `json:"a"`
	B     string `json:"b"`
	Delay int64  `json:"delay"`
}

// greeting is what a viewer is told first.
func greeting(s *session.Session, id, version string) hello {
	setup := s.Setup()
	h := hello{
		Type: "hello", Protocol: Protocol,
		Lab: labInfo{
			ID: id, Scenario: setup.Scenario, Title: setup.Title, Seed: strconv.FormatUint(setup.Seed, 10), Version: version, Brief: setup.Brief,
		},
		Topology: topologyOf(s),
	}
	h.First, h.Next = s.Log().Bounds()
	return h
}

func topologyOf(s *session.Session) topology {
	conf := s.Config()
	snap, _ := s.Snapshot()
	t := topology{Nodes: []node{}, Switches: []switchInfo{}, Links: []link{}}
	peer := map[string]string{}
	for _, l := range conf.Links {
		peer[l.A], peer[l.B] = l.B, l.A
		t.Links = append(t.Links, link{A: l.A, B: l.B, Delay: int64(l.Delay)})
	}
	for _, sw := range conf.Switches {
		info := switchInfo{Name: sw.Name}
		for p := range sw.Ports {
			info.Ports = append(info.Ports, sw.Name+"."+strconv.Itoa(p+1))
		}
		t.Switches = append(t.Switches, info)
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
		n := node{Name: c.Name, Dialect: c.Dialect.String(), Ifaces: []iface{}, Procs: []proc{}}
		for _, f := range c.NICs {
			port := c.Name + ":" + f.Name
			x := iface{Name: f.Name, Kind: "nic", MAC: mac[port], Addresses: []string{}, Port: peer[port]}
			for _, a := range f.Addresses {
				x.Addresses = append(x.Addresses, a.String())
			}
			n.Ifaces = append(n.Ifaces, x)
		}
		for _, f := range c.Devices {
			port := c.Name + ":" + f.Name
			x := iface{Name: f.Name, Kind: strings.TrimRight(f.Name, "0123456789"), MAC: mac[port], Addresses: []string{}, Port: peer[port]}
			for _, a := range f.Addresses {
				x.Addresses = append(x.Addresses, a.String())
			}
			n.Ifaces = append(n.Ifaces, x)
		}
		for _, p := range c.Programs {
			q := proc{Name: p.Name, Argv: p.Argv, Slot: p.Slot, Program: program[[2]string{c.Name, p.Name}]}
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
