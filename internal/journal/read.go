package journal

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"wireloom/internal/recording"
	"wireloom/internal/session"
	"wireloom/internal/strictjson"
	"wireloom/vnet/config"
)

// A Past is a journal that was read. Its records are whole and follow each other; whether
// they are a lab's is found out by running them.
type Past struct {
	About
	Setup  session.Setup
	Config config.Lab

	// Commands and Frames are how many there are; Torn is how many bytes behind the last
	// whole record are none.
	Commands, Frames int
	Torn             int64

	dir    *Dir
	folder string
	f      file
	s      *scanner
	last   session.Mark
	marks  int
	begin  place // the scanner's, behind what the lab was built from
	end    place // behind the last whole record
	at     int64 // virtual time and step of the last record
	step   uint64
	bytes  int64 // of frames
}

// A place is where a record begins.
type place struct {
	at   int64
	link uint32
}

// maxPort is how many bytes a port's name may have.
const maxPort = 64

// Read reads a lab's journal. It must be closed, unless it is gone on with. Its error is a
// sentence, and means that the lab can't be had again.
func (d *Dir) Read(id string) (*Past, error) {
	folder, err := d.path(id)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(folder, fileName)
	f, err := d.open(path, os.O_RDWR)
	if err != nil {
		return nil, fmt.Errorf("its journal cannot be opened: %w", err)
	}
	size, err := sizeOf(f)
	if err == nil {
		var p *Past
		if p, err = read(f, size); err == nil && p.ID != id {
			err = errors.New("it is another lab's")
		}
		if err == nil {
			p.dir, p.folder = d, folder
			err = p.captures()
		}
		if err == nil {
			return p, nil
		}
	}
	_ = f.Close() // only read
	return nil, fmt.Errorf("its journal is broken: %w", err)
}

// sizeOf is how many bytes a file has.
func sizeOf(f file) (int64, error) {
	if s, ok := f.(interface{ Stat() (os.FileInfo, error) }); ok {
		info, err := s.Stat()
		if err != nil {
			return 0, err
		}
		return info.Size(), nil
	}
	return 0, errors.New("its size is not known")
}

// read checks all records, as far as that can be done without decoding commands.
func read(f file, size int64) (*Past, error) {
	s, err := newScanner(f, size)
	if err != nil {
		return nil, early(err)
	}
	p := &Past{f: f, s: s}
	captures := map[string]string{}
	for _, part := range []struct {
		kind byte
		take func([]byte) error
	}{
		{kindHead, func(b []byte) (err error) {
			p.About, p.Setup, captures, err = decodeHead(b)
			return err
		}},
		{kindConfig, func(b []byte) (err error) {
			p.Config, err = decodeConfig(b)
			return err
		}},
	} {
		kind, body, err := s.next()
		if err != nil {
			return nil, early(err)
		}
		if kind != part.kind {
			return nil, errors.New("it does not begin with what the lab was built from")
		}
		if err := part.take(body); err != nil {
			return nil, err
		}
	}
	p.Setup.Captures = map[string][]byte{}
	for name, hash := range captures {
		p.Setup.Captures[name] = []byte(hash) // until captures reads them
	}
	p.begin = place{s.at, s.link}
	for {
		p.end = place{s.at, s.link}
		kind, body, err := s.next()
		switch {
		case errors.Is(err, io.EOF):
			return p, p.rewind()
		case errors.Is(err, errTorn):
			p.Torn = size - p.end.at
			return p, p.rewind()
		case err != nil:
			return nil, err
		}
		if err := p.look(kind, body); err != nil {
			return nil, s.wrong("%w", err)
		}
	}
}

// early is an error before the first records are whole: there is no lab in it.
func early(err error) error {
	if errors.Is(err, errTorn) || errors.Is(err, io.EOF) {
		return errors.New("it ends before it says what the lab was built from")
	}
	return err
}

// decodeConfig reads a configuration, which must be as this program writes it: the run's
// hash covers these bytes.
func decodeConfig(b []byte) (c config.Lab, err error) {
	if err := strictjson.Decode(b, &c); err != nil {
		return c, fmt.Errorf("the lab's configuration cannot be read: %w", err)
	}
	again, err := json.Marshal(c)
	if err == nil && !bytes.Equal(again, b) {
		err = errors.New("the lab's configuration is not as this labserver writes it")
	}
	return c, err
}

// look takes note of a record, and says what is wrong with it.
func (p *Past) look(kind byte, body []byte) error {
	switch kind {
	case kindCommand:
		if p.Commands++; p.Commands > recording.MaxCommands {
			return fmt.Errorf("is a command too many: there are %d at most", recording.MaxCommands)
		}
		return nil
	case kindFrames:
		frames, err := decodeFrames(body, nil)
		if err != nil {
			return err
		}
		p.Frames += len(frames)
		p.bytes += int64(len(body))
		if p.Frames > recording.MaxEntered || p.bytes > recording.MaxEnteredBytes {
			return errors.New("has more frames than a lab may have taken by its doors")
		}
		return nil
	case kindMark:
		m, err := decodeMark(body)
		if err != nil {
			return err
		}
		if p.marks++; p.marks > MaxMarks {
			return fmt.Errorf("is a mark too many: there are %d at most", MaxMarks)
		}
		p.last = m
		return nil
	}
	return errors.New("is none that this labserver knows")
}

// rewind goes back to the first record behind what the lab was built from.
func (p *Past) rewind() error {
	s, err := newScanner(p.f, p.end.at)
	if err != nil {
		return err
	}
	if _, err := s.r.Discard(int(p.begin.at) - len(magic)); err != nil {
		return err
	}
	s.at, s.link, s.body = p.begin.at, p.begin.link, p.s.body
	p.s, p.at, p.step = s, 0, 0
	return nil
}

// captures reads the files of doors that are captures.
func (p *Past) captures() error {
	for name, hash := range p.Setup.Captures {
		b, err := p.File(string(hash))
		if err != nil {
			return err
		}
		p.Setup.Captures[name] = b
	}
	return nil
}

// File is a file of the lab's, by its hash.
func (p *Past) File(hash string) ([]byte, error) {
	if !hashForm.MatchString(hash) {
		return nil, fmt.Errorf("%.80q is no hash", hash)
	}
	b, err := os.ReadFile(p.Path(hash))
	if err != nil {
		return nil, fmt.Errorf("a file of the lab, %s, cannot be read: %w", hash[:8], err)
	}
	if hashOf(b) != hash {
		return nil, fmt.Errorf("a file of the lab, %s, is damaged", hash[:8])
	}
	return b, nil
}

// Path is where a file of the lab's is.
func (p *Past) Path(hash string) string { return filepath.Join(p.folder, hash) }

// Last is the last mark; its zero value if there is none.
func (p *Past) Last() session.Mark { return p.last }

// Next is session.Past's.
func (p *Past) Next() (session.Passed, error) {
	kind, body, err := p.s.next()
	if err != nil {
		return session.Passed{}, err
	}
	var x session.Passed
	at, step := int64(0), uint64(0)
	switch kind {
	case kindCommand:
		x.Command = &recording.Recorded{}
		if err := x.Command.UnmarshalJSON(body); err != nil {
			return x, p.s.wrong("is no command: %w", err)
		}
		at, step = x.Command.At, x.Command.Step
	case kindFrames:
		if x.Frames, err = decodeFrames(body, nil); err != nil {
			return x, p.s.wrong("%w", err)
		}
		at, step = x.Frames[0].At, x.Frames[0].Step
	case kindMark:
		m, err := decodeMark(body)
		if err != nil {
			return x, p.s.wrong("%w", err)
		}
		x.Mark = &m
		at, step = m.At, m.Step
	default:
		return x, p.s.wrong("is none that this labserver knows")
	}
	if at < p.at || step < p.step || time.Duration(at) > recording.MaxTime {
		return x, p.s.wrong("is at %d ns, step %d, which cannot follow %d ns, step %d", at, step, p.at, p.step)
	}
	p.at, p.step = at, step
	return x, nil
}

// decodeFrames reads what Journal.Enter has written; the frames' bytes are those of b.
func decodeFrames(b []byte, into []recording.Entered) ([]recording.Entered, error) {
	r := fields{b: b}
	at, step := r.number(), r.number()
	for len(r.b) > 0 && !r.bad {
		port := r.bytes(maxPort)
		frame := r.bytes(config.MaxFrame)
		into = append(into, recording.Entered{At: int64(at), Step: step, Port: string(port), Frame: frame})
	}
	if r.bad || len(into) == 0 || at > uint64(recording.MaxTime) {
		return nil, errors.New("has no whole frames")
	}
	return into, nil
}

// decodeMark reads what Journal.Mark has written.
func decodeMark(b []byte) (m session.Mark, err error) {
	r := fields{b: b}
	at, step, events, rate := r.number(), r.number(), r.number(), r.number()
	if r.bad || len(r.b) != 33 || r.b[0]&^flagsAll != 0 || at > uint64(recording.MaxTime) || rate > session.TenTimes {
		return m, errors.New("is no mark")
	}
	flags := r.b[0]
	m.End = recording.End{At: int64(at), Step: step, Events: events, Hash: hex.EncodeToString(r.b[1:])}
	m.Rate, m.Paused, m.Watched, m.Parked = int(rate), flags&flagPaused != 0, flags&flagWatched != 0, flags&flagParked != 0
	return m, nil
}

// fields reads numbers and bytes from the front of b, until one is bad.
type fields struct {
	b   []byte
	bad bool
}

func (r *fields) number() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *fields) bytes(limit int) []byte {
	n := r.number()
	if r.bad || n > uint64(limit) || n > uint64(len(r.b)) {
		r.bad, r.b = true, nil
		return nil
	}
	b := r.b[:n:n]
	r.b = r.b[n:]
	return b
}

// Append goes on with the journal. What is behind the last whole record is cut off.
func (p *Past) Append() (*Journal, error) {
	if p.Torn > 0 {
		if err := p.f.Truncate(p.end.at); err != nil {
			return nil, err
		}
	}
	j := &Journal{folder: p.folder, pool: p.dir.pool(), open: p.dir.open, f: p.f, end: p.end.at, link: p.end.link, marks: p.marks}
	if err := j.Sync(); err != nil {
		return nil, err
	}
	return j, nil
}

// Close closes a journal that is not gone on with.
func (p *Past) Close() error { return p.f.Close() }
