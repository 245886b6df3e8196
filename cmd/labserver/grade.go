package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"

	"wireloom/internal/batch"
	"wireloom/internal/open"
	"wireloom/internal/report"
	"wireloom/internal/scenario"
	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/grade"
	"wireloom/internal/settings"
	"wireloom/internal/sign"
	"wireloom/internal/terminal"
	"wireloom/vnet/event"
)

// An output is a report that is to be written: to a file, or printed where there is
// no file.
type output struct {
	format report.Format
	file   string
}

// outputFlags are those that say where reports go.
type outputFlags struct {
	format report.Format
	file   string
	json   bool
	more   []output
}

func newOutputFlags(f *flag.FlagSet) *outputFlags {
	o := &outputFlags{format: report.Text}
	settings.ChoiceFlag(f, "format", "", report.Formats(), "`form` of the report: text, json, junit, gradescope or html (default text)", func(s string) (err error) {
		o.format, err = report.ParseFormat(s)
		return err
	})
	f.StringVar(&o.file, "output", "", "write the report to this `file` instead of printing it")
	f.BoolVar(&o.json, "json", false, "the same as --format json")
	for _, format := range []report.Format{report.JUnit, report.Gradescope, report.HTML} {
		f.Func(string(format), "write it to this `file`, too, as "+string(format), func(s string) error {
			if s == "" {
				return fmt.Errorf("want the name of a file")
			}
			o.more = append(o.more, output{format, s})
			return nil
		})
	}
	return o
}

func (o *outputFlags) all() []output {
	if o.json {
		o.format = report.JSON
	}
	return append([]output{{o.format, o.file}}, o.more...)
}

func audienceFlag(f *flag.FlagSet) *scenario.Audience {
	a := scenario.Staff
	settings.ChoiceFlag(f, "audience", "", []string{scenario.Student.String(), scenario.AfterDue.String(), scenario.Staff.String()}, "for `whom`: student sees what is always visible, after-due what is after the due date, staff everything (default staff)", func(s string) (err error) {
		a, err = scenario.ParseAudience(s)
		return err
	})
	return &a
}

// numbered is an attempt's number as a result has it: 0 is the first, and beyond some number
// nothing is different.
func numbered(attempt int) int {
	if attempt <= 1 {
		return 0
	}
	return min(attempt, 1000)
}

// attemptFlags say what hints a report shows.
func attemptFlags(f *flag.FlagSet) (attempt *int, hints *grade.Asked) {
	hints = new(grade.Asked)
	f.Var(hints, "hint", "show a hint of this `check` that takes points, and take them; may be given several times, ID=2 is two hints")
	return f.Int("attempt", 1, "the `number` of the student's attempt, from 1: the more there were, the more hints are shown"), hints
}

func runGrade(ctx context.Context, args []string, io stdio) int {
	f := newFlags(io, "grade", "SCENARIO [--program NODE=FILE]...", `Runs the scenario's steps in virtual time and says what passed. Without --program the
scenario's own reference solution is graded. Exit code 0: all passed; 1: not; 2: it
could not be run, or the reference solution came to a limit; 3: with --repeat, two runs
differ.`)
	lab := newLabFlags(f)
	submission := f.String("submission", "", "the `folder` that somebody handed in, instead of --program: its .wasm file, or one for each program, called as that")
	student := f.String("student", "", "the student's `id`, which chooses the values of the scenario's params")
	stage := f.String("stage", "", "grade this `stage` alone")
	attempt, hints := attemptFlags(f)
	audience := audienceFlag(f)
	outputs := newOutputFlags(f)
	signer := signFlag(f)
	capture := newCaptureFlags(f)
	repeat := f.Int("repeat", 1, "grade `N` times and fail if two runs differ")
	timeout := timeoutFlag(f)
	rest, code, ok := parse(f, args)
	if !ok {
		return code
	}
	if len(rest) != 1 {
		return wants(io, f, "one SCENARIO (a program is given with --program)", rest)
	}
	if *submission != "" && len(lab.programs) > 0 {
		return fail(io, errors.New("--submission and --program: give one of them"))
	}
	key, err := signer.load(io, outputs.all())
	if err != nil {
		return fail(io, err)
	}
	if *attempt < 1 {
		return fail(io, fmt.Errorf("--attempt %d: want 1 or more", *attempt))
	}
	if err := capture.check(); err != nil {
		return fail(io, err)
	}
	if *repeat < 1 {
		return fail(io, fmt.Errorf("--repeat %d: want 1 or more", *repeat))
	}
	tuneGrading(math.MaxInt64)
	ctx, cancel, err := limited(ctx, *timeout)
	if err != nil {
		return fail(io, err)
	}
	defer cancel()
	src, err := open.Scenario(rest[0])
	if err != nil {
		return fail(io, err)
	}
	engine, err := openEngine(ctx, io, *lab.cache)
	if err != nil {
		return fail(io, err)
	}
	defer closeEngine(io, engine)
	var seed *uint64
	if set(f, "seed") {
		seed = lab.seed
	}
	g, err := newGrading(src, engine, *student, *stage, seed)
	if err != nil {
		return fail(io, err)
	}
	g.inputs.Scenario, g.attempt, g.hints = rest[0], numbered(*attempt), *hints
	if capture.file != "" {
		g.capture = capture
	}
	if *submission != "" {
		err = g.take(*submission)
	} else {
		var paths map[format.Slot]string
		if paths, err = lab.programs.paths(g.src); err == nil {
			err = g.use(paths)
		}
	}
	if err != nil {
		return fail(io, err)
	}
	res, diff, err := repeated(ctx, *repeat, func(watch func(*event.Event)) (*grade.Result, error) {
		return g.run(ctx, *audience, watch)
	})
	if err != nil {
		return fail(io, err)
	}
	if diff != "" {
		fmt.Fprintf(io.err, "labserver: %s\nPlease report this: the same scenario, program and seed must give the same run.\n", diff)
		return exitDiffers
	}
	if err := write(ctx, io, g, res, outputs.all(), key); err != nil {
		return fail(io, err)
	}
	if *repeat > 1 && outputs.all()[0] == (output{format: report.Text}) {
		fmt.Fprintf(io.out, "  %d runs, all the same\n", *repeat)
	}
	if capture.short != nil {
		fmt.Fprintf(io.err, "labserver: %s\n", sentence(capture.short))
	}
	switch {
	case g.tooLong != nil:
		return fail(io, g.tooLong)
	case !res.Passed:
		return exitFailed
	}
	return exitOK
}

// write writes a result's reports, signed where there is a key. One file that cannot be written does not keep
// the others back.
func write(ctx context.Context, io stdio, g *grading, res *grade.Result, outputs []output, key *sign.Key) error {
	var formats []report.Format
	for _, o := range outputs {
		formats = append(formats, o.format)
	}
	r, err := g.report(ctx, res, formats...)
	if err != nil {
		return err
	}
	if key != nil {
		r.SignedBy = key.Public().String()
	}
	var first error
	screen := terminal.NewWriter(io.out)
	for _, o := range outputs {
		t := report.Terminal{}
		if o.file == "" {
			t = report.Terminal{Width: screen.Width(), Color: screen.Color()}
		}
		b, err := render(r, o.format, t)
		if err == nil {
			err = o.write(screen, b, key)
		}
		if first == nil {
			first = err
		}
	}
	return first
}

// write writes a report that is ready but for its signature.
func (o output) write(screen *terminal.Writer, b []byte, key *sign.Key) error {
	var beside []byte
	if key != nil {
		b, beside = report.Sign(o.format, b, key)
	}
	if o.file == "" {
		return screen.Painted(string(b))
	}
	if err := writeFile(o.file, b); err != nil || beside == nil || !o.signable() {
		return err
	}
	return writeFile(o.file+report.SignatureSuffix, beside)
}

// signable reports whether a report that goes there can be signed: in it, or beside it.
func (o output) signable() bool {
	if o.format.Signs() || o.file == "" {
		return o.format.Signs()
	}
	info, err := os.Lstat(o.file)
	return err != nil || info.Mode().IsRegular()
}

// writeFile writes a file so that it is whole or not there; but what is no ordinary
// file, such as /dev/stdout, is written to and not replaced.
func writeFile(name string, b []byte) error {
	if info, err := os.Lstat(name); err == nil && !info.Mode().IsRegular() {
		return os.WriteFile(name, b, 0o644)
	}
	return batch.WriteFile(name, b)
}
