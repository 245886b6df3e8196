//go:build !unix

package journal

import "os"

// alone reports whether a file has one name, where that can be told.
func alone(os.FileInfo) bool { return false }
