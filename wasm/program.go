package wasm

import (
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero"
	wazerosys "github.com/tetratelabs/wazero/sys"

	"wireloom/vnet/sys"
)

// A Program is a compiled module under a file name. It is a sys.Program: one
// program may run as many processes, in many labs at once.
type Program struct {
	name  string
	m     *module
	trial *Trial // in which it is interpreted; nil for none
}

// Name is the program's file name.
func (pr *Program) Name() string { return pr.name }

// ID is the SHA-256 of the module's bytes, as they were uploaded, in hexadecimal.
func (pr *Program) ID() string { return pr.m.id }

// Size is how many bytes the program takes of the process that runs it, however many run
// it: its machine code, and the module as the engine keeps it.
func (pr *Program) Size() int64 { return pr.m.size }

// instance is how every guest is instantiated: without a name, so that there may
// be many, and without running anything but the module's own start function. Chance
// comes from the lab; wazero would seed a source of its own for each.
var instance = wazero.NewModuleConfig().WithName("").WithStartFunctions().WithRandSource(noChance{})

type noChance struct{}

// Read fails: nothing may ask wazero for chance.
func (noChance) Read([]byte) (int, error) { return 0, errors.New("wasm: chance comes from the lab") }

// Main runs the program as a process, to its end.
func (pr *Program) Main(p *sys.Proc) sys.Exit {
	m := pr.m
	memory, instance := pr.Begins()
	if free := p.MemoryFree(); memory > free {
		why := fmt.Sprintf("the program begins with %d bytes of memory; it may use %d", memory, free)
		p.LimitReached("memory", why, free)
		return sys.Exit{Code: 128 + sigKILL, How: "limit", Why: why}
	}
	if !p.SetInstance(instance) {
		return sys.Exit{Code: 128 + sigKILL, How: "limit", Why: fmt.Sprintf("the program takes %d bytes for its tables; the lab has no room for them", instance)}
	}
	p.SetMemory(memory)
	g := newGuest(m, p)
	g.trial = pr.trial
	defer g.memory.Free()
	return g.verdict(g.run())
}

// Begins is what a process of the program begins with (sys.Sized).
func (pr *Program) Begins() (memory, instance int64) {
	return pr.m.minMemory(), pr.m.instance
}

func (m *module) minMemory() int64 {
	if m.memory == nil {
		return 0
	}
	return int64(m.memory.Min) * pageSize
}

// The memory that a program may begin with for nothing, and how many bytes more are
// cleared for a unit of fuel, as by memory.grow.
const (
	ordinaryMemory = 16 << 20
	bytesAUnit     = 64
)

// run instantiates the module and calls _start. What it returns is what wazero
// made of how that ended.
func (g *guest) run() error {
	// A memory that is large from the beginning costs what growing to it would.
	g.pay(max(g.m.minMemory()-ordinaryMemory, 0) / bytesAUnit)
	if g.p.OutOfFuel() {
		return errFuel
	}
	if g.p.Dying() {
		return wazerosys.NewExitError(137)
	}
	mod, err := g.m.rt.InstantiateModule(g, g.m.compiled, instance)
	if err == nil {
		defer func() { _ = mod.Close(g) }() // of a guest without files of wazero's it never fails
		if g.mod == nil {
			g.bind(mod)
		}
		start := mod.ExportedFunction("_start")
		g.calls = stackOf(start)
		_, err = start.Call(g)
	}
	if g.mod != nil && !g.p.Dying() {
		g.settle()
	}
	return err
}
