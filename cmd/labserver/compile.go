package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"

	"wireloom/internal/open"
	"wireloom/internal/product"
	"wireloom/internal/program"
	"wireloom/internal/terminal"
)

func runCompile(ctx context.Context, args []string, io stdio) int {
	f := newFlags(io, "compile", "[--builtin] [FILE|FOLDER...]", "Compiles programs ahead of time, so that they start at once later.")
	builtin := f.Bool("builtin", false, "compile the reference solutions of the built-in scenarios")
	cache := cacheFlag(f)
	rest, code, ok := parse(f, args)
	if !ok {
		return code
	}
	var files []program.File
	if *builtin {
		for _, name := range open.Builtin() {
			sc, err := open.BuiltinScenario(name)
			if err != nil {
				return fail(io, err)
			}
			for _, slot := range sc.Slots() {
				b, err := sc.Reference(slot)
				if err != nil {
					return fail(io, err)
				}
				files = append(files, program.File{Name: name + " " + slot.String(), Module: b})
			}
		}
	}
	for _, arg := range rest {
		names, err := modules(arg)
		if err != nil {
			return fail(io, err)
		}
		for _, n := range names {
			file, err := open.Program(n)
			if err != nil {
				return fail(io, err)
			}
			files = append(files, file)
		}
	}
	engine, err := product.OpenEngine(ctx, *cache)
	if err != nil {
		return fail(io, err)
	}
	defer closeEngine(io, engine)
	bad := 0
	for _, file := range files {
		if _, err := engine.Compile(ctx, file.Name, file.Module); err != nil {
			bad++
			fmt.Fprintf(io.err, "%s\n", terminal.Line(err.Error()))
		}
		runtime.GC() // a module's machine code is large, and the next one needs room
	}
	fmt.Fprintf(io.out, "%d programs compiled\n", len(files)-bad)
	if bad > 0 {
		return exitFailed
	}
	return exitOK
}

// modules returns the module that arg names, or those in the folder that it names.
func modules(arg string) ([]string, error) {
	info, err := os.Stat(arg)
	if err != nil {
		return nil, fmt.Errorf("compile: %w", err)
	}
	if !info.IsDir() {
		return []string{arg}, nil
	}
	entries, err := os.ReadDir(arg)
	if err != nil {
		return nil, fmt.Errorf("compile: %w", err)
	}
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".wasm") {
			names = append(names, arg+string(os.PathSeparator)+e.Name())
		}
	}
	return names, nil
}
