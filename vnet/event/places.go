package event

import (
	"encoding/binary"
	"hash/maphash"
)

// A place is what the events of one kind of thing at one spot have in common: those
// of a process that reads a descriptor, or of frames on a link.
type place struct {
	node, proc, port, peer, path, op string
	pid, fd                          int
}

const (
	maxPlaces = 256 // in a block; further ones are spelled out each time
	placeText = 6   // strings of a place
)

func placeOf(e *Event) place {
	return place{e.Node, e.Proc, e.Port, e.Peer, e.Path, e.Op, e.PID, e.FD}
}

// texts are the place's strings, in the order in which they are written.
func (p *place) texts() [placeText]*string {
	return [...]*string{&p.node, &p.proc, &p.port, &p.peer, &p.path, &p.op}
}

// numbered reports whether the place gets a number in its block. One with numbers of more than
// 32 bits, which no system has, is spelled out each time.
func (p *place) numbered() bool {
	return p.pid == int(int32(p.pid)) && p.fd == int(int32(p.fd))
}

func (p *place) appendTo(b []byte) []byte {
	for _, s := range p.texts() {
		b = appendString(b, *s)
	}
	return binary.AppendVarint(binary.AppendVarint(b, int64(p.pid)), int64(p.fd))
}

func (r *reader) place() (p place) {
	for _, s := range p.texts() {
		*s = string(r.bytes())
	}
	p.pid, p.fd = int(r.varint()), int(r.varint())
	return p
}

// A block of 64 KiB in which somebody types has hundreds of places, since each command has a pid
// of its own, and few names: so a place is kept as numbers of names.
type places struct {
	spots *[maxPlaces]spot
	near  *[nearNames]string                                     // the names from 1 on
	far   [(maxNames - nearNames) / someNames]*[someNames]string // and those behind, where there are so many

	// The writer's own: how many are written.
	placed, named int
}

// A spot is a place as numbers of names, 0 for "".
type spot struct {
	names   [placeText]uint16
	pid, fd int32
}

const (
	nearNames = 44
	someNames = 64
	maxNames  = nearNames + (placeText*maxPlaces-nearNames+someNames-1)/someNames*someNames // that many at least
)

// name is that of a number.
func (b *places) name(n uint16) string {
	switch i := int(n) - 1; {
	case i < 0:
		return ""
	case i < nearNames:
		return b.near[i]
	default:
		i -= nearNames
		return b.far[i/someNames][i%someNames]
	}
}

// placeAt is the place of a number, from 1. Viewers ask for it when an event that has it was
// published.
func (b *places) placeAt(n int) (p place) {
	s := &b.spots[n-1]
	for i, to := range p.texts() {
		*to = b.name(s.names[i])
	}
	p.pid, p.fd = int(s.pid), int(s.fd)
	return p
}

// is reports whether a place has a number.
func (b *places) is(n uint16, p *place) bool {
	s := &b.spots[n-1]
	if s.pid != int32(p.pid) || s.fd != int32(p.fd) {
		return false
	}
	for i, text := range p.texts() {
		if b.name(s.names[i]) != *text {
			return false
		}
	}
	return true
}

// An index finds the numbers of the newest block's places and names: each is where its hash
// says or behind, 0 is none.
type index struct {
	places [2 * maxPlaces]uint16
	names  [2048]uint16
}

func (x *index) reset() {
	clear(x.places[:])
	clear(x.names[:])
}

// hashSeed is another one in each process: what is found does not depend on it.
var hashSeed = maphash.MakeSeed()

// find returns where the number of a place is: it is 0 if the place has none yet, and there is
// none where it gets none.
func (x *index) find(b *block, at *place) *uint16 {
	if !at.numbered() {
		return nil
	}
	for i := uint(maphash.Comparable(hashSeed, *at)); ; i++ {
		if n := &x.places[i%uint(len(x.places))]; *n == 0 || b.is(*n, at) {
			return n
		}
	}
}

// add gives a place the next number.
func (x *index) add(b *block, at *place) (n int) {
	s := &b.spots[b.placed]
	for i, text := range at.texts() {
		s.names[i] = x.name(b, *text)
	}
	s.pid, s.fd = int32(at.pid), int32(at.fd)
	b.placed++
	return b.placed
}

// name is the number of a name, which gets the next one if it has none.
func (x *index) name(b *block, text string) uint16 {
	if text == "" {
		return 0
	}
	for i := uint(maphash.String(hashSeed, text)); ; i++ {
		n := &x.names[i%uint(len(x.names))]
		if *n == 0 {
			*n = b.addName(text)
		} else if b.name(*n) != text {
			continue
		}
		return *n
	}
}

// addName gives a name the next number.
func (b *places) addName(text string) uint16 {
	if i := b.named; i < nearNames {
		b.near[i] = text
	} else {
		i -= nearNames
		some := &b.far[i/someNames]
		if *some == nil {
			*some = new([someNames]string)
		}
		(*some)[i%someNames] = text
	}
	b.named++
	return uint16(b.named)
}
