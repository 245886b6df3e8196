package wasm

import (
	"strings"
	"testing"
	"time"

	"wireloom/vnet"
)

// emptyCache is an engine that has compiled nothing yet.
func emptyCache(t *testing.T, dir string) *Engine {
	t.Helper()
	e, err := NewEngine(t.Context(), Options{CacheDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func try(t *testing.T, e *Engine, trial *Trial, module []byte) *Program {
	t.Helper()
	p, err := e.Try(t.Context(), trial, "test.wasm", module)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// interprets says whether a program is interpreted, where the engine itself compiles.
func (pr *Program) interprets(e *Engine) bool { return pr.m.rt != e.rt }

func TestTrialInterpretsWhatWasNotCompiled(t *testing.T) {
	module, dir := echo.module(t), t.TempDir()
	e := emptyCache(t, dir)
	var trial Trial
	p := try(t, e, &trial, module)
	if !p.interprets(e) || !try(t, e, &trial, module).interprets(e) {
		t.Error("a module that nobody has compiled is not interpreted")
	}
	if p.m != try(t, e, &trial, module).m {
		t.Error("a trial reads a module again that it has")
	}
	compile(t, e, module)
	if try(t, e, &trial, module).interprets(e) {
		t.Error("a module that this engine has compiled is interpreted")
	}
	if other := emptyCache(t, dir); try(t, other, new(Trial), module).interprets(other) {
		t.Error("a module whose code is on disk is interpreted")
	}
	if plain := interpreter(t); try(t, plain, &trial, module).interprets(plain) {
		t.Error("an engine that interprets has another for trials")
	}
}

// A module that is tried again and again is compiled once that has paid.
func TestTrialsEndWithCompiling(t *testing.T) {
	module, e := echo.module(t), emptyCache(t, t.TempDir())
	for i := range trialTimes + 2 {
		if p := try(t, e, new(Trial), module); p.interprets(e) != (i < trialTimes) {
			t.Errorf("time %d: interpreted %v", i+1, p.interprets(e))
		}
	}
}

func TestTrialRefusesWhatCompileRefuses(t *testing.T) {
	e := emptyCache(t, t.TempDir())
	for _, module := range [][]byte{nil, []byte("\x00asm\x02\x00\x00\x00"), append(echo.module(t), 0x7f)} {
		_, tried := e.Try(t.Context(), new(Trial), "x.wasm", module)
		_, compiled := e.Compile(t.Context(), "x.wasm", module)
		if tried == nil || compiled == nil || tried.Error() != compiled.Error() {
			t.Errorf("tried: %v; compiled: %v", tried, compiled)
		}
	}
}

// A trial is the run that a compiled program makes.
func TestTrialIsTheSameRun(t *testing.T) {
	e := emptyCache(t, t.TempDir())
	module := procTest.module(t)
	for _, args := range []string{"pause", "memory", "handler loop"} {
		run := func(p *Program) string {
			r := newRig(t, nil, program{name: "p", prog: p, argv: strings.Fields(args), fuel: 1_000_000})
			r.run(t)
			return r.hash()
		}
		var trial Trial
		if tried := run(try(t, e, &trial, module)); trial.used == 0 || trial.Spent() || tried != run(compile(t, engine(t), module)) {
			t.Errorf("%s: it is another run, or not counted (%d units)", args, trial.used)
		}
	}
}

// What computes for long ends the trial, at any place in its process.
func TestTrialIsSpent(t *testing.T) {
	var trial Trial
	r := newRig(t, nil, program{name: "p", prog: try(t, emptyCache(t, t.TempDir()), &trial, spin.module(t))})
	r.Run(10*time.Second, vnet.NoLimit)
	if !trial.Spent() || trial.used > trial.limit+1_000_000 {
		t.Errorf("after ten seconds the trial is spent: %v; %d of %d units are used", trial.Spent(), trial.used, trial.limit)
	}
}

// BenchmarkInterpretedFuel is what interpretedPerSecond is about.
func BenchmarkInterpretedFuel(b *testing.B) {
	p, err := interpreter(b).Compile(b.Context(), "spin.wasm", spin.module(b))
	if err != nil {
		b.Fatal(err)
	}
	r := newRig(b, nil, program{name: "p", prog: p})
	for b.Loop() {
		r.Run(r.Now()+100*time.Millisecond, vnet.NoLimit)
	}
	b.ReportMetric(float64(r.Now()/10)/b.Elapsed().Seconds(), "units/s")
}
