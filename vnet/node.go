package vnet

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"wireloom/vnet/config"
	"wireloom/vnet/errno"
	"wireloom/vnet/fabric"
	"wireloom/vnet/inet"
	"wireloom/vnet/machine"
	"wireloom/vnet/packet"
	"wireloom/vnet/sys"
)

// seedFor derives the seed of a stream of chance from the lab's seed and a name.
func seedFor(seed uint64, what string) [32]byte {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], seed)
	return sha256.Sum256(append(b[:], what...))
}

// newEnv is the lab as its machines know it.
func (l *Lab) newEnv() *machine.Env {
	return &machine.Env{
		Loop: &l.loop, Log: &l.rec, Pool: &l.pool, Memory: l.mem,
		NewStack: l.rt.NewStack, Commands: l.rt.Commands, Lookup: l.Lookup, Plug: l.plugOf,
	}
}

// A nodeEnd is the end of a link that is plugged into a machine.
type nodeEnd struct{ x *machine.Interface }

func (e nodeEnd) deliver(f *fabric.Frame) { e.x.Deliver(f) }
func (e nodeEnd) plugged(in bool)         { e.x.SetPlugged(in) }

// plugOf makes the port of an interface that has come.
func (l *Lab) plugOf(x *machine.Interface) machine.Plug {
	p := &port{name: x.Name(), end: nodeEnd{x}, lab: l, carries: x.If.LinkType()}
	l.ports[p.name] = p
	return p
}

// Send and Drop make a port a machine's plug.

// Send puts f on the port's link and takes it over.
func (p *port) Send(f *fabric.Frame) { p.send(f) }

// Drop records that f is lost at the port and gives it up.
func (p *port) Drop(reason, text string, f *fabric.Frame) { p.lab.drop(p, reason, text, f) }

// newNode builds a machine as its configuration says, num from 1. One that could not be
// made whole is returned with the error.
func (l *Lab) newNode(num int, c config.Node) (*machine.Node, error) {
	n := machine.New(c.Name, c.Dialect, seedFor(l.conf.Seed, "node "+c.Name), c.Files, l.env)
	for _, m := range l.rt.Modules(c.Dialect) {
		if e := n.Load(m); e != errno.OK {
			return n, fmt.Errorf("node %q: loading %s: %s", c.Name, m.Name(), e)
		}
	}
	for i, f := range c.NICs {
		mac := cmp.Or(f.MAC, packet.MAC{0x02, 0, 0, byte(num >> 8), byte(num), byte(i + 1)})
		if err := n.AddCard(f.Name, mac, f.Addresses); err != nil {
			return n, fmt.Errorf("node %q: %w", c.Name, err)
		}
	}
	for _, d := range c.Devices {
		if err := n.AddDevice(machine.Device(d)); err != nil {
			return n, fmt.Errorf("node %q: %w", c.Name, err)
		}
	}
	for _, p := range c.Programs {
		s := &machine.Slot{Argv: p.Argv, Begins: p.Start, Users: p.Slot}
		s.Executable = sys.Executable{Name: p.Name, Native: p.Command != "", Env: p.Env, Memory: p.Memory, Fuel: p.Fuel}
		if p.Command != "" {
			if s.Program = l.rt.Commands[p.Command]; s.Program == nil {
				return n, fmt.Errorf("node %q: program %q: there is no command %q", c.Name, p.Name, p.Command)
			}
		}
		n.AddSlot(s)
	}
	return n, nil
}

// startNet gives a machine its network, when the links of the lab are there.
func startNet(n *machine.Node, c config.Node) error {
	routes := make([]inet.Route, len(c.Routes))
	for i, r := range c.Routes {
		routes[i] = inet.Route{To: r.To, Via: r.Via, Dev: r.Dev}
	}
	return n.StartNet(c.Forward, routes)
}
