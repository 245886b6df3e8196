package wasm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime"

	"github.com/tetratelabs/wazero"

	"wireloom/wasm/fuel"
)

// A Trial is a run in which programs may be interpreted: what a student has just built takes
// the compiler some seconds, and a run that shows whether it is right mostly a few hundredths of
// one. It is given up as soon as interpreting has cost more than a part of what compiling
// would, and made again with compiled programs: a run is the same by either engine.
// It belongs to one lab, and is looked at where that runs.
type Trial struct {
	limit, used int64 // units of fuel of interpreted programs
	programs    map[[sha256.Size]byte]*module
}

// Spent reports whether the run is to be given up: its processes end, and what it says means
// nothing.
func (t *Trial) Spent() bool { return t.used > t.limit }

const (
	interpretedPerSecond = 50_000_000 // units of fuel, about
	trialLeast           = interpretedPerSecond / 20
	trialShare           = 2 // the part of compiling that interpreting may cost
	trialTimes           = 8 // how often a module is interpreted, all in all: then compiling it has paid
)

// maxTrialWork is what compiling a module may cost that is interpreted: a Go program costs
// one to two seconds. The interpreter holds some bytes for each instruction and each local of
// a function, in this process, and that grows with what compiling costs, as the estimate has
// both: a Go program of 3 MB takes 96 MB.
const (
	maxTrialWork  = 5 * fuel.WorkPerSecond
	bytesInterped = 5.0 / 8 // of memory for a unit of work
)

// Try is Compile for a trial: a module that was compiled before is as it is, any other
// is interpreted.
func (e *Engine) Try(ctx context.Context, t *Trial, name string, bytes []byte) (*Program, error) {
	if e.interpreter {
		return e.Compile(ctx, name, bytes)
	}
	if p := e.Compiled(name, bytes); p != nil {
		return p, nil
	}
	if len(bytes) > MaxModule {
		return nil, tooLarge(name, len(bytes))
	}
	hash := sha256.Sum256(bytes)
	if m := t.programs[hash]; m != nil {
		return &Program{name: name, m: m, trial: t}, nil
	}
	rt, err := e.interpreting()
	if err != nil {
		return nil, err
	}
	defer e.flying.Done()
	m, work, err := e.interpret(ctx, rt, hash, bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if m.rt != rt {
		return &Program{name: name, m: m}, nil
	}
	if t.programs == nil {
		t.programs = map[[sha256.Size]byte]*module{}
	}
	t.programs[hash] = m
	t.limit = max(t.limit, trialLeast, int64(work)*interpretedPerSecond/fuel.WorkPerSecond/trialShare)
	return &Program{name: name, m: m, trial: t}, nil
}

// interpreting returns the runtime that interprets. The caller says by flying that it is done.
func (e *Engine) interpreting() (wazero.Runtime, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, errClosing
	}
	if e.second == nil {
		rt, err := newRuntime(context.Background(), runtimeConfig(true))
		if err != nil {
			return nil, errors.Join(err, rt.Close(context.Background()))
		}
		e.second = rt
	}
	e.flying.Add(1)
	return e.second, nil
}

// known is a module's code from the cache on disk. Where there is none, try says whether the
// module is worth a trial.
func (e *Engine) known(m *fuel.Module) (c wazero.CompiledModule, size int64, try bool) {
	if e.disk == nil {
		return nil, 0, m.Work <= maxTrialWork
	}
	code := e.disk.id(m.Bytes)
	if c, size, ok := e.load(code, m.Bytes); ok {
		return c, size, true
	}
	return nil, 0, m.Work <= maxTrialWork && e.disk.Note(code) <= trialTimes
}

// interpret checks a module, and takes its code from the cache on disk, or has rt interpret
// it. work is what it costs to compile.
func (e *Engine) interpret(ctx context.Context, rt wazero.Runtime, hash [sha256.Size]byte, bytes []byte) (m *module, work int, err error) {
	defer func() {
		// As with the compiler: the input is a stranger's.
		if r := recover(); r != nil {
			m, err = nil, fmt.Errorf("the module can't be run: internal error: %v", r)
		}
	}()
	q := e.visitors
	rewritten, err := e.rewrite(ctx, q, bytes)
	if err != nil {
		return nil, 0, err
	}
	id := hex.EncodeToString(hash[:])
	c, size, try := e.known(rewritten)
	if !try {
		if c, size, err = e.native(ctx, q, rewritten); err != nil {
			return nil, 0, err
		}
	}
	if c != nil {
		m = newModule(e.rt, id, c, size, rewritten)
		e.mu.Lock()
		defer e.mu.Unlock()
		e.enter(hash, m)
		return m, 0, nil
	}
	lane := q.lane(rewritten)
	if err := hold(ctx, lane); err != nil {
		return nil, 0, err
	}
	defer func() { <-lane }()
	if c, err = rt.CompileModule(context.Background(), rewritten.Bytes); err != nil {
		return nil, 0, invalid(err)
	}
	m = newModule(rt, id, c, int64(bytesInterped*float64(rewritten.Work)), rewritten)
	size = m.size
	e.bytes.Add(size)
	runtime.AddCleanup(m, func(c wazero.CompiledModule) {
		e.bytes.Add(-size)
		_ = c.Close(context.Background()) // it never fails
	}, c)
	return m, rewritten.Work, nil
}
