package vnet

import (
	"fmt"
	"slices"

	"wireloom/vnet/event"
)

// The processes of a node by name, group and slot.

// group returns the processes of p's group.
func (n *Node) group(p *Proc) []*Proc {
	var qs []*Proc
	for _, q := range n.procs {
		if q.caller.Thread.PGID == p.caller.Thread.PGID {
			qs = append(qs, q)
		}
	}
	return qs
}

func (n *Node) named(name string) *Proc {
	i := slices.IndexFunc(n.procs, func(p *Proc) bool { return p.name == name })
	if i < 0 {
		return nil
	}
	return n.procs[i]
}

// spawn makes a process, which the caller starts.
func (n *Node) spawn(s *slot, name string, prog Program, native bool, argv, env []string) (*Proc, error) {
	if len(n.procs) >= MaxProcs {
		return nil, n.full(name)
	}
	if n.lab.mem.Free() < ProcMemory {
		return nil, n.outOfMemory(name)
	}
	p := n.lab.newProc(n, s, prog, native, argv, env)
	p.name = name
	n.procs = append(n.procs, p)
	return p, nil
}

// full tells that the node starts no more processes.
func (n *Node) full(name string) error {
	n.lab.emit(event.Event{
		Kind: event.Limit, Node: n.name, Proc: name, Op: "processes", N: MaxProcs,
		Text: fmt.Sprintf("the node runs %d processes and starts no more", len(n.procs)),
	})
	return fmt.Errorf("node %s runs %d processes already: stop one first", n.name, len(n.procs))
}
