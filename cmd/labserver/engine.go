package main

import (
	"context"
	"flag"
	"fmt"

	"wireloom/internal/open"
	"wireloom/internal/product"
	"wireloom/internal/scenario"
	"wireloom/internal/terminal"
)

func cacheFlag(f *flag.FlagSet) *string {
	return f.String("cache", "", "the `folder` that compiled programs are kept in (default $"+product.CacheEnv+", else wireloom in the user's cache folder)")
}

// set reports whether a flag was given.
func set(f *flag.FlagSet, name string) (given bool) {
	f.Visit(func(x *flag.Flag) { given = given || x.Name == name })
	return given
}

// openEngine opens an engine. A cache that can't be used, or is full, is no reason not
// to go on: it is said once.
func openEngine(ctx context.Context, io stdio, cache string) (*product.Engine, error) {
	return product.NewEngine(ctx, product.EngineOptions{CacheDir: cache, Trouble: func(err error) { sayTrouble(io, err) }})
}

func sayTrouble(io stdio, err error) {
	fmt.Fprintf(io.err, "labserver: compiled programs cannot be kept, and are compiled anew each time: %s\n"+
		"labserver: give it another folder with --cache or $%s\n", terminal.Line(sentence(err)), product.CacheEnv)
}

// closeEngine frees an engine and says what goes wrong in that.
func closeEngine(io stdio, e *product.Engine) {
	if err := e.Close(); err != nil {
		fmt.Fprintf(io.err, "labserver: closing the engine: %s\n", sentence(err))
	}
}

// labFlags are those of the commands that build a scenario's lab.
type labFlags struct {
	f        *flag.FlagSet
	programs programFlag
	seed     *uint64
	cache    *string
}

func newLabFlags(f *flag.FlagSet) *labFlags {
	l := &labFlags{f: f, seed: f.Uint64("seed", 0, "use this `number` instead of the scenario's seed"), cache: cacheFlag(f)}
	f.Var(&l.programs, "program", "a program, as `NODE=FILE` (a WebAssembly module); NODE.PROGRAM=FILE where a node has several slots, FILE where the scenario takes one")
	return l
}

// open finds the scenario and its programs, and opens an engine, which the caller
// closes.
func (l *labFlags) open(ctx context.Context, io stdio, scenario string) (*scenario.Scenario, *product.Engine, product.Options, error) {
	o := product.Options{Window: -1}
	src, err := open.Scenario(scenario)
	if err != nil {
		return nil, nil, o, err
	}
	if o.Programs, err = l.programs.read(src); err != nil {
		return nil, nil, o, err
	}
	if set(l.f, "seed") {
		o.Seed = l.seed
	}
	engine, err := openEngine(ctx, io, *l.cache)
	return src, engine, o, err
}
