package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// goFlags make a module's bytes independent of the machine. The build ID hashes
// the compiler's own path, so it is left out; symbol names stay, because the
// report of a trap shows them.
var goFlags = []string{"-trimpath", "-buildvcs=false", "-ldflags=-buildid="}

// goEnv is the environment of a build of Go guests. GOFLAGS must not be empty:
// an empty one falls back to what `go env -w` set.
func goEnv() []string {
	return append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-mod=readonly")
}

// goPackage is what we read of an object that `go list -json` prints.
type goPackage struct {
	ImportPath, Dir, Name string
	Standard              bool
	GoFiles, SFiles       []string
	EmbedFiles            []string
	Deps                  []string
	Module                *struct{ Path, Version string }
}

// hashGo fills in the keys of the Go programs: the compiler, the flags, go.mod
// and every file of every package that is not the standard library's.
func hashGo(ctx context.Context, root string, programs []*program) error {
	if len(programs) == 0 {
		return nil
	}
	args := []string{"list", "-deps", "-json=ImportPath,Dir,Name,Standard,GoFiles,SFiles,EmbedFiles,Deps,Module"}
	for _, p := range programs {
		args = append(args, "./"+p.dir)
	}
	listing, err := goCommand(ctx, root, args...)
	if err != nil {
		return err
	}
	byPath, byDir, err := parseList(listing)
	if err != nil {
		return err
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return err
	}
	for _, p := range programs {
		pkg := byDir[filepath.Join(root, filepath.FromSlash(p.dir))]
		if pkg == nil || pkg.Name != "main" {
			return fmt.Errorf("%s: not a program: its Go files must be package main", p.dir)
		}
		k := newKey("go")
		k.text(runtime.Version(), strings.Join(goFlags, " "), string(mod))
		for _, dep := range append([]string{pkg.ImportPath}, pkg.Deps...) {
			if err := k.goPackage(byPath[dep]); err != nil {
				return err
			}
		}
		p.key = k.sum()
	}
	return nil
}

// goPackage adds a package: of our own module its files, of another module its
// version, which go.sum holds to its contents.
func (k *key) goPackage(pkg *goPackage) error {
	switch {
	case pkg == nil || pkg.Standard:
		return nil
	case pkg.Module != nil && pkg.Module.Version != "":
		k.text(pkg.ImportPath, pkg.Module.Path, pkg.Module.Version)
		return nil
	}
	for _, files := range [][]string{pkg.GoFiles, pkg.SFiles, pkg.EmbedFiles} {
		for _, name := range files {
			if err := k.file(pkg.ImportPath+"/"+name, filepath.Join(pkg.Dir, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// parseList reads the output of `go list -json`, a stream of objects.
func parseList(listing []byte) (byPath, byDir map[string]*goPackage, err error) {
	byPath, byDir = map[string]*goPackage{}, map[string]*goPackage{}
	dec := json.NewDecoder(bytes.NewReader(listing))
	for {
		pkg := new(goPackage)
		err := dec.Decode(pkg)
		if errors.Is(err, io.EOF) {
			return byPath, byDir, nil
		}
		if err != nil {
			return nil, nil, fmt.Errorf("go list: %w", err)
		}
		byPath[pkg.ImportPath], byDir[pkg.Dir] = pkg, pkg
	}
}

// buildGo leaves the program's module in dir.
func buildGo(ctx context.Context, root, dir string, p *program) error {
	args := append([]string{"build"}, goFlags...)
	args = append(args, "-o", filepath.Join(dir, p.name+".wasm"), "./"+p.dir)
	_, err := goCommand(ctx, root, args...)
	return err
}

// goCommand runs the go command for a guest and returns its output.
func goCommand(ctx context.Context, root string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = root, goEnv()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %w\n%s", args[0], err, bytes.TrimSpace(stderr.Bytes()))
	}
	return out, nil
}
