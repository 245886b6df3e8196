// Package blob keeps files by what they hold, in a folder: uploads, hand-ins, recordings, reports.
// Who points to one, and which are kept, is the database's.
package blob

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// sweepAge is how old a blob must be before Sweep takes it: a Put may be of a
// transaction that has not written yet that it points to the blob.
const sweepAge = 24 * time.Hour

// A Folder is files by what they hold: a blob's name is its SHA-256 in hex. They never change.
// All methods may be called by many goroutines.
type Folder struct {
	dir string
	now func() time.Time
	mu  sync.Mutex // Sweep removes nothing that a Put has just found
}

// What a call may answer that its caller decides about. The store has the same errors.
var (
	ErrNone     = errors.New("there is no such row or file")
	ErrTooLarge = errors.New("it is too large") // more bytes than the limit
	// ErrFull is that of a disk: nothing of this was stored, and all that was stored before is there.
	ErrFull = errors.New("the disk is full: nothing of this was stored")
)

// Open returns the blobs in a folder, which is made if it is missing.
func Open(dir string, now func() time.Time) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	return &Folder{dir: dir, now: now}, nil
}

// Put stores what r has, at most max bytes of it, and returns its name and size. When it
// returns, the blob is on the disk.
func (b *Folder) Put(r io.Reader, max int64) (hash string, size int64, err error) {
	temp := filepath.Join(b.dir, "new-"+rand.Text())
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", 0, failure(err)
	}
	defer os.Remove(temp) // where it was not renamed
	defer f.Close()       // twice is no harm
	sum := sha256.New()
	if size, err = io.Copy(io.MultiWriter(f, sum), io.LimitReader(r, max+1)); err != nil {
		return "", 0, failure(err)
	}
	if size > max {
		return "", 0, fmt.Errorf("%w: the limit is %d bytes", ErrTooLarge, max)
	}
	if err := f.Sync(); err != nil {
		return "", 0, failure(err)
	}
	if err := f.Close(); err != nil {
		return "", 0, failure(err)
	}
	hash = hex.EncodeToString(sum.Sum(nil))
	b.mu.Lock()
	defer b.mu.Unlock()
	dir := filepath.Dir(b.path(hash))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", 0, failure(err)
	}
	// One that is there already is replaced by its like, which is new: Sweep leaves it.
	if err := os.Rename(temp, b.path(hash)); err != nil {
		return "", 0, failure(err)
	}
	now := b.now()
	if err := os.Chtimes(b.path(hash), now, now); err != nil {
		return "", 0, failure(err)
	}
	if err := errors.Join(syncFolder(dir), syncFolder(b.dir)); err != nil {
		return "", 0, failure(err)
	}
	return hash, size, nil
}

// Full tells whether an error is that of a disk, or of a person's part of one, that takes no more.
func Full(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }

// failure says what an error of the folder means.
func failure(err error) error {
	if Full(err) {
		return fmt.Errorf("%w (%w)", ErrFull, err)
	}
	return fmt.Errorf("blobs: %w", err)
}

// syncFolder brings the names in a folder to the disk.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// isHash tells whether a name is one that a blob may have.
func isHash(name string) bool {
	return len(name) == 2*sha256.Size && strings.Trim(name, "0123456789abcdef") == ""
}

func (b *Folder) path(hash string) string { return filepath.Join(b.dir, hash[:2], hash) }

// Open opens a blob to read; ErrNone if there is none.
func (b *Folder) Open(hash string) (*os.File, error) {
	if !isHash(hash) {
		return nil, ErrNone
	}
	f, err := os.Open(b.path(hash))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNone
	}
	return f, err
}

// Read returns all of a blob that has at most max bytes.
func (b *Folder) Read(hash string, max int64) ([]byte, error) {
	f, err := b.Open(hash)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, max+1))
	if err != nil {
		return nil, fmt.Errorf("blobs: %w", err)
	}
	if int64(len(data)) > max {
		return nil, ErrTooLarge
	}
	return data, nil
}

// Has tells whether there is such a blob.
func (b *Folder) Has(hash string) bool {
	if !isHash(hash) {
		return false
	}
	info, err := os.Stat(b.path(hash))
	return err == nil && info.Mode().IsRegular()
}

// Sweep removes the blobs that keep doesn't want and that nobody put in the last day, and
// what an unfinished Put left. It returns how many blobs went.
func (b *Folder) Sweep(keep func(hash string) bool) (gone int, err error) {
	err = filepath.WalkDir(b.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		isBlob := isHash(name) && !keep(name)
		if d.IsDir() || !isBlob && !strings.HasPrefix(name, "new-") {
			return nil
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case b.now().Sub(info.ModTime()) < sweepAge:
			return nil
		}
		if isBlob {
			gone++
		}
		return os.Remove(path)
	})
	return gone, err
}
