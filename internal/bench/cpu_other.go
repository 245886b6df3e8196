//go:build !unix

package main

import "time"

var began = time.Now()

// cpu is the time that has passed: this system does not tell what the process used
// of it, so that figures of CPU time are those of wall time here.
func cpu() time.Duration { return time.Since(began) }
