package session

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"wireloom/vnet/event"
)

// A capture keeps the newest frames of a lab on disk: the frame events as they
// were appended, each with its length in front, in two segments. When the newer
// has half of the limit, the older is given up and its frames count as lost. So
// between half of the limit and all of it is there to download at any time.
//
// It belongs to the session's goroutine; what open returns is read elsewhere.
type capture struct {
	dir   *folder
	limit int64
	segs  []*segment // at most two, the older first
	made  int        // segments made so far, for their names
	lost  uint64     // frames
	buf   []byte
	err   error // writing failed: nothing more is captured
}

type segment struct {
	path   string
	file   *os.File
	w      *bufio.Writer
	size   int64
	frames uint64
}

// newCapture keeps at most limit bytes; none if that is negative.
func newCapture(dir *folder, limit int64) *capture {
	return &capture{dir: dir, limit: limit}
}

// add is a reader of the event log (event.Log.Subscribe).
func (c *capture) add(e *event.Event) {
	if e.Kind != event.Frame || c.limit < 0 {
		return
	}
	if c.err == nil {
		c.err = c.write(e)
	}
	if c.err != nil {
		c.lost++
	}
}

func (c *capture) write(e *event.Event) error {
	c.buf = e.AppendTo(append(c.buf[:0], 0, 0, 0, 0))
	binary.LittleEndian.PutUint32(c.buf, uint32(len(c.buf)-4))
	n := len(c.segs)
	if n == 0 || c.segs[n-1].size+int64(len(c.buf)) > c.limit/2 && c.segs[n-1].size > 0 {
		if err := c.rotate(); err != nil {
			return err
		}
	}
	s := c.segs[len(c.segs)-1]
	if _, err := s.w.Write(c.buf); err != nil {
		return fmt.Errorf("capture: %w", err)
	}
	s.size += int64(len(c.buf))
	s.frames++
	return nil
}

// rotate begins a segment and gives up the older of two.
func (c *capture) rotate() error {
	if n := len(c.segs); n > 0 {
		if err := c.segs[n-1].w.Flush(); err != nil {
			return fmt.Errorf("capture: %w", err)
		}
	}
	if len(c.segs) == 2 {
		old := c.segs[0]
		c.lost += old.frames
		c.segs = append(c.segs[:0], c.segs[1])
		_ = old.file.Close() // only read from now on, by those who have it open
		_ = os.Remove(old.path)
	}
	c.made++
	path, err := c.dir.file(fmt.Sprintf("frames-%d", c.made))
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("capture: %w", err)
	}
	c.segs = append(c.segs, &segment{path: path, file: f, w: bufio.NewWriterSize(f, 16<<10)})
	return nil
}

func (c *capture) close() {
	for _, s := range c.segs {
		_ = s.file.Close() // it is about to be removed
	}
}

// A reading is a moment of a capture, opened to be read from elsewhere.
type reading struct {
	files []*os.File
	sizes []int64
	lost  uint64
}

func (r *reading) close() {
	for _, f := range r.files {
		_ = f.Close() // only read
	}
}

func (c *capture) open() (*reading, error) {
	r := &reading{lost: c.lost}
	for _, s := range c.segs {
		if err := s.w.Flush(); err != nil {
			r.close()
			return nil, fmt.Errorf("capture: %w", err)
		}
		f, err := os.Open(s.path)
		if err != nil {
			r.close()
			return nil, fmt.Errorf("capture: %w", err)
		}
		r.files, r.sizes = append(r.files, f), append(r.sizes, s.size)
	}
	return r, nil
}

// A FrameReader yields the frames that a lab has captured up to the moment when it
// was made. Close must be called.
type FrameReader struct {
	// Lost is how many frames before the first were given up, because of the
	// limit or because the disk took no more.
	Lost uint64

	r   *reading
	cur *bufio.Reader
	buf []byte
}

// Frames returns a reader of the frames captured so far, one event of kind
// event.Frame for each link that a frame was put on.
func (s *Session) Frames(ctx context.Context) (*FrameReader, error) {
	r, err := query(ctx, s, s.cap.open)
	if err != nil {
		return nil, err
	}
	return &FrameReader{Lost: r.lost, r: r}, nil
}

// Next returns the next frame, whose Data is good until the next call; io.EOF
// after the last.
func (f *FrameReader) Next() (event.Event, error) {
	for {
		if f.cur == nil {
			if len(f.r.files) == 0 {
				return event.Event{}, io.EOF
			}
			f.cur = bufio.NewReaderSize(io.NewSectionReader(f.r.files[0], 0, f.r.sizes[0]), 64<<10)
		}
		var head [4]byte
		_, err := io.ReadFull(f.cur, head[:])
		if errors.Is(err, io.EOF) {
			_ = f.r.files[0].Close() // only read
			f.r.files, f.r.sizes, f.cur = f.r.files[1:], f.r.sizes[1:], nil
			continue
		}
		if err != nil {
			return event.Event{}, fmt.Errorf("capture: %w", err)
		}
		n := int(binary.LittleEndian.Uint32(head[:]))
		if n > 8*event.MaxField {
			return event.Event{}, fmt.Errorf("capture: a record says it has %d bytes", n)
		}
		if cap(f.buf) < n {
			f.buf = make([]byte, max(n, 4096))
		}
		f.buf = f.buf[:n]
		if _, err := io.ReadFull(f.cur, f.buf); err != nil {
			return event.Event{}, fmt.Errorf("capture: %w", err)
		}
		e, _, err := event.Decode(f.buf)
		if err != nil {
			return event.Event{}, fmt.Errorf("capture: %w", err)
		}
		return e, nil
	}
}

// Close gives the reader's files back.
func (f *FrameReader) Close() { f.r.close() }
