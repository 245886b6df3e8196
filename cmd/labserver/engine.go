package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"wireloom/vnet"
	"wireloom/wasm"
)

// cacheEnv names the folder of compiled programs where --cache does not.
const cacheEnv = "WIRELOOM_CACHE"

func cacheFlag(f *flag.FlagSet) *string {
	return f.String("cache", "", "the `folder` that compiled programs are kept in (default $"+cacheEnv+", else wireloom in the user's cache folder)")
}

// set reports whether a flag was given.
func set(f *flag.FlagSet, name string) (given bool) {
	f.Visit(func(x *flag.Flag) { given = given || x.Name == name })
	return given
}

// An engine runs WebAssembly programs.
type engine struct{ *wasm.Engine }

// openEngine opens an engine whose cache is in dir: where that is empty, in the
// folder that the environment names, else in the user's cache folder.
func openEngine(ctx context.Context, dir string) (*engine, error) {
	if dir == "" {
		dir = os.Getenv(cacheEnv)
	}
	if dir == "" {
		if user, err := os.UserCacheDir(); err == nil {
			dir = filepath.Join(user, "wireloom")
		}
	}
	e, err := wasm.NewEngine(ctx, wasm.Options{CacheDir: dir})
	if err != nil {
		return nil, err
	}
	return &engine{e}, nil
}

func (e *engine) compile(ctx context.Context, name string, module []byte) (vnet.Program, error) {
	p, err := e.Compile(ctx, name, module)
	if err != nil {
		return nil, err // not p, which would be a program that is nil
	}
	return p, nil
}

func (e *engine) close(io stdio) {
	if err := e.Close(); err != nil {
		fmt.Fprintf(io.err, "labserver: closing the engine: %v\n", err)
	}
}
