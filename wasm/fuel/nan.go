package fuel

// A lane is what kind of float an instruction works on.
type lane byte

const (
	noLane lane = iota
	laneF32
	laneF64
	laneF32x4
	laneF64x2
)

// floatResult is the kind of NaN that an instruction may yield with bits of the
// processor's choice.
func floatResult(i instr) lane {
	switch op := i.op; {
	case op >= 0x8d && op <= 0x97, op == 0xb6: // ceil to max; f32.demote_f64
		return laneF32
	case op >= 0x9b && op <= 0xa5, op == 0xbb: // ceil to max; f64.promote_f32
		return laneF64
	case op != opVector:
		return noLane
	}
	switch k := i.sub; {
	case k >= 0x67 && k <= 0x6a, k >= 0xe3 && k <= 0xe9, k == 0x5e: // rounding; sqrt to max; demote
		return laneF32x4
	case k == 0x74, k == 0x75, k == 0x7a, k == 0x94, k >= 0xef && k <= 0xf5, k == 0x5f:
		return laneF64x2
	default:
		return noLane
	}
}

// A consumption says how many operands an instruction takes from the stack, how
// many it leaves, and of which floats it sees no more than that they are NaN.
type consumption struct {
	takes, leaves int
	blind         lane
}

// consumes knows the instructions that commonly stand between a float result
// and its use. ok is false for every other.
func consumes(i instr) (c consumption, ok bool) {
	switch op := i.op; {
	case op == opLocalGet, op >= opI32Const && op <= opF64Const, op == opGlobalGet:
		return consumption{0, 1, noLane}, true
	case op >= opLoadFirst && op <= opLoadLast:
		return consumption{1, 1, noLane}, true
	case op >= 0x5b && op <= 0x60: // f32 comparisons
		return consumption{2, 1, laneF32}, true
	case op >= 0x61 && op <= 0x66:
		return consumption{2, 1, laneF64}, true
	case op >= 0x6a && op <= 0x78 || op >= 0x7c && op <= 0x8a: // integer arithmetic
		return consumption{2, 1, noLane}, true
	case op >= 0x8d && op <= 0x91: // f32 ceil to sqrt
		return consumption{1, 1, laneF32}, true
	case op >= 0x92 && op <= 0x97:
		return consumption{2, 1, laneF32}, true
	case op >= 0x9b && op <= 0x9f:
		return consumption{1, 1, laneF64}, true
	case op >= 0xa0 && op <= 0xa5:
		return consumption{2, 1, laneF64}, true
	case op == 0xb6:
		return consumption{1, 1, laneF64}, true // f32.demote_f64
	case op == 0xbb:
		return consumption{1, 1, laneF32}, true
	case op == 0xa8, op == 0xa9, op == 0xae, op == 0xaf: // trunc of an f32
		return consumption{1, 1, laneF32}, true
	case op == 0xaa, op == 0xab, op == 0xb0, op == 0xb1:
		return consumption{1, 1, laneF64}, true
	case op == 0xac, op == 0xad, op >= 0xb2 && op <= 0xb5, op >= 0xb7 && op <= 0xba: // from integers
		return consumption{1, 1, noLane}, true
	case op == opVector:
		return vectorConsumes(i.sub)
	default:
		return c, false
	}
}

func vectorConsumes(k uint32) (c consumption, ok bool) {
	switch {
	case k <= 10:
		return consumption{1, 1, noLane}, true // loads
	case k >= 0x41 && k <= 0x46, k >= 0xe4 && k <= 0xe9:
		return consumption{2, 1, laneF32x4}, true
	case k >= 0x47 && k <= 0x4c, k >= 0xf0 && k <= 0xf5:
		return consumption{2, 1, laneF64x2}, true
	case k >= 0x67 && k <= 0x6a, k == 0xe3:
		return consumption{1, 1, laneF32x4}, true
	case k == 0x74, k == 0x75, k == 0x7a, k == 0x94, k == 0xef:
		return consumption{1, 1, laneF64x2}, true
	default:
		return c, false
	}
}

// unseen looks ahead whether the NaN just made goes into an instruction of its
// own kind that doesn't see its bits.
func (f *function) unseen(l lane) bool {
	r := f.r
	back := r.p
	defer func() { r.p = back }()
	above := 0 // operands above ours
	for range 8 {
		if !r.more() {
			return false
		}
		c, ok := consumes(f.m.ctx.next(r))
		if !ok {
			return false
		}
		if c.takes > above {
			return c.blind == l
		}
		above += c.leaves - c.takes
	}
	return false
}

// canonicalize makes a NaN on top of the stack the canonical one, if i may have
// made it and a program could tell.
func (f *function) canonicalize(i instr) {
	l := floatResult(i)
	if l == noLane || f.unseen(l) {
		return
	}
	switch l {
	case noLane:
	case laneF32:
		f.canonicalScalar(f.tempIndex('f', F32), opF32Ne, opF32Const, 0, 0, 0xc0, 0x7f)
	case laneF64:
		f.canonicalScalar(f.tempIndex('F', F64), opF64Ne, opF64Const, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f)
	case laneF32x4:
		f.canonicalVector(vecF32x4Eq, 0, 0, 0xc0, 0x7f, 0, 0, 0xc0, 0x7f, 0, 0, 0xc0, 0x7f, 0, 0, 0xc0, 0x7f)
	case laneF64x2:
		f.canonicalVector(vecF64x2Eq, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f)
	}
}

// canonicalScalar appends "if t is not t, t = NaN". A branch that is never taken
// is cheaper than a select, which wazero makes of two jumps and a constant.
func (f *function) canonicalScalar(t uint32, ne byte, nan ...byte) {
	w := putU(append(f.w, opLocalSet), t)
	w = putU(append(w, opLocalGet), t)
	w = putU(append(w, opLocalGet), t)
	w = append(w, ne, opIf, voidBlock)
	w = append(w, nan...)
	w = append(putU(append(w, opLocalSet), t), opEnd)
	f.w = putU(append(w, opLocalGet), t)
}

// canonicalVector appends a choice between value and NaN, lane by lane.
func (f *function) canonicalVector(eq byte, nan ...byte) {
	t := f.tempIndex('v', V128)
	w := putU(append(f.w, opLocalTee), t)
	w = append(w, opVector, vecConst)
	w = append(w, nan...)
	w = putU(append(w, opLocalGet), t)
	w = putU(append(w, opLocalGet), t)
	f.w = append(w, opVector, eq, opVector, vecBitselect)
}
