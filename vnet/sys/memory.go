package sys

import (
	"fmt"

	"wireloom/vnet/event"
)

// ProcMemory is how many bytes a process counts besides its own: for its arguments, files
// and buffers.
const ProcMemory = 64 << 10

// Limits of the memory of a process.
const (
	DefaultMemory = 64 << 20  // bytes that one may use, unless its slot says otherwise
	MaxMemory     = 512 << 20 // bytes that a slot may grant
)

// A holding is what a process has, in bytes.
type holding struct {
	memory      int64 // of its own
	instance    int64 // and for its tables
	stack       int64 // and the host's for its nested calls
	counted     bool  // with ProcMemory
	memoryLimit int64
}

// Aside runs work of the host's, which touches nothing of the lab: see memory.Lab.
func (p *Proc) Aside(work func()) {
	if p.gone {
		work()
		return
	}
	p.sys.mem.Lab().Aside(work)
}

// ask asks the host for a process that runs. Where that is refused the process is
// unwound, as when the lab closes.
func (p *Proc) ask(programs, others int64) {
	if programs+others > 0 && !p.sys.mem.Lab().Ask(programs, others) {
		p.gone = true
		panic(unwound{})
	}
}

// MemoryFree is how many bytes of memory the process may have in all, now: its own
// limit, and what the other processes of the lab leave of the lab's.
func (p *Proc) MemoryFree() int64 { return min(p.memoryLimit, p.sys.mem.Lab().Free()+p.memory) }

// SetMemory tells how many bytes of memory the process is to have, which MemoryFree
// allowed. The process calls it before it has them.
func (p *Proc) SetMemory(n int64) {
	p.ask(n-p.memory, 0)
	p.sys.mem.Count(n-p.memory, 0)
	p.memory = n
}

// SetInstance tells how many bytes the process is to have besides its memory, for its
// tables and the like. It reports false where the lab may not have so many. They are
// given back when the process has ended.
func (p *Proc) SetInstance(n int64) bool {
	more := n - p.instance
	if more > p.sys.mem.Lab().Free() {
		p.outOfMemory(fmt.Sprintf("the program needs %d bytes for its tables", n))
		return false
	}
	p.ask(more, 0)
	p.sys.mem.Count(more, 0)
	p.instance = n
	return true
}

// SetStack tells how many bytes the host keeps for the nested calls of the process. They
// count for the host alone (see memory.Lab): how many they are differs by machine, so
// that a limit of the lab's would be reached at different places.
func (p *Proc) SetStack(n int64) {
	p.ask(0, n-p.stack)
	p.sys.mem.Count(0, n-p.stack)
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
	m := p.sys.mem.Lab()
	p.once(limitMemory, "lab-memory", what+"; "+m.String(), m.Limit())
}

// A Sized program tells how many bytes a process of it begins with: of memory, and for
// the rest of its instance.
type Sized interface {
	Begins() (memory, instance int64)
}

// begins is what a process of the executable begins with, besides ProcMemory.
func (x Executable) begins() (memory, instance int64) {
	if s, ok := x.Program.(Sized); ok {
		return s.Begins()
	}
	return 0, 0
}

// begin gives a process that p starts what it begins with, before it has run: what others
// ask for meanwhile can't take it away.
func (p *Proc) begin(c *Proc, x Executable) {
	memory, instance := x.begins()
	p.ask(memory+instance, 0)
	p.sys.mem.Count(memory+instance, 0)
	c.memory, c.instance = memory, instance
}

// emptied gives back what a process had that has ended.
func (p *Proc) emptied() {
	p.sys.mem.Count(-p.memory-p.instance, -p.stack)
	p.memory, p.instance, p.stack = 0, 0, 0
	if p.parent == nil { // else it is a zombie, which its parent still asks for
		p.letGo()
	}
}

// letGo gives back the rest, when nobody asks for the process any more.
func (p *Proc) letGo() {
	if p.counted {
		p.counted = false
		p.sys.mem.Count(-ProcMemory, 0)
	}
}

// outOfMemory tells that the node starts no process, since the lab has no memory for it.
func (s *System) outOfMemory(name string) error {
	m := s.mem.Lab()
	s.log.Emit(event.Event{
		Kind: event.Limit, Node: s.name, Proc: name, Op: "lab-memory", N: m.Limit(),
		Text: fmt.Sprintf("a process takes %d bytes, and its memory", ProcMemory) + "; " + m.String(),
	})
	return fmt.Errorf("node %s can't start %s: the lab's programs use the %d MiB of memory that they may have together; stop one first", s.name, name, m.Limit()>>20)
}
