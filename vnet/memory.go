package vnet

import (
	"cmp"
	"fmt"

	"wireloom/vnet/event"
	"wireloom/vnet/kern"
)

// What a lab makes its host hold is counted here, against two limits: that of its
// programs, which its configuration sets, and one of its kernels, which all labs share.
// Both count what programs asked for, not what the host's allocator made of it, so that
// they take effect at the same place in every run.
const (
	DefaultLabMemory = 256 << 20 // bytes of all programs of a lab, unless its configuration says otherwise
	MinLabMemory     = 1 << 20   // bytes that a configuration may say,
	MaxLabMemory     = 1 << 30   // from here to there
	MaxKernelMemory  = 128 << 20 // bytes that the kernels of a lab hold for its programs
	ProcMemory       = 64 << 10  // bytes that a process counts besides its own: for its arguments, files and buffers
)

// A memory is what a lab holds.
type memory struct {
	limit    int64 // of programs
	programs int64
	stacks   int64 // see Proc.SetStack
	kernels  *kern.Memory
	grant    func(programs, others int64) bool
	aside    func(work func())
	refused  bool // by the host: nothing runs any more
}

func newMemory(l *Lab) memory {
	told := false
	full := func() {
		if !told {
			told = true
			l.emit(event.Event{
				Kind: event.Limit, Op: "kernel-memory", N: MaxKernelMemory,
				Text: fmt.Sprintf("the nodes hold %d MiB of packets, pipes, files and sockets, and hold no more until some is gone", MaxKernelMemory>>20),
			})
		}
	}
	return memory{limit: cmp.Or(l.conf.Memory, DefaultLabMemory), kernels: kern.NewMemory(MaxKernelMemory, func(n int64) { l.granted(0, n) }, full)}
}

// Memory is how many bytes the lab holds: those of its programs, which its configuration
// limits, and others: what their nested calls take and what kernels hold for them.
func (l *Lab) Memory() (programs, others int64) {
	return l.mem.programs, l.mem.stacks + l.mem.kernels.Used()
}

// SetGrant makes the lab ask, each time before it holds more, whether its host has that:
// f gets what Memory is going to be. It is called within Run, which waits for it;
// nothing of that wait can be seen in the run. Where f returns false the lab ends
// there: Run does no more, and to Close it is all that is left. What it has logged until
// then is what it logs wherever it runs.
func (l *Lab) SetGrant(f func(programs, others int64) bool) { l.mem.grant = f }

// SetAside makes the lab hand f what takes its host a while and nothing of the lab waits
// for but the process that asked: f is to run it, within Run, and may let others have what
// the lab holds up meanwhile.
func (l *Lab) SetAside(f func(work func())) { l.mem.aside = f }

// Aside runs work of the host's, which touches nothing of the lab: see [Lab.SetAside].
func (p *Proc) Aside(work func()) {
	if aside := p.node.lab.mem.aside; aside != nil && !p.gone {
		aside(work)
		return
	}
	work()
}

// granted asks for so many bytes more. Where they are refused, the lab ends with this step.
func (l *Lab) granted(programs, others int64) bool {
	m := &l.mem
	if !m.refused && m.grant != nil && !m.grant(m.programs+programs, m.stacks+m.kernels.Used()+others) {
		m.refused = true
		l.loop.Cut()
	}
	return !m.refused
}

// ask is granted for a process that runs. Where that is refused the process is unwound, as
// when the lab closes.
func (p *Proc) ask(programs, others int64) {
	if programs+others > 0 && !p.node.lab.granted(programs, others) {
		p.gone = true
		panic(unwound{})
	}
}

// count counts what the processes of a node have more, or less.
func (n *Node) count(programs, stacks int64) {
	n.programs += programs
	n.stacks += stacks
	n.lab.mem.programs += programs
	n.lab.mem.stacks += stacks
}

// empty gives back all that a node has which is off.
func (n *Node) empty() {
	n.count(-n.programs, -n.stacks)
	n.kern.Memory().Drop()
}

// free is how many bytes more the programs of the lab may have.
func (m *memory) free() int64 { return m.limit - m.programs }

// MemoryFree is how many bytes of memory the process may have in all, now: its own
// limit, and what the other processes of the lab leave of the lab's.
func (p *Proc) MemoryFree() int64 { return min(p.memoryLimit, p.node.lab.mem.free()+p.memory) }

// SetMemory tells how many bytes of memory the process is to have, which MemoryFree
// allowed. The process calls it before it has them.
func (p *Proc) SetMemory(n int64) {
	p.ask(n-p.memory, 0)
	p.node.count(n-p.memory, 0)
	p.memory = n
}

// SetInstance tells how many bytes the process is to have besides its memory, for its
// tables and the like. It reports false where the lab may not have so many. They are
// given back when the process has ended.
func (p *Proc) SetInstance(n int64) bool {
	more := n - p.instance
	if more > p.node.lab.mem.free() {
		p.outOfMemory(fmt.Sprintf("the program needs %d bytes for its tables", n))
		return false
	}
	p.ask(more, 0)
	p.node.count(more, 0)
	p.instance = n
	return true
}

// SetStack tells how many bytes the host keeps for the nested calls of the process. They
// count for the host alone (see [Lab.SetGrant]): how many they are differs by machine, so
// that a limit of the lab's would be reached at different places.
func (p *Proc) SetStack(n int64) {
	p.ask(0, n-p.stack)
	p.node.count(0, n-p.stack)
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
	m := &p.node.lab.mem
	p.once(limitMemory, "lab-memory", what+m.says(), m.limit)
}

func (m *memory) says() string {
	return fmt.Sprintf("; the lab's programs have %d of the %d bytes that they may have together", m.programs, m.limit)
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
	p.node.count(memory+instance, 0)
	c.memory, c.instance = memory, instance
}

// emptied gives back what a process had that has ended.
func (p *Proc) emptied() {
	p.node.count(-p.memory-p.instance, -p.stack)
	p.memory, p.instance, p.stack = 0, 0, 0
	if p.parent == nil { // else it is a zombie, which its parent still asks for
		p.letGo()
	}
}

// letGo gives back the rest, when nobody asks for the process any more.
func (p *Proc) letGo() {
	if p.counted {
		p.counted = false
		p.node.count(-ProcMemory, 0)
	}
}

// outOfMemory tells that the node starts no process, since the lab has no memory for it.
func (n *Node) outOfMemory(name string) error {
	m := &n.lab.mem
	n.lab.emit(event.Event{
		Kind: event.Limit, Node: n.name, Proc: name, Op: "lab-memory", N: m.limit,
		Text: fmt.Sprintf("a process takes %d bytes, and its memory", ProcMemory) + m.says(),
	})
	return fmt.Errorf("node %s can't start %s: the lab's programs use the %d MiB of memory that they may have together; stop one first", n.name, name, m.limit>>20)
}
