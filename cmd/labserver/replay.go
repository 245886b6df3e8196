package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"wireloom/internal/diskfile"
	"wireloom/internal/open"
	"wireloom/internal/product"
	"wireloom/internal/recording"
	"wireloom/internal/settings"
	"wireloom/internal/terminal"
)

// defaultReplay is how long a replay may take. A lab of an hour with a thousand frames
// a second takes a minute or two.
const defaultReplay = 10 * time.Minute

func runReplay(ctx context.Context, args []string, io stdio) int {
	f := newFlags(io, "replay", "RECORDING [--scenario SCENARIO] [--program FILE]", `Runs a recording of a live lab again and compares the hash. A recording holds the programs
that were uploaded to the lab; of those that the lab began with it has the hashes. They are
looked for in the recording, among the solutions of the built-in scenarios, and in what
--scenario and --program give. Exit code 0: the same; 1: not; 2: it could not be run, or
not to its end.`)
	var own, programs settings.List
	f.Var(&own, "scenario", "take reference solutions from this `SCENARIO` too, a folder or its zip; may be given several times")
	f.Var(&programs, "program", "take this `file`, a WebAssembly module, for the program that it is; may be given several times")
	limit := f.Duration("max-time", defaultReplay, "end a replay that takes more than this `time`; 0 for no limit")
	cache := cacheFlag(f)
	rest, code, ok := parse(f, args)
	if !ok {
		return code
	}
	if len(rest) != 1 {
		return wants(io, f, "one RECORDING", rest)
	}
	if *limit < 0 {
		return fail(io, fmt.Errorf("--max-time %v: want some time, or 0 for no limit", *limit))
	}
	var shelf open.Shelf
	for _, name := range own {
		src, err := open.Scenario(name)
		if err != nil {
			return fail(io, err)
		}
		shelf.AddScenario(src)
	}
	for _, name := range programs {
		p, err := open.Program(name)
		if err != nil {
			return fail(io, err)
		}
		shelf.Add(p.Module)
	}
	file, rec, err := openRecording(rest[0])
	if err != nil {
		return fail(io, err)
	}
	defer file.Close()
	engine, err := openEngine(ctx, io, *cache)
	if err != nil {
		return fail(io, err)
	}
	defer closeEngine(io, engine)
	bar := replayProgress{screen: terminal.NewWriter(io.err)}
	r, err := rec.Replay(ctx, product.Again(engine.Compile, shelf.Program), recording.Limits{Time: *limit, Progress: bar.show})
	bar.end()
	var lack *recording.LackError
	switch {
	case errors.As(err, &lack):
		return fail(io, lacking(lack))
	case errors.Is(err, recording.ErrTime):
		return fail(io, fmt.Errorf("%w; --max-time gives it longer", err))
	case err != nil:
		return fail(io, err)
	case !r.Same:
		fmt.Fprintf(io.out, "not the same\n  recorded  %s by %s\n  now       %s by %s\n  %s\n", r.WantHash, terminal.Line(r.Version), r.Hash, version(), terminal.Line(r.Why))
		return exitFailed
	}
	fmt.Fprintf(io.out, "the same\n  run %s  %d events in %v of virtual time\n", r.Hash, r.Events, r.At)
	if rec.Config.Outside() {
		fmt.Fprintf(io.out, "  reproducible from its recording only: %d frames came in by doors\n", rec.Entered)
	}
	return exitOK
}

// lacking says which programs a recording lacks, a line each, and what to do.
func lacking(e *recording.LackError) error {
	lines := []error{errors.New("recording: of programs that were not uploaded it has only the hash, and these are not here:")}
	for _, l := range e.Lacks {
		lines = append(lines, errors.New("  "+l.String()))
	}
	return errors.Join(append(lines, errors.New("give the scenario that they are the solutions of with --scenario, or each as a file with --program"))...)
}

// openRecording reads a recording, which needs its file as long as it is used.
func openRecording(name string) (*os.File, *recording.File, error) {
	file, err := diskfile.Open(name)
	if err != nil {
		return nil, nil, err
	}
	info, err := file.Stat()
	var rec *recording.File
	if err == nil {
		rec, err = recording.Read(file, info.Size())
	}
	if err != nil {
		_ = file.Close() // only read
		return nil, nil, err
	}
	return file, rec, nil
}

// replayProgress shows on a terminal how far a replay is.
type replayProgress struct {
	screen *terminal.Writer
	shown  bool
}

func (p *replayProgress) show(now recording.Progress) {
	if !p.screen.IsTerminal() {
		return
	}
	p.shown = true
	p.screen.Redraw(fmt.Sprintf("%v of %v of virtual time, %d of %d events", now.At.Round(time.Millisecond), now.End.Round(time.Millisecond), now.Events, now.Last))
}

func (p *replayProgress) end() {
	if p.shown {
		p.screen.Redraw("")
	}
}
