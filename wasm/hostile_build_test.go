package wasm

import (
	"bytes"

	"wireloom/wasm/fuel"
)

// Instructions that the modules of the tests are made of.
const (
	opUnreachable, opNop                    = 0x00, 0x01
	opBlock, opLoop, opIf, opElse, opEnd    = 0x02, 0x03, 0x04, 0x05, 0x0b
	opBr, opBrIf, opBrTable, opReturn       = 0x0c, 0x0d, 0x0e, 0x0f
	opCall, opCallIndirect, opDrop          = 0x10, 0x11, 0x1a
	opLocalGet, opLocalSet, opLocalTee      = 0x20, 0x21, 0x22
	opGlobalGet, opGlobalSet                = 0x23, 0x24
	opI32Load, opI32Load8, opI32Store       = 0x28, 0x2d, 0x36
	opMemorySize, opMemoryGrow              = 0x3f, 0x40
	opI32Const, opI64Const                  = 0x41, 0x42
	opI32Eqz, opI32Add, opI32DivS, opI32Shl = 0x45, 0x6a, 0x6d, 0x74
	opTrunc                                 = 0xa8 // i32.trunc_f32_s
	opMisc, opVector, opThreads             = 0xfc, 0xfd, 0xfe
	void                                    = 0x40
)

const (
	wasiName   = "wasi_snapshot_preview1"
	i32b, i64b = byte(fuel.I32), byte(fuel.I64)
)

// code joins instructions: an int is a byte, the rest is as it is.
func code(parts ...any) []byte {
	var b []byte
	for _, p := range parts {
		switch p := p.(type) {
		case int:
			b = append(b, byte(p))
		case byte:
			b = append(b, p)
		case []byte:
			b = append(b, p...)
		case string:
			b = append(b, p...)
		default:
			panic("code is made of bytes")
		}
	}
	return b
}

func konst(v int64) []byte { return append([]byte{opI32Const}, sleb(v)...) }

func repeat(n int, b ...byte) []byte { return bytes.Repeat(b, n) }

// A guestFunc is a function of a handMade.
type guestFunc struct {
	typ    int
	locals []byte // groups: how many (LEB128), of which type
	groups int
	code   []byte // without its end
}

// A handMade is a module that is written section by section. Type 0 is () -> ();
// the first function is exported as _start. There is a page of memory where memory
// is nil.
type handMade struct {
	types   [][]byte
	imports [][]byte // after the calls
	calls   []call   // functions that it imports
	funcs   []guestFunc
	tables  [][]byte
	memory  [][]byte
	globals [][]byte
	exports [][]byte
	start   []byte
	elems   [][]byte
	datas   [][]byte
	custom  [][]byte // behind the rest
	hidden  bool     // exports no _start
}

func rawSection(id byte, body []byte) []byte {
	return append(append([]byte{id}, leb(len(body))...), body...)
}

// import is an entry of the import section: kind and type follow the names.
func importEntry(module, name string, rest ...byte) []byte {
	return append(append(str(module), str(name)...), rest...)
}

func exportEntry(name string, kind byte, index int) []byte {
	return append(append(str(name), kind), leb(index)...)
}

// sections returns the sections by their ids, with what each holds.
func (m handMade) sections() (ids []byte, bodies map[byte][]byte) {
	bodies = map[byte][]byte{}
	put := func(id byte, items [][]byte) {
		if len(items) > 0 {
			ids = append(ids, id)
			bodies[id] = append(leb(len(items)), bytes.Join(items, nil)...)
		}
	}
	types := append([][]byte{funcType(fuel.FuncType{})}, m.types...)
	var imports [][]byte
	for _, c := range m.calls {
		imports = append(imports, importEntry(c.module, c.name, append([]byte{0}, leb(len(types))...)...))
		types = append(types, funcType(c.function().signature()))
	}
	imports = append(imports, m.imports...)
	var funcs, code [][]byte
	for _, f := range m.funcs {
		funcs = append(funcs, leb(f.typ))
		body := append(append(leb(f.groups), f.locals...), f.code...)
		body = append(body, opEnd)
		code = append(code, append(leb(len(body)), body...))
	}
	exports := m.exports
	if !m.hidden {
		exports = append([][]byte{exportEntry("_start", 0, len(m.calls))}, exports...)
	}
	memory := m.memory
	if memory == nil {
		memory = [][]byte{{0, 1}}
	}
	put(1, types)
	put(2, imports)
	put(3, funcs)
	put(4, m.tables)
	put(5, memory)
	put(6, m.globals)
	put(7, exports)
	if m.start != nil {
		ids = append(ids, 8)
		bodies[8] = m.start
	}
	put(9, m.elems)
	put(10, code)
	put(11, m.datas)
	return ids, bodies
}

func (m handMade) bytes() []byte {
	b := []byte("\x00asm\x01\x00\x00\x00")
	ids, bodies := m.sections()
	for _, id := range ids {
		b = append(b, rawSection(id, bodies[id])...)
	}
	for _, c := range m.custom {
		b = append(b, rawSection(0, c)...)
	}
	return b
}

// cut is the module with a section that ends after half of what it holds, and the
// file with it.
func (m handMade) cut(section byte) []byte {
	b := []byte("\x00asm\x01\x00\x00\x00")
	ids, bodies := m.sections()
	for _, id := range ids {
		if id == section {
			return append(append(append(b, id), leb(len(bodies[id]))...), bodies[id][:len(bodies[id])/2]...)
		}
		b = append(b, rawSection(id, bodies[id])...)
	}
	panic("no such section")
}

// replace is the module with other bytes in a section.
func (m handMade) replace(section byte, body []byte) []byte {
	b := []byte("\x00asm\x01\x00\x00\x00")
	ids, bodies := m.sections()
	for _, id := range ids {
		if id == section {
			bodies[id] = body
		}
		b = append(b, rawSection(id, bodies[id])...)
	}
	return b
}

// does is a module whose _start is the code given.
func does(parts ...any) handMade { return handMade{funcs: []guestFunc{{code: code(parts...)}}} }

// with is does, with functions that it imports: they are numbered from 0.
func with(calls []call, parts ...any) handMade {
	m := does(parts...)
	m.calls = calls
	return m
}

// functions are several functions of type 0.
func functions(bodies ...[]byte) handMade {
	var m handMade
	for _, b := range bodies {
		m.funcs = append(m.funcs, guestFunc{code: b})
	}
	return m
}

// imp are functions to import, by their names: those of WASI, and with a dot in front
// those of tuntap.
func imp(names ...string) []call {
	var cs []call
	for _, n := range names {
		if n[0] == '.' {
			cs = append(cs, call{module: "tuntap", name: n[1:]})
		} else {
			cs = append(cs, call{module: wasiName, name: n})
		}
	}
	return cs
}

// names is a name section in which functions have names.
func names(of map[int]string) []byte {
	var list [][]byte
	for i := range 1 << 16 {
		if n, ok := of[i]; ok {
			list = append(list, append(leb(i), str(n)...))
		}
	}
	return append(str("name"), rawSection(1, append(leb(len(list)), bytes.Join(list, nil)...))...)
}
