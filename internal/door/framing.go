package door

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"wireloom/vnet/config"
	"wireloom/vnet/packet"
)

// QEMU's stream (net/stream.c, net/net.c: net_socket_rs_init): each frame behind its length,
// 32 bits, the most significant byte first. There is no greeting and no check sequence.

// MinFrame is the shortest that is a frame: two addresses and a type. Virtual machines do not
// pad theirs to 60 bytes.
const MinFrame = packet.EthernetLen

// lengthBytes is how many bytes the length before a frame has.
const lengthBytes = 4

// halfTimeout is how long a frame may take from its first byte to its last, in real time.
const halfTimeout = 10 * time.Second

// Errors of a stream that end it: behind them nobody knows where a frame begins.
var (
	errHalf  = errors.New("it went in the middle of a frame")
	errStall = fmt.Errorf("it sent the rest of a frame for no more than %v", halfTimeout)
)

// A tooLong is the length of a frame that no link carries.
type tooLong uint32

func (n tooLong) Error() string {
	return fmt.Sprintf("it sent a frame of %d bytes, and at most %d are allowed", uint32(n), config.MaxFrame)
}

// A deadliner is a stream that can give up reading.
type deadliner interface {
	io.Reader
	SetReadDeadline(at time.Time) error
}

// A frameReader takes frames off a stream.
type frameReader struct {
	from deadliner
	now  func() time.Time
	buf  []byte // of the frame that was read last
	head [lengthBytes]byte
}

// next returns the next frame, whose bytes are good until the one after it; io.EOF where the
// stream ends between two.
func (r *frameReader) next() ([]byte, error) {
	if err := r.from.SetReadDeadline(time.Time{}); err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(r.from, r.head[:1]); err != nil {
		return nil, err
	}
	if err := r.from.SetReadDeadline(r.now().Add(halfTimeout)); err != nil {
		return nil, err
	}
	if err := r.rest(r.head[1:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(r.head[:])
	if n > config.MaxFrame {
		return nil, tooLong(n)
	}
	if uint32(cap(r.buf)) < n {
		r.buf = make([]byte, n, max(n, 2048))
	}
	r.buf = r.buf[:n]
	return r.buf, r.rest(r.buf)
}

// rest reads what belongs to a frame that has begun.
func (r *frameReader) rest(b []byte) error {
	_, err := io.ReadFull(r.from, b)
	var late interface{ Timeout() bool }
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errHalf
	case errors.As(err, &late) && late.Timeout():
		return errStall
	}
	return err
}

// appendFrame appends a frame behind its length.
func appendFrame(b, frame []byte) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(frame))), frame...)
}
