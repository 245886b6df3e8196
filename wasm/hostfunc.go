package wasm

import (
	"context"

	"github.com/tetratelabs/wazero/api"

	"wireloom/vnet/errno"
	"wireloom/wasm/fuel"
)

// A hostFunc is a function that guests import. In its signature a letter is a
// value: i is an i32, I an i64.
type hostFunc struct {
	name string
	in   string
	void bool // it returns nothing; else it returns an i32
	bare bool // no call of the guest's own: no signal is delivered at its return
	old  bool // a version of the function of that name with another signature
	call func(g *guest, a args) uint32

	rights uint64 // of WASI that the descriptor, its first argument, must not have given away
}

// args are the arguments of a call. The upper half of an i32's slot is not defined.
type args []uint64

func (a args) u32(i int) uint32 { return uint32(a[i]) }
func (a args) i32(i int) int32  { return int32(a[i]) }
func (a args) u64(i int) uint64 { return a[i] }

// fd is argument i as a descriptor; one that no process has where it is too large.
func (a args) fd(i int) int { return int(int32(a[i])) }

// hostModules are the names of the modules that guests import from.
var hostModules = []string{"wasi_snapshot_preview1", "tuntap"}

// hostFunctions returns a module's functions, none if there is no such module. The
// one that the meter adds is no guest's to import.
func hostFunctions(module string) []hostFunc {
	switch module {
	case "wasi_snapshot_preview1":
		return wasi
	case "tuntap":
		return tuntap
	case meterModule:
		return meter
	}
	return nil
}

// export is the function's name in the host's module, which an old version shares with
// no other: the rewriter gives a guest's import that of the version with its signature.
func (f hostFunc) export() string {
	if f.old {
		return f.name + "#" + f.in
	}
	return f.name
}

// version is the host's name of an import.
func version(i fuel.Import) string {
	for _, f := range hostFunctions(i.Module) {
		if f.old && f.name == i.Name && i.Kind == fuel.KindFunc && f.signature().String() == i.Func.String() {
			return f.export()
		}
	}
	return i.Name
}

// Call is wazero's api.GoModuleFunction. The context is the one that the guest
// was instantiated or called with: the guest itself.
func (f *hostFunc) Call(ctx context.Context, mod api.Module, stack []uint64) {
	g := ctx.(*guest)
	g.enter(mod)
	r := f.run(g, stack)
	for g.p.SignalWaits() && !f.bare && g.deliver(f.name, r) {
		r = f.run(g, stack)
	}
	g.leave()
	if !f.void {
		stack[0] = uint64(r)
	}
}

// run makes the call, if the descriptor still has the rights that it needs.
func (f *hostFunc) run(g *guest, a args) uint32 {
	if f.rights != 0 && g.limited != nil && g.lacks(a.fd(0), f.rights) {
		return toWASI(errno.ENOTCAPABLE)
	}
	r := f.call(g, a)
	if n := g.p.Work(); n > 0 {
		g.charge(n * stepFuel)
	}
	return r
}

// stepFuel is what a step of sys.Proc.Work costs.
const stepFuel = 10

// ordinaryEntries of a list that a call is given cost nothing, as in vnet; each more
// costs a step.
const ordinaryEntries = 64

// chargeEntries makes the guest pay for a long list.
func (g *guest) chargeEntries(n uint32) {
	if n > ordinaryEntries {
		g.charge(int64(n-ordinaryEntries) * stepFuel)
	}
}

func (f hostFunc) params() []api.ValueType {
	ts := make([]api.ValueType, len(f.in))
	for i, c := range f.in {
		ts[i] = api.ValueTypeI32
		if c == 'I' {
			ts[i] = api.ValueTypeI64
		}
	}
	return ts
}

func (f hostFunc) results() []api.ValueType {
	if f.void {
		return nil
	}
	return []api.ValueType{api.ValueTypeI32}
}

// signature is the function's type as package fuel reads it from an import.
func (f hostFunc) signature() fuel.FuncType {
	var t fuel.FuncType
	for _, c := range f.in {
		if c == 'I' {
			t.Params = append(t.Params, fuel.I64)
		} else {
			t.Params = append(t.Params, fuel.I32)
		}
	}
	if !f.void {
		t.Results = []fuel.ValType{fuel.I32}
	}
	return t
}
