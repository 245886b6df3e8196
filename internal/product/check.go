package product

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"wireloom/internal/scenario"
	"wireloom/internal/scenario/format"
	"wireloom/vnet"
	"wireloom/vnet/config"
)

// Check reports what the file of a scenario cannot tell by itself: commands that nodes do
// not have, devices that the kernel of a node has no driver for, and whatever else keeps
// its lab from being built. The error has the line where there is one.
func Check(s *scenario.Scenario) error {
	if err := Missing(s); err != nil {
		return err
	}
	if err := unknown(s); err != nil {
		return err
	}
	lab, err := vnet.New(s.Config(nil), Runtime())
	if err != nil {
		return fmt.Errorf("scenario %s: its lab cannot be built: %w", s.Name, err)
	}
	lab.Close()
	return nil
}

// unknown reports the lines of steps and tries that begin with a command that their node does
// not have: one that is part of it, or a program of it.
func unknown(s *scenario.Scenario) error {
	commands := slices.Sorted(maps.Keys(Runtime().Commands))
	p := s.Mistakes()
	for _, line := range s.Prompted() {
		first := ""
		switch words := strings.Fields(line.Line); {
		case len(line.Argv) > 0:
			first = line.Argv[0]
		case len(words) > 0:
			first = words[0]
		}
		i := slices.IndexFunc(s.Lab.Nodes, func(n config.Node) bool { return n.Name == line.Node })
		if first == "" || strings.ContainsAny(first, "$\"'\\<>|") || i < 0 || slices.Contains(commands, first) ||
			slices.ContainsFunc(s.Lab.Nodes[i].Programs, func(c config.Program) bool { return c.Name == first }) {
			continue
		}
		also := "there are " + strings.Join(commands, ", ")
		if near := format.Nearest(first, commands); near != "" {
			also = "did you mean " + near + "?"
		}
		p.Add(line.At, 1, "node %s has no command %s; %s", line.Node, first, also)
	}
	return p.Err()
}

// Missing reports the commands and the drivers that the nodes of a scenario lack.
func Missing(s *scenario.Scenario) error {
	rt := Runtime()
	commands := slices.Sorted(maps.Keys(rt.Commands))
	p := s.Mistakes()
	for _, n := range s.Lab.Nodes {
		var drivers []string
		for _, m := range rt.Modules(n.Dialect) {
			drivers = append(drivers, strings.TrimPrefix(m.Name(), "if_"))
		}
		for _, d := range n.Devices {
			switch name := strings.TrimRight(d.Name, "0123456789"); {
			case slices.Contains(drivers, name):
			case len(drivers) == 0:
				p.At(s.Place("nodes", n.Name, "devices", d.Name), "node %s: the %v kernel has no devices here, only cards: write %s under nics, or give the node another dialect", n.Name, n.Dialect, d.Name)
			default:
				p.At(s.Place("nodes", n.Name, "devices", d.Name), "node %s: the %v kernel has no %s here, only %s: give the node another dialect, or another device", n.Name, n.Dialect, name, strings.Join(drivers, " and "))
			}
		}
		for _, c := range n.Programs {
			if c.Command == "" || slices.Contains(commands, c.Command) {
				continue
			}
			also := "there are " + strings.Join(commands, ", ")
			if near := format.Nearest(c.Command, commands); near != "" {
				also = "did you mean " + near + "?"
			}
			p.At(s.Place("nodes", n.Name, "programs", c.Name, "command", c.Command), "nodes have no command %s; %s", c.Command, also)
		}
	}
	return p.Err()
}
