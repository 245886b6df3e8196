package fs

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

// Check returns what is wrong with the files of a configuration, a sentence each.
func Check(files map[string][]byte) []string {
	var wrong []string
	bad := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	if len(files) > MaxFiles {
		bad("it has %d files, at most %d are allowed", len(files), MaxFiles)
		return wrong
	}
	total := 0
	for _, name := range slices.Sorted(maps.Keys(files)) {
		total += len(files[name])
		clean := strings.TrimSuffix(name, "/")
		switch {
		case !strings.HasPrefix(name, "/") || clean == "" || path.Clean(clean) != clean || strings.ContainsRune(name, 0):
			bad("file %q: a path begins with /, and has no empty, . or .. in it", name)
		case !utf8.ValidString(name):
			bad("file %q: a path is UTF-8 text", name)
		case len(clean) >= MaxPath || slices.ContainsFunc(strings.Split(clean, "/"), func(s string) bool { return len(s) > MaxName }):
			bad("file %.60q...: a path has less than %d bytes, and each name in it at most %d", name, MaxPath, MaxName)
		case inTree(clean, "/dev") || inTree(clean, "/tmp"):
			bad("file %q: /dev has the node's devices and /tmp what programs make; put it elsewhere", name)
		case clean != name && len(files[name]) > 0:
			bad("file %q: a path that ends in / is an empty directory, and can hold no bytes", name)
		case clean != name && has(files, clean):
			bad("file %q: it is there as a file and as a directory", clean)
		}
		for dir := path.Dir(clean); dir != "/" && dir != "."; dir = path.Dir(dir) {
			if has(files, dir) {
				bad("file %q: %q is a file, and can hold no other", name, dir)
			}
		}
	}
	if total > MaxFileBytes {
		bad("its files have %d bytes, at most %d are allowed", total, MaxFileBytes)
	}
	return wrong
}

func has(files map[string][]byte, name string) bool {
	_, ok := files[name]
	return ok
}

// inTree tells whether a path is dir, or below it.
func inTree(name, dir string) bool { return name == dir || strings.HasPrefix(name, dir+"/") }
