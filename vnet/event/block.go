package event

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"time"
)

// What the log keeps, and what the run's hash is taken over, is cut into blocks of
// 64 KiB. In a block an event is its kind, a mask of the fields that are not zero,
// and those fields, numbers as varints:
//
//   - At is counted from the event before, Began back from At.
//   - Who and where (see place) is a number in the block's list of places, or 0 and
//     then its parts, which gives them the next number.
//   - Data that the block already holds for the same frame is where that is: a
//     frame's bytes, which each hop's event carries, are stored and hashed once.
//
// A block needs nothing from outside of it to be read, and where one ends depends on
// the events alone.
//
// The loop writes a block while viewers read what it has published (Log.next): so
// nothing that they look at moves or changes once it is written.
type block struct {
	first  uint64 // Seq of its first event
	whole  []byte // room for blockSize bytes, or for one larger event
	places *[maxPlaces]place
	marks  *[maxMarks]mark

	marked atomic.Int32 // how many marks are written

	// The writer's own.
	buf    []byte // the part of whole that is written
	placed int    // how many places are written
	at     time.Duration

	shared bool // a viewer may read it, or did; guarded by Log.mu
}

// A place is what the events of one kind of thing at one spot have in common: those
// of a process that reads a descriptor, or of frames on a link.
type place struct {
	node, proc, port, peer, path, op string
	pid, fd                          int
}

func placeOf(e *Event) place {
	return place{e.Node, e.Proc, e.Port, e.Peer, e.Path, e.Op, e.PID, e.FD}
}

// A mark is a position in a block where reading can begin: the first event after every
// markEvery bytes.
type mark struct {
	seq    uint64
	off    int
	places int
	at     time.Duration
}

const (
	blockSize = 64 << 10
	maxPlaces = 256 // in a block; further ones are spelled out each time
	markEvery = 1 << 10
	maxMarks  = blockSize / markEvery
)

func newBlock(first uint64, size int) *block {
	b := &block{first: first, whole: make([]byte, max(blockSize, size)), places: new([maxPlaces]place), marks: new([maxMarks]mark)}
	b.buf = b.whole[:0]
	return b
}

// renew makes a block that nobody reads any more a new one.
func (b *block) renew(first uint64) {
	b.first, b.buf, b.placed, b.at = first, b.buf[:0], 0, 0
	b.marked.Store(0)
}

const (
	// hasSame takes the place of hasData where the data is in the block already.
	hasSame = hasAll + 1
	// inPlace are the fields that are not in the mask: the place has them.
	inPlace = hasNode | hasProc | hasPID | hasPort | hasPeer | hasPath | hasOp | hasFD
)

// An encoder has what appending to a block needs and reading it doesn't. It
// belongs to the newest block alone.
type encoder struct {
	index  map[place]int
	recent [64]struct {
		place
		n int
	} // what index says about the places used last, by a hash of theirs
	frames [64]struct {
		id       uint64
		off, len int
	} // where the data of the frames seen last is, by their identity
}

// reset prepares for a new block.
func (c *encoder) reset() {
	if c.index == nil {
		c.index = map[place]int{}
	}
	clear(c.index)
	clear(c.recent[:])
	clear(c.frames[:])
}

// place appends who and where an event is about to b's encoding.
func (c *encoder) place(b *block, e *Event) {
	h := int(e.Kind) + 7*e.FD + 5*e.PID + len(e.Path)
	for _, s := range [...]string{e.Node, e.Port, e.Op} {
		if s != "" {
			h = 3*h + 5*int(s[len(s)-1]) + int(s[0])
		}
	}
	slot := &c.recent[uint(h)%uint(len(c.recent))]
	p := &slot.place
	if p.fd == e.FD && p.pid == e.PID && p.node == e.Node && p.proc == e.Proc && p.port == e.Port && p.peer == e.Peer &&
		p.path == e.Path && p.op == e.Op && slot.n > 0 {
		b.buf = binary.AppendUvarint(b.buf, uint64(slot.n))
		return
	}
	at := placeOf(e)
	n, known := c.index[at]
	switch {
	case known:
		b.buf = binary.AppendUvarint(b.buf, uint64(n))
	case b.placed == maxPlaces:
		b.buf = at.appendTo(append(b.buf, 0))
		return
	default:
		b.places[b.placed] = at
		b.placed++
		n = b.placed
		c.index[at] = n
		b.buf = at.appendTo(append(b.buf, 0))
	}
	slot.place, slot.n = at, n
}

func (p *place) appendTo(b []byte) []byte {
	for _, s := range [...]string{p.node, p.proc, p.port, p.peer, p.path, p.op} {
		b = appendString(b, s)
	}
	return binary.AppendVarint(binary.AppendVarint(b, int64(p.pid)), int64(p.fd))
}

func (r *reader) place() (p place) {
	for _, s := range [...]*string{&p.node, &p.proc, &p.port, &p.peer, &p.path, &p.op} {
		*s = string(r.bytes())
	}
	p.pid, p.fd = int(r.varint()), int(r.varint())
	return p
}

// same reports whether the block holds data for this frame already, and where.
func (c *encoder) same(b *block, id uint64, data []byte) (off int, ok bool) {
	f := &c.frames[id%uint64(len(c.frames))]
	return f.off, id != 0 && f.id == id && bytes.Equal(b.buf[f.off:f.off+f.len], data)
}

// append adds an event to b.
func (c *encoder) append(b *block, e *Event) {
	if n := int(b.marked.Load()); len(b.buf) >= n*markEvery && n < maxMarks {
		b.marks[n] = mark{e.Seq, len(b.buf), b.placed, b.at}
		b.marked.Store(int32(n + 1))
	}
	m := mask(e)
	data := e.Data[:min(len(e.Data), MaxField)]
	from, same := 0, false
	if m&hasData != 0 {
		if from, same = c.same(b, e.Frame, data); same {
			m ^= hasData | hasSame
		}
	}
	at, began := e.At-b.at, e.At-e.Began
	m = m&^(hasAt|hasBegan|inPlace) | bit(at != 0, hasAt) | bit(began != 0, hasBegan)
	b.at = e.At
	w := binary.AppendUvarint(append(b.buf, byte(e.Kind)), m)
	if m&hasAt != 0 {
		w = binary.AppendVarint(w, int64(at))
	}
	if m&hasLen != 0 {
		w = binary.AppendVarint(w, int64(e.Len))
	}
	if m&hasN != 0 {
		w = binary.AppendVarint(w, e.N)
	}
	if m&hasErrno != 0 {
		w = binary.AppendUvarint(w, uint64(e.Errno))
	}
	if m&hasBegan != 0 {
		w = binary.AppendVarint(w, int64(began))
	}
	if m&hasFuel != 0 {
		w = binary.AppendVarint(w, e.Fuel)
	}
	if m&hasFrame != 0 {
		w = binary.AppendUvarint(w, e.Frame)
	}
	b.buf = w
	c.place(b, e)
	if m&hasText != 0 {
		b.buf = appendString(b.buf, e.Text)
	}
	switch {
	case same:
		b.buf = binary.AppendUvarint(binary.AppendUvarint(b.buf, uint64(from)), uint64(len(data)))
	case m&hasData != 0:
		b.buf = binary.AppendUvarint(b.buf, uint64(len(data)))
		if e.Frame != 0 {
			f := &c.frames[e.Frame%uint64(len(c.frames))]
			f.id, f.off, f.len = e.Frame, len(b.buf), len(data)
		}
		b.buf = append(b.buf, data...)
	}
}

// A cursor reads a block's events in order. It looks at what the log has published
// alone.
type cursor struct {
	b      *block
	whole  []byte // the block's bytes, those included that are not written yet
	seq    uint64
	at     time.Duration
	places int
	r      reader
}

// cursor returns one that stands at the event seq, which is published, or before it.
func (b *block) cursor(whole []byte, seq uint64) cursor {
	var at mark
	for _, m := range b.marks[:b.marked.Load()] {
		if m.seq > seq {
			break
		}
		at = m
	}
	return cursor{b: b, whole: whole, seq: max(at.seq, b.first), at: at.at, places: at.places, r: reader{b: whole[at.off:]}}
}

// next returns the next event; the caller knows that there is one.
func (c *cursor) next() Event {
	e := Event{Seq: c.seq}
	c.seq++
	if err := c.decode(&e); err != nil {
		panic("event: the log holds what it cannot decode: " + err.Error())
	}
	return e
}

func (c *cursor) decode(e *Event) error {
	r := &c.r
	if len(r.b) == 0 {
		return errShort
	}
	e.Kind = Kind(r.b[0])
	r.b = r.b[1:]
	m := r.uvarint()
	if !e.Kind.Valid() || m >= 2*hasSame || m&inPlace != 0 {
		return fmt.Errorf("kind %d with fields %#x", e.Kind, m)
	}
	num := func(bit uint64) int64 {
		if m&bit == 0 {
			return 0
		}
		return r.varint()
	}
	c.at += time.Duration(num(hasAt))
	e.At = c.at
	e.Len, e.N = int(num(hasLen)), num(hasN)
	if m&hasErrno != 0 {
		e.Errno = uint16(r.uvarint())
	}
	e.Began = e.At - time.Duration(num(hasBegan))
	e.Fuel = num(hasFuel)
	if m&hasFrame != 0 {
		e.Frame = r.uvarint()
	}
	p := c.place()
	e.Node, e.Proc, e.Port, e.Peer, e.Path, e.Op, e.PID, e.FD = p.node, p.proc, p.port, p.peer, p.path, p.op, p.pid, p.fd
	if m&hasText != 0 {
		e.Text = string(r.bytes())
	}
	switch {
	case m&hasData != 0:
		e.Data = r.bytes()
	case m&hasSame != 0:
		off, n := r.uvarint(), r.uvarint()
		if off > uint64(len(c.whole)) || n > uint64(len(c.whole))-off {
			return errShort
		}
		e.Data = c.whole[off : off+n : off+n]
	}
	return r.err
}

// place takes a place; a new one is the next of the block's list while there is room.
func (c *cursor) place() place {
	n := c.r.uvarint()
	if n == 0 {
		p := c.r.place()
		if c.places == maxPlaces || c.r.err != nil {
			return p
		}
		c.places++
		n = uint64(c.places)
	}
	if n > uint64(c.places) {
		c.r.fail(errShort)
		return place{}
	}
	return c.b.places[n-1]
}
