package vnet

import (
	"fmt"

	"wireloom/vnet/event"
	"wireloom/vnet/memory"
)

// ProcMemory is how many bytes a process counts besides its own: for its arguments, files
// and buffers.
const ProcMemory = 64 << 10

func newMemory(l *Lab) *memory.Lab {
	return memory.New(l.conf.Memory, l.loop.Cut, func() {
		l.emit(event.Event{
			Kind: event.Limit, Op: "kernel-memory", N: memory.MaxKernel,
			Text: fmt.Sprintf("the nodes hold %d MiB of packets, pipes, files and sockets, and hold no more until some is gone", memory.MaxKernel>>20),
		})
	})
}

// Memory is how many bytes the lab holds: those of its programs, which its configuration
// limits, and others: what their nested calls take and what kernels hold for them.
func (l *Lab) Memory() (programs, others int64) {
	return l.mem.Used()
}

// SetGrant makes the lab ask, each time before it holds more, whether its host has that:
// f gets what Memory is going to be. It is called within Run, which waits for it;
// nothing of that wait can be seen in the run. Where f returns false the lab ends
// there: Run does no more, and to Close it is all that is left. What it has logged until
// then is what it logs wherever it runs.
func (l *Lab) SetGrant(f func(programs, others int64) bool) { l.mem.SetGrant(f) }

// SetAside makes the lab hand f what takes its host a while and nothing of the lab waits
// for but the process that asked: f is to run it, within Run, and may let others have what
// the lab holds up meanwhile.
func (l *Lab) SetAside(f func(work func())) { l.mem.SetAside(f) }

// Aside runs work of the host's, which touches nothing of the lab: see [Lab.SetAside].
func (p *Proc) Aside(work func()) {
	if p.gone {
		work()
		return
	}
	p.node.lab.mem.Aside(work)
}

// ask asks the host for a process that runs. Where that is refused the process is
// unwound, as when the lab closes.
func (p *Proc) ask(programs, others int64) {
	if programs+others > 0 && !p.node.lab.mem.Ask(programs, others) {
		p.gone = true
		panic(unwound{})
	}
}

// empty gives back all that a node has which is off.
func (n *Node) empty() {
	n.mem.Drop()
	n.kern.Memory().Drop()
}

// MemoryFree is how many bytes of memory the process may have in all, now: its own
// limit, and what the other processes of the lab leave of the lab's.
func (p *Proc) MemoryFree() int64 { return min(p.memoryLimit, p.node.lab.mem.Free()+p.memory) }

// SetMemory tells how many bytes of memory the process is to have, which MemoryFree
// allowed. The process calls it before it has them.
func (p *Proc) SetMemory(n int64) {
	p.ask(n-p.memory, 0)
	p.node.mem.Count(n-p.memory, 0)
	p.memory = n
}

// SetInstance tells how many bytes the process is to have besides its memory, for its
// tables and the like. It reports false where the lab may not have so many. They are
// given back when the process has ended.
func (p *Proc) SetInstance(n int64) bool {
	more := n - p.instance
	if more > p.node.lab.mem.Free() {
		p.outOfMemory(fmt.Sprintf("the program needs %d bytes for its tables", n))
		return false
	}
	p.ask(more, 0)
	p.node.mem.Count(more, 0)
	p.instance = n
	return true
}

// SetStack tells how many bytes the host keeps for the nested calls of the process. They
// count for the host alone (see [Lab.SetGrant]): how many they are differs by machine, so
// that a limit of the lab's would be reached at different places.
func (p *Proc) SetStack(n int64) {
	p.ask(0, n-p.stack)
	p.node.mem.Count(0, n-p.stack)
	p.stack = n
}

// RefuseMemory tells that the process was refused size bytes of memory, and why.
func (p *Proc) RefuseMemory(size int64) {
	if free := p.MemoryFree(); free == p.memoryLimit {
		p.LimitReached("memory", fmt.Sprintf("the program asked for %d bytes of memory; it may use %d", size, free), free)
		return
	}
	p.outOfMemory(fmt.Sprintf("the program asked for %d bytes of memory", size))
}

// outOfMemory tells a process, once, that the lab's limit is reached.
func (p *Proc) outOfMemory(what string) {
	m := p.node.lab.mem
	p.once(limitMemory, "lab-memory", what+"; "+m.String(), m.Limit())
}

// A Sized program tells how many bytes a process of it begins with: of memory, and for
// the rest of its instance.
type Sized interface {
	Begins() (memory, instance int64)
}

// begins is what a process of the executable begins with, besides ProcMemory.
func (x executable) begins() (memory, instance int64) {
	if s, ok := x.prog.(Sized); ok {
		return s.Begins()
	}
	return 0, 0
}

// begin gives a process that p starts what it begins with, before it has run: what others
// ask for meanwhile can't take it away.
func (p *Proc) begin(c *Proc, x executable) {
	memory, instance := x.begins()
	p.ask(memory+instance, 0)
	p.node.mem.Count(memory+instance, 0)
	c.memory, c.instance = memory, instance
}

// emptied gives back what a process had that has ended.
func (p *Proc) emptied() {
	p.node.mem.Count(-p.memory-p.instance, -p.stack)
	p.memory, p.instance, p.stack = 0, 0, 0
	if p.parent == nil { // else it is a zombie, which its parent still asks for
		p.letGo()
	}
}

// letGo gives back the rest, when nobody asks for the process any more.
func (p *Proc) letGo() {
	if p.counted {
		p.counted = false
		p.node.mem.Count(-ProcMemory, 0)
	}
}

// outOfMemory tells that the node starts no process, since the lab has no memory for it.
func (n *Node) outOfMemory(name string) error {
	m := n.lab.mem
	n.lab.emit(event.Event{
		Kind: event.Limit, Node: n.name, Proc: name, Op: "lab-memory", N: m.Limit(),
		Text: fmt.Sprintf("a process takes %d bytes, and its memory", ProcMemory) + "; " + m.String(),
	})
	return fmt.Errorf("node %s can't start %s: the lab's programs use the %d MiB of memory that they may have together; stop one first", n.name, name, m.Limit()>>20)
}
