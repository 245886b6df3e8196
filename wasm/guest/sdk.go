// Package guest holds the SDKs with which programs for labs are written: the C
// headers in include and the Go package in tuntap, as labserver hands them out.
// Their reference is docs/c.md and docs/go.md; examples has programs that use them.
package guest

import (
	"embed"
	"io/fs"
	"path"
	"strings"
)

//go:embed all:include all:examples/c all:examples/cpp tuntap examples/go clang.mjs
var files embed.FS

// goMod makes the Go package a module of its own, under the path by which the
// programs of this tree import it too.
const goMod = "module wireloom\n\ngo 1.24\n"

// Files are the files of the SDKs by their slash-separated names: the C headers in
// include, the Go module in go, examples of both, and clang.mjs, which compiles C
// and C++ under Node.
func Files() (map[string][]byte, error) {
	all := map[string][]byte{"go/go.mod": []byte(goMod)}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(name, "_test.go") {
			return err
		}
		b, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		if strings.HasSuffix(name, ".go") { // where a module has its packages
			name = path.Join("go/wasm/guest", name)
		}
		all[name] = b
		return nil
	})
	return all, err
}
