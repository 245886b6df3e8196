//go:build darwin || freebsd

package budget

import "golang.org/x/sys/unix"

func machine() (int64, string) {
	for _, name := range []string{"hw.memsize", "hw.physmem"} { // of macOS, of FreeBSD
		if n, err := unix.SysctlUint64(name); err == nil && n > 0 {
			return int64(min(n, 1<<62)), "this machine's memory"
		}
	}
	return unknown, "what a machine has that does not tell"
}

// Resident is not known here.
func Resident(int) int64 { return 0 }
