package wasm

import (
	"context"
	"errors"

	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
	wazerosys "github.com/tetratelabs/wazero/sys"

	"wireloom/vnet/kern"
	"wireloom/vnet/sys"
	"wireloom/wasm/fuel"
)

// A guest is a program that runs as a process. It is the context.Context that
// wazero hands to host functions, which so find it without a search.
//
// While the guest's code runs, granted is what __fuel was last set to; what it
// is lower now has been used and not been charged yet.
type guest struct {
	context.Context
	p       *sys.Proc
	m       *module
	trial   *Trial            // nil for none
	mod     api.Module        // nil until a host function is called or _start is
	fuel    api.MutableGlobal // of mod
	granted int64

	preopens []string       // names of the directories that it found open
	limited  map[int]rights // descriptors that have given rights away; nil while none has

	handler             api.Function  // of the guest's, for signals; looked up when the first is due
	calls, handlerCalls callStack     // of _start and of the handler
	stacked             int64         // bytes of both that the lab knows of
	events              []kern.Kevent // of kevent: kept, so that a call allocates nothing
	memory              linearMemory
	exiting             bool  // the program ended itself with code
	code                int32 // of proc_exit
}

// errDepth ends a guest whose calls nest too deep.
var errDepth = errors.New("calls are nested too deep")

// errFuel ends a guest that has used all its fuel: unlike an exit, an error says where
// it was.
var errFuel = errors.New("the fuel is used up")

func newGuest(m *module, p *sys.Proc) *guest {
	g := &guest{p: p, m: m, preopens: findPreopens(p)}
	g.memory = linearMemory{p: p, limit: p.MemoryLimit(), image: m.image}
	g.Context = experimental.WithMemoryAllocator(context.Background(), &g.memory)
	return g
}

// bind finds what the host uses of an instance. A module with a start function
// calls before Instantiate has returned.
func (g *guest) bind(mod api.Module) {
	g.mod = mod
	g.fuel = mod.ExportedGlobal(fuel.FuelGlobal).(api.MutableGlobal)
}

// enter begins a call from the guest: what it has used so far is charged, and the
// call takes effect at the time that this took. A process that was killed
// meanwhile ends here.
func (g *guest) enter(mod api.Module) {
	if g.mod == nil {
		g.bind(mod)
	}
	g.settle()
	g.weighStacks()
	g.checkAlive()
}

// settle charges what the guest has used.
func (g *guest) settle() {
	left := int64(g.fuel.Get())
	used := g.granted - left
	g.granted = left
	if g.trial != nil {
		g.trial.used += used
	}
	g.pay(used)
}

// pay charges what is more than a slice in parts, between which others have the CPU
// and the process may be killed: an instruction that fills memory may cost seconds.
func (g *guest) pay(units int64) {
	for ; units > sys.SliceFuel; units -= sys.SliceFuel {
		g.p.Charge(sys.SliceFuel)
		if g.p.Dying() {
			return
		}
		g.p.Budget()
	}
	g.p.Charge(units)
}

// leave ends a call: the guest gets what it may use until it must call again.
func (g *guest) leave() {
	g.checkAlive()
	g.granted = g.p.Budget()
	g.fuel.Set(uint64(g.granted))
}

// checkAlive unwinds the guest if its process must end.
func (g *guest) checkAlive() {
	switch {
	case g.trial != nil && g.trial.Spent():
		panic(wazerosys.NewExitError(137)) // nobody looks at how it ended
	case !g.p.Dying():
	case g.p.OutOfFuel():
		panic(errFuel)
	default:
		panic(wazerosys.NewExitError(137)) // wazero recovers it; the verdict is the process' own
	}
}

// charge makes the guest pay for work of the host's whose size it chooses.
func (g *guest) charge(units int64) {
	g.pay(units)
	g.checkAlive()
}

// exit ends the program with an exit code, of which a BSD keeps eight bits.
func (g *guest) exit(code int32) {
	g.exiting, g.code = true, code&0xff
	panic(wazerosys.NewExitError(uint32(g.code)))
}

// meter is what the rewriter lets every module import.
var meter = []hostFunc{
	{name: "refuel", void: true, bare: true, call: func(*guest, args) uint32 { return 0 }}, // to enter and to leave is all
	{name: "overflow", void: true, call: func(*guest, args) uint32 { panic(errDepth) }},
}

// meterModule is the name of the module that meter is in: package fuel's default.
const meterModule = "wireloom"
