package wasm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"weak"

	"github.com/tetratelabs/wazero"

	"wireloom/vnet/sys"
	"wireloom/wasm/fuel"
)

// MaxModule is how many bytes a module may have.
const MaxModule = 32 << 20

// keptModules is how many modules stay compiled though nobody holds a Program of
// them, and keptBytes how many bytes they may take, machine code and all, so that a lab
// that is opened again finds its own.
const (
	keptModules = 32
	keptBytes   = 256 << 20
)

// maxTable is how many entries a module's tables may have together, of 8 bytes each: they
// are not part of a process' memory, and of processes there may be many.
const maxTable = 1 << 17

// maxFlights is how many modules of a queue may wait to be compiled, and maxQueued how many
// bytes they may have together: what several clients of a server send at once
// (internal/httpapi, compilers), and one module of a scenario beside them.
const (
	maxFlights = 32
	maxQueued  = 5 * MaxModule
)

// small is how many bytes a module has, at most, that is not rewritten behind large
// ones, which take as long as they are large.
const small = 1 << 20

// Options configures an engine. The zero value compiles to machine code where it
// can, in this process, and keeps nothing on disk.
type Options struct {
	CacheDir    string // folder for compiled modules; "": none
	CacheLimit  int64  // bytes that the folder may hold; modcache.DefaultLimit if 0
	Interpreter bool   // interpret modules instead of compiling them
	Apart       Apart  // compiles in a process of its own; nil: in this one. Needs a CacheDir

	// Trouble is told, once and from any goroutine, when what was compiled can't be kept
	// in the folder: its disk is full, say. Programs run all the same, and each start
	// compiles them anew. It may be nil.
	Trouble func(error)
}

// An Engine compiles modules and holds what all their processes share. It may be
// used from many goroutines at once.
type Engine struct {
	rt      wazero.Runtime
	disk    *store // nil without a cache
	apart   Apart  // nil where modules are compiled in this process
	trouble func(error)

	visitors, own *queue // of modules that strangers bring, and of the caller's own

	mu      sync.Mutex     // guards what follows, and the queues
	second  wazero.Runtime // interprets; nil until it is first asked for
	modules map[[sha256.Size]byte]weak.Pointer[module]
	kept    []*module // most recently used last
	closed  bool

	interpreter bool // rt is one

	flying sync.WaitGroup
	bytes  atomic.Int64 // that all modules take
}

// A module is what programs with the same bytes share. When nobody holds it any
// more, its machine code is freed.
type module struct {
	rt       wazero.Runtime
	id       string // SHA-256 of the bytes before rewriting
	size     int64  // bytes that it takes: see Program.Size
	compiled wazero.CompiledModule
	memory   *fuel.Memory // nil without one
	image    *image       // that it begins with; nil where the module's segments have it, or there is none
	instance int64        // bytes that an instance takes besides its memory and stack
	funcName func(index uint32) string
}

// A queue is of modules that are compiled one after the other. None waits for those of
// another queue.
type queue struct {
	// Each is held by one who rewrites a module that is small or large, or compiles what
	// is quick or slow to. So a module that keeps the compiler busy for long holds up
	// those of its kind alone, and the labs have the other cores.
	small, large, quick, slow chan struct{}

	flights map[[sha256.Size]byte]*flight
	queued  int // bytes of the flights' modules
}

func newQueue() *queue {
	return &queue{
		small: make(chan struct{}, 1), large: make(chan struct{}, 1), quick: make(chan struct{}, 1), slow: make(chan struct{}, 1),
		flights: map[[sha256.Size]byte]*flight{},
	}
}

// A flight is a compilation that is under way. m and err are set when done is
// closed. The engine's mu guards waiters; when the last gives up, the flight is
// cancelled.
type flight struct {
	done    chan struct{}
	cancel  context.CancelFunc
	waiters int
	m       *module
	err     error
}

// NewEngine returns an engine, with its host functions ready. The caller closes it.
func NewEngine(ctx context.Context, o Options) (*Engine, error) {
	e := &Engine{
		visitors: newQueue(),
		own:      newQueue(),
		modules:  map[[sha256.Size]byte]weak.Pointer[module]{},
		trouble:  func(error) {},
	}
	if o.Trouble != nil {
		var once sync.Once
		e.trouble = func(err error) { once.Do(func() { o.Trouble(err) }) }
	}
	conf := runtimeConfig(o.Interpreter)
	e.interpreter = o.Interpreter
	if o.CacheDir != "" && !o.Interpreter {
		disk, err := openStore(ctx, o.CacheDir, o.CacheLimit)
		if err != nil {
			return nil, err
		}
		e.disk, e.apart = disk, o.Apart
		conf = conf.WithCompilationCache(disk.files)
	}
	var err error
	if e.rt, err = newRuntime(ctx, conf); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// newRuntime returns a runtime with the host functions. It is there, to be closed, also
// where there is an error.
func newRuntime(ctx context.Context, conf wazero.RuntimeConfig) (wazero.Runtime, error) {
	rt := wazero.NewRuntimeWithConfig(ctx, conf)
	for _, name := range append([]string{meterModule}, hostModules...) {
		b := rt.NewHostModuleBuilder(name)
		for _, f := range hostFunctions(name) {
			b.NewFunctionBuilder().WithGoModuleFunction(&f, f.params(), f.results()).Export(f.export())
		}
		if _, err := b.Instantiate(ctx); err != nil {
			return rt, fmt.Errorf("wasm: host module %s: %w", name, err)
		}
	}
	return rt, nil
}

// Close frees the engine. No process may be running. It ends what is being compiled,
// and waits for it: in this process that may take a while.
func (e *Engine) Close() error {
	e.mu.Lock()
	e.closed = true
	for _, q := range []*queue{e.visitors, e.own} {
		for _, f := range q.flights {
			f.cancel()
		}
	}
	e.mu.Unlock()
	e.flying.Wait()
	e.mu.Lock()
	e.kept = nil
	clear(e.modules)
	e.mu.Unlock()
	ctx := context.Background()
	err := e.rt.Close(ctx)
	if e.second != nil {
		err = errors.Join(err, e.second.Close(ctx))
	}
	if e.disk != nil {
		err = errors.Join(err, e.disk.close())
	}
	return err
}

// Compile checks a module and makes a program of it. name is its file's, for
// people. The error is a sentence for who wrote the module. Bytes that were seen
// before cost nothing; of others a few modules are compiled at a time, and a queue
// of bounded length waits. When everybody who waits for a module has given up, its
// compilation ends; one in this process can't be ended, and the next Compile of the
// same bytes finds what it made.
func (e *Engine) Compile(ctx context.Context, name string, bytes []byte) (*Program, error) {
	return e.compileIn(ctx, e.visitors, name, bytes)
}

// CompileOwn is Compile for modules of the caller's own, of which there are not many: they
// wait for nothing that Compile was given.
func (e *Engine) CompileOwn(ctx context.Context, name string, bytes []byte) (*Program, error) {
	return e.compileIn(ctx, e.own, name, bytes)
}

// Compiled returns the program of a module that is compiled already, nil if it is not.
func (e *Engine) Compiled(name string, bytes []byte) *Program {
	hash := sha256.Sum256(bytes)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil
	}
	if m := e.modules[hash].Value(); m != nil {
		e.keep(m)
		return &Program{name: name, m: m}
	}
	return nil
}

var errClosing = errors.New("the server is closing and compiles no more programs")

func tooLarge(name string, size int) error {
	return fmt.Errorf("%s has %d bytes; a program may have %d", name, size, MaxModule)
}

func (e *Engine) compileIn(ctx context.Context, q *queue, name string, bytes []byte) (*Program, error) {
	if len(bytes) > MaxModule {
		return nil, tooLarge(name, len(bytes))
	}
	hash := sha256.Sum256(bytes)
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return nil, errClosing
	}
	if m := e.modules[hash].Value(); m != nil {
		e.keep(m)
		e.mu.Unlock()
		return &Program{name: name, m: m}, nil
	}
	f := q.flights[hash]
	if f == nil && (len(q.flights) >= maxFlights || q.queued+len(bytes) > maxQueued) {
		n := len(q.flights)
		e.mu.Unlock()
		return nil, fmt.Errorf("%s: %d programs wait to be compiled already; try again in a moment", name, n)
	}
	if f == nil {
		f = e.takeOff(q, hash, bytes)
	}
	f.waiters++
	e.mu.Unlock()
	select {
	case <-f.done:
	case <-ctx.Done():
		e.giveUp(q, f, hash)
		return nil, fmt.Errorf("%s: compiling it was given up: %w", name, ctx.Err())
	}
	if f.err != nil {
		return nil, fmt.Errorf("%s: %w", name, f.err)
	}
	return &Program{name: name, m: f.m}, nil
}

// takeOff begins to compile a module. The caller holds mu.
func (e *Engine) takeOff(q *queue, hash [sha256.Size]byte, bytes []byte) *flight {
	ctx, cancel := context.WithCancel(context.Background())
	f := &flight{done: make(chan struct{}), cancel: cancel}
	q.flights[hash] = f
	q.queued += len(bytes)
	e.flying.Go(func() { e.fly(ctx, q, f, hash, bytes) })
	return f
}

// giveUp is called by who doesn't wait for a flight any more.
func (e *Engine) giveUp(q *queue, f *flight, hash [sha256.Size]byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if f.waiters--; f.waiters == 0 {
		f.cancel()
		if q.flights[hash] == f {
			delete(q.flights, hash) // who comes now begins anew
		}
	}
}

// fly compiles a module for everybody who waits for it.
func (e *Engine) fly(ctx context.Context, q *queue, f *flight, hash [sha256.Size]byte, bytes []byte) {
	defer f.cancel()
	f.m, f.err = e.compile(ctx, q, hex.EncodeToString(hash[:]), bytes)
	e.mu.Lock()
	defer e.mu.Unlock()
	if q.flights[hash] == f {
		delete(q.flights, hash)
	}
	q.queued -= len(bytes)
	if f.m != nil {
		e.enter(hash, f.m)
	}
	close(f.done)
}

// enter makes a module known. The caller holds mu.
func (e *Engine) enter(hash [sha256.Size]byte, m *module) {
	if e.closed {
		return
	}
	e.modules[hash] = weak.Make(m)
	e.keep(m)
	size := m.size
	e.bytes.Add(size)
	runtime.AddCleanup(m, func(c wazero.CompiledModule) { e.free(hash, c, size) }, m.compiled)
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
func (e *Engine) free(hash [sha256.Size]byte, c wazero.CompiledModule, size int64) {
	e.bytes.Add(-size)
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

// Size is how many bytes the engine's modules take of the process, machine code and all.
func (e *Engine) Size() int64 { return e.bytes.Load() }

// Trim lets go of the modules that no program needs. The next garbage collection frees
// them.
func (e *Engine) Trim() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.kept = nil
}

// compile checks and compiles a module.
func (e *Engine) compile(ctx context.Context, q *queue, id string, bytes []byte) (*module, error) {
	rewritten, err := e.rewrite(ctx, q, bytes)
	if err != nil {
		return nil, err
	}
	compiled, code, err := e.native(ctx, q, rewritten)
	if err != nil {
		return nil, err
	}
	return newModule(e.rt, id, compiled, code, rewritten), nil
}

// newModule is a module whose code has so many bytes.
func newModule(rt wazero.Runtime, id string, c wazero.CompiledModule, code int64, m *fuel.Module) *module {
	return &module{
		rt: rt, id: id, size: code + int64(m.Decoded), compiled: c,
		memory: m.Memory, image: newImage(m.Image), instance: int64(m.Instance), funcName: m.FuncName,
	}
}

func (e *Engine) rewrite(ctx context.Context, q *queue, bytes []byte) (*fuel.Module, error) {
	lane := q.large
	if len(bytes) <= small {
		lane = q.small
	}
	if err := hold(ctx, lane); err != nil {
		return nil, err
	}
	defer func() { <-lane }()
	m, err := fuel.Rewrite(bytes, fuel.Options{MaxSize: MaxModule, MaxPages: sys.MaxMemory / pageSize, MaxTable: maxTable, MaxElements: 2 * maxTable, Image: leastImage, Rename: version})
	if err != nil {
		return nil, err
	}
	return m, checkInterface(m)
}

// hold waits until a lane is free, and takes it.
func hold(ctx context.Context, lane chan struct{}) error {
	select {
	case lane <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
