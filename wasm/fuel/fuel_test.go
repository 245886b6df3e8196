package fuel

import (
	"bytes"
	"strings"
	"testing"
)

// Code that the tests share.
var (
	get0 = []byte{opLocalGet, 0}
	// countdown is a loop that runs param 0 times, 5 units a turn.
	countdown = []byte{
		opLoop, voidBlock, opLocalGet, 0, opI32Const, 1, 0x6b, opLocalTee, 0, opBrIf, 0, opEnd,
	}
)

func TestFuelUsed(t *testing.T) {
	join := func(parts ...[]byte) (code []byte) {
		for _, p := range parts {
			code = append(code, p...)
		}
		return code
	}
	nops := func(n int) []byte { return repeat(n, opLocalGet, 0, opDrop) } // 2n units
	tests := []struct {
		name string
		code []byte
		arg  uint64
		want int64
	}{
		{"an empty function is free", nil, 0, 0},
		{"structure is free", []byte{opBlock, voidBlock, opNop, opEnd}, 0, 0},
		{"one unit an instruction", nops(10), 0, 20},
		{"exactly a region", nops(32), 0, 64},
		{"beyond a region", nops(1000), 0, 2000},
		{"a loop pays for each turn", countdown, 100, 500},
		{"code behind a loop is paid once", join(countdown, nops(10)), 100, 520},
		{"an endless block of dead code is free", join([]byte{opReturn}, nops(5000)), 0, 1},
		{"leaving a region early costs the region", join(get0, []byte{opBrIf, 0}, nops(1000)), 1, 64},
		{"not leaving it costs all", join(get0, []byte{opBrIf, 0}, nops(1000)), 0, 2002},
		{
			"a label reached from another region pays for what follows",
			join([]byte{opBlock, voidBlock}, get0, []byte{opBrIf, 0}, nops(1000), []byte{opEnd}, nops(500)), 1, 64 + 1000,
		},
		{
			"br_table's targets pay for themselves",
			join([]byte{opBlock, voidBlock, opBlock, voidBlock}, get0, []byte{opBrTable, 1, 0, 1, opEnd}, nops(10), []byte{opEnd}, nops(20)),
			1, 2 + 40,
		},
		{
			"a long else is not paid by the then",
			join(get0, []byte{opIf, voidBlock}, nops(5), []byte{opElse}, nops(1000), []byte{opEnd}, nops(3)), 1, 64 + 6,
		},
		{
			"a long then is not paid by the else",
			join(get0, []byte{opIf, voidBlock}, nops(1000), []byte{opElse}, nops(5), []byte{opEnd}, nops(3)), 0, 64 + 10 + 6,
		},
		{
			"memory.fill by 8 bytes a unit",
			[]byte{opI32Const, 0, opI32Const, 0, opLocalGet, 0, opMisc, miscMemoryFill, 0},
			8000, 4 + 1000,
		},
		{
			"memory.copy by 8 bytes a unit",
			[]byte{opI32Const, 0, opI32Const, 8, opLocalGet, 0, opMisc, miscMemoryCopy, 0, 0},
			807, 4 + 100,
		},
		{"growing memory by 1024 units a page", []byte{opLocalGet, 0, opMemoryGrow, 0, opDrop}, 2, 3 + 2048},
		{"failing to grow memory is free", []byte{opLocalGet, 0, opMemoryGrow, 0, opDrop}, 65536, 3},
		{"growing a table by a unit an entry", []byte{opRefNull, 0x70, opLocalGet, 0, opMisc, miscTableGrow, 0, opDrop}, 300, 4 + 300},
		{"failing to grow a table is free", []byte{opRefNull, 0x70, opLocalGet, 0, opMisc, miscTableGrow, 0, opDrop}, 1 << 31, 4},
		{
			"table.fill by a unit an entry",
			[]byte{opI32Const, 0, opRefNull, 0x70, opLocalGet, 0, opMisc, miscTableFill, 0},
			10, 4 + 10,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := one("i", "", nil, tt.code...)
			m.tables = [][]byte{{0x70, 0, 16}}
			for _, e := range engines() {
				g := start(t, e, m.bytes(), Options{})
				if _, err := g.call("f0", tt.arg); err != nil {
					t.Fatalf("%s: %v", e.name, err)
				}
				if got := g.used(); got != tt.want {
					t.Errorf("%s: got %d units used, want %d", e.name, got, tt.want)
				}
			}
		})
	}
}

func TestLengthOf4GiBIsChargedBeforeTheTrap(t *testing.T) {
	m := one("i", "", nil, opI32Const, 0, opI32Const, 0, opLocalGet, 0, opMisc, miscMemoryFill, 0)
	for _, e := range engines() {
		g := start(t, e, m.bytes(), Options{InitialFuel: 1 << 40})
		_, err := g.call("f0", 0xffffffff)
		if err == nil || !strings.Contains(err.Error(), "out of bounds") {
			t.Fatalf("%s: got %v, want an out of bounds trap", e.name, err)
		}
		if got, want := g.used(), int64(4+0xffffffff/8); got != want {
			t.Errorf("%s: got %d units used, want %d", e.name, got, want)
		}
	}
}

func TestRefuelIsCalledOncePerSlice(t *testing.T) {
	m := one("i", "", nil, countdown...)
	for _, e := range engines() {
		g := start(t, e, m.bytes(), Options{InitialFuel: slice})
		if _, err := g.call("f0", 10_000); err != nil {
			t.Fatal(err)
		}
		// 50,000 units: the first slice is granted at the start, the last is used
		// to the unit.
		if g.refuels != 49 || g.used() != 50_000 {
			t.Errorf("%s: got %d refuels and %d units, want 49 and 50000", e.name, g.refuels, g.used())
		}
	}
}

func TestStartFunctionIsMetered(t *testing.T) {
	m := one("", "", nil, repeat(700, opI32Const, 0, opDrop)...)
	m.start = []byte{0}
	for _, e := range engines() {
		g := start(t, e, m.bytes(), Options{InitialFuel: 100})
		if g.used() != 1400 || g.refuels != 2 {
			t.Errorf("%s: got %d units and %d refuels, want 1400 and 2", e.name, g.used(), g.refuels)
		}
	}
}

// recurse calls itself until its argument is 0.
func recurse(exit ...byte) wasm {
	code := []byte{
		opLocalGet, 0, 0x45, opIf, voidBlock, // i32.eqz
		opI32Const, 7,
	}
	code = append(code, exit...)
	code = append(code, opEnd, opLocalGet, 0, opI32Const, 1, 0x6b, opCall, 0)
	return one("i", "i", nil, code...)
}

func TestCallDepth(t *testing.T) {
	exits := []struct {
		name string
		code []byte
	}{
		{"return", []byte{opReturn}},
		{"br", []byte{opBr, 1}},
		{"br_if", []byte{opI32Const, 1, opBrIf, 1, opDrop}},
		{"br_table", []byte{opI32Const, 0, opBrTable, 1, 1, 1}},
	}
	for _, exit := range exits {
		for _, e := range engines() {
			t.Run(exit.name+"/"+e.name, func(t *testing.T) {
				g := start(t, e, recurse(exit.code...).bytes(), Options{})
				for range 3 { // depth is given back
					got, err := g.call("f0", DefaultMaxDepth-1)
					if err != nil || got[0] != 7 {
						t.Fatalf("got %v, %v, want 7", got, err)
					}
				}
				if got := g.m.ExportedGlobal(DepthGlobal).Get(); got != DefaultMaxDepth {
					t.Errorf("got depth %d left, want %d", got, DefaultMaxDepth)
				}
				_, err := g.call("f0", DefaultMaxDepth)
				if err == nil || !strings.Contains(err.Error(), errOverflow.Error()) {
					t.Errorf("one call deeper: got %v, want %v", err, errOverflow)
				}
			})
		}
	}
}

func TestDepthOfMultiValueFunctions(t *testing.T) {
	m := wasm{types: [][]byte{sig("iF", "Fii"), sig("i", "Fii")}, funcs: []fn{
		{0, nil, []byte{opLocalGet, 1, opLocalGet, 0, opI32Const, 5, opReturn}},
		{1, nil, []byte{opLocalGet, 0, opF64Const, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, opCall, 0}},
	}}
	for _, e := range engines() {
		g := start(t, e, m.bytes(), Options{})
		got, err := g.call("f1", 9)
		if err != nil || len(got) != 3 || got[0] != 0x3ff0000000000000 || got[1] != 9 || got[2] != 5 {
			t.Errorf("%s: got %#x, %v, want 1.0, 9, 5", e.name, got, err)
		}
	}
}

// The largest frames that the units of depth stand for must fit into both
// engines' stacks: it is our limit that stops the guest.
func TestDepthHoldsLargestFrames(t *testing.T) {
	const n = 3000
	v128s := repeat(n, opLocalGet, 0, opVector, 17) // i32x4.splat
	v128s = append(v128s, opLocalGet, 0, opCall, 0, opVector, 17)
	v128s = append(v128s, repeat(n, opVector, 0xae, 1)...) // i32x4.add
	v128s = append(v128s, opVector, 27, 0)
	loads := repeat(n, opLocalGet, 0, opLoadFirst, 2, 0)
	loads = append(append(loads, opLocalGet, 0, opCall, 0), repeat(n, 0x6a)...)
	tests := []struct {
		name string
		code []byte
	}{
		{"vectors held across a call", v128s},
		{"integers held across a call", loads},
		{"no frame to speak of", []byte{opLocalGet, 0, opCall, 0}},
	}
	for _, tt := range tests {
		for _, e := range engines() {
			g := start(t, e, one("i", "i", nil, tt.code...).bytes(), Options{InitialFuel: 1 << 40})
			_, err := g.call("f0", 0)
			if err == nil || !strings.Contains(err.Error(), errOverflow.Error()) {
				t.Errorf("%s, %s: got %v, want %v", tt.name, e.name, err, errOverflow)
			}
		}
	}
}

func TestNaNBits(t *testing.T) {
	const (
		nan32, nan64 = 0x7fc00000, 0x7ff8000000000000
		odd32, odd64 = 0xffa12345, 0xfff4deadbeef1234 // signalling, negative, a payload
	)
	ops := func(from, to byte) (codes [][]byte) {
		for op := from; op <= to; op++ {
			codes = append(codes, []byte{op})
		}
		return codes
	}
	vec := func(subs ...byte) (codes [][]byte) {
		for _, k := range subs {
			if code := []byte{opVector, k}; k < 0x80 {
				codes = append(codes, code)
			} else {
				codes = append(codes, append(code, 1))
			}
		}
		return codes
	}
	odd32s, odd64s := uint64(odd32)<<32|odd32, uint64(odd64)
	tests := []struct {
		name   string
		params string
		ops    [][]byte
		args   []uint64
		result string
		want   []uint64
	}{
		{"f32 unary arithmetic", "f", ops(0x8d, 0x91), []uint64{odd32}, "f", []uint64{nan32}},
		{"f32 binary arithmetic", "ff", ops(0x92, 0x97), []uint64{odd32, odd32}, "f", []uint64{nan32}},
		{"f64 unary arithmetic", "F", ops(0x9b, 0x9f), []uint64{odd64}, "F", []uint64{nan64}},
		{"f64 binary arithmetic", "FF", ops(0xa0, 0xa5), []uint64{odd64, odd64}, "F", []uint64{nan64}},
		{"demote", "F", ops(0xb6, 0xb6), []uint64{odd64}, "f", []uint64{nan32}},
		{"promote", "f", ops(0xbb, 0xbb), []uint64{odd32}, "F", []uint64{nan64}},
		{"f32 abs keeps the payload", "f", ops(0x8b, 0x8b), []uint64{odd32}, "f", []uint64{odd32 &^ (1 << 31)}},
		{"f32 neg keeps the payload", "f", ops(0x8c, 0x8c), []uint64{odd32}, "f", []uint64{odd32 &^ (1 << 31)}},
		{"f32 copysign keeps the payload", "ff", ops(0x98, 0x98), []uint64{nan32, odd32}, "f", []uint64{nan32 | 1<<31}},
		{"f64 neg keeps the payload", "F", ops(0x9a, 0x9a), []uint64{odd64}, "F", []uint64{odd64 &^ (1 << 63)}},
		{"reinterpretation keeps all bits", "F", ops(0xbd, 0xbd), []uint64{odd64}, "I", []uint64{odd64}},
		{"f32x4 unary arithmetic", "v", vec(0x67, 0x68, 0x69, 0x6a, 0xe3), []uint64{odd32s, odd32s}, "v", []uint64{nan32<<32 | nan32, nan32<<32 | nan32}},
		{"f32x4 binary arithmetic", "vv", vec(0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9), []uint64{odd32s, odd32s, odd32s, odd32s}, "v", []uint64{nan32<<32 | nan32, nan32<<32 | nan32}},
		{"f64x2 unary arithmetic", "v", vec(0x74, 0x75, 0x7a, 0x94, 0xef), []uint64{odd64s, odd64s}, "v", []uint64{nan64, nan64}},
		{"f64x2 binary arithmetic", "vv", vec(0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5), []uint64{odd64s, odd64s, odd64s, odd64s}, "v", []uint64{nan64, nan64}},
		{"f32x4 demotion", "v", vec(0x5e), []uint64{odd64s, odd64s}, "v", []uint64{nan32<<32 | nan32, 0}},
		{"f64x2 promotion", "v", vec(0x5f), []uint64{odd32s, odd32s}, "v", []uint64{nan64, nan64}},
		{"pmin returns its operand", "vv", vec(0xea), []uint64{odd32s, odd32s, 0, 0}, "v", []uint64{odd32s, odd32s}},
		{"f64x2 neg keeps the payload", "v", vec(0xed), []uint64{odd64s, odd64s}, "v", []uint64{odd64s &^ (1 << 63), odd64s &^ (1 << 63)}},
		// The first result goes into the second instruction unseen, whose NaN counts.
		{"a chain of arithmetic", "FF", [][]byte{{0xa0, opLocalGet, 1, 0xa2, 0x9f}}, []uint64{odd64, odd64}, "F", []uint64{nan64}},
		// An f32x4 NaN's bits are seen by arithmetic on f64 lanes: 7fc00000 twice is
		// a number there.
		{"arithmetic on other lanes sees the bits", "v", [][]byte{{opVector, 0xe3, 1, opVector, 0xef, 1}}, []uint64{odd32s, odd32s}, "v", nil},
		{"a select sees the bits", "FF", [][]byte{{0xa0, opLocalGet, 1, opI32Const, 1, opSelect}}, []uint64{odd64, odd64}, "F", []uint64{nan64}},
		{"a reinterpretation sees the bits", "FF", [][]byte{{0xa0, 0xbd}}, []uint64{odd64, odd64}, "I", []uint64{nan64}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, code := range tt.ops {
				var body []byte
				for i := range tt.params {
					body = append(body, opLocalGet, byte(i))
				}
				// Vectors can't be passed to a function from outside: they go through memory.
				m := memoryCall(tt.params, tt.result, append(body, code...))
				var results [][]uint64
				for _, e := range engines() {
					g := start(t, e, m.bytes(), Options{InitialFuel: 1 << 40})
					for i, w := range tt.args {
						g.m.Memory().WriteUint64Le(uint32(argAt(tt.params, i)), w)
					}
					if _, err := g.call("f1"); err != nil {
						t.Fatalf("%s, opcode %#x: %v", e.name, code, err)
					}
					var got []uint64
					for i := range max(1, len(tt.want)) {
						w, _ := g.m.Memory().ReadUint64Le(uint32(256 + 8*i))
						got = append(got, w)
						if tt.want != nil && w != tt.want[i] {
							t.Errorf("%s, opcode %#x: got word %d %#x, want %#x", e.name, code, i, w, tt.want[i])
						}
					}
					results = append(results, got)
				}
				if results[0][0] != results[1][0] {
					t.Errorf("opcode %#x: compiler %#x, interpreter %#x", code, results[0], results[1])
				}
			}
		})
	}
}

// argAt is where memoryCall expects word i of its arguments.
func argAt(params string, i int) int {
	if strings.HasPrefix(params, "v") {
		return 8 * i
	}
	return 16 * i
}

// memoryCall is a module whose f1 calls f0, which has the given code, with
// arguments from memory at 0, 16, ... and stores the result at 256.
func memoryCall(params, result string, code []byte) wasm {
	load := map[rune][]byte{'f': {0x2a, 2}, 'F': {0x2b, 3}, 'v': {opVector, 0, 4}}
	store := map[string][]byte{"f": {0x38, 2}, "F": {0x39, 3}, "I": {0x37, 3}, "v": {opVector, 11, 4}}
	call := []byte{opI32Const, 0}
	for i, p := range params {
		call = append(append(append(call, opI32Const, 0), load[p]...), byte(16*i))
	}
	call = append(append(append(call, opCall, 0), store[result]...), 0x80, 2)
	return wasm{types: [][]byte{sig(params, result), sig("", "")}, memory: []byte{0, 1}, funcs: []fn{{0, nil, code}, {1, nil, call}}}
}

func TestFacts(t *testing.T) {
	m := wasm{
		types:   [][]byte{sig("i", "iI"), sig("", "")},
		imports: [][]byte{append([]byte("\x03env\x04tick"), 0, 0), append([]byte("\x03env\x01g"), 3, byte(I32), 0)},
		memory:  []byte{1, 2, 9},
		funcs:   []fn{{1, nil, nil}, {1, nil, []byte{opUnreachable}}},
		custom: [][]byte{
			[]byte("\x0b.debug_info_"),
			append([]byte("\x04name"), 0, 4, 3, 'a', 'p', 'p', 1, 12, 2, 1, 4, 'm', 'a', 'i', 'n', 2, 3, 'b', 'a', 'd'),
		},
	}
	m.exports = [][]byte{append([]byte("\x03mem"), 2, 0)}
	m.imports = m.imports[:1]
	mod, err := Rewrite(m.bytes(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := mod.Imports[0].Func.String(), "(i32) -> (i32, i64)"; got != want || mod.Imports[0].Module != "env" || mod.Imports[0].Name != "tick" {
		t.Errorf("got import %+v %s, want env.tick %s", mod.Imports[0], got, want)
	}
	if len(mod.Exports) != 3 || mod.Exports[0].Kind != KindMemory || mod.Exports[2].Index != 4 {
		t.Errorf("got exports %+v, want mem, f0 and f1, the last with index 4", mod.Exports)
	}
	if got := *mod.Memory; got != (Memory{Min: 2, Max: 9, HasMax: true}) {
		t.Errorf("got memory %+v", got)
	}
	if mod.Functions != 3 || mod.Name != "app" {
		t.Errorf("got %d functions in %q, want 3 in app", mod.Functions, mod.Name)
	}
	for i, want := range []string{"$0", "wireloom.refuel", "wireloom.overflow", "main", "bad", "wireloom.entry", "$?"} {
		if got := mod.FuncName(uint32(i)); got != want {
			t.Errorf("function %d: got %s, want %s", i, got, want)
		}
	}
	if strings.Contains(string(mod.Bytes), "debug_info") {
		t.Error("a custom section was kept")
	}
}

func TestTrapsNameFunctions(t *testing.T) {
	m := one("", "", nil, opUnreachable)
	m.custom = [][]byte{append([]byte("\x04name"), 1, 8, 1, 0, 5, 'b', 'r', 'e', 'a', 'k')}
	for _, e := range engines() {
		_, err := start(t, e, m.bytes(), Options{}).call("f0")
		if err == nil || !strings.Contains(err.Error(), ".break()") {
			t.Errorf("%s: got %v, want a stack trace with .break()", e.name, err)
		}
	}
}

func TestTableMaximumIsLowered(t *testing.T) {
	m := one("i", "i", nil, opRefNull, 0x70, opLocalGet, 0, opMisc, miscTableGrow, 0)
	m.tables = [][]byte{{0x70, 0, 10}, {0x6f, 1, 0, 20}}
	g := start(t, engines()[0], m.bytes(), Options{MaxTable: 200})
	for _, tt := range []struct{ n, want uint64 }{{90, 10}, {1, 0xffffffff}} {
		if got, err := g.call("f0", tt.n); err != nil || got[0] != tt.want {
			t.Errorf("table.grow %d: got %v, %v, want %d", tt.n, got, err, tt.want)
		}
	}
}

func TestInputIsNotChanged(t *testing.T) {
	in := recurse(opReturn).bytes()
	before := string(in)
	if _, err := Rewrite(in, Options{}); err != nil {
		t.Fatal(err)
	}
	if string(in) != before {
		t.Error("Rewrite changed its input")
	}
}

// C's linker names a module after its file; in a stack trace that would stand
// before the name of each function.
func TestTheModulesOwnNameIsToldButNotKept(t *testing.T) {
	sub := append([]byte{0, 9, 8}, "out.wasm"...)
	sub = append(sub, 1, 8, 1, 0, 5, 'f', 'i', 'r', 's', 't')
	section := append([]byte{4, 'n', 'a', 'm', 'e'}, sub...)
	in := append(one("", "", nil).bytes(), 0, byte(len(section)))
	mod, err := Rewrite(append(in, section...), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if mod.Name != "out.wasm" {
		t.Errorf("the module's name is %q, want out.wasm", mod.Name)
	}
	if bytes.Contains(mod.Bytes, []byte("out.wasm")) || !bytes.Contains(mod.Bytes, []byte("first")) {
		t.Error("the rewritten module must name its function, and not itself")
	}
}
