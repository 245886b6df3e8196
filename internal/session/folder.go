package session

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
)

// A Room is how much of the server's disk a lab may have. Its methods may be called
// from any goroutine.
type Room interface {
	// Take takes bytes, or says in a sentence why there are not so many.
	Take(bytes int64) error
	Give(bytes int64)
}

// ErrDisk is why the server's disk takes no file of a lab.
var ErrDisk = errors.New("the disk of this server takes no more files")

// A diskError is an ErrDisk for visitors, who read what the system says but not where
// files are, which is for the log.
type diskError struct{ full error }

func (e *diskError) Error() string { return ErrDisk.Error() + ": " + e.cause().Error() }

func (e *diskError) Unwrap() []error { return []error{ErrDisk, e.cause()} }

func (e *diskError) cause() error {
	var path *fs.PathError
	if errors.As(e.full, &path) {
		return path.Err
	}
	return e.full
}

// forLog is what an operator reads of an error of a folder.
func forLog(err error) error {
	var disk *diskError
	if errors.As(err, &disk) {
		return disk.full
	}
	return err
}

// A folder is where a session keeps what is too large for memory: frames and
// uploaded programs. It is made when it is first needed and removed with the lab.
type folder struct {
	parent string
	room   Room // nil: as much as the disk has
	lg     *slog.Logger
	path   string
	taken  int64 // of room

	// open makes a file; a test's disk may be full.
	open func(path string) (diskFile, error)
}

// A diskFile is what a folder needs of an os.File.
type diskFile interface {
	WriteAt(p []byte, at int64) (int, error)
	Truncate(size int64) error
	Close() error
}

func newFolder(o Options) *folder {
	return &folder{parent: o.Dir, room: o.Room, lg: o.Logger, open: func(path string) (diskFile, error) {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return nil, err // not f, which would be a file that is nil
		}
		return f, nil
	}}
}

// file makes a file in the folder.
func (f *folder) file(name string) (path string, file diskFile, err error) {
	if f.path == "" {
		path, err := os.MkdirTemp(f.parent, "wireloom-lab-")
		if err != nil {
			return "", nil, &diskError{err}
		}
		f.path = path
	}
	path = filepath.Join(f.path, name)
	file, err = f.open(path)
	if err != nil {
		return "", nil, &diskError{err}
	}
	return path, file, nil
}

// write appends to a file of so many bytes. What fails leaves it as it was.
func (f *folder) write(file diskFile, p []byte, at int64) error {
	if err := f.take(int64(len(p))); err != nil {
		return err
	}
	if _, err := file.WriteAt(p, at); err != nil {
		_ = file.Truncate(at) // what is behind is written over, or never read
		f.give(int64(len(p)))
		return &diskError{err}
	}
	return nil
}

// keep makes a file of these bytes.
func (f *folder) keep(name string, p []byte) (path string, err error) {
	path, file, err := f.file(name)
	if err != nil {
		return "", err
	}
	err = f.write(file, p, 0)
	if cerr := file.Close(); err == nil && cerr != nil {
		f.give(int64(len(p)))
		err = &diskError{cerr}
	}
	if err != nil {
		_ = os.Remove(path) // it may come again
		f.lg.Warn("a file of a lab could not be written", "error", forLog(err))
		return "", err
	}
	return path, nil
}

// keepIn is keep of a program in a journal, which has a file for it already or makes one; in
// the folder where there is no journal.
func (f *folder) keepIn(j Journal, hash string, p []byte) (path string, err error) {
	if j == nil {
		return f.keep(hash+".wasm", p)
	}
	if err := f.take(int64(len(p))); err != nil {
		return "", err
	}
	if path, err = j.Keep(hash, p); err != nil {
		f.give(int64(len(p)))
		f.lg.Warn("a program could not be written to a lab's journal", "error", err)
		return "", &diskError{err}
	}
	return path, nil
}

// remove deletes a file of so many bytes.
func (f *folder) remove(path string, size int64) {
	_ = os.Remove(path) // what cannot be deleted goes with the folder, or stays for the system to clean
	f.give(size)
}

func (f *folder) take(bytes int64) error {
	if f.room == nil {
		return nil
	}
	if err := f.room.Take(bytes); err != nil {
		return err
	}
	f.taken += bytes
	return nil
}

func (f *folder) give(bytes int64) {
	if f.room != nil {
		f.room.Give(bytes)
		f.taken -= bytes
	}
}

// close deletes the folder. What cannot be deleted stays for the system to clean.
func (f *folder) close() {
	if f.path != "" {
		_ = os.RemoveAll(f.path)
	}
	f.give(f.taken)
}
