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

// A Spot remembers the number of a place, so that the log need not look for it each
// time: see [Log.AppendAt]. The zero value is ready. It belongs to one log.
type Spot struct {
	block   uint64 // first of the block whose number it is
	n       int    // 0 while there is none
	pid, fd int
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

// inPlace are the fields that are not in a block's mask: the place has them.
const inPlace = hasNode | hasProc | hasPID | hasPort | hasPeer | hasPath | hasOp | hasFD

// An encoder has what appending to a block needs and reading it doesn't. It
// belongs to the newest block alone.
type encoder struct {
	index  map[place]int
	recent [64]struct {
		place
		n int
	} // what index says about the places used last, by a hash of theirs
	nowhere Spot // for events that come without one
	frames  [64]struct {
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

// place appends who and where an event is about to w, the end of b, and remembers it
// at s, if there is one.
func (c *encoder) place(b *block, e *Event, s *Spot, w []byte) []byte {
	if s == nil {
		s = &c.nowhere
	}
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
		*s = Spot{b.first, slot.n, e.PID, e.FD}
		return binary.AppendUvarint(w, uint64(slot.n))
	}
	at := placeOf(e)
	n, known := c.index[at]
	switch {
	case known:
		w = binary.AppendUvarint(w, uint64(n))
	case b.placed == maxPlaces:
		return at.appendTo(append(w, 0))
	default:
		b.places[b.placed] = at
		b.placed++
		n = b.placed
		c.index[at] = n
		w = at.appendTo(append(w, 0))
	}
	slot.place, slot.n = at, n
	*s = Spot{b.first, n, e.PID, e.FD}
	return w
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

// append adds an event to b, which has room for it.
func (c *encoder) append(b *block, e *Event, s *Spot) {
	if n := int(b.marked.Load()); len(b.buf) >= n*markEvery && n < maxMarks {
		b.marks[n] = mark{e.Seq, len(b.buf), b.placed, b.at}
		b.marked.Store(int32(n + 1))
	}
	data := e.Data[:min(len(e.Data), MaxField)]
	from, same := 0, false
	if len(data) > 0 {
		from, same = c.same(b, e.Frame, data)
	}
	at, began := e.At-b.at, e.At-e.Began
	b.at = e.At
	m := bit(at != 0, hasAt) | bit(e.Len != 0, hasLen) | bit(e.N != 0, hasN) | bit(e.Errno != 0, hasErrno) | bit(began != 0, hasBegan) |
		bit(e.Fuel != 0, hasFuel) | bit(e.Frame != 0, hasFrame) | bit(linkAndHead(e) != 0, hasLink) | bit(e.Text != "", hasText) |
		bit(same, hasSame) | bit(!same && len(data) > 0, hasData)
	w := binary.AppendUvarint(append(b.buf, byte(e.Kind)), m)
	if at != 0 {
		w = binary.AppendVarint(w, int64(at))
	}
	if e.Len != 0 {
		w = binary.AppendVarint(w, int64(e.Len))
	}
	if e.N != 0 {
		w = binary.AppendVarint(w, e.N)
	}
	if e.Errno != 0 {
		w = binary.AppendUvarint(w, uint64(e.Errno))
	}
	if began != 0 {
		w = binary.AppendVarint(w, int64(began))
	}
	if e.Fuel != 0 {
		w = binary.AppendVarint(w, e.Fuel)
	}
	if e.Frame != 0 {
		w = binary.AppendUvarint(w, e.Frame)
	}
	if m&hasLink != 0 {
		w = binary.AppendUvarint(w, linkAndHead(e))
	}
	if s != nil && s.n > 0 && s.block == b.first && s.pid == e.PID && s.fd == e.FD {
		w = binary.AppendUvarint(w, uint64(s.n))
	} else {
		w = c.place(b, e, s, w)
	}
	if e.Text != "" {
		w = appendString(w, e.Text)
	}
	switch {
	case same:
		w = binary.AppendUvarint(binary.AppendUvarint(w, uint64(from)), uint64(len(data)))
	case len(data) > 0:
		w = binary.AppendUvarint(w, uint64(len(data)))
		if e.Frame != 0 {
			f := &c.frames[e.Frame%uint64(len(c.frames))]
			f.id, f.off, f.len = e.Frame, len(w), len(data)
		}
		w = append(w, data...)
	}
	b.buf = w
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
	if !e.Kind.Valid() || m > hasAll || m&inPlace != 0 {
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
	if m&hasLink != 0 {
		e.Link, e.Head = r.link()
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
