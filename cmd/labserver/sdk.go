package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"wireloom/internal/terminal"
	"wireloom/wasm/guest"
)

// runSDK writes the SDKs, which the binary holds, into a folder. It replaces files of
// the same names and leaves others alone.
func runSDK(_ context.Context, args []string, io stdio) int {
	f := newFlags(io, "sdk", "DIR", "Writes what programs for labs are built with into DIR: C headers (include), the Go\npackage (go) and examples. docs/c.md and docs/go.md say how to use them.")
	rest, code, ok := parse(f, args)
	if !ok {
		return code
	}
	if len(rest) != 1 {
		return wants(io, f, "the DIR to write into", rest)
	}
	if err := writeSDK(rest[0], io.out); err != nil {
		return fail(io, err)
	}
	return exitOK
}

func writeSDK(dir string, out io.Writer) error {
	files, err := guest.Files()
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		to := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return fmt.Errorf("writing the SDK: %w", err)
		}
		if err := os.WriteFile(to, files[name], 0o644); err != nil { //nolint:gosec // headers are for everybody to read
			return fmt.Errorf("writing the SDK: %w", err)
		}
	}
	include, module := filepath.Join(dir, "include"), filepath.Join(dir, "go")
	if !filepath.IsAbs(module) && !strings.HasPrefix(module, "..") {
		module = "." + string(filepath.Separator) + module // as go.mod wants folders
	}
	fmt.Fprintf(out, "%d files.\nC:  clang --target=wasm32-wasi -I%s -O2 -Wl,-z,stack-size=262144 -Wl,--stack-first program.c -o program.wasm\nGo: go mod init student\n    go mod edit -require=wireloom@v0.0.0 -replace=wireloom=%s\n    GOOS=wasip1 GOARCH=wasm go build -o program.wasm .\n",
		len(files), terminal.Line(include), terminal.Line(module))
	return nil
}
