package boot

import (
	"context"
	"os"
	"path/filepath"

	"wireloom/internal/compilechild"
	"wireloom/vnet"
	"wireloom/wasm"
)

// CacheEnv names the folder of compiled programs where no caller does.
const CacheEnv = "WIRELOOM_CACHE"

// An Engine runs WebAssembly programs. Its methods may be called from any goroutine.
type Engine struct{ e *wasm.Engine }

// OpenEngine opens an engine whose compiled programs are kept in dir: where that is
// empty, in the folder that CacheEnv names, else in wireloom in the user's cache
// folder, so that every part of the product compiles a program once for all. Where
// the program called compilechild.Init, it compiles in processes of their own. A user
// without a cache folder has none kept, and compiles in this process.
func OpenEngine(ctx context.Context, dir string) (*Engine, error) {
	if dir == "" {
		dir = os.Getenv(CacheEnv)
	}
	if dir == "" {
		if user, err := os.UserCacheDir(); err == nil {
			dir = filepath.Join(user, "wireloom")
		}
	}
	e, err := wasm.NewEngine(ctx, wasm.Options{CacheDir: dir, Apart: compilechild.Apart()})
	if err != nil {
		return nil, err
	}
	return &Engine{e}, nil
}

// Compile makes a program of a module (Compile).
func (e *Engine) Compile(ctx context.Context, name string, module []byte) (vnet.Program, error) {
	p, err := e.e.Compile(ctx, name, module)
	if err != nil {
		return nil, err // not p, which would be a program that is nil
	}
	return p, nil
}

// Close frees what was compiled. No program of the engine may run any more.
func (e *Engine) Close() error { return e.e.Close() }
