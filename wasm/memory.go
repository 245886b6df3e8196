package wasm

import (
	"fmt"

	"github.com/tetratelabs/wazero/experimental"

	"wireloom/vnet"
)

// pageSize is that of a WebAssembly memory.
const pageSize = 64 << 10

// A linearMemory is the memory of a guest, held to its process' limit. To grow it
// beyond gives the guest -1, and is told once.
type linearMemory struct {
	p     *vnet.Proc
	limit int64
	buf   []byte
	asked uint64 // what was refused first; 0 while nothing was
}

// Allocate is wazero's experimental.MemoryAllocator. A module has one memory.
func (m *linearMemory) Allocate(uint64, uint64) experimental.LinearMemory { return m }

// Reallocate makes the memory size bytes long; nil where that is too much.
func (m *linearMemory) Reallocate(size uint64) []byte {
	if free := m.p.MemoryFree(); size > uint64(free) {
		m.tell(size, free)
		return nil
	}
	if size > uint64(cap(m.buf)) {
		// Room for more, so that a guest that grows page by page isn't copied each time.
		buf := newMemory(int(size), int(min(max(size, uint64(cap(m.buf))*5/4), uint64(m.p.MemoryFree()))))
		copy(buf, m.buf)
		m.buf = buf
	}
	m.buf = m.buf[:size]
	m.p.SetMemory(int64(size))
	return m.buf
}

// Free gives the memory back.
func (m *linearMemory) Free() {
	recycle(m.buf)
	m.buf = nil
	m.p.SetMemory(0)
}

func (m *linearMemory) tell(size uint64, free int64) {
	if m.asked != 0 {
		return
	}
	m.asked = size
	m.p.LimitReached("memory", fmt.Sprintf("the program asked for %d bytes of memory; it may use %d", size, free), free)
}

// refusal is a reminder, for a program that a trap ends, of what it may not have
// coped with; "" where it was refused nothing.
func (m *linearMemory) refusal() string {
	if m.asked == 0 {
		return ""
	}
	return fmt.Sprintf(" (before that it asked for %d bytes of memory and may use %d)", m.asked, m.limit)
}

// at returns n bytes of the guest's memory at ptr, and whether they are there.
// They are the guest's to change, which it does once the call that it is in is over.
func (g *guest) at(ptr, n uint32) ([]byte, bool) {
	end := uint64(ptr) + uint64(n)
	if end > uint64(len(g.memory.buf)) {
		return nil, false
	}
	return g.memory.buf[ptr:end:end], true
}

func (g *guest) putU32(ptr, v uint32) bool {
	b, ok := g.at(ptr, 4)
	if ok {
		le.PutUint32(b, v)
	}
	return ok
}

func (g *guest) putU64(ptr uint32, v uint64) bool {
	b, ok := g.at(ptr, 8)
	if ok {
		le.PutUint64(b, v)
	}
	return ok
}

// writable says whether n bytes at ptr are there, for results whose call must not
// have happened when they can't be told.
func (g *guest) writable(ptr, n uint32) bool {
	_, ok := g.at(ptr, n)
	return ok
}
