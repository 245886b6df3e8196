package stream

import (
	"math/rand/v2"
	"slices"
	"testing"

	"wireloom/vnet/inet/tcp/wire"
)

func TestWhatIsInsertedIsMerged(t *testing.T) {
	type spans = []wire.Span
	for _, c := range []struct {
		name string
		have spans
		s    wire.Span
		from uint32
		want spans
	}{
		{"the first", nil, wire.Span{Start: 10, End: 20}, 10, spans{{Start: 10, End: 20}}},
		{"apart", spans{{Start: 10, End: 20}}, wire.Span{Start: 30, End: 40}, 30, spans{{Start: 10, End: 20}, {Start: 30, End: 40}}},
		{"before all", spans{{Start: 30, End: 40}}, wire.Span{Start: 10, End: 20}, 10, spans{{Start: 10, End: 20}, {Start: 30, End: 40}}},
		{"it touches two", spans{{Start: 10, End: 20}, {Start: 30, End: 40}}, wire.Span{Start: 20, End: 30}, 20, spans{{Start: 10, End: 40}}},
		{"what came first stays at its end", spans{{Start: 10, End: 20}}, wire.Span{Start: 15, End: 25}, 20, spans{{Start: 10, End: 25}}},
		{"it wins over what begins behind it", spans{{Start: 20, End: 30}}, wire.Span{Start: 15, End: 25}, 15, spans{{Start: 15, End: 30}}},
		{"all of it is there", spans{{Start: 10, End: 40}}, wire.Span{Start: 15, End: 25}, 25, spans{{Start: 10, End: 40}}},
		{"numbers wrap", spans{{Start: 0xfffffff0, End: 5}}, wire.Span{Start: 5, End: 10}, 5, spans{{Start: 0xfffffff0, End: 10}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := Ahead{spans: slices.Clone(c.have)}
			if from := a.Insert(c.s); from != c.from || !slices.Equal(a.Spans(), c.want) {
				t.Errorf("from %d, %v; want from %d, %v", from, a.Spans(), c.from, c.want)
			}
		})
	}
}

// What the peer is told: the newest block first, with what touches it (RFC 2018, 4).
func TestBlocksAreToldNewestFirst(t *testing.T) {
	var a Ahead
	note := func(start, end uint32, want ...wire.Span) {
		t.Helper()
		a.Insert(wire.Span{Start: start, End: end})
		a.Note(wire.Span{Start: start, End: end}, 3)
		if !slices.Equal(a.Blocks(), want) {
			t.Errorf("after %d to %d: %v, want %v", start, end, a.Blocks(), want)
		}
	}
	span := func(start, end uint32) wire.Span { return wire.Span{Start: start, End: end} }
	note(10, 20, span(10, 20))
	note(30, 40, span(30, 40), span(10, 20))
	note(50, 60, span(50, 60), span(30, 40), span(10, 20))
	note(20, 30, span(10, 40), span(50, 60))
	note(70, 80, span(70, 80), span(10, 40), span(50, 60))
	note(90, 99, span(90, 99), span(70, 80), span(10, 40))
	if end := a.Reach(10); end != 40 || !slices.Equal(a.Blocks(), []wire.Span{span(90, 99), span(70, 80)}) {
		t.Errorf("the stream reaches %d, and the peer is told %v", end, a.Blocks())
	}
	a.ForgetBlocks()
	if len(a.Blocks()) != 0 || a.Len() != 3 {
		t.Errorf("%d blocks, %d pieces", len(a.Blocks()), a.Len())
	}
}

// A stream that comes in any order, twice and in overlapping pieces is the same stream.
func TestAStreamIsPutTogetherFromItsPieces(t *testing.T) {
	const size = 500
	base := uint32(0xffffff80) // numbers wrap
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		var want [size]byte
		for i := range want {
			want[i] = byte(r.Uint32())
		}
		var p Pool
		var q Buffer
		var a Ahead
		next := base
		for next != base+size {
			start := int(next-base) + r.IntN(60)
			end := min(start+1+r.IntN(80), size)
			if start >= end {
				continue
			}
			s := wire.Span{Start: base + uint32(start), End: base + uint32(end)}
			from := a.Insert(s)
			if data := want[from-base : end]; len(data) > 0 {
				q.Put(&p, int(from-next), data)
			}
			end32 := a.Reach(next)
			q.Extend(int(end32 - next))
			next = end32
			for i, s := range a.Spans() {
				if !wire.After(s.Start, next) || !wire.Before(s.Start, s.End) || i > 0 && !wire.After(s.Start, a.Spans()[i-1].End) {
					t.Fatalf("seed %d: the pieces are %v behind %d", seed, a.Spans(), next)
				}
			}
		}
		if a.Any() || string(q.At(0, q.Len())) != string(want[:]) {
			t.Fatalf("seed %d: it is another stream", seed)
		}
	}
}
