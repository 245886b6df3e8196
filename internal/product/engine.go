package product

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"wireloom/internal/budget"
	"wireloom/internal/compilechild"
	"wireloom/vnet/sys"
	"wireloom/wasm"
	"wireloom/wasm/modcache"
)

// CacheEnv names the folder of compiled programs where no caller does.
const CacheEnv = "WIRELOOM_CACHE"

// An Engine runs WebAssembly programs. Its methods may be called from any goroutine.
type Engine struct {
	e    *wasm.Engine
	temp string // a cache of its own; "" where it has another, or none

	apart  wasm.Apart     // nil where modules are compiled in this process
	budget *budget.Budget // nil for none
}

// EngineOptions say how an engine is opened.
type EngineOptions struct {
	// CacheDir is the folder that compiled programs are kept in: where it is empty, the
	// one that CacheEnv names, else wireloom in the user's cache folder, so that every
	// part of the product compiles a program once for all.
	CacheDir string

	// Trouble is told once, from any goroutine, why compiled programs can't be kept there.
	// The engine goes on with a folder for temporary files, which it removes, or without any.
	// Where it is nil, a folder that can't be used is an error.
	Trouble func(error)
}

// tempLimit is how many bytes a cache for temporary files may have: the user has not
// asked for one.
const tempLimit = 1 << 30

// OpenEngine opens an engine whose compiled programs are kept in dir, as for NewEngine.
func OpenEngine(ctx context.Context, dir string) (*Engine, error) {
	return NewEngine(ctx, EngineOptions{CacheDir: dir})
}

// NewEngine opens an engine. Where the program called compilechild.Init, it compiles in
// processes of their own, which hand over what they made in the folder: so a server has
// one, if only for temporary files. Without any it compiles in this process.
func NewEngine(ctx context.Context, o EngineOptions) (*Engine, error) {
	dir, err := cacheDir(o.CacheDir)
	if err != nil && o.Trouble == nil {
		return openEngine(ctx, wasm.Options{})
	}
	if err == nil {
		e, oerr := openEngine(ctx, wasm.Options{CacheDir: dir, Trouble: o.Trouble})
		if oerr == nil || o.Trouble == nil {
			return e, oerr
		}
		err = oerr
	}
	o.Trouble(err)
	temp, err := os.MkdirTemp("", "wireloom-cache-*")
	if err != nil {
		return openEngine(ctx, wasm.Options{})
	}
	e, err := openEngine(ctx, wasm.Options{CacheDir: temp, CacheLimit: tempLimit})
	if err != nil {
		_ = os.RemoveAll(temp) // it was no use
		return openEngine(ctx, wasm.Options{})
	}
	e.temp = temp
	return e, nil
}

func openEngine(ctx context.Context, o wasm.Options) (*Engine, error) {
	e := &Engine{apart: compilechild.Apart()}
	if e.apart != nil && o.CacheDir != "" {
		o.Apart = e.compileApart
	}
	var err error
	if e.e, err = wasm.NewEngine(ctx, o); err != nil {
		return nil, err
	}
	return e, nil
}

var errNoHome = errors.New("there is no folder for them: the environment has neither HOME nor XDG_CACHE_HOME")

// cacheDir is the folder that a caller who names dir means.
func cacheDir(dir string) (string, error) {
	if dir == "" {
		dir = os.Getenv(CacheEnv)
	}
	if dir != "" {
		return dir, nil
	}
	user, err := os.UserCacheDir()
	if err != nil {
		return "", errNoHome
	}
	return filepath.Join(user, "wireloom"), nil
}

// CheckCache reports why compiled programs can't be kept in the folder that a caller who
// names dir means, as NewEngine would find out.
func CheckCache(dir string) error {
	dir, err := cacheDir(dir)
	if err != nil {
		return err
	}
	_, err = modcache.Open(dir, 0)
	return err
}

// Compile makes a program of a module (Compile).
func (e *Engine) Compile(ctx context.Context, name string, module []byte) (sys.Program, error) {
	p, err := e.e.Compile(ctx, name, module)
	if err != nil {
		return nil, err // not p, which would be a program that is nil
	}
	return p, nil
}

// CompileOwn is Compile for modules of the caller's own, which wait for none of those that
// Compile was given.
func (e *Engine) CompileOwn(ctx context.Context, name string, module []byte) (sys.Program, error) {
	p, err := e.e.CompileOwn(ctx, name, module)
	if err != nil {
		return nil, err
	}
	return p, nil
}

// A Trial is a run in which programs may be interpreted.
type Trial = wasm.Trial

// Trying is Compile for a trial (wasm.Engine.Try).
func (e *Engine) Trying(t *Trial) Compile {
	return func(ctx context.Context, name string, module []byte) (sys.Program, error) {
		p, err := e.e.Try(ctx, t, name, module)
		if err != nil {
			return nil, err
		}
		return p, nil
	}
}

// Compiled returns the program of a module that is compiled already; nil if it is not.
func (e *Engine) Compiled(name string, module []byte) sys.Program {
	if p := e.e.Compiled(name, module); p != nil {
		return p
	}
	return nil
}

// Close frees what was compiled. No program of the engine may run any more.
func (e *Engine) Close() error {
	err := e.e.Close()
	if e.temp != "" {
		err = errors.Join(err, os.RemoveAll(e.temp))
	}
	return err
}
