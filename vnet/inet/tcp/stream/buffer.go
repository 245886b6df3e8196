// Package stream is the bytes of one direction of a connection, in one piece, which of them
// came ahead of others, and the spare pieces that connections of a host share.
package stream

const (
	small = 1 << 10   // bytes: an empty buffer up to this size is kept
	limit = 512 << 10 // bytes that a Pool keeps
)

// A Buffer is a stream's bytes from the first that is still needed: no segment is ever put
// together from two pieces. What is behind its end may be filled before the end gets there,
// as segments come in any order. The zero Buffer is empty.
type Buffer struct {
	b   []byte // b[off:] is what there is
	off int
}

// Len is how many bytes there are, Cap how many the buffer takes.
func (q *Buffer) Len() int { return len(q.b) - q.off }

// Cap is the memory of the buffer, in bytes.
func (q *Buffer) Cap() int { return cap(q.b) }

// At returns n bytes from off of what there is, until the buffer is changed.
func (q *Buffer) At(off, n int) []byte { return q.b[q.off+off : q.off+off+n] }

// reserve makes room for n bytes behind the end.
func (q *Buffer) reserve(p *Pool, n int) {
	if cap(q.b)-len(q.b) >= n {
		return
	}
	have := q.Len()
	if q.off >= have && cap(q.b)-have >= n { // moving down costs no more than what was read
		// Bytes behind the end may be there already: they move along.
		copy(q.b[:cap(q.b)], q.b[q.off:cap(q.b)])
		q.b, q.off = q.b[:have], 0
		return
	}
	b := p.get(max(have+n, 2*have, small))
	copy(b[:cap(b)], q.b[q.off:cap(q.b)])
	p.put(q.b)
	q.b, q.off = b[:have], 0
}

// Append puts data behind the end.
func (q *Buffer) Append(p *Pool, data []byte) {
	q.reserve(p, len(data))
	q.b = append(q.b, data...)
}

// Put writes data at the distance ahead behind the end, which stays where it is.
func (q *Buffer) Put(p *Pool, ahead int, data []byte) {
	q.reserve(p, ahead+len(data))
	copy(q.b[len(q.b)+ahead:cap(q.b)], data)
}

// Extend moves the end over n bytes that Put has written.
func (q *Buffer) Extend(n int) { q.b = q.b[:len(q.b)+n] }

// Drop takes n bytes from the front. A large buffer that is empty goes to the pool, unless
// something is held behind its end.
func (q *Buffer) Drop(p *Pool, n int, held bool) {
	q.off += n
	if q.off == len(q.b) && !held {
		if cap(q.b) > small {
			p.put(q.b)
			q.b = nil
		}
		q.b, q.off = q.b[:0], 0
	}
}

// Free empties the buffer and gives its memory to the pool.
func (q *Buffer) Free(p *Pool) {
	p.put(q.b)
	*q = Buffer{}
}

// A Pool keeps the memory of empty buffers for those that fill next.
type Pool struct {
	Open   bool // it takes any
	spares [][]byte
	bytes  int
	uses   uint32 // how often one was taken, and how often when Idle looked
	seen   uint32
}

// Bytes is what the pool holds.
func (p *Pool) Bytes() int { return p.bytes }

// get returns an empty buffer for at least n bytes.
func (p *Pool) get(n int) []byte {
	for i, b := range p.spares {
		if cap(b) >= n && cap(b) <= 4*n {
			last := len(p.spares) - 1
			p.spares[i] = p.spares[last]
			p.spares = p.spares[:last]
			p.bytes -= cap(b)
			p.uses++
			return b[:0]
		}
	}
	return make([]byte, 0, (n+small-1)/small*small)
}

// put keeps b for the next that needs one, up to the limit.
func (p *Pool) put(b []byte) {
	if cap(b) > small && p.Open && p.bytes+cap(b) <= limit {
		p.spares = append(p.spares, b[:0])
		p.bytes += cap(b)
	}
}

// Drop empties the pool.
func (p *Pool) Drop() { p.spares, p.bytes = nil, 0 }

// Idle tells whether nothing was taken since it was asked last.
func (p *Pool) Idle() bool {
	idle := p.uses == p.seen
	p.seen = p.uses
	return idle
}
