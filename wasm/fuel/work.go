package fuel

// work estimates what wazero's compiler does for a function, in units of 10 ns of
// one core. It is not linear in the function's size: ten kilobytes of the wrong
// shape keep it busy for minutes. The terms are fitted to measurements of each
// shape (straight code, values held across calls, chains of branches, large br_tables, nested
// loops over many locals, branches that come together where locals differ, calls beside many
// globals) and are right within a factor of ten; for whole Go programs within two. The
// host's own limits on compiling time and memory are the second line.
func (f *function) work() int {
	points := f.calls + f.charges
	w := 50*f.values + 10*f.targets + f.targets*f.targets/27
	w += 2 * f.walks                            // passes that look from each block for those that dominate it
	w += 2 * f.spilled                          // what is held across the calls for fuel
	w += 64 * points * (f.m.mutableGlobals + 3) // each call reads the globals anew
	w += 32 * f.loopWork * f.locals             // a loop merges each local with what its turns make of it
	w += f.merges * (1000 + 40*f.locals)        // and so do branches that come together
	return w
}

// A shape is what of a function counts for the estimate: its basic blocks, how deep they are
// in the tree of dominators, and what may be held where. The estimate knows no types: where
// it can't tell it takes the most that there may be.
type shape struct {
	charges  int
	targets  int // of br_tables
	loops    int // that are open
	loopWork int // sum of the loops' depths
	depth    int // of the basic block that is written
	walks    int // steps up the tree, from each block and for each branch
	merges   int // ends of blocks that branches lead to
	stack    int // values on the operand stack
	spilled  int // values that are held, summed over the charges
}

// A frameShape is what a shape knows of a block that is open.
type frameShape struct {
	above int // how deep the block is that it began in
	least int // how deep the highest branch to its end is, where there is one
	into  bool
	stack int // what its end leaves on the operand stack
}

// enter begins a basic block.
func (s *shape) enter(depth int) {
	s.depth = depth
	s.walks += depth
}

// leave goes from a basic block to the end of t, or to its head where t is a loop.
func (s *shape) leave(t *frameShape) {
	if !t.into || s.depth < t.least {
		t.least = s.depth
	}
	t.into = true
	s.walks += s.depth
}

// charged goes on behind a charge, which is a condition, a call, and what follows.
func (s *shape) charged(locals int) {
	s.charges++
	s.spilled += s.stack + locals
	s.walks += 3 * s.depth
	s.enter(s.depth + 1)
}

// popped takes a value from the operand stack, and takes back that the instruction left one.
func (s *shape) popped() { s.stack = max(s.stack-2, 0) }

// opened begins a block, a loop or an if.
func (s *shape) opened(op byte, results int) frameShape {
	t := frameShape{above: s.depth, stack: s.stack + results}
	switch op {
	case opLoop:
		s.loops++
		s.loopWork += s.loops
		s.enter(s.depth + 1)
	case opIf:
		s.enter(s.depth + 1)
	}
	return t
}

// closed ends one. dead says that no path leads to its end from what is before it.
func (s *shape) closed(op byte, dead bool, t *frameShape) {
	s.stack = t.stack
	if op == opIf { // the condition was false
		deep := s.depth
		s.depth = t.above
		s.leave(t)
		s.depth = deep
	}
	if op == opLoop {
		s.loops--
		t.into = false // branches lead to its head
	}
	switch {
	case !dead && (!t.into || s.depth < t.least):
		t.least = s.depth
	case !t.into: // nobody gets here
		return
	}
	if t.into {
		s.merges++
	}
	s.enter(t.least + 1)
}

// addWork refuses a module that would take too long to compile, as a whole or
// for one function. No term overflows: each factor is below 2^29, and the sum is
// tested after each function.
func (m *meter) addWork(f *function, at int) {
	w := f.work()
	if limit := m.o.MaxWork / 8; w > limit {
		f.r.failAt(at, "the function would take about %d s to compile, at most %d s are allowed: split it up", w/WorkPerSecond, limit/WorkPerSecond)
	}
	if m.work += w; m.work > m.o.MaxWork {
		f.r.failAt(at, "the module would take more than %d s to compile", m.o.MaxWork/WorkPerSecond)
	}
}

// WorkPerSecond is how many units of work a core does in a second.
const WorkPerSecond = 100_000_000
