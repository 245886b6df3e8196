//go:build !unix

package store

import "io"

// lockFolder takes no lock: here nothing tells whether the server that left one still lives.
func lockFolder(string) (io.Closer, error) { return nil, nil }
