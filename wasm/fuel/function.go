package fuel

// A frame is a block that is open at the instruction being read.
type frame struct {
	op      byte   // opBlock, opLoop, opIf, opElse; opEnd for the function itself
	dead    bool   // the block begins where no path leads
	reached bool   // a branch goes to its end
	mixed   bool   // branches go there from several regions, or by a br_table
	region  uint32 // region of the first such branch
	fork    uint32 // region of the if
	shape   frameShape
}

// A function rewrites one body after the other, reusing its buffers.
//
// A body becomes
//
//	locals, and the meter's own behind them
//	charge the entry region                    if it costs something
//	count depth down                           if the function is counted
//	block (results)                            "
//	  the body; return is a branch to its end
//	end                                        "
//	put depth back                             "
//	end
//
// The added block stands where the function's own label was, so labels keep
// their numbers.
type function struct {
	m *meter
	r *reader

	w      []byte // the rewritten body, without head and tail
	open   []frame
	locals int // of the guest, parameters included
	temps  []ValType
	temp   map[byte]uint32 // index of each temporary, by its purpose
	dead   bool            // no path leads to this instruction

	// The region being filled: its number, its cost so far, and where in w its
	// charge keeps the cost.
	region    uint32
	cost      int
	costAt    int
	entryCost int

	calls  int
	values int // bound on the values the function's frame may hold
	shape
}

// Values of costAt that are no position.
const (
	inEntry = -1 // the charge is at the function's entry
	unpaid  = 0  // no charge is written yet
)

// regionCap is the most a region may cost: the engine learns of it early
// enough, and -64 is the least that a signed LEB128 holds in one byte.
const regionCap = 64

// rewrite appends the code entry for the body in r, of the given type, to out.
func (f *function) rewrite(r *reader, typ uint32, out []byte) []byte {
	f.r = r
	t := f.m.ctx.types[typ]
	start := r.p
	groups := f.readLocals(len(t.Params))
	groupBytes := r.b[r.p-groups.size : r.p]
	f.w = f.w[:0]
	f.open = append(f.open[:0], frame{op: opEnd})
	f.temps = f.temps[:0]
	clear(f.temp)
	f.dead = false
	f.region, f.cost, f.costAt, f.entryCost = 0, 0, inEntry, 0
	f.calls, f.shape = 0, shape{}
	f.values = f.locals + len(t.Results)
	for len(f.open) > 0 {
		if !r.more() {
			r.fail("truncated: %d blocks are still open at the end of the function", len(f.open))
		}
		f.step()
		if len(f.w) > f.m.o.MaxOutput {
			r.fail("the metered function is larger than %d bytes", f.m.o.MaxOutput)
		}
	}
	r.done()
	f.m.addWork(f, start)

	depth := f.depthCost()
	head, tail := f.frameCode(typ, depth)
	var locals []byte
	locals = putU(locals, uint32(groups.n+len(f.temps)))
	locals = append(locals, groupBytes...)
	for _, t := range f.temps {
		locals = append(locals, 1, byte(t))
	}
	out = putU(out, uint32(len(locals)+len(head)+len(f.w)+len(tail)))
	out = append(out, locals...)
	out = append(out, head...)
	out = append(out, f.w...)
	return append(out, tail...)
}

type localGroups struct{ n, size int }

func (f *function) readLocals(params int) localGroups {
	r := f.r
	n := r.count("groups of locals", 2, f.m.o.MaxBody)
	start := r.p
	total := uint64(params)
	for range n {
		at := r.p
		total += uint64(r.u32())
		r.valType()
		if total > uint64(f.m.o.MaxLocals) {
			r.failAt(at, "%d locals and parameters, at most %d are allowed", total, f.m.o.MaxLocals)
		}
	}
	f.locals = int(total)
	f.m.countLocals(r, f.locals)
	return localGroups{n, r.p - start}
}

// depthCost is how many frame units a call of the function takes; 0 if it isn't
// counted.
func (f *function) depthCost() int {
	if f.calls == 0 && f.values < frameUnit {
		return 0
	}
	n := 1 + f.values/frameUnit
	if n > f.m.o.MaxDepth {
		f.r.fail("a call takes %d units of depth, more than the limit %d", n, f.m.o.MaxDepth)
	}
	return n
}

// frameCode is what goes before and behind the body.
func (f *function) frameCode(typ uint32, depth int) (head, tail []byte) {
	m := f.m
	if depth == 0 {
		if f.entryCost > 0 {
			head = m.charge(nil, f.entryCost)
		}
		return head, nil
	}
	// One test serves both: the sign of fuel | depth. What follows it is in a
	// helper, so that the usual path stays short.
	saved := f.tempIndex('d', I64)
	head = putU(append(head, opGlobalGet), m.fuelGlobal)
	head = putS(append(head, opI64Const), -int64(f.entryCost))
	head = putU(append(head, opI64Add, opGlobalSet), m.fuelGlobal)
	head = putU(append(head, opGlobalGet), m.depthGlobal)
	head = putU(append(head, opLocalTee), saved)
	head = putS(append(head, opI64Const), -int64(depth))
	head = putU(append(head, opI64Add, opGlobalSet), m.depthGlobal)
	head = putU(append(head, opGlobalGet), m.fuelGlobal)
	head = putU(append(head, opGlobalGet), m.depthGlobal)
	head = append(head, opI64Or, opI64Const, 0, opI64LtS, opIf, voidBlock, opCall)
	head = append(putU(head, m.entryFunc), opEnd)
	head = m.resultBlock(append(head, opBlock), typ)
	tail = putU(append(tail, opLocalGet), saved)
	tail = putU(append(tail, opGlobalSet), m.depthGlobal)
	return head, append(tail, opEnd)
}

// tempIndex is the index of a local of the meter's own, added on first use.
func (f *function) tempIndex(purpose byte, t ValType) uint32 {
	i, ok := f.temp[purpose]
	if !ok {
		i = uint32(f.locals + len(f.temps))
		f.temp[purpose] = i
		f.temps = append(f.temps, t)
	}
	return i
}

// step reads one instruction and writes its metered form.
func (f *function) step() {
	r := f.r
	i := f.m.ctx.next(r)
	switch i.op {
	case opNop:
		return
	case opBlock, opLoop, opIf:
		f.begin(i)
		return
	case opElse:
		f.otherwise(i)
		return
	case opEnd:
		f.finish()
		return
	}
	f.pay()
	switch i.op {
	case opBr, opBrIf:
		f.branch(f.label(i.at, i.x), false)
		f.copy(i)
		f.dead = f.dead || i.op == opBr
		if i.op == opBrIf {
			f.enter(f.depth + 1)
		}
	case opBrTable:
		f.targets += i.n
		for range i.n {
			f.branch(f.label(i.at, r.u32()), true)
		}
		f.copy(i)
		f.dead = true
	case opReturn:
		f.w = putU(append(f.w, opBr), uint32(len(f.open)-1))
		f.branch(&f.open[0], false)
		f.dead = true
	case opUnreachable:
		f.copy(i)
		f.dead = true
	case opCall:
		f.w = putU(append(f.w, opCall), f.m.ctx.shifted(i.x))
		f.called(i)
	case opCallIndirect:
		f.copy(i)
		f.called(i)
	case opRefFunc:
		f.w = putU(append(f.w, opRefFunc), f.m.ctx.shifted(i.x))
	case opLocalGet, opLocalSet, opLocalTee:
		if int(i.x) >= f.locals {
			r.failAt(i.at, "no local %d, the function has %d", i.x, f.locals)
		}
		f.copy(i)
		if i.op == opLocalSet {
			f.popped()
		}
	default:
		f.operate(i)
	}
}

// operate writes an instruction that neither moves control nor names an index
// that shifts.
func (f *function) operate(i instr) {
	switch {
	case f.dead:
		f.copy(i)
	case i.op == opMemoryGrow:
		f.grow(i, pageShift)
	case i.op == opMisc && i.sub == miscTableGrow:
		f.grow(i, 0)
	case i.op == opMisc && bulkShift(i.sub) >= 0:
		f.bulk(i)
	default:
		f.copy(i)
		f.canonicalize(i)
	}
}

func (f *function) copy(i instr) { f.w = append(f.w, f.r.b[i.at:f.r.p]...) }

func (f *function) called(i instr) {
	f.calls++
	f.values += i.n
	f.stack += i.n
}

// pay charges one unit for the instruction about to be written.
func (f *function) pay() {
	if f.dead {
		return
	}
	f.values++
	f.stack++
	if f.cost == regionCap {
		f.newRegion()
	}
	f.cost++
	switch f.costAt {
	case inEntry:
		f.entryCost = f.cost
		return
	case unpaid:
		f.w = f.m.charge(f.w, 0)
		f.costAt = len(f.w) - f.m.chargeTail
		f.charged(f.locals)
	}
	f.w[f.costAt] = byte(-f.cost) & 0x7f
}

// newRegion makes what follows pay for itself. The charge is written once there
// is something to pay for.
func (f *function) newRegion() {
	f.region++
	f.cost, f.costAt = 0, unpaid
}

func (f *function) label(at int, depth uint32) *frame {
	if uint64(depth) >= uint64(len(f.open)) {
		f.r.failAt(at, "branch to label %d, %d blocks are open", depth, len(f.open))
	}
	return &f.open[len(f.open)-1-int(depth)]
}

// branch notes that control may go from here to the end of t. Going to a loop's
// head needs no note: the head always begins a region.
func (f *function) branch(t *frame, table bool) {
	if f.dead {
		return
	}
	f.leave(&t.shape)
	if t.op != opLoop {
		t.from(f.region)
		t.mixed = t.mixed || table
	}
}

func (t *frame) from(region uint32) {
	if t.reached && t.region != region {
		t.mixed = true
	}
	t.reached, t.region = true, region
}

func (f *function) begin(i instr) {
	if i.op == opIf {
		f.pay()
	}
	if len(f.open) > f.m.o.MaxNesting {
		f.r.failAt(i.at, "blocks nest deeper than %d", f.m.o.MaxNesting)
	}
	f.values += i.n
	f.open = append(f.open, frame{op: i.op, dead: f.dead, fork: f.region, shape: f.opened(i.op, i.n)})
	f.copy(i)
	if i.op == opLoop && !f.dead {
		f.newRegion()
	}
}

func (f *function) otherwise(i instr) {
	t := &f.open[len(f.open)-1]
	if t.op != opIf {
		f.r.failAt(i.at, "else without if")
	}
	if !f.dead {
		t.from(f.region)
		f.leave(&t.shape)
	}
	t.op = opElse
	f.dead = t.dead
	f.enter(t.shape.above + 1)
	f.stack = t.shape.stack
	if !f.dead && f.region != t.fork {
		f.newRegion()
	}
	f.w = append(f.w, opElse)
}

func (f *function) finish() {
	t := &f.open[len(f.open)-1]
	if t.op == opIf && !t.dead {
		t.from(t.fork) // the condition was false
	}
	f.closed(t.op, f.dead, &t.shape)
	f.dead = f.dead && !t.reached
	switch {
	case f.dead:
	case t.op == opLoop, t.reached && (t.mixed || t.region != f.region):
		f.newRegion()
	}
	f.open = f.open[:len(f.open)-1]
	f.w = append(f.w, opEnd)
}
