//go:build !linux && !darwin && !freebsd

package budget

func machine() (int64, string) { return unknown, "what a machine has that does not tell" }

// Resident is not known here.
func Resident(int) int64 { return 0 }
