//go:build linux || darwin || freebsd

package main

import "golang.org/x/sys/unix"

// diskRoom is what is free on the disk of a folder, and how large that is, in bytes.
func diskRoom(dir string) (free, total int64, ok bool) {
	var s unix.Statfs_t
	if unix.Statfs(dir, &s) != nil {
		return 0, 0, false
	}
	block := int64(s.Bsize) //nolint:unconvert // other systems have other types
	return int64(s.Bavail) * block, int64(s.Blocks) * block, true
}
