// Package lockfile has a folder belong to one process at a time.
package lockfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrHeld is what Take and Folder fail with where somebody else has the lock.
var ErrHeld = errors.New("another server holds its lock")

// Name is the file in a folder by which it is taken. Who has it may write there what others are to know.
const Name = "lock"

// Folder takes a folder, which is there, by the file lock in it: until what it returns is
// closed, or the process ends in whatever way. The file stays.
func Folder(dir string) (*os.File, error) {
	path := filepath.Join(dir, Name)
	f, err := Take(path, false)
	if errors.Is(err, fs.ErrNotExist) {
		f, err = Take(path, true)
	}
	if errors.Is(err, fs.ErrExist) { // somebody was faster
		err = ErrHeld
	}
	return f, err
}
