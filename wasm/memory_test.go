package wasm

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/event"
	"wireloom/vnet/kern"
)

// breeder takes pages of memory, writes to each, starts itself again, and sleeps: so each
// process of it is the next one's parent, until one can't be started.
func breeder(pages int64) []byte {
	return handMade{
		calls: imp(".spawn", ".poll"),
		datas: [][]byte{append(code(0, konst(0), opEnd), str("p\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")...)},
		funcs: []guestFunc{{code: code(
			konst(pages), opMemoryGrow, 0, opDrop,
			konst(64), konst(1), konst(pages*pageSize-64), opMisc, 11, 0, // memory.fill, which traps where it did not grow
			konst(0), konst(2), konst(0), konst(0), konst(4), opCall, 0, opDrop,
			konst(0), konst(0), konst(1_000_000), opCall, 1, opDrop,
		)}},
	}.bytes()
}

// labWith runs a module as bob's p in a lab of so much memory, and returns what its limits
// and its spawns said.
func labWith(t *testing.T, e *Engine, memory int64, module []byte, grant func(programs, others int64) bool) (l *vnet.Lab, said *strings.Builder) {
	t.Helper()
	l, err := vnet.New(config.Lab{
		Name: "test", Seed: 1, Window: -1, Memory: memory,
		Nodes: []config.Node{{Name: "bob", Dialect: kern.NetBSD, Programs: []config.Program{{Name: "p", Start: true, Slot: true}}}},
	}, vnet.Runtime{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	said = &strings.Builder{}
	l.Log().Subscribe(func(e *event.Event) {
		switch {
		case e.Kind == event.Limit:
			fmt.Fprintf(said, "%v %s %s: %s\n", e.At, e.Proc, e.Op, e.Text)
		case e.Kind == event.Call && e.Op == "spawn":
			fmt.Fprintf(said, "%v %s spawn = %d %d\n", e.At, e.Proc, e.N, e.Errno)
		case e.Kind == event.Exit && e.Op != "exit":
			fmt.Fprintf(said, "%v %s %s %d\n", e.At, e.Proc, e.Op, e.N)
		}
	})
	if err := l.Install("bob", "p", compile(t, e, module)); err != nil {
		t.Fatal(err)
	}
	if grant != nil {
		l.SetGrant(grant)
	}
	l.Start()
	return l, said
}

// The memory of a lab ends at the same place, whatever runs the programs and whatever the
// host says meanwhile; what the program sees is ENOMEM.
func TestMemoryOfALabEndsAtOnePlace(t *testing.T) {
	const pages = 160 // 10 MiB
	module := breeder(pages)
	type outcome struct{ said, hash string }
	run := func(e *Engine, grant func(programs, others int64) bool) outcome {
		l, said := labWith(t, e, 64<<20, module, grant)
		for range 50 {
			l.Run(l.Now()+10*time.Millisecond, vnet.NoLimit)
		}
		if programs, _ := l.Memory(); programs > 64<<20 || programs < 60<<20 {
			t.Errorf("the programs have %d bytes of %d", programs, 64<<20)
		}
		return outcome{said.String(), l.Log().Hash()}
	}
	want := run(engine(t), nil)
	for _, part := range []string{"p.6 lab-memory: the program asked for 10551296 bytes of memory; the lab's programs have ", " of the 67108864 bytes that they may have together\n", "p.6 trap 139"} {
		if !strings.Contains(want.said, part) {
			t.Errorf("what was said is\n%swhich has no %q", want.said, part)
		}
	}
	if n := strings.Count(want.said, "lab-memory"); n != 1 {
		t.Errorf("it was said %d times, want once:\n%s", n, want.said)
	}
	if got := run(interpreter(t), nil); got != want {
		t.Errorf("interpreted, it is\n%s%s\nwant\n%s%s", got.said, got.hash, want.said, want.hash)
	}
	asked := 0
	if got := run(engine(t), func(int64, int64) bool { asked++; return true }); got != want || asked < 12 {
		t.Errorf("with a host that is asked %d times, it is\n%s%s\nwant\n%s%s", asked, got.said, got.hash, want.said, want.hash)
	}
}

// A process that can't begin isn't started: its parent reads ENOMEM.
func TestNoMemoryToSpawn(t *testing.T) {
	module := handMade{
		memory: [][]byte{{0, 160, 1}}, // 160 pages
		calls:  imp(".spawn", ".poll"),
		datas:  [][]byte{append(code(0, konst(0), opEnd), str("p\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")...)},
		funcs: []guestFunc{{code: code(
			konst(0), konst(2), konst(0), konst(0), konst(4), opCall, 0, opDrop,
			konst(0), konst(0), konst(1_000_000), opCall, 1, opDrop,
		)}},
	}.bytes()
	l, said := labWith(t, engine(t), 32<<20, module, nil)
	l.Run(time.Second, vnet.NoLimit)
	const want = "p.2 lab-memory: a process of p begins with "
	if s := said.String(); strings.Count(s, "lab-memory") != 1 || !strings.Contains(s, want) || !strings.Contains(s, "p.2 spawn = -1 12\n") {
		t.Errorf("what was said is\n%swant one %q and ENOMEM", s, want)
	}
}

// A host that has no more ends the lab in the middle of memory.grow, and nothing of it is
// in the log.
func TestMemoryIsRefusedByTheHost(t *testing.T) {
	for _, e := range []*Engine{engine(t), interpreter(t)} {
		module := breeder(160)
		l, said := labWith(t, e, 0, module, nil)
		l.Run(100*time.Millisecond, vnet.NoLimit)
		all, _ := l.Log().Bounds()
		_, next := l.Log().Bounds()
		for refused := 1; refused < 9; refused++ {
			n := 0
			h, part := labWith(t, e, 0, module, func(int64, int64) bool { n++; return n < refused })
			if !h.Run(100*time.Millisecond, vnet.NoLimit) {
				t.Error("a lab that was refused runs on")
			}
			if _, end := h.Log().Bounds(); end >= next || end < all || !strings.HasPrefix(said.String(), part.String()) {
				t.Errorf("refused the %d. time, the log has %d events of %d, and said\n%s", refused, end, next, part)
			}
			h.Close()
		}
	}
}

// TestCallStack: what nested calls take of the host is known: it is read where wazero has
// it, which another version may not have.
func TestCallStack(t *testing.T) {
	const locals = 500
	deep := handMade{
		types: [][]byte{{0x60, 1, i32b, 1, i32b}},
		calls: imp(".poll"),
		funcs: []guestFunc{
			{code: code(konst(0), opCall, 2, opDrop)},
			{typ: 1, groups: 1, locals: append(leb(locals), i64b), code: recursion(locals)},
		},
	}.bytes()
	l, _ := labWith(t, engine(t), 0, deep, nil)
	l.Run(time.Second, vnet.NoLimit)
	if _, stacks := l.Memory(); stacks < 200*locals*8 {
		t.Errorf("200 calls with %d values each take %d bytes of the host, want %d or more", locals, stacks, 200*locals*8)
	}
	if programs, _ := l.Memory(); programs > 1<<20 {
		t.Errorf("they count %d bytes of the lab's memory, want none", programs)
	}
	l.Close()
}

// recursion calls itself two hundred times, with values that are needed after the call, and
// sleeps for long at the end.
func recursion(locals int) []byte {
	var save, use []byte
	for i := range locals {
		save = append(save, code(opLocalGet, 0, 0xac, konst64(int64(i)), 0x7c, opLocalSet, leb(i+1))...) // i64.extend_i32_s, i64.const, i64.add
		use = append(use, code(opLocalGet, leb(i+1), 0x7c)...)
	}
	return code(
		save,
		opLocalGet, 0, konst(200), opI32Eq, opIf, void,
		konst(0), konst(0), konst(1_000_000), opCall, 0, opDrop,
		opElse,
		opLocalGet, 0, konst(1), opI32Add, opCall, 2, opDrop,
		opEnd,
		konst64(0), use, 0xa7, // i32.wrap_i64
	)
}

const opI32Eq = 0x46

func konst64(v int64) []byte { return append([]byte{opI64Const}, sleb(v)...) }

// Memory that a guest has had is clear for the next, is given back to the system, and is
// counted until then.
func TestMemoryIsRecycled(t *testing.T) {
	if !regions {
		t.Skip("this system has no memory outside of Go's heap")
	}
	TrimMemory(true)
	all := func() int64 {
		used, kept, _ := GuestMemory()
		return used + kept
	}
	base := all()
	check := func(what string, want int64) {
		t.Helper()
		if got := all() - base; got != want {
			t.Errorf("%s: %d bytes, want %d", what, got, want)
		}
	}
	use := func(size, most int) *room {
		r := newRoom(size, most, nil)
		r.grow(size)
		for i, b := range r.region[:size] {
			if b != 0 {
				t.Fatalf("byte %d of a new memory is %d", i, b)
			}
			r.region[i] = 7
		}
		return &r
	}
	a := use(3*pageSize, 64*pageSize)
	check("one in use", 3*pageSize)
	a.grow(5 * pageSize)
	a.recycle(5 * pageSize)
	check("and kept", 5*pageSize)
	b := use(4*pageSize, 64*pageSize)
	check("and used again", 5*pageSize)
	c := use(2*pageSize, 64*pageSize)
	check("beside another", 7*pageSize)
	b.recycle(4 * pageSize)
	c.recycle(2 * pageSize)
	for _, want := range []struct {
		size, most, add int64
		why             string
	}{
		{pageSize / 2, 64 * pageSize, pageSize / 2, "one that needs far less takes none of them"},
		{2 * pageSize, 128 * pageSize, 2 * pageSize, "nor one that may grow beyond"},
		{6 * pageSize, 64 * pageSize, 6 * pageSize, "nor one that needs more"},
	} {
		before := all() - base
		r := newRoom(int(want.size), int(want.most), nil)
		r.grow(int(want.size))
		check(want.why, before+want.add)
		r.drop()
	}
	check("both kept", 7*pageSize)
	TrimMemory(false)
	check("trimmed once", 7*pageSize)
	b = use(4*pageSize, 64*pageSize)
	b.recycle(4 * pageSize)
	TrimMemory(false)
	check("what was used since stays", 5*pageSize)
	TrimMemory(false)
	check("and goes when it was not", 0)
	big := use(maxRecycled+pageSize, 2*maxRecycled)
	big.recycle(maxRecycled + pageSize)
	check("a large one isn't kept", 0)
	var many []*room
	for range 2 * maxSpare / maxRecycled {
		many = append(many, use(maxRecycled, maxRecycled))
	}
	for _, r := range many {
		r.recycle(maxRecycled)
	}
	check("of many, some are kept", maxSpare)
	TrimMemory(true)
	check("none are left", 0)
}
