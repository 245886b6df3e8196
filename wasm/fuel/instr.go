package fuel

// Opcodes that the rewriter looks at or writes.
const (
	opUnreachable  = 0x00
	opNop          = 0x01
	opBlock        = 0x02
	opLoop         = 0x03
	opIf           = 0x04
	opElse         = 0x05
	opEnd          = 0x0b
	opBr           = 0x0c
	opBrIf         = 0x0d
	opBrTable      = 0x0e
	opReturn       = 0x0f
	opCall         = 0x10
	opCallIndirect = 0x11
	opDrop         = 0x1a
	opSelect       = 0x1b
	opSelectTyped  = 0x1c
	opLocalGet     = 0x20
	opLocalSet     = 0x21
	opLocalTee     = 0x22
	opGlobalGet    = 0x23
	opGlobalSet    = 0x24
	opTableGet     = 0x25
	opTableSet     = 0x26
	opLoadFirst    = 0x28
	opLoadLast     = 0x35
	opStoreLast    = 0x3e
	opMemorySize   = 0x3f
	opMemoryGrow   = 0x40
	opI32Const     = 0x41
	opI64Const     = 0x42
	opF32Const     = 0x43
	opF64Const     = 0x44
	opI32Ne        = 0x47
	opI64LtS       = 0x53
	opF32Eq        = 0x5b
	opF32Ne        = 0x5c
	opF64Ne        = 0x62
	opI64Add       = 0x7c
	opI64Sub       = 0x7d
	opI64Mul       = 0x7e
	opI64Or        = 0x84
	opI64Shl       = 0x86
	opI64ShrU      = 0x88
	opI64ExtendU   = 0xad // i64.extend_i32_u
	opNumericLast  = 0xc4
	opRefNull      = 0xd0
	opRefIsNull    = 0xd1
	opRefFunc      = 0xd2
	opMisc         = 0xfc
	opVector       = 0xfd

	// Behind opMisc.
	miscMemoryInit = 8
	miscDataDrop   = 9
	miscMemoryCopy = 10
	miscMemoryFill = 11
	miscTableInit  = 12
	miscElemDrop   = 13
	miscTableCopy  = 14
	miscTableGrow  = 15
	miscTableSize  = 16
	miscTableFill  = 17

	// Behind opVector.
	vecConst     = 12
	vecShuffle   = 13
	vecF32x4Eq   = 0x41
	vecF64x2Eq   = 0x47
	vecBitselect = 0x52
	vecLast      = 0xff

	voidBlock = 0x40
)

// An instr is one decoded instruction. What its fields mean depends on op.
type instr struct {
	at   int    // offset of its first byte
	op   byte   // opcode, or prefix
	sub  uint32 // opcode behind a prefix
	x, y uint32 // indexes
	n    int    // a block's or call's results; a br_table's targets
}

// indexes are what the indexes in code are checked against: the sizes of the
// guest's own index spaces, without what the rewriter adds.
type indexes struct {
	types    []FuncType
	funcs    []uint32 // type of each function
	tables   int
	memories int
	globals  int
	elems    int
	datas    int // -1 without a data count section
	branches int // Options.MaxBranches
	imported int // imported functions; those behind them shift by addedImports
}

// shifted is the index in the output of the guest's function x.
func (c *indexes) shifted(x uint32) uint32 {
	if int(x) >= c.imported {
		return x + addedImports
	}
	return x
}

// next decodes an instruction and checks every index in it but labels and
// locals, which are the function's own. Targets of a br_table are left unread.
func (c *indexes) next(r *reader) instr {
	i := instr{at: r.p}
	i.op = r.u8()
	switch op := i.op; {
	case op >= 0x45 && op <= opNumericLast:
	case op >= opLocalGet && op <= opLocalTee, op == opBr, op == opBrIf:
		i.x = r.u32()
	case op >= opLoadFirst && op <= opStoreLast:
		c.memarg(r)
	case op == opI32Const:
		r.signed(32)
	case op == opI64Const:
		r.signed(64)
	case op == opF32Const:
		r.skip(4)
	case op == opF64Const:
		r.skip(8)
	case op == opCall:
		i.x = r.index("function", len(c.funcs))
		i.n = len(c.types[c.funcs[i.x]].Results)
	case op == opCallIndirect:
		i.x = r.index("type", len(c.types))
		i.y = r.index("table", c.tables)
		i.n = len(c.types[i.x].Results)
	case op == opGlobalGet || op == opGlobalSet:
		i.x = r.index("global", c.globals)
	case op == opBlock || op == opLoop || op == opIf:
		i.n = c.blockType(r)
	case op == opBrTable:
		i.n = r.count("br_table targets", 1, c.branches) + 1
	case op == opElse || op == opEnd || op == opReturn || op == opUnreachable || op == opNop ||
		op == opDrop || op == opSelect || op == opRefIsNull:
	case op == opSelectTyped:
		if r.count("select types", 1, 1) == 1 {
			r.valType()
		}
	case op == opTableGet || op == opTableSet:
		i.x = r.index("table", c.tables)
	case op == opMemorySize || op == opMemoryGrow:
		c.memoryIndex(r)
	case op == opRefNull:
		r.refType()
	case op == opRefFunc:
		i.x = r.index("function", len(c.funcs))
	case op == opMisc:
		c.misc(r, &i)
	case op == opVector:
		c.vector(r, &i)
	default:
		refuseOp(r, i)
	}
	return i
}

func refuseOp(r *reader, i instr) {
	switch i.op {
	case 0x06, 0x07, 0x08, 0x09, 0x0a, 0x18, 0x19, 0x1f:
		r.proposal(i.at, "exception handling")
	case 0x12, 0x13:
		r.proposal(i.at, "tail call")
	case 0x14, 0x15, 0xd4, 0xd5, 0xd6:
		r.proposal(i.at, "typed function references")
	case 0xd3, 0xfb:
		r.proposal(i.at, "garbage collection")
	case 0xfe:
		r.proposal(i.at, "threads")
	}
	r.failAt(i.at, "unknown instruction %#x", i.op)
}

// memarg reads alignment and offset. Whether the alignment suits the instruction
// is the engine's to check.
func (c *indexes) memarg(r *reader) {
	at := r.p
	align := r.u32()
	if align >= 64 && align < 128 {
		r.proposal(at, "multi-memory")
	}
	r.u32()
	if c.memories == 0 {
		r.failAt(at, "no memory 0, the module has 0")
	}
}

// memoryIndex reads the byte that is 0 where there can be one memory only.
func (c *indexes) memoryIndex(r *reader) {
	at := r.p
	if r.u8() != 0 {
		r.proposal(at, "multi-memory")
	}
	if c.memories == 0 {
		r.failAt(at, "no memory 0, the module has 0")
	}
}

// blockType reads the type of a block and returns how many values it yields.
func (c *indexes) blockType(r *reader) int {
	at := r.p
	if b := r.u8(); b&0xc0 == 0x40 { // negative in one byte: a value type, or none
		if b == voidBlock {
			return 0
		}
		r.p = at
		r.valType()
		return 1
	}
	r.p = at
	v := r.signed(33)
	if v < 0 {
		r.failAt(at, "unknown block type %d", v)
	}
	if v >= int64(len(c.types)) {
		r.failAt(at, "no type %d, the module has %d", v, len(c.types))
	}
	return len(c.types[v].Results)
}

// vectorOpcode reads the number behind opVector. It must not be padded: wazero
// reads one byte and takes the 1 that follows those from 128 on for a nop.
func vectorOpcode(r *reader, i *instr) {
	at := r.p
	i.sub = r.u32()
	if n := r.p - at; n > 1 && r.b[r.p-1] == 0 {
		r.failAt(at, "opcode %#x %d is padded", i.op, i.sub)
	}
}

func (c *indexes) misc(r *reader, i *instr) {
	i.sub = r.u32()
	switch i.sub {
	case 0, 1, 2, 3, 4, 5, 6, 7:
	case miscMemoryInit:
		i.x = c.dataIndex(r)
		c.memoryIndex(r)
	case miscDataDrop:
		i.x = c.dataIndex(r)
	case miscMemoryCopy:
		c.memoryIndex(r)
		c.memoryIndex(r)
	case miscMemoryFill:
		c.memoryIndex(r)
	case miscTableInit:
		i.x = r.index("element segment", c.elems)
		i.y = r.index("table", c.tables)
	case miscElemDrop:
		i.x = r.index("element segment", c.elems)
	case miscTableCopy:
		i.x = r.index("table", c.tables)
		i.y = r.index("table", c.tables)
	case miscTableGrow, miscTableSize, miscTableFill:
		i.x = r.index("table", c.tables)
	default:
		r.failAt(i.at, "unknown instruction %#x %d", i.op, i.sub)
	}
}

func (c *indexes) dataIndex(r *reader) uint32 {
	if c.datas < 0 {
		r.fail("data segment used without a data count section")
	}
	return r.index("data segment", c.datas)
}

func (c *indexes) vector(r *reader, i *instr) {
	vectorOpcode(r, i)
	switch k := i.sub; {
	case k <= 11 || k == 92 || k == 93: // loads and store
		c.memarg(r)
	case k == vecConst || k == vecShuffle:
		r.skip(16)
	case k >= 21 && k <= 34: // extract_lane, replace_lane
		r.skip(1)
	case k >= 84 && k <= 91: // load_lane, store_lane
		c.memarg(r)
		r.skip(1)
	case k > vecLast && k < 0x140:
		r.proposal(i.at, "relaxed SIMD")
	case k > vecLast || unassignedVector(k):
		r.failAt(i.at, "unknown instruction %#x %d", i.op, k)
	}
}

// unassignedVector tells the gaps in the numbers of the SIMD instructions.
func unassignedVector(k uint32) bool {
	switch k {
	case 0x9a, 0xa2, 0xa5, 0xa6, 0xaf, 0xb0, 0xb2, 0xb3, 0xb4, 0xbb, 0xc2, 0xc5, 0xc6,
		0xcf, 0xd0, 0xd2, 0xd3, 0xd4, 0xe2, 0xee:
		return true
	}
	return false
}

// constExpr reads a constant expression and writes it with shifted function indexes.
func (c *indexes) constExpr(r *reader, w []byte) []byte {
	for {
		i := instr{at: r.p}
		i.op = r.u8()
		switch i.op {
		case opI32Const:
			r.signed(32)
		case opI64Const:
			r.signed(64)
		case opF32Const:
			r.skip(4)
		case opF64Const:
			r.skip(8)
		case opGlobalGet:
			r.index("global", c.globals)
		case opRefNull:
			r.refType()
		case opRefFunc:
			x := r.index("function", len(c.funcs))
			w = putU(append(w, opRefFunc), c.shifted(x))
			continue
		case opVector:
			vectorOpcode(r, &i)
			if i.sub != vecConst {
				r.failAt(i.at, "instruction is not a constant")
			}
			r.skip(16)
		case opEnd:
			return append(w, opEnd)
		case 0x6a, 0x6b, 0x6c, 0x7c, 0x7d, 0x7e:
			r.proposal(i.at, "extended constant expressions")
		case 0xfb:
			r.proposal(i.at, "garbage collection")
		default:
			r.failAt(i.at, "instruction is not a constant")
		}
		w = append(w, r.b[i.at:r.p]...)
	}
}
