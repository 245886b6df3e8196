package fuel

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"
)

// buildGuest compiles a Go program for WASI, reproducibly.
func buildGuest(tb testing.TB, source string) []byte {
	tb.Helper()
	dir := tb.TempDir()
	for name, text := range map[string]string{"main.go": source, "go.mod": "module guest\n\ngo 1.24\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	cmd := exec.CommandContext(tb.Context(), "go", "build", "-trimpath", "-buildvcs=false", "-o", "guest.wasm", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOWORK=off", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("go build for wasip1: %v\n%s", err, out)
	}
	wasm, err := os.ReadFile(filepath.Join(dir, "guest.wasm"))
	if err != nil {
		tb.Fatal(err)
	}
	return wasm
}

const goGuest = `package main

import (
	"fmt"
	"math"
	"sort"
	"strings"
)

type node struct{ l, r *node; v int }

func (n *node) put(v int) *node {
	if n == nil { return &node{v: v} }
	if v < n.v { n.l = n.l.put(v) } else { n.r = n.r.put(v) }
	return n
}

func (n *node) sum() int { if n == nil { return 0 }; return n.v + n.l.sum() + n.r.sum() }

func main() {
	defer func() { fmt.Println("recovered:", recover()) }()
	zero := 0.0
	nan := zero / zero
	fmt.Printf("%x %x %x\n", math.Float64bits(nan), math.Float64bits(math.Sqrt(-1)), math.Float32bits(float32(nan)))
	x := 0.0
	for i := range 2000 { x += math.Sin(float64(i)) / math.Sqrt(float64(i+1)) }
	fmt.Printf("%x\n", math.Float64bits(x))
	var root *node
	m := map[string]int{}
	for i := range 500 {
		root = root.put(i * 7919 % 1000)
		m[strings.Repeat("k", i%17)] += i
	}
	keys := make([]string, 0, len(m))
	for k := range m { keys = append(keys, k) }
	sort.Strings(keys)
	c := make(chan int)
	go func() { for _, k := range keys { c <- m[k] }; close(c) }()
	t := 0
	for v := range c { t = t*31 + v }
	fmt.Println(root.sum(), t)
	var a []int
	_ = a[len(keys)]
}
`

// A result is all that a run of a WASI program shows.
type result struct {
	out    string
	code   uint32
	used   int64
	refuel int
}

// runWASI runs a program under the meter with a frozen clock and no entropy.
func runWASI(t *testing.T, e engine, in []byte, args ...string) result {
	t.Helper()
	mod, err := Rewrite(in, Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	r := wazero.NewRuntimeWithConfig(ctx, e.config)
	defer r.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing is left to save
	wasi_snapshot_preview1.MustInstantiate(ctx, r)
	var res result
	granted := int64(0)
	provideMeter(t, r, func(m api.Module) {
		res.refuel++
		granted += 20_000
		setFuel(m, fuelLeft(m)+20_000)
		res.used = granted - fuelLeft(m)
	})
	var out strings.Builder
	config := wazero.NewModuleConfig().WithStdout(&out).WithStderr(&out).WithArgs(args...).WithStartFunctions()
	m, err := r.InstantiateWithConfig(ctx, mod.Bytes, config)
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.ExportedFunction("_start").Call(ctx)
	var exit *sys.ExitError
	if errors.As(err, &exit) {
		res.code = exit.ExitCode()
	} else if err != nil {
		t.Fatalf("%s: %v", e.name, err)
	}
	res.used = granted - int64(m.ExportedGlobal(FuelGlobal).Get())
	res.out = out.String()
	return res
}

func TestEnginesAgree(t *testing.T) {
	wasi := filepath.Join(wazeroDir(t), "imports", "wasi_snapshot_preview1", "testdata")
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(wasi, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	tests := []struct {
		name string
		wasm []byte
		args []string
		want string // in the output
	}{
		{"Go", buildGuest(t, goGuest), []string{"guest"}, "recovered: runtime error: index out of range"},
		{"TinyGo", read("tinygo/wasi.wasm"), []string{"wasi", "poll"}, ""},
		{"Rust", read("cargo-wasi/wasi.wasm"), []string{"wasi", "ls", "."}, ""},
		{"Zig's C", read("zig-cc/wasi.wasm"), []string{"wasi", "poll", "0"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			compiled := runWASI(t, engines()[0], tt.wasm, tt.args...)
			interpreted := runWASI(t, engines()[1], tt.wasm, tt.args...)
			if compiled != interpreted {
				t.Errorf("compiler and interpreter differ:\n%+v\n%+v", compiled, interpreted)
			}
			if compiled.used == 0 || !strings.Contains(compiled.out, tt.want) {
				t.Errorf("got %+v, want fuel used and %q in the output", compiled, tt.want)
			}
			if again := runWASI(t, engines()[0], tt.wasm, tt.args...); again != compiled {
				t.Errorf("a second run differs:\n%+v\n%+v", again, compiled)
			}
			t.Logf("%d units, %d refuels", compiled.used, compiled.refuel)
		})
	}
}
