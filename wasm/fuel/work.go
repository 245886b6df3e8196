package fuel

// work estimates what wazero's compiler does for a function, in units of 10 ns of
// one core. It is not linear in the function's size: ten kilobytes of the wrong
// shape keep it busy for minutes. The terms are fitted to measurements of each
// shape (straight code, values held across calls, many branches, large br_tables, nested
// loops over many locals, calls beside many globals) and are right within a factor of
// ten; for whole Go programs within two. The largest function of a program of 18
// MB that holds most of Go's standard library takes 86 million. The host's own
// limits on compiling time and memory are the second line.
func (f *function) work() int {
	points := f.calls + f.charges
	w := 50*f.values + 10*f.targets + f.targets*f.targets/27
	w += 2 * f.blocks * f.blocks                // passes over all blocks for each block
	w += f.values * f.charges                   // what is held across the calls for fuel is spilled
	w += 64 * points * (f.m.mutableGlobals + 3) // each call reads the globals anew
	w += 32 * f.loopWork * f.locals             // a loop merges each local with what its turns make of it
	return w
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
