package wasm

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"time"

	"wireloom/vnet"
	"wireloom/vnet/event"
	"wireloom/vnet/sys"
)

// TestSpinner shows that a program that never calls anything takes its node's CPU
// time and nothing else.
func TestSpinner(t *testing.T) {
	p := compile(t, engine(t), spin.module(t))
	other := compile(t, engine(t), cTest.module(t))
	r := newRig(t, sends(time.Millisecond, 1), program{name: "spin", prog: p}, program{name: "p", prog: other, argv: []string{"read"}})
	if r.Run(vnet.Forever, 1000) {
		t.Fatal("a lab with a spinner ran out of things to do")
	}
	if got := r.Steps(); got != 1000 {
		t.Errorf("the loop stopped after %d steps, want 1000", got)
	}
	if x, ended := r.exits["p"]; !ended || x.N != 0 {
		t.Errorf("the program beside the spinner ended %v: %+v; calls %q", ended, x, r.calls)
	}
	before := r.Status().Procs
	if got := before[len(before)-2].Fuel; got < 10_000_000 {
		t.Errorf("the spinner has used %d units", got)
	}
	now := r.Now()
	if _, err := r.Do(vnet.Kill{Node: "bob", Proc: "spin"}); err != nil {
		t.Fatal(err)
	}
	r.Run(now+10*time.Millisecond, vnet.NoLimit)
	if x := r.exits["spin"]; x.Op != "killed" || x.N != 137 || x.At-now > 2*sys.SliceFuel*sys.FuelNanosecond {
		t.Errorf("killed at %v it ended %q with %d at %v", now, x.Op, x.N, x.At)
	}
}

func TestKill(t *testing.T) {
	for _, c := range []struct {
		name   string
		source source
		args   []string
		do     vnet.Command
		code   int64
	}{
		{"in a C program's read", cTest, []string{"read"}, vnet.Kill{Node: "bob", Proc: "p"}, 137},
		{"in a C program's sleep", cTest, []string{"sleep"}, vnet.Stop{Node: "bob", Proc: "p"}, 143},
		{"in a Go program's poll", goTest, []string{"sleep"}, vnet.Stop{Node: "bob", Proc: "p"}, 143},
		{"in a C program's read of the console", cTest, []string{"stdin"}, vnet.Kill{Node: "bob", Proc: "p"}, 137},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, nil, program{name: "p", prog: compile(t, engine(t), c.source.module(t)), argv: c.args})
			r.Run(100*time.Millisecond, 10_000)
			if x, ended := r.exits["p"]; ended {
				t.Fatalf("it ended before: %+v", x)
			}
			if _, err := r.Do(c.do); err != nil {
				t.Fatal(err)
			}
			r.Run(200*time.Millisecond, 10_000)
			if x := r.exits["p"]; x.Op != "killed" || x.N != c.code {
				t.Errorf("it ended %q with %d, want killed with %d", x.Op, x.N, c.code)
			}
		})
	}
}

func TestStdin(t *testing.T) {
	r := newRig(t, nil, program{name: "p", prog: compile(t, engine(t), cTest.module(t)), argv: []string{"stdin"}})
	for i, text := range []string{"one\n", "two\n"} {
		r.Run(time.Duration(i+1)*time.Second, 10_000)
		if _, err := r.Do(vnet.Stdin{Node: "bob", Proc: "p", Text: text, EOF: i == 1}); err != nil {
			t.Fatal(err)
		}
	}
	r.run(t)
	if got, want := r.console.String(), "got one\ngot two\nend\n"; got != want {
		t.Errorf("it printed %q, want %q", got, want)
	}
}

// TestDeterminism: the same run has the same hash, machine code or interpreted, and
// a unit of fuel more another.
func TestDeterminism(t *testing.T) {
	slow := interpreter(t)
	for _, c := range []struct {
		name   string
		source source
		args   []string
	}{
		{"C", cTest, []string{"poll"}},
		{"C with floats", cTest, []string{"floats"}},
		{"C, a trap", crash, []string{"divide"}},
		{"C, too deep", crash, []string{"depth"}},
		{"Go", goTest, []string{"chance"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			run := func(e *Engine) (string, string) {
				r := newRig(t, sends(time.Millisecond, 1, 2), program{name: "p", prog: compile(t, e, c.source.module(t)), argv: c.args})
				r.run(t)
				x := r.exits["p"]
				return r.hash(), r.console.String() + x.Text
			}
			hash, text := run(engine(t))
			again, _ := run(engine(t))
			if hash != again {
				t.Errorf("two runs have the hashes %s and %s", hash, again)
			}
			interpreted, itext := run(slow)
			if hash != interpreted {
				t.Errorf("compiled it is %s, %q, interpreted %s, %q", hash, text, interpreted, itext)
			}
		})
	}
}

// TestFuelInHash: a program that executes one instruction more than another, and
// does the same, has another hash.
func TestFuelInHash(t *testing.T) {
	run := func(nops int) (string, int64) {
		code := []byte{}
		for range nops {
			code = append(code, 0x41, 1, 0x1a) // i32.const 1, drop
		}
		p := compile(t, engine(t), tiny(nil, code...))
		p.m.id = "the same" // the bytes differ, and so does what start records
		r := newRig(t, nil, program{name: "p", prog: p})
		r.run(t)
		return r.hash(), r.exits["p"].Fuel
	}
	h1, f1 := run(1)
	h2, f2 := run(2)
	if f2 != f1+2 || h1 == h2 {
		t.Errorf("%d units: %s, %d units: %s; want two units more and another hash", f1, h1, f2, h2)
	}
}

// TestMemoryAtStart: a module that begins with more than it may have doesn't run.
func TestMemoryAtStart(t *testing.T) {
	r := newRig(t, nil, program{name: "p", prog: compile(t, engine(t), cTest.module(t)), argv: []string{"read"}, memory: 64 << 10})
	r.run(t)
	if x := r.exits["p"]; x.Op != "limit" || !strings.HasPrefix(x.Text, "the program begins with") || len(r.limits) != 1 {
		t.Errorf("it ended %q: %s; limits %v", x.Op, x.Text, r.limits)
	}
}

// TestBaseline: when labs are closed, wherever their programs are, what they used
// is given back.
func TestBaseline(t *testing.T) {
	e := engine(t)
	progs := []program{
		{name: "sleeper", prog: compile(t, e, goTest.module(t)), argv: []string{"sleep"}},
		{name: "reader", prog: compile(t, e, cTest.module(t)), argv: []string{"read"}},
		{name: "spinner", prog: compile(t, e, spin.module(t))},
		{name: "crasher", prog: compile(t, e, crash.module(t))},
	}
	once := func() {
		r := newRig(t, nil, progs...)
		r.Run(20*time.Millisecond, vnet.NoLimit)
		r.Close()
	}
	measure := func() (int, uint64) {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return runtime.NumGoroutine(), m.HeapInuse
	}
	once()
	goroutines, heap := measure()
	for range 10 {
		once()
	}
	g, h := measure()
	if g > goroutines {
		t.Errorf("%d goroutines, before %d", g, goroutines)
	}
	if h > heap+8<<20 {
		t.Errorf("%d bytes of heap in use, before %d", h, heap)
	}
}

// TestSharing: programs of the same bytes share a module; nobody's is freed.
func TestSharing(t *testing.T) {
	e, err := NewEngine(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
		if _, err := e.Compile(t.Context(), "late.wasm", tiny(nil)); err == nil {
			t.Error("a closed engine compiles")
		}
	}()
	a, b := compile(t, e, tiny(nil)), compile(t, e, tiny(nil))
	if a.m != b.m {
		t.Error("the same bytes were compiled twice")
	}
	for i := range 3 * keptModules {
		compile(t, e, tiny(nil, 0x41, byte(i&63), 0x1a, 0x41, byte(i>>6), 0x1a))
	}
	e.mu.Lock()
	n := len(e.kept)
	e.mu.Unlock()
	if n != keptModules {
		t.Errorf("%d modules are kept, want %d", n, keptModules)
	}
	// Cleanups run some time after the collection that finds what nobody holds.
	for range 1000 {
		runtime.GC()
		runtime.Gosched()
		e.mu.Lock()
		n = len(e.modules)
		e.mu.Unlock()
		if n <= keptModules+1 {
			break
		}
	}
	if n > keptModules+1 {
		t.Errorf("%d modules are known though nobody holds them, want at most %d", n, keptModules+1)
	}
	r := newRig(t, nil, program{name: "p", prog: a})
	r.run(t)
	if x := r.exits["p"]; x.Kind != event.Exit || x.N != 0 {
		t.Errorf("a program that was not used for long ended %+v", x)
	}
	runtime.KeepAlive(b)
}

// TestGivenUp: who doesn't wait any more takes nothing from those who do.
func TestGivenUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	e := engine(t)
	e.visitors.small <- struct{}{} // somebody else compiles
	_, err := e.Compile(ctx, "x.wasm", tiny(nil, 0x41, 63, 0x1a))
	<-e.visitors.small
	if err == nil || !strings.Contains(err.Error(), "x.wasm: compiling it was given up") {
		t.Errorf("got %v", err)
	}
	compile(t, e, tiny(nil, 0x41, 63, 0x1a))
}

// TestOwnModulesWaitForNobody: while strangers' modules keep the compiler busy, one's own
// are compiled, and what is compiled already is there.
func TestOwnModulesWaitForNobody(t *testing.T) {
	e, err := NewEngine(t.Context(), Options{CacheDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}()
	known, own := tiny(nil, 0x41, 1, 0x1a), tiny(nil, 0x41, 2, 0x1a)
	compile(t, e, known)
	before := e.Size()
	for _, lane := range []chan struct{}{e.visitors.small, e.visitors.large, e.visitors.quick, e.visitors.slow} {
		lane <- struct{}{} // for as long as this test
		defer func() { <-lane }()
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var waiting []chan error
	for i := range maxFlights {
		done := make(chan error, 1)
		go func() {
			_, err := e.Compile(ctx, "theirs.wasm", tiny(nil, 0x41, byte(3+i), 0x1a))
			done <- err
		}()
		waiting = append(waiting, done)
	}
	for { // until all of them are in the queue
		e.mu.Lock()
		n := len(e.visitors.flights)
		e.mu.Unlock()
		if n == maxFlights {
			break
		}
		runtime.Gosched()
	}
	if _, err := e.Compile(ctx, "one.wasm", tiny(nil, 0x41, 60, 0x1a)); err == nil || !strings.Contains(err.Error(), "one.wasm: 32 programs wait to be compiled already") {
		t.Errorf("one more of theirs: %v", err)
	}
	if e.Compiled("known.wasm", known) == nil || e.Compiled("own.wasm", own) != nil {
		t.Error("what is compiled is not known, or what is not is")
	}
	if _, err := e.CompileOwn(ctx, "own.wasm", own); err != nil {
		t.Error(err)
	}
	if _, err := e.Compile(ctx, "own.wasm", own); err != nil { // it is there by now
		t.Error(err)
	}
	if e.Size() <= before {
		t.Errorf("two modules take %d bytes, one took %d", e.Size(), before)
	}
	cancel()
	for _, done := range waiting {
		if err := <-done; err == nil {
			t.Error("what waited was compiled, though nobody let it")
		}
	}
}
