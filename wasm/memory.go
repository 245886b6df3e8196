package wasm

import (
	"fmt"

	"github.com/tetratelabs/wazero/experimental"

	"wireloom/vnet/sys"
)

// pageSize is that of a WebAssembly memory.
const pageSize = 64 << 10

// slowly is by how many bytes a memory may grow, or go, without keeping its lab's host busy
// for long.
const slowly = 4 << 20

// A linearMemory is the memory of a guest, held to its process' limit and the lab's. To
// grow it beyond gives the guest -1, and is told once.
type linearMemory struct {
	p     *sys.Proc
	limit int64
	image *image // that it begins with; nil for none
	room  room   // what buf is the beginning of, where the system gives one
	whole int    // bytes that the module and the limit let it have
	buf   []byte
	asked uint64 // what was refused first; 0 while nothing was
}

// Allocate is wazero's experimental.MemoryAllocator. A module has one memory, of which it
// may say how large it gets.
func (m *linearMemory) Allocate(_, limit uint64) experimental.LinearMemory {
	m.whole = int(min(limit, uint64(m.limit)))
	return m
}

// Reallocate makes the memory size bytes long; nil where that is too much.
func (m *linearMemory) Reallocate(size uint64) []byte {
	if size > uint64(m.p.MemoryFree()) {
		if m.asked == 0 {
			m.asked = size
			m.p.RefuseMemory(int64(size))
		}
		return nil
	}
	m.p.SetMemory(int64(size))
	n := int(size)
	first := m.buf == nil && n > 0
	if first {
		m.room = newRoom(n, max(m.whole, n), m.image.shared())
	}
	switch {
	case m.room.region != nil:
		m.host(n-m.room.ready, func() { m.room.grow(n) })
		m.buf = m.room.region[:n:n]
	case n > cap(m.buf):
		// Room for more, so that a guest that grows page by page isn't copied each time.
		buf := make([]byte, n, min(max(n, cap(m.buf)*5/4), int(m.limit)))
		copy(buf, m.buf)
		m.buf = buf
	default:
		m.buf = m.buf[:n]
	}
	if first {
		m.image.copyTo(m.buf)
	}
	return m.buf
}

// Free gives the memory back.
func (m *linearMemory) Free() {
	if m.room.region != nil {
		m.host(m.room.ready, func() { m.room.recycle(len(m.buf)) })
	}
	m.room, m.buf = room{}, nil
	m.p.SetMemory(0)
}

// host runs what concerns so many bytes of the system's.
func (m *linearMemory) host(bytes int, work func()) {
	if bytes > slowly {
		m.p.Aside(work)
	} else {
		work()
	}
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
