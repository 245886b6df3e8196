package main

import (
	"encoding/binary"
	"fmt"
)

// The plain ring is the floor for a switch in one process: a copy into a ring, one
// look-up to learn and one to forward, the slot handed to the other ring by
// exchanging buffers, a copy out. No event, no clock, no process.

const ringSlots = 1024 // a power of two

type ringSlot struct {
	n   int
	buf []byte
}

// A ring is a bounded queue of frames whose buffers are its own.
type ring struct {
	slots      [ringSlots]ringSlot
	head, tail uint64 // frames put and taken so far
}

func newRing() *ring {
	r := &ring{}
	for i := range r.slots {
		r.slots[i].buf = make([]byte, 2048)
	}
	return r
}

// put copies a frame in; false if the ring is full.
func (r *ring) put(frame []byte) bool {
	if r.head-r.tail == ringSlots {
		return false
	}
	s := &r.slots[r.head%ringSlots]
	s.n = copy(s.buf, frame)
	r.head++
	return true
}

// get copies the oldest frame out; 0 if there is none.
func (r *ring) get(b []byte) int {
	if r.head == r.tail {
		return 0
	}
	s := &r.slots[r.tail%ringSlots]
	r.tail++
	return copy(b, s.buf[:s.n])
}

// peek is the oldest frame, left where it is; nil if there is none.
func (r *ring) peek() []byte {
	if r.head == r.tail {
		return nil
	}
	s := &r.slots[r.tail%ringSlots]
	return s.buf[:s.n]
}

// move hands the oldest frame to o by exchanging buffers; false if o is full or
// there is none.
func (r *ring) move(o *ring) bool {
	if r.head == r.tail || o.head-o.tail == ringSlots {
		return false
	}
	from, to := &r.slots[r.tail%ringSlots], &o.slots[o.head%ringSlots]
	from.buf, to.buf = to.buf, from.buf
	to.n = from.n
	r.tail++
	o.head++
	return true
}

// A ringSwitch learns which ring a station is behind and looks up where a frame
// goes.
type ringSwitch struct {
	stations map[uint64]*station
	now      int64
}

type station struct {
	port *ring
	seen int64
}

// address is the Ethernet address at the front of b as a number.
func address(b []byte) uint64 {
	return uint64(binary.BigEndian.Uint16(b))<<32 | uint64(binary.BigEndian.Uint32(b[2:]))
}

// forward learns the source of a frame that came in by a port and returns the port
// of its destination; nil where that is not known.
func (s *ringSwitch) forward(in *ring, frame []byte) *ring {
	src := address(frame[6:])
	if e := s.stations[src]; e != nil && e.port == in {
		e.seen = s.now
	} else if src>>40&1 == 0 {
		s.stations[src] = &station{in, s.now}
	}
	if e := s.stations[address(frame)]; e != nil {
		return e.port
	}
	return nil
}

// stations is how many a switch knows while it is measured.
const stations = 250

// stationMAC is the address of station i.
func stationMAC(i int) [6]byte { return [6]byte{2, 0, 0, 0, byte(i >> 8), byte(i)} }

// frameOf is a frame of size bytes from one station to another.
func frameOf(size, dst, src int) []byte {
	f := make([]byte, size)
	d, s := stationMAC(dst), stationMAC(src)
	copy(f, d[:])
	copy(f[6:], s[:])
	f[12], f[13] = 0x88, 0xb5 // IEEE 802: for experiments
	for i := 14; i < size; i++ {
		f[i] = byte(i * 7)
	}
	return f
}

// A ringPath is a switch between two rings: station 1 is behind a, the others are
// behind b.
type ringPath struct {
	a, b *ring
	sw   ringSwitch
	out  []byte
}

func newRingPath() *ringPath {
	p := &ringPath{a: newRing(), b: newRing(), out: make([]byte, 2048), sw: ringSwitch{stations: map[uint64]*station{}}}
	for i := range stations {
		mac := stationMAC(i)
		p.sw.stations[address(mac[:])] = &station{p.b, 0}
	}
	mac := stationMAC(1)
	p.sw.stations[address(mac[:])] = &station{p.a, 0}
	return p
}

// pass sends a frame from a to b and returns how many bytes arrived.
func (p *ringPath) pass(frame []byte) int {
	if !p.a.put(frame) {
		return 0
	}
	out := p.sw.forward(p.a, p.a.peek())
	if out == nil || !p.a.move(out) {
		return 0
	}
	return out.get(p.out)
}

// passAll sends a frame n times.
func (p *ringPath) passAll(frame []byte, n int) error {
	for range n {
		if got := p.pass(frame); got != len(frame) {
			return fmt.Errorf("the ring delivered %d of %d bytes", got, len(frame))
		}
	}
	return nil
}
