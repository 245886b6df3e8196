package pcap

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// maxBlock is how many bytes a block of a capture that is forwarded may have.
const maxBlock = SnapLen + 64<<10

// A Forwarder passes a capture on that another Wireloom writes, block by block, so that
// what arrives is whole whenever it ends.
type Forwarder struct {
	Packets uint64 // that were passed on
	Max     uint64 // after so many it ends; 0 for any number

	w       io.Writer
	missing map[uint32]uint64 // by interface, as it has counted last
	dropped map[uint32]uint64
	buf     []byte
}

// NewForwarder returns one that writes to w.
func NewForwarder(w io.Writer) *Forwarder {
	return &Forwarder{w: w, missing: map[uint32]uint64{}, dropped: map[uint32]uint64{}}
}

// Missing is how many packets the capture says are not in it, and Dropped how many the
// lab lost at its points.
func (f *Forwarder) Missing() uint64 { return sum(f.missing) }

// Dropped is described at Missing.
func (f *Forwarder) Dropped() uint64 { return sum(f.dropped) }

func sum(of map[uint32]uint64) (n uint64) {
	for _, x := range of {
		n += x
	}
	return n
}

// A WriteError is why a forwarder's writer took no more.
type WriteError struct{ Err error }

func (e *WriteError) Error() string { return e.Err.Error() }

// Unwrap is the writer's own error.
func (e *WriteError) Unwrap() error { return e.Err }

// Forward passes on what comes, until its end, which is no error where a block has ended
// with it. What it has read whole it has written.
func (f *Forwarder) Forward(from io.Reader) (err error) {
	r := bufio.NewReaderSize(from, 64<<10)
	w := bufio.NewWriterSize(f.w, 64<<10)
	defer func() {
		if werr := w.Flush(); werr != nil {
			err = &WriteError{werr}
		}
	}()
	for first := true; f.Max == 0 || f.Packets < f.Max; first = false {
		head, err := r.Peek(12)
		if len(head) == 0 && errors.Is(err, io.EOF) && !first {
			return nil
		}
		if err != nil {
			return ended(err)
		}
		typ, n := le.Uint32(head), le.Uint32(head[4:])
		switch {
		case first != (typ == blockSection) || first && le.Uint32(head[8:]) != byteOrder:
			return errors.New("what comes is no capture of this program's")
		case n < 16 || n%4 != 0 || n > maxBlock:
			return fmt.Errorf("what comes is no capture: a block of %d bytes", n)
		}
		if cap(f.buf) < int(n) {
			f.buf = make([]byte, max(n, 4<<10))
		}
		b := f.buf[:n]
		if _, err := io.ReadFull(r, b); err != nil {
			return ended(err)
		}
		switch typ {
		case blockPacket:
			f.Packets++
		case blockStatistics:
			f.count(b[8 : n-4])
		}
		if _, err = w.Write(b); err == nil && r.Buffered() == 0 {
			err = w.Flush()
		}
		if err != nil {
			return &WriteError{err}
		}
	}
	return nil
}

// ended is an error in the middle of a capture.
func ended(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// count reads what an interface has counted.
func (f *Forwarder) count(body []byte) {
	const fixed = 12
	if len(body) < fixed || len(f.missing) >= MaxInterfaces {
		return
	}
	iface := le.Uint32(body)
	for o := body[fixed:]; len(o) >= 4; {
		code, n := le.Uint16(o), int(le.Uint16(o[2:]))
		next := 4 + (n+3)&^3
		switch {
		case next > len(o):
			return
		case n == 8 && code == isbOSDrop:
			f.missing[iface] = le.Uint64(o[4:])
		case n == 8 && code == isbIfDrop:
			f.dropped[iface] = le.Uint64(o[4:])
		}
		o = o[next:]
	}
}
