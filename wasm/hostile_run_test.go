package wasm

import (
	"wireloom/vnet/errno"
	"wireloom/wasm/fuel"
)

// spins are endless loops, in every shape.
func spins() []hostile {
	signal := funcType(fuel.FuncType{Params: []fuel.ValType{fuel.I32}})
	inHandler := func(handler ...any) []byte {
		return handMade{
			types: [][]byte{signal},
			calls: imp(".sigaction", ".alarm", ".sigpause", "proc_exit"),
			funcs: []guestFunc{
				{code: code(
					konst(14), konst(1), opCall, 0, opDrop, // SIGALRM is caught
					konst(1), opCall, 1, opDrop, // in a millisecond
					konst(0), konst(0), opCall, 2, opDrop, // and waited for
					konst(3), opCall, 3,
				)},
				{typ: 1, code: code(handler...)},
			},
			exports: [][]byte{exportEntry("tuntap_signal", 0, 5)},
		}.bytes()
	}
	forever := code(opLoop, void, opBr, 0, opEnd)
	deep := func(n int) []byte { return code(repeat(n, opBlock, void), forever, repeat(n, opEnd)) }
	return []hostile{
		{name: "loop, br", module: does(forever).bytes()},
		{name: "loop, br_if", module: does(opLoop, void, konst(1), opBrIf, 0, opEnd).bytes()},
		{name: "loop, br_table", module: does(opLoop, void, konst(9), opBrTable, 1, 0, 0, opEnd).bytes()},
		{name: "loop, if, br out of the if", module: does(opLoop, void, konst(1), opIf, void, opBr, 1, opEnd, opEnd).bytes()},
		{name: "loop with a result", module: does(opLoop, i32b, opBr, 0, opEnd, opDrop).bytes()},
		{name: "two loops that go back to the outer", module: does(opLoop, void, opLoop, void, opBr, 1, opEnd, opEnd).bytes()},
		{name: "a loop below 1,000 blocks", module: does(deep(1000)).bytes()},
		{name: "a loop that calls", module: functions(code(opLoop, void, opCall, 1, opBr, 0, opEnd), code(konst(1), opDrop)).bytes()},
		{name: "a loop that calls an empty function", module: functions(code(opLoop, void, opCall, 1, opBr, 0, opEnd), nil).bytes()},
		{name: "a loop in the start function", module: handMade{funcs: []guestFunc{{}, {code: forever}}, start: []byte{1}}.bytes()},
		{name: "a loop of sched_yield", module: with(imp("sched_yield"), opLoop, void, opCall, 0, opDrop, opBr, 0, opEnd).bytes()},
		{name: "a loop in a signal handler", module: inHandler(forever)},
		{name: "a signal handler that exits", module: inHandler(konst(7), opCall, 3)},
		{name: "a signal handler that traps", module: inHandler(opUnreachable)},
		{name: "a signal handler that calls itself", module: inHandler(konst(1), opCall, 5)},
		{name: "a signal handler that sets the alarm again, for ever", module: handMade{
			types: [][]byte{signal},
			calls: imp(".sigaction", ".alarm", ".sigpause"),
			funcs: []guestFunc{
				{code: code(
					konst(14), konst(1), opCall, 0, opDrop,
					konst(1), opCall, 1, opDrop,
					opLoop, void, konst(0), konst(0), opCall, 2, opDrop, opBr, 0, opEnd,
				)},
				{typ: 1, code: code(konst(1), opCall, 1, opDrop)},
			},
			exports: [][]byte{exportEntry("tuntap_signal", 0, 4)},
		}.bytes()},
		{name: "a signal handler that lets memory grow during a read", module: handMade{
			types: [][]byte{signal},
			calls: imp(".sigaction", ".alarm", "fd_read", "proc_exit"),
			datas: [][]byte{{0, opI32Const, 0, opEnd, 8, 16, 0, 0, 0, 0, 0xff, 0, 0}},
			funcs: []guestFunc{
				{code: code(
					konst(14), konst(1), opCall, 0, opDrop,
					konst(1), opCall, 1, opDrop,
					konst(0), konst(0), konst(1), konst(8), opCall, 2, opCall, 3,
				)},
				{typ: 1, code: code(konst(100), opMemoryGrow, 0, opDrop)},
			},
			exports: [][]byte{exportEntry("tuntap_signal", 0, 5)},
		}.bytes(), errno: true},
		{name: "a storm of alarms of 0 ms", module: with(imp(".alarm"), opLoop, void, konst(0), opCall, 0, opDrop, opBr, 0, opEnd).bytes()},
		{name: "a storm of signals to itself", module: handMade{
			types: [][]byte{signal},
			calls: imp(".sigaction", ".kill", ".getpid"),
			funcs: []guestFunc{
				{code: code(
					konst(15), konst(1), opCall, 0, opDrop,
					opLoop, void, opCall, 2, konst(15), opCall, 1, opDrop, opBr, 0, opEnd,
				)},
				{typ: 1, code: code(opCall, 2, konst(15), opCall, 1, opDrop)},
			},
			exports: [][]byte{exportEntry("tuntap_signal", 0, 4)},
		}.bytes()},
		{name: "a signal handler of another type", module: handMade{
			funcs: []guestFunc{{}}, exports: [][]byte{exportEntry("tuntap_signal", 0, 0)},
		}.bytes()},
		{name: "a signal handler that is a memory", module: handMade{
			funcs: []guestFunc{{}}, exports: [][]byte{exportEntry("tuntap_signal", 2, 0)},
		}.bytes()},
		{name: "memory.fill of 4 GiB", module: does(konst(0), konst(1), konst(-1), opMisc, 11, 0).bytes()},
		{name: "memory.copy of 4 GiB", module: does(konst(0), konst(1), konst(-1), opMisc, 10, 0, 0).bytes()},
		{name: "memory.fill of all memory, for ever", module: does(opLoop, void, konst(0), konst(1), konst(1<<16), opMisc, 11, 0, opBr, 0, opEnd).bytes()},
		{name: "table.fill of 4 Gi", module: handMade{
			tables: [][]byte{{0x70, 0, 1}}, funcs: []guestFunc{{code: code(konst(0), 0xd0, 0x70, konst(-1), opMisc, 17, 0)}},
		}.bytes()},
		{name: "table.copy of 4 Gi", module: handMade{
			tables: [][]byte{{0x70, 0, 1}}, funcs: []guestFunc{{code: code(konst(0), konst(0), konst(-1), opMisc, 14, 0, 0)}},
		}.bytes()},
		{name: "table.init of 4 Gi", module: handMade{
			tables: [][]byte{{0x70, 0, 1}}, elems: [][]byte{{1, 0, 0}},
			funcs: []guestFunc{{code: code(konst(0), konst(0), konst(-1), opMisc, 12, 0, 0)}},
		}.bytes()},
	}
}

// falls are modules that recurse, grow and trap.
func falls() []hostile {
	table := handMade{
		tables: [][]byte{{0x70, 0, 4}}, elems: [][]byte{{0, opI32Const, 0, opEnd, 2, 0, 1}},
		types: [][]byte{funcType(fuel.FuncType{Results: []fuel.ValType{fuel.I32}})},
	}
	indirect := func(index int64, typ byte) []byte {
		m := table
		m.funcs = []guestFunc{{code: code(konst(index), opCallIndirect, typ, 0, repeat(int(typ), opDrop))}, {}}
		return m.bytes()
	}
	named := handMade{
		calls: imp("sched_yield"),
		funcs: []guestFunc{
			{code: code(opCall, 2)},
			{code: code(konst(1), opDrop, opCall, 3)},
			{code: code(konst(-4), opI32Load, 2, 0, opDrop, opCall, 3)},
		},
		custom: [][]byte{names(map[int]string{2: "main", 3: "parse_frame"})},
	}
	grow := code(opLoop, void, konst(1), opMemoryGrow, 0, konst(0), 0x4e, opBrIf, 0, opEnd) // until it is below 0
	return []hostile{
		{name: "recursion", module: does(opCall, 0).bytes()},
		{name: "recursion of two", module: functions(code(opCall, 1), code(opCall, 0)).bytes()},
		{name: "recursion by a pointer", module: indirect(0, 0)},
		{name: "recursion in the start function", module: handMade{funcs: []guestFunc{{}, {code: code(opCall, 1)}}, start: []byte{1}}.bytes()},
		{name: "recursion with 4,000 locals", module: handMade{funcs: []guestFunc{{groups: 1, locals: append(leb(4000), i64b), code: code(opCall, 0)}}}.bytes()},
		{name: "recursion as deep as it goes, twice", module: functions(code(opLoop, void, opCall, 1, opEnd, opCall, 1), code(opCall, 1)).bytes()},
		{name: "memory page by page", module: does(grow).bytes(), memory: 4 << 20},
		{name: "memory page by page, then an address in it", module: does(grow, konst(-1), opI32Load8, 0, 0, opDrop).bytes(), memory: 4 << 20},
		{name: "65,535 pages more", module: does(konst(65535), opMemoryGrow, 0, opDrop).bytes()},
		{name: "4 Gi pages more", module: does(konst(-1), opMemoryGrow, 0, opDrop).bytes()},
		{name: "requests for memory, for ever", module: does(opLoop, void, konst(65535), opMemoryGrow, 0, opDrop, opBr, 0, opEnd).bytes()},
		{name: "more memory at the start than it may have", module: handMade{memory: [][]byte{{0, 64}}, funcs: []guestFunc{{}}}.bytes(), memory: 1 << 20},
		{name: "a table that grows for ever", module: handMade{
			tables: [][]byte{{0x70, 0, 0}},
			funcs:  []guestFunc{{code: code(opLoop, void, 0xd0, 0x70, konst(1000), opMisc, 15, 0, opDrop, opBr, 0, opEnd)}},
		}.bytes()},
		{name: "a table of 4 Gi more", module: handMade{
			tables: [][]byte{{0x70, 0, 0}}, funcs: []guestFunc{{code: code(0xd0, 0x70, konst(-1), opMisc, 15, 0, opDrop)}},
		}.bytes()},
		{name: "the last byte of memory, which is there", module: does(konst(0xffff), opI32Load8, 0, 0, opDrop).bytes()},
		{name: "one byte beyond memory", module: does(konst(0x10000), opI32Load8, 0, 0, opDrop).bytes()},
		{name: "a word across the end of memory", module: does(konst(0xfffd), opI32Load, 0, 0, opDrop).bytes()},
		{name: "an address and an offset of 4 GiB each", module: does(konst(-1), opI32Load, 0, 0xff, 0xff, 0xff, 0xff, 0x0f, opDrop).bytes()},
		{name: "a store to the last byte and one beyond", module: does(konst(0xffff), konst(1), 0x3b, 0, 0, konst(0), opDrop).bytes()},
		{name: "memory.init of data that is dropped", module: append(handMade{datas: [][]byte{{1, 2, 1, 2}}}.dataCount(
			code(opMisc, 9, 0, konst(0), konst(0), konst(2), opMisc, 8, 0, 0)), nil...)},
		{name: "unreachable", module: does(opUnreachable).bytes()},
		{name: "a division by zero", module: does(konst(1), konst(0), opI32DivS, opDrop).bytes()},
		{name: "the division that overflows", module: does(konst(-1<<31), konst(-1), opI32DivS, opDrop).bytes()},
		{name: "a NaN as an integer", module: does(0x43, 0, 0, 0xc0, 0x7f, opTrunc, opDrop).bytes()},
		{name: "infinity as an integer", module: does(0x43, 0, 0, 0x80, 0x7f, opTrunc, opDrop).bytes()},
		{name: "a pointer beyond the table", module: indirect(99, 0)},
		{name: "a null pointer", module: indirect(3, 0)},
		{name: "a pointer of another type", module: indirect(1, 1)},
		{name: "a trap with names", module: named.bytes()},
		{name: "a trap in the start function", module: handMade{funcs: []guestFunc{{}, {code: code(opUnreachable)}}, start: []byte{1}}.bytes()},
		{name: "an exit in the start function", module: handMade{
			calls: imp("proc_exit"), funcs: []guestFunc{{code: code(opUnreachable)}, {code: code(konst(3), opCall, 0)}}, start: []byte{2},
		}.bytes()},
		{name: "_start as the start function too", module: handMade{
			calls: imp("fd_write"), memory: [][]byte{{0, 1}}, datas: [][]byte{{0, opI32Const, 0, opEnd, 9, 8, 0, 0, 0, 1, 0, 0, 0, 'x'}},
			funcs: []guestFunc{{code: code(konst(1), konst(0), konst(1), konst(16), opCall, 0, opDrop)}}, start: []byte{1},
		}.bytes()},
		{name: "an exit code of 4 Gi", module: with(imp("proc_exit"), konst(-1), opCall, 0).bytes()},
		{name: "code behind an exit", module: with(imp("proc_exit"), konst(4), opCall, 0, opUnreachable).bytes()},
	}
}

// dataCount is the module with the section that tells how many data segments there
// are, before the code, which is that of _start.
func (m handMade) dataCount(code []byte) []byte {
	m.funcs = []guestFunc{{code: code}}
	b := []byte("\x00asm\x01\x00\x00\x00")
	ids, bodies := m.sections()
	for _, id := range ids {
		if id == 10 {
			b = append(b, rawSection(12, leb(len(m.datas)))...)
		}
		b = append(b, rawSection(id, bodies[id])...)
	}
	return b
}

// abuses are programs that make calls without end or measure, and exit with the error
// that stops them.
func abuses() []hostile {
	// until calls the last function imported but proc_exit, which is 0, until it
	// fails, and exits with the error; for those of tuntap with its negative.
	until := func(words map[int]uint32, name string, args ...int64) []byte {
		cs := imp("proc_exit", name)
		fails := code(opLocalTee, 0, opI32Eqz)
		exit := code(opLocalGet, 0)
		if name[0] == '.' {
			fails = code(opLocalTee, 0, konst(0), 0x4e) // i32.ge_s
			exit = code(konst(0), opLocalGet, 0, 0x6b)  // i32.sub
		}
		var set []byte
		for at := 0; at < 1<<16; at += 4 {
			if v, ok := words[at]; ok {
				set = append(set, code(konst(int64(at)), konst(int64(int32(v))), opI32Store, 2, 0)...)
			}
		}
		c := cs[1]
		c.args = args
		return handMade{calls: cs, funcs: []guestFunc{{
			groups: 1, locals: []byte{1, i32b},
			code: code(set, opLoop, void, c.push(), opCall, 1, fails, opBrIf, 0, opEnd, exit, opCall, 0),
		}}}.bytes()
	}
	text := func(s string) map[int]uint32 {
		m := map[int]uint32{}
		for i := range len(s) {
			m[i&^3] |= uint32(s[i]) << (8 * (i & 3))
		}
		return m
	}
	writes := map[int]uint32{0: 16, 4: 60000}
	return []hostile{
		{name: "opens of /dev/null without end", module: until(text("dev/null"), "path_open", 3, 0, 0, 8, 0, 2, 0, 0, 16)},
		{name: "opens of the console's directory without end", module: until(text("."), "path_open", 3, 0, 0, 1, 2, 0, 0, 0, 16)},
		{name: "opens of a tap without end", module: until(text("dev/tap"), "path_open", 3, 0, 0, 7, 0, 66, 0, 0, 16)},
		{name: "20,000 opens and closes", module: handMade{
			calls: imp("path_open", "fd_close", "proc_exit"),
			datas: [][]byte{append([]byte{0, opI32Const, 0, opEnd}, str("dev/null")...)},
			funcs: []guestFunc{{groups: 1, locals: []byte{1, i32b}, code: code(
				opLoop, void,
				call{wasiName, "path_open", []int64{3, 0, 0, 8, 0, 2, 0, 0, 16}}.push(), opCall, 0,
				konst(16), opI32Load, 2, 0, opCall, 1, 0x72, // i32.or
				opIf, void, konst(99), opCall, 2, opEnd,
				opLocalGet, 0, konst(1), opI32Add, opLocalTee, 0, konst(20_000), 0x47, // i32.ne
				opBrIf, 0, opEnd,
			)}},
		}.bytes()},
		{name: "closes of standard input without end", module: until(nil, "fd_close", 0)},
		{name: "a flood of the console", module: until(writes, "fd_write", 1, 0, 1, 8)},
		{name: "a flood of chance", module: until(nil, "random_get", 0, 1<<16)},
		{name: "a flood of clocks", module: until(nil, "clock_time_get", 1, 0, 8)},
		{name: "pipes without end", module: until(nil, ".pipe", 0)},
		{name: "dups without end", module: until(nil, ".dup", 1)},
		{name: "kqueues without end", module: until(nil, ".kqueue")},
		{name: "signalfds without end", module: until(nil, ".signalfd")},
		{name: "a spawn bomb", module: until(map[int]uint32{0: 'p', 8: 0xffffffff, 12: 0xffffffff, 16: 0xffffffff}, ".spawn", 0, 2, 0, 0, 8)},
		{name: "spawn of what is not there", module: until(map[int]uint32{0: 'q', 8: 0xffffffff, 12: 0xffffffff, 16: 0xffffffff}, ".spawn", 0, 2, 0, 0, 8)},
		{name: "waitpid without children", module: until(nil, ".waitpid", -1, 0, 0)},
		{name: "kill of process 1,000,000", module: until(nil, ".kill", 1_000_000, 9)},
		{name: "kill of everybody", module: until(nil, ".kill", -1, 9)},
		{name: "an unknown signal", module: until(nil, ".kill", 1, 99)},
		{name: "SIGKILL, caught", module: until(nil, ".sigaction", 9, 1)},
		{name: "SIGKILL to itself", module: with(imp(".getpid", ".kill"), opCall, 0, konst(9), opCall, 1, opDrop).bytes()},
		{name: "SIGTERM to itself", module: with(imp("proc_raise"), konst(15), opCall, 0, opDrop, opUnreachable).bytes()},
		{name: "a read of the console that nobody writes to", module: until(map[int]uint32{0: 16, 4: 10}, "fd_read", 0, 0, 1, 8)},
		{name: "poll_oneoff of 4 Gi", module: until(nil, "poll_oneoff", 0, 0, -1, 8)},
		{name: "a sleep of 500 years", module: until(map[int]uint32{16: 1, 24: 0xffffffff, 28: 0x7fffffff}, "poll_oneoff", 0, 100, 1, 200)},
		{name: "sleeps of nothing, for ever", module: until(map[int]uint32{16: 1}, "poll_oneoff", 0, 100, 1, 200)},
	}
}

// end is that of a memory of one page.
const end = 1 << 16

// calledOff are calls that can't be made, with the errors.
func calledOff() []hostile {
	var cs []hostile
	for _, c := range []struct {
		name string
		call call
	}{
		{"random_get of 4 GiB", call{wasiName, "random_get", []int64{8, -1}}},
		{"random_get of all memory, which is allowed", call{wasiName, "random_get", []int64{0, end}}},
		{"random_get of the last byte, which is allowed", call{wasiName, "random_get", []int64{end - 1, 1}}},
		{"random_get of a byte more", call{wasiName, "random_get", []int64{end - 1, 2}}},
		{"clock_time_get to the last eight bytes, which is allowed", call{wasiName, "clock_time_get", []int64{1, 0, end - 8}}},
		{"clock_time_get to the last seven", call{wasiName, "clock_time_get", []int64{1, 0, end - 7}}},
		{"path_open with a path of 4 GiB", call{wasiName, "path_open", []int64{3, 0, 0, -1}}},
		{"fd_write of 4 Gi parts", call{wasiName, "fd_write", []int64{1, 0, -1, 8}}},
		{"fd_read of a negative descriptor", call{wasiName, "fd_read", []int64{-1, 0, 1, 8}}},
		{"fd_close of a descriptor that was never open", call{wasiName, "fd_close", []int64{63}}},
		{"fd_close of descriptor 2 Gi", call{wasiName, "fd_close", []int64{1<<31 - 1}}},
		{"fd_renumber to descriptor 2 Gi", call{wasiName, "fd_renumber", []int64{1, 1<<31 - 1}}},
	} {
		cs = append(cs, hostile{name: c.name, module: calling(nil, c.call)})
	}
	return cs
}

// errnoText names the error that an exit code is, where it may be one.
func errnoText(code int64) string {
	if code == 0 {
		return ""
	}
	for e := errno.Errno(1); e <= errno.ECAPMODE; e++ {
		if int64(byte(toWASI(e))) == code {
			return " " + e.String()
		}
	}
	return ""
}
