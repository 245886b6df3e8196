// Package fabric is what frames travel on, as values: a frame, and each direction of a
// link. It decides; the lab that owns it logs, sets timers and moves the frames.
package fabric

// A Frame is a frame on its way through the fabric. Copies that a switch floods share
// the bytes, so that nobody changes them: who wants others makes a new frame of the
// pool. The last one to arrive returns them to the pool.
type Frame struct {
	ID   uint64
	Data []byte
	refs int
	trail
}

// Share counts one more owner of the frame.
func (f *Frame) Share() { f.refs++ }

// frameWeight is how many bytes a frame in flight counts besides its data.
const frameWeight = 256

// Weight is how many bytes a frame counts for each link that it is on. Copies that share
// its data count it each: which of them is the last can't be told.
func (f *Frame) Weight() int64 { return int64(cap(f.Data)) + frameWeight }

// maxPooled bounds the memory that an idle lab keeps for frames, and maxPooledBytes
// that of one.
const (
	maxPooled      = 256
	maxPooledBytes = 16384
)

// A Pool makes a lab's frames and gives them their identities. Once it is warm a frame
// costs no allocation.
type Pool struct {
	free []*Frame
	last uint64
}

// NewID returns the identity of a frame that enters the fabric: from 1.
func (p *Pool) NewID() uint64 {
	p.last++
	return p.last
}

// New returns a frame with a copy of data, which has one owner.
func (p *Pool) New(data []byte, id uint64) *Frame {
	var f *Frame
	if n := len(p.free); n > 0 {
		f = p.free[n-1]
		p.free = p.free[:n-1]
	} else {
		f = &Frame{Data: make([]byte, 0, 2048)}
	}
	f.ID, f.refs = id, 1
	f.born, f.hops, f.cables, f.known = 0, 0, nil, nil
	f.Data = append(f.Data[:0], data...)
	return f
}

// Change returns a frame with other bytes and the identity and the way of f, which stays
// as it is: a frame is copied before it is changed. It has one owner.
func (p *Pool) Change(f *Frame, data []byte) *Frame {
	g := p.New(data, f.ID)
	g.trail = f.trail.clone()
	return g
}

// Release ends an owner's hold on the frame. The last one returns it to the pool.
func (p *Pool) Release(f *Frame) {
	f.refs--
	if f.refs == 0 && len(p.free) < maxPooled && cap(f.Data) <= maxPooledBytes {
		p.free = append(p.free, f)
	}
}
