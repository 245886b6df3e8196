package fuel

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestRefused(t *testing.T) {
	void := func(code ...byte) []byte { return one("", "", nil, code...).bytes() }
	with := func(f func(*wasm)) []byte {
		m := one("i", "", nil)
		f(&m)
		return m.bytes()
	}
	tests := []struct {
		name string
		in   []byte
		o    Options
		want string
	}{
		{"empty", nil, Options{}, "byte 0x0: not a WebAssembly module"},
		{"an ELF file", []byte("\x7fELF\x02\x01\x01\x00"), Options{}, "not a WebAssembly module"},
		{"half a header", magic[:6], Options{}, "truncated"},
		{"a component", []byte("\x00asm\x0d\x00\x01\x00"), Options{}, "component model"},
		{"version 2", []byte("\x00asm\x02\x00\x00\x00"), Options{}, "version 02 00 00 00"},
		{"too large", make([]byte, 100), Options{MaxSize: 99}, "100 bytes, at most 99"},
		{"section longer than the file", append(slices.Clone(magic), 1, 100, 0), Options{}, "byte 0xa, type section: truncated: 100 bytes announced, 1 left"},
		{"section id", append(slices.Clone(magic), 99, 0), Options{}, "unknown section id 99"},
		{"sections out of order", append(slices.Clone(magic), 3, 1, 0, 1, 1, 0), Options{}, "type section: section is repeated or out of order"},
		{"a section twice", append(slices.Clone(magic), 1, 1, 0, 1, 1, 0), Options{}, "repeated"},
		{"bytes behind a section", append(slices.Clone(magic), 1, 2, 0, 0), Options{}, "1 bytes left over"},
		{"a number of six bytes", append(slices.Clone(magic), 1, 6, 0x80, 0x80, 0x80, 0x80, 0x80, 0), Options{}, "longer or larger than 32 bits"},
		{"a number of 33 bits", append(slices.Clone(magic), 1, 5, 0xff, 0xff, 0xff, 0xff, 0x1f), Options{}, "longer or larger than 32 bits"},
		{"a vector of 4 billion", append(slices.Clone(magic), 1, 5, 0xff, 0xff, 0xff, 0xff, 0x0f), Options{}, "4294967295 types announced"},
		{"a constant of too many bits", void(opI32Const, 0x80, 0x80, 0x80, 0x80, 0x10, opDrop), Options{}, "larger than 32 bits"},
		{"code without functions", append(slices.Clone(magic), 10, 4, 1, 2, 0, 11), Options{}, "1 function bodies for 0 functions"},
		{"functions without code", append(slices.Clone(magic), 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0), Options{}, "1 functions, but no code section"},

		{"threads: an atomic", void(0xfe, 0), Options{}, "uses the threads proposal, which this lab does not offer"},
		{"threads: shared memory", with(func(m *wasm) { m.memory = []byte{3, 1, 1} }), Options{}, "threads"},
		{"exceptions: throw", void(0x08, 0), Options{}, "exception handling"},
		{"exceptions: try_table", void(0x1f, 0x40, 0), Options{}, "exception handling"},
		{"exceptions: a tag", append(slices.Clone(magic), 13, 1, 0), Options{}, "exception handling"},
		{"garbage collection: a struct", with(func(m *wasm) { m.types = [][]byte{{0x5f, 0, 0}} }), Options{}, "garbage collection"},
		{"garbage collection: ref.eq", void(0xd3), Options{}, "garbage collection"},
		{"typed references: call_ref", void(0x14, 0), Options{}, "typed function references"},
		{"typed references: a local", one("", "", []byte{1, 0x64}).bytes(), Options{}, "typed function references"},
		{"memory64", with(func(m *wasm) { m.memory = []byte{4, 1} }), Options{}, "memory64"},
		{"multi-memory: two", append(slices.Clone(magic), 5, 5, 2, 0, 1, 0, 1), Options{}, "multi-memory"},
		{"multi-memory: an access", void(opI32Const, 0, 0x28, 0x42, 0, 0, opDrop), Options{}, "multi-memory"},
		{"tail calls", void(0x12, 0), Options{}, "tail call"},
		{"relaxed SIMD", void(opVector, 0x80, 2), Options{}, "relaxed SIMD"},
		{"extended constants", with(func(m *wasm) { m.globals = [][]byte{{0x7f, 0, 0x41, 1, 0x41, 1, 0x6a, 0x0b}} }), Options{}, "extended constant expressions"},

		{"unknown instruction", void(0xff), Options{}, "function 0: unknown instruction 0xff"},
		{"unknown 0xfc instruction", void(opMisc, 18), Options{}, "unknown instruction 0xfc 18"},
		{"unknown SIMD instruction", void(opVector, 0x9a, 1), Options{}, "unknown instruction 0xfd 154"},
		{"padded SIMD instruction", void(opVector, 0x8c, 0), Options{}, "padded"},
		{"body ends in a block", void(opBlock, voidBlock), Options{}, "truncated: 1 blocks are still open"},
		{"code behind the end", void(opEnd, opNop), Options{}, "left over"},
		{"else without if", void(opElse), Options{}, "else without if"},
		{"else twice", void(opI32Const, 0, opIf, voidBlock, opElse, opElse, opEnd), Options{}, "else without if"},

		// What the rewriter adds must be out of the guest's reach.
		{"the fuel global by its index", void(opI64Const, 0, opGlobalSet, 0), Options{}, "no global 0, the module has 0"},
		{"the depth global by its index", void(opGlobalGet, 1, opDrop), Options{}, "no global 1"},
		{"the fuel global in a constant", with(func(m *wasm) { m.globals = [][]byte{{0x7e, 0, opGlobalGet, 1, opEnd}} }), Options{}, "no global 1"},
		{"the fuel global exported", with(func(m *wasm) { m.exports = [][]byte{{1, 'x', 3, 0}} }), Options{}, "no global 0"},
		{"refuel by its index", void(opCall, 1), Options{}, "no function 1, the module has 1"},
		{"an added local", one("i", "", nil, opLocalGet, 1, opDrop).bytes(), Options{}, "no local 1, the function has 1"},
		{"an added local in dead code", one("i", "", nil, opReturn, opLocalGet, 1, opDrop).bytes(), Options{}, "no local 1"},
		{"the added label", void(opBr, 1), Options{}, "branch to label 1, 1 blocks are open"},
		{"the added label by br_table", void(opI32Const, 0, opBrTable, 0, 1), Options{}, "branch to label 1"},
		{"the added type", void(opBlock, 1, opEnd), Options{}, "no type 1, the module has 1"},
		{"the added type of an import", with(func(m *wasm) { m.imports = [][]byte{{1, 'a', 1, 'b', 0, 1}} }), Options{}, "no type 1"},
		{"an export named __fuel", with(func(m *wasm) { m.exports = [][]byte{append([]byte("\x06__fuel"), 0, 0)} }), Options{}, `"__fuel", a name reserved`},
		{"an export named __depth", with(func(m *wasm) { m.exports = [][]byte{append([]byte("\x07__depth"), 0, 0)} }), Options{}, "reserved"},
		{"an import of refuel", with(func(m *wasm) { m.imports = [][]byte{append([]byte("\x08wireloom\x06refuel"), 0, 0)} }), Options{}, "wireloom.refuel, which is reserved"},
		{"an import of another meter name", with(func(m *wasm) { m.imports = [][]byte{append([]byte("\x01m\x01r"), 0, 0)} }), Options{Module: "m", Refuel: "r"}, "reserved"},

		{"too many functions", append(slices.Clone(magic), append([]byte{1, 4, 1, 0x60, 0, 0, 3, 4, 3}, 0, 0, 0, 10, 1, 0)...), Options{MaxFunctions: 2}, "3 functions, at most 2"},
		{"a long function", void(repeat(200, opNop)...), Options{MaxBody: 100}, "202 bytes of code, at most 100"},
		{"many locals", one("", "", []byte{100, byte(I32), 100, byte(I32)}).bytes(), Options{MaxLocals: 150}, "200 locals and parameters, at most 150"},
		{"4 billion locals", rawLocals(0xff, 0xff, 0xff, 0xff, 0x0f), Options{}, "4294967295 locals"},
		{"deep nesting", void(append(repeat(60, opBlock, voidBlock), repeat(60, opEnd)...)...), Options{MaxNesting: 50}, "nest deeper than 50"},
		{"a long br_table", void(append([]byte{opI32Const, 0, opBrTable, 100}, repeat(101, 0)...)...), Options{MaxBranches: 99}, "100 br_table targets, at most 99"},
		{"memory above the limit", with(func(m *wasm) { m.memory = []byte{0, 100} }), Options{MaxPages: 99}, "100 pages (6400 KiB), at most 99"},
		{"memory above 4 GiB", with(func(m *wasm) { m.memory = []byte{0, 0x81, 0x80, 4} }), Options{}, "65537 pages"},
		{"a huge table", with(func(m *wasm) { m.tables = [][]byte{{0x70, 0, 0xff, 0xff, 0xff, 0xff, 15}} }), Options{}, "tables of 4294967295 entries"},
		{"tables huge together", with(func(m *wasm) { m.tables = [][]byte{{0x70, 0, 60}, {0x70, 0, 60}} }), Options{MaxTable: 100}, "tables of 120 entries, at most 100"},
		{"a function deeper than the limit", one("", "", nil, append(repeat(3*frameUnit, opI32Const, 0, opDrop), opCall, 0)...).bytes(), Options{MaxDepth: 3}, "units of depth, more than the limit 3"},
		{"output grows beyond the limit", void(repeat(5000, opLoop, voidBlock, opI32Const, 0, opDrop, opEnd)...), Options{MaxOutput: 40_000}, "larger than 40000 bytes"},
		{"slow to compile: straight code", void(repeat(400_000, opI32Const, 0, opDrop)...), Options{MaxDepth: 10_000}, "to compile, at most 5 s are allowed: split it up"},
		{"slow to compile: branches", void(repeat(20_000, opI32Const, 0, opIf, voidBlock, opEnd)...), Options{}, "to compile"},
		{"slow to compile: loops", void(repeat(20_000, opLoop, voidBlock, opEnd)...), Options{}, "to compile"},
		{
			"slow to compile: nested loops over many locals",
			one("", "", repeat(10, 100, byte(I32)), append(repeat(300, opLoop, voidBlock), repeat(300, opEnd)...)...).bytes(),
			Options{},
			"to compile",
		},
		{"slow to compile: branches to one place", void(repeat(30_000, opI32Const, 0, opBrIf, 0)...), Options{}, "to compile"},
		{"slow to compile: branches that come together over many locals", setsInBranches(4000, 4000), Options{}, "to compile"},
		{"slow to compile: many functions", manyBranches(100), Options{MaxWork: 1_000_000_000}, "the module would take more than 10 s"},
		{"a name that isn't UTF-8", with(func(m *wasm) { m.exports = [][]byte{{1, 0xff, 0, 0}} }), Options{}, "export name is not UTF-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Rewrite(tt.in, tt.o)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
			if e := (*Error)(nil); !errors.As(err, &e) {
				t.Errorf("got a %T, want an *Error", err)
			}
		})
	}
}

// setsInBranches is a function of n conditions, each of which sets one of as many locals.
func setsInBranches(n, locals int) []byte {
	var code []byte
	for i := range n {
		code = putU(append(code, opI32Const, 0, opIf, voidBlock, opI32Const, 1, opLocalSet), uint32(i%locals))
		code = append(code, opEnd)
	}
	return one("", "", append(putU(nil, uint32(locals)), byte(I32)), code...).bytes()
}

// goSwitch is a function as Go's compiler makes one of a large switch: a loop around as
// many blocks as it has basic blocks, and a br_table that leads to each.
func goSwitch(n int) []byte {
	code := append([]byte{opLoop, voidBlock}, repeat(n, opBlock, voidBlock)...)
	code = putU(append(code, opLocalGet, 0, opBrTable), uint32(n-1))
	for i := range n {
		code = putU(code, uint32(i))
	}
	for i := range n {
		code = append(code, opEnd, opLocalGet, 0, opIf, voidBlock, opI32Const, 1, opLocalSet, 0, opBr)
		code = append(putU(code, uint32(n-i)), opEnd)
	}
	return one("i", "", nil, append(code, opEnd)...).bytes()
}

// Gopacket's names of ports are such a switch, of twelve thousand blocks: nobody can split
// it up, and it takes a moment.
func TestALargeSwitchOfGoIsNotSlow(t *testing.T) {
	m, err := Rewrite(goSwitch(12_000), Options{})
	if err != nil || m.Work > WorkPerSecond {
		t.Errorf("it would take %.1f s, want less than one (%v)", float64(m.Work)/WorkPerSecond, err)
	}
}

// manyBranches is a module of n functions of 2,000 branches.
func manyBranches(n int) []byte {
	m := one("", "", nil)
	m.funcs = slices.Repeat([]fn{{0, nil, repeat(2000, opI32Const, 0, opIf, voidBlock, opEnd)}}, n)
	return m.bytes()
}

// rawLocals is a module whose function declares a group of as many i64 locals as
// the LEB128 says.
func rawLocals(n ...byte) []byte {
	body := append(append([]byte{1}, n...), byte(I64), opEnd)
	return append(slices.Clone(magic), slices.Concat(
		sec(secType, vec([][]byte{sig("", "")})), sec(secFunction, []byte{1, 0}),
		sec(secCode, vec([][]byte{append(putU(nil, uint32(len(body))), body...)})))...)
}

func TestErrorNamesTheFunction(t *testing.T) {
	m := one("", "", nil, 0xff)
	m.custom = [][]byte{append([]byte("\x04name"), 1, 6, 1, 0, 3, 'r', 'u', 'n')}
	_, err := Rewrite(m.bytes(), Options{})
	if err == nil || !strings.Contains(err.Error(), "code section, function 0 (run): unknown instruction") {
		t.Errorf("got %v, want the function's name", err)
	}
}

// Each prefix of a module is refused, or is a module itself; none panics.
func TestTruncated(t *testing.T) {
	in := recurse(opReturn).bytes()
	for n := range in {
		if _, err := Rewrite(in[:n], Options{}); err != nil && strings.Contains(err.Error(), "internal") {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

func TestBrokenNameSectionIsIgnored(t *testing.T) {
	for _, name := range []string{"\x04name\x01\xff", "\x04name\x01\x05\xff\xff\xff\xff\x0f", "\x04name\x00\x02\x05a", "\x04name\x01\x04\x01\x00\x01\xff"} {
		m := one("", "", nil)
		m.custom = [][]byte{[]byte(name)}
		start(t, engines()[1], m.bytes(), Options{})
	}
}

func TestOptionsAreChecked(t *testing.T) {
	if _, err := Rewrite(one("", "", nil).bytes(), Options{MaxDepth: -1}); err == nil || !strings.Contains(err.Error(), "MaxDepth") {
		t.Errorf("got %v, want an error about MaxDepth", err)
	}
}
