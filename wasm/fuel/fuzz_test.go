package fuel

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
)

// FuzzRewrite: nothing panics, a refusal says why, and what wazero accepts is
// accepted when rewritten, and only that.
func FuzzRewrite(f *testing.F) {
	f.Add(recurse(opReturn).bytes())
	f.Add(one("i", "", nil, countdown...).bytes())
	f.Add(one("FF", "I", []byte{3, byte(V128)}, opLocalGet, 0, opLocalGet, 1, 0xa0, 0xbd).bytes())
	f.Add(one("v", "v", nil, opLocalGet, 0, opVector, 0xe3, 1, opVector, 0xef, 1).bytes())
	f.Add(memoryCall("Ff", "F", []byte{opLocalGet, 1, 0xbb, opLocalGet, 0, 0xa2}).bytes())
	bulk := one("i", "i", nil, opLocalGet, 0, opMemoryGrow, 0, opRefFunc, 0, opLocalGet, 0, opMisc, miscTableGrow, 0, 0x6a)
	bulk.tables = [][]byte{{0x70, 0, 3}}
	bulk.elems = [][]byte{{0, opI32Const, 0, opEnd, 1, 0}, {5, 0x70, 1, opRefFunc, 0, opEnd}}
	bulk.datas = [][]byte{{0, opI32Const, 0, opEnd, 1, 'x'}, {1, 1, 'y'}}
	f.Add(bulk.bytes())
	dir := filepath.Join(wazeroDir(f), "internal", "integration_test", "spectest", "v2", "testdata")
	for _, name := range []string{"br_table.0", "call_indirect.0", "if.0", "loop.0", "names.3", "elem.0", "select.0", "simd_lane.0", "table_init.0"} {
		b, err := os.ReadFile(filepath.Join(dir, name+".wasm"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	r := wazero.NewRuntimeWithConfig(f.Context(), wazero.NewRuntimeConfigInterpreter().WithMemoryLimitPages(256))
	f.Cleanup(func() { _ = r.Close(f.Context()) })
	f.Fuzz(func(t *testing.T, in []byte) {
		mod, err := Rewrite(in, Options{MaxSize: 1 << 20, MaxPages: 256, MaxTable: 1 << 16, Image: 1})
		if err != nil {
			if strings.Contains(err.Error(), "internal error") {
				t.Fatal(err)
			}
			return
		}
		before, errBefore := r.CompileModule(t.Context(), withoutCustom(in))
		after, errAfter := r.CompileModule(t.Context(), mod.Bytes)
		switch {
		case errBefore == nil && errAfter != nil:
			t.Fatalf("valid before, not after: %v", errAfter)
		case errBefore != nil && errAfter == nil:
			t.Fatalf("valid after, not before: %v", errBefore)
		}
		if before != nil {
			_ = before.Close(t.Context())
		}
		if after != nil {
			_ = after.Close(t.Context())
		}
	})
}

// withoutCustom drops the custom sections of a module that Rewrite accepts.
// wazero refuses some that the specification allows, and a name section of a few
// bytes can make it allocate gigabytes.
func withoutCustom(in []byte) []byte {
	out := slices.Clone(in[:8])
	r := &reader{b: in, p: 8, end: len(in), fn: -1}
	for r.more() {
		at := r.p
		id := r.u8()
		r.skip(r.u32())
		if id != secCustom {
			out = append(out, in[at:r.p]...)
		}
	}
	return out
}
