package listing

import (
	"archive/zip"
	"bytes"
	"maps"
	"slices"
	"strings"

	"wireloom/internal/scenario"
	"wireloom/wasm/guest"
)

// starterMod has the SDK's Go package found where a starter's zip has it.
const starterMod = "module student\n\ngo 1.24\n\nrequire wireloom v0.0.0\n\nreplace wireloom => ./sdk/go\n"

// starterReadme is what a starter's zip says first.
const starterReadme = `# Begin here

What to write is in brief.md; where, in main.c or in main.go, in the language that you like: look for TASK.
Build it in this folder with a line of brief.md. What that needs:

- for C: clang with a linker and a C library for WebAssembly. On Debian and Ubuntu, as root:

      apt-get install clang lld wasi-libc libclang-rt-14-dev-wasm32

  Where these are other versions, apt-cache search libclang-rt says which number it is. Without root, on any
  system that has Node.js:

      npm install @yowasp/clang
      node sdk/clang.mjs -O2 -Wall main.c -o program.wasm

- for Go: Go 1.24 or later, from https://go.dev/dl/.

Then upload the .wasm on the page.
`

// Starter is a zip of what a student begins with: the scenario's starter and brief, and
// the SDK, so that the brief's lines compile it. It is nil where there is no starter.
func Starter(sc *scenario.Scenario) ([]byte, error) {
	files, err := sc.Starter()
	if err != nil || files == nil {
		return nil, err
	}
	sdk, err := guest.Files()
	if err != nil {
		return nil, err
	}
	for name, b := range sdk {
		if !strings.HasPrefix(name, "examples/") {
			files["sdk/"+name] = b
		}
	}
	for name, text := range map[string]string{"README.md": starterReadme, "brief.md": sc.Brief, "go.mod": starterMod} {
		if files[name] == nil {
			files[name] = []byte(text)
		}
	}
	return Zip(sc.Name+"/", files)
}

// Zip is files below a folder as a zip, in the order of their names. The same files give the
// same bytes.
func Zip(folder string, files map[string][]byte) ([]byte, error) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		w, err := z.Create(folder + name)
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(files[name]); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
