package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"

	vsys "wireloom/vnet/sys"
	"wireloom/wasm/fuel"
)

// meterGoal is how much longer a metered program may take.
const meterGoal = 1.3

// meterPrograms are programs that compute, and for how many of their units of work
// a turn runs them.
var meterPrograms = []struct {
	name  string
	count int
	about string
}{
	{"sha256", 60_000, "loops over words, all inlined"},
	{"routes", 120_000, "pointer chasing, and loops of a few instructions"},
	{"heap", 80_000, "floats, and a call through a pointer for each comparison"},
}

// meter measures what fuel costs programs that do nothing but compute: each as its
// author compiled it, and as the lab rewrites it, both on bare wazero.
func meter(ctx context.Context, rounds int) (r *Report, err error) {
	r = &Report{Title: "a CPU-bound program with fuel, call depth and canonical NaNs, against the same without"}
	rt := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigCompiler())
	defer func() { err = errors.Join(err, rt.Close(ctx)) }()
	wasi_snapshot_preview1.MustInstantiate(ctx, rt)
	if err := provideFuel(ctx, rt); err != nil {
		return nil, err
	}
	for _, p := range meterPrograms {
		plain, err := benchGuest(p.name)
		if err != nil {
			return nil, err
		}
		metered, err := fuel.Rewrite(plain, fuel.Options{})
		if err != nil {
			return nil, err
		}
		var runs []contender
		for _, code := range [][]byte{metered.Bytes, plain} {
			m, err := rt.CompileModule(ctx, code)
			if err != nil {
				return nil, err
			}
			runs = append(runs, func() (cost, error) {
				return measure(func() (int, error) { return p.count, runBare(ctx, rt, m, p.name, p.count) })
			})
		}
		columns, err := inTurns(ctx, rounds, runs...)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
		row := against(p.name, "ns CPU/unit", columns[0].cpu(), columns[1].cpu(), p.about)
		r.Rows = append(r.Rows, row.goal(meterGoal))
	}
	return r, nil
}

// provideFuel makes the module that metered programs import: they get a slice
// whenever they ask.
func provideFuel(ctx context.Context, rt wazero.Runtime) error {
	_, err := rt.NewHostModuleBuilder("wireloom").
		NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(func(_ context.Context, m api.Module, _ []uint64) {
		g := m.ExportedGlobal("__fuel").(api.MutableGlobal) //nolint:errcheck // the rewriter exports it mutable
		g.Set(g.Get() + vsys.SliceFuel)
	}), nil, nil).Export("refuel").
		NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(func(context.Context, api.Module, []uint64) {
		panic("bench: a program nests its calls too deep")
	}), nil, nil).Export("overflow").
		Instantiate(ctx)
	return err
}

// runBare runs a program on bare wazero.
func runBare(ctx context.Context, rt wazero.Runtime, m wazero.CompiledModule, name string, count int) error {
	mod, err := rt.InstantiateModule(ctx, m, wazero.NewModuleConfig().WithName("").
		WithArgs(name, strconv.Itoa(count)).WithStdout(io.Discard).WithStderr(os.Stderr))
	var exit *sys.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 0 {
		err = nil
	}
	if err != nil {
		return err
	}
	return mod.Close(ctx)
}

// benchGuest is a module that make guests builds for this command.
func benchGuest(name string) ([]byte, error) {
	dir, err := root()
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(filepath.Join(dir, "bin", "bench", name+".wasm"))
	if err != nil {
		return nil, fmt.Errorf("run make guests: %w", err)
	}
	return b, nil
}
