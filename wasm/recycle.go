package wasm

import "sync"

// memories are those of guests that ended, for others to begin with: to make one,
// and what the garbage collector then does, is most of what starting a small program
// costs. They are clear. The pool is emptied by the garbage collector.
var memories sync.Pool

// maxRecycled is the largest memory that is kept, in bytes.
const maxRecycled = 8 << 20

// newMemory returns size clear bytes with room for most.
func newMemory(size, most int) []byte {
	if size <= maxRecycled {
		if b, ok := memories.Get().(*[]byte); ok {
			if cap(*b) >= size && cap(*b) <= most {
				return (*b)[:size]
			}
			memories.Put(b)
		}
	}
	return make([]byte, size, most)
}

// recycle takes back a memory that nothing refers to any more. What lies beyond its
// length was never written.
func recycle(b []byte) {
	if cap(b) == 0 || cap(b) > maxRecycled {
		return
	}
	clear(b)
	b = b[:0]
	memories.Put(&b)
}
