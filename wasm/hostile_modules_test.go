package wasm

import (
	"bytes"
	"strings"

	"wireloom/wasm/fuel"
)

// A hostile is a module that is broken, or means harm.
type hostile struct {
	name   string
	module []byte
	memory int64 // that the process may have; the default if 0
	errno  bool  // its exit code is an error
}

// rich is a module with every kind of section, which runs.
var rich = handMade{
	types:   [][]byte{funcType(fuel.FuncType{Params: []fuel.ValType{fuel.I32}, Results: []fuel.ValType{fuel.I32}})},
	calls:   imp("proc_exit"),
	funcs:   []guestFunc{{code: code(konst(0), opCall, 0), groups: 1, locals: []byte{1, i32b}}, {}},
	tables:  [][]byte{{0x70, 0, 4}},
	globals: [][]byte{{i32b, 1, opI32Const, 7, opEnd}},
	exports: [][]byte{exportEntry("memory", 2, 0)},
	start:   []byte{2},
	elems:   [][]byte{{0, opI32Const, 0, opEnd, 1, 1}},
	datas:   [][]byte{{0, opI32Const, 0, opEnd, 2, 'h', 'i'}},
}

// malformed are files that are no modules, or broken ones.
func malformed() []hostile {
	good := rich.bytes()
	sectionAt := func(id byte, body ...byte) []byte { return rich.replace(id, body) }
	cases := []hostile{
		{name: "an empty file"},
		{name: "an ELF file", module: []byte("\x7fELF\x02\x01\x01\x00")},
		{name: "text", module: []byte("(module)")},
		{name: "the magic alone", module: []byte("\x00asm")},
		{name: "version 2", module: []byte("\x00asm\x02\x00\x00\x00")},
		{name: "a component", module: []byte("\x00asm\x0d\x00\x01\x00")},
		{name: "the header alone", module: good[:8]},
		{name: "a module with every section, which is right", module: good},
		{name: "garbage after the end", module: append(bytes.Clone(good), "garbage"...)},
		{name: "zeros after the end", module: append(bytes.Clone(good), 0, 0, 0, 0)},
		{name: "a section twice", module: append(bytes.Clone(good), rawSection(11, []byte{0})...)},
		{name: "sections out of order", module: append(bytes.Clone(good), rawSection(1, []byte{0})...)},
		{name: "a section longer than the file", module: append(bytes.Clone(good[:8]), 1, 0xff, 0xff, 0xff, 0xff, 0x0f)},
		{name: "an integer of six bytes", module: sectionAt(1, 0x81, 0x80, 0x80, 0x80, 0x80, 0x00)},
		{name: "an integer of 35 bits", module: sectionAt(1, 0xff, 0xff, 0xff, 0xff, 0x7f)},
		{name: "padded integers, which are allowed", module: does(konst(0), opDrop).replace(3, []byte{0x81, 0x80, 0x80, 0x80, 0x00, 0x80, 0x80, 0x00})},
		{name: "4 Gi types announced", module: sectionAt(1, 0xff, 0xff, 0xff, 0xff, 0x0f)},
		{name: "4 Gi imports announced", module: sectionAt(2, 0xff, 0xff, 0xff, 0xff, 0x0f)},
		{name: "4 Gi functions announced", module: sectionAt(3, 0xff, 0xff, 0xff, 0xff, 0x0f)},
		{name: "4 Gi elements announced", module: sectionAt(9, 1, 0, opI32Const, 0, opEnd, 0xff, 0xff, 0xff, 0xff, 0x0f)},
		{name: "a body of 4 GiB announced", module: sectionAt(10, 2, 0xff, 0xff, 0xff, 0xff, 0x0f)},
		{name: "data of 4 GiB announced", module: sectionAt(11, 1, 0, opI32Const, 0, opEnd, 0xff, 0xff, 0xff, 0xff, 0x0f)},
		{name: "more functions than bodies", module: sectionAt(3, 3, 0, 0, 0)},
		{name: "more bodies than functions", module: functions(nil, nil).replace(3, []byte{1, 0})},
		{name: "a body without an end", module: sectionAt(10, 2, 2, 0, opNop, 2, 0, opEnd)},
		{name: "a body that ends twice", module: does(opEnd, opNop).bytes()},
		{name: "an open block", module: does(opBlock, void).bytes()},
		{name: "an unknown instruction", module: does(0x27).bytes()},
		{name: "else without if", module: does(opElse).bytes()},
		{name: "a branch to no label", module: does(opBr, 7).bytes()},
		{name: "a local that is not there", module: does(opLocalGet, 0, opDrop).bytes()},
		{name: "the global that counts fuel", module: does(opGlobalGet, 0, opDrop).bytes()},
		{name: "the function that grants fuel", module: does(opCall, 1).bytes()},
		{name: "a type that is not there", module: sectionAt(3, 2, 0, 9)},
		{name: "an operand that is missing", module: does(opI32Add, opDrop).bytes()},
		{name: "an operand of another type", module: does(konst(1), opI64Const, 1, opI32Add, opDrop).bytes()},
		{name: "a result too many", module: does(konst(1)).bytes()},
		{name: "an unknown value type", module: sectionAt(1, 1, 0x60, 1, 0x40, 0)},
		{name: "a name that is not UTF-8", module: sectionAt(7, 1, 1, 0xff, 0, 1)},
		{name: "the same export twice", module: handMade{funcs: []guestFunc{{}}, exports: [][]byte{exportEntry("_start", 0, 0)}}.bytes()},
		{name: "an export of nothing", module: handMade{funcs: []guestFunc{{}}, exports: [][]byte{exportEntry("x", 0, 99)}}.bytes()},
		{name: "a memory smaller than it is", module: handMade{funcs: []guestFunc{{}}, memory: [][]byte{{1, 2, 1}}}.bytes()},
		{name: "a start function that is not there", module: handMade{funcs: []guestFunc{{}}, start: []byte{7}}.bytes()},
		{name: "a start function with a parameter", module: handMade{
			types: [][]byte{funcType(fuel.FuncType{Params: []fuel.ValType{fuel.I32}})},
			funcs: []guestFunc{{}, {typ: 1}}, start: []byte{1},
		}.bytes()},
		{name: "a constant that loops", module: handMade{funcs: []guestFunc{{}}, globals: [][]byte{{i32b, 0, opLoop, void, opBr, 0, opEnd, opEnd}}}.bytes()},
		{name: "data beyond memory", module: handMade{funcs: []guestFunc{{}}, datas: [][]byte{{0, opI32Const, 0xff, 0xff, 3, opEnd, 2, 1, 2}}}.bytes()},
		{name: "data at a negative place", module: handMade{funcs: []guestFunc{{}}, datas: [][]byte{{0, opI32Const, 0x7f, opEnd, 1, 1}}}.bytes()},
		{name: "elements beyond the table, which are left out", module: handMade{
			funcs: []guestFunc{{}}, tables: [][]byte{{0x70, 0, 1}}, elems: [][]byte{{0, opI32Const, 1, opEnd, 1, 0}},
		}.bytes()},
	}
	for _, s := range []struct {
		id   byte
		name string
	}{{1, "type"}, {2, "import"}, {3, "function"}, {4, "table"}, {5, "memory"}, {6, "global"}, {7, "export"}, {9, "element"}, {10, "code"}, {11, "data"}} {
		cases = append(cases, hostile{name: "cut off in the " + s.name + " section", module: rich.cut(s.id)})
	}
	return cases
}

// proposals are modules for engines that are not ours.
func proposals() []hostile {
	mem := func(b ...byte) []byte { return handMade{funcs: []guestFunc{{}}, memory: [][]byte{b}}.bytes() }
	return []hostile{
		{name: "threads: an atomic add", module: does(konst(0), konst(1), opThreads, 0x1e, 2, 0, opDrop).bytes()},
		{name: "threads: shared memory", module: mem(3, 1, 1)},
		{name: "memory64", module: mem(4, 1)},
		{name: "custom page sizes", module: mem(8, 1, 0)},
		{name: "two memories", module: handMade{funcs: []guestFunc{{}}, memory: [][]byte{{0, 1}, {0, 1}}}.bytes()},
		{name: "a store to the second memory", module: does(konst(0), konst(0), opI32Store, 0x42, 1, 0).bytes()},
		{name: "a tail call", module: does(0x12, 0).bytes()},
		{name: "exceptions: a throw", module: does(0x08, 0).bytes()},
		{name: "exceptions: a tag", module: append(does().bytes(), rawSection(13, []byte{1, 0, 0})...)},
		{name: "garbage collection: a struct type", module: does().replace(1, []byte{1, 0x5f, 0, 0})},
		{name: "garbage collection: an instruction", module: does(0xfb, 0, 0).bytes()},
		{name: "typed function references", module: does(0x14, 0).bytes()},
		{name: "relaxed SIMD", module: does(opVector, 0x80, 2).bytes()},
		{name: "SIMD, which is there", module: does(opVector, 12, make([]byte, 16), opDrop).bytes()},
	}
}

// lies are modules that ask for what is not there, or is not what they say.
func lies() []hostile {
	imports := func(entry []byte) []byte {
		return handMade{
			types: [][]byte{
				funcType(fuel.FuncType{Params: []fuel.ValType{fuel.I32, fuel.I32}}),
				funcType(fuel.FuncType{Params: []fuel.ValType{fuel.I32}}),
			},
			imports: [][]byte{entry}, memory: [][]byte{}, funcs: []guestFunc{{}, {}},
		}.bytes()
	}
	return []hostile{
		{name: "an import from nowhere", module: imports(importEntry("env", "system", 0, 0))},
		{name: "an import without names", module: imports(importEntry("", "", 0, 0))},
		{name: "an import from the host's own module", module: imports(importEntry("wireloom", "refuel", 0, 0))},
		{name: "an import of an unknown function", module: imports(importEntry(wasiName, "proc_fork", 0, 0))},
		{name: "an import with another signature", module: imports(importEntry(wasiName, "proc_exit", 0, 1))},
		{name: "an import of a type that is not there", module: imports(importEntry(wasiName, "proc_exit", 0, 9))},
		{name: "an import of a memory", module: imports(importEntry(wasiName, "memory", 2, 0, 1))},
		{name: "an import of a table", module: imports(importEntry("tuntap", "table", 1, 0x70, 0, 1))},
		{name: "an import of a global", module: imports(importEntry(wasiName, "proc_exit", 3, i32b, 0))},
		{name: "an import of an exception", module: imports(importEntry(wasiName, "proc_exit", 4, 0, 0))},
		{name: "an import of an unknown kind", module: imports(importEntry(wasiName, "proc_exit", 9))},
		{name: "the same import twice, which is allowed", module: handMade{
			calls: imp("proc_exit", "proc_exit"), funcs: []guestFunc{{code: code(konst(5), opCall, 1)}},
		}.bytes()},
		{name: "an export called like the meter's", module: handMade{
			funcs: []guestFunc{{}}, exports: [][]byte{exportEntry("__fuel", 0, 0)},
		}.bytes()},
		{name: "a name from the name section like the meter's", module: handMade{
			funcs: []guestFunc{{code: code(opCall, 1)}, {code: code(opUnreachable)}}, custom: [][]byte{names(map[int]string{0: "wireloom.refuel", 1: "evil"})},
		}.bytes()},
		{name: "no _start", module: handMade{funcs: []guestFunc{{}}, hidden: true}.bytes()},
		{name: "_start is a memory", module: handMade{funcs: []guestFunc{{}}, hidden: true, exports: [][]byte{exportEntry("_start", 2, 0)}}.bytes()},
		{name: "_start has a parameter", module: handMade{
			types: [][]byte{funcType(fuel.FuncType{Params: []fuel.ValType{fuel.I32}})}, funcs: []guestFunc{{typ: 1}},
		}.bytes()},
		{name: "_start has a result", module: handMade{
			types: [][]byte{funcType(fuel.FuncType{Results: []fuel.ValType{fuel.I32}})}, funcs: []guestFunc{{typ: 1, code: konst(1)}},
		}.bytes()},
		{name: "_start is an import", module: handMade{
			calls: imp("sched_yield"), funcs: []guestFunc{{}}, hidden: true, exports: [][]byte{exportEntry("_start", 0, 0)},
		}.bytes()},
	}
}

// bombs are modules that are large, or become so, or keep a compiler busy.
func bombs() []hostile {
	many := func(n int, item ...byte) [][]byte {
		items := make([][]byte, n)
		for i := range items {
			items[i] = item
		}
		return items
	}
	empty := func(n int) []guestFunc { return make([]guestFunc, n) }
	long := strings.Repeat("long", 5000)
	nest := func(n int, op byte) []byte {
		return does(repeat(n, op, void), repeat(n, opEnd)).bytes()
	}
	var exports [][]byte
	for i := range 100_001 {
		exports = append(exports, exportEntry("e"+string(rune('a'+i%26))+string(sleb(int64(i))[:1]), 0, 0))
	}
	return []hostile{
		{name: "33 MiB of zeros", module: make([]byte, 33<<20)},
		{name: "100,001 functions", module: handMade{funcs: empty(100_001)}.bytes()},
		{name: "50,000 locals", module: handMade{funcs: []guestFunc{{groups: 1, locals: append(leb(50_000), i32b)}}}.bytes()},
		{name: "4 Gi locals", module: handMade{funcs: []guestFunc{{groups: 1, locals: []byte{0xff, 0xff, 0xff, 0xff, 0x0f, i32b}}}}.bytes()},
		{name: "4,000 locals in each of 60,000 functions", module: handMade{funcs: repeatFunc(60_000, guestFunc{groups: 1, locals: append(leb(4000), i64b)})}.bytes()},
		{name: "1,002 parameters and results in each of 1,000 types", module: handMade{
			types: many(1000, append(append([]byte{0x60}, leb(1000)...), append(repeat(1000, i32b), 2, i32b, i32b)...)...), funcs: empty(1),
		}.bytes()},
		{name: "300,000 elements", module: handMade{
			tables: [][]byte{{0x70, 0, 1}}, elems: [][]byte{append(append([]byte{1, 0}, leb(300_000)...), make([]byte, 300_000)...)}, funcs: empty(1),
		}.bytes()},
		{name: "70,000 types", module: handMade{types: many(70_000, 0x60, 0, 0), funcs: empty(1)}.bytes()},
		{name: "1,001 parameters", module: handMade{types: [][]byte{append(append([]byte{0x60}, leb(1001)...), append(repeat(1001, i32b), 0)...)}, funcs: empty(1)}.bytes()},
		{name: "10,001 globals", module: handMade{globals: many(10_001, i32b, 1, opI32Const, 0, opEnd), funcs: empty(1)}.bytes()},
		{name: "10,001 imports", module: handMade{imports: many(10_001, importEntry(wasiName, "proc_exit", 0, 0)...), funcs: empty(1)}.bytes()},
		{name: "100,001 exports", module: handMade{exports: exports, funcs: empty(1)}.bytes()},
		{name: "100,001 data segments", module: handMade{datas: many(100_001, 0, opI32Const, 0, opEnd, 0), funcs: empty(1)}.bytes()},
		{name: "100,001 element segments", module: handMade{
			tables: [][]byte{{0x70, 0, 1}}, elems: many(100_001, 0, opI32Const, 0, opEnd, 0), funcs: empty(1),
		}.bytes()},
		{name: "a br_table of 70,000 targets", module: does(konst(0), opBrTable, leb(70_000), make([]byte, 70_001)).bytes()},
		{name: "a br_table of 20,000 targets, which is allowed", module: does(konst(0), opBrTable, leb(20_000), make([]byte, 20_001)).bytes()},
		{name: "forty br_tables of 60,000 targets", module: does(bytes.Repeat(code(opBlock, void, konst(0), opBrTable, leb(60_000), make([]byte, 60_001), opEnd), 40)).bytes()},
		{name: "a table of 4 Gi entries", module: handMade{tables: [][]byte{{0x70, 0, 0xff, 0xff, 0xff, 0xff, 0x0f}}, funcs: empty(1)}.bytes()},
		{name: "65 tables", module: handMade{tables: many(65, 0x70, 0, 0), funcs: empty(1)}.bytes()},
		{name: "four tables of 50,000 entries", module: handMade{tables: many(4, 0x70, 0, 0xd0, 0x86, 0x03), funcs: empty(1)}.bytes()},
		{name: "a body of 5 MiB", module: does(repeat(5<<20, opNop)).bytes()},
		{name: "a straight line of 1.5 MB", module: does(konst(1), repeat(500_000, opI32Const, 1, opI32Add), opDrop).bytes()},
		{name: "100,000 blocks, each in the other", module: nest(100_000, opBlock)},
		{name: "15,000 blocks, each in the other", module: nest(15_000, opBlock)},
		{name: "100,000 loops, each in the other", module: nest(100_000, opLoop)},
		{name: "2,000 loops over 5,000 locals", module: handMade{funcs: []guestFunc{{
			groups: 1, locals: append(leb(5000), i32b), code: code(repeat(2000, opLoop, void), repeat(2000, opEnd)),
		}}}.bytes()},
		{name: "20,000 ifs in a row", module: does(repeat(20_000, opI32Const, 0, opIf, void, opEnd)).bytes()},
		{name: "30,000 values at once", module: does(repeat(30_000, opI32Const, 1), repeat(30_000, opDrop)).bytes()},
		{name: "calls between 10,000 globals", module: handMade{
			globals: many(10_000, i64b, 1, opI64Const, 0, opEnd), funcs: []guestFunc{{code: repeat(20_000, opCall, 1)}, {}},
		}.bytes()},
		{name: "65,536 pages of memory", module: handMade{memory: [][]byte{{0, 0x80, 0x80, 4}}, funcs: empty(1)}.bytes()},
		{name: "8,192 pages of memory", module: handMade{memory: [][]byte{{0, 0x80, 0x40}}, funcs: empty(1)}.bytes()},
		{name: "65,537 pages of memory", module: handMade{memory: [][]byte{{0, 0x81, 0x80, 4}}, funcs: empty(1)}.bytes()},
		{name: "a name of 20 kB", module: handMade{
			funcs: []guestFunc{{code: code(opUnreachable)}}, custom: [][]byte{names(map[int]string{0: long})},
		}.bytes()},
		{name: "a name that writes to a terminal", module: handMade{
			funcs: []guestFunc{{code: code(opUnreachable)}}, custom: [][]byte{names(map[int]string{0: "\x1b[2J\n.main()\u202e"})},
		}.bytes()},
		{name: "4 Gi names announced", module: handMade{
			funcs: []guestFunc{{code: code(opUnreachable)}}, custom: [][]byte{append(str("name"), rawSection(1, []byte{0xff, 0xff, 0xff, 0xff, 0x0f, 0})...)},
		}.bytes()},
		{name: "a name for function 4 Gi", module: handMade{
			funcs: []guestFunc{{code: code(opUnreachable)}}, custom: [][]byte{append(str("name"), rawSection(1, []byte{1, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 'x'})...)},
		}.bytes()},
		{name: "a name section within a name section", module: handMade{
			funcs: []guestFunc{{code: code(opUnreachable)}}, custom: [][]byte{append(str("name"), bytes.Repeat(rawSection(1, names(map[int]string{0: "x"})), 1000)...)},
		}.bytes()},
		{name: "100,000 custom sections", module: handMade{funcs: empty(1), custom: many(100_000, 1, 'x')}.bytes()},
		{name: "a custom section of 20 MB", module: handMade{funcs: empty(1), custom: [][]byte{append(str("x"), make([]byte, 20<<20)...)}}.bytes()},
	}
}

func repeatFunc(n int, f guestFunc) []guestFunc {
	fs := make([]guestFunc, n)
	for i := range fs {
		fs[i] = f
	}
	return fs
}
