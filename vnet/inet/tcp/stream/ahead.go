package stream

import (
	"slices"

	"wireloom/vnet/inet/tcp/wire"
)

// Ahead says which bytes behind the end of a stream are there already, because they came before
// others: the BSDs' reassembly queue (tcp_reass), without the bytes. Those are in a [Buffer].
type Ahead struct {
	spans  []wire.Span // in order; none touches the next
	blocks []wire.Span // what the peer is told of them: newest first
}

// Any tells whether there are such bytes.
func (a *Ahead) Any() bool { return len(a.spans) > 0 }

// Len is how many pieces they are.
func (a *Ahead) Len() int { return len(a.spans) }

// Spans returns the pieces, in order, until they are changed.
func (a *Ahead) Spans() []wire.Span { return a.spans }

// Bytes is the memory of the lists.
func (a *Ahead) Bytes() int { return 8*cap(a.spans) + 8*cap(a.blocks) }

// Forget is for a stream that takes no more bytes.
func (a *Ahead) Forget() { a.spans = nil }

// Insert takes a piece. Where it overlaps what is there, what came first stays at its own end,
// and what came later wins over what begins behind it (tcp_reass): its bytes are to be written
// from on.
func (a *Ahead) Insert(s wire.Span) (from uint32) {
	i := 0
	for i < len(a.spans) && wire.Before(a.spans[i].End, s.Start) {
		i++
	}
	from, j := s.Start, i
	begin := s.Start
	for j < len(a.spans) && !wire.After(a.spans[j].Start, s.End) {
		if !wire.After(a.spans[j].Start, begin) {
			from = wire.Later(from, wire.Earlier(a.spans[j].End, s.End))
		}
		s.Start, s.End = wire.Earlier(s.Start, a.spans[j].Start), wire.Later(s.End, a.spans[j].End)
		j++
	}
	a.spans = slices.Replace(a.spans, i, j, s)
	return from
}

// Reach returns where a stream ends whose end was next, with what was held behind that. What it
// moves over is ahead no more.
func (a *Ahead) Reach(next uint32) (end uint32) {
	for len(a.spans) > 0 && a.spans[0].Start == next {
		next = a.spans[0].End
		a.spans = slices.Delete(a.spans, 0, 1)
	}
	a.blocks = slices.DeleteFunc(a.blocks, func(s wire.Span) bool { return !wire.After(s.Start, next) })
	return next
}

// Note makes s the newest block for the peer, with what touches it (RFC 2018, 4). Of more than
// limit the oldest are forgotten.
func (a *Ahead) Note(s wire.Span, limit int) {
	head := s
	a.blocks = slices.DeleteFunc(a.blocks, func(b wire.Span) bool {
		if !wire.After(b.Start, head.End) && !wire.Before(b.End, head.Start) {
			head.Start, head.End = wire.Earlier(head.Start, b.Start), wire.Later(head.End, b.End)
			return true
		}
		return false
	})
	a.blocks = slices.Insert(a.blocks, 0, head)
	if len(a.blocks) > limit {
		a.blocks = a.blocks[:limit]
	}
}

// Blocks returns the blocks for the peer, newest first, until they are changed.
func (a *Ahead) Blocks() []wire.Span { return a.blocks }

// ForgetBlocks is for bytes that came in order: there is nothing to tell.
func (a *Ahead) ForgetBlocks() { a.blocks = a.blocks[:0] }
