//go:build unix

package main

import (
	"fmt"
	"syscall"
	"time"
)

// cpu is the CPU time that the process has used, in user and system mode.
func cpu() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		panic(fmt.Sprintf("getrusage: %v", err)) // it takes no argument that could be wrong
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
