package fuel

import (
	"bytes"
	"fmt"
	"strconv"
)

// A Module is a rewritten module and what the host needs to know of it.
type Module struct {
	Bytes     []byte
	Imports   []Import
	Exports   []Export
	Memory    *Memory // nil without one
	Image     *Image  // that it begins with; nil where the module's segments have it, or there is none
	Functions int     // the guest's, imported ones included
	Name      string  // from the name section
	Work      int     // estimate of what compiling it takes, WorkPerSecond for a second
	Decoded   int     // estimate of the bytes that an engine keeps of it, besides its machine code
	Instance  int     // estimate of the bytes that an instance takes, besides its memory and stack

	names    []string // by index in the rewritten module
	imported int      // functions the guest imports
}

// FuncName names a function of the rewritten module by its index, for messages.
// Functions that the module has no name for are called by their number in the
// input, as other tools call them.
func (m *Module) FuncName(index uint32) string {
	switch {
	case int(index) < len(m.names) && m.names[index] != "":
		return m.names[index]
	case int(index) < len(m.names) && int(index) < m.imported:
		return "$" + strconv.Itoa(int(index))
	case int(index) < len(m.names):
		return "$" + strconv.Itoa(int(index)-addedImports)
	default:
		return "$?"
	}
}

// A meter rewrites one module. Its fields are the module's sections as they are read, and
// where it is in them.
type meter struct {
	o   Options
	ctx indexes
	out []byte
	mod *Module
	fn  function

	secs  []section
	names []string // of functions, by index in the input

	voidType     uint32   // type () -> ()
	resultTypes  []uint32 // for each type, the type of a block with its results
	fuelGlobal   uint32
	depthGlobal  uint32
	refuelFunc   uint32
	overflowFunc uint32
	entryFunc    uint32
	chargeTail   int // bytes from a charge's cost to its end, the cost included

	mutableGlobals int
	work           int

	// For the estimate of memory.
	allLocals   int // of all functions, parameters included
	signatures  int // values in all types
	allElements int // of all element segments
	passive     int // of those, what each instance has
	entries     int // of all tables, at most
	segments    int // of data
}

// addedImports is how far the guest's own functions shift.
const addedImports = 2

// Rewrite meters the module in, which it doesn't change or keep. An error about
// the module is an *Error. Memory use is bounded by Options.MaxOutput and a small
// multiple of len(in), time is linear in both.
func Rewrite(in []byte, o Options) (mod *Module, err error) {
	o, err = o.withDefaults()
	if err != nil {
		return nil, err
	}
	m := &meter{o: o, mod: &Module{}, ctx: indexes{datas: -1, branches: o.MaxBranches}}
	defer func() {
		switch e := recover().(type) {
		case nil:
		case *Error:
			mod, err = nil, e
		default:
			// A bug here must not take the server with it: the input is a stranger's.
			mod, err = nil, fmt.Errorf("fuel: internal error: %v", e)
		}
	}()
	r := &reader{b: in, end: len(in), fn: -1}
	m.header(r)
	m.split(r)
	m.out = append(make([]byte, 0, len(in)+len(in)/2+1024), in[:8]...)
	m.fn = function{m: m, temp: map[byte]uint32{}}
	for _, s := range m.secs {
		m.section(s, in)
	}
	m.writeNames()
	m.mod.Bytes = m.out
	m.mod.Functions, m.mod.imported, m.mod.Work = len(m.ctx.funcs), m.ctx.imported, m.work
	m.weigh()
	return m.mod, nil
}

func (m *meter) header(r *reader) {
	if len(r.b) > m.o.MaxSize {
		r.fail("the module has %d bytes, at most %d are allowed", len(r.b), m.o.MaxSize)
	}
	if !bytes.HasPrefix(r.b, []byte("\x00asm")) {
		r.fail("not a WebAssembly module: it doesn't begin with 00 61 73 6d (\"\\0asm\")")
	}
	if len(r.b) < 8 {
		r.fail("truncated: the header is 8 bytes long")
	}
	r.p = 4
	switch version := r.b[4:8]; {
	case version[2] == 1 && version[3] == 0:
		r.fail("a component (component model), not a core module: build for wasm32-wasi or wasip1, not wasip2")
	case !bytes.Equal(version, []byte{1, 0, 0, 0}):
		r.fail("WebAssembly version % x, only version 1 is supported", version)
	}
	r.p = 8
}
