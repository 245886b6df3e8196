package recording

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"wireloom/vnet/config"
)

// Limits of the frames that came in by the doors of a lab. They are apart from its other
// commands: those are what people did, and these are what machines send.
const (
	MaxEntered      = 1 << 20   // frames
	MaxEnteredBytes = 256 << 20 // bytes of all of them as AppendTo writes them
	maxPort         = 64        // bytes of a port's name
)

// FormatDoors is the version of the form of a recording into which frames came by doors:
// Format with one file more.
const FormatDoors = 3

// An Entered is a frame that came in by a door: a vnet.Enter with its place in the run.
type Entered struct {
	After int    // commands of the recording that came before it
	At    int64  // virtual nanoseconds
	Step  uint64 // steps that the loop had taken
	Port  string
	Frame []byte
}

// AppendTo appends the form that a recording has: four numbers as varints, and the port's
// name and the frame, each behind its length.
func (e *Entered) AppendTo(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(e.After))
	b = binary.AppendUvarint(b, uint64(e.At))
	b = binary.AppendUvarint(b, e.Step)
	b = binary.AppendUvarint(b, uint64(len(e.Port)))
	b = append(b, e.Port...)
	b = binary.AppendUvarint(b, uint64(len(e.Frame)))
	return append(b, e.Frame...)
}

// An enteredReader reads what AppendTo has written, which may be a stranger's: each frame
// has a place that can follow the one before it.
type enteredReader struct {
	r    *bufio.Reader
	n    int     // frames that were read
	last Entered // its frame and port are good until the next
}

func newEnteredReader(r io.Reader) *enteredReader {
	return &enteredReader{r: bufio.NewReaderSize(io.LimitReader(r, MaxEnteredBytes+1), 64<<10)}
}

// next reads a frame; io.EOF after the last.
func (r *enteredReader) next() (*Entered, error) {
	if _, err := r.r.Peek(1); errors.Is(err, io.EOF) {
		return nil, io.EOF
	}
	fail := func(what string) (*Entered, error) {
		return nil, fmt.Errorf("recording: %s: frame %d %s", doorsFile, r.n+1, what)
	}
	if r.n >= MaxEntered {
		return nil, fmt.Errorf("recording: %s: it has more than %d frames", doorsFile, MaxEntered)
	}
	var numbers [3]uint64
	for i := range numbers {
		n, err := binary.ReadUvarint(r.r)
		if err != nil {
			return fail("is not whole")
		}
		numbers[i] = n
	}
	e, was := &r.last, r.last
	if numbers[0] > MaxCommands || numbers[1] > uint64(MaxTime) {
		return fail("is at a place that no lab gets to")
	}
	e.After, e.At, e.Step = int(numbers[0]), int64(numbers[1]), numbers[2]
	if e.After < was.After || e.At < was.At || e.Step < was.Step {
		return fail(fmt.Sprintf("is at %v, step %d, and the one before it at %v, step %d", time.Duration(e.At), e.Step, time.Duration(was.At), was.Step))
	}
	port, ok := r.bytes(nil, maxPort)
	if !ok {
		return fail("names no port")
	}
	e.Port = string(port)
	if e.Frame, ok = r.bytes(e.Frame, config.MaxFrame); !ok {
		return fail("is not whole")
	}
	r.n++
	return e, nil
}

// bytes reads a length, which is checked, and so many bytes.
func (r *enteredReader) bytes(into []byte, limit int) ([]byte, bool) {
	n, err := binary.ReadUvarint(r.r)
	if err != nil || n > uint64(limit) {
		return nil, false
	}
	if uint64(cap(into)) < n {
		into = make([]byte, n)
	}
	into = into[:n]
	_, err = io.ReadFull(r.r, into)
	return into, err == nil
}
