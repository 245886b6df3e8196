//go:build !unix

package modcache

import "io/fs"

// permissions says whether a file's mode tells who may write to it: elsewhere lists
// of access do, and a user's cache folder has a private one.
const permissions = false

func owned(fs.FileInfo) bool { return true }
