package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"

	"wireloom/internal/boot"
	"wireloom/scenarios"
)

// programFlag collects --program NODE=FILE and --program NODE.PROC=FILE.
type programFlag []string

func (p *programFlag) String() string { return strings.Join(*p, " ") }

func (p *programFlag) Set(s string) error {
	if _, _, ok := strings.Cut(s, "="); !ok {
		return fmt.Errorf("want NODE=FILE, or NODE.PROGRAM=FILE where a node has several")
	}
	*p = append(*p, s)
	return nil
}

// read reads the programs' files and finds the slots that they are for.
func (p *programFlag) read(sc *scenarios.Scenario) (map[scenarios.Slot]boot.File, error) {
	out := map[scenarios.Slot]boot.File{}
	for _, arg := range *p {
		where, file, _ := strings.Cut(arg, "=")
		var hits []scenarios.Slot
		var all []string
		for _, s := range sc.Slots() {
			all = append(all, s.String())
			if s.String() == where || s.Node == where {
				hits = append(hits, s)
			}
		}
		switch len(hits) {
		case 0:
			return nil, fmt.Errorf("--program %s: scenario %s has no slot for a program there; it has %s", arg, sc.Name, strings.Join(all, ", "))
		case 1:
		default:
			return nil, fmt.Errorf("--program %s: node %s has several slots: name one of %s", arg, where, strings.Join(all, ", "))
		}
		if _, twice := out[hits[0]]; twice {
			return nil, fmt.Errorf("--program %s: %s has a program already", arg, hits[0])
		}
		f, err := boot.ReadProgram(file)
		if err != nil {
			return nil, err
		}
		out[hits[0]] = f
	}
	return out, nil
}

func runGrade(ctx context.Context, args []string, io stdio) int {
	f := newFlags(io, "grade", "SCENARIO [--program NODE=FILE]...", `Runs the scenario's steps in virtual time and says what passed. Without --program the
scenario's own reference solution is graded. Exit code 0: all passed; 1: not; 2: it
could not be run.`)
	lab := newLabFlags(f)
	asJSON := f.Bool("json", false, "print the result as JSON")
	repeat := f.Int("repeat", 1, "grade `N` times and fail if two runs differ")
	rest, code, ok := parse(f, args)
	if !ok {
		return code
	}
	if len(rest) != 1 {
		f.Usage()
		return exitError
	}
	src, engine, o, err := lab.open(ctx, rest[0])
	if err != nil {
		return fail(io, err)
	}
	defer closeEngine(io, engine)
	var first *scenarios.Result
	for i := range max(*repeat, 1) {
		if err := ctx.Err(); err != nil {
			return fail(io, fmt.Errorf("interrupted after %d runs", i))
		}
		res, err := gradeOnce(ctx, src, engine, o)
		if err != nil {
			return fail(io, err)
		}
		if first == nil {
			first = res
		}
		if res.Hash != first.Hash {
			return fail(io, fmt.Errorf("run %d gave another result than the first: hash %s, not %s; please report this", i+1, res.Hash, first.Hash))
		}
	}
	write := first.WriteText
	if *asJSON {
		write = first.WriteJSON
	}
	if err := write(io.out); err != nil {
		return fail(io, err)
	}
	if *repeat > 1 && !*asJSON {
		fmt.Fprintf(io.out, "  %d runs, all the same\n", *repeat)
	}
	if !first.Passed {
		return exitFailed
	}
	return exitOK
}

func gradeOnce(ctx context.Context, src *boot.Source, e *boot.Engine, o boot.Options) (*scenarios.Result, error) {
	lab, _, err := src.Build(ctx, e.Compile, o)
	if err != nil {
		return nil, err
	}
	defer lab.Close()
	return scenarios.Grade(lab, src.Scenario)
}

func runCheck(_ context.Context, args []string, io stdio) int {
	f := newFlags(io, "check", "SCENARIO...", "Reads scenarios and reports every mistake with file, line and column.")
	rest, code, ok := parse(f, args)
	if !ok {
		return code
	}
	if len(rest) == 0 {
		f.Usage()
		return exitError
	}
	bad := 0
	for _, arg := range rest {
		src, err := boot.Find(arg)
		if err != nil {
			bad++
			fmt.Fprintln(io.err, err)
			continue
		}
		fmt.Fprintf(io.out, "%s: %d nodes, %d steps, no mistakes\n", arg, len(src.Lab.Nodes), len(src.Steps))
	}
	if bad > 0 {
		fmt.Fprintf(io.err, "%d of %d scenarios have mistakes\n", bad, len(rest))
		return exitFailed
	}
	return exitOK
}

func runSchema(_ context.Context, _ []string, io stdio) int {
	if _, err := io.out.Write(scenarios.Schema()); err != nil {
		return fail(io, err)
	}
	return exitOK
}

func runCompile(ctx context.Context, args []string, io stdio) int {
	f := newFlags(io, "compile", "[--builtin] [FILE|FOLDER...]", "Compiles programs ahead of time, so that they start at once later.")
	builtin := f.Bool("builtin", false, "compile the reference solutions of the built-in scenarios")
	cache := cacheFlag(f)
	rest, code, ok := parse(f, args)
	if !ok {
		return code
	}
	var files []boot.File
	if *builtin {
		for _, name := range scenarios.Builtin() {
			sc, err := scenarios.OpenBuiltin(name)
			if err != nil {
				return fail(io, err)
			}
			for _, slot := range sc.Slots() {
				b, err := sc.Reference(slot)
				if err != nil {
					return fail(io, err)
				}
				files = append(files, boot.File{Name: name + " " + slot.String(), Module: b})
			}
		}
	}
	for _, arg := range rest {
		names, err := modules(arg)
		if err != nil {
			return fail(io, err)
		}
		for _, n := range names {
			file, err := boot.ReadProgram(n)
			if err != nil {
				return fail(io, err)
			}
			files = append(files, file)
		}
	}
	engine, err := boot.OpenEngine(ctx, *cache)
	if err != nil {
		return fail(io, err)
	}
	defer closeEngine(io, engine)
	bad := 0
	for _, file := range files {
		if _, err := engine.Compile(ctx, file.Name, file.Module); err != nil {
			bad++
			fmt.Fprintf(io.err, "%s: %v\n", file.Name, err)
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
