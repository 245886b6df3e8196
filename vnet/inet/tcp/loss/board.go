// Package loss is what a sender knows of the network: which bytes the peer has not got, how
// long a round trip takes, and how much may be on its way. These are values; a connection
// decides what to do.
package loss

import (
	"slices"

	"wireloom/vnet/inet/tcp/wire"
)

// A Hole is bytes that the peer has not got, while it has got later ones; they were sent
// again up to Resent.
type Hole struct{ Start, End, Resent uint32 }

// A Board says what the peer has (RFC 2018; RFC 6675 in the BSDs' form, tcp_sack.c): all up
// to Fack but the holes.
type Board struct {
	Holes  []Hole
	Fack   uint32
	Resent int // bytes of holes that were sent again
}

// Any tells whether there is a hole.
func (b *Board) Any() bool { return len(b.Holes) > 0 }

// Clear forgets the holes: the peer has what it acknowledged.
func (b *Board) Clear(una uint32) { b.Holes, b.Resent, b.Fack = b.Holes[:0], 0, una }

// Acked takes an ACK and its blocks: una is what was acknowledged before it, end where what
// was sent ends. Of more holes than limit the rest is not kept: it returns how many.
func (b *Board) Acked(una, ack, end uint32, blocks []wire.Span, limit int) (dropped int) {
	var have [wire.MaxBlocks + 1]wire.Span
	n := 0
	if wire.Before(una, ack) && b.Any() {
		have[0] = wire.Span{Start: una, End: ack}
		n = 1
	}
	for _, s := range blocks {
		if wire.Before(s.Start, s.End) && wire.After(s.Start, una) && wire.After(s.Start, ack) && wire.Before(s.Start, end) && !wire.After(s.End, end) {
			have[n] = s
			n++
		}
	}
	if n == 0 {
		return 0
	}
	if !b.Any() {
		b.Fack = wire.Later(una, ack)
	}
	slices.SortFunc(have[:n], func(x, y wire.Span) int { return int(int32(x.Start - y.Start)) })
	for _, s := range have[:n] {
		switch {
		case !wire.After(s.Start, b.Fack):
			dropped += b.fill(s, limit)
			b.Fack = wire.Later(b.Fack, s.End)
		case len(b.Holes) >= limit:
			dropped++
		default:
			b.Holes = append(b.Holes, Hole{b.Fack, s.Start, b.Fack})
			b.Fack = s.End
		}
	}
	b.Resent = 0
	for i := range b.Holes {
		b.Resent += int(b.Holes[i].Resent - b.Holes[i].Start)
	}
	return dropped
}

// fill takes the bytes of s out of the holes.
func (b *Board) fill(s wire.Span, limit int) (dropped int) {
	for i := len(b.Holes) - 1; i >= 0; i-- {
		h := &b.Holes[i]
		switch {
		case !wire.Before(s.Start, h.End), !wire.After(s.End, h.Start):
		case !wire.After(s.Start, h.Start) && !wire.Before(s.End, h.End):
			b.Holes = slices.Delete(b.Holes, i, i+1)
		case !wire.After(s.Start, h.Start):
			h.Start = s.End
			h.Resent = wire.Later(h.Resent, h.Start)
		case !wire.Before(s.End, h.End):
			h.End = s.Start
			h.Resent = wire.Earlier(h.Resent, h.End)
		case len(b.Holes) < limit:
			tail := Hole{s.End, h.End, wire.Later(h.Resent, s.End)}
			h.End = s.Start
			h.Resent = wire.Earlier(h.Resent, h.End)
			b.Holes = slices.Insert(b.Holes, i+1, tail)
		default:
			dropped++
		}
	}
	return dropped
}

// Next is the first hole of which something is still to be sent again, nil for none.
func (b *Board) Next() *Hole {
	for i := range b.Holes {
		if wire.Before(b.Holes[i].Resent, b.Holes[i].End) {
			return &b.Holes[i]
		}
	}
	return nil
}

// Again counts n bytes of a hole that are sent again.
func (b *Board) Again(h *Hole, n int) {
	h.Resent += uint32(n)
	b.Resent += n
}

// Skip returns the first from next on that the peer has not got.
func (b *Board) Skip(next uint32) uint32 {
	if !b.Any() || !wire.Before(next, b.Fack) {
		return next
	}
	for i := range b.Holes {
		if wire.Before(next, b.Holes[i].Start) {
			return b.Holes[i].Start
		}
		if wire.Before(next, b.Holes[i].End) {
			return next
		}
	}
	return b.Fack
}
