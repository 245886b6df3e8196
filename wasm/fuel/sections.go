package fuel

import "encoding/binary"

// A section is a non-custom section of the input, or one that the input lacks
// and the output needs (end is 0).
type section struct {
	id         byte
	start, end int
}

// Section ids.
const (
	secCustom    = 0
	secType      = 1
	secImport    = 2
	secFunction  = 3
	secTable     = 4
	secMemory    = 5
	secGlobal    = 6
	secExport    = 7
	secStart     = 8
	secElement   = 9
	secCode      = 10
	secData      = 11
	secDataCount = 12
	secTag       = 13
)

var sectionNames = [...]string{
	"custom", "type", "import", "function", "table", "memory", "global", "export",
	"start", "element", "code", "data", "data count", "tag",
}

// sectionOrder is the order that sections must have.
var sectionOrder = [...]byte{
	secType, secImport, secFunction, secTable, secMemory, secGlobal, secExport,
	secStart, secElement, secDataCount, secCode, secData,
}

// split finds the sections, reads the names, and adds the sections that the
// rewriter writes to.
func (m *meter) split(r *reader) {
	var found [secTag]section
	last := -1
	for r.more() {
		at := r.p
		id := r.u8()
		if id > secTag {
			r.failAt(at, "unknown section id %d", id)
		}
		r.section = sectionNames[id]
		n := r.u32()
		start := r.p
		r.skip(n)
		switch id {
		case secCustom:
			m.custom(&reader{b: r.b, p: start, end: r.p, section: r.section, fn: -1})
			continue
		case secTag:
			r.proposal(at, "exception handling")
		}
		rank := rankOf(id)
		if rank <= last {
			r.failAt(at, "section is repeated or out of order")
		}
		last = rank
		found[id] = section{id, start, r.p}
	}
	for _, id := range sectionOrder {
		s := found[id]
		switch id {
		case secType, secImport, secGlobal, secExport:
			s.id = id
		case secFunction: // present when code is, so that counts are compared and the helper has a place
			s.id = id
			if found[secCode].id == 0 {
				s.id = 0
			}
		}
		if s.id != 0 {
			m.secs = append(m.secs, s)
		}
	}
	if f := found[secFunction]; f.id != 0 && found[secCode].id == 0 {
		fr := m.sectionReader(r.b, f)
		if n := fr.u32(); n != 0 {
			fr.failAt(f.start, "%d functions, but no code section", n)
		}
		fr.done()
	}
}

func rankOf(id byte) int {
	for i, o := range sectionOrder {
		if o == id {
			return i
		}
	}
	return -1
}

func (m *meter) sectionReader(in []byte, s section) *reader {
	r := &reader{b: in, p: s.start, end: s.end, section: sectionNames[s.id], fn: -1}
	if s.end == 0 { // not in the input
		r.b, r.end = []byte{0}, 1
	}
	return r
}

// section copies one section to the output, changed where it must be.
func (m *meter) section(s section, in []byte) {
	r := m.sectionReader(in, s)
	// The size isn't known yet: it is written padded to five bytes, as linkers do.
	m.out = append(m.out, s.id, 0, 0, 0, 0, 0)
	start := len(m.out)
	switch s.id {
	case secType:
		m.types(r)
	case secImport:
		m.imports(r)
	case secFunction:
		m.functions(r)
	case secTable:
		m.tables(r)
	case secMemory:
		m.memories(r)
	case secGlobal:
		m.globals(r)
	case secExport:
		m.exports(r)
	case secStart:
		at := r.p
		i := r.index("function", len(m.ctx.funcs))
		if t := m.ctx.types[m.ctx.funcs[i]]; len(t.Params)+len(t.Results) > 0 {
			r.failAt(at, "function %d is %v: a start function has neither parameters nor results", i, t)
		}
		m.out = putU(m.out, m.ctx.shifted(i))
	case secElement:
		m.elements(r)
	case secDataCount:
		m.ctx.datas = r.count("data segments", 0, m.o.MaxSegments)
		m.out = putU(m.out, uint32(m.ctx.datas))
	case secCode:
		m.code(r)
	case secData:
		m.data(r)
	}
	r.done()
	if len(m.out) > m.o.MaxOutput {
		r.fail("the metered module is larger than %d bytes", m.o.MaxOutput)
	}
	putPadded(m.out[start-5:], uint32(len(m.out)-start))
}

// putPadded writes v as a LEB128 of five bytes.
func putPadded(w []byte, v uint32) {
	binary.LittleEndian.PutUint32(w, v&0x7f|v<<1&0x7f00|v<<2&0x7f0000|v<<3&0x7f000000|0x80808080)
	w[4] = byte(v >> 28)
}

func (m *meter) types(r *reader) {
	n := r.count("types", 3, maxTypes)
	start := r.p
	m.ctx.types = make([]FuncType, n)
	for i := range m.ctx.types {
		at := r.p
		t := r.funcType()
		if m.signatures += len(t.Params) + len(t.Results); m.signatures > m.o.MaxSignature {
			r.failAt(at, "%d parameters and results in the types so far, at most %d are allowed in all", m.signatures, m.o.MaxSignature)
		}
		m.ctx.types[i] = t
	}
	added := m.addTypes()
	m.out = putU(m.out, uint32(n+len(added)))
	m.out = append(m.out, r.b[start:r.p]...)
	for _, results := range added {
		m.out = putU(append(m.out, 0x60, 0), uint32(len(results)))
		for _, t := range results {
			m.out = append(m.out, byte(t))
		}
	}
}

// addTypes picks, for each type, the type of a block that yields its results,
// and returns the results of the types that must be added for it: () -> () and
// those of several results. Types of the guest's own aren't reused, so that each
// index means the same in every module that has as many types.
func (m *meter) addTypes() [][]ValType {
	n := uint32(len(m.ctx.types))
	m.voidType = n
	added := [][]ValType{nil}
	byResults := map[string]uint32{}
	m.resultTypes = make([]uint32, n)
	for i, t := range m.ctx.types {
		if len(t.Results) < 2 {
			continue
		}
		key := make([]byte, len(t.Results))
		for j, v := range t.Results {
			key[j] = byte(v)
		}
		index, ok := byResults[string(key)]
		if !ok {
			index = n + uint32(len(added))
			byResults[string(key)] = index
			added = append(added, t.Results)
		}
		m.resultTypes[i] = index
	}
	return added
}

// resultBlock appends the type of a block that yields what functions of type typ do.
func (m *meter) resultBlock(w []byte, typ uint32) []byte {
	switch results := m.ctx.types[typ].Results; len(results) {
	case 0:
		return append(w, voidBlock)
	case 1:
		return append(w, byte(results[0]))
	default:
		return putS(w, int64(m.resultTypes[typ]))
	}
}

func (m *meter) imports(r *reader) {
	c := &m.ctx
	n := r.count("imports", 4, m.o.MaxImports)
	m.out = putU(m.out, uint32(n+addedImports))
	for range n {
		at := r.p
		i := Import{Module: r.string("import module"), Name: r.string("import name")}
		if i.Module == m.o.Module && (i.Name == m.o.Refuel || i.Name == m.o.Overflow) {
			r.failAt(at, "imports %s.%s, which is reserved for the meter", i.Module, i.Name)
		}
		kindAt := r.p
		kind := r.u8()
		i.Kind = Kind(kind)
		switch i.Kind {
		case KindFunc:
			t := r.index("type", len(c.types))
			i.Func = c.types[t]
			c.funcs = append(c.funcs, t)
			c.imported++
		case KindTable:
			r.refType()
			r.limits()
			c.tables++
		case KindMemory:
			m.memory(r, true)
		case KindGlobal:
			m.globalType(r)
			c.globals++
		default:
			if kind == 4 {
				r.proposal(kindAt, "exception handling")
			}
			r.failAt(kindAt, "unknown kind of import %d", kind)
		}
		m.mod.Imports = append(m.mod.Imports, i)
		name := i.Name
		if m.o.Rename != nil {
			name = m.o.Rename(i)
		}
		m.out = putString(putString(m.out, i.Module), name)
		m.out = append(m.out, r.b[kindAt:r.p]...)
	}
	for _, name := range [addedImports]string{m.o.Refuel, m.o.Overflow} {
		m.out = putString(putString(m.out, m.o.Module), name)
		m.out = putU(append(m.out, byte(KindFunc)), m.voidType)
	}
	m.refuelFunc = uint32(c.imported)
	m.overflowFunc = m.refuelFunc + 1
}

func (m *meter) functions(r *reader) {
	c := &m.ctx
	at := r.p
	n := r.count("functions", 1, m.o.MaxFunctions)
	if len(c.funcs)+n > m.o.MaxFunctions {
		r.failAt(at, "%d functions, at most %d are allowed", len(c.funcs)+n, m.o.MaxFunctions)
	}
	m.out = putU(m.out, uint32(n+1)) // the entry helper is the last one
	for range n {
		t := r.index("type", len(c.types))
		c.funcs = append(c.funcs, t)
		m.out = putU(m.out, t)
	}
	m.entryFunc = uint32(len(c.funcs) + addedImports)
	m.out = putU(m.out, m.voidType)
}

// tables lowers each maximum to a fair share of Options.MaxTable, since an entry
// costs the host memory that the guest's memory limit doesn't see.
func (m *meter) tables(r *reader) {
	c := &m.ctx
	at := r.p
	n := r.count("tables", 3, maxTables)
	if c.tables+n > maxTables {
		r.failAt(at, "%d tables, at most %d are allowed", c.tables+n, maxTables)
	}
	m.out = putU(m.out, uint32(n))
	share := uint32(m.o.MaxTable / max(n, 1))
	total := uint64(0)
	for range n {
		at := r.p
		if r.more() && r.b[r.p] == 0x40 {
			r.proposal(at, "typed function references")
		}
		t := r.refType()
		lo, hi, hasMax := r.limits()
		if total += uint64(lo); total > uint64(m.o.MaxTable) {
			r.failAt(at, "tables of %d entries, at most %d are allowed", total, m.o.MaxTable)
		}
		if limit := max(lo, share); !hasMax || hi > limit {
			hi = limit
		}
		m.entries += int(max(lo, hi))
		m.out = putU(putU(append(m.out, byte(t), 1), lo), hi)
	}
	c.tables += n
}

func (m *meter) memories(r *reader) {
	start := r.p
	for range r.count("memories", 2, 1<<16) {
		m.memory(r, false)
	}
	m.out = append(m.out, r.b[start:r.p]...)
}

func (m *meter) memory(r *reader, imported bool) {
	at := r.p
	if m.ctx.memories++; m.ctx.memories > 1 {
		r.proposal(at, "multi-memory")
	}
	lo, hi, hasMax := r.limits()
	if lo > 1<<16 || hi > 1<<16 {
		r.failAt(at, "memory of %d pages, 65536 are all there can be", max(lo, hi))
	}
	if int(lo) > m.o.MaxPages {
		r.failAt(at, "memory of %d pages (%d KiB), at most %d (%d KiB) are allowed",
			lo, int(lo)*64, m.o.MaxPages, m.o.MaxPages*64)
	}
	m.mod.Memory = &Memory{Min: lo, Max: hi, HasMax: hasMax, Imported: imported}
}

func (m *meter) globalType(r *reader) {
	r.valType()
	at := r.p
	switch flag := r.u8(); flag {
	case 0:
	case 1:
		m.mutableGlobals++
	default:
		r.failAt(at, "unknown mutability %#x of a global", flag)
	}
}

func (m *meter) globals(r *reader) {
	c := &m.ctx
	at := r.p
	n := r.count("globals", 4, m.o.MaxGlobals)
	if c.globals+n > m.o.MaxGlobals {
		r.failAt(at, "%d globals, at most %d are allowed", c.globals+n, m.o.MaxGlobals)
	}
	c.globals += n
	m.out = putU(m.out, uint32(n+2))
	for range n {
		start := r.p
		m.globalType(r)
		m.out = append(m.out, r.b[start:r.p]...)
		m.out = c.constExpr(r, m.out)
	}
	m.fuelGlobal = uint32(c.globals)
	m.depthGlobal = m.fuelGlobal + 1
	m.chargeTail = len(m.settle(nil)) + 2
	for _, v := range [2]int64{m.o.InitialFuel, int64(m.o.MaxDepth)} {
		m.out = putS(append(m.out, byte(I64), 1, opI64Const), v)
		m.out = append(m.out, opEnd)
	}
}

func (m *meter) exports(r *reader) {
	c := &m.ctx
	n := r.count("exports", 3, m.o.MaxExports)
	m.out = putU(m.out, uint32(n+2))
	for range n {
		at := r.p
		e := Export{Name: r.string("export name")}
		if e.Name == FuelGlobal || e.Name == DepthGlobal {
			r.failAt(at, "exports %q, a name reserved for the meter", e.Name)
		}
		kindAt := r.p
		kind := r.u8()
		e.Kind = Kind(kind)
		switch e.Kind {
		case KindFunc:
			x := r.index("function", len(c.funcs))
			e.Func = c.types[c.funcs[x]]
			e.Index = c.shifted(x)
		case KindTable:
			e.Index = r.index("table", c.tables)
		case KindMemory:
			e.Index = r.index("memory", c.memories)
		case KindGlobal:
			e.Index = r.index("global", c.globals)
		default:
			if kind == 4 {
				r.proposal(kindAt, "exception handling")
			}
			r.failAt(kindAt, "unknown kind of export %d", kind)
		}
		m.out = putU(append(putString(m.out, e.Name), kind), e.Index)
		m.mod.Exports = append(m.mod.Exports, e)
	}
	m.out = putU(append(putString(m.out, FuelGlobal), byte(KindGlobal)), m.fuelGlobal)
	m.out = putU(append(putString(m.out, DepthGlobal), byte(KindGlobal)), m.depthGlobal)
}
