package wasm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"wireloom/wasm/fuel"
	"wireloom/wasm/modcache"
)

// An Apart runs CompileInto in a process of its own, which is held to limits of time
// and memory and ends with ctx. Its error is a sentence about the module, or
// ErrNotApart where there can be no such process.
type Apart func(ctx context.Context, module []byte, dir string) error

// ErrNotApart says that a module was not compiled for no fault of its own: it is
// then compiled in this process.
var ErrNotApart = errors.New("no process could be started to compile in")

// CompileInto compiles a module that package fuel has rewritten, and leaves the
// result in the empty folder dir as one file, for an engine with the same version
// of wazero on the same machine. It is what an Apart does. An error that is an
// fs.PathError is not the module's.
func CompileInto(ctx context.Context, module []byte, dir string) (err error) {
	files, err := wazero.NewCompilationCacheWithDir(dir)
	if err != nil {
		return fmt.Errorf("compiling: %w", err)
	}
	rt := wazero.NewRuntimeWithConfig(ctx, runtimeConfig(false).WithCompilationCache(files))
	if _, err = rt.CompileModule(ctx, module); !errors.As(err, new(*fs.PathError)) {
		err = invalid(err) // else the result can't be written
	}
	return errors.Join(err, rt.Close(ctx), files.Close(ctx))
}

// runtimeConfig is what makes of a module what it is: the same in every process that
// shares a cache.
func runtimeConfig(interpreter bool) wazero.RuntimeConfig {
	return newConfig(interpreter).WithCoreFeatures(api.CoreFeaturesV2).WithDebugInfoEnabled(false)
}

func invalid(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("not a valid WebAssembly module: %s", strings.ReplaceAll(err.Error(), "\n\t", "; "))
}

// A store is an engine's part of the cache on disk. wazero trusts the files that it
// reads: so it has a folder of the engine's own, to which a module's code is copied
// once it has been verified, and which is empty again when that is loaded.
type store struct {
	*modcache.Cache
	files   wazero.CompilationCache
	machine string // names wazero's version and the processor
	folder  string // below private: where wazero's version has its files

	mu      sync.Mutex // held by who uses private
	private string
}

// probe is a module with one function, of which wazero makes what tells one version
// of it and one kind of processor from the others.
var probe = []byte("\x00asm\x01\x00\x00\x00" + "\x01\x04\x01\x60\x00\x00" + "\x03\x02\x01\x00" + "\x0a\x04\x01\x02\x00\x0b")

func openStore(ctx context.Context, dir string, limit int64) (*store, error) {
	cache, err := modcache.Open(dir, limit)
	if err != nil {
		return nil, err
	}
	s := &store{Cache: cache}
	fail := func(err error) (*store, error) {
		return nil, fmt.Errorf("the cache of compiled programs: %w", errors.Join(err, s.close()))
	}
	if s.private, err = cache.Scratch(); err != nil {
		return fail(err)
	}
	if err := CompileInto(ctx, probe, s.private); err != nil {
		return fail(err)
	}
	name, err := modcache.Only(s.private)
	if err != nil {
		return fail(err)
	}
	if s.machine, err = modcache.Fingerprint(s.private, name); err != nil {
		return fail(err)
	}
	s.folder = filepath.Dir(name)
	if s.files, err = wazero.NewCompilationCacheWithDir(s.private); err != nil {
		return fail(err)
	}
	s.clear()
	cache.Prune()
	return s, nil
}

func (s *store) close() error {
	var err error
	if s.files != nil {
		err = s.files.Close(context.Background())
	}
	return errors.Join(err, os.RemoveAll(s.private))
}

// clear deletes what is in the private folder. What stays is not used: names are
// hashes of modules.
func (s *store) clear() { _ = os.RemoveAll(s.private) }

// id names a module's code in the cache.
func (s *store) id(module []byte) string {
	h := sha256.New()
	h.Write([]byte(s.machine))
	h.Write(module)
	return hex.EncodeToString(h.Sum(nil))
}

// slowWork is the estimate of a module's compiling work from which on it counts as
// slow: about five seconds, which no program takes that a person wrote for a lab.
const slowWork = 5 * fuel.WorkPerSecond

// lane is where a module waits to be compiled.
func (q *queue) lane(m *fuel.Module) chan struct{} {
	if m.Work >= slowWork {
		return q.slow
	}
	return q.quick
}

// codeFactor is how many bytes of machine code are taken to come of a byte of a module,
// where that is not known.
const codeFactor = 4

// native finds a rewritten module's code on disk, or waits in line and compiles it. size is
// that of the code in bytes.
func (e *Engine) native(ctx context.Context, q *queue, m *fuel.Module) (c wazero.CompiledModule, size int64, err error) {
	defer func() {
		// A bug in the compiler must not take the server with it: the input is a stranger's.
		if r := recover(); r != nil {
			c, size, err = nil, 0, fmt.Errorf("the module can't be compiled: internal error: %v", r)
		}
	}()
	module, id := m.Bytes, ""
	if e.disk != nil {
		id = e.disk.id(module)
		if c, size, ok := e.load(id, module); ok {
			return c, size, nil
		}
	}
	lane := q.lane(m)
	if err := hold(ctx, lane); err != nil {
		return nil, 0, err
	}
	defer func() { <-lane }()
	size = codeFactor * int64(len(module))
	if e.disk == nil {
		c, err = e.rt.CompileModule(context.Background(), module)
		return c, size, invalid(err)
	}
	if e.apart != nil {
		c, size, err := e.compileApart(ctx, id, module)
		if !errors.Is(err, ErrNotApart) {
			return c, size, err
		}
	}
	c, err = e.compileHere(id, module)
	return c, size, err
}

// load has wazero read a module's code from the cache.
func (e *Engine) load(id string, module []byte) (c wazero.CompiledModule, size int64, ok bool) {
	s := e.disk
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.clear()
	if _, ok := s.Load(id, s.private); !ok {
		return nil, 0, false
	}
	size = codeSize(s.private, module)
	c, err := e.rt.CompileModule(context.Background(), module)
	if err != nil {
		s.Forget(id) // what wazero wrote it can't read
	}
	return c, size, err == nil
}

// codeSize is how many bytes the machine code of a module has, which is the one file in
// dir.
func codeSize(dir string, module []byte) int64 {
	if name, err := modcache.Only(dir); err == nil {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return info.Size()
		}
	}
	return codeFactor * int64(len(module))
}

// compileApart compiles a module in another process and puts the code into the cache.
// Where that has no room for it, the code is used all the same.
func (e *Engine) compileApart(ctx context.Context, id string, module []byte) (c wazero.CompiledModule, size int64, err error) {
	dir, err := e.disk.Scratch()
	if err != nil {
		e.trouble(err)
		return nil, 0, fmt.Errorf("%w: %w", ErrNotApart, err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // what stays, Prune takes
	if err := e.apart(ctx, module, dir); err != nil {
		if errors.Is(err, ErrNotApart) {
			e.trouble(err)
		}
		return nil, 0, err
	}
	name, err := e.written(dir)
	if err != nil { // wazero wouldn't read it either, and compile here what nobody keeps
		e.trouble(err)
		return nil, 0, ErrNotApart
	}
	size = codeSize(dir, module)
	if err := e.put(id, dir, name); err != nil {
		e.trouble(err)
	} else if c, size, ok := e.load(id, module); ok {
		return c, size, nil
	}
	if c, ok := e.take(dir, module); ok {
		return c, size, nil
	}
	return nil, 0, ErrNotApart
}

// take has wazero read a module's code from the folder that it was compiled into. That
// is moved, not copied: it may be here because the disk is full.
func (e *Engine) take(dir string, module []byte) (wazero.CompiledModule, bool) {
	s := e.disk
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clear()
	defer s.clear()
	if err := os.Rename(dir, s.private); err != nil {
		return nil, false
	}
	c, err := e.rt.CompileModule(context.Background(), module)
	return c, err == nil
}

// compileHere compiles a module in this process. Where the result can't be written,
// that costs the next start time and nothing else.
func (e *Engine) compileHere(id string, module []byte) (wazero.CompiledModule, error) {
	s := e.disk
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.clear()
	ctx := context.Background()
	_ = os.MkdirAll(filepath.Join(s.private, s.folder), 0o700) // wazero makes it only once
	c, unkept := e.rt.CompileModule(ctx, module)
	if unkept != nil {
		// A module that is invalid stays so; what could only not be written is in
		// memory, where the second attempt finds it.
		var err error
		switch c, err = e.rt.CompileModule(ctx, module); {
		case errors.As(err, new(*fs.PathError)):
			return nil, fmt.Errorf("the cache of compiled programs: %w", err) // no fault of the module's
		case err != nil:
			return nil, invalid(err)
		}
	} else if name, err := e.written(s.private); err != nil {
		unkept = err
	} else {
		unkept = e.put(id, s.private, name)
	}
	if unkept != nil {
		e.trouble(unkept)
	}
	return c, nil
}

// written is the one file in dir, which is a module's code as this wazero reads it.
func (e *Engine) written(dir string) (name string, err error) {
	name, err = modcache.Only(dir)
	if err == nil && filepath.Dir(name) != e.disk.folder {
		err = fmt.Errorf("%s is of another version of wazero: has this program been replaced while it runs?", name)
	}
	return name, err
}

// put copies the file name in dir, a module's code, into the cache.
func (e *Engine) put(id, dir, name string) error {
	if err := e.disk.Store(id, dir, name); err != nil {
		return err
	}
	e.disk.Prune()
	return nil
}
