package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
)

// clangFlags are those of wasm/guest/build.mjs, without the warnings, and with the
// names left out, which nobody reads here.
var clangFlags = []string{"--target=wasm32-wasi", "-std=gnu17", "-O2", "-g0", "-w", "-Wl,--strip-all", "-x", "c"}

// A workshop makes programs of C and grades them.
type workshop struct {
	*clang
	*grader
	closers []func() error
}

// workshop makes one whose programs have so much fuel.
func (l *lesson) workshop(ctx context.Context, fuel int64) (*workshop, error) {
	g, done, err := interpreter(ctx, fuel)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "course-")
	if err != nil {
		return nil, errors.Join(err, done())
	}
	cc := &clang{filepath.Join(l.root, "wasm", "guest", "include"), dir}
	return &workshop{cc, g, []func() error{done, func() error { return os.RemoveAll(dir) }}}, nil
}

// close gives up what nobody needs any more, so that its errors say nothing.
func (w *workshop) close() {
	for _, f := range w.closers {
		_ = f()
	}
}

// each does n things, as many at a time as there are processors.
func each(n int, do func(i int) error) error {
	errs := make([]error, n)
	next := make(chan int)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range next {
				errs[i] = do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
	return errors.Join(errs...)
}

// A clang compiles C programs with the compiler that is installed.
type clang struct {
	include string // the SDK's headers
	dir     string // for the modules, one at a time by name
}

// build compiles a program. The error is the compiler's first complaint.
func (c *clang) build(ctx context.Context, name, source string) ([]byte, error) {
	out := filepath.Join(c.dir, name+".wasm")
	args := append(clangFlags[:len(clangFlags):len(clangFlags)], "-I"+c.include, "-", "-o", out)
	cmd := exec.CommandContext(ctx, "clang", args...)
	cmd.Stdin = strings.NewReader(source)
	if text, err := cmd.CombinedOutput(); err != nil {
		line, _, _ := strings.Cut(string(bytes.TrimSpace(text)), "\n")
		return nil, fmt.Errorf("clang: %w: %s", err, line)
	}
	module, err := os.ReadFile(out)
	if err != nil {
		return nil, err
	}
	return module, os.Remove(out)
}
