//go:build unix

package modcache

import (
	"io/fs"
	"os"
	"syscall"
)

// permissions says whether a file's mode tells who may write to it.
const permissions = true

// owned reports whether a file is the user's own, or root's.
func owned(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return !ok || int(st.Uid) == os.Geteuid() || st.Uid == 0
}
