// Command typescript makes the page's side of the protocol from the Go source of
// internal/protocol: web/src/protocol/types.ts, what messages are, and guards.ts, which
// takes nothing else. With -check it writes nothing, and fails if they are not what it
// would write.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

const (
	out  = "web/src/protocol"
	head = "// Made from internal/protocol by internal/typescript. Change that, then run make protocol.\n"
)

// packages are the folders whose structs are read, by the name of the package.
var packages = map[string]string{
	"":       "internal/protocol",
	"decode": "internal/decode",
}

func main() {
	check := flag.Bool("check", false, "only look whether the files are what would be written")
	root := flag.String("root", ".", "the folder of the module")
	flag.Parse()
	if err := run(*root, *check); err != nil {
		fmt.Fprintln(os.Stderr, "typescript:", err)
		os.Exit(1)
	}
}

func run(root string, check bool) error {
	src, err := read(root, packages)
	if err != nil {
		return err
	}
	files, err := src.typescript()
	if err != nil {
		return err
	}
	for _, f := range files {
		name := filepath.Join(root, out, f.name)
		if !check {
			if err := os.WriteFile(name, f.text, 0o666); err != nil {
				return err
			}
			continue
		}
		// A file that can't be read is not what it should be, either.
		if had, _ := os.ReadFile(name); !bytes.Equal(had, f.text) {
			return fmt.Errorf("%s is not what internal/protocol says: run make protocol", name)
		}
	}
	return nil
}
