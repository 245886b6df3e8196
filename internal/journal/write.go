package journal

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"wireloom/internal/recording"
	"wireloom/internal/session"
	"wireloom/vnet/config"
)

// fileName is the journal in a lab's folder.
const fileName = "journal"

// A Journal is one that is written. One goroutine writes it, any may call Sync and Close.
type Journal struct {
	folder string
	pool   string // of files that labs have in common
	open   func(path string, flags int) (file, error)

	mu     sync.Mutex
	f      file
	end    int64  // where the next record goes
	link   uint32 // that it has
	synced int64  // up to where the disk has it
	owed   bool   // commands or frames are behind that
	marks  int
	parked session.Mark // the last record, if it is such a mark
	behind bool         // something that was not written whole is behind the end
	why    error        // the disk has failed to take what was written, nil if it has not
	buf    []byte
}

// A file is what a journal needs of an os.File; a test's disk may be full.
type file interface {
	io.ReaderAt
	io.WriterAt
	Truncate(size int64) error
	Sync() error
	Close() error
}

func openFile(path string, flags int) (file, error) {
	f, err := os.OpenFile(path, flags, 0o600)
	if err != nil {
		return nil, err // not f, which would be a file that is nil
	}
	return f, nil
}

// Create begins the journal of a lab in a folder of that name below dir. It is on the disk
// when that returns. modules are the programs that the lab begins with.
func (d *Dir) Create(a About, s session.Setup, c config.Lab, modules [][]byte) (*Journal, error) {
	folder, err := d.path(a.ID)
	if err != nil {
		return nil, err
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		return nil, err
	}
	j := &Journal{folder: folder, pool: d.pool(), open: d.open, link: firstLink}
	if err := j.begin(a, s, c, modules); err != nil {
		_ = j.Close() // it is of no use
		_ = os.RemoveAll(folder)
		return nil, err
	}
	return j, nil
}

func (j *Journal) begin(a About, s session.Setup, c config.Lab, modules [][]byte) error {
	captures := map[string]string{}
	for name, b := range s.Captures {
		hash := hashOf(b)
		if _, err := j.Keep(hash, b); err != nil {
			return err
		}
		captures[name] = hash
	}
	for _, b := range modules {
		if _, err := j.Keep(hashOf(b), b); err != nil {
			return err
		}
	}
	head, err := a.encode(s, captures)
	if err != nil {
		return err
	}
	conf, err := json.Marshal(c)
	if err != nil {
		return err
	}
	if j.f, err = j.open(filepath.Join(j.folder, fileName), os.O_RDWR|os.O_CREATE|os.O_EXCL); err != nil {
		return err
	}
	b, link := appendRecord([]byte(magic), j.link, kindHead, func(b []byte) []byte { return append(b, head...) })
	b, link = appendRecord(b, link, kindConfig, func(b []byte) []byte { return append(b, conf...) })
	if err := j.write(b, link); err != nil {
		return err
	}
	if err := j.Sync(); err != nil {
		return err
	}
	return errors.Join(syncFolder(j.folder), syncFolder(filepath.Dir(j.folder)))
}

// Command is session.Journal's.
func (j *Journal) Command(c recording.Recorded) error {
	b, err := c.MarshalJSON()
	if err != nil {
		return err
	}
	return j.owe(kindCommand, func(to []byte) []byte { return append(to, b...) })
}

// Enter is session.Journal's.
func (j *Journal) Enter(frames []recording.Entered) error {
	if len(frames) == 0 {
		return nil
	}
	return j.owe(kindFrames, func(b []byte) []byte {
		b = binary.AppendUvarint(b, uint64(frames[0].At))
		b = binary.AppendUvarint(b, frames[0].Step)
		for i := range frames {
			b = appendBytes(b, []byte(frames[i].Port))
			b = appendBytes(b, frames[i].Frame)
		}
		return b
	})
}

func appendBytes(b, what []byte) []byte {
	return append(binary.AppendUvarint(b, uint64(len(what))), what...)
}

// The flags of a mark.
const (
	flagPaused = 1 << iota
	flagWatched
	flagParked
	flagsAll = flagPaused | flagWatched | flagParked
)

// Mark is session.Journal's. A journal that has MaxMarks has no more of them.
func (j *Journal) Mark(m session.Mark) error {
	hash, err := hex.DecodeString(m.Hash)
	if err != nil || len(hash) != 32 {
		return fmt.Errorf("a mark has the hash %.80q, which is none", m.Hash)
	}
	flags := byte(0)
	for i, set := range []bool{m.Paused, m.Watched, m.Parked} {
		if set {
			flags |= 1 << i
		}
	}
	j.mu.Lock()
	full := j.marks >= MaxMarks
	j.marks++
	j.mu.Unlock()
	if full {
		return nil
	}
	err = j.put(kindMark, func(b []byte) []byte {
		for _, n := range []uint64{uint64(m.At), m.Step, m.Events, uint64(m.Rate)} {
			b = binary.AppendUvarint(b, n)
		}
		return append(append(b, flags), hash...)
	})
	if err == nil && m.Parked {
		j.mu.Lock()
		j.parked = m
		j.mu.Unlock()
	}
	return err
}

// Parked is the mark of the end of a lab's life, if that is the last record.
func (j *Journal) Parked() (m session.Mark, ok bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.parked, j.parked.Parked
}

// owe writes one record that the disk is to have soon.
func (j *Journal) owe(kind byte, fill func([]byte) []byte) error {
	err := j.put(kind, fill)
	if err == nil {
		j.mu.Lock()
		j.owed = true
		j.mu.Unlock()
	}
	return err
}

// put writes one record.
func (j *Journal) put(kind byte, fill func([]byte) []byte) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	b, link := appendRecord(j.buf[:0], j.link, kind, fill)
	j.buf = b
	if cap(j.buf) > keepBuffer {
		j.buf = nil
	}
	return j.writeLocked(b, link)
}

// keepBuffer is up to how many bytes a journal keeps what it made its last record in.
const keepBuffer = 64 << 10

func (j *Journal) write(b []byte, link uint32) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.writeLocked(b, link)
}

// writeLocked writes records behind the others, or nothing of them. The caller holds mu.
func (j *Journal) writeLocked(b []byte, link uint32) error {
	switch {
	case j.f == nil:
		return os.ErrClosed
	case j.why != nil:
		return j.why
	case j.behind:
		if err := j.f.Truncate(j.end); err != nil {
			return err
		}
		j.behind = false
	}
	if _, err := j.f.WriteAt(b, j.end); err != nil {
		j.behind = j.f.Truncate(j.end) != nil
		return err
	}
	j.end += int64(len(b))
	j.link, j.parked = link, session.Mark{}
	return nil
}

// Dirty reports whether the disk is to have something soon. Marks are no reason: what comes
// before a mark that was lost gives the same run.
func (j *Journal) Dirty() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.f != nil && (j.owed || j.why != nil)
}

// Sync has the disk take what was written. Where that fails nothing more is written until it
// does not. What a system was told to write and could not is then clean to it, and never
// written: so it is written once more.
func (j *Journal) Sync() error {
	j.mu.Lock()
	f, end, again := j.f, j.end, j.why != nil
	j.owed = false // what is written from here on is owed anew
	var err error
	if f != nil && again {
		err = rewrite(f, j.synced, end)
	}
	j.mu.Unlock()
	if f == nil {
		return nil
	}
	if err == nil {
		err = f.Sync() // without the lock: the lab goes on meanwhile
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.f == nil {
		return nil // it was closed, and synced, meanwhile
	}
	if j.why = err; err == nil {
		j.synced = max(j.synced, end)
	}
	return err
}

// rewrite writes a part of a file where it is already.
func rewrite(f file, from, to int64) error {
	buf := make([]byte, 64<<10)
	for at := from; at < to; {
		part := buf[:min(int64(len(buf)), to-at)]
		if _, err := f.ReadAt(part, at); err != nil {
			return err
		}
		if _, err := f.WriteAt(part, at); err != nil {
			return err
		}
		at += int64(len(part))
	}
	return nil
}

// Size is how many bytes the journal has.
func (j *Journal) Size() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.end
}

// Close has the disk take all, and closes the journal.
func (j *Journal) Close() error {
	err := j.Sync()
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.f == nil {
		return err
	}
	err = errors.Join(err, j.f.Close())
	j.f = nil
	return err
}
