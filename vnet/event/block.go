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
//   - A name is its number in the block's list of names, or 0 and then its text,
//     which gives it the next number. Text, which seldom repeats, is spelled out.
//   - Data that the block already holds for the same frame is where that is: a
//     frame's bytes, which each hop's event carries, are stored and hashed once.
//
// A block needs nothing from outside of it to be read, and where one ends depends on
// the events alone.
//
// The loop writes a block while viewers read what it has published (Log.next): so
// nothing that they look at moves or changes once it is written.
type block struct {
	first uint64 // Seq of its first event
	whole []byte // room for blockSize bytes, or for one larger event
	names *[maxNames]string
	marks *[maxMarks]mark

	marked atomic.Int32 // how many marks are written

	// The writer's own.
	buf   []byte // the part of whole that is written
	named int    // names
	at    time.Duration

	shared bool // a viewer may read it, or did; guarded by Log.mu
}

// A mark is a place in a block where reading can begin: the first event after every
// markEvery bytes.
type mark struct {
	seq   uint64
	off   int
	names int
	at    time.Duration
}

const (
	blockSize = 64 << 10
	maxNames  = 256 // in a block; further ones are spelled out each time
	markEvery = 1 << 10
	maxMarks  = blockSize / markEvery
)

func newBlock(first uint64, size int) *block {
	b := &block{first: first, whole: make([]byte, max(blockSize, size)), names: new([maxNames]string), marks: new([maxMarks]mark)}
	b.buf = b.whole[:0]
	return b
}

// renew makes a block that nobody reads any more a new one.
func (b *block) renew(first uint64) {
	b.first, b.buf, b.named, b.at = first, b.buf[:0], 0, 0
	b.marked.Store(0)
}

// hasSame takes the place of hasData where the data is in the block already.
const hasSame = hasAll + 1

// An encoder has what appending to a block needs and reading it doesn't. It
// belongs to the newest block alone.
type encoder struct {
	index  map[string]int
	recent [64]struct {
		name string
		n    int
	} // what index says about the names used last, by a hash of theirs
	frames [64]struct {
		id       uint64
		off, len int
	} // where the data of the frames seen last is, by their identity
}

// reset prepares for a new block.
func (c *encoder) reset() {
	if c.index == nil {
		c.index = map[string]int{}
	}
	clear(c.index)
	clear(c.recent[:])
	clear(c.frames[:])
}

// name appends a name to b's encoding.
func (c *encoder) name(b *block, s string) {
	s = s[:min(len(s), MaxField)]
	slot := &c.recent[(len(s)*7+int(s[0])+int(s[len(s)-1])*5+int(s[len(s)/2])*3)%len(c.recent)]
	if slot.name == s {
		b.buf = binary.AppendUvarint(b.buf, uint64(slot.n))
		return
	}
	n, known := c.index[s]
	switch {
	case known:
		b.buf = binary.AppendUvarint(b.buf, uint64(n))
	case b.named == maxNames:
		b.buf = appendString(append(b.buf, 0), s)
		return
	default:
		b.names[b.named] = s
		b.named++
		n = b.named
		c.index[s] = n
		b.buf = appendString(append(b.buf, 0), s)
	}
	slot.name, slot.n = s, n
}

// same reports whether the block holds data for this frame already, and where.
func (c *encoder) same(b *block, id uint64, data []byte) (off int, ok bool) {
	f := &c.frames[id%uint64(len(c.frames))]
	return f.off, id != 0 && f.id == id && bytes.Equal(b.buf[f.off:f.off+f.len], data)
}

// append adds an event to b.
func (c *encoder) append(b *block, e *Event) {
	if n := int(b.marked.Load()); len(b.buf) >= n*markEvery && n < maxMarks {
		b.marks[n] = mark{e.Seq, len(b.buf), b.named, b.at}
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
	m = m&^(hasAt|hasBegan) | bit(at != 0, hasAt) | bit(began != 0, hasBegan)
	b.at = e.At
	w := binary.AppendUvarint(append(b.buf, byte(e.Kind)), m)
	if m&hasAt != 0 {
		w = binary.AppendVarint(w, int64(at))
	}
	if m&hasPID != 0 {
		w = binary.AppendVarint(w, int64(e.PID))
	}
	if m&hasFD != 0 {
		w = binary.AppendVarint(w, int64(e.FD))
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
	if m&hasNode != 0 {
		c.name(b, e.Node)
	}
	if m&hasProc != 0 {
		c.name(b, e.Proc)
	}
	if m&hasPort != 0 {
		c.name(b, e.Port)
	}
	if m&hasPeer != 0 {
		c.name(b, e.Peer)
	}
	if m&hasPath != 0 {
		c.name(b, e.Path)
	}
	if m&hasOp != 0 {
		c.name(b, e.Op)
	}
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
	b     *block
	whole []byte // the block's bytes, those included that are not written yet
	seq   uint64
	at    time.Duration
	names int
	r     reader
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
	return cursor{b: b, whole: whole, seq: max(at.seq, b.first), at: at.at, names: at.names, r: reader{b: whole[at.off:]}}
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
	if !e.Kind.Valid() || m >= 2*hasSame {
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
	e.PID, e.FD, e.Len, e.N = int(num(hasPID)), int(num(hasFD)), int(num(hasLen)), num(hasN)
	if m&hasErrno != 0 {
		e.Errno = uint16(r.uvarint())
	}
	e.Began = e.At - time.Duration(num(hasBegan))
	e.Fuel = num(hasFuel)
	if m&hasFrame != 0 {
		e.Frame = r.uvarint()
	}
	for _, f := range [...]struct {
		bit uint64
		s   *string
	}{{hasNode, &e.Node}, {hasProc, &e.Proc}, {hasPort, &e.Port}, {hasPeer, &e.Peer}, {hasPath, &e.Path}, {hasOp, &e.Op}} {
		if m&f.bit != 0 {
			*f.s = c.name()
		}
	}
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

// name takes a name; a new one is the next of the block's list while there is room.
func (c *cursor) name() string {
	n := c.r.uvarint()
	if n == 0 {
		text := c.r.bytes()
		if c.names == maxNames {
			return string(text)
		}
		c.names++
		n = uint64(c.names)
	}
	if n > uint64(c.names) || c.r.err != nil {
		c.r.fail(errShort)
		return ""
	}
	return c.b.names[n-1]
}
