package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"wireloom/internal/boot"
	"wireloom/internal/diskfile"
	"wireloom/internal/report"
	"wireloom/scenarios"
)

func runVerify(ctx context.Context, args []string, io stdio) int {
	f := newFlags(io, "verify", "REPORT [--scenario SCENARIO] [--program NODE=FILE]...", `Reads a report of labserver grade (its JSON, or the page), looks whether scenario,
programs and version are those that it names, grades again, and compares everything that
the report says. Exit code 0: the same; 2: it could not be tried; 3: not the same.`)
	scenario := f.String("scenario", "", "the `scenario`, where it is not where the report says")
	var programs programFlag
	f.Var(&programs, "program", "a program, as `NODE=FILE`, where it is not where the report says")
	cache, timeout := cacheFlag(f), timeoutFlag(f)
	rest, code, ok := parse(f, args)
	if !ok {
		return code
	}
	if len(rest) != 1 {
		return wants(io, f, "one REPORT", rest)
	}
	ctx, cancel, err := limited(ctx, *timeout)
	if err != nil {
		return fail(io, err)
	}
	defer cancel()
	doc, err := readReport(rest[0])
	if err != nil {
		return fail(io, err)
	}
	engine, err := openEngine(ctx, io, *cache)
	if err != nil {
		return fail(io, err)
	}
	defer closeEngine(io, engine)
	g, err := again(engine, doc, *scenario, programs)
	if err != nil {
		return fail(io, err)
	}
	same, err := inputsMatch(io, g, doc)
	if err != nil {
		return fail(io, err)
	}
	if !same {
		fmt.Fprintln(io.out, "not the same: it was not graded again, because that would be another grading")
		return exitDiffers
	}
	res, err := g.run(ctx, doc.Audience, nil)
	if err != nil {
		return fail(io, err)
	}
	if doc.Hidden && !res.Hidden {
		fmt.Fprintln(io.out, "something is withheld in the report, and nothing in the scenario here: it is the visible part")
		res.Hidden = true // and so its totals and params
	}
	now := (&report.Report{Result: res}).Document()
	then := *doc
	then.Version = now.Version // that has been told
	diffs, more := report.Compare(&then, now)
	if len(diffs) > 0 {
		fmt.Fprintln(io.out, "not the same:")
		for _, d := range diffs {
			fmt.Fprintf(io.out, "  %s\n", d)
		}
		if more > 0 {
			fmt.Fprintf(io.out, "  and %d differences more\n", more)
		}
		return exitDiffers
	}
	fmt.Fprintf(io.out, "the same: every check and all %d events\n  run %s\n", res.Events, res.Hash)
	return exitOK
}

// readReport reads a report's file.
func readReport(name string) (*report.Document, error) {
	if err := ordinary(name); err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	defer file.Close()
	doc, err := report.Read(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return doc, nil
}

// ordinary refuses what is neither an ordinary file nor a folder: a report is a
// stranger's, and what it names must not make us wait for a device or a pipe.
func ordinary(name string) error { return named(name, diskfile.Usable(name)) }

// named is an error about a file whose name is a stranger's.
func named(name string, err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	if err != nil {
		return fmt.Errorf("%s: %w", report.Line(name), err)
	}
	return nil
}

// again is the grading that a report is of. scenario and programs are those of the
// command line, which go before the report's.
func again(engine *boot.Engine, doc *report.Document, scenario string, programs programFlag) (*grading, error) {
	from := scenario
	if from == "" {
		from = doc.Inputs.Scenario
	}
	if !scenarios.IsBuiltin(from) {
		if err := ordinary(from); err != nil {
			return nil, hinted(err, "the scenario", "--scenario SCENARIO")
		}
	}
	src, err := boot.Find(from)
	if err != nil {
		return nil, err
	}
	g, err := newGrading(src, engine, doc.Student, doc.Stage, &doc.Seed)
	if err != nil {
		return nil, err
	}
	paths, err := programs.paths(g.src.Scenario)
	if err != nil {
		return nil, err
	}
	for _, slot := range g.src.Slots() {
		path, recorded := doc.Inputs.Programs[slot.String()]
		if _, given := paths[slot]; given || !recorded {
			continue
		}
		if err := ordinary(path); err != nil {
			return nil, hinted(err, "the program of "+slot.String(), "--program "+slot.String()+"=FILE")
		}
		paths[slot] = path
	}
	return g, g.use(paths)
}

// hinted says which option helps where a file is not where the report says.
func hinted(err error, what, option string) error {
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s is not where the report says (%w): give it with %s", what, err, option)
	}
	return err
}

// inputsMatch says of scenario, programs and version whether they are those of the
// report. Another version is no reason not to try.
func inputsMatch(io stdio, g *grading, doc *report.Document) (bool, error) {
	same := true
	tell := func(what string, ok bool, then, now string) {
		if ok {
			fmt.Fprintf(io.out, "%-24s as in the report\n", what)
			return
		}
		fmt.Fprintf(io.out, "%-24s DIFFERS: the report says %s, here is %s\n", what, report.Line(then), report.Line(now))
	}
	tell("version", doc.Version == version(), doc.Version, version())
	if doc.Scenario != g.src.Name {
		same = false
		tell("scenario", false, doc.Scenario, g.src.Name)
	}
	digest := g.src.Digest(doc.Audience)
	same = same && digest == doc.Source
	tell("scenario "+g.src.Name, digest == doc.Source, doc.Source, digest)
	_, refs, err := g.files()
	if err != nil {
		return false, err
	}
	then := map[string]string{}
	for _, p := range doc.Programs {
		then[p.Node+"."+p.Proc] = p.Hash
	}
	for _, p := range refs {
		slot := p.Node + "." + p.Proc
		ok := then[slot] == p.Hash
		same = same && ok
		was := then[slot]
		if was == "" {
			was = "nothing"
		}
		tell("program "+slot, ok, was, strings.TrimSpace(p.Hash+" "+p.Name))
		delete(then, slot)
	}
	for slot, hash := range then {
		same = false
		tell("program "+slot, false, hash, "no such slot")
	}
	return same, nil
}
