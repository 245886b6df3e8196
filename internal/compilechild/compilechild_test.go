package compilechild

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"wireloom/wasm"
	"wireloom/wasm/fuel"
)

// TestMain lets the test's executable be a child.
func TestMain(m *testing.M) {
	Init()
	os.Exit(m.Run())
}

func self(t *testing.T) Worker {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Worker{Executable: path}
}

// module has functions with the code given, each without parameters and results.
func module(n int, code ...byte) []byte {
	u := func(w []byte, v int) []byte {
		for v >= 0x80 {
			w = append(w, byte(v)|0x80)
			v >>= 7
		}
		return append(w, byte(v))
	}
	section := func(id byte, items int, body []byte) []byte {
		body = append(u(nil, items), body...)
		return append(u([]byte{id}, len(body)), body...)
	}
	code = append(append([]byte{0}, code...), 0x0b)
	m := []byte("\x00asm\x01\x00\x00\x00\x01\x04\x01\x60\x00\x00")
	m = append(m, section(3, n, make([]byte, n))...)
	m = append(m, section(7, 1, []byte("\x06_start\x00\x00"))...)
	return append(m, section(10, n, bytes.Repeat(append(u(nil, len(code)), code...), n))...)
}

// heavy is a module that takes the compiler some ten seconds and hundreds of
// megabytes: many functions with many values that are held across many branches.
func heavy() []byte {
	var code []byte
	for range 300 {
		code = append(code, 0x41, 0, 0x04, 0x40, 0x0b) // i32.const 0, if, end
	}
	return module(3000, code...)
}

// rewritten is a module as the engine hands it to a worker.
func rewritten(t *testing.T, in []byte) []byte {
	t.Helper()
	m, err := fuel.Rewrite(in, fuel.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return m.Bytes
}

func TestCompile(t *testing.T) {
	for _, c := range []struct {
		name   string
		module func(*testing.T) []byte
		worker Worker
		want   string // the error; "": none
	}{
		{"a small module", func(t *testing.T) []byte { return rewritten(t, module(1)) }, Worker{}, ""},
		{"an invalid one", func(t *testing.T) []byte { return rewritten(t, module(1, 0x6a)) }, Worker{}, "not a valid WebAssembly module: invalid function[0] export[\"_start\"]: cannot pop"},
		{"too slow a one", func(t *testing.T) []byte { return rewritten(t, heavy()) }, Worker{CPU: time.Second, Wall: time.Hour}, "the module takes more than 1s of CPU time to compile"},
		{"too slow a one on a busy machine", func(t *testing.T) []byte { return rewritten(t, heavy()) }, Worker{Wall: 300 * time.Millisecond}, "the module was not compiled after 300ms: it takes too long, or the machine is too busy"},
		{"one that takes too much memory", func(t *testing.T) []byte { return rewritten(t, heavy()) }, Worker{Memory: 48 << 20, CPU: time.Hour, Wall: time.Hour}, "the module takes more than 48 MiB of memory to compile"},
		{"larger than memory", func(*testing.T) []byte { return make([]byte, 33<<20) }, Worker{Memory: 32 << 20}, "the module takes more than 32 MiB of memory to compile"},
		{"too large a result", func(t *testing.T) []byte { return rewritten(t, module(50, make([]byte, 100)...)) }, Worker{Output: 1 << 10}, "the module compiles to more than 1024 bytes of machine code"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := c.worker
			w.Executable = self(t).Executable
			dir := t.TempDir()
			err := w.Compile(t.Context(), c.module(t), dir)
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)):
				t.Errorf("got %v, want %s", err, c.want)
			case c.want != "" && errors.Is(err, wasm.ErrNotApart):
				t.Errorf("the module would be compiled again in this process: %v", err)
			}
			files, globErr := filepath.Glob(filepath.Join(dir, "wazero-*", "*"))
			if globErr != nil {
				t.Fatal(globErr)
			}
			if done := len(files) == 1 && !strings.HasSuffix(files[0], ".tmp"); done != (err == nil) {
				t.Errorf("%v, and it wrote %q", err, files)
			}
		})
	}
}

// TestCancel: a child is gone when nobody waits for it. Compile returns only when it
// is, and long before it would be by itself.
func TestCancel(t *testing.T) {
	early, cancel := context.WithCancel(t.Context())
	cancel()
	if err := self(t).Compile(early, rewritten(t, heavy()), t.TempDir()); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before the start: %v", err)
	}
	late, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	dir := t.TempDir()
	if err := self(t).Compile(late, rewritten(t, heavy()), dir); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("cancelled while it compiles: %v", err)
	}
	if files, err := filepath.Glob(filepath.Join(dir, "wazero-*", "*")); err != nil || len(files) > 0 {
		t.Errorf("it wrote %q, %v", files, err)
	}
}

// TestOrphan: a child ends when who started it does.
func TestOrphan(t *testing.T) {
	m := rewritten(t, heavy())
	cmd := exec.CommandContext(t.Context(), self(t).Executable, argument, "20", "1000000000", "1000000000")
	cmd.Dir = t.TempDir()
	cmd.Env = []string{mark + "=1"}
	cmd.Stdin = io.MultiReader(bytes.NewReader(binary.LittleEndian.AppendUint64(nil, uint64(len(m)))), bytes.NewReader(m))
	var exit *exec.ExitError
	if err := cmd.Run(); !errors.As(err, &exit) || exit.ExitCode() != exitOrphan {
		t.Errorf("with its input at the end: %v, want exit code %d", err, exitOrphan)
	}
}

// TestUsage: a person who finds the command is told that it is none.
func TestUsage(t *testing.T) {
	for _, args := range [][]string{nil, {"1"}, {"x", "1", "1"}, {"0", "1", "1"}} {
		var out bytes.Buffer
		if code := child(args, strings.NewReader(""), &out); code != exitUsage || out.Len() == 0 {
			t.Errorf("%q: exit code %d and %q, want %d and a sentence", args, code, out.String(), exitUsage)
		}
	}
}

func TestNoChild(t *testing.T) {
	for _, path := range []string{filepath.Join(t.TempDir(), "missing"), t.TempDir()} {
		err := Worker{Executable: path}.Compile(t.Context(), module(1), t.TempDir())
		if !errors.Is(err, wasm.ErrNotApart) {
			t.Errorf("%s: got %v, want that there is no such process", path, err)
		}
	}
}

// TestEngine: an engine that compiles in children makes the programs that one
// without them makes.
func TestEngine(t *testing.T) {
	t.Chdir(t.TempDir())
	const dir = "cache" // below the current folder, which a child's is not
	used := 0
	e, err := wasm.NewEngine(t.Context(), wasm.Options{CacheDir: dir, Apart: func(ctx context.Context, m []byte, to string) error {
		used++
		return self(t).Compile(ctx, m, to)
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}()
	if _, err := e.Compile(t.Context(), "a.wasm", module(1)); err != nil {
		t.Error(err)
	}
	if _, err := e.Compile(t.Context(), "b.wasm", module(1, 0x6a)); err == nil || !strings.Contains(err.Error(), "b.wasm: not a valid WebAssembly module") {
		t.Errorf("got %v", err)
	}
	if used != 2 {
		t.Errorf("%d children were used, want 2", used)
	}
	again, err := wasm.NewEngine(t.Context(), wasm.Options{CacheDir: dir, Apart: func(context.Context, []byte, string) error {
		t.Error("a module was compiled that is in the cache")
		return wasm.ErrNotApart
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := again.Close(); err != nil {
			t.Error(err)
		}
	}()
	if _, err := again.Compile(t.Context(), "a.wasm", module(1)); err != nil {
		t.Error(err)
	}
}

// TestInit: only a program that says so has children.
func TestInit(t *testing.T) {
	before := executable
	defer func() { executable = before }()
	if Apart() == nil {
		t.Error("a program that called Init has no children")
	}
	executable = ""
	if Apart() != nil {
		t.Error("a program that didn't has some")
	}
	t.Setenv(mark, "1")
	Init()
	if Apart() != nil {
		t.Error("a child has children")
	}
	if runtime.GOOS == "linux" && before != "/proc/self/exe" {
		t.Errorf("the executable is %q", before)
	}
}
