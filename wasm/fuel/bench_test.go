package fuel

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// BenchmarkOverhead runs CPU-bound functions metered and not. The ratio of a
// pair is the cost of metering.
func BenchmarkOverhead(b *testing.B) {
	caseWasm, err := os.ReadFile(filepath.Join(wazeroDir(b), "internal", "integration_test", "bench", "testdata", "case.wasm"))
	if err != nil {
		b.Fatal(err)
	}
	fib := one("i", "i", nil,
		opLocalGet, 0, opI32Const, 2, 0x48, opIf, byte(I32), opLocalGet, 0, opElse,
		opLocalGet, 0, opI32Const, 1, 0x6b, opCall, 0, opLocalGet, 0, opI32Const, 2, 0x6b, opCall, 0, 0x6a, opEnd)
	// Sum of i*i over f64, and a checksum over memory: the smallest loops there are.
	floats := one("i", "F", []byte{1, byte(F64)},
		opLoop, voidBlock, opLocalGet, 1, opLocalGet, 0, 0xb7, opLocalGet, 0, 0xb7, 0xa2, 0xa0, opLocalSet, 1,
		opLocalGet, 0, opI32Const, 1, 0x6b, opLocalTee, 0, opBrIf, 0, opEnd, opLocalGet, 1)
	bytes := one("i", "i", []byte{1, byte(I32)},
		opLoop, voidBlock, opLocalGet, 1, opI32Const, 5, 0x77, opLocalGet, 0, 0x2d, 0, 0, 0x73, opLocalSet, 1,
		opLocalGet, 0, opI32Const, 1, 0x6b, opLocalTee, 0, opBrIf, 0, opEnd, opLocalGet, 1)
	for _, c := range []struct {
		name, fn string
		wasm     []byte
		args     []uint64
	}{
		{"calls", "f0", fib.bytes(), []uint64{25}},
		{"tiny float loop", "f0", floats.bytes(), []uint64{65_000}},
		{"tiny byte loop", "f0", bytes.bytes(), []uint64{65_000}},
		{"fibonacci", "fibonacci", caseWasm, []uint64{20}},
		{"string manipulation", "string_manipulation", caseWasm, []uint64{50}},
		{"reverse array", "reverse_array", caseWasm, []uint64{1000}},
		{"matrix", "random_mat_mul", caseWasm, []uint64{20}},
	} {
		mod, err := Rewrite(c.wasm, Options{})
		if err != nil {
			b.Fatal(err)
		}
		for _, form := range []struct {
			name string
			wasm []byte
		}{{"plain", c.wasm}, {"metered", mod.Bytes}} {
			b.Run(c.name+"/"+form.name, func(b *testing.B) {
				r := wazero.NewRuntimeWithConfig(b.Context(), wazero.NewRuntimeConfigCompiler())
				defer r.Close(b.Context()) //nolint:errcheck // nothing is left to save
				provideMeter(b, r, func(m api.Module) { setFuel(m, 100_000) })
				wasi_snapshot_preview1.MustInstantiate(b.Context(), r)
				if err := provideRandom(b, r); err != nil {
					b.Fatal(err)
				}
				m, err := r.InstantiateWithConfig(b.Context(), form.wasm, wazero.NewModuleConfig().WithStartFunctions())
				if err != nil {
					b.Fatal(err)
				}
				f := m.ExportedFunction(c.fn)
				for b.Loop() {
					if _, err := f.Call(b.Context(), c.args...); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// provideRandom gives the benchmark program of wazero's module what it imports:
// get_random_string(retBufPtr, retBufSize), which allocates in the guest.
func provideRandom(tb testing.TB, r wazero.Runtime) error {
	_, err := r.NewHostModuleBuilder("env").
		NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(func(ctx context.Context, m api.Module, stack []uint64) {
		got, err := m.ExportedFunction("allocate_buffer").Call(ctx, 10)
		if err != nil {
			panic(err)
		}
		m.Memory().WriteUint32Le(uint32(stack[0]), uint32(got[0]))
		m.Memory().WriteUint32Le(uint32(stack[1]), 10)
		m.Memory().Write(uint32(got[0]), []byte("wxyzabcdef"))
	}), []api.ValueType{api.ValueTypeI32, api.ValueTypeI32}, nil).Export("get_random_string").
		Instantiate(tb.Context())
	return err
}

// BenchmarkRewrite measures MB of input a second, on a Go program.
func BenchmarkRewrite(b *testing.B) {
	in := buildGuest(b, goGuest)
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	var out *Module
	for b.Loop() {
		var err error
		if out, err = Rewrite(in, Options{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(out.Bytes))/float64(len(in)), "out/in")
}
