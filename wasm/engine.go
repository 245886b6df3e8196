package wasm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"weak"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"wireloom/vnet"
	"wireloom/wasm/fuel"
	"wireloom/wasm/modcache"
)

// MaxModule is how many bytes a module may have.
const MaxModule = 32 << 20

// keptModules is how many modules stay compiled though nobody holds a Program of
// them, and keptBytes how many bytes they may have, so that a lab that is opened
// again finds its own.
const (
	keptModules = 32
	keptBytes   = 64 << 20
)

// maxFlights is how many modules may wait to be compiled.
const maxFlights = 32

// Options configures an engine. The zero value compiles to machine code where it
// can and keeps nothing on disk.
type Options struct {
	CacheDir    string // folder for compiled modules; "": none
	CacheLimit  int64  // bytes that the folder may hold; modcache.DefaultLimit if 0
	Interpreter bool   // interpret modules instead of compiling them
}

// An Engine compiles modules and holds what all their processes share. It may be
// used from many goroutines at once.
type Engine struct {
	rt    wazero.Runtime
	files wazero.CompilationCache // nil without one
	disk  *modcache.Cache         // nil without one
	turn  chan struct{}           // held by who compiles: one core for it, the others are the labs'

	mu      sync.Mutex // guards what follows
	modules map[[sha256.Size]byte]weak.Pointer[module]
	flights map[[sha256.Size]byte]*flight
	kept    []*module // most recently used last
	closed  bool
}

// A module is what programs with the same bytes share. When nobody holds it any
// more, its machine code is freed.
type module struct {
	engine   *Engine
	id       string // SHA-256 of the bytes before rewriting
	size     int
	compiled wazero.CompiledModule
	memory   *fuel.Memory // nil without one
	funcName func(index uint32) string
}

// A flight is a compilation that is under way. m and err are set when done is closed.
type flight struct {
	done chan struct{}
	m    *module
	err  error
}

// NewEngine returns an engine, with its host functions ready. The caller closes it.
func NewEngine(ctx context.Context, o Options) (*Engine, error) {
	conf := wazero.NewRuntimeConfig()
	if o.Interpreter {
		conf = wazero.NewRuntimeConfigInterpreter()
	}
	conf = conf.WithCoreFeatures(api.CoreFeaturesV2).WithDebugInfoEnabled(false)
	e := &Engine{
		turn:    make(chan struct{}, 1),
		modules: map[[sha256.Size]byte]weak.Pointer[module]{},
		flights: map[[sha256.Size]byte]*flight{},
	}
	if o.CacheDir != "" && !o.Interpreter {
		disk, err := modcache.Open(o.CacheDir, o.CacheLimit)
		if err != nil {
			return nil, err
		}
		files, err := wazero.NewCompilationCacheWithDir(disk.Code())
		if err != nil {
			return nil, fmt.Errorf("the cache of compiled programs: %w", err)
		}
		disk.Prune()
		e.disk, e.files = disk, files
		conf = conf.WithCompilationCache(files)
	}
	e.rt = wazero.NewRuntimeWithConfig(ctx, conf)
	for _, name := range append([]string{meterModule}, hostModules...) {
		b := e.rt.NewHostModuleBuilder(name)
		for _, f := range hostFunctions(name) {
			b.NewFunctionBuilder().WithGoModuleFunction(f, f.params(), f.results()).Export(f.name)
		}
		if _, err := b.Instantiate(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("wasm: host module %s: %w", name, err), e.Close())
		}
	}
	return e, nil
}

// Close frees the engine. No process may be running.
func (e *Engine) Close() error {
	e.mu.Lock()
	e.closed = true
	e.kept = nil
	clear(e.modules)
	e.mu.Unlock()
	ctx := context.Background()
	err := e.rt.Close(ctx)
	if e.files != nil {
		err = errors.Join(err, e.files.Close(ctx))
	}
	return err
}

// Compile checks a module and makes a program of it. name is its file's, for
// people. The error is a sentence for who wrote the module. Bytes that were seen
// before cost nothing; others are compiled one module at a time. A compilation
// goes on when ctx ends, and the next Compile of the same bytes finds it.
func (e *Engine) Compile(ctx context.Context, name string, bytes []byte) (*Program, error) {
	if len(bytes) > MaxModule {
		return nil, fmt.Errorf("%s has %d bytes; a program may have %d", name, len(bytes), MaxModule)
	}
	hash := sha256.Sum256(bytes)
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return nil, errors.New("the server is closing and compiles no more programs")
	}
	if m := e.modules[hash].Value(); m != nil {
		e.keep(m)
		e.mu.Unlock()
		return &Program{name, m}, nil
	}
	f := e.flights[hash]
	if f == nil && len(e.flights) >= maxFlights {
		e.mu.Unlock()
		return nil, fmt.Errorf("%s: %d programs wait to be compiled already; try again in a moment", name, maxFlights)
	}
	if f == nil {
		f = &flight{done: make(chan struct{})}
		e.flights[hash] = f
		go e.fly(f, hash, bytes)
	}
	e.mu.Unlock()
	select {
	case <-f.done:
	case <-ctx.Done():
		return nil, fmt.Errorf("%s: compiling it was given up: %w", name, ctx.Err())
	}
	if f.err != nil {
		return nil, fmt.Errorf("%s: %w", name, f.err)
	}
	return &Program{name, f.m}, nil
}

// fly compiles a module for everybody who waits for it.
func (e *Engine) fly(f *flight, hash [sha256.Size]byte, bytes []byte) {
	e.turn <- struct{}{}
	f.m, f.err = e.compile(hex.EncodeToString(hash[:]), bytes)
	<-e.turn
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.flights, hash)
	if f.m != nil && !e.closed {
		e.modules[hash] = weak.Make(f.m)
		e.keep(f.m)
		runtime.AddCleanup(f.m, func(c wazero.CompiledModule) { e.free(hash, c) }, f.m.compiled)
	}
	close(f.done)
}

// keep makes m the most recently used module. The caller holds mu.
func (e *Engine) keep(m *module) {
	kept, size := make([]*module, 0, len(e.kept)+1), m.size
	for i := len(e.kept) - 1; i >= 0 && len(kept) < keptModules-1; i-- {
		if k := e.kept[i]; k != m && size+k.size <= keptBytes {
			kept = append(kept, k)
			size += k.size
		}
	}
	for i, j := 0, len(kept)-1; i < j; i, j = i+1, j-1 {
		kept[i], kept[j] = kept[j], kept[i]
	}
	e.kept = append(kept, m)
}

// free is called when nobody holds a module any more.
func (e *Engine) free(hash [sha256.Size]byte, c wazero.CompiledModule) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return
	}
	if e.modules[hash].Value() == nil {
		delete(e.modules, hash)
	}
	_ = c.Close(context.Background()) // of a compiled module it never fails
}

// compile checks and compiles a module. The caller has its turn.
func (e *Engine) compile(id string, bytes []byte) (*module, error) {
	rewritten, err := fuel.Rewrite(bytes, fuel.Options{MaxSize: MaxModule, MaxPages: vnet.MaxMemory / pageSize})
	if err != nil {
		return nil, err
	}
	if err := checkInterface(rewritten); err != nil {
		return nil, err
	}
	compiled, err := e.native(rewritten.Bytes)
	if err != nil {
		return nil, err
	}
	return &module{
		engine: e, id: id, size: len(rewritten.Bytes), compiled: compiled,
		memory: rewritten.Memory, funcName: rewritten.FuncName,
	}, nil
}

// native compiles a rewritten module, or finds it on disk.
func (e *Engine) native(bytes []byte) (c wazero.CompiledModule, err error) {
	defer func() {
		// A bug in the compiler must not take the server with it: the input is a stranger's.
		if r := recover(); r != nil {
			c, err = nil, fmt.Errorf("the module can't be compiled: internal error: %v", r)
		}
	}()
	ctx := context.Background()
	if e.disk == nil {
		c, err = e.rt.CompileModule(ctx, bytes)
		return c, invalid(err)
	}
	hash := sha256.Sum256(bytes)
	id := hex.EncodeToString(hash[:])
	found := e.disk.Use(id)
	var before map[string]bool
	if !found {
		before = e.disk.Files()
	}
	c, err = e.rt.CompileModule(ctx, bytes)
	if err != nil && strings.Contains(err.Error(), "compilationcache:") {
		e.disk.Forget(id) // what is on disk is damaged
		before, found = e.disk.Files(), false
		c, err = e.rt.CompileModule(ctx, bytes)
	}
	if err != nil {
		// Where the result can't be written, it is in memory all the same, and the
		// second attempt finds it there. A module that is invalid stays so.
		c, err = e.rt.CompileModule(ctx, bytes)
	}
	if err != nil {
		return nil, invalid(err)
	}
	if !found {
		e.disk.Made(id, before)
		e.disk.Prune()
	}
	return c, nil
}

func invalid(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("not a valid WebAssembly module: %w", err)
}
