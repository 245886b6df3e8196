//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package session

import (
	"errors"
	"os"
)

var errHeld = errors.New("another server holds its lock")

// lockFile makes the file. Here nothing tells whether a server lives, so that a lock
// which is there already counts as held, and what a server left behind stays.
func lockFile(path string, create bool) (*os.File, error) {
	if !create {
		return nil, errHeld
	}
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
}

func isOurs(os.FileInfo) bool { return true }
