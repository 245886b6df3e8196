package session

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"wireloom/internal/lockfile"
)

// filesPrefix begins the names of the folders of servers, lockName is the file in
// each that its server holds a lock on for as long as it lives.
const (
	filesPrefix = "wireloom-files-"
	lockName    = "lock"
)

// Files is the folder in which the labs of one server keep what is too large for
// memory. A lock tells other servers that its owner lives; the system takes the lock
// back however the owner ends, so that the next server can clear up after it.
type Files struct {
	path string
	lock *os.File
}

// OpenFiles makes a folder in parent, the system's for temporary files if that is "".
// First it removes what servers have left there that didn't end in order; cleared is
// how many. The caller closes it when no lab is open any more.
func OpenFiles(parent string) (f *Files, cleared int, err error) {
	if parent == "" {
		parent = os.TempDir()
	}
	cleared = clearUp(parent)
	for range maxTries {
		path, err := os.MkdirTemp(parent, filesPrefix)
		if err != nil {
			return nil, cleared, openError(parent, err)
		}
		lock, err := lockfile.Take(filepath.Join(path, lockName), true)
		if err == nil {
			return &Files{path, lock}, cleared, nil
		}
		if !errors.Is(err, lockfile.ErrHeld) && !errors.Is(err, fs.ErrNotExist) {
			_ = os.RemoveAll(path) // it is of no use
			return nil, cleared, openError(parent, err)
		}
		// Another server that starts took the folder for one that was left behind.
	}
	return nil, cleared, openError(parent, lockfile.ErrHeld)
}

const maxTries = 10

// openError says what is wrong with a folder that the operator named.
func openError(parent string, err error) error {
	var why *fs.PathError
	if errors.As(err, &why) {
		err = why.Err
	}
	what := "name another folder"
	switch {
	case errors.Is(err, fs.ErrNotExist):
		what = "make that folder, or name another"
	case errors.Is(err, fs.ErrPermission):
		what = "let this user write there, or name another"
	}
	return fmt.Errorf("labs cannot keep their files in %s: %w: %s", parent, err, what)
}

// Path is the folder, for Options.Dir.
func (f *Files) Path() string { return f.path }

// Close removes the folder.
func (f *Files) Close() error {
	err := os.RemoveAll(f.path)
	return errors.Join(err, f.lock.Close()) // the lock goes last: nobody may meet half of it
}

// clearUp removes the folders in parent whose servers are gone. It touches only what
// this user owns and what nobody holds; what can't be removed stays for the system.
func clearUp(parent string) (cleared int) {
	found, err := filepath.Glob(filepath.Join(escapeGlob(parent), filesPrefix+"*"))
	if err != nil {
		return 0
	}
	for _, path := range found {
		info, err := os.Lstat(path)
		if err != nil || !info.IsDir() || !isOurs(info) {
			continue
		}
		lock, err := lockfile.Take(filepath.Join(path, lockName), false)
		switch {
		case err == nil:
			if os.RemoveAll(path) == nil {
				cleared++
			}
			_ = lock.Close() // only held
		case errors.Is(err, fs.ErrNotExist):
			// Its server ended before it had a lock, or is about to make one: an empty
			// folder goes, and a server that lives makes another.
			if os.Remove(path) == nil {
				cleared++
			}
		}
	}
	return cleared
}

// escapeGlob makes a pattern that matches one path.
func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}
