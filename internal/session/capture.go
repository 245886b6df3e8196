package session

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"wireloom/vnet/event"
)

const (
	captureBlock = 16 << 10        // bytes of frames that are written at once, at most
	captureRetry = 1 * time.Second // real time between two tries where the disk takes no more
)

// gapMark stands in a capture where a record's length does. Behind it comes how many
// frames are missing there.
const gapMark = 0xffffffff

// A capture keeps the newest frames of a lab on disk: the events that a capture has
// (vnet.Lab.Passes) as they were appended, each with its length in front, in two segments. When the newer
// has half of the limit, the older is given up and its frames count as lost. So
// between half of the limit and all of it is there to download at any time.
//
// Where the disk takes no more, frames are missing until it does again; how many is
// in their place. A capture with a gap is better than none.
//
// It belongs to the session's goroutine; what open returns is read elsewhere.
type capture struct {
	dir   *folder
	limit int64
	block int        // bytes that are written at once
	segs  []*segment // at most two, the older first
	made  int        // segments made so far, for their names
	lost  uint64     // frames that were given up, before those that are kept
	buf   []byte     // records that are not written yet
	held  tally      // what is in buf

	missing uint64    // frames that are missing, not given up, since the lab began
	gap     uint64    // of them, those since the last record
	why     error     // the disk takes no more; nil while it does
	retry   time.Time // when it is tried again
	changed func()    // called when why changes
}

// A tally is how many frames some records have, and how many they say are missing.
type tally struct{ frames, missing uint64 }

type segment struct {
	path string
	file diskFile
	size int64
	tally
}

// newCapture keeps at most limit bytes; none if that is negative.
func newCapture(dir *folder, limit int64) *capture {
	return &capture{dir: dir, limit: limit, block: int(min(captureBlock, limit/8)), changed: func() {}}
}

// add keeps an event.
func (c *capture) add(e *event.Event) {
	if c.limit < 0 {
		return
	}
	if c.why != nil {
		if time.Now().Before(c.retry) {
			c.miss(1)
			return
		}
	}
	if c.gap > 0 {
		c.buf = binary.LittleEndian.AppendUint32(c.buf, gapMark)
		c.buf = binary.LittleEndian.AppendUint64(c.buf, c.gap)
		c.held.missing, c.gap = c.held.missing+c.gap, 0
	}
	start := len(c.buf)
	c.buf = e.AppendTo(append(c.buf, 0, 0, 0, 0))
	binary.LittleEndian.PutUint32(c.buf[start:], uint32(len(c.buf)-start-4))
	c.held.frames++
	// While the disk takes no more, each try is written through: it may be the first that works.
	if len(c.buf) >= c.block || c.why != nil {
		c.flush()
	}
}

// miss counts frames that won't be kept.
func (c *capture) miss(frames uint64) {
	c.gap += frames
	c.missing += frames
}

// flush writes the records that are held, or counts their frames as missing.
func (c *capture) flush() {
	if len(c.buf) == 0 {
		return
	}
	err := c.write()
	if err != nil {
		c.gap += c.held.missing // they were counted before
		c.miss(c.held.frames)
		c.retry = time.Now().Add(captureRetry)
	}
	c.buf, c.held = c.buf[:0], tally{}
	if was := c.why; (was == nil) != (err == nil) {
		c.why = err
		c.changed()
	}
}

func (c *capture) write() error {
	n := int64(len(c.buf))
	if k := len(c.segs); k == 0 || c.segs[k-1].size+n > c.limit/2 && c.segs[k-1].size > 0 {
		if err := c.rotate(); err != nil {
			return err
		}
	}
	s := c.segs[len(c.segs)-1]
	err := c.dir.write(s.file, c.buf, s.size)
	if err != nil && len(c.segs) == 2 { // new frames are worth more than old ones
		c.giveUp()
		err = c.dir.write(s.file, c.buf, s.size)
	}
	if err != nil {
		return err
	}
	s.size += n
	s.frames += c.held.frames
	s.tally.missing += c.held.missing
	return nil
}

// rotate begins a segment and gives up the older of two.
func (c *capture) rotate() error {
	if len(c.segs) == 2 {
		c.giveUp()
	}
	c.made++
	path, file, err := c.dir.file(fmt.Sprintf("frames-%d", c.made))
	if err != nil {
		return err
	}
	c.segs = append(c.segs, &segment{path: path, file: file})
	return nil
}

// giveUp gives the older of two segments up.
func (c *capture) giveUp() {
	old := c.segs[0]
	c.lost += old.frames + old.missing
	c.segs = append(c.segs[:0], c.segs[1])
	_ = old.file.Close() // only read from now on, by those who have it open
	c.dir.remove(old.path, old.size)
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
	c.flush()
	r := &reading{lost: c.lost}
	for _, s := range c.segs {
		f, err := os.Open(s.path)
		if err != nil {
			r.close()
			return nil, &diskError{err}
		}
		r.files, r.sizes = append(r.files, f), append(r.sizes, s.size)
	}
	return r, nil
}

// A FrameReader yields the frames that a lab has captured up to the moment when it
// was made. Close must be called.
type FrameReader struct {
	// Lost is how many frames before the first were given up, because of the limit.
	Lost uint64
	// Missing is how many frames were not kept between the one that Next returned last
	// and the one before it, because the disk took no more; 0 nearly always.
	Missing uint64
	// At is the lab's time when the reader was made.
	At time.Duration

	r   *reading
	cur *bufio.Reader
	buf []byte
}

// Frames returns a reader of the frames captured so far: the events that a capture has
// (vnet.Lab.Passes).
func (s *Session) Frames(ctx context.Context) (*FrameReader, error) {
	return query(ctx, s, func() (*FrameReader, error) {
		r, err := s.cap.open()
		if err != nil {
			return nil, err
		}
		return &FrameReader{Lost: r.lost, At: s.lab.Now(), r: r}, nil
	})
}

// Next returns the next frame, whose Data is good until the next call; io.EOF
// after the last.
func (f *FrameReader) Next() (event.Event, error) {
	f.Missing = 0
	for {
		if f.cur == nil {
			if len(f.r.files) == 0 {
				return event.Event{}, io.EOF
			}
			f.cur = bufio.NewReaderSize(io.NewSectionReader(f.r.files[0], 0, f.r.sizes[0]), 64<<10)
		}
		n, err := f.length()
		if errors.Is(err, io.EOF) {
			_ = f.r.files[0].Close() // only read
			f.r.files, f.r.sizes, f.cur = f.r.files[1:], f.r.sizes[1:], nil
			continue
		}
		if err != nil {
			return event.Event{}, fmt.Errorf("capture: %w", err)
		}
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

// length reads the length of the next record, and what is missing before it.
func (f *FrameReader) length() (int, error) {
	for {
		var head [4]byte
		if _, err := io.ReadFull(f.cur, head[:]); err != nil {
			return 0, err
		}
		n := binary.LittleEndian.Uint32(head[:])
		if n != gapMark {
			return int(n), nil
		}
		var gap [8]byte
		if _, err := io.ReadFull(f.cur, gap[:]); err != nil {
			return 0, fmt.Errorf("a gap has no length: %w", io.ErrUnexpectedEOF)
		}
		f.Missing += binary.LittleEndian.Uint64(gap[:])
	}
}

// Close gives the reader's files back.
func (f *FrameReader) Close() { f.r.close() }
