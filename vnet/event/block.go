package event

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
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
	first uint64 // Seq of its first event
	whole []byte // room for blockSize bytes, or for one larger event
	marks *[maxMarks]mark
	places

	marked atomic.Int32 // how many marks are written

	// The writer's own.
	end  int // of the part of whole that is written
	mark int // where the next mark is due
	at   time.Duration

	shared bool // a viewer may read it, or did; guarded by Log.mu
}

// A Site is where events happen often: the frames that a port sends, a process' reads of a
// file. It has what they have in common, which is all of an event that says where and who
// (see place), and remembers the number of that place: see [Log.AppendAt]. Who changes a
// place makes a new site. It belongs to one log.
type Site struct {
	Event
	block uint64 // first of the block whose number it is
	n     int    // 0 while there is none
	size  int    // sizeOf its events; 0 while there was none
}

// sizeOf is how many bytes an event may take in a block besides its data and text. Where
// a block ends depends on it.
func sizeOf(e *Event) int {
	return maxHead + len(e.Port) + len(e.Peer) + len(e.Path) + len(e.Node) + len(e.Proc) + len(e.Op)
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
	markEvery = 1 << 10
	maxMarks  = blockSize / markEvery
	maxHead   = 64 + 12*10 // bytes of an event in a block besides its strings and data: a bound
)

// A head is room for what an event begins with, which an index of eight bits and a word
// that is stored there can't leave. It reaches beyond the end of a block that is full.
type head [256 + 8]byte

// A room is the memory of a block: nine of the pages of 8 KiB that Go's runtime rounds to, and
// nearly full. The bytes without slack alone would take as much.
type room struct {
	near  [nearNames]string
	spots [maxPlaces]spot
	marks [maxMarks]mark
	bytes [blockSize + len(head{})]byte
}

func newBlock(first uint64, size int) *block {
	if size > blockSize {
		return &block{first: first, whole: make([]byte, size, size+len(head{})), marks: new([maxMarks]mark), places: places{spots: new([maxPlaces]spot), near: new([nearNames]string)}}
	}
	r := new(room)
	return &block{first: first, whole: r.bytes[:blockSize], marks: &r.marks, places: places{spots: &r.spots, near: &r.near}}
}

// renew makes a block that nobody reads any more a new one.
func (b *block) renew(first uint64) {
	b.first, b.end, b.mark, b.placed, b.named, b.at = first, 0, 0, 0, 0, 0
	b.marked.Store(0)
}

// inPlace are the fields that are not in a block's mask: the place has them.
const inPlace = hasNode | hasProc | hasPID | hasPort | hasPeer | hasPath | hasOp | hasFD

// An encoder has what appending to a block needs and reading it doesn't. It
// belongs to the newest block alone.
type encoder struct {
	index
	recent [64]struct {
		place
		n int
	} // what index says about the places used last, by a hash of theirs
	frames [64]seen // the frames seen last, by their identity
}

// A seen frame's data is in the block. Three of its four events say so again, with the
// same words.
type seen struct {
	id       uint64
	off, len int
	name     word // id
	where    word // off and len; empty until they were told
}

// A word is up to eight bytes of a block: what is behind its length may be anything.
type word struct {
	bytes uint64
	len   uint8
}

// reset prepares for a new block.
func (c *encoder) reset() {
	c.index.reset()
	clear(c.recent[:])
	clear(c.frames[:])
}

// place appends who and where an event is about to w, the end of b, and returns the number
// of that: 0 if it has none.
func (c *encoder) place(b *block, e *Event, w []byte) ([]byte, int) {
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
		return binary.AppendUvarint(w, uint64(slot.n)), slot.n
	}
	at := placeOf(e)
	number := c.find(b, &at)
	switch {
	case number == nil: // it gets none
		return at.appendTo(append(w, 0)), 0
	case *number > 0:
		w = binary.AppendUvarint(w, uint64(*number))
	case b.placed == maxPlaces:
		return at.appendTo(append(w, 0)), 0
	default:
		*number = uint16(c.add(b, &at))
		w = at.appendTo(append(w, 0))
	}
	slot.place, slot.n = at, int(*number)
	return w, slot.n
}

// uvarint and varint write a number at i and return where it ends: as in encoding/binary.

func (p *head) uvarint(i uint8, v uint64) uint8 {
	for v >= 0x80 {
		p[i] = byte(v) | 0x80
		v >>= 7
		i++
	}
	p[i] = byte(v)
	return i + 1
}

func (p *head) varint(i uint8, v int64) uint8 { return p.uvarint(i, uint64(v)<<1^uint64(v>>63)) }

// wordOf is a number as a varint, empty where that is longer than a word. It is made in a
// register: a word that is read where its bytes were just written has to wait for them.
func wordOf(v uint64) word {
	if v >= 1<<56 {
		return word{}
	}
	// Seven bits go into each byte: halves, quarters and eighths of the word are moved.
	x := v&(1<<28-1) | v>>28<<32
	x = x&0x00003fff_00003fff | x<<2&0x3fff0000_3fff0000
	x = x&0x007f007f_007f007f | x<<1&0x7f007f00_7f007f00
	n := uint8(bits.Len64(v|1)+6) / 7
	return word{x | 0x80808080_80808080&(1<<(8*(n-1))-1), n}
}

// put writes a word.
func (p *head) put(i uint8, w *word) uint8 {
	binary.LittleEndian.PutUint64(p[i:], w.bytes)
	return i + w.len
}

// append adds an event to b, which has room for it. s is its site, nil if it has none.
func (c *encoder) append(b *block, e *Event, s *Site) {
	if b.end >= b.mark {
		b.addMark(e.Seq)
	}
	data := e.Data
	if len(data) > MaxField {
		data = data[:MaxField]
	}
	link := linkAndHead(e)
	p := (*head)(b.whole[b.end : b.end+len(head{})])
	m, i := uint(0), uint8(2) // behind the kind and the mask, which is written last
	if link != 0 || e.Text != "" || len(data) > 0 {
		i = 3
	}
	if at := e.At - b.at; at != 0 {
		m |= hasAt
		i = p.varint(i, int64(at))
		b.at = e.At
	}
	if e.Len != 0 {
		m |= hasLen
		i = p.varint(i, int64(e.Len))
	}
	if e.N != 0 {
		m |= hasN
		i = p.varint(i, e.N)
	}
	if e.Errno != 0 {
		m |= hasErrno
		i = p.uvarint(i, uint64(e.Errno))
	}
	if began := e.At - e.Began; began != 0 {
		m |= hasBegan
		i = p.varint(i, int64(began))
	}
	if e.Fuel != 0 {
		m |= hasFuel
		i = p.varint(i, e.Fuel)
	}
	f := &c.frames[e.Frame%uint64(len(c.frames))]
	if e.Frame != 0 {
		m |= hasFrame
		if f.id == e.Frame && f.name.len > 0 {
			i = p.put(i, &f.name)
		} else {
			i = p.uvarint(i, e.Frame)
		}
	}
	if link != 0 {
		m |= hasLink
		i = p.uvarint(i, link)
	}
	end := b.end
	if s != nil && s.n > 0 && s.block == b.first {
		i = p.uvarint(i, uint64(s.n))
		end += int(i)
	} else {
		w, n := c.place(b, e, b.whole[b.end:b.end+int(i)])
		if s != nil {
			s.block, s.n = b.first, n
		}
		end += len(w)
	}
	if e.Text != "" {
		m |= hasText
		end += len(appendString(b.whole[end:end], e.Text))
	}
	switch {
	case len(data) == 0:
	case e.Frame != 0 && f.id == e.Frame && f.len == len(data) && bytes.Equal(b.whole[f.off:f.off+f.len], data):
		m |= hasSame
		end += f.tell((*head)(b.whole[end : end+len(head{})]))
	default:
		m |= hasData
		w := binary.AppendUvarint(b.whole[end:end], uint64(len(data)))
		end += len(w)
		if e.Frame != 0 {
			f.id, f.off, f.len, f.name, f.where.len = e.Frame, end, len(data), wordOf(e.Frame), 0
		}
		end += copy(b.whole[end:], data)
	}
	p[0], p[1] = byte(e.Kind), byte(m)
	if m >= hasLink {
		p[1], p[2] = byte(m)|0x80, byte(m>>7)
	}
	b.end = end
}

// tell writes where the frame's data is, and returns how long that is.
func (f *seen) tell(p *head) int {
	if f.where.len == 0 {
		off, n := wordOf(uint64(f.off)), wordOf(uint64(f.len))
		f.where = word{off.bytes | n.bytes<<(8*off.len), off.len + n.len} // of 4 bytes each: a block is shorter than 2^28
	}
	return int(p.put(0, &f.where))
}

// addMark notes that reading can begin at the event to come.
func (b *block) addMark(seq uint64) {
	n := int(b.marked.Load())
	if n == maxMarks { // of a block that one large event has made longer
		return
	}
	b.marks[n] = mark{seq, b.end, b.placed, b.at}
	b.marked.Store(int32(n + 1))
	b.mark = (n + 1) * markEvery
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
		if c.places == maxPlaces || c.r.err != nil || !p.numbered() {
			return p
		}
		c.places++
		n = uint64(c.places)
	}
	if n > uint64(c.places) {
		c.r.fail(errShort)
		return place{}
	}
	return c.b.placeAt(int(n))
}
