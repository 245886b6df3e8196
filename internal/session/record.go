package session

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"

	"wireloom/internal/recording"
	"wireloom/vnet"
)

// A recorder keeps what a session needs to be had again on disk, all of it limited. Of
// commands and frames the newest are in memory.
type recorder struct {
	n         int   // commands
	commands  spool // each as JSON, one behind the other
	installed map[place]Held
	kept      map[string]string // path by hash
	disk      int64
	entered   entered
}

// entered is the frames that came in by doors.
type entered struct {
	n int
	spool
}

// A spool is what comes one after the other and is wanted again all at once, if at all. The
// newest part is in memory.
type spool struct {
	path string
	file diskFile
	size int64 // of the file
	buf  []byte
}

// How many bytes are written at once: of frames, which may be many, and of commands, of which
// people give few, to many labs.
const (
	enteredBlock = 64 << 10
	commandBlock = 2 << 10
)

// errDoorsFull is why a door takes no more frames.
var errDoorsFull = errors.New("as many frames have come in by this lab's doors as a recording holds: start a new lab")

// enter keeps frames that come in by a door, all of them or none: commit is called when there
// is room for them. It returns how many it has kept.
func (r *recorder) enter(dir *folder, frames []recording.Entered, commit func() error) (int, error) {
	x := &r.entered
	bytes := int64(0)
	for i := range frames {
		bytes += int64(len(frames[i].Frame))
	}
	if x.n+len(frames) > recording.MaxEntered || x.size+int64(len(x.buf))+bytes > recording.MaxEnteredBytes-enteredBlock {
		return 0, errDoorsFull
	}
	if len(x.buf) >= enteredBlock {
		if err := x.flush(dir, "doors"); err != nil {
			return 0, err
		}
	}
	if err := commit(); err != nil {
		return 0, err
	}
	for i := range frames {
		frames[i].After = r.n
		x.buf = frames[i].AppendTo(x.buf)
	}
	x.n += len(frames)
	return len(frames), nil
}

// flush writes what is in memory to a file, which has the name if it is a new one.
func (x *spool) flush(dir *folder, name string) (err error) {
	if len(x.buf) == 0 {
		return nil
	}
	if x.file == nil {
		if x.path, x.file, err = dir.file(name); err != nil {
			return err
		}
	}
	if err := dir.write(x.file, x.buf, x.size); err != nil {
		return err
	}
	x.size += int64(len(x.buf))
	x.buf = x.buf[:0]
	return nil
}

func (x *spool) close() {
	if x.file != nil {
		_ = x.file.Close() // it is about to be removed
	}
}

// copied is the spool as it is now, for another goroutine to read.
func (x *spool) copied() spool { return spool{path: x.path, size: x.size, buf: slices.Clone(x.buf)} }

// read returns a copied spool from its beginning. It must be closed.
func (x *spool) read() (io.ReadCloser, error) {
	if x.size == 0 {
		return io.NopCloser(bytes.NewReader(x.buf)), nil
	}
	f, err := reopen(x.path)
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(io.NewSectionReader(f, 0, x.size), bytes.NewReader(x.buf)), f}, nil
}

// reopen opens a file of a lab's to read it.
func reopen(path string) (*os.File, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrClosed // its files went with it
	}
	if err != nil {
		return nil, &diskError{err}
	}
	return f, nil
}

// encode is a command as add keeps it, or why there is no room for it.
func (r *recorder) encode(c recording.Recorded) ([]byte, error) {
	b, err := c.MarshalJSON()
	if err != nil {
		return nil, err
	}
	if r.n >= MaxCommands || r.commands.size+int64(len(r.commands.buf)+len(b)) > MaxCommandBytes {
		return nil, ErrFull
	}
	return b, nil
}

// add keeps a command, whose encoding b is.
func (r *recorder) add(dir *folder, c recording.Recorded, b []byte) {
	r.n++
	r.commands.buf = append(r.commands.buf, b...)
	if x, ok := c.Command.(vnet.Install); ok {
		if r.installed == nil {
			r.installed = map[place]Held{}
		}
		r.installed[place{x.Node, x.Proc}] = Held{Node: x.Node, Proc: x.Proc, Name: c.Name, Hash: x.Hash}
	}
	if len(r.commands.buf) >= commandBlock {
		_ = r.commands.flush(dir, "commands") // what the disk does not take stays in memory, which has room for all
	}
}

// decode reads commands that add has kept.
func decode(from *spool, n int) (commands []recording.Recorded, err error) {
	r, err := from.read()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	commands = make([]recording.Recorded, n)
	texts := json.NewDecoder(r)
	for i := range commands {
		if err := texts.Decode(&commands[i]); err != nil {
			return nil, fmt.Errorf("command %d of the lab cannot be read again: %w", i+1, err)
		}
	}
	return commands, nil
}

// keep keeps a program's bytes, once for each program: in the journal if there is one, else in
// the folder.
func (r *recorder) keep(dir *folder, j Journal, hash string, bytes []byte, limit int64) error {
	if sum := sha256.Sum256(bytes); hex.EncodeToString(sum[:]) != hash {
		return fmt.Errorf("the program's hash is not %s, so that it could not be run again", hash)
	}
	if r.kept[hash] != "" {
		return nil
	}
	if len(r.kept) >= recording.MaxPrograms {
		return fmt.Errorf("this lab has taken %d programs, which is as many as it may: start a new lab", len(r.kept))
	}
	if r.disk+int64(len(bytes)) > limit {
		return fmt.Errorf("this lab has taken %d MiB of programs and takes no more than %d MiB: start a new lab", r.disk>>20, limit>>20)
	}
	path, err := dir.keepIn(j, hash, bytes)
	if err != nil {
		return fmt.Errorf("the program could not be kept: %w", err)
	}
	r.has(hash, path, int64(len(bytes)))
	return nil
}

// has notes that a program is in a file.
func (r *recorder) has(hash, path string, bytes int64) {
	if r.kept == nil {
		r.kept = map[string]string{}
	}
	if r.kept[hash] == "" {
		r.kept[hash] = path
		r.disk += bytes
	}
}

// Record writes a recording of the run from its beginning to now. The lab goes on.
// The recording holds what a visitor may see; see package recording.
func (s *Session) Record(ctx context.Context, w io.Writer) error {
	type moment struct {
		rec      recording.Recording
		kept     map[string]string
		n        int
		commands spool
		frames   spool
	}
	m, err := query(ctx, s, func() (moment, error) {
		s.catchUp()
		s.mark(false) // what is told of the run is so when the lab is had again, too
		_, next := s.log.Bounds()
		format, frames := recording.Format, s.rec.entered.n
		if frames > 0 {
			format = recording.FormatDoors
		}
		return moment{
			recording.Recording{
				Format: format, Entered: frames, Version: s.opts.Version, Scenario: s.setup.Scenario, Title: s.setup.Title, Brief: s.setup.Brief, Config: s.conf,
				Programs: s.setup.Programs,
				End:      recording.End{At: int64(s.lab.Now()), Step: s.lab.Steps(), Events: next, Hash: s.log.Hash()},
			},
			maps.Clone(s.rec.kept), s.rec.n, s.rec.commands.copied(), s.rec.entered.copied(),
		}, nil
	})
	if err != nil {
		return err
	}
	if m.rec.Commands, err = decode(&m.commands, m.n); err != nil {
		return err
	}
	var programs []recording.Stored
	for _, hash := range slices.Sorted(maps.Keys(m.kept)) {
		programs = append(programs, recording.Stored{Hash: hash, Open: func() (io.ReadCloser, error) { return reopen(m.kept[hash]) }})
	}
	if m.rec.Entered == 0 {
		return recording.Write(w, &m.rec, programs, nil)
	}
	frames, err := m.frames.read()
	if err != nil {
		return err
	}
	return errors.Join(recording.Write(w, &m.rec, programs, frames), frames.Close())
}

// A Held is the program that a slot has.
type Held struct {
	Node, Proc string
	Name, Hash string
	Module     []byte // as it was uploaded; nil where the lab began with it
}

// Programs returns what the lab's slots have now. A slot without a program is not among it.
func (s *Session) Programs(ctx context.Context) ([]Held, error) {
	type moment struct {
		held []Held
		kept map[string]string
	}
	m, err := query(ctx, s, func() (moment, error) {
		at := map[place]Held{}
		for _, p := range s.setup.Programs {
			at[place{p.Node, p.Proc}] = Held{Node: p.Node, Proc: p.Proc, Name: p.Name, Hash: p.Hash}
		}
		maps.Copy(at, s.rec.installed)
		held := slices.Collect(maps.Values(at))
		slices.SortFunc(held, func(a, b Held) int { return cmp.Or(cmp.Compare(a.Node, b.Node), cmp.Compare(a.Proc, b.Proc)) })
		return moment{held, maps.Clone(s.rec.kept)}, nil
	})
	if err != nil {
		return nil, err
	}
	for i := range m.held {
		path := m.kept[m.held[i].Hash]
		if path == "" {
			continue
		}
		if m.held[i].Module, err = os.ReadFile(path); errors.Is(err, fs.ErrNotExist) {
			return nil, ErrClosed // its files went with it
		} else if err != nil {
			return nil, &diskError{err}
		}
	}
	return m.held, nil
}
