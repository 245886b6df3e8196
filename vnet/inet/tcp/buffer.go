package tcp

import "time"

// A buffer is the bytes of one direction of a stream, in one piece: no segment is ever
// put together from two. What is behind its end may be filled before the end gets there,
// as segments come in any order.
type buffer struct {
	b   []byte // b[off:] is what there is
	off int
}

const (
	smallBuffer = 1 << 10     // bytes: an empty buffer up to this size is kept
	spareLimit  = 512 << 10   // bytes that a Layer keeps in spare buffers
	spareTime   = time.Second // that they lie unused
)

func (q *buffer) len() int { return len(q.b) - q.off }

// at returns n bytes from off of what there is.
func (q *buffer) at(off, n int) []byte { return q.b[q.off+off : q.off+off+n] }

// reserve makes room for n bytes behind the end.
func (q *buffer) reserve(l *Layer, n int) {
	if cap(q.b)-len(q.b) >= n {
		return
	}
	have := q.len()
	if q.off >= have && cap(q.b)-have >= n { // moving down costs no more than what was read
		// Bytes behind the end may be there already: they move along.
		copy(q.b[:cap(q.b)], q.b[q.off:cap(q.b)])
		q.b, q.off = q.b[:have], 0
		return
	}
	b := l.spare(max(have+n, 2*have, smallBuffer))
	copy(b[:cap(b)], q.b[q.off:cap(q.b)])
	l.release(q.b)
	q.b, q.off = b[:have], 0
}

func (q *buffer) append(l *Layer, p []byte) {
	q.reserve(l, len(p))
	q.b = append(q.b, p...)
}

// put writes p at the distance ahead behind the end, which stays where it is.
func (q *buffer) put(l *Layer, ahead int, p []byte) {
	q.reserve(l, ahead+len(p))
	copy(q.b[len(q.b)+ahead:cap(q.b)], p)
}

// extend moves the end over n bytes that put has written.
func (q *buffer) extend(n int) { q.b = q.b[:len(q.b)+n] }

// drop takes n bytes from the front. An empty large buffer goes back to the Layer, if
// nothing is held behind its end.
func (q *buffer) drop(l *Layer, n int, held bool) {
	q.off += n
	if q.off == len(q.b) && !held {
		if cap(q.b) > smallBuffer {
			l.release(q.b)
			q.b = nil
		}
		q.b, q.off = q.b[:0], 0
	}
}

func (q *buffer) free(l *Layer) {
	l.release(q.b)
	*q = buffer{}
}

// spare returns an empty buffer for at least n bytes.
func (l *Layer) spare(n int) []byte {
	for i, b := range l.spares {
		if cap(b) >= n && cap(b) <= 4*n {
			last := len(l.spares) - 1
			l.spares[i] = l.spares[last]
			l.spares = l.spares[:last]
			l.spareBytes -= cap(b)
			l.spareUses++
			return b[:0]
		}
	}
	return make([]byte, 0, roundUp(n, smallBuffer))
}

// release keeps b for the next that needs one, up to a limit.
func (l *Layer) release(b []byte) {
	if cap(b) > smallBuffer && l.conns > 0 && l.spareBytes+cap(b) <= spareLimit {
		l.spares = append(l.spares, b[:0])
		l.spareBytes += cap(b)
	}
}

// keepSpares sees that spare buffers are dropped when nobody has used one for a while.
func (c *Conn) keepSpares(now time.Duration) {
	if c.l.spareBytes > 0 && !c.running(timerTrim) {
		c.at[timerTrim] = now + spareTime
	}
}

// trim drops the spare buffers if none was used since the last time.
func (c *Conn) trim(now time.Duration) {
	l := c.l
	if l.spareUses != l.spareSeen {
		l.spareSeen = l.spareUses
		c.keepSpares(now)
		return
	}
	l.spares, l.spareBytes = nil, 0
}
