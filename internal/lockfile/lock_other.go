//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package lockfile

import "os"

// Take makes the file. Here nothing tells whether a server lives, so that a lock
// which is there already counts as held, and what a server left behind stays.
func Take(path string, create bool) (*os.File, error) {
	if !create {
		if _, err := os.Lstat(path); err != nil {
			return nil, err
		}
		return nil, ErrHeld
	}
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
}
