package fuel

// pageShift makes a page of memory.grow 1024 units: 64 bytes to clear each.
const pageShift = 10

// bulkShift says how the length of a bulk instruction becomes units, as a shift
// to the right; -1 for every other instruction.
func bulkShift(sub uint32) int {
	switch sub {
	case miscMemoryInit, miscMemoryCopy, miscMemoryFill:
		return 3
	case miscTableInit, miscTableCopy, miscTableFill:
		return 0
	default:
		return -1
	}
}

// charge appends code that takes cost (1 to 64) from the fuel.
//
// wazero's compiler keeps a global in a register between calls and writes it
// through, so reading it back is free and a local for it would be one value more
// to keep.
func (m *meter) charge(w []byte, cost int) []byte {
	w = putU(append(w, opGlobalGet), m.fuelGlobal)
	w = append(w, opI64Const, byte(-cost)&0x7f, opI64Add)
	return m.settle(w)
}

// settle appends code that stores the fuel on the stack and calls for more if
// it is below zero.
func (m *meter) settle(w []byte) []byte {
	w = putU(append(w, opGlobalSet), m.fuelGlobal)
	w = putU(append(w, opGlobalGet), m.fuelGlobal)
	w = append(w, opI64Const, 0, opI64LtS, opIf, voidBlock, opCall)
	return append(putU(w, m.refuelFunc), opEnd)
}

// bulk charges by the length on top of the stack, then runs the instruction.
func (f *function) bulk(i instr) {
	n := f.tempIndex('n', I32)
	w := putU(append(f.w, opLocalSet), n)
	w = putU(append(w, opGlobalGet), f.m.fuelGlobal)
	w = putU(append(w, opLocalGet), n)
	w = append(w, opI64ExtendU)
	if s := bulkShift(i.sub); s > 0 {
		w = append(w, opI64Const, byte(s), opI64ShrU)
	}
	w = f.m.settle(append(w, opI64Sub))
	f.w = putU(append(w, opLocalGet), n)
	f.charged(f.locals)
	f.copy(i)
}

// grow runs memory.grow or table.grow, then charges what it added. The result is
// the size before, or -1, which costs nothing.
func (f *function) grow(i instr, shift byte) {
	n, old := f.tempIndex('n', I32), f.tempIndex('g', I32)
	f.w = putU(append(f.w, opLocalTee), n)
	f.copy(i)
	w := putU(append(f.w, opLocalSet), old)
	w = putU(append(w, opGlobalGet), f.m.fuelGlobal)
	w = putU(append(w, opLocalGet), n)
	w = append(w, opI64ExtendU, opI64Const, shift, opI64Shl)
	w = putU(append(w, opLocalGet), old)
	w = append(w, opI32Const, 0x7f, opI32Ne, opI64ExtendU, opI64Mul)
	w = f.m.settle(append(w, opI64Sub))
	f.w = putU(append(w, opLocalGet), old)
	f.charged(f.locals)
}

// entryHelper is the body of the function that counted functions call when fuel
// or depth is below zero.
func (m *meter) entryHelper() []byte {
	w := putU([]byte{0, opGlobalGet}, m.depthGlobal)
	w = append(w, opI64Const, 0, opI64LtS, opIf, voidBlock, opCall)
	w = append(putU(w, m.overflowFunc), opUnreachable, opEnd)
	w = putU(append(w, opGlobalGet), m.fuelGlobal)
	w = append(w, opI64Const, 0, opI64LtS, opIf, voidBlock, opCall)
	return append(putU(w, m.refuelFunc), opEnd, opEnd)
}
