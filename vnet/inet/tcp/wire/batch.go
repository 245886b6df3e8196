package wire

// A Batch is segments to send, in order, with the memory that their bytes are in. The zero
// Batch is empty.
type Batch struct {
	Segments []Segment

	bytes []byte // what Segments point to
}

// A rare burst leaves no memory behind: what a batch keeps of it, in bytes and in segments.
const (
	batchBytes    = 128 << 10
	batchSegments = 128
)

// Reset empties the batch and keeps its memory. Segments that it gave are good until then.
func (b *Batch) Reset() {
	clear(b.Segments)
	b.Segments, b.bytes = b.Segments[:0], b.bytes[:0]
	if cap(b.bytes) > batchBytes || cap(b.Segments) > batchSegments {
		b.Segments, b.bytes = nil, nil
	}
}

// Add appends a segment.
func (b *Batch) Add(s *Segment) { b.Segments = append(b.Segments, *s) }

// Keep copies p; what was returned before stays where it is even when the memory grows.
func (b *Batch) Keep(p []byte) []byte {
	if len(p) == 0 {
		return nil
	}
	return b.Written(append(b.bytes, p...))
}

// Tail is the memory to append to: [Batch.Written] gets what append returns.
func (b *Batch) Tail() []byte { return b.bytes }

// Written takes the memory of [Batch.Tail] with what was appended to it, and returns that, nil
// for nothing.
func (b *Batch) Written(bytes []byte) []byte {
	n := len(b.bytes)
	b.bytes = bytes
	if len(bytes) == n {
		return nil
	}
	return bytes[n:len(bytes):len(bytes)]
}
