//go:build !linux && !darwin && !freebsd && !netbsd && !openbsd && !dragonfly

package compilechild

// limit does nothing here: what holds are the parent's limit of real time and the
// child's own of memory.
func limit(_, _, _ int64) error { return nil }
