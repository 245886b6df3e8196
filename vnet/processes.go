package vnet

import "slices"

// A Process is what ps(1) shows of one.
type Process struct {
	PID, PPID int // PPID 0: nobody waits for it
	State     string
	Wchan     string // what it sleeps on
	Fuel      int64  // units used
	Memory    int64  // bytes
	Args      []string
}

// Processes returns the node's processes by process id, those among them that ended
// and were not waited for: their state is "zombie".
func (n *Node) Processes() []Process {
	var out []Process
	add := func(p *Proc) {
		x := Process{PID: p.pid, PPID: p.PPID(), State: p.state.String(), Wchan: p.caller.Thread.Wmesg(), Fuel: p.fuel, Memory: p.memory, Args: p.argv}
		if p.state == procExited {
			x.State = "zombie"
		}
		out = append(out, x)
	}
	for _, p := range n.procs {
		add(p)
		for _, c := range p.children {
			if c.state == procExited {
				add(c)
			}
		}
	}
	slices.SortFunc(out, func(a, b Process) int { return a.PID - b.PID })
	return out
}
