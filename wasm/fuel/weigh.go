package fuel

// What an engine keeps for a module, and for each instance of it besides memory and
// stack, in bytes: those of wazero 1.12 on a machine of 64 bits. They are estimates, a
// little too high, of which nothing but limits is made.
const (
	valueSize    = 8   // of a value type: each local and each value of a signature
	elementSize  = 40  // of an element, an expression with its bytes
	functionSize = 320 // of a function: its code entry, definition and offsets
	exportSize   = 96
	segmentSize  = 96

	instanceSize  = 16 << 10 // of an instance with nothing in it, the first stack included
	entrySize     = 8        // of a table's entry, or an element that an instance has
	tableSize     = 128
	globalSize    = 112
	importedSize  = 64 // of an imported function
	perSegment    = 24
	decodedFactor = 2 // the module's bytes are held once by us and once by the engine
)

// weigh tells what the module takes of its host.
func (m *meter) weigh() {
	c := &m.ctx
	segments := c.elems + max(c.datas, m.segments)
	m.mod.Decoded = decodedFactor*len(m.out) + valueSize*(m.allLocals+m.signatures) + elementSize*m.allElements +
		functionSize*len(c.funcs) + exportSize*len(m.mod.Exports) + segmentSize*segments
	if m.mod.Image != nil {
		m.mod.Decoded += len(m.mod.Image.Bytes)
	}
	m.mod.Instance = instanceSize + entrySize*(m.entries+m.passive) + tableSize*c.tables + globalSize*(c.globals+2) +
		importedSize*(c.imported+addedImports) + perSegment*segments
}

// countLocals holds the locals of all functions together to their limit: an engine
// spells out what a module says in a few bytes.
func (m *meter) countLocals(r *reader, n int) {
	if m.allLocals += n; m.allLocals > m.o.MaxAllLocals {
		r.fail("%d locals and parameters in the functions so far, at most %d are allowed in all", m.allLocals, m.o.MaxAllLocals)
	}
}
