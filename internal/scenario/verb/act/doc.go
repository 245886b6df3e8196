// Package act is the verbs that do something, a file each: orders to programs and links,
// what is typed, sent, called and run. A verb is a file here, its part of
// docs/scenarios.md, and its test.
package act

import "time"

const (
	noTime  = time.Duration(0)
	maxLate = time.Minute // that a fault makes a frame late, or that lies between two of a send
)
