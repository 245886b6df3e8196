package fuel

import (
	"slices"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// A wasm builds small modules by hand. Its functions are exported as f0, f1, ...
type wasm struct {
	types   [][]byte
	imports [][]byte
	funcs   []fn
	tables  [][]byte
	memory  []byte
	globals [][]byte
	elems   [][]byte
	datas   [][]byte
	uncount bool // without a data count section
	exports [][]byte
	custom  [][]byte
	start   []byte
}

type fn struct {
	typ    uint32
	locals []byte // groups: count, type
	code   []byte // without the last end
}

func sig(params, results string) []byte {
	w := []byte{0x60}
	for _, ts := range []string{params, results} {
		w = putU(w, uint32(len(ts)))
		for _, t := range ts {
			w = append(w, byte(map[rune]ValType{'i': I32, 'I': I64, 'f': F32, 'F': F64, 'v': V128, 'r': FuncRef}[t]))
		}
	}
	return w
}

func vec(items [][]byte) []byte {
	return append(putU(nil, uint32(len(items))), slices.Concat(items...)...)
}

func sec(id byte, body []byte) []byte {
	return append(putU([]byte{id}, uint32(len(body))), body...)
}

var magic = []byte("\x00asm\x01\x00\x00\x00")

func (m wasm) bytes() []byte {
	out := slices.Clone(magic)
	opt := func(id byte, items [][]byte) {
		if len(items) > 0 {
			out = append(out, sec(id, vec(items))...)
		}
	}
	exports := slices.Clone(m.exports)
	var types, bodies [][]byte
	for i, f := range m.funcs {
		types = append(types, putU(nil, f.typ))
		body := append(putU(nil, uint32(len(f.locals)/2)), f.locals...)
		body = append(append(body, f.code...), opEnd)
		bodies = append(bodies, append(putU(nil, uint32(len(body))), body...))
		if i < 10 {
			exports = append(exports, append([]byte{2, 'f', byte('0' + i), 0}, putU(nil, uint32(len(m.imports)+i))...))
		}
	}
	opt(secType, m.types)
	opt(secImport, m.imports)
	opt(secFunction, types)
	opt(secTable, m.tables)
	if m.memory != nil {
		opt(secMemory, [][]byte{m.memory})
	}
	opt(secGlobal, m.globals)
	opt(secExport, exports)
	if m.start != nil {
		out = append(out, sec(secStart, m.start)...)
	}
	opt(secElement, m.elems)
	if len(m.datas) > 0 && !m.uncount {
		out = append(out, sec(secDataCount, putU(nil, uint32(len(m.datas))))...)
	}
	opt(secCode, bodies)
	opt(secData, m.datas)
	for _, c := range m.custom {
		out = append(out, sec(secCustom, c)...)
	}
	return out
}

// one is a module of one function with a page of memory.
func one(params, results string, locals []byte, code ...byte) wasm {
	return wasm{types: [][]byte{sig(params, results)}, memory: []byte{1, 1, 16}, funcs: []fn{{0, locals, code}}}
}

func repeat(n int, code ...byte) []byte { return slices.Repeat(code, n) }

// A run is an instance with a host that counts.
type run struct {
	t       testing.TB
	m       api.Module
	granted int64
	refuels int
}

const slice = 1000

// start rewrites and instantiates a module on an engine. Each time fuel runs out
// it gets a slice more.
func start(t testing.TB, e engine, in []byte, o Options) *run {
	t.Helper()
	out, err := Rewrite(in, o)
	if err != nil {
		t.Fatal(err)
	}
	r := wazero.NewRuntimeWithConfig(t.Context(), e.config)
	t.Cleanup(func() { _ = r.Close(t.Context()) })
	g := &run{t: t, granted: o.InitialFuel}
	provideMeter(t, r, func(m api.Module) {
		g.refuels++
		g.granted += slice
		setFuel(m, fuelLeft(m)+slice)
	})
	g.m, err = r.InstantiateWithConfig(t.Context(), out.Bytes, wazero.NewModuleConfig())
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func (g *run) call(name string, args ...uint64) ([]uint64, error) {
	g.t.Helper()
	f := g.m.ExportedFunction(name)
	if f == nil {
		g.t.Fatalf("no export %s", name)
	}
	return f.Call(g.t.Context(), args...)
}

// used is the fuel charged so far.
func (g *run) used() int64 { return g.granted - fuelLeft(g.m) }
