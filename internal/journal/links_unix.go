//go:build unix

package journal

import (
	"os"
	"syscall"
)

// alone reports whether a file has one name.
func alone(info os.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && st.Nlink == 1
}
