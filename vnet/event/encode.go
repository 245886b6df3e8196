package event

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"wireloom/vnet/packet"
)

// By itself, outside of a log's blocks, an event is encoded as its kind, a bit mask
// of the fields that are not zero, and those fields: numbers as varints, strings and
// bytes with their length in front.

// Version is the version of the encoding in blocks, which the run's hash is taken
// over: a change of it changes every hash.
const Version = 3

// The fields that an event has in a block come first, so that their mask is short.
const (
	hasAt = 1 << iota
	hasLen
	hasN
	hasErrno
	hasBegan
	hasFuel
	hasFrame
	hasLink // and Head: see linkAndHead
	hasText
	hasData
	hasSame // in a block, in the place of hasData: the data is in the block already
	hasNode
	hasProc
	hasPID
	hasPort
	hasPeer
	hasPath
	hasOp
	hasFD
	hasAll = 1<<iota - 1
)

// linkBits is how many bits of a link and a head in one number are the link's.
const linkBits = 3

func linkAndHead(e *Event) uint64 { return uint64(e.Head)<<linkBits | uint64(e.Link) }

// MaxField is the largest string or data, in bytes, that an event carries. What
// is longer is cut by Append, which a frame or a call never needs: a device takes
// at most 64 KiB.
const MaxField = 1 << 20

func bit(set bool, mask uint64) uint64 {
	if set {
		return mask
	}
	return 0
}

func mask(e *Event) uint64 {
	return bit(e.At != 0, hasAt) | bit(e.Node != "", hasNode) | bit(e.Proc != "", hasProc) | bit(e.PID != 0, hasPID) |
		bit(e.Port != "", hasPort) | bit(e.Peer != "", hasPeer) | bit(e.Path != "", hasPath) | bit(e.Op != "", hasOp) |
		bit(e.FD != 0, hasFD) | bit(e.Len != 0, hasLen) | bit(e.N != 0, hasN) | bit(e.Errno != 0, hasErrno) |
		bit(e.Began != 0, hasBegan) | bit(e.Fuel != 0, hasFuel) | bit(e.Frame != 0, hasFrame) |
		bit(linkAndHead(e) != 0, hasLink) | bit(e.Text != "", hasText) | bit(len(e.Data) != 0, hasData)
}

func appendString(b []byte, s string) []byte {
	s = s[:min(len(s), MaxField)]
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// AppendTo appends the encoding of e by itself, without Seq, which is its place.
func (e *Event) AppendTo(b []byte) []byte {
	m := mask(e)
	b = append(b, byte(e.Kind))
	b = binary.AppendUvarint(b, m)
	for _, s := range [...]struct {
		bit uint64
		v   int64
	}{
		{hasAt, int64(e.At)},
		{hasPID, int64(e.PID)},
		{hasFD, int64(e.FD)},
		{hasLen, int64(e.Len)},
		{hasN, e.N},
		{hasErrno, int64(e.Errno)},
		{hasBegan, int64(e.Began)},
		{hasFuel, e.Fuel},
	} {
		if m&s.bit != 0 {
			b = binary.AppendVarint(b, s.v)
		}
	}
	if m&hasFrame != 0 {
		b = binary.AppendUvarint(b, e.Frame)
	}
	if m&hasLink != 0 {
		b = binary.AppendUvarint(b, linkAndHead(e))
	}
	for _, s := range [...]struct {
		bit uint64
		v   string
	}{
		{hasNode, e.Node},
		{hasProc, e.Proc},
		{hasPort, e.Port},
		{hasPeer, e.Peer},
		{hasPath, e.Path},
		{hasOp, e.Op},
		{hasText, e.Text},
	} {
		if m&s.bit != 0 {
			b = appendString(b, s.v)
		}
	}
	if m&hasData != 0 {
		d := e.Data[:min(len(e.Data), MaxField)]
		b = binary.AppendUvarint(b, uint64(len(d)))
		b = append(b, d...)
	}
	return b
}

var errShort = errors.New("event: the encoding ends too early")

// A reader takes fields off an encoding; after the first error it yields zeros.
type reader struct {
	b   []byte
	err error
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.b = nil
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail(errShort)
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.fail(errShort)
		return 0
	}
	r.b = r.b[n:]
	return v
}

// link takes a link and a head, which must be ones that this version knows.
func (r *reader) link() (packet.Link, uint8) {
	v := r.uvarint()
	l, head := packet.Link(v&(1<<linkBits-1)), v>>linkBits
	if !l.Valid() || head > 255 {
		r.fail(fmt.Errorf("event: link and head %#x are none that this version knows", v))
		return 0, 0
	}
	return l, uint8(head)
}

func (r *reader) bytes() []byte {
	n := r.uvarint()
	if n > MaxField || n > uint64(len(r.b)) {
		r.fail(errShort)
		return nil
	}
	p := r.b[:n:n]
	r.b = r.b[n:]
	return p
}

// Decode takes one event off the front of b and returns what follows it. The
// event's Data is a part of b. Seq is not in the encoding and stays 0.
func Decode(b []byte) (e Event, rest []byte, err error) {
	if len(b) == 0 {
		return e, nil, errShort
	}
	e.Kind = Kind(b[0])
	if !e.Kind.Valid() {
		return e, nil, fmt.Errorf("event: kind %d is not one that this version knows", b[0])
	}
	r := reader{b: b[1:]}
	m := r.uvarint()
	if m > hasAll || m&hasSame != 0 {
		return e, nil, fmt.Errorf("event: field mask %#x has bits that this version does not know", m)
	}
	num := func(bit uint64) int64 {
		if m&bit == 0 {
			return 0
		}
		return r.varint()
	}
	str := func(bit uint64) string {
		if m&bit == 0 {
			return ""
		}
		return string(r.bytes())
	}
	e.At = time.Duration(num(hasAt))
	e.PID = int(num(hasPID))
	e.FD = int(num(hasFD))
	e.Len = int(num(hasLen))
	e.N = num(hasN)
	e.Errno = uint16(num(hasErrno))
	e.Began = time.Duration(num(hasBegan))
	e.Fuel = num(hasFuel)
	if m&hasFrame != 0 {
		e.Frame = r.uvarint()
	}
	if m&hasLink != 0 {
		e.Link, e.Head = r.link()
	}
	e.Node, e.Proc, e.Port, e.Peer = str(hasNode), str(hasProc), str(hasPort), str(hasPeer)
	e.Path, e.Op, e.Text = str(hasPath), str(hasOp), str(hasText)
	if m&hasData != 0 {
		e.Data = r.bytes()
	}
	if r.err != nil {
		return Event{}, nil, r.err
	}
	return e, r.b, nil
}
