//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package compilechild

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// niceness leaves most of a busy machine to the labs: a third of what one of them has
// is left for the compiler.
const niceness = 5

// limit holds this process to limits: seconds of CPU time, bytes of memory and bytes
// of each file that it writes.
func limit(cpu, memory, output int64) error {
	_ = unix.Setpriority(unix.PRIO_PROCESS, 0, niceness) // it compiles at any priority
	for _, l := range []struct {
		what     string
		resource int
		n        int64
		more     int64 // until the limit that the process cannot ignore
	}{
		{"CPU time", unix.RLIMIT_CPU, cpu, 1}, // at the first it gets SIGXCPU, and says so
		// Not RLIMIT_AS: Go reserves far more addresses than it uses. On Linux this
		// counts what is writable; elsewhere weigh is the limit that holds.
		{"memory", unix.RLIMIT_DATA, memory + memory/8, 0},
		{"output", unix.RLIMIT_FSIZE, output, 0},
		{"core dumps", unix.RLIMIT_CORE, 0, 0},
	} {
		var r unix.Rlimit
		if err := unix.Getrlimit(l.resource, &r); err != nil {
			return fmt.Errorf("limiting %s: %w", l.what, err)
		}
		if below(r.Max, l.n+l.more) {
			continue // it is held to less already
		}
		set(&r.Cur, l.n)
		set(&r.Max, l.n+l.more)
		if err := unix.Setrlimit(l.resource, &r); err != nil {
			return fmt.Errorf("limiting %s to %d: %w", l.what, l.n, err)
		}
	}
	return nil
}

// below reports whether a limit, which is signed on some systems and -1 there where
// there is none, is lower than n.
func below[T int64 | uint64](limit T, n int64) bool { return limit >= 0 && uint64(limit) < uint64(n) }

// set assigns to a limit.
func set[T int64 | uint64](p *T, n int64) { *p = T(n) }
